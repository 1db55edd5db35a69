"""Invariants of trees in O(n), from parent arrays int16[B, n] (see layouts.py); float64[B]."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layouts import Floats, Parents


def order(parents: Parents) -> Floats:
    """The number of vertices: int16[B, n] -> float64[B]."""
    return np.full(len(parents), float(parents.shape[1]))


def size(parents: Parents) -> Floats:
    """The number of edges, n - 1: int16[B, n] -> float64[B]."""
    return np.full(len(parents), parents.shape[1] - 1.0)


@njit(cache=True)
def matching_number(parents: Parents) -> Floats:
    """The size of a maximum matching of trees: int16[B, n] -> float64[B]."""
    result = np.empty(len(parents))
    taken = np.empty(parents.shape[1], np.bool_)
    for b in range(len(parents)):
        result[b] = leaf_matching(parents[b], taken)
    return result


@njit(cache=True)
def leaf_matching(parent: Parents, taken: NDArray[np.bool_]) -> int:
    """The size of a maximum matching of one tree int16[n]: from the leaves up, a free vertex takes its free parent."""
    found = 0
    taken[:] = False
    for i in range(len(parent) - 1, 0, -1):
        if not taken[i] and not taken[parent[i]]:
            taken[parent[i]] = True
            found += 1
    return found
