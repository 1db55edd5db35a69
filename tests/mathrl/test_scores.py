"""`mathrl score` on any family: malformed lines are told and passed over, and hits are what refutes."""

from __future__ import annotations

import json
import textwrap

import pytest

from mathrl import registry

# A family whose objects are numbers; the text of a line says what its row is: its score, proved or not, or malformed.
FAMILY = """
    from dataclasses import dataclass

    import mathrl


    @dataclass(frozen=True)
    class Config:
        claim: str = mathrl.knob("", "unused")


    def score(config, lines, source, prove):
        for number, line in enumerate(lines, 1):
            value, _, proved = line.strip().partition(" ")
            try:
                row = {"id": value, "score": None if value == "-inf" else float(value)}
            except ValueError:
                yield {"id": value, "score": None, "proved": None, "error": f"{source}, line {number}: no number"}
            else:
                yield {**row, "proved": {"proved": True, "open": False}.get(proved)}


    PLUGIN = mathrl.EnvPlugin("numbers", mathrl.SearchEnv, Config, lambda record: None, "numbers", score=score)
"""


@pytest.fixture
def score(mathrl, tmp_path, monkeypatch):
    """score(lines, option, ...): exit code, standard output, standard error."""
    monkeypatch.setattr(registry, "_files", {})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "numbers.py").write_text(textwrap.dedent(FAMILY))

    def call(lines, *options):
        (tmp_path / "some.txt").write_text("\n".join(lines) + "\n")
        return mathrl("score", "numbers.py", "some.txt", *options)

    return call


def test_whole_files_exit_0(score):
    assert score(["1.5", "-inf", "2 proved", "3 open"]) == (
        0,
        "1.5  1.5\n-inf  -inf\n2  2  proved\n3  3  not proved\n",
        "",
    )


def test_a_malformed_line_is_told_and_the_rest_is_scored(score):
    """The exit code says that something was left out; what is not malformed is complete and in order."""
    code, out, err = score(["1", "x", "2"])
    assert (code, out) == (2, "1  1\n2  2\n")
    assert err == "mathrl: some.txt, line 2: no number\n"


@pytest.mark.parametrize("count", [5, 6, 300])
def test_many_malformed_lines_are_counted(score, count):
    """The first five are shown."""
    code, out, err = score(["x", "1"] * count)
    assert (code, out) == (2, "1  1\n" * count)
    lines = err.splitlines()
    assert lines[:5] == [f"mathrl: some.txt, line {2 * index + 1}: no number" for index in range(5)]
    assert lines[5:] == ([f"mathrl: {count} malformed lines in all"] if count > 5 else [])


def test_json_has_a_row_for_every_line(score):
    """Also for a malformed one, so that row k is line k; `--only positive` has hits alone."""
    code, out, err = score(["1", "x", "2"], "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (code, err.count("\n")) == (2, 1)
    assert [(row["score"], "error" in row) for row in rows] == [(1.0, False), (None, True), (2.0, False)]
    code, out, _ = score(["1", "x", "-2"], "--json", "--only", "positive")
    assert code == 2
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["1"]


def test_only_positive_keeps_what_refutes(score):
    """Positive scores beyond rounding, and proved ones however small: equality refutes a strict claim."""
    kept = ["0.5", "0.5 open", "0.5 proved", "1e-12 proved", "0 proved", "1e-8"]
    lost = ["0", "0 open", "-1 proved", "-inf", "1e-15", "4e-16 open"]
    code, out, err = score([*kept, *lost], "--only", "positive")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == [line.split()[0] for line in kept]
