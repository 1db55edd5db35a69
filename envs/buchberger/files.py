"""Files of ideals: msolve's format (.ms, one ideal), JSON Lines (.jsonl, one a line), JSON (.json, one or a list)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mathrl.errors import MathrlError

from .ideals import Ideal
from .msolve import parse_ms, to_ms

FORMS = {
    ".ms": "msolve: variables on line 1, characteristic on line 2, then polynomials with commas between",
    ".jsonl": 'JSON Lines: {"id", "n", "field", "F": [[[coefficient, [e1, ..., en]], ...], ...]}, one ideal a line',
    ".json": "JSON: one such record, or a list of them",
}

__all__ = ["FORMS", "read_ideals", "to_json_lines", "to_ms"]


def read_ideals(path: str | Path) -> Iterator[Ideal]:
    """The ideals of a file, one at a time; MathrlError with the file and the line where it cannot be read."""
    file, source = Path(path), str(path)
    form = file.suffix.lower()
    if form not in FORMS:
        raise MathrlError(f"{source} is not a file of ideals by its name; their names end in {', '.join(FORMS)}")
    try:
        with file.open(encoding="utf-8-sig") as lines:
            if form == ".ms":
                yield parse_ms(lines, source, file.stem)
            elif form == ".jsonl":
                yield from _records(lines, source, file.stem)
            else:
                yield from _document(lines.read(), source, file.stem)
    except UnicodeDecodeError as error:
        raise MathrlError(f"{source} is not text in UTF-8") from error
    except FileNotFoundError as error:
        raise MathrlError(f"there is no file {source}") from error
    except OSError as error:
        raise MathrlError(f"{source} cannot be read: {error.strerror}") from error


def to_json_lines(ideals: Iterable[Ideal]) -> str:
    """The text of a .jsonl file that holds the ideals."""
    return "".join(json.dumps(ideal.to_json()) + "\n" for ideal in ideals)


def _records(lines: Iterable[str], source: str, stem: str) -> Iterator[Ideal]:
    """One ideal a line; empty lines are skipped."""
    found = False
    for number, line in enumerate(lines, start=1):
        if line.strip():
            found = True
            where = f"{source}, line {number}"
            yield _ideal(_parse(line, where), where, f"{stem}#{number}")
    if not found:
        raise MathrlError(f"{source} holds no ideal")


def _document(text: str, source: str, stem: str) -> Iterator[Ideal]:
    """A record, or a list of records, over any number of lines."""
    whole = _parse(text, source)
    if not isinstance(whole, list):
        yield _ideal(whole, source, stem)
        return
    if not whole:
        raise MathrlError(f"{source} holds no ideal")
    for number, record in enumerate(whole, start=1):
        yield _ideal(record, f"{source}, record {number}", f"{stem}#{number}")


def _ideal(record: Any, where: str, name: str) -> Ideal:
    """The ideal of a record; errors say where it stands."""
    try:
        return Ideal.of_json(record, name)
    except MathrlError as error:
        raise MathrlError(f"{where}: {error}") from error


def _parse(text: str, where: str) -> Any:
    """JSON in which no key occurs twice."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        place = f"column {error.colno}" if ", line " in where else f"line {error.lineno}, column {error.colno}"
        raise MathrlError(f"{where}, {place}: this is not JSON: {error.msg}") from error
    except RecursionError as error:
        raise MathrlError(f"{where}: this cannot be read as JSON: it is nested too deeply") from error
    except ValueError as error:  # a number of too many digits
        raise MathrlError(f"{where}: this cannot be read as JSON: {str(error).split(';')[0]}") from error
    except MathrlError as error:
        raise MathrlError(f"{where}: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        keys = [key for key, _ in pairs]
        raise MathrlError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} occurs twice")
    return record
