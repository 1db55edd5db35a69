"""What the command line prints of a run's outcome and of single solutions."""

from __future__ import annotations

import os
import sys
from statistics import fmean
from typing import TYPE_CHECKING, Any

from mathrl import verbs
from mathrl.errors import MathrlError
from mathrl.registry import find_env

if TYPE_CHECKING:
    from mathrl.session import Outcome
    from mathrl.verbs import Shown

LINES = 40  # instances that are shown one by one


def report(outcome: Outcome, as_json: bool, quiet: bool) -> None:
    """What came of a run, and what to try next."""
    if as_json:
        for solution in outcome.solutions:
            print(solution.line())
    else:
        print()
        if len(outcome.solutions) == 1:
            print_solution(verbs.Shown(outcome.solutions[0].to_json(), outcome.verdicts[0], []))
        elif outcome.solutions:
            print_table(outcome)
    missing = len(outcome.history) - len(outcome.solutions)
    if len(outcome.history) > 1 and missing:
        print(f"mathrl: nothing was found for {missing} of {len(outcome.history)} instances", file=sys.stderr)
    if not quiet and not as_json:
        print_end(outcome)
    for reason in outcome.refused[:3]:
        print(f"mathrl: the verifier did not accept a result: {reason}", file=sys.stderr)


def print_solution(shown: Shown) -> None:
    """A solution with its certificate in words."""
    for line in shown.statement:
        print(line)
    record = shown.record
    plugin = find_env(record["env"])
    for line in plugin.get("lines")(record) if plugin.lines else _fields(record):
        print(line)
    cost = plugin.cost_name(record["reward"])
    if record["value"] is None:
        print("score: -inf")
    else:
        print(f"{cost or 'score'}: {-record['value'] if cost else record['value']:.10g}")
    print(("" if shown.verdict.holds else "REFUSED: ") + shown.verdict.reason)
    for line in shown.verdict.words:
        print(f"  {line}")


def _fields(record: dict[str, Any]) -> list[str]:
    """The parts of a solution that are short."""
    parts = record["solution"].items()
    return [
        f"{name}: {part}" for name, part in parts if isinstance(part, (str, int, float, list)) and len(str(part)) <= 200
    ]


def print_table(outcome: Outcome) -> None:
    """A line for each instance, the first LINES of them, and their mean."""
    solutions, verdicts = outcome.solutions, outcome.verdicts
    cost = outcome.setup.env.cost_name(solutions[0].reward)
    values = [-one.value if cost else one.value for one in solutions]
    width = max(len(one.id) for one in solutions[:LINES])
    print(f"{'instance':<{width}}  {cost or 'value'}")
    for one, value, verdict in zip(solutions[:LINES], values, verdicts, strict=False):
        print(f"{one.id:<{width}}  {value:.10g}" + ("" if verdict.holds else f"  REFUSED: {verdict.reason}"))
    if len(solutions) > LINES:
        print(f"... and {len(solutions) - LINES} more; --out FILE writes all")
    print(f"{'mean':<{width}}  {fmean(values):.10g}")


def print_end(outcome: Outcome) -> None:
    """Where the run lies, what was spent, and what to try next."""
    best, spent = outcome.best, f"{outcome.evaluations:,} evaluations in {outcome.seconds:.3g} s"
    ended = {"solved": "solved", "budget": "budget spent", "signal": "stopped by a signal", "done": "done"}[
        outcome.reason
    ]
    drawn = outcome.verb == "train" and not best  # a distribution was learned, not a problem
    print(f"\n{ended} after {spent}" + ("" if best or drawn else "; nothing was found"))
    for note in outcome.notes:
        print(f"  {note}")
    if best and outcome.path:
        try:
            picture = verbs.picture(outcome.path, best.to_json())
        except MathrlError as error:  # the run stands without it
            print(f"no picture: {error}")
            picture = None
        if picture:
            print(f"picture: {picture}")
    if outcome.path:
        plugin = outcome.setup.env
        files = "".join(f" --load {os.path.relpath(file)}" for file in outcome.setup.files)
        print(f"run: {outcome.path}")
        after = f"bench {plugin.name} {outcome.path}" if drawn else f"verify {outcome.path}"
        print(f"next: mathrl {after}{files}")
        if "check" in plugin.exports and outcome.verdicts and outcome.verdicts[0].solved:
            print(f"      mathrl show {outcome.path} --to check > check.py   (a proof check that needs only Python)")
        if outcome.reason in ("budget", "signal"):
            again = "train --resume" if outcome.verb == "train" else f"solve {plugin.name} --run"
            print(f"      mathrl {again} {outcome.path} --budget {_longer(outcome)}{files}")
    elif best and not outcome.path and outcome.verb == "solve":
        print("      add --run DIR to keep it" + (", with a picture" if outcome.setup.env.draw else ""))
    for line in outcome.setup.env.hints if outcome.reason == "solved" else outcome.setup.env.misses:
        print(f"      {line}")


def _longer(outcome: Outcome) -> str:
    """Twice the budget that was spent."""
    return f"{max(120, 2 * round(outcome.seconds))}s"
