"""The formula language: a conjecture as one line of text, read, scored, echoed and enclosed.

A formula is `class, hypotheses: claim`, for example `connected, n >= 3: lambda1 + mu >= sqrt(n-1) + 1`, or
`maximise: EXPR` (with a class: `tree, n >= 3: maximise: EXPR`). Python's `ast` gives the grammar and a whitelist gives
the meaning: nothing is ever executed. Decimals are read exactly (0.28 = 7/25).
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mathrl.errors import MathrlError, canonical, unknown

from . import floats
from .invariants import find

Floats = NDArray[np.float64]

LONGEST, DEEPEST, MOST_DIGITS, LARGEST_EXPONENT = 20_000, 150, 1000, 10_000

CLASSES = {"any": "graph", "connected": "connected graph", "tree": "tree"}  # class -> how a reader says it
FUNCTIONS = dict.fromkeys(("sqrt", "abs", "floor", "ceil", "sin", "cos"), (1, 1)) | {
    "min": (2, 99),
    "max": (2, 99),
}  # arity
BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%", ast.Pow: "**",
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], str] = {ast.LtE: "<=", ast.GtE: ">=", ast.Lt: "<", ast.Gt: ">", ast.Eq: "=="}
STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "negative": 3, "**": 4}


@dataclass(frozen=True)
class Expression:
    """A node of a formula.

    `operator` is 'number', 'invariant', 'pi', 'if', 'negative', one of + - * / % ** or a function's name. `value` is
    the number (exact) or the invariant's canonical name. The arguments of 'if' are left, right, then, otherwise: it
    takes `then` where left == right.
    """

    operator: str
    arguments: tuple[Expression, ...] = ()
    value: Fraction | str | None = None

    def __str__(self) -> str:
        if isinstance(self.value, Fraction):
            return decimal(self.value)
        if self.operator == "invariant":
            return str(self.value)
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

    def invariants(self) -> Iterator[str]:
        """The canonical names used, in reading order, with repetitions."""
        if self.operator == "invariant":
            yield str(self.value)
        for argument in self.arguments:
            yield from argument.invariants()


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
    """For every graph of the class that satisfies the hypotheses, the claim holds; or an objective to be made large."""

    text: str
    graph_class: tuple[str, ...]
    hypotheses: tuple[Comparison, ...]
    claim: Comparison | None
    objective: Expression | None

    @property
    def strict(self) -> bool:
        """Whether a score of exactly 0 refutes the claim."""
        return self.claim is not None and self.claim.operator in ("<", ">")

    @cached_property
    def invariants(self) -> tuple[str, ...]:
        """Canonical names of every invariant used, each once, in reading order."""
        sides = [side for hypothesis in self.hypotheses for side in (hypothesis.left, hypothesis.right)] + [*self.sides]
        return tuple(dict.fromkeys(name for side in sides for name in side.invariants()))

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


# ---------------------------------------------------------------------------------------------------------- reading


@lru_cache(maxsize=256)
def parse(text: str) -> Conjecture:
    """The conjecture that a formula states; MathrlError says what is wrong and in which column (from 1)."""
    text = text.replace("\n", " ").replace("\t", " ").replace("\r", " ").rstrip()
    check_characters(text)
    pieces = [piece for piece in split(text, 0, ":") if canonical(piece[0]) not in ("maximise", "maximize")]
    objective = len(pieces) < len(split(text, 0, ":"))
    if not pieces or not pieces[-1][0].strip():
        raise MathrlError("the formula is empty; write for example 'connected, n >= 3: lambda1 + mu >= sqrt(n-1) + 1'")
    if len(pieces) > 2:
        raise MathrlError(f"column {pieces[2][1]}: one colon too many; a formula is 'class, hypotheses: claim'")
    graph_class, hypotheses = read_prefix(*pieces[0]) if len(pieces) == 2 else (("any",), [AT_LEAST_TWO])
    body, start = pieces[-1]
    tidy = " ".join(text.split())
    if objective:
        node = tree(body, start)
        if isinstance(node, ast.Compare):
            raise error(start, node, "an objective has no comparison; leave out 'maximise:' to state a conjecture")
        return Conjecture(tidy, graph_class, tuple(hypotheses), None, read(node, body, start))
    claim = read_comparison(body, start)
    if claim.operator == "==":
        raise MathrlError("a claim is an inequality: write one of <= >= < > instead of '=='")
    return Conjecture(tidy, graph_class, tuple(hypotheses), claim, None)


AT_LEAST_TWO = Comparison(">=", Expression("invariant", value="n"), Expression("number", value=Fraction(2)))


def check_characters(text: str) -> None:
    """Refuse, before Python's parser sees it, text that is no formula or would be costly to read."""
    if not text.strip():
        raise MathrlError("the formula is empty; write for example 'connected, n >= 3: lambda1 + mu >= sqrt(n-1) + 1'")
    if len(text) > LONGEST:
        raise MathrlError(f"the formula has {len(text)} characters; at most {LONGEST} are read")
    if match := re.search(r"[^ -~]|[\"'`\\#;@$!?\[\]{}~]", text):
        hint = " (write <= and >=)" if match[0] in "≤≥" else ""
        sentence = f"the character {match[0]!r} is not part of the formula language{hint}"
        raise MathrlError(f"column {match.start() + 1}: {sentence}")
    if match := re.search(rf"[0-9_]{{{MOST_DIGITS + 1},}}", text):
        raise MathrlError(f"column {match.start() + 1}: a number of more than {MOST_DIGITS} digits")
    depth = 0
    for column, character in enumerate(text, 1):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            raise MathrlError(f"column {column}: this ')' closes nothing")
        if depth > DEEPEST:
            raise MathrlError(f"column {column}: brackets nested more than {DEEPEST} deep")
    if depth:
        raise MathrlError(f"column {len(text)}: {depth} bracket{'s are' if depth > 1 else ' is'} not closed")


