"""The formula language: what it reads, what it refuses and where, and how it says it back."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrl.envs.graphs.formulas import read_back
from mathrl.envs.graphs.reading import parse
from mathrl.envs.graphs.rewards import resolve
from mathrl.errors import MathrlError

WAGNER = "connected, n >= 3: lambda1 + mu >= sqrt(n-1) + 1"


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
    ("text", "said"),
    [
        (WAGNER, "connected, n >= 3: lambda1 + matching_number >= sqrt(n - 1) + 1"),
        ("mu<3", "n >= 2: matching_number < 3"),
        ("any: mu < 3", "any: matching_number < 3"),
        ("tree & planar,order>4: maximize: Delta", "tree, planar, n > 4: maximise: maximum_degree"),
        ("connected & Delta <= 5: laplacian_eigenvalue( 2 ) <= max_edge(du  + av)",
         "connected, maximum_degree <= 5: laplacian_eigenvalue(2) <= max_edge(du + av)"),
    ],
)  # fmt: skip
def test_the_canonical_form_is_read_as_the_same(text, said):
    conjecture = parse(text)
    again = parse(said)
    assert str(conjecture) == said == str(again)
    assert (again.graph_class, again.hypotheses, again.claim, again.objective) == (
        conjecture.graph_class, conjecture.hypotheses, conjecture.claim, conjecture.objective,
    )  # fmt: skip


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
        ("cliques(n-m*2)", "cliques(n - m * 2)"),
        ("max_vertex(2*a**2/d)", "max_vertex(2 * a**2 / d)"),
        ("sum_index(laplacian_sum(k)-k, 1, n)", "sum_index(laplacian_sum(k) - k, 1, n)"),
        ("mean_vertex(d - min_edge(du*mu))", "mean_vertex(d - min_edge(du * matching_number))"),
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
        ("n == 3", 3, "instead of '=='"),
        ("n = 3", 3, "write <=, >= or =="),
        ("n in m", 1, "one of <= >= < >"),
        ("n is m", 1, "one of <= >= < >"),
        ("n > 1 and m > 2", 1, "'and' and 'or'"),
        ("foo(n) >= 1", 1, "not a function"),
        ("n >= squrt(m)", 6, "did you mean 'sqrt'"),
        ("n >= sqrt", 6, "write sqrt(...)"),
        ("sqrt(n, m) > 1", 1, "sqrt takes one argument, not 2"),
        ("min(n) > 1", 1, "at least 2 arguments, not 1"),
        ("sqrt() > 1", 1, "not 0"),
        ("sqrt(x=n) > 1", 1, "sqrt takes one argument, without names"),
        ("sqrt(*n) > 1", 6, "not part of the formula language"),
        ("n.real > 1", 1, "a dot"),
        ("n(2) > 1", 1, "takes no index"),
        ("adjacency_eigenvalue > 1", 1, "takes an index: write adjacency_eigenvalue(k)"),
        ("n > cliques(2, 3)", 5, "takes one index, as in cliques(2), not 2"),
        ("n > cliques()", 5, "not 0"),
        ("n > cliques(k)", 13, "'k' is known only inside max_index"),
        ("d > 1", 1, "'d' is known only inside max_vertex"),
        ("n > max_vertex(du)", 16, "'du' is known only inside max_edge"),
        ("n > max_edge(d)", 14, "'d' is known only inside max_vertex"),
        ("n > sum_index(k, 1, k)", 21, "'k' is known only inside max_index"),
        ("n > max_vertex(max_edge(d))", 25, "'d' is known only inside"),
        ("n > sum_index(k, 1)", 5, "first and last index, as in sum_index(k**2, 1, n), not 2"),
        ("n > max_vertex(d, a)", 5, "takes one argument, as in max_vertex(d**2), not 2"),
        ("n > max_vertex(x=d)", 5, "without names"),
        ("n > max_vertex", 5, "write max_vertex(...)"),
        ("n > mean_edge(du)", 5, "did you mean"),
        ("n > max_vertex(d > 1)", 16, "exactly one comparison"),
        ("max_vertex(d.real) > 1", 12, "a dot"),
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
        ("", 1, "empty"),
        ("   ", 1, "empty"),
        ("connected:", 10, "nothing follows the colon"),
        ("maximise:", 9, "nothing follows the colon"),
        ("maximise: maximise: n", 19, "one colon too many"),
        ("n > 1.5e1000", 5, "digits"),
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
@given(st.text(alphabet="nmu lambda1dxek()+-*/%.,:<>=&'_[]e0927ifpqrst\n", max_size=40))
def test_any_text_is_read_or_refused_with_a_sentence(text):
    with suppress(MathrlError):
        parse(text)


def test_the_reading_names_every_invariant_once():
    lines = read_back(parse(WAGNER))
    assert lines[0] == "for every connected graph with n >= 3: lambda1 + matching_number >= sqrt(n - 1) + 1"
    assert "score sqrt(n - 1) + 1 - (lambda1 + matching_number) > 0" in lines[1]
    assert [line.split(":")[0].split(" ")[0] for line in lines[2:]] == ["n", "lambda1", "matching_number"]


def test_the_reading_explains_classes_and_aggregators():
    text = "connected & claw-free: laplacian_max <= max_edge(sqrt(du*au)) + sum_index(k, 1, n)"
    lines = "\n".join(read_back(parse(text)))
    for part in (
        "for every connected claw-free graph: laplacian_max <=", "claw-free: no three neighbours of a vertex are",
        "max_edge: the largest value over all edges uv, u < v, with du = degree of u", "is left out",
        "sum_index: the sum of the values over the integers k from the second to the third argument",
        "laplacian_max (mu_1): the largest eigenvalue of the Laplacian",
    ):  # fmt: skip
        assert part in lines


@pytest.mark.parametrize(
    ("word", "words"),
    [("wagner-21", "did you mean 'wagner-2.1'"), ("zzz", "is not a reward of graphs"), ("lambda1 + mu ", "shell")],
)
def test_unknown_rewards_are_refused(word, words):
    with pytest.raises(MathrlError, match=words):
        resolve(word)
