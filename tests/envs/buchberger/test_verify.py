"""The verifier accepts true records, refuses what is false with a sentence, and cannot be made to hang."""

from __future__ import annotations

import copy
import json
import random
import time
from pathlib import Path

import pytest

from mathrl.envs.buchberger import opinions
from mathrl.envs.buchberger.opinions import confirm, second_opinions, singular
from mathrl.envs.buchberger.referee import MOST_TERMS, Allowance, Refused, check
from mathrl.envs.buchberger.verify import verify

from .reference import STRATEGIES, VARIANTS, play, polynomials, record, terms

DATA = Path(__file__).parents[2] / "data/buchberger"
IDEALS = {entry["id"]: entry for entry in map(json.loads, (DATA / "ideals.jsonl").read_text().splitlines())}
REWARDS = ("additions", "reductions", "monomial-additions")
P = 32003


def true_record(name="eco-5", *arguments, **variant):
    """A record as it stands in a file."""
    return json.loads(json.dumps(record(IDEALS[name], *arguments, **variant)))


def ideal(generators, field=P, n=2):
    """An ideal for `record`, from lists of {exponents: coefficient}."""
    return {"n": n, "field": field, "F": [terms(f) for f in generators]}


# ------------------------------------------------------------------------------------------------------ true records


@pytest.mark.parametrize("reward", REWARDS)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", ["3-20-10-weighted#9", "3-20-10-maximum#0", "4-3-4-0.5-uniform-consts#0", "reimer-3"])
def test_true_records_hold(name, variant, reward):
    """In every reward and elimination variant, with the reference's counts; proved, never solved."""
    made, known = (
        true_record(name, "degree", reward, **VARIANTS[variant]),
        IDEALS[name]["strategies"][variant]["degree"],
    )
    verdict = verify(made)
    assert (verdict.holds, verdict.proved, verdict.solved) == (True, True, False), verdict.reason
    assert not verdict.certificate  # runs store a certificate inside the solution, where no extra field is accepted
    assert verdict.reason.startswith(f"{-made['value']:.0f} {reward} over {known['pairs']} pairs")
    checked = check(made)
    counts = {"additions": checked.costs["additions"], "pairs": checked.costs["reductions"], "zero": checked.zero}
    counts["basis_len"] = checked.inserted
    assert counts == {name: known[name] for name in counts}
    assert any(f"{known['pairs']} pairs, {known['zero']} of them reduced to zero" in line for line in verdict.words)


def test_the_basis_is_the_same_for_every_strategy():
    """The reduced basis is unique; the value is not."""
    made = [true_record("3-5-5-uniform-consts#0", strategy) for strategy in STRATEGIES]
    assert all(verify(one).holds for one in made)
    assert len({json.dumps(one["solution"]["basis"]) for one in made}) == 1
    assert len({one["value"] for one in made}) > 3


EDGES = {
    "zero ideal": (ideal([]), []),
    "unit ideal": (ideal([{(1, 0): 1}, {(1, 0): 2, (0, 0): 3}]), [[[1, [0, 0]]]]),
    "a constant": (ideal([{(0, 0): 7}]), [[[1, [0, 0]]]]),
    "one generator": (ideal([{(2, 0): 5, (0, 1): 10}]), [[[1, [2, 0]], [2, [0, 1]]]]),
    "twice the same": (ideal([{(1, 1): 1}, {(1, 1): 3}]), [[[1, [1, 1]]]]),
    "two elements": (ideal([{(1, 1): 1, (0, 0): 1}, {(2, 0): 1, (0, 1): 1}], 2), None),
    "largest prime": (ideal([{(1, 1): 5, (0, 0): 2**31 - 2}, {(2, 0): 1, (0, 1): 2**31 - 2}], 2**31 - 1), None),
    "large exponents": (ideal([{(2**31 - 1, 0): 1, (0, 5): 1}, {(2**31 - 1, 1): 1}]), None),
    "one variable": (ideal([{(6,): 1, (0,): P - 1}, {(4,): 1, (0,): P - 1}], n=1), [[[1, [2]], [P - 1, [0]]]]),
}


