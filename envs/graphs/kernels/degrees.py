"""Invariants of degrees and sizes; float64[B], NaN where they are undefined."""

from __future__ import annotations

import numpy as np
from numba import njit

from .layouts import Adjacency, Floats, Integers


def order(adjacency: Adjacency) -> Floats:
    """The number of vertices: uint8[B, n, n] -> float64[B]."""
    return np.full(len(adjacency), float(adjacency.shape[1]))


def size(degrees: Integers) -> Floats:
    """The number of edges: int64[B, n] -> float64[B]."""
    result: Floats = degrees.sum(axis=1) / 2.0
    return result


def maximum_degree(degrees: Integers) -> Floats:
    """The largest degree: int64[B, n] -> float64[B]."""
    result: Floats = degrees.max(axis=1).astype(np.float64)
    return result


def minimum_degree(degrees: Integers) -> Floats:
    """The smallest degree: int64[B, n] -> float64[B]."""
    result: Floats = degrees.min(axis=1).astype(np.float64)
    return result


def average_degree(degrees: Integers) -> Floats:
    """The mean degree 2m/n: int64[B, n] -> float64[B]."""
    return np.divide(2 * size(degrees), degrees.shape[1])


def density(degrees: Integers) -> Floats:
    """Edges over pairs, 2m/(n(n-1)), NaN if n = 1: int64[B, n] -> float64[B]."""
    pairs = degrees.shape[1] * (degrees.shape[1] - 1) / 2
    return np.divide(size(degrees), pairs if pairs else np.nan)


def eigenvalue_deviation(degrees: Integers) -> Floats:
    """The standard deviation of the adjacency eigenvalues, sqrt(2m/n): int64[B, n] -> float64[B]."""
    return np.sqrt(average_degree(degrees))


def randic(adjacency: Adjacency) -> Floats:
    """The sum over the edges uv of 1/sqrt(du dv): uint8[B, n, n] -> float64[B]."""
    d = _positive_degrees(adjacency)
    return edge_sums(adjacency, 1 / np.sqrt(np.outer(d, d)))


def harmonic(adjacency: Adjacency) -> Floats:
    """The sum over the edges uv of 2/(du + dv): uint8[B, n, n] -> float64[B]."""
    d = _positive_degrees(adjacency)
    return edge_sums(adjacency, 2 / np.add.outer(d, d))


def modified_zagreb2(adjacency: Adjacency) -> Floats:
    """The sum over the edges uv of 1/(du dv): uint8[B, n, n] -> float64[B]."""
    d = _positive_degrees(adjacency)
    return edge_sums(adjacency, 1 / np.outer(d, d))


def geometric_arithmetic(adjacency: Adjacency) -> Floats:
    """The sum over the edges uv of 2 sqrt(du dv)/(du + dv): uint8[B, n, n] -> float64[B]."""
    d = _positive_degrees(adjacency)
    return edge_sums(adjacency, 2 * np.sqrt(np.outer(d, d)) / np.add.outer(d, d))


def _positive_degrees(adjacency: Adjacency) -> Floats:
    """The degrees 1..n-1 that an end of an edge can have: float64[n - 1]."""
    return np.arange(1.0, adjacency.shape[1])


@njit(cache=True)
def edge_sums(adjacency: Adjacency, term: Floats) -> Floats:
    """The sum of term[du - 1, dv - 1] over the edges uv: uint8[B, n, n], float64[n - 1, n - 1] -> float64[B]."""
    count, n = adjacency.shape[:2]
    result, degree = np.zeros(count), np.empty(n, np.int64)
    for b in range(count):
        for v in range(n):
            degree[v] = adjacency[b, v].sum()
        for v in range(n):
            for w in range(v):
                if adjacency[b, v, w]:
                    result[b] += term[degree[v] - 1, degree[w] - 1]
    return result


@njit(cache=True)
def mean_dual_degree(adjacency: Adjacency) -> Floats:
    """The mean over v of the average degree of v's neighbours, 0 if there are none: uint8[B, n, n] -> float64[B]."""
    count, n = adjacency.shape[:2]
    result, degree = np.zeros(count), np.empty(n, np.int64)
    for b in range(count):
        for v in range(n):
            degree[v] = adjacency[b, v].sum()
        for v in range(n):
            total = 0
            for w in range(n):
                total += adjacency[b, v, w] * degree[w]
            if degree[v]:
                result[b] += total / degree[v]
        result[b] /= n
    return result


@njit(cache=True)
def residue(degrees: Integers) -> Floats:
    """The number of zeros that Havel and Hakimi's process leaves: int64[B, n] -> float64[B].

    `numbers[k]` is how many entries equal k, so that no sorting is needed: the k entries from which 1 is subtracted are
    taken from the top.
    """
    count, n = degrees.shape
    result = np.empty(count)
    numbers, taken = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    for b in range(count):
        numbers[:] = 0
        for v in range(n):
            numbers[degrees[b, v]] += 1
        for top in range(n - 1, 0, -1):
            while numbers[top]:
                numbers[top] -= 1
                left = top
                for k in range(top, 0, -1):
                    taken[k] = min(left, numbers[k])
                    left -= taken[k]
                for k in range(1, top + 1):
                    numbers[k] -= taken[k]
                    numbers[k - 1] += taken[k]
        result[b] = numbers[0]
    return result
