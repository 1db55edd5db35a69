"""The command line does what it says; what it cannot do is one sentence on standard error and exit code 2."""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import networkx
import pytest

from mathrl import registry
from mathrl.envs.graphs import functions

TREES = ["graphs", "cem", "env.n=8", "env.moves=tree", "agent.mode=tabular", "agent.batch=500", "--budget", "2k-evals"]
KNOWN = json.loads((Path(__file__).parents[1] / "data/graphs/wagner-2.1.json").read_text())["counterexamples"]
HIT, SCORE = KNOWN[0]["graph6"], KNOWN[0]["score"]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    """Every test has a working directory of its own, and no files that other tests loaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "_files", {})
    monkeypatch.setattr(registry, "_rewards", list(registry._rewards))
    monkeypatch.setattr(registry, "_found", {group: dict(found) for group, found in registry._found.items()})
    monkeypatch.setattr(registry, "_scanned", set(registry._scanned))
    monkeypatch.setattr(functions, "_functions", dict(functions._functions))


@pytest.fixture(scope="session")
def records(tmp_path_factory):
    """The text of solutions.jsonl of a run that found a counterexample on 19 vertices."""
    folder = tmp_path_factory.mktemp("found") / "run"
    command = [
        sys.executable,
        "-m",
        "mathrl",
        "solve",
        "graphs",
        "env.n=19",
        "--seed",
        "1",
        "--quiet",
        "--run",
        str(folder),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return (folder / "solutions.jsonl").read_text()


@pytest.fixture(scope="session")
def run(records, tmp_path_factory):
    """The folder of that run."""
    return next(path for path in tmp_path_factory.getbasetemp().glob("found*/run") if records)


def is_one_sentence(err):
    return err.startswith("mathrl: ") and err.count("\n") == 1 and err.endswith("\n")


def graph6(graph):
    return networkx.to_graph6_bytes(graph, header=False).decode().strip()


# --------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("solve grpahs", "'grpahs' is not an environment; did you mean 'graphs'?"),
        ("train grpahs cem", "did you mean 'graphs'?"),
        ("bench grpahs cem", "did you mean 'graphs'?"),
        ("score grpahs reward=wagner-2.1 -", "did you mean 'graphs'?"),
        ("list rewards grpahs", "did you mean 'graphs'?"),
        ("train graphs cme", "'cme' is not an agent; did you mean 'cem'?"),
        ("solve graphs randon", "did you mean 'random'?"),
        ("bench graphs cem randon", "'randon'"),
        ("solve graphs reward=wagner-21", "'wagner-21' is not a reward of graphs; did you mean 'wagner-2.1'?"),
        ("solve graphs wagner-21", "did you mean 'wagner-2.1'?"),
        ("solve graphs cem env.order-of=3", "'order-of' is not a setting of graphs; did you mean 'order'?"),
        ("solve graphs cem agent.memroy=3", "'memroy' is not a setting of cem; did you mean 'memory'?"),
        ("solve graphs cem memory=3", "'memory' is not a setting; write env.memory=... or agent.memory=..."),
        ("solve graphs cem env.moves=tre", "did you mean 'tree'?"),
        ("solve graphs cem agent.mode=tabluar", "did you mean 'tabular'?"),
        ("train graphs cem env.n=1", "must be at least 2, not 1"),
        ("train graphs cem env.n=2", "wagner-2.1 is stated for n >= 3; env.n=2 is too small"),
        ("train graphs cem env.n=-7", "must be at least 2, not -7"),
        ("train graphs cem env.n=abc", "must be a whole number, not 'abc'"),
        ("train graphs cem env.n=", "must be a whole number, not ''"),
        ("train graphs cem env.n=1e9", "must be at most 1000, not 1000000000"),
        ("train graphs cem env.n=nan", "must be a whole number, not 'nan'"),
        ("train graphs cem env.n=8 env.n=9", "'env.n' is set twice"),
        ("train graphs cem agent.lr=inf", "must be a number, not 'inf'"),
        ("train graphs cem agent.batch=0", "must be at least 2, not 0"),
        ("train graphs cem agent.hidden=64,0", "must be at least 1, not 0"),
        ("train graphs cem agent.mode=tabular --seed -1", "seed"),
        ("solve graphs cem agent.mode=tabular --seed -1", "seed"),
        ("train graphs cem agent.hidden=8 --seed 99999999999999999999", "seed"),
        ("train graphs cem --budget xyz", "'xyz' is not a budget"),
        ("train graphs cem --budget -5s", "'-5s' is not a budget"),
        ("solve graphs cem --budget 10x", "'10x' is not a budget"),
        ("train graphs cem --until foo", "--until takes 'solved' or 'budget', not 'foo'"),
        ("train graphs cem --device cuda:99", "cuda:99"),
        ("train graphs cem agent.mode=tabular --device cuda:99", "cuda:99"),
        ("train graphs cem --device gpu", "'gpu' is not a device"),
        ("train graphs cem --workers 0", "--workers must be a whole number from 1, or auto, not '0'"),
        ("train graphs cem --workers many", "not 'many'"),
        ("train graphs random", "random does not learn; try: mathrl solve graphs random"),
        ("train graphs", "say what to train"),
        ("train", "say what to train"),
        ("train graphs cem --load no.py", "there is no file no.py"),
        ("solve no.py", "there is no file no.py"),
        ("solve graphs no.py", "no.py"),
        ("solve graphs reward=no.py", "there is no file no.py"),
        ("train --config no.toml", "cannot read no.toml: No such file or directory"),
        ("train --resume no-run", "there is no run folder no-run"),
        ("bench graphs", "say which agents to compare"),
        ("bench graphs cem --at soon", "'soon' is not a budget"),
        ("bench graphs cem --train-seeds 3..1", "'3..1' is not a list of seeds"),
        ("verify nowhere", "cannot read nowhere: No such file or directory"),
        ("verify .", "is not a run folder: it has no config.toml"),
        ("show nowhere", "cannot read nowhere"),
        ("show .", "is not a run folder"),
        ("list nonsense", "'nonsense' is not something to list"),
        ("list agnets", "did you mean 'agents'?"),
        ("score graphs reward=wagner-2.1 no.g6", "cannot read no.g6: No such file or directory"),
        ("score graphs reward=wagner-2.1 .", "cannot read .: Is a directory"),
        ("score graphs reward=wagner-2.1", "file"),
        ("score graphs reward=wagner-2.1 - --only negative", "--only takes 'positive', not 'negative'"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(mathrl, tmp_path, words, message):
    short = ["--budget", "1k-evals"] if words.startswith(("train", "solve")) and "--budget" not in words else []
    code, out, err = mathrl(*words.split(), *short)
    assert (code, out) == (2, "")
    assert is_one_sentence(err), err
    assert message in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("lambda1 + mu >=", "column 16"),
        ("lambda1 + nonsense >= 2", "'nonsense' is not an invariant"),
        ("lamda1 >= 2", "did you mean 'lambda1'?"),
        ("conected: lambda1 >= 2", "'conected'"),
        ("lambda1 >= __import__('os').system('touch here')", "column"),
        ("lambda1 >= (2", "bracket is not closed"),
        ("1 < lambda1 < 3", "column"),
        ("maximise:", "nothing follows the colon"),
        (">=", "column"),
        ("(" * 500 + "n" + ")" * 500 + " >= 1", ""),
        ("n >= " + "9" * 5000, ""),
    ],
)
@pytest.mark.parametrize("prefix", ["", "reward="])
def test_a_broken_formula_is_one_sentence(mathrl, tmp_path, formula, message, prefix):
    words = ["cem", "agent.mode=tabular", "env.n=5", "--budget", "1k-evals"]
    code, out, err = mathrl("solve", "graphs", prefix + formula, *words)
    assert (code, out) == (2, "")
    assert is_one_sentence(err), err
    assert message in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("word", "part"), [("lambda1 + mu", "maximise:"), ("reward=lambda1 + mu", "maximise:"), ("n = 3", "write <=")]
)
def test_an_expression_without_a_claim_says_what_is_missing(mathrl, word, part):
    """A formula needs a comparison (which a shell eats if it is not quoted), or `maximise:`."""
    code, out, err = mathrl("solve", "graphs", word, "cem", "agent.mode=tabular", "--budget", "1k-evals")
    assert (code, out, is_one_sentence(err)) == (2, "", True)
    assert part in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "graphs", "cem", "--frobnicate"], "No such option: --frobnicate"),
        (["train", "graphs", "cem", "--seed", "abc"], "Invalid value for '--seed'"),
        (["train", "graphs", "cem", "--budget"], "Option '--budget' requires an argument"),
        (["frobnicate"], "No such command 'frobnicate'"),
        (["score", "graphs"], "Missing argument"),
        (["solve"], "Missing argument"),
        (["verify"], "Missing argument"),
    ],
)
def test_a_wrong_usage_says_how_to_get_help(mathrl, tmp_path, words, message):
    """These are typer's own: the usage line, where help is, and what is wrong."""
    code, out, err = mathrl(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert "-h' for help" in err or err == f"Error: {message}.\n"
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_help(mathrl):
    for words in ([], ["--help"], ["-h"]):
        _, out, err = mathrl(*words)
        assert all(verb in out + err for verb in ("train", "solve", "bench", "score", "verify", "show", "list"))
    for verb in ("train", "solve", "bench", "score", "verify", "show", "list"):
        code, out, err = mathrl(verb, "--help")
        assert (code, err) == (0, "")
        assert f" {verb} [OPTIONS]" in out


# -------------------------------------------------------------------------------------------------------------- list


def test_list_in_all_its_forms(mathrl):
    expected = {
        (): {"environments": "graphs", "agents of buchberger": "sugar", "agents": "cem"},
        ("envs",): {"environments": "graphs"},
        ("agents",): {"agents of buchberger": "sugar", "agents": "random"},
        ("rewards",): {"rewards of graphs": "wagner-2.1"},
        ("rewards", "graphs"): {"rewards of graphs": "wagner-2.1"},
        ("invariants",): {"invariants of graphs": "lambda1"},
        ("invariants", "graphs"): {"invariants of graphs": "matching_number"},
        ("graphs",): {"settings of graphs": "env.n"},
        ("cem",): {"settings of cem": "agent.batch"},
    }
    for words, headings in expected.items():
        code, out, err = mathrl("list", *words)
        assert (code, err) == (0, "")
        code, text, err = mathrl("list", *words, "--json")
        assert (code, err) == (0, "")
        listed = json.loads(text)
        assert listed.keys() == headings.keys()
        for heading, name in headings.items():
            assert heading in out.splitlines()
            names = [entry["name"] for entry in listed[heading]]
            assert name in names
            assert all(f"  {entry} " in out or f"  {entry}\n" in out for entry in names)


def test_list_shows_every_knob_with_type_and_default(mathrl):
    _, out, _ = mathrl("list", "graphs")
    line = next(line for line in out.splitlines() if line.split()[:1] == ["env.n"])
    assert "whole number or none; default none" in line


# ------------------------------------------------------------------------------------------------------------- score


def test_score_from_a_file(mathrl, tmp_path):
    """In order, one line a graph; the header, blank lines and Windows line ends are read over."""
    graphs = [HIT, graph6(networkx.star_graph(5)), graph6(networkx.empty_graph(4)), HIT]
    (tmp_path / "graphs.g6").write_bytes(b">>graph6<<" + "\r\n\n".join(graphs).encode() + b"\n")
    code, out, err = mathrl("score", "graphs", "reward=wagner-2.1", "graphs.g6", "--json")
    assert (code, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["id"] for line in lines] == graphs
    assert [line.keys() for line in lines] == [{"id", "score", "proved"}] * 4
    scores = [line["score"] for line in lines]
    assert math.isclose(scores[0], SCORE, abs_tol=1e-9)
    assert math.isclose(scores[1], 0, abs_tol=1e-9)
    assert scores[2] is None
    assert scores[3] == scores[0]
    assert {line["proved"] for line in lines} == {None}


def test_score_as_text(mathrl, tmp_path):
    (tmp_path / "graphs.g6").write_text(f"{HIT}\n{graph6(networkx.empty_graph(4))}\n")
    code, out, err = mathrl("score", "graphs", "wagner-2.1", "graphs.g6", "--prove")
    assert (code, err) == (0, "")
    assert out.splitlines() == [f"{HIT}  {SCORE:.10g}  proved", f"{graph6(networkx.empty_graph(4))}  -inf"]


def test_score_from_a_pipe(mathrl, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f">>graph6<<{HIT}\n{graph6(networkx.path_graph(6))}\n"))
    code, out, err = mathrl("score", "graphs", "reward=connected: diameter <= 3", "-", "--json")
    assert (code, err) == (0, "")
    expected = [networkx.diameter(networkx.from_graph6_bytes(HIT.encode())) - 3, 2]
    assert [json.loads(line)["score"] for line in out.splitlines()] == expected


