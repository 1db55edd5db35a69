"""Named systems: equal to the reference ideals, and to their formulas at random points."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path

import pytest

from mathrl.envs.buchberger.systems import INDEX_LIMIT, SYSTEMS, named
from mathrl.errors import MathrlError

DATA = Path(__file__).parents[2] / "data" / "buchberger" / "ideals.jsonl"
P = 32003


def reference():
    """The named ideals of the reference data."""
    with DATA.open() as lines:
        return [record for record in map(json.loads, lines) if record["dist"] == "named"]


def cyclic(n, x):
    """Windows of the circle."""
    return [sum(prod(x[(i + j) % n] for j in range(k)) for i in range(n)) for k in range(1, n)] + [prod(x) - 1]


def katsura(m, u):
    """With u_-i = u_i and u_i = 0 for i > m."""
    products = [sum(u[abs(i)] * u[abs(k - i)] for i in range(-m, m + 1) if abs(k - i) <= m) - u[k] for k in range(m)]
    return [u[0] + 2 * sum(u[1:]) - 1, *products]


def noon(n, x):
    """Lotka-Volterra."""
    return [10 * x[i] * (sum(a * a for a in x) - x[i] ** 2) - 11 * x[i] + 10 for i in range(n)]


def reimer(n, x):
    """Alternating power sums."""
    return [sum((-1) ** (j + 1) * 2 * x[j - 1] ** (i + 1) for j in range(1, n + 1)) - 1 for i in range(1, n + 1)]


def eco(n, x):
    """x[k - 1] is x_k."""
    balances = [(x[k - 1] + sum(x[i - 1] * x[i + k - 1] for i in range(1, n - k))) * x[n - 1] - k for k in range(1, n)]
    return [*balances, sum(x[: n - 1]) + 1]


def chandra(n, x):
    """Multiplied out by nothing: fractions are quotients modulo p."""
    c = 51234 * pow(100000, -1, P)
    return [
        2 * n * x[i - 1] - 2 * n - c * x[i - 1] * (1 + sum(2 * i * pow(i + j, -1, P) * x[j - 1] for j in range(1, n)))
        for i in range(1, n + 1)
    ]


FORMULAS = {"cyclic": cyclic, "katsura": katsura, "noon": noon, "reimer": reimer, "eco": eco, "chandra": chandra}


@pytest.mark.parametrize("record", reference(), ids=lambda record: record["id"])
def test_equal_to_the_reference(record):
    """The same generators in the same order, term by term."""
    ideal = named(record["id"])
    assert ideal.name == record["id"]
    assert ideal.n == record["n"]
    assert ideal.field == record["field"]
    assert ideal.generators() == record["F"]


@pytest.mark.parametrize("name", list(SYSTEMS))
def test_equal_to_the_formula_at_random_points(name, rng):
    """A polynomial that vanishes at three random points modulo 32003 is zero but for an unlucky draw."""
    for index in range(SYSTEMS[name].least, 9):
        ideal = named(f"{name}-{index}")
        for _ in range(3):
            point = [int(value) for value in rng.integers(0, P, ideal.n)]
            values = [
                sum(c * prod(pow(a, e, P) for a, e in zip(point, exponents, strict=True)) for c, exponents in generator)
                for generator in ideal.generators()
            ]
            expected = FORMULAS[name](index, point)
            assert [value % P for value in values] == [value % P for value in expected]


def test_names_and_indices():
    """`_` is `-`; what is no system is None; an index out of range is a sentence."""
    assert named("Cyclic_4").name == "cyclic-4"
    assert named("katsura-3").variables == ("u0", "u1", "u2", "u3")
    assert named("noon-3").variables == ("x1", "x2", "x3")
    assert named("cyclic") is None
    assert named("degree-5") is None
    assert len(named(f"cyclic-{INDEX_LIMIT}")) == INDEX_LIMIT
    for word in ("cyclic-1", "katsura-0", "noon-65", "eco-999999999"):
        with pytest.raises(MathrlError, match="the index of"):
            named(word)
