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

Monomial = Any  # a tuple of W uint64


@njit(cache=True)
def load(memory, at, one):
    """The monomial that begins at memory[at]; `one` is the monomial 1, whose type says W."""
    m = one
    for w in range(len(one)):
        m = tuple_setitem(m, w, memory[np.uintp(at + w)])
    return m


@njit(cache=True)
def store(memory, at, m):
    """Write a monomial to memory[at : at + W]."""
    for w in range(len(m)):
        memory[np.uintp(at + w)] = m[w]


@njit(cache=True)
def times(a, b):
    """The product of two monomials."""
    m = a
    for w in range(len(a)):
        m = tuple_setitem(m, w, a[w] + b[w])
    return m


@njit(cache=True)
def over(a, b):
    """The quotient a / b of a monomial by one that divides it."""
    m = a
    for w in range(len(a)):
        m = tuple_setitem(m, w, a[w] - b[w])
    return m


@njit(cache=True)
def divides(a, m, guard):
    """Whether a divides m: subtracting a from m with every guard set borrows one exactly where an exponent is larger."""
    for w in range(len(a)):
        if ((m[w] | guard) - a[w]) & guard != guard:
            return False
    return True


@njit(cache=True)
def equal(a, b):
    """Whether two monomials are the same."""
    for w in range(len(a)):
        if a[w] != b[w]:
            return False
    return True


@njit(cache=True)
def greater(a, b, layout):
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
def degree(m, layout):
    """The total degree, int64."""
    return np.int64(m[0] >> layout.shift)


@njit(cache=True)
def larger_fields(a, b, bits, guard):
    """Field by field the larger exponent of two words; guards are clear in a word."""
    chosen = ((a | guard) - b) & guard  # a guard stays where a's exponent is at least b's
    mask = chosen - (chosen >> (bits - np.uint64(1)))
    return (a & mask) | (b & ~mask)


@njit(cache=True)
def lcm_exponents(a, b, layout):
    """The least common multiple with an empty degree field: enough for divisibility and equality."""
    m = a
    for w in range(len(a)):
        m = tuple_setitem(m, w, larger_fields(a[w], b[w], layout.bits, layout.guard))
    return tuple_setitem(m, 0, m[0] & layout.low)


@njit(cache=True)
def with_degree(m, layout):
    """A monomial whose degree field is empty, with its degree filled in.

    Multiplying by a one in every field sums the fields into the highest; no partial sum overflows, as all are degrees
    of divisors.
    """
    total = ((m[0] * layout.ones) >> layout.second) & layout.field
    for w in range(1, len(m)):
        total += ((m[w] * layout.ones) >> layout.shift) & layout.field
    return tuple_setitem(m, 0, m[0] | (total << layout.shift))


@njit(cache=True)
def pack(exponents, one, layout):
    """The monomial with exponents int32[n] of x_1 .. x_n; n may be smaller than the layout's."""
    m, total = one, np.uint64(0)
    for k in range(len(exponents)):
        e = np.uint64(exponents[k])
        total += e
        slot = layout.n - k
        shift = layout.shift - np.uint64(slot % layout.fields) * layout.bits
        w = slot // layout.fields
        m = tuple_setitem(m, w, m[w] | (e << shift))
    return tuple_setitem(m, 0, m[0] | (total << layout.shift))


@njit(cache=True)
def exponent(m, k, layout):
    """The exponent of x_(k+1), int64."""
    slot = layout.n - k
    shift = layout.shift - np.uint64(slot % layout.fields) * layout.bits
    return np.int64((m[slot // layout.fields] >> shift) & layout.field)
