"""Hand-made strategies as agents, each of which plays every ideal once, and the portfolio that is the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mathrl import registry
from mathrl.agent import Agent, Task
from mathrl.env import Rows, SearchEnv
from mathrl.settings import knob

from .env import Buchberger

if TYPE_CHECKING:
    from mathrl.budget import Budget
    from mathrl.solution import Solution
    from mathrl.training import Run


def lines(record: Mapping[str, Any]) -> list[str]:
    """What is said of a solution besides its cost and verdict."""
    return [f"ideal: {record['id']}"]


def remarks(ideals: Sequence[Any]) -> list[str]:
    """What the readers did to what was written, each sentence once."""
    return list(dict.fromkeys(f"{ideal.name}: {remark}" for ideal in ideals for remark in ideal.remarks))


HARMFUL = ("last", "codegree", "strange", "spice")  # kept for comparison; on hard ideals they do not end


@dataclass(frozen=True)
class Config:
    tasks: int = knob(1, "searches a generation, for workers; changes the numbers, the workers do not", 1, 1000)


class Strategy(Agent):
    """A hand-made strategy of the family; subclasses say which."""

    strategy: ClassVar[str]
    seeded: ClassVar[bool] = False

    def act(self, env: SearchEnv, rows: Rows, rng: np.random.Generator, greedy: bool = True) -> NDArray[np.int64]:
        """The pair that the strategy takes in each of `rows`: int64[R]."""
        found: NDArray[np.int64] = env.choose(rows, self.strategy)
        return found

    def warm(self, env: SearchEnv) -> None:
        """Compile one episode."""
        assert isinstance(env, Buchberger)
        arena, row = env.resized(1), np.zeros(1, np.int64)
        arena.restart(row)
        arena.play(row, self.strategy)

    def solve(self, env: SearchEnv, instances: Sequence[Any], run: Run, budget: Budget) -> list[Solution]:
        """Every ideal to its end, in blocks of rows."""
        assert isinstance(env, Buchberger)
        arena = env.resized(min(len(instances), 2000))
        for first in range(0, len(instances), arena.num_envs):
            some = instances[first : first + arena.num_envs]
            rows = np.arange(len(some))
            arena.begin(rows, some)
            arena.play(rows, self.strategy, stop=lambda: budget.urgent)
            run.offer(np.nan_to_num(arena.score(rows), nan=-np.inf), arena.solution, first + rows)
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


class Portfolio(Agent):
    """Every hand-made strategy, then nested Monte Carlo search for as long as there is budget."""

    Config = Config
    searches = True

    def bind(self, env: SearchEnv) -> None:
        kind = registry.find_agent("nested").get()
        self.search: Any = kind(kind.Config(tasks=self.config.tasks), self.device, self.seed)
        self.search.bind(env)

    def warm(self, env: SearchEnv) -> None:
        First().warm(env)
        self.search.warm(env)

    def solve(self, env: SearchEnv, instances: Sequence[Any], run: Run, budget: Budget) -> list[Solution]:
        """One generation a strategy, and then those of the search."""
        kinds = [kind for kind in Strategy.__subclasses__() if kind.strategy not in HARMFUL]
        while run.generation < len(kinds) and not budget.spent:
            kinds[run.generation](None, self.device, self.seed).solve(env, instances, run, budget)
        found: list[Solution] = self.search.solve(env, instances, run, budget)
        return found

    def work(self, env: SearchEnv, task: Task) -> Any:
        return self.search.work(env, task)

    def parameters(self) -> dict[str, NDArray[Any]]:
        parameters: dict[str, NDArray[Any]] = self.search.parameters()
        return parameters

    def receive(self, parameters: dict[str, NDArray[Any]]) -> None:
        self.search.receive(parameters)
