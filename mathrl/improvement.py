"""Exact policy improvement in deterministic simulators: what every action is worth when greedy play follows it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mathrl.env import Rows, SearchEnv
from mathrl.policies import Decisions, Policy, seen_by
from mathrl.rollout import play, sample


@dataclass(frozen=True)
class Comparison:
    """N states with their actions compared: decisions (actions: the greedy ones), gains float64[N, A].

    A gain is the return of an action followed by greedy play, minus that of the greedy action; NaN where not tried.
    """

    decisions: Decisions
    gains: NDArray[np.float64]

    @staticmethod
    def joined(parts: list[Comparison]) -> Comparison:
        """All states of the parts, in order."""
        width = max(part.gains.shape[1] for part in parts)
        gains = [
            np.pad(part.gains, ((0, 0), (0, width - part.gains.shape[1])), constant_values=np.nan) for part in parts
        ]
        return Comparison(Decisions.joined([part.decisions for part in parts]), np.concatenate(gains))


def visited(
    env: SearchEnv, rows: Rows, policy: Policy, rng: np.random.Generator, arena: SearchEnv, steps: int = 0
) -> Rows:
    """Fill `arena` with a uniform sample of the decisions met when `rows` are played by sampling; the rows filled.

    Reservoir sampling (Vitter 1985, algorithm R): the m-th decision takes a random place among m, if there is one.
    """
    most, met = arena.num_envs, 0
    alive = rows[env.counts(rows) > 0]
    time = 0
    while len(alive) and not (steps and time == steps):
        masks = env.masks(alive)
        free = alive[masks.sum(1) > 1]
        number = met + np.arange(len(free))
        place = np.where(number < most, number, rng.integers(0, number + 1))
        taken, last = np.unique(place[::-1], return_index=True)  # of several for one place the last stays
        kept = taken < most
        if kept.any():
            arena.copy(free[::-1][last[kept]], taken[kept], origin=env)
        met += len(free)
        _, terminated, truncated = env.advance(alive, sample(policy.probabilities(env, alive, masks), rng))
        alive = alive[~(terminated | truncated)]
        time += 1
    return np.arange(min(met, most))


def compare(states: SearchEnv, rows: Rows, policy: Policy, arena: SearchEnv, mass: float = 1.0) -> Comparison:
    """The likeliest legal actions of the states in `rows`, tried on copies in `arena` and followed by greedy play.

    So many actions are tried that they have the probability `mass` together: all of them for 1. Copies of all states go
    through simulator and network together, as many as the arena holds; finished ones leave.
    """
    masks = states.masks(rows)
    seen = seen_by(states, rows, masks)
    chances = policy.probabilities(states, rows, masks) if len(rows) else np.zeros(masks.shape, np.float32)
    state, action = np.nonzero(masks & likeliest(chances, mass))
    returns = np.empty(len(state))
    for first in range(0, len(state), arena.num_envs):
        some = slice(first, min(first + arena.num_envs, len(state)))
        copies = np.arange(some.stop - first)
        arena.copy(rows[state[some]], copies, origin=states)
        rewards, terminated, truncated = arena.advance(copies, action[some])
        alive = copies[~(terminated | truncated)]
        rewards[alive] += play(arena, alive, policy.greedy(arena)).returns
        returns[some] = rewards
    finite = np.isfinite(returns)
    returns[~finite] = returns[finite].min() - 1 if finite.any() else -1.0
    worth = np.full(masks.shape, np.nan)
    worth[state, action] = returns
    greedy = chances.argmax(1)
    return Comparison(replace(seen, actions=greedy), worth - np.take_along_axis(worth, greedy[:, None], axis=1))


def likeliest(chances: NDArray[np.float32], mass: float) -> NDArray[np.bool_]:
    """bool[N, A]: in each row the fewest actions whose probabilities sum to `mass`; all of them for 1."""
    if mass >= 1:
        return np.ones(chances.shape, np.bool_)
    order = np.argsort(-chances, axis=1, kind="stable")
    falling = np.take_along_axis(chances, order, axis=1)
    needed = falling.cumsum(axis=1) - falling < mass  # what is before does not suffice
    needed[:, :1] = True
    chosen = np.zeros(chances.shape, np.bool_)
    np.put_along_axis(chosen, order, needed, axis=1)
    return chosen
