"""What a family brings along: its own strategies, a trained model, the name of its costs; and a bench of them."""

from __future__ import annotations

import json
import shlex
import textwrap
import time
import tomllib

import numpy as np
import pytest

import mathrl as package
from mathrl import registry
from mathrl.bench import bench
from mathrl.budget import Budget
from mathrl.env import Streams
from mathrl.errors import MathrlError
from mathrl.shipping import ship
from mathrl.training import Run
from mathrl.trials import Fresh, fresh_instances

RULERS = """
    from dataclasses import dataclass, replace
    from pathlib import Path

    import mathrl
    from mathrl.errors import unknown
    from mathrl.registry import load_file

    sidon = load_file("{sidon}")
    HERE = Path(__file__).parent


    class First(mathrl.Agent):
        "The smallest number that can be taken."

        seeded = False

        def act(self, env, rows, rng, greedy=True):
            return env.masks(rows).argmax(axis=1)


    class Last(First):
        "The largest one."

        def act(self, env, rows, rng, greedy=True):
            masks = env.masks(rows)
            return masks.shape[1] - 1 - masks[:, ::-1].argmax(axis=1)


    class Any(mathrl.Agent):
        "Any of them."

        def act(self, env, rows, rng, greedy=True):
            return mathrl.sample_masked(env.masks(rows), rng.random(len(rows)))


    @dataclass(frozen=True)
    class Config:
        most: int = mathrl.knob(3, "numbers taken at most", 1)


    class Short(First):
        "A strategy with a knob."

        Config = Config


    def pretrained(name, config):
        names = [path.name for path in (HERE / "pretrained").iterdir()]
        if (name or "small") not in names:
            raise unknown(name, "a trained model of rulers", names)
        return HERE / "pretrained" / (name or "small")


    def in_range(path, config, instances):
        return f"{{path.name}} was trained up to 12, not {{max(instances)}}" if max(instances) > 12 else ""


    PLUGIN = replace(
        sidon.PLUGIN,
        name="rulers",
        agents=(
            mathrl.AgentPlugin("lowest", First, "the smallest number", learns=False),
            mathrl.AgentPlugin("highest", Last, "the largest number", learns=False),
            mathrl.AgentPlugin("random", Any, "any number", learns=False),
            mathrl.AgentPlugin("short", Short, "few numbers", learns=False),
        ),
        pretrained=pretrained,
        in_range=in_range,
        solver="lowest",
        cost="gaps",
    )
"""


@pytest.fixture(autouse=True)
def registry_as_it_was(monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "_found", {group: dict(found) for group, found in registry._found.items()})
    monkeypatch.setattr(registry, "_scanned", set(registry._scanned))
    monkeypatch.setattr(registry, "_broken", {group: dict(found) for group, found in registry._broken.items()})
    monkeypatch.setattr(registry, "_files", {})
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def rulers(tmp_path, plugins):
    """A family with strategies of its own and a folder for trained models."""
    file = tmp_path / "rulers.py"
    file.write_text(textwrap.dedent(RULERS).format(sidon=plugins / "sidon.py"))
    (tmp_path / "pretrained").mkdir()
    return str(file)


@pytest.fixture
def trained(rulers):
    """Two run folders of policies for it, of other seeds."""
    for seed in (0, 1):
        package.train(
            rulers, "cem", "agent.batch=20", "agent.hidden=8", budget="60-evals", seed=seed, run=f"runs/cem-{seed}"
        )
    return rulers


# ---------------------------------------------------------------------------------------------------- strategies


def test_a_family_s_own_agent_comes_first(rulers):
    """`random` of the family is not the search of that name, which the other families keep."""
    registry.load_file(rulers)
    assert registry.find_agent("random", "rulers").summary == "any number"
    assert registry.find_agent("random", "graphs").summary == registry.find_agent("random").summary != "any number"
    assert registry.find_agent("LOWEST", "rulers").name == "lowest"
    assert registry.find_agent("cem", "rulers").learns