def test_score_only_positive_and_prove(mathrl, tmp_path):
    """Equality graphs are no hits; a hit is proved if that is asked for."""
    graphs = [graph6(networkx.star_graph(7)), HIT, graph6(networkx.path_graph(5)), KNOWN[1]["graph6"]]
    (tmp_path / "graphs.g6").write_text("\n".join(graphs) + "\n")
    code, out, err = mathrl(
        "score", "graphs", "reward=wagner-2.1", "graphs.g6", "--only", "positive", "--prove", "--json"
    )
    assert (code, err) == (0, "")
    assert [(line["id"], line["proved"]) for line in map(json.loads, out.splitlines())] == [
        (HIT, True),
        (KNOWN[1]["graph6"], True),
    ]
    _, out, _ = mathrl("score", "graphs", "reward=wagner-2.1", "graphs.g6", "--prove", "--json")
    assert [json.loads(line)["proved"] for line in out.splitlines()] == [False, True, False, True]


def test_score_many_graphs_of_many_orders_in_order(mathrl, tmp_path):
    """Chunks end where the order changes and after a thousand; each score is that of the graph alone."""
    orders = [5] * 1500 + [6, 5, 7, 7, 5]
    graphs = [graph6(networkx.gnm_random_graph(n, n, seed=seed)) for seed, n in enumerate(orders)]
    (tmp_path / "graphs.g6").write_text("\n".join(graphs))
    _, out, err = mathrl("score", "graphs", "m <= 3", "graphs.g6", "--json")
    assert err == ""
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["id"] for line in lines] == graphs
    assert [line["score"] for line in lines] == [n - 3 for n in orders]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"A_\nA_\n@@@@\n", 3),
        (b">>graph6<<A_\nD?\n", 2),
        (b"A_\n\x00\x00\n", 2),
        (b"A_\n:Fa@x^\n", 2),
        (b"A_\nA_ A_\n", 2),
        (b"\xff\xfe\xfd", 1),
        (bytes(range(256)) * 20, 1),
        (b"A_\n~~~~~~~~\n", 2),
    ],
)
def test_a_malformed_line_is_named(mathrl, tmp_path, content, line):
    (tmp_path / "graphs.g6").write_bytes(content)
    code, _, err = mathrl("score", "graphs", "reward=m <= 3", "graphs.g6")
    assert code == 2
    assert err.startswith(f"mathrl: graphs.g6, line {line}: ")
    assert all(sentence.startswith("mathrl: ") and sentence.isprintable() for sentence in err.split("\n")[:-1])


