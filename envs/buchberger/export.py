"""Formats of one solution for other programs and for a referee."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from pprint import pformat
from typing import Any

from mathrl.errors import MathrlError

from . import msolve
from .files import to_json_lines
from .ideals import Ideal
from .referee import FIELDS, Claim, Refused, check, read
from .replay import Polynomial

SAME, DIFFERENT = "the same reduced Groebner basis", "ANOTHER reduced Groebner basis"


def claim_of(record: Mapping[str, Any]) -> Claim:
    """What the record claims, every part well formed."""
    try:
        return read(record)
    except Refused as fault:
        raise MathrlError(str(fault)) from None


def ideal_of(record: Mapping[str, Any], part: str) -> Ideal:
    """The ideal of the record's `basis` or `generators`."""
    claim = claim_of(record)
    polynomials: list[Polynomial] = getattr(claim, part)
    name = " ".join([*([str(record["id"])] if record.get("id") else []), part])
    return Ideal.from_terms(name, claim.variables, claim.field, [[(c, m) for m, c in f.items()] for f in polynomials])


def to_ms(record: Mapping[str, Any]) -> str:
    """The reduced Groebner basis in msolve's format."""
    return msolve.to_ms(ideal_of(record, "basis"))


def to_generators(record: Mapping[str, Any]) -> str:
    """The generators in msolve's format, in the order in which they were inserted unless sort_input is on."""
    return msolve.to_ms(ideal_of(record, "generators"))


def to_jsonl(record: Mapping[str, Any]) -> str:
    """The reduced Groebner basis as one line of JSON."""
    return to_json_lines([ideal_of(record, "basis")])


# --------------------------------------------------------------------------------------------------------- Singular

LETTER = re.compile(r"[A-Za-z][0-9]*")  # what Singular takes as a variable whatever its commands are called


def to_singular(record: Mapping[str, Any]) -> str:
    """A Singular script that computes the reduced Groebner basis again and says whether it is the record's."""
    generators, basis = ideal_of(record, "generators"), ideal_of(record, "basis")
    names, remark = generators.variables, ""
    if not all(map(LETTER.fullmatch, names)):
        remark = "// x(1), x(2), ... are " + ", ".join(names) + "\n"
        names = tuple(f"x({k})" for k in range(1, generators.n + 1))
    return f"""// Singular: std of the generators against a claimed reduced Groebner basis
{remark}option(redSB);
ring polynomials = {generators.field}, ({", ".join(names)}), dp;
ideal generators = {singular_ideal(generators, names)};
ideal claimed = {singular_ideal(basis, names)};
ideal computed = simplify(std(generators), 1);
int same = (size(computed) == size(claimed));
int here, there, found;
for (here = 1; here <= size(claimed); here++)
{{
  found = 0;
  for (there = 1; there <= size(computed); there++)
  {{
    if (claimed[here] == computed[there]) {{ found = 1; }}
  }}
  if (found == 0) {{ same = 0; }}
}}
if (same == 1) {{ "{SAME}"; }}
else {{ "{DIFFERENT}"; }}
quit;
"""


def singular_ideal(ideal: Ideal, names: tuple[str, ...]) -> str:
    """Polynomials with commas between, in these variables; the zero ideal is 0."""
    renamed = Ideal(ideal.name, names, ideal.field, ideal.starts, ideal.exponents, ideal.coefficients)
    return ",\n  ".join(renamed.texts()) or "0"


# ------------------------------------------------------------------------------------------------- a referee's script

EMPTY = "RECORD: dict[str, Any] | None = None\n"


def to_check(record: Mapping[str, Any]) -> str:
    """A Python script, standard library only, that re-checks the record: replay.py and referee.py with a RECORD.

    The check is run here first, so that no script is written that would refuse.
    """
    try:
        check(record)
    except Refused as fault:
        raise MathrlError(str(fault)) from None
    solution = {name: record["solution"][name] for name in FIELDS}
    data = {"reward": record["reward"], "value": record["value"], "solution": solution}
    before, after = referee_source().split(EMPTY)
    return (
        f"{before}RECORD: dict[str, Any] | None = {pformat(data, width=110, compact=True, sort_dicts=False)}\n{after}"
    )


def referee_source() -> str:
    """replay.py and referee.py as one file under the docstring of referee.py, what they import named once."""
    imports: dict[str, set[str]] = {}
    bodies = [part_body(part, imports) for part in ("replay", "referee")]
    plain = [f"import {module}" for module, names in sorted(imports.items()) if not names]
    taken = [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(imports.items()) if names]
    head = f'"""{ast.get_docstring(ast.parse(part_source("referee")))}\n"""\n'
    return "\n".join([head, "from __future__ import annotations\n", *plain, *taken, "\n", *bodies])


def part_body(part: str, imports: dict[str, set[str]]) -> str:
    """A module without its docstring and imports; what it imports from the standard library is added to `imports`."""
    source = part_source(part)
    lines, (docstring, *statements) = source.splitlines(keepends=True), ast.parse(source).body
    for statement in statements:
        if isinstance(statement, ast.Import):
            imports.update({alias.name: set() for alias in statement.names})
        elif isinstance(statement, ast.ImportFrom):
            if not statement.level and statement.module != "__future__":
                imports.setdefault(str(statement.module), set()).update(alias.name for alias in statement.names)
        else:
            continue
        place = slice(statement.lineno - 1, statement.end_lineno)
        lines[place] = [""] * len(lines[place])
    return f"# {'-' * 117}\n# {part}\n\n\n{''.join(lines[docstring.end_lineno :]).strip()}\n\n"


def part_source(part: str) -> str:
    return Path(__file__).with_name(f"{part}.py").read_text(encoding="utf-8")


EXPORTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "ms": to_ms, "generators": to_generators, "jsonl": to_jsonl, "singular": to_singular, "check": to_check,
}  # fmt: skip
