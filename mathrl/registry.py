"""Plug-ins: what an environment family and an agent tell the core about themselves, and how they are found.

A plug-in is a module with a name PLUGIN: an EnvPlugin, an AgentPlugin, or a list of them. Modules come from the
packages mathrl.envs and mathrl.agents, from the entry-point groups of the same names, and from any `path/to/file.py`
given where a name is expected. What is heavy in a plug-in may be a string "module:attribute", imported when it is used.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import pkgutil
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from mathrl.errors import MathrlError, canonical, unknown

if TYPE_CHECKING:
    from mathrl.agent import Agent
    from mathrl.env import SearchEnv
    from mathrl.solution import Verdict

Lazy = Any  # an object, or the string "module:attribute" of one


@dataclass(frozen=True)
class RewardEntry:
    """A line of `mathrl list rewards`."""

    name: str
    summary: str
    status: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class EnvPlugin:
    """An environment family.

    `env`: the SearchEnv class, or a function (config) -> class when the class depends on the settings. `config`: its
    frozen dataclass of knobs. `verify`: record -> Verdict, independent of the environment. The rest is optional.
    """

    name: str
    env: Lazy
    config: Lazy
    verify: Lazy
    summary: str = ""
    confirm: Lazy = None  # (record, verdict) -> Verdict: second opinions, which only `mathrl verify` asks for
    solver: str = (
        "random"  # the agent of `mathrl solve` when none is named, with its settings: "cem agent.mode=tabular"
    )
    remarks: Lazy = None  # instances -> list[str]: what is to be said of those that a user named
    lines: Lazy = None  # record -> list[str]: a solution in words, where its fields are not
    draw: Lazy = None  # (record, path) -> path
    svg: Lazy = None  # record -> str
    sheet: Lazy = None  # (records, path) -> path: a contact sheet of several solutions
    key: Lazy = None  # record -> str, equal for solutions that are the same object up to names
    exports: Mapping[str, Lazy] = field(default_factory=dict)  # format -> (record -> str)
    rewards: Lazy = None  # () -> list[RewardEntry]
    reward_kinds: Lazy = None  # name of a new function reward, function -> None; what @mathrl.reward calls
    instances: Lazy = None  # (word, config) -> list of instances: a name, a distribution, a file
    statement: Lazy = None  # config -> list[str]: the problem as it was read
    score: Lazy = None  # (config, lines, source, prove) -> iterator of {"id", "score", "proved"}
    hints: tuple[str, ...] = ()  # what to try after a success, shown by the command line
    misses: tuple[str, ...] = ()  # what to try after a failure
    portfolio: Lazy = None  # (config, round) -> list of portfolio.Stage: the searches that `refute` runs
    shrink: Lazy = None  # (solution, config) -> solution: without what it does not need to solve the problem
    listings: Mapping[str, Lazy] = field(default_factory=dict)  # e.g. "invariants" -> () -> list[RewardEntry]
    agents: tuple[AgentPlugin, ...] = ()  # its own hand-made strategies and exact methods
    pretrained: Lazy = None  # (name, config) -> path of a folder made by shipping.ship; the name "" is its default
    in_range: Lazy = None  # (path, config, instances) -> "", or what is to be said of a model not made for them
    cost: str | Mapping[str, str] = ""  # what -value counts ("additions"), or reward -> that
    agent_knobs: tuple[str, ...] = ()  # knobs of what an agent sees and where it learned, not of what is to be solved
    origin: str = ""  # the file it came from, when it was given by path

    def get(self, attribute: str) -> Any:
        """The attribute, imported if it was given as a string."""
        return resolve(getattr(self, attribute))

    def make(self, num_envs: int, config: Any, **options: Any) -> SearchEnv:
        """The environment with `num_envs` rows."""
        env = self.get("env")
        if not isinstance(env, type):
            env = env(config)
        made: SearchEnv = env(num_envs, config, **options)
        made.plugin = self
        return made

    def check(self, record: Mapping[str, Any]) -> Verdict:
        """The independent verdict on a solution's record; a verifier that fails on it has not accepted it."""
        from mathrl.solution import Verdict

        try:
            verdict: Verdict = self.get("verify")(record)
        except MathrlError as error:
            return Verdict(False, False, str(error))
        except Exception as error:  # a record may hold anything, and a user's verifier may trip over it
            return Verdict(False, False, f"the record cannot be checked: {type(error).__name__}: {error}")
        return verdict

    def agent(self, name: str) -> AgentPlugin | None:
        """Its own agent of that name."""
        return next((one for one in self.agents if canonical(one.name) == canonical(name)), None)

    def cost_name(self, reward: str) -> str:
        """What minus the value counts under a reward; empty if values are shown as they are."""
        return self.cost if isinstance(self.cost, str) else self.cost.get(reward, "")

    def identity(self, record: Mapping[str, Any]) -> str:
        """What the records of one and the same object share, by `key` or by what the solution holds."""
        if self.key:
            return str(self.get("key")(record))
        return json.dumps(
            {name: part for name, part in record["solution"].items() if name != "certificate"}, sort_keys=True
        )

    def draw_svg(self, record: Mapping[str, Any]) -> str:
        """The picture of a solution as SVG text; empty if the family draws nothing."""
        return str(self.get("svg")(record)) if self.svg else ""


