"""Tabu search: against a plain twin with lists, and what its memory is for."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

import mathrl as package
from mathrl.agent import Task
from mathrl.agents.tabu import Config, Tabu
from mathrl.env import Streams


def twin(env, config, task):
    """One restart, walk by walk and neighbour by neighbour; where the walks stood, and the best value."""
    rng, rows = task.rng(), np.arange(task.size)
    walkers, one = env.resized(task.size), np.zeros(1, np.int64)
    Tabu(config).start(walkers, rows, rng)
    best = walkers.score(rows).max()
    seed, path = rng.integers(2**63), [walkers.keys(rows).tolist()]
    visited = [deque([key], maxlen=config.memory) for key in path[0]]
    for step in range(config.steps):
        for walk in rows.tolist():
            tried = []
            for neighbour in range(config.neighbours):
                trial, row = env.resized(1), walk * config.neighbours + neighbour
                trial.copy(rows[[walk]], one, walkers)
                trial.propose(one, Streams(np.array([seed]), np.array([row]), np.array([step])))
                tried.append((trial.score(one)[0], trial.keys(one)[0], trial))
                best = max(best, trial.score(one)[0])
            free = [one for one in tried if one[1] not in visited[walk]] or tried[:1]
            _, key, trial = max(free, key=lambda one: one[0])
            walkers.copy(one, rows[[walk]], trial)
            visited[walk].append(key)
        path.append(walkers.keys(rows).tolist())
    return path, best


@pytest.mark.parametrize(("memory", "moves"), [(0, "tree"), (1, "flip"), (5, "tree"), (200, "flip")])
def test_walks_of_a_twin(make, monkeypatch, memory, moves):
    """Where every walk stands after each step, and the best of everything that was tried."""
    env = make("graphs", 1, n=7, moves=moves, reward="connected: maximise: Delta*(n - Delta)", start="tree")
    config, task, path = Config(walks=3, neighbours=6, memory=memory, steps=25), Task(4, 0, 0, 3), []
    kind = type(env)
    plain = kind.copy

    def noted(self, source, target, origin=None):
        plain(self, source, target, origin)
        if self.num_envs == 3:  # the walkers step
            path.append(self.keys(np.arange(3)).tolist())

    expected, best = twin(env, config, task)
    monkeypatch.setattr(kind, "copy", noted)
    found = Tabu(config).work(env, task)
    assert path == expected[1:]
    assert found.value == best


def test_what_was_visited_is_left_alone(make, monkeypatch):
    """On words of one letter in a row of 30, where only neighbours can be proposed, memory crosses a valley."""
    env = make("ones", 1, length=1, letters=10)
    heights = np.array([9.0, 3, 2, 1, 0, 1, 2, 3, 10, 4])  # from the left the way to 10 leads down

    def propose(self, rows, streams):
        steps = np.array([streams[index].integers(2) * 2 - 1 for index in range(len(rows))])
        self.word[rows, 0] = np.clip(self.word[rows, 0] + steps, 0, 9)
        self.value[rows] = heights[self.word[rows, 0]]

    kind = type(env)
    monkeypatch.setattr(kind, "propose", propose, raising=False)
    monkeypatch.setattr(kind, "keys", lambda self, rows: self.word[rows, 0].astype(np.uint64) + 1, raising=False)
    monkeypatch.setattr(kind, "values", lambda self, words: heights[words[:, 0]])
    monkeypatch.setattr(
        Tabu, "start", lambda self, arena, rows, rng: (arena.begin(rows, [None]), propose(arena, rows, Left))
    )
    assert Tabu(Config(walks=1, neighbours=8, memory=20, steps=12)).work(env, Task(0, 0, 0, 1)).value == 10
    assert Tabu(Config(walks=1, neighbours=8, memory=0, steps=12)).work(env, Task(0, 0, 0, 1)).value == 9


class Left:
    """Streams whose only draw is a step to the left."""

    def __class_getitem__(cls, index):
        return cls

    @staticmethod
    def integers(bound):
        return 0


def test_work_is_what_was_asked_for(make):
    """Every walk once at the start, then all neighbours at every step; a score above `enough` ends it."""
    env = make("graphs", 1, n=9, moves="tree", reward="tree: maximise: Delta")
    config = Config(walks=4, neighbours=5, steps=7)
    Tabu(config).work(env, Task(0, 0, 0, 4))
    assert env.meter.evaluations == 4 + 4 * 5 * 7
    agent = Tabu(config)
    agent.enough = 1.0
    assert agent.work(env, Task(0, 0, 0, 4)).value > 1
    assert env.meter.evaluations == 4 + 4 * 5 * 7 + 4


@pytest.mark.parametrize(
    ("reward", "n", "moves"), [("amcs-5", 12, "tree"), ("amcs-10", 12, "tree"), ("bhs-36", 10, "flip")]
)
def test_easy_conjectures_fall(reward, n, moves):
    """A proved counterexample within a hundred thousand graphs, for each of two seeds."""
    for seed in range(2):
        outcome = package.solve("graphs", "tabu", reward, n=n, moves=moves, seed=seed, budget="100k-evals")
        assert outcome.reason == "solved"
        assert outcome.best.proved
