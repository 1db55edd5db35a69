"""Sampled episodes as a policy gradient needs them: what was seen and done, rewards, and what predicts returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from mathrl.env import Rows, SearchEnv
from mathrl.policies import Decisions, Policy, seen_by
from mathrl.rollout import sample
from mathrl.sets import Sets


@dataclass(frozen=True)
class Trajectories:
    """R episodes; their S steps lie one episode after the other, and N of them were decisions (had a choice).

    decisions: the N of them, `episode` counted from 0; at int64[N]: their places among the S steps. rewards float64[S],
    -inf where an episode died. regressors float64[S, K]: what a baseline is made of (see `collect`); final
    float64[R, K]: the same after the last step of an episode that was cut off, else 0. lengths int64[R]; scores
    float64[R], NaN if cut off; actions int64[R, T], -1 beyond the end.
    """

    decisions: Decisions
    at: NDArray[np.int64]
    rewards: NDArray[np.float64]
    regressors: NDArray[np.float64]
    final: NDArray[np.float64]
    lengths: NDArray[np.int64]
    scores: NDArray[np.float64]
    actions: NDArray[np.int64]

    @staticmethod
    def joined(parts: Sequence[Trajectories]) -> Trajectories:
        """The episodes of all parts, in order."""
        episodes = np.cumsum([0, *(len(part.lengths) for part in parts)])
        steps = np.cumsum([0, *(len(part.rewards) for part in parts)])
        width = max(part.actions.shape[1] for part in parts)
        decisions = [
            replace(part.decisions, episode=part.decisions.episode + first)
            for part, first in zip(parts, episodes[:-1], strict=True)
        ]
        return Trajectories(
            Decisions.joined(decisions),
            np.concatenate([part.at + first for part, first in zip(parts, steps[:-1], strict=True)]),
            np.concatenate([part.rewards for part in parts]),
            np.concatenate([part.regressors for part in parts]),
            np.concatenate([part.final for part in parts]),
            np.concatenate([part.lengths for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([_widened(part.actions, width) for part in parts]),
        )

    def finite_rewards(self) -> NDArray[np.float64]:
        """Rewards float64[S] in which a death costs so much that its return is the worst other return minus 1."""
        dead = ~np.isfinite(self.rewards)
        if not dead.any():
            return self.rewards
        kept = np.where(dead, 0.0, self.rewards)
        episode = np.repeat(np.arange(len(self.lengths)), self.lengths)
        returns = np.bincount(episode, kept, len(self.lengths))
        died = np.bincount(episode, dead, len(self.lengths)) > 0
        worst = returns[~died].min() - 1 if not died.all() else -1.0
        kept[dead] = (worst - returns)[episode[dead]]
        return kept

    def finite_scores(self) -> NDArray[np.float64]:
        """Scores float64[R]; the return where there is none (cut off), the worst other score minus 1 for -inf."""
        episode = np.repeat(np.arange(len(self.lengths)), self.lengths)
        returns = np.bincount(episode, self.finite_rewards(), len(self.lengths))
        scores = np.where(np.isnan(self.scores), returns, self.scores)
        finite = np.isfinite(scores)
        return np.where(finite, scores, scores[finite].min() - 1 if finite.any() else -1.0)


def collect(
    env: SearchEnv, rows: Rows, policy: Policy, rng: np.random.Generator, baseline: str, steps: int = 0
) -> Trajectories:
    """Play `rows`, already begun, by sampling from the policy, at most `steps` steps each (0: to the end).

    `baseline` says which regressors are noted: "none"; "value", the network's value and 1; "family", the values that
    hand-made strategies reach from here, the roots of their sizes, the context of a set, and 1.
    """
    cut = np.zeros(len(rows), np.bool_)
    noted: list[_Step] = []
    alive = np.flatnonzero(env.counts(rows) > 0)
    while len(alive) and not (steps and len(noted) == steps):
        live = rows[alive]
        masks = env.masks(live)
        seen = seen_by(env, live, masks)
        with torch.inference_mode():
            logs, value = policy.evaluate(seen)
        actions = sample(logs.exp().cpu().numpy(), rng)
        regressors = _regressors(env, live, seen, value, baseline)
        rewards, terminated, truncated = env.advance(live, actions)
        noted.append(_Step(replace(seen, actions=actions, episode=alive), masks.sum(1) > 1, rewards, regressors))
        cut[alive] = truncated & ~terminated
        alive = alive[~(terminated | truncated)]
    cut[alive] = True
    scores = env.score(rows)
    scores[alive] = np.nan
    final = np.zeros((len(rows), width(env, baseline)))
    if cut.any():
        live = rows[cut]
        seen = seen_by(env, live, env.masks(live))
        with torch.inference_mode():
            final[cut] = _regressors(env, live, seen, policy.evaluate(seen)[1], baseline)
    return _by_episode(env, rows, noted, final, scores)


@dataclass(frozen=True)
class _Step:
    """One step of the rows that were alive, its decisions with episodes; free bool[L]: which had a choice."""

    decisions: Decisions
    free: NDArray[np.bool_]
    rewards: NDArray[np.float64]
    regressors: NDArray[np.float64]


def _by_episode(
    env: SearchEnv, rows: Rows, noted: list[_Step], final: NDArray[np.float64], scores: NDArray[np.float64]
) -> Trajectories:
    """Steps that lie time by time, put one episode after the other; decisions keep their order."""
    if not noted:
        nothing = seen_by(env, rows[:0], np.zeros((0, 1), np.bool_))
        noted = [_Step(nothing, np.zeros(0, np.bool_), np.zeros(0), final[:0])]
    actions = np.full((len(rows), len(noted)), -1)
    for time, step in enumerate(noted):
        actions[step.decisions.episode, time] = step.decisions.actions
    episode = np.concatenate([step.decisions.episode for step in noted])
    order = np.argsort(episode, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    free = [step.decisions if step.free.all() else step.decisions.pick(np.flatnonzero(step.free)) for step in noted]
    return Trajectories(
        Decisions.joined(free),
        place[np.concatenate([step.free for step in noted])],
        np.concatenate([step.rewards for step in noted])[order],
        np.concatenate([step.regressors for step in noted])[order],
        final,
        np.bincount(episode, minlength=len(rows)),
        scores,
        actions,
    )


def width(env: SearchEnv, baseline: str) -> int:
    """The number K of regressors of a baseline."""
    return {"none": 0, "value": 2}.get(baseline, 2 * len(getattr(env, "baselines", ())) + env.context_features + 1)


def _regressors(
    env: SearchEnv, rows: Rows, seen: Decisions, value: torch.Tensor | None, baseline: str
) -> NDArray[np.float64]:
    """float64[R, K] of rows that show `seen` and have network value float32[R]."""
    if baseline == "none":
        return np.zeros((len(rows), 0))
    if baseline == "value":
        assert value is not None
        return np.stack([value.cpu().numpy().astype(np.float64), np.ones(len(rows))], axis=1)
    reached = env.baseline(rows)
    columns = [reached, np.sqrt(np.abs(reached)), np.ones((len(rows), 1))]
    if isinstance(seen.observations, Sets):
        columns.append(seen.observations.context)
    return np.concatenate(columns, axis=1)


def _widened(actions: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    return np.pad(actions, ((0, 0), (0, size - actions.shape[1])), constant_values=-1)
