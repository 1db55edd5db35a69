"""Pictures of graphs: trees without crossings, a maximum matching in colour, the vertices that it misses hollow."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
import networkx as nx  # type: ignore[import-untyped]
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from numpy.typing import NDArray

from mathrl.errors import MathrlError

from .graph6 import decode

INK, GREY, ACCENT, PAPER = "#22313f", "#9aa5b1", "#d1495b", "#ffffff"
MOST_VERTICES, MOST_EDGES = 150, 1000  # larger graphs are drawn as they come: comparing layouts would take seconds
WIDTH = 6.4  # of every picture, in inches

Points = NDArray[np.float64]


def draw(record: Mapping[str, Any], path: Path) -> Path:
    """Write the picture of a record's graph to path, as PNG or SVG by its suffix, and return the path."""
    path = Path(path)
    if path.suffix.lower() == ".svg":
        path.write_text(svg(record), encoding="utf-8")
    elif path.suffix.lower() == ".png":
        stream = BytesIO()
        picture(record).savefig(stream, format="png", metadata={"Software": None})
        path.write_bytes(stream.getvalue())
    else:
        raise MathrlError(f"a graph is drawn as .png or .svg, not as '{path.suffix or path.name}'")
    return path


def svg(record: Mapping[str, Any]) -> str:
    """The picture of a record's graph as SVG, the same text for the same record."""
    stream = BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "mathrl"}):
        picture(record).savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue().decode("utf-8")


def picture(record: Mapping[str, Any]) -> Figure:
    """The figure: title and score above, the graph, its graph6 text below."""
    text = str(record["solution"]["graph6"])
    graph = nx.from_numpy_array(decode(text))
    points = layout(graph)
    heading, footer = title(record, graph), "\n".join(textwrap.wrap(text, 64, break_on_hyphens=False))
    top, bottom = 0.34 + 0.2 * (heading.count("\n") + 1), 0.2 + 0.17 * (footer.count("\n") + 1)
    wide, tall = np.ptp(points, axis=0)
    body = (WIDTH - 0.6) * min(max(tall / max(wide, 1.0), 0.2), 0.9) + 0.3
    height = top + body + bottom
    figure = Figure(figsize=(WIDTH, height), dpi=160, facecolor=PAPER)
    axes = figure.add_axes((0.02, bottom / height, 0.96, body / height))
    axes.set_axis_off()
    axes.set_aspect("equal", adjustable="box")
    paint(axes, graph, points, matching_of(record, graph))
    first, _, rest = heading.partition("\n")
    figure.text(
        0.5, 1 - 0.2 / height, first, ha="center", va="top", size=13, color=INK, weight="bold", parse_math=False
    )
    figure.text(0.5, 1 - 0.45 / height, rest, ha="center", va="top", size=10, color=INK, parse_math=False)
    figure.text(
        0.5, 0.13 / height, footer, ha="center", va="bottom", size=8, color=GREY, family="monospace", parse_math=False
    )
    return figure


def title(record: Mapping[str, Any], graph: nx.Graph) -> str:
    """The reward's name, then n, m and the score, each on its own line."""
    reward = "\n".join(textwrap.wrap(str(record.get("reward") or "graph"), 60)[:1])
    value = record.get("value")
    score = "" if value is None else f", score {value:.6g}"
    return f"{reward}\n{len(graph)} vertices, {graph.number_of_edges()} edges{score}"


def matching_of(record: Mapping[str, Any], graph: nx.Graph) -> set[frozenset[int]]:
    """The matching of the record's certificate, else a maximum matching found now: a set of edges {u, v}."""
    found: Any = record["solution"]
    for key in ("certificate", "invariants", "matching_number", "witness", "matching"):
        found = found.get(key) if isinstance(found, Mapping) else None
    edges = nx.max_weight_matching(graph, maxcardinality=True) if found is None else found
    return {frozenset((int(u), int(v))) for u, v in edges}


