"""Pictures: the right file, the same bytes each time, trees without crossings, the certificate's matching."""

from __future__ import annotations

import re
from html import unescape
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest

from mathrl.envs.graphs.draw import draw, drawing, graph6_lines, marks, picture, sheet, svg, svg_text
from mathrl.envs.graphs.graph6 import encode
from mathrl.envs.graphs.layout import crossings, layout
from mathrl.errors import MathrlError

WAGNER = "RhGcC?_GC?O?_?G?O?@??_?A??@???"


def record_of(text: str) -> dict[str, Any]:
    """A solution record as `mathrl solve` writes it, as far as pictures read it."""
    return {"reward": "wagner-2.1", "value": 0.0021, "solution": {"graph6": text}}


def test_png_and_svg_are_written_and_repeat(tmp_path: Path) -> None:
    """The suffix decides the format, and the same record gives the same bytes."""
    for name, start in (("a.png", b"\x89PNG"), ("a.svg", b"<?xml")):
        path = draw(record_of(WAGNER), tmp_path / name)
        first = path.read_bytes()
        assert path == tmp_path / name
        assert first.startswith(start)
        assert draw(record_of(WAGNER), path).read_bytes() == first


def test_svg_is_xml_without_a_date() -> None:
    """It parses, and nothing in it changes by the clock."""
    text = svg(record_of("IsP@OkWHG"))
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert "dc:date" not in text


def test_other_suffixes_are_a_sentence(tmp_path: Path) -> None:
    """PDF is not offered."""
    with pytest.raises(MathrlError, match=r"drawn as \.png or \.svg"):
        draw(record_of(WAGNER), tmp_path / "a.pdf")


@pytest.mark.parametrize("n", [2, 3, 19, 60, 200])
def test_trees_are_drawn_without_crossings(n: int) -> None:
    """On random recursive trees, and no two vertices coincide."""
    rng = np.random.default_rng(n)
    tree = nx.Graph((int(rng.integers(0, i)), i) for i in range(1, n))
    tree = nx.convert_node_labels_to_integers(tree, ordering="sorted")
    points = layout(tree)
    assert crossings(points, np.array(tree.edges)) == 0
    assert min(np.linalg.norm(points[i] - points[j]) for i in range(n) for j in range(i)) > 1e-3


@pytest.mark.parametrize("n", [3, 10, 18])
def test_the_plane_drawing_needs_no_refinement(n: int) -> None:
    """A star's vertices lie evenly round its hub."""
    points = layout(nx.star_graph(n))
    radii = np.linalg.norm(points[1:] - points[0], axis=1)
    np.testing.assert_allclose(radii, radii.mean(), rtol=0.05)


@pytest.mark.parametrize("graph", [nx.empty_graph(1), nx.empty_graph(3), nx.path_graph(2), nx.complete_graph(7)])
def test_small_and_disconnected_graphs_are_drawn(graph: nx.Graph, tmp_path: Path) -> None:
    """Also without edges, and without a score."""
    record = {"solution": {"graph6": encode(nx.to_numpy_array(graph, dtype=np.uint8))}, "value": None}
    assert draw(record, tmp_path / "a.svg").stat().st_size > 500


def test_the_certificate_is_drawn() -> None:
    """Its matching, its paths or its set; without a certificate a matching if the conjecture is about one."""
    record, cycle = record_of("Dhc"), nx.cycle_graph(5)
    edges, vertices, words = marks(record, cycle)
    assert (len(edges), len(vertices), words) == (2, 4, "red: a maximum matching")
    assert marks(record | {"reward": "m <= 3"}, cycle) == (frozenset(), frozenset(), "")

    def certified(name: str, witness: Any) -> Any:
        return marks({"reward": "m", "solution": {"certificate": {"invariants": {name: {"witness": witness}}}}}, cycle)

    assert certified("matching_number", {"matching": [[1, 0]]})[:2] == ({(0, 1)}, {0, 1})
    assert certified("independence_number", {"set": [0, 2]}) == (set(), {0, 2}, "red: a largest independent set")
    assert certified("path_cover", {"paths": [[2, 1, 0], [3]]})[:2] == ({(0, 1), (1, 2)}, {0, 1, 2, 3})
    for damaged in ({"matching": [["x", 1]]}, {"matching": 7}, {"matching": [None]}, "set", {"matching": [[0, 99]]}):
        assert certified("matching_number", damaged)[0] == set()


