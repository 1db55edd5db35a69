"""What is noted while playing is what playing again shows, and exact comparisons are those of plain simulation."""

from __future__ import annotations

import numpy as np
import pytest

from mathrl.improvement import Comparison, compare, likeliest, visited
from mathrl.policies import Policy, decisions_of
from mathrl.trajectories import Trajectories, collect

PROBLEMS = [("sidon", {"n": 12}, [12, 7, 5, 10, 12]), ("queens", {"n": 5}, [None] * 5)]
BOTH = pytest.mark.parametrize(("name", "knobs", "instances"), PROBLEMS, ids=["sets", "words"])


def begun(make, name, knobs, instances, **settings):
    env = make(name, len(instances), **knobs)
    env.begin(np.arange(len(instances)), instances)
    if env.kind == "set":
        settings["pool"] = "context"
    return env, Policy(env, (8,), "cpu", 3, **settings)


def played(make, problem, baseline="none", steps=0, seed=0):
    env, policy = begun(make, *problem, value=baseline == "value")
    return env, collect(env, np.arange(env.num_envs), policy, np.random.default_rng(seed), baseline, steps)


@BOTH
def test_collected_is_what_playing_again_shows(make, name, knobs, instances):
    """Decisions, rewards, lengths and scores, forced steps in the episodes but not among the decisions."""
    env, found = played(make, (name, knobs, instances))
    arena, step, choices = env.resized(1), 0, 0
    again = decisions_of(env, found.actions, instances)
    for episode, instance in enumerate(instances):
        arena.begin(np.array([0]), [instance])
        letters = found.actions[episode]
        assert (letters >= 0).sum() == found.lengths[episode]
        for action in letters[letters >= 0]:
            mask = arena.masks(np.array([0]))
            if mask.sum() > 1:
                mine = np.flatnonzero(found.at == step)
                assert len(mine) == 1
                assert found.decisions.actions[mine[0]] == action
                assert found.decisions.episode[mine[0]] == episode
                choices += 1
            reward, over, _ = arena.advance(np.array([0]), np.array([action]))
            assert reward[0] == found.rewards[step]
            step += 1
        assert over[0]
        assert arena.score(np.array([0]))[0] == found.scores[episode]
    assert (step, choices) == (len(found.rewards), len(found.decisions))
    assert choices < step
    assert np.array_equal(again.actions, found.decisions.actions)
    for one, other in zip(observed(again), observed(found.decisions), strict=True):
        assert np.array_equal(one, other)


def observed(decisions):
    seen = decisions.observations
    return [seen, decisions.masks] if decisions.masks is not None else [seen.elements, seen.context, seen.counts]


def test_joined_tasks_are_one_generation(make):
    """Episodes, places and decisions of the second part follow those of the first."""
    parts = [played(make, PROBLEMS[0], seed=seed)[1] for seed in (1, 2)]
    whole = Trajectories.joined(parts)
    size, steps = len(parts[0].decisions), len(parts[0].rewards)
    assert np.array_equal(whole.at[size:] - steps, parts[1].at)
    assert np.array_equal(whole.decisions.episode[size:] - 5, parts[1].decisions.episode)
    assert whole.actions.shape == (10, max(part.actions.shape[1] for part in parts))
    assert np.array_equal(whole.rewards[steps:], parts[1].rewards)


def test_dead_ends_cost_one_more_than_the_worst(make):
    """Rewards and scores of -inf become finite; what is finite stays."""
    _, found = played(make, ("queens", {"n": 6}, [None] * 60))
    dead = ~np.isfinite(found.scores)
    assert 0 < dead.sum() < 60
    worst = found.scores[~dead].min() - 1
    expected = np.where(dead, worst, found.scores)
    assert np.array_equal(found.finite_scores(), expected)
    episode = np.repeat(np.arange(60), found.lengths)
    assert np.bincount(episode, found.finite_rewards()) == pytest.approx(expected)
    _, lost = played(make, ("queens", {"n": 3}, [None] * 4))
    assert lost.finite_scores().tolist() == [-1] * 4


def test_episodes_that_are_cut_off_have_a_value_after_them(make):
    """At most so many steps; the others ended, and nothing follows them."""
    _, found = played(make, PROBLEMS[0], "value", steps=3)
    cut = np.isnan(found.scores)
    assert 0 < cut.sum() < 5 or cut.all()
    assert found.lengths.max() == 3
    assert (found.final[cut, 1] == 1).all()
    assert (found.final[~cut] == 0).all()
    assert np.array_equal(found.finite_scores()[cut], np.full(cut.sum(), 3.0))


