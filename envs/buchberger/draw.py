"""Pictures of runs of Buchberger's algorithm: how high the pairs are, which were in vain, and what they cost.

Above, the degree of the least common multiple of each processed pair against the step, grey and hollow where the pair
reduced to zero; below, the cost so far. The strategies degree and normal run thinly behind, on the same ideal.
"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from mathrl.errors import MathrlError
from mathrl.pictures import svg_text, write
from mathrl.solution import check_record

from .referee import Allowance, Claim, Refused, read
from .replay import Replay, order
from .verify import QUICK_WORK

INK, GREY, PAPER = "#22313f", "#8b95a0", "#ffffff"
COLOURS = ("#0072b2", "#d55e00", "#cc79a7", "#56b4e9", "#b39400", "#000000")  # Okabe and Ito, the yellow darker
BEHIND = {"degree": ("#e69f00", (0, (4, 1.5))), "normal": ("#009e73", (0, (1, 1.2)))}  # colour and dashes
UNITS = {"additions": "additions", "reductions": "pairs", "monomial-additions": "monomial additions"}
WIDTH = 6.4  # of a picture, in inches
CELL, MOST_CELLS, MOST_OVERLAID = 2.9, 24, len(COLOURS)  # of an overlay: inches, ideals, solutions of one ideal
COMPARED_WORK = 4 * 10**6  # operations on monomials that a strategy may take, a few seconds


@dataclass(frozen=True)
class Course:
    """One run: a name, and for each step the degree of the pair's lcm, its cost, and whether it reduced to zero."""

    name: str
    degrees: list[int]
    costs: list[int]
    zero: list[bool]

    @property
    def total(self) -> int:
        return sum(self.costs)

    @property
    def steps(self) -> range:
        """The numbers of the steps, from 1."""
        return range(1, len(self.costs) + 1)

    @property
    def paid(self) -> list[int]:
        """The cost so far, 0 at the start."""
        return [0, *accumulate(self.costs)]


def draw(record: Mapping[str, Any], path: Path) -> Path:
    """Write the picture of a record to path, as PNG or SVG by its suffix, and return the path."""
    return write(picture(record), Path(path))


def svg(record: Mapping[str, Any]) -> str:
    """The picture of a record as SVG, the same text for the same record."""
    return svg_text(picture(record))


def overlay(records: Sequence[Mapping[str, Any]], path: Path) -> Path:
    """Write solutions of one ideal into one picture, or the first 24 ideals side by side, to path; return the path."""
    ideals: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        ideals.setdefault(identity(record), []).append(record)
    groups = list(ideals.values())
    figure = together(groups[0]) if len(groups) == 1 else multiples(groups[:MOST_CELLS], len(groups))
    return write(figure, Path(path))


# ------------------------------------------------------------------------------------------------- what is drawn


def claim_of(record: Mapping[str, Any]) -> Claim:
    """The parts of a record, each of the right kind; MathrlError if one is not."""
    check_record(dict(record))
    try:
        return read(record)
    except Refused as fault:
        raise MathrlError(f"this record cannot be drawn: {fault}") from None


def identity(record: Mapping[str, Any]) -> str:
    """What the solutions of one ideal in one reward share: the ring, the generators, the reward."""
    claim = claim_of(record)
    return json.dumps([claim.n, claim.field, record["solution"]["F"], claim.reward])


def follow(claim: Claim, name: str, pairs: Sequence[tuple[int, int]]) -> Course:
    """The run of a record's pairs; MathrlError if they cannot be processed in that order."""
    try:
        state = Replay(claim.generators, claim.field, **claim.settings, spend=Allowance(claim.n, QUICK_WORK))
        return processed(state, name, claim.reward, iter(pairs))
    except Refused as fault:
        raise MathrlError(f"this record cannot be drawn: {fault}") from None


def strategy(claim: Claim, name: str) -> Course | None:
    """The run of the strategy degree or normal on the same ideal; None if it takes too long."""
    spend = Allowance(claim.n, COMPARED_WORK)
    try:
        state = Replay(claim.generators, claim.field, **claim.settings, spend=spend)
        return processed(state, name, claim.reward, choices(state, name, spend))
    except Refused:
        return None


