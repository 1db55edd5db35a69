"""Formats of one solution for other programs and for a referee."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from pprint import pformat
from typing import Any

import numpy as np

from mathrl.errors import MathrlError

from .invariants import find
from .rewards import resolve


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
    """Sage code that builds the graph and prints the invariants that the formula uses, indexed ones where they are."""
    from .verify import certify

    conjecture, graph6 = resolve(record["reward"]).conjecture, graph6_of(record)
    names = certify(graph6, record["reward"])["invariants"]
    lines = [f"# {conjecture.text}", f"G = Graph({graph6!r})", "print(G.is_connected(), G.is_tree())"]
    lines += [f"print({key!r}, {code})" for key, code in ((key, sage_of(key)) for key in names) if code]
    return "\n".join(lines) + "\n"


def sage_of(key: str) -> str:
    """The Sage expression of an invariant of the graph G, as a certificate names it: 'lambda1', 'laplacian_sum(3)'."""
    name, _, index = key.rstrip(")").partition("(")
    return re.sub(r"\bk\b", index, find(name).sage) if index else find(name).sage


def to_dot(record: Mapping[str, Any]) -> str:
    """A Graphviz file, for dot -Tpdf: the vertices pinned where the picture has them, coloured edges red."""
    from .draw import ACCENT, GREY, INK, drawing

    graph6_of(record)
    drawn = drawing(record)
    centred = drawn.points - drawn.points.min(axis=0)
    inches = 6.0 / max(float(centred.max()), 6.0)  # of a unit; at most 6 inches wide and high
    style = f'shape=circle fixedsize=true label="" width={2 * drawn.radius * inches:.4f} style=filled color="{INK}"'
    lines = [f"// {line}" for line in remarks(record, drawn.words)]
    lines += ["graph G {", "  layout=neato; outputorder=edgesfirst", f"  node [{style}]"]
    lines += [f'  edge [color="{GREY}" penwidth=1]']
    for v, (x, y) in enumerate(centred * inches):
        lines.append(f'  {v} [pos="{x:.4f},{y:.4f}!" fillcolor="{drawn.fills[v]}"]')
    lines += [f"  {u} -- {v}" for u, v in drawn.plain]
    lines += [f'  {u} -- {v} [color="{ACCENT}" penwidth=3]' for u, v in sorted(drawn.edges)]
    return "\n".join([*lines, "}"]) + "\n"


def to_tikz(record: Mapping[str, Any]) -> str:
    """A LaTeX document with the picture in TikZ, to compile or to copy from."""
    from .draw import ACCENT, GREY, INK, PAPER, SLATE, drawing

    graph6_of(record)
    drawn = drawing(record)
    middle = (drawn.points.min(axis=0) + drawn.points.max(axis=0)) / 2
    centimetres = min(1.2, 12.0 / max(float(abs(drawn.points - middle).max()) * 2, 1.0))  # of a unit
    width = 2 * drawn.radius * centimetres
    colours = {"ink": INK, "grey": GREY, "accent": ACCENT, "paper": PAPER if drawn.words else SLATE}
    lines = [f"% {line}" for line in remarks(record, drawn.words)]
    lines += ["\\documentclass[tikz,border=3mm]{standalone}"]
    lines += [f"\\definecolor{{{name}}}{{HTML}}{{{code[1:].upper()}}}" for name, code in colours.items()]
    lines += ["\\begin{document}", "\\begin{tikzpicture}["]
    lines += [f"  vertex/.style={{circle, draw=ink, fill=paper, inner sep=0pt, minimum size={width:.3f}cm}},"]
    lines += [
        "  marked/.style={vertex, fill=accent},",
        "  edge/.style={draw=grey, thin},",
        "  red edge/.style={draw=accent, very thick}]",
    ]
    for v, (x, y) in enumerate(np.round((drawn.points - middle) * centimetres, 3) + 0.0):
        lines.append(f"  \\coordinate ({v}) at ({x:.3f}, {y:.3f});")
    lines += [f"  \\draw[edge] ({u}) -- ({v});" for u, v in drawn.plain]
    lines += [f"  \\draw[red edge] ({u}) -- ({v});" for u, v in sorted(drawn.edges)]
    lines += [f"  \\node[{'marked' if v in drawn.vertices else 'vertex'}] at ({v}) {{}};" for v in drawn.graph]
    return "\n".join([*lines, "\\end{tikzpicture}", "\\end{document}"]) + "\n"


def remarks(record: Mapping[str, Any], words: str = "") -> list[str]:
    """What the comments at the top of a file say: conjecture, score, and what is coloured; one line each."""
    reward = " ".join(str(record["reward"]).split())
    try:
        text = resolve(reward).conjecture.text
    except MathrlError:  # the reward is a function
        text = reward
    said = [reward if text == reward else f"{reward}: {text}"]
    said += [] if record.get("value") is None else [f"score {record['value']:.10g}"]
    said += [words] if words else []
    return ["".join(letter if letter.isprintable() else "?" for letter in line) for line in said]


def to_check(record: Mapping[str, Any]) -> str:
    """A Python script, standard library only, that re-checks the solution: the parts of referee/ with a CERTIFICATE.

    The check is run here first, so that no script is written that would refuse.
    """
    from .referee.graphs import Refused
    from .referee.script import check
    from .verify import certify

    value = record.get("value")
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise MathrlError("a solution without a finite value has no certificate to check")
    certificate = certify(graph6_of(record), record["reward"])
    try:
        data = {"reward": record["reward"], "value": value, "certificate": widened(certificate)}
        check(data)
    except Refused as fault:
        raise MathrlError(f"the script that re-checks a solution cannot check this one: {fault}") from None
    before, after = referee_source().split(EMPTY)
    return f"{before}CERTIFICATE: dict[str, Any] | None = {pformat(data, width=110, sort_dicts=False)}\n{after}"


def widened(certificate: dict[str, Any]) -> dict[str, Any]:
    """The certificate with sides that contain the script's intervals too, which are a little wider for sin and cos."""
    from .referee.formula import pieces
    from .referee.graphs import read_interval
    from .referee.script import Claim, check_invariants

    values, _ = check_invariants(certificate)
    *prefix, body = pieces(certificate["formula"], ":")
    claim = Claim(body, values, objective=len(prefix) == 2)
    hulls = {}
    for name, side in (("left", claim.left), ("right", claim.right)):
        low, high = read_interval(certificate[name])
        hulls[name] = (min(low, side[0]), max(high, side[1]))
    sides = hulls | {"score": claim.score(hulls["left"], hulls["right"])}
    return certificate | {name: [str(low), str(high)] for name, (low, high) in sides.items()}