def test_a_malformed_line_in_a_pipe_is_named(mathrl, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("A_\nnot graph6\n"))
    code, _, err = mathrl("score", "graphs", "reward=m <= 3", "-")
    assert (code, is_one_sentence(err)) == (2, True)
    assert err.startswith("mathrl: standard input, line 2: ")


def test_an_empty_file_has_no_scores(mathrl, tmp_path):
    (tmp_path / "graphs.g6").write_text("")
    assert mathrl("score", "graphs", "reward=m <= 3", "graphs.g6") == (0, "", "")


# ------------------------------------------------------------------------------------------------------------ verify


def test_verify_a_run_and_its_file(mathrl, run, records, monkeypatch):
    count = len(records.splitlines())
    for words in ([run], [run / "solutions.jsonl"], ["-"]):
        monkeypatch.setattr(sys, "stdin", io.StringIO(records))
        code, out, err = mathrl("verify", *words)
        assert (code, err) == (0, "")
        assert [line.split()[0] for line in out.splitlines()] == ["holds"] * count
        assert "counterexample, proved" in out.splitlines()[-1]
    code, out, err = mathrl("verify", run, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line.keys() for line in lines] == [{"id", "holds", "proved", "reason"}] * count
    assert lines[-1]["proved"] is True
    assert mathrl("verify", run, "--quiet") == (0, "", "")


