"""The named systems of the field, modulo 32003, generators in the customary order: cyclic-6, katsura-5, noon-4, ...

They come from applications (Fourier analysis, magnetism, neural networks, economics, radiative transfer) and serve as
benchmarks of Groebner basis programs; chandra's constant c = 0.51234 is ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mathrl.errors import MathrlError, canonical

from .ideals import FIELD, Ideal, variable_names

Polynomial = list[tuple[int, tuple[int, ...]]]
INDEX_LIMIT = 64


@dataclass(frozen=True)
class System:
    """A family of systems: `polynomials(index)`; `least` is its smallest index."""

    name: str
    least: int
    summary: str
    polynomials: Callable[[int], list[Polynomial]]


def named(word: str) -> Ideal | None:
    """The system of that name, such as cyclic-5; None if it names none, MathrlError if its index is out of range."""
    match = re.fullmatch(r"([a-z]+)-([0-9]{1,9})", canonical(word))
    if match is None or match[1] not in SYSTEMS:
        return None
    system, index = SYSTEMS[match[1]], int(match[2])
    if not system.least <= index <= INDEX_LIMIT:
        raise MathrlError(f"there is no {word}: the index of {system.name} is {system.least} to {INDEX_LIMIT}")
    polynomials = system.polynomials(index)
    return Ideal.from_terms(f"{system.name}-{index}", _variables(system, polynomials), FIELD, polynomials)


def monomial(n: int, *variables: int) -> tuple[int, ...]:
    """The exponents of a product of variables numbered from 0: monomial(3, 0, 0, 2) is x1^2 x3, (2, 0, 1)."""
    return tuple(variables.count(variable) for variable in range(n))


def cyclic(n: int) -> list[Polynomial]:
    """sum_i x_i x_{i+1} ... x_{i+k-1} with cyclic indices for k = 1..n-1; x_1 ... x_n - 1."""
    windows = [[(1, monomial(n, *((i + j) % n for j in range(k)))) for i in range(n)] for k in range(1, n)]
    return [*windows, [(1, monomial(n, *range(n))), (-1, monomial(n))]]


def katsura(m: int) -> list[Polynomial]:
    """u_0 + 2 (u_1 + ... + u_m) - 1; sum_{i=-m..m} u_|i| u_|k-i| - u_k for k = 0..m-1, terms with |k-i| > m dropped."""
    n = m + 1
    total = [(1 if i == 0 else 2, monomial(n, i)) for i in range(n)]
    products = [
        [(1, monomial(n, abs(i), abs(k - i))) for i in range(-m, n) if abs(k - i) <= m] + [(-1, monomial(n, k))]
        for k in range(m)
    ]
    return [[*total, (-1, monomial(n))], *products]


def noon(n: int) -> list[Polynomial]:
    """10 x_i sum_{j != i} x_j^2 - 11 x_i + 10 for each i."""
    return [
        [(10, monomial(n, i, j, j)) for j in range(n) if j != i] + [(-11, monomial(n, i)), (10, monomial(n))]
        for i in range(n)
    ]


def reimer(n: int) -> list[Polynomial]:
    """sum_j (-1)^(j+1) 2 x_j^(i+1) - 1 for i = 1..n."""
    return [
        [((-1) ** j * 2, monomial(n, *[j] * (i + 1))) for j in range(n)] + [(-1, monomial(n))] for i in range(1, n + 1)
    ]


def eco(n: int) -> list[Polynomial]:
    """(x_k + sum_{i=1..n-1-k} x_i x_{i+k}) x_n - k for k = 1..n-1; x_1 + ... + x_{n-1} + 1."""
    last = n - 1
    balances = [
        [(1, monomial(n, k - 1, last)), (-k, monomial(n))]
        + [(1, monomial(n, i - 1, i + k - 1, last)) for i in range(1, n - k)]
        for k in range(1, n)
    ]
    return [*balances, [(1, monomial(n, i)) for i in range(last)] + [(1, monomial(n))]]


def chandra(n: int) -> list[Polynomial]:
    """2n x_i - 2n - c x_i (1 + sum_{j=1..n-1} 2i/(i+j) x_j) for i = 1..n, c = 51234/100000 modulo 32003."""
    c = _quotient(51234, 100000)
    return [
        [(2 * n - c, monomial(n, i - 1)), (-2 * n, monomial(n))]
        + [(-c * _quotient(2 * i, i + j), monomial(n, i - 1, j - 1)) for j in range(1, n)]
        for i in range(1, n + 1)
    ]


SYSTEMS = {
    system.name: system
    for system in (
        System("cyclic", 2, "cyclic N-roots (Bjorck 1990): N variables, N generators", cyclic),
        System("katsura", 1, "Katsura's magnetism equations: N + 1 variables, N + 1 generators", katsura),
        System("noon", 2, "Noonburg's neural network (1989): N variables, N generators of degree 3", noon),
        System("reimer", 2, "Reimer's power sums with alternating signs: N variables, degrees 2..N+1", reimer),
        System("eco", 2, "an economics model (Morgan 1987): N variables, N generators", eco),
        System("chandra", 2, "Chandrasekhar's H-equation, c = 0.51234: N variables, N generators of degree 2", chandra),
    )
}


def _variables(system: System, polynomials: list[Polynomial]) -> tuple[str, ...]:
    """x1, ..., xn, but u0, ..., um for katsura."""
    n = len(polynomials[0][0][1])
    return tuple(f"u{i}" for i in range(n)) if system.name == "katsura" else variable_names(n)


def _quotient(a: int, b: int) -> int:
    """a / b modulo 32003."""
    return a * pow(b, -1, FIELD) % FIELD
