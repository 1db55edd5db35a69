"""mathrl: machine search for working mathematicians.

mathrl.solve("graphs", "wagner-2.1", n=19)      the best object found, with a proof
mathrl.train("graphs", "cem", n=19)             a run folder
mathrl.bench("graphs", "cem", "random")         a table
gymnasium.make("mathrl/Graphs-v0", n=19)        one row as a Gymnasium environment
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mathrl._version import __version__

if TYPE_CHECKING:
    from mathrl.agent import Agent as Agent
    from mathrl.agent import Task as Task
    from mathrl.bench import bench as bench
    from mathrl.budget import Budget as Budget
    from mathrl.env import SearchEnv as SearchEnv
    from mathrl.env import Streams as Streams
    from mathrl.errors import MathrlError as MathrlError
    from mathrl.faces import RowEnv as RowEnv
    from mathrl.faces import make_env as make_env
    from mathrl.registry import AgentPlugin as AgentPlugin
    from mathrl.registry import EnvPlugin as EnvPlugin
    from mathrl.registry import reward as reward
    from mathrl.rollout import choose_uniformly as choose_uniformly
    from mathrl.rollout import play as play
    from mathrl.rollout import sample_masked as sample_masked
    from mathrl.sb3 import SB3VecEnv as SB3VecEnv
    from mathrl.session import Outcome as Outcome
    from mathrl.session import solve as solve
    from mathrl.session import train as train
    from mathrl.settings import knob as knob
    from mathrl.solution import Solution as Solution
    from mathrl.solution import Verdict as Verdict
    from mathrl.training import Run as Run
    from mathrl.verbs import score as score
    from mathrl.verbs import verify as verify
    from mathrl.words import WordEnv as WordEnv
    from mathrl.words import WordLayout as WordLayout

_HOME = {
    "Agent": "agent", "Task": "agent", "bench": "bench", "Budget": "budget", "SearchEnv": "env", "Streams": "env",
    "MathrlError": "errors", "RowEnv": "faces", "make_env": "faces", "AgentPlugin": "registry", "EnvPlugin": "registry",
    "reward": "registry", "choose_uniformly": "rollout", "play": "rollout", "sample_masked": "rollout",
    "SB3VecEnv": "sb3", "Outcome": "session", "solve": "session", "train": "session",
    "knob": "settings", "Solution": "solution", "Verdict": "solution", "Run": "training", "score": "verbs",
    "verify": "verbs", "WordEnv": "words", "WordLayout": "words",
}  # fmt: skip

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    """Public names are imported when first used, so that `import mathrl` stays light."""
    if name not in _HOME:
        raise AttributeError(f"module 'mathrl' has no attribute '{name}'")
    thing = getattr(importlib.import_module(f"mathrl.{_HOME[name]}"), name)
    globals()[name] = thing
    return thing


def _register_with_gymnasium() -> None:
    """`mathrl/<Family>-v0` for each family, by strings, without importing any."""
    import gymnasium

    from mathrl.registry import module_names

    for name in module_names("envs"):
        identity = f"mathrl/{name.title().replace('_', '')}-v0"
        if identity not in gymnasium.registry:
            gymnasium.register(
                identity,
                entry_point="mathrl.faces:RowEnv",
                vector_entry_point="mathrl.faces:make_vector",
                kwargs={"env": name.replace("_", "-")},
            )


_register_with_gymnasium()
