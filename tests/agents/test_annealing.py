"""Simulated annealing: Metropolis' rule against its definition, temperatures, work, and a third party's environment."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mathrl as package
from mathrl.agent import Task
from mathrl.agents.annealing import Annealing, Config, accept
from mathrl.env import Streams


def test_metropolis_rule(rng):
    """Uphill and level always, downhill by d with probability exp(-d/T): row by row against the definition."""
    count = 5000
    values, scores = rng.normal(size=(2, count)).round(1)
    temperature, u = rng.uniform(0.05, 2, count), rng.random(count)
    values[rng.random(count) < 0.1] = -np.inf
    scores[rng.random(count) < 0.1] = -np.inf
    taken = accept(scores, values, temperature, u)
    for score, value, t, chance, took in zip(scores, values, temperature, u, taken, strict=True):
        if value == -math.inf or score >= value:
            assert took
        elif score == -math.inf:
            assert not took
        else:
            assert took == (chance < math.exp(-(value - score) / t))
    assert 0.3 < taken.mean() < 0.9


def test_acceptance_has_its_probability(rng):
    """One step down at temperature one: 36.8 percent."""
    ones = np.ones(20_000)
    assert accept(0 * ones, ones, ones, rng.random(20_000)).mean() == pytest.approx(math.exp(-1), abs=0.02)


def test_without_temperature_nothing_gets_worse(rng):
    """At T = 0 only what is not worse is taken."""
    scores, values = rng.integers(0, 4, (2, 200)).astype(float)
    with np.errstate(all="raise", under="ignore"):
        assert np.array_equal(accept(scores, values, np.zeros(200), rng.random(200)), scores >= values)


def test_scale_is_the_median_change(make):
    """Over 20 random moves a row; moves that change nothing or leave the class do not count; 1 if nothing changes."""
    env, rows = make("graphs", 6, n=8, moves="tree", reward="tree: maximise: Delta"), np.arange(6)
    agent = Annealing(Config())
    agent.start(env, rows, np.random.default_rng(0))
    twin, seeds = env.resized(6), np.full(6, np.random.default_rng(1).integers(2**63))
    twin.copy(rows, rows, env)
    changes, values = [], twin.score(rows)
    for step in range(20):
        twin.propose(rows, Streams(seeds, rows, np.full(6, step)))
        after = twin.score(rows)
        changes += [abs(b - a) for a, b in zip(values, after, strict=True) if b != a]
        values = after
    assert Annealing().scale(env, rows, np.random.default_rng(1)) == np.median(changes)
    flat = make("graphs", 6, n=8, moves="tree", reward="tree: maximise: m")
    agent.start(flat, rows, np.random.default_rng(0))
    assert Annealing().scale(flat, rows, np.random.default_rng(1)) == 1.0


@pytest.mark.parametrize(("hot", "cold"), [(2.0, 0.5), (3.0, None), (1.0, 0.0), (0.0, None)])
def test_temperatures_fall_geometrically(make, monkeypatch, hot, cold):
    """From hot towards cold (hot / 50) in equal ratios, times the ladder of the chains from 1 down to 1 / spread."""
    seen = []

    def noted(scores, values, temperature, u):
        seen.append(temperature)
        return accept(scores, values, temperature, u)

    monkeypatch.setattr("mathrl.agents.annealing.accept", noted)
    env = make("graphs", 1, n=8, moves="tree", reward="tree: maximise: Delta")
    agent = Annealing(Config(chains=5, steps=10, hot=hot, cold=cold, spread=16.0))
    agent.work(env, Task(0, 0, 0, 5))
    last = hot / 50 if cold is None else cold
    for step, temperature in enumerate(seen):
        middle = 0.0 if hot == 0 else hot * (last / hot) ** (step / 10)
        assert temperature == pytest.approx(middle * np.array([1, 1 / 2, 1 / 4, 1 / 8, 1 / 16]))
    assert len(seen) == 10


def test_work_is_what_was_asked_for(make):
    """A restart scores each chain once at the start, 20 times for the scale unless `hot` is given, and once a step."""
    env = make("graphs", 1, n=9, moves="tree", reward="amcs-5")
    for hot, expected in ((None, 7 * (1 + 20 + 40)), (1.0, 7 * (1 + 40))):
        spent = env.meter.evaluations
        Annealing(Config(chains=7, steps=40, hot=hot)).work(env, Task(0, 0, 0, 7))
        assert env.meter.evaluations - spent == expected


def test_patience_and_success_end_a_restart(make):
    """Without a better best for `patience` steps, or at the first score above `enough`."""
    flat = make("graphs", 1, n=9, moves="tree", reward="tree: maximise: m")
    Annealing(Config(chains=3, steps=500, patience=10, hot=1.0)).work(flat, Task(0, 0, 0, 3))
    assert flat.meter.evaluations == 3 * (1 + 11)
    env = make("graphs", 1, n=12, moves="tree", reward="tree: maximise: Delta")
    agent = Annealing(Config(chains=3, hot=1.0))
    agent.enough = 5.5
    assert agent.work(env, Task(0, 0, 0, 3)).value >= 6
    assert env.meter.evaluations < 3 * 300


def test_the_result_is_the_best_on_the_way(make):
    """However hot the walk, the restart's object is the best that was scored."""
    env, seen = make("graphs", 1, n=9, moves="flip", reward="connected: maximise: m - Delta**2", start="random"), []
    plain = env.evaluate
    env.evaluate = lambda batch: seen.append(plain(batch)) or seen[-1]
    found = Annealing(Config(chains=6, steps=60, hot=100.0)).work(env, Task(1, 0, 0, 6))
    assert found.value == np.concatenate(seen).max()
    assert env.plugin is not None
    assert env.plugin.check(found.to_json()).holds


@pytest.mark.parametrize(
    ("reward", "n", "moves"),
    [("amcs-5", 12, "tree"), ("amcs-10", 12, "tree"), ("bhs-36", 10, "flip"), ("amcs-5", 14, "branch")],
)
def test_easy_conjectures_fall(reward, n, moves):
    """A proved counterexample within a hundred thousand graphs, for each of three seeds."""
    for seed in range(3):
        outcome = package.solve("graphs", "annealing", reward, n=n, moves=moves, seed=seed, budget="100k-evals")
        assert outcome.reason == "solved"
        assert outcome.best.proved


def test_difference_rewards_do_not_disturb_it():
    """The same walk, whatever reward the steps would have."""
    found = [
        package.solve("graphs", "annealing", "bhs-36", n=10, moves="flip", rewards=rewards, budget="100k-evals").best.id
        for rewards in ("sparse", "difference")
    ]
    assert found[0] == found[1]


def test_a_third_party_that_proposes_is_annealed(plugins, monkeypatch):
    """`propose` is all that an environment adds: words with many ones, a letter changed at a time."""
    module = package.registry.load_file(plugins / "ones.py")

    def propose(env, rows, streams):
        for index, row in enumerate(rows):
            env.word[row, streams[index].integers(env.length)] ^= 1
        env.value[rows] = env.values(env.word[rows])
        env.meter.evaluations += len(rows)

    monkeypatch.setattr(module.Ones, "propose", propose, raising=False)
    words = ["agent.chains=4", "agent.steps=150"]
    outcome = package.solve(str(plugins / "ones.py"), "annealing", *words, length=12, budget="600-evals")
    assert outcome.best.value == 12
    assert outcome.best.solution["word"] == [1] * 12
