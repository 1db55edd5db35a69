"""Records between layouts: to larger sections, or to wider monomials."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ..record import (
    ELEMENT,
    ELEMENTS,
    HEADER,
    PAIR,
    PENDING,
    REDUCERS,
    STEPS,
    TERMS,
    TRACE,
    Int,
    Integers,
    Layout,
    Monomial,
    Words,
)
from .monomials import exponent, load, put, store, with_exponent
from .steps import copy_record


@njit(cache=True)
def converted(m: Monomial, old: Layout, new: Layout, one: Monomial) -> Any:
    """A monomial of one layout as one of another, `one` being the other's 1."""
    same, total = one, np.uint64(0)
    for k in range(old.n):
        e = np.uint64(exponent(m, k, old))
        total += e
        same = with_exponent(same, k, e, new)
    return put(same, 0, same[0] | (total << new.shift))


@njit(cache=True)
def move_monomials(
    source: Words,
    begin: Int,
    stride: Int,
    count: Int,
    target: Words,
    to: Int,
    to_stride: Int,
    old: Layout,
    new: Layout,
    unit: Monomial,
    one: Monomial,
) -> Any:
    """`count` monomials that lie `stride` words apart, converted if the layouts pack them differently."""
    same = old.words == new.words and old.bits == new.bits and old.n == new.n
    for k in range(count):
        if same:
            for w in range(len(one)):
                target[to + k * to_stride + w] = source[begin + k * stride + w]
        else:
            m = load(source, begin + k * stride, unit)
            store(target, to + k * to_stride, converted(m, old, new, one))


@njit(cache=True)
def move_words(
    source: Words, begin: Int, stride: Int, target: Words, to: Int, to_stride: Int, count: Int, words: Int
) -> Any:
    """`words` words of each of `count` entries that lie `stride` words apart."""
    for k in range(count):
        for w in range(words):
            target[to + k * to_stride + w] = source[begin + k * stride + w]


@njit(cache=True)
def move_rows(
    source: Words,
    rows: Integers,
    memory: Words,
    targets: Integers,
    old: Layout,
    new: Layout,
    unit: Monomial,
    one: Monomial,
) -> Any:
    """Rows of a memory of layout `old` (whose monomial 1 is `unit`) into rows of one of layout `new` (`one`)."""
    v, w = len(unit), len(one)
    for k in range(len(rows)):
        r, s = source[rows[k]], memory[targets[k]]
        elements, terms, reducers = np.int64(r[ELEMENTS]), np.int64(r[TERMS]), np.int64(r[REDUCERS])
        pairs, steps = np.int64(r[PENDING]), np.int64(r[STEPS])
        move_words(r, 0, 0, s, 0, 0, 1, HEADER)
        move_monomials(r, old.leads_at, v, elements, s, new.leads_at, w, old, new, unit, one)
        move_words(r, old.elements_at, ELEMENT, s, new.elements_at, ELEMENT, elements, ELEMENT)
        move_monomials(r, old.terms_at, v, terms, s, new.terms_at, w, old, new, unit, one)
        move_words(r, old.coefs_at, 1, s, new.coefs_at, 1, terms, 1)
        move_monomials(r, old.reducers_at, v, reducers, s, new.reducers_at, w, old, new, unit, one)
        indices = old.reducers_at + old.elements * v, new.reducers_at + new.elements * w
        move_words(r, indices[0], 1, s, indices[1], 1, reducers, 1)
        move_words(r, old.pairs_at, PAIR + v, s, new.pairs_at, PAIR + w, pairs, PAIR)
        move_monomials(r, old.pairs_at + PAIR, PAIR + v, pairs, s, new.pairs_at + PAIR, PAIR + w, old, new, unit, one)
        move_words(r, old.trace_at, TRACE, s, new.trace_at, TRACE, steps, TRACE)


@njit(cache=True)
def copy_rows(source: Words, rows: Integers, memory: Words, targets: Integers, layout: Layout, one: Monomial) -> Any:
    """Rows of one memory into rows of another of the same layout."""
    for k in range(len(rows)):
        copy_record(source[rows[k]], memory[targets[k]], layout, one)
