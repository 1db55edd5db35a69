"""A batch of graphs of one order, and what is asked of it: invariants and classes, each computed once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mathrl.errors import MathrlError, unknown

from . import kernels
from .invariants import find


class GraphBatch:
    """B graphs on n vertices each, given as adjacency matrices uint8[B, n, n] or as trees by parent arrays int16[B, n].

    Trees have faster kernels; where one is missing the adjacency matrices are built from the parents. Results are
    cached, so the arrays must not change while the batch is in use, and a returned array must not be written to.
    """

    def __init__(self, adjacency: NDArray[np.uint8] | None = None, parents: NDArray[np.int16] | None = None) -> None:
        if (adjacency is None) == (parents is None):
            raise MathrlError("a GraphBatch takes either adjacency= or parents=")
        self._adjacency = None if adjacency is None else np.ascontiguousarray(adjacency, np.uint8)
        self.parents = None if parents is None else np.ascontiguousarray(parents, np.int16)
        shape = next(array.shape for array in (self._adjacency, self.parents) if array is not None)
        if len(shape) != (3 if parents is None else 2) or shape[-1] < 1 or shape[1] != shape[-1]:
            raise MathrlError(f"adjacency must be [B, n, n] and parents [B, n] with n >= 1, not {list(shape)}")
        self.count, self.n = int(shape[0]), int(shape[1])
        self._values: dict[str, NDArray[np.float64]] = {}
        self._classes: dict[str, NDArray[np.bool_]] = {}

    def __len__(self) -> int:
        return self.count

    @property
    def adjacency(self) -> NDArray[np.uint8]:
        """The adjacency matrices uint8[B, n, n], built from the parents at the first use."""
        if self._adjacency is None:
            assert self.parents is not None
            self._adjacency = kernels.adjacency_from_parents(self.parents)
        return self._adjacency

    def value(self, name: str) -> NDArray[np.float64]:
        """The invariant of that name or alias of every graph, NaN where it is undefined: float64[B]."""
        invariant = find(name)
        if invariant.name not in self._values:
            if self.parents is not None and invariant.tree_kernel is not None:
                self._values[invariant.name] = invariant.of_trees(self.parents)
            else:
                self._values[invariant.name] = invariant.of_graphs(self.adjacency)
        return self._values[invariant.name]

    def belongs(self, predicate: str) -> NDArray[np.bool_]:
        """Whether each graph is in the class of that name (a key of PREDICATES): bool[B]."""
        name = predicate.strip().replace("_", "-")
        if name not in PREDICATES:
            raise unknown(predicate, "a class of graphs", PREDICATES)
        if name not in self._classes:
            self._classes[name] = PREDICATES[name](self)
        return self._classes[name]


def _any(batch: GraphBatch) -> NDArray[np.bool_]:
    """Every graph: bool[B]."""
    return np.ones(batch.count, np.bool_)


def _connected(batch: GraphBatch) -> NDArray[np.bool_]:
    """Graphs in which every two vertices are joined by a path: bool[B]."""
    if batch.parents is not None:
        return np.ones(batch.count, np.bool_)
    result: NDArray[np.bool_] = kernels.connected(batch.adjacency)
    return result


def _tree(batch: GraphBatch) -> NDArray[np.bool_]:
    """Connected graphs with n - 1 edges: bool[B]."""
    if batch.parents is not None:
        return np.ones(batch.count, np.bool_)
    right_size: NDArray[np.bool_] = batch.value("m") == batch.n - 1
    return batch.belongs("connected") & right_size


PREDICATES: dict[str, Callable[[GraphBatch], NDArray[np.bool_]]] = {"any": _any, "connected": _connected, "tree": _tree}
