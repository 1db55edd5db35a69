"""Counterexamples made smaller: still counterexamples, never larger, and at the end none of their parts is too much."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

import mathrl
from mathrl.envs.graphs.batch import GraphBatch
from mathrl.envs.graphs.config import GraphConfig
from mathrl.envs.graphs.graph6 import decode, encode
from mathrl.envs.graphs.objective import objective
from mathrl.envs.graphs.rewards import catalogue
from mathrl.envs.graphs.scoring import THRESHOLD
from mathrl.envs.graphs.shrinking import shrink, without_edge, without_vertex


def found(reward, graph):
    """The solution that a networkx graph is."""
    adjacency = nx.to_numpy_array(graph, nodelist=sorted(graph), dtype=np.uint8)
    aim = objective(reward)
    value = float(aim.score(GraphBatch(adjacency=adjacency[None]))[0])
    solution = {"graph6": encode(adjacency), "formula": aim.formula}
    return mathrl.Solution("graphs", aim.name, value, solution)


def minors(graph):
    """Every graph with a vertex or an edge less, or an edge contracted, by networkx."""
    yield from (graph.subgraph(set(graph) - {v}) for v in graph)
    for edge in graph.edges:
        yield nx.contracted_edge(graph, edge, self_loops=False)
        yield nx.restricted_view(graph, [], [edge])


def scores(reward, graphs):
    """The score of each graph, by itself."""
    aim = objective(reward)
    return [
        aim.score(GraphBatch(adjacency=nx.to_numpy_array(graph, dtype=np.uint8, weight=None)[None]))[0]
        for graph in graphs
        if len(graph) >= aim.minimum_order
    ]


@pytest.mark.parametrize("name", ["petersen", "path", "wheel", "empty"])
def test_smaller_graphs_are_all_of_them(name):
    """Removed vertices, contracted edges and removed edges against networkx, up to order."""
    graph = {
        "petersen": nx.petersen_graph(),
        "path": nx.path_graph(5),
        "wheel": nx.wheel_graph(6),
        "empty": nx.empty_graph(3),
    }[name]
    adjacency = nx.to_numpy_array(graph, dtype=np.uint8)
    fewer = [nx.from_numpy_array(one) for one in without_vertex(adjacency)]
    assert len(fewer) == len(graph) + graph.size()
    for v, one in enumerate(fewer[: len(graph)]):
        assert nx.is_isomorphic(one, graph.subgraph(set(graph) - {v}))
    for edge, one in zip(sorted(graph.edges), fewer[len(graph) :], strict=True):
        assert nx.is_isomorphic(one, nx.contracted_edge(graph, edge, self_loops=False))
    thinner = without_edge(adjacency)
    assert thinner.shape == (graph.size(), len(graph), len(graph))
    lost = [tuple(map(int, np.argwhere(np.triu(adjacency - one))[0])) for one in thinner]
    assert sorted(lost) == sorted(graph.edges)
    assert all((adjacency - one).sum() == 2 for one in thinner)


@pytest.mark.parametrize(
    ("reward", "graph"),
    [
        ("amcs-10", nx.from_graph6_bytes(b"Ks_S?GC_?GO?")),
        ("connected: m <= n + 1", nx.complete_graph(9)),  # every violation has the score 1 or more: an integer
        ("connected: Delta <= 3", nx.star_graph(12)),
        ("connected: diameter <= 4", nx.path_graph(15)),
        ("connected: alpha <= 3", nx.grid_2d_graph(4, 5)),
        ("n >= 6, connected: m <= n + 1", nx.complete_graph(8)),
        ("triangle_number <= 2", nx.complete_graph(7)),
    ],
)
def test_what_is_left_is_minimal(reward, graph):
    """Positive, in the class, verified, and no minor with a vertex, an edge or a contracted edge less violates."""
    before = found(reward, nx.convert_node_labels_to_integers(graph))
    assert before.value > THRESHOLD
    after = shrink(before)
    small = nx.from_numpy_array(decode(after.solution["graph6"]))
    assert after.value > THRESHOLD
    assert (len(small), small.size()) <= (len(graph), graph.size())
    assert mathrl.registry.find_env("graphs").check(after.to_json()).holds
    assert scores(reward, [small])[0] == after.value
    assert max(scores(reward, minors(small))) <= THRESHOLD
    assert shrink(after) == after


def test_equal_scores_do_not_stop_it():
    """An integer score stays 1 from the path on six vertices down to the one on four."""
    long = found("connected: diameter <= 2 + 0*m", nx.path_graph(4))
    assert shrink(long) == long
    tail = nx.path_graph(4)
    tail.add_edge(0, 4)
    tail.add_edge(4, 1)
    assert len(decode(shrink(found("connected: diameter <= 2 + 0*m", tail)).solution["graph6"])) == 4
    assert found("connected: diameter <= 2 + 0*m", tail).value == long.value == 1


@pytest.mark.parametrize(("name", "order"), [("amcs-5", 14), ("amcs-10", 15), ("bhs-36", 12)])
def test_finds_of_a_search(name, order):
    """What annealing finds shrinks to a counterexample that is no larger, and not below the least order known."""
    moves = "flip" if name == "bhs-36" else "tree"
    outcome = mathrl.solve("graphs", "annealing", name, n=order, moves=moves, budget="200k-evals")
    assert outcome.reason == "solved"
    after = shrink(outcome.best)
    assert mathrl.registry.find_env("graphs").check(after.to_json()).solved
    assert catalogue()[name].smallest_known <= len(decode(after.solution["graph6"])) <= order


def test_stale_certificates_are_dropped():
    """A certificate of the larger graph does not stay with the smaller one; an unchanged solution keeps its own."""
    large = found("connected: Delta <= 3", nx.star_graph(6))
    large.solution["certificate"] = {"for": "another graph"}
    assert "certificate" not in shrink(large).solution
    small = found("connected: Delta <= 3", nx.star_graph(4))
    small.solution["certificate"] = {"for": "this graph"}
    assert shrink(small) is small


def test_a_fixed_order_is_kept():
    """With env.n only edges are removed; a class of env.class is not left."""
    graph = nx.path_graph(6)
    graph.add_edge(0, 2)
    claim = "connected: diameter <= 1"
    config = GraphConfig(reward=claim, n=6)
    assert len(decode(shrink(found(claim, graph), config).solution["graph6"])) == 6
    assert len(decode(shrink(found(claim, graph)).solution["graph6"])) == 3


def test_the_class_of_env_class_is_not_left():
    """A path on 4 vertices with a chord is shrunk to P_3, but not where three vertices are too few."""
    claim = "connected: diameter <= 1"
    for narrower, order in (("any", 3), ("n >= 4", 4)):
        config = GraphConfig(reward=claim, class_=narrower)
        assert len(decode(shrink(found(claim, nx.path_graph(5)), config).solution["graph6"])) == order
