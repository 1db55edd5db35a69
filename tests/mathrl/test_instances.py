"""Several instances in one run: each has its own best, all must be solved, and the folder knows which they were."""

from __future__ import annotations

import dataclasses
import json
import textwrap
import tomllib

import numpy as np
import pytest

import mathrl as package
from mathrl import registry
from mathrl.bench import bench
from mathrl.budget import Budget
from mathrl.errors import MathrlError
from mathrl.training import Run

AGENT = """
    import numpy as np

    import mathrl


    class Partial(mathrl.Agent):
        "Solves the last of the instances alone."

        def solve(self, env, instances, run, budget):
            arena = env.resized(1)
            arena.begin(np.zeros(1, np.int64), instances[-1:])
            mathrl.play(arena, np.zeros(1, np.int64), lambda rows, masks, step: masks.argmax(1))
            run.offer(arena.score(np.zeros(1, np.int64)), arena.solution, np.array([len(instances) - 1]))
            run.log()
            return run.solutions


    PLUGIN = mathrl.AgentPlugin("partial", Partial, "not all", learns=False)
"""


@pytest.fixture(autouse=True)
def no_files_of_other_tests(monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "_files", {})
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def sidon(plugins):
    return str(plugins / "sidon.py")


@pytest.fixture
def partial(tmp_path):
    (tmp_path / "partial.py").write_text(textwrap.dedent(AGENT))
    return str(tmp_path / "partial.py")


def run_of(env, slots=1, **verdict):
    """A run whose verifier says `verdict` of everything."""
    said = package.Verdict(True, True, "so it is", **verdict)
    env.plugin = dataclasses.replace(env.plugin, verify=lambda record: said)
    return Run(env, package.Agent(), "by hand", Budget(), slots=slots)


def found(value, **claims):
    return package.Solution("sidon", "size", value, {"marks": []}, **claims)


# -------------------------------------------------------------------------------------------------------------- runs


def test_all_instances_must_be_solved(make):
    """Two of three proved is not solved, whichever came first."""
    run = run_of(make("sidon"), slots=3, solved=True)
    for slot, solved in ((2, False), (0, False), (2, False), (1, True)):
        run.offer(np.array([float(run.slots + slot)]), lambda _: found(1.0), np.array([slot]))
        assert run.budget.solved == solved


def test_each_instance_has_its_history(make):
    run = run_of(make("sidon"), slots=3)
    run.offer(np.array([1.0, 5.0, -np.inf]), lambda index: found([1.0, 5.0][index]), np.array([0, 2, 1]))
    run.offer(np.array([2.0, 4.0]), lambda index: found([2.0, 4.0][index]), np.array([0, 2]))
    assert [[find[2] for find in finds] for finds in run.history] == [[1.0, 2.0], [], [5.0]]
    assert [solution.value for solution in run.solutions] == [2.0, 5.0]


CLAIMS = [{}, {"bound": 9.0}, {"bound": 8.0}, {"optimal": True, "bound": 7.0}]


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("after", range(4))
def test_a_better_claim_replaces_an_equal_value(make, before, after):
    """Optimal beats a bound, a smaller bound beats a larger one, any beats none; nothing else replaces."""
    run = run_of(make("sidon"))
    for claims in (CLAIMS[before], CLAIMS[after]):
        run.offer(np.array([7.0]), lambda _, claims=claims: found(7.0, **claims))
    best = CLAIMS[max(before, after)]
    assert (run.best.optimal, run.best.bound) == (best.get("optimal", False), best.get("bound"))
    assert len(run.history[0]) == 1 + (after > before)


def test_equal_ones_of_a_batch_are_not_looked_at(make):
    """A plateau, hundreds of words with the best score, costs nothing; a smaller value never replaces."""
    run = run_of(make("sidon"))
    run.offer(np.array([7.0]), lambda _: found(7.0))
    run.offer(np.full(50, 7.0), lambda _: pytest.fail("an equal object was built"))
    run.offer(np.array([6.0]), lambda _: pytest.fail("a worse object was built"))


# ------------------------------------------------------------------------------------------------------------- bench


def test_values_are_read_off_at_each_limit_for_each_instance(sidon):
    """The row of a small limit is the one of a run to that limit alone, evaluations included."""
    both = bench(sidon, "random", on="30,60", at="3-evals,6k-evals", train_seeds="0,1", n=60)
    alone = bench(sidon, "random", on="30,60", at="3-evals", train_seeds="0,1", n=60)
    small = [trial for trial in both.trials if trial.at == "3-evals"]
    assert [(one.values, one.evaluations) for one in small] == [(one.values, one.evaluations) for one in alone.trials]
    large = [trial for trial in both.trials if trial.at == "6k-evals"]
    assert all(len(trial.values) == 2 for trial in both.trials)
    assert all(one.evaluations == 2002 for one in small)
    assert all(one.evaluations == 6002 for one in large)
    assert all(one.seconds < other.seconds for one, other in zip(small, large, strict=True))
    assert sum(map(sum, (one.values for one in small))) < sum(map(sum, (one.values for one in large)))


def test_an_instance_without_a_solution_counts(sidon, partial):
    table = bench(sidon, partial, on="8,20", at="100-evals", train_seeds="0", n=20)
    assert table.trials[0].values == [-np.inf, 5.0]
    assert not table.trials[0].solved