@dataclass(frozen=True)
class AgentPlugin:
    """An agent: learning, hand-made, a search or an exact method. `envs` restricts it to some families."""

    name: str
    agent: Lazy
    summary: str = ""
    learns: bool = True
    envs: tuple[str, ...] = ()
    origin: str = ""

    def get(self) -> type[Agent]:
        agent: type[Agent] = resolve(self.agent)
        return agent


def resolve(thing: Lazy) -> Any:
    """The object itself, or the one that "module:attribute" names."""
    if isinstance(thing, str):
        module, _, attribute = thing.partition(":")
        return getattr(importlib.import_module(module), attribute)
    return thing


Group = Literal["envs", "agents"]
_kinds: dict[Group, type] = {"envs": EnvPlugin, "agents": AgentPlugin}
_found: dict[Group, dict[str, Any]] = {"envs": {}, "agents": {}}
_files: dict[Path, ModuleType] = {}
_scanned: set[str] = set()
_broken: dict[Group, dict[str, str]] = {"envs": {}, "agents": {}}  # module or entry point -> why it has no plug-in
_rewards: list[tuple[str, str, Path | None]] = []  # (family, name, file) of every function reward
_loading: list[Path] = []  # the files being imported


def envs() -> dict[str, EnvPlugin]:
    """Every environment family that can be found, by name."""
    return _all("envs")


def agents() -> dict[str, AgentPlugin]:
    """Every agent that can be found, by name."""
    return _all("agents")


def broken(group: Group) -> dict[str, str]:
    """What is installed but cannot be imported: its name and why."""
    _all(group)
    return dict(_broken[group])


def find_env(name: str) -> EnvPlugin:
    """The family of that name, or in that `path/to/file.py`; MathrlError with the nearest name otherwise."""
    plugin: EnvPlugin = _find("envs", name, "an environment")
    return plugin


def find_agent(name: str, env: str = "") -> AgentPlugin:
    """The agent of that name, the family's own before others, or the one in that file.

    MathrlError also when it is not made for the family `env`.
    """
    family: EnvPlugin | None = None
    with suppress(MathrlError):  # a name alone is enough to look up what an agent is made for
        family = find_env(env) if env else None
    if family and (own := family.agent(name)):
        return own
    try:
        plugin: AgentPlugin = _find("agents", name, "an agent", agent_names(family) if family else ())
    except MathrlError:
        homes = [] if name.endswith(".py") else [one.name for one in envs().values() if one.agent(name)]
        if homes:
            raise MathrlError(_made_for(name, homes, env)) from None
        raise
    if env and plugin.envs and env not in plugin.envs:
        raise MathrlError(_made_for(plugin.name, plugin.envs, env))
    return plugin


def agent_names(family: EnvPlugin) -> list[str]:
    """Every word that names an agent of this family: its own, those for all, and `pretrained` if it ships a model."""
    general = [one.name for one in agents().values() if not one.envs or family.name in one.envs]
    own = [one.name for one in family.agents]
    return [*dict.fromkeys([*own, *general]), *["pretrained"] * (family.pretrained is not None)]


def _made_for(name: str, families: Sequence[str], env: str) -> str:
    return f"the agent '{name}' is made for {', '.join(families)}" + (f", not for {env}" if env else "")


def register(plugin: EnvPlugin | AgentPlugin, origin: str = "") -> None:
    """Add a plug-in by hand, as a file named on the command line would."""
    group: Group = "envs" if isinstance(plugin, EnvPlugin) else "agents"
    if origin:
        object.__setattr__(plugin, "origin", origin)
    _found[group][canonical(plugin.name)] = plugin


def load_file(path: str | Path) -> ModuleType:
    """Import a user's Python file once and register the plug-ins in it; rewards register themselves."""
    file = Path(path).expanduser().resolve()
    if file in _files:
        return _files[file]
    if not file.is_file():
        raise MathrlError(f"there is no file {path}")
    name = f"mathrl_file_{file.stem}_{hashlib.sha256(str(file).encode()).hexdigest()[:8]}"  # the same in all processes
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise MathrlError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up by name
    _loading.append(file)
    try:
        spec.loader.exec_module(module)
        plugins = list(_plugins(module))
    except MathrlError:
        del sys.modules[name]
        raise
    except Exception as error:  # a user's file may hold anything
        del sys.modules[name]
        where = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
        line = f", line {where[-1]}" if where else ""
        raise MathrlError(f"{path}{line} cannot be imported: {type(error).__name__}: {error}") from error
    finally:
        _loading.pop()
    _files[file] = module
    for plugin in plugins:
        register(plugin, origin=str(file))
    return module