def test_leaves_of_a_hub_stand_apart() -> None:
    """A tree that is a hub with 190 leaves and two long paths: no crossing, no touching, and the paths free."""
    tree = nx.star_graph(190)
    tree.add_edges_from(
        [(0, 191), *((v, v + 1) for v in range(191, 196)), (0, 197), *((v, v + 1) for v in range(197, 202))]
    )
    points = layout(tree)
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2) + 9 * np.eye(203)
    assert crossings(points, np.array(tree.edges)) == 0
    assert gaps.min() > 0.09
    assert gaps[191:203, :191].min() > 0.3
    record = {"reward": "m", "solution": {"graph6": encode(nx.to_numpy_array(tree, dtype=np.uint8))}}
    assert 2 * drawing(record).radius < gaps.min()


def test_components_stand_apart_on_a_page() -> None:
    """Many components come in rows, and no two share a place."""
    graph = nx.disjoint_union_all([nx.cycle_graph(5), nx.petersen_graph(), nx.path_graph(3), *[nx.empty_graph(1)] * 30])
    points = layout(graph)
    boxes = [
        (points[list(part)].min(axis=0), points[list(part)].max(axis=0)) for part in nx.connected_components(graph)
    ]
    for (low, high), (floor, top) in combinations(boxes, 2):
        assert ((low > top + 0.5) | (floor > high + 0.5)).any()
    wide, tall = np.ptp(points, axis=0)
    assert 0.3 < tall / wide < 3


def test_a_long_text_is_cut() -> None:
    """The graph6 text below a picture takes at most four lines, and says so if it is not whole."""
    assert graph6_lines("Dhc") == ["Dhc"]
    assert [len(line) for line in graph6_lines("x" * 256)] == [64] * 4
    assert graph6_lines("x" * 3422)[2].startswith("(graph6, 3,422 characters")
    texts = texts_of(svg_text(picture(record_of("Dhc") | {"reward": "m <= " + " + ".join(["n"] * 90)})))
    assert sum(text.startswith("m <= n + n") for text in texts) == 1
    assert any(text.endswith(" ...") for text in texts)


def texts_of(page: str) -> list[str]:
    """What is written on an SVG page: matplotlib repeats each text in a comment."""
    return [unescape(text.strip()) for text in re.findall(r"<!-- (.*?) -->", page)]


@pytest.mark.parametrize("count", [1, 5, 30])
def test_a_sheet_has_every_graph_once(count: int, tmp_path: Path) -> None:
    """Up to 24 places, each with its order, size and score."""
    records = [
        record_of(encode(nx.to_numpy_array(nx.cycle_graph(3 + place), dtype=np.uint8))) for place in range(count)
    ]
    for place, record in enumerate(records):
        record["value"] = 1.0 / (1 + place)
    page = sheet(records, tmp_path / "sheet.svg").read_text()
    shown = min(count, 24)
    assert len(re.findall(r'<g id="graph-\d+">', page)) == shown
    texts = texts_of(page)
    for place in range(count):
        assert texts.count(f"{3 + place} vertices, {3 + place} edges") == (place < shown)
        assert texts.count(f"score {1.0 / (1 + place):.6g}") == (place < shown)
    assert texts.count("wagner-2.1") == 1
    assert texts.count("24 of 30 distinct graphs, best first") == (count == 30)
    assert sheet(records[:2], tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_a_sheet_of_several_conjectures_names_each(tmp_path: Path) -> None:
    """Under its graph."""
    records = [record_of("Dhc"), record_of("Dhc") | {"reward": "m <= 3", "value": 1e-12}]
    texts = texts_of(sheet(records, tmp_path / "sheet.svg").read_text())
    assert {"2 conjectures", "wagner-2.1", "m <= 3", "score 0, up to rounding"} <= set(texts)
