"""Start graphs: the named ones against networkx, given ones, random ones, and what is said of others."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

import mathrl
from mathrl.envs.graphs.graph6 import encode, row_edges
from mathrl.envs.graphs.moves.starts import start_graph, start_words

TWINS = {
    "none": nx.empty_graph,
    "empty": nx.empty_graph,
    "complete": nx.complete_graph,
    "cycle": lambda n: nx.cycle_graph(n) if n > 2 else nx.path_graph(n),
    "path": nx.path_graph,
    "star": lambda n: nx.star_graph(n - 1),
}


def edges_of(adjacency):
    return {tuple(map(int, pair)) for pair in zip(*np.nonzero(np.triu(adjacency)), strict=True)}


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("n", [2, 3, 4, 9])
def test_named_starts(name, n):
    """The same edges as networkx' graph of that name; symmetric, without loops."""
    adjacency = start_graph(name, n)
    assert adjacency.dtype == np.uint8
    assert np.array_equal(adjacency, adjacency.T)
    assert edges_of(adjacency) == {tuple(sorted(edge)) for edge in TWINS[name](n).edges}


def test_given_starts():
    """A graph6 text is the graph itself."""
    petersen = nx.petersen_graph()
    text = nx.to_graph6_bytes(petersen, header=False).decode().strip()
    assert edges_of(start_graph(text, 10)) == {tuple(sorted(edge)) for edge in petersen.edges}


def test_random_starts():
    """Trees are trees and G(n, 1/2) has half of the edges; the stream decides, row by row."""
    edges = row_edges(12)
    for name in ("tree", "random"):
        words = np.array(list(start_words(name, edges, 12, mathrl.Streams.of(4, 40))))
        again = np.array(list(start_words(name, edges, 12, mathrl.Streams.of(4, 40))))
        assert words.shape == (40, 66)
        assert np.array_equal(words, again)
        assert len({word.tobytes() for word in words}) == 40
        alone = mathrl.Streams(np.array([4]), np.array([7]), np.array([0]))
        assert np.array_equal(next(start_words(name, edges, 12, alone)), words[7])
        graphs = [nx.Graph([*map(tuple, edges[word == 1].tolist())]) for word in words]
        if name == "tree":
            assert all(nx.is_tree(graph) and len(graph) == 12 for graph in graphs)
        else:
            assert 0.45 < words.mean() < 0.55


@pytest.mark.parametrize("moves", ["set", "flip", "linear", "local-set", "local-flip"])
@pytest.mark.parametrize("order", ["row", "column"])
def test_edits_begin_at_their_start(make, moves, order):
    """Whatever the order of pairs, the first graph is the start graph."""
    env = make("graphs", 1, n=7, moves=moves, order=order, start="star", reward="maximise: m")
    env.reset(seed=0)
    assert env.solution(0).solution["graph6"] == encode(start_graph("star", 7))


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ({"start": "cycel"}, "cycle"),
        ({"start": "D~{"}, "5 vertices"),
        ({"start": "D~"}, "graph6"),
        ({"start": "D~{", "moves": "grow", "n": 4}, "5 vertices"),
        ({"start": "cycle", "moves": "grow", "mode": "tree"}, "tree"),
    ],
)
def test_other_starts_are_refused(make, knobs, said):
    """One sentence that says what was given and what would do."""
    env = make("graphs", 1, **{"n": 6, "moves": "flip", **knobs})
    with pytest.raises(mathrl.MathrlError, match=said):
        env.reset(seed=0)


@pytest.mark.parametrize("n", [3, 4, 8])
@pytest.mark.parametrize("start", ["none", "path", "cycle", "star", "complete"])
def test_growth_begins_small(make, n, start):
    """On at most five vertices, fewer where env.n is smaller."""
    env = make("graphs", 3, n=n, moves="grow", start=start)
    env.reset(seed=1)
    assert (env.order == min(5, n)).all()
