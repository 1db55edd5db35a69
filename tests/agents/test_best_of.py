"""The best of K episodes: which episodes are played, by whom, bounded by the best so far, for several instances."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

import mathrl as package
from mathrl.agent import Task
from mathrl.env import Streams
from mathrl.errors import MathrlError

IDEALS = "3-20-10-weighted:3"


def best_of(words, *more, env="buchberger", **options):
    return package.solve(env, "best-of", *words, *more, **options)


def plain(k, seed=0):
    """The best of k unbounded random episodes of each ideal, played with the streams of generations 0 .. k - 1."""
    env = package.make_env("buchberger", 3)
    ideals, rows = env.plugin.get("instances")(IDEALS, env.config), np.arange(3)
    scores = []
    for generation in range(k):
        rng = Task(seed, generation, 0, 0).rng()
        env.begin(rows, ideals)
        streams = Streams(np.full(3, rng.integers(2**63)), rows, np.zeros(3, np.int64))
        scores.append(env.rollout(rows, streams, np.full(3, -np.inf)))
    return np.max(scores, axis=0).tolist(), env.meter.evaluations


@pytest.mark.parametrize("seed", [0, 1])
def test_bounded_rollouts_find_what_unbounded_ones_find(seed):
    """The best of the same episodes, for less work: the bound only leaves out what cannot win."""
    for k in (1, 12):
        found = best_of([IDEALS], f"agent.k={k}", seed=seed)
        wanted, work = plain(k, seed)
        assert [one.value for one in found] == wanted
        assert all(one.proved for one in found)
        assert found.evaluations < work if k > 1 else found.evaluations == work
        assert found.reason == "done"
        assert found.generations == k


def test_environments_without_rollouts_are_played(make):
    """Words of ten letters: every episode is scored once, and the best has the most ones of all."""
    found = best_of([], "agent.k=60", "agent.batch=20", env=str(make("ones").plugin.origin), length=10)
    assert found.evaluations == 60
    assert found.generations == 3
    assert 7 <= found.best.value <= 10
    one = best_of([], "agent.k=1", env=str(make("ones").plugin.origin), length=10)
    assert one.evaluations == 1
    assert one.best.value <= found.best.value


def test_k_is_the_number_of_episodes(make):
    """Also where it is no multiple of the batch."""
    found = best_of([], "agent.k=10", "agent.batch=4", env=str(make("ones").plugin.origin), length=6)
    assert found.evaluations == 10


def test_a_strategy_may_play():
    """Every episode by the strategy degree costs the same, that of the strategy itself."""
    found = best_of([IDEALS], "agent.policy=degree", "agent.k=3")
    alone = package.solve("buchberger", "degree", IDEALS)
    assert [one.value for one in found] == [one.value for one in alone]
    assert found.evaluations == 3 * alone.evaluations


def test_more_episodes_are_never_worse():
    """The first k episodes are among the first K; another seed plays others."""
    values = [[one.value for one in best_of([IDEALS], f"agent.k={k}", seed=3)] for k in (1, 4, 20)]
    assert all(a <= b for few, more in pairwise(values) for a, b in zip(few, more, strict=True))
    assert values[0] != values[2]
    assert [one.value for one in best_of([IDEALS], "agent.k=1", seed=4)] != values[0]


def test_instances_of_any_size_have_their_own_best(tmp_path):
    """Two, three and seven variables and an ideal without pairs in one call, each named and verified."""
    ideals = [
        {"id": "two", "n": 2, "field": 7, "F": [[[1, [2, 1]], [3, [0, 1]]], [[1, [1, 2]], [1, [0, 0]]]]},
        {"id": "coprime", "n": 2, "field": 7, "F": [[[1, [1, 0]]], [[1, [0, 1]]]]},
        {
            "id": "seven",
            "n": 7,
            "field": 32003,
            "F": [
                [[1, [1, 1, 0, 0, 0, 0, 0]], [2, [0, 0, 0, 0, 0, 0, 1]]],
                [[1, [0, 1, 1, 0, 0, 0, 0]], [5, [0, 0, 0, 0, 0, 1, 0]]],
            ],
        },
    ]
    file = tmp_path / "ideals.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in ideals))
    found = best_of([str(file)], "cyclic-3", "agent.k=4", "agent.batch=2")
    assert [one.id for one in found] == ["two", "coprime", "seven", "cyclic-3"]
    assert all(one.proved for one in found)
    assert (found[1].value, found[3].value) == (0.0, -4.0)


def test_budgets_end_it():
    """Evaluations are additions; the last generation is finished."""
    found = best_of([IDEALS], "agent.k=100000", budget="2k-evals")
    assert found.reason == "budget"
    assert 2000 <= found.evaluations < 6000


def test_broken_off_and_continued_is_uninterrupted(tmp_path):
    """A run continued with a larger budget has the metrics and solutions of one that had it from the start."""

    def rows(folder):
        metrics = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        return [{k: v for k, v in row.items() if not k.endswith(("_seconds", "_per_s"))} for row in metrics]

    words = [IDEALS, "agent.k=15"]
    best_of(words, run=str(tmp_path / "whole"))
    best_of(words, run=str(tmp_path / "parts"), budget="2k-evals")
    best_of(words, run=str(tmp_path / "parts"), budget="1000k-evals")
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ("nested", "nested searches whole solutions; it cannot choose single actions"),
        ("degre", "did you mean 'degree'"),
        ("no/such/folder", "no/such/folder"),
    ],
)
def test_policies_that_cannot_play_are_a_sentence(policy, sentence):
    """A search, a misspelt strategy, a folder that is not there."""
    with pytest.raises(MathrlError, match=sentence):
        best_of([IDEALS], f"agent.policy={policy}", "agent.k=2")
