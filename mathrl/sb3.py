"""The stable-baselines3 face: a SearchEnv as a VecEnv whose finished rows begin again within the same step."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from mathrl.env import SearchEnv


class SB3VecEnv(VecEnv):
    """All rows of a SearchEnv for stable-baselines3 and sb3-contrib (masked algorithms find `action_masks`).

    Observations are fresh arrays. A finished row's info holds `terminal_observation`, `TimeLimit.truncated`, `score`
    and `episode` (return "r", length "l", seconds "t"). -inf rewards appear as the family's `penalty`. `set_options`
    takes `{"instances": [one a row]}`, or a list with `{"instance": ...}` for the rows that are not to be drawn.
    """

    def __init__(self, env: SearchEnv) -> None:
        self.env = env
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)
        self._returns = np.zeros(env.num_envs)
        self._lengths = np.zeros(env.num_envs, np.int64)
        self._begun = time.monotonic()
        self._actions: NDArray[np.int64] = np.zeros(env.num_envs, np.int64)

    def reset(self) -> Any:
        seeds = None if all(seed is None for seed in self._seeds) else self._seeds
        own = np.array(["instance" in options for options in self._options])
        common = [options for options, each in zip(self._options, own, strict=True) if options and not each]
        observation, info = self.env.reset(seed=seeds, options=common[0] if common else None)
        if own.any():
            instances = [options["instance"] for options in self._options if "instance" in options]
            observation, info = self.env.reset(options={"reset_mask": own, "instances": instances})
        self.reset_infos = [{"action_mask": mask} for mask in info["action_mask"]]
        self._reset_seeds()
        self._reset_options()
        self._returns[:], self._lengths[:] = 0.0, 0
        return observation

    def step_async(self, actions: NDArray[np.int64]) -> None:
        self._actions = np.ascontiguousarray(actions, np.int64).reshape(-1)

    def step_wait(self) -> tuple[Any, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        env, rows = self.env, np.arange(self.num_envs)
        rewards, terminated, truncated = env.advance(rows, self._actions)
        rewards, dones = env.face_rewards(rewards), terminated | truncated
        self._returns += rewards
        self._lengths += 1
        infos: list[dict[str, Any]] = [{} for _ in rows]
        finished = np.flatnonzero(dones)
        if len(finished):
            last, scores = env.face_observation(finished), env.score(finished)
            for k, row in enumerate(finished):
                infos[row] = {
                    "terminal_observation": {n: part[k] for n, part in last.items()}
                    if isinstance(last, dict)
                    else last[k],
                    "TimeLimit.truncated": bool(truncated[row] and not terminated[row]),
                    "score": float(scores[k]),
                    "episode": {
                        "r": float(self._returns[row]),
                        "l": int(self._lengths[row]),
                        "t": round(time.monotonic() - self._begun, 6),
                    },
                }
            self._returns[finished], self._lengths[finished] = 0.0, 0
            env.restart(finished)
        return env.face_observation(rows), rewards.astype(np.float32), dones, infos

    def close(self) -> None:
        self.env.close()

    def has_attr(self, attr_name: str) -> bool:
        return hasattr(self.env, attr_name)

    def get_attr(self, attr_name: str, indices: int | Iterable[int] | None = None) -> list[Any]:
        return [getattr(self.env, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: int | Iterable[int] | None = None) -> None:
        setattr(self.env, attr_name, value)

    def env_method(
        self, method_name: str, *args: Any, indices: int | Iterable[int] | None = None, **kwargs: Any
    ) -> list[Any]:
        """The method's result for each row asked for; batched results are cut into rows."""
        result = getattr(self.env, method_name)(*args, **kwargs)
        chosen = list(self._get_indices(indices))
        batched = isinstance(result, np.ndarray) and len(result) == self.num_envs
        return [result[row] for row in chosen] if batched else [result] * len(chosen)

    def env_is_wrapped(self, wrapper_class: type, indices: int | Iterable[int] | None = None) -> list[bool]:
        return [False] * len(list(self._get_indices(indices)))

    def get_images(self) -> Sequence[NDArray[np.uint8] | None]:
        return [None] * self.num_envs
