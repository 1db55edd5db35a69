"""Graphs that grow: a leaf, a subdivided edge or a new edge at a time (`grow`; the moves of AMCS, arXiv 2306.07956)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrl.env import Rows, Streams
from mathrl.errors import MathrlError
from mathrl.solution import Solution

from ..batch import GraphBatch
from ..classes import find_class
from ..graph6 import decode
from ..kernels.growth import grow, grow_masks, mutate_grown, prune
from ..kernels.proposals import hashes
from .starts import start_graph
from .steps import StepGraphs

SEED_ORDER = 5  # AMCS begins with a random tree on five vertices


class GrowGraphs(StepGraphs):
    """A graph of order k <= N = env.n that starts as a random tree on 5 vertices (env.start) and grows.

    Action v in [0, N) adds vertex k as a leaf at v < k < N. Action N + j(j-1)/2 + i, i < j < k: if ij is an edge,
    vertex k is put on it (k < N); if not, it becomes an edge (env.mode=connected, at most env.steps times, by default
    N). The last action stops; so does the lack of any other. Observation: flat, the N(N-1)/2 pairs in column
    order, then the order k one-hot (entry k-1). Rewards: see StepGraphs.
    """

    adjacency: NDArray[np.uint8]  # uint8[B, N, N]
    order: NDArray[np.int64]
    spare: NDArray[np.int64]  # edges that may still be added

    def prepare(self) -> None:
        super().prepare()
        self.most = self.n
        if self.most < 3:
            raise MathrlError("env.moves=grow needs env.n of at least 3")
        self.pairs = self.most * (self.most - 1) // 2
        self.trees = self.config.mode == "tree"
        self.extra = 0 if self.trees else self.most if self.config.steps is None else self.config.steps
        self.max_actions = self.most + self.pairs + 1
        self.observation_width = self.pairs + self.most

    def allocate(self, rows: int) -> dict[str, NDArray[Any]]:
        most = self.most
        state: dict[str, NDArray[Any]] = {
            "adjacency": np.zeros((rows, most, most), np.uint8),
            "order": np.zeros(rows, np.int64),
            "spare": np.zeros(rows, np.int64),
        }
        if self.dense:
            state |= {
                "best_order": np.zeros(rows, np.int64),
                "best_adjacency": np.zeros((rows, most, most), np.uint8),
            }
        return state | self.results(rows)

    def draw(self, streams: Streams) -> Sequence[Any]:
        start, seed = self.config.start, min(SEED_ORDER, self.most)
        if start in ("none", "tree", "random"):
            return [start_graph("tree", seed, streams[index]) for index in range(len(streams))]
        graph = start_graph(start, seed) if start.isalpha() and start.islower() else decode(start)
        if len(graph) > self.most:
            raise MathrlError(f"env.start={start} has {len(graph)} vertices, and env.n={self.most}")
        if self.trees and not find_class("tree").members(GraphBatch(adjacency=graph[None]))[0]:
            raise MathrlError(f"env.mode=tree grows trees, and env.start={start} is none")
        return [graph] * len(streams)

    def begin(self, rows: Rows, instances: Sequence[Any]) -> None:
        self.adjacency[rows] = 0
        for row, graph in zip(rows, instances, strict=True):
            seed = start_graph("path", 2) if graph is None else graph
            self.adjacency[row, : len(seed), : len(seed)] = seed
            self.order[row] = len(seed)
        self.spare[rows] = self.extra
        self.open(rows)

    def remember(self, rows: Rows) -> None:
        self.best_order[rows] = self.order[rows]
        self.best_adjacency[rows] = self.adjacency[rows]

    def evaluate_rows(self, rows: Rows) -> NDArray[np.float64]:
        """The scores float64[R] of the graphs of `rows`, one batch an order."""
        values = np.empty(len(rows))
        for k in np.unique(self.order[rows]):
            some = np.flatnonzero(self.order[rows] == k)
            values[some] = self.evaluate(GraphBatch(adjacency=self.adjacency[rows[some], :k, :k]))
        return values

    def advance(
        self, rows: Rows, actions: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
        rewards, live = np.zeros(len(rows)), np.flatnonzero(~self.over[rows])
        live = live[(actions[live] >= 0) & (actions[live] < self.max_actions)]
        legal = live[self.masks(rows[live], self.max_actions)[np.arange(len(live)), actions[live]]]
        wrong = ~self.over[rows]
        wrong[legal] = False
        self.over[rows[wrong]], self.value[rows[wrong]], rewards[wrong] = True, -np.inf, -np.inf
        stopped = actions[legal] == self.max_actions - 1
        before = self.order[rows[legal]]
        grow(self.adjacency, self.order, rows[legal[~stopped]], actions[legal[~stopped]])
        added = (before == self.order[rows[legal]]) & ~stopped
        self.spare[rows[legal[added]]] -= 1
        moved = rows[legal]
        whole = self.adjacency[moved].sum(axis=(1, 2)) == 2 * self.pairs
        ended = stopped | ((self.order[moved] == self.most) & (self.trees | (self.spare[moved] == 0) | whole))
        if self.dense:
            old = self.value[moved]
            self.value[moved] = np.where(stopped, old, np.nan)
            self.score(moved)
            rewards[legal] = self.differences(moved, old)
            ended |= self.hit(moved)
        else:
            self.value[moved] = np.nan
            rewards[legal[ended]] = self.score(moved[ended])
        self.over[moved[ended]] = True
        return rewards, self.over[rows], np.zeros(len(rows), np.bool_)

    def mutate(self, rows: Rows, state: NDArray[np.uint64]) -> None:
        mutate_grown(self.adjacency, self.order, rows, min(3, self.most), self.trees, state)

    def prune(self, rows: Rows, streams: Streams) -> None:
        """One random step back for each graph, in place, down to 5 vertices: a leaf removed or a vertex smoothed."""
        prune(self.adjacency, self.order, rows, min(SEED_ORDER, self.most), streams.words())
        self.spare[rows], self.over[rows], self.value[rows] = self.extra, False, np.nan

    def keys(self, rows: Rows) -> NDArray[np.uint64]:
        """Equal for equal graphs (not for isomorphic ones): uint64[R]."""
        return hashes(self.adjacency[rows].reshape(len(rows), -1).astype(np.int16))

    def allowed(self, rows: Rows) -> NDArray[np.bool_]:
        legal = np.empty((len(rows), self.max_actions), np.bool_)
        grow_masks(self.adjacency, self.order, self.spare, rows, self.trees, legal)
        return legal

    def observe(self, rows: Rows, width: int | None = None, out: Any = None) -> NDArray[np.float32]:
        seen: NDArray[np.float32] = np.zeros((len(rows), self.observation_width), np.float32) if out is None else out
        larger, smaller = np.tril_indices(self.most, -1)
        seen[:, : self.pairs] = self.adjacency[rows][:, larger, smaller]
        seen[:, self.pairs :] = 0
        seen[np.arange(len(rows)), self.pairs + self.order[rows] - 1] = 1
        return seen

    def solution(self, row: int) -> Solution:
        value = float(self.score(np.array([row]))[0])
        if self.dense and self.over[row]:
            k = int(self.best_order[row])
            return self.found(self.best_adjacency[row, :k, :k], value)
        k = int(self.order[row])
        return self.found(self.adjacency[row, :k, :k], value)
