"""Independent sets by branch and bound on bit rows (see graphs.bit_rows), bounded by partitions into cliques."""

from __future__ import annotations

from collections.abc import Sequence

from mathrl.errors import MathrlError

from .graphs import Neighbours, bit_rows, members, two_colouring
from .matchings import maximum_matching

VISITS = 20_000_000  # vertices that a search may look at before it gives up, about ten seconds


class TooLarge(Exception):
    """A search has looked at VISITS vertices without coming to an end."""


class Budget:
    """Counts down the vertices that a search may still look at."""

    def __init__(self, visits: int | None = None) -> None:
        self.left = VISITS if visits is None else visits

    def spend(self, visits: int) -> None:
        self.left -= visits
        if self.left < 0:
            raise TooLarge


class IndependentSets:
    """The search for a largest independent set: `best` is the largest so far, as a bit set."""

    def __init__(self, rows: Sequence[int], budget: Budget | None = None) -> None:
        self.rows, self.best, self.budget = rows, 0, budget or Budget()

    def search(self) -> int:
        """A largest independent set; TooLarge leaves the best one found in `best`."""
        stack = [(0, (1 << len(self.rows)) - 1)]
        while stack:
            chosen, rest = stack.pop()
            chosen, rest, pivot = self.reduce(chosen, rest)
            if not rest:
                if chosen.bit_count() > self.best.bit_count():
                    self.best = chosen
            elif chosen.bit_count() + len(clique_cover(self.rows, rest)) > self.best.bit_count():
                bit = 1 << pivot
                stack.append((chosen, rest & ~bit))
                stack.append((chosen | bit, rest & ~bit & ~self.rows[pivot]))
        return self.best

    def reduce(self, chosen: int, rest: int) -> tuple[int, int, int]:
        """Take vertices with at most one neighbour left, which some largest set contains; then name one of most."""
        rows = self.rows
        while True:
            self.budget.spend(rest.bit_count())
            most, pivot, before, mask = 1, -1, rest, rest
            while mask:
                bit = mask & -mask
                mask ^= bit
                v = bit.bit_length() - 1
                degree = (rows[v] & rest).bit_count()
                if degree <= 1:
                    chosen |= bit
                    rest &= ~(rows[v] | bit)
                    mask &= rest
                elif degree > most:
                    most, pivot = degree, v
            if rest == before:
                return chosen, rest, pivot


def clique_cover(rows: Sequence[int], inside: int) -> list[int]:
    """A partition of a set into cliques, greedily: no independent set has more vertices than it has cliques."""
    cover = []
    while inside:
        clique, candidates = 0, inside
        while candidates:
            bit = candidates & -candidates
            clique |= bit
            candidates &= rows[bit.bit_length() - 1]
        cover.append(clique)
        inside &= ~clique
    return cover


def independent_set(graph: Neighbours) -> tuple[list[int], list[list[int]], bool]:
    """An independent set, a partition into cliques, and whether the set is certainly a largest one.

    A bipartite graph has a set of n - mu (Koenig), and a maximum matching with the other vertices as singletons is the
    partition; else the smallest of a few partitions is taken.
    """
    n, rows = len(graph), bit_rows(graph)
    mate, _ = maximum_matching(graph)
    cover = [[v, w] if w >= 0 else [v] for v, w in enumerate(mate) if w < 0 or v < w]
    chosen = koenig(graph, mate)
    if chosen is not None:
        return chosen, cover, True
    by_degree = sorted(range(n), key=lambda v: len(graph[v]))
    for order in (by_degree, range(n), by_degree[::-1]):
        place = {v: i for i, v in enumerate(order)}
        moved = [sum(1 << place[w] for w in graph[v]) for v in order]
        other = [[order[i] for i in members(clique)] for clique in clique_cover(moved, (1 << n) - 1)]
        cover = min(cover, other, key=len)
    sets, proved = IndependentSets(rows), True
    try:
        sets.search()
    except TooLarge:
        proved = False
    found = members(sets.best)
    return found, [sorted(clique) for clique in cover], proved or len(found) == len(cover)


