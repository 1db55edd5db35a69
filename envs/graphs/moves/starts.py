"""Start graphs for edits and growth: named ones, a given graph6 text, or random ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mathrl.env import Streams
from mathrl.errors import MathrlError, unknown

from ..graph6 import decode

NAMED = ("none", "empty", "complete", "cycle", "path", "star", "tree", "random")


def start_words(start: str, edges: NDArray[np.int64], n: int, streams: Streams) -> Iterator[NDArray[np.int16]]:
    """One start graph a stream as a word int16[E]; `tree` and `random` (G(n, 1/2)) draw from the stream."""
    for index in range(len(streams)):
        adjacency = start_graph(start, n, streams[index] if start in ("tree", "random") else None)
        yield adjacency[edges[:, 0], edges[:, 1]].astype(np.int16)


def start_graph(start: str, n: int, rng: np.random.Generator | None = None) -> NDArray[np.uint8]:
    """The start graph uint8[n, n] that a word names; MathrlError for another word."""
    adjacency = np.zeros((n, n), np.uint8)
    if start in ("tree", "random"):
        assert rng is not None
        if start == "tree":
            for i in range(1, n):
                adjacency[i, rng.integers(i)] = 1
        else:
            adjacency[np.tril_indices(n, -1)] = rng.integers(0, 2, n * (n - 1) // 2)
    elif start == "complete":
        adjacency[np.tril_indices(n, -1)] = 1
    elif start in ("cycle", "path"):
        adjacency[np.arange(1, n), np.arange(n - 1)] = 1
        adjacency[n - 1, 0] |= start == "cycle" and n > 2
    elif start == "star":
        adjacency[1:, 0] = 1
    elif start not in ("none", "empty"):
        return given_graph(start, n)
    return adjacency | adjacency.T


def given_graph(text: str, n: int) -> NDArray[np.uint8]:
    """The graph uint8[n, n] of a graph6 text, which must have n vertices."""
    try:
        adjacency = decode(text)
    except MathrlError as fault:
        if text.isalpha() and text.islower():
            raise unknown(text, "a start graph", NAMED, "or a graph6 text") from None
        names = ", ".join(NAMED)
        raise MathrlError(f"env.start='{text}' is neither a start graph ({names}) nor graph6: {fault}") from None
    if len(adjacency) != n:
        raise MathrlError(f"env.start={text} has {len(adjacency)} vertices, and env.n={n}")
    return adjacency
