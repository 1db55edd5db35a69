"""The faces that other libraries expect: a one-row gymnasium.Env and, for make_vec, the batch itself."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from mathrl import settings
from mathrl.env import SearchEnv
from mathrl.registry import find_env


def make_env(
    name: str,
    num_envs: int = 1,
    *,
    autoreset: AutoresetMode = AutoresetMode.DISABLED,
    render_mode: str | None = None,
    **knobs: Any,
) -> SearchEnv:
    """The environment `name` (or the one in a .py file) with `num_envs` rows and these settings."""
    plugin = find_env(name)
    config = settings.build(plugin.get("config"), knobs, plugin.name)
    return plugin.make(num_envs, config, autoreset=autoreset, render_mode=render_mode)


def make_vector(num_envs: int = 1, *, env: str, **knobs: Any) -> SearchEnv:
    """What `gymnasium.make_vec("mathrl/Graphs-v0", num_envs=B, n=19)` calls."""
    return make_env(env, num_envs, **knobs)


class RowEnv(gymnasium.Env[Any, np.int64]):
    """One row of a SearchEnv as a gymnasium.Env.

    Observation and action are those of the family at its full fixed width. Reward: the row's, with the family's
    `penalty` in place of -inf. An illegal action ends the episode with that penalty and raises nothing; the legal ones
    are in `info["action_mask"]` (int8, what `Discrete.sample(mask=...)` wants) and in `action_masks()`.
    `reset(options={"instance": ...})` begins a given instance. At the end `info["score"]` is the objective.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012, the name and type that Gymnasium reads

    def __init__(
        self, env: str = "", *, rows: SearchEnv | None = None, render_mode: str | None = None, **knobs: Any
    ) -> None:
        self.rows = rows if rows is not None else make_env(env, 1, **knobs)
        self.render_mode = render_mode
        self.observation_space = self.rows.single_observation_space
        self.action_space = self.rows.single_action_space

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        given = None if not options or "instance" not in options else {"instances": [options["instance"]]}
        own = None if seed is None else int(self.np_random.integers(2**62))
        observation, info = self.rows.reset(seed=own, options=given)
        return _first(observation), _first_info(info)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.rows.step([int(action)])
        return _first(observation), float(reward[0]), bool(terminated[0]), bool(truncated[0]), _first_info(info)

    def action_masks(self) -> NDArray[np.bool_]:
        """bool[A]: the legal actions, the name that sb3-contrib asks for."""
        masks: NDArray[np.bool_] = self.rows.action_masks()[0]
        return masks


def _first(observation: Any) -> Any:
    return {key: part[0] for key, part in observation.items()} if isinstance(observation, dict) else observation[0]


def _first_info(info: dict[str, Any]) -> dict[str, Any]:
    return {key: part[0] for key, part in info.items() if not key.startswith("_") and info.get("_" + key, [True])[0]}
