"""Beginning an ideal and processing its pairs, one row or many; what does not fit is left untouched and reported."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ..record import (
    ADDITIONS,
    BINOMIAL,
    CELL,
    COST,
    DEAD,
    ELEMENT,
    ELEMENTS,
    ELIMINATION,
    FIELD,
    FITS,
    GENERATORS,
    HEADER,
    INITIAL,
    LAST,
    LAST_COST,
    MORE_STEPS,
    MORE_TERMS,
    MOST,
    OVER,
    PAIR,
    PENDING,
    REDUCERS,
    RUNNING,
    SORTED,
    STATE,
    STEPS,
    TERMS,
    TRACE,
    WIDER,
    ZEROS,
    Exponents,
    Floats,
    Int,
    Integers,
    Layout,
    Monomial,
    Words,
)
from .elimination import insert
from .monomials import degree, pack, store
from .reduction import inverse, reduce_pair


@njit(cache=True)
def begin(
    r: Words,
    starts: Integers,
    exponents: Exponents,
    coefficients: Integers,
    p: np.uint64,
    binomial: Int,
    elimination: Int,
    ascending: Int,
    layout: Layout,
    work: Words,
    one: Monomial,
) -> Any:
    """Put a record at the start of an ideal; answers FITS or what is too small.

    starts int64[s + 1], exponents int32[T, n], coefficients int64[T]: generator g has the terms starts[g] ..
    starts[g + 1], in descending order.
    """
    r[:HEADER] = 0
    r[FIELD], r[BINOMIAL], r[ELIMINATION], r[SORTED] = p, binomial, elimination, ascending
    for g in range(len(starts) - 1):
        first, last = starts[g], starts[g + 1]
        at, tail = np.int64(r[TERMS]), last - first - 1
        if at + tail > layout.terms:
            return MORE_TERMS
        total: Int = 0
        for k in range(exponents.shape[1]):
            total += np.int64(exponents[first, k])
        if total > layout.cap:
            return WIDER
        factor = inverse(np.uint64(coefficients[first]), np.uint64(p))
        for t in range(tail):
            store(r, layout.terms_at + (at + t) * len(one), pack(exponents[first + 1 + t], one, layout))
            r[layout.coefs_at + at + t] = np.uint64(coefficients[first + 1 + t]) * factor % np.uint64(p)
        lead = pack(exponents[first], one, layout)
        sugar = degree(lead, layout)
        answer = insert(r, lead, at, tail, sugar, np.uint64(coefficients[first]), layout, work, one)
        if answer != FITS:
            return answer
        r[TERMS] = at + tail
    r[GENERATORS], r[INITIAL], r[MOST] = len(starts) - 1, r[PENDING], r[PENDING]
    r[STATE] = RUNNING if r[PENDING] > 0 else OVER
    return FITS


@njit(cache=True)
def step(r: Words, pair: Int, layout: Layout, work: Words, one: Monomial) -> Any:
    """Process the pending pair of index `pair`; answers FITS or what is too small, and then nothing has changed."""
    if np.int64(r[STEPS]) >= layout.steps:
        return MORE_STEPS
    width = len(one)
    answer, terms, lead, sugar, paid, cost = reduce_pair(r, pair, layout, work, one)
    if answer != FITS:
        return answer
    stride, count = PAIR + width, np.int64(r[PENDING])
    at, end = layout.pairs_at + pair * stride, layout.pairs_at + count * stride
    saved = len(work) - stride
    for w in range(stride):
        work[np.uintp(saved + w)] = r[np.uintp(at + w)]
    for w in range(np.uintp(at), np.uintp(end - stride)):
        r[w] = r[w + np.uintp(stride)]
    r[PENDING] = count - 1
    if terms > 0:
        answer = insert(r, lead, np.int64(r[TERMS]), terms - 1, sugar, np.uint64(1), layout, work, one)
        if answer != FITS:
            for w in range(end - 1, at + stride - 1, -1):
                r[w] = r[np.uintp(w - stride)]
            for w in range(stride):
                r[np.uintp(at + w)] = work[np.uintp(saved + w)]
            r[PENDING] = count
            return answer
        r[TERMS] += np.uint64(terms - 1)
    else:
        r[ZEROS] += np.uint64(1)
    at = layout.trace_at + np.int64(r[STEPS]) * TRACE
    r[np.uintp(at)] = work[np.uintp(saved + CELL)]
    r[np.uintp(at + 1)] = np.uint64(paid) << np.uint64(32) | np.uint64(terms)
    r[STEPS] += np.uint64(1)
    r[ADDITIONS] += np.uint64(paid)
    r[COST] += np.uint64(cost)
    r[LAST], r[LAST_COST] = paid, cost
    if r[PENDING] == 0:
        r[STATE] = OVER
    return FITS


@njit(cache=True)
def begin_rows(
    memory: Words,
    first_row: Int,
    rows: Integers,
    bounds: Integers,
    starts: Integers,
    exponents: Exponents,
    coefficients: Integers,
    fields: Words,
    binomial: Words,
    elimination: Int,
    ascending: Int,
    layout: Layout,
    work: Words,
    one: Monomial,
) -> Any:
    """Begin rows[first_row:], the starts of ideal k being bounds[k] .. bounds[k + 1]; returns (row reached, answer)."""
    for k in range(first_row, len(rows)):
        answer = begin(
            memory[rows[k]], starts[bounds[k] : bounds[k + 1]], exponents, coefficients, fields[k], binomial[k],
            elimination, ascending, layout, work, one,
        )  # fmt: skip
        if answer != FITS:
            return k, answer
    return len(rows), FITS


@njit(cache=True)
def advance_rows(
    memory: Words,
    first_row: Int,
    rows: Integers,
    actions: Integers,
    rewards: Floats,
    which: Int,
    layout: Layout,
    work: Words,
    one: Monomial,
) -> Any:
    """Process one pair a row from `first_row` on; rewards float64[R] by `which`; returns (row reached, answer, paid).

    Finished rows stay as they are, with reward 0; an action that is no pair ends its row with -inf.
    """
    spent: Int = 0
    for k in range(first_row, len(rows)):
        r = memory[rows[k]]
        rewards[k] = 0.0
        if r[STATE] != RUNNING:
            continue
        if actions[k] < 0 or actions[k] >= np.int64(r[PENDING]):
            r[STATE] = DEAD
            rewards[k] = -np.inf
            continue
        answer = step(r, actions[k], layout, work, one)
        if answer != FITS:
            return k, answer, spent
        spent += np.int64(r[LAST])
        rewards[k] = -reward(np.int64(r[LAST]), np.int64(r[LAST_COST]), which)
    return len(rows), FITS, spent


@njit(cache=True)
def reward(additions: Int, cost: Int, which: Int) -> Any:
    """What a pair costs: its additions (0), one (1), its monomial additions (2)."""
    return additions if which == 0 else 1 if which == 1 else cost


@njit(cache=True)
def copy_record(source: Words, target: Words, layout: Layout, one: Monomial) -> Any:
    """Copy the parts of a record that are in use to another of the same layout."""
    width = len(one)
    elements, terms = np.int64(source[ELEMENTS]), np.int64(source[TERMS])
    _words(source, target, 0, HEADER)
    _words(source, target, layout.leads_at, elements * width)
    _words(source, target, layout.elements_at, elements * ELEMENT)
    _words(source, target, layout.terms_at, terms * width)
    _words(source, target, layout.coefs_at, terms)
    reducers = np.int64(source[REDUCERS])
    _words(source, target, layout.reducers_at, reducers * width)
    _words(source, target, layout.reducers_at + layout.elements * width, reducers)
    _words(source, target, layout.pairs_at, np.int64(source[PENDING]) * (PAIR + width))
    _words(source, target, layout.trace_at, np.int64(source[STEPS]) * TRACE)


@njit(cache=True)
def _words(source: Words, target: Words, at: Int, count: Int) -> Any:
    for w in range(np.uintp(at), np.uintp(at + count)):
        target[w] = source[w]
