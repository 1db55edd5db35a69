"""From a setup to its outcome: `train` and `solve`, in Python as on the command line.

Setup -> SearchEnv + Agent -> Run -> Outcome
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mathrl import settings
from mathrl.agent import Agent
from mathrl.budget import Budget, Limit
from mathrl.env import SearchEnv, Streams
from mathrl.errors import MathrlError
from mathrl.executors import Executor, Inline, Processes, Spec, count
from mathrl.progress import Progress
from mathrl.runs import RunFolder, fresh_path, read_config
from mathrl.setup import Setup, read_words
from mathrl.solution import Solution, Verdict
from mathrl.training import Run, stopping_by_signal, warm_up

DEFAULT_BUDGET = "60s"


@dataclass(frozen=True)
class Options:
    """How to run, whatever is run: the options that the command line calls --budget, --until, --seed and so on."""

    budget: str | None = None
    until: str | None = None
    seed: int = 0
    workers: str | int = 1
    device: str = "auto"
    run: Path | None = None
    quiet: bool = True
    announce: Callable[[list[str]], None] | None = None  # told the problem as it was read


@dataclass(frozen=True)
class Outcome:
    """What came of a run: solutions (the best of each instance), their verdicts, why it ended, where it lies."""

    setup: Setup
    solutions: list[Solution]
    verdicts: list[Verdict]
    reason: str  # "solved", "budget", "done", "signal"
    evaluations: int
    seconds: float
    generations: int
    path: Path | None = None
    signal: int | None = None
    refused: tuple[str, ...] = ()
    history: tuple[tuple[int, float, float], ...] = ()

    @property
    def best(self) -> Solution | None:
        return self.solutions[0] if self.solutions else None

    @property
    def exit_code(self) -> int:
        """0, or after a signal 130 (Ctrl-C) or 75 (try again: the run can be continued)."""
        return 0 if self.signal is None else 130 if self.signal == signal.SIGINT else 75

    def __iter__(self) -> Any:
        return iter(self.solutions)

    def __len__(self) -> int:
        return len(self.solutions)

    def __getitem__(self, index: int) -> Solution:
        return self.solutions[index]

    def _repr_svg_(self) -> str:
        return self.best._repr_svg_() if self.best else ""


def train(env: str, agent: str, *words: str, knobs: Mapping[str, Any] | None = None, **options: Any) -> Outcome:
    """Train an agent in a run folder: `mathrl.train("graphs", "cem", "agent.mode=tabular", n=19, until="solved")`.

    `words` are those of the command line; keyword arguments that are not `Options` (budget, until, seed, workers,
    device, run) are settings of the environment.
    """
    chosen, own = _options(options, knobs)
    return train_setup(read_words(env, words, own, agent=agent), chosen)


def solve(env: str, *words: str, knobs: Mapping[str, Any] | None = None, **options: Any) -> Outcome:
    """The best object found: `mathrl.solve("graphs", "wagner-2.1", n=19)`; the words are those of the command line.

    A search ends when the problem is solved or its budget (60 s unless given) is spent. Keyword arguments that are not
    `Options` are settings of the environment.
    """
    chosen, own = _options(options, knobs)
    return solve_setup(read_words(env, words, own), chosen)


def train_setup(setup: Setup, options: Options) -> Outcome:
    """Train in the folder `options.run`, which is continued if it exists, or in a fresh one below runs/."""
    if not setup.agent.learns:
        raise MathrlError(f"{setup.agent.name} does not learn; try: mathrl solve {setup.env.name} {setup.agent.name}")
    path = options.run or fresh_path(setup.env.name, setup.agent.name, options.seed)
    return Session(setup, "train", replace(options, run=path, budget=options.budget or DEFAULT_BUDGET)).run()


def solve_setup(setup: Setup, options: Options) -> Outcome:
    """Solve, until solved unless `options.until` says otherwise; `options.run`, if any, is the run folder."""
    searches = setup.trained is None and (setup.agent.learns or setup.agent.get().searches)
    budget = options.budget or (DEFAULT_BUDGET if searches else None)
    return Session(setup, "solve", replace(options, budget=budget, until=options.until or "solved")).run()


@dataclass(frozen=True)
class Session:
    """One run from its settings to its outcome: folder, environment, agent, workers, clock, signals."""

    setup: Setup
    verb: str
    options: Options

    def run(self) -> Outcome:
        """Begin or continue the run; everything opened is closed whatever happens."""
        setup, options = self.setup, self.options
        if options.until not in (None, "solved", "budget", "none"):
            raise MathrlError(f"--until takes 'solved' or 'budget', not '{options.until}'")
        if not 0 <= options.seed < 2**63:
            raise MathrlError(f"--seed must be a whole number from 0, below 2^63, not {options.seed}")
        limit = Limit.parse(options.budget) if options.budget and options.budget != "none" else None
        budget, number = Budget(limit, until_solved=options.until == "solved"), count(options.workers)
        env, agent = setup.build(options.device, options.seed)
        with ExitStack() as stack:
            stack.enter_context(stopping_by_signal(budget))
            old = options.run is not None and options.run.exists()
            folder = stack.enter_context(closing(self._folder(options.run))) if options.run and old else None
            if options.announce and setup.env.statement:
                options.announce(setup.env.get("statement")(setup.env_config))
            warm_up(env, agent)
            executor: Executor = Inline(agent, env) if number == 1 else _processes(setup, number, agent, env)
            stack.callback(executor.close)
            executor.wait()
            if options.run and not old:  # as late as this, so that what cannot run leaves nothing behind
                folder = stack.enter_context(closing(self._folder(options.run)))
            progress = None if options.quiet else Progress(f"{self.verb} {setup.env.name} {setup.agent.name}")
            if progress:
                stack.callback(progress.close)
            run = Run(env, agent, setup.agent.name, budget, folder, executor, progress)
            before = run.resume() if folder else 0.0
            budget.start(env.meter, before)
            if not budget.spent and not run.done:
                self._work(run, budget)
                run.save(finished=None if budget.signal else _reason(budget))
            return _outcome(setup, run, budget, options.run)

    def _work(self, run: Run, budget: Budget) -> None:
        if self.verb == "train":
            run.agent.train(run.env, run, budget)
        elif self.setup.trained:  # a trained policy acts, once and greedily; it does not search or go on learning
            run.agent.sweep(run.env, self._instances(run), run)
        else:
            run.agent.solve(run.env, self._instances(run), run, budget)

    def _instances(self, run: Run) -> Sequence[Any]:
        """Those named, or one drawn of the family's distribution."""
        named = self.setup.instances
        return run.env.draw(Streams.of(self.options.seed, 1)) if named == (None,) else named

    def _folder(self, path: Path) -> RunFolder:
        """The run folder: a new one, or an old one of the same settings; MathrlError if they differ."""
        options = self.options
        tables = self.setup.tables(options.seed)
        if not path.exists():
            begun = time.strftime("%Y-%m-%dT%H:%M:%S%z")
            tables["run"].update(
                verb=self.verb, budget=options.budget or "none", until=options.until or "none", begun=begun
            )
            return RunFolder.create(path, tables)
        stored = read_config(path)
        for table in ("env", "agent"):
            for name, value in tables[table].items():
                if stored[table].get(name, value) != value:
                    old = settings.show(stored[table][name])
                    raise MathrlError(
                        f"{path} was begun with {table}.{name}={old}, not {settings.show(value)}; choose another folder"
                    )
        if stored["run"].get("seed", options.seed) != options.seed:
            raise MathrlError(
                f"{path} was begun with seed {stored['run']['seed']}, not {options.seed}; choose another folder"
            )
        return RunFolder.open(path)


