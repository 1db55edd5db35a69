"""A table is honest: every number in it can be computed again from the trials, and the trials from the command."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import shlex

import numpy as np
import pytest

from mathrl import registry
from mathrl.bench import bench, bootstrap, interquartile_mean
from mathrl.errors import MathrlError

TREES = ["env.n=7", "env.moves=tree"]
CEM = "cem:mode=tabular,batch=200"


@pytest.fixture(autouse=True)
def no_files_of_other_tests(monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "_files", {})
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def table():
    """Two agents at two limits, three seeds."""
    return bench("graphs", CEM, "random", *TREES, at="400-evals,2k-evals", train_seeds="0..2", device="cpu")


# ------------------------------------------------------------------------------------------------------- statistics


def slow_interquartile_mean(values):
    """Each value four times in a sorted list: the mean of what is left without the first and the last quarter."""
    repeated = sorted(list(values) * 4)
    quarter = len(values)
    middle = repeated[quarter:-quarter]
    return sum(middle) / len(middle)


def test_the_interquartile_mean_is_its_definition(rng):
    for size in range(1, 30):
        values = rng.normal(size=size)
        assert math.isclose(interquartile_mean(values), slow_interquartile_mean(values), rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([3.0], 3.0), ([1.0, 3.0], 2.0), ([0.0, 1.0, 2.0, 1000.0], 1.5), ([5.0] * 7, 5.0), ([1.0, 2.0, 3.0], 2.0)],
)
def test_the_interquartile_mean_of_a_few(values, expected):
    assert math.isclose(interquartile_mean(np.array(values)), expected)


def test_failures_in_the_middle_half_are_not_hidden():
    """One failure in eight is an outlier, three are not."""
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    values[:1] = -np.inf
    assert interquartile_mean(values) == 4.5
    values[:3] = -np.inf
    assert interquartile_mean(values) == -np.inf


def test_the_bootstrap_is_reproducible_and_ordered(rng):
    for size in (1, 2, 5, 40):
        values = rng.normal(size=size)
        low, high = bootstrap(values)
        assert bootstrap(values) == (low, high)
        assert values.min() <= low <= high <= values.max()
    assert bootstrap(np.full(5, 2.0)) == (2.0, 2.0)


def test_the_bootstrap_covers_the_true_mean_about_as_often_as_it_says(rng):
    """On 200 samples of 30 normal values a 95 % interval holds the true interquartile mean 0 in most cases."""
    intervals = [bootstrap(rng.normal(size=30), draws=200) for _ in range(200)]
    assert 0.85 <= np.mean([low <= 0 <= high for low, high in intervals]) <= 0.995


def test_the_bootstrap_of_failures_has_no_nan():
    low, high = bootstrap(np.array([-np.inf, -np.inf, 1.0, 2.0]))
    assert low == -np.inf
    assert high <= 2.0
    assert bootstrap(np.full(3, -np.inf)) == (-np.inf, -np.inf)


# ------------------------------------------------------------------------------------------------------------ tables


def test_a_row_for_every_agent_at_every_limit(table):
    assert [(row.at, row.agent, row.seeds) for row in table.rows] == [
        ("400-evals", CEM, 3),
        ("400-evals", "random", 3),
        ("2k-evals", CEM, 3),
        ("2k-evals", "random", 3),
    ]
    assert len(table.trials) == 12
    assert {trial.seed for trial in table.trials} == {0, 1, 2}


def test_rows_can_be_computed_from_trials(table):
    for row in table.rows:
        trials = [trial for trial in table.trials if (trial.agent, trial.at) == (row.agent, row.at)]
        values = [value for trial in trials for value in trial.values]
        assert math.isclose(row.value, slow_interquartile_mean(values))
        assert row.best == max(values)
        assert (row.low, row.high) == bootstrap(np.array(values))
        assert row.solved == "0/3"
        assert row.hit_evaluations is row.hit_seconds is None


def test_more_evaluations_are_never_worse(table):
    for agent in (CEM, "random"):
        for seed in (0, 1, 2):
            at = {trial.at: trial.values[0] for trial in table.trials if (trial.agent, trial.seed) == (agent, seed)}
            assert at["400-evals"] <= at["2k-evals"]


def test_a_row_does_not_depend_on_which_other_rows_were_asked_for(table):
    alone = bench("graphs", CEM, *TREES, at="400-evals", train_seeds=[0, 1, 2], device="cpu")
    (row,) = alone.rows
    assert (row.value, row.low, row.high, row.best) == next(
        (other.value, other.low, other.high, other.best) for other in table.rows if other.at == "400-evals"
    )


def test_equal_seeds_give_equal_values(table):
    again = bench("graphs", "random", CEM, *TREES, at="400-evals,2k-evals", train_seeds="0,1,2", device="cpu")

    def values(some):
        return {(trial.agent, trial.at, trial.seed): trial.values for trial in some.trials}

    assert values(again) == values(table)


def test_values_are_those_of_solve(table, mathrl):
    """A trial is the run that `mathrl solve` makes with the same words."""
    words = ["cem", "agent.mode=tabular", "agent.batch=200", *TREES, "--seed", "2", "--budget", "2k-evals"]
    _, out, _ = mathrl("solve", "graphs", *words, "--json", "--quiet")
    (trial,) = [one for one in table.trials if (one.agent, one.at, one.seed) == (CEM, "2k-evals", 2)]
    assert [json.loads(out)["value"]] == trial.values


def test_hits_are_counted_and_late_ones_are_not():
    """On 19 vertices a counterexample takes more than a handful of words: a limit before the hit shows no success."""
    table = bench(
        "graphs",
        "cem:mode=tabular",
        "env.n=19",
        "env.moves=tree",
        at="2k-evals,2m-evals",
        train_seeds="1",
        device="cpu",
    )
    early, late = table.rows
    assert (early.at, early.solved, early.hit_evaluations) == ("2k-evals", "0/1", None)
    assert (late.at, late.solved) == ("2m-evals", "1/1")
    assert 2000 < late.hit_evaluations < 2_000_000
    assert late.best > 0 >= early.best
    assert late.hit_seconds > 0
    assert late.hit_evaluations % 1000 == 0


def test_no_run_goes_beyond_the_largest_limit(table):
    """Equal evaluations for all: a run ends with the batch that reaches the limit."""
    for trial in table.trials:
        if trial.at == "2k-evals":
            assert 2000 <= trial.evaluations < 3000


def test_seconds_and_evaluations_side_by_side():
    table = bench("graphs", "random", *TREES, at="0.2s,300-evals", train_seeds="0", device="cpu")
    by_seconds, by_evaluations = table.trials
    assert [row.at for row in table.rows] == ["0.2s", "300-evals"]
    assert by_seconds.seconds >= 0.2
    assert by_evaluations.evaluations < by_seconds.evaluations
    assert all(row.evaluations_per_s > 0 for row in table.rows)


# ------------------------------------------------------------------------------------------------------------- forms


def test_markdown(table):
    lines = table.to_markdown().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:6]]
    assert {len(line) for line in cells} == {10}
    assert cells[0] == list(table.headings)
    assert set(cells[1]) == {"---"}
    assert [tuple(line) for line in cells[2:]] == table.cells()
    assert lines[-1] == f"`{table.command}`"


def test_csv(table):
    read = list(csv.DictReader(io.StringIO(table.to_csv())))
    assert [(row["agent"], row["at"], float(row["value"])) for row in read] == [
        (row.agent, row.at, row.value) for row in table.rows
    ]
    assert {row["hit_evaluations"] for row in read} == {""}


def test_json_has_rows_trials_machine_and_command(table):
    read = json.loads(table.to_json(), parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))
    assert [row["value"] for row in read["rows"]] == [row.value for row in table.rows]
    assert [trial["values"] for trial in read["trials"]] == [trial.values for trial in table.trials]
    assert {"python", "processor", "packages"} <= read["machine"].keys()
    assert read["command"] == table.command


def test_failures_are_null_in_json_and_minus_infinity_in_text():
    """No random graph on 25 vertices of this batch is a tree."""
    table = bench("graphs", "random", "tree: m <= n", "env.n=25", at="500-evals", train_seeds="0", device="cpu")
    read = json.loads(table.to_json(), parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))
    assert read["rows"][0]["value"] is None
    assert read["trials"][0]["values"] == [None]
    assert "-inf" in table.to_text()


def test_text_has_aligned_columns(table):
    heading, *lines = table.to_text().splitlines()
    assert len(lines) == 4
    assert re.split(r"  +", heading) == list(table.headings)
    assert {line.index("evals") > 0 for line in lines} == {True}
    assert len({line.index(row.at) for line, row in zip(lines, table.rows, strict=True)}) == 1


def test_the_command_repeats_the_table(table, mathrl):
    words = shlex.split(table.command)
    assert words[:3] == ["mathrl", "bench", "graphs"]
    code, out, err = mathrl(*words[1:], "--json", "--quiet", "--device", "cpu")
    assert (code, err) == (0, "")
    again = json.loads(out)
    assert [trial["values"] for trial in again["trials"]] == [trial.values for trial in table.trials]
    assert again["command"] == table.command


def test_the_command_repeats_keyword_arguments(mathrl):
    table = bench(
        "graphs", "random", n=6, reward="connected: diameter <= 4", at="2k-evals", train_seeds="0", device="cpu"
    )
    code, out, _ = mathrl(*shlex.split(table.command)[1:], "--json", "--quiet", "--device", "cpu")
    assert code == 0
    assert json.loads(out)["trials"][0]["values"] == table.trials[0].values


# ------------------------------------------------------------------------------------------------- the command line


def test_bench_on_the_command_line(mathrl, tmp_path):
    words = ["bench", "graphs", CEM, "random", *TREES, "--at", "400-evals", "--train-seeds", "0,5", "--device", "cpu"]
    code, out, err = mathrl(*words, "--out", "deep/tables")
    assert code == 0
    assert out.splitlines()[0].split()[0] == "agent"
    assert "written: deep/tables/table.md, deep/tables/table.csv, deep/tables/table.json" in out
    assert all(line.startswith("mathrl: bench  ") for line in err.splitlines())
    files = ["curves.png", "table.csv", "table.json", "table.md"]
    assert sorted(path.name for path in (tmp_path / "deep/tables").iterdir()) == files
    assert [trial["seed"] for trial in json.loads((tmp_path / "deep/tables/table.json").read_text())["trials"]] == [
        0,
        0,
        5,
        5,
    ]
    code, out, err = mathrl(*words, "--quiet", "--json")
    assert (code, err) == (0, "")
    assert len(json.loads(out)["rows"]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]


def test_settings_of_an_agent_are_its_own(mathrl):
    """The same agent twice with other knobs; settings without an agent's name are common to all."""
    words = ["cem:mode=tabular,batch=100", "cem:mode=tabular,batch=300,elite-percent=20", "agent.patience=7", *TREES]
    code, out, err = mathrl("bench", "graphs", *words, "--at", "600-evals", "--train-seeds", "0", "--json", "--quiet")
    assert (code, err) == (0, "")
    rows = json.loads(out)["rows"]
    assert [row["agent"] for row in rows] == words[:2]


