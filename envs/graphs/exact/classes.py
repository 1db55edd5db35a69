"""The exact tests of graph classes: why a graph belongs, or MathrlError with why it does not."""

from __future__ import annotations

from mathrl.errors import MathrlError

from .graphs import Neighbours, distances, size


def connected(graph: Neighbours) -> str:
    if len(distances(graph, 0)) < len(graph):
        raise MathrlError("it is not connected")
    return "a search from vertex 0 reaches every vertex"


def tree(graph: Neighbours) -> str:
    connected(graph)
    if size(graph) != len(graph) - 1:
        raise MathrlError(f"it has {size(graph)} edges on {len(graph)} vertices")
    return "connected, one edge fewer than vertices"
