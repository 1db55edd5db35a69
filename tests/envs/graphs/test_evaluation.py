"""The values of formulas: floats against exact arithmetic, and both against sums and maxima written out."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrl.envs.graphs.arithmetic import Undecided, Undefined
from mathrl.envs.graphs.batch import GraphBatch
from mathrl.envs.graphs.enclosing import GraphValues
from mathrl.envs.graphs.evaluation import evaluate, score
from mathrl.envs.graphs.formulas import AGGREGATORS
from mathrl.envs.graphs.reading import parse
from mathrl.errors import MathrlError

WAGNER = "connected, n >= 3: lambda1 + mu >= sqrt(n-1) + 1"


class Values:
    """A batch whose invariants are given as lists."""

    def __init__(self, connected=None, tree=None, **values):
        self.values = {name: np.array(value, float) for name, value in values.items()}
        self.count = len(next(iter(self.values.values())))
        self.classes = {"connected": connected, "tree": tree}
        self.asked = set()

    def value(self, name, k=None):
        self.asked.add(name)
        return self.values[name]

    def belongs(self, name):
        return np.ones(self.count, bool) if self.classes.get(name) is None else np.array(self.classes[name])


def expression(text):
    return parse(f"maximise: {text}").objective


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
    assert score(parse("n <= (1 if n == n else diameter)"), batch).tolist() == [3, 3, 1, 3]  # diameter is not needed
    assert score(parse("n <= (diameter if n == n else 1)"), batch)[3] == -np.inf
    assert score(parse("n <= diameter**0"), batch)[3] == -np.inf
    assert score(parse("n <= 1**diameter"), batch)[3] == -np.inf
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


LEAVES = st.sampled_from(["n", "m", "Delta", "pi", "2", "0", "3", "0.25", "1e1"])
TERMS = {
    "vertex": st.sampled_from(["d", "a", "n", "2", "(d - a)", "sqrt(d - a)", "1/(d - 1)"]),
    "edge": st.sampled_from(["du", "av", "au", "m", "3", "(au - dv)", "sqrt(au + av - du)"]),
    "index": st.sampled_from(["k", "n", "cliques(k)", "2"]),
}


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
        part.map(lambda x: f"cliques({x})"),
        st.sampled_from(sorted(AGGREGATORS)).flatmap(aggregator),
    )


def aggregator(name):
    over = AGGREGATORS[name].over
    bounds = st.just(", 1, n - 1" if over == "index" else "")
    sums = st.tuples(TERMS[over], st.sampled_from("+-*/"), TERMS[over]).map(" ".join)
    return st.tuples(sums, bounds).map(lambda x: f"{name}({x[0]}{x[1]})")


def graph(n, m, seed):
    """A graph with n vertices and m edges, as a batch and as neighbour lists."""
    made = nx.gnm_random_graph(n, m, seed=seed)
    adjacency = nx.to_numpy_array(made, nodelist=range(n), dtype=np.uint8)
    return GraphBatch(adjacency=adjacency[None]), [sorted(made[v]) for v in range(n)]


def exact(text, rows):
    """The value at the first precision that decides, None if undefined or undecided at 1024 bits."""
    for bits in (64, 256, 1024):
        try:
            return GraphValues(rows, bits).value(expression(text))
        except Undefined:
            return None
        except Undecided:
            continue
    return "undecided"


def fast(text, batch):
    with np.errstate(all="ignore"):
        return float(np.asarray(evaluate(expression(text), batch)).ravel()[0])


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.recursive(LEAVES, compound, max_leaves=6), st.integers(2, 9), st.integers(0, 9), st.integers(0, 5))
def test_float_and_exact_evaluation_agree(text, n, m, seed):
    batch, rows = graph(n, m, seed)
    value, true = fast(text, batch), exact(text, rows)
    if re.search(r"%|floor|ceil|==|cliques", text) or true == "undecided":
        return  # float noise may fall on the other side of a jump
    if true is None:
        assert not math.isfinite(value), "a value where there is none"
    elif math.isfinite(value) and abs(value) < 1e6:
        low, high = (float(arb(true).lower()), float(arb(true).upper()))
        assert low - 1e-6 * (1 + abs(value)) <= value <= high + 1e-6 * (1 + abs(value))


@settings(max_examples=200, deadline=None)
@given(st.recursive(LEAVES, compound, max_leaves=8))
def test_printing_and_reading_are_inverse(text):
    assert expression(str(expression(text))) == expression(text)


AGGREGATED = {
    "max_vertex(2*a**2/d)": lambda g, d, a: max((2 * a[v] ** 2 / d[v] for v in g if d[v]), default=None),
    "min_vertex(d - a)": lambda g, d, a: min(d[v] - a[v] for v in g),
    "mean_vertex(1/d)": lambda g, d, a: mean([1 / d[v] for v in g if d[v]]),
    "sum_vertex(d*a)": lambda g, d, a: sum(d[v] * a[v] for v in g),
    "sum_vertex((d - mean_vertex(d))**2)": lambda g, d, a: sum((d[v] - mean(d.values())) ** 2 for v in g),
    "max_edge(au - dv)": lambda g, d, a: max((a[u] - d[v] for u, v in pairs(g)), default=None),
    "min_edge(sqrt(du - av))": lambda g, d, a: min(
        (root(d[u] - a[v]) for u, v in pairs(g) if d[u] >= a[v]), default=None
    ),
    "sum_edge(2/(du + dv))": lambda g, d, a: sum(2 / (d[u] + d[v]) for u, v in pairs(g)),
    "sum_edge(1/(du - dv))": lambda g, d, a: sum_or_none([1 / (d[u] - d[v]) for u, v in pairs(g) if d[u] != d[v]], g),
    "sum_index(k**2, 1, n)": lambda g, d, a: sum(k * k for k in range(1, len(g) + 1)),
    "max_index(k*(m - k), 0, m)": lambda g, d, a: max(k * (g.size() - k) for k in range(g.size() + 1)),
    "min_index(k, 3, n - 3)": lambda g, d, a: 3 if len(g) >= 6 else None,
    "sum_index(k, 0.5, -0.5)": lambda g, d, a: 0,
    "max_vertex(sqrt(-1))": lambda g, d, a: None,
    "sum_index(sum_index(k, 1, 3)*k, 1, 2)": lambda g, d, a: 18,
    "max_vertex(cliques(1) + d)": lambda g, d, a: len(g) + max(d.values()),
    "cliques(1.5)": lambda g, d, a: None,
    "cliques(0)": lambda g, d, a: None,
    "cliques(n + 1)": lambda g, d, a: None,
    "cliques(sqrt(4))": lambda g, d, a: g.size(),
}


def mean(values):
    return sum(values) / len(values) if values else None


def root(x):
    return math.sqrt(x)


def pairs(g):
    return [(min(edge), max(edge)) for edge in g.edges]


def sum_or_none(terms, g):
    return sum(terms) if terms or not g.size() else None


@pytest.mark.parametrize("text", AGGREGATED)
def test_aggregators_are_what_they_say(text):
    """Floats and exact values against sums and maxima written out, None where there is no value."""
    for seed in range(60):
        n = 2 + seed % 8
        g = nx.gnp_random_graph(n, (0.0, 0.3, 0.6, 1.0)[seed % 4], seed=seed)
        d = dict(g.degree)
        a = {v: sum(d[w] for w in g[v]) / d[v] if d[v] else 0 for v in g}
        expected = AGGREGATED[text](g, d, a)
        value, true = (
            fast(text, GraphBatch(adjacency=nx.to_numpy_array(g, dtype=np.uint8)[None])),
            exact(text, [sorted(g[v]) for v in g]),
        )
        if expected is None:
            assert math.isnan(value)
            assert true is None
        else:
            assert value == pytest.approx(expected, abs=1e-9)
            assert float(arb(true)) == pytest.approx(expected, abs=1e-9)


def test_a_batch_is_scored_as_its_graphs_one_by_one(rng):
    """Aggregators over edges are cut at the right places, also next to graphs without edges."""
    adjacency = np.triu(rng.random((50, 7, 7)) < rng.random((50, 1, 1)), 1).astype(np.uint8)
    adjacency[[0, 13, 14, 49]] = 0
    adjacency |= adjacency.transpose(0, 2, 1)
    for text in (
        "sum_edge(du*av)",
        "max_edge(sqrt(au - dv) + m)",
        "min_vertex(d/a)",
        "sum_index(cliques(k), 1, Delta)",
    ):
        conjecture = parse(f"maximise: {text}")
        alone = [score(conjecture, GraphBatch(adjacency=one[None]))[0] for one in adjacency]
        assert score(conjecture, GraphBatch(adjacency=adjacency)).tolist() == alone


def test_the_girth_of_a_forest_is_infinite_in_hypotheses_only():
    path, cycle = (nx.to_numpy_array(g, dtype=np.uint8) for g in (nx.path_graph(5), nx.cycle_graph(5)))
    batch = GraphBatch(adjacency=np.stack([path, cycle]))
    for hypothesis, holds in {
        "girth >= 5": [True, True], "girth > 5": [True, False], "6 <= girth": [True, False], "girth < 9": [False, True],
        "girth == 5": [False, True], "girth + 1 >= 5": [False, True],
    }.items():  # fmt: skip
        conjecture = parse(f"{hypothesis}: maximise: n")
        assert np.isfinite(score(conjecture, batch)).tolist() == holds
        for index, rows in enumerate(([[1], [0, 2], [1, 3], [2, 4], [3]], [[1, 4], [0, 2], [1, 3], [2, 4], [0, 3]])):
            try:
                assert GraphValues(rows).holds(conjecture.hypotheses[0]) is holds[index]
            except Undefined:
                assert not holds[index]
    assert score(parse("girth <= 2"), batch).tolist() == [-np.inf, 3]


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
    assert GraphValues([[1], [0]], 256).value(expression(text)) == value


@pytest.mark.parametrize("text", ["1/0", "sqrt(-1)", "(-8)**(1/3)", "0**-1", "1 % 0", "(-1)**pi", "0**(-pi)"])
def test_undefined_values(text):
    batch, rows = graph(2, 1, 0)
    with pytest.raises(Undefined):
        GraphValues(rows).value(expression(text))
    assert np.isnan(fast(text, batch))


@pytest.mark.parametrize(
    "text", ["floor(sqrt(2)**2)", "sqrt(sqrt(2)**2 - 2)", "1/(sqrt(2)**2 - 2)", "1 if sqrt(2)**2 == 2 else 0"]
)
def test_undecided_values(text):
    with pytest.raises(Undecided):
        GraphValues([[1], [0]]).value(expression(text))


def test_too_many_terms_are_refused():
    with pytest.raises(MathrlError, match="more than 10000 terms"):
        GraphValues([[1], [0]]).value(expression("sum_index(1, 1, 10**9)"))
    assert np.isnan(fast("sum_index(1, 1, 10**9)", graph(2, 1, 0)[0]))


def test_only_what_is_needed_is_enclosed():
    values = GraphValues([[1], [0]])
    values.value(expression("lambda1 if n == 2 else matching_number"))
    assert list(values.used) == ["n", "lambda1"]
    values.value(expression("adjacency_eigenvalue(floor(n/2))"))
    assert "adjacency_eigenvalue(1)" in values.used
