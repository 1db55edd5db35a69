"""The sanity pass: every small graph, the equality cases by name, and the conjectures that say nothing."""

from __future__ import annotations

import json
import time
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from mathrl.envs.graphs.config import GraphConfig
from mathrl.envs.graphs.graph6 import encode
from mathrl.envs.graphs.objective import statement
from mathrl.envs.graphs.reading import parse
from mathrl.envs.graphs.rewards import resolve
from mathrl.envs.graphs.sanity import all_graphs, name, sanity

ROWS = map(json.loads, (Path(__file__).parents[2] / "data/graphs/conjectures.jsonl").read_text().splitlines())
MAXIMA = {row["id"]: row for row in ROWS if "4" in row.get("max_score_by_order", {}) and row["formula"]}


def said(formula):
    return sanity(parse(formula), seconds=60).lines()


def test_all_graphs_are_all_graphs():
    """The numbers of graphs and of connected graphs on 1 to 7 vertices (OEIS A000088, A001349)."""
    assert [len(all_graphs(n)) for n in range(1, 8)] == [1, 2, 4, 11, 34, 156, 1044]
    connected = [sum(nx.is_connected(nx.from_numpy_array(one)) for one in all_graphs(n)) for n in range(1, 8)]
    assert connected == [1, 1, 2, 6, 21, 112, 853]


def test_wagner_holds_with_equality_for_stars():
    found = sanity(resolve("wagner-2.1").conjecture, seconds=60)
    assert (found.last, found.graphs, len(found.failing)) == (7, 994, 0)
    assert found.lines() == [
        "checked: it holds for all 994 such graphs with at most 7 vertices, with equality for 5 of them "
        "(K_1,2, K_1,3, K_1,4, ..)"
    ]


@pytest.mark.parametrize("reward", sorted(MAXIMA))
def test_maxima_agree_with_the_reference(reward):
    """The largest score over all connected graphs of orders 4 to 7, computed by other software."""
    found = sanity(resolve(reward).conjecture, seconds=60)
    expected = [value for order, value in MAXIMA[reward]["max_score_by_order"].items() if int(order) <= 7]
    assert found.last == 7
    assert found.best[0] >= max(expected) - 2e-6  # the reference leaves out the orders 2 and 3
    assert bool(found.failing) >= (max(expected) > 1e-6)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("connected: diameter <= 2", "WARNING: it fails already for 538 of the 995 such graphs with at most 7 "
         "vertices; the first is P_4, proved"),
        ("lambda1 <= 1/0", "WARNING: undefined for all 1251 such graphs with at most 7 vertices (a division by"),
        ("n >= 20: n >= 3", "checked: no graph with at most 7 vertices is in the class"),
        ("tree, m >= n: n >= 3", "checked: no graph"),
        ("connected: lambda1 < n - 1", "WARNING: it fails already for 6 of the 995 such graphs with at most 7 "
         "vertices; the first is K_2, proved"),
        ("connected, n >= 3: lambda1 < n", "checked: it holds for all 994 such graphs with at most 7 vertices"),
        ("tree: maximise: Delta", "on the 24 such graphs with at most 7 vertices the largest value is 6, at K_1,6"),
        ("girth >= 5, n >= 5: maximise: m", "the largest value is 8"),
        ("connected: girth <= n", "undefined for 24 more, the first is K_2"),
    ],
)  # fmt: skip
def test_what_is_said(formula, words):
    assert words in "\n".join(said(formula))


def test_every_graph_is_counted_once():
    """In the class, undefined, failing, equal or safe, against networkx graph by graph."""
    found = sanity(parse("connected: radius/(m - n) <= 1"), limit=5)
    graphs = [nx.from_numpy_array(one) for n in range(2, 6) for one in all_graphs(n)]
    graphs = [graph for graph in graphs if nx.is_connected(graph)]
    excess = [nx.radius(graph) - (graph.size() - len(graph)) for graph in graphs if graph.size() > len(graph)]
    assert found.graphs == len(graphs)
    assert len(found.undefined) == sum(graph.size() == len(graph) for graph in graphs)
    assert len(found.failing) == sum(value > 0 for value in excess)
    assert len(found.equal) == sum(value == 0 for value in excess)


@pytest.mark.parametrize(
    ("graph", "called"),
    [
        (nx.complete_graph(5), "K_5"), (nx.path_graph(2), "K_2"), (nx.cycle_graph(3), "K_3"), (nx.path_graph(6), "P_6"),
        (nx.cycle_graph(7), "C_7"), (nx.star_graph(4), "K_1,4"), (nx.path_graph(3), "K_1,2"),
        (nx.cycle_graph(4), "K_2,2"), (nx.complete_bipartite_graph(3, 2), "K_2,3"), (nx.empty_graph(3), "3 K_1"),
        (nx.disjoint_union(nx.cycle_graph(3), nx.path_graph(2)), "graph6"), (nx.lollipop_graph(3, 1), "graph6"),
        (nx.disjoint_union(nx.cycle_graph(3), nx.cycle_graph(3)), "graph6"),
    ],
)  # fmt: skip
def test_graphs_are_called_by_their_names(graph, called):
    rng = np.random.default_rng(len(graph))
    adjacency = nx.to_numpy_array(graph, dtype=np.uint8)
    order = rng.permutation(len(graph))
    adjacency = adjacency[order][:, order]
    assert name(adjacency) == (encode(adjacency) if called == "graph6" else called)


def test_the_pass_is_quick_and_stops_in_time():
    conjecture = parse("connected: laplacian_max <= max_edge(2 + sqrt(2*(du-1)**2 + 2*(dv-1)**2))")
    sanity(conjecture)
    start = time.perf_counter()
    assert sanity(conjecture, seconds=60).last == 7
    assert time.perf_counter() - start < 3  # 0.2 s on an idle core
    assert sanity(conjecture, seconds=0).last == 2


def test_the_statement_of_a_search():
    lines = statement(GraphConfig(reward="wagner-2.1", n=19, moves="tree"))
    assert lines[0].startswith("wagner-2.1: Every connected graph")
    assert lines[1] == "for every connected graph with n >= 3: lambda1 + matching_number >= sqrt(n - 1) + 1"
    assert lines[-1] == "searched: trees on 19 vertices, labelled 0..18"
    assert any(line.startswith("checked: it holds") for line in lines)
    assert any(line.startswith("known: refuted (as of 2026-02)") for line in lines)
    assert "smallest known counterexample: 18 vertices" in "\n".join(lines)
    assert "WARNING: the hypothesis n >= 20 excludes n = 5, so nothing can be found" in statement(
        GraphConfig(reward="n >= 20, m >= 1: lambda1 <= 3", n=5)
    )
    assert any("status not checked" in line for line in statement(GraphConfig(reward="powers-3")))
