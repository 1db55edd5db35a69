"""Graphs as words: pair by pair (`word`, Wagner's encoding) or, for trees, parent by parent (`tree`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mathrl.env import Rows, Streams
from mathrl.errors import MathrlError
from mathrl.solution import Solution
from mathrl.words import WordEnv, WordLayout

from ..batch import GraphBatch
from ..env import GraphEnv, least_girth
from ..graph6 import column_edges, row_edges
from ..kernels.cycles import closes_short_cycle
from ..kernels.layouts import adjacency_from_words
from ..kernels.proposals import hashes, mutate_graphs, mutate_parents


class LetterGraphs(GraphEnv, WordEnv):
    """Graphs that are complete when the last letter is chosen; reward 0 until then, and their score at the end."""

    def prepare(self) -> None:
        super().prepare()
        if self.config.rewards == "difference":
            raise MathrlError(
                f"env.moves={self.config.moves} scores complete graphs only; env.rewards=difference is for "
                "set, flip, linear, local-set, local-flip and grow"
            )

    def batch(self, words: NDArray[np.int16]) -> GraphBatch:
        """The graphs of complete words int16[R, T]."""
        raise NotImplementedError

    def values(self, words: NDArray[np.int16]) -> NDArray[np.float64]:
        return self.objective.score(self.batch(words))

    def mutate(self, rows: Rows, state: NDArray[np.uint64]) -> None:
        """Change the words of `rows` at random, in place; one generator uint64 a row."""
        raise NotImplementedError

    def propose(self, rows: Rows, streams: Streams) -> None:
        """A random neighbour of each complete word, in place, scored."""
        self.mutate(rows, streams.words())
        self.value[rows] = self.evaluate(self.batch(self.word[rows]))

    def keys(self, rows: Rows) -> NDArray[np.uint64]:
        """Equal for equal words (not for isomorphic graphs): uint64[R]."""
        return hashes(self.word[rows])

    def solution(self, row: int) -> Solution:
        return self.found(self.batch(self.word[row : row + 1]).adjacency[0], float(self.value[row]))


class WordGraphs(LetterGraphs):
    """Wagner's edge word: letter t says whether pair t is an edge; pairs in row or column order.

    Observation: flat, 2E entries, E = n(n-1)/2: the letters so far, then the position one-hot. Actions {0, 1}. E steps.
    """

    def prepare(self) -> None:
        super().prepare()
        self.edges = row_edges(self.n) if self.config.order == "row" else column_edges(self.n)
        self.use_letters(np.full(len(self.edges), 2))

    def batch(self, words: NDArray[np.int16]) -> GraphBatch:
        return GraphBatch(adjacency=adjacency_from_words(words.astype(np.uint8), self.edges, self.n))

    def mutate(self, rows: Rows, state: NDArray[np.uint64]) -> None:
        mutate_graphs(self.word, rows, self.edges, self.n, state)


class GirthWords(WordGraphs):
    """Edge words of graphs without short cycles: letter 1 is masked where the edge would close one.

    The least girth is 4 for triangle-free graphs, or what a hypothesis such as `girth >= 5` says.
    """

    def prepare(self) -> None:
        super().prepare()
        self.girth = least_girth(self.objective)

    def legal(self, rows: Rows) -> NDArray[np.bool_]:
        allowed = np.ones((len(rows), 2), np.bool_)
        allowed[:, 1] = ~closes_short_cycle(self.word[rows], self.place[rows], self.edges, self.n, self.girth)
        return allowed


class TreeGraphs(LetterGraphs):
    """Trees as parent arrays: letter t is the parent p[i] < i of vertex i = t + 2; vertex 1 hangs on vertex 0.

    Observation: flat, E + n entries: the edges so far in column order, then vertex i one-hot. Actions 0..n-2, masked to
    p[i] < i. n - 2 steps. Every tree has such an array, the star has the most.
    """

    def prepare(self) -> None:
        super().prepare()
        n = self.n
        if n < 3:
            raise MathrlError(
                "env.moves=tree needs env.n of at least 3: the tree on 2 vertices leaves nothing to choose"
            )
        vertex = np.arange(2, n)
        column = vertex[:, None] * (vertex[:, None] - 1) // 2 + np.arange(n - 1)[None, :]
        column[np.arange(n - 1)[None, :] >= vertex[:, None]] = -1
        pairs = n * (n - 1) // 2
        self.use_letters(vertex, WordLayout(column, pairs + vertex, np.zeros(1, np.int64), pairs + n))

    def batch(self, words: NDArray[np.int16]) -> GraphBatch:
        return GraphBatch(parents=np.concatenate([np.zeros((len(words), 2), np.int16), words], axis=1))

    def mutate(self, rows: Rows, state: NDArray[np.uint64]) -> None:
        mutate_parents(self.word, rows, state)
