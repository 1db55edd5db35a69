"""Invariants of distances in graphs; float64[B], NaN where they are undefined.

Distance matrices are int16[B, n, n], -1 where there is no path.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layouts import NONE, ONE, Adjacency, Floats, Integers, bit, bit_rows, breadth_first, lowest, neighbour_lists

Distances = NDArray[np.int16]


def distance_matrices(adjacency: Adjacency) -> Distances:
    """Distances of all pairs of vertices, -1 where there is no path: uint8[B, n, n] -> int16[B, n, n]."""
    result: Distances = _by_words(adjacency) if adjacency.shape[1] <= 64 else _by_lists(adjacency)
    return result


@njit(cache=True)
def _by_words(adjacency: Adjacency) -> Distances:
    """distance_matrices of graphs on at most 64 vertices: the vertices at one distance are a word."""
    count, n = adjacency.shape[:2]
    result = np.full((count, n, n), -1, np.int16)
    for b in range(count):
        rows = bit_rows(adjacency[b], False)[:, 0]
        for v in range(n):
            edge, seen, distance = bit(v), bit(v), 0
            while edge:
                beyond = NONE
                while edge:
                    w = lowest(edge)
                    edge &= edge - ONE
                    result[b, v, w] = distance
                    beyond |= rows[w]
                edge = beyond & ~seen
                seen |= edge
                distance += 1
    return result


@njit(cache=True)
def _by_lists(adjacency: Adjacency) -> Distances:
    """distance_matrices of graphs of any order."""
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


def _of_connected(values: NDArray[np.int64] | Floats, distances: Distances) -> Floats:
    """The values [B] where the graph is connected, else NaN: float64[B]."""
    return np.where((distances[:, 0] < 0).any(axis=1), np.nan, values)


def eccentricities(distances: Distances) -> NDArray[np.int16]:
    """The largest distance from each vertex, meaningless if not connected: int16[B, n, n] -> int16[B, n]."""
    largest: NDArray[np.int16] = distances.max(axis=2)
    return largest


def transmissions(distances: Distances) -> Integers:
    """The sum of the distances from each vertex, meaningless if not connected: int16[B, n, n] -> int64[B, n]."""
    sums: Integers = distances.sum(axis=2, dtype=np.int64)
    return sums


def diameter(distances: Distances) -> Floats:
    """The largest distance: int16[B, n, n] -> float64[B], NaN if not connected."""
    return _of_connected(eccentricities(distances).max(axis=1), distances)


def radius(distances: Distances) -> Floats:
    """The smallest eccentricity: int16[B, n, n] -> float64[B], NaN if not connected."""
    return _of_connected(eccentricities(distances).min(axis=1), distances)


def average_eccentricity(distances: Distances) -> Floats:
    """The mean eccentricity: int16[B, n, n] -> float64[B], NaN if not connected."""
    return _of_connected(eccentricities(distances).mean(axis=1, dtype=np.float64), distances)


def max_transmission(distances: Distances) -> Floats:
    """The largest sum of a row: int16[B, n, n] -> float64[B], NaN if not connected."""
    return _of_connected(transmissions(distances).max(axis=1), distances)


def min_transmission(distances: Distances) -> Floats:
    """The smallest sum of a row: int16[B, n, n] -> float64[B], NaN if not connected."""
    return _of_connected(transmissions(distances).min(axis=1), distances)


def distinct_transmissions(distances: Distances) -> Floats:
    """The number of different sums of rows: int16[B, n, n] -> float64[B], NaN if not connected."""
    ordered = np.sort(transmissions(distances), axis=1)
    return _of_connected(1 + (ordered[:, 1:] != ordered[:, :-1]).sum(axis=1), distances)


def remoteness(distances: Distances) -> Floats:
    """The largest mean distance to the others: int16[B, n, n] -> float64[B], NaN if n = 1 or not connected."""
    return np.divide(max_transmission(distances), distances.shape[1] - 1 or np.nan)


def proximity(distances: Distances) -> Floats:
    """The smallest mean distance to the others: int16[B, n, n] -> float64[B], NaN if n = 1 or not connected."""
    return np.divide(min_transmission(distances), distances.shape[1] - 1 or np.nan)


def wiener(distances: Distances) -> Floats:
    """The sum of the distances of all pairs: int16[B, n, n] -> float64[B], NaN if not connected."""
    return _of_connected(distances.sum(axis=(1, 2), dtype=np.int64) / 2, distances)


def average_distance(distances: Distances) -> Floats:
    """The mean distance of two vertices: int16[B, n, n] -> float64[B], NaN if n = 1 or not connected."""
    n = distances.shape[1]
    return np.divide(wiener(distances), n * (n - 1) / 2 or np.nan)


def mostar(adjacency: Adjacency) -> Floats:
    """The sum over the edges of |#nearer to u - #nearer to v|: uint8[B, n, n] -> float64[B], NaN if not connected."""
    distances = distance_matrices(adjacency)
    return _of_connected(edge_imbalances(adjacency, distances), distances)