def test_nothing_to_verify_is_not_verified(mathrl, tmp_path):
    for text in ("", "\n\n"):
        (tmp_path / "empty.jsonl").write_text(text)
        code, out, err = mathrl("verify", "empty.jsonl")
        assert (code, out) == (1, "")
        assert is_one_sentence(err)
        assert "has no solution to verify" in err


def tampered(record, what):
    """A record of which one claim is false."""
    solution = record["solution"]
    certificate = solution["certificate"]
    if what == "value":
        record["value"] += 1e-3
    elif what == "value of nothing":
        record["value"] = None
    elif what == "value of a text":
        record["value"] = "0.08"
    elif what == "graph6":
        solution["graph6"] = graph6(networkx.star_graph(18))
    elif what == "malformed graph6":
        solution["graph6"] = "R???"
    elif what == "no graph6":
        del solution["graph6"]
    elif what == "formula":
        solution["formula"] = "connected, n >= 3: lambda1 + mu >= sqrt(n-1) + 2"
    elif what == "reward":
        record["reward"] = "connected: lambda1 >= 1"
    elif what == "unknown reward":
        record["reward"] = "wagner-21"
    elif what == "unknown environment":
        record["env"] = "grpahs"
    elif what == "certificate's score":
        certificate["score"] = ["1/10", "1/10"]
    elif what == "certificate's matching":
        certificate["invariants"]["matching_number"]["witness"]["matching"].pop()
    elif what == "certificate's eigenvalue":
        certificate["invariants"]["lambda1"]["interval"] = ["2", "2"]
    elif what == "certificate of nothing":
        solution["certificate"] = {}
    elif what == "bound":
        record["bound"] = record["value"] - 1
    elif what == "no solution":
        del record["solution"]
    return record


