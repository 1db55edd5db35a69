"""The memory of a row: one array of uint64 that holds everything Buchberger's algorithm knows about one ideal.

    header   sizes, counts, constants (the names below)
    leads    W words an element of G: its lead monomial
    elements ELEMENT words an element of G: where its tail begins, terms of the tail, sugar, original lead coefficient
    terms    W words a term of a tail, and coefs 1 word: the tails of all elements, one after another
    reducers W + 1 words: lead and index of the elements that can be the first divisor of something, in their order
    pairs    PAIR + W words a pending pair, in ascending (j, i): i and j, sugar, the two peeks, the lcm
    trace    TRACE words a processed pair: i and j, additions and terms of the remainder

A layout says how wide monomials are and where the sections begin. Rows that outgrow it are moved to a larger one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mathrl.errors import MathrlError

Words = NDArray[np.uint64]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Exponents = NDArray[np.int32]
Monomial = Any  # a tuple of W uint64
Int = Any  # in kernels int64, which numpy and Python type differently

# Words of the header.
ELEMENTS, PENDING, TERMS, REDUCERS, STEPS = 0, 1, 2, 3, 4  # |G|, |P|, terms in use, reducers, pairs processed
ADDITIONS, COST, ZEROS, LAST = (
    5,
    6,
    7,
    8,
)  # totals of the two ways to count, zero reductions, additions of the last pair
FIELD, BINOMIAL, ELIMINATION, SORTED = 9, 10, 11, 12  # p; all tails of at most one term; which criteria; R ascending
STATE, DEGREE, GENERATORS, INITIAL = 13, 14, 15, 16  # below; largest lead degree; generators, pairs after `begin`
MOST, LAST_COST = 17, 18  # largest |P| so far; monomial additions of the last pair
EFFORT = 19  # terms merged and divisors tried so far, of polynomials of any length: a measure of time
HEADER = 24

RUNNING, OVER, DEAD = 0, 1, 2  # states: pairs are pending, none is, an illegal pair was chosen
NONE, LCM, GM = 0, 1, 2  # eliminations
FIRST, TAIL, SUGAR, SCALE = 0, 1, 2, 3  # words of an element
ELEMENT = 4
CELL, PAIR_SUGAR, PEEK_DEGREE, PEEK_ENTROPY, PAIR = 0, 1, 2, 3, 4  # words of a pair before its lcm
TRACE = 2

# What a kernel answers: done, or the section that is too small.
FITS, MORE_ELEMENTS, MORE_PAIRS, MORE_TERMS, MORE_STEPS, WIDER = 0, 1, 2, 3, 4, 5


class Layout(NamedTuple):
    """How monomials are packed (see kernels/monomials.py) and where the sections of a record begin."""

    n: int  # variables
    words: int  # W
    fields: int  # fields a word, the degree's included
    cap: int  # the largest degree that fits
    bits: np.uint64  # of a field, guard included
    guard: np.uint64  # the guard bit of every field
    low: np.uint64  # the exponents' bits in the first word
    rest: np.uint64  # the fields' bits in the other words
    ones: np.uint64  # the lowest bit of every exponent field that can be summed
    field: np.uint64  # the bits of the lowest field
    shift: np.uint64  # of the highest field
    second: np.uint64  # of the field below it
    elements: int  # capacities
    pairs: int
    terms: int
    steps: int
    leads_at: int  # beginnings
    elements_at: int
    terms_at: int
    coefs_at: int
    reducers_at: int
    pairs_at: int
    trace_at: int
    size: int  # words of a record


def fields_of(n: int, words: int) -> int:
    """Fields a word for n variables and the degree in that many words."""
    return max(2, -(-(n + 1) // words))


def make_layout(n: int, words: int, elements: int = 64, pairs: int = 96, terms: int = 160, steps: int = 128) -> Layout:
    """The layout for n variables and monomials of `words` words with these capacities."""
    fields = fields_of(n, words)
    bits = min(32, 64 // fields)
    guard = sum(1 << (bits * k + bits - 1) for k in range(fields))
    every = (1 << bits * fields) - 1
    shift = bits * (fields - 1)
    low = (1 << shift) - 1
    sizes = (
        words * elements, ELEMENT * elements, words * terms, terms,
        (words + 1) * elements, (PAIR + words) * pairs, TRACE * steps,
    )  # fmt: skip
    begins = [HEADER, *(HEADER + sum(sizes[: k + 1]) for k in range(len(sizes)))]
    constants = (
        bits, guard, low, every, sum(1 << bits * k for k in range(fields)), (1 << bits) - 1, shift, shift - bits,
    )  # fmt: skip
    numbers: list[Any] = [
        n, words, fields, (1 << (bits - 1)) - 1, *map(np.uint64, constants),
        elements, pairs, terms, steps, *begins,
    ]  # fmt: skip
    return Layout(*numbers)


WORDS = (1, 2, 3, 4, 6, 8, 12, 16)  # widths that a monomial may have


def pack_for(n: int, degree: int, words: int = 1) -> int:
    """The least width, at least `words`, for n variables and degrees to `degree`; MathrlError if there is none."""
    for width in WORDS:
        if width >= words and fields_of(n, width) <= 32 and make_layout(n, width).cap >= degree:
            return width
    raise MathrlError(f"monomials in {n} variables of degree {degree} do not fit into {64 * WORDS[-1]} bits")


def larger(layout: Layout, answer: int) -> Layout:
    """The layout for a record that did not fit, by what the kernel answered."""
    sizes = {name: getattr(layout, name) for name in ("elements", "pairs", "terms", "steps")}
    section = {MORE_ELEMENTS: "elements", MORE_PAIRS: "pairs", MORE_TERMS: "terms", MORE_STEPS: "steps"}
    if answer == WIDER:
        return make_layout(layout.n, pack_for(layout.n, layout.cap + 1, layout.words), **sizes)
    sizes[section[answer]] *= 2
    return make_layout(layout.n, layout.words, **sizes)


def common(a: Layout, b: Layout, degree: int) -> Layout:
    """The least layout that holds what either holds, no degree of which is above `degree`."""
    sizes = {name: max(getattr(a, name), getattr(b, name)) for name in ("elements", "pairs", "terms", "steps")}
    n, words = max(a.n, b.n), max(a.words, b.words)
    return make_layout(n, words if a.n == b.n else pack_for(n, degree, words), **sizes)


def scratch_size(layout: Layout) -> int:
    """Words of scratch space that elimination and reduction need."""
    elimination = layout.elements * (2 * layout.words + 2)
    reduction = 2 * layout.terms * (layout.words + 1)
    return max(elimination, reduction) + PAIR + layout.words
