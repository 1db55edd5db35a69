"""The classes of graphs that a conjecture may be about: one entry each, with its float-side test and its exact one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from mathrl.errors import canonical, unknown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .batch import GraphBatch


@dataclass(frozen=True)
class GraphClass:
    """A class: how it is said of a graph, `adjective` (connected) or `noun` (tree), and its two tests.

    `test` is a function of kernels/predicates.py, uint8[B, n, n] -> bool[B], or "" where every graph belongs; the exact
    test is the function of the same name in exact/classes.py: it says why the graph belongs, or raises MathrlError with
    why not. `trees`: whether every tree belongs (True), none does (False), or it depends (None).
    """

    name: str
    adjective: str
    noun: str
    sentence: str
    test: str
    trees: bool | None

    def members(self, batch: GraphBatch) -> NDArray[np.bool_]:
        """Whether each graph of a batch belongs: bool[B]."""
        import numpy as np

        if not self.test or (batch.parents is not None and self.trees is not None):
            return np.full(len(batch), self.trees is not False)
        kernel = getattr(import_module(".kernels.predicates", __package__), self.test)
        return cast("NDArray[np.bool_]", kernel(batch.adjacency))

    @property
    def reason(self) -> Callable[[Any], str]:
        """The exact test, graph as neighbour lists -> why it belongs; MathrlError says why it does not."""
        return cast("Callable[[Any], str]", getattr(import_module(".exact.classes", __package__), self.test))


CLASSES: dict[str, GraphClass] = {
    one.name: one
    for one in (
        GraphClass("any", "", "graph", "every graph", "", True),
        GraphClass("connected", "connected", "", "any two vertices are joined by a path", "connected", True),
        GraphClass("tree", "", "tree", "connected, with one edge fewer than vertices", "tree", True),
        GraphClass("bipartite", "bipartite", "", "no cycle of odd length", "bipartite", True),
        GraphClass("planar", "planar", "", "can be drawn in the plane without crossings", "planar", True),
        GraphClass("claw-free", "claw-free", "", "no three neighbours of a vertex are independent", "claw_free", None),
        GraphClass("triangle-free", "triangle-free", "", "no three pairwise adjacent vertices", "triangle_free", True),
        GraphClass("regular", "regular", "", "all vertices have the same degree", "regular", None),
        GraphClass("nonregular", "nonregular", "", "two vertices have different degrees", "nonregular", None),
        GraphClass("nonsingular", "nonsingular", "", "the adjacency matrix has determinant not 0", "nonsingular", None),
    )
}  # fmt: skip


def find_class(name: str) -> GraphClass:
    """The class of that name; MathrlError offers the nearest."""
    found = CLASSES.get(canonical(name))
    if found is None:
        raise unknown(name, "a class of graphs", CLASSES)
    return found
