"""Hostile review: two bugs of 30e1b62, each reproduced there by a script with the same ideals; mended in 18d047a."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mathrl.envs.buchberger import record
from mathrl.envs.buchberger.config import BuchbergerConfig
from mathrl.envs.buchberger.env import Buchberger
from mathrl.envs.buchberger.ideals import Ideal
from mathrl.envs.buchberger.instances import instances
from mathrl.envs.buchberger.memory import Memory

ROW = np.zeros(1, np.int64)


def high() -> Ideal:
    """Two generators in two variables whose degrees need 14 bits."""
    return Ideal.from_terms(
        "high",
        ["x", "y"],
        32003,
        [[(1, (5000, 0)), (1, (0, 4000))], [(1, (4000, 1000)), (3, (2, 7))]],
    )


def wide() -> Ideal:
    """Five quadrics in thirty variables."""

    def monomial(*variables: int) -> tuple[int, ...]:
        return tuple(int(v in variables) for v in range(30))

    return Ideal.from_terms(
        "wide", [f"x{v}" for v in range(30)], 32003, [[(1, monomial(j, j + 1)), (2, monomial(j + 2))] for j in range(5)]
    )


@pytest.mark.parametrize("begun", ["in one arena", "in another"])
def test_records_survive_ideals_of_more_variables(begun: str) -> None:
    """`record.common` took min(cap, 127) where n differs, and so cut degrees that the rows already hold."""
    env = Buchberger(1, BuchbergerConfig())
    alone, both = env.resized(1), env.resized(2)
    alone.begin(ROW, [high()])
    if begun == "in one arena":
        both.begin(ROW, [high()])
        both.begin(ROW + 1, [wide()])
    else:
        both.begin(ROW + 1, [wide()])
        both.copy(ROW, ROW, alone)
    alone.play(ROW, "degree")
    both.play(np.arange(2), "degree")
    assert both.score(ROW) == alone.score(ROW)


@pytest.mark.parametrize("sizes", [(2000, 2000, 5000, 4000), (10, 8, 10, 8)])
def test_random_play_does_not_depend_on_the_capacities(sizes: Any) -> None:
    """`episodes.play` returned the generator's state after the draw of a step that did not fit: the retry drew anew."""
    env, words = Buchberger(1, BuchbergerConfig()), np.arange(1, 21, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)

    def scores(layout: record.Layout) -> list[float]:
        found = []
        for k, ideal in enumerate(instances("3-20-10-weighted:20@7")):
            arena = env.resized(1)
            arena.memory = Memory(1, layout)
            arena.begin(ROW, [ideal])
            arena.play(ROW, "random", words[k : k + 1])
            found.append(float(arena.score(ROW)[0]))
        return found

    assert scores(record.make_layout(3, 1)) == scores(record.make_layout(3, 1, *sizes))
