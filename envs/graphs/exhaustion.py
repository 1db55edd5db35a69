"""Every graph of an order, scored: what is left to search for when small orders are exhausted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mathrl.errors import MathrlError
from mathrl.solution import Solution

from .batch import GraphBatch
from .enumeration import connected_graphs, free_trees
from .env import GraphEnv
from .scoring import THRESHOLD

Chunk = tuple[NDArray[np.float64], Callable[[int], Solution], str]
"""Scores float64[C], the solution that an index is, and, at the end of an order, a sentence that says what is done."""

LARGEST = 9  # order up to which graphs are listed; trees may be larger


def everything(env: GraphEnv, most: int | None) -> Iterator[Chunk]:
    """Every graph of the problem up to isomorphism: of order env.n, or of all orders from the smallest to `most`.

    Trees if the moves make nothing else or the conjecture is about trees; disconnected graphs too unless its class
    excludes them. Where env.n ends the list, the last chunk is the best graph again, which is then known to be optimal.
    """
    config, classes = env.config, env.objective.classes
    trees = "tree" in classes or {"grow": config.mode}.get(config.moves, config.moves) in ("tree", "branch")
    disconnected = not trees and "connected" not in classes
    first = env.objective.minimum_order if config.n is None or config.moves == "grow" else env.n
    last = env.n if config.n is not None else most or (10**6 if trees else LARGEST)
    last = int(min(last, max(env.objective.maximum_order, env.n if config.n is not None else 0)))
    if last > LARGEST and not trees:
        raise MathrlError(f"graphs are listed up to {LARGEST} vertices, not {last} (env.moves=tree lists only trees)")
    kind = "trees" if trees else "graphs" if disconnected else "connected graphs"
    count, inside, violating = 0, 0, 0
    best: Solution | None = None
    for n in range(first, last + 1):
        for batch in batches(n, trees, disconnected):
            scores = env.evaluate(batch)
            count, violating = count + len(batch), violating + int((scores > THRESHOLD).sum())
            inside += int(np.isfinite(scores).sum())
            top = int(scores.argmax())
            if scores[top] > (-np.inf if best is None else best.value):
                best = solution(env, batch, scores, top)
            yield scores, partial(solution, env, batch, scores), ""
        orders = f"{n}" if n == first else f"{first} to {n}"
        if np.isfinite(env.solved_above):
            result = f"{violating:,} violate the conjecture" if violating else "none violates the conjecture"
        else:
            result = "none has a value" if best is None else f"the largest value is {best.value:.10g}"
        part = "" if inside == count else f", of which {inside:,} are in the class and have a score"
        sentence = f"all {count:,} {kind} on {orders} vertices{part}: {result}"
        if n == config.n and best is not None:
            best = replace(best, optimal=True, bound=best.value)
            yield np.array([best.value]), lambda index, best=best: best, sentence  # type: ignore[misc]
        else:
            yield np.empty(0), nothing, sentence


def solution(env: GraphEnv, batch: GraphBatch, scores: NDArray[np.float64], index: int) -> Solution:
    return env.found(batch.adjacency[index], float(scores[index]))


def nothing(index: int) -> Solution:
    raise IndexError(index)


def batches(n: int, trees: bool, disconnected: bool) -> Iterator[GraphBatch]:
    """All trees, all connected graphs, or all graphs on n vertices, up to isomorphism."""
    if trees:
        for parents in free_trees(n):
            yield GraphBatch(parents=parents)
        return
    for adjacency in connected_graphs(n):
        yield GraphBatch(adjacency=adjacency)
        if disconnected:  # a graph or its complement is connected
            complement = 1 - adjacency - np.eye(n, dtype=np.uint8)[None]
            other = GraphBatch(adjacency=complement)
            kept = ~other.belongs("connected")
            if kept.any():
                yield GraphBatch(adjacency=complement[kept])