def test_what_was_not_found_is_said(mathrl, sidon, partial):
    code, out, err = mathrl("solve", sidon, partial, "8", "20", "12", "env.n=20", "--quiet", "--json")
    assert code == 0
    assert len(out.splitlines()) == 1
    assert "nothing was found for 2 of 3 instances" in err


# ----------------------------------------------------------------------------------------------------------- folders


def test_a_folder_knows_its_instances(mathrl, sidon, tmp_path):
    """Repeated, or not said again, they are the same; others are refused."""
    words = ("solve", sidon, "random", "env.n=20", "8", "20", "--quiet", "--run", "run")
    assert mathrl(*words, "--budget", "3k-evals")[0] == 0
    stored = tomllib.loads((tmp_path / "run/config.toml").read_text())["run"]
    assert (stored["instances"], stored["trained"], stored["verb"]) == (["8", "20"], "", "solve")
    code, out, err = mathrl("solve", sidon, "--run", "run", "--quiet", "--json")
    assert (code, err, len(out.splitlines())) == (0, "", 2)
    assert mathrl(*words, "--budget", "9k-evals")[0] == 0
    records = [json.loads(line) for line in (tmp_path / "run/solutions.jsonl").read_text().splitlines()]
    assert {(record.get("slot", 0), record["solution"]["top"]) for record in records} == {(0, 8), (1, 20)}
    for other, said in ((["20", "8"], "20, 8"), (["8"], "8")):
        code, _, err = mathrl("solve", sidon, "random", "env.n=20", *other, "--quiet", "--run", "run")
        assert code == 2
        assert f"was begun with the instances 8, 20, not {said}" in err


def test_a_configuration_replays_its_instances(mathrl, sidon, tmp_path):
    common = ("--quiet", "--json", "--budget", "2k-evals")
    _, first, _ = mathrl("solve", sidon, "random", "env.n=20", "8", "20", "--run", "one", *common)
    code, again, err = mathrl("solve", sidon, "--config", "one/config.toml", "--run", "two", *common)
    assert (code, err) == (0, "")
    values = [[json.loads(line)["solution"] for line in text.splitlines()] for text in (first, again)]
    assert values[0] == values[1]
    code, _, err = mathrl("train", "--config", "one/config.toml", "--load", sidon)
    assert (code, err.count("\n")) == (2, 1)
    assert "is not for train; try: mathrl solve sidon --config one/config.toml" in err


def test_train_and_solve_have_their_own_folders(mathrl, plugins):
    ones = str(plugins / "ones.py")
    words = (ones, "cem", "agent.mode=tabular", "agent.batch=50", "--quiet", "--budget", "100-evals")
    assert mathrl("train", *words, "--run", "trained")[0] == 0
    assert mathrl("solve", *words, "--run", "solved")[0] == 0
    for verb, folder in (("solve", "trained"), ("train", "solved")):
        code, _, err = mathrl(verb, *words, "--run", folder)
        assert (code, err.count("\n")) == (2, 1)
        assert f"was begun with mathrl {'train' if verb == 'solve' else 'solve'}, not {verb}" in err


def test_a_folder_knows_the_trained_agent(mathrl, plugins, tmp_path):
    """The policy that a folder was begun with is taken again, and another one is refused."""
    ones = str(plugins / "ones.py")
    for seed in (0, 1):
        words = (ones, "cem", "agent.mode=tabular", "agent.batch=50", "--seed", seed, "--run", f"trained{seed}")
        assert mathrl("train", *words, "--quiet", "--budget", "500-evals")[0] == 0
    code, first, _ = mathrl("solve", ones, "trained0", "env.length=16", "--run", "acted", "--quiet", "--json")
    assert code == 0
    stored = tomllib.loads((tmp_path / "acted/config.toml").read_text())["run"]
    assert stored["trained"] == str(tmp_path / "trained0")
    code, again, err = mathrl("solve", ones, "--config", "acted/config.toml", "--run", "again", "--quiet", "--json")
    assert (code, err) == (0, "")
    assert json.loads(again)["solution"] == json.loads(first)["solution"]
    assert json.loads(again)["evaluations"] == json.loads(first)["evaluations"] == 1
    assert mathrl("solve", ones, "trained0", "--run", "acted", "--quiet")[0] == 0
    code, _, err = mathrl("solve", ones, "trained1", "--run", "acted", "--quiet")
    assert code == 2
    assert "was begun with the trained agent" in err


def test_a_trained_agent_keeps_the_settings_of_the_folder(mathrl, plugins, tmp_path):
    """Settings on top of the trained agent's are the folder's own, and need not be said again."""
    sidon = str(plugins / "sidon.py")
    learn = ("agent.batch=20", "agent.hidden=8", "--budget", "40-evals", "--run", "trained", "--quiet")
    assert mathrl("train", sidon, "cem", *learn)[0] == 0
    assert mathrl("solve", sidon, "trained", "env.n=20", "20", "--run", "acted", "--quiet")[0] == 0
    code, out, err = mathrl("solve", sidon, "--run", "acted", "--quiet", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["solution"]["top"] == 20
    assert tomllib.loads((tmp_path / "acted/config.toml").read_text())["env"]["n"] == 20


def test_training_takes_no_instances(sidon):
    with pytest.raises(MathrlError, match="'12' is for mathrl solve"):
        package.train(sidon, "cem", "12", budget="10-evals")
