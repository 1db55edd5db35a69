"""Eigenvalues of graphs; float64[B], NaN where they are undefined.

Spectra are float64[B, n], non-increasing, by LAPACK. The largest eigenvalues, which searches ask for most, have ways of
their own, see largest_eigenvalues.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .distances import Distances
from .largest_eigenvalues import SMALL, power_iteration, ritz_values
from .layouts import Adjacency, Floats, Integers

_PORTION = 2_000_000  # 16 MB of float64 matrices at a time
_ZERO = 1e-9  # eigenvalues this close to 0, relative to the largest, count as 0


# ---------------------------------------------------------------------------------------------------- whole spectra


def spectrum(matrices: NDArray[np.generic]) -> Floats:
    """The eigenvalues of symmetric matrices of any type [B, n, n]: float64[B, n], non-increasing."""
    count, n = matrices.shape[:2]
    result = np.empty((count, n))
    portion = max(1, _PORTION // n**2)
    for first in range(0, count, portion):
        part = matrices[first : first + portion].astype(np.float64)
        result[first : first + portion] = np.linalg.eigvalsh(part)[:, ::-1]
    return result


def adjacency_spectrum(adjacency: Adjacency) -> Floats:
    """The eigenvalues of A: uint8[B, n, n] -> float64[B, n], non-increasing."""
    return spectrum(adjacency)


def laplacian_spectrum(adjacency: Adjacency) -> Floats:
    """The eigenvalues of L = D - A: uint8[B, n, n] -> float64[B, n], non-increasing."""
    return spectrum(combinations(adjacency, 1, -1))


def distance_spectrum(distances: Distances) -> Floats:
    """The eigenvalues of the distance matrix: int16[B, n, n] -> float64[B, n], non-increasing, NaN if not connected."""
    result = np.full(distances.shape[:2], np.nan)
    connected = np.flatnonzero((distances[:, 0] >= 0).all(axis=1))
    result[connected] = spectrum(distances[connected])
    return result


def combinations(adjacency: Adjacency, diagonal: int, sign: int) -> NDArray[np.int16]:
    """diagonal D + sign A: uint8[B, n, n] -> int16[B, n, n]."""
    result = sign * adjacency.astype(np.int16)
    places = np.arange(adjacency.shape[1])
    result[:, places, places] = diagonal * adjacency.sum(axis=2, dtype=np.int16)
    return result


# ------------------------------------------------------------------------------------------ what spectra are asked


def kth(eigenvalues: Floats, k: Integers) -> Floats:
    """The k-th largest: float64[B, n], int64[B] -> float64[B], NaN unless 1 <= k <= n."""
    n = eigenvalues.shape[1]
    values = np.take_along_axis(eigenvalues, np.clip(k - 1, 0, n - 1)[:, None], axis=1)[:, 0]
    return np.where((k >= 1) & (k <= n), values, np.nan)


def sum_of_first(eigenvalues: Floats, k: Integers) -> Floats:
    """The sum of the k largest: float64[B, n], int64[B] -> float64[B], NaN unless 1 <= k <= n."""
    return kth(np.cumsum(eigenvalues, axis=1), k)


def second(eigenvalues: Floats) -> Floats:
    """The second largest: float64[B, n] -> float64[B], NaN if n = 1."""
    return kth(eigenvalues, np.full(len(eigenvalues), 2))


def last(eigenvalues: Floats) -> Floats:
    """The smallest: float64[B, n] -> float64[B]."""
    return kth(eigenvalues, np.full(len(eigenvalues), eigenvalues.shape[1]))


def second_last(eigenvalues: Floats) -> Floats:
    """The second smallest: float64[B, n] -> float64[B], NaN if n = 1."""
    return kth(eigenvalues, np.full(len(eigenvalues), eigenvalues.shape[1] - 1))


def energy(eigenvalues: Floats) -> Floats:
    """The sum of the absolute values: float64[B, n] -> float64[B]."""
    result: Floats = np.abs(eigenvalues).sum(axis=1)
    return result


def s_plus(eigenvalues: Floats) -> Floats:
    """The sum of the squares of the positive ones: float64[B, n] -> float64[B]."""
    result: Floats = (np.maximum(eigenvalues, 0) ** 2).sum(axis=1)
    return result


def s_minus(eigenvalues: Floats) -> Floats:
    """The sum of the squares of the negative ones: float64[B, n] -> float64[B]."""
    result: Floats = (np.minimum(eigenvalues, 0) ** 2).sum(axis=1)
    return result


def signs(eigenvalues: Floats) -> Floats:
    """1, 0 or -1 for each eigenvalue: float64[B, n] -> float64[B, n]; what rounding may have moved off 0 is 0."""
    zero = _ZERO * (1 + np.abs(eigenvalues).max(axis=1, keepdims=True))
    return np.where(np.abs(eigenvalues) <= zero, 0.0, np.sign(eigenvalues))


def positive_eigenvalues(eigenvalues: Floats) -> Floats:
    """The number of positive ones: float64[B, n] -> float64[B]."""
    result: Floats = (signs(eigenvalues) > 0).sum(axis=1).astype(np.float64)
    return result


def negative_eigenvalues(eigenvalues: Floats) -> Floats:
    """The number of negative ones: float64[B, n] -> float64[B]."""
    result: Floats = (signs(eigenvalues) < 0).sum(axis=1).astype(np.float64)
    return result


def nullity(eigenvalues: Floats) -> Floats:
    """The number of zeros: float64[B, n] -> float64[B]."""
    result: Floats = (signs(eigenvalues) == 0).sum(axis=1).astype(np.float64)
    return result


def smallest_positive_eigenvalue(eigenvalues: Floats) -> Floats:
    """The least positive one: float64[B, n] -> float64[B], NaN if there is none."""
    least = np.where(signs(eigenvalues) > 0, eigenvalues, np.inf).min(axis=1)
    return np.where(np.isinf(least), np.nan, least)


def negative_distance_eigenvalues(eigenvalues: Floats) -> Floats:
    """The number of negative ones: float64[B, n] -> float64[B], NaN where the spectrum is."""
    return np.where(np.isnan(eigenvalues[:, 0]), np.nan, negative_eigenvalues(eigenvalues))


# ----------------------------------------------------------------------------------------------- largest eigenvalues


def lambda1(adjacency: Adjacency) -> Floats:
    """The largest eigenvalue of A, to 1e-10: uint8[B, n, n] -> float64[B]."""
    found: Floats = ritz_values(adjacency, 0.0, 1.0) if adjacency.shape[1] <= SMALL else power_iteration(adjacency)
    return _completed(found, adjacency, 0.0, 1.0)


def lambda1_complement(adjacency: Adjacency) -> Floats:
    """The largest adjacency eigenvalue of the complement, to 1e-10: uint8[B, n, n] -> float64[B]."""
    complement: Adjacency = 1 - adjacency - np.eye(adjacency.shape[1], dtype=np.uint8)
    return lambda1(complement)


def laplacian_max(adjacency: Adjacency) -> Floats:
    """The largest eigenvalue of L = D - A, to 1e-10: uint8[B, n, n] -> float64[B]."""
    return _completed(ritz_values(adjacency, 1.0, -1.0), adjacency, 1.0, -1.0)


def signless_laplacian_max(adjacency: Adjacency) -> Floats:
    """The largest eigenvalue of Q = D + A, to 1e-10: uint8[B, n, n] -> float64[B]."""
    return _completed(ritz_values(adjacency, 1.0, 1.0), adjacency, 1.0, 1.0)


def _completed(found: Floats, adjacency: Adjacency, diagonal: float, sign: float) -> Floats:
    """The largest eigenvalues of diagonal D + sign A, by LAPACK where found is NaN: float64[B]."""
    rows = np.flatnonzero(np.isnan(found))
    if len(rows):
        found[rows] = spectrum(combinations(adjacency[rows], int(diagonal), int(sign)))[:, 0]
    return found
