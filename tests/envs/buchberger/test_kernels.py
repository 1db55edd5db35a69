"""Every engine, binomial, general and with wide monomials, equals the plain replay at every step of random play."""

from __future__ import annotations

import numpy as np
import pytest

import mathrl
from mathrl.envs.buchberger import record
from mathrl.envs.buchberger.ideals import Ideal
from mathrl.envs.buchberger.record import BINOMIAL, LAST_COST, MOST, ZEROS

from .records import ROW, Decoded, ideal_of, narrowed, oracle, random_ideal, replay_of
from .reference import STRATEGIES, chooser

ENGINES = {"as it is": (False, None), "general": (True, None), "two words": (False, 2), "general, two words": (True, 2)}
BINOMIALS = [
    "3-20-10-weighted#0",
    "3-20-10-maximum#0",
    "4-10-5-weighted#0",
    "3-5-5-uniform-consts#0",
    "5-5-5-uniform#0",
]
LONGER = ["cyclic-3", "3-8-4-0.5-weighted#0", "4-3-4-0.5-uniform-consts#0", "reimer-3", "3-6-4-0.3-maximum-homog#0"]
OPTIONS = [
    {},
    {"elimination": "lcm"},
    {"elimination": "none"},
    {"sort_reducers": False},
    {"sort_input": True},
]


def begun(ideal, general=False, words=None, **knobs):
    """An environment of one row at the start of an ideal, with the engine forced."""
    env = mathrl.make_env("buchberger", 1, n=ideal.n, **knobs)
    if words:
        env = narrowed(env, words)
    env.begin(ROW, [ideal])
    if general:
        env.memory.rows[0, BINOMIAL] = 0
    return env


def played(ideal, rng, steps, env, **knobs):
    """Compare an environment with the replay at every step of random play; the number of steps made."""
    state = replay_of(ideal, **knobs)
    most, zeros, rows, total = len(state.P), 0, [], 0
    Decoded(env, 0).equals(state)
    for made in range(steps):
        if not state.P:
            assert env.score(ROW)[0] == -total
            return made
        action = int(rng.integers(len(state.P)))
        pair = state.P[action]
        reward, terminated, _ = env.advance(ROW, np.array([action]))
        outcome = state.step(*pair)
        total += outcome.additions
        most, zeros = max(most, len(state.P)), zeros + (outcome.terms == 0)
        rows.append([*pair, outcome.additions, outcome.terms])
        decoded = Decoded(env, 0)
        decoded.equals(state)
        assert decoded.trace == rows
        assert (reward[0], terminated[0]) == (-outcome.additions, not state.P)
        assert (decoded.r[LAST_COST], decoded.r[MOST], decoded.r[ZEROS]) == (outcome.monomial_additions, most, zeros)
    return steps


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", BINOMIALS)
def test_engines_agree_on_binomials(name, engine):
    """Elements, pairs, lcms, sugars, reducers and counts, whichever engine is chosen."""
    ideal, rng = oracle(name), np.random.default_rng(1)
    assert bool(begun(ideal).memory.rows[0, BINOMIAL])
    played(ideal, rng, 25, begun(ideal, *ENGINES[engine]))


