"""Scoring files and pipes of graph6 lines, in order and in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from mathrl.errors import MathrlError

from .batch import GraphBatch
from .formulas import Conjecture
from .functions import registered
from .graph6 import decode, decode_alike, texts
from .objective import Objective, objective
from .rewards import resolve

if TYPE_CHECKING:
    from .config import GraphConfig

CHUNK = 2000  # lines read at once
CELLS = 1 << 24  # entries of adjacency matrices held at once
THRESHOLD = 1e-9  # a float score below it is an equality graph's rounding error

Scored = tuple[float | None, str]  # the score, if there is one, and what is wrong with the line


def score_lines(config: GraphConfig, lines: Iterable[str], source: str, prove: bool) -> Iterator[dict[str, Any]]:
    """`{"id", "score", "proved"}` of each graph6 line; a malformed one has also "error", and the next line follows.

    `proved` is null unless asked for; then it is true where an exact certificate proves the score positive (for a
    strict claim, non-negative; for an objective, the value).
    """
    aim = objective(config.reward)
    proof = prover(config.reward) if prove else lambda text, score: None
    waiting = texts(lines)
    while chunk := list(islice(waiting, CHUNK)):
        for (number, text), (score, error) in zip(chunk, score_texts([text for _, text in chunk], aim), strict=True):
            found = {"id": text, "score": score, "proved": proof(text, score)}
            yield {**found, "error": f"{source}, line {number}: {error}"} if error else found


def score_texts(lines: list[str], aim: Objective) -> list[Scored]:
    """The scores of graph6 texts, those of one order together; no score for one vertex or outside the class."""
    results: list[Scored] = [(None, "")] * len(lines)
    alike: dict[tuple[str, int, bool], list[int]] = {}
    for index, text in enumerate(lines):  # a text with other letters spoils those that are decoded with it
        alike.setdefault((text[: 4 if text[0] == "~" else 1], len(text), text.isascii()), []).append(index)
    for members in alike.values():
        portion = max(1, CELLS // (12 * len(lines[members[0]])))  # about n^2/12 characters hold n^2 entries
        for start in range(0, len(members), portion):
            chosen = members[start : start + portion]
            adjacency, valid = decode_alike([lines[index] for index in chosen])
            for index in np.flatnonzero(~valid).tolist():
                results[chosen[index]] = None, fault(lines[chosen[index]])
            if adjacency.shape[1] > 1 and valid.any():
                scores = aim.score(GraphBatch(adjacency=adjacency[valid]))
                for index, score in zip(np.flatnonzero(valid).tolist(), scores.tolist(), strict=True):
                    results[chosen[index]] = score if np.isfinite(score) else None, ""
    return results


def fault(text: str) -> str:
    """What is wrong with a text that is not graph6."""
    try:
        decode(text)
    except MathrlError as error:
        return str(error)
    raise AssertionError(f"{text!r} is graph6 for one decoder and not for the other")


def prover(reward: str) -> Callable[[str, float | None], bool]:
    """Whether a graph's score is proved, as score_lines says, from its text and its score in floating point."""
    if registered(reward):
        return lambda text, score: False
    conjecture = resolve(reward).conjecture
    least = -np.inf if conjecture.claim is None else -THRESHOLD if conjecture.strict else THRESHOLD
    return lambda text, score: score is not None and score >= least and certified(text, conjecture)


def certified(text: str, conjecture: Conjecture) -> bool:
    """Whether an exact certificate proves what the score says."""
    from .verify import certificate
    from .verify import decode as read

    try:
        return certificate(read(text), text, conjecture)["sign"] in ("positive", "value")
    except MathrlError:
        return False
