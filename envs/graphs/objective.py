"""What a search on graphs maximises: the score of a conjecture's formula, or a function that the user registered."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrl.errors import MathrlError, canonical
from mathrl.registry import RewardEntry

from . import formulas, rewards
from .batch import GraphBatch

Floats = NDArray[np.float64]
_functions: dict[str, Function] = {}


@dataclass(frozen=True)
class Function:
    """A registered reward: `takes` is "graph" (networkx.Graph -> float) or "batch" (uint8[B, n, n] -> float64[B])."""

    name: str
    function: Callable[..., Any]
    takes: str

    def score(self, batch: GraphBatch) -> Floats:
        """float64[B]; MathrlError if the function fails or returns something else than numbers."""
        try:
            if self.takes == "batch":
                values = np.asarray(self.function(batch.adjacency.copy()), np.float64)
            else:
                import networkx  # type: ignore[import-untyped]

                graphs = (networkx.from_numpy_array(adjacency) for adjacency in batch.adjacency)
                values = np.array([float(self.function(graph)) for graph in graphs])
        except Exception as error:  # the user's own code may raise anything
            raise MathrlError(f"the reward '{self.name}' failed: {type(error).__name__}: {error}") from error
        if values.shape != (len(batch),):
            raise MathrlError(f"the reward '{self.name}' returned shape {values.shape} for {len(batch)} graphs")
        return np.where(np.isnan(values), -np.inf, values)


@dataclass(frozen=True)
class Objective:
    """`score` float64[B] of a batch; `formula` is empty for a function, whose scores have no proof."""

    name: str
    formula: str
    minimum_order: int
    score: Callable[[GraphBatch], Floats]


def objective(reward: str) -> Objective:
    """The objective that a word names: a registered function, a conjecture of the catalogue, or a formula."""
    function = _functions.get(canonical(reward))
    if function is not None:
        return Objective(function.name, "", 2, function.score)
    found = rewards.resolve(reward)
    least = found.entry.minimum_order if found.entry else 2

    def score(batch: GraphBatch) -> Floats:
        return formulas.score(found.conjecture, batch)

    return Objective(found.name, found.conjecture.text, least, score)


def registered(reward: str) -> Function | None:
    """The function of that name, if one was registered."""
    return _functions.get(canonical(reward))


def register(name: str, function: Callable[..., Any]) -> None:
    """What `@mathrl.reward("graphs", name)` calls: the annotation of the one parameter says what it takes."""
    if canonical(name) in {canonical(entry.name) for entry in listing() if entry.status != "function"}:
        raise MathrlError(f"the reward '{name}' exists already in the catalogue; choose another name")
    parameters = list(inspect.signature(function).parameters.values())
    if len(parameters) != 1:
        raise MathrlError(
            f"the reward '{name}' takes one graph or one batch of adjacency matrices, not {len(parameters)} arguments"
        )
    annotation = str(parameters[0].annotation)
    batched = "NDArray" in annotation or "ndarray" in annotation
    if not batched and "Graph" not in annotation:
        raise MathrlError(
            f"say what the reward '{name}' takes: annotate its argument with networkx.Graph, or with NDArray[np.uint8] "
            "for a batch of adjacency matrices"
        )
    _functions[canonical(name)] = Function(name, function, "batch" if batched else "graph")


def listing() -> list[RewardEntry]:
    """Every conjecture of the catalogue and every registered function."""
    known = [
        RewardEntry(one.id, one.statement, f"{one.status}, {one.as_of}", one.aliases)
        for one in rewards.catalogue().values()
    ]
    own = [
        RewardEntry(one.name, (one.function.__doc__ or "a function").strip().split("\n")[0], "function")
        for one in _functions.values()
    ]
    return known + own


def statement(config: Any) -> list[str]:
    """The problem as it was read: what is claimed, of which graphs, what each name means, and where it is searched."""
    where = {"word": "graphs", "tree": "trees"}[config.moves]
    searched = f"searched: {where} on {config.n} vertices, labelled 0..{config.n - 1}"
    function = registered(config.reward)
    if function:
        return [f"maximise {function.name}: {(function.function.__doc__ or 'a registered function').strip()}", searched]
    found = rewards.resolve(config.reward)
    lines = formulas.read_back(found.conjecture)
    if found.entry:
        known = f"known: {found.entry.status} (as of {found.entry.as_of}); {found.entry.source}"
        lines = [f"{found.entry.id}: {found.entry.statement}", *lines, known]
    return [*lines, searched]
