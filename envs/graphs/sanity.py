"""The sanity pass: a conjecture on every graph with up to 7 vertices, exactly, before anything is searched.

A proof of a misread conjecture is worthless, so the reader is told at once where it holds with equality, where it
already fails, and whether it says anything at all. Exact arithmetic needs no compiled kernels, so nothing waits for
them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrl.errors import MathrlError

from .arithmetic import Undecided, Undefined
from .classes import find_class
from .enclosing import GraphValues
from .exact.face import Interval
from .exact.graphs import Neighbours, neighbour_lists
from .formulas import Conjecture
from .graph6 import encode
from .verify import LARGEST, difference, sides

LIMIT = 7  # graphs are listed to this order
BITS = (64, 256)  # a score that these do not tell from 0 counts as an equality
MOST_RENUMBERED = 5  # vertices of a graph that is numbered backwards
SHOWN = 3  # equality graphs named

Graphs = NDArray[np.uint8]


@dataclass
class Sanity:
    """What was found on all graphs with 2 to `last` vertices that the conjecture is about."""

    conjecture: Conjecture
    last: int = 1
    graphs: int = 0  # in the class, with the hypotheses
    undefined: list[Graphs] = field(default_factory=list)
    why_undefined: str = ""
    equal: list[Graphs] = field(default_factory=list)  # score 0, as far as computed
    failing: list[Graphs] = field(default_factory=list)  # by order
    best: tuple[float, Graphs] | None = None  # the first graph of the largest score
    renumbered: Graphs | None = None  # a graph whose score changes when its vertices are numbered backwards

    def add(self, graphs: Graphs) -> None:
        """Count graphs uint8[B, n, n] of the next order."""
        self.last = graphs.shape[1]
        for graph in graphs:
            rows = neighbour_lists(graph)
            if belongs(rows, self.conjecture):
                self.count(graph, rows)

    def count(self, graph: Graphs, rows: Neighbours) -> None:
        """Count a graph of the class, unless a hypothesis excludes it."""
        values = GraphValues(rows)
        try:
            if not all(values.holds(hypothesis) for hypothesis in self.conjecture.hypotheses):
                return
        except (Undefined, Undecided):
            return
        self.graphs += 1
        try:
            low, high = score(values, self.conjecture)
        except (MathrlError, Undecided) as fault:
            self.undefined.append(graph)
            self.why_undefined = self.why_undefined or str(fault) or "undecided by rounding"
            return
        if low > 0 or (self.conjecture.strict and low == 0):
            self.failing.append(graph)
        elif high >= 0:
            self.equal.append(graph)
        if self.renumbered is None and self.over_edges and len(graph) <= MOST_RENUMBERED:
            self.renumbered = graph if self.changes(graph, (low, high)) else None
        middle = float(Fraction(str((low + high) / 2)))
        if self.best is None or middle > self.best[0] + 1e-9:
            self.best = middle, graph

    @cached_property
    def over_edges(self) -> bool:
        """Whether the conjecture tells the ends of an edge apart: u is the one with the smaller number."""
        return any(part.operator in ("max_edge", "min_edge", "sum_edge") for part in self.conjecture.parts)

    def changes(self, graph: Graphs, found: Interval) -> bool:
        """Whether the score is certainly another one when the vertices are numbered backwards."""
        try:
            low, high = score(GraphValues(neighbour_lists(graph[::-1, ::-1])), self.conjecture)
        except (MathrlError, Undecided):
            return True
        return bool(high < found[0] or found[1] < low)

    def lines(self) -> list[str]:
        """One or two sentences for the reader."""
        defined = self.graphs - len(self.undefined)
        such = f"{defined or self.graphs} such graphs with at most {self.last} vertices"
        if not self.graphs:
            return [f"checked: no graph with at most {self.last} vertices is in the class and satisfies the hypotheses"]
        if not defined:
            return [f"WARNING: undefined for all {such} ({self.why_undefined}), so there may be nothing to find"]
        assert self.best is not None
        if self.conjecture.claim is None:
            found = [f"checked: on the {such} the largest value is {self.best[0]:.6g}, at {name(self.best[1])}"]
        elif self.failing:
            first = name(self.failing[0])
            found = [f"WARNING: it fails already for {len(self.failing)} of the {such}; the first is {first}, proved"]
        else:
            found = [f"checked: it holds for all {such}{self.equality()}"]
        if self.undefined:
            found.append(f"undefined for {len(self.undefined)} more, the first is {name(self.undefined[0])}")
        if self.renumbered is not None:
            found.append(
                f"WARNING: the value depends on how the vertices are numbered, as for {name(self.renumbered)}, since "
                "u < v; graphs are listed in one numbering only (write the term so that u and v can be exchanged)"
            )
        return found

    def equality(self) -> str:
        if not self.equal:
            return ""
        named = sorted(self.equal, key=lambda graph: (not well_known(graph), len(graph)))
        more = ", .." if len(named) > SHOWN else ""
        return f", with equality for {len(named)} of them ({', '.join(map(name, named[:SHOWN]))}{more})"


def belongs(graph: Neighbours, conjecture: Conjecture) -> bool:
    """Whether a graph is in every class of the conjecture."""
    try:
        for kind in conjecture.graph_class:
            if kind != "any":
                find_class(kind).reason(graph)
    except MathrlError:
        return False
    return True


def score(values: GraphValues, conjecture: Conjecture) -> Interval:
    """The score between two rationals; Undecided if a step cannot be decided at the last precision."""
    for bits in BITS:
        try:
            low, high = difference(*sides(conjecture, values.at(bits)), conjecture)
        except Undecided:
            if bits == BITS[-1]:
                raise
            continue
        if low == high or not low <= 0 <= high:
            break
    if max(abs(low), abs(high)) > LARGEST:
        raise MathrlError("a value beyond 10^300")
    return low, high


def sanity(conjecture: Conjecture, limit: int = LIMIT, seconds: float = 0.5) -> Sanity:
    """The conjecture on all graphs with 2 to `limit` vertices, or as far as about `seconds` last."""
    found, graphs = Sanity(conjecture), [all_graphs(n) for n in range(2, limit + 1)]
    start = perf_counter()
    for alike in graphs:
        found.add(alike)
        if perf_counter() - start > seconds / 6:  # the next order has at least six times as many graphs
            break
    return found


@lru_cache(maxsize=LIMIT)
def all_graphs(n: int) -> Graphs:
    """All graphs on n <= 7 vertices up to isomorphism, by number of edges: uint8[B, n, n] (Read and Wilson's atlas)."""
    chosen = [graph for graph in atlas() if len(graph) == n]
    graphs = np.zeros((len(chosen), n, n), np.uint8)
    for index, graph in enumerate(chosen):
        for u, v in graph.edges:
            graphs[index, u, v] = graphs[index, v, u] = 1
    return graphs


@lru_cache(maxsize=1)
def atlas() -> list[Any]:
    """The 1253 graphs with at most 7 vertices, as networkx has them."""
    from networkx.generators.atlas import graph_atlas_g  # type: ignore[import-untyped]

    return list(graph_atlas_g())


def name(graph: Graphs) -> str:
    """What a graph uint8[n, n] is called: K_5, P_4, C_6, K_2,3, or its graph6 text."""
    return well_known(graph) or encode(graph)


def well_known(graph: Graphs) -> str:
    """The name of a complete graph, an edgeless one, a path, a cycle or a complete bipartite graph; else ''."""
    n, degrees = len(graph), np.sort(graph.sum(axis=1))
    edges = int(degrees.sum()) // 2
    reached = np.linalg.matrix_power(graph.astype(np.float64) + np.eye(n), n) > 0
    if edges == n * (n - 1) // 2:
        return f"K_{n}"
    if edges == 0:
        return f"{n} K_1"
    part = graph[0] == 0  # the vertices not adjacent to vertex 0: one side of a complete bipartite graph
    if np.array_equal(graph != 0, part[:, None] != part[None, :]):
        a, b = sorted((int(part.sum()), n - int(part.sum())))
        return f"K_{a},{b}"
    if reached.all() and degrees[-1] == 2:
        return f"C_{n}" if degrees[0] == 2 else f"P_{n}"
    return ""