def choices(state: Replay, name: str, spend: Allowance) -> Iterator[tuple[int, int]]:
    """The pairs that degree or normal takes from the state as it is each time, until none is pending."""
    known: dict[tuple[int, int], tuple[int, ...]] = {}
    while state.P:
        spend(len(state.P), 0)
        for pair in state.P:
            if pair not in known:
                lcm = state.lcm(*pair)
                known[pair] = (sum(lcm),) if name == "degree" else order(lcm)
        yield min(state.P, key=known.__getitem__)


def processed(state: Replay, name: str, reward: str, pairs: Iterator[tuple[int, int]]) -> Course:
    """The course of processing pairs one after another."""
    degrees: list[int] = []
    costs: list[int] = []
    zero: list[bool] = []
    for pair in pairs:
        if pair not in state.P:
            raise Refused(f"step {len(costs) + 1} processes the pair {pair}, which is not pending")
        degrees.append(sum(state.lcm(*pair)))
        outcome = state.step(*pair)
        costs.append(outcome.cost(reward))
        zero.append(outcome.terms == 0)
    return Course(name, degrees, costs, zero)


# ------------------------------------------------------------------------------------------------- one ideal


def picture(record: Mapping[str, Any]) -> Figure:
    """The figure of one solution: its pairs above, the cost so far below, two strategies behind."""
    claim = claim_of(record)
    own = follow(claim, agent_of(record), claim.pairs)
    return panels(claim, title_of(record, claim), [own])


def together(records: Sequence[Mapping[str, Any]]) -> Figure:
    """The figure of several solutions of one ideal, the first ones in colours."""
    claim = claim_of(records[0])
    shown = records[:MOST_OVERLAID]
    names = distinct_names([agent_of(record) for record in shown])
    own = [follow(claim_of(record), name, claim_of(record).pairs) for record, name in zip(shown, names, strict=True)]
    more = f", {len(shown)} of {len(records)} solutions" if len(records) > len(shown) else ""
    return panels(claim, title_of(records[0], claim) + more, own)


def panels(claim: Claim, title: str, own: Sequence[Course]) -> Figure:
    """Two axes over one another; one course in detail, or several as lines."""
    found = {name: strategy(claim, name) for name in BEHIND}
    behind = [course for course in found.values() if course is not None]
    late = [name for name, course in found.items() if course is None]
    unit = UNITS[claim.reward]
    heading = textwrap.wrap(title, 60, max_lines=2, placeholder=" ...")
    entries = legend(own, behind, unit)
    rows = math.ceil(len(entries) / 2)
    top = 0.22 + 0.24 * len(heading) + 0.21 * rows
    height = top + 3.0 + 1.75 + 0.6
    figure = Figure(figsize=(WIDTH, height), dpi=160, facecolor=PAPER)
    for place, line in enumerate(heading):
        y = 1 - (0.14 + 0.24 * place) / height
        figure.text(0.5, y, line, ha="center", va="top", size=12, color=INK, weight="bold", parse_math=False)
    left, wide = 0.84 / WIDTH, 1 - 1.02 / WIDTH
    words = figure.legend(
        handles=entries, loc="upper center", bbox_to_anchor=(0.5, 1 - (0.16 + 0.24 * len(heading)) / height),
        ncols=2, frameon=False, fontsize=8.5, labelcolor=INK, handlelength=2.2, columnspacing=2.4, borderpad=0,
    )  # fmt: skip
    plain(words)
    upper = figure.add_axes((left, (1.75 + 0.7) / height, wide, 2.9 / height))
    lower = figure.add_axes((left, 0.52 / height, wide, 1.75 / height), sharex=upper)
    for course in behind:
        colour, dashes = BEHIND[course.name]
        upper.plot(course.steps, course.degrees, color=colour, linestyle=dashes, linewidth=0.9, alpha=0.8, zorder=1)
        cost_line(lower, course, colour, dashes, 1.2)
    for colour, course in zip(COLOURS, own, strict=False):
        degree_marks(upper, course, colour, len(own) > 1)
        cost_line(lower, course, colour, "-", 2.2 if len(own) == 1 else 1.6)
    if late:
        note = f"{' and '.join(late)} left out: too long to replay here"
        lower.text(0.99, 0.04, note, transform=lower.transAxes, ha="right", size=7.5, color=GREY)
    finish(upper, "degree of the pair's lcm")
    finish(lower, f"{unit} so far")
    every = [degree for course in [*own, *behind] for degree in course.degrees] or [1]
    upper.set_ylim(max(0.0, min(every) - 1.5), max(every) + 1.5)
    lower.set_ylim(bottom=0)
    upper.tick_params(labelbottom=False)
    lower.set_xlabel("pairs processed", size=9, color=INK)
    longest = max(len(course.costs) for course in [*own, *behind])
    upper.set_xlim(-0.02 * longest, 1.03 * max(longest, 1))
    if not longest:
        upper.text(0.5, 0.5, "no pair is pending at the start", transform=upper.transAxes, ha="center", color=GREY)
    return figure