def koenig(graph: Neighbours, mate: Sequence[int]) -> list[int] | None:
    """The independent set of n - mu vertices of a bipartite graph from a maximum matching, None for other graphs.

    From the unmatched vertices of one side alternating paths are followed: what is reached on that side, and what is
    not reached on the other, is independent.
    """
    colours = two_colouring(graph)
    if colours is None:
        return None
    reached = [colours[v] == 0 and mate[v] < 0 for v in range(len(graph))]
    queue = [v for v in range(len(graph)) if reached[v]]
    for v in queue:
        for w in graph[v]:
            if not reached[w]:
                reached[w] = True
                if not reached[mate[w]]:
                    reached[mate[w]] = True
                    queue.append(mate[w])
    return [v for v in range(len(graph)) if reached[v] == (colours[v] == 0)]


# ------------------------------------------------------------------------------------------------------- counting


def independence_polynomial(graph: Neighbours, degree: int) -> list[int]:
    """The numbers of independent sets of 0, 1, .., `degree` vertices."""
    try:
        return Counter(bit_rows(graph)).of((1 << len(graph)) - 1, degree)
    except (TooLarge, RecursionError):
        raise MathrlError("this graph has too many independent sets of that size to count them") from None


class Counter:
    """Independence polynomials modulo x^(degree+1) of induced subgraphs, by I(G) = I(G - v) + x I(G - N[v])."""

    def __init__(self, rows: Sequence[int]) -> None:
        self.rows, self.known, self.budget = rows, dict[tuple[int, int], list[int]](), Budget()

    def of(self, inside: int, degree: int) -> list[int]:
        """The product over the components of the induced subgraph; up to pairs its edges are all that counts."""
        if degree <= 2:
            vertices = members(inside)
            self.budget.spend(len(vertices))
            edges = sum((self.rows[v] & inside).bit_count() for v in vertices) // 2
            return [1, len(vertices), len(vertices) * (len(vertices) - 1) // 2 - edges][: degree + 1]
        polynomial = [1] + [0] * degree
        while inside:
            component = frontier = inside & -inside
            while frontier:
                bit = frontier & -frontier
                reached = self.rows[bit.bit_length() - 1] & inside & ~component
                component |= reached
                frontier = (frontier ^ bit) | reached
            polynomial = times(polynomial, self.connected(component, degree))
            inside &= ~component
        return polynomial

    def connected(self, inside: int, degree: int) -> list[int]:
        """Of a connected subgraph, by a vertex of largest degree."""
        vertices = members(inside)
        degrees = [(self.rows[v] & inside).bit_count() for v in vertices]
        if sum(degrees) == 2 * len(vertices) - 2:
            return self.tree(inside, degree)
        if (inside, degree) not in self.known:
            self.budget.spend(len(vertices))
            pivot = vertices[degrees.index(max(degrees))]
            without = inside & ~(1 << pivot)
            having = self.of(without & ~self.rows[pivot], degree - 1)
            self.known[inside, degree] = added(self.of(without, degree), [0, *having])
        return self.known[inside, degree]

    def tree(self, inside: int, degree: int) -> list[int]:
        """Of a tree, from the leaves up: the sets without the root of each subtree, and those with it."""
        root = inside.bit_length() - 1
        parent, order = {root: root}, [root]
        for u in order:
            for w in members(self.rows[u] & inside):
                if w not in parent:
                    parent[w] = u
                    order.append(w)
        zeros = [0] * (degree - 1)
        without, having = {v: [1, 0, *zeros] for v in order}, {v: [0, 1, *zeros] for v in order}
        for v in reversed(order[1:]):
            p = parent[v]
            without[p] = times(without[p], added(without[v], having[v]))
            having[p] = times(having[p], without[v])
        return added(without[root], having[root])


def added(left: list[int], right: list[int]) -> list[int]:
    return [a + b for a, b in zip(left, right, strict=True)]


def times(left: list[int], right: list[int]) -> list[int]:
    """The product of two polynomials of equal length, cut to that length."""
    product = [0] * len(left)
    for i, a in enumerate(left):
        if a:
            for j in range(len(left) - i):
                product[i + j] += a * right[j]
    return product
