"""The matching number, proved by a matching and a Tutte-Berge barrier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import fmpq

from mathrl.errors import MathrlError

from .face import Enclosure, Interval, fields
from .graphs import Neighbours


class MatchingNumber:
    """The matching number mu: a matching of mu edges and a barrier U with (n + |U| - odd(G - U))/2 = mu."""

    def enclose(self, graph: Neighbours, bits: int, k: int | None = None) -> Enclosure:
        mate, outer = maximum_matching(graph)
        matching = [[u, w] for u, w in enumerate(mate) if u < w]
        barrier = sorted({w for v, is_outer in enumerate(outer) if is_outer for w in graph[v] if not outer[w]})
        odd = odd_components(graph, barrier)
        assert 2 * len(matching) == len(graph) + len(barrier) - odd
        value = fmpq(len(matching))
        return Enclosure(value, value, {"matching": matching, "barrier": barrier, "odd_components": odd})

    def check(self, graph: Neighbours, interval: Interval, witness: Any, k: int | None = None) -> str:
        fields(witness, ("matching", "barrier", "odd_components"), "the witness")
        n, matching, barrier = len(graph), witness["matching"], witness["barrier"]
        if not isinstance(matching, list) or not all(isinstance(edge, list) and len(edge) == 2 for edge in matching):
            raise MathrlError("its matching is not a list of pairs")
        ends = [v for edge in matching for v in edge]
        for vertices, what in ((ends, "matching"), (barrier, "barrier")):
            if not isinstance(vertices, list) or not all(type(v) is int and 0 <= v < n for v in vertices):
                raise MathrlError(f"its {what} has an entry that is no vertex")
            if len(set(vertices)) != len(vertices):
                raise MathrlError(f"its {what} uses a vertex twice")
        if not all(w in graph[u] for u, w in matching):
            raise MathrlError("its matching has a pair that is not an edge")
        odd = odd_components(graph, barrier)
        if type(witness["odd_components"]) is not int or witness["odd_components"] != odd:
            raise MathrlError(f"its count of odd components is wrong: it is {odd}")
        if any(end != len(matching) for end in interval) or 2 * len(matching) != n + len(barrier) - odd:
            raise MathrlError("its matching and barrier do not prove it")
        edges = ", ".join(f"{u}-{w}" for u, w in matching) or "no edge"
        return (
            f"matching {edges}; with U = {{{', '.join(map(str, barrier))}}} removed {odd} odd "
            f"component{'' if odd == 1 else 's'} remain{'s' if odd == 1 else ''}, "
            f"so no matching has more than (n + {len(barrier)} - {odd})/2 = {len(matching)} edges"
        )


def odd_components(graph: Neighbours, removed: Sequence[int]) -> int:
    """The number of components of odd order that are left when the vertices `removed` are deleted."""
    seen = [False] * len(graph)
    for v in removed:
        seen[v] = True
    odd = 0
    for root in range(len(graph)):
        if not seen[root]:
            seen[root], component = True, [root]
            for u in component:
                for w in graph[u]:
                    if not seen[w]:
                        seen[w] = True
                        component.append(w)
            odd += len(component) % 2
    return odd


def maximum_matching(graph: Neighbours) -> tuple[list[int], list[bool]]:
    """Edmonds' blossom algorithm: mate of each vertex (-1: none), and whether a maximum matching can miss it.

    The second list is the set D of the Gallai-Edmonds decomposition: the outer vertices of the last alternating forest,
    grown from all exposed vertices at once, in which no augmenting path was left.
    """
    mate = [-1] * len(graph)
    for u, row in sorted(enumerate(graph), key=lambda item: len(item[1])):
        if mate[u] < 0:
            for w in row:
                if mate[w] < 0:
                    mate[u], mate[w] = w, u
                    break
    while True:
        forest = Forest(graph, mate)
        if not forest.augment():
            return mate, forest.outer


class Forest:
    """An alternating forest from all exposed vertices.

    Paths from exposed vertices alternate edges outside and inside the matching; `parent` of an inner vertex (or of a
    vertex inside a blossom) is the outer vertex before it, `base` the vertex that stands for a contracted blossom.
    """

    def __init__(self, graph: Neighbours, mate: list[int]) -> None:
        self.graph, self.mate = graph, mate
        self.parent = [-1] * len(graph)
        self.base = list(range(len(graph)))
        self.outer = [w < 0 for w in mate]
        self.queue = [v for v, w in enumerate(mate) if w < 0]

    def augment(self) -> bool:
        """Grow the forest; enlarge the matching by one edge and return True if two trees meet."""
        graph, mate, parent, base, outer, queue = self.graph, self.mate, self.parent, self.base, self.outer, self.queue
        for v in queue:
            for w in graph[v]:
                if outer[w]:
                    if base[v] != base[w]:
                        meeting = self.meeting(v, w)
                        if meeting < 0:
                            self.flip(v, w)
                            return True
                        self.contract(v, w, meeting)
                elif parent[w] < 0:
                    parent[w] = v
                    outer[mate[w]] = True
                    queue.append(mate[w])
        return False

    def meeting(self, v: int, w: int) -> int:
        """The base of the first blossom on both paths to the roots, -1 if v and w are in different trees."""
        on_path = set()
        while True:
            v = self.base[v]
            on_path.add(v)
            if self.mate[v] < 0:
                break
            v = self.parent[self.mate[v]]
        while True:
            w = self.base[w]
            if w in on_path:
                return w
            if self.mate[w] < 0:
                return -1
            w = self.parent[self.mate[w]]

    def contract(self, v: int, w: int, base: int) -> None:
        """Make the odd cycle through the edge vw and `base` one outer vertex."""
        in_blossom = set()
        for end, child in ((v, w), (w, v)):
            while self.base[end] != base:
                partner = self.mate[end]
                in_blossom |= {self.base[end], self.base[partner]}
                self.parent[end] = child
                child, end = partner, self.parent[partner]
        for u in range(len(self.graph)):
            if self.base[u] in in_blossom:
                self.base[u] = base
                if not self.outer[u]:
                    self.outer[u] = True
                    self.queue.append(u)

    def flip(self, v: int, w: int) -> None:
        """Exchange matched and unmatched edges on the path root - v - w - root."""
        mate, parent = self.mate, self.parent
        loose = (mate[v], mate[w])
        mate[v], mate[w] = w, v
        for u in loose:
            while u >= 0:
                outer = parent[u]
                following = mate[outer]
                mate[u], mate[outer] = outer, u
                u = following


matching_number = MatchingNumber()
