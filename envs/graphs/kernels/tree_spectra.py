"""Eigenvalues of trees in O(n) a probe, from parent arrays int16[B, n] (see layouts.py); float64[B]."""

from __future__ import annotations

import numpy as np
from numba import njit

from .layouts import Floats, Parents
from .trees import leaf_matching

_TREE_WIDTH = 1e-11  # for trees one more cubic step is cheap


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
