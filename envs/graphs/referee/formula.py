"""The canonical formula of a certificate: its class, its hypotheses and the two sides of its claim, as intervals.

Python's `ast` reads it and a whitelist gives it meaning; nothing is ever executed.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction

from .arithmetic import FUNCTIONS, OPERATORS, Undefined, defined, divide, minus, negative, pi, plus, times
from .classes import CLASS_TESTS
from .graphs import Graph, Interval, Refused, distances, require, size

INDEXED = (
    "adjacency_eigenvalue",
    "laplacian_eigenvalue",
    "laplacian_sum",
    "distance_eigenvalue",
    "cliques",
    "cocliques",
)
MOST_TERMS = 10_000  # of an aggregator over integers
Names = dict[str, Interval]


class Values:
    """The graph, and the intervals of its invariants as the certificate names them: 'lambda1', 'laplacian_sum(3)'."""

    def __init__(self, graph: Graph, invariants: dict[str, Interval], bits: int) -> None:
        self.graph, self.invariants, self.bits = graph, invariants, bits
        self.used: set[str] = set()
        self.aggregates: dict[int, tuple[ast.Call, Interval]] = {}  # by identity, so that a nested one is found once

    def invariant(self, name: str) -> Interval:
        require(name in self.invariants, f"the certificate says nothing of {name}, which the formula uses")
        self.used.add(name)
        return self.invariants[name]

    def indexed(self, name: str, index: Interval) -> Interval:
        defined(math.ceil(index[0]) <= math.floor(index[1]), f"an index of {name} that is not an integer")
        require(index[0] == index[1], f"an index of {name} that this interval does not decide")
        defined(1 <= index[0] <= len(self.graph), f"{name}({index[0]}) has no value for this graph")
        return self.invariant(f"{name}({index[0]})")


def exactly(x: int | Fraction) -> Interval:
    return Fraction(x), Fraction(x)


def evaluate(node: ast.expr, text: str, values: Values, names: Names) -> Interval:
    """The interval of an expression, by a walk over a whitelist of Python's syntax."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        literal = text[node.col_offset : node.end_col_offset]
        require(re.fullmatch(r"[0-9]*\.?[0-9]*", literal) is not None, f"{literal} is not a plain decimal number")
        return exactly(Fraction(literal))
    if isinstance(node, ast.Name):
        return pi(values.bits) if node.id == "pi" else names[node.id] if node.id in names else values.invariant(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return negative(evaluate(node.operand, text, values, names))
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        left, right = (evaluate(side, text, values, names) for side in (node.left, node.right))
        return OPERATORS[type(node.op)](left, right, values.bits)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return call(node, node.func.id, text, values, names)
    if isinstance(node, ast.IfExp) and isinstance(node.test, ast.Compare) and [*map(type, node.test.ops)] == [ast.Eq]:
        left, right = (evaluate(side, text, values, names) for side in (node.test.left, node.test.comparators[0]))
        return evaluate(node.body if certainly(ast.Eq, left, right) else node.orelse, text, values, names)
    raise Refused("the formula uses something outside the formula language")


def call(node: ast.Call, name: str, text: str, values: Values, names: Names) -> Interval:
    """A function, an indexed invariant or an aggregator such as max_vertex."""
    if name in FUNCTIONS:
        return FUNCTIONS[name](*(evaluate(part, text, values, names) for part in node.args), bits=values.bits)
    if name in INDEXED and len(node.args) == 1:
        return values.indexed(name, evaluate(node.args[0], text, values, names))
    if id(node) not in values.aggregates:  # it sees no names from outside
        values.aggregates[id(node)] = node, aggregate(node, name, text, values)
    return values.aggregates[id(node)][1]


def aggregate(node: ast.Call, name: str, text: str, values: Values) -> Interval:
    """The largest, smallest, sum or mean of a term over vertices, edges or integers."""
    fold, _, over = name.partition("_")
    require(fold in ("max", "min", "sum", "mean") and over in PLACES, f"{name} is not part of the formula language")
    require(fold != "mean" or over == "vertex", f"{name} is not part of the formula language")
    require(len(node.args) == (3 if over == "index" else 1), f"{name} has another number of arguments")
    ends = [evaluate(end, text, values, {}) for end in node.args[1:]]
    places = [*PLACES[over](values, ends)]
    terms = []
    for local, count in places:
        try:
            terms.append((evaluate(node.args[0], text, values, local), count))
        except Undefined:  # certainly undefined at a vertex or an edge: left out
            if over == "index":
                raise
    defined(bool(terms) or (fold == "sum" and not places), f"{name} has no term")
    if fold in ("max", "min"):
        choose = max if fold == "max" else min
        return choose(low for (low, _), _ in terms), choose(high for (_, high), _ in terms)
    total = exactly(0)
    for term, count in terms:
        total = plus(total, times(term, exactly(count), values.bits), values.bits)
    return divide(total, exactly(sum(count for _, count in terms)), values.bits) if fold == "mean" else total


# --------------------------------------------------------------------------------------- where terms are evaluated

Places = Iterable[tuple[Names, int]]  # the local names, and how often they occur


def vertex_kinds(graph: Graph) -> list[tuple[int, Fraction]]:
    """The degree of every vertex, and the average degree of its neighbours, 0 if there is none."""
    return [(len(row), Fraction(sum(len(graph[w]) for w in row), len(row) or 1)) for row in graph]


def vertex_places(values: Values, ends: list[Interval]) -> Places:
    for (degree, average), count in Counter(vertex_kinds(values.graph)).items():
        yield {"d": exactly(degree), "a": exactly(average)}, count


def edge_places(values: Values, ends: list[Interval]) -> Places:
    kinds = vertex_kinds(values.graph)
    pairs = Counter((kinds[u], kinds[v]) for u, row in enumerate(values.graph) for v in row if u < v)
    for ((du, au), (dv, av)), count in pairs.items():
        yield {"du": exactly(du), "dv": exactly(dv), "au": exactly(au), "av": exactly(av)}, count


def index_places(values: Values, ends: list[Interval]) -> Places:
    (first, last), bits = ends, values.bits
    low, high = FUNCTIONS["ceil"](first, bits=bits)[0], FUNCTIONS["floor"](last, bits=bits)[0]
    require(high - low < MOST_TERMS, f"an aggregator with more than {MOST_TERMS} terms")
    for k in range(int(low), int(high) + 1):
        yield {"k": exactly(k)}, 1


PLACES: dict[str, Callable[[Values, list[Interval]], Places]] = {
    "vertex": vertex_places,
    "edge": edge_places,
    "index": index_places,
}


# ------------------------------------------------------------------------------------------ comparisons and prefix


def certainly(operator: type[ast.cmpop], left: Interval, right: Interval) -> bool:
    """Whether a comparison certainly holds (True) or certainly fails (False)."""
    low, high = minus(left, right)
    certain = {
        ast.LtE: (high <= 0, low > 0),
        ast.Lt: (high < 0, low >= 0),
        ast.GtE: (low >= 0, high < 0),
        ast.Gt: (low > 0, high <= 0),
        ast.Eq: (low == high == 0, low > 0 or high < 0),
    }
    require(operator in certain and any(certain[operator]), "a comparison is undecided")
    return certain[operator][0]


def expression(text: str) -> tuple[ast.expr, str]:
    text = text.strip()
    return ast.parse(text, mode="eval").body, text


def pieces(text: str, separators: str) -> list[str]:
    """The parts of a text between separators outside brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character in separators and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def check_prefix(prefix: str, values: Values) -> list[str]:
    """The classes and the hypotheses before the colon, each certain."""
    lines = []
    for part in pieces(prefix, ",&"):
        if part in CLASS_TESTS:
            CLASS_TESTS[part](values.graph)
        elif part != "any":
            node, text = expression(part)
            require(isinstance(node, ast.Compare), f"'{part}' is neither a class nor a comparison")
            assert isinstance(node, ast.Compare)
            require(len(node.ops) == 1, "a comparison with more than two sides")
            sides = [hypothesis_side(side, text, values) for side in (node.left, node.comparators[0])]
            require(certainly(type(node.ops[0]), *sides), f"the hypothesis {part} does not hold")
        lines.append(f"{part}: holds")
    return lines


def hypothesis_side(side: ast.expr, text: str, values: Values) -> Interval:
    """A side of a hypothesis; the girth of a forest counts as infinite there, so as larger than any number in it."""
    if isinstance(side, ast.Name) and side.id == "girth" and "girth" not in values.invariants:
        components, left = 0, set(range(len(values.graph)))
        while left:
            components, left = components + 1, left - distances(values.graph, min(left)).keys()
        require(size(values.graph) == len(values.graph) - components, "the graph has a cycle, but no girth is stated")
        return exactly(INFINITE)
    found = evaluate(side, text, values, {})
    require(max(map(abs, found)) < INFINITE, "a side of a hypothesis is beyond all that is compared here")
    return found


INFINITE = 10**4000
