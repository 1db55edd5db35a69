"""What can be seen of the S-polynomials of all pending pairs without reducing any: the first half of an observation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ..record import BINOMIAL, CELL, PAIR, REDUCERS, Int, Integers, Layout, Monomial, Words
from .monomials import degree, divides, equal, greater, load
from .reduction import LOW32, s_polynomial, shifted_tail

# Columns of peeks int64[|P|, PEEKED]: deg L, terms of S, degrees of its first two terms (-1: there is none), reducers
# whose lead divides the first, the second, reducers whose lead the first divides, pending lcms that it divides, and the
# first reducers of the two (1 is the first of all, 0 means none).
DEG_L, SIZE, DEG_FIRST, DEG_SECOND, DIVISORS, SECOND_DIVISORS, MULTIPLES, LCMS, REDUCER, SECOND_REDUCER = range(10)
PEEKED = 10


@njit(cache=True)
def two_terms(r: Words, pair: Int, layout: Layout, work: Words, one: Monomial) -> Any:
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
def peek_all(r: Words, peeks: Integers, terms: Words, layout: Layout, work: Words, one: Monomial) -> Any:
    """Fill peeks int64[|P|, PEEKED] and terms uint64[|P|, 2 W], the first two of each S; False: `work` is too small."""
    width, stride = len(one), PAIR + len(one)
    for pair in range(len(peeks)):
        size, m, n = two_terms(r, pair, layout, work, one)
        if size < 0:
            return False
        peek = peeks[pair]
        peek[DEG_L] = degree(load(r, layout.pairs_at + pair * stride + PAIR, one), layout)
        peek[SIZE] = size
        peek[DEG_FIRST] = degree(m, layout) if size > 0 else -1
        peek[DEG_SECOND] = degree(n, layout) if size > 1 else -1
        for w in range(width):
            terms[pair, w], terms[pair, width + w] = m[w], n[w]
        if size == 0:
            continue
        for k in range(np.int64(r[REDUCERS])):
            lead = load(r, layout.reducers_at + k * width, one)
            if divides(lead, m, layout.guard):
                peek[DIVISORS] += 1
                if peek[REDUCER] == 0:
                    peek[REDUCER] = k + 1
            if size > 1 and divides(lead, n, layout.guard):
                peek[SECOND_DIVISORS] += 1
                if peek[SECOND_REDUCER] == 0:
                    peek[SECOND_REDUCER] = k + 1
            peek[MULTIPLES] += divides(m, lead, layout.guard)
        for other in range(len(peeks)):
            peek[LCMS] += divides(m, load(r, layout.pairs_at + other * stride + PAIR, one), layout.guard)
    return True
