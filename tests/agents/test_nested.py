"""Nested Monte Carlo search: what it plays and scores, its memory of the best line, and both levels."""

from __future__ import annotations

import numpy as np
import pytest

import mathrl as package
from mathrl.agent import Task
from mathrl.agents.nested import Config, Nested


def recorded(env):
    """The scores of every graph that the environment or an arena made from now on is asked for."""
    seen, plain = [], env.values
    env.values = lambda words: seen.append(plain(words)) or seen[-1]
    return seen


@pytest.mark.parametrize(("level", "playouts"), [(1, 1), (1, 3), (2, 1)])
def test_the_line_that_is_played_is_the_best_that_was_seen(make, level, playouts):
    """The restart's object has the largest score of all playouts: the best line is kept, not only its first step."""
    env = make("graphs", 1, n=10, moves="tree", reward="tree: maximise: mostar - wiener")
    seen = recorded(env)
    for index in range(6):
        seen.clear()
        found = Nested(Config(level=level, playouts=playouts)).work(env, Task(0, 0, index, 1))
        assert found.value == np.concatenate(seen).max()
        assert env.plugin.check(found.to_json()).holds


@pytest.mark.parametrize("playouts", [1, 4])
def test_level_one_scores_each_action_so_often(make, playouts):
    """At place t of a tree word t + 2 actions, a playout each; the line's own graph is scored twice more, when it is
    played in the search and at the root."""
    env = make("graphs", 1, n=7, moves="tree", reward="tree: maximise: Delta")
    Nested(Config(playouts=playouts)).work(env, Task(0, 0, 0, 1))
    assert env.meter.evaluations == playouts * (2 + 3 + 4 + 5 + 6) + 2


def test_level_two_is_worth_its_work(make):
    """On the average over ten searches, level 2 finds better trees than level 1."""
    env = make("graphs", 1, n=9, moves="tree", reward="amcs-5")
    means = [
        np.mean([Nested(Config(level=level)).work(env, Task(1, 0, index, 1)).value for index in range(10)])
        for level in (1, 2)
    ]
    assert means[0] < means[1]


def test_search_leaves_its_row_alone(make):
    """The row that is searched from stays as it is, and the actions returned lead from it to the score returned."""
    env, rows = make("graphs", 3, n=7, moves="tree", reward="tree: maximise: diameter"), np.arange(3)
    env.reset(seed=0)
    env.advance(rows, np.array([0, 1, 1]))
    env.advance(rows, np.array([2, 0, 1]))
    before = [env.observe(rows), env.counts(rows)]
    agent, one = Nested(Config()), np.array([1])
    (score,), (line,) = agent.search(env, one, 1, np.random.default_rng(0))
    assert all(np.array_equal(a, b) for a, b in zip(before, [env.observe(rows), env.counts(rows)], strict=True))
    assert len(line) == 3
    for action in line:
        env.advance(one, np.array([action]))
    assert env.score(one)[0] == score


def test_dead_ends_are_survived(plugins):
    """Queens on a board where most placements get stuck: the best of the ten solutions for five queens."""
    outcome = package.solve(str(plugins / "queens.py"), "nested", n=5, budget="60-evals")
    assert outcome.best.value == 25
    assert outcome.best.proved


def test_graphs_that_change_are_searched():
    """Moves with a reward at every step, and growth whose episodes end when they like."""
    for moves, rewards in (
        ("flip", "difference"),
        ("grow", "sparse"),
        ("local-flip", "sparse"),
        ("linear", "difference"),
    ):
        outcome = package.solve(
            "graphs", "nested", "connected: maximise: m", n=5, moves=moves, rewards=rewards, budget="2k-evals"
        )
        assert outcome.best.value >= 8
        assert outcome.verdicts[0].holds


@pytest.mark.parametrize(("reward", "n"), [("amcs-5", 12), ("amcs-5", 15)])
def test_easy_conjectures_fall(reward, n):
    """A proved counterexample within twenty thousand graphs, for each of two seeds."""
    for seed in range(2):
        outcome = package.solve("graphs", "nested", reward, n=n, moves="tree", seed=seed, budget="20k-evals")
        assert outcome.reason == "solved"
        assert outcome.best.proved


