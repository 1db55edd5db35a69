"""From words to a setup: which environment with which settings, which agent with which, and on what.

words -> settings -> registry -> Setup
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mathrl import registry, settings, shipping
from mathrl.agent import Agent
from mathrl.env import SearchEnv
from mathrl.errors import MathrlError, canonical, unknown
from mathrl.registry import AgentPlugin, EnvPlugin
from mathrl.runs import Config, read_config, read_toml


@dataclass(frozen=True)
class Setup:
    """A problem and who works on it: plug-ins, typed settings, instances.

    `named` are the words that name the instances; without any, `instances` is (None,): one is to be drawn. `trained`
    is a run folder or a shipped model's, `model` the word pretrained[:NAME] that meant the latter.
    """

    env: EnvPlugin
    env_config: Any
    agent: AgentPlugin
    agent_config: Any
    instances: tuple[Any, ...] = (None,)
    trained: Path | None = None
    named: tuple[str, ...] = ()
    model: str = ""

    def tables(self, seed: int) -> Config:
        """The tables env, agent and run of config.toml."""
        return {
            "env": {"name": self.env.name, **_plain(self.env_config)},
            "agent": {"name": self.agent.name, **_plain(self.agent_config)},
            "run": {
                "seed": seed,
                "files": list(self.files),
                "instances": list(self.named),
                "trained": self.model or (str(self.trained.resolve()) if self.trained else ""),
            },
        }

    @property
    def files(self) -> tuple[str, ...]:
        """The user's files that this setup needs: its environment's, its agent's, its reward's."""
        reward = registry.reward_file(self.env.name, str(getattr(self.env_config, "reward", "")))
        return tuple(dict.fromkeys(file for file in (self.env.origin, self.agent.origin, reward) if file))

    @property
    def searches(self) -> bool:
        """Whether the agent goes on until a budget is spent; a trained one acts once."""
        return self.trained is None and (self.agent.learns or self.agent.get().searches)

    def build(self, device: str, seed: int) -> tuple[SearchEnv, Agent]:
        """The environment with one row, and the agent bound to it."""
        env = self.env.make(1, self.env_config)
        if device not in ("auto", "cpu"):  # also an agent without a network must not run elsewhere than was said
            from mathrl.nets import pick_device

            pick_device(device)
        agent = self.agent.get()(self.agent_config, device=device, seed=seed)
        agent.bind(env)
        if self.trained:
            shipping.restore(agent, self.trained)
        return env, agent

    def warning(self, instances: Sequence[Any]) -> str:
        """What is to be said of a shipped model on instances that it was not made for; empty if it was."""
        if self.trained is None or self.env.in_range is None or not shipping.is_shipped(self.trained):
            return ""
        return str(self.env.get("in_range")(self.trained, self.env_config, instances))


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
            how = f"the name alone: {value}" if name == "agent" else f"env.{name}=... or agent.{name}=..."
            raise MathrlError(f"'{name}' is not a setting; write {how}")
    instances = []
    for word in free:
        if not word.strip():
            raise MathrlError("an empty word is neither an agent nor a formula")
        if settings.is_formula(word) or is_reward(plugin, word) or _looks_typed(plugin, word):
            env_settings["reward"] = word
        elif not agent and _is_agent(word, plugin):
            agent = word
        else:
            instances.append(word)
    reward = str(env_settings.get("reward", ""))
    if reward.endswith(".py"):
        env_settings["reward"] = registry.load_reward(reward, plugin.name)
    stored_env, stored_agent = _stored(base["env"]), _stored(base["agent"])
    trained, source = None, agent if is_pretrained(agent) or is_run_folder(agent, plugin) else ""
    if agent and canonical(agent) != canonical(base["agent"].get("name", "")):
        stored_agent = {}  # another agent has other knobs
    elif not agent:
        agent, source = base["agent"].get("name", ""), base["run"].get("trained", "")
    if not agent:
        solver, *defaults = plugin.solver.split()
        agent = solver
        for word in defaults:
            table, key = word.split("=")[0].split(".")
            (stored_env if table == "env" else stored_agent)[key] = word.split("=", 1)[1]
    if source:
        settled = {**stored_env, **env_settings}
        trained = _pretrained(plugin, source, settled) if is_pretrained(source) else Path(source)
        config = read_config(trained)
        if config["env"]["name"] != plugin.name:
            raise MathrlError(f"{trained} was trained on {config['env']['name']}, not on {plugin.name}")
        agent = config["agent"]["name"]
        stored_env, stored_agent = (
            {**_stored(config["env"]), **stored_env},
            {**_stored(config["agent"]), **stored_agent},
        )
    found = registry.find_agent(agent, plugin.name)
    env_config = settings.build(plugin.get("config"), {**stored_env, **env_settings}, plugin.name)
    agent_config: Any = settings.build(found.get().Config, {**stored_agent, **agent_settings}, found.name, "agent")
    named = tuple(instances or base["run"].get("instances", ()))
    if named and plugin.instances is None:
        raise _not_a_word(named[0], plugin)
    read = tuple(one for word in named for one in read_instance(word, plugin, env_config)) if named else (None,)
    if not read:
        raise MathrlError(f"there is no instance in {', '.join(named)}")
    return Setup(plugin, env_config, found, agent_config, read, trained, named, source if is_pretrained(source) else "")


def read_instance(word: str, plugin: EnvPlugin, env_config: Any) -> list[Any]:
    """The instances that a word names; a word that is no instance may be an agent's name, misspelled."""
    try:
        return list(plugin.get("instances")(word, env_config))
    except MathrlError:
        names = {canonical(name): name for name in registry.agent_names(plugin)}
        near = get_close_matches(canonical(word), names, n=1, cutoff=0.75)
        if not near or Path(word).exists():
            raise
        said = f"'{word}' is neither an instance nor an agent of {plugin.name}; did you mean '{names[near[0]]}'?"
        raise MathrlError(f"{said}  (mathrl list agents {plugin.name} shows all)") from None


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


