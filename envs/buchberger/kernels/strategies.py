"""Hand-made strategies: which pending pair comes next. Minimum strategies take the first minimum in the order of
(j, i), maximum strategies the last maximum.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from ..record import (
    BINOMIAL,
    CELL,
    FIELD,
    PAIR,
    PAIR_SUGAR,
    PEEK_DEGREE,
    PEEK_ENTROPY,
    PENDING,
    Int,
    Layout,
    Monomial,
    Words,
)
from .monomials import degree, equal, greater, load
from .reduction import LOW32, s_polynomial, shifted_tail

NAMES = (
    "first", "last", "degree", "codegree", "normal", "strange", "sugar", "spice", "truedegree", "entropy", "random",
)  # fmt: skip
FIRST, LAST, DEGREE, CODEGREE, NORMAL, STRANGE, SUGAR, SPICE, TRUEDEGREE, ENTROPY, RANDOM = range(len(NAMES))


@njit(cache=True)
def next_word(state: np.uint64) -> Any:
    """The next state of a splitmix64 generator, and its word."""
    state = state + np.uint64(0x9E3779B97F4A7C15)
    z = state
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state, z ^ (z >> np.uint64(31))


@njit(cache=True)
def below(word: np.uint64, count: Int) -> Any:
    """A number in 0 .. count - 1 from a random word."""
    return np.int64(((word >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32))


@njit(cache=True)
def choose(r: Words, strategy: Int, state: np.uint64, layout: Layout, work: Words, one: Monomial) -> Any:
    """The index of the pair that a strategy processes next, and the generator's state; -1 if `work` is too small."""
    count = np.int64(r[PENDING])
    if strategy == FIRST:
        return 0, state
    if strategy == LAST:
        return max(count - 1, 0), state
    if strategy == RANDOM:
        state, word = next_word(state)
        return below(word, count), state
    if strategy in (TRUEDEGREE, ENTROPY):
        return least_peek(r, strategy, layout, work, one), state
    stride, most = PAIR + len(one), strategy in (CODEGREE, STRANGE, SPICE)
    chosen, best = 0, load(r, layout.pairs_at + PAIR, one)
    sugar = np.int64(r[layout.pairs_at + PAIR_SUGAR])
    for k in range(1, count):
        at = layout.pairs_at + k * stride
        lcm, own = load(r, at + PAIR, one), np.int64(r[at + PAIR_SUGAR])
        if strategy == DEGREE:
            better = degree(lcm, layout) < degree(best, layout)
        elif strategy == CODEGREE:
            better = degree(lcm, layout) >= degree(best, layout)
        else:
            if strategy in (SUGAR, SPICE) and own != sugar:
                better = (own > sugar) == most
            else:
                better = not greater(best, lcm, layout) if most else greater(best, lcm, layout)
        if better:
            chosen, best, sugar = k, lcm, own
    return chosen, state


@njit(cache=True)
def least_peek(r: Words, strategy: Int, layout: Layout, work: Words, one: Monomial) -> Any:
    """The first pair whose S-polynomial has the least degree (TRUEDEGREE) or entropy; -1 if `work` is too small."""
    word, stride = PEEK_DEGREE if strategy == TRUEDEGREE else PEEK_ENTROPY, PAIR + len(one)
    chosen, best = 0, np.uint64(0)
    for k in range(np.int64(r[PENDING])):
        at = layout.pairs_at + k * stride
        if r[at + word] == 0:
            known = peek_binomial(r, k, layout, one) if r[BINOMIAL] else peek(r, k, layout, work, one)
            if not known:
                return -1
        if k == 0 or r[at + word] < best:
            chosen, best = k, r[at + word]
    return chosen


@njit(cache=True)
def peek_binomial(r: Words, pair: Int, layout: Layout, one: Monomial) -> Any:
    """Note degree + 2 (1 if S = 0) and entropy + 1 of an S-polynomial with at most two terms.

    The entropy of two terms grows with min(d, e) / (d + e), a correctly rounded quotient: its bits are the key.
    """
    at = layout.pairs_at + pair * (PAIR + len(one))
    i, j, lcm = np.int64(r[at + CELL] >> np.uint64(32)), np.int64(r[at + CELL] & LOW32), load(r, at + PAIR, one)
    m, c = shifted_tail(r, i, lcm, layout, one)
    n, d = shifted_tail(r, j, lcm, layout, one)
    if c != 0 and d != 0 and equal(m, n):
        c, d = (c + r[FIELD] - d) % r[FIELD], np.uint64(0)
    first, second = degree(m, layout) if c != 0 else -1, degree(n, layout) if d != 0 else -1
    r[at + PEEK_DEGREE] = max(first, second) + 2
    key = np.int64(0)
    if first > 0 and second > 0:  # a float64 quotient's bits ascend with it; here they are rounded to 2^-60 instead
        key = np.int64(np.float64(min(first, second)) / np.float64(first + second) * 2.0**60)
    r[at + PEEK_ENTROPY] = key + 1
    return True


@njit(cache=True)
def peek(r: Words, pair: Int, layout: Layout, work: Words, one: Monomial) -> Any:
    """The same for an S-polynomial of any length; False if `work` is too small."""
    width = len(one)
    at = layout.pairs_at + pair * (PAIR + width)
    count = s_polynomial(r, pair, layout, work, one)
    if count < 0:
        return False
    r[at + PEEK_DEGREE] = degree(load(work, 0, one), layout) + 2 if count > 0 else 1
    degrees = np.empty(count, np.int64)
    positive, divisor = 0, 0
    for t in range(count):
        d = degree(load(work, t * width, one), layout)
        if d > 0:
            degrees[positive] = d
            positive += 1
            divisor = math.gcd(divisor, d)
    key = np.int64(0)
    if positive > 1:
        ordered = np.sort(degrees[:positive] // divisor)
        total, weighted = 0.0, 0.0
        for t in range(positive):
            total += ordered[t]
            weighted += ordered[t] * math.log(ordered[t])
        key = np.int64(np.rint((math.log(total) - weighted / total) * 1e9))
    r[at + PEEK_ENTROPY] = key + 1
    return True
