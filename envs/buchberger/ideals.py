"""Ideals over GF(p), as given: polynomials as sorted terms in flat arrays, their JSON form and their text.

Order: graded reverse lexicographic with x1 > x2 > ... > xn. The larger total degree is larger; on a tie the first
difference from xn down to x1 decides, and the SMALLER exponent there is larger: y^2 > x*z, x^2 > x*y > y^2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrl.errors import MathrlError

FIELD = 32003  # the characteristic where none is asked for, and where 0 is
EXPONENT_LIMIT = 2**31 - 1  # exponents are int32
VARIABLES_LIMIT = 1000
NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")  # a variable
Terms = Iterable[tuple[int, Sequence[int]]]  # (coefficient, exponents), any order, repetitions add up


@dataclass(frozen=True, eq=False)
class Ideal:
    """The ideal of s polynomials with T terms in all, in n variables over GF(field).

    Terms starts[g]:starts[g+1] are generator g, in descending grevlex, no two with the same monomial, coefficients in
    1..field-1 (not made monic). Generators are in input order and not zero; an ideal without generators is zero.
    """

    name: str
    variables: tuple[str, ...]  # n names
    field: int  # a prime below 2^31
    starts: NDArray[np.int64]  # [s + 1]
    exponents: NDArray[np.int32]  # [T, n]
    coefficients: NDArray[np.int64]  # [T]
    remarks: tuple[str, ...] = ()  # sentences: what the reader did to what was written

    @property
    def n(self) -> int:
        """The number of variables."""
        return len(self.variables)

    def __len__(self) -> int:
        """The number of generators."""
        return len(self.starts) - 1

    @property
    def coprime(self) -> bool:
        """Whether no variable occurs in two lead monomials; then the generators are a basis and no S-pair is left."""
        leads = self.exponents[self.starts[:-1]] > 0
        return bool((leads.sum(axis=0) <= 1).all())

    @property
    def binomial(self) -> bool:
        """Whether no generator has more than two terms."""
        return bool((np.diff(self.starts) <= 2).all())

    @property
    def degree(self) -> int:
        """The largest total degree of a term, 0 for the zero ideal."""
        return int(self.exponents.sum(axis=1, dtype=np.int64).max(initial=0))

    def ascending(self) -> Ideal:
        """The same generators by ascending lead monomial, those with equal leads in the order they had."""
        leads = self.exponents[self.starts[:-1]].tolist()
        order = sorted(range(len(self)), key=lambda generator: order_key(leads[generator]))
        lengths = np.diff(self.starts)[order]
        terms = [np.arange(self.starts[generator], self.starts[generator + 1]) for generator in order]
        chosen = np.concatenate([*terms, np.empty(0, np.int64)])
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        return replace(self, starts=starts, exponents=self.exponents[chosen], coefficients=self.coefficients[chosen])

    def generators(self) -> list[list[list[Any]]]:
        """The polynomials in JSON form: a list of [coefficient, [e1, ..., en]] each, descending."""
        starts, coefficients, exponents = self.starts.tolist(), self.coefficients.tolist(), self.exponents.tolist()
        terms = [[coefficient, exponent] for coefficient, exponent in zip(coefficients, exponents, strict=True)]
        return [terms[first:last] for first, last in pairwise(starts)]

    def to_json(self) -> dict[str, Any]:
        """The record {"id", "n", "field", "F"}, with "variables" where they are not called x1, ..., xn."""
        record: dict[str, Any] = {"id": self.name, "n": self.n, "field": self.field}
        if self.variables != variable_names(self.n):
            record["variables"] = list(self.variables)
        return record | {"F": self.generators()}

    @classmethod
    def of_json(cls, record: Any, name: str = "") -> Ideal:
        """The ideal of a record {"id", "n", "field", "F"}; `name` is for a record without id, other keys are ignored.

        Coefficients may be any integers; field 0 is read modulo 32003 and a remark says so.
        """
        if not isinstance(record, Mapping):
            raise MathrlError('an ideal is an object {"id": ..., "n": ..., "field": ..., "F": ...}')
        for key in ("n", "field", "F"):
            if key not in record:
                raise MathrlError(
                    f'the record has no "{key}"; an ideal is {{"id": ..., "n": ..., "field": ..., "F": ...}}'
                )
        n = integer(record["n"], '"n"')
        if not 1 <= n <= VARIABLES_LIMIT:
            raise MathrlError(f'"n" is {_short(n)}; the number of variables is 1 to {VARIABLES_LIMIT}')
        field, remarks = characteristic(integer(record["field"], '"field"'))
        variables = record.get("variables", list(variable_names(n)))
        if not isinstance(variables, list) or not all(
            isinstance(name, str) and NAME.fullmatch(name) for name in variables
        ):
            raise MathrlError(f'"variables" is {_short(variables)}, which is not a list of names such as "x1"')
        if len(variables) != n or len(set(variables)) < n:
            raise MathrlError(f'"variables" is {_short(variables)}, which are not n = {n} different names')
        polynomials = record["F"]
        if not isinstance(polynomials, list) or not polynomials:
            raise MathrlError('"F" is not a list of at least one polynomial')
        read = [_polynomial(polynomial, place, n) for place, polynomial in enumerate(polynomials)]
        return cls.from_terms(str(record.get("id", name)), variables, field, read, remarks)

    @classmethod
    def from_terms(
        cls, name: str, variables: Sequence[str], field: int, polynomials: Iterable[Terms], remarks: Sequence[str] = ()
    ) -> Ideal:
        """The ideal of polynomials with terms in any order: sorted, equal monomials added up, zero polynomials dropped.

        Coefficients are any integers, exponents 0 to 2^31 - 1. A remark counts the polynomials that were zero.
        """
        starts, exponents, coefficients, zeros = [0], [], [], 0
        for polynomial in polynomials:
            residues = merge(polynomial, field)
            if not residues:
                zeros += 1
                continue
            for monomial in sorted(residues, key=order_key, reverse=True):
                exponents.append(monomial)
                coefficients.append(residues[monomial])
            starts.append(len(coefficients))
        if zeros:
            one = zeros == 1
            remarks = [*remarks, f"{zeros} polynomial{' is' if one else 's are'} zero modulo {field} and left out"]
        return cls(
            name,
            tuple(variables),
            field,
            np.array(starts, np.int64),
            np.array(exponents, np.int32).reshape(-1, len(variables)),
            np.array(coefficients, np.int64),
            tuple(remarks),
        )

    def text(self, generator: int) -> str:
        """One generator as `x1^2*x2 - 3*x3 + 1`, coefficients between -p/2 and p/2."""
        first, last = int(self.starts[generator]), int(self.starts[generator + 1])
        terms = zip(self.coefficients[first:last].tolist(), self.exponents[first:last].tolist(), strict=True)
        return polynomial_text(terms, self.variables, self.field)

    def texts(self) -> list[str]:
        """Every generator as text."""
        return [self.text(generator) for generator in range(len(self))]


def order_key(exponents: Sequence[int]) -> tuple[int, ...]:
    """The sort key of a monomial: a larger key is a larger monomial in grevlex."""
    return (sum(exponents), *(-exponent for exponent in reversed(exponents)))


def merge(terms: Terms, field: int) -> dict[tuple[int, ...], int]:
    """The residues in 1..field-1 by monomial: equal monomials add up, zero coefficients go."""
    sums: dict[tuple[int, ...], int] = {}
    for coefficient, exponents in terms:
        monomial = tuple(exponents)
        sums[monomial] = (sums.get(monomial, 0) + coefficient) % field
    return {monomial: residue for monomial, residue in sums.items() if residue}


def variable_names(n: int) -> tuple[str, ...]:
    """x1, ..., xn."""
    return tuple(f"x{index}" for index in range(1, n + 1))


def monomial_text(exponents: Sequence[int], variables: Sequence[str]) -> str:
    """`x1^2*x2`; the monomial 1 is `1`."""
    powers = [
        variable if exponent == 1 else f"{variable}^{exponent}"
        for variable, exponent in zip(variables, exponents, strict=True)
        if exponent
    ]
    return "*".join(powers) or "1"


def polynomial_text(terms: Terms, variables: Sequence[str], field: int) -> str:
    """`x1^2*x2 - 3*x3 + 1` for terms in the order given; residues above p/2 are written as negative numbers."""
    text = ""
    for residue, exponents in terms:
        coefficient = residue if 2 * residue <= field else residue - field
        monomial, size = monomial_text(exponents, variables), abs(coefficient)
        term = monomial if size == 1 else str(size) if monomial == "1" else f"{size}*{monomial}"
        sign = "-" if coefficient < 0 else "+"
        text = f"{text} {sign} {term}" if text else term if sign == "+" else f"-{term}"
    return text or "0"


def characteristic(p: int) -> tuple[int, tuple[str, ...]]:
    """The field that characteristic p is run over, and a remark where that is not p: primes below 2^31, 0 is 32003."""
    if p == 0:
        return FIELD, (f"characteristic 0 is run modulo {FIELD}: additions are counted there, not over the rationals",)
    if not 2 <= p < 2**31:
        raise MathrlError(f"the characteristic {_short(p)} is not 0 or a prime below 2^31; the usual one is {FIELD}")
    if not is_prime(p):
        raise MathrlError(f"the characteristic {p} is not prime; did you mean {nearest_prime(p)}?")
    return p, ()


def is_prime(p: int) -> bool:
    """Whether 0 <= p < 2^31 is prime: Miller-Rabin with the bases 2, 3, 5, 7, exact so far (Jaeschke 1993)."""
    if p < 2 or any(p % q == 0 for q in (2, 3, 5, 7)):
        return p in (2, 3, 5, 7)
    odd, twos = p - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7):
        powers = [pow(base, odd << shift, p) for shift in range(twos)]
        if powers[0] != 1 and p - 1 not in powers:
            return False
    return True


def nearest_prime(p: int) -> int:
    """The prime below 2^31 nearest to p, the smaller of two."""
    distance = 0
    while True:
        for candidate in (p - distance, p + distance):
            if 2 <= candidate < 2**31 and is_prime(candidate):
                return candidate
        distance += 1


def integer(value: Any, what: str) -> int:
    """The value if it is an integer of JSON; 1.0 and true are not."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise MathrlError(f"{what} is {_short(value)}, which is not an integer")
    return value


