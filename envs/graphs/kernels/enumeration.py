"""The compiled parts of enumeration: the next trees, and the connected graphs with one vertex more.

A graph on n <= 11 vertices is one word uint64, the bits of its upper triangle in column order (0,1), (0,2), (1,2), ...,
or n bit rows (see canonical.py).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .canonical import Bits, canonical_rows, canonical_workspace, fill_twins
from .layouts import Integers, Parents

_ONE = np.uint64(1)
_ZERO = np.uint64(0)


# ------------------------------------------------------------------------------------------------------------- trees


@njit(cache=True)
def first_tree(n: int) -> Integers:
    """The first level sequence of next_trees, of the path rooted in its middle: int64[n]."""
    levels = np.empty(n, np.int64)
    for i in range(n):
        levels[i] = i if i <= n // 2 else i - n // 2
    return levels


@njit(cache=True)
def next_trees(levels: Integers, parents: Parents) -> int:
    """Fill parents int16[C, n] with the next trees and advance the state levels int64[n]: how many trees that were.

    The algorithm of Wright, Richmond, Odlyzko and McKay (SIAM J. Comput. 15, 1986, 540-548): rooted trees by their
    levels in preorder, in decreasing order (Beyer and Hedetniemi 1980), skipping to those that are rooted in a centre,
    the first branch being the lesser half of a tree with two. levels[0] is 0, and -1 when there is no further tree.
    """
    n = len(levels)
    written = 0
    while written < len(parents) and levels[0] == 0:
        height, other, end = branch_heights(levels)
        if n < 3 or is_centred(levels, height, other, end):
            fill_parents(levels, parents[written])
            written += 1
            last = n - 1
            while last > 0 and levels[last] == 1:
                last -= 1
            if last <= 0 or n < 3:
                levels[0] = -1
            else:
                decrease(levels, last)
        else:
            deep = levels[end - 1] > 2
            last = end - 1
            decrease(levels, last)
            if deep:  # the other branches need a path that is as high as the first branch has become
                height = branch_heights(levels)[0]
                for i in range(height):
                    levels[n - height + i] = i + 1
    return written


@njit(cache=True)
def branch_heights(levels: Integers) -> tuple[int, int, int]:
    """The height of the first branch at the root, that of the others, and where the first branch ends."""
    end = 2
    height = 1
    while end < len(levels) and levels[end] > 1:
        height = max(height, levels[end])
        end += 1
    other = 0
    for i in range(end, len(levels)):
        other = max(other, levels[i])
    return height, other, end


@njit(cache=True)
def is_centred(levels: Integers, height: int, other: int, end: int) -> bool:
    """Whether the root is the chosen one of the tree's one or two centres (see next_trees)."""
    if other + 1 != height:
        return other + 1 > height
    first, rest = end - 1, len(levels) - end + 1  # orders of the first branch and of the tree without it
    if first != rest:
        return first < rest
    for i in range(1, first):
        ours, theirs = levels[1 + i] - 1, levels[end + i - 1]
        if ours != theirs:
            return bool(ours < theirs)
    return True


@njit(cache=True)
def decrease(levels: Integers, last: int) -> None:
    """The next level sequence that differs at `last` or before: repeat what precedes it, from its parent on."""
    start = last - 1
    while levels[start] != levels[last] - 1:
        start -= 1
    for i in range(last, len(levels)):
        levels[i] = levels[i - last + start]


@njit(cache=True)
def fill_parents(levels: Integers, parent: Parents) -> None:
    """The parent array int16[n] of a level sequence: the parent is the last vertex before that is one level higher."""
    parent[0] = 0
    for i in range(1, len(levels)):
        p = i - 1
        while levels[p] >= levels[i]:
            p = parent[p]
        parent[i] = p


# -------------------------------------------------------------------------------------------------- connected graphs


