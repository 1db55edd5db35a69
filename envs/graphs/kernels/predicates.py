"""Whether graphs are in a class: uint8[B, n, n] -> bool[B]."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layouts import Adjacency, breadth_first, neighbour_lists


@njit(cache=True)
def connected(adjacency: Adjacency) -> NDArray[np.bool_]:
    """Whether each graph is connected: uint8[B, n, n] -> bool[B]."""
    count, n = adjacency.shape[:2]
    result = np.empty(count, np.bool_)
    starts, neighbours, queue = np.empty(n + 1, np.int64), np.empty(n * n + 1, np.int64), np.empty(n, np.int64)
    for b in range(count):
        neighbour_lists(adjacency[b], starts, neighbours)
        result[b] = breadth_first(0, starts, neighbours, np.full(n, -1), queue) == n
    return result


def tree(adjacency: Adjacency) -> NDArray[np.bool_]:
    """Whether each graph is connected with n - 1 edges: uint8[B, n, n] -> bool[B]."""
    right_size: NDArray[np.bool_] = adjacency.sum(axis=(1, 2), dtype=np.int64) == 2 * (adjacency.shape[1] - 1)
    return right_size & connected(adjacency)
