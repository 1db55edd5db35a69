"""Compiled draws of random polynomials: exactly uniform monomials, coefficients and degrees.

Every ideal has its own generator, one word uint64 that splitmix64 advances (Steele, Lea, Flood 2014), so that it does
not depend on which other ideals are drawn with it. A state is uint64[1].
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

State = NDArray[np.uint64]
Exponents = NDArray[np.int32]
Arrays = tuple[NDArray[np.int64], Exponents, NDArray[np.int64]]

UNIFORM, WEIGHTED, MAXIMUM = 0, 1, 2
TRIALS = 1000  # redraws in a row; each fails with probability at most 1/2 for what `Distribution.parse` lets through


@njit(cache=True)
def next_word(state: State) -> np.uint64:
    """The next 64 random bits."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    word: np.uint64 = z ^ (z >> np.uint64(31))
    return word


@njit(cache=True)
def below(state: State, bound: int) -> int:
    """An integer in 0..bound-1 for bound < 2^32, exactly uniform (Lemire 2019: multiply, reject what is biased)."""
    size, half = np.uint64(bound), np.uint64(32)
    product = (next_word(state) >> half) * size
    low = product & np.uint64(0xFFFFFFFF)
    if low < size:
        biased = (np.uint64(1 << 32) - size) % size
        while low < biased:
            product = (next_word(state) >> half) * size
            low = product & np.uint64(0xFFFFFFFF)
    return np.int64(product >> half)  # type: ignore[return-value]  # int() would be unsigned


@njit(cache=True)
def draw_monomial(state: State, degree: int, exponents: Exponents) -> None:
    """Fill exponents int32[n] with a uniform monomial of that degree.

    Monomials are words of `degree` stars and n - 1 bars, a uniform word is drawn letter by letter: the next letter is a
    bar with probability (bars left) / (letters left).
    """
    exponents[:] = 0
    variable, stars, bars = 0, degree, len(exponents) - 1
    while stars > 0 and bars > 0:
        if below(state, stars + bars) < bars:
            variable += 1
            bars -= 1
        else:
            exponents[variable] += 1
            stars -= 1
    exponents[variable] += stars


@njit(cache=True)
def draw_degree(state: State, kind: int, degree: int, constants: bool, wider: Exponents) -> int:
    """A degree 1..degree with the weights of `kind`, or 0 with weight 1 if `constants`; wider int32[n+1] is scratch.

    uniform: all monomials of degree 1..degree are equally likely; with one more variable they have exactly `degree`.
    weighted: all degrees are. maximum: only `degree` is.
    """
    if kind == WEIGHTED:
        return below(state, degree + 1) if constants else 1 + below(state, degree)
    if kind == MAXIMUM:
        return degree * below(state, 2) if constants else degree
    for _ in range(TRIALS):
        draw_monomial(state, degree, wider)
        drawn = degree - int(wider[-1])
        if drawn > 0 or constants:
            return drawn
    raise RuntimeError("no degree was drawn")


@njit(cache=True)
def compare(a: Exponents, b: Exponents) -> int:
    """1, 0 or -1 as monomial a is larger than, equal to or smaller than b in grevlex: int32[n] each."""
    difference = 0
    for k in range(len(a)):
        difference += int(a[k]) - int(b[k])
    if difference != 0:
        return 1 if difference > 0 else -1
    for k in range(len(a) - 1, -1, -1):
        if a[k] != b[k]:
            return 1 if a[k] < b[k] else -1
    return 0


@njit(cache=True)
def draw_degrees(
    state: State, kind: int, degree: int, constants: bool, homogeneous: bool, wider: Exponents
) -> tuple[int, int]:
    """The degrees of a binomial, drawn again where no two monomials of them differ."""
    n = len(wider) - 1
    for _ in range(TRIALS):
        first = draw_degree(state, kind, degree, constants, wider)
        second = first if homogeneous else draw_degree(state, kind, degree, constants, wider)
        if first != second or (first > 0 and n > 1):
            return first, second
    raise RuntimeError("no degrees of two different monomials were drawn")


@njit(cache=True)
def draw_binomials(
    words: NDArray[np.uint64],
    n: int,
    degree: int,
    size: int,
    kind: int,
    constants: bool,
    homogeneous: bool,
    pure: bool,
    field: int,
) -> Arrays:
    """Ideals of `size` binomials (larger) + c (smaller): words uint64[R], one a generator -> flat arrays.

    starts int64[R size + 1], exponents int32[2 R size, n], coefficients int64[2 R size].
    """
    count = len(words) * size
    exponents, wider = np.empty((2 * count, n), np.int32), np.empty(n + 1, np.int32)
    coefficients = np.ones(2 * count, np.int64)
    for row in range(len(words)):
        state = words[row : row + 1].copy()
        for binomial in range(row * size, (row + 1) * size):
            larger, smaller = exponents[2 * binomial], exponents[2 * binomial + 1]
            coefficients[2 * binomial + 1] = field - 1 if pure else 1 + below(state, field - 1)
            first, second = draw_degrees(state, kind, degree, constants, homogeneous, wider)
            sign = 0
            for _ in range(TRIALS):
                draw_monomial(state, first, larger)
                draw_monomial(state, second, smaller)
                sign = compare(larger, smaller)
                if sign != 0:
                    break
            if sign == 0:
                raise RuntimeError("no two different monomials were drawn")
            if sign < 0:
                for k in range(n):
                    larger[k], smaller[k] = smaller[k], larger[k]
    return np.arange(0, 2 * count + 1, 2), exponents, coefficients