@njit(cache=True)
def extensions(words: Bits, n: int) -> Bits:
    """Canonical words of all connected graphs on n <= 11 vertices from those on n - 1, some repeated: uint64[P] -> [C].

    A connected graph stays connected without some vertex; take it to be the one of largest rank (see ranks). So every
    graph is found by joining a new vertex to some of another's, and the result is kept only if no vertex of larger rank
    can be spared. Of twins, which are alike, the earlier are joined first.
    """
    found, count = np.empty(1024, np.uint64), 0
    rows, best, rank = np.empty(n, np.uint64), np.empty(n, np.uint64), np.empty(n, np.int64)
    degree, earlier = np.empty(n, np.int64), np.empty(n - 1, np.int64)
    nodes, vertices, keys = canonical_workspace(n)
    for parent in words:
        fill_rows(parent, rows[: n - 1])
        fill_earlier_twins(rows[: n - 1], earlier)
        for joined in range(1, 1 << (n - 1)):
            if twins_in_order(joined, earlier):
                fill_rows(parent, rows[: n - 1])
                join_vertex(rows, joined)
                fill_ranks(rows, degree, rank)
                if is_largest(rows, rank):
                    canonical_rows(rows, best, nodes, vertices, keys)
                    if count == len(found):
                        found = np.concatenate((found, np.empty_like(found)))
                    found[count] = word_of(best)
                    count += 1
    return found[:count]


@njit(cache=True)
def fill_rows(word: np.uint64, rows: Bits) -> None:
    """The bit rows uint64[n] of a word."""
    rows[:] = _ZERO
    for w in range(len(rows)):
        for v in range(w):
            bit = (word >> np.uint64(w * (w - 1) // 2 + v)) & _ONE
            rows[v] |= bit << np.uint64(w)
            rows[w] |= bit << np.uint64(v)


@njit(cache=True)
def word_of(rows: Bits) -> np.uint64:
    """The word of the bit rows uint64[n]."""
    word = _ZERO
    for w in range(len(rows)):
        word |= (rows[w] & ((_ONE << np.uint64(w)) - _ONE)) << np.uint64(w * (w - 1) // 2)
    return word


@njit(cache=True)
def fill_earlier_twins(rows: Bits, earlier: Integers) -> None:
    """earlier[v] int64[n]: the last vertex before v that is its twin, v itself if there is none."""
    fill_twins(rows, earlier)
    for v in range(len(rows) - 1, -1, -1):
        for u in range(v - 1, earlier[v], -1):
            if earlier[u] == earlier[v]:
                earlier[v] = u
                break


@njit(cache=True)
def twins_in_order(joined: int, earlier: Integers) -> bool:
    """Whether every vertex in the set of bits `joined` has its earlier twin in it."""
    ordered = True
    for v in range(len(earlier)):
        ordered = ordered and (joined >> v & 1) <= (joined >> earlier[v] & 1)
    return ordered


@njit(cache=True)
def join_vertex(rows: Bits, joined: int) -> None:
    """Make the last vertex a neighbour of the vertices in the set of bits `joined`."""
    last = len(rows) - 1
    rows[last] = np.uint64(joined)
    for v in range(last):
        rows[v] |= np.uint64(joined >> v & 1) << np.uint64(last)


@njit(cache=True)
def fill_ranks(rows: Bits, degree: Integers, rank: Integers) -> None:
    """The degree of each vertex, then the sum of its neighbours' degrees, then that of their squares, as one number."""
    n = len(rows)
    for v in range(n):
        degree[v] = 0
        for w in range(n):
            degree[v] += np.int64(rows[v] >> np.uint64(w) & _ONE)
    for v in range(n):
        rank[v] = degree[v] << 20
        for w in range(n):
            rank[v] += np.int64(rows[v] >> np.uint64(w) & _ONE) * ((degree[w] << 10) + degree[w] * degree[w])


@njit(cache=True)
def is_largest(rows: Bits, rank: Integers) -> bool:
    """Whether every vertex of larger rank than the last is a cut vertex."""
    n = len(rows)
    for v in range(n - 1):
        if rank[v] > rank[n - 1]:
            rest = ((_ONE << np.uint64(n)) - _ONE) ^ (_ONE << np.uint64(v))
            reached, before = _ONE << np.uint64(n - 1), _ZERO
            while reached != before:
                before = reached
                for w in range(n):
                    if reached >> np.uint64(w) & _ONE:
                        reached |= rows[w] & rest
            if reached == rest:
                return False
    return True