@pytest.mark.parametrize("edge", EDGES)
def test_edge_cases_hold(edge):
    """Ideals without pairs, with 1, over the smallest and largest fields."""
    given, basis = EDGES[edge]
    made = json.loads(json.dumps(record(given)))
    assert basis is None or made["solution"]["basis"] == basis
    assert verify(made).holds, verify(made).reason


def test_bounds_and_optimality_are_said_not_to_be_checked():
    """What cannot be proved again does not make a record false, but is said."""
    verdict = verify(true_record() | {"bound": -1.0, "optimal": True})
    assert verdict.holds
    assert not verdict.solved
    assert verdict.reason.endswith("; the bound is not re-checked; optimality is not re-checked")


def test_verifying_is_fast_enough_for_every_new_best():
    """Milliseconds on the default distribution: well under 50 each even on a loaded machine."""
    made = [true_record(name) for name in IDEALS if name.startswith("3-20-10-weighted#")]
    start = time.perf_counter()
    assert all(verify(one).holds for one in made)
    assert (time.perf_counter() - start) / len(made) < 0.05


# --------------------------------------------------------------------------------------------------------- forgeries


def change(*path):
    """A forgery: put the last of `path` where the others lead, inside the solution."""
    *front, last, value = path

    def forge(made):
        part = made["solution"]
        for key in front:
            part = part[key]
        part[last] = value(part[last]) if callable(value) else value

    return forge


def top(**changes):
    return lambda made: made.update(changes)


def drop(name):
    return lambda made: made["solution"].pop(name)


def cheaper(made):
    """Claims one addition less, consistently."""
    made["solution"]["additions"] -= 1
    made["value"] += 1


def nothing_done(made):
    made["solution"].update(pairs=[], additions=0)
    made["value"] = 0.0


def no_generators(made):
    nothing_done(made)
    made["solution"]["F"] = []


def unreduced(made):
    """Adds the first element to the last: the same ideal, still a Groebner basis."""
    basis = made["solution"]["basis"]
    first, last = polynomials([basis[0], basis[-1]])
    basis[-1] = terms({m: (first.get(m, 0) + last.get(m, 0)) % P for m in first | last})


def multiple(made):
    """One more element, a multiple of the last: the same ideal, still a Groebner basis."""
    basis = made["solution"]["basis"]
    basis.append([[c, [e + 1 for e in exponents]] for c, exponents in basis[-1]])


