"""Random neighbours: legal objects, of the documented kinds, reachable, and a function of the stream alone."""

from __future__ import annotations

from collections import Counter, deque

import networkx as nx
import numpy as np
import pytest

from mathrl.env import Streams
from mathrl.envs.graphs.graph6 import column_edges, row_edges
from mathrl.envs.graphs.kernels.layouts import adjacency_from_parents, adjacency_from_words
from mathrl.envs.graphs.kernels.proposals import draw, hashes, mutate_graphs, mutate_letters, mutate_parents


def words_of(seed, count):
    return Streams.of(seed, count).words()


def test_draws_are_uniform_and_in_range():
    """A chi-square test over bounds that are no power of two, and the largest bound that is used."""
    state = words_of(1, 1)
    for bound in (1, 2, 3, 7, 100):
        seen = np.bincount([draw(state, 0, bound) for _ in range(4000)], minlength=bound)
        assert len(seen) == bound
        expected = 4000 / bound
        assert ((seen - expected) ** 2 / expected).sum() < bound + 5 * np.sqrt(2 * bound)
    assert 0 <= draw(state, 0, 2**31) < 2**31


def test_hashes_tell_words_apart():
    """Equal words have equal keys, also in other batches; all binary words of 12 letters have different ones."""
    words = ((np.arange(4096)[:, None] >> np.arange(12)) & 1).astype(np.int16)
    keys = hashes(words)
    assert len(set(keys.tolist())) == 4096
    assert np.array_equal(hashes(words[::-1])[::-1], keys)


# ---------------------------------------------------------------------------------------------------------- trees


@pytest.mark.parametrize("n", [3, 4, 9, 40])
def test_trees_stay_trees(n):
    """p[i] < i after every change, and the graph is a tree."""
    words, rows = np.zeros((30, n - 2), np.int16), np.arange(30)
    for step in range(60):
        mutate_parents(words, rows, words_of(step, 30))
        assert (words >= 0).all()
        assert (words < np.arange(2, n)).all()
    parents = np.concatenate([np.zeros((30, 2), np.int16), words], axis=1)
    assert all(nx.is_tree(nx.from_numpy_array(graph)) for graph in adjacency_from_parents(parents))


def test_one_or_two_vertices_are_attached_again():
    """At most two letters change, and both one and two do."""
    words, rows = np.zeros((400, 10), np.int16), np.arange(400)
    for step in range(5):
        mutate_parents(words, rows, words_of(step, 400))
    before = words.copy()
    mutate_parents(words, rows, words_of(9, 400))
    assert set((words != before).sum(axis=1).tolist()) == {0, 1, 2}


def test_every_tree_can_be_reached():
    """From the star all 24 parent arrays on five vertices, by proposals alone."""
    words, rows, seen = np.zeros((50, 3), np.int16), np.arange(50), set()
    for step in range(60):
        mutate_parents(words, rows, words_of(step, 50))
        seen |= {tuple(word) for word in words.tolist()}
    assert len(seen) == 24


# -------------------------------------------------------------------------------------------------------- letters


def test_letters_stay_in_range_and_reach_all():
    """Whatever the alphabets, down to a single letter; at most two letters change, and every letter is reached."""
    letters = np.array([1, 2, 7, 40, 1, 3, 0])  # a WordEnv's list ends with a 0 that is no place
    words, rows = np.zeros((100, 6), np.int16), np.arange(100)
    seen = [set() for _ in range(6)]
    for step in range(150):
        before = words.copy()
        mutate_letters(words, rows, letters, words_of(step, 100))
        assert ((words >= 0) & (words < letters[:-1])).all()
        assert ((words != before).sum(axis=1) <= 2).all()
        for place, column in enumerate(words.T):
            seen[place] |= set(column.tolist())
    assert [len(one) for one in seen] == letters[:-1].tolist()


# --------------------------------------------------------------------------------------------------------- graphs


def graph_of(word, edges, n):
    """A graph as its set of neighbours of each vertex."""
    neighbours = [set() for _ in range(n)]
    for u, v in edges[word == 1].tolist():
        neighbours[u].add(v)
        neighbours[v].add(u)
    return neighbours


def kinds(before, after, n):
    """The names of all documented changes that lead from one graph to the other."""
    found = set()
    lost = {(u, v) for u in range(n) for v in before[u] - after[u] if u < v}
    won = {(u, v) for u in range(n) for v in after[u] - before[u] if u < v}
    if len(lost) + len(won) <= 1:
        found.add("toggle" if lost or won else "nothing")
    if len(lost) == len(won) == 1 and set(*lost) & set(*won):
        found.add("end")
    if len(lost) == len(won) == 2 and all(len(after[v]) == len(before[v]) for v in range(n)):
        found.add("exchange")
    for v in range(n):
        others = [after[w] - {v} == before[w] - {v} for w in range(n) if w != v]
        if not all(others):
            continue
        if len(after[v]) == 1:
            found.add("leaf")
        if any(after[v] - {u} == before[u] - {v} for u in range(n) if u != v):
            found.add("copy")
    return found


