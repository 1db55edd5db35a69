"""From words to a setup: which environment with which settings, which agent with which, and on what.

words -> settings -> registry -> Setup
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mathrl import checkpoint, registry, settings
from mathrl.agent import Agent
from mathrl.env import SearchEnv
from mathrl.errors import MathrlError, canonical, unknown
from mathrl.registry import AgentPlugin, EnvPlugin
from mathrl.runs import Config, read_config, read_toml


@dataclass(frozen=True)
class Setup:
    """A problem and who works on it: plug-ins, typed settings, instances; `trained`: a trained agent's run folder.

    `named` are the words that name the instances; without any, `instances` is (None,): one is to be drawn.
    """

    env: EnvPlugin
    env_config: Any
    agent: AgentPlugin
    agent_config: Any
    instances: tuple[Any, ...] = (None,)
    trained: Path | None = None
    named: tuple[str, ...] = ()

    def tables(self, seed: int) -> Config:
        """The tables env, agent and run of config.toml."""
        return {
            "env": {"name": self.env.name, **_plain(self.env_config)},
            "agent": {"name": self.agent.name, **_plain(self.agent_config)},
            "run": {
                "seed": seed,
                "files": list(self.files),
                "instances": list(self.named),
                "trained": str(self.trained.resolve()) if self.trained else "",
            },
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
        if not word.strip():
            raise MathrlError("an empty word is neither an agent nor a formula")
        if settings.is_formula(word) or _is_reward(plugin, word) or _looks_typed(plugin, word):
            env_settings["reward"] = word
        elif not agent and _is_agent(word):
            agent = word
        else:
            instances.append(word)
    stored_env, stored_agent = _stored(base["env"]), _stored(base["agent"])
    trained = None
    if agent and canonical(agent) != canonical(base["agent"].get("name", "")):
        stored_agent = {}  # another agent has other knobs
    elif not agent:
        agent = base["agent"].get("name", "")
        trained = Path(base["run"]["trained"]) if base["run"].get("trained") else None
    if not agent:
        solver, *defaults = plugin.solver.split()
        agent = solver
        for word in defaults:
            table, key = word.split("=")[0].split(".")
            (stored_env if table == "env" else stored_agent)[key] = word.split("=", 1)[1]
    if is_run_folder(agent):
        trained = Path(agent)
    if trained:
        config = read_config(trained)
        if config["env"]["name"] != plugin.name:
            raise MathrlError(f"{trained} was trained on {config['env']['name']}, not on {plugin.name}")
        agent = config["agent"]["name"]
        stored_env, stored_agent = (
            {**_stored(config["env"]), **stored_env},
            {**_stored(config["agent"]), **stored_agent},
        )
    found = registry.find_agent(agent, plugin.name)
    reward = str(env_settings.get("reward", ""))
    if reward.endswith(".py"):
        env_settings["reward"] = registry.load_reward(reward, plugin.name)
    env_config = settings.build(plugin.get("config"), {**stored_env, **env_settings}, plugin.name)
    agent_config: Any = settings.build(found.get().Config, {**stored_agent, **agent_settings}, found.name, "agent")
    named = tuple(instances or base["run"].get("instances", ()))
    if named and plugin.instances is None:
        raise _not_a_word(named[0], plugin)
    read = tuple(one for word in named for one in plugin.get("instances")(word, env_config)) if named else (None,)
    return Setup(plugin, env_config, found, agent_config, read, trained, named)


def from_config(config: Config, words: Sequence[str] = ()) -> Setup:
    """The setup of a stored or written configuration, with `words` on top (which may repeat its env and agent).

    Files that it names are not imported unless a word names them too: nothing that is read can execute code.
    """
    env, agent = config["env"]["name"], config["agent"]["name"]
    for word in words:
        file = word.removeprefix("env.").removeprefix("reward=")
        if file.endswith(".py") and not settings.is_setting(file):
            registry.load_file(file)
    said = {canonical(env), canonical(agent)}
    rest = [
        word
        for word in words
        if canonical(word) not in said and (settings.is_setting(word) or not word.endswith(".py"))
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


def _plain(config: Any) -> dict[str, Any]:
    """A config's knobs as TOML holds them."""
    values = {canonical(one.name): getattr(config, one.name) for one in fields(config)}
    return {
        name: "none" if value is None else list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
    }


def _stored(table: Mapping[str, Any]) -> dict[str, Any]:
    return {canonical(name): value for name, value in table.items() if name != "name"}


def is_run_folder(word: str) -> bool:
    """Whether a word means a trained agent's run folder; a folder that is called like an agent does not."""
    return Path(word).is_dir() and canonical(word) not in registry.agents()


def _is_agent(word: str) -> bool:
    try:
        registry.find_agent(word)
    except MathrlError:
        return Path(word).is_dir() or canonical(word) in registry.broken("agents")
    return True


def _is_reward(plugin: EnvPlugin, word: str) -> bool:
    if plugin.rewards is None:
        return False
    return canonical(word) in {
        canonical(name) for entry in plugin.get("rewards")() for name in (entry.name, *entry.aliases)
    }


def _looks_typed(plugin: EnvPlugin, word: str) -> bool:
    """Whether a word can only be meant as a formula, so that the error it deserves is the formula's."""
    return plugin.rewards is not None and plugin.instances is None and bool(re.search(r"[\s=:()*^+]", word))


def _not_a_word(word: str, plugin: EnvPlugin) -> MathrlError:
    names = [*registry.agents(), *((entry.name for entry in plugin.get("rewards")()) if plugin.rewards else ())]
    return unknown(
        word,
        f"an agent, a reward or a setting for {plugin.name}",
        names,
        "settings look like env.n=19; a formula has a comparison or begins with maximise: and is quoted",
    )
