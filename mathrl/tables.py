"""The table of a bench: trials, the rows that sum them up, their text, and the curves."""

from __future__ import annotations

import csv
import importlib
import io
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrl.checkpoint import write_atomically
from mathrl.curves import Curve, draw
from mathrl.errors import MathrlError
from mathrl.intervals import bootstrap, interquartile_mean, mean_interval
from mathrl.runs import machine

PASS = "pass"  # the limit of an agent that plays each instance once


@dataclass(frozen=True)
class Trial:
    """One agent with one seed up to one limit: best value of each instance, whether solved, and what it took.

    `values` has -inf for an instance without a solution. `solved` means all instances, and a hit is when the last was.
    `checked` is the number of instances whose solutions were verified, `refused` what was not accepted of them.
    """

    agent: str
    at: str
    seed: int
    values: list[float]
    solved: bool
    evaluations: int
    seconds: float
    hit_evaluations: int | None
    hit_seconds: float | None
    checked: int = 1
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A line of the table, over seeds and instances: `value` is the interquartile mean, `low` and `high` its interval.

    Intervals are 95 % bootstrap intervals. `difference` is the mean of value minus the reference's on the same
    instance; `ratio`, `wins`, `ties` and `losses` are against the reference too. What is not finite is None. The means
    of single seeds lie between `seed_low` and `seed_high` with the median `seed_median`. `evaluations` and `seconds`
    are for all instances together, on the average over seeds.
    """

    agent: str
    at: str
    seeds: int
    value: float
    low: float
    high: float
    best: float
    solved: str
    hit_evaluations: float | None  # median over seeds, counting the unsolved as infinite; None: not reached by half
    hit_seconds: float | None
    evaluations_per_s: float
    instances: int
    mean: float
    sd: float | None  # over instances; of one instance over seeds
    seed_low: float
    seed_median: float
    seed_high: float
    ratio: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    wins: int
    ties: int
    losses: int
    evaluations: float
    seconds: float


def row(trials: list[Trial], reference: list[Trial]) -> Row:
    """The line of the trials of one agent at one limit."""
    values, theirs = (np.array([trial.values for trial in some]) for some in (trials, reference))
    low, high = bootstrap(values)
    seeds, (wins, ties, losses) = _means(values), _compared(values, theirs)
    evaluations, seconds = (sum(getattr(trial, name) for trial in trials) for name in ("evaluations", "seconds"))
    difference, interval = _difference(values, theirs)
    return Row(
        trials[0].agent, trials[0].at, len(trials), interquartile_mean(values.ravel()), low, high, float(values.max()),
        f"{sum(trial.solved for trial in trials)}/{len(trials)}",
        _median([trial.hit_evaluations for trial in trials]), _median([trial.hit_seconds for trial in trials]),
        evaluations / max(seconds, 1e-9), values.shape[1], float(np.mean(values)), _deviation(values),
        float(seeds.min()), float(np.median(seeds)), float(seeds.max()), _ratio(values, theirs), difference, *interval,
        wins, ties, losses, evaluations / len(trials), seconds / len(trials),
    )  # fmt: skip


def _means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    means: NDArray[np.float64] = values.mean(axis=1)
    return means


def _deviation(values: NDArray[np.float64]) -> float | None:
    """The standard deviation over instances (root mean square over seeds), or over the seeds of a single instance."""
    table = values if values.shape[1] > 1 else values.T
    if table.shape[1] < 2 or not np.isfinite(table).all():
        return None
    return float(np.sqrt(table.var(axis=1, ddof=1).mean()))


def _paired(values: NDArray[np.float64], theirs: NDArray[np.float64]) -> NDArray[np.float64]:
    """The reference's values beside float64[S, I]: of the same seed if both have as many, else the mean over seeds."""
    return theirs if len(theirs) == len(values) else np.broadcast_to(theirs.mean(axis=0), values.shape)


