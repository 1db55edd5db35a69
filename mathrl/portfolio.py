"""What a family tells a portfolio solver: which agents to run on which settings, and how to make a find smaller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mathrl.solution import Solution


@dataclass(frozen=True)
class Stage:
    """One agent with its settings and the work it may do; `label` says in words what is searched.

    `smaller` gives the stages that look for less than a solution that was found. Only where the stage's objects are
    all those of the problem (`whole`) is its best one optimal.
    """

    agent: str
    words: tuple[str, ...]
    evaluations: int
    smaller: Callable[[Solution], list[Stage]] | None = None
    whole: bool = False
    label: str = ""

    def __str__(self) -> str:
        return " ".join((self.agent, *self.words))
