"""Invariants that are counted: degrees, coefficients of characteristic polynomials, cliques; distances in distances.py.

Whoever checks such an invariant counts again, so its witness is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flint import fmpq, fmpz_mat

from mathrl.errors import MathrlError

from ..arithmetic import Undefined
from .distances import (
    average_distance,
    average_eccentricity,
    diameter,
    distance_rows,
    distinct_transmissions,
    girth,
    max_transmission,
    min_transmission,
    mostar,
    proximity,
    radius,
    remoteness,
    soltes_deficit,
    wiener,
)
from .face import Counted, Enclosure, Interval
from .graphs import Neighbours, complement, degrees, size
from .independence import independence_polynomial

__all__ = [
    "average_distance", "average_eccentricity", "diameter", "distinct_transmissions", "girth", "max_transmission",
    "min_transmission", "mostar", "proximity", "radius", "remoteness", "soltes_deficit", "wiener",
]  # fmt: skip


@dataclass(frozen=True)
class CountedAt:
    """A number that depends on an index k in 1..n, recounted by whoever checks it."""

    count: Callable[[Neighbours, int], int]

    def enclose(self, graph: Neighbours, bits: int, k: int | None = None) -> Enclosure:
        if k is None or not 1 <= k <= len(graph):
            raise Undefined(f"the index {k} is outside 1 to {len(graph)}")
        value = fmpq(self.count(graph, k))
        return Enclosure(value, value)

    def check(self, graph: Neighbours, interval: Interval, witness: Any, k: int | None = None) -> str:
        value = self.enclose(graph, 0, k).lo
        if witness != {} or interval != (value, value):
            raise MathrlError(f"it is {value}")
        return "counted"


def _triangles(graph: Neighbours) -> int:
    """Triangles u < v < w, each found at its edge uv."""
    later = [{w for w in row if w > v} for v, row in enumerate(graph)]
    return sum(len(later[u] & later[v]) for u in range(len(graph)) for v in later[u])


def _residue(graph: Neighbours) -> int:
    """Havel and Hakimi: delete the largest degree k, subtract 1 from the next k largest, until only zeros are left."""
    left = sorted(degrees(graph), reverse=True)
    while left[0] > 0:
        k = left[0]
        left = sorted([d - 1 for d in left[1 : k + 1]] + left[k + 1 :], reverse=True)
    return len(left)


def _coefficients(rows: Sequence[Sequence[int]]) -> list[int]:
    """|c_0|, .., |c_n| of det(xI - M) for an integer matrix."""
    return [abs(int(c)) for c in fmpz_mat([list(row) for row in rows]).charpoly().coeffs()]


def _adjacency_coefficients(graph: Neighbours) -> list[int]:
    """The nonzero |c_j| of det(xI - A), low to high."""
    rows = [[0] * len(graph) for _ in graph]
    for v, row in enumerate(graph):
        for w in row:
            rows[v][w] = 1
    return [c for c in _coefficients(rows) if c]


def _adjacency_peak(graph: Neighbours) -> int:
    coefficients = _adjacency_coefficients(graph)
    return coefficients.index(max(coefficients)) + 1


def _distance_peak(graph: Neighbours) -> int:
    scaled = [c << k for k, c in enumerate(_coefficients(distance_rows(graph)))]
    return scaled.index(max(scaled))


def _cocliques(graph: Neighbours, k: int) -> int:
    return independence_polynomial(graph, k)[k]


n = Counted(len)
m = Counted(size)
maximum_degree = Counted(lambda graph: max(degrees(graph)))
minimum_degree = Counted(lambda graph: min(degrees(graph)))
average_degree = Counted(lambda graph: fmpq(2 * size(graph), len(graph)))
density = Counted(lambda graph: fmpq(2 * size(graph), len(graph) * (len(graph) - 1)))
triangle_number = Counted(_triangles)
residue = Counted(_residue)
adjacency_peak = Counted(_adjacency_peak)
adjacency_nonzero = Counted(lambda graph: len(_adjacency_coefficients(graph)))
distance_peak = Counted(_distance_peak)
cocliques = CountedAt(_cocliques)
cliques = CountedAt(lambda graph, k: _cocliques(complement(graph), k))
