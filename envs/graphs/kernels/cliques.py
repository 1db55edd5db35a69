"""Cliques, independent sets and other sets of vertices, by bit rows and branch and bound; float64[B]."""

from __future__ import annotations

import numpy as np
from numba import njit

from .layouts import Adjacency, Floats


@njit(cache=True)
def triangle_number(adjacency: Adjacency) -> Floats:
    """The number of triangles: uint8[B, n, n] -> float64[B]."""
    count, n = adjacency.shape[:2]
    result = np.zeros(count)
    for b in range(count):
        for i in range(n):
            for j in range(i):
                if adjacency[b, i, j]:
                    common = 0
                    for k in range(j):
                        common += adjacency[b, i, k] & adjacency[b, j, k]
                    result[b] += common
    return result