def _reason(budget: Budget) -> str:
    return "signal" if budget.signal else "solved" if budget.solved else "budget" if budget.exhausted else "done"


def _outcome(setup: Setup, run: Run, budget: Budget, path: Path | None) -> Outcome:
    verdicts = [run.verdicts[slot] for slot in sorted(run.verdicts)]
    return Outcome(
        setup, run.solutions, verdicts, _reason(budget), budget.evaluations, budget.seconds, run.generation, path,
        budget.signal, tuple(run.refused), tuple(run.history),
    )  # fmt: skip


def _processes(setup: Setup, number: int, agent: Agent, env: SearchEnv) -> Processes:
    spec = Spec(
        setup.env.name, setup.env_config, setup.agent.name, setup.agent_config, agent.seed, setup.files
    )  # fmt: skip
    return Processes(number, spec, agent, env)


def _options(options: Mapping[str, Any], knobs: Mapping[str, Any] | None) -> tuple[Options, dict[str, Any]]:
    """Keyword arguments parted into options of the run and settings of the environment."""
    names = Options.__dataclass_fields__.keys()
    chosen = {name: value for name, value in options.items() if name in names}
    if chosen.get("run") is not None:
        chosen["run"] = Path(chosen["run"])
    own = {name: value for name, value in options.items() if name not in names}
    return Options(**chosen), own | dict(knobs or {})
