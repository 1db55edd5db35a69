"""What an invariant of graphs is, and how it is found by name; the definitions themselves are in table.py.

Importing this module is cheap: the faces of an invariant are loaded at their first use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, cast

from mathrl.errors import MathrlError, unknown
from mathrl.registry import RewardEntry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .exact.face import Exact

    Kernel = Callable[..., NDArray[np.float64]]

Part = Literal[
    "adjacency",  # uint8[B, n, n]
    "degrees",  # int64[B, n]
    "distances",  # int16[B, n, n], -1 where there is no path
    "adjacency_spectrum", "laplacian_spectrum", "distance_spectrum",  # float64[B, n], non-increasing; undefined: NaN
]  # fmt: skip


@dataclass(frozen=True)
class Invariant:
    """A number that isomorphic graphs share: its definition in words and in code.

    `kernel` is the name of a float kernel in kernels/; it takes the array `of` of a batch (see Part and batch.py) and
    gives float64[B], NaN where the invariant is undefined. `tree_kernel` does the same from parent arrays int16[B, n].
    `exact` names the exact face in exact/ (see exact/face.py). An `indexed` invariant is written f(k); its kernels take
    k int64[B] as second argument and give NaN where k is out of range. `sage` is a Sage expression of the graph G.
    """

    name: str
    symbol: str
    sentence: str
    kernel: str
    exact: str
    source: str
    of: Part = "adjacency"
    tree_kernel: str | None = None
    aliases: tuple[str, ...] = ()
    indexed: bool = False
    connected_only: bool = False  # undefined for disconnected graphs
    sage: str = ""

    def of_parts(self, array: NDArray[Any], k: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """The values of a batch from its part `of`: float64[B]."""
        return _function(self.kernel)(array) if k is None else _function(self.kernel)(array, k)

    def of_trees(self, parents: NDArray[np.int16], k: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """The values of a batch of trees, by the tree kernel, which must exist: int16[B, n] -> float64[B]."""
        if self.tree_kernel is None:
            raise MathrlError(f"{self.name} has no kernel for parent arrays, only for adjacency matrices")
        return _function(self.tree_kernel)(parents) if k is None else _function(self.tree_kernel)(parents, k)

    @property
    def face(self) -> Exact:
        """The exact face: an enclosure and the check of its witness."""
        return cast("Exact", _load("exact", self.exact))


@lru_cache(maxsize=1)
def invariants() -> dict[str, Invariant]:
    """Every invariant by its canonical name, in the order of the table."""
    from .table import TABLE

    return {invariant.name: invariant for invariant in TABLE}


@lru_cache(maxsize=1)
def _words() -> dict[str, Invariant]:
    return {word: invariant for invariant in invariants().values() for word in (invariant.name, *invariant.aliases)}


def find(name: str) -> Invariant:
    """The invariant of that name or alias; case matters (Delta is not delta), '-' and '_' are equal."""
    for word in (name.strip(), name.strip().replace("-", "_")):
        if word in _words():
            return _words()[word]
    listing = f"mathrl list invariants graphs shows all {len(invariants())}"
    raise unknown(name, "an invariant of graphs", _words(), listing)


def listing() -> list[RewardEntry]:
    """The table for `mathrl list invariants`."""
    return [
        RewardEntry(
            f"{one.name}(k)" if one.indexed else one.name,
            one.sentence,
            ", ".join((one.symbol, *one.aliases) if one.symbol else one.aliases) or one.name,
        )
        for one in invariants().values()
    ]


def _function(path: str) -> Kernel:
    return cast("Kernel", _load("kernels", path))


@cache
def _load(folder: str, path: str) -> Any:
    """What "module.name" means in a subpackage, imported now."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(f".{folder}.{module}", __package__), name)
