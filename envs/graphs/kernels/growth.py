"""Growing graphs and shrinking them again; a graph of order k lives in the corner of adjacency uint8[N, N]."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layouts import Adjacency, Integers
from .proposals import draw


@njit(cache=True)
def grow(adjacency: Adjacency, order: Integers, rows: Integers, actions: Integers) -> None:
    """Do legal actions int64[R]: v < N adds a leaf at v, N + j(j-1)/2 + i subdivides the edge ij or adds it."""
    most = adjacency.shape[1]
    for index in range(len(rows)):
        row, action = rows[index], actions[index]
        graph, k = adjacency[row], order[row]
        if action < most:
            graph[action, k] = graph[k, action] = 1
            order[row] = k + 1
            continue
        j = 1
        while (j + 1) * j // 2 <= action - most:
            j += 1
        i = action - most - j * (j - 1) // 2
        if graph[i, j]:
            subdivide(graph, k, i, j)
            order[row] = k + 1
        else:
            graph[i, j] = graph[j, i] = 1


@njit(cache=True)
def subdivide(graph: Adjacency, k: int, i: int, j: int) -> None:
    """Put a new vertex k on the edge ij."""
    graph[i, j] = graph[j, i] = 0
    graph[i, k] = graph[k, i] = graph[j, k] = graph[k, j] = 1


@njit(cache=True)
def grow_masks(
    adjacency: Adjacency, order: Integers, spare: Integers, rows: Integers, trees: bool, masks: NDArray[np.bool_]
) -> None:
    """The legal actions of `rows`, masks bool[R, N + N(N-1)/2 + 1]; spare int64[B]: edges that may still be added."""
    most = adjacency.shape[1]
    for index in range(len(rows)):
        row = rows[index]
        graph, k = adjacency[row], order[row]
        masks[index] = False
        masks[index, -1] = True
        if k < most:
            masks[index, :k] = True
        for j in range(1, k):
            for i in range(j):
                if graph[i, j]:
                    masks[index, most + j * (j - 1) // 2 + i] = k < most
                else:
                    masks[index, most + j * (j - 1) // 2 + i] = not trees and spare[row] > 0


@njit(cache=True)
def mutate_grown(
    adjacency: Adjacency, order: Integers, rows: Integers, least: int, trees: bool, state: NDArray[np.uint64]
) -> None:
    """One random growth step or its inverse for each graph of `rows`, in place, between `least` and N vertices.

    Up: a leaf, a subdivision, an edge. Down: a leaf less, a vertex of degree 2 smoothed, an edge less. A move that does
    not apply is replaced by nothing.
    """
    most = adjacency.shape[1]
    for index in range(len(rows)):
        graph, k = adjacency[rows[index]], order[rows[index]]
        kind = draw(state, index, 4 if trees else 6)
        if kind == 0 and k < most:
            v = draw(state, index, k)
            graph[v, k] = graph[k, v] = 1
            order[rows[index]] = k + 1
        elif kind == 1 and k < most:
            i, j = edge_by_rank(graph, k, state, index)
            if i >= 0:
                subdivide(graph, k, i, j)
                order[rows[index]] = k + 1
        elif kind in (2, 3) and k > least:
            order[rows[index]] = shrink(graph, k, kind == 2, state, index)
        elif kind == 4 and k > 1:
            i = draw(state, index, k)
            j = draw(state, index, k)
            if i != j:
                graph[i, j] = graph[j, i] = 1
        elif kind == 5:
            i, j = edge_by_rank(graph, k, state, index)
            if i >= 0:
                graph[i, j] = graph[j, i] = 0


@njit(cache=True)
def prune(adjacency: Adjacency, order: Integers, rows: Integers, least: int, state: NDArray[np.uint64]) -> None:
    """Remove a random leaf or smooth a random vertex of degree 2, in place, where more than `least` vertices are."""
    for index in range(len(rows)):
        row = rows[index]
        if order[row] > least:
            order[row] = shrink(adjacency[row], order[row], draw(state, index, 2) == 0, state, index)


@njit(cache=True)
def edge_by_rank(graph: Adjacency, k: int, state: NDArray[np.uint64], index: int) -> tuple[int, int]:
    """A uniform edge of the graph on vertices 0..k-1, (-1, -1) if it has none."""
    count = 0
    for j in range(k):
        for i in range(j):
            count += graph[i, j]
    if count > 0:
        rank = draw(state, index, count)
        for j in range(k):
            for i in range(j):
                if graph[i, j]:
                    if rank == 0:
                        return i, j
                    rank -= 1
    return -1, -1


@njit(cache=True)
def shrink(graph: Adjacency, k: int, leaf: bool, state: NDArray[np.uint64], index: int) -> int:
    """The order after a random leaf is removed, or a random vertex of degree 2 smoothed (its neighbours joined).

    Without a vertex of degree 2 a leaf is removed; without a leaf nothing is.
    """
    for degree in range(1 if leaf else 2, 0, -1):
        count = 0
        for v in range(k):
            count += graph[v, :k].sum() == degree
        if count == 0:
            continue
        rank = draw(state, index, count)
        for v in range(k):
            if graph[v, :k].sum() == degree:
                if rank == 0:
                    if degree == 2:
                        join_neighbours(graph, k, v)
                    remove(graph, k, v)
                    return k - 1
                rank -= 1
    return k


@njit(cache=True)
def join_neighbours(graph: Adjacency, k: int, v: int) -> None:
    """Make all neighbours of v adjacent to each other."""
    for i in range(k):
        for j in range(i):
            if graph[v, i] and graph[v, j]:
                graph[i, j] = graph[j, i] = 1


@njit(cache=True)
def remove(graph: Adjacency, k: int, v: int) -> None:
    """Remove v from the graph on vertices 0..k-1; vertex k-1 takes its number."""
    last = k - 1
    for w in range(k):
        graph[v, w] = graph[last, w]
        graph[w, v] = graph[w, last]
    graph[v, v] = 0
    for w in range(k):
        graph[last, w] = graph[w, last] = 0
