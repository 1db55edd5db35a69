"""Random neighbours of graphs and trees, one a row, for searches that walk from object to object.

Every row carries its own generator: a word uint64 that splitmix64 advances (Steele, Lea, Flood 2014), so that results
do not depend on which other rows are moved with it.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layouts import Integers

Words = NDArray[np.int16]


@njit(cache=True)
def draw(state: NDArray[np.uint64], i: int, bound: int) -> int:
    """A uniform integer in 0..bound-1 from generator i of state uint64[R]."""
    state[i] += np.uint64(0x9E3779B97F4A7C15)
    z = state[i]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return np.int64((z >> np.uint64(33)) % np.uint64(bound))  # type: ignore[return-value]  # int() would be unsigned


@njit(cache=True)
def hashes(words: Words) -> NDArray[np.uint64]:
    """A well-mixed key of each word: int16[R, T] -> uint64[R]; equal words have equal keys."""
    result = np.empty(len(words), np.uint64)
    for i in range(len(words)):
        key = np.uint64(0x9E3779B97F4A7C15)
        for letter in words[i]:
            key = (key ^ np.uint64(letter + 1)) * np.uint64(0xBF58476D1CE4E5B9)
            key ^= key >> np.uint64(29)
        result[i] = key
    return result


@njit(cache=True)
def mutate_parents(words: Words, rows: Integers, state: NDArray[np.uint64]) -> None:
    """Re-attach one or two vertices of trees words int16[B, n-2] (parents of vertices 2..n-1) in `rows`, in place.

    A vertex goes to a uniform smaller vertex, or to the parent of one, which prefers vertices of large degree.
    """
    length = words.shape[1]
    for i in range(len(rows)):
        word = words[rows[i]]
        kind = draw(state, i, 4)
        for _ in range(2 if kind == 3 else 1):
            t = draw(state, i, length)
            if kind < 2 or (kind == 3 and draw(state, i, 2) == 0):
                word[t] = draw(state, i, t + 2)
            else:
                j = draw(state, i, t + 1)  # vertex j + 1, whose parent is word[j - 1], or 0
                word[t] = 0 if j == 0 else word[j - 1]


@njit(cache=True)
def mutate_letters(words: Words, rows: Integers, letters: Integers, state: NDArray[np.uint64]) -> None:
    """Change one or two letters of words int16[B, T] in `rows`, by a step or to any letter below letters int64[T]."""
    length = words.shape[1]
    for i in range(len(rows)):
        word = words[rows[i]]
        kind = draw(state, i, 4)
        for _ in range(2 if kind == 3 else 1):
            t = draw(state, i, length)
            if kind == 0:
                word[t] = draw(state, i, letters[t])
            else:
                step = 1 << draw(state, i, 5)  # from 1 to 16
                if draw(state, i, 2):
                    step = -step
                word[t] = min(max(word[t] + step, 0), letters[t] - 1)


@njit(cache=True)
def mutate_graphs(words: Words, rows: Integers, edges: Integers, n: int, state: NDArray[np.uint64]) -> None:
    """One random change of each graph words int16[B, E] in `rows`, in place; edges int64[E, 2] are the pairs.

    In percent: 30 toggle a pair; 10 move one end of an edge; 52 give a vertex the neighbours of another; 3 make a
    vertex a leaf; 5 exchange the ends of two edges. Extremal graphs are full of twins, so copying neighbourhoods finds
    them.
    """
    place = np.empty((n, n), np.int64)
    for e in range(len(edges)):
        place[edges[e, 0], edges[e, 1]] = place[edges[e, 1], edges[e, 0]] = e
    for i in range(len(rows)):
        word = words[rows[i]]
        kind = draw(state, i, 100)
        if kind < 30:
            e = draw(state, i, len(edges))
            word[e] = 1 - word[e]
        elif kind < 40:
            move_end(word, edges, place, n, state, i)
        elif kind < 92:
            v, u = distinct(n, state, i)
            for w in range(n):
                if w not in (u, v):
                    word[place[v, w]] = word[place[u, w]]
            word[place[u, v]] = draw(state, i, 2)
        elif kind < 95:
            v, u = distinct(n, state, i)
            for w in range(n):
                if w != v:
                    word[place[v, w]] = w == u
        else:
            exchange_ends(word, edges, place, state, i)


@njit(cache=True)
def distinct(n: int, state: NDArray[np.uint64], i: int) -> tuple[int, int]:
    """Two different vertices, uniformly."""
    v = draw(state, i, n)
    u = draw(state, i, n - 1)
    return v, u + (u >= v)


@njit(cache=True)
def random_edge(word: NDArray[np.int16], state: NDArray[np.uint64], i: int) -> int:
    """The place of a uniform edge of the graph word int16[E], -1 if it has none."""
    count = 0
    for e in range(len(word)):
        count += word[e]
    if count == 0:
        return -1
    rank = draw(state, i, count)
    for e in range(len(word)):
        rank -= word[e]
        if rank < 0:
            return e
    return -1


@njit(cache=True)
def move_end(
    word: NDArray[np.int16], edges: Integers, place: Integers, n: int, state: NDArray[np.uint64], i: int
) -> None:
    """Replace a random edge uv by uw, w random; nothing if uw is an edge already."""
    e = random_edge(word, state, i)
    if e < 0 or n < 3:
        return
    side = draw(state, i, 2)
    u, v = edges[e, side], edges[e, 1 - side]
    w = draw(state, i, n)
    if w not in (u, v) and word[place[u, w]] == 0:
        word[e], word[place[u, w]] = 0, 1


@njit(cache=True)
def exchange_ends(word: NDArray[np.int16], edges: Integers, place: Integers, state: NDArray[np.uint64], i: int) -> None:
    """Replace two random edges ab, cd by ac, bd, which keeps all degrees; nothing where that is no simple graph."""
    first, second = random_edge(word, state, i), random_edge(word, state, i)
    if first < 0 or first == second:
        return
    side = draw(state, i, 2)
    a, b = edges[first, 0], edges[first, 1]
    c, d = edges[second, side], edges[second, 1 - side]
    if c in (a, b) or d in (a, b) or word[place[a, c]] or word[place[b, d]]:
        return
    word[first] = word[second] = 0
    word[place[a, c]] = word[place[b, d]] = 1
