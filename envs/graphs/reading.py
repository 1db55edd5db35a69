"""From the text of a formula to a Conjecture, or to a sentence that points at the column of the first mistake.

Python's `ast` gives the grammar and a whitelist gives the meaning: nothing is ever executed. Decimals are read exactly
(0.28 = 7/25).
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from mathrl.errors import MathrlError, canonical, unknown

from .classes import CLASSES
from .formulas import AGGREGATORS, FUNCTIONS, LOCALS, Comparison, Conjecture, Expression
from .invariants import find

LONGEST, DEEPEST, MOST_DIGITS, LARGEST_EXPONENT = 20_000, 150, 1000, 10_000

EXAMPLE = "'connected, n >= 3: lambda1 + mu >= sqrt(n-1) + 1'"
PLAIN = {  # signs of papers, and how they are written here
    "≤≥≦≧": "<= and >=", "−–": "-", "·×∙⋅": "*", "√": "sqrt(...)", "|": "abs(...)", "²³": "**2 or **3",
    "{}[]": "( and )", "λ": "lambda1, lambda2 or adjacency_eigenvalue(k)",
    "μ": "mu for the matching number, laplacian_max for an eigenvalue", "Δ": "Delta", "δ": "delta", "α": "alpha",
    "ω": "omega", "γ": "gamma", "π": "pi", "∑Σ": "sum_vertex or sum_edge",
}  # fmt: skip
AT_LEAST_TWO = Comparison(">=", Expression("invariant", value="n"), Expression("number", value=Fraction(2)))
BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%", ast.Pow: "**",
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], str] = {ast.LtE: "<=", ast.GtE: ">=", ast.Lt: "<", ast.Gt: ">", ast.Eq: "=="}


@lru_cache(maxsize=1024)
def parse(text: str) -> Conjecture:
    """The conjecture that a formula states; MathrlError says what is wrong and in which column (from 1)."""
    text = re.sub(r"[\n\t\r]", " ", text).rstrip()
    check_characters(text)
    everything = split(text, 0, ":")
    pieces = [piece for piece in everything if canonical(piece[0]) not in ("maximise", "maximize")]
    if not pieces or not pieces[-1][0].strip():
        raise MathrlError(f"column {len(text)}: nothing follows the colon; write for example {EXAMPLE}")
    if len(pieces) > 2 or len(everything) > len(pieces) + 1:
        column = (pieces[2] if len(pieces) > 2 else everything[2])[1]
        raise MathrlError(f"column {column}: one colon too many; a formula is 'class, hypotheses: claim'")
    graph_class, hypotheses = read_prefix(*pieces[0]) if len(pieces) == 2 else (("any",), [AT_LEAST_TWO])
    tidy = " ".join(text.split())
    if len(pieces) < len(everything):
        reader = Reader(*pieces[-1])
        return Conjecture(tidy, graph_class, tuple(hypotheses), None, reader.objective())
    claim = Reader(*pieces[-1]).comparison()
    if claim.operator == "==":
        column = pieces[-1][1] + pieces[-1][0].index("==") + 1
        raise MathrlError(f"column {column}: a claim is an inequality: write one of <= >= < > instead of '=='")
    return Conjecture(tidy, graph_class, tuple(hypotheses), claim, None)


def check_characters(text: str) -> None:
    """Refuse, before Python's parser sees it, text that is no formula or would be costly to read."""
    if not text.strip():
        raise MathrlError(f"column 1: the formula is empty; write for example {EXAMPLE}")
    if len(text) > LONGEST:
        raise MathrlError(f"column {LONGEST}: the formula has {len(text)} characters; at most {LONGEST} are read")
    if match := re.search(r"[^ -~]|[\"'`\\#;@$!?\[\]{}~|]", text):
        written = next((plain for signs, plain in PLAIN.items() if match[0] in signs), "")
        hint = f" (write {written})" if written else ""
        sentence = f"the character {match[0]!r} is not part of the formula language{hint}"
        raise MathrlError(f"column {match.start() + 1}: {sentence}")
    if match := re.search(rf"[0-9_]{{{MOST_DIGITS + 1},}}", text):
        raise MathrlError(f"column {match.start() + 1}: a number of more than {MOST_DIGITS} digits")
    if match := re.search(r"(?<![\w.])[0-9.]+(?![bejoxBEJOX])(?=[A-Za-z(])", text):  # 2m, but not 1e5
        raise MathrlError(f"column {match.end() + 1}: write * for a product, as in {match[0]}*n")
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
            hypotheses.append(Reader(piece, offset).comparison())
        elif canonical(piece) in CLASSES:
            classes.append(canonical(piece))
        else:
            column = offset + len(piece) - len(piece.lstrip()) + 1
            fault = unknown(piece.strip(), "a graph class or a comparison", CLASSES)
            raise MathrlError(f"column {column}: {fault}")
    return tuple(dict.fromkeys(classes)) or ("any",), hypotheses


