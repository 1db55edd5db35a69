"""Float64 arithmetic for formulas, on arrays of any shape: NaN where a value is undefined, equality up to float noise.

The exact twin is arithmetic.py. Invariants come from float kernels, so a radicand of -1e-15 is a zero and 2.9999999999
rounds down to 3: values closer than NOISE count as equal. A hit is certified exactly afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

NOISE = 1e-9
ZERO = 1e-12  # a divisor below it is the 0 of an eigenvalue or a difference, rounded


def number(value: Fraction) -> Any:
    """The nearest float64, infinite beyond the range."""
    try:
        return np.float64(float(value))
    except OverflowError:
        return np.float64(np.inf if value > 0 else -np.inf)


def quotient(left: Any, right: Any) -> Any:
    """left / right, NaN where right is 0 up to the rounding of a kernel."""
    ratio, zero = left / right, np.abs(right) < ZERO
    return np.where(zero, np.nan, ratio) if np.any(zero) else ratio


def remainder(left: Any, right: Any) -> Any:
    return left - right * np.floor(quotient(left, right) + NOISE)


def power(base: Any, exponent: Any) -> Any:
    nearest = np.rint(exponent)
    exponent = np.where(np.abs(exponent - nearest) <= NOISE, nearest, exponent)
    clamped = np.where((exponent != nearest) & (base < 0) & (base >= -NOISE), 0.0, base)
    undefined = (np.abs(clamped) < ZERO) & (exponent < 0) | np.isnan(base) | np.isnan(exponent)  # numpy's nan**0 is 1
    return np.where(undefined, np.nan, np.power(clamped, exponent))


def square_root(radicand: Any) -> Any:
    """The root, of 0 in place of what is negative by float noise; NaN where it is truly negative."""
    if np.min(radicand, initial=0.0) >= 0:  # false also for NaN
        return np.sqrt(radicand)
    return np.sqrt(np.where((radicand < 0) & (radicand >= -NOISE), 0.0, radicand))


def conditional(left: Any, right: Any, then: Any, otherwise: Any) -> Any:
    """`then` where left equals right, `otherwise` where it does not; what is not taken may be undefined."""
    either = np.where(np.abs(left - right) <= NOISE, then, otherwise)
    return np.where(np.isnan(left - right), np.nan, either)


def whole(x: Any) -> Any:
    """The integer within NOISE of each number, NaN where there is none."""
    nearest = np.rint(x)
    return np.where(np.abs(x - nearest) <= NOISE, nearest, np.nan)


def fold(operation: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def folded(first: Any, *others: Any) -> Any:
        for other in others:
            first = operation(first, other)
        return first

    return folded


def floor(x: Any) -> Any:
    return np.floor(x + NOISE)


def ceil(x: Any) -> Any:
    return np.ceil(x - NOISE)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": quotient, "%": remainder, "**": power,
    "negative": np.negative, "pi": lambda: np.float64(np.pi), "if": conditional, "sqrt": square_root, "abs": np.abs,
    "floor": floor, "ceil": ceil, "min": fold(np.minimum), "max": fold(np.maximum), "sin": np.sin, "cos": np.cos,
}  # fmt: skip
HOLDS: dict[str, Callable[[Any], Any]] = {  # of left - right; equality up to noise counts as equality
    "<=": lambda x: x <= NOISE, ">=": lambda x: x >= -NOISE, "<": lambda x: x < -NOISE, ">": lambda x: x > NOISE,
    "==": lambda x: np.abs(x) <= NOISE,
}  # fmt: skip
