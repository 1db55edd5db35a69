"""Exports for other programs: the same graph in each, and comments that stay comments."""

from __future__ import annotations

import re
from typing import Any

import networkx as nx
import numpy as np
import pytest

from mathrl.envs.graphs import PLUGIN
from mathrl.envs.graphs.draw import ACCENT, drawing
from mathrl.envs.graphs.export import remarks, to_dot, to_g6, to_sage, to_tikz
from mathrl.envs.graphs.graph6 import decode, encode
from mathrl.errors import MathrlError
from mathrl.registry import resolve

NUMBER = r"-?\d+\.\d+"


def record_of(graph: nx.Graph, reward: str = "wagner-2.1", value: float | None = 0.25) -> dict[str, Any]:
    return {
        "env": "graphs", "reward": reward, "value": value,
        "solution": {"graph6": encode(nx.to_numpy_array(graph, dtype=np.uint8))},
    }  # fmt: skip


GRAPHS = {
    "tree": nx.balanced_tree(2, 3),
    "dense": nx.gnp_random_graph(12, 0.6, seed=3),
    "disconnected": nx.disjoint_union_all([nx.cycle_graph(5), nx.complete_graph(4), nx.empty_graph(2)]),
    "hub": nx.star_graph(90),
    "one vertex": nx.empty_graph(1),
}


def edges_of(graph: nx.Graph) -> set[tuple[int, int]]:
    return {(min(edge), max(edge)) for edge in graph.edges}


@pytest.mark.parametrize("name", GRAPHS)
def test_dot_is_the_graph(name: str) -> None:
    """Vertices, edges, places and the matching, read back line by line."""
    record = record_of(GRAPHS[name])
    lines = to_dot(record).splitlines()
    body = lines[lines.index("graph G {") + 1 :]
    assert body[-1] == "}"
    vertices = [re.fullmatch(rf'  (\d+) \[pos="({NUMBER}),({NUMBER})!" fillcolor="(#\w+)"\]', line) for line in body]
    places = {int(found[1]): (float(found[2]), float(found[3])) for found in vertices if found}
    assert sorted(places) == list(GRAPHS[name])
    assert len(set(places.values())) == len(places)
    assert all(0 <= x <= 6 and 0 <= y <= 6 for x, y in places.values())
    edges = [re.match(r"  (\d+) -- (\d+)( \[.*\])?$", line) for line in body]
    assert {(int(found[1]), int(found[2])) for found in edges if found} == edges_of(GRAPHS[name])
    coloured = {(int(found[1]), int(found[2])) for found in edges if found and found[3] and ACCENT in found[3]}
    assert coloured == drawing(record).edges
    assert len(coloured) == len(nx.max_weight_matching(GRAPHS[name], maxcardinality=True))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_dot_is_read_by_pydot() -> None:
    """Another program agrees."""
    pydot = pytest.importorskip("pydot")
    (read,) = pydot.graph_from_dot_data(to_dot(record_of(nx.petersen_graph())))
    assert {(int(one.get_source()), int(one.get_destination())) for one in read.get_edges()} == edges_of(
        nx.petersen_graph()
    )


@pytest.mark.parametrize("name", GRAPHS)
def test_tikz_is_the_graph(name: str) -> None:
    """A whole document: balanced braces and environments, each coordinate named once and used."""
    text = to_tikz(record_of(GRAPHS[name]))
    assert text.count("{") == text.count("}")
    assert re.findall(r"\\(begin|end)\{(\w+)\}", text) == [
        ("begin", "document"), ("begin", "tikzpicture"), ("end", "tikzpicture"), ("end", "document"),
    ]  # fmt: skip
    assert text.index(r"\documentclass[tikz") < text.index(r"\begin{document}")
    places = re.findall(rf"\\coordinate \((\d+)\) at \(({NUMBER}), ({NUMBER})\);", text)
    assert [int(v) for v, _, _ in places] == list(GRAPHS[name])
    assert all(abs(float(x)) <= 6.001 and abs(float(y)) <= 6.001 for _, x, y in places)
    drawn = re.findall(r"\\draw\[(?:red )?edge\] \((\d+)\) -- \((\d+)\);", text)
    assert {(int(u), int(v)) for u, v in drawn} == edges_of(GRAPHS[name])
    assert len(drawn) == GRAPHS[name].number_of_edges()
    assert [int(v) for v in re.findall(r"\\node\[\w+\] at \((\d+)\) \{\};", text)] == list(GRAPHS[name])


@pytest.mark.parametrize(("form", "sign"), [(to_dot, "//"), (to_tikz, "%")])
def test_the_comment_states_conjecture_and_score(form: Any, sign: str) -> None:
    """Also what is coloured; and no text of a record leaves its comment."""
    lines = form(record_of(nx.path_graph(4))).splitlines()
    assert lines[0] == f"{sign} wagner-2.1: connected, n >= 3: lambda1 + mu >= sqrt(n-1) + 1"
    assert lines[1:3] == [f"{sign} score 0.25", f"{sign} red: a maximum matching"]
    hostile = form(record_of(nx.path_graph(2), "m <= 1\n\\input{secret}\u2028graph H {", None))
    assert [line for line in hostile.splitlines() if "secret" in line] == hostile.splitlines()[:1]
    assert hostile.startswith(f"{sign} m <= 1 \\input")
    assert remarks(record_of(nx.path_graph(2), "m <=\x001\x85\r2", None)) == ["m <=?1 2"]


def test_sage_fills_the_index() -> None:
    """Of an indexed invariant the certificate has the value of k, and so has the expression."""
    sage = to_sage(record_of(nx.path_graph(7), "laplacian_sum(2) + distance_eigenvalue(diameter - 1) <= 5"))
    compile(sage, "sage", "exec")
    assert "sum(G.spectrum(laplacian=True)[:2])" in sage
    assert "sorted(G.distance_matrix().eigenvalues())[-5]" in sage
    assert not re.search(r"\bk\b", sage)


def test_every_format_of_the_plugin_gives_the_graph() -> None:
    """The table of exports names functions that exist, and graph6 is read back."""
    record = record_of(GRAPHS["tree"])
    assert PLUGIN.exports.keys() == {"g6", "sage", "dot", "tikz", "check"}
    for form in PLUGIN.exports.values():
        assert callable(resolve(form))
    assert edges_of(nx.from_numpy_array(decode(to_g6(record).strip()))) == edges_of(GRAPHS["tree"])
    for form in (to_dot, to_tikz):
        with pytest.raises(MathrlError):
            form({"reward": "wagner-2.1", "value": 1.0, "solution": {"graph6": "R"}})
