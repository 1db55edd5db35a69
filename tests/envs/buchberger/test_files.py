"""Files of ideals: what is written is read again, what a reader might guess at is a sentence."""

from __future__ import annotations

import json
import re
import string
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathrl.envs.buchberger.files import read_ideals, to_json_lines, to_ms
from mathrl.envs.buchberger.ideals import EXPONENT_LIMIT, NAME, Ideal, merge, order_key
from mathrl.envs.buchberger.msolve import parse_ms
from mathrl.envs.buchberger.systems import named
from mathrl.errors import MathrlError


@pytest.fixture
def read(tmp_path):
    """read(text or bytes, name) -> the ideals of a file with that content."""

    def reader(content, name="ideals.ms"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_ideals(path))

    return reader


@pytest.fixture
def refused(read):
    """refused(text, name) -> the sentence of the error, without the folder."""

    def refuser(content, name="ideals.ms"):
        with pytest.raises(MathrlError) as error:
            read(content, name)
        assert len(str(error.value).splitlines()) == 1
        return re.sub(r"^\S*/", "", str(error.value))

    return refuser


def names(n):
    """n different variables."""
    return st.lists(st.from_regex(NAME, fullmatch=True).map(lambda name: name[:8]), min_size=n, max_size=n, unique=True)


@st.composite
def ideals(draw):
    """Nonzero ideals in named variables."""
    n, field = draw(st.integers(1, 4)), draw(st.sampled_from([2, 7, 32003, 2147483647]))
    exponents = st.lists(st.integers(0, 3) | st.integers(0, EXPONENT_LIMIT), min_size=n, max_size=n)
    terms = st.lists(st.tuples(st.integers(1, field - 1), exponents), min_size=1, max_size=5)
    return Ideal.from_terms("a", draw(names(n)), field, draw(st.lists(terms, min_size=1, max_size=4)))


@given(ideals())
def test_ms_round_trip(ideal):
    """What to_ms writes is read as the same ideal, zero ones too."""
    again = parse_ms(to_ms(ideal).splitlines(), "a.ms", "a")
    assert again.to_json() == ideal.to_json()


@given(ideals())
def test_json_lines_round_trip(ideal):
    """What to_json_lines writes is one line that is read as the same ideal."""
    text = to_json_lines([ideal, ideal])
    assert text.count("\n") == 2
    if len(ideal):
        assert Ideal.of_json(json.loads(text.splitlines()[1])).to_json() == ideal.to_json()


SPACE = st.sampled_from(["", "", "", " ", "\n", "\r\n", "\t", "  # a comment, x/2\n", "\n\n"])
FACTORS = st.one_of(
    st.tuples(st.just("number"), st.integers(0, 10**12), st.just(1)),
    st.tuples(st.just("fraction"), st.integers(0, 10**6), st.sampled_from([1, 2, 3, 10, 10**9])),
    st.tuples(st.just("power"), st.integers(0, 2), st.none() | st.integers(0, 50)),
)


@given(st.lists(st.lists(st.tuples(st.sampled_from("+-"), st.lists(FACTORS, min_size=1, max_size=4)), min_size=1),
                min_size=1, max_size=4), st.data())  # fmt: skip
def test_expressions_have_the_value_of_their_factors(polynomials, data):
    """Products in any order with spaces, line ends and comments anywhere, against the factors multiplied one by one."""
    variables, expected, written = ("x", "y1", "_z"), [], []
    for polynomial in polynomials:
        terms, text = [], ""
        for position, (sign, factors) in enumerate(polynomial):
            value, exponents, texts = Fraction(-1 if sign == "-" else 1), [0, 0, 0], []
            for kind, first, second in factors:
                if kind == "power":
                    exponents[first] += 1 if second is None else second
                    texts.append(variables[first] + ("" if second is None else f"^{second}"))
                else:
                    value *= Fraction(first, second)
                    texts.append(str(first) if kind == "number" else f"{first}/{second}")
            terms.append((value.numerator * pow(value.denominator, -1, 32003), exponents))
            text += "" if position == 0 and sign == "+" and data.draw(st.booleans()) else sign
            text += f"{data.draw(SPACE)}*{data.draw(SPACE)}".join(texts) + data.draw(SPACE)
        residues = merge(terms, 32003)
        if residues:
            expected.append([[residues[m], list(m)] for m in sorted(residues, key=order_key, reverse=True)])
        written.append(text)
    text = "x,y1 , _z\n32003\n" + f",{data.draw(SPACE)}".join(written)
    assert parse_ms(text.splitlines(keepends=True), "a.ms", "a").generators() == expected


