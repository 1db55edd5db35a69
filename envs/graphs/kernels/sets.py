"""Largest and smallest sets of vertices, by branch and bound on bit rows (see layouts.py); float64[B].

Sets are uint64[words], for any n.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mathrl.errors import MathrlError

from .forests import fewest_paths, largest_forests, most_leaves
from .layouts import ONE, Adjacency, Bits, Floats, Integers, all_vertices, bit, bit_rows, common, lowest
from .predicates import bipartite

# ---------------------------------------------------------------------------------------------- independent sets


@njit(cache=True)
def independence_number(adjacency: Adjacency) -> Floats:
    """The most vertices that are pairwise non-adjacent: uint8[B, n, n] -> float64[B]."""
    return _independence(adjacency, False)


@njit(cache=True)
def clique_number(adjacency: Adjacency) -> Floats:
    """The most vertices that are pairwise adjacent: uint8[B, n, n] -> float64[B]."""
    return _independence(adjacency, True)


def vertex_cover_number(adjacency: Adjacency) -> Floats:
    """The fewest vertices that meet every edge, n - alpha: uint8[B, n, n] -> float64[B]."""
    result: Floats = adjacency.shape[1] - independence_number(adjacency)
    return result


@njit(cache=True)
def _independence(adjacency: Adjacency, complement: bool) -> Floats:
    """The independence number of the graphs or of their complements."""
    count, n = adjacency.shape[:2]
    result = np.empty(count)
    alive = np.empty((n + 1, (n + 63) // 64), np.uint64)
    for b in range(count):
        alive[0] = all_vertices(n)
        result[b] = independent_set(bit_rows(adjacency[b], complement), alive)
    return result


@njit(cache=True)
def independent_set(rows: Bits, alive: Bits) -> int:
    """The independence number of the graph on alive[0]; rows uint64[n, words], alive uint64[n + 1, words] is used up.

    A vertex with at most one neighbour is taken; else the one with most neighbours is taken, and later left out. If all
    degrees lie between low and high, s independent ones of k vertices meet >= s low of the <= (k - s) high edge ends.
    """
    size, best, depth = np.zeros(len(alive), np.int64), 0, 0  # alive[depth] waits until all deeper graphs are done
    while depth >= 0:
        left, low, high, first, last = 0, len(rows) + 1, -1, -1, -1
        for i in range(alive.shape[1]):
            word = alive[depth, i]
            while word and low > 1:
                v = 64 * i + lowest(word)
                word &= word - ONE
                left += 1
                degree = common(rows[v], alive[depth])
                if degree < low:
                    low, first = degree, v
                if degree > high:
                    high, last = degree, v
        if left == 0:
            best = max(best, size[depth])
            depth -= 1
        elif low <= 1 or high == 2:  # in a cycle, too, every vertex lies in some largest independent set
            size[depth] += 1
            _remove_closed(alive[depth], alive[depth], rows, first)
        elif size[depth] + left * high // (high + low) <= best:
            depth -= 1
        else:
            _remove_closed(alive[depth + 1], alive[depth], rows, last)
            alive[depth, last >> 6] &= ~bit(last & 63)
            size[depth + 1] = size[depth] + 1
            depth += 1
    return best


@njit(cache=True)
def _remove_closed(result: Bits, source: Bits, rows: Bits, v: int) -> None:
    """Make result the set source without v and its neighbours: uint64[words]."""
    for i in range(len(source)):
        result[i] = source[i] & ~rows[v, i]
    result[v >> 6] &= ~bit(v & 63)


@njit(cache=True)
def local_independence(adjacency: Adjacency) -> Integers:
    """The independence number of every vertex's neighbourhood: uint8[B, n, n] -> int64[B, n]."""
    count, n = adjacency.shape[:2]
    result = np.empty((count, n), np.int64)
    alive = np.empty((n + 1, (n + 63) // 64), np.uint64)
    for b in range(count):
        rows = bit_rows(adjacency[b], False)
        for v in range(n):
            alive[0] = rows[v]
            result[b, v] = independent_set(rows, alive)
    return result


def mean_local_independence(adjacency: Adjacency) -> Floats:
    """The mean over v of the independence number of N(v): uint8[B, n, n] -> float64[B]."""
    result: Floats = local_independence(adjacency).mean(axis=1)
    return result


def max_local_independence(adjacency: Adjacency) -> Floats:
    """The largest independence number of some N(v): uint8[B, n, n] -> float64[B]."""
    result: Floats = local_independence(adjacency).max(axis=1).astype(np.float64)
    return result


@njit(cache=True)
def largest_induced_bipartite(adjacency: Adjacency) -> Floats:
    """The most vertices that induce a bipartite graph: uint8[B, n, n] -> float64[B].

    Two disjoint independent sets are one independent set of the prism, two copies of the graph with twins joined.
    """
    count, n = adjacency.shape[:2]
    result, prism = np.empty(count), np.zeros((1, 2 * n, 2 * n), np.uint8)
    for v in range(n):
        prism[0, v, n + v] = prism[0, n + v, v] = 1
    whole = bipartite(adjacency)
    for b in range(count):
        if whole[b]:  # a large tree would take long
            result[b] = n
            continue
        prism[0, :n, :n] = adjacency[b]
        prism[0, n:, n:] = adjacency[b]
        result[b] = _independence(prism, False)[0]
    return result


# ---------------------------------------------------------------------------------------------- dominating sets


@njit(cache=True)
def domination_number(adjacency: Adjacency) -> Floats:
    """The fewest vertices such that every other one has a neighbour among them: uint8[B, n, n] -> float64[B]."""
    count, n = adjacency.shape[:2]
    result, words = np.empty(count), (n + 63) // 64
    todo, allowed = np.empty((n + 1, words), np.uint64), np.empty((n + 1, words), np.uint64)
    for b in range(count):
        closed = bit_rows(adjacency[b], False)
        for v in range(n):
            closed[v, v >> 6] |= bit(v & 63)
        todo[0] = allowed[0] = all_vertices(n)
        result[b] = dominating_set(closed, todo, allowed)
    return result


@njit(cache=True)
def dominating_set(closed: Bits, todo: Bits, allowed: Bits) -> int:
    """The fewest vertices of allowed[0] that dominate todo[0]; closed uint64[n, words]: neighbourhoods with the vertex.

    The vertex with fewest dominators left gets one of them, which later is no longer allowed, nor is any vertex that
    dominates nothing else; todo and allowed [n + 1, words] are used up. If a vertex of todo counts 1/c, c the most of
    todo that one of its dominators dominates, then a dominator gains at most 1, so the sum is a lower bound.
    """
    n, words = closed.shape
    cover, best, depth = np.empty(n, np.int64), n, 0  # todo[depth] waits until all deeper problems are done
    while depth >= 0:
        for w in range(n):
            free = allowed[depth, w >> 6] & bit(w & 63)
            cover[w] = common(closed[w], todo[depth]) if free else 0
        fewest, chosen, bound = n + 1, -1, 0.0
        for i in range(words):
            word = todo[depth, i]
            while word and fewest:
                dominators, most, widest = _dominators(closed[64 * i + lowest(word)], allowed[depth], cover)
                word &= word - ONE
                bound += 1.0 / max(most, 1)
                if dominators < fewest:
                    fewest, chosen = dominators, widest
        if chosen < 0 and fewest:
            best = min(best, depth)
        if chosen < 0 or depth + bound > best - 1 + 1e-9:
            depth -= 1
            continue
        for i in range(words):
            todo[depth + 1, i] = todo[depth, i] & ~closed[chosen, i]
        for w in range(n):
            if cover[w] and common(closed[w], todo[depth + 1]) == 0:
                allowed[depth, w >> 6] &= ~bit(w & 63)
        for i in range(words):
            allowed[depth + 1, i] = allowed[depth, i]
        depth += 1
    return int(best)


@njit(cache=True)
def _dominators(around: Bits, allowed: Bits, cover: Integers) -> tuple[int, int, int]:
    """How many allowed vertices there are in a closed neighbourhood, the most that one covers, and which one does."""
    number, most, widest = 0, -1, -1
    for i in range(len(allowed)):
        word = around[i] & allowed[i]
        while word:
            w = 64 * i + lowest(word)
            word &= word - ONE
            number += 1
            if cover[w] > most:
                most, widest = cover[w], w
    return number, most, widest


# ----------------------------------------------------------------- forests, spanning trees, paths (see forests.py)


def largest_induced_forest(adjacency: Adjacency) -> Floats:
    """The most vertices that induce a forest: uint8[B, n, n] -> float64[B]."""
    _one_word("largest_induced_forest", adjacency)
    return largest_forests(adjacency)


def max_leaf(adjacency: Adjacency) -> Floats:
    """The most leaves of a spanning tree: uint8[B, n, n] -> float64[B], NaN if n = 1 or not connected."""
    _one_word("max_leaf", adjacency)
    return most_leaves(adjacency)


def path_cover(adjacency: Adjacency) -> Floats:
    """The fewest disjoint paths that cover all vertices: uint8[B, n, n] -> float64[B]."""
    _one_word("path_cover", adjacency)
    return fewest_paths(adjacency)


def _one_word(name: str, adjacency: Adjacency) -> None:
    n = adjacency.shape[1]
    if n > 64:
        raise MathrlError(f"{name} of a graph that is not a tree needs at most 64 vertices, not {n}")