@pytest.mark.parametrize("family", ["graphs", ""])
def test_elsewhere_it_is_said_whose_agent_it_is(rulers, family):
    registry.load_file(rulers)
    said = "the agent 'lowest' is made for rulers" + (", not for graphs" if family else "")
    with pytest.raises(MathrlError) as error:
        registry.find_agent("lowest", family)
    assert str(error.value) == said


def test_its_agents_are_listed_with_it(rulers, mathrl):
    registry.load_file(rulers)
    code, out, _ = mathrl("list", "agents")
    assert code == 0
    headings = [line for line in out.splitlines() if line and not line.startswith(" ")]
    assert headings[-2:] == ["agents of rulers", "agents"]
    _, out, _ = mathrl("list", "agents", rulers, "--json")
    listed = json.loads(out)
    assert [entry["name"] for entry in listed["agents of rulers"]] == [
        "lowest",
        "highest",
        "random",
        "short",
        "pretrained",
    ]
    assert "cem" in [entry["name"] for entry in listed["agents"]]
    _, out, _ = mathrl("list", "agents", "graphs")
    assert "agents of" not in out
    code, out, _ = mathrl("list", "short")
    assert (code, out.splitlines()[0]) == (0, "settings of short of rulers")
    assert "agent.most" in out


def test_words_know_the_family(rulers, mathrl):
    code, out, err = mathrl("solve", rulers, "highest", "12", "11", "--json", "--quiet")
    assert (code, err) == (0, "")
    found = [json.loads(line) for line in out.splitlines()]
    assert [(one["agent"], one["solution"]["top"]) for one in found] == [("highest", 12), ("highest", 11)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["solve", "lowset"], "did you mean 'lowest'?"),
        (["solve", "12", "pretraind"], "did you mean 'pretrained'?"),
        (["solve", "pretrained:smal"], "'smal' is not a trained model of rulers"),
        (["bench", "lowset"], "did you mean 'lowest'?"),
        (["bench", "lowest", "higest"], "did you mean 'highest'?"),
        (["bench", "short:moost=2"], "'moost' is not a setting of short; did you mean 'most'?"),
        (["bench", "lowest", "--reference", "lowst"], "did you mean 'lowest'?"),
        (["bench", "lowest", "--on", "9,x"], "an instance of sidon is a number"),
        (["bench", "lowest", "--instances", "0"], "--instances must be at least 1"),
        (["bench", "lowest", "--check", "-1"], "--check at least 0"),
        (["bench", "random", "runs/no-*"], "no run folder is called runs/no-*"),
        (["bench", "cem", "--at", "pass"], "cem searches until its budget is spent; --at needs a limit"),
    ],
)
def test_bad_words_are_one_sentence(rulers, mathrl, words, message):
    verb, *rest = words
    code, out, err = mathrl(verb, rulers, *rest, "--quiet")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


# ------------------------------------------------------------------------------------------------ shipped models


def test_a_shipped_model_acts_as_its_run(trained, tmp_path, mathrl):
    """The folder has text, weights and nothing that runs; what it plays is what the run folder plays."""
    folder = ship("runs/cem-0", "pretrained/small", "numbers up to 12")
    assert sorted(path.name for path in folder.iterdir()) == ["agent.json", "config.toml", "model.safetensors"]
    words = ("12", "9", "--json", "--quiet")
    lines = [mathrl("solve", trained, word, *words)[1] for word in ("runs/cem-0", "pretrained", "pretrained:small")]
    assert [[json.loads(line)["solution"] for line in one.splitlines()] for one in lines] == [
        [json.loads(line)["solution"] for line in lines[0].splitlines()]
    ] * 3
    recipe = tomllib.loads((folder / "config.toml").read_text())["recipe"]
    assert recipe["trained-on"] == "numbers up to 12"
    said = shlex.split(recipe["command"])
    assert said[:4] == ["mathrl", "train", "rulers", "cem"]
    assert {"agent.hidden=8", "agent.batch=20", "--seed", "0", "60-evals"} <= set(said)


