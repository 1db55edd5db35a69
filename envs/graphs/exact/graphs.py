"""Graphs as sorted neighbour lists (vertices 0..n-1), and what is counted on them; shares no code with the kernels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Neighbours = Sequence[Sequence[int]]


def neighbour_lists(graph: Neighbours | NDArray[np.uint8]) -> Neighbours:
    if isinstance(graph, np.ndarray):
        return [np.flatnonzero(row).tolist() for row in graph]
    return graph


def degrees(graph: Neighbours) -> list[int]:
    return [len(row) for row in graph]


def size(graph: Neighbours) -> int:
    return sum(degrees(graph)) // 2


def distances(graph: Neighbours, source: int) -> dict[int, int]:
    """Distance of every vertex that can be reached from `source`, by breadth-first search."""
    reached, queue = {source: 0}, [source]
    for u in queue:
        for w in graph[u]:
            if w not in reached:
                reached[w] = reached[u] + 1
                queue.append(w)
    return reached
