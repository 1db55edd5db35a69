"""Classes of graphs: the exact tests and the referee's against networkx and the definitions, on all small graphs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import networkx as nx
import numpy as np
import pytest

from mathrl.envs.graphs.classes import CLASSES
from mathrl.envs.graphs.exact import classes
from mathrl.envs.graphs.referee.classes import CLASS_TESTS
from mathrl.envs.graphs.referee.graphs import Refused
from mathrl.errors import MathrlError


def lists(graph: nx.Graph) -> list[list[int]]:
    return [sorted(graph[v]) for v in range(len(graph))]


def degree_set(graph: nx.Graph) -> set[int]:
    return {degree for _, degree in graph.degree}


def has_claw(graph: nx.Graph) -> bool:
    return any(graph.subgraph(leaves).size() == 0 for v in graph for leaves in combinations(graph[v], 3))


def nonsingular(graph: nx.Graph) -> bool:
    return abs(np.linalg.det(nx.to_numpy_array(graph))) > 0.5  # an integer


TWINS: dict[str, Callable[[nx.Graph], bool]] = {
    "connected": nx.is_connected,
    "tree": nx.is_tree,
    "bipartite": nx.is_bipartite,
    "planar": lambda graph: bool(nx.check_planarity(graph)[0]),
    "claw-free": lambda graph: not has_claw(graph),
    "triangle-free": lambda graph: not any(nx.triangles(graph).values()),
    "regular": lambda graph: len(degree_set(graph)) == 1,
    "nonregular": lambda graph: len(degree_set(graph)) > 1,
    "nonsingular": nonsingular,
}


def graphs() -> list[nx.Graph]:
    """All graphs on 2 to 7 vertices up to isomorphism, and some larger ones on both sides of planarity."""
    atlas = [graph for graph in nx.graph_atlas_g() if len(graph) >= 2]
    named = [nx.petersen_graph(), nx.dodecahedral_graph(), nx.cubical_graph(), nx.wheel_graph(9), nx.heawood_graph()]
    random = [nx.gnm_random_graph(10 + i % 6, 9 + i // 4 + i % 6, seed=i) for i in range(60)]
    subdivided = [nx.convert_node_labels_to_integers(halved(nx.complete_graph(5)))]
    return [nx.convert_node_labels_to_integers(graph) for graph in atlas + named + random + subdivided]


def halved(graph: nx.Graph) -> nx.Graph:
    """Every edge with a vertex in its middle."""
    return nx.Graph([(end, (u, v)) for u, v in graph.edges for end in (u, v)])


@pytest.mark.parametrize("name", TWINS)
def test_membership_is_the_definition(name: str) -> None:
    """The exact test gives a reason or a MathrlError, the referee nothing or Refused, as the definition says."""
    inside = 0
    for graph in graphs():
        theirs = [set(graph[v]) for v in range(len(graph))]
        if TWINS[name](graph):
            inside += 1
            assert CLASSES[name].reason(lists(graph))
            CLASS_TESTS[name](theirs)
        else:
            with pytest.raises(MathrlError):
                CLASSES[name].reason(lists(graph))
            with pytest.raises(Refused):
                CLASS_TESTS[name](theirs)
    assert 5 < inside < len(graphs())


def test_every_class_has_its_tests() -> None:
    assert set(CLASS_TESTS) == set(CLASSES)
    assert all(hasattr(classes, one.test) for one in CLASSES.values() if one.test)


@pytest.mark.parametrize(
    ("name", "graph", "words"),
    [
        ("claw-free", nx.star_graph(3), "vertex 0 has the pairwise non-adjacent neighbours 1, 2, 3"),
        ("triangle-free", nx.complete_graph(3), "the vertices 0, 1, 2 are a triangle"),
        ("regular", nx.path_graph(3), "its degrees run from 1 to 2"),
        ("nonregular", nx.cycle_graph(4), "every vertex has degree 2"),
        ("nonsingular", nx.path_graph(3), "the determinant of its adjacency matrix is 0"),
        ("bipartite", nx.cycle_graph(5), "it has a cycle of odd length"),
    ],
)
def test_the_reason_why_not(name: str, graph: nx.Graph, words: str) -> None:
    with pytest.raises(MathrlError, match=words):
        CLASSES[name].reason(lists(graph))


def test_large_planar_graphs_and_one_edge_more() -> None:
    """Triangulations of 40 vertices are planar, and with any further edge they are not, by both codes."""
    rng = np.random.default_rng(2)
    graph = nx.complete_graph(3)
    faces = [(0, 1, 2), (0, 2, 1)]
    for v in range(3, 40):
        a, b, c = faces.pop(int(rng.integers(len(faces))))
        graph.add_edges_from([(v, a), (v, b), (v, c)])
        faces += [(a, b, v), (b, c, v), (c, a, v)]
    assert "Euler" in classes.planar(lists(graph))
    CLASS_TESTS["planar"]([set(graph[v]) for v in range(40)])
    thinner = graph.copy()
    thinner.remove_edges_from(list(graph.edges)[::3])
    assert "Euler" in classes.planar(lists(thinner))
    CLASS_TESTS["planar"]([set(thinner[v]) for v in range(40)])
    u, w = next(nx.non_edges(graph))
    graph.add_edge(u, w)
    with pytest.raises(MathrlError):
        classes.planar(lists(graph))
    with pytest.raises(Refused):
        CLASS_TESTS["planar"]([set(graph[v]) for v in range(40)])
