"""Eigenvalues by exact counts above rationals, and sums over edges: what their intervals and witnesses prove."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from .arithmetic import root, rounded
from .graphs import (
    MERSENNE,
    Graph,
    Interval,
    adjacency_matrix,
    characteristic_polynomial,
    distance_matrix,
    distances,
    read_interval,
    require,
    size,
)

Matrix = list[list[int]]
Counts = tuple[int, int]  # the number of eigenvalues above a point, and its multiplicity as an eigenvalue
Check = Callable[[Graph, Interval, dict[str, Any], int | None], str]


# ------------------------------------------------------------------------------------------------ counting eigenvalues


def eigenvalue_counts(matrix: Matrix, point: Fraction) -> Counts:
    """Counts of a symmetric integer matrix M at a rational point r, by the inertia of M - r moved a little both ways.

    The pivots of M - rI, rounded to multiples of 2^-bits, are those of a matrix whose eigenvalues are off by less than
    `slack`: so there are at most as many eigenvalues >= r as positive pivots at r - slack, and at least as many > r as
    at r + slack. Where the two differ by the multiplicity of r, both bounds are the counts.
    """
    n, bits = len(matrix), 64 + point.denominator.bit_length()
    while True:
        slack = Fraction((n + 2) ** 2, 1 << bits)
        least, most = (positive_pivots(matrix, end, bits) for end in (point + slack, point - slack))
        multiplicity = 0
        if least < most and point.denominator == 1:  # a rational eigenvalue of an integer matrix is an integer
            multiplicity = n - matrix_rank(matrix, int(point))
        if most - least == multiplicity:
            return least, multiplicity
        bits *= 2


def positive_pivots(matrix: Matrix, point: Fraction, bits: int) -> int:
    """The positive pivots of M - rI without exchanges, last row first, every entry rounded to a multiple of 2^-bits.

    An entry is rounded once a step and a pivot 0 replaced by 2^-bits: these are the exact pivots of a symmetric matrix
    that differs from M - rI by at most (n + 1) 2^-bits in each entry, so by less than (n + 2)^2 2^-bits in the norm.
    """
    rows = [[entry << bits for entry in row[: i + 1]] for i, row in enumerate(matrix)]  # the lower triangle
    shift, positive = math.floor(point * (1 << bits)), 0
    for i, row in enumerate(rows):
        row[i] -= shift
    while rows:
        column = rows.pop()
        pivot = column.pop() or 1
        positive += pivot > 0
        for i, factor in enumerate(column):
            if factor:
                rows[i] = [a - factor * b // pivot for a, b in zip(rows[i], column, strict=False)]
    return positive


def matrix_rank(matrix: Matrix, shift: int) -> int:
    """The rank of M - shift I modulo a prime above all its minors (Hadamard), so its rank."""
    rows = [[entry - shift * (i == j) for j, entry in enumerate(row)] for i, row in enumerate(matrix)]
    bound = math.prod(1 + math.isqrt(sum(entry * entry for entry in row)) for row in rows)
    prime = next(2**exponent - 1 for exponent in MERSENNE if 2**exponent - 1 > bound)
    rank = 0
    while rows and rows[0]:
        pivot_row = next((row for row in rows if row[-1]), None)
        if pivot_row is not None:
            rank += 1
            rows = [row for row in rows if row is not pivot_row]
            inverse = pow(pivot_row[-1], -1, prime)
            for i, row in enumerate(rows):
                if row[-1]:
                    factor = row[-1] * inverse % prime
                    rows[i] = [(a - factor * b) % prime for a, b in zip(row, pivot_row, strict=True)]
        for row in rows:
            row.pop()
    return rank


def root_counts(coefficients: list[int], point: Fraction) -> Counts:
    """The same from a characteristic polynomial: Descartes' sign changes and the zeros at the front of p(x + point)."""
    degree = len(coefficients) - 1
    shifted = [c * point.denominator ** (degree - j) for j, c in enumerate(coefficients)]
    for start in range(degree):  # a Taylor shift by repeated division by x - u
        for j in range(degree - 1, start - 1, -1):
            shifted[j] += point.numerator * shifted[j + 1]
    signs = [c > 0 for c in shifted if c]
    zeros = next(j for j, c in enumerate(shifted) if c)
    return sum(signs[j] != signs[j + 1] for j in range(len(signs) - 1)), zeros


# ------------------------------------------------------------------------------------------------------- the matrices


def renumbered(graph: Graph) -> Graph:
    """The same graph, its vertices numbered by breadth-first searches: a tree's pivots then fill no entry in."""
    order: dict[int, int] = {}
    for source in sorted(range(len(graph)), key=lambda v: -len(graph[v])):
        if source not in order:
            for v in distances(graph, source):
                order[v] = len(order)
    return [{order[w] for w in graph[v]} for v in order]


