"""Pictures of graphs: trees without crossings, and in colour what the certificate shows, such as a maximum matching."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx  # type: ignore[import-untyped]
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection, LineCollection
from matplotlib.figure import Figure

from mathrl.errors import MathrlError
from mathrl.pictures import svg_text, write

from .graph6 import decode
from .layout import MOST_VERTICES, Points, layout, typical_spacing
from .objective import objective
from .scoring import THRESHOLD

INK, GREY, ACCENT, SLATE, PAPER = "#22313f", "#9aa5b1", "#d1495b", "#b8c9d9", "#ffffff"
WIDTH = 6.4  # of every picture, in inches
CELL, MOST_CELLS = 2.1, 24  # the width of a picture on a contact sheet, in inches, and how many fit

MARKS = {  # what a certificate's witness shows: its field, and what to call it
    "matching_number": ("matching", "a maximum matching"),
    "independence_number": ("set", "a largest independent set"),
    "clique_number": ("set", "a largest clique"),
    "domination_number": ("set", "a smallest dominating set"),
    "vertex_cover_number": ("set", "a smallest vertex cover"),
    "largest_induced_forest": ("set", "a largest induced forest"),
    "path_cover": ("paths", "the fewest paths through all vertices"),
}

Edge = tuple[int, int]


@dataclass(frozen=True)
class Drawing:
    """A graph with the places of its vertices, float64[n, 2], and what is coloured: edges (u < v), vertices, words."""

    graph: nx.Graph
    points: Points
    edges: frozenset[Edge]
    vertices: frozenset[int]
    words: str

    @property
    def radius(self) -> float:
        """Of a vertex, in the unit of the points."""
        extent = float(max(1.0, np.ptp(self.points, axis=0).max()))
        return min(max(0.3 * typical_spacing(self.points), 0.004 * extent), 0.022 * extent)

    @property
    def fills(self) -> list[str]:
        """The colour inside each vertex: red if it is coloured, white beside red ones."""
        rest = PAPER if self.words else SLATE
        return [ACCENT if v in self.vertices else rest for v in range(len(self.points))]

    @property
    def plain(self) -> list[Edge]:
        """The edges that are not coloured, u < v."""
        return sorted({(min(edge), max(edge)) for edge in self.graph.edges} - self.edges)


def drawing(record: Mapping[str, Any]) -> Drawing:
    """The graph of a record, laid out, with what its certificate shows."""
    graph = nx.from_numpy_array(decode(str(record["solution"]["graph6"])))
    return Drawing(graph, layout(graph), *marks(record, graph))


def draw(record: Mapping[str, Any], path: Path) -> Path:
    """Write the picture of a record's graph to path, as PNG or SVG by its suffix, and return the path."""
    return write(picture(record), Path(path))


def svg(record: Mapping[str, Any]) -> str:
    """The picture of a record's graph as SVG, the same text for the same record."""
    return svg_text(picture(record))


def sheet(records: Sequence[Mapping[str, Any]], path: Path) -> Path:
    """Write the pictures of the first 24 records side by side to path, as PNG or SVG by its suffix; return the path."""
    return write(contact_sheet(records[:MOST_CELLS], len(records)), Path(path))


# ------------------------------------------------------------------------------------------------- on the page


def picture(record: Mapping[str, Any]) -> Figure:
    """The figure: conjecture, order, size and score above, the graph, its graph6 text below."""
    drawn = drawing(record)
    name = reward_of(record)
    heading = textwrap.wrap(name, 72, max_lines=3, placeholder=" ...")
    footer = graph6_lines(str(record["solution"]["graph6"]))
    details = [", ".join((order_and_size(drawn.graph), *score_of(record))), *([drawn.words] if drawn.words else [])]
    top, bottom = 0.2 + 0.23 * len(heading) + 0.19 * len(details), 0.26 + 0.17 * len(footer)
    wide, tall = np.ptp(drawn.points, axis=0)
    body = (WIDTH - 0.6) * min(max(tall / max(wide, 1.0), 0.2), 0.9) + 0.3
    height = top + body + bottom
    figure = Figure(figsize=(WIDTH, height), dpi=160, facecolor=PAPER)
    paint(figure.add_axes((0.02, bottom / height, 0.96, body / height)), drawn, 0.96 * WIDTH, body)
    write_lines(figure, 0.5, height - 0.14, heading, 0.23, size=13 if len(name) < 48 else 9.5, color=INK, weight="bold")
    write_lines(figure, 0.5, height - 0.16 - 0.23 * len(heading), details, 0.19, size=10, color=INK)
    write_lines(figure, 0.5, bottom - 0.12, footer, 0.17, size=8, color=GREY, family="monospace")
    return figure


