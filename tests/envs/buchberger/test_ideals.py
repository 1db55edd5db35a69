"""Ideals: the order, terms sorted and added up, JSON records, text, characteristics."""

from __future__ import annotations

import json
from itertools import combinations, pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathrl.envs.buchberger.ideals import (
    EXPONENT_LIMIT,
    Ideal,
    characteristic,
    is_prime,
    merge,
    nearest_prime,
    order_key,
    polynomial_text,
    variable_names,
)
from mathrl.errors import MathrlError

PRIMES = st.sampled_from([2, 3, 7, 101, 32003, 2147483647])


@st.composite
def ideals(draw):
    """Ideals in 1 to 5 variables with up to 5 polynomials, some of them zero."""
    n, field = draw(st.integers(1, 5)), draw(PRIMES)
    exponents = st.lists(st.integers(0, 3) | st.integers(0, EXPONENT_LIMIT), min_size=n, max_size=n)
    terms = st.lists(st.tuples(st.integers(-(2**40), 2**40), exponents), max_size=6)
    polynomials = draw(st.lists(terms, min_size=1, max_size=5))
    return Ideal.from_terms("random", variable_names(n), field, polynomials)


def larger(a, b):
    """Grevlex by its definition: the larger degree, or the smaller exponent at the last difference."""
    if sum(a) != sum(b):
        return sum(a) > sum(b)
    differences = [i for i in range(len(a)) if a[i] != b[i]]
    return bool(differences) and a[differences[-1]] < b[differences[-1]]


def test_order_key_is_grevlex():
    """The key sorts every pair of small monomials as the definition does; y^2 > xz and x^2 > xy > y^2."""
    monomials = list(product(range(4), repeat=3))
    for a, b in combinations(monomials, 2):
        assert (order_key(a) > order_key(b)) == larger(a, b)
        assert (order_key(b) > order_key(a)) == larger(b, a)
    assert order_key((0, 2, 0)) > order_key((1, 0, 1))
    assert order_key((2, 0, 0)) > order_key((1, 1, 0)) > order_key((0, 2, 0))


def test_from_terms_sorts_adds_up_and_drops():
    """Terms in any order, repeated monomials, zero terms and zero polynomials."""
    polynomials = [
        [(1, (0, 1)), (5, (2, 0)), (2, (0, 1)), (7, (1, 1)), (-1, (0, 0))],
        [(3, (1, 0)), (4, (1, 0))],
        [(2, (0, 3))],
    ]
    ideal = Ideal.from_terms("mixed", ("x", "y"), 7, polynomials)
    assert ideal.generators() == [[[5, [2, 0]], [3, [0, 1]], [6, [0, 0]]], [[2, [0, 3]]]]
    assert ideal.starts.tolist() == [0, 3, 4]
    assert len(ideal) == 2
    assert ideal.remarks == ("1 polynomial is zero modulo 7 and left out",)
    assert ideal.texts() == ["-2*x^2 + 3*y - 1", "2*y^3"]


def test_the_zero_ideal_has_no_generators():
    """Only zero polynomials: no generators, right shapes, a remark."""
    ideal = Ideal.from_terms("zero", ("x", "y", "z"), 5, [[], [(5, (1, 0, 0))]])
    assert len(ideal) == 0
    assert ideal.exponents.shape == (0, 3)
    assert ideal.coprime
    assert ideal.remarks == ("2 polynomials are zero modulo 5 and left out",)


@given(ideals())
def test_terms_are_canonical(ideal):
    """Descending without repetitions, coefficients in 1..p-1."""
    for generator in ideal.generators():
        assert generator
        assert all(0 < coefficient < ideal.field for coefficient, _ in generator)
        assert all(larger(a[1], b[1]) for a, b in pairwise(generator))


@given(ideals())
def test_json_round_trip(ideal):
    """A record read again is the same ideal, through text too."""
    if len(ideal) == 0:
        return
    again = Ideal.of_json(json.loads(json.dumps(ideal.to_json())))
    assert again.to_json() == ideal.to_json()
    assert again.exponents.dtype == ideal.exponents.dtype
    assert (again.starts == ideal.starts).all()


@given(ideals())
def test_coprime_is_pairwise(ideal):
    """The count of variables equals the definition on pairs of leads."""
    leads = [generator[0][1] for generator in ideal.generators()]
    assert ideal.coprime == all(not any(a and b for a, b in zip(f, g, strict=True)) for f, g in combinations(leads, 2))


@given(ideals())
def test_degree_and_ascending(ideal):
    """The largest sum of exponents, beyond 32 bits too; a stable sort of the generators by their leads."""
    assert ideal.degree == max((sum(exponents) for f in ideal.generators() for _, exponents in f), default=0)
    again = ideal.ascending()
    assert again.generators() == sorted(ideal.generators(), key=lambda f: order_key(f[0][1]))
    assert (again.name, again.variables, again.field) == (ideal.name, ideal.variables, ideal.field)