def laplacian_matrix(graph: Graph, sign: int = -1) -> Matrix:
    """D - A, or D + A with sign 1."""
    rows = [[sign * entry for entry in row] for row in adjacency_matrix(graph)]
    for v, row in enumerate(graph):
        rows[v][v] = len(row)
    return rows


def complement_matrix(graph: Graph) -> Matrix:
    return [[int(w != v and w not in row) for w in range(len(graph))] for v, row in enumerate(graph)]


# --------------------------------------------------------------------------------------------- what a witness proves


def eigenvalue_check(matrix_of: Callable[[Graph], Matrix], number: Callable[[Matrix, int | None], int]) -> Check:
    """Eigenvalue number `number` of a matrix: fewer are above the upper end, and as many are not below the lower."""

    def check(graph: Graph, interval: Interval, witness: dict[str, Any], k: int | None) -> str:
        require(witness.keys() == {"above_lower", "above_upper"}, "the witness of an eigenvalue has other fields")
        matrix = matrix_of(renumbered(graph))
        which = number(matrix, k)
        require(1 <= which <= len(graph), f"there is no eigenvalue number {which} of {len(graph)}")
        above_lower, at_lower = eigenvalue_counts(matrix, interval[0])
        above_upper = above_lower if interval[0] == interval[1] else eigenvalue_counts(matrix, interval[1])[0]
        for stated, count in ((witness["above_lower"], above_lower), (witness["above_upper"], above_upper)):
            require(type(stated) is int and stated == count, "a count of eigenvalues is wrong")
        require(above_upper < which <= above_lower + at_lower, "the interval does not contain the eigenvalue")
        return (
            f"{above_upper} eigenvalues are above the upper end, {above_lower + at_lower} are not below the lower one"
        )

    return check


def eigenvalue_sum_check(
    matrix_of: Callable[[Graph], Matrix],
    numbers: Callable[[Counts, int, int | None], tuple[int, int]],
    term: Callable[[Interval], Interval],
) -> Check:
    """The sum of `term` over eigenvalues number first to last, which `numbers` makes of the counts at 0, n and k."""

    def check(graph: Graph, interval: Interval, witness: dict[str, Any], k: int | None) -> str:
        require(witness.keys() == {"clusters"}, "the witness of a sum of eigenvalues has other fields")
        polynomial = characteristic_polynomial(matrix_of(graph))
        first, last = numbers(root_counts(polynomial, Fraction(0)), len(graph), k)
        low = high = Fraction(0)
        for *ends, multiplicity in witness["clusters"]:
            require(type(multiplicity) is int and multiplicity > 0, "a multiplicity is not a positive integer")
            cluster = read_interval(ends)
            require(multiplicity <= last - first + 1, "there are more eigenvalues in the clusters than in the sum")
            enough = sum(root_counts(polynomial, cluster[0])) >= first + multiplicity - 1
            require(enough and root_counts(polynomial, cluster[1])[0] < first, "a cluster is not where it is stated")
            part, first = term(cluster), first + multiplicity
            low, high = low + multiplicity * part[0], high + multiplicity * part[1]
        require(first == last + 1, "the clusters leave eigenvalues out")
        require(interval == (low, high), "the interval is not the sum over the clusters of eigenvalues")
        return f"{len(witness['clusters'])} clusters of eigenvalues, each counted by sign changes"

    return check


def inertia_check(matrix_of: Callable[[Graph], Matrix], count: Callable[[Counts, int], int]) -> Check:
    """A number of eigenvalues by their sign, of the counts at 0 and n."""

    def check(graph: Graph, interval: Interval, witness: dict[str, Any], k: int | None) -> str:
        value = count(eigenvalue_counts(matrix_of(renumbered(graph)), Fraction(0)), len(graph))
        require(witness == {} and interval[0] == interval[1] == value, f"the number of these eigenvalues is {value}")
        return "counted by the signs of pivots"

    return check


def numbered(number: int) -> Callable[[Matrix, int | None], int]:
    """Eigenvalue number `number`, counted from the smallest as -1, -2, .. if negative."""
    return lambda matrix, k: number if number > 0 else len(matrix) + 1 + number


def given(matrix: Matrix, k: int | None) -> int:
    return k or 0


def least_positive(matrix: Matrix, k: int | None) -> int:
    return eigenvalue_counts(matrix, Fraction(0))[0]


def first_given(at_zero: Counts, n: int, k: int | None) -> tuple[int, int]:
    require(1 <= (k or 0) <= n, f"there is no eigenvalue number {k} of {n}")
    return 1, k or 0


def magnitude(x: Interval) -> Interval:
    return x if x[0] >= 0 else (-x[1], -x[0]) if x[1] <= 0 else (Fraction(0), max(-x[0], x[1]))


def squared(x: Interval) -> Interval:
    low, high = magnitude(x)
    return low * low, high * high


