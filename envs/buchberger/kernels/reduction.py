"""S-polynomials and their normal forms, by the first reducer that divides the leading term, tails included.

Two ways with the same result: two terms in registers where every polynomial has at most two, which S-polynomials and
remainders of binomials then have as well; otherwise sorted merges between two buffers. Both write the tail of the
remainder behind the terms in use, where it stays if the remainder becomes an element.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ..record import (
    BINOMIAL,
    CELL,
    EFFORT,
    ELEMENT,
    FIELD,
    FIRST,
    FITS,
    MORE_TERMS,
    PAIR,
    PAIR_SUGAR,
    REDUCERS,
    SUGAR,
    TAIL,
    TERMS,
    Int,
    Layout,
    Monomial,
    Words,
)
from .monomials import degree, divides, equal, greater, load, over, store, times

LOW32 = np.uint64(0xFFFFFFFF)


@njit(cache=True)
def first_reducer(r: Words, m: Monomial, layout: Layout, one: Monomial) -> Any:
    """The position of the first reducer whose lead divides m, -1 if there is none."""
    for k in range(np.int64(r[REDUCERS])):
        if divides(load(r, layout.reducers_at + k * len(one), one), m, layout.guard):
            return k
    return -1


@njit(cache=True)
def inverse(a: np.uint64, p: np.uint64) -> Any:
    """The inverse of a modulo the prime p, uint64, by Euclid's algorithm."""
    x, y = np.int64(a), np.int64(p)
    u, v = np.int64(1), np.int64(0)
    while x != 1:
        q = y // x
        x, y = y - q * x, x
        u, v = v - q * u, u
    return np.uint64(u % np.int64(p))


@njit(cache=True)
def reduce_pair(r: Words, pair: Int, layout: Layout, work: Words, one: Monomial) -> Any:
    """The normal form of the S-polynomial of a pending pair, made monic.

    Returns (answer, terms, lead, sugar, additions, cost): terms of the remainder, 0 if it is zero; its lead; additions
    and monomial additions paid. Its tail stands at r[TERMS].
    """
    if r[BINOMIAL]:
        return reduce_binomials(r, pair, layout, one)
    return reduce_polynomials(r, pair, layout, work, one)


@njit(cache=True)
def reduce_binomials(r: Words, pair: Int, layout: Layout, one: Monomial) -> Any:
    """`reduce_pair` where every element has at most two terms: (m, c) and (n, d) are what is left to reduce."""
    width, p = len(one), r[FIELD]
    at = layout.pairs_at + pair * (PAIR + width)
    i, j, lcm = (
        np.int64(r[np.uintp(at + CELL)] >> np.uint64(32)),
        np.int64(r[np.uintp(at + CELL)] & LOW32),
        load(r, at + PAIR, one),
    )
    sugar = np.int64(r[np.uintp(at + PAIR_SUGAR)])
    m, c = shifted_tail(r, i, lcm, layout, one)
    n, d = shifted_tail(r, j, lcm, layout, one)
    if d != 0:
        d = p - d
    paid = 1
    cost = (
        min(
            np.int64(r[np.uintp(layout.elements_at + i * ELEMENT + TAIL)]),
            np.int64(r[np.uintp(layout.elements_at + j * ELEMENT + TAIL)]),
        )
        + 1
    )
    terms, lead, lead_c, tail_c = 0, one, np.uint64(0), np.uint64(0)
    free = np.int64(r[TERMS])
    if free >= layout.terms:
        return MORE_TERMS, 0, one, 0, 0, 0
    while True:
        if c == 0:
            m, c, d = n, d, np.uint64(0)
        elif d != 0:
            if equal(m, n):
                c, d = (c + d) % p, np.uint64(0)
            elif greater(n, m, layout):
                m, c, n, d = n, d, m, c
        if c == 0:
            if d == 0:
                break
            continue
        k = first_reducer(r, m, layout, one)
        if k < 0:
            if terms == 0:
                lead, lead_c = m, c
            else:
                store(r, layout.terms_at + free * width, m)
                tail_c = c
            terms += 1
            m, c, d = n, d, np.uint64(0)
            continue
        index = np.int64(r[np.uintp(layout.reducers_at + layout.elements * width + k)])
        element = layout.elements_at + index * ELEMENT
        quotient = over(m, load(r, layout.reducers_at + k * width, one))
        sugar = max(sugar, degree(quotient, layout) + np.int64(r[np.uintp(element + SUGAR)]))
        paid += 1
        cost += np.int64(r[np.uintp(element + TAIL)]) + 1
        if r[np.uintp(element + TAIL)] == 0:
            c = np.uint64(0)
        else:
            first = np.int64(r[np.uintp(element + FIRST)])
            m = times(quotient, load(r, layout.terms_at + first * width, one))
            c = (p - c) * r[np.uintp(layout.coefs_at + first)] % p
    if terms == 2:
        r[np.uintp(layout.coefs_at + free)] = tail_c * inverse(lead_c, p) % p
    return FITS, terms, lead, sugar, paid, cost


