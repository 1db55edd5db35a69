"""Graphs as neighbour sets, decoded from graph6, and what is asked of every number in a certificate."""

from __future__ import annotations

import math
import re
from fractions import Fraction

Graph = list[set[int]]
Interval = tuple[Fraction, Fraction]


class Refused(Exception):
    """Something in the data is false; the message is one sentence."""


def require(condition: bool, sentence: str) -> None:
    if not condition:
        raise Refused(sentence)


def decode(graph6: str) -> Graph:
    """The neighbour sets of a graph6 string."""
    codes = [ord(character) - 63 for character in graph6]
    require(bool(codes) and all(0 <= code < 64 for code in codes), "graph6 has a character outside '?' to '~'")
    start = 1 if codes[0] < 63 else 4 if codes[1:2] != [63] else 8
    n = 0
    for code in codes[start // 4 : start]:
        n = n * 64 + code
    pairs = n * (n - 1) // 2
    require(len(codes) - start == (pairs + 5) // 6, f"graph6 has the wrong length for {n} vertices")
    bits = [code >> shift & 1 for code in codes[start:] for shift in (5, 4, 3, 2, 1, 0)]
    require(not any(bits[pairs:]), "graph6 has padding that is not zero")
    graph: Graph = [set() for _ in range(n)]
    order = ((i, j) for j in range(n) for i in range(j))
    for (i, j), bit in zip(order, bits, strict=False):
        if bit:
            graph[i].add(j)
            graph[j].add(i)
    return graph


def size(graph: Graph) -> int:
    return sum(map(len, graph)) // 2


def distances(graph: Graph, source: int) -> dict[int, int]:
    """Distance of every vertex that can be reached from `source`, by breadth-first search."""
    reached, queue = {source: 0}, [source]
    for u in queue:
        for w in sorted(graph[u] - reached.keys()):
            reached[w] = reached[u] + 1
            queue.append(w)
    return reached


def adjacency_matrix(graph: Graph) -> list[list[int]]:
    return [[int(w in row) for w in range(len(graph))] for row in graph]


def distance_matrix(graph: Graph) -> list[list[int]]:
    """The distances of all pairs; Refused where the graph is not connected."""
    rows = [distances(graph, source) for source in range(len(graph))]
    require(len(rows[0]) == len(graph), "a disconnected graph has no distances")
    return [[row[w] for w in range(len(graph))] for row in rows]


MERSENNE = (127, 521, 1279, 2203, 4423, 9689, 19937, 44497)  # exponents p of primes 2^p - 1


def characteristic_polynomial(matrix: list[list[int]]) -> list[int]:
    """The coefficients of det(xI - M), low to high, of a symmetric integer matrix, each exactly.

    The sum of their absolute values is at most the product of all 1 + |eigenvalue|, so at most (1 + r)^n with r the
    root of the mean squared eigenvalue; so the residues modulo one prime above twice that bound determine them.
    """
    n = len(matrix)
    squares = sum(entry * entry for row in matrix for entry in row)
    bound = (2 + math.isqrt(squares // n)) ** n
    prime = next(2**exponent - 1 for exponent in MERSENNE if 2**exponent - 1 > 2 * bound)
    residues = hessenberg_polynomial(hessenberg(matrix, prime), prime)
    return [c - prime if 2 * c > prime else c for c in residues]


def hessenberg(matrix: list[list[int]], prime: int) -> list[list[int]]:
    """A similar matrix modulo a prime that is 0 below the diagonal under the main one."""
    rows = [[entry % prime for entry in row] for row in matrix]
    n = len(rows)
    for j in range(n - 2):
        pivot = next((i for i in range(j + 1, n) if rows[i][j]), None)
        if pivot is None:
            continue
        rows[j + 1], rows[pivot] = rows[pivot], rows[j + 1]
        for row in rows:
            row[j + 1], row[pivot] = row[pivot], row[j + 1]
        inverse = pow(rows[j + 1][j], -1, prime)
        factors = [(i, rows[i][j] * inverse % prime) for i in range(j + 2, n) if rows[i][j]]
        for i, factor in factors:  # subtract a multiple of row j+1, then add the same multiple to column j+1
            rows[i] = [(a - factor * b) % prime for a, b in zip(rows[i], rows[j + 1], strict=True)]
        for row in rows:
            row[j + 1] = (row[j + 1] + sum(factor * row[i] for i, factor in factors)) % prime
    return rows


def hessenberg_polynomial(rows: list[list[int]], prime: int) -> list[int]:
    """det(xI - H) modulo a prime, low to high, by the expansion along the last column of each leading block."""
    polynomials = [[1]]
    for k in range(len(rows)):
        found = [0, *polynomials[k]]
        below = 1  # the product of the entries under the diagonal between the two blocks
        for i in range(k, -1, -1):
            if factor := rows[i][k] * below % prime:
                for j, c in enumerate(polynomials[i]):
                    found[j] -= factor * c
            below = below * rows[i][i - 1] % prime if i else 0
        polynomials.append([c % prime for c in found])
    return polynomials[-1]


def read_interval(pair: list[str]) -> Interval:
    """Two rationals in lowest terms, the first not above the second."""
    plain = all(isinstance(end, str) and re.fullmatch("-?[0-9]+(/[0-9]+)?", end) for end in pair)  # no 1e999999999
    require(plain, "an interval's end is not a rational number")
    low, high = map(Fraction, pair)
    require(low <= high and [str(low), str(high)] == pair, "an interval is empty or not in lowest terms")
    return low, high


def outward(x: Fraction, direction: int, digits: int = 12) -> str:
    """x with decimals, rounded down (direction -1) or up (+1)."""
    units = math.floor(x * 10**digits) if direction < 0 else math.ceil(x * 10**digits)
    whole, part = divmod(abs(units), 10**digits)
    return f"{'-' if units < 0 else ''}{whole}.{part:0{digits}}"
