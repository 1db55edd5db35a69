"""Nested Monte Carlo search (Cazenave 2009), by random playouts or by those of a policy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mathrl.agent import Agent, Task
from mathrl.env import Rows, SearchEnv, Streams
from mathrl.guides import guide
from mathrl.registry import AgentPlugin
from mathrl.restarts import Restarting
from mathrl.rollout import Chooser, choose_uniformly, play
from mathrl.settings import knob
from mathrl.solution import Solution

Line = NDArray[np.int64]  # a sequence of actions, int64[T]


@dataclass(frozen=True)
class Config:
    level: int = knob(1, "level 1 tries every action by playouts, level 2 by searches of level 1", 1, 4)
    playouts: int = knob(1, "playouts for each action at the lowest level", 1)
    policy: str = knob("", "who plays out: a trained agent's folder, pretrained, or any agent; empty: at random")
    most: int = knob(2_000_000, "evaluations after which a search only follows its best line", 1)
    passes: int = knob(0, "searches for each instance; 0: until the budget is spent", 0)
    batch: int = knob(1, "searches played together, which a network's policy repays", 1)
    tasks: int = knob(1, "batches a generation, for workers; changes the numbers, the workers do not", 1, 1000)


class Nested(Restarting):
    """Play the best line known; before each step try every legal action by a search one level lower.

    All actions of a step are tried at once, as rows. A restart is a batch of searches from the start to the end. An
    environment may offer `nested(rows, words)`: the same at level 1 by random playouts, in one compiled call.
    """

    Config = Config
    _guide: Agent | None = None

    @property
    def rows(self) -> int:
        return int(self.config.batch)

    @property
    def limit(self) -> int:
        return -int(-self.config.passes // (self.config.batch * self.config.tasks))

    def bind(self, env: SearchEnv) -> None:
        super().bind(env)
        self._guide = guide(env, self.config.policy, self.device, self.seed) if self.config.policy else None

    def restart(self, env: SearchEnv, task: Task) -> Solution:
        """`task.size` searches at the configured level, each from a fresh start; the best object."""
        roots, rows, rng = env.resized(task.size), np.arange(task.size), task.rng()
        streams = Streams(np.full(task.size, rng.integers(2**63)), rows, np.zeros_like(rows))
        roots.begin(rows, roots.draw(streams) if roots.one_problem else [self.instance] * task.size)
        if hasattr(roots, "nested") and (self.config.level, self.config.playouts, self._guide) == (1, 1, None):
            roots.nested(rows, streams.words(), self.most)
        else:
            for row, line in enumerate(self.search(roots, rows, self.config.level, rng)[1]):
                for action in line:
                    roots.advance(rows[row : row + 1], np.array([action]))
        return roots.solution(int(np.nan_to_num(roots.score(rows), nan=-np.inf).argmax()))

    @property
    def most(self) -> int:
        """The evaluations of one search: those configured, or what the budget allows if that is less."""
        return int(min(self.config.most, self.allowance))

    def warm(self, env: SearchEnv) -> None:
        """Compile one search."""
        copy = Nested(self.config, self.device, self.seed)
        copy.instances = [None if env.one_problem else env.draw(Streams.of(self.seed, 1))[0]]
        copy.bind(env)
        copy.work(env, Task(self.seed, 0, 0, 1))

    def search(
        self, arena: SearchEnv, rows: Rows, level: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], list[Line]]:
        """The best score found from each of `rows` on float64[R], and the actions that lead there; rows stay."""
        here, at = arena.resized(len(rows)), np.arange(len(rows))
        here.copy(rows, at, arena)
        best, played = np.full(len(rows), -np.inf), 0
        lines = [np.zeros(0, np.int64) for _ in at]
        limit = arena.meter.evaluations + self.most * len(rows)
        while len(live := at[here.counts(at) > 0]):
            if arena.meter.evaluations > limit:
                return best, lines
            which, actions = np.nonzero(here.masks(live))
            scores, tails = self.try_actions(here, live[which], actions, level, rng)
            for row, first, last in zip(live, *_bounds(which, len(live)), strict=True):
                top = first + int(scores[first:last].argmax())
                if scores[top] > best[row] or len(lines[row]) <= played:
                    best[row] = max(scores[top], best[row])
                    lines[row] = np.concatenate([lines[row][:played], tails[top]])
            if self.done(float(best.max())):
                return best, lines
            here.advance(live, np.array([lines[row][played] for row in live]))
            played += 1
        final = here.score(at)
        better = final > best  # only where nothing was to choose
        return np.where(better, final, best), lines

    def try_actions(
        self, here: SearchEnv, rows: Rows, actions: Line, level: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], list[Line]]:
        """The best score below each action float64[A] of a row int64[A], and the line that begins with it."""
        copies = self.config.playouts if level == 1 else 1
        trials = np.arange(len(actions) * copies)
        trial, first = here.resized(len(trials)), np.repeat(actions, copies)
        trial.copy(np.repeat(rows, copies), trials, here)
        trial.advance(trials, first)
        if level > 1:
            scores, lines = self.search(trial, trials, level - 1, rng)
            return scores, [np.concatenate([[action], line]) for action, line in zip(first, lines, strict=True)]
        episodes = play(trial, trials, self.chooser(trial, rng))
        scores = np.where(np.isnan(episodes.scores), -np.inf, episodes.scores).reshape(-1, copies)
        top = scores.argmax(1) + np.arange(len(actions)) * copies
        played = episodes.actions[top]
        lines = [np.concatenate([[action], line[line >= 0]]) for action, line in zip(actions, played, strict=True)]
        return scores.max(1), lines

    def chooser(self, trial: SearchEnv, rng: np.random.Generator) -> Chooser:
        """Plays out at random, or samples from the policy."""
        if self._guide is None:
            return choose_uniformly(rng)
        policy = self._guide
        return lambda live, masks, step: policy.act(trial, live, rng, greedy=False)


def _bounds(which: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each of 0 .. count - 1 begins and ends in an ascending array that holds each."""
    return np.searchsorted(which, np.arange(count)), np.searchsorted(which, np.arange(count), side="right")


PLUGIN = AgentPlugin("nested", Nested, "nested Monte Carlo search, by random playouts or a policy's", learns=False)
