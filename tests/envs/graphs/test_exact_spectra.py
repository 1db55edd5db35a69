"""Exact eigenvalues, their sums and counts, and sums over edges: against reference values, numpy and closed forms."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from flint import fmpq

from mathrl.envs.graphs.arithmetic import Undefined
from mathrl.envs.graphs.exact import spectra, sums
from mathrl.envs.graphs.exact.eigenvalues import Spectrum
from mathrl.envs.graphs.verify import decode

SCORES = Path(__file__).parents[2] / "data/graphs/scores.jsonl"
RECORDS = [record for record in map(json.loads, SCORES.read_text().splitlines()) if record["n"] <= 30]
REAL = ("lambda1", "lambda2", "lambda_n", "energy", "laplacian_max", "algebraic_connectivity")


def lists(graph):
    graph = nx.convert_node_labels_to_integers(graph)
    return [sorted(graph[v]) for v in range(len(graph))]


def as_float(x):
    return float(Fraction(str(x)))


def enclosed(face, graph, k=None, bits=64):
    """The interval of a face, in floats, after its own check accepted it with the witness as JSON writes it."""
    found = face.enclose(graph, bits, k)
    assert face.check(graph, (found.lo, found.hi), json.loads(json.dumps(found.witness)), k)
    assert found.lo <= found.hi
    return as_float(found.lo), as_float(found.hi)


def assert_contains(interval, value, slack=1e-9):
    assert interval[0] - slack <= value <= interval[1] + slack
    assert interval[1] - interval[0] < 1e-8 * (1 + abs(value))


def random_graphs(count, most):
    rng = np.random.default_rng(7)
    for index in range(count):
        yield nx.gnp_random_graph(int(rng.integers(2, most + 1)), float(rng.uniform(0.1, 0.8)), seed=index)


def twin_stars(path):
    """Two stars K_{1,20} whose centres are ends of a path: the two largest eigenvalues are extremely close."""
    graph = nx.path_graph(path)
    for centre in (0, path - 1):
        graph.add_edges_from((centre, ("leaf", centre, i)) for i in range(20))
    return graph


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["id"])
def test_reference_values(record):
    graph = decode(record["graph6"])
    for name in REAL:
        assert_contains(enclosed(getattr(spectra, name), graph), record[name])
    for name in ("randic", "harmonic", "modified_zagreb2"):
        assert_contains(enclosed(getattr(sums, name), graph), record[name])
    for k, value in enumerate(record.get("distance_spectrum", ()), start=1):
        assert_contains(enclosed(spectra.distance_eigenvalue, graph, k), value)
    if "adjacency_charpoly" in record:
        coefficients = spectra.spectrum(spectra.ADJACENCY, graph).polynomial.coeffs()
        assert list(map(str, coefficients)) == record["adjacency_charpoly"]


def test_definitions_on_random_graphs():
    """Every eigenvalue, sum and count, connected or not, is what numpy's eigenvalues give."""
    for graph in random_graphs(40, 14):
        rows, n = lists(graph), len(graph)
        a = nx.to_numpy_array(graph)
        degrees = np.diag(a.sum(axis=0))
        x = np.linalg.eigvalsh(a)[::-1]
        laplacian = np.linalg.eigvalsh(degrees - a)[::-1]
        co = np.linalg.eigvalsh(1 - np.eye(n) - a)
        zero = 1e-9
        singles = {
            "lambda1": x[0], "lambda2": x[1], "lambda_n": x[-1], "lambda1_complement": co[-1],
            "laplacian_max": laplacian[0], "algebraic_connectivity": laplacian[-2],
            "signless_laplacian_max": np.linalg.eigvalsh(degrees + a)[-1],
            "energy": abs(x).sum(), "s_plus": (x[x > zero] ** 2).sum(), "s_minus": (x[x < -zero] ** 2).sum(),
        }  # fmt: skip
        if graph.size():
            singles["smallest_positive_eigenvalue"] = min(x[x > zero])
        for name, value in singles.items():
            assert_contains(enclosed(getattr(spectra, name), rows), value)
        for k in range(1, n + 1):
            assert_contains(enclosed(spectra.adjacency_eigenvalue, rows, k), x[k - 1])
            assert_contains(enclosed(spectra.laplacian_eigenvalue, rows, k), laplacian[k - 1])
            assert_contains(enclosed(spectra.laplacian_sum, rows, k), laplacian[:k].sum())
        counts = {
            "positive_eigenvalues": (x > zero).sum(),
            "negative_eigenvalues": (x < -zero).sum(),
            "nullity": n - np.linalg.matrix_rank(a) if graph.size() else n,
        }
        for name, value in counts.items():
            assert enclosed(getattr(spectra, name), rows) == (value, value)


def test_sums_over_edges_on_random_graphs():
    for graph in random_graphs(40, 14):
        rows, d = lists(graph), dict(graph.degree)
        means = [np.mean([d[w] for w in graph[v]]) if d[v] else 0.0 for v in graph]
        values = {
            "randic": sum(1 / math.sqrt(d[u] * d[v]) for u, v in graph.edges),
            "geometric_arithmetic": sum(2 * math.sqrt(d[u] * d[v]) / (d[u] + d[v]) for u, v in graph.edges),
            "eigenvalue_deviation": np.linalg.eigvalsh(nx.to_numpy_array(graph)).std(),
            "harmonic": sum(2 / (d[u] + d[v]) for u, v in graph.edges),
            "modified_zagreb2": sum(1 / (d[u] * d[v]) for u, v in graph.edges),
            "mean_dual_degree": np.mean(means),
        }
        for name, value in values.items():
            assert_contains(enclosed(getattr(sums, name), rows), value)