@pytest.mark.parametrize(
    "what",
    [
        "value", "value of nothing", "value of a text", "graph6", "malformed graph6", "no graph6", "formula", "reward",
        "unknown reward", "unknown environment", "certificate's score", "certificate's matching",
        "certificate's eigenvalue", "certificate of nothing", "bound", "no solution",
    ],
)  # fmt: skip
def test_a_tampered_solution_fails(mathrl, tmp_path, records, what):
    """One false record is enough for exit code 1, and the others are still checked."""
    sound = records.splitlines()
    false = json.dumps(tampered(json.loads(sound[-1]), what))
    (tmp_path / "solutions.jsonl").write_text("\n".join([*sound, false, sound[0]]) + "\n")
    code, out, err = mathrl("verify", "solutions.jsonl")
    assert (code, err) == (1, "")
    verdicts = [line.split()[0] for line in out.splitlines()]
    assert verdicts == ["holds"] * len(sound) + ["FAILS", "holds"]
    failed = out.splitlines()[len(sound)]
    assert len(failed.split("  ", 2)[2]) > 10
    code, out, _ = mathrl("verify", "solutions.jsonl", "--quiet")
    assert (code, len(out.splitlines())) == (1, 1)


@pytest.mark.parametrize("content", ["not JSON\n", "[1, 2]\n", "3\n", '{"id": \n', "[" * 100_000 + "\n"])
def test_a_file_that_holds_no_records(mathrl, tmp_path, records, content):
    (tmp_path / "solutions.jsonl").write_text(records + content)
    code, out, err = mathrl("verify", "solutions.jsonl")
    assert (code, out) == (2, "")
    assert is_one_sentence(err)
    assert f"solutions.jsonl, line {len(records.splitlines()) + 1}: not a JSON object" in err


