"""User errors: one sentence each, with the nearest valid name where there is one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class MathrlError(Exception):
    """What the user asked for cannot be done; the message is one sentence that says why and what would work."""


def unknown(word: str, what: str, valid: Iterable[str], listing: str = "") -> MathrlError:
    """The error for a name that does not exist: `'wagner-21' is not a reward of graphs; did you mean 'wagner-2.1'?`.

    `what` completes "is not ..."; `listing` is a command or remark put in brackets at the end.
    """
    names = sorted(valid)
    close = get_close_matches(canonical(word), [canonical(name) for name in names], n=1, cutoff=0.5)
    sentence = f"'{word}' is not {what}"
    if close:
        match = next(name for name in names if canonical(name) == close[0])
        sentence += f"; did you mean '{match}'?"
    elif 0 < len(names) <= 12:
        sentence += f"; there {'is' if len(names) == 1 else 'are'} {', '.join(names)}"
    return MathrlError(sentence + (f"  ({listing})" if listing else ""))


def canonical(name: str) -> str:
    """Names are compared in lower case with `_` read as `-`; a last `_`, as in Python's `class_`, is dropped."""
    return name.strip().lower().rstrip("_").replace("_", "-")
