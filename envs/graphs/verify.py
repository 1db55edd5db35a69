"""The independent verifier of graphs: from a graph6 string and a formula to a certificate, and back.

It reads graph6 itself, shares no code with the kernels and the environment, and trusts nothing in a record: invariants
come from the exact faces (exact/) with witnesses, the formula is evaluated in exact or ball arithmetic, and a stored
certificate is checked witness by witness.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq

from mathrl.errors import MathrlError, canonical
from mathrl.solution import Verdict, check_record

from .arithmetic import Undecided
from .classes import find_class
from .enclosing import GraphValues
from .exact.face import Interval, fields
from .exact.graphs import Neighbours
from .formulas import Conjecture
from .functions import Function, registered
from .reading import parse
from .rewards import resolve
from .words import certificate_in_words, reason, summary

PRECISIONS = (64, 128, 256, 512, 1024, 2048, 4096)
NARROW = fmpq(1, 2**32)  # a score is enclosed at least this well, relative to 1 + |score|
TOLERANCE = fmpq(1, 10**9)  # a recorded value may be off by this, relative to 1 + |value|
LARGEST = fmpq(10**300)
FIELDS = ("graph6", "formula", "invariants", "left", "right", "score", "sign")


# ---------------------------------------------------------------------------------------------------------- graph6


def decode(text: str) -> Neighbours:
    """The sorted neighbour lists of a graph6 string; MathrlError says what is malformed."""
    if bad := re.search(r"[^?-~]", text):
        raise MathrlError(f"graph6: character {bad.start() + 1} is {bad[0]!r}, outside '?' to '~'")
    codes = [ord(character) - 63 for character in text]
    start = 1 if text[:1] != "~" else 4 if text[1:2] != "~" else 8
    if len(codes) < start:
        raise MathrlError("graph6: the text ends before the number of vertices is complete")
    n = 0
    for code in codes[start // 4 : start]:  # one digit, three after ~, or six after ~~, to base 64
        n = 64 * n + code
    if n < (0, 63, 258048)[start // 4]:
        raise MathrlError(f"graph6: {n} vertices are written with a longer header than graph6 allows")
    pairs = n * (n - 1) // 2
    if len(codes) - start != (pairs + 5) // 6:
        lengths = f"{(pairs + 5) // 6} characters of edges, not {len(codes) - start}"
        raise MathrlError(f"graph6: {n} vertices need {lengths}")
    bits = "".join([f"{code:06b}" for code in codes[start:]])
    if "1" in bits[pairs:]:
        raise MathrlError("graph6: the padding after the last pair is not zero")
    graph: list[list[int]] = [[] for _ in range(n)]
    position = 0
    for j in range(1, n):  # pairs in the order (0,1), (0,2), (1,2), (0,3), ..
        column = bits[position : position + j]
        i = column.find("1")
        while i >= 0:
            graph[i].append(j)
            graph[j].append(i)
            i = column.find("1", i + 1)
        position += j
    return [sorted(row) for row in graph]


# --------------------------------------------------------------------------------------------------------- certify


def certify(graph6: str, reward: str) -> dict[str, Any]:
    """The certificate of a graph's score: every invariant with its witness, both sides and the score between rationals.

    `sign` is 'positive' (the graph is a proved counterexample), 'not positive', 'undecided' after 4096 bits, or 'value'
    for an objective. MathrlError where graph6 is malformed, the graph is outside the class or the hypotheses, or an
    invariant or the formula is undefined.
    """
    return certificate(decode(graph6), graph6, resolve(reward).conjecture)


def certificate(graph: Neighbours, graph6: str, conjecture: Conjecture, hopeful: bool = True) -> dict[str, Any]:
    """The certificate at the first precision that decides the sign, or, unless hopeful, that encloses the score well.

    An equality graph decides nothing at any precision, so its value is checked without hope.
    """
    check_class(graph, conjecture)
    values, found = GraphValues(graph), None
    for bits in PRECISIONS:
        try:
            found = attempt(values.at(bits), graph6, conjecture)
        except Undecided:
            continue
        if found["sign"] != "undecided" or (not hopeful and narrow(read_interval(found["score"], "score"))):
            return found
    if found is None or not narrow(read_interval(found["score"], "score")):
        raise MathrlError(f"a comparison, a rounding or a root in the formula is undecided at {PRECISIONS[-1]} bits")
    return found


def attempt(values: GraphValues, graph6: str, conjecture: Conjecture) -> dict[str, Any]:
    """The certificate at one precision; Undecided where a step cannot be decided there."""
    left, right = sides(conjecture, values)
    score = difference(left, right, conjecture)
    if max(map(abs, left + right)) > LARGEST:
        raise MathrlError("a side of the formula is beyond 10^300, too large for values in float64")
    return {
        "graph6": graph6,
        "formula": str(conjecture),
        "invariants": {
            name: {"interval": written((part.lo, part.hi)), "witness": part.witness}
            for name, part in values.used.items()
        },
        "left": written(left),
        "right": written(right),
        "score": written(score),
        "sign": sign(score, conjecture),
    }


def sides(conjecture: Conjecture, values: GraphValues) -> tuple[Interval, Interval]:
    """Both sides of the claim between rationals; the hypotheses are checked first."""
    for hypothesis in conjecture.hypotheses:
        if not values.holds(hypothesis):
            raise MathrlError(f"the graph does not satisfy the hypothesis {hypothesis}")
    left, right = (values.interval(side) for side in conjecture.sides)
    return left, right


def difference(left: Interval, right: Interval, conjecture: Conjecture) -> Interval:
    """The score: left - right for a claim with <= or <, right - left for >= or >."""
    if conjecture.upward:
        left, right = right, left
    return left[0] - right[1], left[1] - right[0]


def sign(score: Interval, conjecture: Conjecture) -> str:
    """What an enclosure of the score decides; it must also be narrow enough to check a recorded value against."""
    if not narrow(score):
        return "undecided"
    if conjecture.claim is None:
        return "value"
    if score[0] > 0 or (conjecture.strict and score[0] == 0):
        return "positive"
    if score[1] < 0 or (not conjecture.strict and score[1] == 0):
        return "not positive"
    return "undecided"


def narrow(score: Interval) -> bool:
    return bool(score[1] - score[0] <= NARROW * (1 + abs(score[0])))


def check_class(graph: Neighbours, conjecture: Conjecture) -> dict[str, str]:
    """Why the graph is in each class of the conjecture; MathrlError unless it is, with at least two vertices."""
    if len(graph) < 2:
        raise MathrlError(f"the graph has {len(graph)} vertices; conjectures here are about graphs on at least two")
    reasons = {}
    for name in conjecture.graph_class:
        if name != "any":
            try:
                reasons[name] = find_class(name).reason(graph)
            except MathrlError as fault:
                raise MathrlError(f"the graph is outside the class '{name}': {fault}") from None
    return reasons


def written(interval: Interval) -> list[str]:
    return [str(interval[0]), str(interval[1])]


# ---------------------------------------------------------------------------------------------------------- verify


def verify(record: Mapping[str, Any]) -> Verdict:
    """Whether everything that a record claims is true; the verdict's reason is one sentence, never a traceback."""
    try:
        check_record(record)
        if canonical(record["env"]) != "graphs":
            raise MathrlError(f"this is a record of '{record['env']}', not of graphs")
        value, graph6 = number(record["value"], "value"), record["solution"].get("graph6")
        if extra := record["solution"].keys() - {"graph6", "formula", "certificate"}:
            raise MathrlError(f"the solution has the field '{min(map(str, extra))}', which nobody checks")
        if function := registered(record["reward"]):
            return recompute(function, graph6, float(value))
        conjecture = resolve(record["reward"]).conjecture
        check_texts(record["solution"], conjecture)
        graph = decode(graph6)
        stored = record["solution"].get("certificate")
        hopeful = value > TOLERANCE or conjecture.strict or conjecture.claim is None or stored is not None
        found = certificate(graph, graph6, conjecture, hopeful)
        if stored is not None:
            check_certificate(stored, graph6, graph, conjecture)
        notes = check_claims(record, value, found)
        words = tuple(certificate_in_words(found, conjecture, graph))
    except MathrlError as fault:
        return Verdict(False, False, str(fault))
    proved = found["sign"] in ("positive", "value")
    return Verdict(True, proved, "; ".join([summary(found), *notes]), words, found, solved=found["sign"] == "positive")


