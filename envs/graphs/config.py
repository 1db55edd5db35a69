"""The settings of the family: what is to be violated, on how many vertices, and by which moves graphs are built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mathrl.settings import knob

DEFAULT_ORDER = 19


@dataclass(frozen=True)
class GraphConfig:
    reward: str = knob("wagner-2.1", "a conjecture of the catalogue, a formula, or a registered function")
    n: int | None = knob(
        None, f"number of vertices (grow: the most); none: {DEFAULT_ORDER}, or the orders that refute tries", 2, 1000
    )
    class_: str = knob("any", "search only here: a class and hypotheses, such as 'tree' or 'bipartite, Delta <= 4'")
    moves: Literal["word", "tree", "branch", "set", "flip", "linear", "local-set", "local-flip", "grow"] = knob(
        "word", "how graphs are made: pair by pair, as trees, by edits of a start graph, or by growth"
    )
    order: Literal["row", "column"] = knob("row", "word, linear: the order of the pairs; column is graph6's")
    rewards: Literal["sparse", "difference"] = knob(
        "sparse", "edits and growth: the score at the end, or its change after every step"
    )
    start: str = knob(
        "none", "edits, growth: empty, complete, cycle, path, star, tree, random, graph6; none: empty, tree"
    )
    steps: int | None = knob(None, "edits: steps an episode, none: one a pair; grow: edges added, none: env.n", 1)
    stop_on_hit: bool = knob(True, "difference: the first positive score ends the episode")
    keep: bool = knob(False, "flip: also offer, for each pair, to leave it as it is")
    stay_connected: bool = knob(False, "flip: bridges may not be removed")
    mode: Literal["tree", "connected"] = knob("connected", "grow: trees only, or also edges between old vertices")
    slots: int = knob(6, "branch: kinds of branches", 1, 30)

    @property
    def vertices(self) -> int:
        """The number of vertices, or the default where none was set."""
        return DEFAULT_ORDER if self.n is None else self.n
