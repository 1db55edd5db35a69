"""What processing a pair would do to the others, as far as its S-polynomial tells without a reduction.

If its leading term is irreducible, it is the lead of the next element of G, whatever the rest reduces to: which pairs
that element would make superfluous, and how many it would add, follows from the leads alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ..record import CELL, ELEMENT, ELEMENTS, PAIR, REDUCERS, TAIL, Int, Integers, Layout, Monomial, Singles, Words
from .monomials import degree, divides, equal, greater, lcm_exponents, load, times, with_degree
from .peeks import DEG_FIRST, DEG_L, DEG_SECOND, DIVISORS, REDUCER, SECOND_REDUCER, SIZE
from .reduction import LOW32

FORESEEN = 16  # columns
DEGREE, COUNT = np.float32(0.05), np.float32(0.1)  # scales


@njit(cache=True)
def foresee(
    r: Words, pair: Int, peeks: Integers, terms: Words, out: Singles, at: Int, layout: Layout, one: Monomial
) -> Any:
    """Write FORESEEN columns of a pair to out float32[F] from `at` on."""
    width, stride, count, size = len(one), PAIR + len(one), len(peeks), np.int64(r[ELEMENTS])
    peek, start = peeks[pair], layout.pairs_at + pair * stride
    i, j = np.int64(r[start + CELL] >> np.uint64(32)), np.int64(r[start + CELL] & LOW32)
    lcm, lead = load(r, start + PAIR, one), load(terms[pair], 0, one)
    degrees = degree(load(r, layout.leads_at + i * width, one), layout)
    degrees += degree(load(r, layout.leads_at + j * width, one), layout)
    balance, below, flatter = balance_of(peek), 0, 0
    for other in range(count):
        below += greater(lcm, load(r, layout.pairs_at + other * stride + PAIR, one), layout)
        flatter += balance_of(peeks[other]) < balance
    lower, same, above, under = compare_leads(pair, lead, peeks, terms, layout, one)
    out[at] = DEGREE * (degrees - peek[DEG_L])
    out[at + 1] = j == size - 1
    out[at + 2] = DEGREE * (size - 1 - j)
    out[at + 3] = DEGREE * (size - 1 - i)
    out[at + 4] = below / count
    out[at + 5] = lower / count
    out[at + 6] = np.float32(2 * balance)
    out[at + 7] = flatter / count
    out[at + 8] = COUNT * same
    out[at + 9] = COUNT * above
    out[at + 10] = COUNT * under
    out[at + 11] = peek[REDUCER] > 0 and is_monomial(r, peek[REDUCER] - 1, layout, one)
    out[at + 12] = peek[SECOND_REDUCER] > 0 and is_monomial(r, peek[SECOND_REDUCER] - 1, layout, one)
    if peek[SIZE] > 0 and peek[DIVISORS] == 0:
        fresh, total = new_pairs(r, lead, layout, one)
        out[at + 13] = COUNT * superfluous(r, pair, count, lead, layout, one)
        out[at + 14] = COUNT * fresh
        out[at + 15] = DEGREE * total / max(fresh, 1)


@njit(cache=True)
def balance_of(peek: Integers) -> Any:
    """min(d, e) / (d + e) of the degrees of S's first two terms, with which their entropy grows; 0 if one is 0."""
    if peek[SIZE] < 2 or peek[DEG_FIRST] <= 0 or peek[DEG_SECOND] <= 0:
        return 0.0
    return min(peek[DEG_FIRST], peek[DEG_SECOND]) / (peek[DEG_FIRST] + peek[DEG_SECOND])


@njit(cache=True)
def compare_leads(pair: Int, lead: Monomial, peeks: Integers, terms: Words, layout: Layout, one: Monomial) -> Any:
    """How many other S have a smaller lead (or are 0), the same, a multiple, an irreducible divisor of it."""
    lower, same, above, under = 0, 0, 0, 0
    if peeks[pair, SIZE] == 0:
        return lower, same, above, under
    for other in range(len(peeks)):
        if peeks[other, SIZE] == 0:
            lower += 1
            continue
        theirs = load(terms[other], 0, one)
        lower += greater(lead, theirs, layout)
        if equal(lead, theirs):
            same += 1
        elif divides(lead, theirs, layout.guard):
            above += 1
        elif peeks[other, DIVISORS] == 0 and divides(theirs, lead, layout.guard):
            under += 1
    return lower, same, above, under


@njit(cache=True)
def is_monomial(r: Words, k: Int, layout: Layout, one: Monomial) -> Any:
    """Whether the k-th reducer has no tail."""
    index = np.int64(r[layout.reducers_at + layout.elements * len(one) + k])
    return r[layout.elements_at + index * ELEMENT + TAIL] == 0


@njit(cache=True)
def superfluous(r: Words, pair: Int, count: Int, lead: Monomial, layout: Layout, one: Monomial) -> Any:
    """How many of the other pairs an element with this lead would make superfluous by criterion B."""
    width, found = len(one), 0
    for other in range(count):
        at = layout.pairs_at + other * (PAIR + width)
        lcm = load(r, at + PAIR, one)
        if other == pair or not divides(lead, lcm, layout.guard):
            continue
        i, j = np.int64(r[at + CELL] >> np.uint64(32)), np.int64(r[at + CELL] & LOW32)
        with_i = with_degree(lcm_exponents(load(r, layout.leads_at + i * width, one), lead, layout), layout)
        with_j = with_degree(lcm_exponents(load(r, layout.leads_at + j * width, one), lead, layout), layout)
        found += not (equal(with_i, lcm) or equal(with_j, lcm))
    return found


@njit(cache=True)
def new_pairs(r: Words, lead: Monomial, layout: Layout, one: Monomial) -> Any:
    """How many pairs with reducers an element with this lead would add by criteria M and F, and their total degree."""
    width, reducers = len(one), np.int64(r[REDUCERS])
    fresh, total = 0, 0
    for k in range(reducers):
        own = lcm_exponents(load(r, layout.reducers_at + k * width, one), lead, layout)
        kept = True
        for other in range(reducers):
            there = load(r, layout.reducers_at + other * width, one)
            theirs = lcm_exponents(there, lead, layout)
            if equal(theirs, own):
                if other < k or equal(with_degree(theirs, layout), times(there, lead)):
                    kept = False
                    break
            elif divides(theirs, own, layout.guard):
                kept = False
                break
        if kept:
            fresh += 1
            total += degree(with_degree(own, layout), layout)
    return fresh, total
