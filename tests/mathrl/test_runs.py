"""A run folder is complete, replayable, continued by the same command line, and never overwritten by another."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import mathrl as package
from mathrl import registry, runs, session, training
from mathrl.cli import main
from mathrl.envs.graphs import functions
from mathrl.errors import canonical

TABULAR = ["graphs", "cem", "env.n=8", "env.moves=tree", "agent.mode=tabular", "agent.batch=500"]
MEMORY = ["graphs", "cem", "env.n=6", "agent.mode=memory", "agent.batch=100", "agent.hidden=8", "agent.memory=20"]
CLOCK = re.compile(r"_seconds$|_per_s$")


@pytest.fixture(autouse=True)
def no_files_of_other_tests(monkeypatch):
    """Other tests load plug-ins by path, and a run folder lists the files that were loaded."""
    monkeypatch.setattr(registry, "_files", {})


@pytest.fixture
def train(mathrl):
    """train(folder, words, ...): a quiet run of 5,000 evaluations on the processor, unless the words say otherwise."""

    def call(folder, *words):
        budget = () if "--budget" in words else ("--budget", "5k-evals")
        return mathrl("train", "--device", "cpu", *words, "--run", folder, "--quiet", *budget)

    return call


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished tabular run of 5,000 evaluations."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_files", {})
        with pytest.raises(SystemExit) as end:
            main(["train", *TABULAR, "--budget", "5k-evals", "--run", str(folder), "--quiet", "--device", "cpu"])
    assert end.value.code == 0
    return folder


@pytest.fixture
def run(finished, tmp_path):
    """A copy of it that may be harmed."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def rows(folder, name="metrics.jsonl"):
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def numbers(folder):
    """The metrics without what the clock says."""
    return [{key: value for key, value in row.items() if not CLOCK.search(key)} for row in rows(folder)]


def found(folder):
    """The solutions without the second at which they were found."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows(folder, "solutions.jsonl")]


def content(folder):
    """Every file below a folder, with its bytes; the lock is none."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def is_one_sentence(err):
    return err.startswith("mathrl: ") and err.count("\n") == 1 and err.endswith("\n")


# -------------------------------------------------------------------------------------------------------- the folder


def test_what_a_run_leaves_behind(finished):
    names = {path.name for path in finished.iterdir()}
    assert names == {"config.toml", "env.json", "metrics.jsonl", "solutions.jsonl", "checkpoint", "plots"}
    machine = json.loads((finished / "env.json").read_text())
    assert machine["python"] == sys.version.split()[0]
    assert {"mathrl", "numpy", "torch", "python-flint"} <= machine["packages"].keys()
    assert {"platform", "processor", "cores", "command"} <= machine.keys()
    assert not [path for path in finished.parent.iterdir() if path != finished]


def test_config_toml_is_complete(finished):
    config = tomllib.loads((finished / "config.toml").read_text())
    assert config["env"] == {"name": "graphs", "reward": "wagner-2.1", "n": 8, "moves": "tree"} | config["env"]
    assert config["agent"] == {"name": "cem", "mode": "tabular", "batch": 500} | config["agent"]
    for table, owner in (
        ("env", registry.find_env("graphs").get("config")),
        ("agent", registry.find_agent("cem").get().Config),
    ):
        knobs = {canonical(name) for name in owner.__dataclass_fields__}
        assert set(config[table]) == {"name", *knobs}
    assert config["run"].keys() >= {"seed", "budget", "until", "verb", "files", "begun"}
    assert (config["run"]["seed"], config["run"]["budget"]) == (0, "5k-evals")


def test_metrics_have_one_row_a_generation(finished):
    metrics = rows(finished)
    assert [row["generation"] for row in metrics] == list(range(1, 11))
    assert [row["evaluations"] for row in metrics] == [500 * count for count in range(1, 11)]
    best = [row["best"] for row in metrics]
    assert best == sorted(best)
    assert {key for key in metrics[0] if CLOCK.search(key)} == {"elapsed_seconds", "evaluations_per_s"}


