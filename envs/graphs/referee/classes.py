"""The classes of graphs, each tested by the referee's own hand: Refused says why a graph is outside."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, pairwise

from .graphs import Graph, adjacency_matrix, distances, require, size


def in_connected(graph: Graph) -> None:
    require(len(distances(graph, 0)) == len(graph), "the graph is not connected")


def in_tree(graph: Graph) -> None:
    in_connected(graph)
    require(size(graph) == len(graph) - 1, "the graph is not a tree")


def in_bipartite(graph: Graph) -> None:
    """By the parities of the distances from one vertex of each component."""
    left = set(range(len(graph)))
    while left:
        depth = distances(graph, min(left))
        left -= depth.keys()
        odd = any((depth[u] - depth[w]) % 2 == 0 for u in depth for w in graph[u])
        require(not odd, "the graph has a cycle of odd length")


def in_claw_free(graph: Graph) -> None:
    for v, row in enumerate(graph):
        for a, b, c in combinations(sorted(row), 3):
            claw = b not in graph[a] and c not in graph[a] and c not in graph[b]
            require(not claw, f"vertex {v} has the pairwise non-adjacent neighbours {a}, {b}, {c}")


def in_triangle_free(graph: Graph) -> None:
    require(not any(graph[u] & graph[w] for u in range(len(graph)) for w in graph[u]), "the graph has a triangle")


def in_regular(graph: Graph) -> None:
    require(len(set(map(len, graph))) == 1, "the graph is not regular")


def in_nonregular(graph: Graph) -> None:
    require(len(set(map(len, graph))) > 1, "the graph is regular")


def in_nonsingular(graph: Graph) -> None:
    require(determinant(adjacency_matrix(graph)) != 0, "the determinant of the adjacency matrix is 0")


def determinant(matrix: list[list[int]]) -> int:
    """By Bareiss: every entry stays an integer, the division by the pivot before being exact."""
    rows, sign, previous = [list(row) for row in matrix], 1, 1
    for k in range(len(rows) - 1):
        pivot = next((i for i in range(k, len(rows)) if rows[i][k]), None)
        if pivot is None:
            return 0
        if pivot != k:
            rows[k], rows[pivot], sign = rows[pivot], rows[k], -sign
        top = rows[k]
        for i in range(k + 1, len(rows)):
            row, factor = rows[i], rows[i][k]
            rows[i] = [(top[k] * a - factor * b) // previous for a, b in zip(row, top, strict=True)]
        previous = top[k]
    return sign * rows[-1][-1]


# ---------------------------------------------------------------------------------------------------------- planarity


def in_planar(graph: Graph) -> None:
    """A graph is planar if each of its blocks is."""
    require(all(is_planar(block) for block in blocks(graph)), "the graph is not planar")


def blocks(graph: Graph) -> list[list[tuple[int, int]]]:
    """The edges of each maximal subgraph without a cut vertex (Hopcroft and Tarjan), by a search in depth."""
    depth, low, found = dict[int, int](), dict[int, int](), []
    for root in range(len(graph)):
        if root in depth:
            continue
        depth[root] = low[root] = 0
        path, ways, edges = [root], [iter(sorted(graph[root]))], list[tuple[int, int]]()
        while path:
            v = path[-1]
            w = next(ways[-1], None)
            if w is None:
                path.pop()
                ways.pop()
                if path:
                    u = path[-1]
                    low[u] = min(low[u], low[v])
                    if low[v] >= depth[u]:  # nothing below v reaches above u: the edges since uv are a block
                        start = edges.index((u, v))
                        found.append(edges[start:])
                        del edges[start:]
            elif w not in depth:
                edges.append((v, w))
                depth[w] = low[w] = depth[v] + 1
                path.append(w)
                ways.append(iter(sorted(graph[w])))
            elif depth[w] < depth[v] - 1:
                edges.append((v, w))
                low[v] = min(low[v], depth[w])
    return found


def is_planar(edges: list[tuple[int, int]]) -> bool:
    """Whether a block is planar (Demoucron, Malgrange, Pertuiset 1964).

    A cycle is drawn; then, again and again, a path of what is not drawn yet into a face that has all the feet of its
    piece, a piece with only one such face first. No choice has to be taken back.
    """
    around: dict[int, set[int]] = {v: set() for edge in edges for v in edge}
    for u, w in edges:
        around[u].add(w)
        around[w].add(u)
    n, m = len(around), len(edges)
    if n < 5 or m > 3 * n - 6:
        return n < 5
    cycle = a_cycle(around, edges[0])
    drawn, faces = {frozenset(edge) for edge in zip(cycle, [*cycle[1:], cycle[0]], strict=True)}, [cycle, cycle[::-1]]
    while len(drawn) < m:
        options = []
        for feet, inside in undrawn_pieces(around, drawn):
            fitting = [i for i, face in enumerate(faces) if feet <= set(face)]
            options.append((len(fitting), fitting, feet, inside))
        count, fitting, feet, inside = min(options, key=lambda option: option[0])
        if count == 0:
            return False
        path = path_through(around, feet, inside)
        face = faces.pop(fitting[0])
        start = face.index(path[0])
        face = face[start:] + face[:start]
        end = face.index(path[-1])
        faces += [face[: end + 1] + path[-2:0:-1], path + face[end + 1 :]]
        drawn |= {frozenset(edge) for edge in pairwise(path)}
    return True


def a_cycle(around: dict[int, set[int]], edge: tuple[int, int]) -> list[int]:
    """A cycle through an edge of a block: a shortest path between its ends that avoids it."""
    source, sink = edge
    before, queue = {source: source}, [source]
    for u in queue:
        for w in around[u] - before.keys() - ({sink} if u == source else set()):
            before[w] = u
            queue.append(w)
    cycle = [sink]
    while cycle[-1] != source:
        cycle.append(before[cycle[-1]])
    return cycle


def undrawn_pieces(around: dict[int, set[int]], drawn: set[frozenset[int]]) -> list[tuple[set[int], set[int]]]:
    """What is not drawn: single edges between drawn vertices, and components outside them; feet and inner vertices."""
    placed = set().union(*drawn)
    pieces: list[tuple[set[int], set[int]]] = [
        ({u, w}, set()) for u in placed for w in around[u] & placed if u < w and frozenset((u, w)) not in drawn
    ]
    left = around.keys() - placed
    while left:
        inside, queue = {min(left)}, [min(left)]
        for u in queue:
            fresh = around[u] - placed - inside
            inside |= fresh
            queue.extend(fresh)
        left -= inside
        pieces.append((set().union(*(around[u] for u in inside)) & placed, inside))
    return pieces


def path_through(around: dict[int, set[int]], feet: set[int], inside: set[int]) -> list[int]:
    """A path between two feet of a piece through its inner vertices."""
    start = min(feet)
    if not inside:
        return [start, max(feet)]
    before, queue = {start: start}, [start]
    for u in queue:
        for w in around[u] & (inside | (feet if u != start else set())) - before.keys():
            before[w] = u
            if w in feet:
                path = [w]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return path[::-1]
            queue.append(w)
    raise AssertionError("a piece of a block has two feet")


CLASS_TESTS: dict[str, Callable[[Graph], None]] = {
    "any": lambda graph: None,
    "connected": in_connected,
    "tree": in_tree,
    "bipartite": in_bipartite,
    "planar": in_planar,
    "claw-free": in_claw_free,
    "triangle-free": in_triangle_free,
    "regular": in_regular,
    "nonregular": in_nonregular,
    "nonsingular": in_nonsingular,
}