def is_run_folder(word: str, plugin: EnvPlugin) -> bool:
    """Whether a word means a trained agent's run folder; a folder that is called like an agent does not."""
    return Path(word).is_dir() and plugin.agent(word) is None and canonical(word) not in registry.agents()


def is_pretrained(word: str) -> bool:
    """Whether a word is `pretrained` or `pretrained:NAME`, a model that the family ships."""
    return canonical(word.partition(":")[0]) == "pretrained"


def _pretrained(plugin: EnvPlugin, word: str, env_settings: Mapping[str, Any]) -> Path:
    """The folder of a shipped model; which one is the default is the family's choice by its settings."""
    if plugin.pretrained is None:
        raise MathrlError(f"{plugin.name} ships no trained model; train one: mathrl train {plugin.name} AGENT")
    config = settings.build(plugin.get("config"), env_settings, plugin.name)
    return Path(plugin.get("pretrained")(word.partition(":")[2], config))


def _is_agent(word: str, plugin: EnvPlugin) -> bool:
    if is_pretrained(word):
        return True
    try:
        registry.find_agent(word, plugin.name)
    except MathrlError:
        known = canonical(word) in registry.agents() or canonical(word) in registry.broken("agents")
        elsewhere = plugin.instances is None and any(family.agent(word) for family in registry.envs().values())
        return known or elsewhere or Path(word).is_dir()
    return True


def is_reward(plugin: EnvPlugin, word: str) -> bool:
    if plugin.rewards is None:
        return False
    return canonical(word) in {
        canonical(name) for entry in plugin.get("rewards")() for name in (entry.name, *entry.aliases)
    }


def _looks_typed(plugin: EnvPlugin, word: str) -> bool:
    """Whether a word can only be meant as a formula, so that the error it deserves is the formula's."""
    return plugin.rewards is not None and plugin.instances is None and bool(re.search(r"[\s=:()*^+]", word))


def _not_a_word(word: str, plugin: EnvPlugin) -> MathrlError:
    rewards = [entry.name for entry in plugin.get("rewards")()] if plugin.rewards else []
    names = [*registry.agent_names(plugin), *rewards]
    return unknown(
        word,
        f"an agent, a reward or a setting for {plugin.name}",
        names,
        "settings look like env.n=19; a formula has a comparison or begins with maximise: and is quoted",
    )