def test_solutions_get_better_and_better(finished):
    values = [row["value"] for row in rows(finished, "solutions.jsonl")]
    assert values == sorted(set(values))
    assert values[-1] == rows(finished)[-1]["best"]


def test_config_toml_replays_the_run(finished, mathrl, tmp_path):
    """`train --config` of a run's config.toml is the run again, but for what the clock says."""
    code, _, err = mathrl("train", "--config", finished / "config.toml", "--run", tmp_path / "again", "--quiet")
    assert (code, err) == (0, "")
    assert numbers(tmp_path / "again") == numbers(finished)
    assert found(tmp_path / "again") == found(finished)


def test_config_toml_with_other_settings_on_top(finished, mathrl, tmp_path):
    words = ("env.n=9", "agent.patience=3", "--seed", "4", "--budget", "2k-evals")
    code, _, err = mathrl("train", "--config", finished / "config.toml", "--run", tmp_path / "other", "--quiet", *words)
    assert (code, err) == (0, "")
    config = tomllib.loads((tmp_path / "other/config.toml").read_text())
    assert (config["env"]["n"], config["agent"]["patience"], config["agent"]["batch"]) == (9, 3, 500)
    assert (config["run"]["seed"], config["run"]["budget"], len(rows(tmp_path / "other"))) == (4, "2k-evals", 4)


def test_equal_runs_are_equal_and_other_seeds_are_not(finished, train, tmp_path):
    assert train(tmp_path / "same", *TABULAR)[0] == 0
    assert train(tmp_path / "other", *TABULAR, "--seed", "1")[0] == 0
    assert numbers(tmp_path / "same") == numbers(finished)
    assert numbers(tmp_path / "other") != numbers(finished)


def test_a_run_without_a_name_is_put_into_runs(mathrl, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert mathrl("train", *TABULAR, "--budget", "500-evals", "--quiet")[0] == 0
    names = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert len(names) == 2
    assert all(re.fullmatch(r"\d{8}-\d{6}-graphs-cem-0(-2)?", name) for name in names)


def test_automatic_names_never_meet(tmp_path, monkeypatch):
    """Runs that begin in the same second have a folder each, and what is there is left alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs.time, "strftime", lambda form: "now")
    (tmp_path / "runs/now-ones-cem-0-2").mkdir(parents=True)
    (tmp_path / "runs/now-ones-cem-0-2/thesis.tex").write_text("precious")
    config = {"env": {"name": "ones"}, "agent": {"name": "cem"}, "run": {}}
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: runs.RunFolder.create_named("ones", "cem", 0, config), range(12)))
    for folder in made:
        folder.close()
    names = {folder.path.name for folder in made}
    assert names == {"now-ones-cem-0", *(f"now-ones-cem-0-{count}" for count in range(3, 14))}
    assert len(list((tmp_path / "runs").iterdir())) == 13


def test_two_automatic_runs_at_once(tmp_path, plugins, monkeypatch):
    """A folder that appears while the second run is getting ready is not continued by it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs.time, "strftime", lambda form: "now")
    words = (str(plugins / "ones.py"), "cem", "agent.mode=tabular", "agent.batch=50")
    warm_up = session.warm_up
    first = []

    def meanwhile(env, agent):
        monkeypatch.setattr(session, "warm_up", warm_up)
        first.append(package.train(*words, budget="100-evals"))

    monkeypatch.setattr(session, "warm_up", meanwhile)
    second = package.train(*words, budget="200-evals")
    assert (first[0].path.name, second.path.name) == ("now-ones-cem-0", "now-ones-cem-0-2")
    assert (first[0].generations, second.generations) == (2, 4)


