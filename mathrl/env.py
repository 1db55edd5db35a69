"""The one contract: an environment is a batch of B independent rows held in arrays.

A Gymnasium environment is one row, a policy rollout a thousand, a search tree as many as it has nodes. Agents use the
row operations (`begin`, `advance`, `observe`, `masks`, `copy`, `score`); `reset` and `step` are Gymnasium's face.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from mathrl import settings
from mathrl.errors import MathrlError

if TYPE_CHECKING:
    from mathrl.registry import EnvPlugin
    from mathrl.solution import Solution

Rows = NDArray[np.int64]  # int64[R]: contiguous, unique, in range
Observation = Any  # float32[R, D], or a dict of elements float32[R, M, F], context float32[R, C], mask bool[R, M]


class Meter:
    """Work done, in the unit that the field counts (graphs scored, polynomial additions, ...); shared with arenas."""

    def __init__(self) -> None:
        self.evaluations = 0


class Streams:
    """One random stream for each (seed, row, episode), so that results do not depend on the batch size."""

    def __init__(self, seeds: NDArray[np.int64], rows: NDArray[np.int64], episodes: NDArray[np.int64]) -> None:
        self.seeds, self.rows, self.episodes = seeds, rows, episodes

    @classmethod
    def of(cls, seed: int, count: int, episode: int = 0) -> Streams:
        """The streams of rows 0..count-1 in one episode."""
        return cls(np.full(count, seed), np.arange(count), np.full(count, episode))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> np.random.Generator:
        key = (0, int(self.rows[index]), int(self.episodes[index]))  # 0: environments, 1: tasks, 2: networks
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int(self.seeds[index]), spawn_key=key)))

    def words(self) -> NDArray[np.uint64]:
        """uint64[R]: one well-mixed word a stream, for kernels that carry their own generator."""
        with np.errstate(over="ignore"):
            word = np.zeros(len(self), np.uint64)
            for part in (self.seeds, self.rows, self.episodes):
                word = (word ^ part.astype(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
                word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                word ^= word >> np.uint64(31)
        return word


class SearchEnv(VectorEnv[Any, Any, Any]):
    """A family of search problems, batched over rows; the docstring of a family says observation, action, reward, end.

    A family sets `kind`, `Config` (a frozen dataclass of knobs) and, in `prepare`, `max_actions` and
    `observation_width` (flat) or `element_features` and `context_features` (set). `allocate` returns its state, arrays
    with the row first; they become attributes and are what `copy` copies. Finished rows absorb: `advance` leaves them
    as they are with reward 0. An illegal action ends the row with reward and score -inf; `penalty` is what Gymnasium's
    face shows instead.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012, Gymnasium's name and type
        "render_modes": [],
        "autoreset_mode": AutoresetMode.DISABLED,
    }
    kind: ClassVar[Literal["flat", "set"]] = "flat"
    solved_above: float = math.inf  # a score above it ends a search with `--until solved`, if the verifier agrees
    one_problem: ClassVar[bool] = False  # drawn instances are only starts of one and the same problem
    Config: ClassVar[type]
    plugin: EnvPlugin | None = None

    config: Any
    max_actions: int
    observation_width: int = 0
    element_features: int = 0
    context_features: int = 0
    penalty: float = -1.0

    def __init__(
        self,
        num_envs: int = 1,
        config: Any = None,
        *,
        autoreset: AutoresetMode = AutoresetMode.DISABLED,
        render_mode: str | None = None,
        **knobs: Any,
    ) -> None:
        if num_envs < 1:
            raise MathrlError(f"an environment needs at least one row, not {num_envs}")
        if config is None:
            config = settings.build(self.Config, knobs, type(self).__name__)
        elif knobs:
            raise TypeError("give either a config or knobs, not both")
        if autoreset is AutoresetMode.NEXT_STEP:
            raise MathrlError("autoreset is DISABLED or SAME_STEP; NEXT_STEP would waste a step of every episode")
        self.config, self.render_mode = config, render_mode
        self.metadata = {**type(self).metadata, "autoreset_mode": autoreset}
        self.meter = Meter()
        self.prepare()
        self._resize(num_envs)

    # What a family implements.

    def prepare(self) -> None:
        """Build what all rows share (tables, the objective) from `self.config`; set the sizes."""
        raise NotImplementedError

    def allocate(self, rows: int) -> dict[str, NDArray[Any]]:
        """Fresh state arrays for that many rows, the row first."""
        raise NotImplementedError

    def draw(self, streams: Streams) -> Sequence[Any]:
        """One fresh instance a stream, of the configured distribution; None where there is only one problem."""
        return [None] * len(streams)

    def begin(self, rows: Rows, instances: Sequence[Any]) -> None:
        """Put each row at the start of its instance."""
        raise NotImplementedError

    def advance(
        self, rows: Rows, actions: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
        """One action a row: rewards float64[R], terminated bool[R], truncated bool[R]."""
        raise NotImplementedError

    def counts(self, rows: Rows) -> NDArray[np.int64]:
        """int64[R]: actions offered (legal or not), the width that `masks` needs; 0 for a finished row."""
        raise NotImplementedError

    def observe(self, rows: Rows, width: int | None = None, out: Observation = None) -> Observation:
        """The observation of each row, float32; sets are padded to the widest of these rows, or to `width`."""
        raise NotImplementedError

    def masks(self, rows: Rows, width: int | None = None, out: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
        """bool[R, width]: the legal actions; all False for a finished row."""
        raise NotImplementedError

    def score(self, rows: Rows) -> NDArray[np.float64]:
        """float64[R]: the objective of the object as it stands; NaN where there is none yet, -inf if illegal."""
        raise NotImplementedError

    def solution(self, row: int) -> Solution:
        """The finished object of a row, self-contained."""
        raise NotImplementedError

    # What the base class gives.

    def copy(self, source: Rows, target: Rows, origin: SearchEnv | None = None) -> None:
        """Rows `source` of `origin` (default: of this environment) into rows `target` of this one."""
        theirs = self if origin is None else origin
        for name in self._arrays:
            mine, other = getattr(self, name), getattr(theirs, name)
            if mine.shape[1:] == other.shape[1:]:
                mine[target] = other[source]
            else:
                self._copy_prefix(name, source, target, other)

    def _copy_prefix(self, name: str, source: Rows, target: Rows, other: NDArray[Any]) -> None:
        """One array of `copy` whose rows are of another size: what is beyond theirs is 0."""
        shape = getattr(self, name).shape[1:]
        needed = tuple(map(max, shape, other.shape[1:]))
        if needed != shape:
            self.grow(name, needed)
        mine = getattr(self, name)
        mine[target] = 0
        mine[(target, *map(slice, other.shape[1:]))] = other[source]

    def grow(self, name: str, size: tuple[int, ...]) -> None:
        """Widen the rows of one state array to the shape `size`, new entries 0; for families whose state grows."""
        old = getattr(self, name)
        wide = np.zeros((len(old), *size), old.dtype)
        wide[tuple(map(slice, old.shape))] = old
        setattr(self, name, wide)

    def resized(self, num_envs: int) -> Self:
        """The same problem with another number of rows: shares tables and meter by reference, draws nothing."""
        arena = copy.copy(self)
        arena._resize(num_envs)
        return arena

    def restart(self, rows: Rows, instances: Sequence[Any] | None = None) -> None:
        """Begin a fresh episode in each row: of the given instances, or of drawn ones (again if finished at once)."""
        if instances is not None:
            self._episodes[rows] += 1
            self.begin(rows, instances)
            return
        for _ in range(100):
            drawn = self.draw(Streams(self._seeds[rows], self._streams[rows], self._episodes[rows]))
            self._episodes[rows] += 1
            self.begin(rows, drawn)
            rows = rows[self.counts(rows) == 0]
            if not len(rows):
                return
        raise MathrlError("100 instances in a row were finished before they began")

    def _resize(self, num_envs: int) -> None:
        self.num_envs = num_envs
        state = self.allocate(num_envs)
        self._arrays = tuple(state)
        self.__dict__.update(state)
        self._all = np.arange(num_envs)
        self._seeds = np.zeros(num_envs, np.int64)
        self._seeded = np.zeros(num_envs, np.bool_)
        self._streams = np.arange(num_envs)
        self._episodes = np.zeros(num_envs, np.int64)
        for space in ("single_action_space", "single_observation_space", "action_space", "observation_space"):
            self.__dict__.pop(space, None)

    # Gymnasium's vector face.

    def __getattr__(self, name: str) -> Any:
        """The four spaces, made when first asked for (set environments can be wide)."""
        if name == "single_action_space":
            space: Any = gymnasium.spaces.Discrete(self.max_actions)
        elif name == "single_observation_space":
            space = self._observation_space()
        elif name in ("action_space", "observation_space"):
            space = gymnasium.vector.utils.batch_space(getattr(self, f"single_{name}"), self.num_envs)
        else:
            raise AttributeError(f"'{type(self).__name__}' has no attribute '{name}'")
        self.__dict__[name] = space
        return space

    def _observation_space(self) -> gymnasium.spaces.Space[Any]:
        def box(*shape: int) -> gymnasium.spaces.Box:
            return gymnasium.spaces.Box(-np.inf, np.inf, shape, np.float32)

        if self.kind == "flat":
            return box(self.observation_width)
        return gymnasium.spaces.Dict(
            elements=box(self.max_actions, self.element_features),
            context=box(self.context_features),
            mask=gymnasium.spaces.Box(0, 1, (self.max_actions,), np.int8),
        )

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin a fresh episode in every row or in `options["reset_mask"]`, of `options["instances"]` if given.

        A row that was never given a seed takes one from the system, once.
        """
        options = dict(options or {})
        mask = options.pop("reset_mask", None)
        rows = self._all if mask is None else np.flatnonzero(mask)
        if seed is not None:
            each = [seed] * self.num_envs if isinstance(seed, (int, np.integer)) else list(seed)
            for row in rows:
                if (own := each[row]) is not None:
                    self._seeds[row], self._episodes[row], self._seeded[row] = own, 0, True
        if len(unseeded := rows[~self._seeded[rows]]):
            self._seeds[unseeded], self._seeded[unseeded] = np.random.default_rng().integers(2**62), True
        self.restart(rows, options.pop("instances", None))
        return self.face_observation(self._all), self.face_info(self._all)

    def step(
        self, actions: Any
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """One action a row; in SAME_STEP mode finished rows begin their next episode at once."""
        rows = self._all
        chosen = np.ascontiguousarray(actions, np.int64).reshape(-1)
        if len(chosen) != self.num_envs:
            raise MathrlError(f"{self.num_envs} rows need as many actions, not {len(chosen)}")
        rewards, terminated, truncated = self.advance(rows, chosen)
        over = terminated | truncated
        info: dict[str, Any] = {}
        if over.any():
            info.update(score=self._scores(over), _score=over)
            if self.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP:
                info.update(self._final(rows, over))
                self.restart(rows[over])
        return (
            self.face_observation(rows),
            self.face_rewards(rewards),
            terminated,
            truncated,
            info | self.face_info(rows),
        )

    def _scores(self, over: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The scores of the rows that are over, float64[B]; NaN for the others, which are not scored for this."""
        scores = np.full(self.num_envs, np.nan)
        scores[over] = self.score(self._all[over])
        return scores

    def _final(self, rows: Rows, over: NDArray[np.bool_]) -> dict[str, Any]:
        """Gymnasium's record of the last observations of finished rows."""
        last, final = self.face_observation(rows), np.empty(self.num_envs, object)
        for row in np.flatnonzero(over):
            final[row] = {key: part[row] for key, part in last.items()} if isinstance(last, dict) else last[row]
        scores = self._scores(over)
        return {
            "final_obs": final,
            "_final_obs": over,
            "final_info": {"score": scores, "_score": over},
            "_final_info": over,
        }

    def face_observation(self, rows: Rows) -> Observation:
        """The observation at its full fixed width, as the spaces say."""
        if self.kind == "flat":
            return self.observe(rows)
        width = int(max(self.max_actions, self.counts(rows).max(initial=0)))
        full = self.observe(rows, width)
        return {
            "elements": full["elements"][:, : self.max_actions],
            "context": full["context"],
            "mask": full["mask"][:, : self.max_actions].astype(np.int8),
        }

    def face_rewards(self, rewards: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rewards with the documented `penalty` in place of -inf."""
        return np.where(np.isfinite(rewards), rewards, self.penalty)

    def face_info(self, rows: Rows) -> dict[str, Any]:
        """The action masks, and a flag where a row offers more actions than the fixed width shows."""
        counts = self.counts(rows)
        width = int(max(self.max_actions, counts.max(initial=0)))
        masks = self.masks(rows, width)[:, : self.max_actions].astype(np.int8)
        every = np.ones(len(rows), np.bool_)
        info: dict[str, Any] = {"action_mask": masks, "_action_mask": every}
        if width > self.max_actions:
            info.update(overflow=counts > self.max_actions, _overflow=every)
        return info

    def action_masks(self) -> NDArray[np.bool_]:
        """bool[B, A]: the legal actions of every row at the fixed width."""
        width = int(max(self.max_actions, self.counts(self._all).max(initial=0)))
        return self.masks(self._all, width)[:, : self.max_actions]