EMPTY = "CERTIFICATE: dict[str, Any] | None = None\n"


def referee_source() -> str:
    """The modules of referee/ as one file: their imports of each other left out, the others written once."""
    imports: set[str] = set()
    bodies: dict[str, str] = {}
    add_part("script", imports, bodies)
    future = "from __future__ import annotations\n"
    head = ast.get_docstring(ast.parse(part_source("script")))
    return f'"""{head}\n"""\n\n{future}\n{merged(imports - {future})}\n\n' + "\n\n".join(bodies.values())


def add_part(part: str, imports: set[str], bodies: dict[str, str]) -> None:
    """Add a module of referee/ to the bodies, after those that it imports."""
    source = part_source(part)
    lines = source.splitlines(keepends=True)
    docstring, *statements = ast.parse(source).body
    for statement in statements:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            place = slice(statement.lineno - 1, statement.end_lineno)
            if isinstance(statement, ast.ImportFrom) and statement.level:
                if str(statement.module) not in bodies:
                    add_part(str(statement.module), imports, bodies)
            else:
                imports.add("".join(lines[place]))
            lines[place] = [""] * len(lines[place])
    body = "".join(lines[docstring.end_lineno :]).strip()
    bodies[part] = f"# {'-' * 117}\n# {part}\n\n\n{body}\n"


def part_source(part: str) -> str:
    return (Path(__file__).with_name("referee") / f"{part}.py").read_text(encoding="utf-8")


def merged(imports: set[str]) -> str:
    """Import lines, those from one module as one."""
    names: dict[str, set[str]] = {}
    for line in imports:
        module, _, taken = line.strip().removeprefix("from ").partition(" import ")
        names.setdefault(module, set()).update(taken.split(", ") if taken else ())
    lines = (f"from {key} import {', '.join(sorted(taken))}" if taken else key for key, taken in sorted(names.items()))
    return "\n".join(lines) + "\n"


EXPORTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "g6": to_g6, "sage": to_sage, "dot": to_dot, "tikz": to_tikz, "check": to_check,
}  # fmt: skip
