"""Agents inside agents: a search that plays out, or samples, by another agent's policy."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from mathrl.errors import MathrlError

if TYPE_CHECKING:
    from mathrl.agent import Agent
    from mathrl.env import SearchEnv


def guide(env: SearchEnv, word: str, device: str = "cpu", seed: int = 0) -> Agent:
    """The agent that `word` names (a run folder, `pretrained`, any agent that can choose single actions), for `env`."""
    from mathrl import shipping
    from mathrl.agent import Agent
    from mathrl.setup import read_words

    if env.plugin is None:
        raise MathrlError(f"'{word}' cannot be found for an environment without a plug-in")
    knobs = {one.name: getattr(env.config, one.name) for one in fields(env.config)}
    setup = read_words(env.plugin.name, [], knobs, agent=word)
    kind = setup.agent.get()
    if kind.act is Agent.act:
        raise MathrlError(f"{setup.agent.name} searches whole solutions; it cannot choose single actions")
    agent = kind(setup.agent_config, device=device, seed=seed)
    agent.bind(env)
    if setup.trained:
        shipping.restore(agent, setup.trained)
    return agent
