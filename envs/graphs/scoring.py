"""Scoring files and pipes of graph6 lines, in order and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .batch import GraphBatch
from .functions import registered
from .graph6 import read_lines
from .objective import objective
from .verify import verify

CHUNK = 1000  # graphs scored at once
THRESHOLD = 1e-9  # a float score below it is an equality graph's rounding error


def score_lines(config: Any, lines: Iterable[str], source: str, prove: bool) -> Iterator[dict[str, Any]]:
    """`{"id", "score", "proved"}` of each graph6 line; positive scores are proved if asked for, others are not hits."""
    aim = objective(config.reward)
    chunk: list[tuple[str, Any]] = []
    for _, text, adjacency in read_lines(lines, source):
        if chunk and (len(chunk) == CHUNK or len(adjacency) != len(chunk[0][1])):
            yield from _scored(chunk, aim, config.reward, prove)
            chunk = []
        chunk.append((text, adjacency))
    if chunk:
        yield from _scored(chunk, aim, config.reward, prove)


def _scored(chunk: list[tuple[str, Any]], aim: Any, reward: str, prove: bool) -> Iterator[dict[str, Any]]:
    scores = aim.score(GraphBatch(adjacency=np.stack([adjacency for _, adjacency in chunk])))
    for (text, _), value in zip(chunk, scores, strict=True):
        finite = float(value) if np.isfinite(value) else None
        proved = None
        if prove and finite is not None:
            proved = False
            if finite > THRESHOLD and registered(reward) is None:
                record = {
                    "env": "graphs",
                    "reward": reward,
                    "value": finite,
                    "solution": {"graph6": text, "formula": aim.formula},
                }
                proved = verify(record).proved
        yield {"id": text, "score": finite, "proved": proved}
