"""The independent verifier of graphs: from a graph6 string and a formula to a certificate, and back.

It reads graph6 itself, shares no code with the kernels and the environment, and trusts nothing in a record: invariants
come from enclosures.py with witnesses, the formula is evaluated in exact or ball arithmetic, and a stored certificate
is checked witness by witness.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from flint import ctx, fmpq

from mathrl.errors import MathrlError, canonical
from mathrl.solution import Verdict, check_record

from .arithmetic import Undecided, ball, bounds, decide
from .enclosures import (
    Neighbours,
    characteristic_polynomial,
    distances,
    enclose,
    odd_components,
    roots_above,
)
from .formulas import Conjecture
from .formulas import enclose as enclose_expression
from .functions import Function, registered
from .rewards import resolve
from .words import certificate_in_words, summary

PRECISIONS = (64, 128, 256, 512, 1024, 2048, 4096)
NARROW = fmpq(1, 2**32)  # a score is enclosed at least this well, relative to 1 + |score|
TOLERANCE = fmpq(1, 10**9)  # a recorded value may be off by this, relative to 1 + |value|
LARGEST = fmpq(10**300)
FIELDS = ("graph6", "formula", "invariants", "left", "right", "score", "sign")

Interval = tuple[fmpq, fmpq]


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
    found: dict[str, Any] | None = None
    for bits in PRECISIONS:
        try:
            found = attempt(graph, graph6, conjecture, bits)
        except Undecided:
            continue
        if found["sign"] != "undecided" or (not hopeful and narrow(read_interval(found["score"], "score"))):
            return found
    if found is None or not narrow(read_interval(found["score"], "score")):
        raise MathrlError(f"a comparison, a rounding or a root in the formula is undecided at {PRECISIONS[-1]} bits")
    return found


def attempt(graph: Neighbours, graph6: str, conjecture: Conjecture, bits: int) -> dict[str, Any]:
    """The certificate at one precision; Undecided where a step cannot be decided there."""
    enclosures = {name: enclose(name, graph, bits) for name in conjecture.invariants}
    left, right = sides(conjecture, {name: (found.lo, found.hi) for name, found in enclosures.items()}, bits)
    score = difference(left, right, conjecture)
    if max(map(abs, left + right)) > LARGEST:
        raise MathrlError("a side of the formula is beyond 10^300, too large for values in float64")
    return {
        "graph6": graph6,
        "formula": conjecture.text,
        "invariants": {
            name: {"interval": written((part.lo, part.hi)), "witness": part.witness}
            for name, part in enclosures.items()
        },
        "left": written(left),
        "right": written(right),
        "score": written(score),
        "sign": sign(score, conjecture),
    }


def sides(conjecture: Conjecture, intervals: Mapping[str, Interval], bits: int) -> tuple[Interval, Interval]:
    """Both sides of the claim from the invariants' intervals; the hypotheses are checked first."""
    with ctx.workprec(bits):
        values = {name: ball(*interval) for name, interval in intervals.items()}
        for hypothesis in conjecture.hypotheses:
            parts = (enclose_expression(side, values, bits) for side in (hypothesis.left, hypothesis.right))
            if not decide(hypothesis.operator, *parts):
                raise MathrlError(f"the graph does not satisfy the hypothesis {hypothesis}")
        left, right = (bounds(enclose_expression(side, values, bits)) for side in conjecture.sides)
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


def check_class(graph: Neighbours, conjecture: Conjecture) -> None:
    """MathrlError unless the graph has at least two vertices and is in every class of the conjecture."""
    n, edges = len(graph), sum(map(len, graph)) // 2
    if n < 2:
        raise MathrlError(f"the graph has {n} vertices; conjectures here are about graphs on at least two")
    needed = set(conjecture.graph_class) - {"any"}
    if needed and len(distances(graph, 0)) < n:
        raise MathrlError(f"the graph is outside the class '{' & '.join(sorted(needed))}': it is not connected")
    if "tree" in needed and edges != n - 1:
        raise MathrlError(f"the graph is outside the class 'tree': it has {edges} edges on {n} vertices")


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
        if function := registered(record["reward"]):
            return recompute(function, graph6, float(value))
        conjecture = resolve(record["reward"]).conjecture
        check_texts(record["solution"], conjecture)
        graph = decode(graph6)
        stored = record["solution"].get("certificate")
        hopeful = value > TOLERANCE or conjecture.strict or conjecture.claim is None or stored is not None
        found = certificate(graph, graph6, conjecture, hopeful)
        if stored is not None:
            check_certificate(stored, found, graph, conjecture)
        notes = check_claims(record, value, found)
    except MathrlError as fault:
        return Verdict(False, False, str(fault))
    proved = found["sign"] in ("positive", "value")
    words = tuple(certificate_in_words(found, conjecture))
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
    if not isinstance(formula, str) or formula.split() != conjecture.text.split():
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


