"""Largest induced bipartite subgraphs and forests, by branch and bound on bit rows."""

from __future__ import annotations

from collections.abc import Sequence

from .graphs import Neighbours, bit_rows, components, members, size, two_colouring
from .independence import Budget, IndependentSets, TooLarge, clique_cover


def induced_bipartite(graph: Neighbours) -> tuple[list[int], list[int], int]:
    """The two sides of a largest induced bipartite subgraph, and an upper bound, which is the order if that is proved.

    Two disjoint independent sets are one independent set in two copies of the graph, each vertex joined to its copy.
    """
    n = len(graph)
    colours = two_colouring(graph)
    if colours is not None:
        return [v for v in range(n) if not colours[v]], [v for v in range(n) if colours[v]], n
    rows = bit_rows(graph)
    doubled = [row | 1 << (v + n) for v, row in enumerate(rows)] + [row << n | 1 << v for v, row in enumerate(rows)]
    search = IndependentSets(doubled)
    try:
        most = search.search().bit_count()
    except TooLarge:
        most = n - 1
    return members(search.best & ((1 << n) - 1)), members(search.best >> n), most


class InducedForests:
    """The search for a largest induced forest: `best` is the largest so far, as a bit set.

    A chosen forest is kept as the list of its trees, each as the set of undecided vertices next to it; an undecided
    vertex with two neighbours in one tree would close a cycle and is dropped.
    """

    def __init__(self, rows: Sequence[int]) -> None:
        self.rows, self.best, self.budget = rows, greedy_forest(rows), Budget()

    def search(self) -> int:
        stack: list[tuple[int, int, list[int]]] = [(0, (1 << len(self.rows)) - 1, [])]
        while stack:
            chosen, rest, trees = stack.pop()
            chosen, rest, trees, pivot = self.reduce(chosen, rest, trees)
            if not rest:
                if chosen.bit_count() > self.best.bit_count():
                    self.best = chosen
            elif chosen.bit_count() + self.most(rest, trees) > self.best.bit_count():
                stack.append((chosen, rest & ~(1 << pivot), trees))
                stack.append(self.plant(chosen, rest, trees, pivot))
        return self.best

    def plant(self, chosen: int, rest: int, trees: list[int], v: int) -> tuple[int, int, list[int]]:
        """Choose v: the trees next to it grow together."""
        bit = 1 << v
        around, twice, others = self.rows[v], 0, []
        for tree in trees:
            if tree & bit:
                twice |= around & tree
                around |= tree
            else:
                others.append(tree)
        rest &= ~(bit | twice)
        return chosen | bit, rest, [around & rest, *(tree & rest for tree in others if tree & rest)]

    def reduce(self, chosen: int, rest: int, trees: list[int]) -> tuple[int, int, list[int], int]:
        """Choose vertices with at most one neighbour left, trees counted as one; then name a vertex with most."""
        while rest:
            self.budget.spend(rest.bit_count() * (2 + len(trees)))
            most, pivot = 1, -1
            for v in members(rest):
                degree = (self.rows[v] & rest).bit_count() + sum(tree >> v & 1 for tree in trees)
                if degree <= 1:
                    chosen, rest, trees = self.plant(chosen, rest, trees, v)
                    break
                if degree > most:
                    most, pivot = degree, v
            else:
                return chosen, rest, trees, pivot
        return chosen, rest, trees, -1

    def most(self, rest: int, trees: list[int]) -> int:
        """At most two of a clique can be chosen, and one where the clique is next to a tree."""
        by_cliques = 0
        for clique in clique_cover(self.rows, rest):
            by_cliques += 1 if clique & (clique - 1) == 0 or any(clique & ~tree == 0 for tree in trees) else 2
        return min(by_cliques, self.by_edges(rest, trees))

    def by_edges(self, rest: int, trees: list[int]) -> int:
        """Dropping vertices must leave fewer edges than vertices and trees; each drop loses at most its degree."""
        trees = [tree & rest for tree in trees if tree & rest]
        degrees = sorted(
            ((self.rows[v] & rest).bit_count() + sum(tree >> v & 1 for tree in trees) for v in members(rest)),
            reverse=True,
        )
        inner = sum((self.rows[v] & rest).bit_count() for v in members(rest)) // 2
        surplus = inner + sum(tree.bit_count() for tree in trees) - (len(degrees) + len(trees) - 1)
        dropped = 0
        while surplus > 0:  # dropping one of degree d takes d edges and one vertex away
            surplus -= degrees[dropped] - 1
            dropped += 1
        return len(degrees) - dropped


def greedy_forest(rows: Sequence[int]) -> int:
    """Vertices by ascending degree, each unless it has two neighbours in one tree of those before."""
    trees: list[tuple[int, int]] = []  # vertices and their neighbours
    for v in sorted(range(len(rows)), key=lambda v: rows[v].bit_count()):
        touched = [tree for tree in trees if tree[1] >> v & 1]
        if all((rows[v] & tree).bit_count() == 1 for tree, _ in touched):
            trees = [tree for tree in trees if tree not in touched]
            inside, around = 1 << v, rows[v]
            for tree, neighbours in touched:
                inside, around = inside | tree, around | neighbours
            trees.append((inside, around))
    return sum(tree for tree, _ in trees)


def induced_forest(graph: Neighbours) -> tuple[list[int], int]:
    """The vertices of a largest induced forest, and an upper bound, which is their number if that is proved."""
    n = len(graph)
    if size(graph) == n - len(components(graph)):
        return list(range(n)), n
    search = InducedForests(bit_rows(graph))
    try:
        most = search.search().bit_count()
    except TooLarge:
        most = min(n - 1, search.by_edges((1 << n) - 1, []))
    return members(search.best), most
