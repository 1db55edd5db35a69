"""The speed of Buchberger's algorithm: part of `make bench`, one thread, process time, least of several repetitions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

import mathrl
from mathrl.env import Streams

Row = tuple[str, str, str]  # what, measured, goal
DISTRIBUTIONS = ("3-20-10-weighted", "3-20-10-uniform", "3-20-10-maximum", "3-8-4-0.5-weighted", "3-5-4-1.0-uniform")
PARSED = "3-20-10-weighted:1000"


def least(function: Callable[[], object], times: int = 7) -> float:
    """The least CPU seconds of a call."""
    spent = []
    for _ in range(times):
        begun = time.process_time()
        function()
        spent.append(time.process_time() - begun)
    return min(spent)


def drawn(word: str, general: bool = False) -> tuple[mathrl.SearchEnv, mathrl.SearchEnv, np.ndarray]:
    """Rows at the start of fresh ideals, and as many rows to play in; `general` forbids the engine for binomials."""
    from mathrl.envs.buchberger.instances import instances
    from mathrl.envs.buchberger.record import BINOMIAL

    ideals = instances(word)
    start = mathrl.make_env("buchberger", len(ideals))
    rows = np.arange(len(ideals))
    start.begin(rows, ideals)
    if general:
        start.memory.rows[:, BINOMIAL] = 0
    return start, start.resized(len(ideals)), rows


def buchberger() -> Iterator[Row]:
    """Pairs a second of whole episodes, by strategy, distribution and engine; observations; nested search."""
    from mathrl.envs.buchberger.record import STEPS

    for distribution in DISTRIBUTIONS:
        for general in (False, True) if "." not in distribution else (False,):
            start, arena, rows = drawn(f"{distribution}:1000", general)
            said = []
            for strategy in ("degree", "normal", "sugar", "truedegree", "entropy"):
                arena.copy(rows, rows, start)
                arena.play(rows, strategy)
                pairs = int(arena.memory.rows[:, STEPS].sum())

                def episode(strategy: str = strategy, arena=arena, start=start, rows=rows) -> None:
                    arena.copy(rows, rows, start)
                    arena.play(rows, strategy)

                copying = least(lambda arena=arena, start=start, rows=rows: arena.copy(rows, rows, start))
                said.append(f"{strategy} {(least(episode) - copying) / pairs * 1e6:.3f}")
            engine = "general engine" if general or "." in distribution else "binomial engine"
            goal = {"binomial engine": "degree <= 0.5", "general engine": "degree <= 0.7"}[engine]
            yield f"{distribution}, {engine}: microseconds a pair", ", ".join(said), "" if "." in distribution else goal
    yield from observing()
    yield from searching()


def observing() -> Iterator[Row]:
    """What a step costs with its observation."""
    start, _, rows = drawn(PARSED)
    pairs = int(start.counts(rows).sum())
    start.observe_packed(rows)
    yield (
        "observation `features`: microseconds a pair shown",
        f"{least(lambda: start.observe_packed(rows)) / pairs * 1e6:.2f}",
        "",
    )
    start.baseline(rows)
    yield (
        "baseline (degree and truedegree from a fresh ideal): microseconds",
        f"{least(lambda: start.baseline(rows)) * 1e3:.0f}",
        "",
    )


def searching() -> Iterator[Row]:
    """Nested Monte Carlo search on the simulator, against the strategy degree on the same ideals."""
    start, arena, rows = drawn("3-20-10-weighted:50")
    arena.copy(rows, rows, start)
    arena.play(rows, "degree")
    degree, best = -arena.score(rows), np.full(len(rows), np.inf)
    arena.copy(rows, rows, start)
    arena.nested(rows, Streams.of(0, len(rows)).words())
    begun = time.process_time()
    for number in range(100):
        arena.copy(rows, rows, start)
        arena.nested(rows, Streams.of(number + 1, len(rows)).words())
        best = np.minimum(best, -arena.score(rows))
    spent = (time.process_time() - begun) / len(rows)
    yield (
        "nested x100, weighted, 50 ideals: additions / those of degree",
        f"{best.mean() / degree.mean():.3f}",
        "<= 0.35",
    )
    yield "  milliseconds an ideal", f"{spent * 1e3:.0f}", "<= 200"


def against_sympy() -> Iterator[Row]:
    """Whole ideals against sympy's groebner(method="buchberger"), which also interreduces."""
    from sympy import Poly, groebner, symbols

    start, arena, rows = drawn("3-20-10-weighted:20")
    arena.copy(rows, rows, start)
    arena.play(rows, "degree")

    def ours() -> None:
        arena.copy(rows, rows, start)
        arena.play(rows, "degree")
        for row in rows:
            arena.solution(int(row))

    x = symbols("x1:4")
    ideals = [
        [Poly({tuple(e): c for c, e in f}, *x, modulus=ideal.field) for f in ideal.generators()]
        for ideal in start.ideals
    ]

    def theirs() -> None:
        for ideal in ideals:
            groebner(ideal, *x, order="grevlex", method="buchberger", modulus=32003)

    ours()
    yield (
        "sympy's seconds / ours, reduced basis and record included, 20 weighted ideals",
        f"{least(theirs, 1) / least(ours):.0f}",
        "",
    )
