"""Whether graphs are in a class: uint8[B, n, n] -> bool[B]."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layouts import Adjacency, Bits, Integers, bit, bit_rows, breadth_first, common, neighbour_lists
from .planarity import planar as planar

Truths = NDArray[np.bool_]

_PRIMES = np.array([2147483647, 2147483629, 2147483587], np.int64)  # the three largest below 2^31


@njit(cache=True)
def connected(adjacency: Adjacency) -> Truths:
    """Whether each graph is connected: uint8[B, n, n] -> bool[B]."""
    count, n = adjacency.shape[:2]
    result = np.empty(count, np.bool_)
    starts, neighbours, queue = np.empty(n + 1, np.int64), np.empty(n * n + 1, np.int64), np.empty(n, np.int64)
    for b in range(count):
        neighbour_lists(adjacency[b], starts, neighbours)
        result[b] = breadth_first(0, starts, neighbours, np.full(n, -1), queue) == n
    return result


def tree(adjacency: Adjacency) -> Truths:
    """Whether each graph is connected with n - 1 edges: uint8[B, n, n] -> bool[B]."""
    right_size: Truths = _sizes(adjacency) == adjacency.shape[1] - 1
    return right_size & connected(adjacency)


@njit(cache=True)
def bipartite(adjacency: Adjacency) -> Truths:
    """Whether each graph has no cycle of odd length: uint8[B, n, n] -> bool[B].

    An odd cycle is an edge between two vertices at the same distance from where the search of their component began.
    """
    count, n = adjacency.shape[:2]
    result = np.ones(count, np.bool_)
    starts, neighbours, queue = np.empty(n + 1, np.int64), np.empty(n * n + 1, np.int64), np.empty(n, np.int64)
    distance = np.empty(n, np.int64)
    for b in range(count):
        neighbour_lists(adjacency[b], starts, neighbours)
        distance[:] = -1
        for v in range(n):
            if distance[v] < 0:
                breadth_first(v, starts, neighbours, distance, queue)
        for v in range(n):
            for e in range(starts[v], starts[v + 1]):
                result[b] &= distance[v] != distance[neighbours[e]]
    return result


@njit(cache=True)
def claw_free(adjacency: Adjacency) -> Truths:
    """Whether no vertex has three pairwise non-adjacent neighbours: uint8[B, n, n] -> bool[B]."""
    count, n = adjacency.shape[:2]
    result = np.ones(count, np.bool_)
    for b in range(count):
        rows = bit_rows(adjacency[b], False)
        for v in range(n):
            if result[b] and _has_claw(rows, v):
                result[b] = False
    return result


@njit(cache=True)
def _has_claw(rows: Bits, v: int) -> bool:
    """Whether v has three pairwise non-adjacent neighbours; rows uint64[n, words]."""
    n, words = rows.shape
    for u in range(n):
        if not rows[v, u >> 6] & bit(u & 63):
            continue
        for w in range(u):
            if rows[v, w >> 6] & ~rows[u, w >> 6] & bit(w & 63):
                for i in range(words):
                    third = rows[v, i] & ~rows[u, i] & ~rows[w, i]
                    if i == u >> 6:
                        third &= ~bit(u & 63)
                    if i == w >> 6:
                        third &= ~bit(w & 63)
                    if third:
                        return True
    return False


@njit(cache=True)
def triangle_free(adjacency: Adjacency) -> Truths:
    """Whether no three vertices are pairwise adjacent: uint8[B, n, n] -> bool[B]."""
    count, n = adjacency.shape[:2]
    result = np.ones(count, np.bool_)
    for b in range(count):
        rows = bit_rows(adjacency[b], False)
        for u in range(n):
            for w in range(u):
                if adjacency[b, u, w] and result[b]:
                    result[b] = common(rows[u], rows[w]) == 0
    return result


def regular(adjacency: Adjacency) -> Truths:
    """Whether all vertices have the same degree: uint8[B, n, n] -> bool[B]."""
    degrees = adjacency.sum(axis=2, dtype=np.int64)
    same: Truths = degrees.min(axis=1) == degrees.max(axis=1)
    return same


def nonregular(adjacency: Adjacency) -> Truths:
    """Whether two vertices have different degrees: uint8[B, n, n] -> bool[B]."""
    return ~regular(adjacency)


@njit(cache=True)
def nonsingular(adjacency: Adjacency) -> Truths:
    """Whether det A != 0: uint8[B, n, n] -> bool[B].

    A determinant that is not 0 modulo a prime is not 0. One that is 0 modulo three primes counts as 0; that is a proof
    up to n = 49, where Hadamard's bound (n + 1)^((n + 1)/2) / 2^n is below their product.
    """
    count, n = adjacency.shape[:2]
    result = np.zeros(count, np.bool_)
    matrix = np.empty((n, n), np.int64)
    for b in range(count):
        for prime in _PRIMES:
            matrix[:] = adjacency[b]
            if invertible(matrix, prime):
                result[b] = True
                break
    return result


@njit(cache=True)
def invertible(matrix: Integers, prime: int) -> bool:
    """Whether a matrix int64[n, n] of residues, which is used up, is invertible modulo a prime below 2^31.

    Rows are cross-multiplied, so that nothing has to be inverted.
    """
    n = len(matrix)
    for k in range(n):
        pivot = k
        while pivot < n and matrix[pivot, k] == 0:
            pivot += 1
        if pivot == n:
            return False
        if pivot > k:
            for j in range(k, n):
                matrix[k, j], matrix[pivot, j] = matrix[pivot, j], matrix[k, j]
        lead = matrix[k, k]
        for i in range(k + 1, n):
            factor = prime - matrix[i, k]
            if factor < prime:  # both products are below 2^62
                for j in range(k + 1, n):
                    matrix[i, j] = (lead * matrix[i, j] + factor * matrix[k, j]) % prime
    return True


def _sizes(adjacency: Adjacency) -> Integers:
    """The numbers of edges: uint8[B, n, n] -> int64[B]."""
    sizes: Integers = adjacency.sum(axis=(1, 2), dtype=np.int64) // 2
    return sizes
