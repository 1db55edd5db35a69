"""Graphs that are to violate a conjecture: what all moves share, and which class makes which moves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from importlib import import_module
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from mathrl.env import SearchEnv
from mathrl.errors import MathrlError
from mathrl.solution import Solution

from .batch import GraphBatch
from .config import GraphConfig
from .graph6 import encode
from .objective import MIRRORED, Objective, objective
from .scoring import THRESHOLD

if TYPE_CHECKING:
    from .exhaustion import Chunk


class GraphEnv(SearchEnv):
    """Graphs on vertices 0..n-1 that are to violate a conjecture.

    The score of a graph is positive exactly when it is a counterexample and -inf when it is outside the conjecture's
    class. Gymnasium's face shows -inf as -(n + 1). A score above `solved_above` is a hit; an objective, where larger is
    always better, has none.
    """

    Config = GraphConfig
    one_problem = True
    config: GraphConfig
    objective: Objective

    def prepare(self) -> None:
        self.objective = objective(self.config.reward, self.config.class_)
        self.n = order_of(self.config)
        self.penalty = -float(self.n + 1)
        conjecture = self.objective.conjecture
        self.solved_above = np.inf if conjecture is None or conjecture.claim is None else THRESHOLD
        least = self.objective.minimum_order
        if self.n < least:
            raise MathrlError(f"{self.objective.name} is stated for n >= {least}; env.n={self.n} is too small")

    def evaluate(self, batch: GraphBatch) -> NDArray[np.float64]:
        """The scores float64[R] of a batch, -inf where there is none; every graph counts as an evaluation."""
        values = self.objective.score(batch)
        self.meter.evaluations += len(batch)
        return np.where(np.isnan(values), -np.inf, values)

    def everything(self, most: int | None = None) -> Iterator[Chunk]:
        """Every graph of the problem up to isomorphism, scored (see exhaustion.py)."""
        from .exhaustion import everything

        return everything(self, most)

    def found(self, adjacency: NDArray[np.uint8], value: float) -> Solution:
        """The solution that a graph uint8[n, n] is."""
        formula = self.objective.formula
        graph = {"graph6": encode(adjacency)}
        return Solution("graphs", self.objective.name, value, {**graph, "formula": formula} if formula else graph)


def least_girth(aim: Objective) -> int:
    """What no cycle of the conjecture's graphs is shorter than, by its class or its hypotheses on girth; at least 3."""
    if aim.conjecture is None:
        return 3
    least = 4 if "triangle-free" in aim.classes else 3
    for hypothesis in aim.conjecture.hypotheses:
        sides = (hypothesis.left, hypothesis.right)
        operator = hypothesis.operator
        if sides[1].value == "girth":
            sides, operator = sides[::-1], operator.translate(MIRRORED)
        bound = sides[1].value
        if sides[0].value == "girth" and operator in (">", ">=", "==") and isinstance(bound, Fraction):
            least = max(least, math.floor(bound) + 1 if operator == ">" else math.ceil(bound))
    return least


def order_of(config: GraphConfig) -> int:
    """The number of vertices: env.n, else the default, or what the conjecture needs at least."""
    least = objective(config.reward, config.class_).minimum_order
    return config.vertices if config.n is not None else max(config.vertices, least)


MOVES = {
    "word": "letters.WordGraphs", "girth": "letters.GirthWords", "tree": "letters.TreeGraphs",
    "branch": "branches.BranchGraphs",
    "set": "edits.SetGraphs", "flip": "edits.FlipGraphs", "linear": "edits.LinearGraphs",
    "local-set": "edits.LocalSetGraphs", "local-flip": "edits.LocalFlipGraphs", "grow": "growth.GrowGraphs",
}  # fmt: skip


def environment(config: GraphConfig) -> type[GraphEnv]:
    """The class for the moves of a config; words of graphs without short cycles have a class of their own."""
    short = config.moves == "word" and least_girth(objective(config.reward, config.class_)) > 3
    module, _, name = MOVES["girth" if short else config.moves].partition(".")
    return cast("type[GraphEnv]", getattr(import_module(f".moves.{module}", __package__), name))
