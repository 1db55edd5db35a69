"""Packed monomials against their definitions on exponent vectors, for every width and many numbers of variables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from mathrl.envs.buchberger.kernels import monomials
from mathrl.envs.buchberger.record import WORDS, common, make_layout, pack_for
from mathrl.envs.buchberger.replay import divides, lcm, order, product
from mathrl.errors import MathrlError

VARIABLES = (1, 2, 3, 7, 8, 15, 30)
CASES = [(n, words) for words in (1, 2, 3, 4, 8) for n in VARIABLES]


@njit(cache=True)
def facts(a, b, one, layout, exponents):
    """What the kernels say of two exponent vectors int32[n] in one call, so that every width compiles once.

    Returns (a | b, a = b, a > b, deg a, a's lcm with b equals a b); `exponents` int64[4, n]: of a, of the product, of
    the product over b, and of the least common multiple.
    """
    x, y = monomials.pack(a, one, layout), monomials.pack(b, one, layout)
    joint = monomials.with_degree(monomials.lcm_exponents(x, y, layout), layout)
    both = monomials.times(x, y)
    back = monomials.over(both, y)
    memory = np.zeros(2 * len(one), np.uint64)
    monomials.store(memory, len(one), joint)
    joint = monomials.load(memory, len(one), one)
    for k in range(len(a)):
        exponents[0, k] = monomials.exponent(x, k, layout)
        exponents[1, k] = monomials.exponent(both, k, layout)
        exponents[2, k] = monomials.exponent(back, k, layout)
        exponents[3, k] = monomials.exponent(joint, k, layout)
    degrees = monomials.degree(x, layout), monomials.degree(both, layout), monomials.degree(joint, layout)
    relations = (
        monomials.divides(x, y, layout.guard),
        monomials.equal(x, y),
        monomials.greater(x, y, layout),
        monomials.equal(joint, both),
        monomials.equal(back, x),
    )
    return relations, degrees


def bounded(n, cap):
    """Exponent vectors of n variables with degree at most `cap`: few variables, small numbers, or all of the cap."""
    shares = st.lists(st.integers(0, n - 1), min_size=0, max_size=min(cap, 12))
    scales = st.sampled_from([1, 1, 1, 2, max(1, cap // 12)])

    def build(spots, scale):
        exponents = [0] * n
        for spot in spots:
            exponents[spot] += max(1, min(scale, cap // 12))
        return tuple(exponents)

    return st.builds(build, shares, scales)


def pairs(n, cap):
    """Two vectors whose product has degree at most `cap`; often one divides the other, or they differ in one place."""
    one = bounded(n, cap // 2)

    def moved(a, k, j):
        b = list(a)
        if b[k]:
            b[k], b[j] = b[k] - 1, b[j] + (k != j)
        return a, tuple(b)

    near = st.builds(moved, one, st.integers(0, n - 1), st.integers(0, n - 1))
    return st.one_of(st.tuples(one, one), near, near.map(lambda two: two[::-1]))


@pytest.mark.parametrize(("n", "words"), CASES)
def test_monomials_are_exponent_vectors(n, words):
    """Packing, divisibility, order, product, quotient, degree and lcm equal the definitions."""
    layout, one = make_layout(n, words), (np.uint64(0),) * words

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(pairs(n, layout.cap))
    def check(two):
        a, b = two
        exponents = np.zeros((4, n), np.int64)
        vectors = np.array(a, np.int32), np.array(b, np.int32)
        relations, degrees = facts(*vectors, one, layout, exponents)
        both, joint = product(a, b), lcm(a, b)
        assert exponents.tolist() == [list(a), list(both), list(a), list(joint)]
        assert relations == (divides(a, b), a == b, order(a) > order(b), joint == both, True)
        assert degrees == (sum(a), sum(both), sum(joint))

    check()


@pytest.mark.parametrize(("n", "words"), CASES)
def test_the_largest_degree_that_fits_is_in_range(n, words):
    """A monomial of degree cap in any one variable keeps its exponent, its order and its divisors."""
    layout, one = make_layout(n, words), (np.uint64(0),) * words
    zero = np.zeros(n, np.int32)
    for k in {0, n // 2, n - 1}:
        top = zero.copy()
        top[k] = layout.cap
        exponents = np.zeros((4, n), np.int64)
        relations, degrees = facts(top, zero, one, layout, exponents)
        assert exponents[3].tolist() == top.tolist()
        assert (relations[:3], degrees) == ((False, False, True), (layout.cap,) * 3)
        relations, _ = facts(zero, top, one, layout, exponents)
        assert relations[:3] == (True, False, False)


@pytest.mark.parametrize(
    ("n", "words"), [(n, words) for n in (*VARIABLES, 31, 60, 100, 500) for words in WORDS if n < 64 * words]
)
def test_layouts_have_room_for_their_fields(n, words):
    """n + 1 fields of equal width in 64 W bits, cap one less than half of what a field can say."""
    layout = make_layout(n, words)
    bits = int(layout.bits)
    assert layout.fields * words >= n + 1
    assert bits * layout.fields <= 64
    assert layout.cap == 2 ** (bits - 1) - 1
    assert bin(int(layout.guard)).count("1") == layout.fields
    assert int(layout.low) == int(layout.rest) % 2 ** (bits * (layout.fields - 1))


def test_the_narrowest_packing_is_taken():
    """`pack_for` is the first width whose cap reaches the degree, at least the one asked for, or says there is none."""
    assert [pack_for(3, degree) for degree in (1, 32767, 32768, 2**31 - 1)] == [1, 1, 2, 2]
    assert [pack_for(7, degree) for degree in (127, 128, 32767, 32768)] == [1, 2, 2, 3]
    assert [pack_for(n, 3) for n in (63, 64, 100, 300)] == [4, 4, 6, 16]
    assert pack_for(3, 5, words=3) == 3
    for n, degree in ((3, 2**31), (500, 3), (1000, 2)):
        with pytest.raises(MathrlError, match=f"monomials in {n} variables of degree {degree} do not fit"):
            pack_for(n, degree)


@pytest.mark.parametrize(("n", "m"), [(2, 7), (3, 3), (1, 30), (8, 3)])
def test_common_layouts_hold_both(n, m):
    """What two layouts have in common has room for the sections of both and for the degrees asked for."""
    for words in (1, 2):
        a, b = make_layout(n, words, elements=4, pairs=90), make_layout(m, 1, elements=40, pairs=9, terms=7, steps=5)
        for both in (common(a, b, 5000), common(b, a, 5000)):
            assert both.n == max(n, m)
            assert both.cap >= (5000 if n != m else max(a.cap, b.cap))
            for name in ("elements", "pairs", "terms", "steps"):
                assert getattr(both, name) == max(getattr(a, name), getattr(b, name))
