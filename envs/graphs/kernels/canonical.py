"""Canonical forms of graphs on 1..64 vertices: relabelled bit rows, the same for isomorphic graphs and for no others.

Bit w of row v, uint64[n], says whether v and w are adjacent.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layouts import Adjacency, Integers

Bits = NDArray[np.uint64]

_ONE = np.uint64(1)
_ZERO = np.uint64(0)


def canonical_form(adjacency: Adjacency) -> Bits:
    """The canonical bit rows of a graph: uint8[n, n] -> uint64[n], 1 <= n <= 64."""
    rows: Bits = bit_rows(adjacency)
    best = np.empty_like(rows)
    canonical_rows(rows, best, *canonical_workspace(len(rows)))
    return best


@njit(cache=True)
def bit_rows(adjacency: Adjacency) -> Bits:
    """The bit rows of one graph: uint8[n, n] -> uint64[n]."""
    n = len(adjacency)
    rows = np.zeros(n, np.uint64)
    for v in range(n):
        for w in range(n):
            rows[v] |= np.uint64(adjacency[v, w] != 0) << np.uint64(w)
    return rows


@njit(cache=True)
def canonical_workspace(n: int) -> tuple[NDArray[np.int64], Integers, Bits]:
    """The workspace of canonical_rows: nodes int64[n, 3, n], vertices int64[6, n] and keys uint64[2, n]."""
    return np.empty((n, 3, n), np.int64), np.empty((6, n), np.int64), np.empty((2, n), np.uint64)


@njit(cache=True)
def canonical_rows(rows: Bits, best: Bits, nodes: NDArray[np.int64], vertices: Integers, keys: Bits) -> None:
    """Fill best uint64[n] with the canonical form of the graph with the bit rows uint64[n].

    Individualisation and refinement (McKay 1981): a node of the search is an ordered partition, refined by counting
    neighbours. Its first smallest cell of several vertices is split in every way, one of them before the others, down
    to the leaves, where every cell is a vertex. Each leaf relabels the graph; the largest rows are the canonical form.

    A leaf that equals the best one shows an automorphism, which fixes the vertices that both paths chose up to where
    they part: the rest of that branch is done, and there and above no two vertices of one orbit need be tried. Twins
    (vertices with equal neighbours, but for each other) are in one orbit from the start.
    """
    n = len(rows)
    path, best_path, best_order, twin, target, following = vertices
    fill_twins(rows, twin)
    for v in range(n):
        nodes[0, 0, v], nodes[0, 1, v] = v, 0
    depth, entered, found = 0, True, False
    while depth >= 0:
        order, cell, orbit = nodes[depth]
        if entered:
            refine(rows, order, cell, keys)
            orbit[:] = twin
            target[depth], following[depth], entered = smallest_cell(order, cell), 0, False
            if target[depth] < 0:
                relation = compare(rows, order, cell, best, found)
                if relation > 0:
                    best_path[:depth], best_order[:], found = path[:depth], order, True
                elif relation == 0:
                    depth = merge_orbits(nodes, path, best_path, best_order, order) + 1
                depth -= 1
                continue
        start = target[depth]
        chosen = next_choice(order, cell, orbit, start, following[depth])
        following[depth] = chosen + 1
        if chosen < 0:
            depth -= 1
            continue
        v = order[start + chosen]
        path[depth] = v
        depth += 1
        individualise(order, cell, v, nodes[depth, 0], nodes[depth, 1])
        entered = True


@njit(cache=True)
def fill_twins(rows: Bits, twin: Integers) -> None:
    """twin[v] int64[n]: the first vertex with the neighbours of v, leaving v and itself out of account."""
    for v in range(len(rows)):
        twin[v] = v
        for u in range(v):
            pair = (_ONE << np.uint64(u)) | (_ONE << np.uint64(v))
            if rows[u] | pair == rows[v] | pair:
                twin[v] = u
                break


@njit(cache=True)
def refine(rows: Bits, order: Integers, cell: Integers, keys: Bits) -> None:
    """Split the cells by the neighbours that each vertex has in each cell until all in a cell have equally many.

    order int64[n] lists the vertices cell by cell, cell[v] is where v's cell starts. A vertex's key is a sum over its
    neighbours of a number for their cell; a rare equality of different sums only leaves a cell coarser.
    """
    n = len(rows)
    key, number = keys
    before = -1
    while True:
        for v in range(n):
            mixed = np.uint64(cell[v] + 1) * np.uint64(0x9E3779B97F4A7C15)
            mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
            number[v] = mixed ^ (mixed >> np.uint64(32))
        for v in range(n):
            total, row = _ZERO, rows[v]
            for w in range(n):
                total += number[w] & (_ZERO - ((row >> np.uint64(w)) & _ONE))
            key[v] = total
        cells, start = 0, 0
        while start < n:
            end = start + 1
            while end < n and cell[order[end]] == start:
                end += 1
            for i in range(start + 1, end):  # insertion sort by key
                v, j = order[i], i
                while j > start and key[order[j - 1]] > key[v]:
                    order[j] = order[j - 1]
                    j -= 1
                order[j] = v
            for i in range(start, end):
                if i == start or key[order[i]] != key[order[i - 1]]:
                    first = i
                    cells += 1
                cell[order[i]] = first
            start = end
        if cells in (before, n):
            return
        before = cells


@njit(cache=True)
def smallest_cell(order: Integers, cell: Integers) -> int:
    """Where the first smallest cell of several vertices starts, -1 if every cell is one vertex."""
    n = len(order)
    found, size, start = -1, n + 1, 0
    while start < n:
        end = start + 1
        while end < n and cell[order[end]] == start:
            end += 1
        if 1 < end - start < size:
            found, size = start, end - start
        start = end
    return found


@njit(cache=True)
def next_choice(order: Integers, cell: Integers, orbit: Integers, start: int, following: int) -> int:
    """The place >= following in the cell of a vertex in no orbit of an earlier one; -1 if there is none."""
    place = following
    while start + place < len(order) and cell[order[start + place]] == start:
        v, new = representative(orbit, order[start + place]), True
        for i in range(place):
            new = new and representative(orbit, order[start + i]) != v
        if new:
            return place
        place += 1
    return -1


@njit(cache=True)
def representative(orbit: Integers, v: int) -> int:
    """The vertex that stands for v's orbit."""
    while orbit[v] != v:
        v = orbit[v]
    return v


