"""Exact arithmetic for formulas: rational numbers (fmpq) as long as it can, else balls around the true value (arb).

Every operation either returns a rational that is exactly the result, or a ball that contains it, or raises Undefined
(there is no real value) or Undecided (the working precision does not tell; more bits may). The float twin is floats.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import arb, fmpq

from mathrl.errors import MathrlError

Number = Any  # fmpq (exact) or arb (a ball around the value)

MOST_BITS = 4000  # rationals of a greater height become balls, numbers beyond 2^4000 are refused


class Undefined(MathrlError):
    """The value does not exist: a division by zero, a root of a negative number, .."""


class Undecided(Exception):
    """A comparison, a rounding or a root cannot be decided at the working precision."""


def decide(operator: str, left: Number, right: Number) -> bool:
    """Whether `left operator right` holds for the numbers enclosed; Undecided if their balls do not tell."""
    if not (isinstance(left, arb) or isinstance(right, arb)):
        return bool(COMPARE[operator](left, right))
    left, right = arb(left), arb(right)
    if operator == "==":
        if left.overlaps(right):
            raise Undecided
        return False
    if COMPARE[operator](left, right):  # arb compares are true only if they are certain
        return True
    if COMPARE[OPPOSITE[operator]](left, right):
        return False
    raise Undecided


COMPARE: dict[str, Callable[[Number, Number], Any]] = {
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "==": lambda left, right: left == right,
}
OPPOSITE = {"<=": ">", ">": "<=", ">=": "<", "<": ">="}


def divide(left: Number, right: Number) -> Number:
    """left / right; Undefined if right is 0."""
    if decide("==", right, fmpq(0)):
        raise Undefined("a division by zero")
    return left / right


def floor(x: Number) -> Number:
    """The largest integer <= x, always exact."""
    if not isinstance(x, arb):
        return fmpq(x.floor())
    below, above = (end.floor() for end in bounds(x))
    if below != above:
        raise Undecided
    return fmpq(below)


def ceil(x: Number) -> Number:
    """The smallest integer >= x, always exact."""
    return -floor(-x)


def modulo(left: Number, right: Number) -> Number:
    """left - right floor(left / right), as Python's %."""
    return left - right * floor(divide(left, right))


def root(x: Number, order: int) -> Number:
    """The real root of x >= 0; rational where it is."""
    if decide("<", x, fmpq(0)):
        raise Undefined("an even or fractional root of a negative number")
    if isinstance(x, arb):
        return x.root(order)
    if x == 0:
        return fmpq(0)
    top, bottom = x.p.root(order), x.q.root(order)
    if top**order == x.p and bottom**order == x.q:
        return fmpq(top, bottom)
    return arb(x).root(order)


def power(x: Number, y: Number) -> Number:
    """x ** y: any base for an integer exponent, base >= 0 for the others, the real root for a fraction."""
    if not isinstance(y, arb) and y.q == 1:
        return integer_power(x, int(y.p))
    if isinstance(y, arb) and y.contains_integer() and not decide(">", x, fmpq(0)):
        raise Undecided  # an integer exponent gives a value where others give none
    if not isinstance(x, arb) and x == 0:
        if decide("<=", y, fmpq(0)):
            raise Undefined("0 to a negative power")
        return fmpq(0)
    if not isinstance(y, arb) and y.q <= 64 and abs(y.p) <= 64:
        return integer_power(root(x, int(y.q)), int(y.p))
    if decide("<", x, fmpq(0)):
        raise Undefined("a fractional power of a negative number")
    return arb(x) ** arb(y)


def integer_power(x: Number, k: int) -> Number:
    if isinstance(x, arb):
        if k < 0 and x.contains(0):
            raise Undecided
        return x ** arb(k)
    if x == 0 and k < 0:
        raise Undefined("0 to a negative power")
    if abs(k) * x.height_bits() <= MOST_BITS:
        return x**k
    return arb(x) ** arb(k)


def smallest(*numbers: Number) -> Number:
    """The least of the numbers, exact if all are."""
    if any(isinstance(x, arb) for x in numbers):
        least = arb(numbers[0])
        for x in numbers[1:]:
            least = least.min(arb(x))
        return least
    return min(numbers)


def largest(*numbers: Number) -> Number:
    """The greatest of the numbers, exact if all are."""
    return -smallest(*(-x for x in numbers))


def sine(x: Number) -> Number:
    return fmpq(0) if not isinstance(x, arb) and x == 0 else arb(x).sin()


def cosine(x: Number) -> Number:
    return fmpq(1) if not isinstance(x, arb) and x == 0 else arb(x).cos()


OPERATIONS: dict[str, Callable[..., Number]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": divide,
    "%": modulo,
    "**": power,
    "negative": lambda x: -x,
    "pi": arb.pi,
    "sqrt": lambda x: root(x, 2),
    "abs": abs,
    "floor": floor,
    "ceil": ceil,
    "min": smallest,
    "max": largest,
    "sin": sine,
    "cos": cosine,
}


def bounds(x: Number) -> tuple[fmpq, fmpq]:
    """Rational bounds of a number, of a length that can be written down; Undecided if it is not finite."""
    if not isinstance(x, arb):
        if x.height_bits() <= MOST_BITS:
            return x, x
        x = arb(x)
    if not x.is_finite():
        raise Undecided
    if not x.abs_upper() < arb(2) ** MOST_BITS:
        raise MathrlError(f"a value of the formula is beyond 2^{MOST_BITS}; certificates stop there")
    return endpoint(x.lower(), -1), endpoint(x.upper(), 1)


def endpoint(point: arb, direction: int) -> fmpq:
    """A ball of radius 0 as a rational; a tiny one, whose denominator could fill the memory, is moved outward."""
    if abs(point) < arb(2) ** -MOST_BITS:
        return fmpq(direction, 2**MOST_BITS) if point * direction > 0 else fmpq(0)
    return point.fmpq()


def ball(low: fmpq, high: fmpq) -> Number:
    """The number known to lie in [low, high]: exact if they are equal, else a ball at the working precision."""
    return low if low == high else arb(low).union(arb(high))
