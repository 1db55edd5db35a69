"""Invariants that are counted: integers and rational numbers."""

from __future__ import annotations

from flint import fmpq

from ..arithmetic import Undefined
from .face import Counted
from .graphs import Neighbours, degrees, distances, size


def _triangles(graph: Neighbours) -> int:
    """Triangles u < v < w, each found at its edge uv."""
    later = [{w for w in row if w > v} for v, row in enumerate(graph)]
    return sum(len(later[u] & later[v]) for u in range(len(graph)) for v in later[u])


def _diameter(graph: Neighbours) -> int:
    longest = 0
    for source in range(len(graph)):
        reached = distances(graph, source)
        if len(reached) < len(graph):
            raise Undefined("the diameter of a disconnected graph is undefined")
        longest = max(longest, *reached.values())
    return longest


n = Counted(len)
m = Counted(size)
maximum_degree = Counted(lambda graph: max(degrees(graph)))
minimum_degree = Counted(lambda graph: min(degrees(graph)))
average_degree = Counted(lambda graph: fmpq(2 * size(graph), len(graph)))
density = Counted(lambda graph: fmpq(2 * size(graph), len(graph) * (len(graph) - 1)))
triangle_number = Counted(_triangles)
diameter = Counted(_diameter)
