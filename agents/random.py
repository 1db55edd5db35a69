"""Uniformly random legal actions: the baseline that every table prints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mathrl.agent import Agent
from mathrl.env import Rows, SearchEnv
from mathrl.registry import AgentPlugin
from mathrl.rollout import sample_masked


class Random(Agent):
    """Each legal action with the same probability, again and again until the budget is spent."""

    searches = True
    batch = 1000

    def act(self, env: SearchEnv, rows: Rows, rng: np.random.Generator, greedy: bool = True) -> NDArray[np.int64]:
        """A uniformly random legal action for each row: int64[R]."""
        return sample_masked(env.masks(rows), rng.random(len(rows)))


PLUGIN = AgentPlugin("random", Random, "uniformly random legal actions", learns=False)