def contact_sheet(records: Sequence[Mapping[str, Any]], total: int) -> Figure:
    """The figure: the conjecture above, then graphs out of `total` in rows, each over its order, size and score."""
    drawings = [drawing(record) for record in records]
    ratio = max(np.ptp(drawn.points[:, 1]) / max(np.ptp(drawn.points[:, 0]), 1.0) for drawn in drawings)
    tall = CELL * min(max(ratio + 0.1, 0.35), 1.0)
    rewards = list(dict.fromkeys(map(reward_of, records)))
    columns = max(2, min(math.ceil(math.sqrt(1.3 * len(records))), 6))
    rows = math.ceil(len(records) / columns)
    count = f"{len(records)} of {total} distinct graphs" if total > len(records) else "distinct graphs"
    order = "best first" if len(rewards) == 1 else "the best for each conjecture first"
    title = rewards[0] if len(rewards) == 1 else f"{len(rewards)} conjectures"
    heading = textwrap.wrap(title, 20 * columns, max_lines=3, placeholder=" ...")
    top, label = 0.45 + 0.25 * len(heading), 0.42 + 0.17 * (len(rewards) > 1)
    pitch = tall + label + 0.3
    width, height = columns * (CELL + 0.2) + 0.2, top + rows * pitch
    figure = Figure(figsize=(width, height), dpi=160, facecolor=PAPER)
    write_lines(figure, 0.5, height - 0.15, heading, 0.25, size=14, color=INK, weight="bold")
    write_lines(figure, 0.5, height - 0.17 - 0.25 * len(heading), [f"{count}, {order}"], 0.2, size=10, color=GREY)
    for place, (record, drawn) in enumerate(zip(records, drawings, strict=True)):
        row, column = divmod(place, columns)
        left, floor = 0.2 + column * (CELL + 0.2), height - top - row * pitch - tall
        cell = figure.add_axes((left / width, floor / height, CELL / width, tall / height), gid=f"graph-{place + 1}")
        paint(cell, drawn, CELL, tall)
        middle, name = (left + CELL / 2) / width, textwrap.wrap(reward_of(record), 30, max_lines=1, placeholder=" ...")
        lines = [order_and_size(drawn.graph), *score_of(record)]
        write_lines(figure, middle, floor - 0.03, lines, 0.16, size=8, color=INK)
        if len(rewards) > 1:
            write_lines(figure, middle, floor - 0.03 - 0.16 * len(lines), name, 0.16, size=8, color=INK, weight="bold")
    return figure


def write_lines(figure: Figure, x: float, y: float, lines: Sequence[str], step: float, **style: Any) -> None:
    """Write centred lines below y inches from the bottom, `step` inches apart; x is a fraction of the width."""
    for place, line in enumerate(lines):
        figure.text(
            x, (y - place * step) / figure.get_figheight(), line, ha="center", va="top", parse_math=False, **style
        )


def reward_of(record: Mapping[str, Any]) -> str:
    """What a record's graph is to violate, or to make large, on one line."""
    return " ".join(str(record.get("reward") or "graph").split())


def order_and_size(graph: nx.Graph) -> str:
    n, m = len(graph), graph.number_of_edges()
    return f"{n} {'vertex' if n == 1 else 'vertices'}, {m} edge{'s' * (m != 1)}"


def score_of(record: Mapping[str, Any]) -> list[str]:
    """The score in words, nothing if there is none."""
    value = record.get("value")
    if value is None:
        return []
    return [f"score {value:.6g}" if value == 0 or abs(value) > THRESHOLD else "score 0, up to rounding"]


