"""Pictures: the right file, the same bytes each time, trees without crossings, the certificate's matching."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest

from mathrl.envs.graphs.draw import crossings, draw, layout, matching_of, svg
from mathrl.envs.graphs.graph6 import encode
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


def test_the_matching_of_the_certificate_is_used() -> None:
    """A witness is drawn as it is; without one a maximum matching is computed."""
    record = record_of("Dhc")
    assert len(matching_of(record, nx.cycle_graph(5))) == 2
    witness = {"witness": {"matching": [[0, 1]]}}
    record["solution"]["certificate"] = {"invariants": {"matching_number": witness}}
    assert matching_of(record, nx.cycle_graph(5)) == {frozenset((0, 1))}
