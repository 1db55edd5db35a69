"""Dominating sets by branch and bound on bit rows, bounded below by 2-packings, and a linear rule for forests."""

from __future__ import annotations

from collections.abc import Sequence

from .graphs import Neighbours, bit_rows, components, members, size
from .independence import Budget, IndependentSets, TooLarge


class DominatingSets:
    """The search for a smallest dominating set: `best` is the smallest so far, as a bit set."""

    def __init__(self, rows: Sequence[int]) -> None:
        self.closed = [row | 1 << v for v, row in enumerate(rows)]
        self.everything = (1 << len(rows)) - 1
        self.budget = Budget()
        self.best = self.greedy()

    def greedy(self) -> int:
        """Always a vertex that dominates most of what is left."""
        chosen, left = 0, self.everything
        while left:
            v = max(range(len(self.closed)), key=lambda v: (self.closed[v] & left).bit_count())
            chosen |= 1 << v
            left &= ~self.closed[v]
        return chosen

    def search(self) -> int:
        self.extend(0, self.everything, self.everything)
        return self.best

    def extend(self, chosen: int, left: int, allowed: int) -> None:
        """Dominate `left` with vertices of `allowed`, in every way that may beat the best set."""
        if not left:
            if chosen.bit_count() < self.best.bit_count():
                self.best = chosen
            return
        self.budget.spend(4 * len(self.closed))
        room = self.best.bit_count() - 1 - chosen.bit_count()
        hardest = self.hardest(left, allowed, room)
        if hardest < 0:
            return
        tried: list[int] = []
        for v in sorted(members(self.closed[hardest] & allowed), key=lambda v: -(self.closed[v] & left).bit_count()):
            gain = self.closed[v] & left
            allowed &= ~(1 << v)
            if not any(gain & ~better == 0 for better in tried):  # else that one could take the place of v
                tried.append(gain)
                self.extend(chosen | 1 << v, left & ~gain, allowed)

    def hardest(self, left: int, allowed: int, room: int) -> int:
        """The vertex of `left` with fewest possible dominators, -1 where more than `room` vertices are needed."""
        options = sorted((self.closed[v] & allowed, v) for v in members(left))
        options.sort(key=lambda option: option[0].bit_count())
        reach = max((self.closed[v] & left).bit_count() for v in members(allowed)) if allowed else 0
        if not options[0][0] or room * reach < left.bit_count():
            return -1
        used = 0
        for dominators, _ in options:  # vertices without a common dominator need one each
            if not dominators & used:
                used |= dominators
                room -= 1
        return options[0][1] if room >= 0 else -1


def dominating_set(graph: Neighbours) -> tuple[list[int], list[int], bool]:
    """A dominating set, a 2-packing (closed neighbourhoods disjoint), and whether the set is surely a smallest one."""
    if size(graph) == len(graph) - len(components(graph)):
        chosen, packing = forest_domination(graph)
        return chosen, packing, True
    rows = bit_rows(graph)
    search, proved = DominatingSets(rows), True
    try:
        search.search()
    except (TooLarge, RecursionError):
        proved = False
    chosen, packing = members(search.best), two_packing(rows)
    return chosen, packing, proved or len(packing) == len(chosen)


def two_packing(rows: Sequence[int]) -> list[int]:
    """A large set of vertices at pairwise distances of at least 3: each needs a dominator of its own."""
    near = []
    for v, row in enumerate(rows):
        reached = row
        for w in members(row):
            reached |= rows[w]
        near.append(reached & ~(1 << v))
    packings = IndependentSets(near, Budget(100_000))
    try:
        packings.search()
    except TooLarge:
        return members(packings.best)
    return members(packings.best)


def forest_domination(graph: Neighbours) -> tuple[list[int], list[int]]:
    """A dominating set and a 2-packing of equal size (Meir and Moon), from the leaves of a forest to its roots.

    A vertex that nothing below dominates puts its parent into the set, and itself into the packing.
    """
    chosen, packing, dominated = set[int](), [], set[int]()
    for component in components(graph):
        parent = {component[0]: component[0]}
        for u in component:
            for w in graph[u]:
                parent.setdefault(w, u)
        for v in reversed(component):
            if v not in dominated:
                packing.append(v)
                chosen.add(parent[v])
                dominated |= {parent[v], *graph[parent[v]]}
    return sorted(chosen), sorted(packing)
