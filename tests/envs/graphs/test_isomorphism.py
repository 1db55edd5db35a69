"""Canonical forms: equal exactly for isomorphic graphs, and so a run keeps each graph once."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

import mathrl
from mathrl.envs.graphs.graph6 import decode, encode
from mathrl.envs.graphs.isomorphism import canonical_graph6, distinct, key
from mathrl.verbs import distinct as distinct_records


def matrix(graph: nx.Graph) -> NDArray[np.uint8]:
    return nx.to_numpy_array(graph, dtype=np.uint8)


def shuffled(graph: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    order = rng.permutation(len(graph))
    return graph[np.ix_(order, order)]


def random_tree(n: int, rng: np.random.Generator) -> nx.Graph:
    return nx.Graph((int(rng.integers(0, child)), child) for child in range(1, n))


def shrikhande() -> nx.Graph:
    """The strongly regular graph (16, 6, 2, 2) that is not the rook's graph, on Z4 x Z4."""
    cells = list(itertools.product(range(4), repeat=2))
    steps = [(1, 0), (0, 1), (1, 1)]
    return nx.Graph(((a, b), ((a + x) % 4, (b + y) % 4)) for a, b in cells for x, y in steps)


def families() -> list[list[nx.Graph]]:
    """Lists of graphs that are easy to take for each other."""
    rng = np.random.default_rng(5)
    rook = nx.line_graph(nx.complete_bipartite_graph(4, 4))
    cubic = [nx.random_regular_graph(3, 10, seed=seed) for seed in range(8)]
    two_triangles, hexagon = nx.disjoint_union(nx.cycle_graph(3), nx.cycle_graph(3)), nx.cycle_graph(6)
    unions = [nx.disjoint_union_all([nx.cycle_graph(length) for length in parts]) for parts in ([3, 5], [4, 4], [8])]
    return [
        [rook, shrikhande()],
        [*cubic, nx.petersen_graph()],
        [two_triangles, hexagon, nx.disjoint_union(hexagon, nx.empty_graph(2)), *unions],
        [random_tree(9, rng) for _ in range(8)],
        [nx.gnp_random_graph(8, 0.4, seed=seed) for seed in range(8)],
        [nx.hypercube_graph(6), nx.line_graph(nx.complete_bipartite_graph(8, 8)), nx.grid_2d_graph(8, 8, True)],
    ]


@pytest.mark.parametrize("family", families(), ids=["srg", "cubic", "disconnected", "trees", "random", "order 64"])
def test_equal_exactly_for_isomorphic_graphs(family: list[nx.Graph]) -> None:
    """On every pair of a family, against networkx."""
    forms = [canonical_graph6(matrix(graph)) for graph in family]
    for (one, form), (other, second) in itertools.combinations(zip(family, forms, strict=True), 2):
        assert (form == second) == nx.is_isomorphic(one, other)


@pytest.mark.parametrize("family", families(), ids=["srg", "cubic", "disconnected", "trees", "random", "order 64"])
def test_relabelling_changes_nothing(family: list[nx.Graph]) -> None:
    """The form is a graph6 text of the same graph."""
    rng = np.random.default_rng(6)
    for graph in family:
        form = canonical_graph6(matrix(graph))
        assert canonical_graph6(shuffled(matrix(graph), rng)) == form
        assert canonical_graph6(decode(form)) == form
        assert nx.is_isomorphic(nx.from_numpy_array(decode(form)), graph)


def large(kind: str, seed: int) -> nx.Graph:
    """A graph on more than 64 vertices whose canonical form needs no other package."""
    rng = np.random.default_rng(seed)
    if kind == "tree":
        return random_tree(66 + seed, rng)
    if kind == "two centres":  # a path of even order with leaves
        path = nx.path_graph(40)
        return nx.Graph([*path.edges, *((int(rng.integers(0, 40)), 40 + leaf) for leaf in range(40))])
    parts = [random_tree(70, rng), nx.gnp_random_graph(30, 0.2, seed=seed), nx.petersen_graph(), nx.petersen_graph()]
    return nx.disjoint_union_all(parts)


@pytest.mark.parametrize("kind", ["tree", "two centres", "disconnected"])
def test_beyond_64_vertices(kind: str) -> None:
    """Copies agree, others differ, and the form is the same graph."""
    rng = np.random.default_rng(7)
    graphs = [large(kind, seed) for seed in range(7)]
    forms = [canonical_graph6(matrix(graph)) for graph in graphs]
    for graph, form in zip(graphs, forms, strict=True):
        assert canonical_graph6(shuffled(matrix(graph), rng)) == form
        assert nx.is_isomorphic(nx.from_numpy_array(decode(form)), graph)
    for i, j in itertools.combinations(range(7), 2):
        assert (forms[i] == forms[j]) == nx.is_isomorphic(graphs[i], graphs[j])


