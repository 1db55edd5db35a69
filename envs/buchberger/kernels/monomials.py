"""Monomials packed into W words: one field for the total degree, then one for each exponent, a guard bit on each.

The degree has the highest field of the first word; x_n, ..., x_1 follow downwards. Product and quotient are + and -,
and grevlex is the order of the words after flipping the exponents. Every degree is at most `cap` < 2^(bits - 1), which
the callers see to, so that no field ever carries into the next.

Shapes: W words a monomial, n variables, F fields a word.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numba.cpython.unsafe.tuple import tuple_setitem

from ..record import Exponents, Int, Layout, Monomial, Words

put: Any = tuple_setitem  # (m, w, word) -> m with that word in place w


@njit(cache=True)
def load(memory: Words, at: Int, one: Monomial) -> Any:
    """The monomial that begins at memory[at]; `one` is the monomial 1, whose type says W.

    An unsigned index saves the test for negative ones that numba makes for others, a tenth of all time.
    """
    m = one
    for w in range(len(one)):
        m = put(m, w, memory[np.uintp(at + w)])
    return m


@njit(cache=True)
def store(memory: Words, at: Int, m: Monomial) -> Any:
    """Write a monomial to memory[at : at + W]."""
    for w in range(len(m)):
        memory[np.uintp(at + w)] = m[w]


@njit(cache=True)
def times(a: Monomial, b: Monomial) -> Any:
    """The product of two monomials."""
    m = a
    for w in range(len(a)):
        m = put(m, w, a[w] + b[w])
    return m


@njit(cache=True)
def over(a: Monomial, b: Monomial) -> Any:
    """The quotient a / b of a monomial by one that divides it."""
    m = a
    for w in range(len(a)):
        m = put(m, w, a[w] - b[w])
    return m


@njit(cache=True)
def divides(a: Monomial, m: Monomial, guard: np.uint64) -> Any:
    """Whether a divides m: m with every guard set, minus a, has lost one exactly where an exponent of a is larger."""
    for w in range(len(a)):  # noqa: SIM110
        if ((m[w] | guard) - a[w]) & guard != guard:
            return False
    return True


@njit(cache=True)
def equal(a: Monomial, b: Monomial) -> Any:
    """Whether two monomials are the same."""
    for w in range(len(a)):  # noqa: SIM110
        if a[w] != b[w]:
            return False
    return True


@njit(cache=True)
def greater(a: Monomial, b: Monomial, layout: Layout) -> Any:
    """Whether a > b in grevlex: the larger degree, then the smaller last exponent that differs."""
    x, y = a[0] ^ layout.low, b[0] ^ layout.low
    if x != y:
        return x > y
    for w in range(1, len(a)):
        x, y = a[w] ^ layout.rest, b[w] ^ layout.rest
        if x != y:
            return x > y
    return False


@njit(cache=True)
def degree(m: Monomial, layout: Layout) -> Any:
    """The total degree, int64."""
    return np.int64(m[0] >> layout.shift)


@njit(cache=True)
def larger_fields(a: np.uint64, b: np.uint64, bits: np.uint64, guard: np.uint64) -> Any:
    """Field by field the larger exponent of two words; guards are clear in a word."""
    chosen = ((a | guard) - b) & guard  # a guard stays where a's exponent is at least b's
    mask = chosen - (chosen >> (bits - np.uint64(1)))
    return (a & mask) | (b & ~mask)


@njit(cache=True)
def lcm_exponents(a: Monomial, b: Monomial, layout: Layout) -> Any:
    """The least common multiple with an empty degree field: enough for divisibility and equality."""
    m = a
    for w in range(len(a)):
        m = put(m, w, larger_fields(a[w], b[w], layout.bits, layout.guard))
    return put(m, 0, m[0] & layout.low)


@njit(cache=True)
def with_degree(m: Monomial, layout: Layout) -> Any:
    """A monomial whose degree field is empty, with its degree filled in.

    Multiplying by a one in every field sums the fields into the highest; no partial sum overflows, as all are degrees
    of divisors.
    """
    total = ((m[0] * layout.ones) >> layout.second) & layout.field
    for w in range(1, len(m)):
        total += ((m[w] * layout.ones) >> layout.shift) & layout.field
    return put(m, 0, m[0] | (total << layout.shift))


@njit(cache=True)
def with_exponent(m: Monomial, k: Int, e: np.uint64, layout: Layout) -> Any:
    """A monomial without x_(k+1) times x_(k+1)^e, its degree left as it is."""
    slot = layout.n - k
    shift = layout.shift - np.uint64(slot % layout.fields) * layout.bits
    w = slot // layout.fields
    return put(m, w, m[w] | (e << shift))


@njit(cache=True)
def pack(exponents: Exponents, one: Monomial, layout: Layout) -> Any:
    """The monomial with exponents int32[n] of x_1 .. x_n; n may be smaller than the layout's."""
    m, total = one, np.uint64(0)
    for k in range(len(exponents)):
        e = np.uint64(exponents[k])
        total += e
        m = with_exponent(m, k, e, layout)
    return put(m, 0, m[0] | (total << layout.shift))


@njit(cache=True)
def exponent(m: Monomial, k: Int, layout: Layout) -> Any:
    """The exponent of x_(k+1), int64."""
    slot = layout.n - k
    shift = layout.shift - np.uint64(slot % layout.fields) * layout.bits
    return np.int64((m[slot // layout.fields] >> shift) & layout.field)