def split(text: str, start: int, separators: str) -> list[tuple[str, int]]:
    """The pieces of `text` between separators outside brackets, each with its column offset in the formula."""
    pieces, depth, begin = [], 0, 0
    for index, character in enumerate(text + separators[0]):
        depth += (character == "(") - (character == ")")
        if character in separators and (depth == 0 or index == len(text)):
            pieces.append((text[begin:index], start + begin))
            begin = index + 1
    return pieces


def read_prefix(text: str, start: int) -> tuple[tuple[str, ...], list[Comparison]]:
    """The classes and hypotheses before the colon, joined by commas or &."""
    classes, hypotheses = [], []
    for piece, offset in split(text, start, ",&"):
        if re.search(r"[<>=]", piece):
            hypotheses.append(read_comparison(piece, offset))
        elif canonical(piece) in CLASSES:
            classes.append(canonical(piece))
        else:
            column = offset + len(piece) - len(piece.lstrip()) + 1
            fault = unknown(piece.strip(), "a graph class or a comparison", CLASSES)
            raise MathrlError(f"column {column}: {fault}")
    return tuple(dict.fromkeys(classes)) or ("any",), hypotheses


def read_comparison(text: str, start: int) -> Comparison:
    """The one comparison that `text` consists of."""
    node = tree(text, start)
    if isinstance(node, ast.BoolOp):
        raise error(start, node, REFUSED[ast.BoolOp])
    if not isinstance(node, ast.Compare):
        read(node, text, start)
        sentence = f"'{text.strip()}' is a bare expression; did the shell eat the `>=`? quote the formula"
        raise error(start, node, f"{sentence}, or write 'maximise: ...' for an objective")
    if len(node.ops) != 1:
        raise error(start, node.comparators[1], "two comparisons; a claim has one, hypotheses stand before a colon")
    operator = COMPARISONS.get(type(node.ops[0]))
    if operator is None:
        raise error(start, node, "a comparison is one of <= >= < >")
    return Comparison(operator, read(node.left, text, start), read(node.comparators[0], text, start))


def tree(text: str, start: int) -> ast.expr:
    """Python's syntax tree of one expression, its columns counted from the formula's `start`; only read, never run."""
    padded = " " * (len(text) - len(text.lstrip()))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            node = ast.parse(text.lstrip(), mode="eval").body
    except SyntaxError as fault:
        column = start + (len(padded) + fault.offset if fault.offset else len(text.rstrip()) + 1)
        hint = "an operator or a value is missing" if fault.msg == "invalid syntax" else str(fault.msg)
        hint = "write <= or >=" if re.search(r"(?<![<>=])=(?!=)", text) else hint
        raise MathrlError(f"column {column}: this is not a formula ({hint})") from None
    except (RecursionError, MemoryError, ValueError):
        raise MathrlError(f"column {start + 1}: the formula is nested too deeply to be read") from None
    for part in ast.walk(node):
        if isinstance(part, ast.expr):
            part.col_offset += len(padded)
            if part.end_col_offset is not None:
                part.end_col_offset += len(padded)
    return node


