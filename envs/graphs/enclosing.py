"""Formulas on one graph, exactly: rational numbers (fmpq) as long as that works, else balls around the value (arb).

Invariants are enclosed when they are first needed, and what was used is recorded for the certificate. Nothing here is
shared with the float side (evaluation.py) but the formula itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction

from flint import arb, ctx, fmpq

from mathrl.errors import MathrlError

from .arithmetic import (
    COMPARE,
    MOST_BITS,
    OPERATIONS,
    Number,
    Undecided,
    Undefined,
    ball,
    bounds,
    ceil,
    decide,
    floor,
    largest,
    smallest,
)
from .exact.face import Enclosure, Interval
from .exact.graphs import Neighbours
from .formulas import AGGREGATORS, Comparison, Expression
from .invariants import find

MOST_TERMS = 10_000  # of an aggregator over indices
GIRTH = Expression("invariant", value="girth")
Names = Mapping[str, Number]


class GraphValues:
    """What is known of one graph at a working precision of `bits`.

    `used` lists every invariant that was needed, by its name in the certificate: 'lambda1', 'laplacian_sum(3)'. With
    `given` intervals these are taken instead, and no other invariant.
    """

    def __init__(self, graph: Neighbours, bits: int = 64, given: Mapping[str, Interval] | None = None) -> None:
        self.graph, self.bits, self.given = graph, bits, given
        self.used: dict[str, Enclosure] = {}
        self._aggregates: dict[int, tuple[Expression, Number]] = {}  # by identity, with the value at this precision
        self._exact: dict[str, Enclosure] = {}  # rational values, which no precision improves
        self._degrees: list[int] = [len(row) for row in graph]

    def at(self, bits: int) -> GraphValues:
        """The same graph at another precision, with nothing used yet."""
        self.bits, self.used, self._aggregates = bits, {}, {}
        return self

    def value(self, expression: Expression) -> Number:
        """The value of an expression as an exact rational or a ball that contains it.

        Raises Undefined where there is no real value, Undecided where the precision does not tell (arithmetic.py).
        """
        with ctx.workprec(self.bits):
            return self._walk(expression, {})

    def interval(self, expression: Expression) -> Interval:
        """The same between two rationals."""
        with ctx.workprec(self.bits):
            return bounds(self._walk(expression, {}))

    def holds(self, hypothesis: Comparison) -> bool:
        """Whether a hypothesis certainly holds (True) or fails; the girth of a forest is infinite here."""
        with ctx.workprec(self.bits):
            sides = [self._side(side) for side in (hypothesis.left, hypothesis.right)]
            if None in sides:  # at most one is finite, so only which is infinite matters
                return bool(COMPARE[hypothesis.operator](*(fmpq(side is None) for side in sides)))
            return decide(hypothesis.operator, *sides)

    def _side(self, side: Expression) -> Number | None:
        """A side of a hypothesis, None for infinity."""
        try:
            return self._walk(side, {})
        except Undefined:
            if side == GIRTH:
                return None
            raise

    def _walk(self, part: Expression, names: Names) -> Number:
        operator, arguments = part.operator, part.arguments
        if operator == "number":
            assert isinstance(part.value, Fraction)
            return fmpq(part.value.numerator, part.value.denominator)
        if operator == "local":
            return names[str(part.value)]
        if operator == "invariant":
            return self._invariant(str(part.value), self._walk(arguments[0], names) if arguments else None)
        if operator == "if":
            left, right, then, otherwise = arguments
            equal = decide("==", self._walk(left, names), self._walk(right, names))
            return self._walk(then if equal else otherwise, names)
        if operator in AGGREGATORS:
            if id(part) not in self._aggregates:  # nested ones would be computed at every place
                self._aggregates[id(part)] = part, self._aggregate(part)
            return self._aggregates[id(part)][1]
        return OPERATIONS[operator](*[self._walk(argument, names) for argument in arguments])

    def _invariant(self, name: str, index: Number | None) -> Number:
        """An invariant by its name and, for an indexed one, its index."""
        k = None if index is None else integer(index)
        if k is not None and not 1 <= k <= len(self.graph):
            raise Undefined(f"{name}({k}) has no value for a graph on {len(self.graph)} vertices")
        key = name if k is None else f"{name}({k})"
        if key not in self.used:
            self.used[key] = self._enclosed(name, key, k)
        return ball(self.used[key].lo, self.used[key].hi)

    def _enclosed(self, name: str, key: str, k: int | None) -> Enclosure:
        if self.given is not None:
            if key not in self.given:
                if name == GIRTH.value:  # a forest has none to be given: Undefined
                    find(name).face.enclose(self.graph, self.bits, k)
                raise MathrlError(f"nothing is said of {key}, which the formula uses")
            return Enclosure(*self.given[key])
        found = self._exact.get(key) or find(name).face.enclose(self.graph, self.bits, k)
        if found.lo == found.hi:
            self._exact[key] = found
        return found

    # -------------------------------------------------------------------------------------------------- aggregators

    def _aggregate(self, part: Expression) -> Number:
        aggregator = AGGREGATORS[part.operator]
        if aggregator.over == "index":
            terms, empty = self._over_indices(part), True
        else:
            places = self._vertices() if aggregator.over == "vertex" else self._edges()
            terms, empty = self._where_defined(part.arguments[0], places), not places
        if not terms and not (empty and aggregator.fold == "sum"):
            raise Undefined(f"{part.operator} has no term")
        if aggregator.fold in ("max", "min"):
            return (largest if aggregator.fold == "max" else smallest)(*(value for value, _ in terms))
        total: Number = fmpq(0)
        for value, count in terms:
            total += count * value
            if not isinstance(total, arb) and total.height_bits() > MOST_BITS:
                total = arb(total)  # else ten thousand fractions would take hours to add
        return total / sum(count for _, count in terms) if aggregator.fold == "mean" else total

    def _where_defined(self, term: Expression, places: Iterable[tuple[Names, int]]) -> list[tuple[Number, int]]:
        """The values of a term, each with its multiplicity; certainly undefined ones are left out."""
        terms = []
        for names, count in places:
            try:
                terms.append((self._walk(term, names), count))
            except Undefined:
                continue
        return terms

    def _over_indices(self, part: Expression) -> list[tuple[Number, int]]:
        term = part.arguments[0]
        first, last = (self._walk(bound, {}) for bound in part.arguments[1:])
        low, high = int(ceil(first).p), int(floor(last).p)
        if high - low >= MOST_TERMS:
            raise MathrlError(f"{part.operator} has more than {MOST_TERMS} terms")
        return [(self._walk(term, {"k": fmpq(k)}), 1) for k in range(low, high + 1)]

    def _vertices(self) -> list[tuple[Names, int]]:
        """The local names of the vertices, equal ones once, with their number."""
        degree = self._degrees
        counts = Counter((degree[v], sum(degree[w] for w in row)) for v, row in enumerate(self.graph))
        return [({"d": fmpq(d), "a": average(d, total)}, count) for (d, total), count in counts.items()]

    def _edges(self) -> list[tuple[Names, int]]:
        """The local names of the edges u < v, equal ones once, with their number."""
        degree = self._degrees
        kinds = [(degree[v], sum(degree[w] for w in row)) for v, row in enumerate(self.graph)]
        counts = Counter((kinds[u], kinds[v]) for u, row in enumerate(self.graph) for v in row if u < v)
        return [
            ({"du": fmpq(u[0]), "dv": fmpq(v[0]), "au": average(*u), "av": average(*v)}, count)
            for (u, v), count in counts.items()
        ]


def average(degree: int, total: int) -> fmpq:
    """The mean degree of the neighbours of a vertex, from the sum of their degrees."""
    return fmpq(total, degree) if degree else fmpq(0)


def integer(x: Number) -> int:
    """The integer that an index is; Undefined if it is none."""
    if isinstance(x, arb):
        low, high = bounds(x)
        if low.ceil() > high.floor():
            raise Undefined("an index that is not an integer")
        raise Undecided
    if x.q != 1:
        raise Undefined(f"an index that is not an integer, {x}")
    return int(x.p)
