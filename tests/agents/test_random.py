"""Uniformly random play: legal, uniform, a search that goes on until its budget is spent."""

from __future__ import annotations

import numpy as np
import pytest

import mathrl
from mathrl import registry


@pytest.fixture
def agent():
    return registry.find_agent("random").get()()


@pytest.mark.parametrize(("name", "knobs"), [("sidon", {"n": 9}), ("queens", {"n": 6}), ("graphs", {"n": 5})])
def test_actions_are_legal(make, agent, rng, name, knobs):
    """At every step of every row, whatever the family."""
    env, rows = make(name, 50, **knobs), np.arange(50)
    env.reset(seed=0)
    while len(rows := rows[env.counts(rows) > 0]):
        actions = agent.act(env, rows, rng)
        assert actions.dtype == np.int64
        assert env.masks(rows)[np.arange(len(rows)), actions].all()
        env.advance(rows, actions)


def test_actions_are_uniform(make, agent, rng):
    """Ten letters, each a tenth of the time, greedy or not."""
    env = make("ones", 20000, length=2, letters=10)
    env.reset(seed=0)
    for greedy in (True, False):
        counts = np.bincount(agent.act(env, np.arange(20000), rng, greedy), minlength=10)
        assert ((counts - 2000) ** 2 / 2000).sum() < 35  # 9 degrees of freedom, probability below 1e-4


def test_it_solves_until_the_budget_is_spent(plugins):
    """The same best for the same seed, proved, at the number of evaluations asked for; more budget is no worse."""
    values = []
    for budget in ("50-evals", "3000-evals", "3000-evals"):
        outcome = mathrl.solve(str(plugins / "ones.py"), "random", length=20, budget=budget, seed=3)
        assert outcome.reason == "budget"
        assert outcome.best.proved
        assert outcome.best.agent == "random"
        values.append((outcome.best.value, outcome.evaluations))
    assert values[0][1] >= 50
    assert values[1][1] >= 3000
    assert values[1] == values[2]
    assert values[1][0] >= max(values[0][0], 14)


def test_each_instance_has_its_own_best(plugins):
    """Several instances are searched side by side, and come back in the order given."""
    outcome = mathrl.solve(str(plugins / "sidon.py"), "random", "5", "12", "2", budget="3000-evals")
    assert [found.solution["top"] for found in outcome] == [5, 12, 2]
    assert [found.value for found in outcome] == [3, 5, 2]


def test_it_does_not_learn(plugins):
    """`train` says what to type instead."""
    with pytest.raises(mathrl.MathrlError, match="does not learn; try: mathrl solve ones random"):
        mathrl.train(str(plugins / "ones.py"), "random", budget="10-evals")
