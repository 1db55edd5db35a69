"""Sums over edges and vertices: rational ones, recounted, and sums of square roots, enclosed by ball arithmetic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flint import ctx, fmpq

from mathrl.errors import MathrlError

from ..arithmetic import bounds, root
from .face import Counted, Enclosure, Interval
from .graphs import Neighbours, degrees, size

Roots = Mapping[fmpq, fmpq]  # {radicand: coefficient}, the sum of coefficient * sqrt(radicand)
FINEST = 8192  # bits to which a stored interval is checked


@dataclass(frozen=True)
class RootSum:
    """A sum of positive multiples of square roots of rationals; exact where all roots are rational.

    Whoever checks it computes it again, to more bits than the ends of the stored interval have.
    """

    roots: Callable[[Neighbours], Roots]

    def enclose(self, graph: Neighbours, bits: int, k: int | None = None) -> Enclosure:
        return Enclosure(*total(self.roots(graph), bits))

    def check(self, graph: Neighbours, interval: Interval, witness: Any, k: int | None = None) -> str:
        longest = max(end.height_bits() for end in interval)
        if longest > FINEST:
            raise MathrlError(f"its interval has an end of more than {FINEST} bits")
        lo, hi = total(self.roots(graph), longest + 64)
        if witness != {} or not interval[0] <= lo <= hi <= interval[1]:
            raise MathrlError("its interval does not contain it")
        return "computed again" if lo == hi else "computed again with square roots to more digits"


def total(roots: Roots, bits: int) -> Interval:
    """The sum between two rationals, of relative width about 2^-bits; equal ones if it is seen to be rational."""
    with ctx.workprec(bits + 16):
        return bounds(sum((c * root(radicand, 2) for radicand, c in roots.items()), fmpq(0)))


def _degree_pairs(graph: Neighbours) -> Counter[tuple[int, int]]:
    """How many edges have ends of degrees a <= b, for every such pair."""
    degree = degrees(graph)
    pairs = ((degree[u], degree[v]) for u, row in enumerate(graph) for v in row if u < v)
    return Counter((min(pair), max(pair)) for pair in pairs)


def _over_edges(term: Callable[[int, int], tuple[fmpq, fmpq]]) -> Callable[[Neighbours], Roots]:
    """The sum over all edges of c sqrt(r) with (r, c) = term(degree of u, degree of v)."""

    def roots(graph: Neighbours) -> Roots:
        found: dict[fmpq, fmpq] = {}
        for pair, count in _degree_pairs(graph).items():
            radicand, coefficient = term(*pair)
            found[radicand] = found.get(radicand, fmpq(0)) + count * coefficient
        return found

    return roots


def _rational_over_edges(term: Callable[[int, int], fmpq]) -> Counted:
    return Counted(lambda graph: sum((count * term(*pair) for pair, count in _degree_pairs(graph).items()), fmpq(0)))


def _mean_dual_degree(graph: Neighbours) -> fmpq:
    """The mean over all vertices of the mean degree of their neighbours, 0 for a vertex without any."""
    degree = degrees(graph)
    means = (fmpq(sum(degree[w] for w in row), len(row)) for row in graph if row)
    return sum(means, fmpq(0)) / len(graph)


randic = RootSum(_over_edges(lambda a, b: (fmpq(1, a * b), fmpq(1))))
geometric_arithmetic = RootSum(_over_edges(lambda a, b: (fmpq(a * b), fmpq(2, a + b))))
eigenvalue_deviation = RootSum(lambda graph: {fmpq(2 * size(graph), len(graph)): fmpq(1)})
harmonic = _rational_over_edges(lambda a, b: fmpq(2, a + b))
modified_zagreb2 = _rational_over_edges(lambda a, b: fmpq(1, a * b))
mean_dual_degree = Counted(_mean_dual_degree)