def test_left_overs_are_cleared_after_an_hour(tmp_path):
    """A folder half put together goes when the next run of its name is made, unless it may still be at work."""
    for name, age in ((".run.aa.partial", 4000), (".run.bb.partial", 10), (".other.cc.partial", 4000)):
        (tmp_path / name / "checkpoint").mkdir(parents=True)
        then = time.time() - age
        os.utime(tmp_path / name, (then, then))
    runs.RunFolder.create(tmp_path / "run", {"env": {}, "agent": {}, "run": {}}).close()
    assert {path.name for path in tmp_path.iterdir()} == {"run", ".run.bb.partial", ".other.cc.partial"}


def test_very_many_generations_have_few_rows():
    """All of the first thousand, then nine hundred a power of ten."""
    noted = [generation for generation in range(1, 200_001) if training.has_row(generation)]
    assert noted[:1001] == [*range(1, 1001), 1010]
    assert noted[1899:1901] == [10_000, 10_100]
    assert len(noted) == 1000 + 900 + 900 + 100


# ------------------------------------------------------------------------------------------------------ continuing


def test_python_continues_to_the_budget_of_the_folder(tmp_path, plugins):
    """`train(run=old)` without a budget does what the folder was begun for, and no more."""
    words = (str(plugins / "ones.py"), "cem", "agent.mode=tabular", "agent.batch=50")
    for budget, generations in (("200-evals", 4), (None, 4), ("500-evals", 10), (None, 10)):
        outcome = package.train(*words, run=tmp_path / "run", budget=budget)
        assert outcome.generations == generations
        stored = tomllib.loads((tmp_path / "run/config.toml").read_text())["run"]["budget"]
        assert stored == f"{50 * generations}-evals"


def test_a_smaller_budget_does_not_shrink_the_stored_one(run, train):
    before = content(run)
    assert train(run, "--budget", "100-evals")[0] == 0
    assert content(run) == before


def test_another_machine_is_said_and_the_run_goes_on(run, mathrl):
    """One line on standard error, unless --quiet; nothing for the same machine or a finished run."""

    def go_on(budget, *more):
        return mathrl("train", "--resume", run, "--device", "cpu", "--budget", budget, *more)

    assert "bit for bit" not in go_on("6k-evals")[2]
    machine = json.loads((run / "env.json").read_text())
    machine["processor"], machine["packages"]["numpy"] = "Abacus", "0.1"
    (run / "env.json").write_text(json.dumps(machine))
    assert go_on("6k-evals")[2] == ""
    assert go_on("7k-evals", "--quiet")[2] == ""
    code, _, err = go_on("8k-evals")
    assert code == 0
    assert is_one_sentence(err)
    assert re.search(
        r"was begun with numpy 0\.1 \(now .*\), processor Abacus \(now .*\); it continues, but not bit", err
    )
    for text in ("{", "[]", '{"packages": 3}'):
        (run / "env.json").write_text(text)
        assert runs.moved(run) == "another machine, as far as env.json tells"


def test_metrics_are_not_read_when_a_run_goes_on(run, train, monkeypatch):
    """The checkpoint knows how many bytes of each file count; a million rows cost nothing."""
    latest = json.loads((run / "checkpoint/latest.json").read_text())
    assert latest["bytes"] == {name: (run / name).stat().st_size for name in ("metrics.jsonl", "solutions.jsonl")}
    read = []
    monkeypatch.setattr(runs.RunFolder, "read", lambda self, name, size: read.append(name) or [])
    assert train(run, "--budget", "6k-evals")[0] == 0
    assert read == ["solutions.jsonl"]


def test_a_finished_run_is_left_as_it_is(run, train, mathrl):
    before = content(run)
    for again in (
        lambda: train(run, *TABULAR),
        lambda: train(run),
        lambda: train(run, "--budget", "1k-evals"),
        lambda: mathrl("train", "--resume", run, "--quiet"),
        lambda: mathrl("train", "--resume", run, "env.n=8", "--seed", "0", "--quiet"),
        lambda: mathrl("train", "graphs", "cem", "--resume", run, "--run", run, "--quiet"),
    ):
        code, out, err = again()
        assert (code, err) == (0, "")
        assert "score:" in out
        assert content(run) == before