@njit(cache=True)
def shifted_tail(r: Words, i: Int, lcm: Monomial, layout: Layout, one: Monomial) -> Any:
    """The one tail term of lcm / lead_i times element i: (monomial, coefficient), coefficient 0 if it has no tail."""
    width, element = len(one), layout.elements_at + i * ELEMENT
    if r[np.uintp(element + TAIL)] == 0:
        return one, np.uint64(0)
    first = np.int64(r[np.uintp(element + FIRST)])
    quotient = over(lcm, load(r, layout.leads_at + i * width, one))
    return times(quotient, load(r, layout.terms_at + first * width, one)), r[np.uintp(layout.coefs_at + first)]


@njit(cache=True)
def add_multiple(
    work: Words,
    source: Int,
    begin: Int,
    end: Int,
    target: Int,
    r: Words,
    element: Int,
    quotient: Monomial,
    factor: np.uint64,
    layout: Layout,
    one: Monomial,
) -> Any:
    """Write terms begin .. end of buffer `source` plus factor * quotient * tail of an element to buffer `target`.

    A buffer is an offset in `work`: layout.terms monomials, then as many coefficients. Returns the number of terms, -1
    if they do not fit.
    """
    width, p = len(one), r[FIELD]
    first, tail = np.int64(r[element + FIRST]), np.int64(r[element + TAIL])
    if end - begin + tail > layout.terms:
        return -1
    from_coefs, to_coefs = source + layout.terms * width, target + layout.terms * width
    count, k, t = 0, begin, 0
    while k < end or t < tail:
        take_source, take_tail = bool(t >= tail), bool(k >= end)
        m, n = one, one
        if k < end:
            m = load(work, source + k * width, one)
        if t < tail:
            n = times(quotient, load(r, layout.terms_at + (first + t) * width, one))
        if k < end and t < tail:
            take_source = not greater(n, m, layout)
            take_tail = not greater(m, n, layout)
        c = np.uint64(0)
        if take_source:
            c = work[from_coefs + k]
            k += 1
        if take_tail:
            c = (c + factor * r[layout.coefs_at + first + t]) % p
            t += 1
        if c != 0:
            store(work, target + count * width, m if take_source else n)
            work[to_coefs + count] = c
            count += 1
    return count


