"""Trees by kinds of branches: a few pendant paths, how long, how often, and what hangs at their ends (`branch`).

Large extremal trees repeat a few branches many times. Counting the repetitions, instead of placing every vertex, makes
a tree on hundreds of vertices a word of a dozen letters.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mathrl.env import Rows
from mathrl.errors import MathrlError

from ..batch import GraphBatch
from ..kernels.layouts import Parents
from ..kernels.proposals import mutate_letters
from .letters import LetterGraphs


class BranchGraphs(LetterGraphs):
    """Trees on n vertices from k kinds of branches.

    Letters 3j, 3j+1, 3j+2 of kind j: where it hangs (0: at the root; i: at the end of every path of kind i-1 < j), the
    length of its path, and how many copies hang at each such place; copies that do not fit into n vertices are left
    out. The last letter says where the vertices that remain hang as leaves.
    """

    def prepare(self) -> None:
        super().prepare()
        if self.n < 4:
            raise MathrlError("env.moves=branch needs env.n of at least 4")
        letters = []
        for kind in range(self.config.slots):
            letters += [kind + 1, max(2, self.n // 2), self.n]
        self.use_letters([*letters, self.config.slots + 1])

    def batch(self, words: NDArray[np.int16]) -> GraphBatch:
        return GraphBatch(parents=expand_branches(words, self.n))

    def mutate(self, rows: Rows, state: NDArray[np.uint64]) -> None:
        mutate_letters(self.word, rows, self.letters, state)


@njit(cache=True)
def expand_branches(words: NDArray[np.int16], n: int) -> Parents:
    """The trees of branch words: int16[B, 3k+1] -> parents int16[B, n]."""
    count, slots = len(words), words.shape[1] // 3
    parents = np.zeros((count, n), np.int16)
    ends, counts = np.empty((slots + 1, n), np.int64), np.empty(slots + 1, np.int64)
    for b in range(count):
        ends[0, 0], counts[0], order = 0, 1, 1
        for kind in range(slots):
            place, length, copies = words[b, 3 * kind], words[b, 3 * kind + 1], words[b, 3 * kind + 2]
            places = counts[place]
            if length > 0:
                copies = min(copies, (n - order) // (places * length))
            if length == 0 or copies == 0:
                ends[kind + 1, :places] = ends[place, :places]
                counts[kind + 1] = places
                continue
            counts[kind + 1] = 0
            for e in range(places):
                for _ in range(copies):
                    at = ends[place, e]
                    for _ in range(length):
                        parents[b, order] = at
                        at = order
                        order += 1
                    ends[kind + 1, counts[kind + 1]] = at
                    counts[kind + 1] += 1
        place = words[b, 3 * slots]
        for rest in range(n - order):
            parents[b, order] = ends[place, rest % counts[place]]
            order += 1
    return parents
