"""Induced forests, spanning trees and path covers of graphs on n <= 64 vertices, by branch and bound.

A set of vertices is one word uint64, a graph its bit rows uint64[n] (see layouts.py).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .layouts import NONE, ONE, Adjacency, Bits, Floats, Integers, all_vertices, bit, bit_rows, lowest, population


@njit(cache=True)
def largest_forests(adjacency: Adjacency) -> Floats:
    """The most vertices that induce a forest: uint8[B, n, n] -> float64[B]."""
    count = len(adjacency)
    result = np.empty(count)
    for b in range(count):
        result[b] = induced_forest(bit_rows(adjacency[b], False)[:, 0])
    return result


@njit(cache=True)
def induced_forest(rows: Bits) -> int:
    """The most vertices that induce a forest; rows uint64[n].

    Of the vertices not yet deleted some are kept for good, the others free. What lies on no cycle is counted and leaves
    the graph, a free vertex with two neighbours in one tree of kept ones is lost. The free vertex of largest degree is
    kept, and later deleted. Deleting r vertices of degree <= high must leave fewer edges than vertices.
    """
    n = len(rows)
    kept, free, size = np.zeros(n + 1, np.uint64), np.zeros(n + 1, np.uint64), np.zeros(n + 1, np.int64)
    free[0] = all_vertices(n)[0]
    best, depth = 0, 0  # what stands at depth waits until all that is deeper is done
    while depth >= 0:
        open_ = free[depth] & ~_closing(rows, kept[depth], free[depth])
        core = two_core(rows, kept[depth] | open_)
        size[depth] += population((kept[depth] | open_) & ~core)
        kept[depth], free[depth] = kept[depth] & core, open_ & core
        ends, high, highest, last, word = 0, 0, 0, -1, core
        while word:
            v = lowest(word)
            word &= word - ONE
            degree = population(rows[v] & core)
            ends, highest = ends + degree, max(highest, degree)
            if free[depth] & bit(v) and degree > high:
                high, last = degree, v
        vertices = population(core)
        if last < 0:
            best = max(best, size[depth] + vertices)
        deleted = (ends // 2 - vertices + high - 1) // (high - 1) if last >= 0 else 0
        if last < 0 or size[depth] + vertices - deleted <= best:
            depth -= 1
            continue
        free[depth] &= ~bit(last)
        if highest > 2:  # in a cycle by itself any vertex may go
            kept[depth + 1], free[depth + 1], size[depth + 1] = kept[depth] | bit(last), free[depth], size[depth]
            depth += 1
    return best


@njit(cache=True)
def _closing(rows: Bits, kept: np.uint64, free: np.uint64) -> np.uint64:
    """The free vertices with two neighbours in one tree of the forest that kept induces."""
    closing = NONE
    while kept:
        tree = component(rows, lowest(kept), kept)
        kept &= ~tree
        others = free
        while others:
            v = lowest(others)
            others &= others - ONE
            if population(rows[v] & tree) > 1:
                closing |= bit(v)
    return closing


@njit(cache=True)
def component(rows: Bits, v: int, within: np.uint64) -> np.uint64:
    """The vertices that v reaches inside the set `within`, which contains it."""
    reached = edge = bit(v)
    while edge:
        w = lowest(edge)
        edge &= edge - ONE
        new = rows[w] & within & ~reached
        reached |= new
        edge |= new
    return reached


@njit(cache=True)
def components(rows: Bits, within: np.uint64) -> int:
    """The number of components of the graph that a set of vertices induces."""
    number = 0
    while within:
        within &= ~component(rows, lowest(within), within)
        number += 1
    return number


@njit(cache=True)
def two_core(rows: Bits, core: np.uint64) -> np.uint64:
    """The largest subset of a set of vertices that induces degrees of at least 2."""
    previous = ~core
    while core != previous:
        previous = word = core
        while word:
            v = lowest(word)
            word &= word - ONE
            if population(rows[v] & core) < 2:
                core &= ~bit(v)
    return core


@njit(cache=True)
def most_leaves(adjacency: Adjacency) -> Floats:
    """The most leaves of a spanning tree: uint8[B, n, n] -> float64[B], NaN if n = 1 or not connected.

    For n > 2 the other vertices of a spanning tree are a connected dominating set, and any such set leaves that tree.
    """
    count, n = adjacency.shape[:2]
    result = np.full(count, np.nan)
    for b in range(count):
        rows, everything = bit_rows(adjacency[b], False)[:, 0], all_vertices(n)[0]
        if n > 1 and component(rows, 0, everything) == everything:
            result[b] = n - connected_dominating_set(rows) if n > 2 else 2.0
    return result


@njit(cache=True)
def connected_dominating_set(rows: Bits) -> int:
    """The order of a least connected dominating set of a connected graph; rows uint64[n].

    It contains a vertex of least degree or a neighbour of it, from which it can be grown. Only an allowed vertex next
    to the chosen ones that reaches something new can be the next one; it is chosen, and later no longer allowed.
    """
    n = len(rows)
    everything, root = all_vertices(n)[0], 0
    for v in range(n):
        if population(rows[v]) < population(rows[root]):
            root = v
    chosen, reached, allowed = np.zeros(n + 1, np.uint64), np.zeros(n + 1, np.uint64), np.zeros(n + 1, np.uint64)
    best, roots, banned = n, rows[root] | bit(root), NONE
    while roots:
        v = lowest(roots)
        roots &= roots - ONE
        banned |= bit(v)
        depth = 0  # depth + 1 vertices are chosen; what stands at depth waits until all that is deeper is done
        chosen[0], reached[0], allowed[0] = bit(v), rows[v] | bit(v), everything & ~banned
        while depth >= 0:
            if reached[depth] == everything:
                best, depth = min(best, depth + 1), depth - 1
                continue
            next_one, most = _extension(rows, chosen[depth], reached[depth], allowed[depth], everything)
            missing = population(everything & ~reached[depth])
            if next_one < 0 or depth + 1 + (missing + most - 1) // most >= best:
                depth -= 1
                continue
            allowed[depth] &= ~bit(next_one)
            chosen[depth + 1], allowed[depth + 1] = chosen[depth] | bit(next_one), allowed[depth]
            reached[depth + 1] = reached[depth] | rows[next_one]
            depth += 1
    return best


@njit(cache=True)
def _extension(
    rows: Bits, chosen: np.uint64, reached: np.uint64, allowed: np.uint64, everything: np.uint64
) -> tuple[int, int]:
    """The vertex next to chosen that reaches most new ones, and the most that any allowed one does; (-1, 0): no way."""
    seen, most, widest, next_one = reached, 0, 0, -1
    word = component(rows, lowest(chosen), chosen | allowed) & ~chosen
    while word:
        v = lowest(word)
        word &= word - ONE
        seen |= rows[v]
        new = population(rows[v] & ~reached)
        most = max(most, new)
        if reached & bit(v) and new > widest:
            widest, next_one = new, v
    if seen != everything:
        return -1, 0
    return next_one, most


@njit(cache=True)
def fewest_paths(adjacency: Adjacency) -> Floats:
    """The fewest disjoint paths that cover all vertices: uint8[B, n, n] -> float64[B]."""
    count, n = adjacency.shape[:2]
    result = np.empty(count)
    for b in range(count):
        result[b] = n - linear_forest(bit_rows(adjacency[b], False)[:, 0])
    return result


@njit(cache=True)
def linear_forest(rows: Bits) -> int:
    """The most edges of disjoint paths; rows uint64[n].

    ends[v] is the other end of the path chosen so far that ends in v, room[v] how many more edges v can take, links the
    edges that close no cycle and are not ruled out. A path whose two ends have one edge left in all takes it. Else an
    edge of the vertex with fewest is taken, and later ruled out.
    """
    n = len(rows)
    links, ends, room = np.empty((n + 1, n), np.uint64), np.empty((n + 1, n), np.int64), np.empty((n + 1, n), np.int64)
    taken = np.zeros(n + 1, np.int64)
    links[0], ends[0], room[0] = rows, np.arange(n), 2
    most = n - components(rows, all_vertices(n)[0])  # k vertices without a cycle have fewer than k edges
    for v in range(n):  # a path through v meets at most two components of the rest
        most = min(most, n + 1 - components(rows, all_vertices(n)[0] & ~bit(v)))
    best, depth = -1, 0  # what stands at depth waits until all that is deeper is done
    while depth >= 0 and best < most:
        v, w, forced = _next_edge(links[depth], ends[depth])
        if v < 0:
            best, depth = max(best, taken[depth]), depth - 1
        elif forced:
            _join(links[depth], ends[depth], room[depth], v, w)
            taken[depth] += 1
        elif taken[depth] + _most_edges(links[depth], room[depth]) <= best:
            depth -= 1
        else:
            links[depth + 1], ends[depth + 1], room[depth + 1] = links[depth], ends[depth], room[depth]
            taken[depth + 1] = taken[depth] + 1
            _join(links[depth + 1], ends[depth + 1], room[depth + 1], v, w)
            links[depth, v] &= ~bit(w)
            links[depth, w] &= ~bit(v)
            depth += 1
    return best


@njit(cache=True)
def _next_edge(links: Bits, ends: Integers) -> tuple[int, int, bool]:
    """An edge vw to decide, and whether some largest set of edges has it; (-1, -1, False) if none is left."""
    n, v, w, forced = len(links), -1, -1, False
    for u in range(n):
        degree = population(links[u])
        if degree == 1 and (ends[u] == u or links[ends[u]] == NONE):
            v, forced = u, True
            break
        if degree and (v < 0 or degree < population(links[v])):
            v = u
    if v >= 0:
        others = links[v]
        while others:
            u = lowest(others)
            others &= others - ONE
            if w < 0 or population(links[u]) < population(links[w]):
                w = u
    return v, w, forced


@njit(cache=True)
def _join(links: Bits, ends: Integers, room: Integers, v: int, w: int) -> None:
    """Take the edge vw into the paths of one state: rule out what would close a cycle or give a vertex three edges."""
    a, b = ends[v], ends[w]
    ends[a], ends[b] = b, a
    links[v] &= ~bit(w)
    links[w] &= ~bit(v)
    links[a] &= ~bit(b)
    links[b] &= ~bit(a)
    for u in (v, w):
        room[u] -= 1
        if room[u] == 0:
            others = links[u]
            links[u] = NONE
            while others:
                links[lowest(others)] &= ~bit(u)
                others &= others - ONE


@njit(cache=True)
def _most_edges(links: Bits, room: Integers) -> int:
    """A bound on the edges still to take: half the room of all vertices, or all outside an independent set."""
    n, total, covered, blocked = len(links), 0, 0, NONE
    for v in range(n):
        total += min(room[v], population(links[v]))
    for degree in range(n):
        for v in range(n):
            if population(links[v]) == degree and not blocked & bit(v):
                blocked |= links[v]
    for v in range(n):
        if blocked & bit(v):
            covered += min(room[v], population(links[v]))
    return min(total // 2, covered)