@pytest.mark.parametrize("graph", [g for g in nx.graph_atlas_g() if 1 < len(g) < 7 and nx.is_connected(g)])
def test_counts_of_all_connected_graphs_up_to_six_vertices(graph):
    """Eigenvalues above a point and at it, at integers and between them, of adjacency and distance matrices."""
    for matrix in (nx.to_numpy_array(graph), nx.floyd_warshall_numpy(graph)):
        values = np.linalg.eigvalsh(matrix)
        exact = Spectrum(matrix.astype(int).tolist())
        for point in range(-24, 40):
            above, at = exact.counts(fmpq(point, 4))
            assert above == (values > point / 4 + 1e-9).sum()
            assert at == (abs(values - point / 4) < 1e-9).sum()
    above, at = spectra.spectrum(spectra.ADJACENCY, lists(graph)).counts(fmpq(0))
    assert enclosed(spectra.nullity, lists(graph)) == (at, at)
    assert enclosed(spectra.negative_distance_eigenvalues, lists(graph))[0] == (values < -1e-9).sum()


@pytest.mark.parametrize(
    ("graph", "values"),
    [
        (nx.complete_graph(7), [6] + 6 * [-1]),
        (nx.petersen_graph(), [3] + 5 * [1] + 4 * [-2]),
        (nx.empty_graph(4), [0] * 4),
        (nx.star_graph(9), [3] + 8 * [0] + [-3]),
        (nx.hypercube_graph(3), [3, 1, 1, 1, -1, -1, -1, -3]),
        (nx.disjoint_union(nx.complete_graph(3), nx.complete_graph(3)), [2, 2, -1, -1, -1, -1]),
    ],
)
def test_integer_eigenvalues_are_exact(graph, values):
    rows = lists(graph)
    for k, value in enumerate(values, start=1):
        assert enclosed(spectra.adjacency_eigenvalue, rows, k) == (value, value)
    assert enclosed(spectra.energy, rows) == (sum(map(abs, values)),) * 2
    assert enclosed(spectra.s_plus, rows)[0] == sum(x * x for x in values if x > 0)
    clusters = spectra.energy.enclose(rows, 64).witness["clusters"]
    assert clusters == [[str(x), str(x), values.count(x)] for x in sorted(set(values), reverse=True)]


@pytest.mark.parametrize(
    ("graph", "k"),
    [
        (nx.path_graph(9), 1),
        (nx.path_graph(9), 4),
        (nx.cycle_graph(7), 2),
        (nx.cycle_graph(7), 3),
        (nx.disjoint_union(nx.path_graph(6), nx.path_graph(6)), 2),
        (nx.lollipop_graph(6, 4), 10),
        (twin_stars(40), 1),
        (twin_stars(40), 2),
    ],
)
@pytest.mark.parametrize("bits", [64, 65, 128, 1024])
def test_more_bits_give_narrower_intervals(graph, k, bits):
    rows = lists(graph)
    wide, found = (spectra.adjacency_eigenvalue.enclose(rows, b, k) for b in (64, bits))
    spectra._spectrum.cache_clear()  # the check counts for itself
    assert enclosed(spectra.adjacency_eigenvalue, rows, k, bits)
    assert 0 < found.hi - found.lo <= fmpq(1, 2 ** (max(bits, 65) - 25))
    assert wide.lo <= found.lo < found.hi <= wide.hi
    assert found.witness["above_upper"] < k <= found.witness["above_lower"]


def test_eigenvalues_closer_than_floats_are_told_apart():
    rows = lists(twin_stars(40))
    first, second = (spectra.adjacency_eigenvalue.enclose(rows, 256, k) for k in (1, 2))
    assert second.hi < first.lo < second.hi + fmpq(1, 2**60)


@pytest.mark.parametrize("name", ["randic", "geometric_arithmetic", "eigenvalue_deviation"])
def test_sums_of_roots(name):
    """Rational where all roots are, otherwise as narrow as asked."""
    face = getattr(sums, name)
    for rows in (lists(nx.petersen_graph()), lists(nx.complete_graph(5))):
        found = face.enclose(rows, 64)
        assert (found.lo == found.hi) == (name != "eigenvalue_deviation" or len(rows) == 5)
    rows = lists(nx.lollipop_graph(4, 3))
    for bits in (64, 256, 4096):
        found = face.enclose(rows, bits)
        assert 0 < found.hi - found.lo < fmpq(1, 2 ** (bits - 8))
        assert face.check(rows, (found.lo, found.hi), {})
    star = sums.randic.enclose(lists(nx.star_graph(4)), 64)
    assert star.lo == star.hi == 2


def test_what_is_undefined():
    path, apart = lists(nx.path_graph(4)), lists(nx.empty_graph(3))
    for k in (None, 0, 5, -1):
        for name in ("adjacency_eigenvalue", "laplacian_eigenvalue", "laplacian_sum", "distance_eigenvalue"):
            with pytest.raises(Undefined):
                getattr(spectra, name).enclose(path, 64, k)
    for name, k in (
        ("smallest_positive_eigenvalue", None), ("distance_eigenvalue", 1), ("negative_distance_eigenvalues", None),
    ):  # fmt: skip
        with pytest.raises(Undefined):
            getattr(spectra, name).enclose(apart, 64, k)