def test_the_recipe_makes_the_same_file_again(trained, mathrl):
    folder = ship("runs/cem-0", "pretrained/small")
    command = shlex.split(tomllib.loads((folder / "config.toml").read_text())["recipe"]["command"])
    assert mathrl(*command[1:], "--run", "runs/again", "--quiet")[0] == 0
    again = ship("runs/again", "pretrained/again")
    for name in ("model.safetensors", "agent.json"):
        assert (folder / name).read_bytes() == (again / name).read_bytes()


def test_outside_its_range_it_says_so(trained, mathrl):
    ship("runs/cem-0", "pretrained/small")
    words = ("solve", trained, "pretrained", "env.n=20")
    code, _, err = mathrl(*words, "12")
    assert (code, "trained up to" in err) == (0, False)
    code, out, err = mathrl(*words, "20", "--json")
    assert (code, err) == (0, "mathrl: small was trained up to 12, not 20\n")
    assert len(out.splitlines()) == 1
    table = bench(trained, "pretrained", "lowest", on="20", n=20)
    assert "pretrained: small was trained up to 12, not 20" in table.notes


def test_a_run_of_a_shipped_model_can_be_continued(trained, mathrl, tmp_path):
    ship("runs/cem-0", "pretrained/small")
    assert mathrl("solve", trained, "pretrained", "9", "--run", "acted", "--quiet")[0] == 0
    assert tomllib.loads((tmp_path / "acted/config.toml").read_text())["run"]["trained"] == "pretrained"
    code, out, err = mathrl("solve", trained, "--run", "acted", "--quiet", "--json")
    assert (code, err, len(out.splitlines())) == (0, "", 1)


@pytest.mark.parametrize("name", ["model.safetensors", "agent.json"])
def test_a_damaged_model_is_one_sentence(trained, mathrl, name):
    folder = ship("runs/cem-0", "pretrained/small")
    (folder / name).write_bytes(b"\x80\x04precious")
    code, _, err = mathrl("solve", trained, "pretrained", "9", "--quiet")
    assert (code, err.count("\n")) == (2, 1)
    assert "is missing or damaged" in err


def test_a_family_without_models_says_so(mathrl):
    code, _, err = mathrl("solve", "graphs", "pretrained", "--quiet")
    assert (code, err.count("\n")) == (2, 1)
    assert "graphs ships no trained model" in err


# --------------------------------------------------------------------------------------------- many instances


def test_fresh_instances_are_none_of_training(make):
    """Their streams differ from those of every seed, row and episode of a training run."""
    fresh, usual = Fresh.of(0, 50), Streams.of(0, 50)
    assert not set(fresh.words().tolist()) & set(usual.words().tolist())
    assert all(fresh[i].integers(2**62) != usual[i].integers(2**62) for i in range(50))
    env = make("sidon", least=0)
    drawn = fresh_instances(env, 300)
    assert drawn == fresh_instances(env, 300)
    assert drawn[:40] == fresh_instances(env, 40)
    assert min(drawn) == 1  # no number of 1..0 can be taken: drawn again
    assert set(drawn) == set(range(1, 13))


def test_only_a_sample_is_verified(make, monkeypatch):
    """Of an instance beyond the sample only the best value is noted, at its evaluations."""
    env, budget = make("sidon"), Budget()
    budget.start(env.meter)
    run = Run(env, package.Agent(), "by hand", budget, slots=5, checked=2)
    seen = []
    monkeypatch.setattr(Run, "_accept", lambda run, slot, found: seen.append((slot, found)) or True)
    scores = np.array([1.0, 2.0, 3.0, 5.0, 4.0, np.nan, -np.inf])
    run.offer(scores, lambda index: index, np.array([0, 1, 2, 3, 3, 4, 4]))
    assert seen == [(1, 1), (0, 0)]
    env.meter.evaluations = 7
    run.offer(np.array([2.0, 6.0]), lambda index: index, np.array([2, 3]))
    assert [[find[0] for find in finds] for finds in run.history[2:]] == [[0], [0, 7], []]
    assert [[find[2] for find in finds] for finds in run.history[2:]] == [[3.0], [5.0, 6.0], []]
    assert run.values.tolist() == [-np.inf, -np.inf, 3.0, 6.0, -np.inf]


