"""Hand-made strategies as agents: each plays every ideal once, in one compiled call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mathrl.agent import Agent
from mathrl.env import Rows, SearchEnv

from .env import Buchberger

if TYPE_CHECKING:
    from mathrl.budget import Budget
    from mathrl.solution import Solution
    from mathrl.training import Run


class Strategy(Agent):
    """A hand-made strategy of the family; subclasses say which."""

    strategy: ClassVar[str]
    seeded: ClassVar[bool] = False

    def act(self, env: SearchEnv, rows: Rows, rng: np.random.Generator, greedy: bool = True) -> NDArray[np.int64]:
        """The pair that the strategy takes in each of `rows`: int64[R]."""
        found: NDArray[np.int64] = env.choose(rows, self.strategy)
        return found

    def solve(self, env: SearchEnv, instances: Sequence[Any], run: Run, budget: Budget) -> list[Solution]:
        """Every ideal to its end, in blocks of rows."""
        assert isinstance(env, Buchberger)
        arena = env.resized(min(len(instances), 2000))
        for first in range(0, len(instances), arena.num_envs):
            some = instances[first : first + arena.num_envs]
            rows = np.arange(len(some))
            arena.begin(rows, some)
            arena.play(rows, self.strategy)
            run.offer(arena.score(rows), arena.solution, first + rows)
        run.log()
        return run.solutions


class First(Strategy):
    strategy = "first"


class Last(Strategy):
    strategy = "last"


class Degree(Strategy):
    strategy = "degree"


class Codegree(Strategy):
    strategy = "codegree"


class Normal(Strategy):
    strategy = "normal"


class Strange(Strategy):
    strategy = "strange"


class Sugar(Strategy):
    strategy = "sugar"


class Spice(Strategy):
    strategy = "spice"


class TrueDegree(Strategy):
    strategy = "truedegree"


class Entropy(Strategy):
    strategy = "entropy"