def paint(axes: Any, graph: nx.Graph, points: Points, matching: set[frozenset[int]]) -> None:
    """Draw edges, matched ones last, and vertices at points float64[n, 2], filled where the matching covers them."""
    n, spacing = len(graph), typical_spacing(points)
    radius = min(0.17 * spacing, 0.022 * float(max(1.0, np.ptp(points, axis=0).max())))
    plain = [points[list(edge)] for edge in graph.edges if frozenset(edge) not in matching]
    matched = [points[sorted(edge)] for edge in sorted(matching, key=sorted)]
    thin = float(np.clip(2.2 - graph.number_of_edges() / 150, 0.5, 1.6))
    axes.add_collection(LineCollection(plain, colors=GREY, linewidths=thin, capstyle="round", zorder=1))
    axes.add_collection(LineCollection(matched, colors=ACCENT, linewidths=2.4 + thin, capstyle="round", zorder=2))
    covered = {v for edge in matching for v in edge}
    for v in range(n):
        colour = ACCENT if v in covered else PAPER
        axes.add_patch(Circle(points[v], radius, facecolor=colour, edgecolor=INK, linewidth=min(1.1, thin), zorder=3))
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    wide, tall = np.maximum(np.ptp(points, axis=0), 1.0 * (n < 3)) / 2 + 1.6 * radius
    axes.set_xlim(middle[0] - wide, middle[0] + wide)
    axes.set_ylim(middle[1] - tall, middle[1] + tall)


def layout(graph: nx.Graph) -> Points:
    """Where the vertices stand, float64[n, 2]: each component on its own, side by side, the largest first."""
    points, right = np.zeros((len(graph), 2)), 0.0
    for members in sorted(map(sorted, nx.connected_components(graph)), key=lambda part: (-len(part), part)):
        part = upright(connected_layout(nx.convert_node_labels_to_integers(graph.subgraph(members), ordering="sorted")))
        part[:, 0] += right - part[:, 0].min()
        right = part[:, 0].max() + 1.0
        points[members] = part
    return points


def connected_layout(graph: nx.Graph) -> Points:
    """A clear layout float64[n, 2] of a connected graph on 0..n-1, without crossings for a tree, edges about 1 long."""
    if len(graph) == 1:
        return np.zeros((1, 2))
    edges = np.array(graph.edges)
    candidates = [equal_angle(graph) if nx.is_tree(graph) else ring(graph)]
    if len(graph) <= MOST_VERTICES and len(edges) <= MOST_EDGES:
        candidates += [] if nx.is_tree(graph) else shells(graph)
        for start in tuple(candidates):
            refined = nx.kamada_kawai_layout(graph, pos=dict(enumerate(start)))
            candidates.append(np.array([refined[v] for v in range(len(graph))]))
    if len(candidates) == 1:
        best = candidates[0]
    elif nx.is_tree(graph):  # the refined drawing, unless it spoils the plane one
        plane = [points for points in candidates if not crossings(points, edges) and clearness(points, edges) > 0.05]
        best = (plane or candidates[:1])[-1]
    else:
        best = min(candidates, key=lambda points: (clearness(points, edges) < 0.09, trouble(points, edges)))
    return np.asarray(best / np.median(lengths(best, edges)))


def ring(graph: nx.Graph) -> Points:
    """The vertices in order on a circle: float64[n, 2]."""
    angles = 2 * np.pi * np.arange(len(graph)) / len(graph) + np.pi / 2
    return np.stack((np.cos(angles), np.sin(angles)), axis=1)


def equal_angle(tree: nx.Graph) -> Points:
    """A plane drawing float64[n, 2] of a tree from its middle; a subtree's angle is as its leaves (Felsenstein)."""
    root = max(nx.center(tree), key=lambda v: (tree.degree(v), -v))
    order = list(nx.bfs_edges(tree, root))
    leaves = {v: float(tree.degree(v) == 1 and v != root) for v in tree}
    for parent, child in reversed(order):
        leaves[parent] += leaves[child]
    points, free = np.zeros((len(tree), 2)), {root: (0.0, 2 * np.pi / leaves[root])}
    for parent, child in order:
        angle, unit = free[parent]
        width = unit * leaves[child]
        free[parent], free[child] = (angle + width, unit), (angle, unit)
        points[child] = points[parent] + (np.cos(angle + width / 2), np.sin(angle + width / 2))
    return points


