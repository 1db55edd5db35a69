"""Memory that is too small grows, in the middle of whatever is done, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

import mathrl
from mathrl.env import Streams
from mathrl.envs.buchberger.memory import Memory
from mathrl.envs.buchberger.record import STEPS, make_layout
from mathrl.errors import MathrlError

from .records import ROW, Decoded, ideal_of, narrowed, oracle

TINY = {"elements": 1, "pairs": 1, "terms": 1, "steps": 1}
AMPLE = {"elements": 512, "pairs": 2048, "terms": 4096, "steps": 2048}
CRAMPED = [{**AMPLE, name: 1} for name in TINY] + [TINY]
IDEALS = [oracle(name) for name in ("3-20-10-weighted#0", "3-20-10-uniform#0", "3-8-4-0.5-weighted#0")]
ROWS = np.arange(len(IDEALS))


def sized(sizes, ideals=IDEALS, words=None, **knobs):
    """An environment with these capacities, begun."""
    env = mathrl.make_env("buchberger", len(ideals), n=max(ideal.n for ideal in ideals), **knobs)
    env = narrowed(env, words, **sizes)
    env.begin(np.arange(len(ideals)), ideals)
    return env


def stored(env, rows=None):
    """All that is known of the rows, in the words of mathematics."""
    found = [Decoded(env, row) for row in (range(env.num_envs) if rows is None else rows)]
    return [(one.G, one.P, one.R, one.sugars, one.pair_sugars, one.trace, one.r[: STEPS + 12]) for one in found]


@pytest.mark.parametrize("sizes", CRAMPED, ids=str)
def test_every_section_grows_while_stepping(sizes):
    """Rows of one record each, next to others, equal those that never had to grow."""
    ample, small, rng = sized(AMPLE), sized(sizes), np.random.default_rng(0)
    assert stored(small) == stored(ample)
    for _ in range(30):
        actions = (rng.random(len(ROWS)) * ample.counts(ROWS)).astype(np.int64)
        assert all(
            np.array_equal(one, other)
            for one, other in zip(ample.advance(ROWS, actions), small.advance(ROWS, actions), strict=True)
        )
    assert stored(small) == stored(ample)
    assert small.memory.layout != narrowed(small, **sizes).memory.layout
    assert small.meter.evaluations == ample.meter.evaluations


@pytest.mark.parametrize("sizes", CRAMPED, ids=str)
@pytest.mark.parametrize("strategy", ["degree", "truedegree", "random"])
def test_episodes_grow_on_their_way(strategy, sizes):
    """Play to the end: the same pairs, scores and evaluations; random play by the same random numbers."""
    outcomes = []
    for capacities in (AMPLE, sizes):
        env = sized(capacities)
        env.play(ROWS, strategy, Streams.of(1, len(ROWS)).words())
        outcomes.append((stored(env), env.score(ROWS).tolist(), env.meter.evaluations))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("sizes", [{**AMPLE, "terms": 1}, TINY], ids=str)
def test_searches_and_baselines_grow(sizes):
    """Nested search, rollouts and baselines give what they give with ample room, and baselines leave rows alone."""
    found = []
    for capacities in (AMPLE, sizes):
        env = sized(capacities, IDEALS[:2])
        rows, streams = np.arange(2), Streams.of(2, 2)
        before = stored(env)
        values = env.baseline(rows)
        assert stored(env) == before
        rolled = env.resized(2)
        rolled.copy(rows, rows, env)
        scores = rolled.rollout(rows, streams, np.full(2, -np.inf))
        env.nested(rows, streams.words())
        found.append((values.tolist(), scores.tolist(), stored(env), env.meter.evaluations))
    assert found[0] == found[1]


@pytest.mark.parametrize("observation", ["raw", "features"])
def test_observations_and_bases_grow(observation):
    """What is seen and the reduced basis do not depend on the capacities."""
    seen = []
    for capacities in (AMPLE, TINY):
        env = sized(capacities, observation=observation)
        views = [env.observe(ROWS)]
        env.play(ROWS, "degree", bounds=np.full(len(ROWS), 20))
        views.append(env.observe(ROWS))
        env.play(ROWS, "degree")
        seen.append((views, [env.solution(int(row)).to_json() for row in ROWS]))
    for one, other in zip(seen[0][0], seen[1][0], strict=True):
        assert all(np.array_equal(one[key], other[key]) for key in one)
    assert seen[0][1] == seen[1][1]


def test_copies_between_layouts():
    """From a larger memory into a smaller one and back, other rows untouched, futures the same."""
    ample, small = sized(AMPLE), sized(TINY, words=2)
    ample.play(ROWS, "sugar", bounds=np.full(len(ROWS), 30))
    wanted = stored(ample)
    kept = stored(small)
    small.copy(ROWS[:1], ROWS[2:], ample)
    assert stored(small)[:2] == kept[:2]
    assert stored(small)[2] == wanted[0]
    back = narrowed(ample, **TINY)
    back.begin(ROWS, IDEALS)
    back.copy(ROWS[2:], ROWS[:1], small)
    assert stored(back)[0] == wanted[0]
    for env, row in ((ample, 0), (small, 2), (back, 0)):
        env.play(np.array([row]), "sugar")
    assert small.score(ROWS[2:]) == ample.score(ROWS[:1]) == back.score(ROWS[:1])
    assert small.solution(2) == ample.solution(0) == back.solution(0)


def test_monomials_widen_in_the_middle():
    """Leads of degree 100 in seven variables, whose lcms do not fit one word: the same as with two from the start."""
    p, zero = 32003, [0] * 7

    def power(**exponents):
        return [exponents.get(f"x{k + 1}", 0) for k in range(7)]

    ideal = ideal_of(
        [
            [[1, power(x1=60, x2=1)], [3, power(x7=9)]],
            [[2, power(x2=60, x1=1)], [5, power(x6=2)]],
            [[1, power(x3=70, x1=2)], [p - 1, zero]],
        ],
        7,
        p,
    )
    one, two = mathrl.make_env("buchberger", 1, n=7), mathrl.make_env("buchberger", 1, n=7)
    two = narrowed(two, 2)
    for env in (one, two):
        env.begin(ROW, [ideal])
    assert one.memory.layout.words == 2
    rng = np.random.default_rng(0)
    for _ in range(12):
        action = (rng.random(1) * two.counts(ROW)).astype(np.int64)
        assert np.array_equal(one.advance(ROW, action)[0], two.advance(ROW, action)[0])
    assert stored(one) == stored(two)


def test_rows_of_large_degree_survive_more_variables():
    """A row of degrees in the thousands keeps them when another row begins an ideal in more variables."""
    steep = ideal_of([[[1, [3000, 1]], [5, [0, 2]]], [[1, [1, 3000]], [7, [3, 0]]]], 2)
    broad = ideal_of([[[1, [1, 1, 0, 0, 0, 0, 0]]], [[1, [0, 1, 1, 0, 0, 0, 0]], [2, [0] * 7]]], 7)
    env, rows = mathrl.make_env("buchberger", 2, distribution="2-20-3-weighted"), np.arange(2)
    env.begin(rows[:1], [steep])
    before = stored(env, rows[:1])
    env.begin(rows[1:], [broad])
    assert stored(env, rows[:1]) == before


def test_copies_of_large_degree_into_an_arena_of_more_variables():
    """The same for `copy` between arenas of different layouts."""
    steep = ideal_of([[[1, [3000, 1]], [5, [0, 2]]], [[1, [1, 3000]], [7, [3, 0]]]], 2)
    broad = ideal_of([[[1, [1, 1, 0, 0, 0, 0, 0]]], [[1, [0, 1, 1, 0, 0, 0, 0]], [2, [0] * 7]]], 7)
    env, rows = mathrl.make_env("buchberger", 2, distribution="2-20-3-weighted"), np.arange(2)
    arena = env.resized(2)
    env.begin(rows[:1], [steep])
    arena.begin(rows, [broad, broad])
    arena.copy(rows[:1], rows[1:], env)
    assert stored(arena, rows[1:]) == stored(env, rows[:1])
    arena.play(rows, "degree")
    assert all(arena.plugin.check(arena.solution(int(row)).to_json()).holds for row in rows)


def test_exponents_beyond_any_packing_are_a_sentence():
    """A degree that no width holds is said at the start; one that is reached on the way, when it is reached."""
    env = mathrl.make_env("buchberger", 1, n=2)
    with pytest.raises(MathrlError, match="of degree 2147483652 do not fit into 1024 bits"):
        env.begin(ROW, [ideal_of([[[1, [2**31 - 1, 5]]], [[1, [5, 2**31 - 1]]]], 2)])
    half = 2**30 - 2
    with pytest.raises(MathrlError, match="do not fit into 1024 bits"):
        env.begin(ROW, [ideal_of([[[1, [half, 9]]], [[1, [9, half]]]], 2)])
    env.begin(ROW, [ideal_of([[[1, [half, 1]], [1, [half, 0]]], [[1, [half, 0]], [1, [0, 9]]]], 2)])
    env.play(ROW, "degree")
    basis = env.solution(0).solution["basis"]
    assert [f[0][1] for f in basis] == [[0, 10], [half, 0]]


def test_ten_thousand_pending_pairs():
    """142 generators without elimination: all pairs are pending, observed, and advanced beyond the fixed width."""
    generators = [[[1, [k, 141 - k]]] for k in range(142)]
    env = mathrl.make_env("buchberger", 1, n=2, elimination="none")
    env.begin(ROW, [ideal_of(generators, 2)])
    count = 142 * 141 // 2
    assert env.counts(ROW)[0] == count > 10_000
    seen = env.observe(ROW)
    assert seen["elements"].shape[1] == count
    face, info = env.reset(seed=0, options={"instances": [ideal_of(generators, 2)]})
    assert face["elements"].shape[1] == 256
    assert info["overflow"].all()
    reward, over, _ = env.advance(ROW, np.array([count - 1]))
    assert (reward[0], over[0], env.counts(ROW)[0]) == (-1.0, False, count - 1)
    env.play(ROW, "normal")
    assert env.score(ROW)[0] == -count
    solution = env.solution(0).solution
    assert len(solution["pairs"]) == count
    assert len(solution["basis"]) == 142


def test_memory_moves_only_when_it_must():
    """A resize to the same layout keeps the arrays."""
    memory = Memory(2, make_layout(3, 1))
    rows = memory.rows
    memory.resize(make_layout(3, 1))
    assert memory.rows is rows
    memory.fit(3, 10)
    assert memory.rows is rows
