"""The portfolio solver: small finds, what it says, no false claims, and the same numbers however it is run."""

from __future__ import annotations

import json
import re

import pytest

import mathrl as package
from mathrl.envs.graphs.graph6 import decode

TRUE = "tree: Delta <= n - 1"  # no end of trees to search


def test_a_bare_conjecture_falls(mathrl):
    """No order, no agent: the least counterexample of amcs-5, who found it, and what was exhausted before."""
    code, out, err = mathrl("solve", "graphs", "amcs-5")
    assert (code, err) == (0, "")
    assert "counterexample, proved" in out
    assert "found by enumerate env.moves=tree" in out
    assert re.search(r"solved after \d+ evaluations", out)
    code, out, _ = mathrl("solve", "graphs", "refute", "amcs-5", "--json")
    record = json.loads(out)
    assert (record["agent"], record["proved"], record["optimal"], record["bound"]) == ("refute", True, False, None)
    assert len(decode(record["solution"]["graph6"])) == 10


def test_general_graphs_are_listed_first():
    """graffiti-29 fails on seven vertices, the least possible, which the list of all graphs finds; notes say so."""
    outcome = package.solve("graphs", "graffiti-29")
    assert len(decode(outcome.best.solution["graph6"])) == 7
    assert outcome.notes[-1].startswith("found by enumerate env.moves=word")


def test_small_problems_are_settled(mathrl):
    """On a given small order everything is listed: done, with the optimum, and no search afterwards."""
    code, out, _ = mathrl("solve", "graphs", "connected: maximise: m - diameter", "env.n=6", "--budget", "none")
    assert code == 0
    assert "done after 112 evaluations" in out
    assert "all 112 connected graphs on 6 vertices: the largest value is 14" in out
    for n, reward, count in [(2, "maximise: m", 2), (9, "amcs-5", 47), (5, "connected: m <= 10", 21)]:
        outcome = package.solve("graphs", reward, n=n, budget="none")
        assert (outcome.reason, outcome.evaluations) == ("done", count)
        assert outcome.best.optimal
        assert f"all {count} " in outcome.notes[0]


def test_the_best_tree_is_not_called_the_best_graph():
    """A list of trees among graphs proves nothing about graphs: its best is offered without a claim."""
    outcome = package.solve("graphs", "connected: maximise: diameter - m", n=11, budget="100-evals")
    assert outcome.notes == ("all 235 trees on 11 vertices: the largest value is 0",)
    assert outcome.best.value == 0
    assert not outcome.best.optimal
    assert outcome.best.bound is None


def test_resumed_equals_uninterrupted(tmp_path, mathrl):
    """The sequence of stages goes on where it was; notes of lists are kept, those of the end are said anew."""
    kept = {}
    for name, budgets in (("parts", ["6k-evals", "60k-evals"]), ("whole", ["60k-evals"])):
        for budget in budgets:
            code, out, err = mathrl("solve", "graphs", "refute", TRUE, "--run", tmp_path / name, "--budget", budget)
            assert (code, err) == (0, "")
        rows = [json.loads(line) for line in (tmp_path / name / "metrics.jsonl").read_text().splitlines()]
        kept[name] = [(row["generation"], row["evaluations"], row["best"]) for row in rows]
        assert out.count("all 5,446 trees on 2 to 14 vertices: none violates the conjecture") == 1
        assert out.count("searched at random") == out.count("an equality") == 1
    assert kept["parts"] == kept["whole"]
    assert len(kept["whole"]) > 2


def test_workers_change_nothing():
    """Two stages a generation, in one process or two."""
    outcomes = [
        package.solve("graphs", "refute", TRUE, "agent.tasks=2", workers=workers, budget="50k-evals")
        for workers in (1, 2)
    ]
    first, second = ((one.evaluations, one.generations, one.notes, one.best.id, one.best.value) for one in outcomes)
    assert first == second


def test_a_find_is_made_smaller(monkeypatch):
    """Without `shrink` the walk's find is reported as it is; with it, what is reported is no larger, and proved."""
    orders = {}
    for shrink in ("true", "false"):
        outcome = package.solve("graphs", "refute", "amcs-4", f"agent.shrink={shrink}", budget="2m-evals")
        assert outcome.reason == "solved"
        assert outcome.best.proved
        assert any(note.startswith("found by annealing") for note in outcome.notes)
        orders[shrink] = len(decode(outcome.best.solution["graph6"]))
    assert orders["true"] < orders["false"]


def test_a_given_order_is_kept():
    """env.n=16 is an order to be searched, not to be left for a smaller one."""
    outcome = package.solve("graphs", "refute", "amcs-10", n=16, budget="200k-evals", seed=1)
    assert outcome.reason == "solved"
    assert len(decode(outcome.best.solution["graph6"])) == 16


def test_settings_of_other_moves_do_not_disturb_it():
    """A start graph or rewards meant for edits are not handed to trees."""
    outcome = package.solve("graphs", "refute", "amcs-5", n=15, moves="flip", rewards="difference", start="cycle")
    assert outcome.reason == "solved"


def test_a_family_without_a_portfolio(plugins, mathrl):
    """One sentence."""
    code, _, err = mathrl("solve", plugins / "ones.py", "refute")
    assert code == 2
    assert "list of searches" in err


@pytest.mark.parametrize("reward", ["bhs-29", "amcs-10"])
def test_conjectures_of_the_catalogue(reward):
    """Found in seconds, at or near the least known order, and minimal."""
    outcome = package.solve("graphs", reward, budget="60s")
    assert outcome.reason == "solved"
    assert len(decode(outcome.best.solution["graph6"])) <= 12


def test_objectives_have_no_equalities():
    """A best value of an objective is no equality graph, whatever it is."""
    outcome = package.solve("graphs", "connected: maximise: m", n=10, budget="40k-evals")
    assert outcome.best.value == 45
    assert not any("equality" in note for note in outcome.notes)
