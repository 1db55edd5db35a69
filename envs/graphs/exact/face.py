"""What the exact face of an invariant offers: an enclosure with a witness, and the check of a stored witness."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from flint import fmpq

from mathrl.errors import MathrlError

from .graphs import Neighbours

Interval = tuple[fmpq, fmpq]


@dataclass(frozen=True)
class Enclosure:
    """The invariant lies in [lo, hi]; `witness` (JSON) lets anyone check it, empty where recounting is the check."""

    lo: fmpq
    hi: fmpq
    witness: dict[str, Any] = field(default_factory=dict)


class Exact(Protocol):
    """The exact face of an invariant; `k` is the index of an indexed one.

    `enclose` raises arithmetic.Undefined where the invariant has no value; more `bits` give a narrower interval.
    `check` says in words why the interval contains the invariant (what follows a colon), from the witness and the graph
    alone; MathrlError where it does not follow.
    """

    def enclose(self, graph: Neighbours, bits: int, k: int | None = None) -> Enclosure: ...

    def check(self, graph: Neighbours, interval: Interval, witness: Any, k: int | None = None) -> str: ...


@dataclass(frozen=True)
class Counted:
    """An invariant that is a rational number, recounted by whoever checks it: `count` of a graph, int or fmpq."""

    count: Callable[[Neighbours], Any]

    def enclose(self, graph: Neighbours, bits: int, k: int | None = None) -> Enclosure:
        value = fmpq(self.count(graph))
        return Enclosure(value, value)

    def check(self, graph: Neighbours, interval: Interval, witness: Any, k: int | None = None) -> str:
        value = fmpq(self.count(graph))
        if witness != {} or interval != (value, value):
            raise MathrlError(f"it is {value}")
        return "counted"


def fields(part: Any, names: tuple[str, ...], what: str) -> None:
    """MathrlError unless `part` is a mapping with exactly these keys."""
    if not isinstance(part, Mapping) or set(part) != set(names):
        raise MathrlError(f"{what} does not have exactly the fields {', '.join(names)}")