def _polynomial(terms: Any, place: int, n: int) -> list[tuple[int, list[int]]]:
    """The terms of polynomial `place` (from 0) of a record, checked."""
    if not isinstance(terms, list):
        raise MathrlError(f"polynomial {place + 1} of F is {_short(terms)}, which is not a list of terms")
    for term in terms:
        what = f"a term of polynomial {place + 1} of F"
        if not isinstance(term, list) or len(term) != 2 or not isinstance(term[1], list):
            raise MathrlError(f"{what} is {_short(term)}, which is not [coefficient, [e1, ..., en]]")
        coefficient, exponents = term
        integer(coefficient, f"the coefficient of {what}")
        if len(exponents) != n:
            raise MathrlError(f"{what} has {len(exponents)} exponents for n = {n} variables: {_short(term)}")
        for exponent in exponents:
            if not 0 <= integer(exponent, f"an exponent of {what}") <= EXPONENT_LIMIT:
                raise MathrlError(f"{what} has the exponent {_short(exponent)}, which is not in 0 to 2^31 - 1")
    return [(coefficient, exponents) for coefficient, exponents in terms]


def _short(value: Any) -> str:
    """What was written, cut to a length that fits a message."""
    text = (
        repr(value)
        if not isinstance(value, int) or value.bit_length() < 200
        else f"a number of {value.bit_length()} bits"
    )
    return text if len(text) <= 60 else f"{text[:57]}..."
