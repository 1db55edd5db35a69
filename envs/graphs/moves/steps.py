"""What edits and growth share: a graph that is whole at every step, scored at the end or after every change."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrl.env import Rows, Streams

from ..env import GraphEnv


class StepGraphs(GraphEnv):
    """Graphs that change step by step and are whole all the time.

    Reward, sparse: 0 until the last step, then the score; difference: f(score now) - f(score before) at every step,
    f(x) = max(x, -(n + 1)). With env.rewards=difference the first counterexample ends the episode, unless
    env.stop_on_hit=false, and the object of an episode is the best graph on the way. An action that does not exist, or
    is masked, ends the episode with -inf.
    """

    kind = "flat"

    over: NDArray[np.bool_]
    value: NDArray[np.float64]  # the score of the graph, NaN where it was not asked for
    best: NDArray[np.float64]  # difference: the best score of the episode

    def prepare(self) -> None:
        super().prepare()
        self.dense = self.config.rewards == "difference"

    def allowed(self, rows: Rows) -> NDArray[np.bool_]:
        """bool[R, A]: the legal actions of rows that are not over."""
        raise NotImplementedError

    def evaluate_rows(self, rows: Rows) -> NDArray[np.float64]:
        """The scores float64[R] of the graphs of `rows`."""
        raise NotImplementedError

    def remember(self, rows: Rows) -> None:
        """Keep a copy of the graphs of `rows`, the best of their episodes so far (difference)."""
        raise NotImplementedError

    def mutate(self, rows: Rows, state: NDArray[np.uint64]) -> None:
        """Change the graphs of `rows` at random, in place; one generator uint64 a row."""
        raise NotImplementedError

    def results(self, rows: int) -> dict[str, NDArray[Any]]:
        """Fresh arrays of what this class keeps for that many rows."""
        state: dict[str, NDArray[Any]] = {"over": np.zeros(rows, np.bool_), "value": np.full(rows, np.nan)}
        return state | ({"best": np.full(rows, -np.inf)} if self.dense else {})

    def open(self, rows: Rows) -> None:
        """Begin the episodes of graphs that have just been put in place."""
        self.over[rows], self.value[rows] = False, np.nan
        if self.dense:
            self.value[rows] = self.evaluate_rows(rows)
            self.improve(rows)
            self.over[rows] = self.hit(rows)

    def hit(self, rows: Rows) -> NDArray[np.bool_]:
        """Whether the graphs of `rows` end their episodes by what they are (difference)."""
        result: NDArray[np.bool_] = self.config.stop_on_hit & (self.value[rows] > self.solved_above)
        return result

    def improve(self, rows: Rows) -> None:
        """Make the graphs of `rows`, as they stand, the best of their episodes (difference)."""
        self.best[rows] = self.value[rows]
        self.remember(rows)

    def differences(self, rows: Rows, before: NDArray[np.float64]) -> NDArray[np.float64]:
        """The difference rewards of `rows`, scored now and before; what is better than ever is remembered."""
        floor = -(self.n + 1.0)
        self.improve(rows[self.value[rows] > self.best[rows]])
        return np.maximum(self.value[rows], floor) - np.maximum(before, floor)

    def propose(self, rows: Rows, streams: Streams) -> None:
        """A random neighbour of each graph, in place, scored; it does not count as a step."""
        self.mutate(rows, streams.words())
        self.value[rows] = self.evaluate_rows(rows)
        if self.dense:
            self.improve(rows)

    def counts(self, rows: Rows) -> NDArray[np.int64]:
        return np.where(self.over[rows], 0, self.max_actions)

    def masks(self, rows: Rows, width: int | None = None, out: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
        counts = self.counts(rows)
        size = int(counts.max(initial=0)) if width is None else width
        masks = np.zeros((len(rows), size), np.bool_) if out is None else out
        masks[:] = False
        live = counts > 0
        if live.any():
            masks[live, : self.max_actions] = self.allowed(rows[live])
        return masks

    def score(self, rows: Rows) -> NDArray[np.float64]:
        """The score of each graph (difference: of the best of the episode, once it is over); scored when asked."""
        unknown = rows[np.isnan(self.value[rows])]
        if len(unknown):
            self.value[unknown] = self.evaluate_rows(unknown)
        if self.dense:
            return np.where(self.over[rows] & np.isfinite(self.value[rows]), self.best[rows], self.value[rows])
        return self.value[rows]
