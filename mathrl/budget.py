"""Budgets: how long a search may go on, in wall seconds after compilation or in evaluations."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mathrl.env import Meter
from mathrl.errors import MathrlError


@dataclass(frozen=True)
class Limit:
    """One limit: `kind` is "seconds" or "evaluations"."""

    kind: str
    amount: float
    text: str

    @staticmethod
    def parse(text: str) -> Limit:
        """`60s`, `5m`, `2h`, `500`, `200k-evals`, `1e6-evals`; MathrlError otherwise."""
        match = re.fullmatch(
            r"(\d+(?:\.\d*)?(?:e\d+)?)(k|m)?-?(evals?|evaluations)|(\d+(?:\.\d*)?(?:e\d+)?)(s|m|min|h)?",
            text.strip().lower(),
        )
        if not match:
            raise MathrlError(
                f"'{text}' is not a budget; write seconds like 60s, 5m, 2h, or evaluations like 200k-evals"
            )
        count, scale, unit, seconds, clock = match.groups()
        if unit:
            return Limit("evaluations", float(count) * {"k": 1e3, "m": 1e6, None: 1}[scale], text)
        return Limit("seconds", float(seconds) * {"s": 1, "m": 60, "min": 60, "h": 3600, None: 1}[clock], text)


class Budget:
    """What is left to spend; `spent` turns true at the limit, when solved (if asked), or after `stop`.

    Agents read `spent` between generations only, so that a run's numbers do not depend on the clock. `within` is the
    budget of the run that this one is a part of.
    """

    def __init__(self, limit: Limit | None = None, until_solved: bool = False, within: Budget | None = None) -> None:
        self.limit, self.until_solved, self.within = limit, until_solved, within
        self.solved = False
        self.signal: int | None = None
        self._meter = Meter()
        self._begun: float | None = None
        self._before = 0.0

    def start(self, meter: Meter, seconds: float = 0.0) -> None:
        """Start the clock; `seconds` were spent before, by the run that is being continued."""
        self._meter, self._before, self._begun = meter, seconds, time.monotonic()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count the seconds spent inside: compilation that comes late."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self._before -= time.monotonic() - begun

    def stop(self, signal: int) -> None:
        """Ask for an end at the next generation."""
        self.signal = signal

    @property
    def seconds(self) -> float:
        """Wall seconds spent."""
        return self._before + (0.0 if self._begun is None else time.monotonic() - self._begun)

    @property
    def evaluations(self) -> int:
        return self._meter.evaluations

    @property
    def exhausted(self) -> bool:
        """Whether the limit itself is reached."""
        return self.limit is not None and getattr(self, self.limit.kind) >= self.limit.amount

    @property
    def spent(self) -> bool:
        return self.urgent or (self.until_solved and self.solved) or self.exhausted

    @property
    def urgent(self) -> bool:
        """Whether to break off at once: a signal came, or the seconds of this budget, or of one around it, are over."""
        over = self.limit is not None and self.limit.kind == "seconds" and self.exhausted
        return self.signal is not None or over or (self.within is not None and self.within.urgent)

    @property
    def affordable(self) -> float:
        """The evaluations that the seconds left allow at the rate so far: where one step could overshoot by far.

        A limit of evaluations cuts nothing short, so that numbers do not depend on it and a run can be continued.
        """
        mine = math.inf
        if self.limit is not None and self.limit.kind == "seconds" and self.evaluations:
            mine = (self.limit.amount - self.seconds) * self.evaluations / max(self.seconds, 1e-3)
        return max(0.0, mine if self.within is None else min(mine, self.within.affordable))

    @property
    def fraction(self) -> float | None:
        """The part spent, in [0, 1]; None without a limit."""
        return None if self.limit is None else min(1.0, getattr(self, self.limit.kind) / max(self.limit.amount, 1e-9))