def test_a_trained_policy_can_be_compared(mathrl):
    """A run folder is an agent: one greedy pass, no training."""
    words = [
        "graphs",
        "cem",
        "agent.mode=tabular",
        "agent.batch=200",
        *TREES,
        "--budget",
        "4k-evals",
        "--run",
        "trained",
    ]
    assert mathrl("train", *words, "--quiet")[0] == 0
    code, out, err = mathrl(
        "bench", "graphs", "trained", "random", *TREES, "--at", "500-evals", "--train-seeds", "0", "--json", "--quiet"
    )
    assert (code, err) == (0, "")
    read = json.loads(out)
    assert [row["agent"] for row in read["rows"]] == ["trained", "random"]
    assert read["trials"][0]["evaluations"] < 500


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cem:mode"], "'agent.mode'"),
        (["cem:mode=tabluar"], "did you mean 'tabular'?"),
        (["cem:mdoe=tabular"], "'mdoe' is not a setting of cem; did you mean 'mode'?"),
        (["cemm:mode=tabular"], "did you mean 'cem'?"),
        (["cemm"], "cemm"),
        ([":mode=tabular"], "agent"),
        (["cem", "env.n=1"], "must be at least 2"),
        (["cem", "env.n=7", "env.n=8"], "set twice"),
        (["cem", "reward=wagner-21"], "did you mean 'wagner-2.1'?"),
        (["random", "agent.batch=3"], "'batch' is not a setting of random"),
        ([], "say which agents to compare"),
        (["cem", "--at", ""], "--at needs at least one limit"),
        (["cem", "--at", "10x"], "'10x' is not a budget"),
        (["cem", "--at", "10s,,soon"], "'soon' is not a budget"),
        (["cem", "--train-seeds", ""], "is not a list of seeds"),
        (["cem", "--train-seeds", "a..b"], "is not a list of seeds"),
        (["cem", "--train-seeds", "-1"], "is not a list of seeds"),
        (["cem", "--train-seeds", "0..4..7"], "is not a list of seeds"),
        (["random", "--on", "somewhere.g6"], "somewhere.g6"),
        (["random", "--workers", "no"], "--workers must be a whole number"),
    ],
)
def test_bad_words_are_one_sentence(mathrl, tmp_path, words, message):
    short = [] if "--at" in words else ["--at", "300-evals"]
    code, out, err = mathrl("bench", "graphs", *words, *short, "--quiet")
    assert (code, out) == (2, "")
    assert err.startswith("mathrl: ")
    assert err.count("\n") == 1
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_cannot_be_written_is_one_sentence(mathrl, tmp_path):
    (tmp_path / "file").write_text("precious")
    words = ["random", *TREES, "--at", "300-evals", "--train-seeds", "0", "--out", "file/tables", "--quiet"]
    code, _, err = mathrl("bench", "graphs", *words)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("mathrl: cannot write the tables to file/tables")


def test_no_limit_is_an_error():
    with pytest.raises(MathrlError, match="--at needs at least one limit"):
        bench("graphs", "random", at=[])
