"""What an observation of Buchberger's algorithm says: the names of its columns, and the arrays themselves.

`raw` is that of Peifer, Stillman and Halpern-Leistner (ICML 2020): the exponents of the k leading terms of both
elements, 2nk columns, no context. `features` adds what can be seen of the S-polynomial without reducing it, of its
place among the pending pairs, and of the whole state. All numbers are scaled to the order of 1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .kernels.foresight import FORESEEN
from .kernels.observation import DESCRIBED, SUMMARISED, observe_rows
from .memory import Memory

PAIR_NAMES = (
    "deg L", "deg S", "deg of the second term of S", "S has one term", "S = 0", "lead of S reducible",
    "second term of S reducible", "j / |G|", "rank of deg L", "rank of deg S", "deg L - least deg L",
    "pairs with this lcm", "reducers of the lead of S", "reducers of its second term", "reducers the lead of S divides",
    "lcms the lead of S divides", "sugar", "sugar - deg L", "i not a reducer", "j not a reducer", "i / |G|",
    "terms of i", "terms of j", "terms of S", "i is a monomial", "j is a monomial",
)  # fmt: skip
FORESIGHT_NAMES = (
    "deg i + deg j - deg L", "j is the newest", "age of j", "age of i", "rank of L", "rank of the lead of S",
    "balance of S's degrees", "rank of the balance", "pairs with this lead of S", "leads of S that it divides",
    "irreducible leads of S that divide it", "lead of S meets a monomial", "second term of S meets a monomial",
    "pairs made superfluous", "pairs added", "their mean degree",
)  # fmt: skip
CONTEXT_NAMES = (
    "|P|", "|G|", "reducers", "mean deg L", "least deg L", "largest deg L", "least deg S", "mean degree of reducers",
    "pure powers / n", "monomials among reducers", "pairs with S = 0", "additions so far", "pairs so far", "generators",
    "pairs with irreducible lead of S", "pairs with one term in S", "least irreducible deg S",
    "pairs whose S is an irreducible monomial", "largest degree of reducers", "degree of the least reducer",
)  # fmt: skip
assert (len(PAIR_NAMES), len(FORESIGHT_NAMES), len(CONTEXT_NAMES)) == (DESCRIBED, FORESEEN, SUMMARISED)


class Columns(NamedTuple):
    """An observation's form: which one, variables, leading terms, names of the columns of elements and context."""

    features: bool
    n: int
    k: int
    elements: tuple[str, ...]
    context: tuple[str, ...]


def columns(observation: str, n: int, k: int) -> Columns:
    """The columns of `raw` or `features` for n variables and k leading terms."""
    raw = tuple(f"f_{side}, term {t + 1}, x{v + 1}" for side in "ij" for t in range(k) for v in range(n))
    if observation == "raw":
        return Columns(False, n, k, raw, ())
    three = tuple(f"{m}, x{v + 1}" for m in ("term 1 of S", "term 2 of S", "L") for v in range(n))
    powers = tuple(f"degree of the pure power of x{v + 1}" for v in range(n))
    return Columns(True, n, k, (*raw, *three, *PAIR_NAMES, *FORESIGHT_NAMES), (*CONTEXT_NAMES, *powers))


def packed(
    memory: Memory, rows: NDArray[np.int64], counts: NDArray[np.int64], form: Columns
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The elements of all rows one after another, float32[sum of counts, F], and the contexts float32[R, C]."""
    elements = np.zeros((int(counts.sum()), len(form.elements)), np.float32)
    context = np.zeros((len(rows), len(form.context)), np.float32)
    starts = np.cumsum(counts) - counts
    memory.run(observe_rows, rows, starts, counts, form.n, form.k, form.features, elements, context)
    return elements, context


def padded(
    memory: Memory, rows: NDArray[np.int64], counts: NDArray[np.int64], form: Columns, width: int
) -> dict[str, NDArray[Any]]:
    """A set observation with room for `width` pairs a row; of a row with more the first ones are shown."""
    elements = np.zeros((len(rows), width, len(form.elements)), np.float32)
    context = np.zeros((len(rows), len(form.context)), np.float32)
    shown = np.minimum(counts, width)
    flat = elements.reshape(-1, len(form.elements))
    starts = np.arange(len(rows)) * width
    memory.run(observe_rows, rows, starts, shown, form.n, form.k, form.features, flat, context)
    return {"elements": elements, "context": context, "mask": np.arange(width) < shown[:, None]}
