"""Formats of one solution for other programs and for a referee."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from pprint import pformat
from typing import Any

from mathrl.errors import MathrlError

from .rewards import resolve

SAGE = {
    "n": "G.order()",
    "m": "G.size()",
    "maximum_degree": "max(G.degree())",
    "minimum_degree": "min(G.degree())",
    "average_degree": "G.average_degree()",
    "density": "G.density()",
    "lambda1": "G.spectrum()[0]",
    "matching_number": "len(G.matching())",
    "triangle_number": "G.triangles_count()",
    "diameter": "G.diameter()",
}


def graph6_of(record: Mapping[str, Any]) -> str:
    """The record's graph6 text, checked."""
    from .verify import decode

    graph6 = record["solution"].get("graph6")
    if not isinstance(graph6, str):
        raise MathrlError("the solution has no graph6 text")
    decode(graph6)
    return graph6


def to_g6(record: Mapping[str, Any]) -> str:
    """One graph6 line."""
    return graph6_of(record) + "\n"


def to_sage(record: Mapping[str, Any]) -> str:
    """Sage code that builds the graph and prints the invariants that the formula uses."""
    conjecture = resolve(record["reward"]).conjecture
    lines = [f"# {conjecture.text}", f"G = Graph({graph6_of(record)!r})", "print(G.is_connected(), G.is_tree())"]
    lines += [f"print({name!r}, {SAGE[name]})" for name in conjecture.invariants if name in SAGE]
    return "\n".join(lines) + "\n"


def to_check(record: Mapping[str, Any]) -> str:
    """A Python script, standard library only, that re-checks the solution: referee.py with its CERTIFICATE."""
    from .verify import certify

    value = record.get("value")
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise MathrlError("a solution without a finite value has no certificate to check")
    data = {"reward": record["reward"], "value": value, "certificate": certify(graph6_of(record), record["reward"])}
    source = Path(__file__).with_name("referee.py").read_text(encoding="utf-8")
    empty = "CERTIFICATE: dict[str, Any] | None = None\n"
    before, after = source.split(empty)
    return f"{before}CERTIFICATE: dict[str, Any] | None = {pformat(data, width=110, sort_dicts=False)}\n{after}"


EXPORTS: dict[str, Callable[[Mapping[str, Any]], str]] = {"g6": to_g6, "sage": to_sage, "check": to_check}
