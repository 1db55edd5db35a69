"""Compiled invariants of batches of graphs, adjacency uint8[B, n, n], and of trees, parents int16[B, n].

A tree is a parent array: p[0] is unused and p[i] < i, so running i downwards visits every child before its parent.
General graphs are first turned into neighbour lists: v's are neighbours[starts[v]:starts[v + 1]], ascending.
Every invariant is float64[B], NaN where it is undefined.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Adjacency = NDArray[np.uint8]
Parents = NDArray[np.int16]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_WIDTH = 1e-10  # a spectral radius is accepted when rigorous bounds are this close (absolutely)
_TREE_WIDTH = 1e-11  # for trees one more cubic step is cheap


@njit(cache=True)
def adjacency_from_words(words: NDArray[np.uint8], edges: Integers, n: int) -> Adjacency:
    """The graphs with edge edges[e] where words[b, e] != 0: uint8[B, E], int64[E, 2] -> uint8[B, n, n]."""
    adjacency = np.zeros((len(words), n, n), np.uint8)
    for b in range(len(words)):
        for e in range(len(edges)):
            if words[b, e]:
                adjacency[b, edges[e, 0], edges[e, 1]] = adjacency[b, edges[e, 1], edges[e, 0]] = 1
    return adjacency


@njit(cache=True)
def adjacency_from_parents(parents: Parents) -> Adjacency:
    """The trees with the edges {p[i], i}, i = 1..n-1: int16[B, n] -> uint8[B, n, n]."""
    count, n = parents.shape
    adjacency = np.zeros((count, n, n), np.uint8)
    for b in range(count):
        for i in range(1, n):
            adjacency[b, i, parents[b, i]] = adjacency[b, parents[b, i], i] = 1
    return adjacency


@njit(cache=True)
def neighbour_lists(graph: Adjacency, starts: Integers, neighbours: Integers) -> None:
    """Fill starts int64[n + 1] and neighbours int64[n * n] from one adjacency matrix uint8[n, n]."""
    n, end = len(graph), 0
    for v in range(n):
        starts[v] = end
        for w in range(n):  # written always and kept only if adjacent: no branch to mispredict
            neighbours[end] = w
            end += graph[v, w] != 0
    starts[n] = end


@njit(cache=True)
def breadth_first(source: int, starts: Integers, neighbours: Integers, distance: Integers, queue: Integers) -> int:
    """The order of source's component; queue int64[n] lists it by distance int64[n], which must be -1 on all of it."""
    distance[source], queue[0], count, head = 0, source, 1, 0
    while head < count:
        v = queue[head]
        head += 1
        for e in range(starts[v], starts[v + 1]):
            w = neighbours[e]
            if distance[w] < 0:
                distance[w], queue[count] = distance[v] + 1, w
                count += 1
    return count


@njit(cache=True)
def connected(adjacency: Adjacency) -> NDArray[np.bool_]:
    """Whether each graph is connected: uint8[B, n, n] -> bool[B]."""
    count, n = adjacency.shape[:2]
    result = np.empty(count, np.bool_)
    starts, neighbours, queue = np.empty(n + 1, np.int64), np.empty(n * n + 1, np.int64), np.empty(n, np.int64)
    for b in range(count):
        neighbour_lists(adjacency[b], starts, neighbours)
        result[b] = breadth_first(0, starts, neighbours, np.full(n, -1), queue) == n
    return result


@njit(cache=True)
def diameter(adjacency: Adjacency) -> Floats:
    """The largest distance between two vertices, NaN if some two are not connected: uint8[B, n, n] -> float64[B]."""
    count, n = adjacency.shape[:2]
    result = np.zeros(count)
    starts, neighbours, queue = np.empty(n + 1, np.int64), np.empty(n * n + 1, np.int64), np.empty(n, np.int64)
    distance = np.empty(n, np.int64)
    for b in range(count):
        neighbour_lists(adjacency[b], starts, neighbours)
        for v in range(n):
            distance[:] = -1
            if breadth_first(v, starts, neighbours, distance, queue) < n:
                result[b] = np.nan
                break
            result[b] = max(result[b], float(distance[queue[n - 1]]))
    return result


