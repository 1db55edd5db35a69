"""All trees and all connected graphs: the right number of them, all different, all of the right kind."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from mathrl.envs.graphs.enumeration import connected_graphs, connected_words, free_trees, number_of_trees
from mathrl.envs.graphs.kernels.canonical import canonical_form
from mathrl.envs.graphs.kernels.layouts import adjacency_from_parents
from mathrl.errors import MathrlError

TREES = [1, 1, 1, 2, 3, 6, 11, 23, 47, 106, 235, 551, 1301, 3159, 7741, 19320, 48629, 123867, 317955]  # n = 1..19
CONNECTED = [1, 1, 2, 6, 21, 112, 853, 11117]  # n = 1..8


@pytest.fixture
def no_geng(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where nauty is not installed."""
    monkeypatch.setattr("mathrl.envs.graphs.enumeration.shutil.which", lambda name: None)


def rooted_code(tree: nx.Graph, v: int, above: int) -> str:
    """The code of Aho, Hopcroft and Ullman of the subtree at v: equal exactly for isomorphic rooted trees."""
    return "(" + "".join(sorted(rooted_code(tree, w, v) for w in tree[v] if w != above)) + ")"


def tree_code(parent: NDArray[np.int16]) -> str:
    """A code that is equal exactly for isomorphic trees: the least from a centre."""
    tree = nx.empty_graph(len(parent))
    tree.add_edges_from((int(parent[i]), i) for i in range(1, len(parent)))
    assert nx.is_tree(tree)
    return min(rooted_code(tree, v, -1) for v in nx.center(tree))


@pytest.mark.parametrize("n", range(1, 13))
def test_trees_are_different_trees(n: int) -> None:
    """Parent arrays with parents first, no two isomorphic, as many as there are."""
    parents = np.concatenate(list(free_trees(n, chunk=100)))
    assert parents.dtype == np.int16
    assert (parents[:, 1:] < np.arange(1, n)).all()
    assert (parents >= 0).all()
    assert len(parents) == TREES[n - 1] == len({tree_code(parent) for parent in parents})


def test_numbers_of_trees() -> None:
    """Generated and by Otter's formula, n = 1..19, and the formula against the literature at n = 36."""
    assert [sum(map(len, free_trees(n))) for n in range(1, 20)] == TREES
    assert [number_of_trees(n) for n in range(1, 20)] == TREES
    assert number_of_trees(36) == 6226306037178


@pytest.mark.parametrize("chunk", [1, 2, 7, 23, 24])
def test_the_trees_do_not_depend_on_the_chunks(chunk: int) -> None:
    """Resumed after any number of trees, with no chunk larger than asked and none empty."""
    chunks = list(free_trees(8, chunk=chunk))
    assert all(1 <= len(part) <= chunk for part in chunks)
    np.testing.assert_array_equal(np.concatenate(chunks), np.concatenate(list(free_trees(8))))


@pytest.mark.usefixtures("no_geng")
@pytest.mark.parametrize("n", range(1, 9))
def test_connected_graphs_are_different_connected_graphs(n: int) -> None:
    """Symmetric, without loops, connected, as many as there are; fewest edges first."""
    graphs = np.concatenate(list(connected_graphs(n, chunk=1000)))
    assert len(graphs) == CONNECTED[n - 1]
    assert graphs.max(initial=0) <= 1
    assert (graphs == graphs.transpose(0, 2, 1)).all()
    assert not np.diagonal(graphs, axis1=1, axis2=2).any()
    reached = np.linalg.matrix_power(graphs.astype(np.float64) + np.eye(n), n)
    assert (reached > 0).all()
    assert (np.diff(graphs.sum(axis=(1, 2), dtype=np.int64)) >= 0).all()
    assert len(np.unique(connected_words(n))) == len(graphs)


@pytest.mark.usefixtures("no_geng")
def test_connected_graphs_are_those_of_the_atlas() -> None:
    """Read and Wilson's atlas has all graphs on up to 7 vertices, in networkx: the same canonical forms."""
    atlas = [graph for graph in nx.graph_atlas_g()[1:] if nx.is_connected(graph)]
    expected = [canonical_form(nx.to_numpy_array(graph, dtype=np.uint8)).tobytes() for graph in atlas]
    ours = [canonical_form(graph).tobytes() for n in range(1, 8) for part in connected_graphs(n) for graph in part]
    assert len(set(expected)) == len(expected)
    assert set(ours) == set(expected)
    assert len(ours) == len(expected)


