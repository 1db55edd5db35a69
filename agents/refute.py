"""A portfolio: the family's own list of searches in turn, exact ones first, each round with twice the work."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mathrl import registry, settings
from mathrl.agent import Agent, Task
from mathrl.budget import Budget, Limit
from mathrl.env import SearchEnv
from mathrl.errors import MathrlError
from mathrl.portfolio import Stage
from mathrl.registry import AgentPlugin
from mathrl.settings import knob
from mathrl.solution import Solution
from mathrl.training import Run, warm_up


@dataclass(frozen=True)
class Config:
    shrink: bool = knob(True, "make what was found smaller before it is reported")
    tasks: int = knob(1, "searches a generation, for workers; changes the numbers, the workers do not", 1, 1000)


REPORTS = ("searched at random", "the best found is an equality")  # notes of a session's end


class Refute(Agent):
    """Runs the stages that the environment's plug-in lists in its `portfolio`, and stops at the first proved solution.

    Stage s of the whole sequence has its own random stream, so results do not depend on the workers. A round without
    stages says that nothing is left to search for.
    """

    Config = Config
    searches = True

    def bind(self, env: SearchEnv) -> None:
        if env.plugin is None or env.plugin.portfolio is None:
            raise MathrlError("refute needs a family with a list of searches; this one has none")
        self.budget: Budget | None = None  # None on a worker
        self._plans: dict[int, list[Stage]] = {}
        self._warm: set[tuple[str, type]] = set()

    def solve(self, env: SearchEnv, instances: Sequence[Any], run: Run, budget: Budget) -> list[Solution]:
        """Stage after stage until the problem is solved or the budget spent."""
        self.budget = budget
        run.notes[:] = [note for note in run.notes if not note.startswith(REPORTS)]  # of the session that is resumed
        while not budget.spent and self.stage(env, run.generation * self.config.tasks) is not None:
            before = env.meter.evaluations
            results = run.map(run.tasks(self.config.tasks, self.config.tasks))
            if budget.signal is not None:  # broken off: a resumed run does this generation again
                env.meter.evaluations = before
                break
            for found, sentences in results:
                for sentence in sentences:
                    run.note(sentence)
                if found is not None:
                    run.offer(np.array([found.value]), lambda index, found=found: found)  # type: ignore[misc]
            run.log()
        if not budget.solved:
            self.report(env, run)
        return run.solutions

    def report(self, env: SearchEnv, run: Run) -> None:
        """Say what was searched in vain, and how close it came."""
        stages = [self.stage(env, number) for number in range(run.generation * self.config.tasks)]
        turns = Counter(stage.label for stage in stages if stage is not None and stage.label)
        if turns:
            walks = ", ".join(f"{label} (x{count})" if count > 1 else label for label, count in turns.items())
            run.note(f"{REPORTS[0]}, {run.budget.evaluations:,} evaluations in all: {walks}")
        if run.best is not None and abs(run.best.value) <= env.solved_above < math.inf:
            run.note(f"{REPORTS[1]}: nothing scored above 0")

    def work(self, env: SearchEnv, task: Task) -> tuple[Solution | None, list[str]]:
        """One stage: the best solution, made smaller if it solves the problem, and what there is to say."""
        stage = self.stage(env, task.generation * self.config.tasks + task.index)
        if stage is None:
            return None, []
        seed = int(task.rng().integers(2**62))
        try:
            run = self.perform(env, stage, seed)
        except MathrlError as error:  # such as an invariant that is too slow on so many vertices
            return None, [f"left out: {stage.label or stage}: {error}"]
        best, notes = run.best, run.notes
        if best is not None and not stage.whole:
            best = replace(best, optimal=False, bound=None)
        if best is None or not run.budget.solved:
            return best, notes
        notes = [*notes, f"found by {stage}"]
        if self.config.shrink:
            best = self.smallest(env, stage, best, seed)
        return best, notes

    def stage(self, env: SearchEnv, number: int) -> Stage | None:
        """Stage `number` of the sequence of all rounds, None beyond its end."""
        assert env.plugin is not None
        turn = 0
        while True:
            if turn not in self._plans:
                self._plans[turn] = env.plugin.get("portfolio")(env.config, turn)
            if number < len(self._plans[turn]):
                return self._plans[turn][number]
            if not self._plans[turn]:
                return None
            number -= len(self._plans[turn])
            turn += 1

    def prepare(self, env: SearchEnv, stage: Stage, seed: int) -> tuple[SearchEnv, Agent]:
        """The environment of a stage, whose work counts as this run's, and its agent."""
        assert env.plugin is not None
        given = settings.split(stage.words)
        knobs = {name: getattr(env.config, name) for name in type(env.config).__dataclass_fields__}
        knobs |= {name[4:].replace("-", "_"): value for name, value in given.items() if name.startswith("env.")}
        plain = {name[6:]: value for name, value in given.items() if name.startswith("agent.")}
        arena = env.plugin.make(1, settings.build(type(env.config), knobs, env.plugin.name))
        arena.meter = env.meter
        kind = registry.find_agent(stage.agent, env.plugin.name).get()
        agent: Agent = kind(settings.build(kind.Config, plain, stage.agent, "agent"), self.device, seed)
        agent.bind(arena)
        return arena, agent

    def perform(self, env: SearchEnv, stage: Stage, seed: int) -> Run:
        """Run one stage to its end."""
        arena, agent = self.prepare(env, stage, seed)
        kind = (stage.agent, type(arena))
        if kind not in self._warm:  # compiled when its turn comes, which for most problems it never does
            self._warm.add(kind)
            with self.budget.paused() if self.budget else nullcontext():
                warm_up(arena, agent)
        budget = Budget(
            Limit("evaluations", env.meter.evaluations + stage.evaluations, ""), until_solved=True, within=self.budget
        )
        run = Run(arena, agent, stage.agent, budget)
        budget.start(arena.meter)
        agent.solve(arena, [None], run, budget)
        return run

    def smallest(self, env: SearchEnv, stage: Stage, best: Solution, seed: int) -> Solution:
        """The solution without what it does not need, and then the same search for less, as long as that succeeds."""
        assert env.plugin is not None
        shrink = env.plugin.get("shrink") if env.plugin.shrink is not None else lambda solution, config: solution
        best, waiting = shrink(best, env.config), stage.smaller(best) if stage.smaller else []
        while waiting and not (self.budget is not None and self.budget.urgent):
            stage = waiting.pop(0)
            run = self.perform(env, stage, seed)
            if run.best is not None and run.budget.solved:
                best = shrink(run.best, env.config)
                waiting = stage.smaller(best) if stage.smaller else []
        return best


PLUGIN = AgentPlugin("refute", Refute, "the family's searches in turn, until one succeeds", learns=False)
