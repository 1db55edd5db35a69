"""Invariants of the distances between vertices, counted by breadth-first searches; undefined on disconnected graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import fmpq

from ..arithmetic import Undefined
from .face import Counted
from .graphs import Neighbours, distances


def distance_rows(graph: Neighbours) -> list[list[int]]:
    """The distance matrix; Undefined where the graph is not connected."""
    rows = []
    for source in range(len(graph)):
        reached = distances(graph, source)
        if len(reached) < len(graph):
            raise Undefined("the distances of a disconnected graph are undefined")
        rows.append([reached[w] for w in range(len(graph))])
    return rows


def _of_eccentricities(function: Callable[[list[int]], Any]) -> Counted:
    return Counted(lambda graph: function([max(row) for row in distance_rows(graph)]))


def _of_transmissions(function: Callable[[list[int]], Any]) -> Counted:
    """A function of the n row sums of the distance matrix."""
    return Counted(lambda graph: function([sum(row) for row in distance_rows(graph)]))


def _mostar(graph: Neighbours) -> int:
    """At every edge uv: |vertices nearer to u - vertices nearer to v|."""
    rows = distance_rows(graph)
    total = 0
    for u, row in enumerate(graph):
        for v in row:
            if u < v:
                total += abs(sum(b - a for a, b in zip(rows[u], rows[v], strict=True)))  # each b - a is -1, 0 or 1
    return total


def _soltes_deficit(graph: Neighbours) -> int:
    """The sum over v of |W(G) - W(G - v)|; Undefined where some G - v is disconnected."""
    whole = sum(map(sum, distance_rows(graph))) // 2
    total = 0
    for v in range(len(graph)):
        rest = [[w - (w > v) for w in row if w != v] for u, row in enumerate(graph) if u != v]
        try:
            total += abs(whole - sum(map(sum, distance_rows(rest))) // 2)
        except Undefined as fault:
            raise Undefined(
                f"the graph without vertex {v} is disconnected, so its Wiener index is undefined"
            ) from fault
    return total


def _girth(graph: Neighbours) -> int:
    """The least d(u) + d(v) + 1 over all searches and the edges uv outside their trees."""
    shortest = len(graph) + 1
    for source in range(len(graph)):
        reached, parent, queue = {source: 0}, {source: -1}, [source]
        for u in queue:
            if 2 * reached[u] + 1 >= shortest:
                break
            for w in graph[u]:
                if w not in reached:
                    reached[w], parent[w] = reached[u] + 1, u
                    queue.append(w)
                elif w != parent[u]:
                    shortest = min(shortest, reached[u] + reached[w] + 1)
    if shortest > len(graph):
        raise Undefined("the girth of a forest is undefined")
    return shortest


diameter = _of_eccentricities(max)
radius = _of_eccentricities(min)
average_eccentricity = _of_eccentricities(lambda values: fmpq(sum(values), len(values)))
proximity = _of_transmissions(lambda sums: fmpq(min(sums), len(sums) - 1))
remoteness = _of_transmissions(lambda sums: fmpq(max(sums), len(sums) - 1))
wiener = _of_transmissions(lambda sums: sum(sums) // 2)
average_distance = _of_transmissions(lambda sums: fmpq(sum(sums), len(sums) * (len(sums) - 1)))
max_transmission = _of_transmissions(max)
min_transmission = _of_transmissions(min)
distinct_transmissions = _of_transmissions(lambda sums: len(set(sums)))
mostar = Counted(_mostar)
soltes_deficit = Counted(_soltes_deficit)
girth = Counted(_girth)
