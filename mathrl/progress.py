"""Progress on the terminal: a bar with best, evaluations/s and time left; a plain line every 30 s elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any

from mathrl.budget import Budget

PLAIN_SECONDS = 30.0
REFRESH_SECONDS = 0.2


class Progress:
    """Shown on stderr, so that what a command prints can be piped."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.live = sys.stderr.isatty()
        self._due = time.monotonic() + (0.5 if self.live else PLAIN_SECONDS)
        self._bar: Any = None
        self._task: Any = None

    def update(self, best: float | None, budget: Budget) -> None:
        """Called after each generation; cheap unless something is due."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + (REFRESH_SECONDS if self.live else PLAIN_SECONDS)
        rate = budget.evaluations / max(budget.seconds, 1e-9)
        text = f"best {'none' if best is None else f'{best:.6g}'}  {budget.evaluations:,} evaluations  {rate:,.0f}/s"
        if not self.live:
            print(f"mathrl: {self.title}  {text}  {budget.seconds:.0f} s", file=sys.stderr, flush=True)
            return
        if self._bar is None:
            self._start()
        fraction = budget.fraction
        self._bar.update(
            self._task, description=text, total=None if fraction is None else 1.0, completed=fraction or 0.0
        )

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (SpinnerColumn(), TextColumn(self.title), BarColumn(20), TextColumn("{task.description}"))
        self._bar = Bar(
            *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True
        )
        self._bar.start()
        self._task = self._bar.add_task("", total=1.0)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
