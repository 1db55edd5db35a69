"""Peaks of the characteristic polynomials of trees, from parent arrays int16[B, n] (see layouts.py); float64[B].

The coefficients are sums of positive terms, or differences of two such sums, in floating point: exact while they are
small integers and to a known relative error above. Where that leaves the maximum open, exact integers decide.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from flint import fmpz_mat
from numba import njit

from .distances import distance_matrices
from .layouts import Adjacency, Floats, Integers, Parents, adjacency_from_parents
from .trees import fill_degrees, matching_number

_EXACT = 2.0**48  # integers below, and those a few times larger on the way to them, are exact
_ROUNDING = 1e-15  # a polynomial product and its sum are right to that much per vertex, generously


def adjacency_nonzero(parents: Parents) -> Floats:
    """The number of nonzero coefficients of det(xI - A), the matching number + 1: int16[B, n] -> float64[B]."""
    result: Floats = matching_number(parents) + 1.0
    return result


def adjacency_peak(parents: Parents) -> Floats:
    """The place, from 1 at the lowest, of the first largest of the nonzero |coefficients| of det(xI - A).

    These are m_mu, ..., m_1, m_0: x^(n - 2j) has the number m_j of matchings of j edges; int16[B, n] -> float64[B].
    """
    matchings = _decided(matching_peaks, _exact_matching_peak, parents)
    return matching_number(parents) - matchings + 1.0


def distance_peak(parents: Parents) -> Floats:
    """The first k with the largest 2^k |c_k|, c_k the coefficient of x^k in det(xI - D): int16[B, n] -> float64[B]."""
    result: Floats = parents.shape[1] - _decided(distance_peaks, _exact_distance_peak, parents)
    return result


def _decided(peaks: Callable[[Parents], Integers], exactly: Callable[[Adjacency], int], parents: Parents) -> Floats:
    """The peaks int64[B], as float64[B], those that the kernel leaves open (-1) decided one by one."""
    found = peaks(parents)
    for b in np.flatnonzero(found < 0):
        found[b] = exactly(adjacency_from_parents(parents[b : b + 1]))
    return found.astype(np.float64)


def _exact_matching_peak(adjacency: Adjacency) -> int:
    """The largest j with the most matchings of j edges, in exact integers: uint8[1, n, n] -> j."""
    coefficients = [abs(int(c)) for c in fmpz_mat(adjacency[0].tolist()).charpoly().coeffs()][::-2]
    return max(range(len(coefficients)), key=lambda j: (coefficients[j], j))


def _exact_distance_peak(adjacency: Adjacency) -> int:
    """The largest j with the largest |q_j| (see distance_peaks), in exact integers: uint8[1, n, n] -> j."""
    distances = distance_matrices(adjacency)[0]
    n = len(distances)
    coefficients = [abs(int(c)) << k for k, c in enumerate(fmpz_mat(distances.tolist()).charpoly().coeffs())]
    return max(range(n + 1), key=lambda j: (coefficients[n - j], j))


@njit(cache=True)
def last_peak(values: Floats, errors: Floats) -> int:
    """The last j with the largest values[j] >= 0, each known to errors[j]; -1 if the errors leave that open."""
    best = 0
    for j in range(len(values)):
        if values[j] >= values[best]:
            best = j
    if not values[best] < np.inf:
        return -1
    for j in range(len(values)):
        slack = errors[j] + errors[best]
        if j != best and slack != 0.0 and not values[j] + slack < values[best]:
            return -1
    return best


@njit(cache=True)
def matching_peaks(parents: Parents) -> Integers:
    """The largest j with the most matchings of j edges, -1 where rounding leaves it open: int16[B, n] -> int64[B].

    every[v] and free[v] count the matchings of v's subtree by their edges: all of them, and those that leave v free.
    """
    count, n = parents.shape
    peaks = np.empty(count, np.int64)
    every, free, length = np.empty((n, n // 2 + 2)), np.empty((n, n // 2 + 2)), np.empty(n, np.int64)
    joined, errors = np.empty((2, n + 3)), np.empty(n // 2 + 2)
    for b in range(count):
        length[:] = 1  # of every[v]; free[v] is as long, with zeros on top
        every[:, 0] = 1.0
        free[:, 0] = 1.0
        for i in range(n - 1, 0, -1):
            p = parents[b, i]
            length[p] = join_matchings(every[p], free[p], length[p], every[i], free[i], length[i], joined)
        values = every[0, : length[0]]
        exact = values.sum() < _EXACT
        for j in range(len(values)):
            errors[j] = 0.0 if exact else n * _ROUNDING * values[j]
        peaks[b] = last_peak(values, errors)
    return peaks


@njit(cache=True)
def join_matchings(
    every: Floats, free: Floats, length: int, child_every: Floats, child_free: Floats, child_length: int, joined: Floats
) -> int:
    """every := every child_every + x free child_free, free := free child_every; the new length. joined: workspace."""
    end = length + child_length
    every[length:end] = 0.0
    free[length:end] = 0.0
    if child_length == 1:  # a leaf
        for i in range(length, 0, -1):
            every[i] += free[i - 1]
    else:
        joined[:, : end + 1] = 0.0
        for i in range(length):
            for j in range(child_length):
                joined[0, i + j] += every[i] * child_every[j]
                joined[0, i + j + 1] += free[i] * child_free[j]
                joined[1, i + j] += free[i] * child_every[j]
        while joined[0, end - 1] == 0.0:
            end -= 1
        every[:end] = joined[0, :end]
        free[:end] = joined[1, :end]
    return end if every[end - 1] != 0.0 else end - 1


@njit(cache=True)
def distance_peaks(parents: Parents) -> Integers:
    """The largest j with the largest |q_j|, -1 where rounding leaves it open: int16[B, n] -> int64[B].

    q_0, ..., q_n are the coefficients of (n - 1) det(L + sI) - t^T adj(L + sI) t, L the Laplacian, t_v = 2 - deg v. As
    D^-1 = -L/2 + t t^T/(2(n - 1)) and |det D| = (n - 1) 2^(n - 2) (Graham and Lovasz 1978), the coefficient of x^k in
    det(xI - D) is +-2^(n - 2 - k) q_(n - k).

    Both terms count the spanning forests F of the tree (all minors matrix tree theorem). The first is the sum over F of
    the product over the components C of s|C|; the second has t(C)^2, t(C) the sum of t in C, instead for one marked
    component at a time. The states of a subtree are in join_forests.
    """
    count, n = parents.shape
    peaks = np.empty(count, np.int64)
    sums, joined, errors = np.empty((n, 6, n + 1)), np.empty((6, n + 1)), np.empty(n + 1)
    degree, length = np.empty(n, np.int64), np.empty(n, np.int64)
    for b in range(count):
        fill_degrees(parents[b], degree)
        length[:] = 2
        for v in range(n):
            t = 2.0 - degree[v]
            sums[v, :, :2] = 0.0
            sums[v, 0, 0], sums[v, 1, 1], sums[v, 2, 0], sums[v, 3, 0] = 1.0, 1.0, t, t * t
        for i in range(n - 1, 0, -1):
            p = parents[b, i]
            join_forests(sums[p], length[p], sums[i], length[i], joined)
            length[p] += length[i] - 1
        values = sums[0, 0]
        total = 0.0
        for j in range(n + 1):
            plus, minus = (n - 1) * sums[0, 1, j], sums[0, 3, j] + sums[0, 5, j]
            values[j], errors[j], total = abs(plus - minus), n * n * _ROUNDING * (plus + minus), total + plus + minus
        if total < _EXACT:
            errors[:] = 0.0
        peaks[b] = last_peak(values, errors)
    return peaks


@njit(cache=True)
def join_forests(sums: Floats, length: int, child: Floats, child_length: int, joined: Floats) -> None:
    """Hang a child's subtree below a vertex: the sums over the forests of both, [6, length] and [6, child_length].

    Of a forest every component is closed except the topmost. The six sums count the forests by closed components, with
    0: nothing chosen in the open component, 1: a vertex of it (and s for that), 2: t of it, 3: t^2 of it; 4, 5: as 0, 1
    with a marked component among the closed. The edge is in the forest, or else the child's open component is closed:
    by a chosen vertex, or by the mark. joined: workspace.
    """
    end = length + child_length - 1
    sums[:, length:end] = 0.0
    if child_length == 2:  # a leaf: 1, s, 1, 1, 0, 0
        for i in range(length, -1, -1):
            a, b, c, d, e, f = sums[0, i], sums[1, i], sums[2, i], sums[3, i], sums[4, i], sums[5, i]
            if i > 0:
                a1 = sums[0, i - 1]
                sums[0, i], sums[1, i], sums[2, i] = a + a1, b + sums[1, i - 1] + a1, c + sums[2, i - 1] + a
                sums[3, i] = d + sums[3, i - 1] + a + 2.0 * c
                sums[4, i], sums[5, i] = e + sums[4, i - 1] + a, f + sums[5, i - 1] + b + sums[4, i - 1]
            else:
                sums[2, 0], sums[3, 0], sums[4, 0], sums[5, 0] = c + a, d + a + 2.0 * c, e + a, f + b
        return
    joined[:, :end] = 0.0
    for j in range(child_length):
        one, first, second, marked_one = child[1, j], child[2, j], child[3, j], child[5, j]
        closed, marked = child[0, j] + one, child[4, j] + marked_one + second
        for i in range(length):
            a, c = sums[0, i], sums[2, i]
            joined[0, i + j] += a * closed
            joined[1, i + j] += sums[1, i] * closed + a * one
            joined[2, i + j] += c * closed + a * first
            joined[3, i + j] += sums[3, i] * closed + a * second + 2.0 * c * first
            joined[4, i + j] += sums[4, i] * closed + a * marked
            joined[5, i + j] += sums[5, i] * closed + sums[1, i] * marked + a * marked_one + sums[4, i] * one
    sums[:, :end] = joined[:, :end]
