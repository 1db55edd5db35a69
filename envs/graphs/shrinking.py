"""Counterexamples without what they do not need: fewer vertices first, then fewer edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mathrl.solution import Solution

from .batch import GraphBatch
from .config import GraphConfig
from .graph6 import decode, encode
from .objective import objective
from .scoring import THRESHOLD


def shrink(found: Solution, config: GraphConfig | None = None) -> Solution:
    """A counterexample from which no vertex can be removed or merged into a neighbour, and no edge be removed.

    Each step takes the graph of largest score among those left; it must stay a counterexample in float64 arithmetic.
    Where env.n fixes the order only edges are removed.
    """
    aim = objective(found.reward, "any" if config is None else config.class_)
    graph = given = decode(found.solution["graph6"])
    value = found.value
    ways = (without_vertex, without_edge) if config is None or config.n is None else (without_edge,)
    while True:
        for way in ways:
            candidates = way(graph)
            if not len(candidates) or candidates.shape[1] < aim.minimum_order:
                continue
            scores = aim.score(GraphBatch(adjacency=candidates))
            best = int(np.nanargmax(scores))
            if scores[best] > THRESHOLD:
                graph, value = candidates[best], float(scores[best])
                break
        else:
            solution = {**found.solution, "graph6": encode(graph)}
            solution.pop("certificate", None)
            return found if graph is given else Solution(found.env, found.reward, value, solution)


def without_vertex(graph: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every graph with one vertex less: a vertex removed, or an edge contracted; uint8[C, n-1, n-1]."""
    n = len(graph)
    smaller = [np.delete(np.delete(graph, v, 0), v, 1) for v in range(n)]
    for u, v in zip(*np.nonzero(np.triu(graph)), strict=True):
        merged = graph.copy()
        merged[u] |= merged[v]
        merged[:, u] |= merged[:, v]
        merged[u, u] = 0
        smaller.append(np.delete(np.delete(merged, v, 0), v, 1))
    return np.array(smaller, np.uint8).reshape(-1, n - 1, n - 1)


def without_edge(graph: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every graph with one edge less: uint8[C, n, n]."""
    smaller = []
    for u, v in zip(*np.nonzero(np.triu(graph)), strict=True):
        fewer = graph.copy()
        fewer[u, v] = fewer[v, u] = 0
        smaller.append(fewer)
    return np.array(smaller, np.uint8).reshape(-1, len(graph), len(graph))
