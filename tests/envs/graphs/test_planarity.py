"""The compiled planarity test against networkx: all small graphs, and large ones on both sides of the border."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from networkx.generators.atlas import graph_atlas_g

from mathrl.envs.graphs.kernels.layouts import Adjacency
from mathrl.envs.graphs.kernels.planarity import planar


@pytest.fixture
def rng() -> np.random.Generator:
    """The randomness of one test."""
    return np.random.default_rng(20260103)


def padded(graphs: list[nx.Graph]) -> Adjacency:
    """Graphs as adjacency matrices uint8[B, n, n] of the largest order, with isolated vertices behind the others."""
    result = np.zeros((len(graphs), *[max(map(len, graphs))] * 2), np.uint8)
    for matrix, graph in zip(result, graphs, strict=True):
        matrix[: len(graph), : len(graph)] = nx.to_numpy_array(graph)
    return result


def relabelled(adjacency: Adjacency, rng: np.random.Generator) -> Adjacency:
    """The same graphs, each with its vertices in a random order."""
    orders = rng.permuted(np.tile(np.arange(adjacency.shape[1]), (len(adjacency), 1)), axis=1)
    rows = np.arange(len(adjacency))[:, None, None]
    return adjacency[rows, orders[:, :, None], orders[:, None, :]]


def judged(adjacency: Adjacency) -> list[bool]:
    """What networkx says about each graph."""
    return [nx.check_planarity(nx.Graph(np.argwhere(matrix).tolist()))[0] for matrix in adjacency]


def triangulation(n: int, rng: np.random.Generator) -> Adjacency:
    """A maximal planar graph uint8[n, n]: random faces of a triangle filled, then random edges flipped."""
    matrix = np.zeros((n, n), np.uint8)
    matrix[:3, :3] = 1 - np.eye(3, dtype=np.uint8)
    faces = [{0, 1, 2}, {0, 1, 2}]
    for v in range(3, n):
        face = faces.pop(int(rng.integers(len(faces))))
        matrix[v, list(face)] = matrix[list(face), v] = 1
        faces += [face - {w} | {v} for w in face]
    for _ in range(2 * n):
        one, other = (faces[int(i)] for i in rng.choice(len(faces), 2, replace=False))
        if len(one & other) == 2 and not matrix[(ends := tuple(one ^ other))]:
            p, q = one & other
            matrix[p, q] = matrix[q, p] = 0
            matrix[ends] = matrix[ends[::-1]] = 1
            faces.remove(one)
            faces.remove(other)
            faces += [{*ends, p}, {*ends, q}]
    return matrix


def near_planar(n: int, count: int, rng: np.random.Generator) -> Adjacency:
    """Triangulations uint8[count, n, n] without some of their edges and then with up to three edges anywhere."""
    drawn = np.array([triangulation(n, rng) for _ in range(count // 50)])
    result = relabelled(drawn[rng.integers(len(drawn), size=count)], rng)
    kept = np.triu(rng.random((count, n, n)) < rng.uniform(0.4, 1, (count, 1, 1)), 1)
    result *= kept | kept.transpose(0, 2, 1)
    for _ in range(3):
        v, w, rows = rng.integers(n, size=count), rng.integers(n, size=count), np.arange(count)
        added = (v != w) & (rng.random(count) < 0.5)
        result[rows, v, w] |= added
        result[rows, w, v] |= added
    return result


def subdivided(graph: nx.Graph, order: int, rng: np.random.Generator) -> nx.Graph:
    """The graph with random edges split until it has that order."""
    graph = nx.convert_node_labels_to_integers(graph)
    while len(graph) < order:
        v, w = list(graph.edges)[int(rng.integers(graph.size()))]
        graph.remove_edge(v, w)
        nx.add_path(graph, [v, len(graph), w])
    return graph


def decorated(graph: nx.Graph, order: int, rng: np.random.Generator) -> nx.Graph:
    """The graph with further vertices, each joined to one vertex or to both ends of an edge."""
    graph = graph.copy()
    while len(graph) < order:
        edge = list(graph.edges)[int(rng.integers(graph.size()))]
        graph.add_edges_from((w, len(graph)) for w in edge[: int(rng.integers(1, 3))])
    return graph


def test_all_graphs_up_to_seven_vertices(rng: np.random.Generator) -> None:
    """All 1252 with a vertex, 1 + 2 + 4 + 11 + 33 + 142 + 822 of them planar (OEIS A005470), in four orders each."""
    adjacency = padded(graph_atlas_g()[1:])
    expected = judged(adjacency)
    assert len(expected) == 1252
    assert expected.count(True) == 1015
    for _ in range(4):
        assert planar(adjacency).tolist() == expected
        adjacency = relabelled(adjacency, rng)


def test_no_graphs_and_the_smallest() -> None:
    """A batch of none, and the graphs with no or one vertex."""
    assert planar(np.zeros((0, 5, 5), np.uint8)).tolist() == []
    assert planar(np.zeros((1, 0, 0), np.uint8)).tolist() == planar(np.zeros((1, 1, 1), np.uint8)).tolist() == [True]


@pytest.mark.parametrize(("n", "count"), [(8, 3000), (10, 3000), (13, 2500), (20, 1500), (30, 800), (70, 200)])
def test_near_planar_graphs(n: int, count: int, rng: np.random.Generator) -> None:
    """Triangulations with edges removed and others added: many of either kind."""
    adjacency = near_planar(n, count, rng)
    expected = judged(adjacency)
    assert 0.1 < np.mean(expected) < 0.95
    assert planar(adjacency).tolist() == expected


@pytest.mark.parametrize(("n", "degree"), [(9, 3.5), (12, 3.2), (20, 2.5), (40, 1.8)])
def test_sparse_random_graphs(n: int, degree: float, rng: np.random.Generator) -> None:
    """Uniformly random edges, about as many as make planarity a matter of chance."""
    upper = np.triu(rng.random((1500, n, n)) < degree / (n - 1), 1).astype(np.uint8)
    adjacency = upper | upper.transpose(0, 2, 1)
    expected = judged(adjacency)
    assert 0.1 < np.mean(expected) < 0.97
    assert planar(adjacency).tolist() == expected


def test_triangulations_and_one_edge_more(rng: np.random.Generator) -> None:
    """Maximal planar graphs are planar in every order; one edge moved to another place usually breaks them."""
    for n in (5, 9, 17, 40, 130):
        adjacency = relabelled(np.array([triangulation(n, rng)] * 60), rng)
        assert (adjacency.sum(axis=(1, 2)) == 2 * (3 * n - 6)).all()
        assert planar(adjacency).all()
        for matrix in adjacency:
            for value in (0, 1):
                pairs = np.argwhere(np.triu(matrix != value, 1))
                v, w = pairs[int(rng.integers(len(pairs)))]
                matrix[v, w] = matrix[w, v] = value
        assert planar(adjacency).tolist() == judged(adjacency)


@pytest.mark.parametrize("core", [nx.complete_graph(5), nx.complete_bipartite_graph(3, 3)], ids=["K5", "K3,3"])
def test_subdivisions_with_decorations(core: nx.Graph, rng: np.random.Generator) -> None:
    """Kuratowski's graphs, subdivided and grown over, are not planar; without an edge they are."""
    whole = [decorated(subdivided(core, int(rng.integers(6, 15)), rng), 22, rng) for _ in range(300)]
    assert not planar(relabelled(padded(whole), rng)).any()
    core = core.copy()
    core.remove_edge(*next(iter(core.edges)))
    broken = [decorated(subdivided(core, int(rng.integers(6, 15)), rng), 22, rng) for _ in range(300)]
    assert planar(relabelled(padded(broken), rng)).all()


def test_disjoint_unions(rng: np.random.Generator) -> None:
    """A graph is planar if each of its components is."""
    first, second = near_planar(9, 1000, rng), near_planar(11, 1000, rng)
    both = np.zeros((1000, 20, 20), np.uint8)
    both[:, :9, :9], both[:, 9:, 9:] = first, second
    expected = planar(first) & planar(second)
    assert 0.2 < expected.mean() < 0.8
    assert (planar(relabelled(both, rng)) == expected).all()


def test_deep_searches() -> None:
    """A square grid of 1600 vertices is planar, and on a torus it is not: no recursion, no bound on the order."""
    for periodic in (False, True):
        grid = nx.to_numpy_array(nx.grid_2d_graph(40, 40, periodic=periodic), dtype=np.uint8)
        assert planar(grid[None]).tolist() == [not periodic]
