"""What a search on graphs maximises: the score of a conjecture's formula, or a function that the user registered."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mathrl.errors import MathrlError
from mathrl.registry import RewardEntry

from . import rewards
from .evaluation import score
from .formulas import Comparison, Conjecture, read_back
from .functions import functions, registered
from .reading import read_prefix

if TYPE_CHECKING:
    from .batch import GraphBatch
    from .config import GraphConfig


@dataclass(frozen=True)
class Objective:
    """`score` float64[B] of a batch; `formula` is empty for a function, whose scores have no proof."""

    name: str
    formula: str
    minimum_order: int
    score: Callable[[GraphBatch], NDArray[np.float64]]
    conjecture: Conjecture | None = None  # None for a function
    maximum_order: float = math.inf

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that the graphs have to be in."""
        return self.conjecture.graph_class if self.conjecture else ("any",)


def objective(reward: str, narrower: str = "any") -> Objective:
    """The objective that a word names: a registered function, a conjecture of the catalogue, or a formula.

    `narrower` is a class with hypotheses outside which a formula's score is -inf too.
    """
    function = registered(reward)
    if function is not None:
        if narrower != "any":
            raise MathrlError("env.class narrows a formula; a function says itself which graphs it is about")
        return Objective(function.name, "", 2, lambda batch: function(batch.adjacency))
    found = rewards.resolve(reward)
    conjecture = narrowed(found.conjecture, narrower)
    least, most = orders(conjecture)
    return Objective(found.name, found.conjecture.text, least, lambda batch: score(conjecture, batch), conjecture, most)


MIRRORED = str.maketrans("<>", "><")


def orders(conjecture: Conjecture) -> tuple[int, float]:
    """The least and the greatest order that the hypotheses on n alone leave: at least 2, and perhaps without end."""
    least, most = 2.0, math.inf
    for one in conjecture.hypotheses:
        for name, operator, bound in (
            (one.left, one.operator, one.right.value),
            (one.right, one.operator.translate(MIRRORED), one.left.value),
        ):
            if name.value != "n" or not isinstance(bound, Fraction):
                continue
            if operator in (">=", ">", "=="):
                least = max(least, math.floor(bound) + 1 if operator == ">" else math.ceil(bound))
            if operator in ("<=", "<", "=="):
                most = min(most, math.ceil(bound) - 1 if operator == "<" else math.floor(bound))
    return int(least), most


def narrowed(conjecture: Conjecture, narrower: str) -> Conjecture:
    """The conjecture about fewer graphs: those of the class, and with the hypotheses, in `narrower` as well."""
    classes, hypotheses = read_prefix(narrower, 0)
    kept = tuple(dict.fromkeys(one for one in (*conjecture.graph_class, *classes) if one != "any")) or ("any",)
    return replace(conjecture, graph_class=kept, hypotheses=(*conjecture.hypotheses, *hypotheses))


def listing() -> list[RewardEntry]:
    """Every conjecture of the catalogue and every registered function, for `mathrl list rewards`."""
    known = [
        RewardEntry(one.id, one.statement, f"{one.status}, {one.as_of}", one.aliases)
        for one in rewards.catalogue().values()
    ]
    return known + [RewardEntry(one.name, one.sentence, "function") for one in functions()]


def statement(config: GraphConfig) -> list[str]:
    """The problem as it was read: what is claimed, of which graphs, what each name means, and where it is searched.

    A formula is also checked on all graphs with up to 7 vertices.
    """
    from .sanity import sanity  # and so flint, which a listing does without

    function = registered(config.reward)
    if function:
        return [f"maximise {function.name}: {function.sentence}", searched(config)]
    found = rewards.resolve(config.reward)
    lines = [*read_back(found.conjecture), *sanity(found.conjecture).lines(), *excluded(found.conjecture, config)]
    if found.entry:
        lines = [f"{found.entry.id}: {found.entry.statement}", *lines, *known(found.entry)]
    if config.class_ != "any":
        lines.append(f"searched only in the class: {config.class_}")
    return [*lines, searched(config)]


def searched(config: GraphConfig) -> str:
    """Where the search looks."""
    trees = config.moves in ("tree", "branch") or (config.moves == "grow" and config.mode == "tree")
    what = "trees" if trees else "graphs"
    most = "up to " if config.moves == "grow" else ""
    if config.n is None:
        return f"searched: {what} on {most}{config.vertices} vertices (env.n), unless the agent chooses the orders"
    return f"searched: {what} on {most}{config.n} vertices, labelled 0..{config.n - 1}"


def known(entry: rewards.Entry) -> list[str]:
    """What was known of a conjecture of the catalogue, and when."""
    lines = [f"known: {entry.status} (as of {entry.as_of}); {entry.source}"]
    if entry.smallest_known:
        more = f"; {entry.minimality}" if entry.minimality else ""
        lines.append(f"smallest known counterexample: {entry.smallest_known} vertices{more}")
    return lines + ([f"note: {entry.status_note}"] if entry.status_note else [])


def excluded(conjecture: Conjecture, config: GraphConfig) -> list[str]:
    """A warning if a hypothesis on n alone excludes the order that is searched."""
    if config.n is None or config.moves == "grow":
        return []
    from .enclosing import GraphValues

    order = GraphValues([[]] * config.n)
    return [
        f"WARNING: the hypothesis {one} excludes n = {config.n}, so nothing can be found"
        for one in conjecture.hypotheses
        if names_of(one) == {"n"} and not order.holds(one)
    ]


def names_of(comparison: Comparison) -> set[str]:
    """The invariants in a comparison."""
    parts = [*comparison.left.parts(), *comparison.right.parts()]
    return {str(part.value) for part in parts if part.operator == "invariant"}