def _compared(values: NDArray[np.float64], theirs: NDArray[np.float64]) -> tuple[int, int, int]:
    """On how many pairs of seed and instance it is better than the reference, equal, and worse."""
    other = _paired(values, theirs)
    return int((values > other).sum()), int((values == other).sum()), int((values < other).sum())


def _difference(
    values: NDArray[np.float64], theirs: NDArray[np.float64]
) -> tuple[float | None, tuple[float | None, float | None]]:
    if not (np.isfinite(values).all() and np.isfinite(theirs).all()):
        return None, (None, None)
    gaps = values - _paired(values, theirs)
    return float(gaps.mean()), mean_interval(gaps)


def _ratio(values: NDArray[np.float64], theirs: NDArray[np.float64]) -> float | None:
    """Mean over mean; None where a mean of both signs makes no sense."""
    mine, other = float(values.mean()), float(theirs.mean())
    return mine / other if math.isfinite(mine) and math.isfinite(other) and mine * other > 0 else None


def _median(hits: list[Any]) -> float | None:
    """The median time to a hit, unsolved runs counted as longer than any; None if half did not get there."""
    ordered = sorted(math.inf if hit is None else float(hit) for hit in hits)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return middle if math.isfinite(middle) else None


@dataclass
class Table:
    """The result of a bench, with the command that repeats it; `cost` is what minus the value counts, if anything."""

    command: str
    rows: list[Row]
    trials: list[Trial]
    curves: list[Curve] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cost: str = ""
    reference: str = ""
    machine: dict[str, Any] = field(default_factory=machine)

    @property
    def columns(self) -> list[tuple[str, Callable[[Row], str]]]:
        """Headings with what stands below: of searches for one object, or of costs over many instances."""
        one = all(row.instances == 1 for row in self.rows) and not self.cost
        return _of_searches() if one else self._of_instances()

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(heading for heading, _ in self.columns)

    def cells(self) -> list[tuple[str, ...]]:
        """The table as text, one tuple a row."""
        columns = self.columns
        return [tuple(show(row) for _, show in columns) for row in self.rows]

    def _of_instances(self) -> list[tuple[str, Callable[[Row], str]]]:
        """Means over instances, against the reference, and what an instance took."""
        sign, name = (-1, self.cost) if self.cost else (1, "value")
        solved = any(trial.solved for trial in self.trials)

        def interval(low: float | None, high: float | None) -> str:
            ends = sorted(sign * end for end in (low, high) if end is not None)
            return " .. ".join(map(_figure, ends)) or "-"

        def seeds(row: Row) -> str:
            spread = interval(row.seed_low, row.seed_high)
            return f"{row.seeds}" if row.seeds == 1 else f"{row.seeds} ({spread})"

        def against(row: Row) -> str:
            if row.difference is None or row.agent == self.reference:
                return "-"
            return f"{_figure(sign * row.difference)} ({interval(row.difference_low, row.difference_high)})"

        columns: list[tuple[str, Callable[[Row], str]]] = [
            ("agent", lambda row: row.agent),
            ("at", lambda row: row.at),
            (f"{name} (mean)", lambda row: _figure(sign * row.mean)),
            ("sd", lambda row: "-" if row.sd is None else _figure(row.sd)),
            ("IQM", lambda row: _figure(sign * row.value)),
            ("95 % interval of IQM", lambda row: interval(row.low, row.high)),
            ("seeds", seeds),
            ("ratio", lambda row: "-" if row.ratio is None else f"{row.ratio:.3f}"),
            ("difference", against),
            ("wins/ties/losses", lambda row: f"{row.wins}/{row.ties}/{row.losses}"),
        ]
        if solved:
            columns.append(("solved", lambda row: row.solved))
        return [
            *columns,
            ("evaluations", lambda row: f"{row.evaluations / row.instances:,.1f}"),
            ("ms", lambda row: f"{1000 * row.seconds / row.instances:.3g}"),
        ]

    def to_text(self) -> str:
        """The table for a terminal, with its notes below."""
        lines = [self.headings, *self.cells()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        ]
        return "\n".join([*text, *([""] if self.remarks else []), *self.remarks])

    @property
    def remarks(self) -> list[str]:
        """What stands below the table: notes, and solutions that the verifier refused."""
        return [*self.notes, *(f"error: {error}" for error in self.errors)]

    @property
    def errors(self) -> list[str]:
        """What the verifier refused, a sentence for each trial where it did."""
        return [
            f"{trial.agent}, seed {trial.seed}: the verifier did not accept a result: {trial.refused[0]}"
            + (f" (and {len(trial.refused) - 1} more)" if len(trial.refused) > 1 else "")
            for trial in {(trial.agent, trial.seed): trial for trial in self.trials if trial.refused}.values()
        ]

    def to_markdown(self) -> str:
        headings = self.headings
        lines = [f"| {' | '.join(line)} |" for line in (headings, *self.cells())]
        below = [part for remark in self.remarks for part in (remark, "")]
        return "\n".join([lines[0], "|" + "---|" * len(headings), *lines[1:], "", *below, f"`{self.command}`", ""])

    def to_csv(self) -> str:
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(Row.__dataclass_fields__))
        writer.writeheader()
        writer.writerows(asdict(row) for row in self.rows)
        return text.getvalue()

    def to_json(self) -> str:
        content = {
            "command": self.command,
            "cost": self.cost,
            "reference": self.reference,
            "rows": [asdict(row) for row in self.rows],
            "trials": [asdict(trial) for trial in self.trials],
            "curves": [asdict(curve) for curve in self.curves],
            "notes": self.notes,
            "errors": self.errors,
            "machine": self.machine,
        }
        return json.dumps(_json(content), indent=1)

    def to_pandas(self) -> Any:
        """A pandas DataFrame of the rows; ImportError without pandas, which is not a dependency."""
        return importlib.import_module("pandas").DataFrame([asdict(row) for row in self.rows])

    def save(self, folder: Path) -> list[Path]:
        """Write table.md, table.csv, table.json and curves.png into a folder."""
        texts = {"md": self.to_markdown(), "csv": self.to_csv(), "json": self.to_json() + "\n"}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for form, text in texts.items():
                write_atomically(folder / f"table.{form}", text.encode())
            drawn = draw(self.curves, self.cost, folder / "curves.png")
        except OSError as error:
            raise MathrlError(f"cannot write the tables to {folder}: {error.strerror or error}") from None
        return [*(folder / f"table.{form}" for form in texts), drawn]

    def __repr__(self) -> str:
        return self.to_text()


