"""Compiled maximum matchings of general graphs by Edmonds' blossom algorithm, on neighbour lists (see layouts.py)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layouts import Adjacency, Floats, Integers, neighbour_lists


@njit(cache=True)
def matching_number(adjacency: Adjacency) -> Floats:
    """The size of a maximum matching (Edmonds 1965): uint8[B, n, n] -> float64[B]."""
    count, n = adjacency.shape[:2]
    result = np.empty(count)
    starts, neighbours = np.empty(n + 1, np.int64), np.empty(n * n + 1, np.int64)
    mate = np.empty(n, np.int64)
    for b in range(count):
        neighbour_lists(adjacency[b], starts, neighbours)
        result[b] = maximum_matching(starts, neighbours, mate)
    return result


@njit(cache=True)
def maximum_matching(starts: Integers, neighbours: Integers, mate: Integers) -> int:
    """The size of a maximum matching of one graph, and in mate int64[n] every vertex's partner or -1.

    From each free vertex an alternating tree is grown until it reaches another free vertex, and the path is flipped.
    A tree that gets stuck stays stuck (it is Hungarian), so its vertices leave the graph for good.
    """
    n = len(starts) - 1
    found = greedy_matching(starts, neighbours, mate)
    if n - 2 * found < 2:
        return found
    link, base, queue = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    outer, alive, flower = np.empty(n, np.bool_), np.ones(n, np.bool_), np.empty(n, np.bool_)
    free = n - 2 * found
    for root in range(n):
        if free < 2:
            break
        if mate[root] >= 0:
            continue
        free -= 1
        v = augmenting_path(root, starts, neighbours, mate, link, base, queue, outer, alive, flower)
        if v < 0:
            for w in range(n):
                alive[w] &= not outer[w] and link[w] < 0
            continue
        free, found = free - 1, found + 1
        while v >= 0:
            before = link[v]
            after = mate[before]
            mate[v], mate[before] = before, v
            v = after
    return found


@njit(cache=True)
def greedy_matching(starts: Integers, neighbours: Integers, mate: Integers) -> int:
    """The size of a maximal matching; vertices of low degree choose first, the neighbour of lowest degree."""
    n, found = len(starts) - 1, 0
    mate[:] = -1
    places, order = np.zeros(n + 1, np.int64), np.empty(n, np.int64)  # counting sort by degree
    for v in range(n):
        places[starts[v + 1] - starts[v] + 1] += 1
    for k in range(n):
        places[k + 1] += places[k]
    for v in range(n):
        degree = starts[v + 1] - starts[v]
        order[places[degree]] = v
        places[degree] += 1
    for k in range(n):
        v = int(order[k])
        if mate[v] < 0:
            best, least = -1, n
            for e in range(starts[v], starts[v + 1]):
                w = neighbours[e]
                if mate[w] < 0 and starts[w + 1] - starts[w] < least:
                    best, least = int(w), int(starts[w + 1] - starts[w])
            if best >= 0:
                mate[v], mate[best] = best, v
                found += 1
    return found


@njit(cache=True)
def augmenting_path(
    root: int,
    starts: Integers,
    neighbours: Integers,
    mate: Integers,
    link: Integers,
    base: Integers,
    queue: Integers,
    outer: NDArray[np.bool_],
    alive: NDArray[np.bool_],
    flower: NDArray[np.bool_],
) -> int:
    """A free vertex that an alternating path joins to the free vertex root, or -1; link[v] precedes v (all [n])."""
    n = len(starts) - 1
    for v in range(n):
        link[v], base[v], outer[v] = -1, v, False
    outer[root], queue[0], head, tail = True, root, 0, 1
    while head < tail:
        v = queue[head]
        head += 1
        for e in range(starts[v], starts[v + 1]):
            w = neighbours[e]
            if not alive[w] or base[v] == base[w] or mate[v] == w:
                continue
            if outer[w]:  # an odd cycle: contract the blossom, its inner vertices become outer
                stem = common_base(v, w, mate, link, base, outer)
                flower[:] = False
                mark_blossom(v, stem, w, mate, link, base, flower)
                mark_blossom(w, stem, v, mate, link, base, flower)
                for u in range(n):
                    if flower[base[u]]:
                        base[u] = stem
                        if not outer[u]:
                            outer[u], queue[tail] = True, u
                            tail += 1
            elif link[w] < 0:
                link[w] = v
                if mate[w] < 0:
                    return int(w)
                outer[mate[w]], queue[tail] = True, mate[w]
                tail += 1
    return -1


@njit(cache=True)
def common_base(v: int, w: int, mate: Integers, link: Integers, base: Integers, outer: NDArray[np.bool_]) -> int:
    """The base nearest to outer vertices v and w that the alternating tree's paths from both to its root share."""
    seen = np.zeros(len(mate), np.bool_)
    while True:
        v = base[v]
        seen[v] = True
        if mate[v] < 0:
            break
        v = link[mate[v]]
    while not seen[base[w]]:
        w = link[mate[base[w]]]
    return int(base[w])


@njit(cache=True)
def mark_blossom(
    v: int, stem: int, child: int, mate: Integers, link: Integers, base: Integers, flower: NDArray[np.bool_]
) -> None:
    """Mark in flower bool[n] the bases on the path from v down to stem, and link it the other way round, from child."""
    while base[v] != stem:
        flower[base[v]] = flower[base[mate[v]]] = True
        link[v] = child
        child = mate[v]
        v = link[mate[v]]
