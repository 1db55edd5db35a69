"""The catalogue of conjectures against the reference files: scores, certificates, and what is said of each entry."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mathrl.envs.graphs.batch import GraphBatch
from mathrl.envs.graphs.evaluation import score
from mathrl.envs.graphs.graph6 import decode
from mathrl.envs.graphs.objective import listing
from mathrl.envs.graphs.reading import parse
from mathrl.envs.graphs.rewards import catalogue, resolve
from mathrl.envs.graphs.verify import certify, verify

DATA = Path(__file__).parents[2] / "data/graphs"
REFERENCE = {
    row["id"]: row
    for name in ("conjectures", "machine_conjectures")
    for row in map(json.loads, (DATA / f"{name}.jsonl").read_text().splitlines())
}
GIVEN = [(name, graph) for name, row in REFERENCE.items() for graph in row["counterexamples"]]
UNSTATED = {"graffiti-197", "graffiti-322", "perm-312", "perm-123"}  # no confirmed definition, or not of graphs
UNCONFIRMED = {"graffiti-289", "graffiti-301", "graffiti-302", "oboudi"}  # must not be shipped as facts


def test_every_reference_entry_is_there():
    assert catalogue().keys() == REFERENCE.keys() - UNSTATED
    assert {entry.name for entry in listing()} >= catalogue().keys()


FOUND_HERE = {"bhs-45": 14}  # open in the reference, refuted by this package: order of its counterexample


@pytest.mark.parametrize("name", sorted(REFERENCE.keys() - UNSTATED))
def test_an_entry_says_what_its_reference_says(name):
    entry, row = catalogue()[name], REFERENCE[name]
    conjecture = resolve(name).conjecture
    assert entry.formula == (row["formula"] or f"maximise: {row['objective']}")
    found_here = name in FOUND_HERE
    assert (entry.status, entry.as_of) == (("refuted", "2026-11") if found_here else (row["status"], "2026-02"))
    assert conjecture.strict is entry.strict is bool(row.get("strict"))
    assert entry.source
    assert entry.smallest_known == FOUND_HERE.get(name, row.get("smallest_known", row.get("known_order")))
    assert parse(str(conjecture)).claim == conjecture.claim
    assert parse(entry.text).hypotheses == conjecture.hypotheses
    for alias in entry.aliases:
        assert resolve(alias.upper()).entry is entry
    assert (entry.status == "unverified") >= (name in UNCONFIRMED)


def test_classes_with_hypotheses():
    assert str(resolve("ex-C3-C4").conjecture) == "girth >= 5, n >= 2: maximise: m"
    assert str(resolve("ramsey-5-6").conjecture) == "n == 58, n >= 2: maximise: -(cliques(5) + cocliques(6))"
    assert resolve("energy-matching-delta").conjecture.graph_class == ("connected",)
    assert "maximum_degree <= 5, n >= 10" in str(resolve("energy-matching-delta").conjecture)
    assert resolve("anani-2815").conjecture.graph_class == ("connected", "planar")


@pytest.mark.parametrize(("name", "graph"), GIVEN, ids=[f"{name}-{graph['n']}" for name, graph in GIVEN])
def test_given_counterexamples_are_scored_and_certified(name, graph):
    batch = GraphBatch(adjacency=decode(graph["graph6"])[None])
    assert score(resolve(name).conjecture, batch) == pytest.approx([graph["score"]], abs=1e-8)
    certificate = json.loads(json.dumps(certify(graph["graph6"], name)))
    low, high = map(Fraction, certificate["score"])
    assert certificate["sign"] == "positive"
    assert low - Fraction(1, 10**8) <= Fraction(graph["score"]) <= high + Fraction(1, 10**8)
    solution = {"graph6": graph["graph6"], "certificate": certificate}
    verdict = verify({"env": "graphs", "reward": name, "value": graph["score"], "solution": solution})
    assert (verdict.holds, verdict.proved, verdict.solved) == (True, True, True), verdict.reason
    assert verdict.certificate == certificate


ROWS = [json.loads(line) for line in (DATA / "scores.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("number", range(1, 69))
def test_reference_scores_of_the_68_laplacian_bounds(number):
    claim = resolve(f"bhs-{number}").entry.formula
    for row in ROWS:
        if "scores_bhs" in row:
            found = score(parse(f"any: {claim}"), GraphBatch(adjacency=decode(row["graph6"])[None]))
            assert found == pytest.approx([row["scores_bhs"][number - 1]], abs=1e-8)


NAMED = {"wagner-2.1": "wagner_2_1", "wagner-2.3": "wagner_2_3", "collins-peaks": "collins_peaks", "brouwer": "brouwer"}


@pytest.mark.parametrize("name", NAMED)
def test_reference_scores_of_named_conjectures(name):
    conjecture, seen = resolve(name).conjecture, 0
    for row in ROWS:
        field = f"score_{NAMED[name]}"
        found = score(conjecture, GraphBatch(adjacency=decode(row["graph6"])[None]))[0]
        if (
            row.get(field) is not None
            and (row["connected"] or name == "brouwer")
            and (row["is_tree"] or name != "collins-peaks")
        ):
            assert found == pytest.approx(row[field], abs=1e-8 * row["n"])
            seen += 1
        elif not row["connected"] and name != "brouwer":
            assert found == -np.inf
    assert seen > 10