@dataclass(frozen=True)
class Reader:
    """Reads one piece of a formula, `text`, which begins at column `start` (from 0).

    `inside` is what the aggregator around the node ranges over ('vertex', 'edge', 'index' or ''), and so which local
    names exist; `depth` counts how deeply the node is nested.
    """

    text: str
    start: int
    inside: str = ""
    depth: int = 0

    def objective(self) -> Expression:
        node = self.tree()
        if isinstance(node, ast.Compare):
            raise self.error(node, "an objective has no comparison; leave out 'maximise:' to state a conjecture")
        return self.read(node)

    def comparison(self) -> Comparison:
        """The one comparison that the text consists of."""
        node = self.tree()
        if isinstance(node, ast.BoolOp):
            raise self.error(node, REFUSED[ast.BoolOp])
        if not isinstance(node, ast.Compare):
            self.read(node)
            sentence = f"'{self.text.strip()}' is a bare expression; did the shell eat the `>=`? quote the formula"
            raise self.error(node, f"{sentence}, or write 'maximise: ...' for an objective")
        if len(node.ops) != 1:
            raise self.error(node.comparators[1], "two comparisons; a claim has one, hypotheses stand before a colon")
        operator = COMPARISONS.get(type(node.ops[0]))
        if operator is None:
            raise self.error(node, "a comparison is one of <= >= < >")
        return Comparison(operator, self.read(node.left), self.read(node.comparators[0]))

    def tree(self) -> ast.expr:
        """Python's syntax tree of the text; it is only read, never run."""
        blank = len(self.text) - len(self.text.lstrip())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                node = ast.parse(self.text.lstrip(), mode="eval").body
        except SyntaxError as fault:
            column = self.start + (blank + fault.offset if fault.offset else len(self.text.rstrip()) + 1)
            hint = "an operator or a value is missing" if fault.msg == "invalid syntax" else str(fault.msg)
            hint = "write <=, >= or ==" if re.search(r"(?<![<>=])=(?!=)", self.text) else hint
            raise MathrlError(f"column {column}: this is not a formula ({hint})") from None
        except (RecursionError, MemoryError, ValueError):
            raise MathrlError(f"column {self.start + 1}: the formula is nested too deeply to be read") from None
        for part in ast.walk(node):
            if isinstance(part, ast.expr):
                part.col_offset += blank
                if part.end_col_offset is not None:
                    part.end_col_offset += blank
        return node

    def error(self, node: ast.expr, sentence: str) -> MathrlError:
        return MathrlError(f"column {self.start + node.col_offset + 1}: {sentence}")

    def read(self, node: ast.expr) -> Expression:
        """The expression of a syntax tree, through the whitelist READERS; MathrlError for everything else."""
        if self.depth > DEEPEST:
            raise self.error(node, f"an expression nested more than {DEEPEST} deep; add brackets to a long sum")
        reader = READERS.get(type(node))
        if reader is None:
            raise self.error(node, REFUSED.get(type(node), "this is not part of the formula language"))
        return reader(replace(self, depth=self.depth + 1), node)

    def number(self, node: Any) -> Expression:
        literal = self.text[node.col_offset : node.end_col_offset]
        match = re.fullmatch(r"(?:\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,9}))?", literal)
        if match is None:
            raise self.error(node, f"'{literal}' is not a decimal number")
        if abs(int(match[1] or 0)) + len(literal.partition("e")[0]) > MOST_DIGITS + 1:
            raise self.error(node, f"a number of more than {MOST_DIGITS} digits")
        return Expression("number", value=Fraction(literal))

    def name(self, node: Any) -> Expression:
        if node.id == "pi":
            return Expression("pi")
        if node.id in LOCALS.get(self.inside, ()):
            return Expression("local", value=node.id)
        owner = next((over for over, names in LOCALS.items() if node.id in names), None)
        if owner is not None:
            raise self.error(node, f"'{node.id}' is known only inside {', '.join(of(owner))}, in what is aggregated")
        if node.id in FUNCTIONS or node.id in AGGREGATORS:
            raise self.error(node, f"{node.id} is a function: write {node.id}(...)")
        invariant = self.found(node, node.id)
        if invariant.indexed:
            raise self.error(node, f"{node.id} takes an index: write {node.id}(k), with k from 1 to n")
        return Expression("invariant", value=invariant.name)

    def found(self, node: ast.expr, name: str) -> Any:
        try:
            return find(name)
        except MathrlError as fault:
            raise self.error(node, str(fault)) from None

    def binary(self, node: Any) -> Expression:
        operator = BINARY.get(type(node.op))
        if operator is None:
            hint = {ast.BitXor: "write ** for a power, not ^", ast.FloorDiv: "write floor(a/b), not a//b"}
            raise self.error(node, hint.get(type(node.op), "an operator is one of + - * / % **"))
        left, right = self.read(node.left), self.read(node.right)
        exponent = right.arguments[0] if right.operator == "negative" else right
        if operator == "**" and isinstance(exponent.value, Fraction) and exponent.value > LARGEST_EXPONENT:
            raise self.error(node.right, f"an exponent above {LARGEST_EXPONENT}")
        return Expression(operator, (left, right))

    def unary(self, node: Any) -> Expression:
        if not isinstance(node.op, ast.USub | ast.UAdd):
            raise self.error(node, "an operator is one of + - * / % **")
        operand = self.read(node.operand)
        return Expression("negative", (operand,)) if isinstance(node.op, ast.USub) else operand

    def call(self, node: Any) -> Expression:
        """A function, an aggregator or an indexed invariant."""
        if not isinstance(node.func, ast.Name):
            raise self.error(node, "only a function's name can stand before a bracket; write * for a product")
        name = node.func.id
        if name in AGGREGATORS:
            return self.aggregate(node, name)
        if name in FUNCTIONS:
            least, most = FUNCTIONS[name]
            wanted = "one argument" if most == 1 else f"at least {least} arguments"
            self.arity(node, f"{name} takes {wanted}", least, most)
            return Expression(name, tuple(self.read(argument) for argument in node.args))
        try:
            invariant = find(name)
        except MathrlError:
            known = [*FUNCTIONS, *AGGREGATORS]
            raise self.error(node, str(unknown(name, "a function of the formula language", known))) from None
        if not invariant.indexed:
            raise self.error(node, f"{name} takes no index; write {name} alone, or * for a product")
        self.arity(node, f"{name} takes one index, as in {name}(2)", 1, 1)
        return Expression("invariant", (self.read(node.args[0]),), invariant.name)

    def aggregate(self, node: Any, name: str) -> Expression:
        over = AGGREGATORS[name].over
        if over == "index":
            self.arity(node, f"{name} takes a term and the first and last index, as in {name}(k**2, 1, n)", 3, 3)
        else:
            self.arity(node, f"{name} takes one argument, as in {name}({next(iter(LOCALS[over]))}**2)", 1, 1)
        term = replace(self, inside=over).read(node.args[0])
        bounds = [replace(self, inside="").read(argument) for argument in node.args[1:]]
        return Expression(name, (term, *bounds))

    def arity(self, node: Any, sentence: str, least: int, most: int) -> None:
        given = len(node.args) + len(node.keywords)
        if node.keywords or not least <= given <= most:
            raise self.error(node, f"{sentence}, not {given}" if not node.keywords else f"{sentence}, without names")

    def conditional(self, node: Any) -> Expression:
        test = node.test
        if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
            raise self.error(test, "a condition compares two integers with ==, as in 'a if n % 2 == 0 else b'")
        parts = (test.left, test.comparators[0], node.body, node.orelse)
        return Expression("if", tuple(self.read(part) for part in parts))


def of(over: str) -> list[str]:
    """The names of the aggregators over vertices, edges or indices."""
    return [name for name, aggregator in AGGREGATORS.items() if aggregator.over == over]


READERS: dict[type[ast.expr], Callable[[Reader, Any], Expression]] = {
    ast.Constant: Reader.number, ast.Name: Reader.name, ast.BinOp: Reader.binary, ast.UnaryOp: Reader.unary,
    ast.Call: Reader.call, ast.IfExp: Reader.conditional,
}  # fmt: skip
REFUSED: dict[type[ast.expr], str] = {
    ast.Compare: "a comparison inside an expression; a claim has exactly one comparison, at the top",
    ast.Attribute: "a dot reaches into something; only names, numbers and functions can be written",
    ast.Tuple: "a comma outside a function; hypotheses stand before a colon",
    ast.BoolOp: "'and' and 'or' are not part of the language; write hypotheses before a colon, and one claim",
}
