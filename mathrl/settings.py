"""Words of the command line onto frozen dataclasses: every knob has a type, a default, a description and a range."""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from mathrl.errors import MathrlError, canonical, unknown

C = TypeVar("C")

SETTING = re.compile(r"^[a-z][a-z0-9_.-]*=(?!=)")
OBJECTIVE = re.compile(r"(^|:)\s*maximi[sz]e\s*:", re.IGNORECASE)
COMPARISON = re.compile(r"<=|>=|<|>|≤|≥")


def knob(default: Any, doc: str, low: float | None = None, high: float | None = None) -> Any:
    """A dataclass field with a description and, for numbers, an allowed range (both ends included)."""
    return dataclasses.field(default=default, metadata={"doc": doc, "low": low, "high": high})


def is_setting(word: str) -> bool:
    """Whether a word sets something: the text before its first `=` looks like a name."""
    return bool(SETTING.match(word)) and not is_formula(word)


def is_formula(word: str) -> bool:
    """Whether a word is a formula: it starts with `maximise:`, or holds a comparison and does not set anything."""
    return bool(OBJECTIVE.search(word)) or (bool(COMPARISON.search(word)) and not SETTING.match(word))


def split(words: Iterable[str]) -> dict[str, str]:
    """Settings `name=value` as a dictionary; a repeated name is an error unless it repeats its value."""
    found: dict[str, str] = {}
    for word in words:
        name, value = word.split("=", 1)
        name = name.replace("_", "-")
        if found.get(name, value) != value:
            raise MathrlError(f"'{name}' is set twice, to '{found[name]}' and to '{value}'")
        found[name] = value
    return found


def build(config: type[C], values: Mapping[str, Any], owner: str, prefix: str = "env") -> C:
    """An instance of `config` with `values`, texts or typed, for some knobs; errors name `owner` and `prefix`."""
    hints = get_type_hints(config)
    knobs = {canonical(field.name): field for field in dataclasses.fields(config)}  # type: ignore[arg-type]
    arguments: dict[str, Any] = {}
    for name, value in values.items():
        if canonical(name) not in knobs:
            raise unknown(name, f"a setting of {owner}", knobs, f"mathrl list {owner} shows them")
        field = knobs[canonical(name)]
        arguments[field.name] = _checked(f"{prefix}.{canonical(name)}", value, hints[field.name], field)
    return config(**arguments)


def describe(config: type) -> list[tuple[str, str, str, str]]:
    """(name, type, default, description) of every knob, for listings."""
    hints = get_type_hints(config)
    return [
        (canonical(field.name), type_name(hints[field.name]), show(field.default), field.metadata.get("doc", ""))
        for field in dataclasses.fields(config)
    ]


def show(value: Any) -> str:
    """A knob's value as it is typed on the command line."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(show(part) for part in value)
    return str(value)


def type_name(kind: Any) -> str:
    """The values that a knob takes, in a word."""
    if get_origin(kind) is Literal:
        return "|".join(map(str, get_args(kind)))
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join("none" if part is type(None) else type_name(part) for part in get_args(kind))
    if get_origin(kind) is tuple:
        return f"{type_name(get_args(kind)[0])},.."
    return {int: "whole number", float: "number", bool: "true|false", str: "text"}.get(kind, str(kind))


def _checked(name: str, value: Any, kind: Any, field: dataclasses.Field[Any]) -> Any:
    typed = _parse(name, value, kind)
    low, high = field.metadata.get("low"), field.metadata.get("high")
    for part in typed if isinstance(typed, tuple) else (typed,):
        if isinstance(part, (int, float)) and not isinstance(part, bool):
            if low is not None and not part >= low:
                raise MathrlError(f"{name} must be at least {show(low)}, not {show(part)}")
            if high is not None and not part <= high:
                raise MathrlError(f"{name} must be at most {show(high)}, not {show(part)}")
    return typed


def _parse(name: str, value: Any, kind: Any) -> Any:
    """`value` as the type `kind`; texts are read, typed values are checked."""
    origin = get_origin(kind)
    if origin is Literal:
        choices = {canonical(str(choice)): choice for choice in get_args(kind)}
        if canonical(str(value)) not in choices:
            raise unknown(str(value), f"a value of {name}", choices)
        return choices[canonical(str(value))]
    if origin in (Union, types.UnionType):
        parts = [part for part in get_args(kind) if part is not type(None)]
        if value is None or (isinstance(value, str) and value.lower() == "none"):
            return None
        return _parse(name, value, parts[0])
    if origin is tuple:
        items = value.split(",") if isinstance(value, str) else value if isinstance(value, (list, tuple)) else [value]
        return tuple(_parse(name, item, get_args(kind)[0]) for item in items if item != "")
    if kind is bool:
        return _parse_bool(name, value)
    if kind in (int, float):
        return _parse_number(name, value, kind)
    if kind is str:
        return str(value)
    raise TypeError(f"{name}: a knob cannot have the type {kind}")


def _parse_bool(name: str, value: Any) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if isinstance(value, bool):
        return value
    if str(value).lower() not in words:
        raise MathrlError(f"{name} must be true or false, not '{value}'")
    return words[str(value).lower()]


def _parse_number(name: str, value: Any, kind: type) -> int | float:
    """A finite number; whole numbers may be written 1e6 or 200k."""
    text = str(value).strip().lower()
    scale = {"k": 1000, "m": 1000000}.get(text[-1:], 1)
    try:
        number = float(text[:-1] if scale > 1 else text) * scale
        if number != number or number in (float("inf"), float("-inf")) or isinstance(value, bool):
            raise ValueError
        if kind is float:
            return number
        if number != int(number):
            raise ValueError
        return int(text) if text.lstrip("+-").isdigit() else int(number)
    except ValueError:
        raise MathrlError(f"{name} must be a {type_name(kind)}, not '{value}'") from None
