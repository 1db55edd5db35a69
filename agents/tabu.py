"""Tabu search (Glover 1989): always to the best of many random neighbours that was not visited lately."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mathrl.agent import Task
from mathrl.env import SearchEnv, Streams
from mathrl.registry import AgentPlugin
from mathrl.restarts import Restarting
from mathrl.settings import knob
from mathrl.solution import Solution


@dataclass(frozen=True)
class Config:
    walks: int = knob(8, "walks side by side", 1)
    neighbours: int = knob(32, "random neighbours tried at each step of a walk", 1)
    memory: int = knob(200, "objects visited last that may not be visited again", 0)
    steps: int = knob(500, "steps of each walk before it starts again", 1)
    tasks: int = knob(1, "restarts a generation, for workers; changes the numbers, the workers do not", 1, 1000)


class Tabu(Restarting):
    """Many random neighbours of where each walk stands; the best that is not among the objects visited last.

    Where all of them are, the first is taken.
    """

    Config = Config
    needs = ("propose", "keys")

    @property
    def rows(self) -> int:
        return int(self.config.walks)

    def restart(self, env: SearchEnv, task: Task) -> Solution:
        """One restart of `task.size` walks: the best object on the way."""
        width, rng = self.config.neighbours, task.rng()
        walkers, trial = env.resized(task.size), env.resized(task.size * width)
        rows, tries = np.arange(task.size), np.arange(task.size * width)
        self.start(walkers, rows, rng)
        best = walkers.solution(int(walkers.score(rows).argmax()))
        visited = np.repeat(walkers.keys(rows)[:, None], self.config.memory, axis=1)
        seeds = np.full(len(tries), rng.integers(2**63))
        for step in range(self.config.steps):
            if self.done(best.value):
                break
            trial.copy(np.repeat(rows, width), tries, walkers)
            trial.propose(tries, Streams(seeds, tries, np.full(len(tries), step)))
            scores, keys = trial.score(tries), trial.keys(tries)
            if scores.max() > best.value:
                best = trial.solution(int(scores.argmax()))
            tabu = (keys.reshape(task.size, width)[:, :, None] == visited[:, None, :]).any(axis=2)
            ranked = np.where(tabu, -np.inf, scores.reshape(task.size, width))
            chosen = ranked.argmax(axis=1) + rows * width
            walkers.copy(chosen, rows, trial)
            if self.config.memory:
                visited[:, (step + 1) % self.config.memory] = keys[chosen]
        return best


PLUGIN = AgentPlugin("tabu", Tabu, "tabu search over random neighbours", learns=False)
