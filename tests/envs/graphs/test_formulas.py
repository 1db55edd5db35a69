"""The formula language: what it reads, what it refuses and where, and that float and exact evaluation agree."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrl.envs.graphs.arithmetic import Undecided, Undefined
from mathrl.envs.graphs.batch import GraphBatch
from mathrl.envs.graphs.formulas import Expression, enclose, evaluate, parse, read_back, score
from mathrl.envs.graphs.rewards import catalogue, resolve
from mathrl.errors import MathrlError

WAGNER = "connected, n >= 3: lambda1 + mu >= sqrt(n-1) + 1"


class Values:
    """A batch whose invariants are given as lists."""

    def __init__(self, connected=None, tree=None, **values):
        self.values = {name: np.array(value, float) for name, value in values.items()}
        self.count = len(next(iter(self.values.values())))
        self.classes = {"connected": connected, "tree": tree}
        self.asked = set()

    def value(self, name):
        self.asked.add(name)
        return self.values[name]

    def belongs(self, name):
        return np.ones(self.count, bool) if self.classes.get(name) is None else np.array(self.classes[name])


def expression(text):
    return parse(f"maximise: {text}").objective


def test_wagner_is_read_as_printed():
    conjecture = parse(WAGNER)
    assert conjecture.graph_class == ("connected",)
    assert [str(hypothesis) for hypothesis in conjecture.hypotheses] == ["n >= 3"]
    assert str(conjecture.claim) == "lambda1 + matching_number >= sqrt(n - 1) + 1"
    assert conjecture.invariants == ("n", "lambda1", "matching_number")
    assert not conjecture.strict
    assert conjecture.upward


def test_without_a_class_all_graphs_on_two_vertices_or_more():
    conjecture = parse("lambda1 < n")
    assert conjecture.graph_class == ("any",)
    assert [str(hypothesis) for hypothesis in conjecture.hypotheses] == ["n >= 2"]
    assert conjecture.strict


@pytest.mark.parametrize(
    ("text", "classes", "hypotheses"),
    [
        ("tree & connected: n > 1", ("tree", "connected"), []),
        (
            "tree, tree, n >= max(3, mu), n % 2 == 0 & m < 9: n > 1",
            ("tree",),
            ["n >= max(3, matching_number)", "n % 2 == 0", "m < 9"],
        ),
        ("any: n > 1", ("any",), []),
        ("n >= 5: n > 1", ("any",), ["n >= 5"]),
    ],
)
def test_classes_and_hypotheses(text, classes, hypotheses):
    conjecture = parse(text)
    assert conjecture.graph_class == classes
    assert [str(hypothesis) for hypothesis in conjecture.hypotheses] == hypotheses


@pytest.mark.parametrize(
    "text", ["maximise: Delta - delta", "maximize: Delta-delta", " maximise : any, n >= 2 : Delta - delta"]
)
def test_objectives(text):
    conjecture = parse(text)
    assert conjecture.claim is None
    assert str(conjecture.objective) == "maximum_degree - minimum_degree"
    assert parse("tree, n >= 3: maximise: mu").graph_class == ("tree",)


@pytest.mark.parametrize(
    ("literal", "number"),
    [
        ("0.28", Fraction(7, 25)),
        ("1e-3", Fraction(1, 1000)),
        (".5", Fraction(1, 2)),
        ("2.", Fraction(2)),
        ("0.1", Fraction(1, 10)),
    ],
)
def test_decimals_are_exact(literal, number):
    assert expression(literal).value == number


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-n**2", "-n**2"),
        ("(-n)**2", "(-n)**2"),
        ("2**-n", "2**(-n)"),
        ("n-(m-1)-2", "n - (m - 1) - 2"),
        ("n/(m/2)", "n / (m / 2)"),
        ("0.28*n + 1e-3", "0.28 * n + 0.001"),
        ("n**m**2", "n**m**2"),
        ("(n**m)**2", "(n**m)**2"),
        ("n**0.5", "n**0.5"),
        ("n*-m", "n * -m"),
        ("+n", "n"),
        ("n**2/(n-1) if n % 2 == 0 else n+1", "(n**2 / (n - 1) if n % 2 == 0 else n + 1)"),
        ("min(n, m, pi)", "min(n, m, pi)"),
    ],
)
def test_expressions_are_printed_as_read(text, said):
    assert str(expression(text)) == said
    assert expression(said) == expression(text)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("lamda1 + mu >= 1", 1, "did you mean 'lambda1'"),
        ("connected, n >= 3: lambda1 + nu >= 1", 30, "not an invariant"),
        ("conected: n > 1", 1, "did you mean 'connected'"),
        ("connected,  n3: n > 1", 13, "not a graph class or a comparison"),
        ("lambda1 + mu", 1, "did the shell eat the `>=`"),
        ("connected: lambda1", 12, "quote the formula"),
        ("1 <= n <= 3", 11, "two comparisons"),
        ("(n <= 3) <= 4", 2, "exactly one comparison"),
        ("n + (m > 2) > 3", 6, "exactly one comparison"),
        ("n == 3", None, "instead of '=='"),
        ("n = 3", 3, "write <= or >="),
        ("n in m", 1, "one of <= >= < >"),
        ("n is m", 1, "one of <= >= < >"),
        ("n > 1 and m > 2", 1, "'and' and 'or'"),
        ("foo(n) >= 1", 1, "not a function"),
        ("n >= squrt(m)", 6, "did you mean 'sqrt'"),
        ("n >= sqrt", 6, "write sqrt(...)"),
        ("sqrt(n, m) > 1", 1, "sqrt takes one argument, not 2"),
        ("min(n) > 1", 1, "at least 2 arguments, not 1"),
        ("sqrt() > 1", 1, "not 0"),
        ("sqrt(x=n) > 1", 1, "sqrt takes one argument"),
        ("sqrt(*n) > 1", 6, "not part of the formula language"),
        ("n.real > 1", 1, "a dot"),
        ("n(2) > 1", 1, "not a function"),
        ("n > (1)(2)", 5, "write * for a product"),
        ("'n' > 1", 1, "not part of the formula language"),
        ("n[0] > 1", 2, "not part of the formula language"),
        ("n ≥ 1", 3, "write <= and >="),
        ("n ^ 2 > 1", 1, "write ** for a power"),
        ("n // 2 > 1", 1, "floor(a/b)"),
        ("n @ m > 1", 3, "not part of the formula language"),
        ("True > n", 1, "not a decimal number"),
        ("0x10 > n", 1, "not a decimal number"),
        ("1_000 > n", 1, "not a decimal number"),
        ("2j > n", 1, "not a decimal number"),
        ("not n > 1", 1, "operator is one of"),
        ("(lambda n: n) > 1", None, "column"),
        ("[n for n in m] > 1", 1, "not part of the formula language"),
        ("(n := 3) > 1", None, "column"),
        ("n ** 10001 > 1", 6, "exponent above"),
        ("2 ** -(99999) > n", 6, "exponent above"),
        ("1e5000 > n", 1, "digits"),
        (f"n > {'9' * 1001}", 5, "digits"),
        (f"n > {'9' * 5000}", 5, "digits"),
        (f"n > {'(' * 200}1{')' * 200}", 155, "nested"),
        (f"n > {'-' * 3000}1", None, "nested"),
        (f"n > {'+'.join('1' * 2000)}", None, "nested"),
        (f"n > {'1' * 30000}", None, "characters"),
        ("n > (1", 6, "not closed"),
        ("n) > (1", 2, "closes nothing"),
        ("n >", 4, "missing"),
        ("n > 1,", 1, "a comma outside"),
        ("", None, "empty"),
        ("   ", None, "empty"),
        ("connected:", None, "empty"),
        ("maximise:", None, "empty"),
        ("maximise: n > 3", 11, "no comparison"),
        ("a: b: n > 1", 5, "one colon too many"),
        (", n > 3: n > 1", 1, "not a graph class"),
        ("n > 1 if n < 3 else m", 10, "condition"),
        ("n > (1 if n < 3 else m)", 11, "=="),
        ("n; m > 2", 2, "not part of the formula language"),
        ("__import__ > 1", 1, "not an invariant"),
        ("n > 1 # m", 7, "not part of the formula language"),
    ],
)
def test_errors_are_sentences_with_a_column(text, column, words):
    with pytest.raises(MathrlError) as fault:
        parse(text)
    assert words in str(fault.value)
    if column is not None:
        assert str(fault.value).startswith(f"column {column}:"), str(fault.value)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="nmu lambda1()+-*/%.,:<>=&'_[]e0927ifpqrst\n", max_size=40))
def test_any_text_is_read_or_refused_with_a_sentence(text):
    with suppress(MathrlError):
        parse(text)


def test_score_of_both_directions():
    batch = Values(n=[4, 5], lambda1=[2, 3])
    assert score(parse("n <= lambda1"), batch).tolist() == [2, 2]
    assert score(parse("n >= lambda1"), batch).tolist() == [-2, -2]
    assert score(parse("n < lambda1 + 2"), batch).tolist() == [0, 0]
    assert score(parse("maximise: n*lambda1"), batch).tolist() == [8, 15]
    assert score(parse("3 <= 2"), batch).tolist() == [1, 1]


def test_score_is_minus_infinity_outside():
    batch = Values(
        connected=[True, False, True, True], n=[4, 4, 2, 4], diameter=[3, 3, 3, np.nan], lambda1=[1, 1, 1, 1]
    )
    assert score(parse("connected, n >= 3: diameter <= 1"), batch).tolist() == [2, -np.inf, -np.inf, -np.inf]
    assert score(parse("n <= (1 if n == n else diameter)"), batch)[3] == -np.inf  # used, though not in the branch taken
    assert score(parse("1/(n-4) <= -5"), batch).tolist() == [-np.inf, -np.inf, 4.5, -np.inf]
    assert score(parse("sqrt(n-3) <= 0"), batch).tolist() == [1, 1, -np.inf, 1]
    assert score(parse("n >= 10.0**400"), batch).tolist() == [-np.inf] * 4


def test_float_noise_does_not_decide():
    batch = Values(n=[4], lambda1=[3 - 1e-12])
    assert score(parse("lambda1 >= 3: n <= 1"), batch) == [3]
    assert score(parse("lambda1 < 3: n <= 1"), batch) == [-np.inf]
    assert score(parse("maximise: floor(lambda1) + ceil(6 - lambda1) + sqrt(lambda1 - 3)"), batch) == [6]
    assert score(parse("maximise: (lambda1 - 3)**(1/4)"), batch) == [0]


def test_reference_scores_of_wagner():
    """The formula on the float kernels against scores computed with networkx and LAPACK."""
    rows = (Path(__file__).parents[2] / "data/graphs/scores.jsonl").read_text().splitlines()
    for row in map(json.loads, rows):
        adjacency = nx.to_numpy_array(nx.from_graph6_bytes(row["graph6"].encode()), dtype=np.uint8)
        found = score(parse(WAGNER), GraphBatch(adjacency=adjacency[None]))
        assert found == pytest.approx([row["score_wagner_2_1"] if row["connected"] else -np.inf], abs=1e-9)


def test_only_needed_invariants_are_computed():
    batch = Values(n=[4], m=[3], lambda1=[2])
    score(parse("n >= 3: m <= 2"), batch)
    assert batch.asked == {"n", "m"}


LEAVES = st.sampled_from(["n", "m", "pi", "2", "0", "3", "0.25", "1e1"])


def compound(part):
    pair = st.tuples(part, part)
    return st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "/", "%", "**"]), pair).map(
            lambda x: f"({x[1][0]} {x[0]} {x[1][1]})"
        ),
        st.tuples(st.sampled_from(["sqrt", "abs", "floor", "ceil", "sin", "cos", "-"]), part).map(
            lambda x: f"{x[0]}({x[1]})"
        ),
        st.tuples(st.sampled_from(["min", "max"]), pair).map(lambda x: f"{x[0]}({x[1][0]}, {x[1][1]})"),
        st.tuples(pair, pair).map(lambda x: f"({x[0][0]} if {x[0][1]} == {x[1][0]} else {x[1][1]})"),
    )


def exact(text, n, m):
    """The enclosure at the first precision that decides, None if undefined or undecided at 1024 bits."""
    for bits in (64, 256, 1024):
        try:
            return enclose(expression(text), {"n": fmpq(n), "m": fmpq(m)}, bits)
        except Undefined:
            return None
        except Undecided:
            continue
    return None


@settings(max_examples=400, deadline=None)
@given(st.recursive(LEAVES, compound, max_leaves=6), st.integers(2, 9), st.integers(0, 9))
def test_float_and_exact_evaluation_agree(text, n, m):
    with np.errstate(all="ignore"):
        fast = float(
            np.asarray(evaluate(expression(text), {"n": np.array([float(n)]), "m": np.array([float(m)])})).ravel()[0]
        )
    slow = exact(text, n, m)
    if slow is None or not math.isfinite(fast) or abs(fast) > 1e6:
        return
    if "%" in text or "floor" in text or "ceil" in text or "==" in text:
        return  # float noise may fall on the other side of a jump
    low, high = (float(arb(slow).lower()), float(arb(slow).upper()))
    assert low - 1e-6 * (1 + abs(fast)) <= fast <= high + 1e-6 * (1 + abs(fast))


@settings(max_examples=200, deadline=None)
@given(st.recursive(LEAVES, compound, max_leaves=8))
def test_printing_and_reading_are_inverse(text):
    assert expression(str(expression(text))) == expression(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.28 * 100 - 28", fmpq(0)),
        ("sqrt(4/9)", fmpq(2, 3)),
        ("16**(3/4)", fmpq(8)),
        ("27**(-1/3)", fmpq(1, 3)),
        ("-7 % 3", fmpq(2)),
        ("-(7 % -3)", fmpq(2)),
        ("floor(-1/2) + ceil(-1/2)", fmpq(-1)),
        ("cos(0) + sin(0)", fmpq(1)),
        ("2**-3", fmpq(1, 8)),
        ("0**0", fmpq(1)),
        ("floor(pi*10**20)", fmpq(314159265358979323846)),
    ],
)
def test_rational_values_stay_exact(text, value):
    assert enclose(expression(text), {}, 256) == value


@pytest.mark.parametrize("text", ["1/0", "sqrt(-1)", "(-8)**(1/3)", "0**-1", "1 % 0", "(-1)**pi", "0**(-pi)"])
def test_undefined_values(text):
    with pytest.raises(Undefined):
        enclose(expression(text), {}, 64)
    with np.errstate(all="ignore"):
        assert np.isnan(evaluate(expression(text), {}))


@pytest.mark.parametrize(
    "text", ["floor(sqrt(2)**2)", "sqrt(sqrt(2)**2 - 2)", "1/(sqrt(2)**2 - 2)", "1 if sqrt(2)**2 == 2 else 0"]
)
def test_undecided_values(text):
    with pytest.raises(Undecided):
        enclose(expression(text), {}, 64)


def test_the_reading_names_every_invariant_once():
    lines = read_back(parse(WAGNER))
    assert lines[0] == "for every connected graph with n >= 3: lambda1 + matching_number >= sqrt(n - 1) + 1"
    assert "score sqrt(n - 1) + 1 - (lambda1 + matching_number) > 0" in lines[1]
    assert [line.split(":")[0].split(" ")[0] for line in lines[2:]] == ["n", "lambda1", "matching_number"]


def test_catalogue_entries_resolve_by_id_alias_and_text():
    entry = catalogue()["wagner-2.1"]
    assert entry.as_of == "2026-02"
    for name in ("wagner-2.1", "Wagner_2.1", "amcs-1"):
        assert resolve(name).entry is entry
        assert resolve(name).name == "wagner-2.1"
    assert resolve("wagner-2.1").conjecture == resolve(entry.text).conjecture
    assert resolve(entry.text).entry is None
    assert resolve("tree: maximise: mu").conjecture.objective == Expression("invariant", value="matching_number")
    for line in catalogue().values():
        assert parse(line.text).strict is line.strict


@pytest.mark.parametrize(
    ("word", "words"),
    [("wagner-21", "did you mean 'wagner-2.1'"), ("zzz", "is not a reward of graphs"), ("lambda1 + mu ", "shell")],
)
def test_unknown_rewards_are_refused(word, words):
    with pytest.raises(MathrlError, match=words):
        resolve(word)