@njit(cache=True)
def individualise(order: Integers, cell: Integers, v: int, new_order: Integers, new_cell: Integers) -> None:
    """The partition with v alone before the rest of its cell."""
    start = cell[v]
    new_order[start], place = v, start + 1
    for i in range(len(order)):
        w = order[i]
        new_cell[w] = cell[w]
        if cell[w] != start:
            new_order[i] = w
        elif w != v:
            new_order[place], new_cell[w] = w, start + 1
            place += 1


@njit(cache=True)
def compare(rows: Bits, order: Integers, cell: Integers, best: Bits, found: bool) -> int:
    """Whether a leaf's rows are above (1), equal to (0) or below (-1) the best; in the first case they replace it."""
    n = len(rows)
    above = not found
    for i in range(n):
        row, relabelled = rows[order[i]], _ZERO
        for w in range(n):
            relabelled |= ((row >> np.uint64(w)) & _ONE) << np.uint64(cell[w])
        if not above and relabelled < best[i]:
            return -1
        above = above or relabelled > best[i]
        if above:
            best[i] = relabelled
    return 1 if above else 0


@njit(cache=True)
def merge_orbits(
    nodes: NDArray[np.int64], path: Integers, best_path: Integers, best_order: Integers, order: Integers
) -> int:
    """Join orbits by the automorphism best_order[i] -> order[i], from the root to where the paths part: its depth."""
    depth = 0
    while True:
        orbit = nodes[depth, 2]
        for i in range(len(order)):
            v, w = representative(orbit, best_order[i]), representative(orbit, order[i])
            orbit[max(v, w)] = min(v, w)
        if path[depth] != best_path[depth]:
            return depth
        depth += 1