FORGERIES = {
    "one addition less": (cheaper, "the additions are 257, not 256"),
    "one addition more": (change("additions", 258), "the additions are 257, not 258"),
    "additions true": (change("additions", True), "additions are not a whole number"),
    "a better value": (top(value=-256.0), "the recorded value -256 is wrong: in additions it is -257"),
    "a value nearby": (top(value=-256.9999999999), "is wrong: in additions it is -257"),
    "no value": (top(value=None), "the value is not a finite number"),
    "an infinite value": (top(value=float("inf")), "the value is not a finite number"),
    "a positive value": (top(value=257.0), "the recorded value 257 is wrong"),
    "another reward": (top(reward="reductions"), "in reductions it is -27"),
    "an unknown reward": (top(reward="zero-reductions"), "the reward is not one of additions"),
    "another environment": (top(env="graphs"), "a record of 'graphs'"),
    "a bound below the value": (top(bound=-258.0), "the recorded bound is below"),
    "a bound in words": (top(bound="-1"), "the record's bound is not a finite number"),
    "an infinite bound": (top(bound=float("inf")), "the record's bound is not a finite number"),
    "an enormous bound": (top(bound=10**400), "the record's bound is not a finite number"),
    "an enormous value": (top(value=-(10**400)), "beyond the range of floating-point numbers"),
    "a bound that is true": (top(bound=True), "the record's bound is not a finite number"),
    "optimal in words": (top(optimal="yes"), "neither true nor false"),
    "the last pair missing": (change("pairs", lambda pairs: pairs[:-1]), "are still pending"),
    "no pair": (nothing_done, "are still pending"),
    "a pair twice": (change("pairs", lambda pairs: pairs[:5] + pairs[4:]), "step 6 processes the pair"),
    "pairs backwards": (change("pairs", lambda pairs: pairs[::-1]), "which is not pending"),
    "a pair that never was": (
        change("pairs", 0, [0, 4000]),
        "step 1 processes the pair (0, 4000), which is not pending",
    ),
    "a pair turned round": (change("pairs", 0, lambda pair: pair[::-1]), "not a list of [i, j], i < j"),
    "a pair of floats": (change("pairs", 0, [0.0, 1.0]), "not a list of [i, j], i < j"),
    "a negative index": (change("pairs", 0, [-1, 1]), "not a list of [i, j], i < j"),
    "pairs as an object": (change("pairs", {}), "not a list of [i, j], i < j"),
    "no elimination": (change("elimination", "none"), "still pending"),
    "the coprime criterion only": (change("elimination", "lcm"), "still pending"),
    "an unknown elimination": (change("elimination", "f5"), "the elimination is not one of gm, lcm, none"),
    "an elimination that is a list": (change("elimination", []), "the elimination is not one of"),
    "sorted input": (change("sort_input", True), "not pending"),
    "sort_input 0": (change("sort_input", 0), "sort_input is neither true nor false"),
    "sort_reducers in words": (change("sort_reducers", "yes"), "sort_reducers is neither true nor false"),
    "an element missing": (change("basis", lambda basis: basis[1:]), "does not reduce to zero"),
    "the largest element missing": (change("basis", lambda basis: basis[:-1]), "does not reduce to zero"),
    "no basis": (change("basis", []), "generator 1 does not reduce to zero modulo the basis"),
    "the unit ideal": (change("basis", [[[1, [0] * 5]]]), "basis element 1 does not reduce to zero modulo the poly"),
    "a smaller ideal": (change("basis", lambda basis: basis[:1]), "does not reduce to zero modulo the basis"),
    "a coefficient changed": (change("basis", 3, -1, 0, lambda c: c + 1), "does not reduce to zero"),
    "not monic": (change("basis", 0, lambda f: [[2 * c % P, m] for c, m in f]), "a basis element is not monic"),
    "not ascending": (change("basis", lambda basis: basis[::-1]), "lead monomials of the basis do not ascend"),
    "an element twice": (change("basis", lambda basis: basis[:1] + basis), "lead monomials of the basis do not ascend"),
    "a tail not reduced": (unreduced, "the basis is not reduced"),
    "a lead not minimal": (multiple, "the basis is not reduced"),
    "the generators as basis": (lambda made: made["solution"].update(basis=made["solution"]["F"]), ""),
    "another generator": (change("F", 0, 0, 0, 2), ""),
    "generators in another order": (change("F", lambda F: F[1:] + F[:1]), ""),
    "a generator less": (change("F", lambda F: F[:-1]), ""),
    "no generators": (no_generators, "basis element 1 does not reduce to zero modulo the polynomials of the replay"),
    "a generator that is zero": (change("F", 0, []), "generator 1 is not a list of at least one term"),
    "F in words": (change("F", "x"), "the generators are not a list"),
    "a composite field": (change("field", 32001), "the field is not a prime"),
    "field 1": (change("field", 1), "the field is not a prime"),
    "a field too large": (change("field", 2**31 + 11), "the field is not a prime below 2^31"),
    "a smaller field": (change("field", 101), "has a coefficient that is not from 1 to 100"),
    "another field": (change("field", 32009), ""),
    "n of another ring": (change("n", 4), "the variables are not n = 4 different names"),
    "n far too large": (change("n", 10**9), "n is not a whole number from 1 to 1000"),
    "a variable twice": (change("variables", 0, "x2"), "are not n = 5 different names"),
    "a variable less": (change("variables", ["x"]), "are not n = 5 different names"),
    "a command as variable": (change("variables", 0, 'x; system("ls")'), "a variable's name is not a plain name"),
    "variables as text": (change("variables", "xyzuv"), "the variables are not a list of names"),
    "an extra field": (lambda made: made["solution"].update(proof="trust me"), "the field 'proof', which nobody"),
    "coefficient zero": (change("F", 0, 0, 0, 0), "generator 1 has a coefficient that is not from 1 to 32002"),
    "coefficient negative": (change("basis", 0, 0, 0, -1), "basis element 1 has a coefficient"),
    "coefficient p": (change("F", 1, 0, 0, P), "generator 2 has a coefficient"),
    "coefficient 1.0": (change("F", 1, 0, 0, 1.0), "generator 2 has a coefficient"),
    "coefficient true": (change("basis", 1, 0, 0, True), "basis element 2 has a coefficient"),
    "an exponent negative": (change("F", 0, -1, 1, 0, -1), "generator 1 has a term without 5 exponents"),
    "an exponent too large": (change("F", 0, 0, 1, 0, 2**31), "generator 1 has a term without 5 exponents"),
    "an exponent true": (change("F", 0, 0, 1, 0, True), "generator 1 has a term without 5 exponents"),
    "an exponent less": (change("basis", 0, 0, 1, [1]), "basis element 1 has a term without 5 exponents"),
    "a term that is no term": (change("F", 0, 0, [1]), "has a term that is not [coefficient, [e1, ..., en]]"),
    "terms in another order": (change("F", 0, lambda f: f[::-1]), "the terms of generator 1 do not descend"),
    "a monomial twice": (change("F", 0, lambda f: f[:1] + f), "the terms of generator 1 do not descend"),
    **{f"without {name}": (drop(name), f"has no field '{name}'") for name in true_record()["solution"]},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forgeries_are_refused_with_a_sentence(forgery):
    """Each false record, and why it is refused."""
    forge, sentence = FORGERIES[forgery]
    made = true_record()
    forge(made)
    verdict = verify(made)
    assert (verdict.holds, verdict.proved) == (False, False)
    assert sentence in verdict.reason
    assert "\n" not in verdict.reason


JUNK = [None, True, -1, 0, 1, 3, 0.5, "", "0", "gm", [], [[]], {}, {"a": 1}, [0, 1], [1, [0, 0, 0]], 10**30]


def places(part, path=()):
    """The paths to everything inside a record."""
    yield path
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def alter(part, path, rng):
    """Change what stands at the path: junk, a number nearby, a list cut, reversed or longer, or nothing at all."""
    for key in path[:-1]:
        part = part[key]
    old, choice = part[path[-1]], rng.random()
    if choice < 0.3:
        part[path[-1]] = copy.deepcopy(rng.choice(JUNK))
    elif isinstance(old, int | float):
        part[path[-1]] = old + rng.choice([-2, -1, 1, 2])
    elif isinstance(old, list) and old:
        part[path[-1]] = rng.choice([old[1:], old[:-1], old + old[:1], old[::-1]])
    else:
        del part[path[-1]]


def is_true(made):
    """Whether the claimed pairs lead to the claimed cost and basis, found by computing the reduced basis."""
    solution = made["solution"]
    pairs = iter(solution["pairs"])
    settings = {name: solution[name] for name in ("elimination", "sort_reducers", "sort_input")}
    episode = play(polynomials(solution["F"]), solution["field"], lambda state: tuple(next(pairs)), **settings)
    cost = sum(outcome.cost(made["reward"]) for outcome in episode.outcomes)
    basis = [terms(f) for f in episode.basis()]
    return (next(pairs, None), episode.additions, -cost, basis) == (
        None, solution["additions"], made["value"], solution["basis"],
    )  # fmt: skip


@pytest.mark.parametrize("name", ["cyclic-3", "eco-5", "3-20-10-weighted-pure#12", "4-3-4-0.5-uniform-consts#0"])
def test_altered_records_prove_nothing_false(name):
    """Random alterations at random places: what is accepted is true."""
    rng, original, accepted = random.Random(name), true_record(name), 0
    for _ in range(400):
        made = copy.deepcopy(original)
        for _ in range(rng.choice([1, 1, 2])):
            alter(made, rng.choice([path for path in places(made) if path]), rng)
        verdict = verify(made)
        if verdict.holds and made != original:
            accepted += 1
            assert is_true(made), made
        assert verdict.holds or "\n" not in verdict.reason
    assert accepted < 40


# ---------------------------------------------------------------------------------------------------------- hostility


def test_endless_work_is_refused():
    """A normal form that takes 2^31 steps ends at the limit."""
    made = record(ideal([]))
    made["solution"]["F"] = ideal([{(1, 0): 1, (0, 1): 1}, {(2**31 - 1, 0): 1, (0, 0): 1}])["F"]
    made["solution"].update(pairs=[[0, 1]], additions=1)
    with pytest.raises(Refused, match="more than 100,000 operations on monomials"):
        check(made, work=10**5)


def test_many_elements_are_refused():
    """Pairs grow with the square of the elements, and the limit counts them."""
    made = record(ideal([]))
    made["solution"]["F"] = [[[1, [k, 3000 - k]]] for k in range(3000)]
    made["solution"]["elimination"] = "none"
    with pytest.raises(Refused, match="the limit here"):
        check(made, work=10**6)


def test_long_polynomials_are_refused():
    """So that memory is bounded too."""
    with pytest.raises(Refused, match=f"more than {MOST_TERMS:,} terms"):
        Allowance(3, 10**9)(1, MOST_TERMS + 1)


# ----------------------------------------------------------------------------------------------------- second opinions


SMALL = ["cyclic-3", "eco-5", "3-20-10-weighted#9", "3-8-4-0.5-weighted#9", "chandra-4", "5-5-5-uniform#9"]


@pytest.mark.parametrize("name", SMALL)
def test_sympy_agrees(name):
    """And confirm says so; a record with another basis is refused."""
    made = true_record(name)
    verdict = confirm(made, verify(made))
    assert verdict.holds
    assert "sympy" in verdict.reason.rpartition(";")[2]
    assert "sympy computes the same reduced basis" in verdict.words
    made["solution"]["basis"].pop()
    assert second_opinions(made)[0].agrees is False
    assert not confirm(made, verify(true_record(name))).holds


def test_sympy_is_asked_only_where_it_ends_soon():
    """Large ideals, and the zero ideal, are left to others."""
    for given in (IDEALS["cyclic-6"], ideal([])):
        made = record(ideal([], n=given["n"]))
        made["solution"]["F"] = given["F"]
        assert opinions.sympy_opinion(made).agrees is None


@pytest.mark.parametrize("field", [2, 3, 2**31 - 1])
def test_sympy_agrees_in_other_fields(field):
    """Residues are compared in 0..p-1."""
    given = ideal([{(2, 1): 1, (1, 0): field - 1}, {(1, 2): 1, (0, 1): 1, (0, 0): field - 1}], field)
    made = record(given)
    assert confirm(made, verify(made)).words[-2] == "sympy computes the same reduced basis"


def test_refused_records_are_not_confirmed():
    """There is nothing to ask about a record that does not hold."""
    made = true_record() | {"value": 1.0}
    assert confirm(made, verify(made)) == verify(made)


@pytest.mark.skipif(singular() is None, reason="Singular is not installed")
@pytest.mark.parametrize("name", [*SMALL, "cyclic-6"])
def test_singular_agrees(name):
    """And disagrees with a record whose basis is another one."""
    made = true_record(name, "normal")
    assert opinions.singular_opinion(made).agrees is True
    made["solution"]["basis"].pop()
    assert opinions.singular_opinion(made).agrees is False


def test_without_singular_nothing_is_said(monkeypatch, tmp_path):
    """Absent, broken and silent programs give no opinion."""
    made = true_record("cyclic-3")
    monkeypatch.setattr(opinions, "singular", lambda: None)
    assert opinions.singular_opinion(made).agrees is None
    for program in (str(tmp_path / "absent"), "/bin/true"):
        monkeypatch.setattr(opinions, "singular", lambda program=program: program)
        assert opinions.singular_opinion(made).agrees is None
    assert confirm(made, verify(made)).holds