def test_ms_is_read_as_msolve_does(read):
    """Several polynomials a line, one over several lines, repeated monomials, fractions, a name from the file."""
    (ideal,) = read("x, y, z\n32003\nx^2*y - 1/3*z, y*x^2 + x*y*x\n - 2*x^2*y + 2*3*z,\nx*y*z*x - 5\n")
    assert ideal.name == "ideals"
    assert ideal.variables == ("x", "y", "z")
    third = pow(3, -1, 32003)
    assert ideal.generators() == [
        [[1, [2, 1, 0]], [32003 - third, [0, 0, 1]]],
        [[6, [0, 0, 1]]],
        [[1, [2, 1, 1]], [31998, [0, 0, 0]]],
    ]
    assert ideal.remarks == ()


@pytest.mark.parametrize(
    "content",
    [
        b"x,y\r\n7\r\nx+y,\r\nx*y-1\r\n",
        b"\xef\xbb\xbfx,y\n7\nx+y,\nx*y-1",
        b"x,y\r7\rx+y,\rx*y-1\r",
        b"# cyclic 2\n\n x , y \n\n 7 # a prime\n\n+x + y ,\n# the last one\nx*y - 8*1^0\n".replace(b"*1^0", b""),
        b"x,y\n0000007\n1*x+y*1,x*y-000001",
        b"x,y\n7\nx^1+x^0*y, 8*x*y - 15*x*y^1 + 15*x*y + 6",
    ],
)
def test_ms_variations(read, content):
    """Line ends of every system, a byte order mark, empty lines, comments, leading zeros."""
    (ideal,) = read(content)
    assert ideal.texts() == ["x + y", "x*y - 1"]


def test_characteristic_zero(read):
    """Run modulo 32003, which is said, and so are coefficients that vanish there."""
    (ideal,) = read("x,y\n0\n1/2*x + y, 64006*x*y + x, 32003*y")
    assert ideal.field == 32003
    assert ideal.generators() == [[[16002, [1, 0]], [1, [0, 1]]], [[1, [1, 0]]]]
    assert "characteristic 0 is run modulo 32003" in ideal.remarks[0]
    assert ideal.remarks[1] == "coefficients that are divisible by 32003, and so vanish: 2"
    assert ideal.remarks[2] == "1 polynomial is zero modulo 32003 and left out"