def _of_searches() -> list[tuple[str, Callable[[Row], str]]]:
    """How good, how often and how soon."""
    return [
        ("agent", lambda row: row.agent),
        ("at", lambda row: row.at),
        ("seeds", lambda row: str(row.seeds)),
        ("value (IQM)", lambda row: _number(row.value)),
        ("95 % interval", lambda row: f"{_number(row.low)} .. {_number(row.high)}"),
        ("best", lambda row: _number(row.best)),
        ("solved", lambda row: row.solved),
        ("hit: evaluations", lambda row: _count(row.hit_evaluations)),
        ("hit: seconds", lambda row: "-" if row.hit_seconds is None else f"{row.hit_seconds:.3g}"),
        ("evaluations/s", lambda row: _count(row.evaluations_per_s)),
    ]


def _number(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "inf" if value > 0 else "-inf"


def _figure(value: float) -> str:
    """A mean or a difference of costs, never with an exponent."""
    if not math.isfinite(value):
        return _number(value)
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.2f}".replace("-0.00", "0.00")


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _json(thing: Any) -> Any:
    """-inf and NaN as null, all the way down."""
    if isinstance(thing, dict):
        return {key: _json(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [_json(value) for value in thing]
    return None if isinstance(thing, float) and not math.isfinite(thing) else thing