def recompute(function: Function, graph6: Any, value: float) -> Verdict:
    """The verdict on the score of a registered function: computed again, but not proved."""
    if not isinstance(graph6, str):
        raise MathrlError("the solution has no graph6 text")
    graph = decode(graph6)
    adjacency = np.zeros((1, len(graph), len(graph)), np.uint8)
    for vertex, neighbours in enumerate(graph):
        adjacency[0, vertex, neighbours] = 1
    again = float(function(adjacency)[0])
    if not abs(again - value) <= float(TOLERANCE) * (1 + abs(value)):
        return Verdict(False, False, f"the recorded value {value:.12g} is wrong: {function.name} gives {again:.12g}")
    return Verdict(True, False, f"numerically, not proved: {function.name} gives {again:.12g} again")


def number(value: Any, name: str) -> fmpq:
    """A finite JSON number, exactly."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300 and math.isfinite(value):
        exact = Fraction(value)
        return fmpq(exact.numerator, exact.denominator)
    raise MathrlError(f"the record's {name} is not a finite number")


def check_texts(solution: Mapping[str, Any], conjecture: Conjecture) -> None:
    """graph6 is there, and the formula, where there is one, is the reward's."""
    if not isinstance(solution.get("graph6"), str):
        raise MathrlError("the solution has no graph6 text")
    formula = solution.get("formula", conjecture.text)
    if not isinstance(formula, str) or str(parse(formula)) != str(conjecture):
        raise MathrlError(f"the solution's formula is not the reward's, which is '{conjecture.text}'")


