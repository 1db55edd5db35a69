"""Invariants that are the order of a largest or smallest set: the witness is such a set.

The other side is proved by a second witness where a cheap one is known (a partition into cliques, a packing, a
barrier), and else by an exhaustive search, which whoever checks repeats. Where the search would be too long, the
interval has a lower end below the upper one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from flint import fmpq

from mathrl.errors import MathrlError

from .domination import dominating_set
from .face import Counted, Enclosure, Interval, fields
from .graphs import Neighbours, complement, components, two_colouring
from .independence import independent_set
from .induced import induced_bipartite, induced_forest
from .spanning import fewest_paths, leafy_tree

Sides = tuple[int | None, int | None, str]  # a lower and an upper bound, None where not proved, and why in words


@dataclass(frozen=True)
class Extreme:
    """An invariant found by a search: `find` gives bounds and a witness, `prove` what a witness proves by itself."""

    find: Callable[[Neighbours], tuple[int, int, dict[str, Any]]]
    prove: Callable[[Neighbours, Any], Sides]
    again: str = "an exhaustive search finds nothing better"  # how the side without a witness is checked

    def enclose(self, graph: Neighbours, bits: int, k: int | None = None) -> Enclosure:
        lo, hi, witness = self.find(graph)
        return Enclosure(fmpq(lo), fmpq(hi), witness)

    def check(self, graph: Neighbours, interval: Interval, witness: Any, k: int | None = None) -> str:
        lo, hi, words = self.prove(graph, witness)
        if lo is None or hi is None:
            found = self.find(graph)
            lo, hi = found[0] if lo is None else lo, found[1] if hi is None else hi
            words += (
                f"; {self.again}" if lo == hi else "; the other end is a bound, an exhaustive search being too long"
            )
        if interval != (fmpq(lo), fmpq(hi)):
            raise MathrlError(f"its witness proves that it is {f'from {lo} to {hi}' if lo != hi else lo}")
        return words


# --------------------------------------------------------------------------------------------- reading a witness


def vertices(part: Any, n: int, what: str) -> list[int]:
    """`part` as a list of different vertices, checked."""
    if not isinstance(part, list) or not all(type(v) is int and 0 <= v < n for v in part):
        raise MathrlError(f"{what} has an entry that is no vertex")
    if len(set(part)) < len(part):
        raise MathrlError(f"{what} names a vertex twice")
    return part


def vertex_lists(part: Any, n: int, what: str) -> list[list[int]]:
    """`part` as a list of disjoint lists of vertices, none of them empty, checked."""
    if not isinstance(part, list) or not all(isinstance(one, list) and one for one in part):
        raise MathrlError(f"{what} is not a list of lists of vertices")
    vertices([v for one in part for v in one], n, what)
    return part


def partition(part: Any, n: int, what: str) -> list[list[int]]:
    """`part` as disjoint lists that contain all vertices, checked."""
    if sum(map(len, vertex_lists(part, n, what))) < n:
        raise MathrlError(f"{what} leaves a vertex out")
    return list(part)


def listed(chosen: Sequence[int]) -> str:
    """'the vertices 1, 4, 7', for a sentence."""
    names = ", ".join(map(str, chosen))
    return "no vertices" if not chosen else f"the vertex {names}" if len(chosen) == 1 else f"the vertices {names}"


def in_groups(groups: Sequence[Sequence[int]]) -> str:
    return " ".join(f"{{{', '.join(map(str, group))}}}" for group in groups)


# ------------------------------------------------------------------------------- independent sets, cliques and covers


def _find_independent(graph: Neighbours) -> tuple[int, int, dict[str, Any]]:
    chosen, cover, proved = independent_set(graph)
    lo, tight = len(chosen), len(chosen) == len(cover)
    return lo, lo if proved else len(cover), {"set": chosen, "cover": cover if tight or not proved else None}


def _prove_independent(graph: Neighbours, witness: Any) -> Sides:
    fields(witness, ("set", "cover"), "the witness")
    chosen = vertices(witness["set"], len(graph), "its set")
    if not independent(graph, chosen):
        raise MathrlError("its set has two adjacent vertices")
    words = f"{listed(chosen)} are pairwise non-adjacent"
    if witness["cover"] is None:
        return len(chosen), None, words
    cover = clique_partition(graph, witness["cover"], "its cover")
    return len(chosen), len(cover), f"{words}; the {len(cover)} cliques {in_groups(cover)} contain all vertices"


def _find_clique(graph: Neighbours) -> tuple[int, int, dict[str, Any]]:
    colours = two_colouring(graph)
    if colours is not None and any(graph):
        u = next(v for v, row in enumerate(graph) if row)
        sides = [[v for v, own in enumerate(colours) if own == side] for side in (0, 1)]
        return 2, 2, {"set": sorted([u, graph[u][0]]), "colouring": sides}
    lo, hi, witness = _find_independent(complement(graph))
    return lo, hi, {"set": witness["set"], "colouring": witness["cover"]}


def _prove_clique(graph: Neighbours, witness: Any) -> Sides:
    fields(witness, ("set", "colouring"), "the witness")
    chosen = vertices(witness["set"], len(graph), "its set")
    if not clique(graph, chosen):
        raise MathrlError("its set has two vertices that are not adjacent")
    words = f"{listed(chosen)} are pairwise adjacent"
    if witness["colouring"] is None:
        return len(chosen), None, words
    colours = partition(witness["colouring"], len(graph), "its colouring")
    if not all(independent(graph, colour) for colour in colours):
        raise MathrlError("its colouring gives two adjacent vertices one colour")
    return (
        len(chosen),
        len(colours),
        f"{words}; the {len(colours)} colours {in_groups(colours)} suffice for all vertices",
    )


def _find_vertex_cover(graph: Neighbours) -> tuple[int, int, dict[str, Any]]:
    n, (lo, hi, witness) = len(graph), _find_independent(graph)
    outside = set(witness["set"])
    return n - hi, n - lo, {"set": [v for v in range(n) if v not in outside], "cliques": witness["cover"]}


def _prove_vertex_cover(graph: Neighbours, witness: Any) -> Sides:
    fields(witness, ("set", "cliques"), "the witness")
    n, chosen = len(graph), vertices(witness["set"], len(graph), "its set")
    if not independent(graph, [v for v in range(n) if v not in chosen]):
        raise MathrlError("its set meets not every edge")
    words = f"{listed(chosen)} meet every edge"
    if witness["cliques"] is None:
        return None, len(chosen), words
    cover = clique_partition(graph, witness["cliques"], "its partition into cliques")
    fewest = n - len(cover)
    return fewest, len(chosen), f"{words}; of each of the cliques {in_groups(cover)} at most one vertex can be left out"


def independent(graph: Neighbours, chosen: Sequence[int]) -> bool:
    inside = set(chosen)
    return all(inside.isdisjoint(graph[v]) for v in chosen)


def clique(graph: Neighbours, chosen: Sequence[int]) -> bool:
    return all(w in graph[v] for v, w in combinations(chosen, 2))


def clique_partition(graph: Neighbours, part: Any, what: str) -> list[list[int]]:
    cover = partition(part, len(graph), what)
    if not all(clique(graph, one) for one in cover):
        raise MathrlError(f"{what} has a part with two vertices that are not adjacent")
    return cover


# ----------------------------------------------------------------------------------------------------- domination


def _find_domination(graph: Neighbours) -> tuple[int, int, dict[str, Any]]:
    chosen, packing, proved = dominating_set(graph)
    hi, tight = len(chosen), len(chosen) == len(packing)
    return hi if proved else len(packing), hi, {"set": chosen, "packing": packing if tight or not proved else None}


def _prove_domination(graph: Neighbours, witness: Any) -> Sides:
    fields(witness, ("set", "packing"), "the witness")
    n = len(graph)
    chosen = vertices(witness["set"], n, "its set")
    if len({*chosen, *(w for v in chosen for w in graph[v])}) < n:
        raise MathrlError("its set leaves a vertex undominated")
    words = f"{listed(chosen)} dominate all others"
    if witness["packing"] is None:
        return None, len(chosen), words
    packing = vertices(witness["packing"], n, "its packing")
    dominators = [w for v in packing for w in (v, *graph[v])]
    if len(set(dominators)) < len(dominators):
        raise MathrlError("two vertices of its packing have a common dominator")
    return len(packing), len(chosen), f"{words}; no vertex dominates two of {listed(packing)}"


# ------------------------------------------------------------------------------------------------ induced subgraphs


def _find_bipartite(graph: Neighbours) -> tuple[int, int, dict[str, Any]]:
    left, right, most = induced_bipartite(graph)
    return len(left) + len(right), most, {"parts": [left, right]}


def _prove_bipartite(graph: Neighbours, witness: Any) -> Sides:
    fields(witness, ("parts",), "the witness")
    parts, n = witness["parts"], len(graph)
    if not isinstance(parts, list) or len(parts) != 2 or not all(isinstance(one, list) for one in parts):
        raise MathrlError("its parts are not two lists")
    chosen = vertices([*parts[0], *parts[1]], n, "its parts")
    if not all(independent(graph, one) for one in parts):
        raise MathrlError("a part has two adjacent vertices")
    words = f"{in_groups(parts)} are two sets without edges inside"
    return len(chosen), n if len(chosen) == n else None, words


def _find_forest(graph: Neighbours) -> tuple[int, int, dict[str, Any]]:
    chosen, most = induced_forest(graph)
    return len(chosen), most, {"set": chosen}


def _prove_forest(graph: Neighbours, witness: Any) -> Sides:
    fields(witness, ("set",), "the witness")
    n = len(graph)
    chosen = vertices(witness["set"], n, "its set")
    removed = [v for v in range(n) if v not in chosen]
    edges = sum(w in chosen for v in chosen for w in graph[v]) // 2
    if edges != len(chosen) - len(components(graph, removed)):
        raise MathrlError("its set contains a cycle")
    return len(chosen), n if len(chosen) == n else None, f"{listed(chosen)} induce no cycle"


# --------------------------------------------------------------------------------------- spanning trees and path covers


def _find_max_leaf(graph: Neighbours) -> tuple[int, int, dict[str, Any]]:
    edges, most = leafy_tree(graph)
    return leaves(edges, len(graph)), most, {"tree": edges}


def _prove_max_leaf(graph: Neighbours, witness: Any) -> Sides:
    fields(witness, ("tree",), "the witness")
    n, edges = len(graph), witness["tree"]
    if not isinstance(edges, list) or len(edges) != n - 1:
        raise MathrlError(f"its tree is not a list of {n - 1} edges")
    tree: list[list[int]] = [[] for _ in graph]
    for edge in edges:
        if not isinstance(edge, list) or len(edge) != 2:
            raise MathrlError("its tree has an entry that is no pair")
        u, w = vertices(edge, n, "an edge of its tree")
        if w not in graph[u]:
            raise MathrlError(f"its tree has the edge {u}-{w}, which the graph has not")
        tree[u].append(w)
        tree[w].append(u)
    if len(components(tree)) > 1:
        raise MathrlError("its tree does not reach every vertex")
    count = leaves(edges, n)
    return count, None, f"the spanning tree {' '.join(f'{u}-{w}' for u, w in edges)} has {count} leaves"


def leaves(edges: Sequence[Sequence[int]], n: int) -> int:
    ends = [v for edge in edges for v in edge]
    return sum(ends.count(v) == 1 for v in range(n))


def _find_path_cover(graph: Neighbours) -> tuple[int, int, dict[str, Any]]:
    paths, barrier, fewest = fewest_paths(graph)
    proves = len(components(graph, barrier)) - len(barrier)
    return fewest, len(paths), {"paths": paths, "barrier": barrier if proves == fewest else None}


def _prove_path_cover(graph: Neighbours, witness: Any) -> Sides:
    fields(witness, ("paths", "barrier"), "the witness")
    n = len(graph)
    paths = partition(witness["paths"], n, "its cover by paths")
    if not all(w in graph[u] for path in paths for u, w in pairwise(path)):
        raise MathrlError("its paths have two consecutive vertices that are not adjacent")
    words = f"the paths {' '.join('-'.join(map(str, path)) for path in paths)} contain all vertices"
    if witness["barrier"] is None:
        return None, len(paths), words
    barrier = vertices(witness["barrier"], n, "its barrier")
    pieces, size = len(components(graph, barrier)), len(barrier)
    words += f"; without {listed(barrier)} {pieces} components are left"
    return pieces - size, len(paths), f"{words}, and {size} vertices cut p paths into at most p + {size} pieces"


def _local_independence(graph: Neighbours) -> list[int]:
    """The independence number of the neighbourhood of every vertex."""
    found = []
    for row in graph:
        place = {w: i for i, w in enumerate(row)}
        inside = [[place[x] for x in graph[w] if x in place] for w in row]
        chosen, _, proved = independent_set(inside)
        if not proved:
            raise MathrlError("the neighbourhood of a vertex is too large for an exhaustive search")
        found.append(len(chosen))
    return found


independence_number = Extreme(_find_independent, _prove_independent)
clique_number = Extreme(_find_clique, _prove_clique)
vertex_cover_number = Extreme(_find_vertex_cover, _prove_vertex_cover)
domination_number = Extreme(_find_domination, _prove_domination)
largest_induced_bipartite = Extreme(_find_bipartite, _prove_bipartite)
largest_induced_forest = Extreme(_find_forest, _prove_forest)
max_leaf = Extreme(_find_max_leaf, _prove_max_leaf)
path_cover = Extreme(_find_path_cover, _prove_path_cover)
mean_local_independence = Counted(lambda graph: fmpq(sum(_local_independence(graph)), len(graph)))
max_local_independence = Counted(lambda graph: max(_local_independence(graph)))
