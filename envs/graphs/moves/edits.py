"""Graphs changed pair by pair from a start graph: `set`, `flip`, `linear`, `local-set` and `local-flip`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrl.env import Rows, Streams
from mathrl.errors import MathrlError
from mathrl.solution import Solution

from ..batch import GraphBatch
from ..env import order_of
from ..graph6 import column_edges, row_edges
from ..kernels.cycles import bridges
from ..kernels.layouts import adjacency_from_words
from ..kernels.proposals import hashes, mutate_graphs
from .starts import start_words
from .steps import StepGraphs


class EditGraphs(StepGraphs):
    """A start graph on n vertices that is changed for a fixed number of steps (env.steps, by default one a pair).

    Rewards and ends of episodes: see StepGraphs.
    """

    places = 0  # entries of the observation after the E pairs

    word: NDArray[np.int16]  # int16[B, E]: 1 where the pair is an edge
    best_word: NDArray[np.int16]  # int16[B, E]: the best graph of the episode (difference)
    step_count: NDArray[np.int64]

    def prepare(self) -> None:
        super().prepare()
        if self.n < 2:
            raise MathrlError("edits need env.n of at least 2")
        rows = self.config.order == "row" or self.config.moves != "linear"
        self.edges = row_edges(self.n) if rows else column_edges(self.n)
        self.place = np.full((self.n, self.n), -1)
        self.place[self.edges[:, 0], self.edges[:, 1]] = self.place[self.edges[:, 1], self.edges[:, 0]] = np.arange(
            len(self.edges)
        )
        self.horizon = len(self.edges) if self.config.steps is None else self.config.steps
        self.max_actions = self.actions()
        self.observation_width = len(self.edges) + self.places

    def actions(self) -> int:
        """The number of actions offered."""
        raise NotImplementedError

    def change(self, rows: Rows, actions: NDArray[np.int64]) -> None:
        """Do to the graphs of `rows` what legal actions int64[R] say."""
        raise NotImplementedError

    def allowed(self, rows: Rows) -> NDArray[np.bool_]:
        """bool[R, A]: the legal actions of rows that are not over."""
        return np.ones((len(rows), self.max_actions), np.bool_)

    def allocate(self, rows: int) -> dict[str, NDArray[Any]]:
        pairs = self.n * (self.n - 1) // 2
        state: dict[str, NDArray[Any]] = {
            "word": np.zeros((rows, pairs), np.int16),
            "step_count": np.zeros(rows, np.int64),
            "vertex": np.zeros(rows, np.int64),
        }
        if self.dense:
            state["best_word"] = np.zeros((rows, pairs), np.int16)
        return state | self.results(rows)

    def draw(self, streams: Streams) -> Sequence[Any]:
        return list(start_words(self.config.start, self.edges, self.n, streams))

    def begin(self, rows: Rows, instances: Sequence[Any]) -> None:
        plain = [None] * len(rows) if instances is None else instances
        for row, word in zip(rows, plain, strict=True):
            self.word[row] = 0 if word is None else word
        self.step_count[rows], self.vertex[rows] = 0, 0
        self.open(rows)

    def batch(self, rows: Rows) -> GraphBatch:
        return GraphBatch(adjacency=adjacency_from_words(self.word[rows].astype(np.uint8), self.edges, self.n))

    def advance(
        self, rows: Rows, actions: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
        rewards, open_ = np.zeros(len(rows)), ~self.over[rows]
        legal = open_ & (actions >= 0) & (actions < self.max_actions)
        legal[legal] = self.allowed(rows[legal])[np.arange(int(legal.sum())), actions[legal]]
        wrong = open_ & ~legal
        self.over[rows[wrong]], self.value[rows[wrong]] = True, -np.inf
        rewards[wrong] = -np.inf
        moved = rows[legal]
        self.change(moved, actions[legal])
        self.step_count[moved] += 1
        last = self.step_count[moved] >= self.horizon
        if self.dense:
            before = self.value[moved]
            self.value[moved] = self.evaluate_rows(moved)
            rewards[legal] = self.differences(moved, before)
            self.over[moved] |= last | self.hit(moved)
        else:
            self.value[moved] = np.nan
            self.value[moved[last]] = self.evaluate_rows(moved[last])
            rewards[np.flatnonzero(legal)[last]] = self.value[moved[last]]
            self.over[moved[last]] = True
        return rewards, self.over[rows], np.zeros(len(rows), np.bool_)

    def evaluate_rows(self, rows: Rows) -> NDArray[np.float64]:
        return self.evaluate(self.batch(rows)) if len(rows) else np.zeros(0)

    def remember(self, rows: Rows) -> None:
        self.best_word[rows] = self.word[rows]

    def mutate(self, rows: Rows, state: NDArray[np.uint64]) -> None:
        mutate_graphs(self.word, rows, self.edges, self.n, state)

    def keys(self, rows: Rows) -> NDArray[np.uint64]:
        """Equal for equal graphs (not for isomorphic ones): uint64[R]."""
        return hashes(self.word[rows])

    def observe(self, rows: Rows, width: int | None = None, out: Any = None) -> NDArray[np.float32]:
        seen: NDArray[np.float32] = np.zeros((len(rows), self.observation_width), np.float32) if out is None else out
        seen[:, : len(self.edges)] = self.word[rows]
        seen[:, len(self.edges) :] = 0
        return seen

    def solution(self, row: int) -> Solution:
        rows = np.array([row])
        value = float(self.score(rows)[0])
        words = self.best_word if self.dense and self.over[row] else self.word
        return self.found(adjacency_from_words(words[rows].astype(np.uint8), self.edges, self.n)[0], value)


class SetGraphs(EditGraphs):
    """Action a in [0, 2E): pair a mod E becomes an edge if a >= E, else a non-edge. Observation: E pairs, 1 = edge."""

    def actions(self) -> int:
        return 2 * len(self.edges)

    def change(self, rows: Rows, actions: NDArray[np.int64]) -> None:
        pairs = len(self.edges)
        self.word[rows, actions % pairs] = actions // pairs


class FlipGraphs(EditGraphs):
    """Action e in [0, E): pair e is toggled. With env.keep: 2E actions, a < E leaves pair a, a >= E toggles it.

    Observation: E pairs, 1 = edge. With env.stay_connected bridges are masked.
    """

    def prepare(self) -> None:
        super().prepare()
        if self.config.stay_connected and self.n < 3:
            raise MathrlError("env.stay_connected needs env.n of at least 3: on 2 vertices it may leave no action")

    def actions(self) -> int:
        return (1 + self.config.keep) * len(self.edges)

    def change(self, rows: Rows, actions: NDArray[np.int64]) -> None:
        pairs = len(self.edges)
        toggled = np.ones(len(rows), np.int16) if not self.config.keep else (actions >= pairs).astype(np.int16)
        self.word[rows, actions % pairs] ^= toggled

    def allowed(self, rows: Rows) -> NDArray[np.bool_]:
        masks = super().allowed(rows)
        if self.config.stay_connected and len(rows):
            held = bridges(adjacency_from_words(self.word[rows].astype(np.uint8), self.edges, self.n))
            masks[:, -len(self.edges) :] &= ~held[:, self.edges[:, 0], self.edges[:, 1]]
        return masks


class LinearGraphs(EditGraphs):
    """Pairs one after another, in row or column order: action 1 toggles the pair, 0 leaves it. E steps.

    Observation: E pairs, 1 = edge, then the position one-hot.
    """

    def prepare(self) -> None:
        n = order_of(self.config)
        self.places = n * (n - 1) // 2
        super().prepare()
        self.horizon = len(self.edges)

    def actions(self) -> int:
        return 2

    def change(self, rows: Rows, actions: NDArray[np.int64]) -> None:
        self.word[rows, self.step_count[rows]] ^= actions.astype(np.int16)

    def observe(self, rows: Rows, width: int | None = None, out: Any = None) -> NDArray[np.float32]:
        seen = super().observe(rows, width, out)
        live = np.flatnonzero(self.step_count[rows] < len(self.edges))
        seen[live, len(self.edges) + self.step_count[rows[live]]] = 1
        return seen


class LocalGraphs(EditGraphs):
    """A walker at vertex v (first 0): action a in [0, 2n) goes to w = a mod n, b = a div n; w = v is masked.

    Observation: E pairs, 1 = edge, then v one-hot.
    """

    def prepare(self) -> None:
        self.places = order_of(self.config)
        super().prepare()

    def actions(self) -> int:
        return 2 * self.n

    def allowed(self, rows: Rows) -> NDArray[np.bool_]:
        masks = super().allowed(rows)
        every = np.arange(len(rows))
        masks[every, self.vertex[rows]] = masks[every, self.n + self.vertex[rows]] = False
        return masks

    def change(self, rows: Rows, actions: NDArray[np.int64]) -> None:
        goal = actions % self.n
        self.walk(rows, self.place[self.vertex[rows], goal], (actions // self.n).astype(np.int16))
        self.vertex[rows] = goal

    def walk(self, rows: Rows, pairs: NDArray[np.int64], bit: NDArray[np.int16]) -> None:
        """Do to the pair from v to w, in each row, what bit int16[R] says."""
        raise NotImplementedError

    def observe(self, rows: Rows, width: int | None = None, out: Any = None) -> NDArray[np.float32]:
        seen = super().observe(rows, width, out)
        seen[np.arange(len(rows)), len(self.edges) + self.vertex[rows]] = 1
        return seen


class LocalSetGraphs(LocalGraphs):
    """The pair vw becomes an edge if b = 1, else a non-edge."""

    def walk(self, rows: Rows, pairs: NDArray[np.int64], bit: NDArray[np.int16]) -> None:
        self.word[rows, pairs] = bit


class LocalFlipGraphs(LocalGraphs):
    """The pair vw is toggled if b = 1."""

    def walk(self, rows: Rows, pairs: NDArray[np.int64], bit: NDArray[np.int16]) -> None:
        self.word[rows, pairs] ^= bit
