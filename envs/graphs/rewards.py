"""Rewards of graphs: catalogue entries (known conjectures, as data) and formulas written by the user."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mathrl.errors import canonical, unknown

from .formulas import Conjecture
from .reading import parse

CATALOGUE = Path(__file__).with_name("catalogue.jsonl")


@dataclass(frozen=True)
class Entry:
    """A published conjecture: its statement, its formula, and what was known of it at the date `as_of`."""

    id: str
    aliases: tuple[str, ...]
    statement: str
    formula: str
    graph_class: str
    minimum_order: int
    strict: bool
    status: str
    as_of: str
    status_note: str | None
    smallest_known: int | None
    minimality: str | None
    source: str
    counterexamples: tuple[str, ...]

    @property
    def text(self) -> str:
        """The whole formula: class, least order, claim."""
        return f"{self.graph_class}, n >= {self.minimum_order}: {self.formula}"


@dataclass(frozen=True)
class Reward:
    """What a search maximises; `entry` is None for a formula of the user's own."""

    name: str
    conjecture: Conjecture
    entry: Entry | None


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Entry]:
    """Every conjecture that is shipped, by id."""
    lines = CATALOGUE.read_text(encoding="utf-8").splitlines()
    return {entry.id: entry for entry in map(read_entry, map(json.loads, lines))}


def read_entry(line: dict[str, Any]) -> Entry:
    graphs = tuple(graph["graph6"] for graph in line.pop("counterexamples"))
    return Entry(aliases=tuple(line.pop("aliases")), counterexamples=graphs, **line)


@lru_cache(maxsize=1)
def words() -> dict[str, Entry]:
    """Every conjecture by its id and its aliases, in canonical spelling."""
    return {canonical(name): entry for entry in catalogue().values() for name in (entry.id, *entry.aliases)}


def resolve(reward: str) -> Reward:
    """The reward that a word names: a catalogue id or alias, or a formula; MathrlError offers the nearest name."""
    entry = words().get(canonical(reward))
    if entry is not None:
        return Reward(entry.id, parse(entry.text), entry)
    if re.search(r"[<>=:+*/()≤≥]", reward):  # no name has these, so that a misspelt formula gets a formula's error
        conjecture = parse(reward)
        return Reward(conjecture.text, conjecture, None)
    raise unknown(reward, "a reward of graphs", catalogue(), "mathrl list rewards graphs shows all")
