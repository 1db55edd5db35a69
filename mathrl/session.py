"""From words to a run: `train` and `solve`, in Python as on the command line.

words -> settings -> registry -> SearchEnv + Agent -> Run -> Outcome
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mathrl import checkpoint, registry, settings
from mathrl.agent import Agent
from mathrl.budget import Budget, Limit
from mathrl.env import SearchEnv, Streams
from mathrl.errors import MathrlError, canonical, unknown
from mathrl.executors import Executor, Inline, Processes, Spec, count
from mathrl.progress import Progress
from mathrl.registry import AgentPlugin, EnvPlugin
from mathrl.runs import Config, RunFolder, fresh_path, read_config, read_toml
from mathrl.solution import Solution, Verdict
from mathrl.training import Run, stopping_by_signal, warm_up

DEFAULT_BUDGET = "60s"


@dataclass(frozen=True)
class Setup:
    """A problem and who works on it: plug-ins, typed settings, instances; `trained`: a trained agent's run folder."""

    env: EnvPlugin
    env_config: Any
    agent: AgentPlugin
    agent_config: Any
    instances: tuple[Any, ...] = (None,)
    trained: Path | None = None

    def tables(self, seed: int) -> Config:
        """The tables env, agent and run of config.toml."""
        return {
            "env": {"name": self.env.name, **_plain(self.env_config)},
            "agent": {"name": self.agent.name, **_plain(self.agent_config)},
            "run": {"seed": seed, "files": list(self.files)},
        }

    @property
    def files(self) -> tuple[str, ...]:
        """The user's files that this setup needs: its environment's, its agent's, its reward's."""
        reward = registry.reward_file(self.env.name, str(getattr(self.env_config, "reward", "")))
        return tuple(dict.fromkeys(file for file in (self.env.origin, self.agent.origin, reward) if file))

    def build(self, device: str, seed: int) -> tuple[SearchEnv, Agent]:
        """The environment with one row, and the agent bound to it."""
        env = self.env.make(1, self.env_config)
        if device not in ("auto", "cpu"):  # also an agent without a network must not run elsewhere than was said
            from mathrl.nets import pick_device

            pick_device(device)
        agent = self.agent.get()(self.agent_config, device=device, seed=seed)
        agent.bind(env)
        if self.trained:
            agent.restore(checkpoint.load(self.trained / "checkpoint")["agent"])
        return env, agent


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


def read_words(
    env: str, words: Sequence[str], knobs: Mapping[str, Any] | None = None, base: Config | None = None, agent: str = ""
) -> Setup:
    """The setup that `words` describe: an agent, a reward or formula, instances, settings like `env.x=` and `reward=`.

    `knobs` are typed settings of the environment (Python's keyword arguments), `base` a stored configuration that the
    words may add to; without an agent the family's own solver is taken.
    """
    base = base or {"env": {}, "agent": {}, "run": {}}
    plugin = registry.find_env(env)
    given = settings.split(word for word in words if settings.is_setting(word))
    free = [word for word in words if not settings.is_setting(word)]
    env_settings: dict[str, Any] = {canonical(name): value for name, value in (knobs or {}).items()}
    agent_settings: dict[str, Any] = {}
    for name, value in given.items():
        table, _, key = name.partition(".")
        if name == "reward":
            env_settings["reward"] = value
        elif table == "env" and key:
            env_settings[key] = value
        elif table == "agent" and key:
            agent_settings[key] = value
        else:
            raise MathrlError(f"'{name}' is not a setting; write env.{name}=... or agent.{name}=...")
    instances = []
    for word in free:
        if settings.is_formula(word) or _is_reward(plugin, word):
            env_settings["reward"] = word
        elif not agent and _is_agent(word):
            agent = word
        else:
            instances.append(word)
    stored_env, stored_agent = _stored(base["env"]), _stored(base["agent"])
    if not agent:
        agent = base["agent"].get("name", "")
    if not agent:
        solver, *defaults = plugin.solver.split()
        agent = solver
        for word in defaults:
            table, key = word.split("=")[0].split(".")
            (stored_env if table == "env" else stored_agent)[key] = word.split("=", 1)[1]
    trained = None
    if Path(agent).is_dir():
        trained = Path(agent)
        config = read_config(trained)
        if config["env"]["name"] != plugin.name:
            raise MathrlError(f"{agent} was trained on {config['env']['name']}, not on {plugin.name}")
        agent, stored_env, stored_agent = config["agent"]["name"], _stored(config["env"]), _stored(config["agent"])
    found = registry.find_agent(agent, plugin.name)
    reward = str(env_settings.get("reward", ""))
    if reward.endswith(".py"):
        env_settings["reward"] = registry.load_reward(reward, plugin.name)
    env_config = settings.build(plugin.get("config"), {**stored_env, **env_settings}, plugin.name)
    agent_config: Any = settings.build(found.get().Config, {**stored_agent, **agent_settings}, found.name, "agent")
    if instances and plugin.instances is None:
        raise _not_a_word(instances[0], plugin)
    read = (
        tuple(one for word in instances for one in plugin.get("instances")(word, env_config)) if instances else (None,)
    )
    return Setup(plugin, env_config, found, agent_config, read, trained)


