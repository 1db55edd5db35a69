"""What a search on graphs maximises: the score of a conjecture's formula, or a function that the user registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrl.registry import RewardEntry

from . import formulas, rewards
from .batch import GraphBatch
from .functions import functions, registered


@dataclass(frozen=True)
class Objective:
    """`score` float64[B] of a batch; `formula` is empty for a function, whose scores have no proof."""

    name: str
    formula: str
    minimum_order: int
    score: Callable[[GraphBatch], NDArray[np.float64]]


def objective(reward: str) -> Objective:
    """The objective that a word names: a registered function, a conjecture of the catalogue, or a formula."""
    function = registered(reward)
    if function is not None:
        return Objective(function.name, "", 2, lambda batch: function(batch.adjacency))
    found = rewards.resolve(reward)
    least = found.entry.minimum_order if found.entry else 2
    return Objective(found.name, found.conjecture.text, least, lambda batch: formulas.score(found.conjecture, batch))


def listing() -> list[RewardEntry]:
    """Every conjecture of the catalogue and every registered function, for `mathrl list rewards`."""
    known = [
        RewardEntry(one.id, one.statement, f"{one.status}, {one.as_of}", one.aliases)
        for one in rewards.catalogue().values()
    ]
    return known + [RewardEntry(one.name, one.sentence, "function") for one in functions()]


def statement(config: Any) -> list[str]:
    """The problem as it was read: what is claimed, of which graphs, what each name means, and where it is searched."""
    where = {"word": "graphs", "tree": "trees"}[config.moves]
    searched = f"searched: {where} on {config.n} vertices, labelled 0..{config.n - 1}"
    function = registered(config.reward)
    if function:
        return [f"maximise {function.name}: {function.sentence}", searched]
    found = rewards.resolve(config.reward)
    lines = formulas.read_back(found.conjecture)
    if found.entry:
        known = f"known: {found.entry.status} (as of {found.entry.as_of}); {found.entry.source}"
        lines = [f"{found.entry.id}: {found.entry.statement}", *lines, known]
    return [*lines, searched]
