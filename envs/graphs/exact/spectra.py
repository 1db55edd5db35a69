"""Invariants of spectra: single eigenvalues, sums over several and counts, proved by counts above rationals.

Eigenvalues are numbered from the largest, with multiplicity. Number k lies in [lo, hi] if at most k - 1 of them are
above hi and at least k are not below lo; the counts are exact (eigenvalues.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flint import fmpq

from mathrl.errors import MathrlError

from ..arithmetic import Undefined
from .distances import distance_rows
from .eigenvalues import Spectrum
from .face import Enclosure, Interval, fields
from .graphs import Neighbours, complement

LONGEST = 2600  # characters of a rational number in a witness: as many as 4096 bits of precision need

Index = Callable[[Spectrum, int | None], int]


def adjacency(graph: Neighbours) -> list[list[int]]:
    rows = [[0] * len(graph) for _ in graph]
    for u, row in enumerate(graph):
        for w in row:
            rows[u][w] = 1
    return rows


def laplacian(graph: Neighbours, sign: int = -1) -> list[list[int]]:
    """D - A, or D + A with sign 1."""
    rows = [[sign * entry for entry in row] for row in adjacency(graph)]
    for v, row in enumerate(graph):
        rows[v][v] = len(row)
    return rows


MATRICES: dict[str, Callable[[Neighbours], list[list[int]]]] = {
    "the adjacency matrix": adjacency,
    "the complement's adjacency matrix": lambda graph: adjacency(complement(graph)),
    "the Laplacian": laplacian,
    "the signless Laplacian": lambda graph: laplacian(graph, 1),
    "the distance matrix": distance_rows,
}


@lru_cache(maxsize=8)
def _spectrum(matrix: str, graph: tuple[tuple[int, ...], ...]) -> Spectrum:
    return Spectrum(MATRICES[matrix](graph))


def spectrum(matrix: str, graph: Neighbours) -> Spectrum:
    """The spectrum of one of a graph's MATRICES, kept for the next invariant that asks for it."""
    return _spectrum(matrix, tuple(map(tuple, graph)))


@dataclass(frozen=True)
class Eigenvalue:
    """One eigenvalue; `number` says which. Its witness counts the eigenvalues above the ends of the interval."""

    matrix: str
    number: Index

    def enclose(self, graph: Neighbours, bits: int, k: int | None = None) -> Enclosure:
        eigenvalues = spectrum(self.matrix, graph)
        lo, hi = eigenvalues.enclose(self.number(eigenvalues, k), bits)
        above_lower, above_upper = (eigenvalues.counts(end)[0] for end in (lo, hi))
        return Enclosure(lo, hi, {"above_lower": above_lower, "above_upper": above_upper})

    def check(self, graph: Neighbours, interval: Interval, witness: Any, k: int | None = None) -> str:
        fields(witness, ("above_lower", "above_upper"), "the witness")
        eigenvalues = spectrum(self.matrix, graph)
        number = self.number(eigenvalues, k)
        counts = [eigenvalues.counts(end)[0] for end in interval]
        for end, count in zip(("lower", "upper"), counts, strict=True):
            stated = witness[f"above_{end}"]
            if type(stated) is not int or stated != count:
                raise MathrlError(f"its count of eigenvalues above the {end} end is not {count}")
        if not eigenvalues.proves(interval, number):
            raise MathrlError("its interval does not contain it")
        if interval[0] == interval[1]:
            return f"an eigenvalue of {self.matrix}, which has {counts[1]} larger ones"
        return (
            f"{self.matrix} has {counts[1]} eigenvalues above the upper end and {counts[0]} above the lower end "
            f"(sign changes of its characteristic polynomial after the shift), and this is number {number}"
        )


@dataclass(frozen=True)
class EigenvalueSum:
    """The sum of `term` over the eigenvalues number first, .., last, which are `range` of the spectrum and k.

    Its witness is a list of clusters [lo, hi, multiplicity], descending, that hold them all.
    """

    matrix: str
    range: Callable[[Spectrum, int | None], tuple[int, int]]
    term: Callable[[Interval], Interval]

    def enclose(self, graph: Neighbours, bits: int, k: int | None = None) -> Enclosure:
        eigenvalues = spectrum(self.matrix, graph)
        clusters = eigenvalues.clusters(*self.range(eigenvalues, k), bits)
        lo, hi = self._sum(clusters)
        written = [[str(low), str(high), multiplicity] for low, high, multiplicity in clusters]
        return Enclosure(lo, hi, {"clusters": written})

    def check(self, graph: Neighbours, interval: Interval, witness: Any, k: int | None = None) -> str:
        fields(witness, ("clusters",), "the witness")
        clusters = read_clusters(witness["clusters"])
        eigenvalues = spectrum(self.matrix, graph)
        first, last = self.range(eigenvalues, k)
        for lo, hi, multiplicity in clusters:
            if multiplicity > last - first + 1 or not eigenvalues.proves((lo, hi), first, multiplicity):
                raise MathrlError(f"{self.matrix} does not have {multiplicity} of its eigenvalues in [{lo}, {hi}]")
            first += multiplicity
        if first != last + 1:
            raise MathrlError(f"its clusters leave out {last - first + 1} eigenvalues")
        if self._sum(clusters) != interval:
            raise MathrlError("its interval is not the sum over its clusters of eigenvalues")
        return (
            f"{len(clusters)} clusters of eigenvalues of {self.matrix}, each counted by sign changes of its polynomial"
        )

    def _sum(self, clusters: list[tuple[fmpq, fmpq, int]]) -> Interval:
        parts = [(self.term((lo, hi)), multiplicity) for lo, hi, multiplicity in clusters]
        lows, highs = ([part[end] * multiplicity for part, multiplicity in parts] for end in (0, 1))
        return sum(lows, fmpq(0)), sum(highs, fmpq(0))


