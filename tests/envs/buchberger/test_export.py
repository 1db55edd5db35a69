"""Exports: what they hold is the basis and the generators, read back; the script refuses what is false."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mathrl.envs.buchberger.export import EXPORTS, SAME, to_check, to_generators, to_jsonl, to_ms, to_singular
from mathrl.envs.buchberger.files import read_ideals
from mathrl.envs.buchberger.opinions import singular
from mathrl.envs.buchberger.referee import FIELDS
from mathrl.errors import MathrlError

from .reference import record

DATA = Path(__file__).parents[2] / "data/buchberger"
IDEALS = {entry["id"]: entry for entry in map(json.loads, (DATA / "ideals.jsonl").read_text().splitlines())}
NAMES = ["cyclic-3", "3-20-10-weighted#9", "3-5-5-uniform-consts#0", "noon-4"]
ZERO = {"n": 2, "field": 7, "F": []}


def true_record(name):
    return json.loads(json.dumps(record(IDEALS.get(name, ZERO)))) | {"id": name}


def read_back(text, file):
    file.write_text(text)
    (ideal,) = read_ideals(file)
    return ideal


@pytest.mark.parametrize("name", NAMES)
def test_msolve_and_json_files_hold_basis_and_generators(name, tmp_path):
    """Read again by the readers of user files, term by term."""
    made = true_record(name)
    solution = made["solution"]
    for text, file, part in (
        (to_ms(made), "basis.ms", "basis"),
        (to_jsonl(made), "basis.jsonl", "basis"),
        (to_generators(made), "generators.ms", "F"),
    ):
        ideal = read_back(text, tmp_path / file)
        assert (list(ideal.variables), ideal.field) == (solution["variables"], solution["field"])
        assert ideal.generators() == solution[part]


def test_msolve_files_have_three_parts():
    """Variables, characteristic, polynomials with commas between; the zero ideal is 0."""
    variables, field, *polynomials = to_ms(true_record("cyclic-3")).splitlines()
    assert (variables, field) == ("x1, x2, x3", "32003")
    assert polynomials == ["x1 + x2 + x3,", "x2^2 + x2*x3 + x3^2,", "x3^3 - 1"]
    assert to_ms(true_record("zero")).splitlines()[2:] == ["0"]


# ----------------------------------------------------------------------------------------------- a referee's script


def run(script, folder):
    """Exit code and lines of a script that sees the standard library only."""
    (folder / "check.py").write_text(script)
    done = subprocess.run([sys.executable, "-I", "-S", "check.py"], capture_output=True, text=True, cwd=folder)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("name", [*NAMES, "zero"])
def test_scripts_accept_true_records(name, tmp_path):
    """Without mathrl, numpy or any installed package; the numbers are the reference's."""
    code, lines = run(to_check(true_record(name)), tmp_path)
    assert (code, lines[-1]) == (0, "checked: all of it holds")
    known = IDEALS[name]["strategies"]["gm"]["degree"] if name in IDEALS else {"pairs": 0, "additions": 0}
    assert any(f": {known['pairs']} pairs" in line for line in lines)
    assert any(f"cost: {known['additions']} additions" in line for line in lines)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("'additions': 4,", "'additions': 3,", "the additions are 4, not 3"),
        ("'value': -4.0", "'value': -3.0", "the recorded value -3 is wrong"),
        ("[[0, 1], [0, 2]]", "[[0, 1]]", "1 pairs are still pending"),
        ("'gm'", "'none'", "still pending"),
        ("'x1', 'x2', 'x3'", "'x1', 'x1', 'x3'", "the variables are not n = 3 different names"),
        ("'reward':", "'price':", "the record is malformed (KeyError: 'reward')"),
        ("'n': 3", "'m': 3", "has no field 'n'"),
    ],
)
def test_scripts_refuse_false_records(old, new, sentence, tmp_path):
    """A forged record inside a script: exit 1, and the last line says why."""
    script = to_check(true_record("cyclic-3"))
    assert script.count(old) == 1
    code, lines = run(script.replace(old, new), tmp_path)
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith("refused: ")
    assert sentence in lines[0]


def test_scripts_hold_what_is_checked_and_nothing_else():
    """Reward, value and the fields of the solution; other text of a record does not reach the script."""
    made = true_record("cyclic-3")
    script = to_check(made | {"id": "'''\nimport os", "agent": "evil"})
    assert "evil" not in script
    assert "import os" not in script
    assert script == to_check(made)
    assert all(f"'{name}': " in script for name in FIELDS)
    assert "mathrl" not in script.replace("mathrl show", "").replace("`mathrl", "")
    made["solution"]["additions"] = 3
    with pytest.raises(MathrlError, match="the additions are 4, not 3"):
        to_check(made)


def test_the_script_without_a_record_says_so():
    """What referee.py prints by itself."""
    done = subprocess.run(
        [sys.executable, "-m", "mathrl.envs.buchberger.referee"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout[:14]) == (1, "no record here")


# --------------------------------------------------------------------------------------------------------- Singular


def test_singular_scripts_name_the_variables_safely():
    """One letter with digits is never a command of Singular; other names become x(1), x(2), ..., and a comment."""
    made = true_record("cyclic-3")
    assert "ring polynomials = 32003, (x1, x2, x3), dp;" in to_singular(made)
    assert "ideal claimed = x1 + x2 + x3,\n  x2^2 + x2*x3 + x3^2,\n  x3^3 - 1;" in to_singular(made)
    made["solution"]["variables"] = ["std", "ring", "quit"]
    script = to_singular(made)
    assert "ring polynomials = 32003, (x(1), x(2), x(3)), dp;" in script
    assert "// x(1), x(2), ... are std, ring, quit" in script
    assert "x(3)^3 - 1" in script
    assert "std +" not in script


@pytest.mark.skipif(singular() is None, reason="Singular is not installed")
@pytest.mark.parametrize("variables", [["x1", "x12", "x"], ["i", "R", "e"], ["std", "ring", "quit"], ["x_1", "_", "d"]])
def test_singular_agrees_whatever_the_variables_are_called(variables):
    """The script's own words are not taken for variables, nor the other way round."""
    made = true_record("cyclic-3")
    made["solution"]["variables"] = variables
    done = subprocess.run([singular(), "-q"], input=to_singular(made), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [SAME]


@pytest.mark.skipif(singular() is None, reason="Singular is not installed")
@pytest.mark.parametrize("field", [2, 7, 2**31 - 1])
def test_singular_agrees_in_other_fields(field):
    """From the smallest to the largest."""
    given = {"n": 2, "field": field, "F": [[[1, [2, 1]], [field - 1, [1, 0]]], [[1, [1, 2]], [1, [0, 0]]]]}
    done = subprocess.run(
        [singular(), "-q"], input=to_singular(record(given)), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [SAME]


def test_malformed_records_have_no_exports():
    """A sentence, whatever the format."""
    made = true_record("cyclic-3")
    made["solution"]["variables"] = ["x;", "y", "z"]
    for form in EXPORTS.values():
        with pytest.raises(MathrlError, match="not a plain name"):
            form(made)
