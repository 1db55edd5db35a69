"""Counting the eigenvalues of one tree above a point, and the logarithmic derivative of their polynomial, in O(n).

Both come from one elimination along a parent array int16[n] (see layouts.py), from the leaves up. Then the matrix stays
that of a tree, and by Sylvester's law the positive pivots count the eigenvalues above (Jacobs and Trevisan 2011).
"""

from __future__ import annotations

from numba import njit

from .layouts import Floats, Integers, Parents

Dual = tuple[float, float]  # a number and its derivative by x

_SMALL = 1e-3  # pivots below that are eliminated in blocks


@njit(cache=True, error_model="numpy")
def matrix_probe(parent: Parents, diagonal: Integers, x: float, work: Floats) -> tuple[int, float]:
    """The number of roots > x of p(x) = det(M - x I), and -p'(x)/p(x); work: workspace float64[n, 8].

    M has the given diagonal int64[n], and 1 or -1 (no matter which) for each edge. A pivot 0 is replaced by a tiny one,
    as if its diagonal entry were that little larger. work[v] holds v's pivot and how fast it falls with x.
    """
    above, g = 0, 0.0
    for v in range(len(parent)):
        work[v, 0], work[v, 1] = diagonal[v] - x, 1.0
    for v in range(len(parent) - 1, -1, -1):
        p, a = parent[v] if v else 0, work[v, 0]
        inverse = 1.0 / (a if a != 0.0 else 1e-150)
        fall = work[v, 1] * inverse
        above += a >= 0.0
        g += fall
        work[p, 0] -= inverse
        work[p, 1] += fall * inverse
    return above, g


@njit(cache=True, error_model="numpy")
def distance_probe(parent: Parents, degree: Integers, x: float, work: Floats) -> tuple[int, float]:
    """As matrix_probe, for p(x) = det(L - t t^T/(n - 1) - x I), L the Laplacian, t_v = 2 - deg v.

    The distance matrix is the inverse of -L/2 + t t^T/(2(n - 1)) (Graham and Lovasz 1978), so its eigenvalues are -2/x
    for the roots x. The term of rank one multiplies det(L - x I) by 1 - r/(n - 1), r = t^T (L - x I)^-1 t, and takes
    one root away where that is negative. r is the sum of w^2/a over the pivots a, w being t eliminated alongside.

    Small pivots would make large terms that cancel. Such a vertex is held for its parent, and both are eliminated as a
    block of order 2; vertices held for the same parent merge into one. work[v] holds v's pivot and w, then the pivot (0
    if there is none) and the w of the vertex held for v, each with its derivative.
    """
    n = len(parent)
    above, g, r, r_slope = 0, 0.0, 0.0, 0.0
    for v in range(n):
        work[v, 0], work[v, 1], work[v, 2], work[v, 3], work[v, 4] = degree[v] - x, -1.0, 2.0 - degree[v], 0.0, 0.0
    for v in range(n - 1, -1, -1):
        p, a, w = parent[v] if v else 0, (work[v, 0], work[v, 1]), (work[v, 2], work[v, 3])
        if work[v, 4] == 0.0 and (abs(a[0]) >= _SMALL or v == 0):
            positive, log, part, pivot, tilt = eliminate(a, w)
        elif work[v, 4] != 0.0:
            positive, log, part, pivot, tilt = eliminate_block(a, w, (work[v, 4], work[v, 5]), (work[v, 6], work[v, 7]))
        else:
            h, u = (a[0] if a[0] != 0.0 else 1e-20, a[1]), w
            if work[p, 4] != 0.0:
                positive, log, part, h, u = merge(h, u, (work[p, 4], work[p, 5]), (work[p, 6], work[p, 7]))
                above, g, r, r_slope = above + positive, g - log, r + part[0], r_slope + part[1]
            work[p, 4], work[p, 5], work[p, 6], work[p, 7] = h[0], h[1], u[0], u[1]
            continue
        above, g, r, r_slope = above + positive, g - log, r + part[0], r_slope + part[1]
        work[p, 0] -= pivot[0]
        work[p, 1] -= pivot[1]
        work[p, 2] += tilt[0]
        work[p, 3] += tilt[1]
    rest = n - 1.0 - r
    return above - (rest < 0.0), g + r_slope / rest


@njit(cache=True, error_model="numpy")
def eliminate(a: Dual, w: Dual) -> tuple[int, float, Dual, Dual, Dual]:
    """One vertex: positive pivots, a'/a, w^2/a, and what its parent's pivot loses and its parent's w gains."""
    inverse = 1.0 / a[0]
    log = a[1] * inverse
    tilt = w[0] * inverse
    slope = (w[1] - tilt * a[1]) * inverse
    return int(a[0] > 0.0), log, (w[0] * tilt, w[1] * tilt + w[0] * slope), (inverse, -log * inverse), (tilt, slope)


@njit(cache=True, error_model="numpy")
def eliminate_block(a: Dual, w: Dual, h: Dual, u: Dual) -> tuple[int, float, Dual, Dual, Dual]:
    """As eliminate, for a vertex together with the one held for it, with pivot h and u instead of w.

    The block is [[h, -1], [-1, a]], with determinant h a - 1.
    """
    product = times(h, a)
    block = product[0] - 1.0, product[1]
    positive = 1 if block[0] < 0.0 else 2 * int(h[0] > 0.0)
    part = plus(times(u, plus(times(a, u), plus(w, w))), times(h, times(w, w)))  # a u^2 + 2 u w + h w^2
    tilt = over(plus(u, times(h, w)), block)
    return positive, block[1] / block[0], over(part, block), over(h, block), tilt


@njit(cache=True, error_model="numpy")
def merge(a: Dual, w: Dual, h: Dual, u: Dual) -> tuple[int, float, Dual, Dual, Dual]:
    """Two vertices held for the same parent: their difference is eliminated; the pivot and w of what is still held."""
    total = plus(h, a)
    difference = w[0] - u[0], w[1] - u[1]
    share = over(h, total)
    part = over(times(difference, difference), total)
    return int(total[0] > 0.0), total[1] / total[0], part, times(share, a), plus(u, times(difference, share))


@njit(cache=True)
def plus(a: Dual, b: Dual) -> Dual:
    """a + b."""
    return a[0] + b[0], a[1] + b[1]


@njit(cache=True)
def times(a: Dual, b: Dual) -> Dual:
    """a b."""
    return a[0] * b[0], a[0] * b[1] + a[1] * b[0]


@njit(cache=True, error_model="numpy")
def over(a: Dual, b: Dual) -> Dual:
    """a/b."""
    inverse = 1.0 / b[0]
    quotient = a[0] * inverse
    return quotient, (a[1] - quotient * b[1]) * inverse
