"""Searches that begin again and again: one restart is a task, a pure function of its random stream."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from mathrl.agent import Agent, Task
from mathrl.env import Rows, SearchEnv, Streams
from mathrl.errors import MathrlError
from mathrl.rollout import choose_uniformly, play
from mathrl.solution import Solution

if TYPE_CHECKING:
    from mathrl.budget import Budget
    from mathrl.training import Run


class Restarting(Agent):
    """A search without memory between restarts; `restart` is one of them and returns the best object on its way.

    `needs` names the capabilities that the environment must have, `rows` is the number of rows of one restart, and a
    score above `enough` ends it. A generation is `config.tasks` restarts for each instance, which may run on several
    workers; after `limit` generations, if there is a limit, the search is done.
    """

    searches = True
    needs: ClassVar[tuple[str, ...]] = ()
    instances: Sequence[Any] = (None,)
    instance: Any = None  # that of the restart at work
    budget: Budget | None = None  # None on a worker
    allowance = math.inf  # evaluations that the budget allowed each restart when the generation began
    enough = math.inf  # what the environment calls `solved_above`, if the search is to end there

    @property
    def rows(self) -> int:
        return 1

    def bind(self, env: SearchEnv) -> None:
        missing = [name for name in self.needs if not hasattr(env, name)]
        if missing:
            words = " and ".join(f"`{name}`" for name in missing)
            raise MathrlError(f"{type(self).__name__.lower()} needs an environment with {words}; this one lacks it")

    @property
    def limit(self) -> int:
        """The most generations; 0: as many as the budget allows."""
        return 0

    def work(self, env: SearchEnv, task: Task) -> Solution:
        """One restart for the instance that the task's index says: they take turns."""
        if any(one is not None for one in self.instances):
            self.instance = self.instances[task.index % len(self.instances)]
        return self.restart(env, task)

    def restart(self, env: SearchEnv, task: Task) -> Solution:
        """One restart of `task.size` rows, from `self.instance`."""
        raise NotImplementedError

    def solve(self, env: SearchEnv, instances: Sequence[Any], run: Run, budget: Budget) -> list[Solution]:
        """Restart until the budget is spent."""
        self.instances, self.instance, self.budget = list(instances), instances[0], budget
        self.enough = env.solved_above if budget.until_solved else math.inf
        pieces = self.config.tasks * len(instances)
        while not budget.spent and not (self.limit and run.generation >= self.limit):
            before, self.allowance = env.meter.evaluations, budget.affordable / pieces
            found: list[Solution] = run.map(run.tasks(self.rows * pieces, pieces))
            if budget.signal is not None:  # broken off: a resumed run does this generation again
                env.meter.evaluations = before
                break
            values = np.array([one.value for one in found])
            slots = np.arange(pieces) % len(instances) if len(instances) > 1 else None
            run.offer(values, lambda index, found=found: found[index], slots)  # type: ignore[misc]
            finite = values[np.isfinite(values)]
            run.log(mean=float(finite.mean()) if len(finite) else float("nan"))
        return run.solutions

    def done(self, best: float) -> bool:
        """Whether a restart should end here: it has found what stops the search, or time is up."""
        return best > self.enough or (self.budget is not None and self.budget.urgent)

    def start(self, arena: SearchEnv, rows: Rows, rng: np.random.Generator) -> None:
        """Begin every row, of the instance or, where instances are only starts, of a fresh one; then play at random.

        Playing completes what is scored only when complete, such as words; an object that has a score stays as it is.
        """
        streams = Streams(np.full(len(rows), rng.integers(2**63)), rows, np.zeros(len(rows), np.int64))
        arena.begin(rows, arena.draw(streams) if arena.one_problem else [self.instance] * len(rows))
        unscored = rows[np.isnan(arena.score(rows))]
        if len(unscored):
            play(arena, unscored, choose_uniformly(rng))

    def parameters(self) -> dict[str, Any]:
        return {"instances": self.instances, "enough": self.enough, "allowance": self.allowance}

    def receive(self, parameters: dict[str, Any]) -> None:
        self.instances, self.enough = parameters["instances"], parameters["enough"]
        self.allowance = parameters["allowance"]
        self.instance = self.instances[0]
