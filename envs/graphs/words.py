"""A certificate in words, for a reader: what was counted, why each bound holds, and what follows.

Decimals are rounded outward, so that every interval printed contains the interval proved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq

from .classes import GraphClass, find_class
from .exact.face import Interval
from .exact.graphs import Neighbours
from .formulas import Conjecture
from .invariants import find

DIGITS = 12


def summary(certificate: Mapping[str, Any]) -> str:
    """One sentence: what the certificate proves."""
    high = Fraction(certificate["score"][1])
    if certificate["sign"] == "positive":
        return f"counterexample, proved: score {between(certificate['score'])}"
    if certificate["sign"] == "value":
        return f"objective, recomputed, {between(certificate['score'])}"
    if certificate["sign"] == "not positive":
        return f"score {float(high):.6g} is not positive: no counterexample"
    return f"score {between(certificate['score'])}, perhaps an equality graph: no counterexample is proved"


def certificate_in_words(certificate: Mapping[str, Any], conjecture: Conjecture, graph: Neighbours) -> list[str]:
    """One line for the class and hypotheses, one an invariant, one for the two sides and what follows."""
    lines = [f"graph {certificate['graph6']}, checked against: {conjecture.text}"]
    kinds = [find_class(name) for name in conjecture.graph_class if name != "any"]
    if kinds:
        lines.append("the graph is " + " and ".join(f"{said(kind)} ({kind.reason(graph)})" for kind in kinds))
    lines += [f"hypothesis {hypothesis}: holds" for hypothesis in conjecture.hypotheses]
    for name, part in certificate["invariants"].items():
        low, high = (fmpq(*map(int, Fraction(end).as_integer_ratio())) for end in part["interval"])
        lines.append(f"{name} {between(part['interval'])}: {reason(name, graph, (low, high), part['witness'])}")
    return lines + conclusion(certificate, conjecture)


def reason(key: str, graph: Neighbours, interval: Interval, witness: Any) -> str:
    """Why an invariant, called as in 'laplacian_sum(3)', lies in its interval; MathrlError if that does not follow."""
    name, _, index = key.rstrip(")").partition("(")
    return find(name).face.check(graph, interval, witness, int(index) if index else None)


def said(kind: GraphClass) -> str:
    return kind.adjective or f"a {kind.noun}"


def conclusion(certificate: Mapping[str, Any], conjecture: Conjecture) -> list[str]:
    score = certificate["score"]
    if conjecture.claim is None:
        return [f"objective {conjecture.objective} {between(score)}"]
    left, right = conjecture.sides
    low = Fraction(score[0])
    text = f"left side {left} {between(certificate['left'])}; right side {right} {between(certificate['right'])}"
    if certificate["sign"] == "positive" and low > 0:
        least = decimal(low, up=False, digits=significant(low))
        order = "left < right" if conjecture.upward else "left > right"
        return [f"{text}; so {order}: the conjecture fails for this graph by at least {least}"]
    if certificate["sign"] == "positive":
        return [f"{text}; so left = right: the strict claim {conjecture.claim} fails for this graph"]
    if certificate["sign"] == "not positive":
        return [f"{text}; so the claim {conjecture.claim} holds for this graph"]
    return [f"{text}; equal as far as computed, so no counterexample is claimed"]


def between(interval: Sequence[str]) -> str:
    """'= 19' for an exact value, 'in [a, b]' with decimals rounded outward for an interval."""
    if interval[0] == interval[1]:
        return f"= {interval[0]}"
    return f"in [{decimal(Fraction(interval[0]), up=False)}, {decimal(Fraction(interval[1]), up=True)}]"


def decimal(x: Fraction, up: bool, digits: int = DIGITS) -> str:
    """x with `digits` decimals, rounded up or down (never to nearest)."""
    scaled = x * 10**digits
    units = -(-scaled.numerator // scaled.denominator) if up else scaled.numerator // scaled.denominator
    whole, part = divmod(abs(units), 10**digits)
    return f"{'-' if units < 0 else ''}{whole}.{part:0{digits}}"


def significant(x: Fraction) -> int:
    """Decimals that show about four significant digits of x > 0."""
    digits = 4
    while digits < 60 and x * 10**digits < 1000:
        digits += 1
    return digits
