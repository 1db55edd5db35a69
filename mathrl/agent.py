"""The contract of agents: anything that acts on rows of an environment, learns from them, or searches."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mathrl.env import Rows, SearchEnv
from mathrl.errors import MathrlError
from mathrl.rollout import play

if TYPE_CHECKING:
    from mathrl.budget import Budget
    from mathrl.solution import Solution
    from mathrl.training import Run


@dataclass(frozen=True)
class Task:
    """A piece of one generation: its random stream is (seed, generation, index), wherever it is worked."""

    seed: int
    generation: int
    index: int
    size: int

    def rng(self) -> np.random.Generator:
        key = (1, self.generation, self.index)  # 0 is for the streams of environments
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key)))


@dataclass(frozen=True)
class NoConfig:
    """For agents without knobs."""


class Agent(ABC):
    """An agent: `Config` is a frozen dataclass of knobs, `self.config` one of it, `self.device` a torch device's name.

    A strategy implements `act`. A search overrides `solve`. A learning agent implements `train`, `state` and `restore`,
    and `work` for what may run on several workers. The core does budgets, files, clocks, progress and signals.
    """

    Config: ClassVar[type] = NoConfig
    searches: ClassVar[bool] = False  # goes on until its budget is spent, instead of one greedy pass
    bounded: ClassVar[bool] = False  # stops at a budget although it would end by itself: an exact method
    seeded: ClassVar[bool] = True  # two seeds may act differently; a bench plays what is not seeded once
    batch: ClassVar[int] = 1  # rows played at once for each instance by a search that goes on

    def __init__(self, config: Any = None, device: str = "cpu", seed: int = 0) -> None:
        self.config = self.Config() if config is None else config
        self.device, self.seed = device, seed

    def bind(self, env: SearchEnv) -> None:
        """Allocate networks and arenas for this environment; called once, before anything else."""

    def warm(self, env: SearchEnv) -> None:
        """Run once what will be run often, so that compilation is over before the clock starts; nothing is kept."""

    def act(self, env: SearchEnv, rows: Rows, rng: np.random.Generator, greedy: bool = True) -> NDArray[np.int64]:
        """One legal action int64[R] for each of `rows`, none of which is over."""
        raise MathrlError(f"{type(self).__name__} searches whole solutions; it cannot choose single actions")

    def solve(self, env: SearchEnv, instances: Sequence[Any], run: Run, budget: Budget) -> list[Solution]:
        """The best solution found of each instance: one greedy pass, then sampled ones while a search has budget."""
        self.sweep(env, instances, run)
        while self.searches and not budget.spent:
            self.sweep(env, instances, run, greedy=False, copies=self.batch)
        return run.solutions

    def sweep(self, env: SearchEnv, instances: Sequence[Any], run: Run, greedy: bool = True, copies: int = 1) -> None:
        """Play every instance to its end by `act`, in `copies` rows each."""
        arena, rng = env.resized(copies * len(instances)), run.stream(0)
        rows, slots = np.arange(arena.num_envs), np.repeat(np.arange(len(instances)), copies)
        arena.begin(rows, [instances[int(slot)] for slot in slots])
        scores = play(arena, rows, lambda live, masks, step: self.act(arena, live, rng, greedy)).scores
        run.offer(scores, arena.solution, slots)
        finite = scores[np.isfinite(scores)]
        run.log(mean=float(finite.mean()) if len(finite) else float("nan"))

    def train(self, env: SearchEnv, run: Run, budget: Budget) -> None:
        """Learn until the budget is spent, one `run.log` a generation."""
        raise MathrlError(f"{type(self).__name__} does not learn; use `mathrl solve`")

    def work(self, env: SearchEnv, task: Task) -> Any:
        """One task of a generation, a pure function of parameters and task; the result travels to the learner."""
        raise MathrlError(f"{type(self).__name__} has no work to share out")

    def parameters(self) -> dict[str, NDArray[Any]]:
        """What workers need to do `work` as the learner would; arrays."""
        return {}

    def receive(self, parameters: dict[str, NDArray[Any]]) -> None:
        """Take over the learner's `parameters`."""

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run needs: tensors, arrays and JSON values, in nested dictionaries."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a `state`."""

    def trained(self) -> dict[str, Any]:
        """The part of `state` that `act` needs, without optimisers and counts: what is shipped of a model."""
        return self.state()

    def adopt(self, trained: dict[str, Any]) -> None:
        """Act as the agent whose `trained()` this is."""
        self.restore(trained)
