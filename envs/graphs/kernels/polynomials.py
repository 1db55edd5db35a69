"""What the characteristic polynomials of graphs look like, from exact coefficients; float64[B]."""

from __future__ import annotations

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from .distances import Distances
from .layouts import Adjacency, Floats


def adjacency_peak(adjacency: Adjacency) -> Floats:
    """The place, from 1, of the first largest of the nonzero |c_j| of det(xI - A): uint8[B, n, n] -> float64[B]."""
    result = np.empty(len(adjacency))
    for b, matrix in enumerate(adjacency):
        nonzero = [c for c in absolute_coefficients(matrix) if c]
        result[b] = 1 + nonzero.index(max(nonzero))
    return result


def adjacency_nonzero(adjacency: Adjacency) -> Floats:
    """The number of nonzero coefficients of det(xI - A): uint8[B, n, n] -> float64[B]."""
    return np.array([sum(c != 0 for c in absolute_coefficients(matrix)) for matrix in adjacency], np.float64)


def distance_peak(distances: Distances) -> Floats:
    """The first k that maximises 2^k |c_k|, c = det(xI - D): int16[B, n, n] -> float64[B], NaN if not connected."""
    result = np.full(len(distances), np.nan)
    for b, matrix in enumerate(distances):
        if matrix.min() >= 0:
            weighted = [c << k for k, c in enumerate(absolute_coefficients(matrix))]
            result[b] = weighted.index(max(weighted))
    return result


def absolute_coefficients(matrix: NDArray[np.uint8] | NDArray[np.int16]) -> list[int]:
    """|c_0|, .., |c_n| of det(xI - M), for an integer matrix [n, n]."""
    n = len(matrix)
    return [abs(int(c)) for c in fmpz_mat(n, n, matrix.ravel().tolist()).charpoly().coeffs()]
