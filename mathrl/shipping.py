"""Models that a family ships: what is left of a run folder when it is only to act.

config.toml        the tables env and agent as in the run, and `recipe`: how it was trained, and on what
model.safetensors  the weights                  agent.json  what else `act` needs

`python -m mathrl.shipping RUN TARGET "what it was trained on"` makes one; no file of it can execute code.
"""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tomli_w

from mathrl import checkpoint, registry, settings
from mathrl.errors import MathrlError
from mathrl.runs import Config, read_config

if TYPE_CHECKING:
    from mathrl.agent import Agent

MODEL, REST = "model.safetensors", "agent.json"


def is_shipped(folder: Path) -> bool:
    """Whether a folder is a shipped model and no run folder."""
    return (folder / MODEL).is_file()


def restore(agent: Agent, folder: Path) -> None:
    """Make a bound agent act as the one that was trained in a run folder, or whose shipped folder this is."""
    if is_shipped(folder):
        agent.adopt(read_model(folder))
    else:
        agent.restore(checkpoint.load(folder / "checkpoint")["agent"])


def read_model(folder: Path) -> dict[str, Any]:
    """What `Agent.trained` gave when a folder was shipped; MathrlError if a file is missing or damaged."""
    from safetensors.torch import load_file

    try:
        rest = json.loads((folder / REST).read_text())
        flat: dict[str, Any] = {**load_file(folder / MODEL)}
        flat.update({name: flat[name].numpy() for name in rest["arrays"]}, **rest["values"])
    except Exception as error:  # each format has its own errors for the same fact
        raise MathrlError(f"the model in {folder} is missing or damaged ({type(error).__name__})") from None
    return checkpoint.nest(flat)


def ship(run: str | Path, target: str | Path, trained_on: str = "") -> Path:
    """Write the model of a finished run folder into the folder `target`; `trained_on` says its range in words."""
    import torch
    from safetensors.torch import save

    run, target = Path(run), Path(target)
    config = read_config(run)
    tensors: dict[str, Any] = {}
    rest: dict[str, Any] = {"arrays": [], "values": {}}
    for name, part in checkpoint.flatten(_agent_of(run, config).trained()):
        if isinstance(part, np.ndarray):
            rest["arrays"].append(name)
            tensors[name] = torch.from_numpy(np.ascontiguousarray(part))
        elif isinstance(part, torch.Tensor):
            tensors[name] = part.detach().cpu().contiguous()
        else:
            rest["values"][name] = part
    shipped = {"env": config["env"], "agent": config["agent"], "recipe": _recipe(run, config, trained_on)}
    try:
        target.mkdir(parents=True, exist_ok=True)
        checkpoint.write_atomically(target / "config.toml", tomli_w.dumps(shipped).encode())
        checkpoint.write_atomically(target / REST, (json.dumps(rest, sort_keys=True) + "\n").encode())
        checkpoint.write_atomically(target / MODEL, save(tensors))
    except OSError as error:
        raise MathrlError(f"cannot write the model to {target}: {error.strerror or error}") from None
    return target


def _agent_of(run: Path, config: Config) -> Agent:
    """The agent of a run folder as its last checkpoint left it."""
    family = registry.find_env(config["env"]["name"])
    kind = registry.find_agent(config["agent"]["name"], family.name).get()
    env = family.make(1, settings.build(family.get("config"), _knobs(config["env"]), family.name))
    own: Any = settings.build(kind.Config, _knobs(config["agent"]), config["agent"]["name"], "agent")
    agent = kind(own, device="cpu", seed=int(config["run"].get("seed", 0)))
    agent.bind(env)
    restore(agent, run)
    return agent


def _knobs(table: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name != "name"}


def _recipe(run: Path, config: Config, trained_on: str) -> dict[str, Any]:
    """The command that trains this model again, what that took, and where."""
    family = registry.find_env(config["env"]["name"])
    kind = registry.find_agent(config["agent"]["name"], family.name).get()
    words = ["mathrl", "train", family.name, config["agent"]["name"]]
    for prefix, knobs in (("env", family.get("config")), ("agent", kind.Config)):
        usual = {name: default for name, _, default, _ in settings.describe(knobs)}
        typed = {name: _typed(value) for name, value in _knobs(config[prefix]).items()}
        words += [f"{prefix}.{name}={value}" for name, value in typed.items() if usual.get(name) != value]
    words += ["--seed", str(config["run"].get("seed", 0)), "--budget", str(config["run"].get("budget", ""))]
    state = checkpoint.load(run / "checkpoint")
    latest = checkpoint.head(run / "checkpoint") or {}
    return {
        "trained-on": trained_on,
        "command": shlex.join(words),
        "generations": state["run"]["generation"],
        "evaluations": state["run"]["evaluations"],
        "seconds": latest.get("elapsed_seconds", 0.0),
        **_where(run),
    }


def _where(run: Path) -> dict[str, Any]:
    """The processor and the versions of env.json."""
    try:
        facts = json.loads((run / "env.json").read_text())
        versions = [f"{name} {facts['packages'][name]}" for name in ("mathrl", "numpy", "torch")]
        return {"processor": str(facts["processor"]), "versions": versions}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _typed(value: Any) -> str:
    """A knob of config.toml as it is typed on the command line."""
    return settings.show(tuple(value) if isinstance(value, list) else value)


if __name__ == "__main__":
    try:
        print(ship(*sys.argv[1:4]))
    except (MathrlError, TypeError) as problem:
        said = problem if isinstance(problem, MathrlError) else 'python -m mathrl.shipping RUN TARGET "trained on"'
        sys.exit(f"mathrl: {said}")
