"""A batch of graphs of one order, and what is asked of it: invariants and classes, each computed once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrl.errors import MathrlError

from .classes import find_class
from .invariants import find
from .kernels import aggregates, distances, spectra
from .kernels.layouts import adjacency_from_parents


class GraphBatch:
    """B graphs on n vertices each, given as adjacency matrices uint8[B, n, n] or as trees by parent arrays int16[B, n].

    Trees have faster kernels; where one is missing the adjacency matrices are built from the parents. Results are
    cached, so the arrays must not change while the batch is in use, and a returned array must not be written to.
    """

    def __init__(self, adjacency: NDArray[np.uint8] | None = None, parents: NDArray[np.int16] | None = None) -> None:
        if (adjacency is None) == (parents is None):
            raise MathrlError("a GraphBatch takes either adjacency= or parents=")
        self.parents = None if parents is None else np.ascontiguousarray(parents, np.int16)
        first: NDArray[Any] = np.ascontiguousarray(adjacency, np.uint8) if self.parents is None else self.parents
        if first.ndim != (3 if parents is None else 2) or first.shape[-1] < 1 or first.shape[1] != first.shape[-1]:
            raise MathrlError(f"adjacency must be [B, n, n] and parents [B, n] with n >= 1, not {list(first.shape)}")
        self.count, self.n = int(first.shape[0]), int(first.shape[1])
        self._parts: dict[str, NDArray[Any]] = {} if adjacency is None else {"adjacency": first}
        self._values: dict[str, NDArray[np.float64]] = {}
        self._classes: dict[str, NDArray[np.bool_]] = {}
        self._edges: tuple[NDArray[np.int64], NDArray[np.float64]] | None = None

    def __len__(self) -> int:
        return self.count

    @property
    def adjacency(self) -> NDArray[np.uint8]:
        """The adjacency matrices uint8[B, n, n], built from the parents at the first use."""
        return self.part("adjacency")

    def part(self, name: str) -> NDArray[Any]:
        """One of the arrays that kernels take (invariants.Part): computed at the first use, then shared."""
        if name not in self._parts:
            self._parts[name] = self._build(name)
        return self._parts[name]

    def _build(self, name: str) -> NDArray[Any]:
        if name == "adjacency":
            assert self.parents is not None
            built: NDArray[Any] = adjacency_from_parents(self.parents)
        elif name == "degrees":
            built = self.adjacency.sum(axis=2, dtype=np.int64)
        elif name == "vertex_degrees":
            built = np.stack(aggregates.vertex_degrees(self.adjacency))
        elif name == "distances":
            built = distances.distance_matrices(self.adjacency)
        elif name == "adjacency_spectrum":
            built = spectra.adjacency_spectrum(self.adjacency)
        elif name == "laplacian_spectrum":
            built = spectra.laplacian_spectrum(self.adjacency)
        else:
            built = spectra.distance_spectrum(self.part("distances"))
        return built

    def value(self, name: str, k: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """The invariant of that name or alias of every graph, NaN where it is undefined: float64[B].

        An indexed invariant takes its index, k int64[B] or [1].
        """
        invariant = find(name)
        if invariant.indexed != (k is not None):
            raise MathrlError(f"{invariant.name} takes {'an index' if invariant.indexed else 'no index'}")
        if k is None and invariant.name in self._values:
            return self._values[invariant.name]
        index = None if k is None else np.ascontiguousarray(np.broadcast_to(k, (self.count,)), np.int64)
        if self.parents is not None and invariant.tree_kernel is not None:
            result = invariant.of_trees(self.parents, index)
        else:
            result = invariant.of_parts(self.part(invariant.of), index)
        if k is None:
            self._values[invariant.name] = result
        return result

    def vertices(self) -> dict[str, NDArray[np.float64]]:
        """What a term over vertices may name: d and a, the degree and the neighbours' average degree, float64[B, n]."""
        return {"d": self.part("vertex_degrees")[0], "a": self.part("vertex_degrees")[1]}

    def edges(self) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
        """What a term over edges u < v may name, du, dv, au, av float64[E]; those of graph b start at starts[b]."""
        if self._edges is None:
            self._edges = aggregates.edge_degrees(self.adjacency, *self.part("vertex_degrees"))
        starts, ends = self._edges
        return starts, dict(zip(("du", "dv", "au", "av"), ends, strict=True))

    def belongs(self, name: str) -> NDArray[np.bool_]:
        """Whether each graph is in the class of that name: bool[B]."""
        kind = find_class(name)
        if kind.name not in self._classes:
            self._classes[kind.name] = kind.members(self)
        return self._classes[kind.name]