def check_certificate(stored: Any, found: Mapping[str, Any], graph: Neighbours, conjecture: Conjecture) -> None:
    """MathrlError unless every statement of a stored certificate is true of the graph and the conjecture.

    Witnesses are checked as they stand (another maximum matching is as good as ours); the score must be the difference
    of the sides, and the sides must contain what is recomputed here.
    """
    fields(stored, FIELDS, "the certificate")
    if stored["graph6"] != found["graph6"] or stored["formula"] != found["formula"]:
        raise MathrlError("the certificate is of another graph or another formula")
    fields(stored["invariants"], tuple(found["invariants"]), "the certificate's list of invariants")
    for name, part in stored["invariants"].items():
        fields(part, ("interval", "witness"), f"the certificate's entry for {name}")
        low, high = read_interval(part["interval"], name)
        WITNESSES.get(name, check_recount)(name, part["witness"], graph, (low, high))
    left, right, score = (read_interval(stored[name], name) for name in ("left", "right", "score"))
    if score != difference(left, right, conjecture):
        raise MathrlError("the certificate's score is not the difference of its sides")
    if stored["sign"] != sign(score, conjecture):
        raise MathrlError("the certificate's sign does not follow from its score")
    check_sides((left, right), found, graph, conjecture)


def fields(part: Any, names: tuple[str, ...], what: str) -> None:
    if not isinstance(part, Mapping) or set(part) != set(names):
        raise MathrlError(f"{what} does not have exactly the fields {', '.join(names)}")


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


def check_sides(
    stored: tuple[Interval, Interval], found: Mapping[str, Any], graph: Neighbours, conjecture: Conjecture
) -> None:
    """The stored sides contain the true ones: recompute, ever more narrowly, until they do or cannot."""
    fresh = (read_interval(found["left"], "left"), read_interval(found["right"], "right"))
    for bits in (*PRECISIONS, 2 * PRECISIONS[-1]):
        if all(a[0] <= b[0] and b[1] <= a[1] for a, b in zip(stored, fresh, strict=True)):
            return
        if any(b[1] < a[0] or a[1] < b[0] for a, b in zip(stored, fresh, strict=True)):
            break
        try:
            values = {name: enclose(name, graph, bits) for name in conjecture.invariants}
            fresh = sides(conjecture, {name: (value.lo, value.hi) for name, value in values.items()}, bits)
        except Undecided:
            continue
    raise MathrlError("the certificate's left and right sides do not contain the values recomputed here")


def check_recount(name: str, witness: Any, graph: Neighbours, interval: Interval) -> None:
    value = enclose(name, graph).lo
    if witness != {} or interval != (value, value):
        raise MathrlError(f"the certificate's {name} is wrong: it is {value}")


def check_spectral_radius(name: str, witness: Any, graph: Neighbours, interval: Interval) -> None:
    """The polynomial is det(xI - A), has no root above the upper end and one above (or at) the lower end."""
    names = ("polynomial", "lower", "upper", "count_above_lower", "count_above_upper")
    fields(witness, names, f"the witness of {name}")
    polynomial = characteristic_polynomial(graph)
    if witness["polynomial"] != [str(c) for c in polynomial.coeffs()]:
        raise MathrlError("the certificate's polynomial is not the characteristic polynomial of the graph")
    counts = []
    for end, value in zip(("lower", "upper"), interval, strict=True):
        if witness[end] != [str(value.p), str(value.q)]:
            raise MathrlError(f"the witness of {name} is about another {end} end than its interval")
        counts.append(roots_above(polynomial, value))
        stated = witness[f"count_above_{end}"]
        if type(stated) is not int or stated != counts[-1]:
            raise MathrlError(f"the certificate's count of eigenvalues above its {end} end is not {counts[-1]}")
    if counts[1] != 0 or (counts[0] == 0 and polynomial(interval[0]) != 0):
        raise MathrlError(f"the certificate's interval does not contain {name}")


def check_matching(name: str, witness: Any, graph: Neighbours, interval: Interval) -> None:
    """The matching has as many edges as the interval says, and the barrier allows no more (Tutte-Berge)."""
    fields(witness, ("matching", "barrier", "odd_components"), f"the witness of {name}")
    n, matching, barrier = len(graph), witness["matching"], witness["barrier"]
    if not isinstance(matching, list) or not all(isinstance(edge, list) and len(edge) == 2 for edge in matching):
        raise MathrlError("the certificate's matching is not a list of pairs")
    ends = [v for edge in matching for v in edge]
    for vertices, what in ((ends, "matching"), (barrier, "barrier")):
        if not isinstance(vertices, list) or not all(type(v) is int and 0 <= v < n for v in vertices):
            raise MathrlError(f"the certificate's {what} has an entry that is no vertex")
        if len(set(vertices)) != len(vertices):
            raise MathrlError(f"the certificate's {what} uses a vertex twice")
    if not all(w in graph[u] for u, w in matching):
        raise MathrlError("the certificate's matching has a pair that is not an edge")
    odd = odd_components(graph, barrier)
    if type(witness["odd_components"]) is not int or witness["odd_components"] != odd:
        raise MathrlError(f"the certificate's count of odd components is wrong: it is {odd}")
    if any(end != len(matching) for end in interval) or 2 * len(matching) != n + len(barrier) - odd:
        raise MathrlError("the certificate's matching and barrier do not prove the matching number")


WITNESSES: dict[str, Callable[[str, Any, Neighbours, Interval], None]] = {
    "lambda1": check_spectral_radius,
    "matching_number": check_matching,
}
