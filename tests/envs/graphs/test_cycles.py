"""Bridges and forbidden short cycles against networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from mathrl.envs.graphs.graph6 import column_edges, row_edges
from mathrl.envs.graphs.kernels.cycles import bridges, closes_short_cycle
from mathrl.envs.graphs.kernels.layouts import adjacency_from_words


def random_graphs(rng, count, n):
    """Adjacency matrices uint8[B, n, n] of all densities, so that there are trees, islands and blocks."""
    upper = np.triu(rng.random((count, n, n)) < rng.uniform(0.05, 0.7, (count, 1, 1)), 1)
    return (upper | upper.transpose(0, 2, 1)).astype(np.uint8)


@pytest.mark.parametrize("n", [2, 3, 5, 9, 14])
def test_bridges(rng, n):
    """The edges that networkx calls bridges, and nothing else; in both directions."""
    graphs = random_graphs(rng, 60, n)
    found = bridges(graphs)
    for graph, held in zip(graphs, found, strict=True):
        expected = np.zeros((n, n), np.bool_)
        for u, v in nx.bridges(nx.from_numpy_array(graph)):
            expected[u, v] = expected[v, u] = True
        assert np.array_equal(held, expected)
    assert found.any()


def test_bridges_by_hand():
    """A triangle with a tail of two edges, and an edge apart."""
    graph = nx.Graph([(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (5, 6)])
    held = bridges(nx.to_numpy_array(graph, nodelist=range(7), dtype=np.uint8)[None])[0]
    assert sorted(zip(*np.nonzero(np.triu(held)), strict=True)) == [(2, 3), (3, 4), (5, 6)]


@pytest.mark.parametrize("pairs", [row_edges, column_edges])
@pytest.mark.parametrize("girth", [3, 4, 5, 6, 8])
def test_closes_short_cycle(rng, pairs, girth):
    """Whether a shortest path between the ends of the next pair, in the graph so far, has at most girth - 2 edges."""
    n, count = 8, 150
    edges = pairs(n)
    words = (rng.random((count, len(edges))) < 0.3).astype(np.int16)
    places = rng.integers(0, len(edges) + 1, count)
    found = closes_short_cycle(words, places, edges, n, girth)
    for word, place, closes in zip(words, places, found, strict=True):
        graph = nx.empty_graph(n)
        graph.add_edges_from(edges[:place][word[:place] == 1].tolist())
        expected = False
        if place < len(edges):
            u, v = edges[place].tolist()
            expected = nx.has_path(graph, u, v) and nx.shortest_path_length(graph, u, v) + 1 < girth
        assert closes == expected
    assert found.any() == (girth > 3)


def test_closed_cycles_are_what_lowers_the_girth(rng):
    """Letter by letter, against networkx' girth of the graph with and without the next edge."""
    n, girth = 7, 5
    edges = column_edges(n)
    for _ in range(20):
        word = np.zeros((1, len(edges)), np.int16)
        for place in range(len(edges)):
            closes = closes_short_cycle(word, np.array([place]), edges, n, girth)[0]
            word[0, place] = 1
            graph = nx.from_numpy_array(adjacency_from_words(word.astype(np.uint8), edges, n)[0])
            assert closes == (nx.girth(graph) < girth)
            word[0, place] = not closes and rng.random() < 0.6