@njit(cache=True)
def triangle_number(adjacency: Adjacency) -> Floats:
    """The number of triangles: uint8[B, n, n] -> float64[B]."""
    count, n = adjacency.shape[:2]
    result = np.zeros(count)
    for b in range(count):
        for i in range(n):
            for j in range(i):
                if adjacency[b, i, j]:
                    common = 0
                    for k in range(j):
                        common += adjacency[b, i, k] & adjacency[b, j, k]
                    result[b] += common
    return result


def order(adjacency: Adjacency) -> Floats:
    """The number of vertices: uint8[B, n, n] -> float64[B]."""
    return np.full(len(adjacency), float(adjacency.shape[1]))


def size(adjacency: Adjacency) -> Floats:
    """The number of edges: uint8[B, n, n] -> float64[B]."""
    result: Floats = adjacency.sum(axis=(1, 2), dtype=np.int64) / 2.0
    return result


def maximum_degree(adjacency: Adjacency) -> Floats:
    """The largest degree: uint8[B, n, n] -> float64[B]."""
    result: Floats = adjacency.sum(axis=2, dtype=np.int64).max(axis=1).astype(np.float64)
    return result


def minimum_degree(adjacency: Adjacency) -> Floats:
    """The smallest degree: uint8[B, n, n] -> float64[B]."""
    result: Floats = adjacency.sum(axis=2, dtype=np.int64).min(axis=1).astype(np.float64)
    return result


def average_degree(adjacency: Adjacency) -> Floats:
    """The mean degree 2m/n: uint8[B, n, n] -> float64[B]."""
    return np.divide(2 * size(adjacency), adjacency.shape[1])


def density(adjacency: Adjacency) -> Floats:
    """Edges over pairs, 2m/(n(n-1)), NaN if n = 1: uint8[B, n, n] -> float64[B]."""
    pairs = adjacency.shape[1] * (adjacency.shape[1] - 1) / 2
    return np.divide(size(adjacency), pairs if pairs else np.nan)


def lambda1(adjacency: Adjacency) -> Floats:
    """The largest adjacency eigenvalue, to 1e-10: uint8[B, n, n] -> float64[B]; LAPACK where iteration is slow."""
    result: Floats = power_iteration(adjacency)
    slow = np.flatnonzero(np.isnan(result))
    portion = max(1, 2_000_000 // adjacency.shape[1] ** 2)  # 16 MB of float64 matrices at a time
    for first in range(0, len(slow), portion):
        rows = slow[first : first + portion]
        result[rows] = np.linalg.eigvalsh(adjacency[rows].astype(np.float64))[:, -1]
    return result


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


@njit(cache=True)
def breadth_first_parents(members: Integers, starts: Integers, neighbours: Integers, parent: Parents) -> bool:
    """Whether a component, in breadth-first order int64[k], is a tree; if so parent int16[k] becomes its array."""
    ends = 0
    for v in members:
        ends += starts[v + 1] - starts[v]
    if ends != 2 * len(members) - 2:
        return False
    child = 1
    for i in range(len(members)):
        v = members[i]
        for e in range(starts[v], starts[v + 1]):
            if i == 0 or neighbours[e] != members[parent[i]]:  # breadth first, so v's children come together
                parent[child] = i
                child += 1
    return True


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


@njit(cache=True)
def tree_matching_number(parents: Parents) -> Floats:
    """The size of a maximum matching of trees: int16[B, n] -> float64[B]."""
    result = np.empty(len(parents))
    taken = np.empty(parents.shape[1], np.bool_)
    for b in range(len(parents)):
        result[b] = leaf_matching(parents[b], taken)
    return result


@njit(cache=True)
def leaf_matching(parent: Parents, taken: NDArray[np.bool_]) -> int:
    """The size of a maximum matching of one tree int16[n]: from the leaves up, a free vertex takes its free parent."""
    found = 0
    taken[:] = False
    for i in range(len(parent) - 1, 0, -1):
        if not taken[i] and not taken[parent[i]]:
            taken[parent[i]] = True
            found += 1
    return found


@njit(cache=True)
def tree_lambda1(parents: Parents) -> Floats:
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