@pytest.mark.parametrize("words", [None, 2])
@pytest.mark.parametrize("name", LONGER)
def test_the_general_engine_is_the_replay(name, words):
    """Polynomials of any length, one or two words a monomial."""
    ideal = oracle(name)
    env = begun(ideal, words=words)
    assert not env.memory.rows[0, BINOMIAL]
    played(ideal, np.random.default_rng(2), 12, env)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_small_ideals_to_the_end(options):
    """Random generators, not monic, some of one term or with equal leads; both engines, every elimination."""
    rng = np.random.default_rng(3)
    steps = 0
    for index in range(24):
        n, terms = (1, 2, 3, 4)[index % 4], (2, 4)[index // 4 % 2]
        ideal = random_ideal(rng, n, 3 + index % 2, 4, terms, (2, 7, 32003, 2147483629)[index // 8])
        steps += played(ideal, rng, 60, begun(ideal, general=index % 3 == 0, **options), **options)
    assert steps > 100


def test_wider_monomials():
    """Three words a monomial, in few and many variables; the compiler makes each width from the same source."""
    rng = np.random.default_rng(4)
    for n in (2, 9):
        for terms in (2, 3):
            ideal = random_ideal(rng, n, 4, 4, terms)
            played(ideal, rng, 6, begun(ideal, words=3))


@pytest.mark.parametrize("field", [2, 3, 2147483629])
def test_small_and_large_fields(field):
    """The smallest primes and one near 2^31, where products need 62 bits; generators are not monic."""
    rng = np.random.default_rng(field)
    for terms in (2, 4):
        for _ in range(4):
            ideal = random_ideal(rng, 3, 4, 5, terms, field)
            played(ideal, rng, 40, begun(ideal))


def test_choosing_by_every_strategy_is_playing_by_it():
    """`choose` then `advance` step by step pays what `play` pays, and the choice changes no later one."""
    for name in ("3-20-10-weighted#3", "3-8-4-0.5-weighted#0"):
        ideal = oracle(name)
        for strategy in STRATEGIES:
            env, pick, state = begun(ideal), chooser(strategy), replay_of(ideal)
            for _ in range(15):
                if not state.P:
                    break
                action = env.choose(ROW, strategy)
                assert state.P[action[0]] == pick(state)
                env.advance(ROW, action)
                state.step(*pick(state))


def test_header_words_do_not_collide():
    """Every number that a record keeps about its ideal has a place of its own before the first section."""
    names = (
        *("ELEMENTS", "PENDING", "TERMS", "REDUCERS", "STEPS", "ADDITIONS", "COST", "ZEROS", "LAST", "FIELD"),
        *("BINOMIAL", "ELIMINATION", "SORTED", "STATE", "DEGREE", "GENERATORS", "INITIAL", "MOST", "LAST_COST"),
    )
    places = [getattr(record, name) for name in names]
    assert len(set(places)) == len(places)
    assert max(places) < record.HEADER == record.make_layout(3, 1).leads_at


def test_one_variable_is_euclid():
    """In one variable the basis is the greatest common divisor, here (x - 1)(x - 2) of two products with it."""
    p = 32003
    first = [[1, [3]], [p - 6, [2]], [11, [1]], [p - 6, [0]]]  # (x-1)(x-2)(x-3)
    second = [[5, [3]], [p - 35, [2]], [70, [1]], [p - 40, [0]]]  # 5 (x-1)(x-2)(x-4)
    env = begun(ideal_of([first, second], 1, p))
    env.play(ROW, "degree")
    assert env.solution(0).solution["basis"] == [[[1, [2]], [p - 3, [1]], [2, [0]]]]


def test_ideals_without_pairs():
    """The zero ideal, a single generator, coprime leads: over at the start, the score is 0."""
    zero = Ideal.from_terms("zero", ["x", "y"], 32003, [])
    single = ideal_of([[[7, [2, 1]], [3, [0, 1]]]], 2)
    coprime = ideal_of([[[1, [2, 0]]], [[1, [0, 3]], [4, [1, 0]]]], 2)
    env = mathrl.make_env("buchberger", 3, n=2)
    rows = np.arange(3)
    env.begin(rows, [zero, single, coprime])
    assert env.counts(rows).tolist() == [0, 0, 0]
    assert env.score(rows).tolist() == [0.0, 0.0, 0.0]
    bases = [env.solution(int(row)).solution["basis"] for row in rows]
    inverse = pow(7, -1, 32003)
    assert bases == [
        [],
        [[[1, [2, 1]], [3 * inverse % 32003, [0, 1]]]],
        [[[1, [2, 0]]], [[1, [0, 3]], [4, [1, 0]]]],
    ]
    env.play(rows, "degree")
    assert env.advance(rows, np.zeros(3, np.int64))[1].all()


def test_the_unit_ideal_and_repeated_generators():
    """x y and x y + 1 give 1; the same polynomial twice costs one pair."""
    env = mathrl.make_env("buchberger", 2, n=2)
    rows = np.arange(2)
    unit = ideal_of([[[1, [1, 1]]], [[3, [1, 1]], [3, [0, 0]]]], 2)
    twice = ideal_of([[[2, [1, 1]], [4, [0, 0]]], [[1, [1, 1]], [2, [0, 0]]]], 2)
    env.begin(rows, [unit, twice])
    env.play(rows, "degree")
    assert [env.solution(int(row)).solution["basis"] for row in rows] == [
        [[[1, [0, 0]]]],
        [[[1, [1, 1]], [2, [0, 0]]]],
    ]
    assert env.score(rows[1:])[0] == -1.0
    assert all(env.plugin.check(env.solution(int(row)).to_json()).holds for row in rows)
