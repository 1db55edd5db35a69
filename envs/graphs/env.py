"""Graphs built letter by letter: by their edges (`word`) or, for trees, by parents (`tree`); scored by a formula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mathrl.errors import MathrlError
from mathrl.settings import knob
from mathrl.solution import Solution
from mathrl.words import WordEnv, WordLayout

from .batch import GraphBatch
from .graph6 import column_edges, encode, row_edges
from .kernels.layouts import adjacency_from_words
from .objective import Objective, objective


@dataclass(frozen=True)
class GraphConfig:
    reward: str = knob("wagner-2.1", "a conjecture of the catalogue, a formula, or a registered function")
    n: int = knob(19, "number of vertices", 2, 1000)
    moves: Literal["word", "tree"] = knob(
        "word", "how graphs are built: edge by edge, or parent by parent (trees only)"
    )
    order: Literal["row", "column"] = knob("row", "word: the order of the edges; column is graph6's")


class GraphEnv(WordEnv):
    """Graphs on vertices 0..n-1 that are to violate a conjecture.

    Reward: 0 until the graph is complete, then its score, which is positive exactly when the graph is a counterexample
    and -inf when the graph is outside the conjecture's class. Gymnasium's face shows -inf as -(n + 1).
    """

    Config = GraphConfig
    config: GraphConfig
    objective: Objective

    def prepare(self) -> None:
        self.objective = objective(self.config.reward)
        self.penalty = -float(self.config.n + 1)
        least = self.objective.minimum_order
        if self.config.n < least:
            raise MathrlError(f"{self.objective.name} is stated for n >= {least}; env.n={self.config.n} is too small")

    def batch(self, words: NDArray[np.int16]) -> GraphBatch:
        """The graphs of complete words int16[R, T]."""
        raise NotImplementedError

    def values(self, words: NDArray[np.int16]) -> NDArray[np.float64]:
        return self.objective.score(self.batch(words))

    def solution(self, row: int) -> Solution:
        graph = encode(self.batch(self.word[row : row + 1]).adjacency[0])
        formula = self.objective.formula
        found = {"graph6": graph, "formula": formula} if formula else {"graph6": graph}
        return Solution("graphs", self.objective.name, float(self.value[row]), found)


class WordGraphs(GraphEnv):
    """Wagner's edge word: letter t says whether pair t is an edge; pairs in row or column order.

    Observation: flat, 2E entries, E = n(n-1)/2: the letters so far, then the position one-hot. Actions {0, 1}. E steps.
    """

    def prepare(self) -> None:
        super().prepare()
        self.edges = row_edges(self.config.n) if self.config.order == "row" else column_edges(self.config.n)
        self.use_letters(np.full(len(self.edges), 2))

    def batch(self, words: NDArray[np.int16]) -> GraphBatch:
        return GraphBatch(adjacency=adjacency_from_words(words.astype(np.uint8), self.edges, self.config.n))


class TreeGraphs(GraphEnv):
    """Trees as parent arrays: letter t is the parent p[i] < i of vertex i = t + 2; vertex 1 hangs on vertex 0.

    Observation: flat, E + n entries: the edges so far in column order, then vertex i one-hot. Actions 0..n-2, masked to
    p[i] < i. n - 2 steps. Every tree has such an array, the star has the most.
    """

    def prepare(self) -> None:
        super().prepare()
        n = self.config.n
        if n < 3:
            raise MathrlError(
                "env.moves=tree needs env.n of at least 3: the tree on 2 vertices leaves nothing to choose"
            )
        vertex = np.arange(2, n)
        column = vertex[:, None] * (vertex[:, None] - 1) // 2 + np.arange(n - 1)[None, :]
        column[np.arange(n - 1)[None, :] >= vertex[:, None]] = -1
        pairs = n * (n - 1) // 2
        self.use_letters(vertex, WordLayout(column, pairs + vertex, np.zeros(1, np.int64), pairs + n))

    def parents(self, words: NDArray[np.int16]) -> NDArray[np.int16]:
        """Parent arrays int16[R, n] of complete words."""
        return np.concatenate([np.zeros((len(words), 2), np.int16), words], axis=1)

    def batch(self, words: NDArray[np.int16]) -> GraphBatch:
        return GraphBatch(parents=self.parents(words))


def environment(config: GraphConfig) -> type[GraphEnv]:
    """The class for the moves of a config."""
    return {"word": WordGraphs, "tree": TreeGraphs}[config.moves]