SPECTRA: dict[str, Check] = {
    "lambda1": eigenvalue_check(adjacency_matrix, numbered(1)),
    "lambda2": eigenvalue_check(adjacency_matrix, numbered(2)),
    "lambda_n": eigenvalue_check(adjacency_matrix, numbered(-1)),
    "adjacency_eigenvalue": eigenvalue_check(adjacency_matrix, given),
    "smallest_positive_eigenvalue": eigenvalue_check(adjacency_matrix, least_positive),
    "lambda1_complement": eigenvalue_check(complement_matrix, numbered(1)),
    "laplacian_max": eigenvalue_check(laplacian_matrix, numbered(1)),
    "laplacian_eigenvalue": eigenvalue_check(laplacian_matrix, given),
    "algebraic_connectivity": eigenvalue_check(laplacian_matrix, numbered(-2)),
    "signless_laplacian_max": eigenvalue_check(lambda graph: laplacian_matrix(graph, 1), numbered(1)),
    "distance_eigenvalue": eigenvalue_check(distance_matrix, given),
    "energy": eigenvalue_sum_check(adjacency_matrix, lambda at_zero, n, k: (1, n), magnitude),
    "s_plus": eigenvalue_sum_check(adjacency_matrix, lambda at_zero, n, k: (1, at_zero[0]), squared),
    "s_minus": eigenvalue_sum_check(adjacency_matrix, lambda at_zero, n, k: (sum(at_zero) + 1, n), squared),
    "laplacian_sum": eigenvalue_sum_check(laplacian_matrix, first_given, lambda x: x),
    "positive_eigenvalues": inertia_check(adjacency_matrix, lambda at_zero, n: at_zero[0]),
    "negative_eigenvalues": inertia_check(adjacency_matrix, lambda at_zero, n: n - sum(at_zero)),
    "nullity": inertia_check(adjacency_matrix, lambda at_zero, n: at_zero[1]),
    "negative_distance_eigenvalues": inertia_check(distance_matrix, lambda at_zero, n: n - sum(at_zero)),
}


# ------------------------------------------------------------------------------------------------------------- sums


def degree_pairs(graph: Graph) -> Counter[tuple[int, int]]:
    """How many edges uv, each once, have the degrees (deg u, deg v)."""
    return Counter((len(row), len(graph[v])) for u, row in enumerate(graph) for v in row if u < v)


def rational_sum(value_of: Callable[[Graph], Fraction]) -> Check:
    def check(graph: Graph, interval: Interval, witness: dict[str, Any], k: int | None) -> str:
        value = value_of(graph)
        require(witness == {} and interval == (value, value), f"it is {value}, not what is stated")
        return "counted"

    return check


def root_sum(terms_of: Callable[[Graph], list[tuple[Fraction, Fraction]]]) -> Check:
    """The sum of c sqrt(r) over terms (r, c), with square roots to more digits than the ends of the interval have."""

    def check(graph: Graph, interval: Interval, witness: dict[str, Any], k: int | None) -> str:
        bits = 128 + max(end.denominator.bit_length() + abs(end.numerator).bit_length() for end in interval)
        total = Fraction(0), Fraction(0)
        for radicand, coefficient in terms_of(graph):
            low, high = root((radicand, radicand), 2, bits)
            total = rounded((total[0] + coefficient * low, total[1] + coefficient * high), 2 * bits)
        require(witness == {}, "a sum that is computed again needs no witness")
        require(interval[0] <= total[0] and total[1] <= interval[1], "the interval does not contain the sum")
        return "computed again"

    return check


def mean_of_neighbour_means(graph: Graph) -> Fraction:
    means = (Fraction(sum(len(graph[w]) for w in row), len(row)) for row in graph if row)
    return sum(means, Fraction(0)) / len(graph)


def edge_sum(graph: Graph, term: Callable[[int, int], Fraction]) -> Fraction:
    return sum((count * term(a, b) for (a, b), count in degree_pairs(graph).items()), Fraction(0))


SUMS: dict[str, Check] = {
    "harmonic": rational_sum(lambda graph: edge_sum(graph, lambda a, b: Fraction(2, a + b))),
    "modified_zagreb2": rational_sum(lambda graph: edge_sum(graph, lambda a, b: Fraction(1, a * b))),
    "mean_dual_degree": rational_sum(mean_of_neighbour_means),
    "randic": root_sum(
        lambda graph: [(Fraction(1, a * b), Fraction(count)) for (a, b), count in degree_pairs(graph).items()]
    ),
    "geometric_arithmetic": root_sum(
        lambda graph: [(Fraction(a * b), Fraction(2 * count, a + b)) for (a, b), count in degree_pairs(graph).items()]
    ),
    "eigenvalue_deviation": root_sum(lambda graph: [(Fraction(2 * size(graph), len(graph)), Fraction(1))]),
}