def load_reward(path: str, family: str) -> str:
    """Import a file and return the name of the one reward that it registers for the family."""
    load_file(path)
    file = Path(path).expanduser().resolve()
    names = [name for env, name, origin in _rewards if env == family and origin == file]
    if not names:
        raise MathrlError(f'{path} registers no reward for {family}; it needs @mathrl.reward("{family}", "a-name")')
    if len(names) > 1:
        raise MathrlError(f"{path} registers {', '.join(names)}; say which: reward={names[0]}, with --load {path}")
    return names[0]


def reward_file(family: str, reward: str) -> str:
    """The user's file that registered a function reward; empty if there is none."""
    files = [origin for env, name, origin in _rewards if env == family and canonical(name) == canonical(reward)]
    return str(files[-1]) if files and files[-1] else ""


def files() -> tuple[str, ...]:
    """Every user file imported so far; a worker process imports the same."""
    return tuple(str(file) for file in _files)


def module_names(group: Group) -> list[str]:
    """The names of the modules in mathrl.envs or mathrl.agents, found without importing any of them."""
    package = importlib.import_module(f"mathrl.{group}")
    return sorted(entry.name for entry in pkgutil.iter_modules(package.__path__) if not entry.name.startswith("_"))


def _find(group: Group, name: str, what: str, names: Iterable[str] = ()) -> Any:
    if name.endswith(".py"):
        kinds = [plugin for plugin in _plugins(load_file(name)) if isinstance(plugin, _kinds[group])]
        if not kinds:
            raise MathrlError(
                f"{name} has no {what.split()[-1]}: it needs PLUGIN = mathrl.{_kinds[group].__name__}(...)"
            )
        return kinds[0]
    found = _found[group]
    if canonical(name) not in found:
        module = canonical(name).split(".")[0].replace("-", "_")  # sb3.ppo lives in agents/sb3.py
        if module in module_names(group):
            _load(group, module)
        if canonical(name) not in found:
            _all(group)
    if canonical(name) not in found:
        if canonical(name) in _broken[group]:
            raise MathrlError(_broken[group][canonical(name)])
        raise unknown(name, what, names or found, f"mathrl list {group} shows all, and a path to a .py file works too")
    return found[canonical(name)]


def _all(group: Group) -> dict[str, Any]:
    for module in module_names(group):
        _load(group, module)
    for point in entry_points(group=f"mathrl.{group}"):
        _register_once(group, point.name, point.value, point.load)
    return dict(sorted(_found[group].items()))


def _load(group: Group, module: str) -> None:
    full = f"mathrl.{group}.{module}"
    _register_once(group, module, full, lambda: importlib.import_module(full))


def _register_once(group: Group, name: str, full: str, load: Callable[[], Any]) -> None:
    """Register what `load` gives, unless that was done; what cannot be loaded is noted and hides nothing else."""
    if full in _scanned:
        return
    _scanned.add(full)
    try:
        loaded = load()
        for plugin in _plugins(loaded) if isinstance(loaded, ModuleType) else _listed(loaded):
            register(plugin)
    except Exception as error:
        said = str(error) if isinstance(error, MathrlError) else f"{type(error).__name__}: {error}"
        _broken[group][canonical(name)] = " ".join(f"{full} cannot be imported: {said}".split())


def _plugins(module: ModuleType) -> Iterator[EnvPlugin | AgentPlugin]:
    yield from _listed(getattr(module, "PLUGIN", []), getattr(module, "__file__", ""))


def _listed(thing: Any, where: str = "") -> list[EnvPlugin | AgentPlugin]:
    plugins = list(thing) if isinstance(thing, (list, tuple)) else [thing]
    if not all(isinstance(plugin, (EnvPlugin, AgentPlugin)) for plugin in plugins):
        raise MathrlError(f"{where}: PLUGIN must be a mathrl.EnvPlugin, a mathrl.AgentPlugin, or a list of them")
    return plugins


def reward(family: str, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as a reward of a family: `@mathrl.reward("graphs", "my-score")`.

    Graphs take `f(graph: networkx.Graph) -> float` or `f(adjacency: NDArray[uint8]) -> NDArray[float64]`, told apart by
    the annotation; each family says in its documentation what it takes. Returns the function unchanged.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        plugin = find_env(family)
        if plugin.reward_kinds is None:
            raise MathrlError(f"{family} takes no reward functions")
        plugin.get("reward_kinds")(name, function)
        _rewards.append((plugin.name, name, _loading[-1] if _loading else None))
        return function

    return decorate
