"""Ideals in msolve's format (.ms): variables on line 1, characteristic on line 2, then polynomials, commas between.

    x, y, z
    32003
    x + 2*y^2 - 1/3,
    x*y*z - 1

A polynomial may span lines, a line may hold several, `#` begins a comment. A term is a product with `*` of whole
numbers, fractions a/b and variables, which may have a power `^`. Whatever else a reader might guess at (x/2, 2x, x**2,
parentheses) is an error that says what to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

from mathrl.errors import MathrlError

from .ideals import EXPONENT_LIMIT, NAME, VARIABLES_LIMIT, Ideal, characteristic

DIGITS_LIMIT = 4000  # of one number
TOKEN = re.compile(rf"(?P<number>[0-9]+)|(?P<name>{NAME.pattern})|(?P<mark>[-+*/^,()])|(?P<other>\S)")


class Token(NamedTuple):
    """A number, a name, a mark such as `*`, or the end of the file."""

    kind: str
    text: str
    line: int


def parse_ms(lines: Iterable[str], source: str, name: str) -> Ideal:
    """The ideal in the lines of a file, read one at a time; `source` is the file as messages call it."""
    numbered = _without_comments(lines)
    number, text = next(numbered, (0, ""))
    if not number:
        raise MathrlError(f"{source} is empty; line 1 names the variables, as in 'x, y, z'")
    variables = _variables(text, f"{source}, line {number}")
    number, text = next(numbered, (0, ""))
    if not number:
        raise MathrlError(f"{source} ends after the variables; line 2 is the characteristic, such as 32003")
    written, where = text.strip(), f"{source}, line {number}"
    if not re.fullmatch(f"[0-9]{{1,{DIGITS_LIMIT}}}", written):
        raise MathrlError(f"{where}: '{_cut(written)}' is not a characteristic (0, or a prime below 2^31)")
    try:
        field, remarks = characteristic(int(written))
    except MathrlError as error:
        raise MathrlError(f"{where}: {error}") from error
    polynomials = list(Parser(numbered, source, variables, field).polynomials())
    if written == "0" * len(written):
        vanished = sum(1 for terms in polynomials for value in terms.values() if value and not _residue(value, field))
        if vanished:
            remarks += (f"coefficients that are divisible by {field}, and so vanish: {vanished}",)
    residues = [[(_residue(value, field), monomial) for monomial, value in terms.items()] for terms in polynomials]
    return Ideal.from_terms(name, variables, field, residues, remarks)


class Parser:
    """Reads polynomials from numbered lines: exact coefficients by exponents, equal monomials added up."""

    def __init__(
        self, numbered: Iterator[tuple[int, str]], source: str, variables: tuple[str, ...], field: int
    ) -> None:
        self.source, self.variables, self.field = source, variables, field
        self.places = {name: place for place, name in enumerate(variables)}
        self.line = 2
        self.tokens = self._tokens(numbered)
        self.token = next(self.tokens)

    def polynomials(self) -> Iterator[dict[tuple[int, ...], int | Fraction]]:
        """Every polynomial of the file; MathrlError if there is none."""
        if self.token.kind == "end":
            raise MathrlError(f"{self.source} has no polynomials; they stand from line 3 on, with commas between them")
        while True:
            yield self.polynomial()
            if self.token.kind == "end":
                return
            self.take(",")

    def polynomial(self) -> dict[tuple[int, ...], int | Fraction]:
        """[sign] term (sign term)*, up to a comma or the end."""
        sums: dict[tuple[int, ...], int | Fraction] = {}
        sign = -1 if self.token.text == "-" else 1
        if self.token.text in ("-", "+"):
            self.take()
        while True:
            coefficient, monomial = self.term()
            sums[monomial] = sums.get(monomial, 0) + sign * coefficient
            if self.token.text not in ("-", "+"):
                break
            sign = -1 if self.take().text == "-" else 1
        if self.token.text != "," and self.token.kind != "end":
            raise self.unexpected()
        return sums

    def term(self) -> tuple[int | Fraction, tuple[int, ...]]:
        """factor (* factor)*."""
        coefficient: int | Fraction = 1
        exponents = [0] * len(self.variables)
        while True:
            if self.token.kind == "number":
                coefficient *= self.fraction()
            elif self.token.kind == "name":
                place, power = self.power()
                exponents[place] += power
                if exponents[place] > EXPONENT_LIMIT:
                    raise self.error(f"the exponent {exponents[place]} of {self.variables[place]} is above 2^31 - 1")
            else:
                raise self.unexpected()
            if self.token.text != "*":
                return coefficient, tuple(exponents)
            self.take()

    def fraction(self) -> int | Fraction:
        """a or a/b."""
        numerator = self.number()
        if self.token.text == "^":
            raise self.error("only variables have powers here; write the number out")
        if self.token.text != "/":
            return numerator
        self.take()
        if self.token.kind != "number":
            raise self.error(f"only numbers divide numbers, not '{self.token.text}'; a fraction is a/b, as in 1/2*x")
        denominator = self.number()
        if denominator % self.field == 0:
            raise self.error(f"the denominator {_cut(str(denominator))} is zero modulo {self.field}")
        if self.token.text == "/":
            raise self.error("a fraction has one '/'; write a/b")
        return Fraction(numerator, denominator)

    def power(self) -> tuple[int, int]:
        """A variable or variable^e: its place and its exponent."""
        name = self.take().text
        if name not in self.places:
            raise self.undeclared(name)
        exponent = 1
        if self.token.text == "^":
            self.take()
            if self.token.kind != "number":
                raise self.error(f"the exponent of {name} is '{self.token.text}', which is not a number 0, 1, 2, ...")
            exponent = self.number()
            if self.token.text == "^":
                raise self.error("a power has one '^'; write the exponent out")
            if exponent > EXPONENT_LIMIT:
                raise self.error(f"the exponent {_cut(str(exponent))} of {name} is above 2^31 - 1")
        if self.token.text == "/":
            self.take()
            written, divisor = name if exponent == 1 else f"{name}^{exponent}", _cut(self.token.text)
            example = f"1/{divisor}*{written}" if self.token.kind == "number" else f"1/2*{written}"
            raise self.error(f"'{written}/{divisor}' is not a term; write the fraction first, as in {example}")
        return self.places[name], exponent

    def number(self) -> int:
        """A whole number."""
        text = self.token.text
        if len(text) > DIGITS_LIMIT:
            raise self.error(f"the number {_cut(text)} has {len(text)} digits; at most {DIGITS_LIMIT} are read")
        self.take()
        return int(text)

    def take(self, mark: str = "") -> Token:
        """The present token, which must be `mark` if that is given; the next one becomes present."""
        taken = self.token
        if mark and taken.text != mark:
            raise self.unexpected()
        self.line = taken.line
        self.token = next(self.tokens)
        return taken

    def unexpected(self) -> MathrlError:
        """The error for a present token that cannot stand there."""
        kind, text, line = self.token
        if kind == "end":
            return self.error("the file ends where a term should come", self.line)
        if text == "(" or text == ")":
            return self.error("parentheses are not part of msolve's format; write the product out", line)
        if kind in ("number", "name"):
            return self.error(f"a '*' (or a comma, or a sign) is missing before '{_cut(text)}'", line)
        if text == "*":
            return self.error("there is a '*' without a factor before it; powers are x^2, not x**2", line)
        if text in ("+", "-"):
            return self.error(f"there is a '{text}' where a term should come; write one sign before a term", line)
        if text == ",":
            return self.error("there is a comma where a term should come", line)
        return self.error(f"there is a '{text}' where a term should come", line)

    def undeclared(self, name: str) -> MathrlError:
        """The error for a variable that line 1 does not have."""
        sentence = f"variable '{_cut(name)}' is not declared on line 1 ({_cut(', '.join(self.variables))})"
        letters = [*name]
        if all(letter in self.places for letter in letters):
            sentence += f"; write {_cut('*'.join(letters))} for the product"
        return self.error(sentence, self.line)

    def error(self, sentence: str, line: int = 0) -> MathrlError:
        """A sentence with its place: the given line or the one of the present token."""
        return MathrlError(f"{self.source}, line {line or self.token.line}: {sentence}")

    def _tokens(self, numbered: Iterator[tuple[int, str]]) -> Iterator[Token]:
        number = self.line
        for number, text in numbered:
            for match in TOKEN.finditer(text):
                if match.lastgroup == "other":
                    said = repr(match[0]).strip("'")
                    raise MathrlError(f"{self.source}, line {number}: '{said}' is not part of msolve's format")
                yield Token(str(match.lastgroup), match[0], number)
        while True:
            yield Token("end", "end of the file", number)


def to_ms(ideal: Ideal) -> str:
    """The text of a .ms file that holds the ideal."""
    polynomials = ",\n".join(ideal.texts() or ["0"])
    return f"{', '.join(ideal.variables)}\n{ideal.field}\n{polynomials}\n"


def _without_comments(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines that hold something, numbered from 1, without comments."""
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0]
        if text.strip():
            yield number, text


def _variables(text: str, where: str) -> tuple[str, ...]:
    """The variables of line 1."""
    names = tuple(part.strip() for part in text.split(","))
    if len(names) > VARIABLES_LIMIT:
        raise MathrlError(f"{where}: there are {len(names)} variables; at most {VARIABLES_LIMIT} are read")
    seen: set[str] = set()
    for name in names:
        if not NAME.fullmatch(name):
            raise MathrlError(
                f"{where}: '{_cut(name)}' is not a variable; line 1 names them with commas between, x, y, z"
            )
        if name in seen:
            raise MathrlError(f"{where}: the variable '{_cut(name)}' is declared twice")
        seen.add(name)
    return names


def _residue(value: int | Fraction, field: int) -> int:
    """A fraction modulo a prime that does not divide its denominator."""
    return value.numerator * pow(value.denominator, -1, field) % field


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
