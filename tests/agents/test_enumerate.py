"""Enumeration: every object once, what is said at the end, and optimality only where it is known."""

from __future__ import annotations

import json

import networkx as nx
import numpy as np
import pytest

import mathrl as package
from mathrl.budget import Budget
from mathrl.registry import find_agent
from mathrl.training import Run


def test_the_whole_of_an_order_is_optimal(mathrl):
    """From the command line: the best of all trees on eight vertices, its bound, and the sentence."""
    words = ["solve", "graphs", "enumerate", "tree: maximise: Delta - diameter", "env.n=8", "env.moves=tree"]
    code, out, err = mathrl(*words, "--json")
    assert (code, err) == (0, "")
    record = json.loads(out)
    assert (record["value"], record["bound"], record["optimal"]) == (5, 5, True)
    assert record["evaluations"] == 23
    code, out, _ = mathrl(*words)
    assert "all 23 trees on 8 vertices: the largest value is 5" in out
    assert "done after 23 evaluations" in out


def test_a_conjecture_that_holds(mathrl):
    """Nothing violates it: the list says so, and the best is no counterexample."""
    code, out, _ = mathrl("solve", "graphs", "enumerate", "amcs-5", "env.n=9", "env.moves=tree")
    assert code == 0
    assert "all 47 trees on 9 vertices: none violates the conjecture" in out


def zagreb(graph):
    return sum(1 / (graph.degree(u) * graph.degree(v)) for u, v in graph.edges)


def test_a_conjecture_that_fails():
    """The search ends with the list that holds a proved counterexample; --until budget lists on."""
    first = package.solve("graphs", "enumerate", "amcs-5", "agent.most=11", moves="tree")
    assert first.reason == "solved"
    assert first.evaluations == 1 + 2 + 3 + 6 + 11 + 23 + 47 + 106
    assert len(first.best.solution["graph6"]) == 9  # ten vertices
    assert not first.best.optimal
    trees = [tree for n in range(3, 12) for tree in nx.nonisomorphic_trees(n)]
    violating = sum(zagreb(tree) > (len(tree) + 1) / 4 + 1e-9 for tree in trees)
    second = package.solve("graphs", "enumerate", "amcs-5", "agent.most=11", moves="tree", until="budget")
    assert second.evaluations == first.evaluations + 235
    assert second.notes == (f"all 434 trees on 3 to 11 vertices: {violating} violate the conjecture",)
    assert second.reason == "solved"


def test_without_an_order_nothing_is_optimal():
    """The best on at most six vertices is the best of what was listed, and no more is claimed."""
    outcome = package.solve("graphs", "enumerate", "connected: maximise: m", "agent.most=6")
    assert outcome.best.value == 15
    assert not outcome.best.optimal
    assert outcome.best.bound is None


def test_a_budget_ends_the_list():
    """After the chunk in which it was spent; what was completed is said, and nothing is optimal."""
    outcome = package.solve("graphs", "enumerate", "tree: maximise: Delta", "agent.most=20", budget="100-evals")
    assert outcome.reason == "budget"
    assert 100 <= outcome.evaluations < 300
    assert not outcome.best.optimal
    assert outcome.notes == ("all 94 trees on 2 to 9 vertices: the largest value is 8",)


def test_resumed_equals_uninterrupted(tmp_path, mathrl):
    """What was listed before is not counted again, and the list goes on where it was."""
    command = [
        "solve",
        "graphs",
        "enumerate",
        "tree: maximise: Delta - diameter",
        "agent.most=12",
        "env.moves=tree",
        "--json",
    ]
    for name, budgets in (("parts", ["30-evals", "400-evals"]), ("whole", ["400-evals"])):
        for budget in budgets:
            assert mathrl(*command, "--run", tmp_path / name, "--budget", budget)[0] == 0
    kept = []
    for name in ("parts", "whole"):
        rows = [json.loads(line) for line in (tmp_path / name / "metrics.jsonl").read_text().splitlines()]
        kept.append([(row["generation"], row["evaluations"], row["best"], row["mean"]) for row in rows])
    assert kept[0] == kept[1]
    assert len(kept[0]) > 5


def test_an_environment_without_a_list(plugins, mathrl):
    """One sentence."""
    code, _, err = mathrl("solve", plugins / "ones.py", "enumerate")
    assert code == 2
    assert "`everything`" in err


def test_a_third_party_that_lists(make, plugins, monkeypatch):
    """`everything` is all that an environment adds; it says itself what is optimal."""
    env = make("ones", 1, length=3)

    def everything(self, most):
        words = ((np.arange(8)[:, None] >> np.arange(3)) & 1).astype(np.int16)
        values = self.values(words)
        self.meter.evaluations += len(words)

        def solution(index, **claims):
            return package.Solution("ones", "ones", float(values[index]), {"word": words[index].tolist()}, **claims)

        yield values, solution, ""
        yield values[7:], lambda index: solution(7, optimal=True, bound=3.0), "all 8 words"

    monkeypatch.setattr(type(env), "everything", everything, raising=False)
    agent = find_agent("enumerate").get()()
    budget = Budget()
    budget.start(env.meter)
    run = Run(env, agent, "enumerate", budget)
    (best,) = agent.solve(env, [None], run, budget)
    assert (best.value, best.optimal, best.bound) == (3, True, 3)
    assert run.notes == ["all 8 words"]
    assert budget.evaluations == 8


@pytest.mark.parametrize("knobs", [{}, {"moves": "tree"}])
def test_lists_agree_with_search(knobs):
    """On seven vertices annealing finds no larger value than the list's optimum."""
    reward = "connected: maximise: lambda1 - average_degree + diameter"
    listed = package.solve("graphs", "enumerate", reward, n=7, **knobs)
    moves = knobs.get("moves", "flip")
    walked = package.solve("graphs", "annealing", reward, n=7, moves=moves, budget="40k-evals")
    assert walked.best.value == pytest.approx(listed.best.value, abs=1e-9)