@pytest.mark.parametrize("words", [TABULAR, MEMORY], ids=["tabular", "memory"])
def test_a_larger_budget_continues_as_if_it_had_been_given_at_once(train, tmp_path, words):
    assert train(tmp_path / "whole", *words, "--budget", "2k-evals")[0] == 0
    for budget in ("500-evals", "1k-evals", "2k-evals"):
        assert train(tmp_path / "parts", *words, "--budget", budget)[0] == 0
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")
    assert found(tmp_path / "parts") == found(tmp_path / "whole")
    parts, whole = (content(tmp_path / name / "checkpoint") for name in ("parts", "whole"))
    assert {name: text for name, text in parts.items() if name != "latest.json"} == {
        name: text for name, text in whole.items() if name != "latest.json"
    }


def test_the_seconds_of_a_continued_run_add_up(run, train):
    before = json.loads((run / "checkpoint/latest.json").read_text())["elapsed_seconds"]
    assert train(run, "--budget", "10k-evals")[0] == 0
    after = json.loads((run / "checkpoint/latest.json").read_text())["elapsed_seconds"]
    assert after > before > 0
    clock = [row["elapsed_seconds"] for row in rows(run)]
    assert clock == sorted(clock)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["env.n=9"], "was begun with env.n=8, not 9"),
        (["env.moves=word"], "was begun with env.moves=tree, not word"),
        (["reward=lambda1 <= n - 1"], "was begun with env.reward=wagner-2.1, not"),
        (["agent.batch=600"], "was begun with agent.batch=500, not 600"),
        (["agent.lr=0.1"], "was begun with agent.lr=none, not 0.1"),
        (["agent.mode=memory"], "was begun with agent.mode=tabular, not memory"),
        (["--seed", "1"], "was begun with seed 0, not 1"),
        (["agent.bacth=600"], "did you mean 'batch'"),
    ],
)
@pytest.mark.parametrize("option", ["--run", "--resume"])
def test_other_settings_are_refused_and_nothing_is_overwritten(run, mathrl, words, message, option):
    before = content(run)
    code, _, err = mathrl("train", option, run, *words, "--quiet", "--budget", "100k-evals")
    assert code == 2
    assert message in err
    assert is_one_sentence(err)
    assert content(run) == before


def test_a_whole_other_command_line_is_refused(run, train):
    before = content(run)
    code, _, err = train(run, *MEMORY)
    assert code == 2
    assert is_one_sentence(err)
    assert "was begun with" in err
    assert content(run) == before


def test_another_agent_is_refused(run, mathrl):
    before = content(run)
    code, _, err = mathrl("solve", "graphs", "random", "env.n=8", "env.moves=tree", "--run", run, "--quiet")
    assert (code, is_one_sentence(err)) == (2, True)
    assert "was begun with agent.name=cem, not random" in err
    assert content(run) == before


def test_solve_in_a_folder_is_continued_by_the_same_command(mathrl, tmp_path):
    words = ("solve", "graphs", "random", "env.n=6", "--budget", "2k-evals", "--quiet", "--run", tmp_path / "run")
    assert mathrl(*words)[0] == 0
    before = content(tmp_path / "run")
    code, out, err = mathrl(*words)
    assert (code, err) == (0, "")
    assert "score:" in out
    assert content(tmp_path / "run") == before