def shells(graph: nx.Graph) -> list[Points]:
    """Some cycle of each length drawn as a circle, the rest inside by distance from it: a list of float64[n, 2]."""
    cycles = {len(cycle): cycle for root in list(graph)[:3] for cycle in nx.cycle_basis(graph, root)}
    for u, v in list(graph.edges)[:4]:  # short ones: through an edge, by the shortest way round it
        detour = nx.restricted_view(graph, [], [(u, v)])
        if nx.has_path(detour, u, v):
            cycle = nx.shortest_path(detour, u, v)
            cycles[len(cycle)] = cycle
    drawings = []
    short_first = sorted(cycles.values(), key=len)
    for cycle in short_first[:3] + short_first[3:][-3:]:
        distance = nx.multi_source_dijkstra_path_length(graph, set(cycle))
        angle = {v: 2 * np.pi * i / len(cycle) + np.pi / 2 for i, v in enumerate(cycle)}
        for v in sorted(set(graph) - set(cycle), key=lambda v: (distance[v], v)):
            middle = sum(np.exp(1j * angle[w]) for w in graph[v] if distance[w] < distance[v])
            angle[v] = float(np.angle(middle)) if abs(middle) > 1e-6 else 0.1 * v
        polar = np.array([np.exp(1j * angle[v]) / (1 + distance[v]) for v in range(len(graph))])
        drawings.append(np.stack((polar.real, polar.imag), axis=1))
    return [points for points in drawings if nearest(points).min() > 0.01]


def crossings(points: Points, edges: NDArray[np.int64]) -> int:
    """How many pairs of edges int64[m, 2] without a common vertex cross in a drawing float64[n, 2]."""
    first, second = np.triu_indices(len(edges), 1)
    a, b, c, d = edges[first, 0], edges[first, 1], edges[second, 0], edges[second, 1]
    apart = (a != c) & (a != d) & (b != c) & (b != d)
    a, b, c, d = points[a[apart]], points[b[apart]], points[c[apart]], points[d[apart]]

    def side(p: Points, q: Points, r: Points) -> Points:
        return np.asarray((q[:, 0] - p[:, 0]) * (r[:, 1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (r[:, 0] - p[:, 0]))

    return int(np.sum((side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)))


def lengths(points: Points, edges: NDArray[np.int64]) -> Points:
    """How long each edge int64[m, 2] is in a drawing float64[n, 2]: float64[m]."""
    return np.asarray(np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1))


def clearness(points: Points, edges: NDArray[np.int64]) -> float:
    """The least distance of a vertex to another or to an edge it is not on, over the longest edge."""
    tail, way = points[edges[:, 0]], points[edges[:, 1]] - points[edges[:, 0]]
    square = np.maximum((way**2).sum(axis=1), 1e-30)
    along = np.clip(((points[:, None] - tail) * way).sum(axis=2) / square, 0.0, 1.0)
    gaps = np.linalg.norm(points[:, None] - tail - along[..., None] * way, axis=2)
    gaps[edges.ravel(), np.repeat(np.arange(len(edges)), 2)] = np.inf
    return float(min(gaps.min(), nearest(points).min()) / np.sqrt(square.max()))


def trouble(points: Points, edges: NDArray[np.int64]) -> float:
    """What makes a drawing hard to read: crossings, unequal lengths, and many different lengths (no symmetry)."""
    long = lengths(points, edges)
    distinct = len(np.unique(np.round(long / long.mean(), 3)))
    return float((crossings(points, edges) + 2) * (1 + 2 * long.std() / long.mean()) * distinct / len(edges))


def nearest(points: Points) -> Points:
    """The distance of every point to its nearest other one: float64[n, 2] -> float64[n]."""
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    return np.asarray(gaps.min(axis=1))


def typical_spacing(points: Points) -> float:
    """What a vertex's radius is measured against: a low quantile of the distances to the nearest vertex."""
    return float(np.quantile(nearest(points), 0.1)) if len(points) > 1 else 1.0


def upright(points: Points) -> Points:
    """The drawing float64[n, 2] turned about its centre so that its longest direction is horizontal."""
    centred = points - points.mean(axis=0)
    if len(points) < 3:
        return centred if len(points) < 2 else np.array([[-0.5, 0.0], [0.5, 0.0]])
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    axes[:, 1] *= np.sign(np.linalg.det(axes))  # a rotation, not a reflection
    return np.asarray(centred @ axes)