def test_what_claims_to_solve_is_always_verified(make, monkeypatch):
    env = make("sidon")
    env.solved_above = 8.0
    run, seen = Run(env, package.Agent(), "by hand", Budget(), slots=3, checked=0), []
    monkeypatch.setattr(Run, "_accept", lambda run, slot, found: seen.append(slot) or True)
    run.offer(np.array([8.0, 9.0, 1.0]), lambda index: index, np.arange(3))
    assert seen == [1]


def test_ten_thousand_instances_cost_little(make):
    run = Run(make("sidon"), package.Agent(), "by hand", Budget(), slots=10_000, checked=0)
    scores = np.random.default_rng(0).normal(size=10_000)
    begun = time.perf_counter()
    run.offer(scores, lambda index: pytest.fail("a solution was built"), np.arange(10_000))
    assert time.perf_counter() - begun < 0.2
    assert [finds[0][2] for finds in run.history] == scores.tolist()


# --------------------------------------------------------------------------------------------------------- bench


@pytest.fixture
def table(rulers):
    return bench(rulers, "lowest", "highest", "random", train_seeds="0..2", instances=60, check=7)


def greedy(top, largest=False):
    """The size of the Sidon set that takes the smallest (largest) number that can be taken, as often as it can."""
    marks, differences = [], set()
    for mark in sorted(range(1, top + 1), reverse=largest):
        new = [abs(mark - other) for other in marks]
        if not differences & set(new) and len(set(new)) == len(new):
            marks, differences = [*marks, mark], differences | set(new)
    return len(marks)


def test_all_play_the_same_fresh_instances(table, make):
    tops = fresh_instances(make("sidon"), 60)
    by_agent = {trial.agent: trial for trial in table.trials if trial.seed == 0}
    assert by_agent["lowest"].values == [greedy(top) for top in tops]
    assert by_agent["highest"].values == [greedy(top, True) for top in tops]


def test_strategies_play_once_and_what_is_random_once_a_seed(table):
    assert [(trial.agent, trial.seed) for trial in table.trials] == [
        ("lowest", 0), ("highest", 0), ("random", 0), ("random", 1), ("random", 2),
    ]  # fmt: skip
    assert {trial.at for trial in table.trials} == {"pass"}
    random = [trial.values for trial in table.trials if trial.agent == "random"]
    assert random[0] != random[1] != random[2]


def test_the_sample_is_said(table):
    assert {trial.checked for trial in table.trials} == {7}
    assert "7 of 60 solutions an agent were checked" in table.to_text()
    assert "7 of 60 solutions an agent were checked" in table.to_markdown()


def test_rows_against_the_reference_can_be_computed_again(table):
    first, _, random = table.rows
    theirs = np.array(table.trials[0].values)
    values = np.array([trial.values for trial in table.trials if trial.agent == "random"])
    assert (first.wins, first.ties, first.losses, first.difference, first.ratio) == (0, 60, 0, 0.0, 1.0)
    gaps = values - theirs
    assert (random.wins, random.ties, random.losses) == ((gaps > 0).sum(), (gaps == 0).sum(), (gaps < 0).sum())
    assert np.isclose(random.difference, gaps.mean())
    assert random.difference_low <= random.difference <= random.difference_high
    assert np.isclose(random.ratio, values.mean() / theirs.mean())
    assert np.isclose(random.mean, values.mean())
    assert np.isclose(random.sd, np.sqrt(np.mean([row.var(ddof=1) for row in values])))
    assert [random.seed_low, random.seed_median, random.seed_high] == sorted(values.mean(axis=1))
    assert random.instances == 60


