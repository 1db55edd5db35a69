"""The exact tests of graph classes: why a graph belongs, or MathrlError with why it does not."""

from __future__ import annotations

from itertools import combinations

from flint import fmpz_mat

from mathrl.errors import MathrlError

from .graphs import Neighbours, components, degrees, distances, size, two_colouring


def connected(graph: Neighbours) -> str:
    if len(distances(graph, 0)) < len(graph):
        raise MathrlError("it is not connected")
    return "a search from vertex 0 reaches every vertex"


def tree(graph: Neighbours) -> str:
    connected(graph)
    if size(graph) != len(graph) - 1:
        raise MathrlError(f"it has {size(graph)} edges on {len(graph)} vertices")
    return "connected, one edge fewer than vertices"


def bipartite(graph: Neighbours) -> str:
    colours = two_colouring(graph)
    if colours is None:
        raise MathrlError("it has a cycle of odd length")
    return f"every edge joins one of {colours.count(0)} vertices to one of {colours.count(1)} others"


def planar(graph: Neighbours) -> str:
    """By cyclic orders of the neighbours: they draw each component on a sphere if n - m + faces = 2 components."""
    import networkx  # type: ignore[import-untyped]

    found, embedding = networkx.check_planarity(networkx.Graph({v: list(row) for v, row in enumerate(graph)}))
    if not found:
        raise MathrlError("it is not planar")
    clockwise = [list(embedding.neighbors_cw_order(v)) for v in range(len(graph))]
    assert [sorted(row) for row in clockwise] == [sorted(row) for row in graph]
    following = {}  # the next half-edge along a face: from v to w, then on to w's neighbour after v
    for w, row in enumerate(clockwise):
        for v, after in zip(row, row[1:] + row[:1], strict=True):
            following[v, w] = (w, after)
    faces, seen = sum(not row for row in graph), set()  # an isolated vertex lies in a face without edges
    for edge in following:
        faces += edge not in seen
        while edge not in seen:
            seen.add(edge)
            edge = following[edge]
    n, m, spheres = len(graph), size(graph), len(components(graph))
    assert n - m + faces == 2 * spheres
    return (
        f"the neighbours have cyclic orders with {faces} faces in all: {n} - {m} + {faces} = 2*{spheres}, as Euler asks"
    )


def claw_free(graph: Neighbours) -> str:
    for v, row in enumerate(graph):
        for leaves in combinations(row, 3):
            if not any(b in graph[a] for a, b in combinations(leaves, 2)):
                raise MathrlError(
                    f"vertex {v} has the pairwise non-adjacent neighbours {leaves[0]}, {leaves[1]}, {leaves[2]}"
                )
    return "of any three neighbours of a vertex two are adjacent"


def triangle_free(graph: Neighbours) -> str:
    rows = [set(row) for row in graph]
    for u, row in enumerate(rows):
        for v in row:
            if third := row & rows[v]:
                raise MathrlError(f"the vertices {u}, {v}, {min(third)} are a triangle")
    return "no edge has ends with a common neighbour"


def regular(graph: Neighbours) -> str:
    if len(set(degrees(graph))) > 1:
        raise MathrlError(f"its degrees run from {min(degrees(graph))} to {max(degrees(graph))}")
    return f"every vertex has degree {len(graph[0])}"


def nonregular(graph: Neighbours) -> str:
    if len(set(degrees(graph))) == 1:
        raise MathrlError(f"every vertex has degree {len(graph[0])}")
    return f"its degrees run from {min(degrees(graph))} to {max(degrees(graph))}"


def nonsingular(graph: Neighbours) -> str:
    determinant = fmpz_mat([[int(w in row) for w in range(len(graph))] for row in map(set, graph)]).det()
    if determinant == 0:
        raise MathrlError("the determinant of its adjacency matrix is 0")
    return f"the determinant of its adjacency matrix is {determinant}"
