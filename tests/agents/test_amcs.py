"""Adaptive Monte Carlo search: hill climbing at depth 0, schedules of depth and level, and easy conjectures."""

from __future__ import annotations

import numpy as np
import pytest

import mathrl as package
from mathrl.agent import Task
from mathrl.agents.amcs import AMCS, NOISE, Config

ROW = np.zeros(1, np.int64)


def test_depth_zero_climbs_to_a_local_optimum(make):
    """No pruning and no random steps: from the result no single action leads to a better graph."""
    env = make("graphs", 1, n=9, moves="grow", reward="connected: maximise: diameter + Delta")
    for index in range(4):
        agent, last = AMCS(Config(depth=0, level=1)), []
        plain = agent.nested
        agent.nested = lambda here, depth, level, plain=plain, last=last: last.append(here) or plain(here, depth, level)
        found = agent.work(env, Task(0, 0, index, 1))
        here = last[-1]
        assert here.score(ROW)[0] == found.value
        actions = np.flatnonzero(here.masks(ROW)[0]) if here.counts(ROW)[0] else np.zeros(0, np.int64)
        for action in actions:
            arena = here.resized(1)
            arena.copy(ROW, ROW, here)
            arena.advance(ROW, np.array([action]))
            assert arena.score(ROW)[0] <= found.value + NOISE


def test_depth_and_level_rise_while_nothing_improves(make):
    """Depth 0, 1, .. to its end on each level; from the start again after an improvement."""
    env = make("graphs", 1, n=8, moves="grow", reward="tree: maximise: diameter", mode="tree")
    agent, schedule, values = AMCS(Config(depth=3, level=2)), [], []
    plain, inside = agent.nested, []

    def noted(here, depth, level):
        inside.append(level)
        found = plain(here, depth, level)
        inside.pop()
        if not inside:  # not one of its own searches of a lower level
            schedule.append((level, depth))
            values.append(found.score(ROW)[0])
        return found

    agent.nested = noted
    best = agent.work(env, Task(2, 0, 0, 1))
    order = [(level, depth) for level in (1, 2) for depth in range(4)]
    arena = env.resized(1)
    AMCS(Config()).start(arena, ROW, Task(2, 0, 0, 1).rng())
    highest, expected = arena.score(ROW)[0], order[0]
    for entry, value in zip(schedule, values, strict=True):
        assert entry == expected
        if value > highest + NOISE:
            highest, expected = value, order[0]
        elif entry != order[-1]:
            expected = order[order.index(entry) + 1]
    assert schedule[-1] == order[-1]
    assert best.value == highest
    assert len(schedule) > len(order)


def test_random_steps_never_lose(make):
    """A row that was better before the random steps goes back to what it was."""
    env, rows = make("graphs", 40, n=12, moves="grow", reward="connected: maximise: -m - Delta"), np.arange(40)
    env.reset(seed=0)
    agent = AMCS(Config())
    agent.rng = np.random.default_rng(0)
    before = env.score(rows).copy()
    agent.random_steps(env, rows, 3)
    assert np.array_equal(env.score(rows), before)
    env = make("graphs", 40, n=12, moves="grow", reward="connected: maximise: m")
    env.reset(seed=0)
    agent.random_steps(env, rows, 3)
    assert (env.score(rows) >= 4).all()
    assert env.score(rows).max() == 7


@pytest.mark.parametrize("mode", ["tree", "connected"])
@pytest.mark.parametrize(("reward", "n"), [("amcs-5", 14), ("amcs-10", 13)])
def test_easy_conjectures_fall(reward, n, mode):
    """A proved counterexample of at most that order within a hundred thousand graphs, for each of two seeds."""
    for seed in range(2):
        outcome = package.solve("graphs", "amcs", reward, n=n, moves="grow", mode=mode, seed=seed, budget="100k-evals")
        assert outcome.reason == "solved"
        assert outcome.best.proved


def test_a_score_that_is_enough_ends_it(make):
    """At the first object above `enough` the restart is over."""
    env = make("graphs", 1, n=10, moves="grow", reward="connected: maximise: m")
    agent = AMCS(Config())
    agent.enough = 3.5
    assert agent.work(env, Task(0, 0, 0, 1)).value == 4
    assert env.meter.evaluations == 1
