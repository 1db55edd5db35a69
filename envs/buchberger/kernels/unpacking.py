"""The reduced Groebner basis of a finished record, as exponents and coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ..record import ELEMENT, ELEMENTS, FIRST, FITS, TAIL, TERMS, Int, Layout, Monomial, Words
from .monomials import divides, equal, exponent, greater, load, store
from .reduction import normal_form


@njit(cache=True)
def minimal_elements(r: Words, layout: Layout, one: Monomial) -> Any:
    """The elements whose lead no other lead divides, the earliest of equal ones, in ascending order of leads."""
    width, count = len(one), np.int64(r[ELEMENTS])
    chosen = np.empty(count, np.int64)
    size = 0
    for i in range(count):
        lead, minimal = load(r, layout.leads_at + i * width, one), True
        for other in range(count):
            m = load(r, layout.leads_at + other * width, one)
            if other != i and divides(m, lead, layout.guard) and (other < i or not equal(m, lead)):
                minimal = False
                break
        if not minimal:
            continue
        place = size
        while place > 0 and greater(load(r, layout.leads_at + chosen[place - 1] * width, one), lead, layout):
            chosen[place] = chosen[place - 1]
            place -= 1
        chosen[place] = i
        size += 1
    return chosen[:size]


@njit(cache=True)
def reduce_basis(r: Words, n: Int, layout: Layout, work: Words, one: Monomial) -> Any:
    """The reduced basis: (found, terms int64[B] of each element, exponents int32[T, n], coefficients int64[T]).

    Tails are reduced behind the terms in use, which they leave as they are. Not found: the terms are too small.
    """
    width, minimal = len(one), minimal_elements(r, layout, one)
    sizes = np.zeros(len(minimal), np.int64)
    exponents = np.zeros((64, n), np.int32)
    coefficients = np.zeros(64, np.int64)
    at = 0
    for b in range(len(minimal)):
        element = layout.elements_at + minimal[b] * ELEMENT
        first, tail = np.int64(r[element + FIRST]), np.int64(r[element + TAIL])
        for t in range(tail):
            store(work, t * width, load(r, layout.terms_at + (first + t) * width, one))
            work[layout.terms * width + t] = r[layout.coefs_at + first + t]
        answer, terms, lead, lead_c, _, _, _ = normal_form(r, tail, 0, layout, work, one)
        if answer != FITS:
            return False, sizes, exponents, coefficients
        while at + terms + 1 > len(exponents):
            exponents = np.concatenate((exponents, np.zeros_like(exponents)))
            coefficients = np.concatenate((coefficients, np.zeros_like(coefficients)))
        own = load(r, layout.leads_at + minimal[b] * width, one)
        for t in range(terms + 1):
            m, c = own, np.uint64(1)
            if t == 1:
                m, c = lead, lead_c
            elif t > 1:
                place = np.int64(r[TERMS]) + t - 2
                m, c = load(r, layout.terms_at + place * width, one), r[layout.coefs_at + place]
            for v in range(n):
                exponents[at + t, v] = exponent(m, v, layout)
            coefficients[at + t] = c
        sizes[b] = terms + 1
        at += terms + 1
    return True, sizes, exponents[:at], coefficients[:at]
