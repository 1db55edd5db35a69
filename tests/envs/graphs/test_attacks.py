"""What a hostile reader tried: false statements for the script, costly formulas, bad lines, notation of papers."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from mathrl.envs.graphs.config import GraphConfig
from mathrl.envs.graphs.export import to_check
from mathrl.envs.graphs.kernels.sets import domination_number, largest_induced_bipartite
from mathrl.envs.graphs.objective import objective
from mathrl.envs.graphs.reading import parse
from mathrl.envs.graphs.referee.graphs import Refused
from mathrl.envs.graphs.referee.script import check
from mathrl.envs.graphs.sanity import sanity
from mathrl.envs.graphs.scoring import score_lines, score_texts
from mathrl.envs.graphs.verify import certify
from mathrl.errors import MathrlError

ORDER = {"n": {"interval": ["3", "3"], "witness": {}}}


def forged(formula: str, left: str, right: str, score: str, sign: str) -> dict[str, Any]:
    """Data for the script about the path on three vertices, as nobody but a forger would write it."""
    invariants = ORDER if "n" in formula.partition(":")[2] else {}
    sides = {"left": [left, left], "right": [right, right], "score": [score, score]}
    certificate = {"graph6": "BW", "formula": formula, "invariants": invariants, **sides, "sign": sign}
    return {"reward": formula, "value": int(score), "certificate": certificate}


def test_script_accepts_what_the_forgeries_are_made_of() -> None:
    """The forgeries below are refused for what is wrong with them, not for their form."""
    assert "fails" in check(forged("any: n <= 2", "3", "2", "1", "positive"))[-1]
    assert "holds" in check(forged("any: 1 <= 2", "1", "2", "-1", "not positive"))[-1]


@pytest.mark.parametrize("operator", ["==", "!=", "in", "is", "is not", "not in"])
def test_script_refuses_a_claim_that_is_no_inequality(operator: str) -> None:
    """Read as <=, '1 == 2' would hold."""
    with pytest.raises(Refused, match="comparisons"):
        check(forged(f"any: 1 {operator} 2", "1", "2", "-1", "not positive"))


@pytest.mark.parametrize(
    "formula",
    [
        "any: (1 if 1 == 1 == 2 else 5) <= 2",  # only the first comparison would be read
        "any: 1 <= 2 # and every graph is planar",
        "any: 1 <= 2\u200b",
    ],
)
def test_script_refuses_formulas_that_say_more_than_is_checked(formula: str) -> None:
    with pytest.raises(Refused):
        check(forged(formula, "1", "2", "-1", "not positive"))


def test_script_refuses_letters_that_shift_the_columns_of_numbers() -> None:
    """Python counts columns in bytes and reads a wide n as n: the 5 below was taken for the 1 of lambda1."""
    wide = "\uff4e"
    interval = {"interval": ["0", "2"], "witness": {"above_lower": 1, "above_upper": 0}}
    data = forged(f"any: n <= {wide}*{wide}/{wide}/{wide}*5*lambda1", "3", "0", "3", "undecided")
    data["certificate"]["invariants"] = ORDER | {"lambda1": interval}
    data["certificate"] |= {"right": ["0", "2"], "score": ["1", "3"], "sign": "positive"}
    with pytest.raises(Refused, match="plain text"):
        check(data)


@pytest.mark.parametrize("name", ["left", "score", "value"])
def test_script_reads_no_number_that_fills_the_memory(name: str) -> None:
    data = forged("any: 1 <= 2", "1", "2", "-1", "not positive")
    place = data if name == "value" else data["certificate"]
    place[name] = "1e999999999" if name == "value" else ["-1", "1e999999999"]
    with pytest.raises(Refused):
        check(data)


def test_script_reads_no_formula_that_fills_the_memory() -> None:
    with pytest.raises(Refused, match="plain decimal"):
        check(forged("any: 1e999999999 <= 2", "1", "2", "-1", "not positive"))


@pytest.mark.parametrize(
    "formula",
    [
        "any: sum_index(1/(k**50 + 1), 1, 9999) <= 1",  # exact fractions of a million digits
        "any: sum_vertex(d*sum_vertex(d*sum_vertex(d*sum_vertex(d*sum_vertex(d*sum_vertex(d*n)))))) >= 10**9",
    ],
)
def test_costly_formulas_end(formula: str) -> None:
    """Certificate and script take seconds where they took hours."""
    graph = "K???CA?_G?O@"  # twelve vertices
    start = time.monotonic()
    certificate = certify(graph, formula)
    low, high = (float(int(p) / int(q or 1)) for p, _, q in (end.partition("/") for end in certificate["score"]))
    script = to_check({"reward": formula, "value": (low + high) / 2, "solution": {"graph6": graph}})
    assert "CERTIFICATE: dict[str, Any] | None = {" in script
    assert time.monotonic() - start < 15


def test_a_line_of_other_letters_spoils_no_other_line() -> None:
    """One bad byte made every graph of that length unreadable, and then a traceback."""
    aim = objective("connected: lambda1 <= 1")
    scores = score_texts(["Bw", "B\u00e9", "BW", "B\udcff"], aim)
    assert [score is None for score, _ in scores] == [False, True, False, True]
    assert [bool(error) for _, error in scores] == [False, True, False, True]
    config = GraphConfig(reward="connected: lambda1 <= 1")
    assert [line["id"] for line in score_lines(config, ["Bw\n", "B\u00e9\n"], "x", False)] == ["Bw", "B\u00e9"]


def test_sanity_of_values_beyond_floats() -> None:
    """A constant of 400 digits was a traceback."""
    found = sanity(parse("tree: lambda1 <= 1e400"), 4)
    assert len(found.undefined) == found.graphs > 0
    assert "10^300" in found.lines()[0]


@pytest.mark.parametrize(
    ("formula", "column", "advice"),
    [
        ("λ_1 + mu >= n", 1, "lambda1"),
        ("mu ≤ n", 4, "<="),
        ("mu <= n − 1", 9, "write -"),
        ("|lambda_n| <= mu", 1, "abs"),
        ("mu <= √n", 7, "sqrt"),
        ("mu <= 2m/n", 8, "2*n"),
        ("mu <= 1.5(n+1)", 10, "1.5*n"),
        ("lambda1(n) <= n", 1, "write lambda1 alone"),
    ],
)
def test_notation_of_papers_is_answered_with_ours(formula: str, column: int, advice: str) -> None:
    with pytest.raises(MathrlError) as caught:
        parse(formula)
    assert str(caught.value).startswith(f"column {column}: ")
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    "formula", ["n <= 1e3", "n <= 2.5e-3 + mu", "lambda1 <= 10*(n+1)", "laplacian_sum(2) <= lambda2"]
)
def test_numbers_and_names_are_no_products(formula: str) -> None:
    assert parse(formula).claim is not None


def test_scores_that_depend_on_the_numbering_are_announced() -> None:
    """u < v is by number: a listing up to isomorphism proves nothing of dv - du, as the path with centre 2 shows."""
    claim = "connected, n <= 3: max_edge({}) <= 0"
    assert certify("BW", claim.format("dv - du"))["sign"] == "positive"
    assert certify("Bo", claim.format("dv - du"))["sign"] == "not positive"
    assert any("numbered" in line for line in sanity(parse(claim.format("dv - du")), 4).lines())
    assert not any("numbered" in line for line in sanity(parse(claim.format("abs(dv - du) + du*dv")), 4).lines())


def test_large_trees_as_matrices_are_no_trap() -> None:
    """Two searches that no signal could break off: a spider with legs of 2, and 127 vertices that are all bipartite."""
    spider, binary = np.zeros((1, 121, 121), np.uint8), np.zeros((1, 127, 127), np.uint8)
    for v in range(1, 121):
        u = 0 if v % 2 else v - 1
        spider[0, u, v] = spider[0, v, u] = 1
    for v in range(1, 127):
        binary[0, v, (v - 1) // 2] = binary[0, (v - 1) // 2, v] = 1
    start = time.monotonic()
    assert domination_number(spider)[0] == 60
    assert largest_induced_bipartite(binary)[0] == 127
    assert time.monotonic() - start < 15
