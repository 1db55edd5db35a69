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


def complement(graph: Neighbours) -> Neighbours:
    rows = [{v, *row} for v, row in enumerate(graph)]
    return [[w for w in range(len(graph)) if w not in row] for row in rows]


def bit_rows(graph: Neighbours) -> list[int]:
    """The neighbourhoods as integers: bit w of row v is set where v and w are adjacent."""
    return [sum(1 << w for w in row) for row in graph]


def members(mask: int) -> list[int]:
    """The vertices of a set given as an integer, ascending."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found


def components(graph: Neighbours, removed: Sequence[int] = ()) -> list[list[int]]:
    """The vertex sets of the components that are left when the vertices `removed` are deleted."""
    seen = set(removed)
    found = []
    for root in range(len(graph)):
        if root not in seen:
            seen.add(root)
            component = [root]
            for u in component:
                for w in graph[u]:
                    if w not in seen:
                        seen.add(w)
                        component.append(w)
            found.append(component)
    return found


def two_colouring(graph: Neighbours) -> list[int] | None:
    """A colour 0 or 1 for every vertex such that adjacent ones differ, None where there is an odd cycle."""
    colours = [-1] * len(graph)
    for component in components(graph):
        colours[component[0]] = 0
        for u in component:  # breadth first: u has its colour already
            for w in graph[u]:
                if colours[w] < 0:
                    colours[w] = 1 - colours[u]
                elif colours[w] == colours[u]:
                    return None
    return colours