@njit(cache=True)
def edge_imbalances(adjacency: Adjacency, distances: Distances) -> Floats:
    """The sum that defines mostar, from both matrices: float64[B]."""
    count, n = adjacency.shape[:2]
    result = np.zeros(count)
    for b in range(count):
        for u in range(n):
            for v in range(u):
                if adjacency[b, u, v]:  # the distances to the two ends differ by at most 1
                    difference = 0
                    for w in range(n):
                        difference += distances[b, u, w] - distances[b, v, w]
                    result[b] += abs(difference)
    return result


def soltes_deficit(adjacency: Adjacency) -> Floats:
    """The sum over v of |W(G) - W(G - v)|: uint8[B, n, n] -> float64[B], NaN if G or some G - v is not connected."""
    n = adjacency.shape[1]
    result, whole = np.zeros(len(adjacency)), wiener(distance_matrices(adjacency))
    for v in range(n if n > 1 else 0):  # a graph without vertices has no distances either
        rest = np.delete(np.delete(adjacency, v, axis=1), v, axis=2)
        result += np.abs(whole - wiener(distance_matrices(rest)))
    return result


@njit(cache=True)
def girth(adjacency: Adjacency) -> Floats:
    """The length of a shortest cycle: uint8[B, n, n] -> float64[B], NaN for forests.

    A breadth-first search meets a shortest cycle through its source at the first edge that leads to a vertex already
    seen; from other sources such an edge shows a closed walk that contains a cycle, never a shorter one.
    """
    count, n = adjacency.shape[:2]
    result = np.empty(count)
    starts, neighbours, queue = np.empty(n + 1, np.int64), np.empty(n * n + 1, np.int64), np.empty(n, np.int64)
    distance = np.empty(n, np.int64)
    for b in range(count):
        neighbour_lists(adjacency[b], starts, neighbours)
        shortest = n + 1
        for source in range(n):
            distance[:] = -1
            shortest = min(shortest, _cycle_from(source, shortest, starts, neighbours, distance, queue))
        result[b] = shortest if shortest <= n else np.nan
    return result


@njit(cache=True)
def _cycle_from(
    source: int, limit: int, starts: Integers, neighbours: Integers, distance: Integers, queue: Integers
) -> int:
    """The length of a shortest cycle through source if it is below limit, else some number that no cycle undercuts."""
    distance[source], queue[0], count, head = 0, source, 1, 0
    while head < count and 2 * distance[queue[head]] + 1 < limit:
        v = queue[head]
        head += 1
        for e in range(starts[v], starts[v + 1]):
            w = neighbours[e]
            if distance[w] < 0:
                distance[w], queue[count] = distance[v] + 1, w
                count += 1
            elif distance[w] >= distance[v]:  # not the parent
                limit = min(limit, distance[v] + distance[w] + 1)
    return limit