def degree_marks(axes: Axes, course: Course, colour: str, several: bool) -> None:
    """The degrees of a run's pairs: filled for new elements, hollow for zero; with a line if not alone."""
    size = min(max(1800 / max(len(course.costs), 1), 9.0), 34.0 if not several else 18.0)
    if several:
        axes.plot(course.steps, course.degrees, color=colour, linewidth=1.0, alpha=0.4, zorder=2)
    kept = [k for k, zero in enumerate(course.zero) if not zero]
    lost = [k for k, zero in enumerate(course.zero) if zero]
    axes.scatter(
        [k + 1 for k in lost], [course.degrees[k] for k in lost], s=size, facecolors=PAPER,
        edgecolors=colour if several else GREY, linewidths=1.2 if size > 12 else 0.8, zorder=3,
    )  # fmt: skip
    axes.scatter(
        [k + 1 for k in kept], [course.degrees[k] for k in kept], s=size, color=colour, linewidths=0, zorder=4,
    )  # fmt: skip


def cost_line(axes: Axes, course: Course, colour: str, dashes: Any, width: float) -> None:
    """The cost so far as steps, with a dot where the run ends."""
    axes.plot(
        range(len(course.paid)), course.paid, color=colour, linestyle=dashes, linewidth=width, drawstyle="steps-post"
    )
    axes.plot([len(course.costs)], [course.total], marker="o", markersize=2 + width, color=colour)


def legend(own: Sequence[Course], behind: Sequence[Course], unit: str) -> list[Line2D]:
    """What each line and mark means, with the totals."""

    def mark(face: str, edge: str, words: str) -> Line2D:
        return Line2D([], [], linestyle="", marker="o", markersize=5.5, color=face, markeredgecolor=edge, label=words)

    entries = [
        Line2D([], [], color=colour, linewidth=2.2, label=f"{course.name}: {course.total:,} {unit}")
        for colour, course in zip(COLOURS, own, strict=False)
    ]
    for course in behind:
        colour, dashes = BEHIND[course.name]
        words = f"{course.name} strategy: {course.total:,} {unit}"
        entries.append(Line2D([], [], color=colour, linestyle=dashes, linewidth=1.3, label=words))
    if len(own) == 1:
        kept, zeros = own[0].zero.count(False), own[0].zero.count(True)
        return [
            *entries,
            mark(COLOURS[0], PAPER, f"new element ({kept:,} pairs)"),
            mark(PAPER, GREY, f"reduced to zero ({zeros:,} pairs)"),
        ]
    return [*entries, mark(INK, PAPER, "new element"), mark(PAPER, INK, "reduced to zero")]


def plain(words: Legend) -> None:
    """Dollar signs in names are dollar signs."""
    for text in words.get_texts():
        text.set_parse_math(False)


