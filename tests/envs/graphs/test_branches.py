"""Trees by kinds of branches, against an expansion with plain lists of ends, and by hand."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

import mathrl
from mathrl.envs.graphs.kernels.layouts import adjacency_from_parents
from mathrl.envs.graphs.moves.branches import expand_branches


def twin(word, n):
    """The tree's edges: each kind hangs paths at the ends of an earlier one; copies that do not fit are left out."""
    *kinds, rest = [word[i : i + 3] for i in range(0, len(word), 3)]
    edges, ends, order = [], [[0]], 1
    for place, length, copies in kinds:
        places = ends[place]
        while copies and order + len(places) * length * copies > n:
            copies -= 1
        if not copies or not length:
            ends.append(places)
            continue
        ends.append([])
        for end in places:
            for _ in range(copies):
                at = end
                for _ in range(length):
                    edges.append((at, order))
                    at, order = order, order + 1
                ends[-1].append(at)
    places = ends[rest[0]]
    return edges + [(places[(vertex - order) % len(places)], vertex) for vertex in range(order, n)]


@pytest.mark.parametrize(("n", "slots"), [(4, 1), (5, 3), (12, 2), (30, 4), (203, 6)])
def test_expansion(rng, n, slots):
    """Random words of all sizes: the same tree, vertex by vertex."""
    letters = np.array([size for kind in range(slots) for size in (kind + 1, max(2, n // 2), n)] + [slots + 1])
    words = (rng.random((80, len(letters))) ** rng.uniform(1, 6, (80, 1)) * letters).astype(np.int16)
    parents = expand_branches(words, n)
    assert parents.dtype == np.int16
    for word, parent in zip(words.tolist(), parents.tolist(), strict=True):
        edges = twin(word, n)
        assert [(parent[i], i) for i in range(1, n)] == edges
        assert all(p < i for p, i in edges)
        assert nx.is_tree(nx.Graph(edges))


def test_expansion_by_hand():
    """Three paths of length 2 at the root, two leaves at each of their ends, and the last vertex at the root."""
    word = np.array([[0, 2, 3, 1, 1, 2, 0]], np.int16)
    tree = nx.from_numpy_array(adjacency_from_parents(expand_branches(word, 14))[0])
    expected = nx.Graph([("root", "leaf")])
    for path in range(3):
        nx.add_path(expected, ["root", (path, 1), (path, 2)])
        expected.add_edges_from([((path, 2), (path, 3)), ((path, 2), (path, 4))])
    assert nx.is_isomorphic(tree, expected)


def test_large_extremal_trees_are_short_words():
    """The star and the path on 100 vertices, one word each of seven letters."""
    words = np.array([[0, 0, 0, 0, 0, 0, 0], [0, 49, 2, 0, 0, 0, 1]], np.int16)
    star, path = (nx.from_numpy_array(one) for one in adjacency_from_parents(expand_branches(words, 100)))
    assert nx.is_isomorphic(star, nx.star_graph(99))
    assert sorted(dict(path.degree).values()) == [1, 1] + [2] * 98


def test_letters_are_what_words_need(make):
    """At random play all letters are in range, every tree has n vertices, and the score is the tree's."""
    env = make("graphs", 50, n=11, moves="branch", slots=3, reward="tree: maximise: Delta")
    env.reset(seed=0)
    assert env.letters.tolist() == [1, 5, 11, 2, 5, 11, 3, 5, 11, 4, 0]
    rng = np.random.default_rng(0)
    for _ in range(env.length):
        assert (env.counts(np.arange(50)) == env.letters[env.place]).all()
        env.advance(np.arange(50), rng.integers(0, env.letters[env.place]))
    for row, score in enumerate(env.score(np.arange(50)).tolist()):
        graph = nx.from_graph6_bytes(env.solution(row).solution["graph6"].encode())
        assert nx.is_tree(graph)
        assert len(graph) == 11
        assert max(dict(graph.degree).values()) == score


def test_few_vertices_are_refused(make):
    """Below four vertices there is nothing to repeat."""
    with pytest.raises(mathrl.MathrlError, match="at least 4"):
        make("graphs", 1, n=3, moves="branch")
