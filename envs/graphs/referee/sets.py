"""Invariants that are the size of a largest or smallest set: the witness is checked, the rest searched."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any

from .counting import opposite
from .graphs import Graph, Interval, distances, require, size
from .searches import (
    bit_rows,
    has_dominating,
    has_flow,
    has_forest,
    has_independent,
    has_inner,
    has_path_cover,
    two_copies,
)

Witness = dict[str, Any]


def named(witness: Any, *names: str) -> list[Any]:
    """The entries of a witness that has exactly these fields."""
    require(isinstance(witness, dict) and set(witness) == set(names), f"a witness does not have the fields {names}")
    return [witness[name] for name in names]


def different(part: Any, graph: Graph, what: str) -> set[int]:
    """A list of different vertices, as a set."""
    require(isinstance(part, list), f"the {what} is not a list")
    require(all(type(v) is int and 0 <= v < len(graph) for v in part), f"the {what} names what is no vertex")
    require(len(set(part)) == len(part), f"the {what} names a vertex twice")
    return set(part)


def divided(part: Any, graph: Graph, what: str) -> list[list[int]]:
    """A list of lists that are not empty and have every vertex once."""
    require(
        isinstance(part, list) and all(isinstance(one, list) and one for one in part), f"the {what} is no partition"
    )
    named_once = different([v for one in part for v in one], graph, what)
    require(len(named_once) == len(graph), f"the {what} leaves a vertex out")
    return list(part)


def pieces_left(graph: Graph, removed: set[int]) -> list[set[int]]:
    """The components without some vertices."""
    left = set(range(len(graph))) - removed
    rest = [row & left for row in graph]
    found = []
    while left:
        found.append(set(distances(rest, min(left))))
        left -= found[-1]
    return found


def no_edge_inside(graph: Graph, chosen: set[int]) -> bool:
    return all(graph[v].isdisjoint(chosen) for v in chosen)


def require_ends(interval: Interval, low: int | None, high: int | None, what: str) -> None:
    """The interval has the ends that a witness proves, and whole numbers elsewhere (None)."""
    for end, proved in zip(interval, (low, high), strict=True):
        require(end.denominator == 1 and proved in (None, end), f"the {what} is of another size than stated")


def index_free(k: int | None) -> None:
    require(k is None, "an index for an invariant that has none")


def check_matching(graph: Graph, interval: Interval, witness: Witness, k: int | None) -> str:
    """A matching, and a barrier U: (n + |U| - odd components without U)/2 edges at most (Tutte and Berge)."""
    index_free(k)
    matching, barrier, stated = named(witness, "matching", "barrier", "odd_components")
    require(isinstance(matching, list) and all(isinstance(e, list) and len(e) == 2 for e in matching), "no matching")
    different([v for edge in matching for v in edge], graph, "matching")
    require(all(edge[1] in graph[edge[0]] for edge in matching), "a pair of the matching is no edge")
    removed = different(barrier, graph, "barrier")
    odd = sum(len(piece) % 2 for piece in pieces_left(graph, removed))
    require(type(stated) is int and odd == stated, f"{odd} odd components remain without the barrier, not {stated}")
    require(2 * len(matching) == len(graph) + len(removed) - odd, "the barrier allows a larger matching")
    require_ends(interval, len(matching), len(matching), "matching")
    return f"matching_number = {len(matching)}: a matching, and {len(removed)} vertices that leave {odd} odd components"


def independence(graph: Graph, interval: Interval, chosen: set[int], cover: Any, what: str) -> str:
    """An independent set, and a partition into cliques or a search; returns what proves the upper end."""
    require(no_edge_inside(graph, chosen), f"the {what} is not independent")
    rows = bit_rows(graph)
    if cover is not None:
        groups = divided(cover, graph, f"partition for the {what}")
        require(
            all(v in graph[u] for group in groups for u, v in combinations(group, 2)),
            "a part of the partition is no clique",
        )
        require_ends(interval, len(chosen), len(groups), what)
        return f"a partition into {len(groups)} cliques"
    require_ends(interval, len(chosen), None, what)
    larger = has_independent(rows, (1 << len(graph)) - 1, int(interval[1]) + 1)
    require(not larger, f"there is a larger {what}")
    return "an exhaustive search"


def extent(interval: Interval) -> str:
    """'= 5' or 'from 5 to 7'."""
    return f"= {interval[0]}" if interval[0] == interval[1] else f"from {interval[0]} to {interval[1]}"


def check_independence(graph: Graph, interval: Interval, witness: Witness, k: int | None) -> str:
    index_free(k)
    chosen, cover = named(witness, "set", "cover")
    inside = different(chosen, graph, "independent set")
    other = independence(graph, interval, inside, cover, "independent set")
    return f"independence_number {extent(interval)}: an independent set, and {other}"


def check_clique(graph: Graph, interval: Interval, witness: Witness, k: int | None) -> str:
    index_free(k)
    chosen, colouring = named(witness, "set", "colouring")
    inside = different(chosen, graph, "clique")
    other = independence(opposite(graph), interval, inside, colouring, "independent set of the complement")
    return f"clique_number {extent(interval)}: a clique, and of the complement {other}"


def check_vertex_cover(graph: Graph, interval: Interval, witness: Witness, k: int | None) -> str:
    """n minus the independence number: what a cover leaves out is independent."""
    index_free(k)
    chosen, cliques = named(witness, "set", "cliques")
    outside = set(range(len(graph))) - different(chosen, graph, "vertex cover")
    turned = (len(graph) - interval[1], len(graph) - interval[0])
    other = independence(graph, turned, outside, cliques, "set outside the vertex cover")
    return f"vertex_cover_number {extent(interval)}: a vertex cover, and {other}"


def check_domination(graph: Graph, interval: Interval, witness: Witness, k: int | None) -> str:
    """A dominating set, and vertices that no vertex dominates two of, or a search."""
    index_free(k)
    chosen, packing = named(witness, "set", "packing")
    inside = different(chosen, graph, "dominating set")
    everything = (1 << len(graph)) - 1
    require(len(inside.union(*(graph[v] for v in inside))) == len(graph), "the dominating set leaves a vertex out")
    if packing is not None:
        apart = different(packing, graph, "packing")
        require(sum(len(graph[v]) + 1 for v in apart) == len(apart.union(*(graph[v] for v in apart))), "no packing")
        require_ends(interval, len(apart), len(inside), "dominating set or the packing")
        return f"domination_number {extent(interval)}: a dominating set, and {len(apart)} vertices without a common one"
    require_ends(interval, None, len(inside), "dominating set")
    smaller = has_dominating(bit_rows(graph), everything, everything, int(interval[0]) - 1)
    require(not smaller, "there is a smaller dominating set")
    return f"domination_number {extent(interval)}: a dominating set, and an exhaustive search"


def check_induced_bipartite(graph: Graph, interval: Interval, witness: Witness, k: int | None) -> str:
    index_free(k)
    (parts,) = named(witness, "parts")
    require(isinstance(parts, list) and len(parts) == 2, "the parts are not two")
    sides = [different(part, graph, "part") for part in parts]
    require(sides[0].isdisjoint(sides[1]), "the parts share a vertex")
    require(all(no_edge_inside(graph, side) for side in sides), "a part has an edge inside")
    require_ends(interval, len(sides[0] | sides[1]), None, "induced bipartite subgraph")
    n, most = len(graph), int(interval[1])
    larger = most < n and has_independent(two_copies(bit_rows(graph)), (1 << 2 * n) - 1, most + 1)
    require(not larger, "there is a larger induced bipartite subgraph")
    return f"largest_induced_bipartite {extent(interval)}: two independent sets, and an exhaustive search"


def check_induced_forest(graph: Graph, interval: Interval, witness: Witness, k: int | None) -> str:
    index_free(k)
    (chosen,) = named(witness, "set")
    inside = different(chosen, graph, "induced forest")
    edges = sum(len(graph[v] & inside) for v in inside) // 2
    pieces = len(pieces_left(graph, set(range(len(graph))) - inside))
    require(edges + pieces == len(inside), "the induced forest has a cycle")
    require_ends(interval, len(inside), None, "induced forest")
    n, most = len(graph), int(interval[1])
    larger = most < n and has_forest(bit_rows(graph), [], (1 << n) - 1, most + 1)
    require(not larger, "there is a larger induced forest")
    return f"largest_induced_forest {extent(interval)}: an induced forest, and an exhaustive search"


def check_max_leaf(graph: Graph, interval: Interval, witness: Witness, k: int | None) -> str:
    """A spanning tree; one with more leaves would have fewer inner vertices, which are connected and dominate all."""
    index_free(k)
    (edges,) = named(witness, "tree")
    n = len(graph)
    require(isinstance(edges, list) and len(edges) == n - 1, "the tree has another number of edges than n - 1")
    tree: Graph = [set() for _ in graph]
    for edge in edges:
        require(isinstance(edge, list) and len(edge) == 2, "an edge of the tree is no pair")
        u, w = sorted(different(edge, graph, "edge of the tree"))
        require(w in graph[u], "an edge of the tree is no edge of the graph")
        tree[u].add(w)
        tree[w].add(u)
    require(len(distances(tree, 0)) == n, "the tree does not reach every vertex")
    require_ends(interval, sum(len(row) == 1 for row in tree), None, "tree's set of leaves")
    fewest = n - int(interval[1])  # inner vertices; a tree that branches has at least one
    degree = max(map(len, graph))
    clear = n == 2 or fewest <= 1 or (fewest - 1) * (degree - 1) < n - 2 or size(graph) == n - 1
    require(interval[1] <= max(2, n - 1), "a tree cannot have so many leaves")
    require(clear or not has_inner(bit_rows(graph), fewest - 1), "there is a tree with more leaves")
    return f"max_leaf {extent(interval)}: a spanning tree, and an exhaustive search"


def check_path_cover(graph: Graph, interval: Interval, witness: Witness, k: int | None) -> str:
    """Paths, and a barrier of s vertices that leaves components: at most p + s where p paths cover all; or a search."""
    index_free(k)
    paths, barrier = named(witness, "paths", "barrier")
    cover = divided(paths, graph, "cover by paths")
    require(all(w in graph[u] for path in cover for u, w in pairwise(path)), "a path uses no edge")
    if barrier is not None:
        removed = different(barrier, graph, "barrier")
        pieces = len(pieces_left(graph, removed))
        require_ends(interval, pieces - len(removed), len(cover), "cover by paths")
        return f"path_cover {extent(interval)}: paths, and {len(removed)} vertices that leave {pieces} components"
    require_ends(interval, None, len(cover), "cover by paths")
    fewer = has_path_cover(bit_rows(graph), [0] * len(graph), int(interval[0]) - 1)
    require(not fewer, "there is a cover by fewer paths")
    return f"path_cover {extent(interval)}: paths, and an exhaustive search"


def check_vertex_connectivity(graph: Graph, interval: Interval, witness: Witness, k: int | None) -> str:
    """A cut, and as many paths without a common inner vertex between enough pairs of vertices (Menger).

    A smaller cut would leave one of any `count` vertices; it separates that one from another vertex.
    """
    index_free(k)
    (cut,) = named(witness, "cut")
    n = len(graph)
    if cut is None:
        require(size(graph) == n * (n - 1) // 2, "no cut is stated, but the graph is not complete")
        require_ends(interval, n - 1, n - 1, "vertex connectivity of a complete graph")
        return f"vertex_connectivity = {n - 1}: a complete graph"
    removed = different(cut, graph, "cut")
    require(len(pieces_left(graph, removed)) > 1, "the cut does not disconnect the graph")
    require_ends(interval, len(removed), len(removed), "cut")
    count = len(removed)
    arcs = [{v + n: 1} for v in range(n)] + [dict.fromkeys(row, 1) for row in graph]
    whole = len(distances(graph, 0)) == n
    pairs = [(u, w) for u in range(count) for w in range(n) if w != u and w not in graph[u]] if count > 1 else []
    enough = (count == 0 or whole) and all(has_flow(arcs, u + n, w, count) for u, w in pairs)
    require(enough, "there is a smaller cut")
    return f"vertex_connectivity = {count}: a cut, and {count} disjoint paths between any two vertices apart"


def check_edge_connectivity(graph: Graph, interval: Interval, witness: Witness, k: int | None) -> str:
    """A cut, and as many paths without a common edge from vertex 0 to every other vertex (Menger)."""
    index_free(k)
    (cut,) = named(witness, "cut")
    require(
        isinstance(cut, list) and all(isinstance(e, list) and len(e) == 2 for e in cut), "the cut is no list of pairs"
    )
    left = [set(row) for row in graph]
    for edge in cut:
        different(edge, graph, "edge of the cut")
        u, w = edge
        require(u < w and w in left[u], "the cut has a pair that is no edge, or one twice")
        left[u].remove(w)
        left[w].remove(u)
    require(len(distances(left, 0)) < len(graph), "the cut does not disconnect the graph")
    require_ends(interval, len(cut), len(cut), "cut")
    arcs = [dict.fromkeys(row, 1) for row in graph]
    sinks = range(1, len(graph)) if len(cut) > 1 else ()
    whole = len(distances(graph, 0)) == len(graph)
    enough = (not cut or whole) and all(has_flow(arcs, 0, w, len(cut)) for w in sinks)
    require(enough, "there is a smaller cut")
    return f"edge_connectivity = {len(cut)}: a cut, and as many disjoint paths to every vertex"


WITNESSED: dict[str, Callable[[Graph, Interval, Witness, int | None], str]] = {
    "matching_number": check_matching,
    "independence_number": check_independence,
    "clique_number": check_clique,
    "vertex_cover_number": check_vertex_cover,
    "domination_number": check_domination,
    "largest_induced_bipartite": check_induced_bipartite,
    "largest_induced_forest": check_induced_forest,
    "max_leaf": check_max_leaf,
    "path_cover": check_path_cover,
    "vertex_connectivity": check_vertex_connectivity,
    "edge_connectivity": check_edge_connectivity,
}
