"""Anytime curves: the best value so far, on the average over instances, against evaluations and seconds an instance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

POINTS = 200  # of a curve, at most

Steps = tuple[NDArray[np.float64], NDArray[np.float64]]  # x ascending float64[K], value from x on float64[K]


@dataclass(frozen=True)
class Curve:
    """The mean best value over seeds and instances: `value[k]` from `x[k]` evaluations or seconds an instance."""

    agent: str
    clock: str  # "evaluations" or "seconds"
    x: list[float]
    value: list[float]


def anytime(finds: Sequence[Sequence[tuple[float, float]]], end: float) -> Steps:
    """The mean over instances of the best so far, of (x, value) of each one's new bests; begins where all have one."""
    if not finds or not all(finds):
        return np.zeros(0), np.zeros(0)
    x = np.array([find[0] for some in finds for find in some], np.float64)
    gains = np.concatenate([np.diff([0.0, *(find[1] for find in some)]) for some in finds])
    order = np.argsort(x, kind="stable")
    total = np.cumsum(gains[order]) / len(finds)
    begins = max(some[0][0] for some in finds)
    last = np.append(np.flatnonzero(np.diff(x[order])), len(x) - 1)  # of those at the same x
    keep = last[x[order][last] >= begins]
    return np.append(x[order][keep], max(end, x.max())), np.append(total[keep], total[-1])


def mean_curve(agent: str, clock: str, seeds: Sequence[Steps]) -> Curve | None:
    """The mean over seeds, from where all have a value; None if one never has."""
    if not seeds or not all(len(x) and np.isfinite(value).all() for x, value in seeds):
        return None
    if all(len(x) == 1 for x, _ in seeds):
        return Curve(
            agent, clock, [float(np.mean([x[0] for x, _ in seeds]))], [float(np.mean([y[0] for _, y in seeds]))]
        )
    every = np.unique(np.concatenate([x for x, _ in seeds]))
    every = every[every >= max(x[0] for x, _ in seeds)]
    if len(every) > POINTS:
        every = every[np.unique(np.linspace(0, len(every) - 1, POINTS).astype(np.int64))]
    values = [value[np.searchsorted(x, every, side="right") - 1] for x, value in seeds]
    return Curve(agent, clock, every.tolist(), np.mean(values, axis=0).tolist())


def draw(curves: Sequence[Curve], cost: str, file: Path) -> Path:
    """Draw the curves into a PNG file; an agent that plays once is a point, its value a dotted line."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    sign = -1 if cost else 1
    for place, clock in enumerate(("evaluations", "seconds"), 1):
        axes = figure.add_subplot(1, 2, place)
        shown = [curve for curve in curves if curve.clock == clock]
        for curve in shown:
            x, values = np.maximum(curve.x, 1e-9), np.multiply(sign, curve.value)
            once = len(x) == 1
            (line,) = axes.step(x, values, where="post", label=curve.agent, marker="o" if once else None)
            if once:
                axes.axhline(values[0], color=line.get_color(), linestyle=":", linewidth=1)
        axes.set_xlabel(f"{clock} an instance")
        axes.set_ylabel(cost or "best value")
        if shown:
            axes.set_xscale("log")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right upper", fontsize="small")
    figure.savefig(file, dpi=150)
    return file
