"""Each kernel equals a slow, obvious twin: networkx, LAPACK, or the definition."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from flint import fmpz_mat
from numpy.typing import NDArray

from mathrl.envs.graphs.batch import GraphBatch
from mathrl.envs.graphs.graph6 import column_edges, row_edges
from mathrl.envs.graphs.kernels import (
    cliques,
    connectivity,
    degrees,
    distances,
    layouts,
    matchings,
    predicates,
    spectra,
    tree_spectra,
    trees,
)
from mathrl.errors import MathrlError


@pytest.fixture
def rng() -> np.random.Generator:
    """The randomness of one test."""
    return np.random.default_rng(20260101)


def random_graphs(rng: np.random.Generator, count: int, n: int) -> NDArray[np.uint8]:
    """Graphs of all densities, many of them disconnected: uint8[count, n, n]."""
    density = rng.choice([0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0], size=(count, 1, 1))
    upper = np.triu(rng.random((count, n, n)) < density, 1)
    return (upper | upper.transpose(0, 2, 1)).astype(np.uint8)


def random_trees(rng: np.random.Generator, count: int, n: int) -> NDArray[np.int16]:
    """Random recursive trees, a third of them nearly paths, a third nearly stars: int16[count, n]."""
    parents = np.zeros((count, n), np.int16)
    for i in range(1, n):
        parents[:, i] = rng.integers(0, i, count)
        parents[::3, i] = max(0, i - int(rng.integers(1, 4)))
        parents[1::3, i] = rng.integers(0, min(i, 3), len(parents[1::3]))
    return parents


def shaped_trees() -> Iterator[nx.Graph]:
    """Trees with extreme or nearly equal eigenvalues: paths, stars, combs, brooms, spiders, equal hubs far apart."""
    for n in (1, 2, 3, 4, 20, 300):
        yield nx.path_graph(n)
        yield nx.star_graph(n - 1)
    for n in (6, 20, 100, 300):
        half, third = n // 2, n // 3
        comb = nx.path_graph(half)
        comb.add_edges_from((i, half + i) for i in range(n - half))
        broom = nx.path_graph(half)
        broom.add_edges_from((half - 1, half + i) for i in range(n - half))
        double = nx.path_graph(n - 2 * third)
        double.add_edges_from((0, n - 2 * third + i) for i in range(third))
        double.add_edges_from((n - 2 * third - 1, n - third + i) for i in range(third))
        yield from (comb, broom, double)
    yield nx.balanced_tree(2, 7)
    yield nx.balanced_tree(3, 4)
    hubs = nx.Graph()
    for arm in range(12):
        nx.add_path(hubs, ["root", *((arm, i) for i in range(8))])
        hubs.add_edges_from(((arm, 7), (arm, "leaf", i)) for i in range(10))
    yield hubs


def parents_of(tree: nx.Graph) -> NDArray[np.int16]:
    """A parent array of a tree, breadth first from its first vertex: int16[1, n]."""
    order = [next(iter(tree)), *(child for _, child in nx.bfs_edges(tree, next(iter(tree))))]
    place = {v: i for i, v in enumerate(order)}
    return np.array([[0] + [min(place[w] for w in tree[v]) for v in order[1:]]], np.int16)


def largest_eigenvalues(adjacency: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The largest eigenvalue by LAPACK: uint8[B, n, n] -> float64[B]."""
    return np.asarray(np.linalg.eigvalsh(adjacency.astype(np.float64))[:, -1])


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 13, 30])
def test_general_kernels_equal_networkx(rng: np.random.Generator, n: int) -> None:
    """Connectedness, matching number, triangles, diameter and spectral radius of random graphs."""
    adjacency = random_graphs(rng, 120, n)
    graphs = [nx.from_numpy_array(matrix) for matrix in adjacency]
    connected = [nx.is_connected(graph) for graph in graphs]
    assert predicates.connected(adjacency).tolist() == connected
    matched = [len(nx.max_weight_matching(graph, maxcardinality=True)) for graph in graphs]
    assert matchings.matching_number(adjacency).tolist() == matched
    triangles = [sum(nx.triangles(graph).values()) // 3 for graph in graphs]
    assert cliques.triangle_number(adjacency).tolist() == triangles
    diameters = [nx.diameter(graph) if ok else np.nan for graph, ok in zip(graphs, connected, strict=True)]
    np.testing.assert_array_equal(distances.diameter(distances.distance_matrices(adjacency)), diameters)
    np.testing.assert_allclose(spectra.lambda1(adjacency), largest_eigenvalues(adjacency), rtol=0, atol=1e-10)


def test_matching_number_is_the_definition_on_every_small_graph() -> None:
    """All 1024 labelled graphs on 5 vertices, by trying every set of disjoint edges."""
    pairs = row_edges(5)
    words = (np.arange(1024)[:, None] >> np.arange(10) & 1).astype(np.uint8)
    adjacency = layouts.adjacency_from_words(words, pairs, 5)
    for word, value in zip(words, matchings.matching_number(adjacency), strict=True):
        edges = [set(pair.tolist()) for pair, bit in zip(pairs, word, strict=True) if bit]
        two = any(not a & b for a, b in combinations(edges, 2))
        assert value == (2 if two else min(len(edges), 1))


@pytest.mark.parametrize("k", [3, 5, 9])
def test_matching_number_of_blossoms_hung_on_a_path(k: int) -> None:
    """Odd cycles joined by paths force nested contractions; networkx is the judge."""
    graph = nx.disjoint_union_all([nx.cycle_graph(k)] * 5)
    for a in range(4):
        graph.add_edges_from([(a * k, (a + 1) * k + k // 2), (a * k + 1, (a + 1) * k)])
    expected = len(nx.max_weight_matching(graph, maxcardinality=True))
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(len(graph))
        adjacency = nx.to_numpy_array(graph, nodelist=order.tolist(), dtype=np.uint8)[None]
        assert matchings.matching_number(adjacency)[0] == expected


@pytest.mark.parametrize("n", [40, 150])
def test_lambda1_of_slowly_converging_graphs(n: int) -> None:
    """Cycles, ladders, lollipops, barbells and unions, where power iteration gives up and LAPACK takes over."""
    graphs = [
        nx.cycle_graph(n),
        nx.ladder_graph(n // 2),
        nx.lollipop_graph(n // 2, n - n // 2),
        nx.barbell_graph(n // 4, n - 2 * (n // 4)),
        nx.disjoint_union(nx.path_graph(n // 2), nx.cycle_graph(n - n // 2)),
        nx.empty_graph(n),
        nx.complete_graph(n),
    ]
    adjacency = np.array([nx.to_numpy_array(graph, dtype=np.uint8) for graph in graphs])
    np.testing.assert_allclose(spectra.lambda1(adjacency), largest_eigenvalues(adjacency), rtol=0, atol=1e-10)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 19, 60, 203])
def test_tree_kernels_equal_the_general_ones(rng: np.random.Generator, n: int) -> None:
    """Spectral radius against LAPACK, matching number against the blossom kernel, on random trees."""
    parents = random_trees(rng, 300 if n < 100 else 60, n)
    adjacency = layouts.adjacency_from_parents(parents)
    expected = largest_eigenvalues(adjacency)
    np.testing.assert_allclose(tree_spectra.lambda1(parents), expected, rtol=0, atol=1e-10)
    np.testing.assert_allclose(spectra.lambda1(adjacency), expected, rtol=0, atol=1e-10)
    assert np.array_equal(trees.matching_number(parents), matchings.matching_number(adjacency))


def test_tree_kernels_on_extreme_shapes() -> None:
    """Clustered largest eigenvalues do not disturb Laguerre's iteration; networkx judges the matching."""
    for tree in shaped_trees():
        parents = parents_of(tree)
        adjacency = layouts.adjacency_from_parents(parents)
        expected = largest_eigenvalues(adjacency)[0]
        assert tree_spectra.lambda1(parents)[0] == pytest.approx(expected, abs=1e-10)
        assert spectra.lambda1(adjacency)[0] == pytest.approx(expected, abs=1e-10)
        assert trees.matching_number(parents)[0] == len(nx.max_weight_matching(tree, maxcardinality=True))


def test_bisection_finds_the_root_that_laguerre_finds(rng: np.random.Generator) -> None:
    """The fallback agrees with LAPACK, from a bracket below the root and from one that lies above it."""
    parents = random_trees(rng, 50, 19)
    roots = largest_eigenvalues(layouts.adjacency_from_parents(parents)) ** -2
    workspace = np.empty((19, 3))
    for parent, root in zip(parents, roots, strict=True):
        for low in (0.0, 0.9 * root, 1.0001 * root):
            found = tree_spectra.bisect_root(parent, low, 1.1 * root, workspace)
            assert found == pytest.approx(root, rel=1e-11)


def degree_twins(graph: nx.Graph) -> dict[str, float]:
    """The invariants of degrees by their definitions."""
    d = dict(graph.degree)
    edges = [(d[u], d[v]) for u, v in graph.edges]
    sequence = sorted(d.values(), reverse=True)
    while sequence and sequence[0]:
        sequence = sorted([x - 1 for x in sequence[1 : sequence[0] + 1]] + sequence[sequence[0] + 1 :], reverse=True)
    return {
        "size": len(edges),
        "maximum_degree": max(d.values()),
        "minimum_degree": min(d.values()),
        "average_degree": 2 * len(edges) / len(graph),
        "density": nx.density(graph) if len(graph) > 1 else np.nan,
        "eigenvalue_deviation": np.sqrt(2 * len(edges) / len(graph)),
        "randic": sum((a * b) ** -0.5 for a, b in edges),
        "harmonic": sum(2 / (a + b) for a, b in edges),
        "modified_zagreb2": sum(1 / (a * b) for a, b in edges),
        "geometric_arithmetic": sum(2 * (a * b) ** 0.5 / (a + b) for a, b in edges),
        "mean_dual_degree": float(np.mean(list(nx.average_neighbor_degree(graph).values()))),
        "residue": len(sequence),
    }


@pytest.mark.parametrize("n", [1, 2, 4, 9, 20])
def test_invariants_of_degrees_equal_their_definitions(rng: np.random.Generator, n: int) -> None:
    """On graphs of all densities, empty and complete ones among them."""
    adjacency = random_graphs(rng, 60, n)
    expected = [degree_twins(nx.from_numpy_array(matrix)) for matrix in adjacency]
    sequences = adjacency.sum(axis=2, dtype=np.int64)
    for name in expected[0]:
        takes_degrees = name in ("size", "maximum_degree", "minimum_degree", "average_degree", "density", "residue")
        part = sequences if takes_degrees or name == "eigenvalue_deviation" else adjacency
        np.testing.assert_allclose(getattr(degrees, name)(part), [twins[name] for twins in expected], atol=1e-12)


def wiener_index(graph: nx.Graph) -> float:
    """The sum of all distances, NaN where networkx has an infinite one."""
    value = float(nx.wiener_index(graph)) if len(graph) else 0.0
    return value if np.isfinite(value) else np.nan


def distance_twins(graph: nx.Graph) -> dict[str, float]:
    """The invariants of distances of a connected graph by their definitions."""
    rows = dict(nx.all_pairs_shortest_path_length(graph))
    sums, far, n = [sum(row.values()) for row in rows.values()], nx.eccentricity(graph).values(), len(graph)
    imbalances = [sum(np.sign(rows[v][w] - rows[u][w]) for w in graph) for u, v in graph.edges]
    whole = wiener_index(graph)
    without = [wiener_index(graph.subgraph(set(graph) - {v})) for v in graph]
    return {
        "diameter": max(far),
        "radius": min(far),
        "average_eccentricity": sum(far) / n,
        "proximity": min(sums) / (n - 1) if n > 1 else np.nan,
        "remoteness": max(sums) / (n - 1) if n > 1 else np.nan,
        "wiener": whole,
        "average_distance": nx.average_shortest_path_length(graph) if n > 1 else np.nan,
        "max_transmission": max(sums),
        "min_transmission": min(sums),
        "distinct_transmissions": len(set(sums)),
        "mostar": sum(map(abs, imbalances)),
        "soltes_deficit": sum(abs(whole - value) for value in without),
    }


@pytest.mark.parametrize("n", [1, 2, 4, 9, 20, 70])
def test_invariants_of_distances_equal_their_definitions(rng: np.random.Generator, n: int) -> None:
    """NaN for disconnected graphs, and for soltes_deficit where a vertex separates the graph."""
    adjacency = random_graphs(rng, 60 if n < 70 else 8, n)
    matrices = distances.distance_matrices(adjacency)
    undefined = dict.fromkeys(distance_twins(nx.path_graph(2)), np.nan)
    graphs = [nx.from_numpy_array(matrix) for matrix in adjacency]
    expected = [distance_twins(graph) if nx.is_connected(graph) else undefined for graph in graphs]
    for name in undefined:
        part = adjacency if name in ("mostar", "soltes_deficit") else matrices
        np.testing.assert_allclose(getattr(distances, name)(part), [twins[name] for twins in expected], atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5, 8, 14])
def test_connectivity_and_girth_equal_networkx(rng: np.random.Generator, n: int) -> None:
    """Separating sets of vertices and of edges, and shortest cycles, of random graphs."""
    adjacency = random_graphs(rng, 80, n)
    graphs = [nx.from_numpy_array(matrix) for matrix in adjacency]
    vertex = [nx.node_connectivity(graph) if n > 1 else 0 for graph in graphs]
    assert connectivity.vertex_connectivity(adjacency).tolist() == vertex
    assert connectivity.edge_connectivity(adjacency).tolist() == [nx.edge_connectivity(graph) for graph in graphs]
    shortest = [nx.girth(graph) if not nx.is_forest(graph) else np.nan for graph in graphs]
    np.testing.assert_array_equal(distances.girth(adjacency), shortest)


@pytest.mark.parametrize(
    "graph", [nx.petersen_graph(), nx.hypercube_graph(4), nx.heawood_graph(), nx.cycle_graph(40), nx.pappus_graph()]
)
def test_connectivity_and_girth_of_regular_graphs(graph: nx.Graph) -> None:
    """Large girth and many disjoint paths."""
    adjacency = nx.to_numpy_array(graph, dtype=np.uint8)[None]
    assert connectivity.vertex_connectivity(adjacency)[0] == nx.node_connectivity(graph)
    assert connectivity.edge_connectivity(adjacency)[0] == nx.edge_connectivity(graph)
    assert distances.girth(adjacency)[0] == nx.girth(graph)


def has_claw(graph: nx.Graph) -> bool:
    """Whether the complement of some neighbourhood has a triangle."""
    return any(any(nx.triangles(nx.complement(graph.subgraph(graph.neighbors(v)))).values()) for v in graph)


@pytest.mark.parametrize("n", [1, 2, 3, 6, 9, 70])
def test_classes_equal_their_definitions(rng: np.random.Generator, n: int) -> None:
    """Every class test but the exact one of determinants, against networkx."""
    adjacency = random_graphs(rng, 150 if n < 70 else 10, n)
    graphs = [nx.from_numpy_array(matrix) for matrix in adjacency]
    assert predicates.connected(adjacency).tolist() == [nx.is_connected(graph) for graph in graphs]
    assert predicates.tree(adjacency).tolist() == [nx.is_tree(graph) for graph in graphs]
    assert predicates.bipartite(adjacency).tolist() == [nx.is_bipartite(graph) for graph in graphs]
    assert predicates.planar(adjacency).tolist() == [nx.check_planarity(graph)[0] for graph in graphs]
    assert predicates.claw_free(adjacency).tolist() == [not has_claw(graph) for graph in graphs]
    assert predicates.triangle_free(adjacency).tolist() == [not any(nx.triangles(graph).values()) for graph in graphs]
    regular = [len(set(dict(graph.degree).values())) == 1 for graph in graphs]
    assert predicates.regular(adjacency).tolist() == regular
    assert (~predicates.nonregular(adjacency)).tolist() == regular


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 12, 30])
def test_nonsingular_equals_the_exact_determinant(rng: np.random.Generator, n: int) -> None:
    """Integer determinants by flint."""
    adjacency = random_graphs(rng, 150, n)
    exact = [fmpz_mat(n, n, matrix.ravel().tolist()).det() != 0 for matrix in adjacency]
    assert predicates.nonsingular(adjacency).tolist() == exact


def test_a_determinant_divisible_by_one_prime_is_not_zero() -> None:
    """det A(K_5) = 4 is 0 modulo 2 only, and a row exchange does not change whether it is 0."""
    matrix = 1 - np.eye(5, dtype=np.int64)
    assert not predicates.invertible(matrix.copy(), 2)
    assert predicates.invertible(matrix.copy(), 3)


@pytest.mark.parametrize("edges", [row_edges(9), column_edges(9)])
def test_words_and_parents_become_their_adjacency(rng: np.random.Generator, edges: NDArray[np.int64]) -> None:
    """Letter e of a word is edge e, and the tree's edges are {p[i], i}."""
    words = rng.integers(0, 2, (20, len(edges)), dtype=np.uint8)
    adjacency = layouts.adjacency_from_words(words, edges, 9)
    for word, matrix in zip(words, adjacency, strict=True):
        chosen = {frozenset(pair.tolist()) for pair, bit in zip(edges, word, strict=True) if bit}
        assert {frozenset(edge) for edge in nx.from_numpy_array(matrix).edges} == chosen
    parents = random_trees(rng, 20, 9)
    for parent, matrix in zip(parents, layouts.adjacency_from_parents(parents), strict=True):
        tree = nx.Graph((int(parent[i]), i) for i in range(1, 9))
        assert np.array_equal(matrix, nx.to_numpy_array(tree, nodelist=range(9)))


def test_a_batch_of_trees_equals_the_batch_of_their_matrices(rng: np.random.Generator) -> None:
    """Values and classes do not depend on how the graphs are given; a value is computed once."""
    parents = random_trees(rng, 40, 11)
    trees, graphs = GraphBatch(parents=parents), GraphBatch(adjacency=layouts.adjacency_from_parents(parents))
    assert len(trees) == len(graphs) == 40
    for name in ("n", "m", "Delta", "delta", "lambda1", "mu", "diameter", "triangle_number"):
        np.testing.assert_allclose(trees.value(name), graphs.value(name), rtol=0, atol=1e-10)
    assert trees.value("mu") is trees.value("matching-number")
    for name in ("any", "connected", "tree"):
        assert trees.belongs(name).all()
        assert graphs.belongs(name).all()


def test_classes_of_general_graphs(rng: np.random.Generator) -> None:
    """Connected and tree as networkx decides, any always, and an unknown class is a sentence."""
    batch = GraphBatch(adjacency=random_graphs(rng, 200, 4))
    graphs = [nx.from_numpy_array(matrix) for matrix in batch.adjacency]
    assert batch.belongs("any").all()
    assert batch.belongs("connected").tolist() == [nx.is_connected(graph) for graph in graphs]
    assert batch.belongs("tree").tolist() == [nx.is_tree(graph) for graph in graphs]
    with pytest.raises(MathrlError, match="'conected' is not a class of graphs; did you mean 'connected'"):
        batch.belongs("conected")


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (2, 0, 0)])
def test_a_batch_checks_its_shape(shape: tuple[int, ...]) -> None:
    """What is not [B, n, n] with n >= 1 is an error."""
    with pytest.raises(MathrlError, match="adjacency must be"):
        GraphBatch(adjacency=np.zeros(shape, np.uint8))


def test_an_empty_batch_has_empty_values() -> None:
    """No graphs give no values, of the right shape."""
    batch = GraphBatch(adjacency=np.zeros((0, 5, 5), np.uint8))
    for name in ("n", "Delta", "lambda1", "mu", "diameter"):
        assert batch.value(name).shape == (0,)
    assert batch.belongs("tree").shape == (0,)
