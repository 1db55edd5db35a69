"""Vertex and edge connectivity: a cut proves one side, maximum flows between pairs of vertices the other."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from mathrl.errors import MathrlError

from .face import fields
from .graphs import Neighbours, components, size
from .sets import Extreme, Sides, listed, vertices


def flow(room: list[dict[int, int]], source: int, sink: int, limit: int) -> tuple[int, set[int]]:
    """The value of a maximum flow, at most `limit`, and what the source still reaches (nothing at the limit).

    The arc uw can still carry room[u][w]; one unit at a time is sent along a shortest path.
    """
    for value in range(limit):
        before, queue = {source: source}, [source]
        for u in queue:
            for w, capacity in room[u].items():
                if capacity and w not in before:
                    before[w] = u
                    queue.append(w)
            if sink in before:
                break
        if sink not in before:
            return value, set(before)
        w = sink
        while w != source:
            u = before[w]
            room[u][w] -= 1
            room[w][u] = room[w].get(u, 0) + 1
            w = u
    return limit, set()


def edge_cut(graph: Neighbours) -> list[list[int]]:
    """Fewest edges whose removal disconnects the graph, by flows from vertex 0 to every other one."""
    if len(components(graph)) > 1:
        return []
    least = min(range(len(graph)), key=lambda v: len(graph[v]))
    best = {least}
    count = len(graph[least])
    for sink in range(1, len(graph)):
        if count == 1:
            break  # a connected graph needs one
        value, side = flow([dict.fromkeys(row, 1) for row in graph], 0, sink, count)
        if value < count:
            best, count = side, value
    return sorted([min(u, w), max(u, w)] for u in best for w in graph[u] if w not in best)


def vertex_cut(graph: Neighbours) -> list[int] | None:
    """Fewest vertices whose removal disconnects the graph, None for a complete graph.

    With v of least degree: a smallest cut without v separates v from some other vertex, and one with v separates two
    neighbours of v.
    """
    n = len(graph)
    if len(components(graph)) > 1:
        return []
    if size(graph) == n * (n - 1) // 2:
        return None
    v = min(range(n), key=lambda v: len(graph[v]))
    pairs = [(v, w) for w in range(n) if w != v and w not in graph[v]]
    pairs += [(u, w) for u, w in combinations(graph[v], 2) if w not in graph[u]]
    best = list(graph[v])
    for source, sink in pairs:
        if len(best) == 1:
            break
        value, side = flow(split(graph), source + n, sink, len(best))
        if value < len(best):
            best = [u for u in range(n) if u in side and u + n not in side]
    return sorted(best)


def split(graph: Neighbours) -> list[dict[int, int]]:
    """Every vertex v as an arc from v to v + n that carries 1, every edge as arcs without limit."""
    n = len(graph)
    return [{v + n: 1} for v in range(n)] + [dict.fromkeys(row, n) for row in graph]


def _find_vertex_connectivity(graph: Neighbours) -> tuple[int, int, dict[str, Any]]:
    cut = vertex_cut(graph)
    value = len(graph) - 1 if cut is None else len(cut)
    return value, value, {"cut": cut}


def _prove_vertex_connectivity(graph: Neighbours, witness: Any) -> Sides:
    fields(witness, ("cut",), "the witness")
    n = len(graph)
    if witness["cut"] is None:
        if size(graph) < n * (n - 1) // 2:
            raise MathrlError("it states no cut, but the graph is not complete")
        return n - 1, n - 1, "the graph is complete"
    cut = vertices(witness["cut"], n, "its cut")
    if len(components(graph, cut)) < 2:
        raise MathrlError("its cut does not disconnect the graph")
    if not cut:
        return 0, 0, "the graph is disconnected"
    return None, len(cut), f"without {listed(cut)} the graph is disconnected"


def _find_edge_connectivity(graph: Neighbours) -> tuple[int, int, dict[str, Any]]:
    cut = edge_cut(graph)
    return len(cut), len(cut), {"cut": cut}


def _prove_edge_connectivity(graph: Neighbours, witness: Any) -> Sides:
    fields(witness, ("cut",), "the witness")
    cut = edges_of(graph, witness["cut"])
    left = [[w for w in row if (min(u, w), max(u, w)) not in cut] for u, row in enumerate(graph)]
    if len(components(left)) < 2:
        raise MathrlError("its cut does not disconnect the graph")
    if not cut:
        return 0, 0, "the graph is disconnected"
    return (
        None,
        len(cut),
        f"without the edges {', '.join(f'{u}-{w}' for u, w in sorted(cut))} the graph is disconnected",
    )


def edges_of(graph: Neighbours, part: Any) -> set[tuple[int, int]]:
    """A list of different edges [u, w] with u < w, checked."""
    if not isinstance(part, list) or not all(isinstance(edge, list) and len(edge) == 2 for edge in part):
        raise MathrlError("its cut is not a list of pairs")
    found = set[tuple[int, int]]()
    for edge in part:
        u, w = vertices(edge, len(graph), "an edge of its cut")
        if u > w or w not in graph[u] or (u, w) in found:
            raise MathrlError(f"its cut has {u}-{w}, which is no edge, turned around, or there twice")
        found.add((u, w))
    return found


FLOWS = "maximum flows find no smaller cut"
vertex_connectivity = Extreme(_find_vertex_connectivity, _prove_vertex_connectivity, FLOWS)
edge_connectivity = Extreme(_find_edge_connectivity, _prove_edge_connectivity, FLOWS)
