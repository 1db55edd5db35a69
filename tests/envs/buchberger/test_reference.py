"""The plain replay and its strategies agree with every value that other software computed, and with worked examples."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from mathrl.envs.buchberger.replay import (
    Replay,
    divides,
    lcm,
    lead,
    monic,
    normal_form,
    order,
    product,
    reduced_basis,
    s_polynomial,
)

from .reference import STRATEGIES, VARIANTS, entropy, play, polynomials, record, terms, true_degree

DATA = Path(__file__).parents[2] / "data/buchberger"
IDEALS = {entry["id"]: entry for entry in map(json.loads, (DATA / "ideals.jsonl").read_text().splitlines())}
LONGEST = 1000  # additions of a run that is played here; all 2638 runs together take four minutes
P = 32003
CYCLIC = [
    {(1, 0, 0): 1, (0, 1, 0): 1, (0, 0, 1): 1},
    {(1, 1, 0): 1, (1, 0, 1): 1, (0, 1, 1): 1},
    {(1, 1, 1): 1, (0, 0, 0): P - 1},
]


@pytest.mark.parametrize("name", IDEALS)
def test_runs_agree_with_the_reference_values(name):
    """Counts, discounted return, trace and reduced basis of every run, long ones left out but for the shortest."""
    entry = IDEALS[name]
    generators = polynomials(entry["F"])
    runs = [(variant, *run) for variant, known in entry["strategies"].items() for run in known.items() if run[1]]
    longest = max(LONGEST, min(known["additions"] for _, _, known in runs))
    for variant, strategy, known in runs:
        if known["additions"] > longest:
            continue
        episode = play(generators, entry["field"], strategy, **VARIANTS[variant])
        counts = episode.counts()
        assert counts == {count: known[count] for count in counts}, (variant, strategy)
        assert episode.discounted_return() == pytest.approx(known["discounted_return_099"], rel=1e-6)
        assert "trace" not in known or episode.trace()[:400] == known["trace"], (variant, strategy)
        basis = episode.basis()
        assert [list(lead(f)) for f in basis] == entry["gb_lead_exponents"], (variant, strategy)
        assert [len(f) for f in basis] == entry["gb_term_counts"], (variant, strategy)


def test_every_strategy_and_variant_has_reference_values():
    """The comparison above leaves no name out."""
    assert {name for entry in IDEALS.values() for name in entry["strategies"]["gm"]} == set(STRATEGIES)
    assert {name for entry in IDEALS.values() for name in entry["strategies"]} == set(VARIANTS)


def test_cyclic_3_step_by_step():
    """The worked example of the specification."""
    state = Replay(CYCLIC, P)
    assert state.P == [(0, 1), (0, 2)]
    assert state.step(0, 1)[::2] == (2, 3)
    assert terms(state.G[3]) == [[1, [0, 2, 0]], [1, [0, 1, 1]], [1, [0, 0, 2]]]
    assert state.P == [(0, 2)]
    assert state.step(0, 2)[::2] == (2, 2)
    assert terms(state.G[4]) == [[1, [0, 0, 3]], [P - 1, [0, 0, 0]]]
    assert state.P == []
    assert [lead(f) for f in reduced_basis(state.G, P)] == [(1, 0, 0), (0, 2, 0), (0, 0, 3)]


def test_monomial_additions_count_terms():
    """Cyclic-3: min(3, 3) for S and 3 for its step by the first generator, then min(3, 2) and 3 for y^2 + yz + z^2."""
    state = Replay(CYCLIC, P)
    assert [state.step(0, 1).monomial_additions, state.step(0, 2).monomial_additions] == [6, 5]
    assert state.P == []


def test_the_order_is_graded_reverse_lexicographic():
    """y^2 > xz, x^2 > xy > y^2, and degree comes first."""
    x, y, z = (1, 0, 0), (0, 1, 0), (0, 0, 1)
    falling = [product(x, x), product(x, y), product(y, y), product(x, z), product(y, z), product(z, z), x, y, z]
    assert sorted(falling, key=order, reverse=True) == falling


def test_normal_form_is_a_certified_division():
    """f - remainder is the sum of the steps' multiples, and no term of the remainder is divisible by a lead."""
    rng = random.Random(5)
    for _ in range(60):
        f, *divisors = [random_polynomial(rng, 6)] + [monic(random_polynomial(rng, 3), P) for _ in range(4)]
        remainder, steps = normal_form(f, divisors, P)
        assert not any(divides(lead(g), m) for g in divisors for m in remainder)
        assert sorted(remainder, key=order, reverse=True) == list(remainder)
        left = dict(f)
        for q, k in steps:  # the first divisor that divides the largest term that any divides
            largest = max((m for m in left if any(divides(lead(g), m) for g in divisors)), key=order)
            assert largest == product(q, lead(divisors[k]))
            assert k == min(k for k, g in enumerate(divisors) if divides(lead(g), largest))
            c = left[largest]
            for m, d in divisors[k].items():
                left[product(q, m)] = (left.get(product(q, m), 0) - c * d) % P
            left = {m: c for m, c in left.items() if c}
        assert left == remainder


