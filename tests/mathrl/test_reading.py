"""What is read of records that others wrote: odd numbers, odd line ends, and nothing that stops a command."""

from __future__ import annotations

import json

import pytest

import mathrl as package
from mathrl.errors import MathrlError
from mathrl.runs import read_solutions


def record(**fields):
    return {"env": "sidon", "reward": "size", "value": 3, "solution": {"top": 4, "marks": [1, 2, 4]}, **fields}


@pytest.mark.parametrize("verb", ["verify", "show"])
@pytest.mark.parametrize("value", [10**400, -(10**400)])
def test_a_value_beyond_floating_point_is_one_sentence(mathrl, plugins, tmp_path, verb, value):
    (tmp_path / "s.jsonl").write_text(json.dumps(record(value=value)) + "\n")
    code, out, err = mathrl(verb, tmp_path / "s.jsonl", "--load", plugins / "sidon.py")
    assert code in (1, 2)
    assert "beyond the range of floating-point numbers" in out + err
    with pytest.raises(MathrlError, match="beyond the range"):
        package.Solution.from_json(record(value=value))


def test_lines_end_at_line_feeds_alone(mathrl, plugins, tmp_path):
    """U+2028 and its kin are characters of a text, and not ends of lines as str.splitlines has it."""
    file = tmp_path / "s.jsonl"
    odd = "a\u2028b\u2029c\u0085d"
    file.write_text(json.dumps(record(id=odd), ensure_ascii=False) + "\r\n" + json.dumps(record(id="e")))
    assert [one["id"] for one in read_solutions(file)] == [odd, "e"]
    code, out, _ = mathrl("verify", file, "--load", plugins / "sidon.py", "--json")
    assert code == 0
    assert [json.loads(line)["id"] for line in out.strip().split("\n")] == [odd, "e"]