@pytest.mark.parametrize("pairs", [row_edges, column_edges])
def test_graphs_change_as_documented(rng, pairs):
    """Each change is one of the documented ones; how often the telling ones come is what the docstring says."""
    n, count = 14, 4000
    edges = pairs(n)
    words = (rng.random((count, len(edges))) < 0.5).astype(np.int16)
    before = words.copy()
    mutate_graphs(words, np.arange(count), edges, n, words_of(3, count))
    assert set(np.unique(words).tolist()) == {0, 1}
    tally = Counter()
    for old, new in zip(before, words, strict=True):
        found = kinds(graph_of(old, edges, n), graph_of(new, edges, n), n)
        assert found
        tally[min(found)] += 1 / count if len(found) == 1 else 0
    assert tally["toggle"] == pytest.approx(0.30, abs=0.03)
    assert tally["copy"] == pytest.approx(0.52, abs=0.03)
    assert tally["leaf"] == pytest.approx(0.03, abs=0.01)
    assert 0.02 < tally["end"] < 0.10  # about half of the ends that are drawn are occupied
    assert 0.001 < tally["exchange"] < 0.05  # most exchanges would make a double edge


@pytest.mark.parametrize("n", [2, 3, 4])
def test_every_graph_can_be_reached(n):
    """From the empty graph all labelled graphs, by proposals alone; also on two vertices, where ends cannot move."""
    edges = row_edges(n)
    words, rows, seen = np.zeros((60, len(edges)), np.int16), np.arange(60), set()
    for step in range(40):
        mutate_graphs(words, rows, edges, n, words_of(step, 60))
        seen |= {tuple(word) for word in words.tolist()}
    assert len(seen) == 2 ** len(edges)


def test_exchanges_keep_degrees_and_simplicity(rng):
    """On the Petersen graph, whatever changes and leaves all degrees is an exchange: two edges in 1 of 50 changes.

    A second edge is the first in 1 of 15 draws, touches it in 4, lies at distance 2 in 8, where one of the two ways to
    exchange makes a double edge, and farther in 2: 6/15 of 5 percent.
    """
    n, edges = 10, row_edges(10)
    petersen = nx.petersen_graph()
    word = np.array([petersen.has_edge(*pair) for pair in edges.tolist()], np.int16)
    words = np.repeat(word[None], 3000, axis=0)
    mutate_graphs(words, np.arange(3000), edges, n, words_of(5, 3000))
    graphs = adjacency_from_words(words.astype(np.uint8), edges, n)
    regular = (graphs.sum(axis=2) == 3).all(axis=1) & (words != word).any(axis=1)
    assert regular.mean() == pytest.approx(0.02, abs=0.008)
    assert ((words[regular] != word).sum(axis=1) == 4).all()


# ------------------------------------------------------------------------------------------------ streams and rows


@pytest.mark.parametrize("kind", ["graphs", "parents", "letters"])
def test_rows_do_not_depend_on_each_other(rng, kind):
    """The same word and stream give the same neighbour, whatever is moved with it; other rows are not touched."""
    n, edges = 8, row_edges(8)
    letters = np.array([5, 9, 2, 30, 4, 0])

    def mutate(words, rows, state):
        if kind == "graphs":
            mutate_graphs(words, rows, edges, n, state)
        elif kind == "parents":
            mutate_parents(words, rows, state)
        else:
            mutate_letters(words, rows, letters, state)

    words = {
        "graphs": rng.integers(0, 2, (20, 28)),
        "parents": rng.integers(0, np.arange(2, n), (20, n - 2)),
        "letters": rng.integers(0, letters[:-1], (20, 5)),
    }[kind].astype(np.int16)
    state = words_of(2, 20)
    together, some, alone = words.copy(), words.copy(), words.copy()
    mutate(together, np.arange(20), state.copy())
    chosen = np.array([17, 3, 8])
    mutate(some, chosen, state[chosen])
    assert np.array_equal(some[chosen], together[chosen])
    others = np.setdiff1d(np.arange(20), chosen)
    assert np.array_equal(some[others], words[others])
    for row in range(20):
        mutate(alone, np.array([row]), state[[row]])
    assert np.array_equal(alone, together)
    assert (together != words).any(axis=1).sum() > 10


def test_walks_connect_all_small_graphs():
    """Breadth first over single changes: from any labelled graph on four vertices every other in at most six."""
    n, edges = 4, row_edges(4)
    step = {}
    for code in range(64):
        words = np.repeat(((code >> np.arange(6)) & 1).astype(np.int16)[None], 300, axis=0)
        mutate_graphs(words, np.arange(300), edges, n, words_of(code, 300))
        step[code] = {int(bits) for bits in (words << np.arange(6)).sum(axis=1)}
    for code in range(64):
        distance, queue = {code: 0}, deque([code])
        while queue:
            here = queue.popleft()
            for there in step[here] - distance.keys():
                distance[there] = distance[here] + 1
                queue.append(there)
        assert len(distance) == 64
        assert max(distance.values()) <= 6
