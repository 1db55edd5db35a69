"""Spanning trees with most leaves and covers by fewest disjoint paths, by branch and bound on bit rows."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from ..arithmetic import Undefined
from .graphs import Neighbours, bit_rows, components, members, size
from .independence import Budget, TooLarge

# ---------------------------------------------------------------------------------------- spanning trees, most leaves


class InnerVertices:
    """The search for a smallest connected dominating set: what is outside can be the leaves of a spanning tree."""

    def __init__(self, rows: Sequence[int]) -> None:
        self.rows = rows
        self.everything = (1 << len(rows)) - 1
        self.budget = Budget()
        self.best = self.greedy()
        degree = max(row.bit_count() for row in rows)
        self.least = -(-(len(rows) - 2) // (degree - 1))  # the degrees of a tree add up to 2n - 2

    def greedy(self) -> int:
        """Grow from a vertex of largest degree, always by the vertex that reaches most."""
        rows = self.rows
        chosen, reached = 0, 1 << max(range(len(rows)), key=lambda v: rows[v].bit_count())
        while reached != self.everything:
            v = max(members(reached & ~chosen), key=lambda v: (rows[v] & ~reached).bit_count())
            chosen |= 1 << v
            reached |= rows[v]
        return chosen

    def search(self) -> int:
        """A vertex of least degree or one of its neighbours is inside: try each as the first."""
        v = min(range(len(self.rows)), key=lambda v: self.rows[v].bit_count())
        allowed = self.everything
        for first in members(self.rows[v] | 1 << v):
            if self.best.bit_count() > self.least:
                self.extend(1 << first, allowed)
            allowed &= ~(1 << first)
        return self.best

    def extend(self, chosen: int, allowed: int) -> None:
        """Enlarge the connected set `chosen` within `allowed`, in every way that may beat the best set."""
        needed = self.needed(chosen, allowed)
        if needed < 0:
            return
        reached = self.reach(chosen)
        while needed & reached:  # what every solution contains and chosen touches is chosen at once
            chosen |= needed & reached
            needed &= ~reached
            reached = self.reach(chosen)
        if reached == self.everything:
            if chosen.bit_count() < self.best.bit_count():
                self.best = chosen
            return
        if (chosen | needed).bit_count() + self.fewest(chosen | needed, allowed) >= self.best.bit_count():
            return
        v = max(members(reached & allowed & ~chosen), key=lambda v: (self.rows[v] & ~reached).bit_count())
        self.extend(chosen | 1 << v, allowed)
        if self.best.bit_count() > self.least:
            self.extend(chosen, allowed & ~(1 << v))

    def reach(self, chosen: int) -> int:
        """The vertices dominated by a set."""
        reached = chosen
        for v in members(chosen):
            reached |= self.rows[v]
        return reached

    def closure(self, start: int, allowed: int) -> int:
        """What is dominated when everything of `allowed` that is connected to `start` is chosen."""
        inside, frontier, reached = start, start, start
        while frontier:
            bit = frontier & -frontier
            row = self.rows[bit.bit_length() - 1]
            reached |= row
            frontier = (frontier ^ bit) | (row & allowed & ~inside)
            inside |= row & allowed
        return reached

    def needed(self, chosen: int, allowed: int) -> int:
        """The vertices without which `chosen` cannot become dominating and connected; -1: it cannot at all."""
        start = chosen & -chosen
        if self.closure(start, allowed) != self.everything:
            return -1
        needed = 0
        for v in members(allowed & ~chosen):
            self.budget.spend(allowed.bit_count())
            if self.closure(start, allowed & ~(1 << v)) != self.everything:
                needed |= 1 << v
        return needed

    def fewest(self, chosen: int, allowed: int) -> int:
        """A lower bound on the vertices to add: undominated ones without a common dominator need one each."""
        left = self.everything & ~self.reach(chosen)
        gains = sorted((self.gain(v, left) for v in members(allowed & ~chosen)), reverse=True)
        rest = left.bit_count()
        for by_gains in range(len(gains) + 1):
            if rest <= 0:
                break
            rest -= gains[by_gains] if by_gains < len(gains) else 0
        used = count = 0
        for options in sorted(
            ((self.rows[v] | 1 << v) & allowed for v in members(left)), key=lambda options: options.bit_count()
        ):
            if not options & used:
                used |= options
                count += 1
        return max(count, by_gains)

    def gain(self, v: int, left: int) -> int:
        """The most vertices of `left` that v dominates when it joins: not the neighbour that it joins to."""
        return min((self.rows[v] & left).bit_count(), self.rows[v].bit_count() - 1)


def leafy_tree(graph: Neighbours) -> tuple[list[list[int]], int]:
    """The edges of a spanning tree with most leaves, and an upper bound on leaves, its number of them if proved."""
    n = len(graph)
    if len(components(graph)) > 1:
        raise Undefined("a disconnected graph has no spanning tree")
    if size(graph) == n - 1:
        inner = sum(1 << v for v, row in enumerate(graph) if len(row) > 1) or 1
        return tree_around(graph, inner), max(2, n - inner.bit_count())
    search = InnerVertices(bit_rows(graph))
    try:
        most = n - search.search().bit_count()
    except (TooLarge, RecursionError):
        most = n - search.least
    return tree_around(graph, search.best), most


def tree_around(graph: Neighbours, inner: int) -> list[list[int]]:
    """A spanning tree in which only vertices of a connected dominating set have children."""
    root = members(inner)[0]
    reached, queue, edges = {root}, [root], []
    for u in queue:
        for w in graph[u]:
            if w not in reached:
                reached.add(w)
                edges.append([min(u, w), max(u, w)])
                if inner >> w & 1:
                    queue.append(w)
    return sorted(edges)


# ------------------------------------------------------------------------------------------------------ path covers


class PathCover:
    """A cover by at most p disjoint paths, as edges of which a vertex has at most two.

    A cover by p paths lacks 2p edge ends: 2 - degree summed over the vertices. A vertex with fewer than two edges left
    to it lacks one or two already, and every component of what is left lacks at least two.
    """

    def __init__(self, rows: Sequence[int], paths: int, budget: Budget) -> None:
        self.rows, self.paths, self.budget = rows, paths, budget

    def search(self) -> list[list[int]] | None:
        """The paths, None if there is no such cover; depth first over states (edges left, edges taken)."""
        stack = [(list(self.rows), [0] * len(self.rows))]
        while stack:
            left, taken = stack.pop()
            pivot = self.settle(left, taken)
            if pivot is None:
                continue
            if pivot == (-1, -1):
                return paths_of(taken)
            u, w = pivot
            without = list(left)
            without[u] &= ~(1 << w)
            without[w] &= ~(1 << u)
            stack.append((without, list(taken)))
            take(left, taken, u, w)
            stack.append((left, taken))
        return None

    def settle(self, left: list[int], taken: list[int]) -> tuple[int, int] | None:
        """Take the edges that are forced; then an edge to branch on, (-1, -1) if none is open, None if it cannot be."""
        while True:
            self.budget.spend(4 * len(left))
            slack, parts = 2 * self.paths, []
            unseen = (1 << len(left)) - 1
            while unseen:
                part = spread(left, unseen & -unseen)
                unseen &= ~part
                lacking = sum(max(0, 2 - left[v].bit_count()) for v in members(part))
                slack -= max(2, lacking + lacking % 2)
                parts.append((part, lacking))
            if slack < 0:
                return None
            forced = []
            for part, lacking in parts:
                if slack + max(2, lacking + lacking % 2) - lacking == 0:  # nothing more may be lacking here
                    forced += [
                        (v, w) for v in members(part) if left[v].bit_count() <= 2 for w in members(left[v] & ~taken[v])
                    ]
            if not forced:
                break
            for v, w in forced:
                if taken[v] >> w & 1:
                    continue
                if not left[v] >> w & 1:
                    return None
                take(left, taken, v, w)
        opened = [v for v in range(len(left)) if left[v] != taken[v]]
        if not opened:
            return -1, -1
        u = min(opened, key=lambda v: (left[v].bit_count(), -taken[v].bit_count()))
        w = min(members(left[u] & ~taken[u]), key=lambda w: left[w].bit_count())
        return u, w


def spread(rows: Sequence[int], start: int, inside: int = -1) -> int:
    """The vertices that can be reached from `start` within a set (-1: all)."""
    reached = frontier = start
    while frontier:
        bit = frontier & -frontier
        fresh = rows[bit.bit_length() - 1] & inside & ~reached
        reached |= fresh
        frontier = (frontier ^ bit) | fresh
    return reached


def take(left: list[int], taken: list[int], u: int, w: int) -> None:
    """Put the edge uw on a path: full vertices lose their other edges, and the edge that would close the path goes."""
    taken[u] |= 1 << w
    taken[w] |= 1 << u
    for v in (u, w):
        if taken[v].bit_count() == 2:
            for other in members(left[v] & ~taken[v]):
                left[other] &= ~(1 << v)
            left[v] = taken[v]
    path = spread(taken, 1 << u)
    ends = [v for v in members(path) if taken[v].bit_count() == 1]
    a, b = ends
    if not taken[a] >> b & 1:
        left[a] &= ~(1 << b)
        left[b] &= ~(1 << a)


def paths_of(taken: Sequence[int]) -> list[list[int]]:
    """The paths that edges make up, each from its smaller end."""
    paths, seen = [], 0
    for v, row in enumerate(taken):
        if row.bit_count() < 2 and not seen >> v & 1:
            path = [v]
            seen |= 1 << v
            while following := taken[path[-1]] & ~seen:
                path.append(following.bit_length() - 1)
                seen |= following
            paths.append(path)
    return paths


def fewest_paths(graph: Neighbours) -> tuple[list[list[int]], list[int], int]:
    """Disjoint paths that cover all vertices, a barrier, and a lower bound on their number, which is it if proved.

    A path that loses s vertices falls into at most s + 1 pieces: without a barrier of s vertices a graph with a cover
    by p paths has at most p + s components. In a forest some barrier attains that.
    """
    if size(graph) == len(graph) - len(components(graph)):
        paths, barrier = forest_paths(graph)
        return paths, barrier, len(paths)
    rows, barrier, fewest = bit_rows(graph), list[int](), len(components(graph))
    try:
        found = PathCover(rows, fewest, Budget(50_000)).search()
    except TooLarge:
        found = None
    if found is None:
        barrier = scattering(rows)
        fewest = max(fewest, len(components(graph, barrier)) - len(barrier))
        try:
            found, fewest = fewer_paths(rows, fewest)
        except TooLarge:
            found = greedy_paths(rows)
    return found, barrier, fewest


def fewer_paths(rows: Sequence[int], fewest: int) -> tuple[list[list[int]], int]:
    """A cover by fewest paths and their number, which is known to be at least `fewest`."""
    budget = Budget()
    while (found := PathCover(rows, fewest, budget).search()) is None:
        fewest += 1
    return found, fewest


def greedy_paths(rows: Sequence[int]) -> list[list[int]]:
    """Some cover: from a vertex with fewest neighbours left, always on to one with fewest."""
    left, paths = (1 << len(rows)) - 1, []
    while left:
        path = [min(members(left), key=lambda v: (rows[v] & left).bit_count())]
        left &= ~(1 << path[0])
        while options := members(rows[path[-1]] & left):
            path.append(min(options, key=lambda v: (rows[v] & left).bit_count()))
            left &= ~(1 << path[-1])
        paths.append(path)
    return paths


def scattering(rows: Sequence[int]) -> list[int]:
    """A set S that makes components(G - S) - |S| large, by annealing: 10,000 changes of one vertex, cooled from 1."""
    rng, everything = random.Random(0), (1 << len(rows)) - 1

    def excess(removed: int) -> int:
        inside, pieces = everything & ~removed, 0
        while inside:
            inside &= ~spread(rows, inside & -inside, inside)
            pieces += 1
        return pieces - removed.bit_count()

    removed = best = 0
    value = most = excess(0)
    for step in range(10_000):
        changed = removed ^ 1 << rng.randrange(len(rows))
        other = excess(changed)
        if other >= value or rng.random() < math.exp((other - value) / (1.05 - step / 10_000)):
            removed, value = changed, other
            if value > most:
                best, most = removed, value
    return members(best)


def forest_paths(graph: Neighbours) -> tuple[list[list[int]], list[int]]:
    """Fewest paths and a barrier that proves it, from the leaves of a forest to its roots.

    A vertex joins two of its children that are ends of paths and cannot go on upwards, or prolongs the path of one;
    the vertices that had two such children are the barrier.
    """
    taken, barrier = [0] * len(graph), []
    for component in components(graph):
        parent = {component[0]: -1}
        for u in component:
            for w in graph[u]:
                parent.setdefault(w, u)
        for v in reversed(component):
            ends = [w for w in graph[v] if parent[w] == v and taken[w].bit_count() < 2]
            for w in ends[:2]:
                taken[v] |= 1 << w
                taken[w] |= 1 << v
            if len(ends) >= 2:
                barrier.append(v)
    return paths_of(taken), sorted(barrier)