def test_costs_have_their_sign_and_name(table):
    """JSON keeps the value, larger is better."""
    heading, line = (text.split("  ") for text in table.to_text().splitlines()[:2])
    assert "gaps (mean)" in heading
    mean = table.rows[0].mean
    assert f"{-mean:.2f}" in line
    read = json.loads(table.to_json())
    assert (read["rows"][0]["mean"], read["cost"]) == (mean, "gaps")


def test_another_reference(rulers):
    table = bench(rulers, "lowest", "highest", instances=20, reference="highest")
    assert table.reference == "highest"
    assert table.rows[1].ties == 20
    assert "--reference highest" in table.command


def test_passes_beside_searches(rulers):
    """Strategies are shown once, searches at each limit, compared on the same instances."""
    table = bench(rulers, "lowest", "cem:batch=5,hidden=4", on="9,12", at="20-evals,40-evals", train_seeds="0,1")
    assert [(row.agent, row.at, row.seeds) for row in table.rows] == [
        ("lowest", "pass", 1),
        ("cem:batch=5,hidden=4", "20-evals", 2),
        ("cem:batch=5,hidden=4", "40-evals", 2),
    ]
    assert all(trial.evaluations in (20, 40) for trial in table.trials[1:])
    assert table.rows[1].wins + table.rows[1].ties + table.rows[1].losses == 4
    curves = {(curve.agent, curve.clock): curve for curve in table.curves}
    assert len(curves) == 4
    curve = curves["cem:batch=5,hidden=4", "evaluations"]
    assert curve.value == sorted(curve.value)
    assert curve.value[-1] == table.rows[2].mean
    assert curve.x[-1] == 20.0  # an instance


def test_an_exact_method_is_held_to_the_limits():
    """Alone and without a limit it ends by itself."""
    words = ("graphs", "enumerate", "connected: diameter <= 4", "env.n=6")
    (row,) = bench(*words, at="40-evals", train_seeds="0").rows
    assert row.at == "40-evals"
    (row,) = bench(*words, train_seeds="0").rows
    assert (row.at, row.value) == ("pass", 1.0)
    with pytest.raises(MathrlError, match="random searches until its budget is spent"):
        bench(*words, "random", at="pass")


def test_run_folders_of_several_seeds_are_one_row(trained):
    """A list and a pattern mean the same row; each folder has its own values."""
    table = bench(trained, "runs/cem-0,runs/cem-1", "runs/cem-*", "runs/cem-0", "runs/cem-1", instances=30)
    both, pattern, one, other = table.rows
    assert [row.seeds for row in table.rows] == [2, 2, 1, 1]
    assert (both.mean, both.low, both.high) == (pattern.mean, pattern.low, pattern.high)
    assert np.isclose(both.mean, (one.mean + other.mean) / 2)
    assert [both.seed_low, both.seed_high] == sorted([one.mean, other.mean])
    assert [trial.seed for trial in table.trials if trial.agent == "runs/cem-*"] == [0, 1]


def test_a_policy_of_another_problem_is_remarked(trained):
    table = bench(trained, "lowest", "runs/cem-0", n=12, least=3, instances=10)
    assert not [note for note in table.notes if "plays with" in note]
    ship("runs/cem-0", "pretrained/small")
    table = bench(trained, "lowest", "pretrained", "env.n=11", on="9")
    assert not [note for note in table.notes if "plays with" in note]
    package.train(trained, "cem", "agent.batch=9", "agent.hidden=4", least=7, budget="9-evals", run="runs/other")
    table = bench(trained, "lowest", "runs/other", instances=10)
    assert "runs/other plays with env.least=7 as it was trained, not 5" in table.notes


