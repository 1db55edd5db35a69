"""Formulas in float64, for a whole batch of graphs at once; NaN where a value is undefined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from . import floats
from .formulas import AGGREGATORS, Comparison, Conjecture, Expression

Floats = NDArray[np.float64]

MOST_TERMS = 10_000  # of an aggregator over indices


class Batch(Protocol):
    """B graphs whose invariants are computed on demand (see batch.py)."""

    def value(self, name: str, k: NDArray[np.int64] | None = None, /) -> Floats: ...
    def belongs(self, name: str, /) -> NDArray[np.bool_]: ...
    def vertices(self) -> Mapping[str, Floats]: ...
    def edges(self) -> tuple[NDArray[np.int64], Mapping[str, Floats]]: ...


def score(conjecture: Conjecture, batch: Batch) -> Floats:
    """Scores float64[B]: positive exactly when the graph is in the class, all hypotheses hold and the claim fails.

    `lhs <= rhs` scores lhs - rhs, `lhs >= rhs` scores rhs - lhs, an objective scores its value. -inf outside the class,
    where a hypothesis is false or undefined, and where the value is undefined or not a finite number.
    """
    inside = applies(conjecture, batch)
    if not inside.any():  # so that nothing dear is computed
        return np.full(inside.shape, -np.inf)
    with np.errstate(all="ignore"):
        left, right = (evaluate(side, batch) for side in conjecture.sides)
        margin = np.broadcast_to(right - left if conjecture.upward else left - right, inside.shape)
        return np.where(inside & np.isfinite(margin), margin, -np.inf)


def applies(conjecture: Conjecture, batch: Batch) -> NDArray[np.bool_]:
    """Whether each graph is in the class and satisfies the hypotheses: bool[B]."""
    with np.errstate(all="ignore"):
        inside: NDArray[np.bool_] = np.asarray(batch.belongs(conjecture.graph_class[0]))
        for name in conjecture.graph_class[1:]:
            inside = inside & batch.belongs(name)
        for hypothesis in conjecture.hypotheses:
            inside = inside & holds(hypothesis, batch)
    return inside


def holds(hypothesis: Comparison, batch: Batch) -> Any:
    """Whether a hypothesis holds up to float noise, bool[B] or a scalar; the girth of a forest is infinite here."""
    sides = []
    for side in (hypothesis.left, hypothesis.right):
        value = evaluate(side, batch)
        sides.append(np.where(np.isnan(value), np.inf, value) if side == GIRTH else value)
    return floats.HOLDS[hypothesis.operator](sides[0] - sides[1])


GIRTH = Expression("invariant", value="girth")


@dataclass(frozen=True)
class Place:
    """Where a term is evaluated: the arrays of its local names, and how a number of each graph is spread over them."""

    names: Mapping[str, Any] = field(default_factory=dict)
    spread: Callable[[Any], Any] = lambda values: values
    alone: bool = True  # one value a graph
    inner: dict[int, Any] = field(default_factory=dict)  # aggregators inside a term, which are the same at every place


def evaluate(expression: Expression, batch: Batch, place: Place | None = None) -> Any:
    """The value in float64, of shape [B], of the place's shape, or a scalar; NaN where it is undefined."""
    place = place or Place()
    operator, arguments = expression.operator, expression.arguments
    if operator == "number":
        assert isinstance(expression.value, Fraction)
        return floats.number(expression.value)
    if operator == "invariant":
        if arguments:
            return indexed(str(expression.value), evaluate(arguments[0], batch, place), batch, place)
        return place.spread(batch.value(str(expression.value)))
    if operator == "local":
        return place.names[str(expression.value)]
    if operator in AGGREGATORS:
        if id(expression) not in place.inner:
            place.inner[id(expression)] = AGGREGATE[AGGREGATORS[operator].over](expression, batch)
        return place.spread(place.inner[id(expression)])
    if operator == "**" and arguments[1].value in SMALL_POWERS:
        base = evaluate(arguments[0], batch, place)
        square = base * base
        return {2: square, 3: square * base, 4: square * square}[int(str(arguments[1].value))]
    return floats.OPERATIONS[operator](*(evaluate(argument, batch, place) for argument in arguments))


