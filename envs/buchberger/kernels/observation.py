"""Observations: what is seen of each pending pair before it is chosen. Nothing is reduced here.

`features.py` names the columns in the order in which they are written.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ..record import (
    ADDITIONS,
    CELL,
    ELEMENT,
    ELEMENTS,
    FIRST,
    FITS,
    GENERATORS,
    MORE_TERMS,
    PAIR,
    PAIR_SUGAR,
    PENDING,
    REDUCERS,
    STEPS,
    TAIL,
    Int,
    Integers,
    Layout,
    Monomial,
    Singles,
    Words,
)
from .foresight import foresee
from .monomials import degree, equal, exponent, load
from .peeks import (
    DEG_FIRST,
    DEG_L,
    DEG_SECOND,
    DIVISORS,
    LCMS,
    MULTIPLES,
    PEEKED,
    SECOND_DIVISORS,
    SIZE,
    peek_all,
)
from .reduction import LOW32

DESCRIBED, SUMMARISED = 26, 20  # columns of a pair and of the context that do not depend on n and k
EXPONENT, DEGREE, COUNT = np.float32(0.1), np.float32(0.05), np.float32(0.1)  # scales
NO_POWER = np.float32(1.5)  # in place of the degree of a pure power that is no reducer


@njit(cache=True)
def observe_rows(
    memory: Words,
    first_row: Int,
    rows: Integers,
    starts: Integers,
    shown: Integers,
    n: Int,
    k: Int,
    features: bool,
    elements: Singles,
    context: Singles,
    layout: Layout,
    work: Words,
    one: Monomial,
) -> Any:
    """Write shown[R] pairs of each row to elements float32[*, F] from starts[R] on, and context float32[R, C].

    Returns (row reached, answer).
    """
    for at in range(first_row, len(rows)):
        r = memory[rows[at]]
        count = np.int64(r[PENDING])
        if shown[at] == 0:
            continue
        for pair in range(shown[at]):
            out = elements[starts[at] + pair]
            cell = r[layout.pairs_at + pair * (PAIR + len(one)) + CELL]
            leading_terms(r, np.int64(cell >> np.uint64(32)), n, k, out, 0, layout, one)
            leading_terms(r, np.int64(cell & LOW32), n, k, out, n * k, layout, one)
        if features:
            peeks = np.zeros((count, PEEKED), np.int64)
            terms = np.zeros((count, 2 * len(one)), np.uint64)
            if not peek_all(r, peeks, terms, layout, work, one):
                return at, MORE_TERMS
            for pair in range(shown[at]):
                out = elements[starts[at] + pair]
                three_monomials(r, pair, peeks, terms, n, out, 2 * n * k, layout, one)
                describe(r, pair, peeks, out, 2 * n * k + 3 * n, layout, one)
                foresee(r, pair, peeks, terms, out, 2 * n * k + 3 * n + DESCRIBED, layout, one)
            summarise(r, peeks, n, context[at], layout, one)
    return len(rows), FITS


@njit(cache=True)
def leading_terms(r: Words, i: Int, n: Int, k: Int, out: Singles, at: Int, layout: Layout, one: Monomial) -> Any:
    """The exponents of the k leading terms of element i, zeros where it has fewer."""
    write_exponents(load(r, layout.leads_at + i * len(one), one), n, out, at, layout)
    element = layout.elements_at + i * ELEMENT
    for t in range(min(k - 1, np.int64(r[element + TAIL]))):
        m = load(r, layout.terms_at + (np.int64(r[element + FIRST]) + t) * len(one), one)
        write_exponents(m, n, out, at + (t + 1) * n, layout)


@njit(cache=True)
def write_exponents(m: Monomial, n: Int, out: Singles, at: Int, layout: Layout) -> Any:
    """The n exponents of a monomial, scaled."""
    for v in range(n):
        out[at + v] = EXPONENT * np.float32(exponent(m, v, layout))


@njit(cache=True)
def three_monomials(
    r: Words, pair: Int, peeks: Integers, terms: Words, n: Int, out: Singles, at: Int, layout: Layout, one: Monomial
) -> Any:
    """The exponents of the first two terms of S, zeros where there is none, and of L."""
    for term in range(min(2, peeks[pair, SIZE])):
        write_exponents(load(terms[pair], term * len(one), one), n, out, at + term * n, layout)
    lcm = load(r, layout.pairs_at + pair * (PAIR + len(one)) + PAIR, one)
    write_exponents(lcm, n, out, at + 2 * n, layout)


@njit(cache=True)
def is_reducer(r: Words, i: Int, layout: Layout, one: Monomial) -> Any:
    """Whether element i can be the first divisor of something."""
    for k in range(np.int64(r[REDUCERS])):
        if np.int64(r[layout.reducers_at + layout.elements * len(one) + k]) == i:
            return True
    return False


@njit(cache=True)
def describe(r: Words, pair: Int, peeks: Integers, out: Singles, at: Int, layout: Layout, one: Monomial) -> Any:
    """Write DESCRIBED columns of a pair: its degrees and ranks among all pairs, its elements, its S-polynomial."""
    stride, count, size = PAIR + len(one), len(peeks), np.float32(r[ELEMENTS])
    start, peek = layout.pairs_at + pair * stride, peeks[pair]
    i, j = np.int64(r[start + CELL] >> np.uint64(32)), np.int64(r[start + CELL] & LOW32)
    smaller, lighter, least, sharing = 0, 0, peek[DEG_L], 0
    lcm = load(r, start + PAIR, one)
    for other in range(count):
        smaller += peeks[other, DEG_L] < peek[DEG_L]
        lighter += peeks[other, DEG_FIRST] < peek[DEG_FIRST]
        least = min(least, peeks[other, DEG_L])
        sharing += equal(load(r, layout.pairs_at + other * stride + PAIR, one), lcm)
    sugar = np.int64(r[start + PAIR_SUGAR])
    tail_i: Int = np.int64(r[layout.elements_at + i * ELEMENT + TAIL])
    tail_j: Int = np.int64(r[layout.elements_at + j * ELEMENT + TAIL])
    out[at] = DEGREE * peek[DEG_L]
    out[at + 1] = DEGREE * max(peek[DEG_FIRST], 0)
    out[at + 2] = DEGREE * max(peek[DEG_SECOND], 0)
    out[at + 3] = peek[SIZE] == 1
    out[at + 4] = peek[SIZE] == 0
    out[at + 5] = peek[DIVISORS] > 0
    out[at + 6] = peek[SECOND_DIVISORS] > 0
    out[at + 7] = j / size
    out[at + 8] = smaller / count
    out[at + 9] = lighter / count
    out[at + 10] = COUNT * (peek[DEG_L] - least)
    out[at + 11] = COUNT * sharing
    out[at + 12] = COUNT * peek[DIVISORS]
    out[at + 13] = COUNT * peek[SECOND_DIVISORS]
    out[at + 14] = peek[MULTIPLES] / np.float32(r[REDUCERS])
    out[at + 15] = peek[LCMS] / count
    out[at + 16] = DEGREE * sugar
    out[at + 17] = DEGREE * (sugar - peek[DEG_L])
    out[at + 18] = not is_reducer(r, i, layout, one)
    out[at + 19] = not is_reducer(r, j, layout, one)
    out[at + 20] = i / size
    out[at + 21] = DEGREE * min(tail_i + 1, 40)
    out[at + 22] = DEGREE * min(tail_j + 1, 40)
    out[at + 23] = DEGREE * min(peek[SIZE], 40)
    out[at + 24] = tail_i == 0
    out[at + 25] = tail_j == 0


@njit(cache=True)
def summarise(r: Words, peeks: Integers, n: Int, out: Singles, layout: Layout, one: Monomial) -> Any:
    """Write the context of a state: SUMMARISED columns, then the degree of the pure power of each variable."""
    count, reducers = len(peeks), np.int64(r[REDUCERS])
    degrees, powers, monomials, largest = 0, 0, 0, 0
    for v in range(n):
        out[SUMMARISED + v] = NO_POWER
    for k in range(reducers):
        lead = load(r, layout.reducers_at + k * len(one), one)
        index = np.int64(r[layout.reducers_at + layout.elements * len(one) + k])
        degrees += degree(lead, layout)
        largest = max(largest, degree(lead, layout))
        monomials += r[layout.elements_at + index * ELEMENT + TAIL] == 0
        for v in range(n):
            if exponent(lead, v, layout) == degree(lead, layout):
                powers += 1
                out[SUMMARISED + v] = DEGREE * degree(lead, layout)
    least, most, lightest, total, zeros = peeks[0, DEG_L], peeks[0, DEG_L], peeks[0, DEG_FIRST], 0, 0
    irreducible, lowest, single, killers = 0, np.int64(2**62), 0, 0
    for pair in range(count):
        peek = peeks[pair]
        least, most = min(least, peek[DEG_L]), max(most, peek[DEG_L])
        lightest = min(lightest, peek[DEG_FIRST])
        total += peek[DEG_L]
        zeros += peek[SIZE] == 0
        single += peek[SIZE] == 1
        if peek[SIZE] > 0 and peek[DIVISORS] == 0:
            irreducible += 1
            lowest = min(lowest, peek[DEG_FIRST])
            killers += peek[SIZE] == 1
    out[0] = DEGREE * count
    out[1] = DEGREE * np.int64(r[ELEMENTS])
    out[2] = DEGREE * reducers
    out[3] = DEGREE * total / count
    out[4] = DEGREE * least
    out[5] = DEGREE * most
    out[6] = DEGREE * lightest
    out[7] = DEGREE * degrees / reducers
    out[8] = powers / n
    out[9] = monomials / reducers
    out[10] = zeros / count
    out[11] = np.float32(0.01) * np.int64(r[ADDITIONS])
    out[12] = np.float32(0.02) * np.int64(r[STEPS])
    out[13] = DEGREE * np.int64(r[GENERATORS])
    out[14] = irreducible / count
    out[15] = single / count
    out[16] = DEGREE * lowest if irreducible > 0 else np.float32(1.0)
    out[17] = COUNT * killers
    out[18] = DEGREE * largest
    out[19] = DEGREE * degree(load(r, layout.reducers_at, one), layout)