REFUSING = """
    from dataclasses import replace

    import mathrl
    from mathrl.registry import load_file

    rulers = load_file("{rulers}")
    PLUGIN = replace(rulers.PLUGIN, name="strict", verify=lambda record: mathrl.Verdict(False, False, "not like this"))
"""


def test_a_refused_solution_is_shown(rulers, tmp_path, mathrl):
    (tmp_path / "strict.py").write_text(textwrap.dedent(REFUSING).format(rulers=rulers))
    words = ("bench", str(tmp_path / "strict.py"), "lowest", "--instances", "5", "--check", "2", "--quiet")
    code, out, _ = mathrl(*words)
    assert code == 0
    assert "error: lowest, seed 0: the verifier did not accept a result: not like this" in out
    _, out, err = mathrl(*words, "--json")
    assert json.loads(out)["rows"][0]["mean"] is None
    assert err.startswith("mathrl: lowest, seed 0: the verifier did not accept a result")


def test_workers_change_no_number(trained, mathrl, tmp_path):
    """Strategies, policies and searches, over blocks, seeds and instances."""
    words = ("bench", trained, "lowest", "random", "runs/cem-*", "cem:batch=10,hidden=4", "--train-seeds", "0,1")
    tables = []
    for workers in (1, 2):
        code, out, err = mathrl(
            *words, "--on", "9,12,11", "--at", "60-evals", "--workers", workers, "--json", "--quiet"
        )
        assert (code, err) == (0, "")
        tables.append(json.loads(out))
    for name in ("agent", "at", "seed", "values", "evaluations", "checked"):
        assert [trial[name] for trial in tables[0]["trials"]] == [trial[name] for trial in tables[1]["trials"]]


FALLING = """
    import multiprocessing
    import os
    import mathrl


    class Falling(mathrl.Agent):
        "Plays the first number, but not on a worker."

        seeded = False

        def act(self, env, rows, rng, greedy=True):
            if multiprocessing.parent_process() is not None:
                {fall}
            return env.masks(rows).argmax(axis=1)


    PLUGIN = mathrl.AgentPlugin("falling", Falling, learns=False)
"""


@pytest.mark.parametrize(
    ("fall", "message"),
    [
        ("os._exit(3)", "a worker process ended before its work was done"),
        ("raise mathrl.MathrlError('it fell')", "it fell"),
    ],
)
def test_a_worker_that_fails_is_one_sentence(plugins, tmp_path, mathrl, fall, message):
    (tmp_path / "falling.py").write_text(textwrap.dedent(FALLING).format(fall=fall))
    words = ("bench", str(plugins / "sidon.py"), str(tmp_path / "falling.py"), "--instances", "3", "--quiet")
    assert mathrl(*words)[0] == 0
    code, out, err = mathrl(*words, "--workers", "2")
    assert (code, out, err) == (2, "", f"mathrl: {message}\n")


def test_blocks_change_no_number_of_a_strategy(rulers, monkeypatch):
    from mathrl import trials

    whole = bench(rulers, "lowest", "random", instances=30, train_seeds="0")
    monkeypatch.setattr(trials, "BLOCK", 7)
    pieces = bench(rulers, "lowest", "random", instances=30, train_seeds="0", check=9)
    assert whole.trials[0].values == pieces.trials[0].values
    assert whole.trials[0].evaluations == pieces.trials[0].evaluations
    assert pieces.trials[0].checked == 9
    assert whole.trials[1].values[:7] == pieces.trials[1].values[:7]
    assert whole.trials[1].values != pieces.trials[1].values


def test_the_command_repeats_the_table(table, mathrl):
    code, out, _ = mathrl(*shlex.split(table.command)[1:], "--json", "--quiet")
    assert code == 0
    assert [trial["values"] for trial in json.loads(out)["trials"]] == [trial.values for trial in table.trials]


def test_a_picture_of_the_curves(table, tmp_path):
    *_, drawn = table.save(tmp_path / "out")
    assert drawn.read_bytes().startswith(b"\x89PNG")