def test_zero_and_unit_ideals(read):
    """No generators and a remark; a constant generator as it is."""
    (zero,) = read("x,y\n7\n0,\nx-x,\n7*y")
    assert len(zero) == 0
    assert zero.remarks == ("3 polynomials are zero modulo 7 and left out",)
    (unit,) = read("x,y\n7\nx+y,\n3")
    assert unit.texts() == ["x + y", "3"]
    (again,) = read(to_ms(zero))
    assert len(again) == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "ideals.ms is empty; line 1 names the variables, as in 'x, y, z'"),
        (" \n# nothing\n", "ideals.ms is empty; line 1 names the variables, as in 'x, y, z'"),
        ("x,y\n", "ideals.ms ends after the variables; line 2 is the characteristic, such as 32003"),
        ("x,y\n7\n", "ideals.ms has no polynomials; they stand from line 3 on, with commas between them"),
        ("x,y\n7\n\n  \n", "ideals.ms has no polynomials; they stand from line 3 on, with commas between them"),
        ("x y\n7\nx", "ideals.ms, line 1: 'x y' is not a variable; line 1 names them with commas between, x, y, z"),
        ("x,y,\n7\nx", "ideals.ms, line 1: '' is not a variable; line 1 names them with commas between, x, y, z"),
        ("x,2y\n7\nx", "ideals.ms, line 1: '2y' is not a variable; line 1 names them with commas between, x, y, z"),
        ("x,y,x\n7\nx", "ideals.ms, line 1: the variable 'x' is declared twice"),
        ("x,y\nx+y,\nx-y", "ideals.ms, line 2: 'x+y,' is not a characteristic (0, or a prime below 2^31)"),
        ("x,y\n-7\nx", "ideals.ms, line 2: '-7' is not a characteristic (0, or a prime below 2^31)"),
        ("x,y\n32001\nx", "ideals.ms, line 2: the characteristic 32001 is not prime; did you mean 32003?"),
        ("\n\nx\n\n8\nx", "ideals.ms, line 5: the characteristic 8 is not prime; did you mean 7?"),
        ("x,y,z\n7\nx+w", "ideals.ms, line 3: variable 'w' is not declared on line 1 (x, y, z)"),
        ("x,y\n7\nx,\n\ny+X", "ideals.ms, line 5: variable 'X' is not declared on line 1 (x, y)"),
        ("x,y\n7\nxy", "ideals.ms, line 3: variable 'xy' is not declared on line 1 (x, y); write x*y for the product"),
        ("x,y\n7\nx/2+y", "ideals.ms, line 3: 'x/2' is not a term; write the fraction first, as in 1/2*x"),
        ("x,y\n7\nx^2/3+y", "ideals.ms, line 3: 'x^2/3' is not a term; write the fraction first, as in 1/3*x^2"),
        ("x,y\n7\n1/x", "ideals.ms, line 3: only numbers divide numbers, not 'x'; a fraction is a/b, as in 1/2*x"),
        ("x,y\n7\n1/14*x", "ideals.ms, line 3: the denominator 14 is zero modulo 7"),
        ("x,y\n0\n1/0*x", "ideals.ms, line 3: the denominator 0 is zero modulo 32003"),
        ("x,y\n7\n1/2/3*x", "ideals.ms, line 3: a fraction has one '/'; write a/b"),
        ("x,y\n7\n2x+y", "ideals.ms, line 3: a '*' (or a comma, or a sign) is missing before 'x'"),
        ("x,y\n7\nx+y\nx-y", "ideals.ms, line 4: a '*' (or a comma, or a sign) is missing before 'x'"),
        ("x,y\n7\nx**2+y", "ideals.ms, line 3: there is a '*' without a factor before it; powers are x^2, not x**2"),
        ("x,y\n7\n(x+y)^2", "ideals.ms, line 3: parentheses are not part of msolve's format; write the product out"),
        ("x,y\n7\nx*(x+y)", "ideals.ms, line 3: parentheses are not part of msolve's format; write the product out"),
        ("x,y\n7\nx)", "ideals.ms, line 3: parentheses are not part of msolve's format; write the product out"),
        ("x,y\n7\nx^y", "ideals.ms, line 3: the exponent of x is 'y', which is not a number 0, 1, 2, ..."),
        ("x,y\n7\nx^-1", "ideals.ms, line 3: the exponent of x is '-', which is not a number 0, 1, 2, ..."),
        ("x,y\n7\nx^", "ideals.ms, line 3: the exponent of x is 'end of the file', which is not a number 0, 1, 2, ..."),
        ("x,y\n7\nx^2^3", "ideals.ms, line 3: a power has one '^'; write the exponent out"),
        ("x,y\n7\n2^3*x", "ideals.ms, line 3: only variables have powers here; write the number out"),
        ("x,y\n7\nx^2147483648", "ideals.ms, line 3: the exponent 2147483648 of x is above 2^31 - 1"),
        ("x,y\n7\nx^2147483647*x", "ideals.ms, line 3: the exponent 2147483648 of x is above 2^31 - 1"),
        ("x,y\n7\nx+ +y", "ideals.ms, line 3: there is a '+' where a term should come; write one sign before a term"),
        ("x,y\n7\nx*-2", "ideals.ms, line 3: there is a '-' where a term should come; write one sign before a term"),
        ("x,y\n7\nx,,y", "ideals.ms, line 3: there is a comma where a term should come"),
        ("x,y\n7\nx,\ny,\n", "ideals.ms, line 4: the file ends where a term should come"),
        ("x,y\n7\nx +\n", "ideals.ms, line 3: the file ends where a term should come"),
        ("x,y\n7\n^2", "ideals.ms, line 3: there is a '^' where a term should come"),
        ("x,y\n7\nx = y", "ideals.ms, line 3: '=' is not part of msolve's format"),
        ("x,y\n7\nx - 1.5", "ideals.ms, line 3: '.' is not part of msolve's format"),
        ("x,y\n7\nx \u2212 1", "ideals.ms, line 3: '\u2212' is not part of msolve's format"),
        ("x,y\n7\nx\u00b2", "ideals.ms, line 3: '\u00b2' is not part of msolve's format"),
        ("x,y\n7\nx;", "ideals.ms, line 3: ';' is not part of msolve's format"),
        ("x,y\n7\nx\x00", "ideals.ms, line 3: '\\x00' is not part of msolve's format"),
        ("x,y\n7\n__import__('os')", "ideals.ms, line 3: variable '__import__' is not declared on line 1 (x, y)"),
        (b"x,y\n7\n\xff\xfe", "ideals.ms is not text in UTF-8"),
    ],
)  # fmt: skip
def test_ms_errors_are_sentences(refused, content, said):
    """The whole sentence with file and line."""
    assert refused(content) == said