def graph6_lines(text: str) -> list[str]:
    """A graph6 text in lines of 64, its middle left out if it is long."""
    if len(text) > 256:
        return [text[:61] + "...", f"... {text[-61:]}", f"(graph6, {len(text):,} characters: mathrl show RUN --to g6)"]
    return [text[start : start + 64] for start in range(0, len(text), 64)]


def paint(axes: Axes, drawn: Drawing, wide: float, tall: float) -> None:
    """Draw into axes of so many inches: edges, coloured ones last, and vertices, filled where they are coloured."""
    points, radius = drawn.points, drawn.radius
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    half = np.maximum(np.ptp(points, axis=0), 1.0 * (len(points) < 3)) / 2 + 1.6 * radius
    inches = min(wide / (2 * half[0]), tall / (2 * half[1]))  # of a unit
    axes.set_axis_off()
    axes.set_xlim(middle[0] - wide / inches / 2, middle[0] + wide / inches / 2)
    axes.set_ylim(middle[1] - tall / inches / 2, middle[1] + tall / inches / 2)
    dot = 72 * radius * inches  # a vertex's radius in points
    busy = 2.2 - drawn.graph.number_of_edges() / 150
    thin = min(float(np.clip(busy, 0.5, 1.6)) * math.sqrt(wide / WIDTH), max(0.4, 0.45 * dot))
    axes.add_collection(LineCollection([points[list(e)] for e in drawn.plain], colors=GREY, linewidths=thin, zorder=1))
    thick = min(2.4 + thin, max(1.0, 1.1 * dot))
    coloured = [points[list(edge)] for edge in sorted(drawn.edges)]
    axes.add_collection(LineCollection(coloured, colors=ACCENT, linewidths=thick, capstyle="round", zorder=2))
    size = np.full(len(points), 2 * radius)
    axes.add_collection(
        EllipseCollection(
            size, size, 0 * size, units="x", offsets=points, offset_transform=axes.transData,
            facecolors=drawn.fills, edgecolors=INK, linewidths=min(1.1, 0.3 * dot), zorder=3,
        )
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------- what is coloured


def marks(record: Mapping[str, Any], graph: nx.Graph) -> tuple[frozenset[Edge], frozenset[int], str]:
    """The edges and vertices to colour, and what they are: the first witness of the certificate that can be shown.

    Without a certificate it is a maximum matching, found now, if the conjecture is about matchings.
    """
    for name, (part, words) in MARKS.items():
        found: Any = record["solution"]
        for step in ("certificate", "invariants", name, "witness", part):
            found = found.get(step) if isinstance(found, Mapping) else None
        if found is None and name == "matching_number" and about_matchings(record) and len(graph) <= MOST_VERTICES:
            found = [list(edge) for edge in nx.max_weight_matching(graph, maxcardinality=True)]
        if isinstance(found, list):
            try:
                return *coloured(graph, part, found), f"red: {words}"
            except (TypeError, ValueError):  # a record read from a file may hold anything
                continue
    return frozenset(), frozenset(), ""


def about_matchings(record: Mapping[str, Any]) -> bool:
    """Whether a record's conjecture mentions the matching number."""
    try:
        conjecture = objective(str(record.get("reward"))).conjecture
    except MathrlError:
        return False
    return conjecture is not None and "matching_number" in conjecture.invariants


def coloured(graph: nx.Graph, part: str, found: list[Any]) -> tuple[frozenset[Edge], frozenset[int]]:
    """The edges and vertices of the graph in a witness: a set of vertices, or edges and paths with what they cover."""
    if part == "set":
        return frozenset(), frozenset(map(int, found)) & frozenset(graph)
    steps = [sorted(map(int, step)) for path in found for step in pairwise(path)]
    edges = frozenset((u, v) for u, v in steps if graph.has_edge(u, v))
    return edges, frozenset(v for path in found for v in map(int, path))


# ------------------------------------------------------------------------------------------------- where vertices are
