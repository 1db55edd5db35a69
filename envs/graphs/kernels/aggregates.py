"""What a formula's terms over vertices and edges are made of: degrees and average degrees of neighbours."""

from __future__ import annotations

import numpy as np
from numba import njit

from .layouts import Adjacency, Floats, Integers


@njit(cache=True)
def vertex_degrees(adjacency: Adjacency) -> tuple[Floats, Floats]:
    """Degrees, and average degrees of the neighbours (0 if none): uint8[B, n, n] -> float64[B, n], float64[B, n]."""
    count, n = adjacency.shape[:2]
    degree, average = np.zeros((count, n)), np.zeros((count, n))
    for b in range(count):
        for v in range(n):
            total = 0
            for w in range(n):
                total += adjacency[b, v, w]
            degree[b, v] = total
        for v in range(n):
            if degree[b, v] > 0.0:
                sum_of_degrees = 0.0
                for w in range(n):
                    sum_of_degrees += adjacency[b, v, w] * degree[b, w]
                average[b, v] = sum_of_degrees / degree[b, v]
    return degree, average


@njit(cache=True)
def edge_degrees(adjacency: Adjacency, degree: Floats, average: Floats) -> tuple[Integers, Floats]:
    """Degrees and averages at the ends of every edge u < v: starts int64[B + 1], and du, dv, au, av float64[4, E].

    The edges of graph b are starts[b] up to starts[b + 1], in row order.
    """
    count, n = adjacency.shape[:2]
    starts = np.zeros(count + 1, np.int64)
    for b in range(count):
        starts[b + 1] = starts[b] + int(degree[b].sum()) // 2
    ends = np.empty((4, starts[count] + 1))  # one more, which a pair that is no edge may overwrite: no branch
    e = 0
    for b in range(count):
        for u in range(n):
            for v in range(u + 1, n):
                ends[0, e], ends[1, e] = degree[b, u], degree[b, v]
                ends[2, e], ends[3, e] = average[b, u], average[b, v]
                e += adjacency[b, u, v] != 0
    return starts, ends[:, : starts[count]]