def error(start: int, node: ast.expr, sentence: str) -> MathrlError:
    return MathrlError(f"column {start + node.col_offset + 1}: {sentence}")


def read(node: ast.expr, text: str, start: int, depth: int = 0) -> Expression:
    """The expression of a syntax tree, through the whitelist READERS; MathrlError for everything else."""
    if depth > DEEPEST:
        raise error(start, node, f"an expression nested more than {DEEPEST} deep; add brackets to a long sum")
    reader = READERS.get(type(node))
    if reader is None:
        raise error(start, node, REFUSED.get(type(node), "this is not part of the formula language"))
    return reader(node, text, start, depth + 1)


def read_number(node: Any, text: str, start: int, depth: int) -> Expression:
    literal = text[node.col_offset : node.end_col_offset]
    match = re.fullmatch(r"(?:\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,9}))?", literal)
    if match is None:
        raise error(start, node, f"'{literal}' is not a decimal number")
    if abs(int(match[1] or 0)) > MOST_DIGITS:
        raise error(start, node, f"a number of more than {MOST_DIGITS} digits")
    return Expression("number", value=Fraction(literal))


def read_name(node: Any, text: str, start: int, depth: int) -> Expression:
    if node.id == "pi":
        return Expression("pi")
    if node.id in FUNCTIONS:
        raise error(start, node, f"{node.id} is a function: write {node.id}(...)")
    try:
        return Expression("invariant", value=find(node.id).name)
    except MathrlError as fault:
        raise error(start, node, str(fault)) from None


def read_binary(node: Any, text: str, start: int, depth: int) -> Expression:
    operator = BINARY.get(type(node.op))
    if operator is None:
        hint = {ast.BitXor: "write ** for a power, not ^", ast.FloorDiv: "write floor(a/b), not a//b"}
        raise error(start, node, hint.get(type(node.op), "an operator is one of + - * / % **"))
    left, right = (read(side, text, start, depth) for side in (node.left, node.right))
    exponent = right.arguments[0] if right.operator == "negative" else right
    if operator == "**" and isinstance(exponent.value, Fraction) and exponent.value > LARGEST_EXPONENT:
        raise error(start, node.right, f"an exponent above {LARGEST_EXPONENT}")
    return Expression(operator, (left, right))


def read_unary(node: Any, text: str, start: int, depth: int) -> Expression:
    if not isinstance(node.op, ast.USub | ast.UAdd):
        raise error(start, node, "an operator is one of + - * / % **")
    operand = read(node.operand, text, start, depth)
    return Expression("negative", (operand,)) if isinstance(node.op, ast.USub) else operand


def read_call(node: Any, text: str, start: int, depth: int) -> Expression:
    if not isinstance(node.func, ast.Name):
        raise error(start, node, "only a function's name can stand before a bracket; write * for a product")
    name = node.func.id
    if name not in FUNCTIONS:
        raise error(start, node, str(unknown(name, "a function of the formula language", FUNCTIONS)))
    least, most = FUNCTIONS[name]
    if node.keywords or not least <= len(node.args) <= most:
        wanted = "one argument" if most == 1 else f"at least {least} arguments"
        raise error(start, node, f"{name} takes {wanted}, not {len(node.args) + len(node.keywords)}")
    return Expression(name, tuple(read(argument, text, start, depth) for argument in node.args))


def read_conditional(node: Any, text: str, start: int, depth: int) -> Expression:
    test = node.test
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        raise error(start, test, "a condition compares two integers with ==, as in 'a if n % 2 == 0 else b'")
    parts = (test.left, test.comparators[0], node.body, node.orelse)
    return Expression("if", tuple(read(part, text, start, depth) for part in parts))


READERS: dict[type[ast.expr], Callable[[Any, str, int, int], Expression]] = {
    ast.Constant: read_number, ast.Name: read_name, ast.BinOp: read_binary, ast.UnaryOp: read_unary,
    ast.Call: read_call, ast.IfExp: read_conditional,
}  # fmt: skip
REFUSED: dict[type[ast.expr], str] = {
    ast.Compare: "a comparison inside an expression; a claim has exactly one comparison, at the top",
    ast.Attribute: "a dot reaches into something; only names, numbers and functions can be written",
    ast.Tuple: "a comma outside a function; hypotheses stand before a colon",
    ast.BoolOp: "'and' and 'or' are not part of the language; write hypotheses before a colon, and one claim",
}