def test_ms_with_huge_numbers(read, refused):
    """Coefficients of thousands of digits are exact, above the limit a sentence; messages stay short."""
    (ideal,) = read(f"x\n32003\n{10**3000}*x - {10**3000 + 5}")
    assert ideal.generators() == [[[pow(10, 3000, 32003), [1]], [(-(10**3000) - 5) % 32003, [0]]]]
    assert "has 5000 digits; at most 4000 are read" in refused("x\n7\n" + "9" * 5000)
    assert "is not a characteristic" in refused("x\n" + "9" * 5000 + "\nx")
    assert "is above 2^31 - 1" in refused("x\n7\nx^" + "9" * 3000)
    assert len(refused("x\n7\n" + "y" * 10**6)) < 200
    assert "there are 1001 variables; at most 1000 are read" in refused(
        ",".join(f"x{i}" for i in range(1001)) + "\n7\nx1"
    )


@given(st.text(alphabet="xyz0123456789+-*/^(), \n#." + string.ascii_letters, max_size=60))
def test_any_text_is_read_or_refused(text):
    """No other error than MathrlError for what looks like polynomials; what is read can be written and read again."""
    try:
        ideal = parse_ms(f"x,y,z\n7\n{text}".splitlines(), "a.ms", "a")
    except MathrlError:
        return
    assert parse_ms(to_ms(ideal).splitlines(), "a.ms", "a").to_json() == ideal.to_json()


LINE = '{"id": "a", "n": 1, "field": 7, "F": [[[1, [1]], [3, [0]]]]}'
NAMELESS = LINE.replace('"id": "a", ', "")


