"""The invariants of graphs: one table for formulas, float kernels, listings, documentation and tests.

Importing this module is cheap: a kernel is the name of a function of this package and is loaded at its first use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, cast

from mathrl.errors import MathrlError, unknown
from mathrl.registry import RewardEntry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Kernel = Callable[[NDArray[Any]], NDArray[np.float64]]


@dataclass(frozen=True)
class Invariant:
    """A number that isomorphic graphs share: its definition in words and in code.

    `kernel` and `tree_kernel` are "module.function" in this package. A kernel takes adjacency matrices uint8[B, n, n],
    a tree kernel takes parent arrays int16[B, n]; both give float64[B] with NaN where the invariant is undefined.
    """

    name: str
    symbol: str
    sentence: str
    kernel: str
    source: str
    aliases: tuple[str, ...] = ()
    tree_kernel: str | None = None
    kind: Literal["Z", "Q", "S", "M"] = "Z"  # how it is certified: integer, rational, eigenvalue, matching
    disconnected: Literal["ok", "undef"] = "ok"  # whether disconnected graphs have it

    def of_graphs(self, adjacency: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The values of a batch of graphs: uint8[B, n, n] -> float64[B]."""
        return _function(self.kernel)(adjacency)

    def of_trees(self, parents: NDArray[np.int16]) -> NDArray[np.float64]:
        """The values of a batch of trees, by the tree kernel, which must exist: int16[B, n] -> float64[B]."""
        if self.tree_kernel is None:
            raise MathrlError(f"{self.name} has no kernel for parent arrays, only for adjacency matrices")
        return _function(self.tree_kernel)(parents)


INVARIANTS: dict[str, Invariant] = {
    invariant.name: invariant
    for invariant in (
        Invariant(
            "n",
            symbol="n",
            sentence="the number of vertices",
            kernel="kernels.order",
            source="Diestel, Graph Theory, 2017, section 1.1",
            aliases=("order",),
        ),
        Invariant(
            "m",
            symbol="m",
            sentence="the number of edges",
            kernel="kernels.size",
            source="Diestel, Graph Theory, 2017, section 1.1",
            aliases=("size",),
        ),
        Invariant(
            "maximum_degree",
            symbol="Delta",
            sentence="the largest number of neighbours of a vertex",
            kernel="kernels.maximum_degree",
            source="Diestel, Graph Theory, 2017, section 1.2",
            aliases=("Delta",),
        ),
        Invariant(
            "minimum_degree",
            symbol="delta",
            sentence="the smallest number of neighbours of a vertex",
            kernel="kernels.minimum_degree",
            source="Diestel, Graph Theory, 2017, section 1.2",
            aliases=("delta",),
        ),
        Invariant(
            "average_degree",
            symbol="2m/n",
            sentence="the mean number of neighbours of a vertex, 2m/n",
            kernel="kernels.average_degree",
            source="Diestel, Graph Theory, 2017, section 1.2",
            kind="Q",
        ),
        Invariant(
            "density",
            symbol="2m/(n(n-1))",
            sentence="the fraction of the pairs of vertices that are edges, 2m/(n(n-1))",
            kernel="kernels.density",
            source="networkx.density",
            kind="Q",
        ),
        Invariant(
            "lambda1",
            symbol="lambda_1",
            sentence="the largest eigenvalue of the adjacency matrix, the spectral radius",
            kernel="kernels.lambda1",
            tree_kernel="kernels.tree_lambda1",
            source="Brouwer and Haemers, Spectra of Graphs, 2012, chapter 3",
            kind="S",
        ),
        Invariant(
            "matching_number",
            symbol="mu",
            sentence="the largest number of edges no two of which share a vertex",
            kernel="matching.matching_number",
            tree_kernel="kernels.tree_matching_number",
            source="Lovasz and Plummer, Matching Theory, 1986",
            aliases=("mu",),
            kind="M",
        ),
        Invariant(
            "triangle_number",
            symbol="t",
            sentence="the number of sets of three pairwise adjacent vertices",
            kernel="kernels.triangle_number",
            source="networkx.triangles, summed and divided by 3",
        ),
        Invariant(
            "diameter",
            symbol="diam",
            sentence="the largest distance between two vertices, undefined for a disconnected graph",
            kernel="kernels.diameter",
            source="Diestel, Graph Theory, 2017, section 1.3",
            disconnected="undef",
        ),
    )
}

_BY_WORD = {word: invariant for invariant in INVARIANTS.values() for word in (invariant.name, *invariant.aliases)}


def find(name: str) -> Invariant:
    """The invariant of that name or alias; case matters (Delta is not delta), '-' and '_' are equal."""
    for word in (name.strip(), name.strip().replace("-", "_")):
        if word in _BY_WORD:
            return _BY_WORD[word]
    listing = f"mathrl list invariants graphs shows all {len(INVARIANTS)}"
    raise unknown(name, "an invariant of graphs", _BY_WORD, listing)


def listing() -> list[RewardEntry]:
    """The table for `mathrl list invariants`."""
    return [
        RewardEntry(
            one.name, one.sentence, ", ".join((one.symbol, *one.aliases) if one.symbol else one.aliases) or one.name
        )
        for one in INVARIANTS.values()
    ]


def _function(path: str) -> Kernel:
    """The function that "module.function" names in this package, imported now."""
    module, _, function = path.rpartition(".")
    return cast("Kernel", getattr(import_module(f".{module}", __package__), function))
