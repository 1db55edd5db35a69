"""Adaptive Monte Carlo search by growing and pruning (AMCS; Vito, Stefanus 2023, arXiv 2306.07956), with restarts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mathrl.agent import Task
from mathrl.env import SearchEnv, Streams
from mathrl.registry import AgentPlugin
from mathrl.restarts import Restarting
from mathrl.rollout import sample_masked
from mathrl.settings import knob
from mathrl.solution import Solution


@dataclass(frozen=True)
class Config:
    depth: int = knob(5, "greatest depth: random steps after a tried one; how far back an object may be pruned", 0)
    level: int = knob(2, "greatest nesting of tried steps", 1, 3)
    tasks: int = knob(1, "restarts a generation, for workers; changes the numbers, the workers do not", 1, 1000)


class AMCS(Restarting):
    """Prune the best object a little, grow it again by nested search, keep what is better.

    Depth and level rise while nothing improves and start again when something does; at their end the search restarts
    from a fresh object, because an object whose neighbours are all worse (often a star, an equality) is a grave.
    """

    Config = Config
    needs = ("prune",)

    def restart(self, env: SearchEnv, task: Task) -> Solution:
        """One restart: from a fresh object until depth and level are exhausted."""
        self.rng, self.steps = task.rng(), 0
        best = env.resized(1)
        self.start(best, _ROW, self.rng)
        depth, level = 0, 1
        while level <= self.config.level:
            value = float(best.score(_ROW)[0])
            if self.done(value):
                break
            trial = best.resized(1)
            trial.copy(_ROW, _ROW, best)
            while self.rng.random() < depth / (depth + 1):
                trial.prune(_ROW, self.streams(1))
            found = self.nested(trial, depth, level)
            if float(found.score(_ROW)[0]) > value + NOISE:
                best.copy(_ROW, _ROW, found)
                depth, level = 0, 1
            elif depth < self.config.depth:
                depth += 1
            else:
                depth, level = 0, level + 1
        return best.solution(0)

    def nested(self, here: SearchEnv, depth: int, level: int) -> SearchEnv:
        """The best object, in an arena of one row, of `here` and of every step from it followed by a lower level."""
        actions = np.flatnonzero(here.masks(_ROW)[0]) if here.counts(_ROW)[0] else np.zeros(0, np.int64)
        if not len(actions):
            return here
        rows = np.arange(len(actions))
        tried = here.resized(len(rows))
        tried.copy(np.zeros_like(rows), rows, here)
        tried.advance(rows, actions)
        if level == 1:
            self.random_steps(tried, rows, depth)
        else:
            for row in rows:
                one = tried.resized(1)
                one.copy(rows[row : row + 1], _ROW, tried)
                tried.copy(_ROW, rows[row : row + 1], self.nested(one, depth, level - 1))
        scores = tried.score(rows)
        top = int(scores.argmax())
        if scores[top] > here.score(_ROW)[0] + NOISE:
            here = here.resized(1)
            here.copy(rows[top : top + 1], _ROW, tried)
        return here

    def random_steps(self, tried: SearchEnv, rows: NDArray[np.int64], depth: int) -> None:
        """`depth` random steps from every row; a row that was better before goes back."""
        before, values = tried.resized(len(rows)), tried.score(rows)
        before.copy(rows, rows, tried)
        for _ in range(depth):
            live = rows[tried.counts(rows) > 0]
            if len(live):
                tried.advance(live, sample_masked(tried.masks(live), self.rng.random(len(live))))
        lost = rows[tried.score(rows) < values]
        tried.copy(lost, lost, before)

    def streams(self, count: int) -> Streams:
        """Fresh streams for that many rows."""
        self.steps += 1
        seeds = np.full(count, self.rng.integers(2**63))
        return Streams(seeds, np.arange(count), np.full(count, self.steps))


_ROW = np.zeros(1, np.int64)
NOISE = 1e-9  # a smaller gain may be rounding

PLUGIN = AgentPlugin("amcs", AMCS, "grow and prune by adaptive nested search", learns=False)
