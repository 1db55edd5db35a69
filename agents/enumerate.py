"""Enumeration: every object of the problem up to isomorphism, in turn; the baseline to print first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mathrl.agent import Agent
from mathrl.env import SearchEnv
from mathrl.errors import MathrlError
from mathrl.registry import AgentPlugin
from mathrl.settings import knob
from mathrl.solution import Solution

if TYPE_CHECKING:
    from mathrl.budget import Budget
    from mathrl.training import Run


@dataclass(frozen=True)
class Config:
    most: int | None = knob(None, "the largest size listed, where the environment does not fix it; none: no end", 1)


class Enumerate(Agent):
    """All objects that the environment can list (its capability `everything`, which also says what is optimal)."""

    Config = Config
    bounded = True

    def bind(self, env: SearchEnv) -> None:
        if not hasattr(env, "everything"):
            raise MathrlError("enumerate needs an environment that lists its objects; this one has no `everything`")

    def solve(self, env: SearchEnv, instances: Sequence[Any], run: Run, budget: Budget) -> list[Solution]:
        """List and score until all is seen, the budget is spent, or, if so asked, the problem is solved."""
        said, listed, before, spent = "", 0, run.generation, env.meter.evaluations
        run.notes.clear()  # of the session that is resumed
        for scores, solution, sentence in env.everything(self.config.most):
            said = sentence or said
            listed += len(scores) > 0
            if listed <= before:  # a resumed run: seen before the interruption
                env.meter.evaluations = spent
                continue
            if len(scores):
                run.offer(scores, solution)
                finite = scores[np.isfinite(scores)]
                run.log(mean=float(finite.mean()) if len(finite) else float("nan"))
            if budget.spent:
                break
        if said:
            run.note(said)
        return run.solutions


PLUGIN = AgentPlugin("enumerate", Enumerate, "every object up to isomorphism, scored; exact", learns=False)