def train(env: str, agent: str, *words: str, knobs: Mapping[str, Any] | None = None, **options: Any) -> Outcome:
    """Train an agent in a run folder: `mathrl.train("graphs", "cem", "agent.mode=tabular", n=19, until="solved")`.

    `words` are those of the command line; keyword arguments that are not options of `train_setup` (budget, until, seed,
    workers, device, run) are settings of the environment.
    """
    chosen, own = _options(options, knobs)
    return train_setup(read_words(env, words, own, agent=agent), **chosen)


def solve(env: str, *words: str, knobs: Mapping[str, Any] | None = None, **options: Any) -> Outcome:
    """The best object found: `mathrl.solve("graphs", "wagner-2.1", n=19)`; the words are those of the command line.

    A search ends when the problem is solved or its budget (60 s unless given) is spent. Keyword arguments that are not
    options of `solve_setup` are settings of the environment.
    """
    chosen, own = _options(options, knobs)
    return solve_setup(read_words(env, words, own), **chosen)


Announce = Callable[[list[str]], None]
OPTIONS = ("budget", "until", "seed", "workers", "device", "run", "quiet", "announce")


def train_setup(
    setup: Setup,
    budget: str | None = DEFAULT_BUDGET,
    until: str | None = None,
    seed: int = 0,
    workers: str | int = 1,
    device: str = "auto",
    run: str | Path | None = None,
    quiet: bool = True,
    announce: Announce | None = None,
) -> Outcome:
    """Train in the folder `run`, which is continued if it exists, or in a fresh one below runs/."""
    if not setup.agent.learns:
        raise MathrlError(f"{setup.agent.name} does not learn; try: mathrl solve {setup.env.name} {setup.agent.name}")
    path = Path(run) if run else fresh_path(setup.env.name, setup.agent.name, seed)
    return Session(setup, "train", budget, until, seed, workers, device, path, quiet, announce).run()


def solve_setup(
    setup: Setup,
    budget: str | None = None,
    until: str | None = "solved",
    seed: int = 0,
    workers: str | int = 1,
    device: str = "auto",
    run: str | Path | None = None,
    quiet: bool = True,
    announce: Announce | None = None,
) -> Outcome:
    """Solve; a run folder is kept only if `run` names one."""
    if budget is None and setup.trained is None and (setup.agent.learns or setup.agent.get().searches):
        budget = DEFAULT_BUDGET
    return Session(
        setup, "solve", budget, until, seed, workers, device, Path(run) if run else None, quiet, announce
    ).run()


def from_config(config: Config, words: Sequence[str] = ()) -> Setup:
    """The setup of a stored or written configuration, with `words` on top (which may repeat its env and agent).

    Files that it names are not imported unless a word names them too: nothing that is read can execute code.
    """
    env, agent = config["env"]["name"], config["agent"]["name"]
    for word in words:
        if word.endswith(".py") and not settings.is_setting(word):
            registry.load_file(word)
    rest = [
        word for word in words if word not in (env, agent) and (settings.is_setting(word) or not word.endswith(".py"))
    ]
    for file in config["run"].get("files", []):
        if file not in registry.files():
            raise MathrlError(f"this run used the file {file}; name it with --load to let its code run")
    return read_words(env, rest, base=config)


def from_file(file: Path, words: Sequence[str] = ()) -> tuple[Setup, dict[str, Any]]:
    """The setup of `--config FILE.toml` with `words` on top, and its table run."""
    config = read_toml(file)
    return from_config(config, words), config["run"]


def from_folder(path: Path, words: Sequence[str] = ()) -> tuple[Setup, dict[str, Any]]:
    """The setup of an existing run folder, and its table run; `words` may only repeat what it was begun with."""
    config = read_config(path)
    return from_config(config, words), config["run"]


