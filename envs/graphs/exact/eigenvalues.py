"""The eigenvalues of a symmetric integer matrix between rationals, proved by exact sign counts of its polynomial."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

import numpy as np
from flint import fmpq, fmpz, fmpz_mat, fmpz_poly

from .face import Interval

SPARE_BITS = 24  # a request for b bits encloses an eigenvalue to about 2^-(b-24)


class Spectrum:
    """The eigenvalues of a symmetric integer matrix int[n][n], with multiplicity, the largest being number 1."""

    def __init__(self, rows: list[list[int]]) -> None:
        self.rows = rows
        self.polynomial = fmpz_mat(rows).charpoly()
        self._counts: dict[tuple[int, int], tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def floats(self) -> list[float]:
        values: list[float] = np.linalg.eigvalsh(np.array(self.rows, dtype=np.float64))[::-1].tolist()
        return values

    @cached_property
    def start_bits(self) -> int:
        """The floats are good to about 2^-start_bits."""
        return 46 - int(max(abs(self.floats[0]), abs(self.floats[-1]))).bit_length()

    def counts(self, point: fmpq) -> tuple[int, int]:
        """The number of eigenvalues > point, and the multiplicity of the point as an eigenvalue."""
        key = int(point.p), int(point.q)
        if key not in self._counts:
            self._counts[key] = roots_above(self.polynomial, point)
        return self._counts[key]

    def proves(self, interval: Interval, first: int, count: int = 1) -> bool:
        """Whether the eigenvalues number first, .., first + count - 1 lie in the interval."""
        above, at = self.counts(interval[0])
        return above + at >= first + count - 1 and self.counts(interval[1])[0] < first

    def enclose(self, k: int, bits: int) -> Interval:
        """Two rationals with eigenvalue number k between them, equal if it is an integer (no other is rational)."""
        nearest = fmpq(round(self.floats[k - 1]))
        if abs(self.floats[k - 1] - float(nearest.p)) < 1e-6 and self.proves((nearest, nearest), k):
            return nearest, nearest
        lo, hi = self._bracket(k)
        width = fmpq(1, 1 << max(bits - SPARE_BITS, 1))
        return (lo, hi) if bits <= 64 or hi - lo <= width else self._refine(k, lo, hi, width)

    def clusters(self, first: int, last: int, bits: int) -> list[tuple[fmpq, fmpq, int]]:
        """Intervals (lo, hi, multiplicity), descending, of the eigenvalues number first, .., last."""
        found = []
        while first <= last:
            lo, hi = self.enclose(first, bits)
            multiplicity = min(sum(self.counts(lo)), last) - first + 1
            found.append((lo, hi, multiplicity))
            first += multiplicity
        return found

    def _bracket(self, k: int) -> Interval:
        """Dyadic lo < hi around the float eigenvalue, widened until the counts say that number k is between them."""
        one = 1 << self.start_bits
        middle, width = round(self.floats[k - 1] * one), 1
        while self.counts(fmpq(middle + width, one))[0] >= k:
            width *= 4
        hi, width = fmpq(middle + width, one), 1
        while self.counts(fmpq(middle - width, one))[0] < k:
            width *= 4
        return fmpq(middle - width, one), hi

    def _refine(self, k: int, lo: fmpq, hi: fmpq, width: fmpq) -> Interval:
        """A narrower enclosure: bisection by counts until one distinct root is left inside, then Newton's method."""
        while self._distinct_above(lo) - self._distinct_above(hi) > 1:
            middle = (lo + hi) / 2
            lo, hi = (middle, hi) if self.counts(middle)[0] >= k else (lo, middle)
        left, right = isolated_root(self._simple, lo, hi, width)
        if left < right:  # no root was passed, so that there is nothing to count
            self._counts.setdefault((int(left.p), int(left.q)), (self.counts(lo)[0], 0))
            self._counts.setdefault((int(right.p), int(right.q)), (self.counts(hi)[0], 0))
        return left, right

    @cached_property
    def _simple(self) -> fmpz_poly:
        """The polynomial with the same roots, each once."""
        return self.polynomial // self.polynomial.gcd(self.polynomial.derivative())

    def _distinct_above(self, point: fmpq) -> int:
        return roots_above(self._simple, point)[0]


def roots_above(polynomial: fmpz_poly, point: fmpq) -> tuple[int, int]:
    """The number of roots > point and the multiplicity of point, of an integer polynomial with real roots only.

    Descartes' rule is exact for such polynomials: count the sign changes of w^d p((x + u)/w) with point = u/w; the
    multiplicity is the number of zeros before the first coefficient.
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
    multiplicity = next(index for index, c in enumerate(shifted) if c != 0)
    return sum(a != b for a, b in pairwise(signs)), multiplicity


def isolated_root(simple: fmpz_poly, lo: fmpq, hi: fmpq, width: fmpq) -> Interval:
    """An interval of at most this width around the only root of `simple` in [lo, hi], a simple one and not an end.

    Newton's method gains as many digits as there are; its point is accepted when the signs beside it differ, and a
    bisection takes its place where they do not.
    """
    slope, rising = simple.derivative(), simple(hi) > 0
    while hi - lo > width:
        middle = (lo + hi) / 2
        value, tangent = simple(middle), slope(middle)
        if value == 0:
            return middle, middle
        lo, hi = (lo, middle) if (value > 0) == rising else (middle, hi)
        if tangent != 0:
            unit = 1 << int((1 / max((hi - lo) ** 2, width / 4)).ceil()).bit_length()
            guess = ((middle - value / tangent) * unit).floor()
            left, right = max(lo, fmpq(guess - 1, unit)), min(hi, fmpq(guess + 2, unit))
            if left < right and (simple(left) > 0) != rising and (simple(right) > 0) == rising:
                lo, hi = left, right
    return lo, hi
