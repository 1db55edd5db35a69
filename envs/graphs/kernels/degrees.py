"""Invariants of degrees and sizes; float64[B], NaN where they are undefined."""

from __future__ import annotations

import numpy as np

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
