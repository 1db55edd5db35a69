"""Interval arithmetic on fractions: every result contains the true value, and an exact one stays exact.

A number is an Interval (low, high); inexact ones are rounded outward to `bits` significant bits, so that they stay
short. Undefined says that there is certainly no value, Refused that it cannot be decided here.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from fractions import Fraction

from .graphs import Interval, Refused, require

LONGEST = 4096  # bits of a denominator that stays exact


class Undefined(Refused):
    """The value does not exist, whatever the true numbers in the intervals are."""


def defined(condition: bool, sentence: str) -> None:
    if not condition:
        raise Undefined(sentence)


def rounded(x: Interval, bits: int) -> Interval:
    """An inexact interval, or an exact number too long to go on with: ends of `bits` significant bits, outward."""
    exact = x[0] == x[1] and x[0].denominator.bit_length() <= LONGEST
    return x if exact else (significant(x[0], bits, math.floor), significant(x[1], bits, math.ceil))


def significant(x: Fraction, bits: int, direction: Callable[[Fraction], int]) -> Fraction:
    """x with `bits` significant bits: direction is math.floor or math.ceil."""
    shift = bits + x.denominator.bit_length() - abs(x.numerator).bit_length()
    if not x or x.denominator.bit_length() <= bits:
        return x
    scale = Fraction(1 << shift) if shift >= 0 else Fraction(1, 1 << -shift)
    return direction(x * scale) / scale


def root(x: Interval, order: int, bits: int) -> Interval:
    """The real root of an interval of numbers >= 0: rational where it is, else outward to multiples of 2^-bits."""
    defined(x[1] >= 0, "a root of a negative number")
    require(x[0] >= 0, "a root of a number that may be negative")
    (low, _), (_, high) = (root_of_end(end, order, bits) for end in x)
    return low, high


def root_of_end(x: Fraction, order: int, bits: int) -> Interval:
    top, bottom = integer_root(x.numerator, order), integer_root(x.denominator, order)
    if top**order == x.numerator and bottom**order == x.denominator:
        return Fraction(top, bottom), Fraction(top, bottom)
    below = integer_root((x.numerator << (bits * order)) // x.denominator, order)
    return Fraction(below, 1 << bits), Fraction(below + 1, 1 << bits)


def integer_root(x: int, order: int) -> int:
    """floor(x ** (1/order)) for an integer x >= 0."""
    if order == 2:
        return math.isqrt(x)
    low, high = 0, 1 << (x.bit_length() // order + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**order <= x else (low, middle)
    return low


def plus(x: Interval, y: Interval, bits: int) -> Interval:
    return rounded((x[0] + y[0], x[1] + y[1]), bits)


def times(x: Interval, y: Interval, bits: int) -> Interval:
    products = [a * b for a in x for b in y]
    return rounded((min(products), max(products)), bits)


def divide(x: Interval, y: Interval, bits: int) -> Interval:
    defined(any(y), "a division by zero")
    require(y[0] > 0 or y[1] < 0, "a division by what may be zero")
    return times(x, (1 / y[1], 1 / y[0]), bits)


def power(x: Interval, y: Interval, bits: int) -> Interval:
    """x ** y for a rational y: any base for an integer exponent, base >= 0 and the real root for the others."""
    require(y[0] == y[1], "an exponent that is not rational cannot be checked here")
    exponent = y[0]
    require(abs(exponent.numerator) <= 10_000 and exponent.denominator <= 64, "an exponent too large to check here")
    if exponent.denominator > 1:
        x = root(x, exponent.denominator, bits)
    k = abs(exponent.numerator)
    require(
        k * max(end.denominator.bit_length() + end.numerator.bit_length() for end in x) < 10**6, "a power too large"
    )
    ends = [x[0] ** k, x[1] ** k]
    found = (Fraction(0), max(ends)) if k and k % 2 == 0 and x[0] < 0 < x[1] else (min(ends), max(ends))
    return rounded(found, bits) if exponent >= 0 else divide((Fraction(1), Fraction(1)), found, bits)


def floor(x: Interval, bits: int) -> Interval:
    require(math.floor(x[0]) == math.floor(x[1]), "a rounding that this interval does not decide")
    return Fraction(math.floor(x[0])), Fraction(math.floor(x[0]))


def minus(x: Interval, y: Interval, bits: int = 0) -> Interval:
    return x[0] - y[1], x[1] - y[0]


def negative(x: Interval, bits: int = 0) -> Interval:
    return -x[1], -x[0]


def modulo(x: Interval, y: Interval, bits: int) -> Interval:
    return minus(x, times(y, floor(divide(x, y, bits), bits), bits))


def absolute(x: Interval, bits: int) -> Interval:
    return x if x[0] >= 0 else negative(x) if x[1] <= 0 else (Fraction(0), max(-x[0], x[1]))


def pi(bits: int) -> Interval:
    """Machin: pi = 16 arctan(1/5) - 4 arctan(1/239), in units of 2^-(bits + 16) with every error counted."""
    unit = 1 << (bits + 16)

    def arctan(inverse: int) -> tuple[int, int]:
        total, error, share, k = 0, 1, unit // inverse, 0  # rounding down errs by less than 2 units a term
        while share:
            total += (-1) ** k * (share // (2 * k + 1))
            share, k, error = share // inverse**2, k + 1, error + 2
        return total, error

    (fifth, fifth_error), (other, other_error) = arctan(5), arctan(239)
    middle, error = 16 * fifth - 4 * other, 16 * fifth_error + 4 * other_error
    return Fraction(middle - error, unit), Fraction(middle + error, unit)


def circular(x: Interval, start: int, bits: int) -> Interval:
    """cos (start 0) or sin (start 1): the Taylor series at the rounded middle, plus the distance to the ends.

    The terms are integers, in units so small that the largest term, e^|middle|, leaves `bits` correct bits; the error
    of each is carried along, so that 4000 bits of an angle of 1000 take some 20 ms.
    """
    if not any(x):
        return Fraction(1 - start), Fraction(1 - start)
    require(abs(x[0]) <= 1000 and abs(x[1]) <= 1000, "an angle above 1000 is not checked here")
    middle = round((x[0] + x[1]) / 2 * (1 << bits))  # in units of 2^-bits
    spread = max(abs(end - Fraction(middle, 1 << bits)) for end in x)
    if spread >= 2:
        return Fraction(-1), Fraction(1)
    more = 2 * (abs(middle) >> bits) + 16  # the terms are in units of 2^-(bits + more)
    square, term, slip = middle * middle, (middle if start else 1 << bits) << more, 0
    total, error, k = 0, 0, start
    while abs(term) > slip + 1 or k <= abs(middle) >> bits:
        total, error = total + term, error + slip
        divisor = (k + 1) * (k + 2) << (2 * bits)
        term, slip, k = -(term * square // divisor), slip * square // divisor + 2, k + 2
    remainder = Fraction(error + abs(term) + slip, 1 << (bits + more)) + spread
    value = Fraction(total, 1 << (bits + more))
    return max(value - remainder, Fraction(-1)), min(value + remainder, Fraction(1))


FUNCTIONS: dict[str, Callable[..., Interval]] = {
    "sqrt": lambda x, bits: root(x, 2, bits),
    "abs": absolute,
    "floor": floor,
    "ceil": lambda x, bits: negative(floor(negative(x), bits)),
    "sin": lambda x, bits: circular(x, 1, bits),
    "cos": lambda x, bits: circular(x, 0, bits),
    "min": lambda *xs, bits: (min(x[0] for x in xs), min(x[1] for x in xs)),
    "max": lambda *xs, bits: (max(x[0] for x in xs), max(x[1] for x in xs)),
}
OPERATORS: dict[type[ast.operator], Callable[[Interval, Interval, int], Interval]] = {
    ast.Add: plus,
    ast.Sub: minus,
    ast.Mult: times,
    ast.Div: divide,
    ast.Mod: modulo,
    ast.Pow: power,
}
