"""Rewards that are Python functions: registered by `@mathrl.reward("graphs", name)`; their scores have no proof."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrl.errors import MathrlError, canonical

from .rewards import words


@dataclass(frozen=True)
class Function:
    """A registered reward: `batched` ones take uint8[B, n, n] and give float64[B], others networkx.Graph -> float."""

    name: str
    function: Callable[..., Any]
    batched: bool

    @property
    def sentence(self) -> str:
        """The first line of its docstring."""
        return (self.function.__doc__ or "a registered function").strip().splitlines()[0]

    def __call__(self, adjacency: NDArray[np.uint8]) -> NDArray[np.float64]:
        """uint8[B, n, n] -> float64[B], NaN read as -inf; MathrlError if the function fails or returns no numbers."""
        try:
            if self.batched:
                values = np.asarray(self.function(adjacency.copy()), np.float64)
            else:
                import networkx  # type: ignore[import-untyped]

                values = np.array([float(self.function(networkx.from_numpy_array(one))) for one in adjacency])
        except Exception as error:  # the user's own code may raise anything
            raise MathrlError(f"the reward '{self.name}' failed: {type(error).__name__}: {error}") from error
        if values.shape != (len(adjacency),):
            raise MathrlError(f"the reward '{self.name}' returned shape {values.shape} for {len(adjacency)} graphs")
        return np.where(np.isnan(values), -np.inf, values)


_functions: dict[str, Function] = {}


def register(name: str, function: Callable[..., Any]) -> None:
    """Add a reward; the annotation of its one parameter says whether it takes a graph or a batch."""
    if canonical(name) in words():
        raise MathrlError(f"the reward '{name}' exists already in the catalogue; choose another name")
    parameters = list(inspect.signature(function).parameters.values())
    if len(parameters) != 1:
        raise MathrlError(f"the reward '{name}' must take one argument, a graph or a batch, not {len(parameters)}")
    annotation = str(parameters[0].annotation)
    batched = "NDArray" in annotation or "ndarray" in annotation
    if not batched and "Graph" not in annotation:
        raise MathrlError(
            f"say what the reward '{name}' takes: annotate its argument with networkx.Graph, or with NDArray[np.uint8] "
            "for a batch of adjacency matrices"
        )
    _functions[canonical(name)] = Function(name, function, batched)


def registered(reward: str) -> Function | None:
    """The function of that name, if there is one."""
    return _functions.get(canonical(reward))


def functions() -> list[Function]:
    """Every registered function."""
    return list(_functions.values())
