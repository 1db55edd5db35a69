"""Inserting an element into G: which pairs it adds and which old ones it makes superfluous (Gebauer and Moeller 1988).

Shapes: r uint64[size], a record; work uint64[...], scratch space of `scratch_size` words; one, the monomial 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ..record import (
    CELL,
    DEGREE,
    ELEMENT,
    ELEMENTS,
    ELIMINATION,
    FIRST,
    FITS,
    GM,
    LCM,
    MORE_ELEMENTS,
    MORE_PAIRS,
    MOST,
    PAIR,
    PAIR_SUGAR,
    PEEK_DEGREE,
    PEEK_ENTROPY,
    PENDING,
    REDUCERS,
    SCALE,
    SORTED,
    SUGAR,
    TAIL,
    WIDER,
    Int,
    Layout,
    Monomial,
    Words,
)
from .monomials import degree, divides, equal, greater, lcm_exponents, load, over, store, times, with_degree


@njit(cache=True)
def insert(
    r: Words,
    lead: Monomial,
    tail_at: Int,
    tail: Int,
    sugar: Int,
    scale: np.uint64,
    layout: Layout,
    work: Words,
    one: Monomial,
) -> Any:
    """Make (lead, tail) the next element of G: pairs by the row's elimination, then the reducers.

    The tail stands in the terms already. Answers FITS, or what is too small; then nothing has changed.
    """
    m = np.int64(r[ELEMENTS])
    if m >= layout.elements:
        return MORE_ELEMENTS
    largest = max(np.int64(r[DEGREE]), degree(lead, layout))
    if np.int64(r[DEGREE]) + degree(lead, layout) > layout.cap or largest > layout.cap:
        return WIDER
    if r[ELIMINATION] == GM:
        answer = gebauer_moeller(r, lead, sugar, layout, work, one)
    else:
        answer = all_pairs(r, lead, sugar, layout, one)
    if answer != FITS:
        return answer
    store(r, layout.leads_at + m * len(one), lead)
    at = layout.elements_at + m * ELEMENT
    r[at + FIRST] = tail_at
    r[at + TAIL] = tail
    r[at + SUGAR] = sugar
    r[at + SCALE] = scale
    r[ELEMENTS] = m + 1
    r[DEGREE] = largest
    r[MOST] = max(r[MOST], r[PENDING])
    add_reducer(r, lead, m, layout, one)
    return FITS


@njit(cache=True)
def add_pair(
    r: Words, i: Int, m: Monomial, lcm: Monomial, lead: Monomial, sugar: Int, layout: Layout, one: Monomial
) -> Any:
    """Append the pair (i, m), whose lcm is given with its degree."""
    at = layout.pairs_at + np.int64(r[PENDING]) * (PAIR + len(one))
    element = layout.elements_at + i * ELEMENT
    d = degree(lcm, layout)
    first = np.int64(r[np.uintp(element + SUGAR)]) + d - degree(load(r, layout.leads_at + i * len(one), one), layout)
    second = np.int64(sugar) + d - degree(lead, layout)
    r[np.uintp(at + CELL)] = np.uint64(i) << np.uint64(32) | np.uint64(m)
    r[np.uintp(at + PAIR_SUGAR)] = max(first, second)
    r[np.uintp(at + PEEK_DEGREE)] = 0
    r[np.uintp(at + PEEK_ENTROPY)] = 0
    store(r, at + PAIR, lcm)
    r[PENDING] += np.uint64(1)


@njit(cache=True)
def all_pairs(r: Words, lead: Monomial, sugar: Int, layout: Layout, one: Monomial) -> Any:
    """The pairs (i, m) for every i < m; under LCM without those of coprime leads."""
    m = np.int64(r[ELEMENTS])
    if np.int64(r[PENDING]) + m > layout.pairs:
        return MORE_PAIRS
    for i in range(m):
        other = load(r, layout.leads_at + i * len(one), one)
        lcm = with_degree(lcm_exponents(other, lead, layout), layout)
        if r[ELIMINATION] != LCM or not equal(lcm, times(other, lead)):
            add_pair(r, i, m, lcm, lead, sugar, layout, one)
    return FITS


@njit(cache=True)
def gebauer_moeller(r: Words, lead: Monomial, sugar: Int, layout: Layout, work: Words, one: Monomial) -> Any:
    """Criteria M and F among the new pairs, B among the old ones.

    The minimal lcms are those with reducers, as every lead is a multiple of a reducer's: a small antichain. Work holds
    the lcms L_i (exponents only) of all i < m, then the antichain, then for each of its members the least i and
    whether a coprime i is among the equal ones.
    """
    width, m = len(one), np.int64(r[ELEMENTS])
    for i in range(m):
        store(work, i * width, lcm_exponents(load(r, layout.leads_at + i * width, one), lead, layout))
    chain_at = layout.elements * width
    count = antichain(r, layout, work, chain_at, one)
    least_at = chain_at + layout.elements * width
    fresh: Int = 0
    for k in range(count):
        lcm = load(work, chain_at + k * width, one)
        rest = over(with_degree(lcm, layout), lead)
        least: Int = m
        coprime = 0
        for i in range(m):  # without branches, so that it is vectorised
            same = equal(load(work, i * width, one), lcm)
            least = min(least, i if same else m)
            coprime |= same & equal(load(r, layout.leads_at + i * width, one), rest)
        if not coprime:
            place = fresh  # insertion by ascending i
            while place > 0 and np.int64(work[np.uintp(least_at + 2 * (place - 1))]) > least:
                work[np.uintp(least_at + 2 * place)] = work[np.uintp(least_at + 2 * (place - 1))]
                work[np.uintp(least_at + 2 * place + 1)] = work[np.uintp(least_at + 2 * (place - 1) + 1)]
                place -= 1
            work[np.uintp(least_at + 2 * place)] = least
            work[np.uintp(least_at + 2 * place + 1)] = k
            fresh += 1
    if np.int64(r[PENDING]) + fresh > layout.pairs:
        return MORE_PAIRS
    drop_old_pairs(r, lead, layout, work, one)
    for row in range(fresh):
        partner, member = np.int64(work[np.uintp(least_at + 2 * row)]), np.int64(work[np.uintp(least_at + 2 * row + 1)])
        lcm = with_degree(load(work, chain_at + member * width, one), layout)
        add_pair(r, partner, m, lcm, lead, sugar, layout, one)
    return FITS


@njit(cache=True)
def antichain(r: Words, layout: Layout, work: Words, chain_at: Int, one: Monomial) -> Any:
    """The minimal ones, each once, among the lcms L_i of reducers i; their number."""
    width, count = len(one), 0
    for k in range(np.int64(r[REDUCERS])):
        i = np.int64(r[np.uintp(layout.reducers_at + layout.elements * width + k)])
        lcm = load(work, i * width, one)
        kept, dominated = 0, False
        for other in range(count):
            member = load(work, chain_at + other * width, one)
            if divides(member, lcm, layout.guard):
                dominated = True
                break
            if not divides(lcm, member, layout.guard):
                store(work, chain_at + kept * width, member)
                kept += 1
        if not dominated:  # a dominated one dominates none, so that nothing was moved
            store(work, chain_at + kept * width, lcm)
            count = kept + 1
    return count


@njit(cache=True)
def drop_old_pairs(r: Words, lead: Monomial, layout: Layout, work: Words, one: Monomial) -> Any:
    """Criterion B: drop (i, j) if the new lead divides its lcm, which is neither L_i nor L_j."""
    width, kept, stride = len(one), 0, PAIR + len(one)
    for k in range(np.int64(r[PENDING])):
        at = layout.pairs_at + k * stride
        lcm = load(r, at + PAIR, one)
        drop = False
        if divides(lead, lcm, layout.guard):
            i, j = (
                np.int64(r[np.uintp(at + CELL)] >> np.uint64(32)),
                np.int64(r[np.uintp(at + CELL)] & np.uint64(0xFFFFFFFF)),
            )
            with_i, with_j = load(work, i * width, one), load(work, j * width, one)
            drop = not (same_exponents(with_i, lcm, layout) or same_exponents(with_j, lcm, layout))
        if not drop:
            if kept < k:
                target = layout.pairs_at + kept * stride
                for w in range(stride):
                    r[np.uintp(target + w)] = r[np.uintp(at + w)]
            kept += 1
    r[PENDING] = kept


@njit(cache=True)
def same_exponents(bare: Monomial, m: Monomial, layout: Layout) -> Any:
    """Whether a monomial without degree field equals one with it."""
    if bare[0] != m[0] & layout.low:
        return False
    for w in range(1, len(m)):  # noqa: SIM110
        if bare[w] != m[w]:
            return False
    return True


@njit(cache=True)
def add_reducer(r: Words, lead: Monomial, index: Int, layout: Layout, one: Monomial) -> Any:
    """Insert an element into the reducers unless an earlier one divides its lead; drop the later ones it divides.

    Dropped elements are never the first divisor of anything, so that leaving them out changes no reduction. In
    ascending order a new element comes after equal leads and only larger leads can be multiples of it.
    """
    width = len(one)
    count: Int = np.int64(r[REDUCERS])
    leads, indices = layout.reducers_at, layout.reducers_at + layout.elements * width
    for k in range(count):
        if divides(load(r, leads + k * width, one), lead, layout.guard):
            return
    kept: Int = 0
    place: Int = count
    if r[SORTED]:
        place = 0
        for k in range(count):
            other = load(r, leads + k * width, one)
            if not greater(other, lead, layout):
                place = k + 1
                kept = k + 1
            elif not divides(lead, other, layout.guard):
                store(r, leads + kept * width, other)
                r[np.uintp(indices + kept)] = r[np.uintp(indices + k)]
                kept += 1
        count = kept
        for k in range(count, place, -1):
            store(r, leads + k * width, load(r, leads + (k - 1) * width, one))
            r[np.uintp(indices + k)] = r[np.uintp(indices + k - 1)]
    store(r, leads + place * width, lead)
    r[np.uintp(indices + place)] = index
    r[REDUCERS] = count + 1