@dataclass(frozen=True)
class Session:
    """One run from its settings to its outcome: folder, environment, agent, workers, clock, signals."""

    setup: Setup
    verb: str
    budget: str | None
    until: str | None
    seed: int
    workers: str | int
    device: str
    path: Path | None
    quiet: bool
    announce: Announce | None = None

    def run(self) -> Outcome:
        """Begin or continue the run; everything opened is closed whatever happens."""
        if self.until not in (None, "solved", "budget", "none"):
            raise MathrlError(f"--until takes 'solved' or 'budget', not '{self.until}'")
        if not 0 <= self.seed < 2**63:
            raise MathrlError(f"--seed must be a whole number from 0, below 2^63, not {self.seed}")
        limit = Limit.parse(self.budget) if self.budget and self.budget != "none" else None
        budget, number = Budget(limit, until_solved=self.until == "solved"), count(self.workers)
        setup = self.setup
        env, agent = setup.build(self.device, self.seed)  # before the folder, so that bad settings leave nothing behind
        with ExitStack() as stack:
            stack.enter_context(stopping_by_signal(budget))
            old = self.path is not None and self.path.exists()
            folder = stack.enter_context(closing(self._folder(self.path))) if self.path and old else None
            if self.announce and setup.env.statement:
                self.announce(setup.env.get("statement")(setup.env_config))
            warm_up(env, agent)
            executor: Executor = Inline(agent, env) if number == 1 else _processes(setup, number, agent, env)
            stack.callback(executor.close)
            progress = (
                None
                if self.quiet
                else stack.enter_context(closing(Progress(f"{self.verb} {setup.env.name} {setup.agent.name}")))
            )
            executor.wait()
            if self.path and not old:  # as late as this, so that what cannot run leaves nothing behind
                folder = stack.enter_context(closing(self._folder(self.path)))
            run = Run(env, agent, setup.agent.name, budget, folder, executor, progress)
            before = run.resume() if folder else 0.0
            budget.start(env.meter, before)
            if not budget.spent and not run.done:
                self._work(run, budget)
                run.save(finished=None if budget.signal else _reason(budget))
            return _outcome(setup, run, budget, self.path)

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
        return run.env.draw(Streams.of(self.seed, 1)) if named == (None,) else named

    def _folder(self, path: Path) -> RunFolder:
        """The run folder: a new one, or an old one of the same settings; MathrlError if they differ."""
        tables = self.setup.tables(self.seed)
        if not path.exists():
            begun = time.strftime("%Y-%m-%dT%H:%M:%S%z")
            tables["run"].update(verb=self.verb, budget=self.budget or "none", until=self.until or "none", begun=begun)
            return RunFolder.create(path, tables)
        stored = read_config(path)
        for table in ("env", "agent"):
            for name, value in tables[table].items():
                if stored[table].get(name, value) != value:
                    old = settings.show(stored[table][name])
                    raise MathrlError(
                        f"{path} was begun with {table}.{name}={old}, not {settings.show(value)}; choose another folder"
                    )
        if stored["run"].get("seed", self.seed) != self.seed:
            raise MathrlError(
                f"{path} was begun with seed {stored['run']['seed']}, not {self.seed}; choose another folder"
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


def _options(options: Mapping[str, Any], knobs: Mapping[str, Any] | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Keyword arguments parted into options of the run and settings of the environment."""
    chosen = {name: value for name, value in options.items() if name in OPTIONS}
    return chosen, {name: value for name, value in options.items() if name not in OPTIONS} | dict(knobs or {})


def _plain(config: Any) -> dict[str, Any]:
    """A config's knobs as TOML holds them."""
    values = {canonical(one.name): getattr(config, one.name) for one in fields(config)}
    return {
        name: "none" if value is None else list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
    }


def _stored(table: Mapping[str, Any]) -> dict[str, Any]:
    return {canonical(name): value for name, value in table.items() if name != "name"}


def _is_agent(word: str) -> bool:
    try:
        registry.find_agent(word)
    except MathrlError:
        return Path(word).is_dir()
    return True


def _is_reward(plugin: EnvPlugin, word: str) -> bool:
    if plugin.rewards is None:
        return False
    return canonical(word) in {
        canonical(name) for entry in plugin.get("rewards")() for name in (entry.name, *entry.aliases)
    }


def _not_a_word(word: str, plugin: EnvPlugin) -> MathrlError:
    names = [*registry.agents(), *((entry.name for entry in plugin.get("rewards")()) if plugin.rewards else ())]
    return unknown(
        word,
        f"an agent, a reward or a setting for {plugin.name}",
        names,
        "settings look like env.n=19; a formula has a comparison or begins with maximise: and is quoted",
    )