def finish(axes: Axes, label: str) -> None:
    """Whole numbers, light grid, no box."""
    axes.set_ylabel(label, size=9, color=INK)
    axes.tick_params(labelsize=8, colors=INK, length=3)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.grid(color="#e3e7eb", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GREY)


# ------------------------------------------------------------------------------------------------- several ideals


def multiples(groups: Sequence[Sequence[Mapping[str, Any]]], total: int) -> Figure:
    """The figure of ideals out of `total` in rows, each with the cost so far of its solutions and of degree."""
    columns = max(2, min(math.ceil(math.sqrt(len(groups))), 4))
    rows = math.ceil(len(groups) / columns)
    tall, pitch, top = 1.75, 2.5, 0.8
    width, height = columns * (CELL + 0.55) + 0.25, top + rows * pitch + 0.02
    figure = Figure(figsize=(width, height), dpi=160, facecolor=PAPER)
    count = f"{len(groups)} of {total} ideals" if total > len(groups) else f"{total} ideals"
    heading = f"{count}: cost so far against pairs processed"
    figure.text(0.5, 1 - 0.14 / height, heading, ha="center", va="top", size=12, color=INK, weight="bold")
    words = "solid: solutions, with their totals      dashed: the strategy degree"
    figure.text(0.5, 1 - 0.42 / height, words, ha="center", va="top", size=9, color=INK)
    for place, records in enumerate(groups):
        row, column = divmod(place, columns)
        left, floor = 0.6 + column * (CELL + 0.55), height - top - row * pitch - 0.28 - tall
        axes = figure.add_axes(
            (left / width, floor / height, (CELL - 0.1) / width, tall / height), gid=f"ideal-{place + 1}"
        )
        cell(axes, records)
    return figure


def cell(axes: Axes, records: Sequence[Mapping[str, Any]]) -> None:
    """One ideal of several: its name and unit above, totals in the free corner."""
    claim, shown = claim_of(records[0]), records[:MOST_OVERLAID]
    behind = strategy(claim, "degree")
    lines: list[tuple[str, Any, str]] = []
    if behind is not None:
        cost_line(axes, behind, *BEHIND["degree"], 1.2)
        lines.append((*BEHIND["degree"], f"degree strategy: {behind.total:,}"))
    names = distinct_names([agent_of(record) for record in shown])
    for colour, record, name in zip(COLOURS, shown, names, strict=False):
        course = follow(claim_of(record), name, claim_of(record).pairs)
        cost_line(axes, course, colour, "-", 1.6)
        lines.append((colour, "-", f"{name}: {course.total:,}"))
    finish(axes, "")
    axes.tick_params(labelsize=7)
    title = textwrap.shorten(title_of(records[0], claim), 40, placeholder=" ...")
    axes.set_title(title, size=8.5, color=INK, weight="bold", parse_math=False, loc="left", pad=5)
    axes.set_ylim(0, 1.08 * max(axes.get_ylim()[1], 1))
    handles = [Line2D([], [], color=colour, linestyle=dashes, label=words) for colour, dashes, words in lines]
    words = axes.legend(
        handles=handles, loc="lower right", fontsize=6.8, labelcolor=INK, handlelength=1.8, borderpad=0.3,
        frameon=True, framealpha=0.85, edgecolor="none", labelspacing=0.25,
    )  # fmt: skip
    plain(words)


# ------------------------------------------------------------------------------------------------- words


def agent_of(record: Mapping[str, Any]) -> str:
    """Who found it, in one short word."""
    return textwrap.shorten(" ".join(str(record.get("agent") or "solution").split()), 24, placeholder="...")


def distinct_names(names: Sequence[str]) -> list[str]:
    """The same names, numbered where one occurs twice."""
    return [
        f"{name} {names[: place + 1].count(name)}" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]


def title_of(record: Mapping[str, Any], claim: Claim) -> str:
    """The ideal's name, or its size."""
    name = " ".join(str(record.get("id") or "").split())
    count = len(claim.generators)
    return name or f"{count} generator{'s' * (count != 1)} in {claim.n} variable{'s' * (claim.n != 1)}"
