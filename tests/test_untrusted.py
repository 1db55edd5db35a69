"""What is read, a run folder or a file of solutions, can neither execute code nor write outside its folder."""

from __future__ import annotations

import json

import pytest

from mathrl import checkpoint
from mathrl.errors import MathrlError
from mathrl.runs import RunFolder


@pytest.fixture
def canary(tmp_path, monkeypatch):
    """A file that leaves a trace when it is imported."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text("open('EXECUTED', 'w').close()\nPLUGIN = []\n")
    return tmp_path / "EXECUTED"


@pytest.mark.parametrize("verb", ["verify", "show"])
def test_a_record_that_names_a_file_does_not_import_it(mathrl, canary, tmp_path, verb):
    (tmp_path / "s.jsonl").write_text(json.dumps({"env": "evil.py", "reward": "x", "value": 1, "solution": {}}) + "\n")
    code, _, _ = mathrl(verb, "s.jsonl")
    assert code in (1, 2)
    assert not canary.exists()


@pytest.mark.parametrize(("env", "agent"), [("evil.py", "cem"), ("graphs", "evil.py")])
def test_a_configuration_that_names_a_file_does_not_import_it(mathrl, canary, tmp_path, env, agent):
    (tmp_path / "c.toml").write_text(f'[env]\nname = "{env}"\n[agent]\nname = "{agent}"\n')
    code, _, err = mathrl("train", "--config", "c.toml")
    assert code == 2
    assert "--load" in err
    assert not canary.exists()


def test_a_checkpoint_does_not_delete_the_lock(tmp_path):
    """Two runs in one folder are refused also after the first checkpoint."""
    tables = {"env": {"name": "graphs"}, "agent": {"name": "cem"}, "run": {}}
    folder = RunFolder.create(tmp_path / "run", tables)
    checkpoint.save(tmp_path / "run" / "checkpoint", 1, {"a": 1})
    with pytest.raises(MathrlError, match="in use"):
        RunFolder.open(tmp_path / "run")
    folder.close()


def test_a_folder_called_like_an_agent_is_not_that_agent(mathrl, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "random").mkdir()
    code, _, err = mathrl("solve", "graphs", "random", "env.n=5", "--budget", "100-evals", "--quiet")
    assert (code, err) == (0, "")


def test_the_name_of_a_picture_stays_in_its_folder(mathrl, tmp_path, monkeypatch):
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    mathrl("solve", "graphs", "random", "env.n=5", "--budget", "100-evals", "--quiet", "--run", "r")
    file = tmp_path / "inner" / "r" / "solutions.jsonl"
    record = json.loads(file.read_text().splitlines()[-1])
    file.write_text(json.dumps({**record, "id": "../../../ESCAPED"}) + "\n")
    assert mathrl("show", "r")[0] == 0
    assert not list(tmp_path.glob("*.png"))