def check_claims(record: Mapping[str, Any], value: fmpq, found: Mapping[str, Any]) -> list[str]:
    """Value, bound and optimality against the certificate; what is not re-checked comes back as notes."""
    low, high = read_interval(found["score"], "score")
    slack = TOLERANCE * (1 + abs(value))
    if not low - slack <= value <= high + slack:
        claimed, true = float(record["value"]), float(Fraction(str(low)))
        raise MathrlError(f"the recorded value {claimed:.12g} is wrong: the score is {true:.12g}")
    notes = []
    if record.get("bound") is not None:
        if number(record["bound"], "bound") < value:
            raise MathrlError("the recorded bound is below the recorded value")
        notes.append("the bound is not re-checked")
    if not isinstance(record.get("optimal", False), bool):
        raise MathrlError("the record's optimal is neither true nor false")
    if record.get("optimal"):
        notes.append("optimality is not re-checked")
    return notes


# -------------------------------------------------------------------------------------------- a stored certificate


def check_certificate(stored: Any, graph6: str, graph: Neighbours, conjecture: Conjecture) -> None:
    """MathrlError unless a stored certificate is a proof: every statement is true and the next follows from it.

    Witnesses are checked as they stand (another maximum matching is as good as ours), the sides must follow from the
    invariants' intervals, the score from the sides and the sign from the score.
    """
    fields(stored, FIELDS, "the certificate")
    if stored["graph6"] != graph6 or stored["formula"] != str(conjecture):
        raise MathrlError("the certificate is of another graph or another formula")
    if not isinstance(stored["invariants"], dict):
        raise MathrlError("the certificate's invariants are no mapping")
    given = {}
    for key, part in stored["invariants"].items():
        fields(part, ("interval", "witness"), f"the certificate's entry for {key}")
        given[key] = read_interval(part["interval"], key)
    left, right, score = (read_interval(stored[name], name) for name in ("left", "right", "score"))
    if score != difference(left, right, conjecture):
        raise MathrlError("the certificate's score is not the difference of its sides")
    if stored["sign"] != sign(score, conjecture):
        raise MathrlError("the certificate's sign does not follow from its score")
    check_sides((left, right), GraphValues(graph, given=given), conjecture)
    for key, part in stored["invariants"].items():  # after the sides, which use these keys and no others
        try:
            reason(key, graph, given[key], part["witness"])
        except MathrlError as fault:
            raise MathrlError(f"the certificate's {key} is wrong: {fault}") from None


def check_sides(stored: tuple[Interval, Interval], values: GraphValues, conjecture: Conjecture) -> None:
    """The stored sides follow from the given intervals: evaluate, ever more precisely, until they do or cannot."""
    for bits in (*PRECISIONS, 2 * PRECISIONS[-1]):
        try:
            fresh = sides(conjecture, values.at(bits))
        except Undecided:
            continue
        if unused := (values.given or {}).keys() - values.used.keys():
            raise MathrlError(f"the certificate's {min(unused)} is not used by the formula")
        if all(a[0] <= b[0] and b[1] <= a[1] for a, b in zip(stored, fresh, strict=True)):
            return
        if any(b[1] < a[0] or a[1] < b[0] for a, b in zip(stored, fresh, strict=True)):
            break
    raise MathrlError("the certificate's left and right sides do not follow from its invariants")


def read_interval(pair: Any, name: str) -> Interval:
    """Two rationals 'p/q' in lowest terms, the first not above the second."""
    if not isinstance(pair, list) or len(pair) != 2:
        raise MathrlError(f"the certificate's interval of {name} is not a pair")
    low, high = (read_rational(text, name) for text in pair)
    if low > high:
        raise MathrlError(f"the certificate's interval of {name} is empty")
    return low, high


def read_rational(text: Any, name: str) -> fmpq:
    if isinstance(text, str) and re.fullmatch(r"-?[0-9]{1,4000}(/[0-9]{1,4000})?", text):
        top, _, bottom = text.partition("/")
        if int(bottom or 1) != 0:
            value = fmpq(int(top), int(bottom or 1))
            if str(value) == text:
                return value
    raise MathrlError(f"the certificate's {name} is not a rational number in lowest terms")