# ------------------------------------------------------------------------------------------- scoring, in float64


class Batch(Protocol):
    """B graphs whose invariants are computed on demand (see batch.py)."""

    def value(self, name: str, /) -> Floats: ...
    def belongs(self, name: str, /) -> NDArray[np.bool_]: ...


def score(conjecture: Conjecture, batch: Batch) -> Floats:
    """Scores float64[B]: positive exactly when the graph is in the class, all hypotheses hold and the claim fails.

    `lhs <= rhs` scores lhs - rhs, `lhs >= rhs` scores rhs - lhs, an objective scores its value. -inf outside the class,
    where a hypothesis is false, where an invariant used is undefined, or where the value is not a finite number.
    """
    with np.errstate(all="ignore"):
        inside = np.asarray(batch.belongs(conjecture.graph_class[0]))
        for name in conjecture.graph_class[1:]:
            inside = inside & batch.belongs(name)
        values = {name: batch.value(name) for name in conjecture.invariants}
        for value in values.values():
            inside = inside & ~np.isnan(value)
        for hypothesis in conjecture.hypotheses:
            difference = evaluate(hypothesis.left, values) - evaluate(hypothesis.right, values)
            inside = inside & floats.HOLDS[hypothesis.operator](difference)
        left, right = (evaluate(side, values) for side in conjecture.sides)
        margin = np.broadcast_to(right - left if conjecture.upward else left - right, inside.shape)
        return np.where(inside & np.isfinite(margin), margin, -np.inf)


def evaluate(expression: Expression, values: Mapping[str, Floats]) -> Any:
    """The value in float64, of shape [B] or a scalar; NaN where it is undefined."""
    if expression.operator == "invariant":
        return values[str(expression.value)]
    if expression.operator == "number":
        assert isinstance(expression.value, Fraction)
        return floats.number(expression.value)
    return floats.OPERATIONS[expression.operator](*(evaluate(argument, values) for argument in expression.arguments))


# ------------------------------------------------------------------------------------- enclosing, and reading back


def enclose(expression: Expression, values: Mapping[str, Any], precision: int) -> Any:
    """The value of an expression as an exact rational (fmpq) or a ball that contains it (arb), from such `values`.

    Raises arithmetic.Undefined where there is no real value, arithmetic.Undecided where `precision` bits do not tell.
    """
    from flint import ctx

    from .arithmetic import OPERATIONS, decide

    def walk(part: Expression) -> Any:
        if part.operator == "invariant":
            return values[str(part.value)]
        if part.operator == "number":
            return rational(part.value)
        if part.operator == "if":
            left, right, then, otherwise = part.arguments
            return walk(then if decide("==", walk(left), walk(right)) else otherwise)
        return OPERATIONS[part.operator](*map(walk, part.arguments))

    with ctx.workprec(precision):
        return walk(expression)


def rational(number: Fraction | str | None) -> Any:
    from flint import fmpq

    assert isinstance(number, Fraction)
    return fmpq(number.numerator, number.denominator)


def read_back(conjecture: Conjecture) -> list[str]:
    """The reading, line by line: quantifier, class, hypotheses and claim; the score; each invariant's definition."""
    kinds = [CLASSES[name] for name in conjecture.graph_class if name != "any"] or [CLASSES["any"]]
    such = f" with {' and '.join(map(str, conjecture.hypotheses))}" if conjecture.hypotheses else ""
    if conjecture.claim is None:
        lines = [f"over every {' that is a '.join(kinds)}{such}: maximise {conjecture.objective}"]
    else:
        second, first = conjecture.sides if conjecture.upward else conjecture.sides[::-1]
        bracket = f"({second})" if STRENGTH.get(second.operator) == 1 else f"{second}"
        test = ">= 0 (0 only when it is exact)" if conjecture.strict else "> 0"
        lines = [
            f"for every {' that is a '.join(kinds)}{such}: {conjecture.claim}",
            f"a counterexample is such a graph with score {first} - {bracket} {test}",
        ]
    for name in conjecture.invariants:
        invariant = find(name)
        label = name if invariant.symbol == name else f"{name} ({invariant.symbol})"
        lines.append(f"{label}: {invariant.sentence}" + (f" [{invariant.source}]" if invariant.source else ""))
    return lines
