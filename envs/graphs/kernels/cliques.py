"""Numbers of cliques and of independent sets, by intersections of neighbourhoods; float64[B]."""

from __future__ import annotations

import numpy as np
from numba import njit

from .layouts import ONE, Adjacency, Bits, Floats, Integers, all_vertices, bit_rows, common, lowest


@njit(cache=True)
def triangle_number(adjacency: Adjacency) -> Floats:
    """The number of triangles: uint8[B, n, n] -> float64[B]."""
    count, n = adjacency.shape[:2]
    result = np.zeros(count)
    for b in range(count):
        for i in range(n):
            for j in range(i):
                if adjacency[b, i, j]:
                    shared = 0
                    for k in range(j):
                        shared += adjacency[b, i, k] & adjacency[b, j, k]
                    result[b] += shared
    return result


@njit(cache=True)
def cliques(adjacency: Adjacency, k: Integers) -> Floats:
    """The number of k-cliques: uint8[B, n, n], int64[B] -> float64[B], NaN unless 1 <= k <= n."""
    return _numbers(adjacency, k, False)


@njit(cache=True)
def cocliques(adjacency: Adjacency, k: Integers) -> Floats:
    """The number of independent k-sets: uint8[B, n, n], int64[B] -> float64[B], NaN unless 1 <= k <= n."""
    return _numbers(adjacency, k, True)


@njit(cache=True)
def _numbers(adjacency: Adjacency, k: Integers, complement: bool) -> Floats:
    """Cliques of the graphs or of their complements."""
    count, n = adjacency.shape[:2]
    result = np.full(count, np.nan)
    stack = np.empty((n + 1, (n + 63) // 64), np.uint64)
    for b in range(count):
        if 1 <= k[b] <= n:
            stack[k[b]] = all_vertices(n)
            result[b] = cliques_within(bit_rows(adjacency[b], complement), stack, k[b])
    return result


@njit(cache=True)
def cliques_within(rows: Bits, stack: Bits, k: int) -> float:
    """The number of k-cliques among the vertices stack[k] uint64[words], which is used up; rows uint64[n, words].

    stack[j] holds the vertices that can extend the k - j chosen ones; the next one chosen is the first, so every clique
    is counted once.
    """
    total, j, words = 0.0, k, stack.shape[1]
    while j <= k:
        left = common(stack[j], stack[j])
        if j == 1:
            total += left
        if j == 1 or left < j:
            j += 1
            continue
        i = 0
        while stack[j, i] == 0:
            i += 1
        v = 64 * i + lowest(stack[j, i])
        stack[j, i] &= stack[j, i] - ONE
        j -= 1
        for i in range(words):
            stack[j, i] = stack[j + 1, i] & rows[v, i]
    return total