@njit(cache=True)
def s_polynomial(r: Words, pair: Int, layout: Layout, work: Words, one: Monomial) -> Any:
    """The S-polynomial of a pending pair in buffer 0 of `work`; its number of terms, -1 if they do not fit."""
    width = len(one)
    at = layout.pairs_at + pair * (PAIR + width)
    i, j, lcm = np.int64(r[at + CELL] >> np.uint64(32)), np.int64(r[at + CELL] & LOW32), load(r, at + PAIR, one)
    other = layout.terms * (width + 1)
    by_i = over(lcm, load(r, layout.leads_at + i * width, one))
    by_j = over(lcm, load(r, layout.leads_at + j * width, one))
    first, second = layout.elements_at + i * ELEMENT, layout.elements_at + j * ELEMENT
    count = add_multiple(work, 0, 0, 0, other, r, first, by_i, np.uint64(1), layout, one)
    if count < 0:
        return count
    r[EFFORT] += np.uint64(count) + r[second + TAIL]
    return add_multiple(work, other, 0, count, 0, r, second, by_j, r[FIELD] - np.uint64(1), layout, one)


@njit(cache=True)
def reduce_polynomials(r: Words, pair: Int, layout: Layout, work: Words, one: Monomial) -> Any:
    """`reduce_pair` for polynomials of any length."""
    at = layout.pairs_at + pair * (PAIR + len(one))
    i, j = np.int64(r[at + CELL] >> np.uint64(32)), np.int64(r[at + CELL] & LOW32)
    sugar = np.int64(r[at + PAIR_SUGAR])
    cost = (
        min(np.int64(r[layout.elements_at + i * ELEMENT + TAIL]), np.int64(r[layout.elements_at + j * ELEMENT + TAIL]))
        + 1
    )
    count = s_polynomial(r, pair, layout, work, one)
    if count < 0:
        return MORE_TERMS, 0, one, 0, 0, 0
    answer, terms, lead, lead_c, sugar, steps, more = normal_form(r, count, sugar, layout, work, one)
    if answer != FITS:
        return answer, 0, one, 0, 0, 0
    if terms > 1:
        factor, first = inverse(lead_c, r[FIELD]), layout.coefs_at + np.int64(r[TERMS])
        for t in range(terms - 1):
            r[first + t] = r[first + t] * factor % r[FIELD]
    return FITS, terms, lead, sugar, steps + 1, cost + more


@njit(cache=True)
def normal_form(r: Words, count: Int, sugar: Int, layout: Layout, work: Words, one: Monomial) -> Any:
    """The normal form of the `count` terms in buffer 0; its tail is written behind the terms in use.

    Returns (answer, terms, lead, lead coefficient, sugar, steps, monomial additions of the steps).
    """
    width, p = len(one), r[FIELD]
    here, there, begin = 0, layout.terms * (width + 1), 0
    terms, lead, lead_c = 0, one, np.uint64(0)
    steps, cost = np.int64(0), np.int64(0)
    free = np.int64(r[TERMS])
    while begin < count:
        m, c = load(work, here + begin * width, one), work[here + layout.terms * width + begin]
        begin += 1
        k = first_reducer(r, m, layout, one)
        r[EFFORT] += r[REDUCERS] if k < 0 else np.uint64(k + 1)
        if k < 0:
            if terms == 0:
                lead, lead_c = m, c
            else:
                if free + terms > layout.terms:
                    return MORE_TERMS, 0, one, lead_c, 0, 0, 0
                store(r, layout.terms_at + (free + terms - 1) * width, m)
                r[layout.coefs_at + free + terms - 1] = c
            terms += 1
            continue
        index = np.int64(r[layout.reducers_at + layout.elements * width + k])
        element = layout.elements_at + index * ELEMENT
        quotient = over(m, load(r, layout.reducers_at + k * width, one))
        sugar = max(sugar, degree(quotient, layout) + np.int64(r[element + SUGAR]))
        steps += 1
        cost += np.int64(r[element + TAIL]) + 1
        if r[element + TAIL] > 0:
            r[EFFORT] += np.uint64(count - begin) + r[element + TAIL]
            count = add_multiple(work, here, begin, count, there, r, element, quotient, p - c, layout, one)
            if count < 0:
                return MORE_TERMS, 0, one, lead_c, 0, 0, 0
            here, there, begin = there, here, 0
    return FITS, terms, lead, lead_c, sugar, steps, cost
