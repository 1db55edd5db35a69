"""Every invariant exactly, or between two rational numbers that are proved, each with a witness that is easy to check.

This module shares no code with the float kernels. A graph is a list of sorted neighbour lists (vertices 0..n-1) or an
adjacency matrix uint8[n, n].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from flint import fmpq, fmpz, fmpz_mat, fmpz_poly
from numpy.typing import NDArray

from mathrl.errors import MathrlError

from .arithmetic import Undefined

Neighbours = Sequence[Sequence[int]]

START_BITS = 40  # an eigenvalue is first enclosed to about 2^-40, all that its float64 value is good for
SPARE_BITS = 24  # a request for b bits encloses to about 2^-(b-24)


@dataclass(frozen=True)
class Enclosure:
    """The invariant lies in [lo, hi]; `witness` (JSON) lets anyone check it, empty where recounting is the check."""

    lo: fmpq
    hi: fmpq
    witness: dict[str, Any] = field(default_factory=dict)


def enclose(name: str, graph: Neighbours | NDArray[np.uint8], bits: int = 64) -> Enclosure:
    """The invariant `name` (canonical); more `bits` give a narrower interval; Undefined where it has no value."""
    if name not in ENCLOSURES:
        raise MathrlError(f"the invariant '{name}' has no exact enclosure")
    return ENCLOSURES[name](neighbour_lists(graph), bits)


def neighbour_lists(graph: Neighbours | NDArray[np.uint8]) -> Neighbours:
    if isinstance(graph, np.ndarray):
        return [np.flatnonzero(row).tolist() for row in graph]
    return graph


# ------------------------------------------------------------------------------------------ integers and rationals


def exact(count: Callable[[Neighbours], Any]) -> Callable[[Neighbours, int], Enclosure]:
    """The enclosure of an invariant that is a rational number, recounted by whoever checks it."""

    def enclosure(graph: Neighbours, bits: int) -> Enclosure:
        value = fmpq(count(graph))
        return Enclosure(value, value)

    return enclosure


def degrees(graph: Neighbours) -> list[int]:
    return [len(row) for row in graph]


def size(graph: Neighbours) -> int:
    return sum(degrees(graph)) // 2


def triangles(graph: Neighbours) -> int:
    """Triangles u < v < w, each found at its edge uv."""
    later = [{w for w in row if w > v} for v, row in enumerate(graph)]
    return sum(len(later[u] & later[v]) for u in range(len(graph)) for v in later[u])


def distances(graph: Neighbours, source: int) -> dict[int, int]:
    """Distance of every vertex that can be reached from `source`, by breadth-first search."""
    reached, queue = {source: 0}, [source]
    for u in queue:
        for w in graph[u]:
            if w not in reached:
                reached[w] = reached[u] + 1
                queue.append(w)
    return reached


def diameter(graph: Neighbours) -> int:
    longest = 0
    for source in range(len(graph)):
        reached = distances(graph, source)
        if len(reached) < len(graph):
            raise Undefined("the diameter of a disconnected graph is undefined")
        longest = max(longest, *reached.values())
    return longest


# ----------------------------------------------------------------------------------- the largest eigenvalue (kind S)


def characteristic_polynomial(graph: Neighbours) -> fmpz_poly:
    """det(xI - A) with integer coefficients."""
    n = len(graph)
    entries = [0] * (n * n)
    for u, row in enumerate(graph):
        for w in row:
            entries[u * n + w] = 1
    return fmpz_mat(n, n, entries).charpoly()


def roots_above(polynomial: fmpz_poly, point: fmpq) -> int:
    """The number of roots > point, with multiplicity, of an integer polynomial all of whose roots are real.

    Descartes' rule is exact for such polynomials: count the sign changes of w^d p((x + u)/w) with point = u/w.
    """
    u, w = point.p, point.q
    coefficients = polynomial.coeffs()
    if w != 1:
        scale = fmpz(1)
        for index in range(len(coefficients) - 1, -1, -1):
            coefficients[index] *= scale
            scale *= w
    shifted = fmpz_poly(coefficients)(fmpz_poly([u, 1])).coeffs()
    signs = [c > 0 for c in shifted if c != 0]
    return sum(a != b for a, b in pairwise(signs))


def lambda1(graph: Neighbours, bits: int) -> Enclosure:
    """The largest adjacency eigenvalue between two rationals, by two exact sign counts; exact if it is an integer."""
    n = len(graph)
    polynomial = characteristic_polynomial(graph)
    matrix = np.zeros((n, n))
    for u, row in enumerate(graph):
        matrix[u, row] = 1
    start = float(np.linalg.eigvalsh(matrix)[-1])
    lo, hi = integer_root(polynomial, start) or bracket(polynomial, start)
    if lo != hi and bits > START_BITS + SPARE_BITS:
        lo, hi = refine(polynomial, hi, bits - SPARE_BITS)
    above_lower = roots_above(polynomial, lo)
    witness = {
        "polynomial": [str(c) for c in polynomial.coeffs()],
        "lower": [str(lo.p), str(lo.q)],
        "upper": [str(hi.p), str(hi.q)],
        "count_above_lower": above_lower,
        "count_above_upper": 0,
    }
    return Enclosure(lo, hi, witness)


def integer_root(polynomial: fmpz_poly, start: float) -> tuple[fmpq, fmpq] | None:
    """(k, k) if the largest root is the integer k next to `start` (a rational eigenvalue is an integer)."""
    nearest = round(start)
    if abs(start - nearest) > 1e-6 or polynomial(nearest) != 0 or roots_above(polynomial, fmpq(nearest)):
        return None
    return fmpq(nearest), fmpq(nearest)


def bracket(polynomial: fmpz_poly, start: float) -> tuple[fmpq, fmpq]:
    """Dyadic lo < hi around `start`, about 2^-40 apart, widened until lo has a root above it and hi has none."""
    one = 1 << (START_BITS + 1)
    middle, width = round(start * one), 1
    while roots_above(polynomial, fmpq(middle + width, one)) > 0:
        width *= 4
    hi, width = fmpq(middle + width, one), 1
    while roots_above(polynomial, fmpq(middle - width, one)) == 0:
        width *= 4
    return fmpq(middle - width, one), hi


def refine(polynomial: fmpz_poly, hi: fmpq, bits: int) -> tuple[fmpq, fmpq]:
    """An enclosure of the largest root of width about 2^-bits, from an upper bound of it.

    Newton's method from above decreases to the root (all roots are real, so p is convex there); repeated factors are
    divided out to keep it quadratic, and every iterate is rounded up to a multiple of 2^-(bits+1).
    """
    simple = polynomial // polynomial.gcd(polynomial.derivative())
    slope, one = simple.derivative(), fmpz(1) << (bits + 1)
    while True:
        step = fmpq((hi - simple(hi) / slope(hi)) * one).ceil()
        closer = fmpq(step, one)
        if closer >= hi:
            break
        hi = closer
    width = 1
    while roots_above(polynomial, hi - fmpq(width, one)) == 0:
        width *= 4
    assert roots_above(polynomial, hi) == 0
    return hi - fmpq(width, one), hi


# ------------------------------------------------------------------------------------------- matchings (kind M)


def matching_number(graph: Neighbours, bits: int) -> Enclosure:
    """The matching number, proved by a matching and by a Tutte-Berge barrier U with (n + |U| - odd(G - U))/2 = mu."""
    mate, outer = maximum_matching(graph)
    matching = [[u, w] for u, w in enumerate(mate) if u < w]
    barrier = sorted({w for v, is_outer in enumerate(outer) if is_outer for w in graph[v] if not outer[w]})
    odd = odd_components(graph, barrier)
    assert 2 * len(matching) == len(graph) + len(barrier) - odd
    value = fmpq(len(matching))
    return Enclosure(value, value, {"matching": matching, "barrier": barrier, "odd_components": odd})


def odd_components(graph: Neighbours, removed: Sequence[int]) -> int:
    """The number of components of odd order that are left when the vertices `removed` are deleted."""
    seen = [False] * len(graph)
    for v in removed:
        seen[v] = True
    odd = 0
    for root in range(len(graph)):
        if not seen[root]:
            seen[root], component = True, [root]
            for u in component:
                for w in graph[u]:
                    if not seen[w]:
                        seen[w] = True
                        component.append(w)
            odd += len(component) % 2
    return odd


def maximum_matching(graph: Neighbours) -> tuple[list[int], list[bool]]:
    """Edmonds' blossom algorithm: mate of each vertex (-1: none), and whether a maximum matching can miss it.

    The second list is the set D of the Gallai-Edmonds decomposition: the outer vertices of the last alternating forest,
    grown from all exposed vertices at once, in which no augmenting path was left.
    """
    mate = [-1] * len(graph)
    for u, row in sorted(enumerate(graph), key=lambda item: len(item[1])):
        if mate[u] < 0:
            for w in row:
                if mate[w] < 0:
                    mate[u], mate[w] = w, u
                    break
    while True:
        forest = Forest(graph, mate)
        if not forest.augment():
            return mate, forest.outer


class Forest:
    """An alternating forest from all exposed vertices.

    Paths from exposed vertices alternate edges outside and inside the matching; `parent` of an inner vertex (or of a
    vertex inside a blossom) is the outer vertex before it, `base` the vertex that stands for a contracted blossom.
    """

    def __init__(self, graph: Neighbours, mate: list[int]) -> None:
        self.graph, self.mate = graph, mate
        self.parent = [-1] * len(graph)
        self.base = list(range(len(graph)))
        self.outer = [w < 0 for w in mate]
        self.queue = [v for v, w in enumerate(mate) if w < 0]

    def augment(self) -> bool:
        """Grow the forest; enlarge the matching by one edge and return True if two trees meet."""
        graph, mate, parent, base, outer, queue = self.graph, self.mate, self.parent, self.base, self.outer, self.queue
        for v in queue:
            for w in graph[v]:
                if outer[w]:
                    if base[v] != base[w]:
                        meeting = self.meeting(v, w)
                        if meeting < 0:
                            self.flip(v, w)
                            return True
                        self.contract(v, w, meeting)
                elif parent[w] < 0:
                    parent[w] = v
                    outer[mate[w]] = True
                    queue.append(mate[w])
        return False

    def meeting(self, v: int, w: int) -> int:
        """The base of the first blossom on both paths to the roots, -1 if v and w are in different trees."""
        on_path = set()
        while True:
            v = self.base[v]
            on_path.add(v)
            if self.mate[v] < 0:
                break
            v = self.parent[self.mate[v]]
        while True:
            w = self.base[w]
            if w in on_path:
                return w
            if self.mate[w] < 0:
                return -1
            w = self.parent[self.mate[w]]

    def contract(self, v: int, w: int, base: int) -> None:
        """Make the odd cycle through the edge vw and `base` one outer vertex."""
        in_blossom = set()
        for end, child in ((v, w), (w, v)):
            while self.base[end] != base:
                partner = self.mate[end]
                in_blossom |= {self.base[end], self.base[partner]}
                self.parent[end] = child
                child, end = partner, self.parent[partner]
        for u in range(len(self.graph)):
            if self.base[u] in in_blossom:
                self.base[u] = base
                if not self.outer[u]:
                    self.outer[u] = True
                    self.queue.append(u)

    def flip(self, v: int, w: int) -> None:
        """Exchange matched and unmatched edges on the path root - v - w - root."""
        mate, parent = self.mate, self.parent
        loose = (mate[v], mate[w])
        mate[v], mate[w] = w, v
        for u in loose:
            while u >= 0:
                outer = parent[u]
                following = mate[outer]
                mate[u], mate[outer] = outer, u
                u = following


ENCLOSURES: dict[str, Callable[[Neighbours, int], Enclosure]] = {
    "n": exact(len),
    "m": exact(size),
    "maximum_degree": exact(lambda graph: max(degrees(graph))),
    "minimum_degree": exact(lambda graph: min(degrees(graph))),
    "average_degree": exact(lambda graph: fmpq(2 * size(graph), len(graph))),
    "density": exact(lambda graph: fmpq(2 * size(graph), len(graph) * (len(graph) - 1))),
    "triangle_number": exact(triangles),
    "diameter": exact(diameter),
    "lambda1": lambda1,
    "matching_number": matching_number,
}
