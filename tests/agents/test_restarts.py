"""What all searches by restarts promise: one seed one result, whoever works it, in one piece or two; clear refusals."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

import mathrl as package
from mathrl.agent import Task
from mathrl.budget import Budget
from mathrl.registry import find_agent
from mathrl.training import Run

SEARCHES = {  # agent -> moves it needs, and knobs that make a generation small
    "annealing": ("tree", {"chains": 8, "steps": 30}),
    "tabu": ("tree", {"walks": 3, "neighbours": 8, "steps": 10}),
    "nested": ("tree", {}),
    "amcs": ("grow", {"depth": 5, "level": 1}),
}
UNSOLVABLE = "amcs-5"  # no tree on fewer than 10 vertices violates it


@pytest.fixture(params=SEARCHES)
def search(request):
    """search(**options): the outcome of a search with a fixed seed, whose knobs make generations small."""
    moves, knobs = SEARCHES[request.param]
    words = [f"agent.{name}={value}" for name, value in knobs.items()]

    def run(*more, reward=UNSOLVABLE, n=9, budget="3k-evals", **options):
        return package.solve(
            "graphs", request.param, reward, *words, *more, knobs={"n": n, "moves": moves}, budget=budget, **options
        )

    run.words = [request.param, *words, f"env.moves={moves}"]
    return run


def numbers(outcome):
    """What must not depend on clocks, processes or interruptions."""
    solutions = [(found.id, found.value, found.evaluations) for found in outcome]
    history = [[(spent, value) for spent, _, value in one] for one in outcome.history]
    return solutions, history, outcome.evaluations, outcome.generations, [spent for spent, _ in outcome.ends]


def test_a_seed_determines_everything(search):
    """The same seed gives the same bests after the same work, another one other work."""
    first = search(seed=3)
    assert numbers(search(seed=3)) == numbers(first)
    assert first.generations > 1
    assert numbers(search(seed=4)) != numbers(first)


@pytest.mark.parametrize("name", SEARCHES)
def test_workers_change_nothing(name):
    """Two processes give the numbers of one."""
    moves, knobs = SEARCHES[name]
    words = [f"agent.{knob}={value}" for knob, value in knobs.items()]
    words += ["agent.tasks=3", "env.n=8", f"env.moves={moves}"]
    outcomes = [
        package.solve("graphs", name, UNSOLVABLE, *words, workers=workers, budget="500-evals") for workers in (1, 2)
    ]
    assert numbers(outcomes[0]) == numbers(outcomes[1])


def kept(folder):
    """The files of a run without what the clock says."""
    lines = {}
    for name in ("metrics.jsonl", "solutions.jsonl"):
        records = [json.loads(line) for line in (folder / name).read_text().splitlines()]
        lines[name] = [{k: v for k, v in one.items() if not re.search(r"seconds$|_per_s$", k)} for one in records]
    return lines


def test_resumed_equals_uninterrupted(search, tmp_path, mathrl):
    """From the command line: a third of the budget, then all of it, is all of it at once; the records verify."""
    command = ["solve", "graphs", *search.words, UNSOLVABLE, "env.n=9", "--json"]
    for name, budgets in (("parts", ["1k-evals", "3k-evals"]), ("whole", ["3k-evals"])):
        for budget in budgets:
            code, out, err = mathrl(*command, "--run", tmp_path / name, "--budget", budget)
            assert (code, err) == (0, "")
            record = json.loads(out)
            assert (record["agent"], record["env"], record["reward"]) == (search.words[0], "graphs", UNSOLVABLE)
    assert kept(tmp_path / "parts") == kept(tmp_path / "whole")
    assert len(kept(tmp_path / "whole")["metrics.jsonl"]) > 1
    assert mathrl("verify", tmp_path / "parts")[0] == 0


def test_the_best_is_what_the_verifier_finds(search):
    """Bests rise, each counts its own work, and the last is confirmed."""
    outcome = search(seed=1)
    (history,) = outcome.history
    assert [value for *_, value in history] == sorted({value for *_, value in history})
    assert [spent for spent, *_ in history] == sorted(spent for spent, *_ in history)
    assert outcome.best.value == history[-1][2]
    assert outcome.verdicts[0].holds


def test_a_solved_problem_ends_the_search(search):
    """A counterexample on fourteen vertices is found in some thousand graphs, proved, and nothing follows it."""
    outcome = search(n=14, budget="40k-evals")
    assert outcome.reason == "solved"
    assert outcome.best.proved
    assert outcome.evaluations < 40_000
    longer = search(n=14, budget="40k-evals", until="budget")
    assert longer.evaluations >= 40_000
    assert longer.best.value >= outcome.best.value


def test_an_objective_is_never_solved(search):
    """Positive values of `maximise:` do not end a restart: as with until=budget, number by number."""
    first, second = (search(reward="tree: maximise: Delta", until=until) for until in ("solved", "budget"))
    assert numbers(first) == numbers(second)
    assert first.best.value > 4


@pytest.mark.parametrize(("agent", "missing"), [("annealing", "propose"), ("tabu", "keys"), ("amcs", "prune")])
def test_what_an_environment_lacks_is_said(plugins, agent, missing, mathrl):
    """One sentence names the missing capability."""
    code, _, err = mathrl("solve", plugins / "ones.py", agent)
    assert code == 2
    assert err.count("\n") == 1
    assert f"`{missing}`" in err


def test_amcs_wants_growth(mathrl):
    """The other moves of graphs cannot be pruned."""
    code, _, err = mathrl("solve", "graphs", "amcs", "amcs-5", "env.moves=tree", "env.n=12")
    assert code == 2
    assert "`prune`" in err


def test_several_instances_take_turns(plugins):
    """Each instance is searched as often as the others, and the workers change nothing."""
    words = (str(plugins / "sidon.py"), "nested", "20", "7", "agent.passes=3", "agent.tasks=2")
    one, two = (package.solve(*words, n=24, budget="none", workers=workers) for workers in (1, 2))
    assert [found.solution["top"] for found in one] == [20, 7]
    assert [found.value for found in one] == [6, 4]
    assert one.reason == "done"
    assert one.generations == 2
    assert numbers(one) == numbers(two)


def test_one_instance_of_a_third_party_is_searched(plugins):
    """Nested search of Sidon sets in 1..20, of which the largest has six numbers; it is the named instance."""
    outcome = package.solve(str(plugins / "sidon.py"), "nested", "20", n=24, budget="2k-evals")
    assert outcome.best.solution["top"] == 20
    assert outcome.best.value >= 5


@pytest.mark.parametrize("name", SEARCHES)
def test_restarts_are_functions_of_their_task(make, name):
    """An agent that has worked other tasks before gives the same object as a fresh one."""
    moves, knobs = SEARCHES[name]
    env, kind = make("graphs", 1, n=9, moves=moves, reward=UNSOLVABLE), find_agent(name).get()
    used, fresh = (kind(kind.Config(**knobs), seed=5) for _ in range(2))
    rows = used.rows
    for index in (7, 3):
        used.work(env, Task(5, 0, index, rows))
    assert used.work(env, Task(5, 2, 0, rows)) == fresh.work(env, Task(5, 2, 0, rows))


def test_workers_are_told_when_to_stop(make):
    """`enough` and the instance are the parameters that travel; it is what the environment calls solved."""
    for reward, until_solved, enough in [
        ("amcs-5", True, 1e-9), ("amcs-5", False, math.inf), ("maximise: m", True, math.inf),
    ]:  # fmt: skip
        env = make("graphs", 1, n=5, moves="tree", reward=reward)
        kind = find_agent("nested").get()
        agent, other, budget = kind(), kind(), Budget(until_solved=until_solved)
        budget.stop(0)
        budget.start(env.meter)
        agent.solve(env, [None], Run(env, agent, "nested", budget), budget)
        other.receive(agent.parameters())
        assert (other.enough, other.instance) == (enough, None)


def test_starts_are_scored_objects(make):
    """Words are completed at random; graphs that have a score at once stay as they begin."""
    kind = find_agent("nested").get()
    for moves, knobs in (("tree", {}), ("word", {}), ("flip", {"start": "cycle"}), ("grow", {})):
        env = make("graphs", 20, n=7, moves=moves, reward="maximise: m", **knobs)
        rows = np.arange(20)
        kind().start(env, rows, np.random.default_rng(0))
        assert np.isfinite(env.score(rows)).all()
        if moves == "flip":
            assert (env.score(rows) == 7).all()
        if moves == "grow":
            assert (env.order == 5).all()
