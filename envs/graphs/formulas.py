"""Conjectures as data: expressions, comparisons, classes and hypotheses, and how they are said back to the reader.

A formula is `class, hypotheses: claim`, for example `connected, n >= 3: lambda1 + mu >= sqrt(n-1) + 1`, or
`class, hypotheses: maximise: EXPR`. reading.py reads it, evaluation.py and enclosing.py give it values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from .classes import CLASSES
from .invariants import find

FUNCTIONS = dict.fromkeys(("sqrt", "abs", "floor", "ceil", "sin", "cos"), (1, 1)) | {
    "min": (2, 99),
    "max": (2, 99),
}  # name -> least and greatest number of arguments

STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "negative": 3, "**": 4}


@dataclass(frozen=True)
class Aggregator:
    """A number of the graph made of the values of an expression at every vertex, edge or integer: `fold` of them."""

    fold: str  # max, min, sum or mean
    over: str  # vertex, edge or index


AGGREGATORS = {
    f"{fold}_{over}": Aggregator(fold, over)
    for over, folds in {"vertex": "max min sum mean", "edge": "max min sum", "index": "max min sum"}.items()
    for fold in folds.split()
}
LOCALS = {
    "vertex": {"d": "degree of v", "a": "average degree of the neighbours of v (0 if there is none)"},
    "edge": {
        "du": "degree of u", "dv": "degree of v",
        "au": "average degree of the neighbours of u", "av": "average degree of the neighbours of v",
    },
    "index": {"k": "the integer"},
}  # fmt: skip


@dataclass(frozen=True)
class Expression:
    """A node of a formula.

    `operator` is 'number', 'invariant', 'local', 'pi', 'if', 'negative', one of + - * / % **, or the name of a function
    or an aggregator. `value` is the number (exact) or the name. The argument of an indexed invariant is its index;
    those of 'if' are left, right, then, otherwise: it takes `then` where left == right; those of an aggregator over
    indices are the term and the first and last index.
    """

    operator: str
    arguments: tuple[Expression, ...] = ()
    value: Fraction | str | None = None

    def __str__(self) -> str:
        if isinstance(self.value, Fraction):
            return decimal(self.value)
        if self.operator in ("invariant", "local"):
            return f"{self.value}({self.arguments[0]})" if self.arguments else str(self.value)
        if self.operator == "pi":
            return "pi"
        if self.operator == "if":
            left, right, then, otherwise = self.arguments
            return f"({then} if {left} == {right} else {otherwise})"
        if self.operator == "negative":
            return f"-{self.bracketed(0, 3)}"
        if self.operator not in STRENGTH:
            return f"{self.operator}({', '.join(map(str, self.arguments))})"
        strength = STRENGTH[self.operator]
        if self.operator == "**":
            return f"{self.bracketed(0, 5)}**{self.bracketed(1, 4)}"
        return f"{self.bracketed(0, strength)} {self.operator} {self.bracketed(1, strength + 1)}"

    def bracketed(self, index: int, strength: int) -> str:
        """The argument's text, in brackets if it binds less than `strength`."""
        argument = self.arguments[index]
        return str(argument) if STRENGTH.get(argument.operator, 9) >= strength else f"({argument})"

    def parts(self) -> Iterator[Expression]:
        """This expression and everything inside it, in reading order."""
        yield self
        for argument in self.arguments:
            yield from argument.parts()


def decimal(number: Fraction) -> str:
    """A number that was read from a decimal, as a decimal again."""
    places = 0
    while 10**places % number.denominator:
        places += 1
    if not places:
        return str(number)
    whole, part = divmod(number.numerator * 10**places // number.denominator, 10**places)
    return f"{whole}.{part:0{places}}"


@dataclass(frozen=True)
class Comparison:
    """`left operator right` with operator <= >= < > (in a hypothesis also ==)."""

    operator: str
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self.right}"