def test_a_binary_file_holds_no_records(mathrl, tmp_path):
    (tmp_path / "solutions.jsonl").write_bytes(bytes(range(256)))
    for verb in ("verify", "show"):
        code, _, err = mathrl(verb, "solutions.jsonl")
        assert (code, is_one_sentence(err)) == (2, True)
        assert "cannot read solutions.jsonl" in err


# -------------------------------------------------------------------------------------------------------------- show


def test_show_a_run_in_words(mathrl, run):
    code, out, err = mathrl("show", run)
    assert (code, err) == (0, "")
    best = json.loads((run / "solutions.jsonl").read_text().splitlines()[-1])
    for part in (best["solution"]["graph6"], "wagner-2.1", "counterexample, proved", "matching_number = ", "picture: "):
        assert part in out
    assert Path(out.split("picture: ")[1].strip()).read_bytes().startswith(b"\x89PNG")


def test_show_in_every_format(mathrl, run, tmp_path):
    best = json.loads((run / "solutions.jsonl").read_text().splitlines()[-1])
    graph = best["solution"]["graph6"]
    code, out, err = mathrl("show", run, "--to", "g6")
    assert (code, out, err) == (0, graph + "\n", "")
    code, out, err = mathrl("show", run, "--to", "json")
    assert (code, json.loads(out), err) == (0, best, "")
    code, out, err = mathrl("show", run, "--to", "sage")
    assert (code, err) == (0, "")
    assert f"Graph({graph!r})" in out
    code, out, err = mathrl("show", run, "--to", "svg", "--out", "deep/graph.svg")
    assert (code, out, err) == (0, "deep/graph.svg\n", "")
    assert "<svg" in (tmp_path / "deep/graph.svg").read_text()
    code, out, err = mathrl("show", run, "--to", "png", "--out", "graph.png")
    assert (code, out, err) == (0, "graph.png\n", "")
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")
    code, out, err = mathrl("show", run, "--to", "g6", "--out", "graph.g6")
    assert (code, out, err) == (0, "graph.g6\n", "")
    assert (tmp_path / "graph.g6").read_text() == graph + "\n"