def test_a_reward_of_a_file_is_continued_by_the_same_command(mathrl, tmp_path, monkeypatch):
    """What is typed is loaded, so that the command line can be given again as it was."""
    monkeypatch.setattr(registry, "_rewards", list(registry._rewards))
    monkeypatch.setattr(functions, "_functions", dict(functions._functions))
    file = tmp_path / "edges.py"
    file.write_text(
        "import networkx\nimport mathrl\n\n@mathrl.reward('graphs', 'edges-of-a-file')\n"
        "def edges(graph: networkx.Graph) -> float:\n    return graph.number_of_edges()\n"
    )
    for verb, agent in (("solve", ("random",)), ("train", ("cem", "agent.batch=50", "agent.mode=tabular"))):
        words = (verb, "graphs", *agent, f"reward={file}", "env.n=5", "--quiet", "--run", tmp_path / verb)
        for budget in ("100-evals", "2k-evals"):
            code, _, err = mathrl(*words, "--budget", budget)
            assert (code, err) == (0, "")
    monkeypatch.setattr(registry, "_files", {})
    code, _, err = mathrl("solve", "graphs", "--run", tmp_path / "solve", "--quiet")
    assert (code, is_one_sentence(err)) == (2, True)
    assert "name it with --load" in err


def test_what_a_run_says_to_do_next_works(mathrl, tmp_path):
    """Each `mathrl ...` line printed at the end of a run is a command that exits 0."""
    for verb, words in (("train", TABULAR), ("solve", ["graphs", "random", "env.n=6"])):
        folder = tmp_path / verb
        code, out, _ = mathrl(verb, *words, "--budget", "1k-evals", "--run", folder)
        assert code == 0
        advised = re.findall(r"^(?:next:)? +mathrl (.*)$", out, re.MULTILINE)
        assert advised
        for line in advised:
            command = line.split(">")[0].split("   (")[0].replace("--budget 120s", "--budget 2k-evals").split()
            code, _, err = mathrl(*command)
            assert (code, err) == (0, ""), line


# --------------------------------------------------------------------------------------------------- damaged folders


def harm_json(folder, change):
    """Change the values of the latest checkpoint."""
    file = folder / "checkpoint/10.json"
    file.write_text(json.dumps(change(json.loads(file.read_text()))))


def refill(file, line):
    """Replace a file's content by one line, which ends where the content did."""
    file.write_text(line.ljust(file.stat().st_size - 1) + "\n")


