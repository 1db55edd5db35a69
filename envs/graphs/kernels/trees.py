"""Invariants of trees in O(n), from parent arrays int16[B, n] (see layouts.py); float64[B].

A subtree is a vertex with everything below it. Its size says on which side of the edge {p[i], i} how many vertices lie,
and that is all that sums of distances need. One vertex has no pair, so means over pairs are NaN for n = 1.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layouts import Floats, Integers, Parents


def order(parents: Parents) -> Floats:
    """The number of vertices: int16[B, n] -> float64[B]."""
    return np.full(len(parents), float(parents.shape[1]))


def size(parents: Parents) -> Floats:
    """The number of edges, n - 1: int16[B, n] -> float64[B]."""
    return np.full(len(parents), parents.shape[1] - 1.0)


def negative_distance_eigenvalues(parents: Parents) -> Floats:
    """The negative eigenvalues of the distance matrix are n - 1 (Graham and Pollak 1971): int16[B, n] -> float64[B]."""
    return size(parents)


# ------------------------------------------------------------------------------------------------- sums over edges


@njit(cache=True)
def fill_degrees(parent: Parents, degree: Integers) -> None:
    """The degrees of one tree: int16[n] -> degree int64[n]."""
    degree[:] = 1
    degree[0] = 0
    for i in range(1, len(parent)):
        degree[parent[i]] += 1


@njit(cache=True)
def randic(parents: Parents) -> Floats:
    """The sum over the edges uv of 1/sqrt(deg u deg v): int16[B, n] -> float64[B]."""
    count, n = parents.shape
    result = np.zeros(count)
    degree, factor = np.empty(n, np.int64), 1.0 / np.sqrt(np.arange(1, n + 1))
    for b in range(count):
        fill_degrees(parents[b], degree)
        for i in range(1, n):
            result[b] += factor[degree[i] - 1] * factor[degree[parents[b, i]] - 1]
    return result


@njit(cache=True)
def harmonic(parents: Parents) -> Floats:
    """The sum over the edges uv of 2/(deg u + deg v): int16[B, n] -> float64[B]."""
    count, n = parents.shape
    result = np.zeros(count)
    degree = np.empty(n, np.int64)
    for b in range(count):
        fill_degrees(parents[b], degree)
        for i in range(1, n):
            result[b] += 2.0 / (degree[i] + degree[parents[b, i]])
    return result


@njit(cache=True)
def modified_zagreb2(parents: Parents) -> Floats:
    """The sum over the edges uv of 1/(deg u deg v): int16[B, n] -> float64[B]."""
    count, n = parents.shape
    result = np.zeros(count)
    degree = np.empty(n, np.int64)
    for b in range(count):
        fill_degrees(parents[b], degree)
        for i in range(1, n):
            result[b] += 1.0 / (degree[i] * degree[parents[b, i]])
    return result


@njit(cache=True)
def geometric_arithmetic(parents: Parents) -> Floats:
    """The sum over the edges uv of 2 sqrt(deg u deg v)/(deg u + deg v): int16[B, n] -> float64[B]."""
    count, n = parents.shape
    result = np.zeros(count)
    degree = np.empty(n, np.int64)
    for b in range(count):
        fill_degrees(parents[b], degree)
        for i in range(1, n):
            d, e = degree[i], degree[parents[b, i]]
            result[b] += 2.0 * np.sqrt(d * e) / (d + e)
    return result


# -------------------------------------------------------------------------------------------------- eccentricities


@njit(cache=True)
def diameter(parents: Parents) -> Floats:
    """The largest distance: int16[B, n] -> float64[B]."""
    count, n = parents.shape
    result = np.empty(count)
    below = np.empty(n, np.int64)
    for b in range(count):
        below[:] = 0  # the height of each subtree, so far
        longest = 0
        for i in range(n - 1, 0, -1):
            p, height = parents[b, i], below[i] + 1
            longest = max(longest, below[p] + height)
            below[p] = max(below[p], height)
        result[b] = longest
    return result


def radius(parents: Parents) -> Floats:
    """The smallest eccentricity, half the diameter rounded up: int16[B, n] -> float64[B]."""
    result: Floats = np.ceil(diameter(parents) / 2.0)
    return result


@njit(cache=True)
def average_eccentricity(parents: Parents) -> Floats:
    """The mean over the vertices of the largest distance to another: int16[B, n] -> float64[B]."""
    count, n = parents.shape
    result = np.empty(count)
    first, second, above = np.empty(n, np.int64), np.empty(n, np.int64), np.zeros(n, np.int64)
    for b in range(count):
        first[:] = 0  # the two longest ways down from each vertex, into different children
        second[:] = 0
        for i in range(n - 1, 0, -1):
            p, height = parents[b, i], first[i] + 1
            if height > first[p]:
                first[p], second[p] = height, first[p]
            else:
                second[p] = max(second[p], height)
        total = first[0]
        for i in range(1, n):
            p = parents[b, i]
            above[i] = 1 + max(above[p], second[p] if first[p] == first[i] + 1 else first[p])
            total += max(first[i], above[i])
        result[b] = total / n
    return result


# ------------------------------------------------------------------------------------------------ sums of distances


@njit(cache=True)
def fill_sizes(parent: Parents, below: Integers) -> None:
    """The number of vertices of each subtree of one tree: int16[n] -> below int64[n]."""
    below[:] = 1
    for i in range(len(parent) - 1, 0, -1):
        below[parent[i]] += below[i]


@njit(cache=True)
def wiener(parents: Parents) -> Floats:
    """The sum of all distances: every edge lies on the paths from one side to the other; int16[B, n] -> float64[B]."""
    count, n = parents.shape
    result = np.empty(count)
    below = np.empty(n, np.int64)
    for b in range(count):
        fill_sizes(parents[b], below)
        total = 0
        for i in range(1, n):
            total += below[i] * (n - below[i])
        result[b] = total
    return result


@njit(cache=True)
def min_transmission(parents: Parents) -> Floats:
    """The smallest sum of distances from a vertex: int16[B, n] -> float64[B].

    It is that of a centroid, from which every edge leads to the smaller of its two sides.
    """
    count, n = parents.shape
    result = np.empty(count)
    below = np.empty(n, np.int64)
    for b in range(count):
        fill_sizes(parents[b], below)
        total = 0
        for i in range(1, n):
            total += min(below[i], n - below[i])
        result[b] = total
    return result


@njit(cache=True)
def max_transmission(parents: Parents) -> Floats:
    """The largest sum of distances from a vertex: int16[B, n] -> float64[B].

    A step from p to its child i comes nearer to the vertices below i and goes away from all others.
    """
    count, n = parents.shape
    result = np.empty(count)
    below, transmission = np.empty(n, np.int64), np.empty(n, np.int64)
    for b in range(count):
        fill_sizes(parents[b], below)
        transmission[0] = below[1:].sum()
        for i in range(1, n):
            transmission[i] = transmission[parents[b, i]] + n - 2 * below[i]
        result[b] = transmission.max()
    return result


@njit(cache=True)
def mostar(parents: Parents) -> Floats:
    """The sum over the edges of the difference between the orders of their two sides: int16[B, n] -> float64[B]."""
    count, n = parents.shape
    result = np.empty(count)
    below = np.empty(n, np.int64)
    for b in range(count):
        fill_sizes(parents[b], below)
        total = 0
        for i in range(1, n):
            total += abs(n - 2 * below[i])
        result[b] = total
    return result


def proximity(parents: Parents) -> Floats:
    """The smallest mean distance from a vertex to the others: int16[B, n] -> float64[B]."""
    return _mean(min_transmission(parents), parents.shape[1] - 1)


def remoteness(parents: Parents) -> Floats:
    """The largest mean distance from a vertex to the others: int16[B, n] -> float64[B]."""
    return _mean(max_transmission(parents), parents.shape[1] - 1)


def average_distance(parents: Parents) -> Floats:
    """The mean distance of two vertices: int16[B, n] -> float64[B]."""
    n = parents.shape[1]
    return _mean(wiener(parents), n * (n - 1) // 2)


def _mean(total: Floats, terms: int) -> Floats:
    """A sum over that many terms divided by their number, NaN without terms."""
    return total / terms if terms else np.full(len(total), np.nan)


# ------------------------------------------------------------------------------------------- matchings, sets, paths


@njit(cache=True)
def leaves(parents: Parents) -> Floats:
    """The number of leaves of trees, NaN for one vertex: int16[B, n] -> float64[B]."""
    count, n = parents.shape
    result = np.full(count, np.nan)
    degree = np.empty(n, np.int64)
    for b in range(count):
        if n > 1:
            fill_degrees(parents[b], degree)
            result[b] = (degree == 1).sum()
    return result


@njit(cache=True)
def matching_number(parents: Parents) -> Floats:
    """The size of a maximum matching: int16[B, n] -> float64[B]."""
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


def vertex_cover_number(parents: Parents) -> Floats:
    """The fewest vertices that meet every edge, the matching number (Koenig 1931): int16[B, n] -> float64[B]."""
    result: Floats = matching_number(parents)
    return result


def independence_number(parents: Parents) -> Floats:
    """The most vertices no two of which are adjacent, n less the matching number: int16[B, n] -> float64[B]."""
    result: Floats = parents.shape[1] - matching_number(parents)
    return result


@njit(cache=True)
def domination_number(parents: Parents) -> Floats:
    """The fewest vertices that are or see every vertex: int16[B, n] -> float64[B].

    From the leaves up, a vertex that none below dominates puts its parent into the set, the best place to dominate it
    (Cockayne, Goodman, Hedetniemi 1975).
    """
    count, n = parents.shape
    result = np.empty(count)
    chosen, dominated = np.empty(n, np.bool_), np.empty(n, np.bool_)
    for b in range(count):
        chosen[:] = False
        dominated[:] = False
        found = 0
        for i in range(n - 1, 0, -1):
            p = parents[b, i]
            if chosen[i]:
                dominated[p] = True
            elif not dominated[i]:
                found += not chosen[p]
                chosen[p] = dominated[p] = True
        result[b] = found + (not dominated[0])
    return result


@njit(cache=True)
def path_cover(parents: Parents) -> Floats:
    """The fewest disjoint paths that cover all vertices: int16[B, n] -> float64[B].

    From the leaves up, an edge joins two paths whenever both its vertices are still ends of theirs.
    """
    count, n = parents.shape
    result = np.empty(count)
    used = np.empty(n, np.int64)
    for b in range(count):
        used[:] = 0  # how many edges of its path a vertex has
        paths = n
        for i in range(n - 1, 0, -1):
            p = parents[b, i]
            if used[i] < 2 and used[p] < 2:
                used[i] += 1
                used[p] += 1
                paths -= 1
        result[b] = paths
    return result