def test_json_lines(read):
    """One ideal a line, empty lines skipped, a name for what has no id; .json holds a record or a list."""
    first, second = read(f"\ufeff{LINE}\r\n\r\n{NAMELESS}", "mine.jsonl")
    assert first.name == "a"
    assert second.name == "mine#3"
    assert first.generators() == second.generators() == [[[1, [1]], [3, [0]]]]
    assert [ideal.name for ideal in read(json.dumps(json.loads(LINE), indent=2), "mine.json")] == ["a"]
    assert [ideal.name for ideal in read(f"[{LINE},\n{LINE}]", "mine.json")] == ["a", "a"]
    systems = [named("cyclic-4"), named("katsura-3")]
    again = read(to_json_lines(systems), "mine.JSONL")
    assert [ideal.to_json() for ideal in again] == [ideal.to_json() for ideal in systems]


def test_files_are_read_one_ideal_at_a_time(tmp_path):
    """The ideals before a bad line are given before it is seen."""
    path = tmp_path / "long.jsonl"
    path.write_text(f"{LINE}\n{LINE}\nnonsense\n")
    stream = read_ideals(path)
    assert [next(stream).name, next(stream).name] == ["a", "a"]
    with pytest.raises(MathrlError, match="line 3, column 1: this is not JSON"):
        next(stream)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", "", "a.jsonl holds no ideal"),
        ("a.jsonl", "\n \n", "a.jsonl holds no ideal"),
        ("a.json", "[]", "a.json holds no ideal"),
        ("a.json", "", "a.json, line 1, column 1: this is not JSON: Expecting value"),
        ("a.json", '{\n"n" 1}', "a.json, line 2, column 5: this is not JSON: Expecting ':' delimiter"),
        ("a.jsonl", f"{LINE}\n{{'n': 1}}", "a.jsonl, line 2, column 2: this is not JSON: "),
        ("a.jsonl", f"{LINE}\n5", "a.jsonl, line 2: an ideal is an object"),
        ("a.jsonl", f"{LINE}\n\n{LINE.replace('7', '8')}", "a.jsonl, line 3: the characteristic 8 is not prime"),
        ("a.jsonl", LINE.replace('"F"', '"f"'), 'a.jsonl, line 1: the record has no "F"'),
        ("a.jsonl", LINE.replace("[1]", "[1.0]"), "a.jsonl, line 1: an exponent of a term of polynomial 1 of F is 1.0"),
        ("a.jsonl", LINE.replace('"id": "a"', '"n": 2'), "a.jsonl, line 1: the key 'n' occurs twice"),
        ("a.jsonl", LINE.replace("7", "NaN"), 'a.jsonl, line 1: "field" is nan, which is not an integer'),
        ("a.jsonl", LINE.replace("3", "9" * 5000), "a.jsonl, line 1: this cannot be read as JSON: Exceeds the limit"),
        ("a.jsonl", "[" * 200000, "a.jsonl, line 1: this cannot be read as JSON: it is nested too deeply"),
        ("a.json", f"[{LINE}, {{}}]", 'a.json, record 2: the record has no "n"'),
        ("a.jsonl", b"\xff\xfe{", "a.jsonl is not text in UTF-8"),
        ("a.txt", LINE, "a.txt is not a file of ideals by its name; their names end in .ms, .jsonl, .json"),
    ],
)  # fmt: skip
def test_json_errors_are_sentences(refused, name, content, said):
    """File, line or record, and what is wrong."""
    assert refused(content, name).startswith(said)


def test_files_that_are_not_there(tmp_path):
    """No file, a folder."""
    with pytest.raises(MathrlError, match=r"there is no file .*nothing\.ms"):
        list(read_ideals(tmp_path / "nothing.ms"))
    (tmp_path / "folder.ms").mkdir()
    with pytest.raises(MathrlError, match=r"folder\.ms cannot be read: Is a directory"):
        list(read_ideals(tmp_path / "folder.ms"))


def test_large_coefficients_in_json(read):
    """A zero coefficient and integers beyond 64 bits are residues."""
    (ideal,) = read(LINE.replace("[3, [0]]", f"[{-(10**100)}, [0]], [0, [2]]"), "a.jsonl")
    assert ideal.generators() == [[[1, [1]], [-(10**100) % 7, [0]]]]