# ----------------------------------------------------------------------- several instances, compiled, guided

IDEALS = "3-20-10-weighted:3"


def searched(*words, **options):
    return package.solve("buchberger", "nested", IDEALS, *words, **options)


def test_instances_take_turns():
    """Each ideal has as many searches as it would have among others, all verified, named and in order."""
    found = searched("agent.passes=3")
    assert (found.generations, found.reason) == (3, "done")
    assert [one.id for one in found] == [f"3-20-10-weighted@0#{k}" for k in range(3)]
    assert all(one.proved for one in found)
    once = searched("agent.passes=1")
    assert once.generations == 1
    assert all(few.value <= more.value for few, more in zip(once, found, strict=True))
    assert once.evaluations < found.evaluations
    degree = package.solve("buchberger", "degree", IDEALS)
    assert sum(one.value for one in found) > sum(one.value for one in degree)


def test_workers_change_nothing():
    """The same bests and evaluations by one process and by two, with a budget and without."""
    for words, options in ((("agent.passes=2",), {}), (("agent.passes=4",), {"budget": "60k-evals"})):
        alone, shared = (searched(*words, workers=workers, **options) for workers in (1, 2))
        assert [one.solution for one in alone] == [one.solution for one in shared]
        assert alone.evaluations == shared.evaluations


def test_the_compiled_search_and_the_general_one_are_alike(monkeypatch):
    """Without the environment's own search the same algorithm runs as rows; on the average they find as much."""
    means = []
    env = package.make_env("buchberger", 1)
    ideals = env.plugin.get("instances")("3-20-10-weighted:6", env.config)
    for general in (False, True):
        if general:
            monkeypatch.delattr(type(env), "nested")
        values = []
        for index, ideal in enumerate(ideals * 2):
            agent = Nested(Config())
            agent.instance = ideal
            found = agent.restart(env, Task(0, 0, index, 1))
            assert env.plugin.check(found.to_json()).holds
            values.append(found.value)
        means.append(np.mean(values))
    assert abs(means[0] - means[1]) < 25


def test_policies_play_out():
    """With a strategy in place of chance the first step tries every pair by it, so that it is never worse."""
    degree = package.solve("buchberger", "degree", IDEALS)
    found = searched("agent.policy=degree", "agent.passes=1")
    assert all(one.proved for one in found)
    assert all(ours.value >= theirs.value for ours, theirs in zip(found, degree, strict=True))
    with pytest.raises(package.MathrlError, match="best-of searches whole solutions"):
        searched("agent.policy=best-of")


def test_batches_are_searches_played_together():
    """Four searches at once, by a policy: the best of them, and about four times the work."""
    one = searched("agent.policy=random", "agent.passes=1")
    four = searched("agent.policy=random", "agent.passes=4", "agent.batch=4")
    assert four.generations == 1
    assert sum(found.value for found in four) > sum(found.value for found in one)
    assert 2.5 * one.evaluations < four.evaluations < 6 * one.evaluations


def test_an_ideal_without_pairs_is_solved(tmp_path):
    """Nothing to choose: the generators are a basis, at no cost, beside an ideal that has a pair."""
    file = tmp_path / "ideals.jsonl"
    file.write_text(
        '{"id": "coprime", "n": 2, "field": 7, "F": [[[1, [1, 0]]], [[1, [0, 1]]]]}\n'
        '{"id": "pair", "n": 2, "field": 7, "F": [[[1, [1, 1]]], [[1, [1, 1]], [1, [0, 0]]]]}\n'
    )
    for words in ((), ("agent.level=2",), ("agent.policy=random",)):
        found = package.solve("buchberger", "nested", str(file), "agent.passes=1", *words)
        assert [one.id for one in found] == ["coprime", "pair"]
        assert found[0].value == 0.0
        assert found[1].solution["basis"] == [[[1, [0, 0]]]]
        assert all(verdict.holds for verdict in found.verdicts)
