"""A run killed at any instant and resumed gives what the uninterrupted run gives, bit for bit."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time

import pytest

CLOCK = re.compile(r"_seconds$|_per_s$")
TABULAR = ["graphs", "cem", "env.n=8", "env.moves=tree", "agent.mode=tabular", "agent.batch=100", "agent.tasks=3"]
MEMORY = ["graphs", "cem", "env.n=7", "agent.mode=memory", "agent.batch=60", "agent.hidden=16,8", "agent.memory=20"]


def start(folder, words, budget, checkpoint_seconds):
    """The command line in a process of its own, with a checkpoint every so many seconds."""
    options = ["--run", str(folder), "--budget", budget, "--quiet", "--device", "cpu"]
    command = [sys.executable, "-m", "mathrl", "train", *words, *options]
    environment = os.environ | {"MATHRL_CHECKPOINT_SECONDS": str(checkpoint_seconds)}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)


def finish(folder, words, budget, checkpoint_seconds=1e9):
    process = start(folder, words, budget, checkpoint_seconds)
    _, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")


def lines(file):
    return file.read_bytes().count(b"\n") if file.exists() else 0


def kill_after(process, file, count, pause):
    """SIGKILL once the file has more than `count` rows and `pause` seconds have passed; False if the run was faster."""
    deadline = time.monotonic() + 120
    while lines(file) <= count and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    time.sleep(pause)
    ended = process.poll() is not None
    process.kill()
    _, err = process.communicate()
    assert err == ""
    return not ended


def result(folder):
    """What must not depend on interruptions: every file of the run but for seconds, and the checkpoint's bytes."""

    def read(name, clock):
        return [
            {key: value for key, value in json.loads(line).items() if not re.search(clock, key)}
            for line in (folder / name).read_text().splitlines()
        ]

    checkpoint = {file.name: file.read_bytes() for file in (folder / "checkpoint").iterdir() if file.name != ".lock"}
    latest = json.loads(checkpoint.pop("latest.json"))
    del latest["elapsed_seconds"], latest["bytes"]  # what the clock says has no fixed width
    return {
        "metrics": read("metrics.jsonl", CLOCK),
        "solutions": read("solutions.jsonl", r"^seconds$"),
        "checkpoint": checkpoint,
        "latest": latest,
    }


@pytest.mark.parametrize(
    ("words", "generations", "kills", "checkpoint_seconds"),
    [(TABULAR, 600, 4, 0.0), (TABULAR, 600, 2, 0.2), (MEMORY, 100, 2, 0.0)],
    ids=["tabular", "tabular, rare checkpoints", "memory"],
)
def test_killed_and_resumed_equals_uninterrupted(tmp_path, words, generations, kills, checkpoint_seconds):
    batch = int(next(word for word in words if word.startswith("agent.batch=")).split("=")[1])
    budget = f"{generations * batch}-evals"
    whole = start(tmp_path / "whole", words, budget, 1e9)  # beside the other, on a core of its own
    folder, chance = tmp_path / "killed", random.Random(kills)
    metrics = folder / "metrics.jsonl"
    killed = 0
    for number in range(kills):
        share = (number + chance.random()) / (kills + 1)
        process = start(folder, words, budget, checkpoint_seconds)
        killed += kill_after(process, metrics, max(lines(metrics), int(share * generations)), chance.random() * 0.01)
    assert killed >= 1
    finish(folder, words, budget)
    _, err = whole.communicate(timeout=120)
    assert (whole.returncode, err) == (0, "")
    assert result(folder) == result(tmp_path / "whole")
    assert lines(metrics) == generations


def test_killed_before_the_first_checkpoint(tmp_path):
    """The run begins again, and what it had written is cut."""
    process = start(tmp_path / "killed", TABULAR, "10k-evals", 1e9)
    assert kill_after(process, tmp_path / "killed/metrics.jsonl", 3, 0.0)
    assert not (tmp_path / "killed/checkpoint/latest.json").exists()
    for folder in ("killed", "whole"):
        finish(tmp_path / folder, TABULAR, "10k-evals")
    assert result(tmp_path / "killed") == result(tmp_path / "whole")


def test_killed_while_the_folder_is_made(tmp_path):
    """Whatever instant of the start is hit, the same command line then does the whole run."""
    folder, chance = tmp_path / "killed", random.Random(5)
    for _ in range(3):
        process = start(folder, TABULAR, "10k-evals", 0.0)
        deadline = time.monotonic() + 120
        while not any(tmp_path.iterdir()) and process.poll() is None:
            assert time.monotonic() < deadline
        time.sleep(chance.random() * 0.002)
        process.kill()
        _, err = process.communicate()
        assert err == ""
    for name in ("killed", "whole"):
        finish(tmp_path / name, TABULAR, "10k-evals")
    assert result(folder) == result(tmp_path / "whole")
