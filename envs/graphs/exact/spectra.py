"""Eigenvalues between rationals, proved by exact sign counts of characteristic polynomials."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from flint import fmpq, fmpz, fmpz_mat, fmpz_poly

from mathrl.errors import MathrlError

from .face import Enclosure, Interval, fields
from .graphs import Neighbours

START_BITS = 40  # an eigenvalue is first enclosed to about 2^-40, all that its float64 value is good for
SPARE_BITS = 24  # a request for b bits encloses to about 2^-(b-24)


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


class SpectralRadius:
    """The largest adjacency eigenvalue between two rationals, by two exact sign counts; exact if it is an integer."""

    def enclose(self, graph: Neighbours, bits: int, k: int | None = None) -> Enclosure:
        n = len(graph)
        polynomial = characteristic_polynomial(graph)
        matrix = np.zeros((n, n))
        for u, row in enumerate(graph):
            matrix[u, row] = 1
        start = float(np.linalg.eigvalsh(matrix)[-1])
        lo, hi = integer_root(polynomial, start) or bracket(polynomial, start)
        if lo != hi and bits > START_BITS + SPARE_BITS:
            lo, hi = refine(polynomial, hi, bits - SPARE_BITS)
        witness = {"above_lower": roots_above(polynomial, lo), "above_upper": 0}
        return Enclosure(lo, hi, witness)

    def check(self, graph: Neighbours, interval: Interval, witness: Any, k: int | None = None) -> str:
        fields(witness, ("above_lower", "above_upper"), "the witness")
        polynomial = characteristic_polynomial(graph)
        counts = [roots_above(polynomial, end) for end in interval]
        for end, count in zip(("lower", "upper"), counts, strict=True):
            stated = witness[f"above_{end}"]
            if type(stated) is not int or stated != count:
                raise MathrlError(f"its count of eigenvalues above the {end} end is not {count}")
        if counts[1] != 0 or (counts[0] == 0 and polynomial(interval[0]) != 0):
            raise MathrlError("its interval does not contain it")
        if interval[0] == interval[1]:
            return "a root of the characteristic polynomial det(xI - A), which has no larger root"
        return (
            "the characteristic polynomial det(xI - A) has no root above the upper end (0 sign changes after the "
            f"shift) and {counts[0]} above the lower end"
        )


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


lambda1 = SpectralRadius()
