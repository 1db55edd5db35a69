"""Planarity of small graphs, as compiled code: reductions, then the left-right test, without recursion.

The test of de Fraysseix and Rosenstiehl (1982), in the form of Brandes, The left-right planarity test (2009). A
depth-first search leaves a tree and back edges, each from a vertex to one of its ancestors. The graph is planar if and
only if every back edge can be put to the left or to the right of the tree so that wherever two branches fork, the back
edges of the first that end above the lowest end of the second are on one side, and those of the second that end above
the lowest end of the first on the other. (Back edges that end at the fork or above it do not count.)

Heights are distances to the root of the tree. An edge is named by the vertex it enters if it is in the tree, by n or
more if it is a back edge; `low[e]` is the least height where e or a back edge from beyond e ends.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layouts import Adjacency, Integers, neighbour_lists

_LEFT, _RIGHT = 0, 2  # where in a row of `pairs` the interval of that side is: its lowest back edge, then its highest


@njit(cache=True)
def planar(adjacency: Adjacency) -> NDArray[np.bool_]:
    """Whether each graph can be drawn in the plane without crossings: uint8[B, n, n] -> bool[B]."""
    count, n = adjacency.shape[:2]
    result = np.empty(count, np.bool_)
    graph, degree, stack = np.empty((n, n), np.uint8), np.empty(n, np.int64), np.empty(n, np.int64)
    starts, neighbours, ends = np.empty(n + 1, np.int64), np.empty(n * n + 1, np.int64), np.empty(n, np.int64)
    parent, height, cursor = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    low, depth = np.empty(4 * n, np.int64), np.empty(4 * n, np.int64)  # at most n edges in the tree and 3n besides
    under, pairs = np.empty(4 * n, np.int64), np.empty((3 * n, 4), np.int64)
    for b in range(count):
        order, size = n, 0
        for v in range(n):
            degree[v] = 0
            for w in range(n):
                degree[v] += adjacency[b, v, w]
            size += degree[v]
        size //= 2
        if size > 8 and size <= 3 * order - 6:
            graph[:] = adjacency[b]
            order, size = reduce(graph, degree, stack)
        result[b] = size <= 8  # the least graphs that are not planar have 9 and 10 edges
        if size > 8 and size <= 3 * order - 6:  # Euler's bound, as before
            neighbour_lists(graph, starts, neighbours)
            orient(starts, neighbours, ends, parent, height, cursor, low, depth)
            result[b] = has_sides(starts, neighbours, ends, parent, height, cursor, low, under, pairs)
    return result


@njit(cache=True)
def reduce(graph: Adjacency, degree: Integers, stack: Integers) -> tuple[int, int]:
    """Take away vertices of degree 0 and 1 and contract those of degree 2 into an edge; the order and size left.

    In place, for one graph uint8[n, n] with degrees int64[n]. Neither changes whether it is planar. A vertex is on the
    stack from the moment its degree is below 3, and degrees never grow.
    """
    n, top, order, size = len(graph), 0, len(graph), 0
    for v in range(n):
        size += degree[v]
        stack[top] = v
        top += degree[v] < 3
    size //= 2
    while top > 0:
        top -= 1
        v, order = stack[top], order - 1
        first, second = -1, -1
        for w in range(n):
            if degree[v] > 0 and graph[v, w]:
                first, second = w, first
                graph[v, w] = graph[w, v] = 0
                degree[v], degree[w], size = degree[v] - 1, degree[w] - 1, size - 1
        joined = second >= 0 and not graph[first, second]
        if joined:
            graph[first, second] = graph[second, first] = 1
            degree[first], degree[second], size = degree[first] + 1, degree[second] + 1, size + 1
        elif first >= 0:
            for w in (first, second):
                if w >= 0 and degree[w] == 2:
                    stack[top] = w
                    top += 1
    return order, size


@njit(cache=True)
def orient(
    starts: Integers,
    neighbours: Integers,
    ends: Integers,
    parent: Integers,
    height: Integers,
    cursor: Integers,
    low: Integers,
    depth: Integers,
) -> None:
    """Search depth-first, and put the edges out of v at neighbours[starts[v]:ends[v]], where all has been read by then.

    They are sorted by depth int64[4 * n]: twice their low, and 1 more if back edges from beyond also end between that
    and v, because such a branch encloses those that do not. Sets parent and height int64[n] and low int64[4 * n].
    """
    n, back = len(parent), len(parent)
    second = np.empty(n, np.int64)  # the lowest end of back edges from beyond an edge of the tree that is above its low
    height[:] = -1
    for root in range(n):
        if height[root] >= 0 or starts[root] == starts[root + 1]:
            continue
        v = root
        parent[v], height[v], low[v], second[v], cursor[v], ends[v] = -1, 0, 0, 0, starts[v], starts[v]
        while True:
            if cursor[v] < starts[v + 1]:
                w = neighbours[cursor[v]]
                cursor[v] += 1
                if height[w] < 0:
                    parent[w], height[w], cursor[w], ends[w] = v, height[v] + 1, starts[w], starts[w]
                    low[w] = second[w] = height[v]
                    v = w
                    continue
                if height[w] > height[v] or w == parent[v]:
                    continue
                e, back = back, back + 1
                low[e], next_low = height[w], height[v]
            elif v == root:
                break
            else:
                e, v = v, parent[v]
                next_low = second[e]
            depth[e] = 2 * low[e] + (next_low < height[v])
            place = ends[v]
            while place > starts[v] and depth[neighbours[place - 1]] > depth[e]:
                neighbours[place] = neighbours[place - 1]
                place -= 1
            neighbours[place], ends[v] = e, ends[v] + 1
            if low[e] < low[v]:
                second[v] = min(low[v], next_low)
                low[v] = low[e]
            elif low[e] > low[v]:
                second[v] = min(second[v], low[e])
            else:
                second[v] = min(second[v], next_low)


@njit(cache=True)
def has_sides(
    starts: Integers,
    edges: Integers,
    ends: Integers,
    parent: Integers,
    height: Integers,
    cursor: Integers,
    low: Integers,
    under: Integers,
    pairs: Integers,
) -> bool:
    """Whether the back edges of an oriented graph can be put to the left and the right of its tree.

    The stack pairs int64[3 * n, 4] holds the back edges from branches left to ancestors not left yet: a row is two
    intervals (lowest, highest; -1 if empty) on different sides. In its interval, under[e] is the next back edge below.
    """
    n, top = len(parent), 0
    bottom = np.empty(n, np.int64)  # the length of the stack when an edge of the tree was entered
    for root in range(n):
        if height[root] != 0:
            continue
        v = root
        cursor[v] = starts[v]
        while True:
            if cursor[v] < ends[v]:
                e = edges[cursor[v]]
                if e < n:
                    bottom[e], v, cursor[e] = top, e, starts[e]
                    continue
                base = top
                pairs[top, _LEFT] = pairs[top, _LEFT + 1] = -1
                pairs[top, _RIGHT] = pairs[top, _RIGHT + 1] = e
                top += 1
            elif v == root:
                break
            else:
                e, v = v, parent[v]
                base, top = bottom[e], trim(pairs, top, low, under, height[v])
            if low[e] < height[v] and cursor[v] > starts[v]:
                top = merge(pairs, base, top, low, under, low[v], low[e])
                if top < 0:
                    return False
            cursor[v] += 1
    return True


@njit(cache=True)
def merge(pairs: Integers, base: int, top: int, low: Integers, under: Integers, lowest: int, branch: int) -> int:
    """Bring the pairs of a branch, those from base on, together with those of earlier branches; the new top, or -1.

    lowest is the low of the edge into the fork, branch that of the branch. Its back edges that end above lowest go to
    the right, and of the earlier ones those that end above branch to the left; -1 if something is then on both sides.
    The first back edge found to end at lowest is a pair of its own and stays, so the second loop ends above it.
    """
    left_low = left_high = right_low = right_high = -1
    while top > base:
        top -= 1
        if pairs[top, _LEFT] >= 0 and pairs[top, _RIGHT] >= 0:
            return -1
        side = _LEFT if pairs[top, _LEFT] >= 0 else _RIGHT
        if low[pairs[top, side]] > lowest:
            if right_low < 0:
                right_high = pairs[top, side + 1]
            else:
                under[right_low] = pairs[top, side + 1]
            right_low = pairs[top, side]
    while top > 0:
        left = pairs[top - 1, _LEFT] >= 0 and low[pairs[top - 1, _LEFT + 1]] > branch
        right = pairs[top - 1, _RIGHT] >= 0 and low[pairs[top - 1, _RIGHT + 1]] > branch
        if left and right:
            return -1
        if not left and not right:
            break
        top -= 1
        side = _LEFT if left else _RIGHT
        if left_low < 0:
            left_high = pairs[top, side + 1]
        else:
            under[left_low] = pairs[top, side + 1]
        left_low = pairs[top, side]
        side = _RIGHT - side
        if pairs[top, side] >= 0:
            under[right_low] = pairs[top, side + 1]
            right_low = pairs[top, side]
    if right_low >= 0:
        pairs[top, _LEFT], pairs[top, _LEFT + 1] = left_low, left_high
        pairs[top, _RIGHT], pairs[top, _RIGHT + 1] = right_low, right_high
        top += 1
    return top


@njit(cache=True)
def trim(pairs: Integers, top: int, low: Integers, under: Integers, height: int) -> int:
    """Take the back edges that end at this height, the highest there are, off the stack; the new top."""
    while top > 0:
        for side in (_LEFT, _RIGHT):
            e = pairs[top - 1, side + 1]
            while e >= 0 and low[e] == height:
                e = under[e] if e != pairs[top - 1, side] else -1
            pairs[top - 1, side + 1] = e
            if e < 0:
                pairs[top - 1, side] = -1
        if pairs[top - 1, _LEFT] >= 0 or pairs[top - 1, _RIGHT] >= 0:
            break
        top -= 1
    return top
