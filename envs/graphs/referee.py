"""Re-check a graph's certificate with Python's standard library alone: python -I check.py prints what it checked.

Exit 0: every line printed is true of the graph. Exit 1: something in the data is false, and the last line says what.
The graph is decoded from graph6; every invariant is recounted or proved by its witness (an eigenvalue's interval by
sign changes of the characteristic polynomial, a matching number by a matching and a Tutte-Berge barrier); the formula
is evaluated in interval arithmetic on fractions. Nothing in the data is ever executed.
"""

from __future__ import annotations

import ast
import math
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

CERTIFICATE: dict[str, Any] | None = None

Graph = list[set[int]]
Interval = tuple[Fraction, Fraction]


class Refused(Exception):
    """Something in the data is false; the message is one sentence."""


def require(condition: bool, sentence: str) -> None:
    if not condition:
        raise Refused(sentence)


# ------------------------------------------------------------------------------------------------- graphs, recounted


def decode(graph6: str) -> Graph:
    """The neighbour sets of a graph6 string."""
    codes = [ord(character) - 63 for character in graph6]
    require(bool(codes) and all(0 <= code < 64 for code in codes), "graph6 has a character outside '?' to '~'")
    start = 1 if codes[0] < 63 else 4 if codes[1:2] != [63] else 8
    n = 0
    for code in codes[start // 4 : start]:
        n = n * 64 + code
    pairs = n * (n - 1) // 2
    require(len(codes) - start == (pairs + 5) // 6, f"graph6 has the wrong length for {n} vertices")
    bits = [code >> shift & 1 for code in codes[start:] for shift in (5, 4, 3, 2, 1, 0)]
    require(not any(bits[pairs:]), "graph6 has padding that is not zero")
    graph: Graph = [set() for _ in range(n)]
    order = ((i, j) for j in range(n) for i in range(j))
    for (i, j), bit in zip(order, bits, strict=False):
        if bit:
            graph[i].add(j)
            graph[j].add(i)
    return graph


def distances(graph: Graph, source: int) -> dict[int, int]:
    reached, queue = {source: 0}, [source]
    for u in queue:
        for w in sorted(graph[u] - reached.keys()):
            reached[w] = reached[u] + 1
            queue.append(w)
    return reached


def diameter(graph: Graph) -> int:
    rows = [distances(graph, source) for source in range(len(graph))]
    require(len(rows[0]) == len(graph), "the diameter of a disconnected graph is undefined")
    return max(max(row.values()) for row in rows)


def size(graph: Graph) -> int:
    return sum(map(len, graph)) // 2


COUNTED: dict[str, Callable[[Graph], Any]] = {
    "n": len,
    "m": size,
    "maximum_degree": lambda graph: max(map(len, graph)),
    "minimum_degree": lambda graph: min(map(len, graph)),
    "average_degree": lambda graph: Fraction(2 * size(graph), len(graph)),
    "density": lambda graph: Fraction(2 * size(graph), len(graph) * (len(graph) - 1)),
    "triangle_number": lambda graph: sum(len(graph[u] & graph[v]) for u in range(len(graph)) for v in graph[u]) // 6,
    "diameter": diameter,
}
ALIASES = {"order": "n", "size": "m", "Delta": "maximum_degree", "delta": "minimum_degree", "mu": "matching_number"}


# ----------------------------------------------------------------------------------------- invariants with a witness


def characteristic_polynomial(graph: Graph) -> list[int]:
    """Coefficients of det(xI - A), low to high, by Faddeev and LeVerrier: M := A M + c I, c := -tr(A M) / k."""
    n = len(graph)
    coefficients = [0] * n + [1]
    power = [[int(u == v) for v in range(n)] for u in range(n)]
    for k in range(1, n + 1):
        power = [[sum(column) for column in zip(*(power[w] for w in row), strict=True)] or [0] * n for row in graph]
        coefficients[n - k] = -sum(power[v][v] for v in range(n)) // k
        for v in range(n):
            power[v][v] += coefficients[n - k]
    return coefficients


def roots_above(coefficients: list[int], point: Fraction) -> int:
    """The number of roots > point of a polynomial with real roots only: Descartes' sign changes of p(x + point)."""
    degree = len(coefficients) - 1
    shifted = [c * point.denominator ** (degree - j) for j, c in enumerate(coefficients)]
    for start in range(degree):  # a Taylor shift by repeated division by x - u
        for j in range(degree - 1, start - 1, -1):
            shifted[j] += point.numerator * shifted[j + 1]
    signs = [c > 0 for c in shifted if c]
    return sum(signs[j] != signs[j + 1] for j in range(len(signs) - 1))


def check_spectral_radius(graph: Graph, interval: Interval, witness: dict[str, Any]) -> str:
    low, high = interval
    polynomial = characteristic_polynomial(graph)
    require(witness["polynomial"] == [str(c) for c in polynomial], "the characteristic polynomial is another one")
    require(
        [*map(str, low.as_integer_ratio())] == witness["lower"], "the witness has another lower end than its interval"
    )
    require(
        [*map(str, high.as_integer_ratio())] == witness["upper"], "the witness has another upper end than its interval"
    )
    counts = roots_above(polynomial, low), roots_above(polynomial, high)
    require(counts == (witness["count_above_lower"], witness["count_above_upper"]), "a count of eigenvalues is wrong")
    at_low = sum(c * low**j for j, c in enumerate(polynomial)) == 0
    require(counts[1] == 0 and (counts[0] > 0 or at_low), "the interval does not contain the largest eigenvalue")
    ends = f"[{outward(low, -1)}, {outward(high, 1)}]"
    return f"lambda1 in {ends}: det(xI - A) recomputed, {counts[0]} and 0 of its roots are above the ends"


def check_matching(graph: Graph, interval: Interval, witness: dict[str, Any]) -> str:
    matching, barrier, n = witness["matching"], witness["barrier"], len(graph)
    ends = [v for edge in matching for v in edge]
    require(all(type(v) is int and 0 <= v < n for v in ends + barrier), "the matching or the barrier names no vertex")
    require(all(len(edge) == 2 and edge[1] in graph[edge[0]] for edge in matching), "a pair of the matching is no edge")
    require(len(set(ends)) == len(ends), "two edges of the matching share a vertex")
    require(len(set(barrier)) == len(barrier), "the barrier names a vertex twice")
    odd, left = 0, set(range(n)) - set(barrier)
    rest = [row & left for row in graph]
    while left:
        component = distances(rest, min(left))
        odd += len(component) % 2
        left -= component.keys()
    require(odd == witness["odd_components"], f"{odd} odd components remain without the barrier, not what is stated")
    require(2 * len(matching) == n + len(barrier) - odd, "the barrier allows a larger matching")
    require(interval[0] == interval[1] == len(matching), "the matching has another size than stated")
    return f"matching_number = {len(matching)}: a matching, and {len(barrier)} vertices that leave {odd} odd components"


WITNESSED: dict[str, Callable[[Graph, Interval, dict[str, Any]], str]] = {
    "lambda1": check_spectral_radius,
    "matching_number": check_matching,
}


# ------------------------------------------------------------------------------ interval arithmetic on fractions


def root(x: Interval, order: int, bits: int) -> Interval:
    """The real root of an interval of numbers >= 0, outward to multiples of 2^-bits."""
    require(x[0] >= 0, "a root of a number that may be negative")
    ends = []
    for end in x:
        scaled = (end.numerator << (bits * order)) // end.denominator
        below = integer_root(scaled, order)
        exact = below**order * end.denominator == end.numerator << (bits * order)
        ends.append((Fraction(below, 1 << bits), Fraction(below + (not exact), 1 << bits)))
    return ends[0][0], ends[1][1]


def integer_root(x: int, order: int) -> int:
    """floor(x ** (1/order)) for an integer x >= 0."""
    if order == 2:
        return math.isqrt(x)
    low, high = 0, 1 << (x.bit_length() // order + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**order <= x else (low, middle)
    return low


def times(x: Interval, y: Interval, bits: int) -> Interval:
    products = [a * b for a in x for b in y]
    return min(products), max(products)


def divide(x: Interval, y: Interval, bits: int) -> Interval:
    require(y[0] > 0 or y[1] < 0, "a division by what may be zero")
    return times(x, (1 / y[1], 1 / y[0]), bits)


def power(x: Interval, y: Interval, bits: int) -> Interval:
    require(y[0] == y[1], "an exponent that is not rational cannot be checked here")
    exponent = y[0]
    require(abs(exponent.numerator) <= 10_000 and exponent.denominator <= 64, "an exponent too large to check here")
    if exponent.denominator > 1:
        x = root(x, exponent.denominator, bits)
    k = abs(exponent.numerator)
    require(
        k * max(end.denominator.bit_length() + end.numerator.bit_length() for end in x) < 10**6, "a power too large"
    )
    ends = [x[0] ** k, x[1] ** k]
    found = (Fraction(0), max(ends)) if k and k % 2 == 0 and x[0] < 0 < x[1] else (min(ends), max(ends))
    return found if exponent >= 0 else divide((Fraction(1), Fraction(1)), found, bits)


def floor(x: Interval, bits: int) -> Interval:
    require(math.floor(x[0]) == math.floor(x[1]), "a rounding that this interval does not decide")
    return Fraction(math.floor(x[0])), Fraction(math.floor(x[0]))


def minus(x: Interval, y: Interval, bits: int = 0) -> Interval:
    return x[0] - y[1], x[1] - y[0]


def negative(x: Interval, bits: int = 0) -> Interval:
    return -x[1], -x[0]


def modulo(x: Interval, y: Interval, bits: int) -> Interval:
    return minus(x, times(y, floor(divide(x, y, bits), bits), bits))


def absolute(x: Interval, bits: int) -> Interval:
    return x if x[0] >= 0 else negative(x) if x[1] <= 0 else (Fraction(0), max(-x[0], x[1]))


def pi(bits: int) -> Interval:
    """Machin: pi = 16 arctan(1/5) - 4 arctan(1/239), partial sums of alternating series being bounds."""

    def arctan(inverse: int) -> Interval:
        total, k, previous = Fraction(0), 0, Fraction(0)
        while k < 2 or abs(total - previous) > Fraction(1, 1 << bits):
            previous, total = total, total + Fraction((-1) ** k, (2 * k + 1) * inverse ** (2 * k + 1))
            k += 1
        return min(previous, total), max(previous, total)

    first, second = arctan(5), arctan(239)
    return 16 * first[0] - 4 * second[1], 16 * first[1] - 4 * second[0]


def circular(x: Interval, start: int, bits: int) -> Interval:
    """cos (start 0) or sin (start 1): the Taylor series at the rounded middle, plus the distance to the ends."""
    require(abs(x[0]) <= 1000 and abs(x[1]) <= 1000, "an angle above 1000 is not checked here")
    middle = Fraction(round((x[0] + x[1]) / 2 * (1 << bits)), 1 << bits)
    error = max(abs(x[0] - middle), abs(x[1] - middle))
    total, k, term = Fraction(0), start, middle**start
    while k <= abs(middle) or abs(term) > Fraction(1, 1 << bits):
        total += term
        term = -term * middle**2 / ((k + 1) * (k + 2))
        k += 2
    error += abs(term)
    return max(total - error, Fraction(-1)), min(total + error, Fraction(1))


FUNCTIONS: dict[str, Callable[..., Interval]] = {
    "sqrt": lambda x, bits: root(x, 2, bits),
    "abs": absolute,
    "floor": floor,
    "ceil": lambda x, bits: negative(floor(negative(x), bits)),
    "sin": lambda x, bits: circular(x, 1, bits),
    "cos": lambda x, bits: circular(x, 0, bits),
    "min": lambda *xs, bits: (min(x[0] for x in xs), min(x[1] for x in xs)),
    "max": lambda *xs, bits: (max(x[0] for x in xs), max(x[1] for x in xs)),
}
OPERATORS: dict[type[ast.operator], Callable[[Interval, Interval, int], Interval]] = {
    ast.Add: lambda x, y, bits: (x[0] + y[0], x[1] + y[1]),
    ast.Sub: minus,
    ast.Mult: times,
    ast.Div: divide,
    ast.Mod: modulo,
    ast.Pow: power,
}


# ----------------------------------------------------------------------------------------------------- the formula


def evaluate(node: ast.expr, text: str, values: dict[str, Interval], bits: int) -> Interval:
    """The interval of an expression, by a walk over a whitelist of Python's syntax."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        number = Fraction(text[node.col_offset : node.end_col_offset])
        return number, number
    if isinstance(node, ast.Name):
        return pi(bits) if node.id == "pi" else values[ALIASES.get(node.id, node.id)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        operand = evaluate(node.operand, text, values, bits)
        return negative(operand) if isinstance(node.op, ast.USub) else operand
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        left, right = (evaluate(side, text, values, bits) for side in (node.left, node.right))
        return OPERATORS[type(node.op)](left, right, bits)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
        return FUNCTIONS[node.func.id](*(evaluate(part, text, values, bits) for part in node.args), bits=bits)
    if isinstance(node, ast.IfExp) and isinstance(node.test, ast.Compare) and isinstance(node.test.ops[0], ast.Eq):
        test = compare(node.test, text, values, bits)
        return evaluate(node.body if test else node.orelse, text, values, bits)
    raise Refused("the formula uses something outside the formula language")


def compare(node: ast.Compare, text: str, values: dict[str, Interval], bits: int) -> bool:
    """Whether one comparison certainly holds (True) or certainly fails (False)."""
    require(len(node.ops) == 1, "a comparison with more than two sides")
    left, right = (evaluate(side, text, values, bits) for side in (node.left, node.comparators[0]))
    low, high = minus(left, right)
    certain = {
        ast.LtE: (high <= 0, low > 0),
        ast.Lt: (high < 0, low >= 0),
        ast.GtE: (low >= 0, high < 0),
        ast.Gt: (low > 0, high <= 0),
        ast.Eq: (low == high == 0, low > 0 or high < 0),
    }
    require(type(node.ops[0]) in certain and any(certain[type(node.ops[0])]), "a comparison is undecided")
    return certain[type(node.ops[0])][0]


def expression(text: str) -> tuple[ast.expr, str]:
    text = text.strip()
    return ast.parse(text, mode="eval").body, text


def pieces(text: str) -> list[str]:
    """The parts of a prefix between commas or & outside brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character in ",&" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def check_prefix(prefix: str, graph: Graph, values: dict[str, Interval], bits: int) -> list[str]:
    """The class and the hypotheses before the colon, each certain."""
    lines = []
    for part in pieces(prefix):
        if part in ("connected", "tree"):
            require(len(distances(graph, 0)) == len(graph), "the graph is not connected")
            require(part != "tree" or size(graph) == len(graph) - 1, "the graph is not a tree")
        elif part != "any":
            node, source = expression(part)
            require(isinstance(node, ast.Compare), f"'{part}' is neither a class nor a comparison")
            assert isinstance(node, ast.Compare)
            require(compare(node, source, values, bits), f"the hypothesis {part} does not hold")
        lines.append(f"{part}: holds")
    return lines


# ------------------------------------------------------------------------------------------------------- the check


def check(data: dict[str, Any]) -> list[str]:
    """Everything that was checked, line by line; Refused with one sentence where the data is false."""
    certificate = data["certificate"]
    graph = decode(certificate["graph6"])
    require(len(graph) >= 2, "the graph has fewer than two vertices")
    lines = [f"graph {certificate['graph6']}: {len(graph)} vertices, {size(graph)} edges"]
    values = {}
    for name, part in certificate["invariants"].items():
        values[name] = interval = read_interval(part["interval"])
        if name in WITNESSED:
            lines.append(WITNESSED[name](graph, interval, part["witness"]))
        else:
            count = Fraction(COUNTED[name](graph))
            require(interval == (count, count) and part["witness"] == {}, f"{name} is {count}, not what is stated")
            lines.append(f"{name} = {count}: counted")
    ends = [end for pair in values.values() for end in pair] + [Fraction(end) for end in certificate["score"]]
    bits = 64 + 2 * max(end.denominator.bit_length() for end in ends)
    *prefix, body = [part for part in certificate["formula"].split(":") if part.strip() not in ("maximise", "maximize")]
    lines += [line for part in prefix for line in check_prefix(part, graph, values, bits)]
    if not prefix:
        lines.append(f"n >= 2: holds, n = {len(graph)}")
    return lines + check_score(data, body, values, bits)


def check_score(data: dict[str, Any], body: str, values: dict[str, Interval], bits: int) -> list[str]:
    """Both sides, their difference, its sign and the recorded value."""
    certificate, (node, text) = data["certificate"], expression(body)
    upward = strict = objective = False
    if isinstance(node, ast.Compare):
        require(len(node.ops) == 1, "a claim has exactly one comparison")
        left, right = (evaluate(side, text, values, bits) for side in (node.left, node.comparators[0]))
        upward, strict = isinstance(node.ops[0], ast.GtE | ast.Gt), isinstance(node.ops[0], ast.Lt | ast.Gt)
    else:
        left, right, objective = evaluate(node, text, values, bits), (Fraction(0), Fraction(0)), True
    stored = {name: read_interval(certificate[name]) for name in ("left", "right", "score")}
    for name, side in (("left", left), ("right", right)):
        require(
            max(side[0], stored[name][0]) <= min(side[1], stored[name][1]), f"the {name} side is not what is stated"
        )
    difference = minus(stored["right"], stored["left"]) if upward else minus(stored["left"], stored["right"])
    require(stored["score"] == difference, "the score is not the difference of the sides")
    score = minus(right, left) if upward else minus(left, right)
    positive = score[0] > 0 or (strict and score[0] == 0)
    require((certificate["sign"] == "positive") <= positive, "the score is not positive")
    require((certificate["sign"] == "not positive") <= (score[1] <= 0), "the score is not proved to be at most 0")
    require((certificate["sign"] == "value") == objective, "an objective is not a claim")
    value = Fraction(data["value"])
    slack = Fraction(1, 10**9) * (1 + abs(value))
    require(score[0] - slack <= value <= score[1] + slack, "the recorded value is not the score")
    verdicts = {
        "undecided": "the sign of the score is undecided",
        "positive": f"the claim {text} fails for this graph: checked",
        "not positive": f"the claim {text} holds for this graph: checked",
        "value": f"the value of {text}: checked",
    }
    require(certificate["sign"] in verdicts, "the sign of the score is none of those that exist")
    intervals = (("left side", left), ("right side", right), ("score", score))
    return [f"{name} in [{outward(low, -1)}, {outward(high, 1)}]" for name, (low, high) in intervals] + [
        verdicts[certificate["sign"]]
    ]


def read_interval(pair: list[str]) -> Interval:
    low, high = map(Fraction, pair)
    require(low <= high and [str(low), str(high)] == pair, "an interval is empty or not in lowest terms")
    return low, high


def outward(x: Fraction, direction: int, digits: int = 12) -> str:
    """x with decimals, rounded down (direction -1) or up (+1)."""
    units = math.floor(x * 10**digits) if direction < 0 else math.ceil(x * 10**digits)
    whole, part = divmod(abs(units), 10**digits)
    return f"{'-' if units < 0 else ''}{whole}.{part:0{digits}}"


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
