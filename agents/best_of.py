"""The best of K sampled episodes of each instance, played at random or by a policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mathrl.agent import Agent
from mathrl.env import SearchEnv, Streams
from mathrl.guides import guide
from mathrl.registry import AgentPlugin
from mathrl.rollout import play
from mathrl.settings import knob

if TYPE_CHECKING:
    from mathrl.budget import Budget
    from mathrl.solution import Solution
    from mathrl.training import Run


@dataclass(frozen=True)
class Config:
    k: int = knob(100, "episodes of each instance", 1)
    policy: str = knob("random", "who plays them: random, a trained agent's folder, pretrained, or any agent")
    batch: int = knob(1, "episodes of each instance played together", 1)


class BestOf(Agent):
    """Sample K episodes of each instance and keep the best.

    Random play uses the environment's `rollout(rows, streams, bounds)` where there is one, which stops an episode as
    soon as it cannot be better than the best so far.
    """

    Config = Config
    bounded = True
    budget: Budget | None = None

    def bind(self, env: SearchEnv) -> None:
        self.guide = guide(env, self.config.policy, self.device, self.seed)
        self.rolls = self.config.policy == "random" and hasattr(env, "rollout")

    def solve(self, env: SearchEnv, instances: Sequence[Any], run: Run, budget: Budget) -> list[Solution]:
        """K episodes, `batch` of each instance a generation, unless a budget is spent before."""
        self.budget = budget
        copies = min(self.config.batch, self.config.k)
        starts, arena = env.resized(len(instances)), env.resized(len(instances) * copies)
        rows, slots = np.arange(arena.num_envs), np.tile(np.arange(len(instances)), copies)
        starts.begin(np.arange(len(instances)), list(instances))
        best = run.values.copy()
        while not budget.spent and run.generation * copies < self.config.k:
            some = rows[: (self.config.k - run.generation * copies) * len(instances)]
            arena.copy(slots[some], some, starts)
            scores = self.sample(arena, some, best[slots[some]], run.stream(0))
            np.maximum.at(best, slots[some], scores)
            run.offer(scores, arena.solution, slots[some])
            finite = scores[np.isfinite(scores)]
            run.log(mean=float(finite.mean()) if len(finite) else float("nan"))
        return run.solutions

    def sample(
        self, arena: SearchEnv, rows: Any, bounds: np.typing.NDArray[np.float64], rng: np.random.Generator
    ) -> np.typing.NDArray[np.float64]:
        """Scores float64[R] of one sampled episode in each row; -inf where it cannot beat its bound float64[R]."""
        if self.rolls:
            streams = Streams(np.full(len(rows), rng.integers(2**63)), rows, np.zeros(len(rows), np.int64))
            scores: np.typing.NDArray[np.float64] = arena.rollout(
                rows, streams, bounds, lambda: self.budget is not None and self.budget.urgent
            )
            return scores
        played = play(arena, rows, lambda live, masks, step: self.guide.act(arena, live, rng, greedy=False))
        return np.where(np.isnan(played.scores), -np.inf, played.scores)


PLUGIN = AgentPlugin("best-of", BestOf, "the best of K episodes sampled at random or from a policy", learns=False)