def test_json_accepts_what_it_says():
    """Any integers as coefficients, own names, field 0, no id, other keys."""
    record = {"n": 2, "field": 0, "F": [[[-1, [0, 0]], [32004, [1, 0]]]], "variables": ["a", "b"], "dist": "mine"}
    ideal = Ideal.of_json(record, "file#1")
    assert ideal.name == "file#1"
    assert ideal.variables == ("a", "b")
    assert ideal.field == 32003
    assert ideal.generators() == [[[1, [1, 0]], [32002, [0, 0]]]]
    assert "characteristic 0 is run modulo 32003" in ideal.remarks[0]
    assert Ideal.of_json({"id": 7, "n": 1, "field": 2, "F": [[[1, [1]]]]}).name == "7"


GOOD = {"id": "a", "n": 2, "field": 7, "F": [[[1, [1, 0]], [1, [0, 0]]]]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n": 0}, '"n" is 0; the number of variables is 1 to 1000'),
        ({"n": 10**30}, "the number of variables is 1 to 1000"),
        ({"n": 2.0}, "2.0, which is not an integer"),
        ({"n": True}, "True, which is not an integer"),
        ({"field": 32001}, "32001 is not prime; did you mean 32003?"),
        ({"field": 1}, "the characteristic 1 is not 0 or a prime below 2^31"),
        ({"field": -7}, "the characteristic -7 is not"),
        ({"field": 2**31}, "the characteristic 2147483648 is not 0 or a prime below 2^31"),
        ({"field": "7"}, "'7', which is not an integer"),
        ({"F": []}, "at least one polynomial"),
        ({"F": None}, "at least one polynomial"),
        ({"F": [5]}, "polynomial 1 of F is 5, which is not a list of terms"),
        ({"F": [[[1, [1, 0]]], [[1]]]}, "polynomial 2 of F is [1], which is not [coefficient, [e1, ..., en]]"),
        ({"F": [[[1, 1, 0]]]}, "which is not [coefficient, [e1, ..., en]]"),
        ({"F": [[[1, [1, 0, 0]]]]}, "3 exponents for n = 2 variables"),
        ({"F": [[[1.5, [1, 0]]]]}, "1.5, which is not an integer"),
        ({"F": [[[None, [1, 0]]]]}, "None, which is not an integer"),
        ({"F": [[[1, [1, -1]]]]}, "the exponent -1, which is not in 0 to 2^31 - 1"),
        ({"F": [[[1, [1, 2**31]]]]}, "the exponent 2147483648, which is not"),
        ({"F": [[[1, [1, 2**100000]]]]}, "a number of 100001 bits"),
        ({"variables": ["x"]}, "are not n = 2 different names"),
        ({"variables": ["x", "x"]}, "are not n = 2 different names"),
        ({"variables": ["x", "2y"]}, "is not a list of names"),
        ({"variables": "xy"}, "is not a list of names"),
    ],
)
def test_bad_records_are_sentences(change, said):
    """Every malformed part of a record is named."""
    with pytest.raises(MathrlError) as error:
        Ideal.of_json(GOOD | change)
    assert said in str(error.value)
    assert len(str(error.value)) < 250


@pytest.mark.parametrize("key", ["n", "field", "F"])
def test_missing_keys_are_named(key):
    """A record without n, field or F."""
    with pytest.raises(MathrlError, match=f'the record has no "{key}"'):
        Ideal.of_json({name: value for name, value in GOOD.items() if name != key})


@pytest.mark.parametrize("record", [None, 3, "x", [GOOD]])
def test_records_are_objects(record):
    """Something else than an object."""
    with pytest.raises(MathrlError, match="an ideal is an object"):
        Ideal.of_json(record)


def test_primes_by_trial_division():
    """Against trial division up to 5000, strong pseudoprimes to the first bases, and the ends of the range."""
    for p in range(5000):
        assert is_prime(p) == (p > 1 and all(p % q for q in range(2, int(p**0.5) + 1)))
    assert not any(map(is_prime, (2047, 1373653, 25326001, 561, 1729, 46337**2, 46337 * 46327)))
    assert all(map(is_prime, (32003, 2147483629, 2147483647, 46337)))


@pytest.mark.parametrize(("p", "near"), [(4, 3), (32001, 32003), (32004, 32003), (9, 7), (2147483646, 2147483647)])
def test_nearest_prime(p, near):
    """The nearest prime, the smaller of two, below 2^31."""
    assert nearest_prime(p) == near
    with pytest.raises(MathrlError, match=f"is not prime; did you mean {near}"):
        characteristic(p)


def test_polynomial_text():
    """Signs, the coefficient 1, powers, the constant, zero, p = 2."""
    terms = [(1, (2, 1, 0)), (6, (1, 0, 0)), (3, (0, 0, 1)), (6, (0, 0, 0))]
    assert polynomial_text(terms, ("x", "y", "z"), 7) == "x^2*y - x + 3*z - 1"
    assert polynomial_text([(6, (1, 0))], ("x", "y"), 7) == "-x"
    assert polynomial_text([(1, (0, 0))], ("x", "y"), 2) == "1"
    assert polynomial_text([], ("x", "y"), 2) == "0"


def test_merge_reduces_and_drops():
    """Residues by monomial, none of them zero."""
    assert merge([(3, (1,)), (5, (1,)), (-1, (0,)), (14, (2,)), (4, (3,)), (3, (3,))], 7) == {(1,): 1, (0,): 6}
