"""Where the vertices of a graph are drawn: trees without crossings, other graphs as clearly as a few layouts allow."""

from __future__ import annotations

import math

import networkx as nx  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

MOST_VERTICES, MOST_EDGES = 150, 1000  # larger graphs are drawn as they come: comparing layouts would take seconds
MOST_LEAVES = 20  # at one vertex; more of them need edges longer than 1 to stand apart
LEAF_GAP = 0.1  # between the leaves of such a vertex


def layout(graph: nx.Graph) -> Points:
    """Where the vertices stand, float64[n, 2]: each component on its own, the largest first, in rows one below another.

    A row ends where the page would become wider than twice its height.
    """
    parts = [sorted(part) for part in nx.connected_components(graph)]
    parts.sort(key=lambda part: (-len(part), part))
    places = [
        connected_layout(nx.convert_node_labels_to_integers(graph.subgraph(part), ordering="sorted")) for part in parts
    ]
    sizes = [np.ptp(place, axis=0) + 1.0 for place in places]  # with a margin of 1
    width = max(max(size[0] for size in sizes), math.sqrt(2 * sum(size.prod() for size in sizes)))
    rows: list[list[int]] = [[]]
    for i, size in enumerate(sizes):
        if rows[-1] and sum(sizes[j][0] for j in rows[-1]) + size[0] > width + 1e-9:
            rows.append([])
        rows[-1].append(i)
    points, floor = np.zeros((len(graph), 2)), 0.0
    for row in rows:
        height, left = max(sizes[i][1] for i in row), -sum(sizes[i][0] for i in row) / 2
        for i in row:
            centre = (places[i].min(axis=0) + places[i].max(axis=0)) / 2
            points[parts[i]] = places[i] - centre + (left + sizes[i][0] / 2, floor - height / 2)
            left += sizes[i][0]
        floor -= height
    return points


def connected_layout(graph: nx.Graph) -> Points:
    """A clear layout float64[n, 2] of a connected graph on 0..n-1, without crossings for a tree, edges about 1 long."""
    if len(graph) < 3:
        return np.array([[-0.5, 0.0], [0.5, 0.0]]) if len(graph) == 2 else np.zeros((1, 2))
    edges = np.array(graph.edges)
    if nx.is_tree(graph) and crowded(graph):  # equal lengths would press its leaves together
        return lengthwise(equal_angle(graph))
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
    return upright(best / np.median(lengths(best, edges)))


def ring(graph: nx.Graph) -> Points:
    """The vertices in order on a circle: float64[n, 2]."""
    angles = 2 * np.pi * np.arange(len(graph)) / len(graph) + np.pi / 2
    return np.stack((np.cos(angles), np.sin(angles)), axis=1)


def equal_angle(tree: nx.Graph) -> Points:
    """A plane drawing float64[n, 2] of a tree from its middle: each branch in a sector of its own (Felsenstein).

    Many leaves at one vertex share a sector that grows slowly with their number, so that paths beside them have room;
    they stand as far out as it takes to keep them apart.
    """
    root = max(nx.center(tree), key=lambda v: (tree.degree(v), -v))
    order = list(nx.bfs_edges(tree, root))
    children: dict[int, list[int]] = {v: [] for v in tree}
    for parent, child in order:
        children[parent].append(child)
    share: dict[int, float] = {}  # of its parent's sector, not yet divided by the sum over its siblings
    size, wide = dict.fromkeys(tree, 1), crowded(tree)
    for v in [child for _, child in reversed(order)] + [root]:
        leaves = [w for w in children[v] if not children[w]]
        together = min(len(leaves), MOST_LEAVES * (len(leaves) / MOST_LEAVES) ** 0.3)
        share.update((w, together / len(leaves)) for w in leaves)
        size[v] += sum(size[w] for w in children[v])
        share[v] = max(sum(share[w] for w in children[v]), size[v] ** 0.5 if wide else 1.0)
    points, sector = np.zeros((len(tree), 2)), {root: (0.0, 2 * np.pi)}
    for v in [root] + [child for _, child in order]:
        start, width = sector[v]
        total = sum(share[w] for w in children[v])
        children[v].sort(key=lambda w: (not children[w], w))  # leaves together
        for w in children[v]:
            angle = width * share[w] / total
            far = 1.0 if children[w] else max(1.0, LEAF_GAP / angle)
            points[w] = points[v] + far * np.array((np.cos(start + angle / 2), np.sin(start + angle / 2)))
            sector[w] = (start, angle)
            start += angle
    return points


def crowded(tree: nx.Graph) -> bool:
    """Whether some vertex has so many leaves that they need longer edges."""
    return any(sum(tree.degree(w) == 1 for w in tree[v]) > MOST_LEAVES for v in tree)


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
    """The drawing float64[n, 2] turned about its centre so that it spreads most horizontally."""
    centred = points - points.mean(axis=0)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    axes[:, 1] *= np.sign(np.linalg.det(axes))  # a rotation, not a reflection
    return np.asarray(centred @ axes)


def lengthwise(points: Points) -> Points:
    """The drawing float64[n, 2] turned so that its two points farthest apart lie on a horizontal line."""
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2)
    i, j = np.unravel_index(int(gaps.argmax()), gaps.shape)
    cosine, sine = (points[j] - points[i]) / gaps[i, j]
    return np.asarray(points @ np.array([[cosine, -sine], [sine, cosine]]))
