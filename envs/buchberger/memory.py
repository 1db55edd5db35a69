"""The rows' memory: records of one layout, which grows or widens when a record does not fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .kernels import moving
from .record import DEGREE, FITS, MORE_TERMS, Layout, common, larger, make_layout, pack_for, scratch_size

Words = NDArray[np.uint64]


class Memory:
    """Records uint64[rows, layout.size], scratch space; `run` repeats a kernel until all fits."""

    def __init__(self, rows: int, layout: Layout) -> None:
        self.rows = np.zeros((0, 0), np.uint64)
        self._take(layout, rows)

    def _take(self, layout: Layout, rows: int) -> None:
        self.layout = layout
        self.one = (np.uint64(0),) * layout.words
        self.work = np.zeros(scratch_size(layout), np.uint64)
        self.rows = np.zeros((rows, layout.size), np.uint64)

    def resize(self, layout: Layout) -> None:
        """Move every record to another layout, which must hold them."""
        if layout == self.layout:
            return
        old, rows, unit = self.layout, self.rows, self.one
        every = np.arange(len(rows))
        self._take(layout, len(rows))
        moving.move_rows(rows, every, self.rows, every, old, layout, unit, self.one)

    def fit(self, n: int, degree: int) -> None:
        """Make room for n variables and degrees to `degree`."""
        if n > self.layout.n or degree > self.layout.cap:
            n, degree = max(n, self.layout.n), max(degree, self.degree)
            sizes = {name: getattr(self.layout, name) for name in ("elements", "pairs", "terms", "steps")}
            self.resize(make_layout(n, pack_for(n, degree, self.layout.words), **sizes))

    @property
    def degree(self) -> int:
        """A bound of all degrees in the records: an lcm's is at most twice a lead's."""
        return 2 * int(self.rows[:, DEGREE].max(initial=0))

    def run(self, kernel: Callable[..., Any], *arguments: Any, at: int = 0) -> int:
        """Call kernel(rows, ..., layout, work, one) from position `at` on, growing until all fits.

        A kernel gets the position after the records and returns (position reached, answer) and, if it counts work, the
        additions made; their sum is returned.
        """
        spent = 0
        while True:
            at, answer, *made = kernel(self.rows, at, *arguments, self.layout, self.work, self.one)
            spent += made[0] if made else 0
            if answer == FITS:
                return spent
            self.resize(larger(self.layout, answer))

    def grow_terms(self) -> None:
        """Make room for more terms."""
        self.resize(larger(self.layout, MORE_TERMS))

    def copy_from(self, other: Memory, source: NDArray[np.int64], target: NDArray[np.int64]) -> None:
        """Rows `source` of another memory (or this one) into rows `target`."""
        if other.layout == self.layout:
            moving.copy_rows(other.rows, source, self.rows, target, self.layout, self.one)
            return
        self.resize(common(self.layout, other.layout, max(self.degree, other.degree)))
        moving.move_rows(other.rows, source, self.rows, target, other.layout, self.layout, other.one, self.one)
