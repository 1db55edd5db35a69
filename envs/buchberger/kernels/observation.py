"""Observations: what is seen of each pending pair before it is chosen. Nothing is reduced here.

`features.py` names the columns in the order in which they are written.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ..record import (
    ADDITIONS,
    BINOMIAL,
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
)
from .monomials import degree, divides, equal, exponent, greater, load
from .reduction import LOW32, s_polynomial, shifted_tail

PEEKS, CONTEXT = 26, 14  # columns that do not depend on n and k
EXPONENT, DEGREE, COUNT = np.float32(0.1), np.float32(0.05), np.float32(0.1)  # scales


@njit(cache=True)
def observe_rows(memory, first_row, rows, starts, shown, n, k, features, elements, context, layout, work, one):
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
            peeks = np.zeros((count, 8), np.int64)
            monomials = np.zeros((count, 2 * len(one)), np.uint64)
            if not peek_all(r, peeks, monomials, layout, work, one):
                return at, MORE_TERMS
            for pair in range(shown[at]):
                describe(r, pair, peeks, monomials, n, elements[starts[at] + pair], 2 * n * k, layout, one)
            summarise(r, peeks, n, context[at], layout, one)
    return len(rows), FITS


@njit(cache=True)
def leading_terms(r, i, n, k, out, at, layout, one):
    """The exponents of the k leading terms of element i, zeros where it has fewer."""
    for v in range(n):
        out[at + v] = EXPONENT * np.float32(exponent(load(r, layout.leads_at + i * len(one), one), v, layout))
    element = layout.elements_at + i * ELEMENT
    for t in range(min(k - 1, np.int64(r[element + TAIL]))):
        m = load(r, layout.terms_at + (np.int64(r[element + FIRST]) + t) * len(one), one)
        for v in range(n):
            out[at + (t + 1) * n + v] = EXPONENT * np.float32(exponent(m, v, layout))


@njit(cache=True)
def two_terms(r, pair, layout, work, one):
    """The terms of the S-polynomial of a pair: (their number or -1, the largest, the second-largest)."""
    if not r[BINOMIAL]:
        count = s_polynomial(r, pair, layout, work, one)
        first = load(work, 0, one) if count > 0 else one
        return count, first, load(work, len(one), one) if count > 1 else one
    at = layout.pairs_at + pair * (PAIR + len(one))
    i, j, lcm = np.int64(r[at + CELL] >> np.uint64(32)), np.int64(r[at + CELL] & LOW32), load(r, at + PAIR, one)
    m, c = shifted_tail(r, i, lcm, layout, one)
    n, d = shifted_tail(r, j, lcm, layout, one)
    if c != 0 and d != 0:
        if equal(m, n):
            return (0 if c == d else 1), m, one
        return (2, n, m) if greater(n, m, layout) else (2, m, n)
    return (1 if c != 0 or d != 0 else 0), (m if c != 0 else n), one


@njit(cache=True)
def peek_all(r, peeks, monomials, layout, work, one):
    """Note for each pair deg L, terms of S, degrees of its first two terms, counts of divisors and multiples.

    peeks int64[|P|, 8]: deg L, terms, degree, second degree, reducers of the first term, of the second, reducers that
    the first term divides, lcms that it divides. False if `work` is too small.
    """
    width, stride = len(one), PAIR + len(one)
    for pair in range(len(peeks)):
        terms, m, n = two_terms(r, pair, layout, work, one)
        if terms < 0:
            return False
        peek = peeks[pair]
        peek[0] = degree(load(r, layout.pairs_at + pair * stride + PAIR, one), layout)
        peek[1], peek[2], peek[3] = (
            terms,
            degree(m, layout) if terms > 0 else -1,
            degree(n, layout) if terms > 1 else -1,
        )
        for w in range(width):
            monomials[pair, w], monomials[pair, width + w] = m[w], n[w]
        if terms == 0:
            continue
        for k in range(np.int64(r[REDUCERS])):
            lead = load(r, layout.reducers_at + k * width, one)
            peek[4] += divides(lead, m, layout.guard)
            peek[5] += terms > 1 and divides(lead, n, layout.guard)
            peek[6] += divides(m, lead, layout.guard)
        for other in range(len(peeks)):
            peek[7] += divides(m, load(r, layout.pairs_at + other * stride + PAIR, one), layout.guard)
    return True


@njit(cache=True)
def is_reducer(r, i, layout, one):
    """Whether element i can be the first divisor of something."""
    for k in range(np.int64(r[REDUCERS])):
        if np.int64(r[layout.reducers_at + layout.elements * len(one) + k]) == i:
            return True
    return False


@njit(cache=True)
def describe(r, pair, peeks, monomials, n, out, at, layout, one):
    """The columns of one pair after its leading terms: exponents of S's first two terms, then PEEKS numbers."""
    width, stride, count, size = len(one), PAIR + len(one), len(peeks), np.float32(r[ELEMENTS])
    start, peek = layout.pairs_at + pair * stride, peeks[pair]
    i, j = np.int64(r[start + CELL] >> np.uint64(32)), np.int64(r[start + CELL] & LOW32)
    for term in range(min(2, peek[1])):
        m = load(monomials[pair], term * width, one)
        for v in range(n):
            out[at + term * n + v] = EXPONENT * np.float32(exponent(m, v, layout))
    at += 2 * n
    smaller, lighter, least, sharing = 0, 0, peek[0], 0
    lcm = load(r, start + PAIR, one)
    for other in range(count):
        smaller += peeks[other, 0] < peek[0]
        lighter += peeks[other, 2] < peek[2]
        least = min(least, peeks[other, 0])
        sharing += equal(load(r, layout.pairs_at + other * stride + PAIR, one), lcm)
    sugar = np.int64(r[start + PAIR_SUGAR])
    tails = r[layout.elements_at + i * ELEMENT + TAIL], r[layout.elements_at + j * ELEMENT + TAIL]
    reducers = np.float32(r[REDUCERS])
    out[at] = DEGREE * peek[0]
    out[at + 1] = DEGREE * max(peek[2], 0)
    out[at + 2] = DEGREE * max(peek[3], 0)
    out[at + 3] = peek[1] == 1
    out[at + 4] = peek[1] == 0
    out[at + 5] = peek[4] > 0
    out[at + 6] = peek[5] > 0
    out[at + 7] = j / size
    out[at + 8] = smaller / count
    out[at + 9] = lighter / count
    out[at + 10] = COUNT * (peek[0] - least)
    out[at + 11] = COUNT * sharing
    out[at + 12] = COUNT * peek[4]
    out[at + 13] = COUNT * peek[5]
    out[at + 14] = peek[6] / reducers
    out[at + 15] = peek[7] / count
    out[at + 16] = DEGREE * sugar
    out[at + 17] = DEGREE * (sugar - peek[0])
    out[at + 18] = not is_reducer(r, i, layout, one)
    out[at + 19] = not is_reducer(r, j, layout, one)
    out[at + 20] = i / size
    out[at + 21] = DEGREE * min(tails[0] + 1, 40)
    out[at + 22] = DEGREE * min(tails[1] + 1, 40)
    out[at + 23] = DEGREE * min(peek[1], 40)
    out[at + 24] = tails[0] == 0
    out[at + 25] = tails[1] == 0


@njit(cache=True)
def summarise(r, peeks, n, out, layout, one):
    """The context of a state: CONTEXT numbers."""
    count, reducers = len(peeks), np.int64(r[REDUCERS])
    degrees, powers, monomials = 0, 0, 0
    for k in range(reducers):
        lead = load(r, layout.reducers_at + k * len(one), one)
        index = np.int64(r[layout.reducers_at + layout.elements * len(one) + k])
        degrees += degree(lead, layout)
        monomials += r[layout.elements_at + index * ELEMENT + TAIL] == 0
        for v in range(n):
            powers += exponent(lead, v, layout) == degree(lead, layout)
    least, most, lightest, total, zeros = peeks[0, 0], peeks[0, 0], peeks[0, 2], 0, 0
    for pair in range(count):
        least, most = min(least, peeks[pair, 0]), max(most, peeks[pair, 0])
        lightest = min(lightest, peeks[pair, 2])
        total += peeks[pair, 0]
        zeros += peeks[pair, 1] == 0
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