def test_show_to_check_is_a_script_that_needs_only_python(mathrl, run, tmp_path):
    assert mathrl("show", run, "--to", "check", "--out", "check.py")[0] == 0
    done = subprocess.run(
        [sys.executable, "-I", "-S", "check.py"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    text = (tmp_path / "check.py").read_text()
    (tmp_path / "check.py").write_text(
        text.replace("'matching_number': {'interval': ['", "'matching_number': {'interval': ['1")
    )
    assert text != (tmp_path / "check.py").read_text()
    done = subprocess.run([sys.executable, "-I", "-S", "check.py"], capture_output=True, timeout=60, check=False)
    assert done.returncode == 1


def test_show_refuses(mathrl, run, tmp_path, records):
    code, _, err = mathrl("show", run, "--to", "chekc")
    assert (code, is_one_sentence(err)) == (2, True)
    assert "'chekc' is not a format of graphs; did you mean 'check'?" in err
    (tmp_path / "empty.jsonl").write_text("")
    code, _, err = mathrl("show", "empty.jsonl")
    assert (code, is_one_sentence(err)) == (2, True)
    assert "has no solution yet" in err
    (tmp_path / "false.jsonl").write_text(json.dumps(tampered(json.loads(records.splitlines()[-1]), "value")) + "\n")
    code, out, _ = mathrl("show", "false.jsonl")
    assert code == 1
    assert "REFUSED" in out
    code, _, err = mathrl("show", "false.jsonl", "--to", "check")
    assert (code, is_one_sentence(err)) == (2, True)
    (tmp_path / "file").write_text("precious")
    code, _, err = mathrl("show", run, "--to", "g6", "--out", "file/graph.g6")
    assert (code, is_one_sentence(err)) == (2, True)


# ---------------------------------------------------------------------------------------------------- solve and train


def test_solve_without_an_agent(mathrl):
    """The family's own solver finds a counterexample on 19 vertices, says so, and stops."""
    code, out, err = mathrl("solve", "graphs", "env.n=19", "--seed", "1")
    assert (code, err) == (0, "")
    assert "counterexample, proved" in out
    assert "solved after" in out
    assert "searched: graphs on 19 vertices" in out


def test_solve_json_and_out(mathrl, tmp_path):
    code, out, err = mathrl("solve", *TREES, "--json", "--quiet", "--out", "deep/solutions.jsonl")
    assert (code, err) == (0, "")
    (record,) = map(json.loads, out.splitlines())
    keys = ["id", "env", "reward", "agent", "value", "bound", "proved", "optimal", "evaluations", "seconds", "solution"]
    assert list(record) == keys
    assert (record["env"], record["reward"], record["agent"]) == ("graphs", "wagner-2.1", "cem")
    assert record["evaluations"] <= 2000
    assert (tmp_path / "deep/solutions.jsonl").read_text() == out
    assert mathrl("verify", "deep/solutions.jsonl")[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]


def test_train_json_is_nothing_but_json(mathrl):
    code, out, err = mathrl("train", *TREES, "--json", "--run", "run")
    assert (code, err) == (0, "")
    record = json.loads(out)
    assert record["value"] == json.loads(Path("run/solutions.jsonl").read_text().splitlines()[-1])["value"]


def test_out_that_cannot_be_written(mathrl, tmp_path):
    (tmp_path / "file").write_text("precious")
    code, _, err = mathrl("solve", *TREES, "--quiet", "--out", "file/solutions.jsonl")
    assert (code, is_one_sentence(err)) == (2, True)
    assert "cannot write file/solutions.jsonl" in err
    assert (tmp_path / "file").read_text() == "precious"


@pytest.mark.parametrize(
    "words", [["connected: lambda1 <= sqrt(n - 1) - 0.5"], ["reward=connected: lambda1 <= sqrt(n - 1) - 0.5"]]
)
def test_solve_a_formula_of_ones_own(mathrl, words):
    """The star refutes it; the reading of the formula is shown before the search."""
    code, out, err = mathrl("solve", "graphs", *words, "env.n=7", "--budget", "50k-evals", "--run", "run")
    assert (code, err) == (0, "")
    reading, _, found = out.partition("graph6: ")
    assert "for every connected graph: lambda1 <= sqrt(n - 1) - 0.5" in reading
    assert "the largest eigenvalue" in reading
    assert "counterexample, proved" in found
    assert mathrl("verify", "run")[0] == 0


def test_nothing_found_is_no_failure(mathrl):
    code, out, err = mathrl("solve", "graphs", "connected: lambda1 <= n - 1", "env.n=12", "--budget", "5k-evals")
    assert (code, err) == (0, "")
    assert "is not positive: no counterexample" in out
    assert "budget spent after" in out


def test_nothing_of_the_class_found_is_no_failure(mathrl):
    """A thousand random graphs on 30 vertices of which none is a tree."""
    words = ["tree: diameter <= 3", "random", "env.n=30", "--budget", "1k-evals", "--out", "none.jsonl"]
    code, out, err = mathrl("solve", "graphs", *words)
    assert (code, err) == (0, "")
    assert "nothing was found" in out
    assert Path("none.jsonl").read_text() == ""
    assert mathrl("verify", "none.jsonl")[0] == 1


def test_maximise_does_not_speak_of_conjectures(mathrl):
    code, out, err = mathrl("solve", "graphs", "maximise: m", "random", "env.n=5", "--budget", "3k-evals")
    assert (code, err) == (0, "")
    assert "maximise m" in out
    assert "conjecture" not in out


# ------------------------------------------------------------------------------------------------ a reward of a file


REWARDS = {
    "graph": """
        import networkx
        import mathrl

        @mathrl.reward("graphs", "test-leaves-graph")
        def leaves(graph: networkx.Graph) -> float:
            "The number of vertices of degree one."
            return sum(degree == 1 for _, degree in graph.degree)
    """,
    "batch": """
        import numpy as np
        from numpy.typing import NDArray
        import mathrl

        @mathrl.reward("graphs", "test-leaves-batch")
        def leaves(adjacency: NDArray[np.uint8]) -> NDArray[np.float64]:
            "The number of vertices of degree one."
            return (adjacency.sum(axis=1) == 1).sum(axis=1).astype(float)
    """,
}


def fresh(*words):
    """The command line in a process of its own: exit code, output, errors."""
    done = subprocess.run(
        [sys.executable, "-m", "mathrl", *map(str, words)], capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("kind", REWARDS)
def test_a_reward_of_a_file(mathrl, tmp_path, kind):
    """The star has most leaves: 6 of 7; the result is numeric, and says that it is not proved."""
    Path("leaves.py").write_text(textwrap.dedent(REWARDS[kind]))
    words = ["env.n=7", "env.moves=tree", "cem", "agent.mode=tabular", "agent.batch=200", "--budget", "5k-evals"]
    code, out, err = mathrl("solve", "graphs", "reward=leaves.py", *words, "--run", "run")
    assert (code, err) == (0, "")
    assert "The number of vertices of degree one." in out
    assert "score: 6" in out
    assert "numerically, not proved" in out
    best = json.loads(Path("run/solutions.jsonl").read_text().splitlines()[-1])
    assert (best["value"], best["proved"], best["reward"]) == (6, False, f"test-leaves-{kind}")
    graph = networkx.from_graph6_bytes(best["solution"]["graph6"].encode())
    assert sum(degree == 1 for _, degree in graph.degree) == 6
    star = graph6(networkx.star_graph(4))
    Path("graphs.g6").write_text(f"{star}\n")
    code, out, err = mathrl("score", "graphs", "reward=leaves.py", "graphs.g6", "--json", "--prove")
    assert (code, json.loads(out), err) == (0, {"id": star, "score": 4.0, "proved": False}, "")


def test_a_reward_of_a_file_in_a_new_process(tmp_path):
    """A run never executes a user's file by itself: it asks for --load."""
    Path("leaves.py").write_text(textwrap.dedent(REWARDS["graph"]) + "\nprint('I ran')\n")
    words = ["env.n=5", "env.moves=tree", "agent.mode=tabular", "agent.batch=50"]
    code, out, err = fresh(
        "train", "graphs", "cem", "reward=leaves.py", *words, "--budget", "200-evals", "--run", "run", "--quiet"
    )
    assert (code, err) == (0, "")
    assert "I ran" in out
    for command in (["verify", "run"], ["show", "run"], ["train", "--resume", "run", "--budget", "400-evals"]):
        code, out, err = fresh(*command)
        assert (code, is_one_sentence(err)) == (2, True), command
        assert "I ran" not in out
        assert "--load" in err
        assert "leaves.py" in err
        code, out, err = fresh(*command, "--load", "leaves.py")
        assert (code, err) == (0, ""), command
        assert "I ran" in out


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise RuntimeError('no idea')", "the reward 'test-broken' failed: RuntimeError: no idea"),
        ("return None", "the reward 'test-broken' failed: TypeError"),
        ("return [1, 2]", "the reward 'test-broken' failed"),
    ],
)
def test_a_reward_that_fails_is_one_sentence_and_leaves_no_run(mathrl, tmp_path, body, message):
    Path("broken.py").write_text(
        f'import mathrl, networkx\n@mathrl.reward("graphs", "test-broken")\ndef f(graph: networkx.Graph):\n    {body}\n'
    )
    code, _, err = mathrl("train", "graphs", "cem", "agent.mode=tabular", "env.n=5", "reward=broken.py", "--run", "run")
    assert (code, is_one_sentence(err)) == (2, True)
    assert message in err
    assert not Path("run").exists()


# ------------------------------------------------------------------------------------------------------- the process


def test_python_dash_m_mathrl():
    code, out, err = fresh("list", "envs")
    assert (code, err) == (0, "")
    assert out.startswith("environments\n")
    assert "\n  graphs " in out
    code, out, err = fresh("solve", "grpahs")
    assert (code, out, is_one_sentence(err)) == (2, "", True)


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    (tmp_path / "graphs.g6").write_text("D??\n" * 20_000)
    command = f"{sys.executable} -m mathrl score graphs 'm <= 3' graphs.g6 | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "D??  -3\n", "")


def test_output_that_is_no_terminal_has_no_colors():
    code, out, err = fresh("solve", *TREES)
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    assert os.sep not in out.splitlines()[0]
