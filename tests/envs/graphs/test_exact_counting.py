"""Counted invariants, by the exact faces and by the referee, against definitions written out and reference values."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
import sympy

from mathrl.envs.graphs.arithmetic import Undefined
from mathrl.envs.graphs.exact import counting, sets
from mathrl.envs.graphs.referee.counting import COUNTED
from mathrl.envs.graphs.referee.graphs import Refused, characteristic_polynomial
from mathrl.errors import MathrlError

SCORES = Path(__file__).parents[2] / "data/graphs/scores.jsonl"
RECORDS: list[dict[str, Any]] = [json.loads(line) for line in SCORES.read_text().splitlines()]
INDEXED = ("cliques", "cocliques")


def small_graphs() -> list[nx.Graph]:
    """All graphs on 2 to 6 vertices up to isomorphism, and some on 7 to 9."""
    atlas = [graph for graph in nx.graph_atlas_g() if 2 <= len(graph) <= 6]
    return atlas + [nx.gnp_random_graph(7 + i % 3, 0.2 + 0.05 * (i % 9), seed=i) for i in range(30)]


def lists(graph: nx.Graph) -> list[list[int]]:
    return [sorted(graph[v]) for v in range(len(graph))]


def rows(graph: nx.Graph) -> list[dict[int, int]]:
    """All distances; Undefined for a disconnected graph."""
    if not nx.is_connected(graph):
        raise Undefined
    found = dict(nx.all_pairs_shortest_path_length(graph))
    return [found[v] for v in range(len(graph))]


def sums(graph: nx.Graph) -> list[int]:
    return [sum(row.values()) for row in rows(graph)]


def widths(graph: nx.Graph) -> list[int]:
    return [max(row.values()) for row in rows(graph)]


def residue(graph: nx.Graph) -> int:
    left = [degree for _, degree in graph.degree]
    while any(left):
        k = max(left)
        left.remove(k)
        left = [d - (i < k) for i, d in enumerate(sorted(left, reverse=True))]
    return len(left)


def coefficients(entries: list[list[int]]) -> list[int]:
    """det(xI - M), low to high, by sympy."""
    return [int(c) for c in reversed(sympy.Matrix(entries).charpoly().all_coeffs())]


def adjacency(graph: nx.Graph) -> list[list[int]]:
    return [[int(graph.has_edge(u, v)) for v in range(len(graph))] for u in range(len(graph))]


def nonzero(graph: nx.Graph) -> list[int]:
    return [abs(c) for c in coefficients(adjacency(graph)) if c]


def first_largest(values: list[int]) -> int:
    return next(i for i, value in enumerate(values) if value == max(values))


def distance_peak(graph: nx.Graph) -> int:
    entries = [[row[w] for w in range(len(graph))] for row in rows(graph)]
    return first_largest([2**k * abs(c) for k, c in enumerate(coefficients(entries))])


def mostar(graph: nx.Graph) -> int:
    table, total = rows(graph), 0
    for u, v in graph.edges:
        near = [w for w in graph if table[w][u] < table[w][v]]
        far = [w for w in graph if table[w][v] < table[w][u]]
        total += abs(len(near) - len(far))
    return total


def soltes(graph: nx.Graph) -> int:
    parts = [nx.relabel_nodes(graph.subgraph(set(graph) - {v}), {w: w - (w > v) for w in graph}) for v in graph]
    return sum(abs(sum(sums(graph)) // 2 - sum(sums(part)) // 2) for part in parts)


def girth(graph: nx.Graph) -> int:
    found = nx.girth(graph)
    if found == float("inf"):
        raise Undefined
    return int(found)


def pairs(graph: nx.Graph) -> int:
    return len(graph) * (len(graph) - 1)


TWINS: dict[str, Callable[[nx.Graph], Any]] = {
    "n": len,
    "m": nx.number_of_edges,
    "maximum_degree": lambda graph: max(degree for _, degree in graph.degree),
    "minimum_degree": lambda graph: min(degree for _, degree in graph.degree),
    "average_degree": lambda graph: Fraction(sum(degree for _, degree in graph.degree), len(graph)),
    "density": lambda graph: Fraction(2 * graph.number_of_edges(), pairs(graph)),
    "triangle_number": lambda graph: sum(nx.triangles(graph).values()) // 3,
    "residue": residue,
    "adjacency_peak": lambda graph: 1 + first_largest(nonzero(graph)),
    "adjacency_nonzero": lambda graph: len(nonzero(graph)),
    "distance_peak": distance_peak,
    "diameter": lambda graph: max(widths(graph)),
    "radius": lambda graph: min(widths(graph)),
    "average_eccentricity": lambda graph: Fraction(sum(widths(graph)), len(graph)),
    "proximity": lambda graph: Fraction(min(sums(graph)), len(graph) - 1),
    "remoteness": lambda graph: Fraction(max(sums(graph)), len(graph) - 1),
    "wiener": lambda graph: sum(sums(graph)) // 2,
    "average_distance": lambda graph: Fraction(sum(sums(graph)), pairs(graph)),
    "max_transmission": lambda graph: max(sums(graph)),
    "min_transmission": lambda graph: min(sums(graph)),
    "distinct_transmissions": lambda graph: len(set(sums(graph))),
    "mostar": mostar,
    "soltes_deficit": soltes,
    "girth": girth,
}


@pytest.mark.parametrize("name", TWINS)
def test_counts_are_the_definition(name: str) -> None:
    """On all small graphs, undefined where the definition is; the referee counts the same by its own code."""
    face, defined = getattr(counting, name), 0
    for graph in small_graphs():
        theirs = [set(graph[v]) for v in range(len(graph))]
        try:
            value = TWINS[name](graph)
        except Undefined:
            with pytest.raises(Undefined):
                face.enclose(lists(graph), 64)
            with pytest.raises(Refused):
                COUNTED[name](theirs, None)
            continue
        defined += 1
        found = face.enclose(lists(graph), 64)
        assert Fraction(str(found.lo)) == Fraction(str(found.hi)) == value == COUNTED[name](theirs, None)
        assert face.check(lists(graph), (found.lo, found.hi), {}) == "counted"
        with pytest.raises(MathrlError, match=f"it is {found.lo}"):
            face.check(lists(graph), (found.lo, found.hi + 1), {})
    assert defined > 50


@pytest.mark.parametrize("name", INDEXED)
def test_cliques_and_independent_sets_are_counted(name: str) -> None:
    """Every k from 1 to n, and nothing outside."""
    face = getattr(counting, name)
    for graph in small_graphs():
        edges = nx.complement(graph).edges if name == "cliques" else graph.edges
        for k in range(1, len(graph) + 1):
            count = sum(not any(pair in edges for pair in combinations(one, 2)) for one in combinations(graph, k))
            assert face.enclose(lists(graph), 64, k).lo == count
            assert COUNTED[name]([set(graph[v]) for v in graph], k) == count
            assert face.check(lists(graph), (count, count), {}, k) == "counted"
        for k in (0, len(graph) + 1, None):
            with pytest.raises(Undefined):
                face.enclose(lists(graph), 64, k)
            with pytest.raises(Refused):
                COUNTED[name]([set(graph[v]) for v in graph], k)


@pytest.mark.parametrize("name", [name for name in TWINS if any(name in record for record in RECORDS)])
def test_the_reference_values(name: str) -> None:
    """Orders 5 to 60, computed outside the project."""
    compared = 0
    for record in RECORDS:
        graph = nx.from_graph6_bytes(record["graph6"].encode())
        if record.get(name) is not None:
            value = getattr(counting, name).enclose(lists(graph), 64).lo
            assert float(Fraction(str(value))) == pytest.approx(record[name], abs=1e-9)
            assert COUNTED[name]([set(graph[v]) for v in range(len(graph))], None) == Fraction(str(value))
            compared += 1
    assert compared >= 20


def test_the_referees_polynomials() -> None:
    """Characteristic polynomials modulo a Mersenne prime are the integer ones of the reference file."""
    compared = 0
    for record in RECORDS:
        if "adjacency_charpoly" in record:
            graph = nx.from_graph6_bytes(record["graph6"].encode())
            assert [str(c) for c in characteristic_polynomial(adjacency(graph))] == record["adjacency_charpoly"]
            compared += 1
        if "distance_charpoly" in record:
            entries = [[row[w] for w in range(record["n"])] for row in rows(graph)]
            assert [str(c) for c in characteristic_polynomial(entries)] == record["distance_charpoly"]
            compared += 1
    assert compared >= 60


def test_local_independence_agrees_with_the_referee() -> None:
    for graph in small_graphs():
        theirs = [set(graph[v]) for v in range(len(graph))]
        for name in ("mean_local_independence", "max_local_independence"):
            value = getattr(sets, name).enclose(lists(graph), 64).lo
            assert COUNTED[name](theirs, None) == Fraction(str(value))


def test_counting_too_many_sets_is_refused_not_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mathrl.envs.graphs.exact.independence.VISITS", 10)
    with pytest.raises(MathrlError, match="too many independent sets"):
        counting.cocliques.enclose(lists(nx.gnp_random_graph(30, 0.3, seed=1)), 64, 5)
