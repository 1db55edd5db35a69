"""Invariants that the referee counts again: whole numbers and fractions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from .graphs import (
    Graph,
    adjacency_matrix,
    characteristic_polynomial,
    distance_matrix,
    distances,
    require,
    size,
)
from .searches import bit_rows, largest_independent

Count = Callable[[Graph, int | None], int | Fraction]


def plainly(count: Callable[[Graph], int | Fraction]) -> Count:
    """A count without an index."""

    def of(graph: Graph, k: int | None) -> int | Fraction:
        require(k is None, "an index for an invariant that has none")
        return count(graph)

    return of


def havel_hakimi_zeros(graph: Graph) -> int:
    """Delete the largest degree k and subtract 1 from the next k largest, until only zeros are left: their number."""
    left = sorted(map(len, graph))
    while left[-1]:
        k = left.pop()
        left = sorted(left[: len(left) - k] + [d - 1 for d in left[len(left) - k :]])
    return len(left)


def transmissions(graph: Graph) -> list[int]:
    return [sum(row) for row in distance_matrix(graph)]


def eccentricities(graph: Graph) -> list[int]:
    return [max(row) for row in distance_matrix(graph)]


def peripherality(graph: Graph) -> int:
    """The Mostar index: at every edge, the difference between the numbers of vertices nearer to each end."""
    rows = distance_matrix(graph)
    total = 0
    for u, row in enumerate(graph):
        for v in row:
            nearer = [x < y for x, y in zip(rows[u], rows[v], strict=True)].count(True)
            farther = [x > y for x, y in zip(rows[u], rows[v], strict=True)].count(True)
            total += abs(nearer - farther)
    return total // 2


def wiener_index(graph: Graph) -> int:
    return sum(transmissions(graph)) // 2


def wiener_changes(graph: Graph) -> int:
    """The sum over v of |W(G) - W(G - v)|."""
    n, whole = len(graph), wiener_index(graph)
    without = [[{w - (w > v) for w in graph[u] if w != v} for u in range(n) if u != v] for v in range(n)]
    return sum(abs(whole - wiener_index(rest)) for rest in without)


def shortest_cycle(graph: Graph) -> int:
    """At every edge: the distance of its ends without it, plus 1."""
    lengths = []
    for u in range(len(graph)):
        for v in [v for v in graph[u] if u < v]:
            graph[u].remove(v)
            graph[v].remove(u)
            reached = distances(graph, u)
            graph[u].add(v)
            graph[v].add(u)
            if v in reached:
                lengths.append(reached[v] + 1)
    require(bool(lengths), "the girth of a forest is undefined")
    return min(lengths)


def nonzero_coefficients(graph: Graph) -> list[int]:
    return [abs(c) for c in characteristic_polynomial(adjacency_matrix(graph)) if c]


def place_of_peak(graph: Graph) -> int:
    coefficients = nonzero_coefficients(graph)
    return 1 + coefficients.index(max(coefficients))


def distance_polynomial_peak(graph: Graph) -> int:
    scaled = [abs(c) * 2**k for k, c in enumerate(characteristic_polynomial(distance_matrix(graph)))]
    return scaled.index(max(scaled))


def opposite(graph: Graph) -> Graph:
    """The complement."""
    everything = set(range(len(graph)))
    return [everything - row - {v} for v, row in enumerate(graph)]


def independent_sets(graph: Graph, k: int | None) -> int:
    """The number of independent sets of k vertices."""
    require(k is not None and 1 <= k <= len(graph), "an index that is missing or out of range")
    assert k is not None
    return independent_counts(graph, frozenset(range(len(graph))), k, {})[k]


def independent_counts(
    graph: Graph, inside: frozenset[int], k: int, known: dict[frozenset[int], list[int]]
) -> list[int]:
    """The numbers of independent sets of 0, .., k vertices of `inside`.

    Components are independent of each other; in a component the sets without a vertex v of largest degree and those
    with it are counted apart.
    """
    counts, left = [1] + [0] * k, set(inside)
    while left:
        component, queue = {min(left)}, [min(left)]
        for u in queue:
            fresh = (graph[u] & left) - component
            component |= fresh
            queue.extend(fresh)
        left -= component
        key = frozenset(component)
        if key not in known:
            degrees = {u: len(graph[u] & component) for u in sorted(component)}
            most = [u for u, degree in degrees.items() if degree == max(degrees.values())]
            v = most[len(most) // 2]
            without = independent_counts(graph, key - {v}, k, known) if len(key) > 1 else [1] + [0] * k
            having = independent_counts(graph, key - {v} - graph[v], k, known) if len(key) > 1 else without
            known[key] = [a + b for a, b in zip(without, [0, *having[:-1]], strict=True)]
        counts = [sum(counts[i] * known[key][j - i] for i in range(j + 1)) for j in range(k + 1)]
    return counts


def local_independence(graph: Graph) -> list[int]:
    """The independence number of the neighbourhood of every vertex."""
    rows = bit_rows(graph)
    return [largest_independent(rows, row) for row in rows]


def mean(values: list[int], count: int | None = None) -> Fraction:
    return Fraction(sum(values), count or len(values))


COUNTED: dict[str, Count] = {
    "n": plainly(len),
    "m": plainly(size),
    "maximum_degree": plainly(lambda graph: max(map(len, graph))),
    "minimum_degree": plainly(lambda graph: min(map(len, graph))),
    "average_degree": plainly(lambda graph: Fraction(2 * size(graph), len(graph))),
    "density": plainly(lambda graph: Fraction(2 * size(graph), len(graph) * (len(graph) - 1))),
    "triangle_number": plainly(lambda graph: sum(len(row & graph[v]) for row in graph for v in row) // 6),
    "residue": plainly(havel_hakimi_zeros),
    "diameter": plainly(lambda graph: max(eccentricities(graph))),
    "radius": plainly(lambda graph: min(eccentricities(graph))),
    "average_eccentricity": plainly(lambda graph: mean(eccentricities(graph))),
    "proximity": plainly(lambda graph: Fraction(min(transmissions(graph)), len(graph) - 1)),
    "remoteness": plainly(lambda graph: Fraction(max(transmissions(graph)), len(graph) - 1)),
    "wiener": plainly(wiener_index),
    "average_distance": plainly(lambda graph: mean(transmissions(graph), len(graph) * (len(graph) - 1))),
    "max_transmission": plainly(lambda graph: max(transmissions(graph))),
    "min_transmission": plainly(lambda graph: min(transmissions(graph))),
    "distinct_transmissions": plainly(lambda graph: len(set(transmissions(graph)))),
    "mostar": plainly(peripherality),
    "soltes_deficit": plainly(wiener_changes),
    "girth": plainly(shortest_cycle),
    "adjacency_peak": plainly(place_of_peak),
    "adjacency_nonzero": plainly(lambda graph: len(nonzero_coefficients(graph))),
    "distance_peak": plainly(distance_polynomial_peak),
    "mean_local_independence": plainly(lambda graph: mean(local_independence(graph))),
    "max_local_independence": plainly(lambda graph: max(local_independence(graph))),
    "cocliques": independent_sets,
    "cliques": lambda graph, k: independent_sets(opposite(graph), k),
}