@dataclass(frozen=True)
class Conjecture:
    """For every graph of the class that satisfies the hypotheses, the claim holds; or an objective to be made large.

    `text` is what was typed; str() is the same in canonical form, with every invariant by its full name.
    """

    text: str
    graph_class: tuple[str, ...]
    hypotheses: tuple[Comparison, ...]
    claim: Comparison | None
    objective: Expression | None

    def __str__(self) -> str:
        return self.canonical

    @cached_property
    def canonical(self) -> str:
        prefix = ", ".join([*(name for name in self.graph_class if name != "any"), *map(str, self.hypotheses)]) or "any"
        return f"{prefix}: {f'maximise: {self.objective}' if self.claim is None else self.claim}"

    @property
    def strict(self) -> bool:
        """Whether a score of exactly 0 refutes the claim."""
        return self.claim is not None and self.claim.operator in ("<", ">")

    @property
    def sides(self) -> tuple[Expression, Expression]:
        """The left and right side of the claim, or the objective and 0."""
        if self.claim is None:
            assert self.objective is not None
            return self.objective, Expression("number", value=Fraction(0))
        return self.claim.left, self.claim.right

    @property
    def upward(self) -> bool:
        """Whether the score is right - left (a claim with >= or >), not left - right."""
        return self.claim is not None and self.claim.operator in (">=", ">")

    @cached_property
    def parts(self) -> tuple[Expression, ...]:
        """Every expression of the hypotheses and the claim, in reading order."""
        sides = [side for hypothesis in self.hypotheses for side in (hypothesis.left, hypothesis.right)] + [*self.sides]
        return tuple(part for side in sides for part in side.parts())

    @property
    def invariants(self) -> tuple[str, ...]:
        """Canonical names of every invariant used, each once, in reading order."""
        return tuple(dict.fromkeys(str(part.value) for part in self.parts if part.operator == "invariant"))


# ---------------------------------------------------------------------------------------------------- reading back


def read_back(conjecture: Conjecture) -> list[str]:
    """The reading, line by line: quantifier, class, hypotheses and claim; the score; what every name means."""
    such = f" with {' and '.join(map(str, conjecture.hypotheses))}" if conjecture.hypotheses else ""
    every = f"every {class_in_words(conjecture.graph_class)}{such}"
    if conjecture.claim is None:
        lines = [f"over {every}: maximise {conjecture.objective}"]
    else:
        second, first = conjecture.sides if conjecture.upward else conjecture.sides[::-1]
        bracket = f"({second})" if STRENGTH.get(second.operator) == 1 else f"{second}"
        test = ">= 0 (0 only when it is exact)" if conjecture.strict else "> 0"
        lines = [
            f"for {every}: {conjecture.claim}",
            f"a counterexample is such a graph with score {first} - {bracket} {test}",
        ]
    lines += [f"{name}: {CLASSES[name].sentence}" for name in conjecture.graph_class if name not in FAMILIAR]
    for name in dict.fromkeys(part.operator for part in conjecture.parts if part.operator in AGGREGATORS):
        lines.append(f"{name}: {aggregator_in_words(AGGREGATORS[name])}")
    for name in conjecture.invariants:
        invariant = find(name)
        label = name if invariant.symbol in ("", name) else f"{name} ({invariant.symbol})"
        lines.append(f"{label}: {invariant.sentence}" + (f" [{invariant.source}]" if invariant.source else ""))
    return lines


FAMILIAR = ("any", "connected", "tree")  # classes that need no definition


def class_in_words(graph_class: tuple[str, ...]) -> str:
    """The class as a reader says it: 'connected planar graph', 'tree'."""
    kinds = [CLASSES[name] for name in graph_class]
    noun = next((kind.noun for kind in kinds if kind.name == "tree"), "graph")
    return " ".join([*(kind.adjective for kind in kinds if kind.adjective), noun])


def aggregator_in_words(aggregator: Aggregator) -> str:
    """What an aggregator means, with its local names."""
    fold = {"max": "the largest", "min": "the smallest", "sum": "the sum of the", "mean": "the mean of the"}
    value = "value" if aggregator.fold in ("max", "min") else "values"
    names = "; ".join(f"{name} = {meaning}" for name, meaning in LOCALS[aggregator.over].items())
    if aggregator.over == "index":
        return f"{fold[aggregator.fold]} {value} over the integers k from the second to the third argument"
    over = "vertices v" if aggregator.over == "vertex" else "edges uv, u < v"
    skipped = "where a term is undefined, such as the root of a negative number, it is left out"
    return f"{fold[aggregator.fold]} {value} over all {over}, with {names}; {skipped}"
