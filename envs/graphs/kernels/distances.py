"""Invariants of distances in graphs; float64[B], NaN where they are undefined.

Distance matrices are int16[B, n, n], -1 where there is no path.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layouts import Adjacency, Floats, breadth_first, neighbour_lists

Distances = NDArray[np.int16]


@njit(cache=True)
def distance_matrices(adjacency: Adjacency) -> Distances:
    """Distances of all pairs of vertices, -1 where there is no path: uint8[B, n, n] -> int16[B, n, n]."""
    count, n = adjacency.shape[:2]
    result = np.empty((count, n, n), np.int16)
    starts, neighbours, queue = np.empty(n + 1, np.int64), np.empty(n * n + 1, np.int64), np.empty(n, np.int64)
    distance = np.empty(n, np.int64)
    for b in range(count):
        neighbour_lists(adjacency[b], starts, neighbours)
        for v in range(n):
            distance[:] = -1
            breadth_first(v, starts, neighbours, distance, queue)
            result[b, v] = distance
    return result


def diameter(distances: Distances) -> Floats:
    """The largest distance, NaN if some two vertices are not connected: int16[B, n, n] -> float64[B]."""
    flat = distances.reshape(len(distances), -1)
    return np.where((flat < 0).any(axis=1), np.nan, flat.max(axis=1))
