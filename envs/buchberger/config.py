"""The settings of Buchberger's algorithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mathrl.settings import knob

REWARDS = ("additions", "reductions", "monomial-additions")


@dataclass(frozen=True)
class BuchbergerConfig:
    distribution: str = knob("3-20-10-weighted", "what ideals are drawn: n-d-s-KIND, n-d-s-LAMBDA-KIND, or a system")
    reward: Literal["additions", "reductions", "monomial-additions"] = knob("additions", "what a pair costs")
    elimination: Literal["gm", "lcm", "none"] = knob("gm", "superfluous pairs: Gebauer-Moeller, coprime leads, or none")
    sort_reducers: bool = knob(True, "reducers in ascending order of their leads, or in order of insertion")
    sort_input: bool = knob(False, "generators in ascending order of their leads, or as they are given")
    observation: Literal["features", "raw"] = knob(
        "features", "raw: exponents of the leading terms; features: and more"
    )
    k: int = knob(2, "leading terms of each polynomial in an observation", 1, 100)
    n: int = knob(0, "variables in an observation; 0: those of the distribution", 0, 1000)
    width: int = knob(256, "pairs at most in Gymnasium's fixed-width observations", 1, 100000)
