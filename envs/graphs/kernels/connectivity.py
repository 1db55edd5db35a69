"""How many vertices or edges separate a graph; float64[B]. Disconnected graphs have 0, complete ones n - 1."""

from __future__ import annotations

import numpy as np
from numba import njit

from .layouts import Adjacency, Floats, Integers, neighbour_lists


@njit(cache=True)
def edge_connectivity(adjacency: Adjacency) -> Floats:
    """The fewest edges whose removal disconnects the graph (Stoer and Wagner 1997): uint8[B, n, n] -> float64[B].

    In an order in which every vertex has most edges to those before it, the last vertex's edges separate it from the
    one before with fewest edges; then these two are merged.
    """
    count, n = adjacency.shape[:2]
    result = np.zeros(count)
    weight, alive = np.empty((n, n), np.int64), np.empty(n, np.int64)
    ties = np.empty(n, np.int64)
    for b in range(count):
        weight[:] = adjacency[b]
        alive[:] = np.arange(n)
        least = n - 1
        for left in range(n, 1, -1):
            ties[:] = 0
            last, before = -1, -1
            for placed in range(left):  # alive[:placed] is in order
                choice = placed
                for i in range(placed + 1, left):
                    if ties[alive[i]] > ties[alive[choice]]:
                        choice = i
                alive[placed], alive[choice] = alive[choice], alive[placed]
                before, last = last, alive[placed]
                for i in range(placed + 1, left):
                    ties[alive[i]] += weight[last, alive[i]]
            least = min(least, ties[last])
            for i in range(left - 1):  # last is alive[left - 1], which is dropped
                v = alive[i]
                weight[before, v] += weight[last, v]
                weight[v, before] = weight[before, v]
            weight[before, before] = 0
        result[b] = least
    return result


@njit(cache=True)
def vertex_connectivity(adjacency: Adjacency) -> Floats:
    """The fewest vertices whose removal disconnects the graph: uint8[B, n, n] -> float64[B].

    A least separating set either misses a vertex v and separates it from some other vertex, or it contains v and
    separates two of v's neighbours (Esfahanian and Hakimi 1984). A v of least degree has fewest neighbours to pair.
    """
    count, n = adjacency.shape[:2]
    result = np.zeros(count)
    starts, neighbours = np.empty(n + 1, np.int64), np.empty(n * n + 1, np.int64)
    before = np.empty(n, np.int64)
    queue, link = np.empty(2 * n, np.int64), np.empty(2 * n, np.int64)
    for b in range(count):
        graph = adjacency[b]
        neighbour_lists(graph, starts, neighbours)
        v, least = 0, n - 1
        for u in range(n):
            if starts[u + 1] - starts[u] < starts[v + 1] - starts[v]:
                v = u
        for u in range(n):
            if u != v and not graph[u, v]:
                least = min(least, disjoint_paths(v, u, least, starts, neighbours, before, queue, link))
        for e in range(starts[v], starts[v + 1]):
            for f in range(starts[v], e):
                s, t = neighbours[e], neighbours[f]
                if not graph[s, t]:
                    least = min(least, disjoint_paths(s, t, least, starts, neighbours, before, queue, link))
        result[b] = least
    return result


@njit(cache=True)
def disjoint_paths(
    s: int,
    t: int,
    limit: int,
    starts: Integers,
    neighbours: Integers,
    before: Integers,
    queue: Integers,
    link: Integers,
) -> int:
    """The most internally disjoint paths between non-adjacent vertices s and t, at most limit; the rest is workspace.

    before int64[n] holds the predecessors of the vertices inside paths, else -1. An augmenting walk passes through the
    places 2v, where v was entered, and 2v + 1, where v may be left; link int64[2n] holds the place before each, queue
    is int64[2n]. A vertex of a path is entered only to follow that path backwards, and so reached it may be left anew.
    """
    before[:] = -1
    found = 0
    while found < limit:
        link[:] = -1
        link[2 * s], link[2 * s + 1], queue[0], head, tail = 0, 0, 2 * s + 1, 0, 1
        while head < tail and link[2 * t] < 0:
            place = queue[head]
            v = place >> 1
            head += 1
            if place & 1:
                for e in range(starts[v], starts[v + 1]):
                    w = neighbours[e]
                    if link[2 * w] < 0 and before[w] != v:
                        link[2 * w], queue[tail] = place, 2 * w
                        tail += 1
            if place & 1 and before[v] < 0:
                continue
            other = place - 1 if place & 1 else place + 1 if before[v] < 0 else 2 * before[v] + 1
            if link[other] < 0:
                link[other], queue[tail] = place, other
                tail += 1
        if link[2 * t] < 0:
            break
        found += 1
        place = 2 * t
        while place != 2 * s + 1:  # flip the walk: new edges replace those that it followed backwards
            previous = link[place]
            if previous & 1 and place != 2 * t:
                before[place >> 1] = previous >> 1 if previous >> 1 != place >> 1 else -1
            place = previous
    return found
