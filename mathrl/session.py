"""From a setup to its outcome: `train` and `solve`, in Python as on the command line.

Setup -> SearchEnv + Agent -> Run -> Outcome
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mathrl import settings
from mathrl.agent import Agent
from mathrl.budget import Budget, Limit
from mathrl.env import SearchEnv, Streams
from mathrl.errors import MathrlError
from mathrl.executors import Executor, Inline, Processes, Spec, count
from mathrl.progress import Progress
from mathrl.runs import Config, RunFolder, moved, read_config
from mathrl.setup import Setup, read_words
from mathrl.solution import Solution, Verdict
from mathrl.training import Find, Run, stopping_by_signal, warm_up

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
class Part:
    """One piece of a bench: of how many instances solutions are verified, and the number of the first one."""

    checked: int
    first: int
    warm: bool = True  # whether anything is left to compile


@dataclass(frozen=True)
class Outcome:
    """What came of a run: solutions with their verdicts, why it ended, where it lies.

    `solutions` has the best of each instance, in order, without those for which nothing was found; `history` has each
    instance's new bests as (evaluations, seconds, value), `ends` the (evaluations, seconds) of every generation, and
    `notes` what the agent had to say, such as what it exhausted.
    """

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
    history: tuple[tuple[Find, ...], ...] = ()
    ends: tuple[tuple[int, float], ...] = ()
    verb: str = "solve"
    notes: tuple[str, ...] = ()
    warning: str = ""  # of a shipped model on instances that it was not made for

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
    device, run) are settings of the environment. An old folder as `run` is continued, by default to its own budget.
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
    if setup.named:
        raise MathrlError(f"train draws its instances from {setup.env.name}; '{setup.named[0]}' is for mathrl solve")
    stored = _stored(options.run)
    budget = options.budget or stored.get("budget") or DEFAULT_BUDGET
    return Session(setup, "train", replace(options, budget=budget, until=options.until or stored.get("until"))).run()


def solve_setup(setup: Setup, options: Options, part: Part | None = None) -> Outcome:
    """Solve, until solved unless `options.until` says otherwise; `options.run`, if any, is the run folder."""
    stored = _stored(options.run)
    budget = options.budget or stored.get("budget") or (DEFAULT_BUDGET if setup.searches else None)
    until = options.until or stored.get("until") or "solved"
    return Session(setup, "solve", replace(options, budget=budget, until=until), part).run()


def _stored(path: Path | None) -> dict[str, Any]:
    """The table run of an old run folder; empty for a new one."""
    return read_config(path)["run"] if path is not None and path.exists() else {}


@dataclass(frozen=True)
class Session:
    """One run from its settings to its outcome: folder, environment, agent, workers, clock, signals."""

    setup: Setup
    verb: str
    options: Options
    part: Part | None = None

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
            old = stack.enter_context(closing(self._old(options.run))) if options.run and options.run.exists() else None
            if options.announce and setup.env.statement:
                options.announce(setup.env.get("statement")(setup.env_config))
            instances = self._instances(env)
            self._say(instances)
            if hasattr(env, "expect"):
                env.expect(instances)
            if self.part is None or self.part.warm:
                warm_up(env, agent)
            executor: Executor = Inline(agent, env) if number == 1 else _processes(setup, number, agent, env)
            stack.callback(executor.close)
            executor.wait()
            folder = old
            if folder is None and (options.run or self.verb == "train"):  # so late that what cannot run leaves nothing
                folder = stack.enter_context(closing(self._new(options.run)))
            progress = None if options.quiet else Progress(f"{self.verb} {setup.env.name} {setup.agent.name}")
            if progress:
                stack.callback(progress.close)
            run = Run(
                env, agent, setup.agent.name, budget, folder, executor, progress, len(instances),
                **({} if self.part is None else {"checked": self.part.checked, "offset": self.part.first}),
            )  # fmt: skip
            before = run.resume() if folder else 0.0
            budget.start(env.meter, before)
            if not budget.spent and not run.done:
                if old:
                    self._continue(old)
                self._work(run, instances, budget)
                run.save(finished=None if budget.signal else _reason(budget))
            return _outcome(setup, self.verb, run, budget, setup.warning(instances))

    def _say(self, instances: Sequence[Any]) -> None:
        """What the readers of the named instances did to them, and whether a shipped model was made for others."""
        setup, options = self.setup, self.options
        remarks = setup.env.get("remarks")(instances) if setup.named and setup.env.remarks else []
        if options.announce and remarks:
            options.announce(remarks)
        warning = setup.warning(instances)
        if warning and not options.quiet:
            print(f"mathrl: {warning}", file=sys.stderr, flush=True)

    def _work(self, run: Run, instances: Sequence[Any], budget: Budget) -> None:
        if self.verb == "train":
            run.agent.train(run.env, run, budget)
        elif self.setup.trained:  # a trained policy acts, once and greedily; it does not search or go on learning
            run.agent.sweep(run.env, instances, run)
        else:
            run.agent.solve(run.env, instances, run, budget)

    def _instances(self, env: SearchEnv) -> Sequence[Any]:
        """Those named, or one drawn of the family's distribution."""
        given = self.setup.instances
        return env.draw(Streams.of(self.options.seed, 1)) if given[0] is None else given

    def _tables(self) -> Config:
        """What config.toml is to say."""
        options, tables = self.options, self.setup.tables(self.options.seed)
        tables["run"].update(verb=self.verb, budget=options.budget or "none", until=options.until or "none")
        return tables

    def _new(self, path: Path | None) -> RunFolder:
        """A new run folder, below runs/ if it was not given a path."""
        tables = self._tables()
        tables["run"]["begun"] = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        if path is not None:
            return RunFolder.create(path, tables)
        return RunFolder.create_named(self.setup.env.name, self.setup.agent.name, self.options.seed, tables)

    def _continue(self, folder: RunFolder) -> None:
        """Note the budget, and say so if the numbers may differ from those of one uninterrupted run."""
        folder.allow(self.options.budget or "none")
        changes = moved(folder.path)
        if changes and not self.options.quiet:
            said = f"{folder.path} was begun with {changes}; it continues, but not bit for bit"
            print(f"mathrl: {said}", file=sys.stderr, flush=True)

    def _old(self, path: Path) -> RunFolder:
        """An old run folder of the same settings; MathrlError if they differ."""
        options, tables, stored = self.options, self._tables(), read_config(path)
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
        for name, what in (("instances", "the instances"), ("trained", "the trained agent"), ("verb", "mathrl")):
            before, now = (_listed(one["run"].get(name, tables["run"][name])) for one in (stored, tables))
            if before != now:
                raise MathrlError(f"{path} was begun with {what} {before}, not {now}; choose another folder")
        return RunFolder.open(path)


def _reason(budget: Budget) -> str:
    return "signal" if budget.signal else "solved" if budget.solved else "budget" if budget.exhausted else "done"


def _listed(value: Any) -> str:
    return (", ".join(map(str, value)) if isinstance(value, list) else str(value)) or "(none)"


def _outcome(setup: Setup, verb: str, run: Run, budget: Budget, warning: str) -> Outcome:
    verdicts = [run.verdicts[slot] for slot in sorted(run.verdicts)]
    return Outcome(
        setup, run.solutions, verdicts, _reason(budget), budget.evaluations, budget.seconds, run.generation,
        run.folder.path if run.folder else None, budget.signal, tuple(run.refused), tuple(map(tuple, run.history)),
        tuple(run.ends), verb, tuple(run.notes), warning,
    )  # fmt: skip


def _processes(setup: Setup, number: int, agent: Agent, env: SearchEnv) -> Processes:
    spec = Spec(
        setup.env.name, asdict(setup.env_config), setup.agent.name, asdict(setup.agent_config), agent.seed, setup.files
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