def test_rooted_trees_with_equal_levels_differ() -> None:
    """The codes tell apart trees with the same number of vertices and of leaves at each depth."""
    stems = [(0, 1), (0, 2), (0, 3)]
    long = [(0, 10), (10, 11), (11, 12), (12, 13), *((13, leaf) for leaf in range(14, 80))]  # fixes the centre
    one = nx.Graph([*stems, (1, 4), (1, 5), (2, 6), (4, 7), (5, 8), *long])
    other = nx.Graph([*stems, (1, 4), (1, 5), (2, 6), (4, 7), (6, 8), *long])
    forms = [canonical_graph6(matrix(nx.convert_node_labels_to_integers(tree))) for tree in (one, other)]
    assert forms[0] != forms[1]


def test_large_general_graphs_use_pynauty_or_keep_their_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the extra copies have one form; without it a graph is its own form, and that is always the same graph."""
    graph = matrix(nx.random_regular_graph(3, 80, seed=1))
    copy = shuffled(graph, np.random.default_rng(8))
    monkeypatch.setitem(sys.modules, "pynauty", None)
    assert canonical_graph6(graph) == encode(graph) != canonical_graph6(copy)
    monkeypatch.delitem(sys.modules, "pynauty")
    pytest.importorskip("pynauty")
    assert canonical_graph6(graph) == canonical_graph6(copy)


def test_distinct_keeps_the_best_of_each_class() -> None:
    """Best first, each class once, nothing without a score, no more than asked for."""
    rng = np.random.default_rng(9)
    star, path, cycle = (matrix(graph) for graph in (nx.star_graph(4), nx.path_graph(5), nx.cycle_graph(5)))
    graphs = [star, path, shuffled(path, rng), cycle, shuffled(star, rng), cycle]
    scores = np.array([1.0, 3.0, 3.0, -np.inf, 2.0, np.nan])
    assert distinct(graphs, scores, 10) == [1, 4]
    assert distinct(graphs, scores, 1) == [1]
    atlas = [matrix(graph) for graph in nx.graph_atlas_g()[1:] for _ in range(2)]
    assert distinct(atlas, np.zeros(len(atlas)), 10**6) == list(range(0, len(atlas), 2))


def record_of(graph: NDArray[np.uint8], value: float, reward: str = "m <= 3") -> dict[str, Any]:
    """A record that holds, for the conjecture that a graph has at most so many edges."""
    return {"env": "graphs", "id": "x", "reward": reward, "value": value, "solution": {"graph6": encode(graph)}}


def test_records_of_several_files(tmp_path: Path) -> None:
    """Copies in two files count once, what does not hold is left out, rewards take turns."""
    rng = np.random.default_rng(10)
    wheel, cycle = matrix(nx.wheel_graph(5)), matrix(nx.cycle_graph(5))
    first = [record_of(cycle, 2.0), record_of(wheel, 5.0), record_of(wheel, 6.0)]  # the last value is wrong
    second = [record_of(shuffled(wheel, rng), 5.0), record_of(cycle, 1.0, "m <= 4")]
    files = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"]
    for file, records in zip(files, (first, second), strict=True):
        file.write_text("".join(json.dumps(record) + "\n" for record in records))
    found = distinct_records(files)
    assert [(one["reward"], one["value"]) for one in found] == [("m <= 3", 5.0), ("m <= 4", 1.0), ("m <= 3", 2.0)]
    assert len({(one["reward"], key(one)) for one in found}) == 3


def rows(folder: Path) -> list[dict[str, Any]]:
    """What a run wrote down, without the clock."""
    lines = (folder / "solutions.jsonl").read_text().splitlines()
    return [{name: part for name, part in json.loads(line).items() if name != "seconds"} for line in lines]


@pytest.mark.parametrize(("conjecture", "least"), [("amcs-5", 5), ("connected: diameter * lambda1 <= 12", 25)])
def test_a_run_that_goes_on_collects_distinct_counterexamples(tmp_path: Path, conjecture: str, least: int) -> None:
    """They are proved and not isomorphic, a resumed run collects the same ones, and one that ends when solved none."""
    words = ("cem", "agent.mode=tabular", "agent.batch=200", conjecture, "env.moves=tree", "env.n=14")
    for budget in ("10k-evals", "20k-evals"):
        mathrl.solve("graphs", *words, budget=budget, until="budget", run=tmp_path / "twice")
    outcome = mathrl.solve("graphs", *words, budget="20k-evals", until="budget", run=tmp_path / "once")
    found = rows(tmp_path / "once")
    assert rows(tmp_path / "twice") == found
    further = [row for row in found if row.get("further")]
    assert len(further) >= least
    assert all(row["proved"] and 0 < row["value"] <= outcome[0].value for row in further)
    seen: set[str] = set()
    for row in found:  # a new best may be a copy whose score is larger by rounding
        assert not row.get("further") or key(row) not in seen
        seen.add(key(row))
    mathrl.solve("graphs", *words, budget="20k-evals", until="solved", run=tmp_path / "first")
    assert not any(row.get("further") for row in rows(tmp_path / "first"))
