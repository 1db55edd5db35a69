"""Eigenvalues of trees in O(n) a probe, from parent arrays int16[B, n] (see layouts.py); float64[B].

The spectral radius is the one eigenvalue that is found without counting: see tree_root. Any other is found as a root of
a determinant, between two points at which the roots above are counted: see kth_root.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numba import njit

from .layouts import Floats, Integers, Parents
from .tree_probes import distance_probe, matrix_probe
from .trees import fill_degrees, leaf_matching

_TREE_WIDTH = 1e-11  # for trees one more cubic step is cheap
_ROOT_WIDTH = 1e-11  # relative distance at which kth_root accepts; the root itself is far closer
_MARGIN = 1e-6  # a bound that a root may attain is moved that far, relatively


@njit(cache=True)
def lambda1(parents: Parents) -> Floats:
    """The largest adjacency eigenvalue of trees, to about 1e-14 relative: int16[B, n] -> float64[B]."""
    count, n = parents.shape
    result = np.empty(count)
    taken, sums = np.empty(n, np.bool_), np.empty((n, 3))
    for b in range(count):
        result[b] = tree_root(parents[b], leaf_matching(parents[b], taken), sums)
    return result


@njit(cache=True, error_model="numpy")
def tree_root(parent: Parents, degree: int, sums: Floats) -> float:
    """The largest adjacency eigenvalue of one tree int16[n] with matching number `degree`; sums: workspace [n, 3].

    det(I - A/x) is a polynomial Q of that degree in z = 1/x^2, all its roots are real, the smallest is 1/lambda1^2.
    Laguerre's iteration from z = 0 climbs to that root without ever passing it. With G = -Q'/Q and H = G', sums over
    the roots r of 1/(r - z) and of its square, the smallest root lies between z + (Laguerre's step) and z + G/H.
    """
    n = len(parent)
    if n < 2:
        return 0.0
    sums[:, 0] = 0.0
    for i in range(1, n):
        sums[i, 0] += 1.0
        sums[parent[i], 0] += 1.0
    g, h = n - 1.0, 1.0 - n
    for v in range(n):
        h += sums[v, 0] * sums[v, 0]  # G and H at z = 0 count closed walks of lengths 2 and 4
    z, low, high = 0.0, 0.0, np.inf
    for _ in range(64):
        low = z + degree / (g + np.sqrt(max(0.0, (degree - 1) * (degree * h - g * g))))
        high = z + g / h
        if high - low <= _TREE_WIDTH * low * np.sqrt(low):  # an error of half of that in x; that of low is far smaller
            return float(1.0 / np.sqrt(low))
        g, h = log_derivatives(parent, low, sums)
        if g < 0.0:  # rounding carried the step to the root or just past it
            high = low
            z = max(z, low * (1.0 - 1e-13))
            break
        z = low
    return float(1.0 / np.sqrt(bisect_root(parent, z, high, sums)))


@njit(cache=True, error_model="numpy")
def bisect_root(parent: Parents, low: float, high: float, sums: Floats) -> float:
    """The smallest root of Q (see log_derivatives), below high and most likely above low, to 2e-13 relative."""
    while low > 0.0 and log_derivatives(parent, low, sums)[0] < 0.0:
        low, high = max(0.0, 2.0 * low - high), low
    while high - low > 2e-13 * high:
        middle = 0.5 * (low + high)
        if log_derivatives(parent, middle, sums)[0] < 0.0:
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)


@njit(cache=True, error_model="numpy")
def log_derivatives(parent: Parents, z: float, sums: Floats) -> tuple[float, float]:
    """G = -Q'/Q and H = G' at z for Q(z) = det(I - sqrt(z) A), or (-1, 0) if z is not below all roots of Q.

    Q is the product of b(v) = 1 - z s(v), s(v) = sum over the children c of 1/b(c) (Jacobs and Trevisan 2011), and z is
    below all roots exactly if every b is positive; sums float64[n, 3] holds s, s', s''. Nothing cancels except in b.
    """
    sums[:] = 0.0
    g, h = 0.0, 0.0
    for v in range(len(parent) - 1, -1, -1):
        s, s1, s2 = sums[v]
        b = 1.0 - z * s
        if b <= 0.0:
            return -1.0, 0.0
        inverse = 1.0 / b
        u = (s + z * s1) * inverse  # -b'/b
        w = (2.0 * s1 + z * s2) * inverse  # -b''/b
        g += u
        h += u * u + w
        if v > 0:
            p = parent[v]
            sums[p, 0] += inverse
            sums[p, 1] += inverse * u
            sums[p, 2] += inverse * (2.0 * u * u + w)
    return g, h


# --------------------------------------------------------------------------------------------------- k-th eigenvalues


def lambda2(parents: Parents) -> Floats:
    """The second largest adjacency eigenvalue: int16[B, n] -> float64[B]."""
    return _kth(adjacency_eigenvalue, parents, 2)


def lambda_n(parents: Parents) -> Floats:
    """The smallest adjacency eigenvalue, -lambda1 since trees are bipartite: int16[B, n] -> float64[B]."""
    result: Floats = -lambda1(parents)
    return result


def laplacian_max(parents: Parents) -> Floats:
    """The largest Laplacian eigenvalue: int16[B, n] -> float64[B]."""
    return _kth(laplacian_eigenvalue, parents, 1)


def algebraic_connectivity(parents: Parents) -> Floats:
    """The second smallest Laplacian eigenvalue: int16[B, n] -> float64[B]."""
    return _kth(laplacian_eigenvalue, parents, parents.shape[1] - 1)


def _kth(kernel: Callable[[Parents, Integers], Floats], parents: Parents, k: int) -> Floats:
    """One index for all trees."""
    return kernel(parents, np.full(len(parents), k, np.int64))


@njit(cache=True)
def adjacency_eigenvalue(parents: Parents, k: Integers) -> Floats:
    """The k-th largest adjacency eigenvalue, NaN unless 1 <= k <= n: int16[B, n], int64[B] -> float64[B].

    The spectrum is symmetric, mu of it (the matching number) are positive, and their squares sum to n - 1.
    """
    count, n = parents.shape
    result = np.zeros(count)
    diagonal, degree, taken = np.zeros(n, np.int64), np.empty(n, np.int64), np.empty(n, np.bool_)
    work, sums = np.empty((n, 8)), np.empty((n, 3))
    for b in range(count):
        j = min(k[b], n + 1 - k[b])
        positive = leaf_matching(parents[b], taken)
        if j < 1:
            result[b] = np.nan
        elif j == 1:
            result[b] = tree_root(parents[b], positive, sums)
        elif j <= positive:
            fill_degrees(parents[b], degree)
            high = min(math.sqrt((n - 1) / j), 2.0 * math.sqrt(degree.max() - 1.0)) * (1.0 + _MARGIN)
            result[b] = kth_root(parents[b], diagonal, False, j, 0.0, positive, high, j - 1, work)
        if j != k[b]:
            result[b] = -result[b]
    return result


@njit(cache=True)
def laplacian_eigenvalue(parents: Parents, k: Integers) -> Floats:
    """The k-th largest eigenvalue of the Laplacian D - A, NaN unless 1 <= k <= n: int16[B, n], int64[B] -> float64[B].

    The last is 0, the one before it at least that of the path; none exceeds the largest sum of degrees along an edge.
    """
    count, n = parents.shape
    result = np.zeros(count)
    degree, work = np.empty(n, np.int64), np.empty((n, 8))
    low = 2.0 * (1.0 - math.cos(math.pi / n)) * (1.0 - _MARGIN)
    for b in range(count):
        if not 1 <= k[b] <= n:
            result[b] = np.nan
        elif k[b] < n:
            fill_degrees(parents[b], degree)
            high = largest_edge(parents[b], degree) * (1.0 + _MARGIN)
            result[b] = kth_root(parents[b], degree, False, k[b], low, n - 1, high, 0, work)
    return result


@njit(cache=True)
def distance_eigenvalue(parents: Parents, k: Integers) -> Floats:
    """The k-th largest eigenvalue of the distance matrix, NaN unless 1 <= k <= n: int16[B, n], int64[B] -> float64[B].

    The first is the only positive one. It is at most the largest transmission, n(n - 1)/2 or less, and at least the
    mean one, 2(n - 1)^2/n for the star; the trace is 0, so no other is larger in absolute value. The roots that are
    searched are -2/eigenvalue (see tree_probes.distance_probe).
    """
    count, n = parents.shape
    result = np.zeros(count)
    degree, work = np.empty(n, np.int64), np.empty((n, 8))
    for b in range(count):
        if not 1 <= k[b] <= n:
            result[b] = np.nan
        elif n > 1:
            fill_degrees(parents[b], degree)
            end = 4.0 / (n * (n - 1)) * (1.0 - _MARGIN)
            if k[b] == 1:
                start = -n / (n - 1) ** 2 * (1.0 + _MARGIN)
                root = kth_root(parents[b], degree, True, n, start, n, -end, n - 1, work)
            else:
                high = largest_edge(parents[b], degree) * (1.0 + _MARGIN)
                root = kth_root(parents[b], degree, True, k[b] - 1, end, n - 1, high, 0, work)
            result[b] = -2.0 / root
    return result


@njit(cache=True)
def largest_edge(parent: Parents, degree: Integers) -> int:
    """The largest deg u + deg v over the edges uv of one tree int16[n], int64[n]; 0 without edges."""
    largest = 0
    for i in range(1, len(parent)):
        largest = max(largest, degree[i] + degree[parent[i]])
    return largest


@njit(cache=True, error_model="numpy")
def kth_root(
    parent: Parents, diagonal: Integers, distance: bool, k: int,
    low: float, above_low: int, high: float, above_high: int, work: Floats,
) -> float:  # fmt: skip
    """The k-th largest root of p (see probe), where above_low >= k roots are > low and above_high < k are > high.

    Bisection until the m roots in the bracket stay together. Then they are taken for one root r of multiplicity m, and
    the others for far away: g = -p'/p = m/(r - x) + constant. Two probes determine r, with order up to 1 + sqrt(2).
    Where r is next to a probe it is accepted (a polynomial of degree n has a root within n/|g|), otherwise it is
    probed. When that leads out of the bracket, or the steps do not become half as long, the middle is probed instead.
    """
    split, step = True, np.inf
    x, g, g_low, g_high, other, g_other = high, 0.0, 0.0, 0.0, low, 0.0  # g = 0: not known
    for _ in range(200):
        tolerance = _ROOT_WIDTH * max(abs(low), abs(high)) + 1e-15
        if high - low <= tolerance:
            break
        m, y = above_low - above_high, np.nan
        if not split:
            half = 0.5 * (x - other)
            product = m * (x - other) / (g - g_other)  # (r - x)(r - other)
            long = half + math.copysign(math.sqrt(half * half + product), half)
            y = x + product / long
            if not low <= y <= high:
                y = x - long
            earlier, step = step, abs(y - x)
            if step <= tolerance and low <= y <= high:
                return y
            if not step <= 0.5 * earlier:
                y, step = np.nan, np.inf
        if not low < y < high:
            lower_half = 2 * (above_low - k) < m
            y = math.sqrt(low * high) if lower_half and 0.0 < 16.0 * low < high else 0.5 * (low + high)
        above, g_y = probe(parent, diagonal, distance, y, work)
        if above >= k:
            split = above < above_low and above - above_high > 1
            other, g_other = (low, g_low) if above == above_low and abs(g_low) > abs(g_high) else (high, g_high)
            low, above_low, g_low = y, above, g_y
        else:
            split = above > above_high and above_low - above > 1
            other, g_other = (high, g_high) if above == above_high and abs(g_high) > abs(g_low) else (low, g_low)
            high, above_high, g_high = y, above, g_y
        x, g = y, g_y
        if abs(g_other) > abs(g):  # x is the nearer to r
            x, g, other, g_other = other, g_other, x, g
    return 0.5 * (low + high)


@njit(cache=True)
def probe(parent: Parents, diagonal: Integers, distance: bool, x: float, work: Floats) -> tuple[int, float]:
    """The number of roots > x, and -p'(x)/p(x), of one of two polynomials p; work: workspace float64[n, 8]."""
    if distance:
        return distance_probe(parent, diagonal, x, work)
    return matrix_probe(parent, diagonal, x, work)
