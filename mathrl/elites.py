"""Choosing elites: which of many scored words an agent remembers and learns from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.int64]  # int64[R, T], -1 beyond the end of an episode
Scores = NDArray[np.float64]  # float64[R]


def best_distinct(
    words: Words, scores: Scores, most: int, newest: bool = False, copies: int = 0
) -> tuple[Words, Scores]:
    """The `most` best distinct words int64[R, T]; of equal scores the lexicographically first, or those given first.

    `copies` > 0 keeps so many of each score (to 9 decimals): isomorphic graphs have the same.
    """
    letters = words + 1 if words.shape[1] else np.zeros((len(words), 1), np.int64)  # a word of length 0 has a key too
    kind = np.dtype(">i2" if letters.max(initial=0) < 2**15 else ">i8")
    whole = np.dtype((np.void, kind.itemsize * letters.shape[1]))
    keys = np.ascontiguousarray(letters, kind).view(whole)[:, 0]
    index = np.arange(len(scores))
    if (
        len(scores) > 4 * most and not copies
    ):  # only words that reach the most-th best score (copies counted) can matter
        above = np.flatnonzero(scores >= np.partition(scores, -most)[-most])
        if len(np.unique(keys[above])) >= most:
            index = above
    _, first = np.unique(keys[index], return_index=True)  # sorted as bytes, which is the order of the words
    index = index[np.sort(first) if newest else first]
    kept = index[np.argsort(-scores[index], kind="stable")]
    if copies:
        _, first = np.unique(-scores[kept].round(9), return_index=True)  # kept is sorted: a score's words are adjacent
        kept = kept[np.arange(len(kept)) - np.repeat(first, np.diff(np.append(first, len(kept)))) < copies]
    return words[kept[:most]], scores[kept[:most]]


def finite_scores(scores: Scores) -> Scores:
    """-inf replaced by the least finite score minus 1, or by -1 if none is finite, so that percentiles make sense."""
    finite = np.isfinite(scores)
    return np.where(finite, scores, scores[finite].min() - 1 if finite.any() else -1.0)


def select(scores: Scores, percentile: float, size: int) -> NDArray[np.int64]:
    """Wagner's selection from the union of `size` new words and the survivors, in order: indices int64[K].

    All scores above the percentile's value are taken; those equal to it first come, first served while the quota of
    size * (100 - percentile) / 100 lasts, which the ones above use up too.
    """
    threshold = np.percentile(scores, percentile)
    near = np.flatnonzero(scores >= threshold - 1e-7)
    left = size * (100 - percentile) / 100 - np.arange(len(near))
    return near[(left > 0) | (scores[near] >= threshold + 1e-7)]
