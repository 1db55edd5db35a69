"""How graphs lie in arrays: adjacency uint8[B, n, n], trees as parents int16[B, n], and neighbour lists.

A tree is a parent array: p[0] is unused and p[i] < i, so running i downwards visits every child before its parent.
General graphs are first turned into neighbour lists: v's are neighbours[starts[v]:starts[v + 1]], ascending; or into
bit rows uint64[n, words], 64 vertices a word: w is a neighbour of v where bit w % 64 of rows[v, w // 64] is 1.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Adjacency = NDArray[np.uint8]
Parents = NDArray[np.int16]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Bits = NDArray[np.uint64]

NONE, ONE = np.uint64(0), np.uint64(1)
_PAIRS, _NIBBLES, _BYTES = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
_SUM, _TWO, _FOUR, _TOP = np.uint64(0x0101010101010101), np.uint64(2), np.uint64(4), np.uint64(56)


@njit(cache=True)
def adjacency_from_words(words: NDArray[np.uint8], edges: Integers, n: int) -> Adjacency:
    """The graphs with edge edges[e] where words[b, e] != 0: uint8[B, E], int64[E, 2] -> uint8[B, n, n]."""
    adjacency = np.zeros((len(words), n, n), np.uint8)
    for b in range(len(words)):
        for e in range(len(edges)):
            if words[b, e]:
                adjacency[b, edges[e, 0], edges[e, 1]] = adjacency[b, edges[e, 1], edges[e, 0]] = 1
    return adjacency


@njit(cache=True)
def adjacency_from_parents(parents: Parents) -> Adjacency:
    """The trees with the edges {p[i], i}, i = 1..n-1: int16[B, n] -> uint8[B, n, n]."""
    count, n = parents.shape
    adjacency = np.zeros((count, n, n), np.uint8)
    for b in range(count):
        for i in range(1, n):
            adjacency[b, i, parents[b, i]] = adjacency[b, parents[b, i], i] = 1
    return adjacency


@njit(cache=True)
def neighbour_lists(graph: Adjacency, starts: Integers, neighbours: Integers) -> None:
    """Fill starts int64[n + 1] and neighbours int64[n * n] from one adjacency matrix uint8[n, n]."""
    n, end = len(graph), 0
    for v in range(n):
        starts[v] = end
        for w in range(n):  # written always and kept only if adjacent: no branch to mispredict
            neighbours[end] = w
            end += graph[v, w] != 0
    starts[n] = end


@njit(cache=True)
def breadth_first(source: int, starts: Integers, neighbours: Integers, distance: Integers, queue: Integers) -> int:
    """The order of source's component; queue int64[n] lists it by distance int64[n], which must be -1 on all of it."""
    distance[source], queue[0], count, head = 0, source, 1, 0
    while head < count:
        v = queue[head]
        head += 1
        for e in range(starts[v], starts[v + 1]):
            w = neighbours[e]
            if distance[w] < 0:
                distance[w], queue[count] = distance[v] + 1, w
                count += 1
    return count


@njit(cache=True)
def breadth_first_parents(members: Integers, starts: Integers, neighbours: Integers, parent: Parents) -> bool:
    """Whether a component, in breadth-first order int64[k], is a tree; if so parent int16[k] becomes its array."""
    ends = 0
    for v in members:
        ends += starts[v + 1] - starts[v]
    if ends != 2 * len(members) - 2:
        return False
    child = 1
    for i in range(len(members)):
        v = members[i]
        for e in range(starts[v], starts[v + 1]):
            if i == 0 or neighbours[e] != members[parent[i]]:  # breadth first, so v's children come together
                parent[child] = i
                child += 1
    return True


@njit(cache=True)
def population(word: np.uint64) -> int:
    """The number of ones of a word, which the compiler turns into one instruction."""
    word = word - ((word >> ONE) & _PAIRS)
    word = (word & _NIBBLES) + ((word >> _TWO) & _NIBBLES)
    return np.int64((((word + (word >> _FOUR)) & _BYTES) * _SUM) >> _TOP)  # type: ignore[return-value]


@njit(cache=True)
def lowest(word: np.uint64) -> int:
    """The place of the lowest one of a word that is not 0."""
    return population((word & (~word + ONE)) - ONE)


@njit(cache=True)
def bit(place: int) -> np.uint64:
    """The word with a single one, at that place."""
    return ONE << np.uint64(place)


@njit(cache=True)
def bit_rows(graph: Adjacency, complement: bool) -> Bits:
    """The neighbourhoods of one graph uint8[n, n], or of its complement, as sets: uint64[n, words]."""
    n = len(graph)
    rows = np.zeros((n, (n + 63) // 64), np.uint64)
    for v in range(n):
        for w in range(n):
            if w != v and (graph[v, w] == 0) == complement:
                rows[v, w >> 6] |= bit(w & 63)
    return rows


@njit(cache=True)
def common(first: Bits, second: Bits) -> int:
    """The number of elements of an intersection of sets uint64[words]."""
    total = 0
    for i in range(len(first)):
        total += population(first[i] & second[i])
    return total


@njit(cache=True)
def all_vertices(n: int) -> Bits:
    """The set {0, .., n-1}: uint64[words]."""
    whole = np.zeros((n + 63) // 64, np.uint64)
    for v in range(n):
        whole[v >> 6] |= bit(v & 63)
    return whole