@njit(cache=True)
def draw_poisson(state: State, mean: float) -> int:
    """A Poisson number: how many arrivals of rate 1 come before `mean`; Knuth's product of uniforms, 16 at a time."""
    arrivals = 0
    while mean > 0.0:
        part = min(mean, 16.0)
        mean -= part
        product = (next_word(state) >> np.uint64(11)) * 2.0**-53
        while product > math.exp(-part):
            arrivals += 1
            product *= (next_word(state) >> np.uint64(11)) * 2.0**-53
    return arrivals


@njit(cache=True)
def inverse(residue: int, field: int) -> int:
    """The inverse of a nonzero residue modulo a prime below 2^31, as residue^(field-2)."""
    result, power, exponent = 1, residue, field - 2
    while exponent > 0:
        if exponent & 1:
            result = result * power % field
        power = power * power % field
        exponent >>= 1
    return result


@njit(cache=True)
def insert_term(exponents: Exponents, coefficients: NDArray[np.int64], first: int, last: int, field: int) -> int:
    """Put term `last` into its place among the descending terms first..last-1, adding up equals; the new end.

    exponents int32[T, n], coefficients int64[T]; a sum of zero stays until `drop_zeros`.
    """
    monomial, coefficient = exponents[last].copy(), coefficients[last]
    place = last
    while place > first:
        order = compare(monomial, exponents[place - 1])
        if order == 0:
            coefficients[place - 1] = (coefficients[place - 1] + coefficient) % field
            return last
        if order < 0:
            break
        place -= 1
    for k in range(last, place, -1):
        exponents[k], coefficients[k] = exponents[k - 1], coefficients[k - 1]
    exponents[place], coefficients[place] = monomial, coefficient
    return last + 1


@njit(cache=True)
def drop_zeros(exponents: Exponents, coefficients: NDArray[np.int64], first: int, last: int, field: int) -> int:
    """Keep the nonzero terms of first..last-1 and make them monic; the new end."""
    end = first
    for k in range(first, last):
        if coefficients[k] != 0:
            exponents[end], coefficients[end] = exponents[k], coefficients[k]
            end += 1
    scale = inverse(coefficients[first], field) if end > first else 0
    for k in range(first, end):
        coefficients[k] = coefficients[k] * scale % field
    return end


@njit(cache=True)
def draw_polynomials(
    words: NDArray[np.uint64],
    n: int,
    degree: int,
    size: int,
    kind: int,
    constants: bool,
    homogeneous: bool,
    mean: float,
    field: int,
) -> Arrays:
    """Ideals of `size` monic sums of 2 + Poisson(mean) random terms: words uint64[R], one a generator -> flat arrays.

    starts int64[R size + 1], exponents int32[T, n], coefficients int64[T].
    """
    count, room = len(words) * size, 1024
    starts, wider = np.zeros(count + 1, np.int64), np.empty(n + 1, np.int32)
    exponents, coefficients = np.empty((room, n), np.int32), np.empty(room, np.int64)
    for row in range(len(words)):
        state = words[row : row + 1].copy()
        for polynomial in range(row * size, (row + 1) * size):
            first = starts[polynomial]
            end = first
            for _ in range(TRIALS):
                terms = 2 + draw_poisson(state, mean)
                if first + terms > room:
                    room = 2 * (first + terms)
                    exponents_before, coefficients_before = exponents[:first], coefficients[:first]
                    exponents, coefficients = np.empty((room, n), np.int32), np.empty(room, np.int64)
                    exponents[:first], coefficients[:first] = exponents_before, coefficients_before
                end, drawn = first, degree
                for term in range(terms):
                    if term == 0 or not homogeneous:
                        drawn = draw_degree(state, kind, degree, constants, wider)
                    coefficients[end] = 1 + below(state, field - 1)
                    draw_monomial(state, drawn, exponents[end])
                    end = insert_term(exponents, coefficients, first, end, field)
                end = drop_zeros(exponents, coefficients, first, end, field)
                if end > first:
                    break
            if end == first:
                raise RuntimeError("no polynomial but zero was drawn")
            starts[polynomial + 1] = end
    return starts, exponents[: starts[-1]].copy(), coefficients[: starts[-1]].copy()