def random_polynomial(rng, length):
    return {tuple(rng.randrange(4) for _ in range(3)): rng.randrange(1, P) for _ in range(length)}


def test_s_polynomials_cancel_the_lead():
    """S = L/LM(f) f - L/LM(g) g, also where tails meet."""
    rng = random.Random(6)
    for _ in range(60):
        f, g = (monic(random_polynomial(rng, 4), P) for _ in range(2))
        both = lcm(lead(f), lead(g))
        expected = {}
        for sign, h in ((1, f), (-1, g)):
            for m, c in h.items():
                m = tuple(a + b - c for a, b, c in zip(m, both, lead(h), strict=True))
                expected[m] = (expected.get(m, 0) + sign * c) % P
        assert s_polynomial(f, g, P) == {m: c for m, c in expected.items() if c}
        assert both not in s_polynomial(f, g, P)


def test_gebauer_moeller_is_what_the_definition_says():
    """Pairs after each insertion, by the definition read word for word."""
    rng = random.Random(7)
    for _ in range(40):
        generators = [monic({tuple(rng.randrange(5) for _ in range(3)): 1}, P) for _ in range(9)]
        pending = []
        for m, f in enumerate(generators):
            leads, new = [lead(g) for g in generators[:m]], lead(f)
            lcms = [lcm(a, new) for a in leads]
            pending = [
                (i, j) for i, j in pending
                if not (divides(new, lcm(leads[i], leads[j])) and lcm(leads[i], leads[j]) not in (lcms[i], lcms[j]))
            ]  # fmt: skip
            for i, both in enumerate(lcms):
                minimal = not any(divides(other, both) and other != both for other in lcms)
                first = lcms.index(both) == i
                coprime = any(lcms[k] == both == product(leads[k], new) for k in range(m))
                if minimal and first and not coprime:
                    pending.append((i, m))
            assert pending == Replay(generators[: m + 1], P).P


def test_entropy_has_exact_ties_and_true_degree_a_zero():
    """2:4 and 3:6 are equally uneven; degree 0 does not count; zero comes before everything."""
    assert entropy({(2, 0): 1, (0, 4): 5}) == entropy({(3, 0): 1, (0, 6): 7}) < entropy({(2, 0): 1, (0, 3): 5})
    assert entropy({(2, 0): 1, (0, 0): 5}) == entropy({}) == entropy({(3, 3): 1}) == 0
    assert (true_degree({}), true_degree({(0, 0): 4}), true_degree({(0, 3): 4, (2, 0): 1})) == (-1, 0, 3)


def test_records_are_complete():
    """Pairs in order, the cost in the reward, settings, and the basis ascending."""
    made = record(IDEALS["cyclic-3"], "last", "reductions", elimination="none", sort_input=True)
    assert made["value"] == -len(made["solution"]["pairs"]) < 0
    assert (made["solution"]["elimination"], made["solution"]["sort_input"]) == ("none", True)
    assert [f[0][1] for f in made["solution"]["basis"]] == IDEALS["cyclic-3"]["gb_lead_exponents"]
