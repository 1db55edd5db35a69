"""Playing rows to the end: the loop that every agent shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrl.env import Rows, SearchEnv

Chooser = Callable[[Rows, NDArray[np.bool_], int], NDArray[np.int64]]
"""(rows int64[R], masks bool[R, A], step) -> actions int64[R]"""


@dataclass(frozen=True)
class Episodes:
    """Played episodes: actions int64[R, T] (-1 beyond the end), lengths int64[R], returns and scores float64[R]."""

    actions: NDArray[np.int64]
    lengths: NDArray[np.int64]
    returns: NDArray[np.float64]
    scores: NDArray[np.float64]


def play(env: SearchEnv, rows: Rows, choose: Chooser) -> Episodes:
    """Play `rows`, already begun, until all are over; rows that finish leave the batch."""
    returns, lengths = np.zeros(len(rows)), np.zeros(len(rows), np.int64)
    alive = np.flatnonzero(env.counts(rows) > 0)
    live = rows[alive]
    steps: list[NDArray[np.int64]] = []
    while len(alive):
        actions = choose(live, env.masks(live), len(steps))
        rewards, terminated, truncated = env.advance(live, actions)
        column = np.full(len(rows), -1)
        column[alive] = actions
        steps.append(column)
        returns[alive] += rewards
        lengths[alive] += 1
        over = terminated | truncated
        if over.any():
            alive = alive[~over]
            live = rows[alive]
    played = np.stack(steps, axis=1) if steps else np.zeros((len(rows), 0), np.int64)
    return Episodes(played, lengths, returns, env.score(rows))


def replay(env: SearchEnv, actions: NDArray[np.int64], instance: object = None) -> SearchEnv:
    """An arena of one row in which `actions` int64[T] (-1 beyond the end) have been played again."""
    arena, row = env.resized(1), np.zeros(1, np.int64)
    spent = env.meter.evaluations
    arena.begin(row, [instance])
    for action in actions[actions >= 0]:
        arena.advance(row, np.array([action]))
    env.meter.evaluations = spent  # the same object scored again is not new work
    return arena


def choose_uniformly(rng: np.random.Generator) -> Chooser:
    """A chooser that plays each legal action with the same probability."""

    def choose(rows: Rows, masks: NDArray[np.bool_], step: int) -> NDArray[np.int64]:
        return sample_masked(masks, rng.random(len(rows)))

    return choose


def sample_masked(masks: NDArray[np.bool_], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """The legal action of rank floor(u * count) in each row, uniform float64[R] in [0, 1): int64[R]."""
    rank = np.cumsum(masks, axis=1)
    wanted = (uniform * rank[:, -1]).astype(np.int64) + 1
    chosen: NDArray[np.int64] = np.argmax(rank >= wanted[:, None], axis=1)
    return chosen


def mixed(probabilities: NDArray[Any], masks: NDArray[np.bool_], share: float, prior: float | None) -> NDArray[Any]:
    """(1 - share) of the policy plus `share` of the prior over legal actions: float[R, A], rows sum to 1."""
    if share == 0:
        return probabilities
    base = masks.astype(np.float64)
    if prior is not None and masks.shape[1] == 2:
        base *= [1 - prior, prior]
        base = np.where(base.any(axis=1, keepdims=True), base, masks)  # a forced letter, whatever the prior
    result: NDArray[Any] = (1 - share) * probabilities + share * base / base.sum(1, keepdims=True)
    return result


def sample(probabilities: NDArray[Any], rng: np.random.Generator) -> NDArray[np.int64]:
    """One action a row of float[R, A], by inversion of the cumulative sum; never one of probability 0."""
    cumulative = np.cumsum(probabilities, axis=1, dtype=np.float64)
    chosen: NDArray[np.int64] = (cumulative > rng.random(len(cumulative))[:, None] * cumulative[:, -1:]).argmax(axis=1)
    return chosen
