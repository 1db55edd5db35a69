"""Which graphs are the same graph: a canonical form as graph6 text, and the best of several without copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import networkx as nx  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from .graph6 import decode, encode
from .kernels.canonical import canonical_form
from .kernels.layouts import Adjacency

WORD = 64  # vertices up to which kernels/canonical.py answers


def key(record: Mapping[str, Any]) -> str:
    """What solutions share exactly when their graphs are isomorphic: the canonical graph6 of a solution's record."""
    return canonical_graph6(decode(str(record["solution"]["graph6"])))


def canonical_graph6(adjacency: Adjacency) -> str:
    """The graph6 text that isomorphic graphs share, and no others: uint8[n, n] -> text.

    Beyond 64 vertices each component is canonical by itself: up to 64 vertices as a whole graph would be, a tree by
    its codes (Aho, Hopcroft and Ullman 1974), anything else by pynauty (pip install mathrl[symmetry]). Without pynauty
    such a component keeps its labels, so that copies of it may have different texts; equal texts are always copies.
    """
    if len(adjacency) <= WORD:
        return encode(by_refinement(adjacency))
    graph = nx.from_numpy_array(adjacency)
    parts = [canonical_component(adjacency[np.ix_(part, part)]) for part in map(sorted, nx.connected_components(graph))]
    result, end = np.zeros_like(adjacency), 0
    for part in sorted(parts, key=lambda part: (-len(part), part.tobytes())):
        result[end : end + len(part), end : end + len(part)] = part
        end += len(part)
    return encode(result)


def distinct(graphs: Sequence[Adjacency], scores: NDArray[np.float64], most: int) -> list[int]:
    """The places of up to `most` graphs, best score float64[R] first, one for each isomorphism class.

    Of copies the best one stays, of equally good ones the first; what has no score (NaN or -inf) is left out.
    """
    kept: dict[str, int] = {}
    for index in np.argsort(-scores, kind="stable"):
        if len(kept) == most or not scores[index] > -np.inf:
            break
        kept.setdefault(canonical_graph6(graphs[index]), int(index))
    return list(kept.values())


def canonical_component(adjacency: Adjacency) -> Adjacency:
    """A connected graph relabelled canonically, as far as canonical_graph6 promises: uint8[n, n] -> uint8[n, n]."""
    n = len(adjacency)
    if n <= WORD:
        return by_refinement(adjacency)
    if int(adjacency.sum()) == 2 * (n - 1):
        return by_codes(adjacency)
    try:
        import pynauty  # type: ignore[import-not-found]
    except ImportError:
        return adjacency
    lists = {v: np.flatnonzero(adjacency[v]).tolist() for v in range(n)}
    order = np.array(pynauty.canon_label(pynauty.Graph(n, adjacency_dict=lists)))
    result: Adjacency = adjacency[np.ix_(order, order)]
    return result


def by_refinement(adjacency: Adjacency) -> Adjacency:
    """A graph on up to 64 vertices relabelled canonically by the kernel: uint8[n, n] -> uint8[n, n]."""
    rows = canonical_form(np.ascontiguousarray(adjacency, np.uint8))
    result: Adjacency = (rows[:, None] >> np.arange(len(rows), dtype=np.uint64) & np.uint64(1)).astype(np.uint8)
    return result


def by_codes(adjacency: Adjacency) -> Adjacency:
    """A tree relabelled canonically, depth first from its centre, larger branches first: uint8[n, n] -> uint8[n, n].

    Of two centres the one with the larger sequence of depths is the root; the sequence determines the rooted tree.
    """
    tree = nx.from_numpy_array(adjacency)
    depths = max(depth_sequence(tree, root) for root in nx.center(tree))
    result, above = np.zeros_like(adjacency), [0] * len(depths)  # above[d]: the latest vertex at depth d
    for v, depth in enumerate(depths):
        above[depth] = v
        if depth:
            result[v, above[depth - 1]] = result[above[depth - 1], v] = 1
    return result


def depth_sequence(tree: nx.Graph, root: int) -> list[int]:
    """The depths of a rooted tree's vertices in depth-first order, each vertex's branches in falling order of rank.

    Ranks compare branches that hang at one depth: by the falling ranks of the branches below them.
    """
    depth = nx.single_source_shortest_path_length(tree, root)
    children = {v: [w for w in tree[v] if depth[w] > depth[v]] for v in tree}
    levels: list[list[int]] = [[] for _ in range(max(depth.values()) + 1)]
    for v, level in depth.items():
        levels[level].append(v)
    rank: dict[int, int] = {}
    for level_members in reversed(levels):
        for v in level_members:
            children[v].sort(key=rank.__getitem__, reverse=True)
        codes = {v: tuple(rank[w] for w in children[v]) for v in level_members}
        ranks = {code: place for place, code in enumerate(sorted(set(codes.values())))}
        rank.update((v, ranks[code]) for v, code in codes.items())
    sequence, stack = [], [root]
    while stack:
        v = stack.pop()
        sequence.append(depth[v])
        stack.extend(reversed(children[v]))
    return sequence