def test_geng_is_read_if_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that writes what geng -cq 4 writes, and one that fails."""
    program = tmp_path / "geng"
    program.write_text('#!/bin/sh\ntest "$2" = 4 && test "$1" = -cq && printf "CF\\nCU\\nCV\\nC]\\nC^\\nC~\\n"\n')
    monkeypatch.setattr("mathrl.envs.graphs.enumeration.LARGEST_ORDER", 3)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    chunks = list(connected_graphs(4, chunk=4))
    assert [len(part) for part in chunks] == [4, 2]
    lines = [nx.to_graph6_bytes(nx.from_numpy_array(graph), header=False).strip() for part in chunks for graph in part]
    assert lines == [b"CF", b"CU", b"CV", b"C]", b"C^", b"C~"]
    with pytest.raises(MathrlError, match="exit status 1"):
        next(connected_graphs(5))


@pytest.mark.usefixtures("no_geng")
def test_what_cannot_be_generated_is_a_sentence() -> None:
    """No vertex, and more vertices than are generated here."""
    with pytest.raises(MathrlError, match="nauty's geng, which is not installed"):
        next(connected_graphs(10))
    with pytest.raises(MathrlError, match="at least one vertex"):
        next(connected_graphs(0))
    with pytest.raises(MathrlError, match="at least one vertex"):
        next(free_trees(0))


def regular_graphs() -> list[nx.Graph]:
    """Graphs in which refinement alone tells no two vertices apart, and disjoint unions with large groups."""
    shrikhande = nx.Graph()
    for a in range(4):
        for b in range(4):
            for x, y in ((0, 1), (1, 0), (1, 1)):
                shrikhande.add_edge((a, b), ((a + x) % 4, (b + y) % 4))
    return [
        shrikhande,
        nx.line_graph(nx.complete_bipartite_graph(4, 4)),  # the same parameters
        nx.complete_graph(16),
        nx.empty_graph(16),
        nx.complete_bipartite_graph(8, 8),
        nx.hypercube_graph(4),
        nx.petersen_graph(),
        nx.cycle_graph(16),
        nx.disjoint_union_all([nx.cycle_graph(4)] * 4),
        nx.disjoint_union_all([nx.complete_graph(2)] * 8),
        nx.disjoint_union(nx.cycle_graph(7), nx.cycle_graph(9)),
        nx.circulant_graph(13, [1, 3, 4]),
        *(nx.random_regular_graph(3, 16, seed=seed) for seed in range(4)),
        nx.disjoint_union_all([nx.cycle_graph(8)] * 8),
    ]


def test_canonical_forms_of_regular_graphs() -> None:
    """The form is isomorphic to the graph, does not depend on its labels, and differs between different graphs."""
    rng = np.random.default_rng(1)
    forms = set()
    for graph in regular_graphs():
        adjacency = nx.to_numpy_array(graph, dtype=np.uint8)
        n = len(adjacency)
        form = canonical_form(adjacency)
        relabelled = (form[:, None] >> np.arange(n, dtype=np.uint64) & np.uint64(1)).astype(np.uint8)
        assert nx.faster_could_be_isomorphic(nx.from_numpy_array(relabelled), graph)
        for _ in range(10):
            order = rng.permutation(n)
            assert canonical_form(adjacency[np.ix_(order, order)]).tolist() == form.tolist()
        forms.add(form.tobytes())
    assert len(forms) == len(regular_graphs())


@pytest.mark.parametrize("n", [1, 2, 5, 9, 14, 40])
def test_canonical_forms_decide_isomorphism(n: int) -> None:
    """Random graphs, relabelled and with two edges moved: equal forms exactly where networkx finds an isomorphism."""
    rng = np.random.default_rng(n)
    for density in (0.1, 0.3, 0.5, 0.9):
        for _ in range(10):
            upper = np.triu(rng.random((n, n)) < density, 1)
            adjacency = (upper | upper.T).astype(np.uint8)
            order = rng.permutation(n)
            other = adjacency[np.ix_(order, order)].copy()
            u, v, w = rng.integers(0, n, 3)
            if w not in (u, v):
                other[[u, w], [w, u]], other[[v, w], [w, v]] = other[v, w], other[u, w]
            pair = (nx.from_numpy_array(matrix) for matrix in (adjacency, other))
            same = nx.is_isomorphic(*(nx.complement(graph) if density > 0.5 else graph for graph in pair))
            assert (canonical_form(adjacency).tolist() == canonical_form(other).tolist()) == same


def test_no_tree_is_missing_among_random_ones() -> None:
    """The canonical form of any random tree on 11 vertices is that of a generated one."""
    forms = {canonical_form(tree).tobytes() for part in free_trees(11) for tree in adjacency_from_parents(part)}
    rng = np.random.default_rng(0)
    random = np.array([[0, *(rng.integers(0, i) for i in range(1, 11))] for _ in range(300)], np.int16)
    assert len(forms) == TREES[10]
    assert all(canonical_form(tree).tobytes() in forms for tree in adjacency_from_parents(random))
