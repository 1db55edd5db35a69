"""Eigenvalues of graphs; float64[B], NaN where they are undefined."""

from __future__ import annotations

import numpy as np
from numba import njit

from .layouts import Adjacency, Floats, Integers, breadth_first, breadth_first_parents, neighbour_lists
from .tree_spectra import tree_root
from .trees import leaf_matching

_WIDTH = 1e-10  # a spectral radius is accepted when rigorous bounds are this close (absolutely)


def lambda1(adjacency: Adjacency) -> Floats:
    """The largest adjacency eigenvalue, to 1e-10: uint8[B, n, n] -> float64[B]; LAPACK where iteration is slow."""
    result: Floats = power_iteration(adjacency)
    slow = np.flatnonzero(np.isnan(result))
    portion = max(1, 2_000_000 // adjacency.shape[1] ** 2)  # 16 MB of float64 matrices at a time
    for first in range(0, len(slow), portion):
        rows = slow[first : first + portion]
        result[rows] = np.linalg.eigvalsh(adjacency[rows].astype(np.float64))[:, -1]
    return result


@njit(cache=True)
def power_iteration(adjacency: Adjacency) -> Floats:
    """The largest adjacency eigenvalue, NaN where LAPACK is faster: uint8[B, n, n] -> float64[B]."""
    count, n = adjacency.shape[:2]
    result = np.zeros(count)
    starts, neighbours, queue = np.empty(n + 1, np.int64), np.empty(n * n + 1, np.int64), np.empty(n, np.int64)
    distance, x, y = np.empty(n, np.int64), np.empty(n), np.empty(n)
    parent, taken, sums = np.zeros(n, np.int16), np.empty(n, np.bool_), np.empty((n, 3))
    for b in range(count):
        neighbour_lists(adjacency[b], starts, neighbours)
        distance[:] = -1
        for v in range(n):
            if distance[v] < 0 and not np.isnan(result[b]):
                members = queue[: breadth_first(v, starts, neighbours, distance, queue)]
                if breadth_first_parents(members, starts, neighbours, parent):
                    tree = parent[: len(members)]
                    value = tree_root(tree, leaf_matching(tree, taken), sums)
                else:
                    value = perron_root(members, starts, neighbours, x, y)
                result[b] = value if np.isnan(value) else max(result[b], value)
    return result


@njit(cache=True, error_model="numpy")
def perron_root(members: Integers, starts: Integers, neighbours: Integers, x: Floats, y: Floats) -> float:
    """The largest eigenvalue of the component `members` int64[k], NaN if that is slow; x, y: workspace float64[n].

    Power iteration on A + I, which is aperiodic. By Collatz and Wielandt the root lies between the smallest and the
    largest ratio ((A + I) x)_v / x_v for every x > 0; when they meet, the Rayleigh quotient of x is better still.
    """
    limit, previous = 60 + 4 * len(members), np.inf  # about where LAPACK becomes cheaper
    for v in members:
        x[v] = 1.0 + starts[v + 1] - starts[v]
    for step in range(1, limit):
        for v in members:
            total = x[v]
            for e in range(starts[v], starts[v + 1]):
                total += x[neighbours[e]]
            y[v] = total
        if step % 4 == 0:
            low, high, top, bottom, square = np.inf, 0.0, 0.0, 0.0, 0.0
            for v in members:
                ratio = y[v] / x[v]
                low, high = min(low, ratio), max(high, ratio)
                top, bottom, square = max(top, y[v]), bottom + x[v] * x[v], square + x[v] * y[v]
            if high - low < _WIDTH:
                return square / bottom - 1.0
            if step >= 24:
                rate = min((high - low) / previous, 0.999)
                if step + 4 * np.log(_WIDTH / (high - low)) / np.log(rate) > limit:
                    return np.nan
            previous = high - low
            for v in members:
                y[v] /= top
                if y[v] < 1e-200:  # a ratio of subnormal numbers bounds nothing
                    return np.nan
        x, y = y, x
    return np.nan
