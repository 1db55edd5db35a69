"""Exact faces of all invariants: against the float kernels, reference values, definitions and networkx."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from flint import fmpq

from mathrl.envs.graphs.arithmetic import Undefined
from mathrl.envs.graphs.batch import GraphBatch
from mathrl.envs.graphs.exact.face import Enclosure
from mathrl.envs.graphs.exact.matchings import maximum_matching, odd_components
from mathrl.envs.graphs.invariants import find, invariants
from mathrl.envs.graphs.verify import decode

SCORES = [
    json.loads(line) for line in (Path(__file__).parents[2] / "data/graphs/scores.jsonl").read_text().splitlines()
]


def enclose(name, graph, bits=64, k=None) -> Enclosure:
    return find(name).face.enclose(graph, bits, k)


def neighbours(graph):
    return [sorted(graph[v]) for v in range(len(graph))]


def random_graphs(count, most, seed=0):
    rng = np.random.default_rng(seed)
    for index in range(count):
        yield nx.gnp_random_graph(int(rng.integers(2, most + 1)), float(rng.uniform(0.05, 0.6)), seed=index)


def as_float(x):
    return float(Fraction(str(x)))


@pytest.mark.parametrize("name", invariants())
def test_exact_faces_agree_with_kernels(name):
    """Where a kernel has a number, the enclosure contains it and its check accepts; where it has none, Undefined."""
    face = find(name).face
    for graph in random_graphs(20, 8, seed=5):
        rows, adjacency = neighbours(graph), nx.to_numpy_array(graph, dtype=np.uint8)[None]
        for k in range(len(graph) + 2) if find(name).indexed else (None,):
            value = GraphBatch(adjacency).value(name, None if k is None else np.array([k]))[0]
            if np.isnan(value):
                with pytest.raises(Undefined):
                    face.enclose(rows, 64, k)
            else:
                found = face.enclose(rows, 64, k)
                assert as_float(found.lo) - 1e-8 <= value <= as_float(found.hi) + 1e-8
                assert face.check(rows, (found.lo, found.hi), json.loads(json.dumps(found.witness)), k)


@pytest.mark.parametrize("row", SCORES, ids=lambda row: row["id"])
def test_reference_graphs(row):
    graph = decode(row["graph6"])
    found = enclose("lambda1", graph)
    assert as_float(found.lo) - 1e-9 <= row["lambda1"] <= as_float(found.hi) + 1e-9
    assert found.hi - found.lo <= fmpq(1, 2**36)
    for name in ("n", "m", "maximum_degree", "minimum_degree", "diameter", "matching_number"):
        if row.get(name) is not None:
            found = enclose(name, graph)
            assert found.lo == found.hi == row[name]


def test_counts_agree_with_networkx():
    for graph in random_graphs(60, 12):
        rows = neighbours(graph)
        assert enclose("triangle_number", rows).lo == sum(nx.triangles(graph).values()) // 3
        assert as_float(enclose("density", rows).lo) == pytest.approx(nx.density(graph))
        assert enclose("average_degree", rows).lo == fmpq(2 * graph.size(), len(graph))
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
