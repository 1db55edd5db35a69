"""Each kernel of trees equals a slow, obvious twin: networkx, LAPACK, or exact characteristic polynomials."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from itertools import combinations
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from flint import fmpz_mat
from numpy.typing import NDArray

from mathrl.envs.graphs.graph6 import decode
from mathrl.envs.graphs.invariants import invariants
from mathrl.envs.graphs.kernels import tree_polynomials, tree_spectra
from mathrl.envs.graphs.kernels.layouts import adjacency_from_parents

DATA = Path(__file__).parents[2] / "data" / "graphs"
ORDERS = (1, 2, 3, 4, 5, 7, 10, 16, 27, 40)


@cache
def sample_trees(n: int, count: int = 48) -> NDArray[np.int16]:
    """The path, the star, and random recursive trees, a third nearly paths, a third nearly stars: int16[count, n]."""
    rng = np.random.default_rng(n)
    parents = np.zeros((count, n), np.int16)
    for i in range(1, n):
        parents[:, i] = rng.integers(0, i, count)
        parents[::3, i] = np.maximum(0, i - rng.integers(1, 4, len(parents[::3])))
        parents[1::3, i] = rng.integers(0, min(i, 3), len(parents[1::3]))
        parents[0, i] = i - 1
        parents[1, i] = 0
    return parents


def as_networkx(parent: NDArray[np.int16]) -> nx.Graph:
    """One tree as a networkx graph."""
    graph = nx.empty_graph(len(parent))
    graph.add_edges_from((int(parent[i]), i) for i in range(1, len(parent)))
    return graph


def parents_of(tree: nx.Graph) -> NDArray[np.int16]:
    """A parent array of a tree, breadth first: int16[1, n]."""
    order = [0, *(child for _, child in nx.bfs_edges(tree, 0))]
    place = {v: i for i, v in enumerate(order)}
    return np.array([[0] + [min(place[w] for w in tree[v]) for v in order[1:]]], np.int16)


def matrices(parents: NDArray[np.int16]) -> dict[str, NDArray[np.int64]]:
    """Adjacency, Laplacian and distance matrices, the last by Floyd and Warshall: int64[B, n, n] each."""
    adjacency = adjacency_from_parents(parents).astype(np.int64)
    n = parents.shape[1]
    laplacian = np.eye(n, dtype=np.int64) * adjacency.sum(axis=2)[:, :, None] - adjacency
    distance = np.where(adjacency > 0, 1, n * (1 - np.eye(n, dtype=np.int64)))
    for v in range(n):
        distance = np.minimum(distance, distance[:, :, v, None] + distance[:, None, v, :])
    return {"adjacency": adjacency, "laplacian": laplacian, "distance": distance}


def mean(values: list[float]) -> float:
    """Their mean, NaN of none."""
    return sum(values) / len(values) if values else np.nan


def over_edges(term: Callable[[int, int], float]) -> Callable[[nx.Graph], float]:
    """The sum of a term of both degrees over the edges."""
    return lambda graph: sum(term(graph.degree(u), graph.degree(v)) for u, v in graph.edges)


def transmissions(graph: nx.Graph) -> list[int]:
    """The sums of distances from each vertex."""
    return [sum(lengths.values()) for _, lengths in nx.all_pairs_shortest_path_length(graph)]


def pair_distances(graph: nx.Graph) -> list[float]:
    """The distances of the unordered pairs."""
    lengths = dict(nx.all_pairs_shortest_path_length(graph))
    return [lengths[u][v] for u, v in combinations(graph, 2)]


def mostar(graph: nx.Graph) -> int:
    """By the definition: vertices nearer to one end of an edge than to the other."""
    lengths = dict(nx.all_pairs_shortest_path_length(graph))
    nearer = [sum(np.sign(lengths[u][w] - lengths[v][w]) for w in graph) for u, v in graph.edges]
    return int(np.abs(nearer).sum())


DEFINITIONS: dict[str, Callable[[nx.Graph], float]] = {
    "n": len,
    "m": nx.Graph.size,
    "matching_number": lambda g: len(nx.max_weight_matching(g, maxcardinality=True)),
    "vertex_cover_number": lambda g: len(nx.max_weight_matching(g, maxcardinality=True)),
    "independence_number": lambda g: len(g) - len(nx.max_weight_matching(g, maxcardinality=True)),
    "randic": over_edges(lambda d, e: (d * e) ** -0.5),
    "harmonic": over_edges(lambda d, e: 2 / (d + e)),
    "modified_zagreb2": over_edges(lambda d, e: 1 / (d * e)),
    "geometric_arithmetic": over_edges(lambda d, e: 2 * (d * e) ** 0.5 / (d + e)),
    "diameter": nx.diameter,
    "radius": nx.radius,
    "average_eccentricity": lambda g: mean(list(nx.eccentricity(g).values())),
    "max_transmission": lambda g: max(transmissions(g)),
    "min_transmission": lambda g: min(transmissions(g)),
    "proximity": lambda g: min(transmissions(g)) / (len(g) - 1) if len(g) > 1 else np.nan,
    "remoteness": lambda g: max(transmissions(g)) / (len(g) - 1) if len(g) > 1 else np.nan,
    "wiener": lambda g: sum(pair_distances(g)),
    "average_distance": lambda g: mean(pair_distances(g)),
    "mostar": mostar,
    "negative_distance_eigenvalues": lambda g: int((np.linalg.eigvalsh(nx.floyd_warshall_numpy(g)) < -1e-9).sum()),
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_kernels_equal_the_definitions(name: str) -> None:
    """Counts and sums of degrees and distances, on paths, stars and random trees."""
    for n in ORDERS:
        parents = sample_trees(n)
        expected = [DEFINITIONS[name](as_networkx(parent)) for parent in parents[:24]]
        np.testing.assert_allclose(invariants()[name].of_trees(parents)[:24], expected, rtol=1e-12)


def least_dominating(graph: nx.Graph) -> int:
    """The fewest vertices whose closed neighbourhoods are everything, by trying all sets."""
    return next(
        size
        for size in range(1, len(graph) + 1)
        if any(
            len(set(chosen).union(*(graph[v] for v in chosen))) == len(graph) for chosen in combinations(graph, size)
        )
    )


def least_paths(graph: nx.Graph) -> int:
    """The fewest disjoint paths that cover all vertices: n less the largest set of edges with all degrees <= 2."""
    edges = list(graph.edges)
    most = max(
        bin(chosen).count("1")
        for chosen in range(1 << len(edges))
        if max((d for _, d in nx.Graph([e for i, e in enumerate(edges) if chosen >> i & 1]).degree), default=0) <= 2
    )
    return len(graph) - most


@pytest.mark.parametrize(
    ("name", "definition", "largest"), [("domination_number", least_dominating, 10), ("path_cover", least_paths, 8)]
)
def test_greedy_numbers_equal_exhaustion(name: str, definition: Callable[[nx.Graph], int], largest: int) -> None:
    """All trees up to isomorphism; one vertex needs one vertex and one path."""
    assert invariants()[name].of_trees(np.zeros((1, 1), np.int16)).tolist() == [1.0]
    for n in range(2, largest + 1):
        trees = list(nx.nonisomorphic_trees(n))
        found = [invariants()[name].of_trees(parents_of(tree))[0] for tree in trees]
        assert found == [definition(tree) for tree in trees]


SPECTRA = {
    "adjacency_eigenvalue": "adjacency",
    "laplacian_eigenvalue": "laplacian",
    "distance_eigenvalue": "distance",
}


@pytest.mark.parametrize("name", SPECTRA)
def test_every_eigenvalue_equals_lapack(name: str) -> None:
    """All k, NaN outside 1..n; multiple eigenvalues (stars, twins) and close ones (paths) among them."""
    for n in (*ORDERS, 90):
        parents = sample_trees(n, 24 if n == 90 else 48)
        spectrum = np.linalg.eigvalsh(matrices(parents)[SPECTRA[name]].astype(np.float64))[:, ::-1]
        for k in range(1, n + 1):
            value = invariants()[name].of_trees(parents, np.full(len(parents), k))
            np.testing.assert_allclose(value, spectrum[:, k - 1], rtol=1e-10, atol=1e-10)
        for k in (-1, 0, n + 1, 1 << 40):
            assert np.isnan(invariants()[name].of_trees(parents, np.full(len(parents), k))).all()


def symmetric_trees() -> list[nx.Graph]:
    """Trees full of equal branches, whose eigenvalues are multiple and shared between subtrees."""
    trees = [nx.full_rary_tree(r, n) for r, n in ((2, 63), (2, 40), (3, 40), (7, 57), (60, 61))]
    for arms, length in ((4, 5), (12, 3), (3, 20), (30, 2)):
        spider = nx.star_graph(0)
        for arm in range(arms):
            nx.add_path(spider, [0, *range(1 + arm * length, 1 + (arm + 1) * length)])
        trees.append(spider)
    for spine, leaves in ((2, 20), (10, 1), (10, 2), (15, 3)):
        caterpillar = nx.path_graph(spine)
        caterpillar.add_edges_from((i, spine + i * leaves + j) for i in range(spine) for j in range(leaves))
        trees.append(caterpillar)
    return trees


@pytest.mark.parametrize("name", SPECTRA)
def test_eigenvalues_of_symmetric_trees_equal_lapack(name: str) -> None:
    """All k at once: one tree repeated n times with k = 1..n, from two different roots."""
    for tree in symmetric_trees():
        n = len(tree)
        for parent in (parents_of(tree), parents_of(nx.relabel_nodes(tree, {i: n - 1 - i for i in range(n)}))):
            expected = np.linalg.eigvalsh(matrices(parent)[SPECTRA[name]][0].astype(np.float64))[::-1]
            value = invariants()[name].of_trees(np.repeat(parent, n, axis=0), np.arange(1, n + 1))
            np.testing.assert_allclose(value, expected, rtol=1e-10, atol=1e-10)


def test_named_eigenvalues_are_the_k_th() -> None:
    """lambda1, lambda2, lambda_n, the largest and the second smallest of the Laplacian."""
    for n in (2, 9, 30):
        parents = sample_trees(n)
        for name, kernel, k in (
            ("lambda1", tree_spectra.adjacency_eigenvalue, 1),
            ("lambda2", tree_spectra.adjacency_eigenvalue, 2),
            ("lambda_n", tree_spectra.adjacency_eigenvalue, n),
            ("laplacian_max", tree_spectra.laplacian_eigenvalue, 1),
            ("algebraic_connectivity", tree_spectra.laplacian_eigenvalue, n - 1),
        ):
            expected = kernel(parents, np.full(len(parents), k))
            np.testing.assert_allclose(invariants()[name].of_trees(parents), expected, rtol=1e-11, atol=1e-11)


def exact_peaks(parents: NDArray[np.int16]) -> list[tuple[int, int, int]]:
    """adjacency_peak, adjacency_nonzero and distance_peak by exact characteristic polynomials."""
    found = []
    parts = matrices(parents)
    for adjacency, distance in zip(parts["adjacency"], parts["distance"], strict=True):
        own = [abs(int(c)) for c in fmpz_mat(adjacency.tolist()).charpoly().coeffs() if c != 0]
        far = [abs(int(c)) << k for k, c in enumerate(fmpz_mat(distance.tolist()).charpoly().coeffs())]
        found.append((own.index(max(own)) + 1, len(own), far.index(max(far))))
    return found


def peaks(parents: NDArray[np.int16]) -> list[tuple[int, ...]]:
    """The same by the kernels."""
    names = ("adjacency_peak", "adjacency_nonzero", "distance_peak")
    values = np.stack([invariants()[name].of_trees(parents) for name in names], axis=1)
    return [tuple(row) for row in values.astype(np.int64).tolist()]


@pytest.mark.parametrize("n", [*range(1, 31), 60])
def test_peaks_equal_exact_polynomials(n: int) -> None:
    """Places of maxima and numbers of nonzero coefficients, ties included."""
    parents = sample_trees(n, 20 if n == 60 else 100)
    assert peaks(parents) == exact_peaks(parents)


def test_a_peak_that_rounding_leaves_open_is_decided_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """With errors as large as the values every maximum is open, and the exact path gives the same peaks."""
    parents = sample_trees(40, 8)
    expected = peaks(parents)
    left_open = np.full(len(parents), -1)
    monkeypatch.setattr(tree_polynomials, "matching_peaks", lambda parents: left_open.copy())
    monkeypatch.setattr(tree_polynomials, "distance_peaks", lambda parents: left_open.copy())
    assert peaks(parents) == expected


@pytest.mark.parametrize(
    ("values", "errors", "place"),
    [
        ([1.0, 3.0, 3.0, 2.0], [0.0] * 4, 2),  # an exact tie: the last
        ([1.0, 3.0, 3.0, 2.0], [0.1] * 4, -1),
        ([1.0, 3.0, 2.9, 2.0], [0.1] * 4, -1),
        ([1.0, 3.0, 2.7, 2.0], [0.1] * 4, 1),
        ([1.0, np.inf, 2.0], [0.0] * 3, -1),
        ([1.0, 2.0, np.nan], [0.0, 0.0, np.nan], -1),
    ],
)
def test_last_peak_says_when_it_does_not_know(values: list[float], errors: list[float], place: int) -> None:
    """The error of a value counts both ways, and what overflowed is not known."""
    assert tree_polynomials.last_peak(np.array(values), np.array(errors)) == place


def test_all_fields_of_the_reference_trees() -> None:
    """Every invariant with a tree kernel against the values that other software computed."""
    rows = [json.loads(line) for line in (DATA / "scores.jsonl").read_text().splitlines()]
    compared = 0
    for row in rows:
        if row["is_tree"]:
            parents = parents_of(nx.from_numpy_array(decode(row["graph6"])))
            k = np.arange(1, row["n"] + 1)
            np.testing.assert_allclose(
                tree_spectra.distance_eigenvalue(np.repeat(parents, len(k), axis=0), k),
                row["distance_spectrum"],
                1e-9,
                1e-9,
            )
            for name in set(row) & {name for name, one in invariants().items() if one.tree_kernel and not one.indexed}:
                np.testing.assert_allclose(invariants()[name].of_trees(parents)[0], row[name], 1e-9, 1e-9, err_msg=name)
                compared += 1
    assert compared > 400
