"""Enclosures against reference values, definitions and networkx."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from flint import fmpq

from mathrl.envs.graphs.arithmetic import Undefined
from mathrl.envs.graphs.enclosures import ENCLOSURES, enclose, maximum_matching, odd_components
from mathrl.envs.graphs.invariants import INVARIANTS
from mathrl.envs.graphs.verify import decode
from mathrl.errors import MathrlError

SCORES = [
    json.loads(line) for line in (Path(__file__).parents[2] / "data/graphs/scores.jsonl").read_text().splitlines()
]


def neighbours(graph):
    return [sorted(graph[v]) for v in range(len(graph))]


def random_graphs(count, most, seed=0):
    rng = np.random.default_rng(seed)
    for index in range(count):
        yield nx.gnp_random_graph(int(rng.integers(2, most + 1)), float(rng.uniform(0.05, 0.6)), seed=index)


def as_float(x):
    return float(Fraction(str(x)))


def test_every_invariant_has_an_enclosure():
    assert ENCLOSURES.keys() == INVARIANTS.keys()
    with pytest.raises(MathrlError):
        enclose("energy", [[1], [0]])


@pytest.mark.parametrize("row", SCORES, ids=lambda row: row["id"])
def test_reference_graphs(row):
    graph = decode(row["graph6"])
    found = enclose("lambda1", graph)
    assert as_float(found.lo) - 1e-9 <= row["lambda1"] <= as_float(found.hi) + 1e-9
    assert found.hi - found.lo <= fmpq(1, 2**36)
    if "adjacency_charpoly" in row:
        assert found.witness["polynomial"] == row["adjacency_charpoly"]
    for name in ("n", "m", "maximum_degree", "minimum_degree", "diameter", "matching_number"):
        if name in row and row[name] is not None:
            found = enclose(name, graph)
            assert found.lo == found.hi == row[name]


def test_counts_agree_with_networkx():
    for graph in random_graphs(60, 12):
        rows, matrix = neighbours(graph), nx.to_numpy_array(graph, dtype=np.uint8)
        for source in (rows, matrix):
            assert enclose("triangle_number", source).lo == sum(nx.triangles(graph).values()) // 3
            assert as_float(enclose("density", source).lo) == pytest.approx(nx.density(graph))
            assert enclose("average_degree", source).lo == fmpq(2 * graph.size(), len(graph))
        if nx.is_connected(graph):
            assert enclose("diameter", rows).lo == nx.diameter(graph)
        else:
            with pytest.raises(Undefined):
                enclose("diameter", rows)


def test_matching_numbers_and_barriers():
    for graph in random_graphs(400, 16, seed=1):
        rows = neighbours(graph)
        found = enclose("matching_number", rows)
        assert found.lo == len(nx.max_weight_matching(graph, maxcardinality=True))
        matching, barrier = found.witness["matching"], found.witness["barrier"]
        assert nx.is_matching(graph, {tuple(edge) for edge in matching})
        rest = graph.subgraph(set(graph) - set(barrier))
        odd = sum(len(component) % 2 for component in nx.connected_components(rest))
        assert odd == found.witness["odd_components"] == odd_components(rows, barrier)
        assert 2 * len(matching) == len(graph) + len(barrier) - odd


def test_outer_vertices_are_those_that_a_maximum_matching_can_miss():
    for graph in random_graphs(80, 9, seed=2):
        _, outer = maximum_matching(neighbours(graph))
        size = len(nx.max_weight_matching(graph, maxcardinality=True))
        for v in graph:
            without = len(nx.max_weight_matching(graph.subgraph(set(graph) - {v}), maxcardinality=True))
            assert outer[v] == (without == size)


@pytest.mark.parametrize(
    "graph", [nx.petersen_graph(), nx.windmill_graph(4, 3), nx.barbell_graph(5, 2), nx.circulant_graph(59, [1, 2, 5])]
)
def test_matchings_with_blossoms(graph):
    graph = nx.convert_node_labels_to_integers(graph)
    assert enclose("matching_number", neighbours(graph)).lo == len(nx.max_weight_matching(graph, maxcardinality=True))


@pytest.mark.parametrize(
    ("graph", "value"),
    [
        (nx.complete_graph(7), 6),
        (nx.petersen_graph(), 3),
        (nx.empty_graph(4), 0),
        (nx.star_graph(9), 3),
        (nx.disjoint_union(nx.complete_graph(3), nx.complete_graph(3)), 2),
    ],
)
def test_integer_eigenvalues_are_exact(graph, value):
    found = enclose("lambda1", neighbours(graph))
    assert found.lo == found.hi == value


@pytest.mark.parametrize(
    "graph", [nx.path_graph(9), nx.disjoint_union(nx.path_graph(6), nx.path_graph(6)), nx.lollipop_graph(6, 4)]
)
@pytest.mark.parametrize("bits", [64, 65, 128, 1024])
def test_more_bits_give_narrower_intervals(graph, bits):
    found = enclose("lambda1", neighbours(graph), bits)
    assert 0 < found.hi - found.lo <= fmpq(1, 2 ** (bits - 30))
    assert found.witness["count_above_lower"] >= 1
    wide = enclose("lambda1", neighbours(graph))
    assert wide.lo <= found.lo
    assert found.hi <= wide.hi + fmpq(1, 2**40)
