"""Bench: agents on the same instances, at equal seconds and at equal evaluations, over several seeds.

Every agent gets one run a seed and kind of limit, as long as the largest limit of that kind; smaller limits are read
off its history, so that one row of the table never depends on which others were asked for.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
import math
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mathrl import registry, settings
from mathrl.budget import Limit
from mathrl.checkpoint import write_atomically
from mathrl.errors import MathrlError
from mathrl.runs import machine
from mathrl.session import Options, Outcome, solve_setup
from mathrl.setup import is_run_folder, read_words


@dataclass(frozen=True)
class Trial:
    """One agent with one seed up to one limit: best value of each instance, whether solved, and what it took.

    `values` has -inf for an instance without a solution. `solved` means all instances, and a hit is when the last was.
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


@dataclass(frozen=True)
class Row:
    """A line of the table: interquartile mean of the values over seeds and instances with a 95 % bootstrap interval."""

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


@dataclass
class Table:
    """The result of a bench, with the command that repeats it."""

    command: str
    rows: list[Row]
    trials: list[Trial]
    machine: dict[str, Any] = field(default_factory=machine)

    HEADINGS = (
        "agent",
        "at",
        "seeds",
        "value (IQM)",
        "95 % interval",
        "best",
        "solved",
        "hit: evaluations",
        "hit: seconds",
        "evaluations/s",
    )

    def cells(self) -> list[tuple[str, ...]]:
        """The table as text, one tuple a row."""
        return [
            (
                row.agent, row.at, str(row.seeds), _number(row.value), f"{_number(row.low)} .. {_number(row.high)}",
                _number(row.best), row.solved, _count(row.hit_evaluations),
                "-" if row.hit_seconds is None else f"{row.hit_seconds:.3g}", _count(row.evaluations_per_s),
            )
            for row in self.rows
        ]  # fmt: skip

    def to_text(self) -> str:
        """The table for a terminal."""
        lines = [self.HEADINGS, *self.cells()]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.HEADINGS))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        )

    def to_markdown(self) -> str:
        lines = [f"| {' | '.join(line)} |" for line in (self.HEADINGS, *self.cells())]
        return "\n".join([lines[0], "|" + "---|" * len(self.HEADINGS), *lines[1:], "", f"`{self.command}`", ""])

    def to_csv(self) -> str:
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(Row.__dataclass_fields__))
        writer.writeheader()
        writer.writerows(asdict(row) for row in self.rows)
        return text.getvalue()

    def to_json(self) -> str:
        content = {
            "command": self.command,
            "rows": [asdict(row) for row in self.rows],
            "trials": [asdict(trial) for trial in self.trials],
            "machine": self.machine,
        }
        return json.dumps(_json(content), indent=1)

    def to_pandas(self) -> Any:
        """A pandas DataFrame of the rows; ImportError without pandas, which is not a dependency."""
        return importlib.import_module("pandas").DataFrame([asdict(row) for row in self.rows])

    def save(self, folder: Path) -> None:
        """Write table.md, table.csv and table.json into a folder."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for form, text in (("md", self.to_markdown()), ("csv", self.to_csv()), ("json", self.to_json() + "\n")):
                write_atomically(folder / f"table.{form}", text.encode())
        except OSError as error:
            raise MathrlError(f"cannot write the tables to {folder}: {error.strerror or error}") from None

    def __repr__(self) -> str:
        return self.to_text()


def bench(
    env: str,
    *words: str,
    at: str | Sequence[str] = "10s",
    train_seeds: str | Sequence[int] = "0..4",
    on: str = "",
    workers: str | int = 1,
    device: str = "auto",
    quiet: bool = True,
    **knobs: Any,
) -> Table:
    """Compare agents (`"cem"`, `"cem:mode=tabular"`, a run folder) on one family; the other words are settings of it.

    `at`: limits like "10s" or "100k-evals"; `train_seeds`: "0..4" or a list.
    """
    limits = [Limit.parse(text) for text in (at.split(",") if isinstance(at, str) else at) if text]
    if not limits:
        raise MathrlError("--at needs at least one limit, as in 10s or 100k-evals")
    seeds = _seeds(train_seeds) if isinstance(train_seeds, str) else list(train_seeds)
    agents, common = _agents(env, words)
    if not agents:
        for word in common:  # a word that is no reward was meant as an agent
            if not settings.is_setting(word) and not settings.is_formula(word):
                read_words(env, [word], knobs)
        raise MathrlError("say which agents to compare, as in: mathrl bench graphs cem random")
    instances = on.split(",") if on else []
    setups = {
        name: read_words(
            env,
            [*common, *instances, *(word if "." in word.split("=")[0] else f"agent.{word}" for word in own)],
            knobs,
            agent=agent,
        )
        for name, (agent, own) in agents.items()
    }
    trials = []
    for kind in dict.fromkeys(limit.kind for limit in limits):
        some = [limit for limit in limits if limit.kind == kind]
        longest = max(some, key=lambda limit: limit.amount)
        for seed in seeds:
            for name, setup in setups.items():
                if not quiet:
                    print(f"mathrl: bench  {name}  seed {seed}  to {longest.text}", flush=True, file=sys.stderr)
                options = Options(longest.text, "solved", seed, workers, device)
                outcome = solve_setup(setup, options)
                trials += [_trial(name, limit, seed, outcome) for limit in some]
    rows = [
        _row(name, limit, [trial for trial in trials if (trial.agent, trial.at) == (name, limit.text)])
        for limit in limits
        for name in setups
    ]
    said = [
        "mathrl",
        "bench",
        env,
        *words,
        "--at",
        ",".join(limit.text for limit in limits),
        "--train-seeds",
        ",".join(map(str, seeds)),
    ]
    said += [f"env.{name}={settings.show(value)}" for name, value in knobs.items()] + (["--on", on] if on else [])
    return Table(shlex.join(said), rows, trials)


def _agents(env: str, words: Sequence[str]) -> tuple[dict[str, tuple[str, list[str]]], list[str]]:
    """The agents NAME[:key=value,...] by their label with their own settings, and the words common to all."""
    agents: dict[str, tuple[str, list[str]]] = {}
    common: list[str] = []
    family = registry.find_env(env)
    for word in words:
        name, _, own = word.partition(":")
        if settings.is_setting(word) or settings.is_formula(word):
            common.append(word)
            continue
        if not name or not is_run_folder(name):
            try:
                registry.find_agent(name, family.name)
            except MathrlError:
                if own or family.rewards is None:
                    raise
                common.append(word)
                continue
        agents[word] = (name, [part for part in re.split(r",(?=[a-z][\w.-]*=)", own) if part])
    return agents, common


def _seeds(text: str) -> list[int]:
    """`0..4` or `0,3,7`."""
    try:
        if ".." in text:
            first, last = text.split("..")
            seeds = list(range(int(first), int(last) + 1))
        else:
            seeds = [int(part) for part in text.split(",")]
        if not seeds or min(seeds) < 0:
            raise ValueError
    except ValueError:
        raise MathrlError(f"'{text}' is not a list of seeds; write 0..4 or 0,3,7") from None
    return seeds


def _trial(name: str, limit: Limit, seed: int, outcome: Outcome) -> Trial:
    """What a run had reached at a limit that is not beyond its own."""
    clock = 1 if limit.kind == "seconds" else 0
    within = [[find for find in finds if find[clock] <= limit.amount] for finds in outcome.history]
    values = [finds[-1][2] if finds else -math.inf for finds in within]
    solved = outcome.reason == "solved" and all(map(len, within)) and [*map(tuple, within)] == [*outcome.history]
    hit = [finds[-1] for finds in within] if solved else []
    end = next((end for end in outcome.ends if end[clock] >= limit.amount), (outcome.evaluations, outcome.seconds))
    return Trial(
        name, limit.text, seed, values, solved, end[0], round(end[1], 6),
        max((find[0] for find in hit), default=None), max((find[1] for find in hit), default=None),
    )  # fmt: skip


def _row(name: str, limit: Limit, trials: list[Trial]) -> Row:
    values = np.array([value for trial in trials for value in trial.values])
    low, high = bootstrap(values)
    return Row(
        name, limit.text, len(trials), interquartile_mean(values), low, high, float(values.max()),
        f"{sum(trial.solved for trial in trials)}/{len(trials)}",
        _median([trial.hit_evaluations for trial in trials]), _median([trial.hit_seconds for trial in trials]),
        sum(trial.evaluations for trial in trials) / max(sum(trial.seconds for trial in trials), 1e-9),
    )  # fmt: skip


def interquartile_mean(values: np.typing.NDArray[np.float64]) -> float:
    """The mean of the middle half, float64[N], with fractional weights at its ends; -inf if a -inf is in it."""
    order = np.sort(values)
    positions = np.arange(len(order) + 1) / len(order)
    weights = np.clip(np.minimum(positions[1:], 0.75) - np.maximum(positions[:-1], 0.25), 0, None)
    inside = weights > 0
    return float(np.sum(order[inside] * weights[inside]) / weights.sum())


def bootstrap(values: np.typing.NDArray[np.float64], draws: int = 2000) -> tuple[float, float]:
    """A 95 % percentile interval of the interquartile mean; the same values give the same interval."""
    rng = np.random.default_rng(0)
    means = [interquartile_mean(values[rng.integers(len(values), size=len(values))]) for _ in range(draws)]
    low, high = np.percentile(means, [2.5, 97.5], method="nearest")
    return float(low), float(high)


def _median(hits: list[Any]) -> float | None:
    """The median time to a hit, unsolved runs counted as longer than any; None if half did not get there."""
    ordered = sorted(math.inf if hit is None else float(hit) for hit in hits)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return middle if math.isfinite(middle) else None


def _number(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "-inf"


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _json(thing: Any) -> Any:
    """-inf and NaN as null, all the way down."""
    if isinstance(thing, dict):
        return {key: _json(value) for key, value in thing.items()}
    if isinstance(thing, list):
        return [_json(value) for value in thing]
    return None if isinstance(thing, float) and not math.isfinite(thing) else thing