def replace(file, old, new):
    """Write a file again with its first `old` replaced."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


DAMAGES = {
    "no config.toml": (lambda run: (run / "config.toml").unlink(), "config.toml"),
    "empty config.toml": (lambda run: (run / "config.toml").write_text(""), "table [env]"),
    "half of config.toml": (lambda run: (run / "config.toml").write_text("[env]\nname = 'gra"), "is not TOML"),
    "binary config.toml": (lambda run: (run / "config.toml").write_bytes(bytes(range(256))), "config.toml"),
    "config.toml of something else": (lambda run: (run / "config.toml").write_text("[tool]\nx = 1\n"), "table [env]"),
    "config.toml with run = 3": (
        lambda run: (run / "config.toml").write_text("run = 3\n[env]\nname = 'graphs'\n[agent]\nname = 'cem'\n"),
        "[run] is not a table",
    ),
    "config.toml of an unknown environment": (
        lambda run: (run / "config.toml").write_text("[env]\nname = 'grpahs'\n[agent]\nname = 'cem'\n"),
        "did you mean 'graphs'",
    ),
    "seed that is no number": (
        lambda run: replace(run / "config.toml", "seed = 0", "seed = 'x'"),
        "config.toml",
    ),
    "metrics shorter than the checkpoint": (
        lambda run: (run / "metrics.jsonl").write_text('{"generation": 1}\n' * 4),
        "metrics.jsonl has 72 bytes where the checkpoint has",
    ),
    "no metrics": (lambda run: (run / "metrics.jsonl").unlink(), "metrics.jsonl has 0 bytes"),
    "other metrics": (
        lambda run: replace(run / "metrics.jsonl", "{", " " * 7 + "{"),
        "metrics.jsonl is damaged: no line ends where the checkpoint says",
    ),
    "no solutions": (lambda run: (run / "solutions.jsonl").write_text(""), "solutions.jsonl has 0 bytes"),
    "solutions of something else": (
        lambda run: refill(run / "solutions.jsonl", '{"a": 1}'), "the solution has no field 'env'",
    ),
    "solutions that are no objects": (lambda run: refill(run / "solutions.jsonl", "3"), "solutions.jsonl is damaged"),
    "solutions of another instance": (
        lambda run: refill(run / "solutions.jsonl", json.dumps({**rows(run, "solutions.jsonl")[0], "slot": 1})),
        "there is no instance 1",
    ),
    "no bytes": (
        lambda run: (run / "checkpoint/latest.json").write_text('{"number": 10, "files": ["10.json", "10.npz"]}'),
        "latest.json",
    ),
    "no checkpoint file": (lambda run: (run / "checkpoint/10.npz").unlink(), "10.npz is missing or damaged"),
    "truncated npz": (
        lambda run: (run / "checkpoint/10.npz").write_bytes((run / "checkpoint/10.npz").read_bytes()[:100]),
        "10.npz is missing or damaged",
    ),
    "damaged json": (lambda run: (run / "checkpoint/10.json").write_text('{"agent'), "10.json is missing or damaged"),
    "json of something else": (lambda run: (run / "checkpoint/10.json").write_text('{"a": 1}'), "checkpoint"),
    "json list": (lambda run: (run / "checkpoint/10.json").write_text("[]"), "checkpoint"),
    "counts that are no numbers": (
        lambda run: harm_json(run, lambda values: values | {"run/generation": "ten"}), "checkpoint",
    ),
    "negative counts": (lambda run: harm_json(run, lambda values: values | {"run/generation": -3}), "checkpoint"),
    "agent without its state": (
        lambda run: harm_json(run, lambda values: {k: v for k, v in values.items() if k != "agent/best"}), "checkpoint",
    ),
    "agent with another state": (
        lambda run: harm_json(run, lambda values: values | {"agent/best": [1, 2]}), "checkpoint",
    ),
    "damaged latest.json": (lambda run: (run / "checkpoint/latest.json").write_text("{"), "latest.json is damaged"),
    "elapsed time that is no number": (
        lambda run: (run / "checkpoint/latest.json").write_text(
            '{"number": 10, "files": ["10.json", "10.npz"], "elapsed_seconds": "long"}'
        ),
        "latest.json",
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_refused_and_nothing_is_overwritten(run, train, damage):
    harm, message = DAMAGES[damage]
    harm(run)
    before = content(run)
    code, _, err = train(run, *TABULAR, "--budget", "20k-evals")
    assert code == 2
    assert is_one_sentence(err)
    assert message in err
    assert content(run) == before


def test_a_damaged_safetensors_file_is_refused(train, tmp_path):
    assert train(tmp_path / "run", *MEMORY, "--budget", "200-evals")[0] == 0
    (file,) = (tmp_path / "run/checkpoint").glob("*.safetensors")
    whole = file.read_bytes()
    for damage in (whole[:-5], whole[:40], b"", b"\xff" * 100):
        file.write_bytes(damage)
        before = content(tmp_path / "run")
        code, _, err = train(tmp_path / "run", *MEMORY, "--budget", "400-evals")
        assert (code, is_one_sentence(err)) == (2, True)
        assert f"{file.name} is missing or damaged" in err
        assert content(tmp_path / "run") == before


def test_the_checkpoint_of_another_problem_is_refused(run, train, tmp_path):
    assert train(tmp_path / "other", *TABULAR, "env.n=8", "--budget", "5k-evals")[0] == 0
    words = [word.replace("env.n=8", "env.n=9") for word in TABULAR]
    assert train(tmp_path / "nine", *words)[0] == 0
    shutil.copy(tmp_path / "nine/checkpoint/10.npz", run / "checkpoint/10.npz")
    before = content(run)
    code, _, err = train(run, "--budget", "10k-evals")
    assert (code, is_one_sentence(err)) == (2, True)
    assert "the checkpoint is of another problem" in err
    assert content(run) == before


def test_rows_after_the_checkpoint_are_cut_and_computed_again(run, train, tmp_path):
    """What a killed run wrote after its last checkpoint, half a line included, does not hurt."""
    with (run / "metrics.jsonl").open("a") as metrics, (run / "solutions.jsonl").open("a") as solutions:
        metrics.write('{"generation": 11, "evaluations": 5500, "best": 99}\n{"generation": 12, "eval')
        solutions.write('{"env": "graphs", "value')
    assert train(run, "--budget", "10k-evals")[0] == 0
    assert train(tmp_path / "whole", *TABULAR, "--budget", "10k-evals")[0] == 0
    assert numbers(run) == numbers(tmp_path / "whole")
    assert found(run) == found(tmp_path / "whole")


def test_a_run_killed_before_its_first_checkpoint_begins_again(run, train, finished):
    for file in (run / "checkpoint").iterdir():
        file.unlink()
    assert train(run)[0] == 0
    assert numbers(run) == numbers(finished)


@pytest.mark.parametrize("what", ["a file", "an empty folder", "a folder with files"])
def test_what_is_no_run_folder_is_refused_and_left_alone(train, tmp_path, what):
    folder = tmp_path / "run"
    if what == "a file":
        folder.write_text("precious")
    else:
        folder.mkdir()
        if what == "a folder with files":
            (folder / "thesis.tex").write_text("precious")
    before = content(tmp_path)
    code, _, err = train(folder, *TABULAR)
    assert (code, is_one_sentence(err)) == (2, True)
    assert str(folder) in err
    assert content(tmp_path) == before


@pytest.mark.parametrize("below", ["file/run", "file/deep/run"])
def test_a_folder_that_cannot_be_written_is_one_sentence(train, tmp_path, below):
    (tmp_path / "file").write_text("precious")
    code, _, err = train(tmp_path / below, *TABULAR)
    assert (code, is_one_sentence(err)) == (2, True)
    assert "cannot write the run folder" in err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "precious"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_one_sentence(run, train, tmp_path):
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed").chmod(0o500)
    code, _, err = train(tmp_path / "closed/run", *TABULAR)
    assert (code, is_one_sentence(err)) == (2, True)
    for path in (run / "checkpoint", run):
        path.chmod(0o500)
    code, _, err = train(run, "--budget", "10k-evals")
    assert (code, is_one_sentence(err)) == (2, True)
    for path in (run, run / "checkpoint", tmp_path / "closed"):
        path.chmod(0o700)


def test_resume_wants_a_folder(mathrl, run, tmp_path):
    code, _, err = mathrl("train", "--resume", tmp_path / "nowhere")
    assert (code, is_one_sentence(err)) == (2, True)
    assert f"there is no run folder {tmp_path / 'nowhere'}; --run would create it" in err
    code, _, err = mathrl("train", "--resume", run, "--run", tmp_path / "other")
    assert (code, is_one_sentence(err)) == (2, True)
    assert "name different folders" in err


def test_a_run_folder_in_use_is_refused(run, train):
    held = runs.RunFolder.open(run)
    before = content(run)
    try:
        code, _, err = train(run, "--budget", "10k-evals")
        assert (code, is_one_sentence(err)) == (2, True)
        assert "is in use by another run" in err
        assert content(run) == before
    finally:
        held.close()
    assert train(run, "--budget", "10k-evals")[0] == 0


def test_left_overs_of_a_kill_do_not_hurt(train, tmp_path, finished):
    """A run killed while its folder was put together leaves a folder with a dot, which no later run minds."""
    aside = tmp_path / f".run.{os.getpid()}.partial"
    (aside / "checkpoint").mkdir(parents=True)
    (aside / "config.toml").write_text("half")
    (tmp_path / ".run.99999.partial").mkdir()
    assert train(tmp_path / "run", *TABULAR)[0] == 0
    assert numbers(tmp_path / "run") == numbers(finished)
    (tmp_path / "run/checkpoint/.10.json.partial").write_text("half")
    (tmp_path / "run/.metrics.jsonl.partial").write_text("half")
    assert train(tmp_path / "run", "--budget", "6k-evals")[0] == 0
    assert len(rows(tmp_path / "run")) == 12


def test_bad_settings_leave_no_folder(train, tmp_path):
    for words in (
        ["graphs", "cem", "env.n=1"],
        ["graphs", "cem", "agent.mode=tabular", "--seed", "-1"],
        ["graphs", "cem", "--workers", "none"],
        ["graphs", "cem", "--budget", "much"],
        ["graphs", "cem", "--until", "noon"],
        ["graphs", "cem", "reward=lambda1 <= nothing"],
        ["graphs", "cem", "agent.hidden=8", "--device", "cuda:99"],
        ["graphs", "random"],
    ):
        code, _, err = train(tmp_path / "run", *words)
        assert (code, is_one_sentence(err)) == (2, True), words
        assert list(tmp_path.iterdir()) == [], words


# ----------------------------------------------------------------------------------------------------------- signals


def start(folder, *words, **options):
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "mathrl", "train", *words, "--run", str(folder), "--quiet", "--device", "cpu"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def wait_for_rows(process, folder, count, seconds=120):
    """Until the run has finished `count` generations."""
    deadline = time.monotonic() + seconds
    file = folder / "metrics.jsonl"
    while not file.exists() or file.read_bytes().count(b"\n") < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 75), (signal.SIGUSR1, 75), (signal.SIGINT, 130)])
def test_a_signal_saves_a_checkpoint_and_the_run_goes_on_later(train, tmp_path, number, code):
    folder = tmp_path / "run"
    process = start(folder, *TABULAR, "--budget", "600s")
    wait_for_rows(process, folder, 3)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (code, "")
    latest = json.loads((folder / "checkpoint/latest.json").read_text())
    assert latest["number"] == len(rows(folder)) >= 3
    assert latest["finished"] is None
    total = f"{500 * (latest['number'] + 5)}-evals"
    assert train(folder, "--budget", total)[0] == 0
    assert train(tmp_path / "whole", *TABULAR, "--budget", total)[0] == 0
    assert numbers(folder) == numbers(tmp_path / "whole")
    assert found(folder) == found(tmp_path / "whole")


def test_two_runs_in_one_folder_at_once(train, tmp_path):
    """The second is refused; the first does not notice."""
    folder = tmp_path / "run"
    process = start(folder, *TABULAR, "--budget", "600s")
    try:
        wait_for_rows(process, folder, 1)
        code, _, err = train(folder, *TABULAR, "--budget", "600s")
        assert (code, is_one_sentence(err)) == (2, True)
        assert "is in use by another run" in err
        before = len(rows(folder))
        wait_for_rows(process, folder, before + 2)
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 75


def test_a_signal_before_the_first_generation_loses_nothing(tmp_path):
    """While libraries load and kernels compile, a batch queue's signal ends the run as it does later."""
    folder = tmp_path / "run"
    process = start(folder, *TABULAR, "--budget", "600s")
    deadline = time.monotonic() + 60
    while not folder.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGUSR1)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (75, "")


# ------------------------------------------------------------------------------------------------------ RunFolder


def test_a_folder_appears_complete(tmp_path):
    config = {"env": {"name": "graphs"}, "agent": {"name": "cem"}, "run": {}}
    folder = runs.RunFolder.create(tmp_path / "deep/run", config)
    try:
        assert runs.read_config(folder.path) == config
        assert [path.name for path in (tmp_path / "deep").iterdir()] == ["run"]
        folder.append("metrics.jsonl", {"a": 1})
        folder.append("metrics.jsonl", {"a": None})
        assert rows(folder.path) == [{"a": 1}, {"a": None}]
        with pytest.raises(ValueError, match="JSON"):
            folder.append("metrics.jsonl", {"a": float("nan")})
    finally:
        folder.close()
