"""Re-check a graph's certificate with Python's standard library alone: python -I check.py prints what it checked.

Exit 0: every line printed is true of the graph. Exit 1: something in the data is false, and the last line says what.
The graph is decoded from graph6; every invariant is recounted or proved by its witness; the formula is evaluated in
interval arithmetic on fractions. Nothing in the data is ever executed.
"""

from __future__ import annotations

import ast
import sys
from fractions import Fraction
from typing import Any

from .arithmetic import minus
from .counting import COUNTED
from .formula import Values, check_prefix, evaluate, exactly, expression, pieces
from .graphs import Graph, Interval, Refused, decode, outward, read_interval, require, size
from .sets import WITNESSED
from .spectra import SPECTRA, SUMS

CERTIFICATE: dict[str, Any] | None = None

FIELDS = {"graph6", "formula", "invariants", "left", "right", "score", "sign"}


def check(data: dict[str, Any]) -> list[str]:
    """Everything that was checked, line by line; Refused with one sentence where the data is false."""
    certificate = data["certificate"]
    require(certificate.keys() == FIELDS, "the certificate has other fields than a certificate has")
    values, lines = check_invariants(certificate)
    formula = certificate["formula"]  # Python's parser counts bytes, reads look-alikes as letters, skips comments
    require(isinstance(formula, str) and formula.isascii() and formula.isprintable(), "the formula is not plain text")
    require("#" not in formula, "the formula has a comment")
    *prefix, body = pieces(formula, ":")
    require(len(prefix) == 1 or prefix[1:] == ["maximise"], "the formula is not 'class, hypotheses: claim'")
    lines += check_prefix(prefix[0], values)
    claim = Claim(body, values, objective=len(prefix) == 2)
    lines += check_score(data, claim)
    require(values.used == values.invariants.keys(), "the certificate lists an invariant that the formula does not use")
    return lines


def check_invariants(certificate: dict[str, Any]) -> tuple[Values, list[str]]:
    """The graph and its invariants, each proved by its witness, and how."""
    graph = decode(certificate["graph6"])
    require(len(graph) >= 2, "the graph has fewer than two vertices")
    lines = [f"graph {certificate['graph6']}: {len(graph)} vertices, {size(graph)} edges"]
    invariants = {}
    for key, part in certificate["invariants"].items():
        require(part.keys() == {"interval", "witness"}, f"the entry of {key} has other fields than an entry has")
        invariants[key] = interval = read_interval(part["interval"])
        lines.append(reason(key, graph, interval, part["witness"]))
    ends = [end for pair in (*invariants.values(), read_interval(certificate["score"])) for end in pair]
    return Values(graph, invariants, 64 + 2 * max(end.denominator.bit_length() for end in ends)), lines


def reason(key: str, graph: Graph, interval: Interval, witness: dict[str, Any]) -> str:
    """Why an invariant, called as in 'laplacian_sum(3)', lies in its interval."""
    name, _, index = key.rstrip(")").partition("(")
    k = int(index) if index else None
    require(key == (name if k is None else f"{name}({k})"), f"{key} is not how an invariant is written")
    if name in COUNTED:
        count = Fraction(COUNTED[name](graph, k))
        require(interval == (count, count) and witness == {}, f"{key} is {count}, not what is stated")
        return f"{key} = {count}: counted"
    if name in WITNESSED:
        return WITNESSED[name](graph, interval, witness, k)
    require(name in CHECKS, f"{name} is no invariant")
    return f"{key} {between(interval)}: {CHECKS[name](graph, interval, witness, k)}"


CHECKS = SPECTRA | SUMS


class Claim:
    """The claim, or the objective to be maximised, with the intervals of its two sides."""

    def __init__(self, body: str, values: Values, objective: bool) -> None:
        node, self.text = expression(body)
        self.objective, self.upward, self.strict = objective, False, False
        if objective:
            self.left, self.right = evaluate(node, self.text, values, {}), exactly(0)
            return
        require(isinstance(node, ast.Compare) and len(node.ops) == 1, "a claim has exactly one comparison")
        assert isinstance(node, ast.Compare)
        inequality = isinstance(node.ops[0], ast.LtE | ast.GtE | ast.Lt | ast.Gt)
        require(inequality, "a claim has one of the comparisons <= >= < >")
        self.left, self.right = (evaluate(side, self.text, values, {}) for side in (node.left, node.comparators[0]))
        self.upward = isinstance(node.ops[0], ast.GtE | ast.Gt)
        self.strict = isinstance(node.ops[0], ast.Lt | ast.Gt)

    def score(self, left: Interval, right: Interval) -> Interval:
        """right - left for a claim with >= or >, left - right for the others."""
        return minus(right, left) if self.upward else minus(left, right)


def check_score(data: dict[str, Any], claim: Claim) -> list[str]:
    """Both sides, their difference, its sign and the recorded value."""
    certificate = data["certificate"]
    stored = {name: read_interval(certificate[name]) for name in ("left", "right", "score")}
    for name, side in (("left", claim.left), ("right", claim.right)):
        inside = stored[name][0] <= side[0] and side[1] <= stored[name][1]
        require(inside, f"the {name} side is not in the interval that is stated")
    difference = claim.score(stored["left"], stored["right"])
    require(stored["score"] == difference, "the score is not the difference of the sides")
    sign = sign_of(claim.score(claim.left, claim.right), claim.strict, claim.objective)
    require(certificate["sign"] in (sign, "undecided"), f"the sign of the score is {sign}, not what is stated")
    require(type(data["value"]) in (int, float), "the recorded value is no number")
    value, (low, high) = Fraction(data["value"]), stored["score"]
    slack = Fraction(1, 10**9) * (1 + abs(value))
    require(low - slack <= value <= high + slack, "the recorded value is not the score")
    verdicts = {
        "undecided": "the sign of the score is undecided",
        "positive": f"the claim {claim.text} fails for this graph: checked",
        "not positive": f"the claim {claim.text} holds for this graph: checked",
        "value": f"the value of {claim.text}: checked",
    }
    sides = (("left side", claim.left), ("right side", claim.right), ("score", stored["score"]))
    return [f"{name} {between(interval)}" for name, interval in sides] + [verdicts[certificate["sign"]]]


def sign_of(score: Interval, strict: bool, objective: bool) -> str:
    """What an interval around the score decides; for a strict claim a score of 0 refutes."""
    if objective:
        return "value"
    if score[0] > 0 or (strict and score[0] == 0):
        return "positive"
    return "not positive" if score[1] < 0 or (score[1] == 0 and not strict) else "undecided"


def between(interval: Interval) -> str:
    low, high = interval
    return f"= {low}" if low == high else f"in [{outward(low, -1)}, {outward(high, 1)}]"


def main() -> int:
    """Check CERTIFICATE and say what was checked."""
    if CERTIFICATE is None:
        print("no certificate here; 'mathrl show RUN --to check' writes a copy of this script that holds one")
        return 1
    try:
        print(*check(CERTIFICATE), sep="\n")
    except Refused as fault:
        print(f"refused: {fault}")
        return 1
    except (ArithmeticError, AttributeError, LookupError, RecursionError, SyntaxError, TypeError, ValueError) as fault:
        print(f"refused: the data is malformed ({type(fault).__name__}: {fault})")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
