"""Distributions of random ideals, named by strings such as 3-20-10-weighted: n-d-s-KIND or n-d-s-LAM-KIND.

`n-d-s-KIND`: s binomials m1 + c m2 in n variables, c uniform; two degrees are drawn independently, then two different
monomials uniformly among those of these degrees. `n-d-s-LAM-KIND`: s monic sums of 2 + Poisson(LAM) random terms.
KIND weighs the degrees 1..d: `uniform` makes all monomials equally likely, `weighted` all degrees, `maximum` takes d.
Suffixes in any order: `consts` gives degree 0 the weight 1, `homog` draws one degree a polynomial, `pure` sets c = -1.
(Peifer, Stillman, Halpern-Leistner, ICML 2020; the definitions are those of their program deepgroebner.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mathrl.errors import MathrlError, canonical, unknown

from .ideals import FIELD, VARIABLES_LIMIT, Ideal, variable_names

KINDS = {
    "uniform": "all monomials of degree 1..d are equally likely",
    "weighted": "all degrees 1..d are equally likely",
    "maximum": "all monomials have degree d",
}
SUFFIXES = {
    "consts": "degree 0 gets the weight 1",
    "homog": "every polynomial is homogeneous",
    "pure": "the second coefficient of every binomial is -1",
}
FORMS = "n-d-s-KIND or n-d-s-LAM-KIND, such as 3-20-10-weighted or 3-8-4-0.5-uniform-consts"
DEGREE_LIMIT, SIZE_LIMIT, MEAN_LIMIT = 1_000_000, 10_000, 1_000.0


@dataclass(frozen=True)
class Distribution:
    """A distribution of ideals of `size` polynomials of degree at most `degree` in n variables modulo 32003."""

    n: int
    degree: int
    size: int
    kind: str  # one of KINDS
    mean: float | None = None  # LAM, the mean number of terms beyond two; None: binomials
    constants: bool = False
    homogeneous: bool = False
    pure: bool = False

    @classmethod
    def parse(cls, text: str) -> Distribution:
        """The distribution of that name; MathrlError if there is none, or if it can draw no ideal with an S-pair."""
        parts = [part.strip() for part in canonical(text).split("-")]
        if len(parts) < 4:
            raise MathrlError(f"'{text}' is not a distribution of ideals; write {FORMS}")
        n = _number(parts[0], "the number n of variables", 1, VARIABLES_LIMIT, text)
        degree = _number(parts[1], "the degree d", 1, DEGREE_LIMIT, text)
        size = _number(parts[2], "the number s of polynomials", 2, SIZE_LIMIT, text)
        mean, kind, suffixes = None, parts[3], parts[4:]
        if re.match(r"[0-9.]", kind):
            mean, kind, suffixes = _mean(kind, text), parts[4] if len(parts) > 4 else "", parts[5:]
        if not kind:
            raise MathrlError(f"'{text}' names no kind of distribution ({', '.join(KINDS)}); write {FORMS}")
        if kind not in KINDS:
            raise unknown(kind, f"a kind of distribution in '{text}'", KINDS, f"write {FORMS}")
        for place, suffix in enumerate(suffixes):
            if suffix not in SUFFIXES:
                raise unknown(suffix, f"a suffix of a distribution in '{text}'", SUFFIXES, "any of them, in any order")
            if suffix in suffixes[:place]:
                raise MathrlError(f"'{text}' has the suffix {suffix} twice")
        found = cls(n, degree, size, kind, mean, *(suffix in suffixes for suffix in SUFFIXES))
        found.check(text)
        return found

    def check(self, text: str) -> None:
        """MathrlError for what cannot be drawn."""
        if self.pure and self.mean is not None:
            raise MathrlError(f"'{text}': pure is for binomials, n-d-s-KIND-pure, not for sums of random terms")
        one_degree = self.homogeneous or self.degrees == 1
        if self.n == 1 and self.mean is None and one_degree:
            raise MathrlError(
                f"'{text}': in one variable no two monomials of one degree differ, so there is no binomial"
            )

    @property
    def degrees(self) -> int:
        """How many different degrees a monomial can have."""
        return (1 if self.kind == "maximum" else self.degree) + self.constants

    @property
    def name(self) -> str:
        """The string that names it, suffixes in the order consts, homog, pure."""
        mean = [] if self.mean is None else [np.format_float_positional(self.mean, trim="0")]
        chosen = zip(SUFFIXES, (self.constants, self.homogeneous, self.pure), strict=True)
        suffixes = [suffix for suffix, on in chosen if on]
        return "-".join([str(self.n), str(self.degree), str(self.size), *mean, self.kind, *suffixes])

    @property
    def sentence(self) -> str:
        """What is drawn, in words."""
        what = "binomials" if self.mean is None else f"sums of 2 + Poisson({self.mean:g}) random terms"
        chosen = zip(SUFFIXES.values(), (self.constants, self.homogeneous, self.pure), strict=True)
        clauses = [KINDS[self.kind], *(clause for clause, on in chosen if on)]
        variables = "1 variable" if self.n == 1 else f"{self.n} variables"
        return f"{self.size} {what} in {variables} of degree at most {self.degree}: {', '.join(clauses)}"

    def arrays(self, words: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
        """One ideal a word uint64[R], flat: starts int64[R size + 1], exponents int32[T, n], coefficients int64[T]."""
        from .sampling import draw_binomials, draw_polynomials  # numba is imported where ideals are drawn

        shape = (self.n, self.degree, self.size, list(KINDS).index(self.kind), self.constants, self.homogeneous)
        if self.mean is None:
            return draw_binomials(words, *shape, self.pure, FIELD)
        return draw_polynomials(words, *shape, self.mean, FIELD)

    def draw(self, words: NDArray[np.uint64], names: list[str] | None = None) -> list[Ideal]:
        """One ideal a word uint64[R], the same whatever else is drawn; ideals may lack S-pairs (Ideal.coprime)."""
        starts, exponents, coefficients = self.arrays(words)
        variables, s = variable_names(self.n), self.size
        ends = starts.tolist()
        ideals = []
        for r in range(len(words)):
            first, last = ends[r * s], ends[(r + 1) * s]
            ideals.append(
                Ideal(
                    names[r] if names else self.name,
                    variables,
                    FIELD,
                    starts[r * s : (r + 1) * s + 1] - first,
                    exponents[first:last],
                    coefficients[first:last],
                )
            )
        return ideals


def _number(text: str, what: str, least: int, most: int, whole: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise MathrlError(f"'{whole}': {what} is '{text}', which is not an integer in {least} to {most}; write {FORMS}")
    return int(text)


def _mean(text: str, whole: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,12})?", text) or float(text) > MEAN_LIMIT:
        raise MathrlError(f"'{whole}': LAM is '{text}', which is not a decimal in 0 to {MEAN_LIMIT:g}, such as 0.5")
    return float(text)
