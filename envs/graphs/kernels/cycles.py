"""Bridges and forbidden short cycles, for masks of moves."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layouts import Adjacency, Integers


@njit(cache=True)
def bridges(adjacency: Adjacency) -> NDArray[np.bool_]:
    """Which edges are bridges, uint8[B, n, n] -> bool[B, n, n], symmetric (Tarjan's low points, without recursion)."""
    count, n = adjacency.shape[:2]
    result = np.zeros((count, n, n), np.bool_)
    entry, low, parent = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    following, stack = np.empty(n, np.int64), np.empty(n, np.int64)
    for b in range(count):
        entry[:] = -1
        time = 0
        for root in range(n):
            if entry[root] >= 0:
                continue
            stack[0], top, parent[root], following[root] = root, 0, -1, 0
            entry[root] = low[root] = time
            time += 1
            while top >= 0:
                v = stack[top]
                w = following[v]
                following[v] += 1
                if w == n:
                    top -= 1
                    u = parent[v]
                    if u >= 0:
                        low[u] = min(low[u], low[v])
                        result[b, u, v] = result[b, v, u] = low[v] > entry[u]
                elif adjacency[b, v, w] and w != parent[v]:
                    if entry[w] >= 0:
                        low[v] = min(low[v], entry[w])
                    else:
                        entry[w] = low[w] = time
                        time += 1
                        parent[w], following[w] = v, 0
                        top += 1
                        stack[top] = w
    return result


@njit(cache=True)
def closes_short_cycle(
    words: NDArray[np.int16], places: Integers, edges: Integers, n: int, girth: int
) -> NDArray[np.bool_]:
    """Whether the pair at the next place would close a cycle shorter than `girth`: int16[R, E], int64[R] -> bool[R]."""
    result = np.zeros(len(words), np.bool_)
    distance, queue = np.empty(n, np.int64), np.empty(n, np.int64)
    adjacency = np.zeros((n, n), np.uint8)
    for i in range(len(words)):
        place = places[i]
        if place >= len(edges):
            continue
        adjacency[:] = 0
        for e in range(place):
            if words[i, e]:
                adjacency[edges[e, 0], edges[e, 1]] = adjacency[edges[e, 1], edges[e, 0]] = 1
        source, goal = edges[place, 0], edges[place, 1]
        distance[:] = -1
        distance[source], queue[0], head, tail = 0, source, 0, 1
        while head < tail and distance[goal] < 0:
            v = queue[head]
            head += 1
            if distance[v] == girth - 2:  # from here on a cycle through the pair is long enough
                break
            for w in range(n):
                if adjacency[v, w] and distance[w] < 0:
                    distance[w] = distance[v] + 1
                    queue[tail] = w
                    tail += 1
        result[i] = distance[goal] >= 0
    return result