def test_regressors_of_a_family(make):
    """The values of hand-made strategies, their roots, 1, and the context."""
    env, policy = begun(make, *PROBLEMS[0])
    env.baselines = ("left", "none")
    env.baseline = lambda rows: np.stack([-4.0 * env.counts(rows), 0.0 * rows], axis=1)
    found = collect(env, np.arange(5), policy, np.random.default_rng(0), "family", 2)
    assert found.regressors.shape == (len(found.rewards), 7)
    assert np.array_equal(found.regressors[:, 2], np.sqrt(-found.regressors[:, 0]))
    assert (found.regressors[:, 4] == 1).all()
    assert found.regressors[0, 0] == -48
    assert found.regressors[0, 5:].tolist() == [0, 1]


def test_nothing_to_decide(make):
    """Episodes that are over before they begin."""
    _, found = played(make, ("queens", {"n": 1}, [None] * 2))
    assert len(found.decisions) == 0
    env, policy = begun(make, "sidon", {"n": 5}, [0, 0])
    found = collect(env, np.arange(2), policy, np.random.default_rng(0), "value")
    assert (len(found.rewards), found.lengths.tolist()) == (0, [0, 0])


# ------------------------------------------------------------------------------------------------------- improvement


@BOTH
def test_comparison_is_plain_simulation(make, name, knobs, instances):
    """Every gain equals the difference of two scalar greedy rollouts; an arena too small for all changes nothing."""
    env, policy = begun(make, name, knobs, instances)
    states = env.resized(9)
    rows = visited(env, np.arange(5), policy, np.random.default_rng(0), states)
    assert len(rows) == 9
    found = compare(states, rows, policy, env.resized(100))
    narrow = compare(states, rows, policy, env.resized(7))
    assert np.array_equal(found.gains, narrow.gains, equal_nan=True)
    one, lone = env.resized(1), np.array([0])
    worth = np.full(found.gains.shape, np.nan)
    for row in rows:
        for action in np.flatnonzero(states.masks(rows[row : row + 1])[0]):
            one.copy(rows[row : row + 1], lone, origin=states)
            total, first = 0.0, action
            while one.counts(lone)[0]:
                mask = one.masks(lone)
                move = policy.probabilities(one, lone, mask).argmax(1) if first is None else np.array([first])
                total, first = total + one.advance(lone, move)[0][0], None
            worth[row, action] = total
    finite = np.isfinite(worth)
    worth[np.isneginf(worth)] = worth[finite].min() - 1
    greedy = found.decisions.actions
    expected = worth - worth[np.arange(9), greedy][:, None]
    assert np.array_equal(found.gains, expected, equal_nan=True)
    assert (found.gains[np.arange(9), greedy] == 0).all()
    assert np.nanmax(np.abs(found.gains)) > 0
    joined = Comparison.joined([found, narrow])
    assert np.array_equal(joined.gains, np.concatenate([found.gains, narrow.gains]), equal_nan=True)
    some = compare(states, rows, policy, env.resized(100), mass=0.4).gains
    tried = np.isfinite(some)
    assert np.array_equal(some[tried], found.gains[tried])
    assert tried[np.arange(9), greedy].all()
    assert tried.sum() < np.isfinite(found.gains).sum()


def test_visited_is_a_uniform_sample(make):
    """Each of the decisions of an episode is kept equally often, also when many rows meet decisions at once."""
    env, policy = begun(make, "ones", {"length": 6}, [None] * 2)
    states, counts = env.resized(3), np.zeros(6)
    rng, rounds = np.random.default_rng(0), 400
    for _ in range(rounds):
        env.begin(np.arange(2), [None] * 2)
        rows = visited(env, np.arange(2), policy, rng, states)
        counts += np.bincount(states.place[rows], minlength=6)
    expected = rounds * 3 / 6
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)
    wide = env.resized(50)
    env.begin(np.arange(2), [None] * 2)
    assert len(visited(env, np.arange(2), policy, rng, wide, steps=4)) == 8


def test_likeliest_actions():
    """The fewest that reach the mass, the first of equals; all of them for 1, also those of probability 0."""
    chances = np.array([[0.1, 0.6, 0.3, 0.0], [0.25, 0.25, 0.25, 0.25]], np.float32)
    assert likeliest(chances, 0.5).tolist() == [[False, True, False, False], [True, True, False, False]]
    assert likeliest(chances, 0.85).tolist() == [[False, True, True, False], [True] * 4]
    assert likeliest(chances, 1.0).all()
    assert likeliest(chances, 0.0).sum(axis=1).tolist() == [1, 1]
