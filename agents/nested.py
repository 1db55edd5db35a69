"""Nested Monte Carlo search (Cazenave 2009)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mathrl.agent import Task
from mathrl.env import SearchEnv, Streams
from mathrl.registry import AgentPlugin
from mathrl.restarts import Restarting
from mathrl.rollout import choose_uniformly, play
from mathrl.settings import knob
from mathrl.solution import Solution

Line = NDArray[np.int64]  # a sequence of actions, int64[T]


@dataclass(frozen=True)
class Config:
    level: int = knob(1, "level 1 tries every action by random playouts, level 2 by searches of level 1", 1, 4)
    playouts: int = knob(1, "random playouts for each action at the lowest level", 1)
    tasks: int = knob(1, "searches a generation, for workers; changes the numbers, the workers do not", 1, 1000)


class Nested(Restarting):
    """Play the best line known; before each step try every legal action by a search one level lower.

    All actions of a step are tried at once, as rows. A restart is one search from the start to the end.
    """

    Config = Config

    def work(self, env: SearchEnv, task: Task) -> Solution:
        """One search at the configured level, from a fresh start."""
        root, row, rng = env.resized(1), np.zeros(1, np.int64), task.rng()
        streams = Streams(np.array([rng.integers(2**63)]), row, row)
        root.begin(row, root.draw(streams) if root.one_problem else [self.instance])
        for action in self.search(root, 0, self.config.level, rng)[1]:
            root.advance(row, np.array([action]))
        return root.solution(0)

    def search(self, arena: SearchEnv, row: int, level: int, rng: np.random.Generator) -> tuple[float, Line]:
        """The best score found from a row on, and the actions that lead there; the row stays as it is."""
        here = arena.resized(1)
        here.copy(np.array([row]), np.zeros(1, np.int64), arena)
        best, line, played = -np.inf, np.zeros(0, np.int64), 0
        at = np.zeros(1, np.int64)
        while here.counts(at)[0] > 0:
            actions = np.flatnonzero(here.masks(at)[0])
            scores, lines = self.try_actions(here, actions, level, rng)
            top = int(scores.argmax())
            if scores[top] > best or len(line) <= played:
                best, line = float(scores[top]), np.concatenate([line[:played], lines[top]])
            if self.done(best):
                return best, line
            here.advance(at, line[played : played + 1])
            played += 1
        final = float(here.score(at)[0])
        return (final, line[:played]) if final > best else (best, line)

    def try_actions(
        self, here: SearchEnv, actions: Line, level: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], list[Line]]:
        """The best score below each action float64[A], and the line that begins with it."""
        copies = self.config.playouts if level == 1 else 1
        rows = np.arange(len(actions) * copies)
        trial = here.resized(len(rows))
        trial.copy(np.zeros(len(rows), np.int64), rows, here)
        first = np.repeat(actions, copies)
        trial.advance(rows, first)
        if level == 1:
            episodes = play(trial, rows, choose_uniformly(rng))
            scores = np.where(np.isnan(episodes.scores), -np.inf, episodes.scores)
            lines = [
                np.concatenate([[action], steps[steps >= 0]])
                for action, steps in zip(first, episodes.actions, strict=True)
            ]
            return scores, lines
        found = [self.search(trial, int(row), level - 1, rng) for row in rows]
        lines = [np.concatenate([[action], line]) for action, (_, line) in zip(first, found, strict=True)]
        return np.array([score for score, _ in found]), lines


PLUGIN = AgentPlugin("nested", Nested, "nested Monte Carlo search", learns=False)