SMALL_POWERS = (Fraction(2), Fraction(3), Fraction(4))


def indexed(name: str, k: Any, batch: Batch, place: Place) -> Any:
    """An indexed invariant at k, which must be integral up to float noise; NaN elsewhere."""
    k = np.nan_to_num(floats.whole(k), nan=0.0, posinf=0.0, neginf=0.0)  # no invariant has a value at index 0
    if place.alone:
        return batch.value(name, np.atleast_1d(np.clip(k, 0, 2**31)).astype(np.int64))
    result = np.full((), np.nan)
    for index in np.unique(k):
        values = batch.value(name, np.array([int(min(max(index, 0.0), 2.0**31))]))
        result = np.where(k == index, place.spread(values), result)
    return result


# ------------------------------------------------------------------------------------------------------ aggregators


def over_vertices(expression: Expression, batch: Batch) -> Any:
    """An aggregator over the vertices: float64[B]. Undefined terms are left out; NaN if that leaves none."""
    names = batch.vertices()
    place = Place(names, lambda values: np.reshape(values, (-1, 1)), alone=False)
    terms = np.broadcast_to(evaluate(expression.arguments[0], batch, place), names["d"].shape)
    fold = AGGREGATORS[expression.operator].fold
    if fold in LARGEST:
        return LARGEST[fold].reduce(terms, axis=1)
    defined = ~np.isnan(terms)
    count = defined.sum(axis=1)
    total = np.where(defined, terms, 0.0).sum(axis=1)
    return np.where(count == 0, np.nan, total / count if fold == "mean" else total)


def over_edges(expression: Expression, batch: Batch) -> Any:
    """An aggregator over the edges: float64[B]; without edges a sum is 0 and the others are undefined."""
    starts, names = batch.edges()
    counts = np.diff(starts)
    place = Place(names, lambda values: np.repeat(np.broadcast_to(values, counts.shape), counts), alone=False)
    terms = np.full(starts[-1] + 1, np.nan)  # the last is a sentinel: reduceat needs an element at every start
    terms[:-1] = evaluate(expression.arguments[0], batch, place)
    fold = AGGREGATORS[expression.operator].fold
    if fold in LARGEST:
        return np.where(counts == 0, np.nan, LARGEST[fold].reduceat(terms, starts[:-1]))
    defined = ~np.isnan(terms[:-1])
    owner = np.repeat(np.arange(len(counts)), counts)  # bincount adds in order, so a sum depends on its graph alone
    total = np.bincount(owner, np.where(defined, terms[:-1], 0.0), len(counts))
    none_left = np.bincount(owner[defined], minlength=len(counts)) == 0
    return np.where(none_left & (counts > 0), np.nan, total)


LARGEST = {"max": np.fmax, "min": np.fmin}  # these ignore NaN


def over_indices(expression: Expression, batch: Batch) -> Any:
    """An aggregator over the integers from one bound to another: float64[B]; NaN if a term or a bound is undefined."""
    term = expression.arguments[0]
    first, last = (evaluate(bound, batch) for bound in expression.arguments[1:])
    first, last = np.broadcast_arrays(np.atleast_1d(floats.ceil(first)), np.atleast_1d(floats.floor(last)))
    length = last - first + 1
    valid = length <= MOST_TERMS  # false for NaN
    fold = AGGREGATORS[expression.operator].fold
    combine = {"max": np.maximum, "min": np.minimum, "sum": np.add}[fold]
    result: Any = np.full(first.shape, {"max": -np.inf, "min": np.inf, "sum": 0.0}[fold])
    inner: dict[int, Any] = {}
    for step in range(int(np.max(length, where=valid, initial=0.0))):
        value = evaluate(term, batch, Place({"k": first + step}, inner=inner))
        result = np.where(step < length, combine(result, value), result)
    empty = (length < 1) & (fold != "sum")
    return np.where(valid & ~empty, result, np.nan)


AGGREGATE: dict[str, Callable[[Expression, Batch], Any]] = {
    "vertex": over_vertices, "edge": over_edges, "index": over_indices,
}  # fmt: skip