@dataclass(frozen=True)
class EigenvalueCount:
    """A number of eigenvalues by their sign, recounted by whoever checks it."""

    matrix: str
    count: Callable[[Spectrum], int]

    def enclose(self, graph: Neighbours, bits: int, k: int | None = None) -> Enclosure:
        value = fmpq(self.count(spectrum(self.matrix, graph)))
        return Enclosure(value, value)

    def check(self, graph: Neighbours, interval: Interval, witness: Any, k: int | None = None) -> str:
        value = self.enclose(graph, 0).lo
        if witness != {} or interval != (value, value):
            raise MathrlError(f"it is {value}")
        return f"the inertia of {self.matrix}, counted by sign changes of its polynomial"


def read_clusters(part: Any) -> list[tuple[fmpq, fmpq, int]]:
    """The clusters ["p/q", "r/s", multiplicity] of a witness; MathrlError where one is written in another way."""
    if not isinstance(part, list) or not all(isinstance(cluster, list) and len(cluster) == 3 for cluster in part):
        raise MathrlError("its clusters are not a list of triples")
    found = []
    for *ends, multiplicity in part:
        if type(multiplicity) is not int or multiplicity < 1:
            raise MathrlError("one of its multiplicities is not a positive integer")
        lo, hi = map(read_rational, ends)
        if lo > hi:
            raise MathrlError(f"its cluster from {lo} to {hi} is empty")
        found.append((lo, hi, multiplicity))
    return found


def read_rational(text: Any) -> fmpq:
    """The rational number "p" or "p/q", in lowest terms."""
    if isinstance(text, str) and len(text) <= LONGEST:
        try:
            top, _, bottom = text.partition("/")
            value = fmpq(int(top), int(bottom or "1"))
        except (ValueError, ZeroDivisionError):
            pass
        else:
            if str(value) == text:
                return value
    raise MathrlError(f"one of its ends, {str(text)[:40]!r}, is not a rational number in lowest terms")


# ------------------------------------------------------------------------------------------ which, and what of them


def at(number: int) -> Index:
    """Eigenvalue number `number`, counted from the smallest as -1, -2, .. if negative."""

    def index(eigenvalues: Spectrum, k: int | None) -> int:
        return within(eigenvalues, number if number > 0 else len(eigenvalues) + 1 + number)

    return index


def within(eigenvalues: Spectrum, k: int | None) -> int:
    """k itself; Undefined unless it is in 1..n."""
    if k is None or not 1 <= k <= len(eigenvalues):
        raise Undefined(f"there is no eigenvalue number {k} of {len(eigenvalues)}")
    return k


def least_positive(eigenvalues: Spectrum, k: int | None) -> int:
    return within(eigenvalues, eigenvalues.counts(fmpq(0))[0])


def positive(eigenvalues: Spectrum) -> int:
    return eigenvalues.counts(fmpq(0))[0]


def zero(eigenvalues: Spectrum) -> int:
    return eigenvalues.counts(fmpq(0))[1]


def negative(eigenvalues: Spectrum) -> int:
    return len(eigenvalues) - positive(eigenvalues) - zero(eigenvalues)


def absolute(x: Interval) -> Interval:
    lo, hi = x
    return x if lo >= 0 else (-hi, -lo) if hi <= 0 else (fmpq(0), max(-lo, hi))


def square(x: Interval) -> Interval:
    lo, hi = absolute(x)
    return lo * lo, hi * hi


ADJACENCY, COMPLEMENT, LAPLACIAN, SIGNLESS, DISTANCES = MATRICES

lambda1 = Eigenvalue(ADJACENCY, at(1))
lambda2 = Eigenvalue(ADJACENCY, at(2))
lambda_n = Eigenvalue(ADJACENCY, at(-1))
adjacency_eigenvalue = Eigenvalue(ADJACENCY, within)
smallest_positive_eigenvalue = Eigenvalue(ADJACENCY, least_positive)
lambda1_complement = Eigenvalue(COMPLEMENT, at(1))
laplacian_max = Eigenvalue(LAPLACIAN, at(1))
laplacian_eigenvalue = Eigenvalue(LAPLACIAN, within)
algebraic_connectivity = Eigenvalue(LAPLACIAN, at(-2))
signless_laplacian_max = Eigenvalue(SIGNLESS, at(1))
distance_eigenvalue = Eigenvalue(DISTANCES, within)

energy = EigenvalueSum(ADJACENCY, lambda eigenvalues, k: (1, len(eigenvalues)), absolute)
s_plus = EigenvalueSum(ADJACENCY, lambda eigenvalues, k: (1, positive(eigenvalues)), square)
s_minus = EigenvalueSum(
    ADJACENCY, lambda eigenvalues, k: (len(eigenvalues) - negative(eigenvalues) + 1, len(eigenvalues)), square
)
laplacian_sum = EigenvalueSum(LAPLACIAN, lambda eigenvalues, k: (1, within(eigenvalues, k)), lambda x: x)

positive_eigenvalues = EigenvalueCount(ADJACENCY, positive)
negative_eigenvalues = EigenvalueCount(ADJACENCY, negative)
nullity = EigenvalueCount(ADJACENCY, zero)
negative_distance_eigenvalues = EigenvalueCount(DISTANCES, negative)
