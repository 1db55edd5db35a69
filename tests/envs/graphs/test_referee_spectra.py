"""The referee's spectra, sums and interval arithmetic: it accepts what exact faces prove, and both refuse forgeries."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from flint import arb, ctx, fmpq

from mathrl.envs.graphs.exact import spectra as exact
from mathrl.envs.graphs.exact.eigenvalues import Spectrum
from mathrl.envs.graphs.invariants import find
from mathrl.envs.graphs.referee import arithmetic, spectra
from mathrl.envs.graphs.referee.graphs import Refused
from mathrl.envs.graphs.verify import decode
from mathrl.errors import MathrlError

SCORES = Path(__file__).parents[2] / "data/graphs/scores.jsonl"
RECORDS = [record for record in map(json.loads, SCORES.read_text().splitlines()) if record["n"] <= 30]
CHECKS = {**spectra.SPECTRA, **spectra.SUMS}
MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # what the script reports so, too
GRAPHS = {
    "path": nx.path_graph(6),
    "petersen": nx.petersen_graph(),
    "lollipop": nx.lollipop_graph(5, 3),
    "star": nx.star_graph(7),
    "random": nx.connected_watts_strogatz_graph(11, 4, 0.4, seed=3),
}


def lists(graph):
    return [sorted(graph[v]) for v in range(len(graph))]


def fractions(interval):
    return tuple(Fraction(str(end)) for end in interval)


def proved(name, rows, k, bits=64):
    """The interval and the witness of an invariant, as JSON writes them."""
    found = find(name).face.enclose(rows, bits, k)
    return (found.lo, found.hi), json.loads(json.dumps(found.witness))


def indices(name, n):
    return range(1, n + 1) if find(name).indexed else (None,)


def refused_by_both(name, rows, interval, witness, k):
    with pytest.raises(MathrlError):
        find(name).face.check(rows, interval, witness, k)
    with pytest.raises((Refused, *MALFORMED)):
        CHECKS[name]([set(row) for row in rows], fractions(interval), witness, k)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["id"])
def test_reference_graphs_are_accepted(record):
    rows = decode(record["graph6"])
    for name in CHECKS:
        if find(name).connected_only and not record["connected"]:
            continue
        for k in (None,) if not find(name).indexed else (1, len(rows) // 2, len(rows)):
            interval, witness = proved(name, rows, k)
            assert CHECKS[name]([set(row) for row in rows], fractions(interval), witness, k)


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
@pytest.mark.parametrize("name", CHECKS)
def test_high_precision_is_accepted_and_forgeries_are_not(name, graph):
    rows = lists(graph)
    for k in indices(name, len(rows)):
        for bits in (64, 200):
            interval, witness = proved(name, rows, k, bits)
            assert CHECKS[name]([set(row) for row in rows], fractions(interval), witness, k)
        for forged_interval in forged_intervals(interval):
            refused_by_both(name, rows, forged_interval, witness, k)
        for forged_witness in forged_witnesses(witness):
            refused_by_both(name, rows, interval, forged_witness, k)


def forged_intervals(interval):
    """Intervals that the witness does not prove, or that leave the value out: beside it on either side."""
    low, high = interval
    step = high - low + fmpq(1, 2**300)
    yield low + step, high + step
    yield low - step, high - step
    yield high + 1, high + 2
    yield low - 2, low - 1


def forged_witnesses(witness: dict[str, Any]) -> Iterator[Any]:
    """Witnesses with a field too many or too few, of wrong types, and with one number changed."""
    yield {**witness, "more": 1}
    yield [witness]
    for key in witness:
        yield {other: part for other, part in witness.items() if other != key}
        yield {**witness, key: None}
    for key in witness.keys() & {"above_lower", "above_upper"}:
        for other in (witness[key] + 1, witness[key] - 1, str(witness[key]), float(witness[key]), witness[key] == 1):
            yield {**witness, key: other}
    clusters = witness.get("clusters", [])
    for index, (low, high, multiplicity) in enumerate(clusters):
        for changed in (
            [low, high, multiplicity + 1], [low, high, multiplicity - 1], [low, high, float(multiplicity)],
            [low, high, -multiplicity], [low, high], [low, high, multiplicity, 1], [high, low + "/1", multiplicity],
            [Fraction(low).numerator, high, multiplicity], [" " + low, high, multiplicity], ["nan", high, multiplicity],
            [str(Fraction(low) + 1), str(Fraction(high) + 1), multiplicity], [low, "1/0", multiplicity],
        ):  # fmt: skip
            edited = copy.deepcopy(clusters)
            edited[index] = changed
            yield {"clusters": edited}
        yield {"clusters": clusters[:index] + clusters[index + 1 :]}
        yield {"clusters": clusters[: index + 1] + clusters[index:]}
        if multiplicity == 1:
            yield {"clusters": [*clusters[:index], [low, high, True], *clusters[index + 1 :]]}


def test_the_index_is_part_of_what_is_proved():
    rows = lists(GRAPHS["random"])
    for name in ("adjacency_eigenvalue", "laplacian_eigenvalue", "laplacian_sum", "distance_eigenvalue"):
        interval, witness = proved(name, rows, 4)
        for k in (None, 0, 3, 5, len(rows) + 1, -1):
            refused_by_both(name, rows, interval, witness, k)


def test_another_graph_is_refused():
    rows, other = lists(GRAPHS["random"]), lists(nx.star_graph(10))
    for name in CHECKS:
        k = 2 if find(name).indexed else None
        interval, witness = proved(name, rows, k)
        if interval != proved(name, other, k)[0]:  # one count is the same by chance
            refused_by_both(name, other, interval, witness, k)


@pytest.mark.parametrize("graph", [g for g in nx.graph_atlas_g() if 1 < len(g) < 7 and nx.is_connected(g)])
def test_counts_agree(graph):
    """Pivots and polynomials of the referee count what the exact face counts, at eigenvalues and between them."""
    neighbours = [set(graph[v]) for v in graph]
    for matrix in (
        spectra.adjacency_matrix(neighbours), spectra.distance_matrix(neighbours), spectra.laplacian_matrix(neighbours),
    ):  # fmt: skip
        whole, polynomial = Spectrum(matrix), spectra.characteristic_polynomial(matrix)
        for point in range(-9, 14):
            expected = whole.counts(fmpq(point, 2))
            assert spectra.eigenvalue_counts(matrix, Fraction(point, 2)) == expected
            assert spectra.root_counts(polynomial, Fraction(point, 2)) == expected


def test_ranks(rng):
    for size in range(1, 12):
        half = rng.integers(-3, 4, (size, max(1, size // 2)))
        matrix = half @ half.T
        for shift in (0, 1):
            rank = np.linalg.matrix_rank(matrix - shift * np.eye(size))
            assert spectra.matrix_rank(matrix.tolist(), shift) == rank


def test_points_next_to_eigenvalues_need_more_bits():
    matrix = exact.adjacency(lists(nx.star_graph(9)))
    for gap in (Fraction(1, 2**40), Fraction(1, 2**90), Fraction(1, 3**200)):
        assert spectra.eigenvalue_counts(matrix, 3 - gap) == (1, 0)
        assert spectra.eigenvalue_counts(matrix, 3 + gap) == (0, 0)
        assert spectra.eigenvalue_counts(matrix, -gap) == (9, 0)
    assert spectra.eigenvalue_counts(matrix, Fraction(0)) == (1, 8)


def test_large_trees():
    graph = nx.random_labeled_tree(203, seed=4)
    rows = lists(graph)
    for name, k in (("lambda1", None), ("laplacian_eigenvalue", 60), ("distance_eigenvalue", 30)):
        interval, witness = proved(name, rows, k)
        assert CHECKS[name]([set(row) for row in rows], fractions(interval), witness, k)


# ------------------------------------------------------------------------------------------------ interval arithmetic


@pytest.fixture
def precise():
    with ctx.workprec(9000):
        yield


def contains(interval, ball):
    low, high = (arb(fmpq(end.numerator, end.denominator)) for end in interval)
    return bool(low <= ball) and bool(ball <= high)


@pytest.mark.parametrize("bits", [64, 200, 8000])
def test_pi_and_circular_functions(bits, precise):
    assert contains(arithmetic.pi(bits), arb.pi())
    for angle in (Fraction(0), Fraction(1, 3), Fraction(-7, 2), Fraction(22), Fraction(-999), Fraction(1, 10**9)):
        x = arb(fmpq(angle.numerator, angle.denominator))
        for name, value in (("sin", x.sin()), ("cos", x.cos())):
            low, high = arithmetic.FUNCTIONS[name]((angle, angle), bits=bits)
            assert high - low <= Fraction(8, 2**bits)
            assert contains((low, high), value)
    assert arithmetic.circular((Fraction(0), Fraction(4)), 0, bits) == (-1, 1)
    assert arithmetic.circular((Fraction(0), Fraction(0)), 0, bits) == (1, 1)


def test_circular_functions_of_intervals(rng):
    for _ in range(300):
        low = Fraction(int(rng.integers(-4000, 4000)), 97)
        high = low + Fraction(int(rng.integers(0, 200)), 101)
        for start, function in ((0, np.cos), (1, np.sin)):
            found = arithmetic.circular((low, high), start, 64)
            values = function(np.linspace(float(low), float(high), 50))
            assert found[0] <= values.min() + 1e-9
            assert found[1] >= values.max() - 1e-9


def test_roots_are_exact_where_they_are_rational():
    assert arithmetic.root((Fraction(4, 9), Fraction(4, 9)), 2, 64) == (Fraction(2, 3), Fraction(2, 3))
    assert arithmetic.root((Fraction(8, 27), Fraction(8, 27)), 3, 64) == (Fraction(2, 3), Fraction(2, 3))
    low, high = arithmetic.root((Fraction(2), Fraction(3)), 2, 64)
    assert low**2 < 2
    assert high**2 > 3
    assert high - low < Fraction(33, 100)


def test_operations_contain_the_results_of_all_members(rng):
    """Every operation on intervals, rounded to few bits, contains the operation on numbers inside."""
    for _ in range(400):
        x, y = (tuple(sorted(Fraction(int(a), int(b)) for a, b in rng.integers(1, 50, (2, 2)))) for _ in "xy")
        x = (x[0] - 9, x[1] - 9)
        for node, function in (("Add", "__add__"), ("Sub", "__sub__"), ("Mult", "__mul__"), ("Div", "__truediv__")):
            operator = getattr(arithmetic.ast, node)
            low, high = arithmetic.OPERATORS[operator](x, y, 10)
            for a in (x[0], (x[0] + x[1]) / 2, x[1]):
                for b in (y[0], (2 * y[0] + y[1]) / 3, y[1]):
                    assert low <= getattr(a, function)(b) <= high
        low, high = arithmetic.power(x, (Fraction(2), Fraction(2)), 10)
        assert low <= x[0] ** 2 <= high
        assert low <= ((x[0] + x[1]) / 2) ** 2 <= high


def test_rounding_goes_outward_and_keeps_bits():
    third = (Fraction(-1, 3), Fraction(1, 3) + Fraction(1, 7**50))
    low, high = arithmetic.rounded(third, 30)
    assert low == third[0]  # short already
    assert third[1] < high < third[1] + Fraction(1, 2**28)
    assert high.numerator.bit_length() <= 31
    assert arithmetic.rounded((Fraction(1, 3), Fraction(1, 3)), 5) == (Fraction(1, 3), Fraction(1, 3))


def test_undefined_is_not_undecided():
    one, zero, minus_one = ((Fraction(a), Fraction(a)) for a in (1, 0, -1))
    around = (Fraction(-1), Fraction(1))
    for call in (
        lambda: arithmetic.divide(one, zero, 64),
        lambda: arithmetic.root(minus_one, 2, 64),
        lambda: arithmetic.power(zero, minus_one, 64),
        lambda: arithmetic.modulo(one, zero, 64),
    ):
        with pytest.raises(arithmetic.Undefined):
            call()
    for call in (lambda: arithmetic.divide(one, around, 64), lambda: arithmetic.root(around, 2, 64)):
        with pytest.raises(Refused) as fault:
            call()
        assert not isinstance(fault.value, arithmetic.Undefined)
