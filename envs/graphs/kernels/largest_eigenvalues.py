"""Largest eigenvalues of A, D - A and D + A between rigorous bounds, NaN where LAPACK has to do it; float64[B].

Up to SMALL vertices by Lanczos' method (see ritz_values); the spectral radius of larger graphs by power iteration.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layouts import Adjacency, Floats, Integers, breadth_first, breadth_first_parents, neighbour_lists
from .tree_spectra import tree_root
from .trees import leaf_matching

SMALL = 64  # up to this order a matrix of floats is cheaper than neighbour lists
_WIDTH = 5e-11  # a largest eigenvalue is accepted when rigorous bounds are this close, absolutely
_LANES = 32  # graphs that go together
_FAST = {"contract", "nsz"}  # fused products; sums keep their order


@njit(cache=True)
def ritz_values(adjacency: Adjacency, diagonal: float, sign: float) -> Floats:
    """The largest eigenvalue of M = diagonal D + sign A, NaN where it is not proved: uint8[B, n, n] -> float64[B].

    Lanczos' method gives a lower bound, up to rounding; a Cholesky factorisation proves that it is nearly an upper one.
    Several graphs go together: the last axis of every workspace is the graph, which the compiler turns into vectors.
    """
    count, n = adjacency.shape[:2]
    result = np.full(count, np.nan)
    if n > SMALL:
        return result
    portions = max(1, (count + _LANES - 1) // _LANES)
    lanes = (count + portions - 1) // portions
    matrix, vectors, top = np.zeros((n, n, lanes)), np.empty((3, n, lanes)), np.empty((2, lanes))
    for first in range(0, count, max(1, lanes)):
        part = adjacency[first : first + lanes]
        start_lanczos(part, diagonal, sign, matrix, vectors[0], top[1])
        lanczos(matrix, vectors, top)
        for t in range(lanes):
            top[1, t] = top[0, t] + _WIDTH
        proved = exceeds(top[1], matrix)
        for t in range(len(part)):
            if proved[t]:
                result[first + t] = top[0, t]
    return result


@njit(cache=True)
def start_lanczos(part: Adjacency, diagonal: float, sign: float, matrix: Floats, vector: Floats, bound: Floats) -> None:
    """Fill matrix [n, n, lanes], a first vector [n, lanes] and a bound [lanes] of all eigenvalues from the graphs."""
    n = part.shape[1]
    bound[:] = 1.0
    for t in range(len(part)):
        for i in range(n):
            degree = 0
            for j in range(n):
                degree += part[t, i, j]
                matrix[i, j, t] = sign * part[t, i, j]
            matrix[i, i, t] = diagonal * degree
            bound[t] = max(bound[t], (1.0 + diagonal) * degree + 1.0)
            vector[i, t] = 1.0 + degree
    for i in range(n):  # a symmetric start would not see an eigenvector that is not
        for t in range(matrix.shape[2]):
            vector[i, t] = (vector[i, t] if t < len(part) else 1.0) + 0.01 * np.sin(7.0 * i)


@njit(cache=True, error_model="numpy", fastmath=_FAST)
def lanczos(matrix: Floats, vectors: Floats, top: Floats) -> None:
    """The largest Ritz values: matrix [n, n, lanes], vectors [3, n, lanes], top [2, lanes], filled by start_lanczos.

    After k steps the matrix is a tridiagonal one on a Krylov space; top[0] becomes its largest eigenvalue, once that no
    longer grows or at a limit. top[1] is above all eigenvalues. Nothing adds up across lanes, and a lane that is done
    stays as it is, so the value of a graph does not depend on the others.
    """
    n, lanes = matrix.shape[1:]
    v, old, new = vectors[0], vectors[1], vectors[2]
    limit = n + n // 8  # n steps, and some that make up for rounding
    alpha, beta = np.empty((limit, lanes)), np.empty((limit, lanes))  # diagonal, squares beside it
    root, scale, before = np.zeros(lanes), np.zeros(lanes), np.full(lanes, -1.0)
    old[:] = 0.0
    for i in range(n):
        for t in range(lanes):
            scale[t] += v[i, t] * v[i, t]
    for t in range(lanes):
        scale[t] = 1.0 / np.sqrt(scale[t])
    for i in range(n):
        for t in range(lanes):
            v[i, t] *= scale[t]
    for k in range(limit):
        alpha[k] = 0.0
        beta[k] = 0.0
        for i in range(n):
            for t in range(lanes):
                new[i, t] = -root[t] * old[i, t]
            for j in range(n):
                for t in range(lanes):
                    new[i, t] += matrix[i, j, t] * v[j, t]
            for t in range(lanes):
                alpha[k, t] += new[i, t] * v[i, t]
        for i in range(n):
            for t in range(lanes):
                new[i, t] -= alpha[k, t] * v[i, t]
                beta[k, t] += new[i, t] * new[i, t]
        if k == limit - 1 or (k >= 9 and k % 5 == 4):
            tridiagonal_root(alpha[: k + 1], beta, top)
            growing = False
            for t in range(lanes):
                grows = top[0, t] - before[t] > 1e-11
                growing |= grows
                beta[k, t] = beta[k, t] if grows else 0.0  # else copies of the same eigenvalue would appear
                before[t] = top[0, t] = top[0, t] if grows else before[t]
            if not growing:
                return
        for t in range(lanes):  # after a beta of 0, and what is 0 but for rounding, only zeros follow
            beta[k, t] = beta[k, t] if beta[k, t] > 1e-20 * top[1, t] ** 2 else 0.0
            root[t] = np.sqrt(beta[k, t])
            scale[t] = 1.0 / root[t] if root[t] > 0.0 else 0.0
        for i in range(n):
            for t in range(lanes):
                old[i, t] = v[i, t]
                v[i, t] = new[i, t] * scale[t]


@njit(cache=True, error_model="numpy", fastmath=_FAST)
def tridiagonal_root(alpha: Floats, beta: Floats, top: Floats) -> None:
    """The largest eigenvalue top[0] [lanes] of tridiagonal matrices, from top[1] above it, by Laguerre's iteration.

    alpha [k, lanes] is the diagonal, beta [>= k, lanes] the squares beside it. p = det(xI - T) is the product of pivots
    d; d' and d'' give G = p'/p and H = -G'. From above, the iteration never passes the root; a pivot that is not
    positive says that rounding did, and ends it.
    """
    k, lanes = alpha.shape
    x = top[0]
    d, d1, d2, g, h, least = np.empty((6, lanes))
    x[:] = top[1]
    for _ in range(40):
        for t in range(lanes):
            d[t], d1[t], d2[t] = x[t] - alpha[0, t], 1.0, 0.0
            g[t] = 1.0 / d[t]
            h[t], least[t] = g[t] * g[t], d[t]
        for i in range(1, k):
            for t in range(lanes):
                inverse = 1.0 / d[t]
                ratio, u = beta[i - 1, t] * inverse, d1[t] * inverse
                d2[t] = ratio * (d2[t] * inverse - 2.0 * u * u)
                d1[t] = 1.0 + ratio * u
                d[t] = x[t] - alpha[i, t] - ratio
                inverse = 1.0 / d[t]
                u = d1[t] * inverse
                g[t] += u
                h[t] += u * u - d2[t] * inverse
                least[t] = min(least[t], d[t])
        moved = 0.0
        for t in range(lanes):
            step = k / (g[t] + np.sqrt(max(0.0, (k - 1) * (k * h[t] - g[t] * g[t]))))
            step = step if least[t] > 0.0 and step > 1e-13 * (1.0 + x[t]) else 0.0
            x[t] -= step
            g[t] = step
            moved = max(moved, step)
        if moved == 0.0:
            return
    for t in range(lanes):
        x[t] = np.nan if g[t] > 0.0 else x[t]


@njit(cache=True, error_model="numpy", fastmath=_FAST)
def exceeds(bound: Floats, matrix: Floats) -> NDArray[np.bool_]:
    """Whether bound [lanes] is above all eigenvalues of matrix [n, n, lanes], which is used up: bool[lanes].

    It is exactly if every pivot of bound I - M is positive; they are found here in the lower triangle.
    """
    n, lanes = matrix.shape[1:]
    least, inverse = np.full(lanes, np.inf), np.empty(lanes)
    for i in range(n):
        for j in range(i + 1):
            for t in range(lanes):
                matrix[i, j, t] = -matrix[i, j, t]
        for t in range(lanes):
            matrix[i, i, t] += bound[t]
    for k in range(n):
        for t in range(lanes):
            least[t] = min(least[t], matrix[k, k, t])
            inverse[t] = 1.0 / matrix[k, k, t]
        for i in range(k + 1, n):
            for j in range(k + 1, i + 1):
                for t in range(lanes):
                    matrix[i, j, t] -= matrix[i, k, t] * matrix[j, k, t] * inverse[t]
    return least > 0.0


@njit(cache=True)
def power_iteration(adjacency: Adjacency) -> Floats:
    """The largest adjacency eigenvalue, NaN where LAPACK is faster: uint8[B, n, n] -> float64[B]."""
    count, n = adjacency.shape[:2]
    result = np.zeros(count)
    starts, neighbours, queue = np.empty(n + 1, np.int64), np.empty(n * n + 1, np.int64), np.empty(n, np.int64)
    distance, x, y = np.empty(n, np.int64), np.empty(n), np.empty(n)
    parent, taken, sums = np.zeros(n, np.int16), np.empty(n, np.bool_), np.empty((n, 3))
    for b in range(count):
        neighbour_lists(adjacency[b], starts, neighbours)
        distance[:] = -1
        for v in range(n):
            if distance[v] < 0 and not np.isnan(result[b]):
                members = queue[: breadth_first(v, starts, neighbours, distance, queue)]
                if breadth_first_parents(members, starts, neighbours, parent):
                    tree = parent[: len(members)]
                    value = tree_root(tree, leaf_matching(tree, taken), sums)
                else:
                    value = perron_root(members, starts, neighbours, x, y)
                result[b] = value if np.isnan(value) else max(result[b], value)
    return result


@njit(cache=True, error_model="numpy")
def perron_root(members: Integers, starts: Integers, neighbours: Integers, x: Floats, y: Floats) -> float:
    """The largest eigenvalue of the component `members` int64[k], NaN if that is slow; x, y: workspace float64[n].

    Power iteration on A + I, which is aperiodic. By Collatz and Wielandt the root lies between the smallest and the
    largest ratio ((A + I) x)_v / x_v for every x > 0; when they meet, the Rayleigh quotient of x is better still.
    """
    limit, previous = 60 + 4 * len(members), np.inf  # about where LAPACK becomes cheaper
    for v in members:
        x[v] = 1.0 + starts[v + 1] - starts[v]
    for step in range(1, limit):
        for v in members:
            total = x[v]
            for e in range(starts[v], starts[v + 1]):
                total += x[neighbours[e]]
            y[v] = total
        if step % 4 == 0:
            low, high, top, bottom, square = np.inf, 0.0, 0.0, 0.0, 0.0
            for v in members:
                ratio = y[v] / x[v]
                low, high = min(low, ratio), max(high, ratio)
                top, bottom, square = max(top, y[v]), bottom + x[v] * x[v], square + x[v] * y[v]
            if high - low < _WIDTH:
                return square / bottom - 1.0
            if step >= 24:
                rate = min((high - low) / previous, 0.999)
                if step + 4 * np.log(_WIDTH / (high - low)) / np.log(rate) > limit:
                    return np.nan
            previous = high - low
            for v in members:
                y[v] /= top
                if y[v] < 1e-200:  # a ratio of subnormal numbers bounds nothing
                    return np.nan
        x, y = y, x
    return np.nan
