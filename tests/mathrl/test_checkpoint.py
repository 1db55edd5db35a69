"""A checkpoint comes back as it was saved, or not at all: whole, and without running anything."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import torch

from mathrl import checkpoint
from mathrl.errors import MathrlError


def nested(seed=0):
    """Something of every kind, three levels deep."""
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    return {
        "agent": {
            "net": {
                "first.weight": torch.randn(5, 3, generator=generator),
                "half": torch.randn(4, generator=generator).half(),
                "step": torch.tensor(7.0),
                "flags": torch.tensor([True, False]),
                "transposed": torch.randn(3, 2, generator=generator).t(),
            },
            "words": rng.integers(-1, 5, (6, 4)),
            "scores": np.array([1.5, -np.inf, np.nan]),
            "empty": np.zeros((0, 3), np.int16),
            "scalar": np.array(2.5),
            "mask": np.array([True, False]),
            "best": -np.inf,
            "count": 2**60,
            "name": "cem",
            "nothing": None,
            "list": [1, [2, 3], {"deep": "yes"}],
            "moments": {},
        },
        "run": {"generation": seed, "evaluations": 10**12},
    }


def assert_equal(found, saved):
    """Equal in structure, kinds, shapes and every bit; -inf and NaN included."""
    assert type(found) is type(saved)
    if isinstance(saved, dict):
        assert found.keys() == saved.keys()
        for name in saved:
            assert_equal(found[name], saved[name])
    elif isinstance(saved, torch.Tensor):
        assert (found.dtype, found.shape) == (saved.dtype, saved.shape)
        assert torch.equal(found, saved)
    elif isinstance(saved, np.ndarray):
        assert (found.dtype, found.shape) == (saved.dtype, saved.shape)
        assert found.tobytes() == saved.tobytes()
    else:
        assert found == saved


def test_round_trip_of_nested_tensors_arrays_and_values(tmp_path):
    checkpoint.save(tmp_path / "checkpoint", 12, nested(), finished=None, elapsed_seconds=1.25)
    assert_equal(checkpoint.load(tmp_path / "checkpoint"), nested())
    head = checkpoint.head(tmp_path / "checkpoint")
    assert (head["number"], head["finished"], head["elapsed_seconds"]) == (12, None, 1.25)
    assert sorted(head["files"]) == ["12.json", "12.npz", "12.safetensors"]


def test_the_same_state_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        checkpoint.save(tmp_path / name, 3, nested())
    for file in sorted((tmp_path / "a").iterdir()):
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name


def test_only_the_latest_is_kept_and_files_without_content_are_not_written(tmp_path):
    folder = tmp_path / "checkpoint"
    checkpoint.save(folder, 1, nested())
    checkpoint.save(folder, 2, {"agent": {"table": np.ones(3)}})
    assert {file.name for file in folder.iterdir()} == {"2.json", "2.npz", "latest.json"}
    checkpoint.save(folder, 3, {"agent": {"best": 1.0}})
    assert {file.name for file in folder.iterdir()} == {"3.json", "latest.json"}
    assert checkpoint.load(folder) == {"agent": {"best": 1.0}}


def test_no_checkpoint_yet(tmp_path):
    assert checkpoint.head(tmp_path) is None
    with pytest.raises(MathrlError, match="has no checkpoint yet"):
        checkpoint.load(tmp_path)


FILES = ("4.json", "4.npz", "4.safetensors")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("harm", ["missing", "empty", "half", "shifted", "noise", "folder"])
def test_a_damaged_file_is_one_sentence(tmp_path, name, harm):
    checkpoint.save(tmp_path, 4, nested())
    file = tmp_path / name
    whole = file.read_bytes()
    file.unlink()
    if harm == "folder":
        file.mkdir()
    elif harm != "missing":
        noise = np.random.default_rng(0).bytes(len(whole))
        file.write_bytes(
            {"empty": b"", "half": whole[: len(whole) // 2], "shifted": b"x" + whole, "noise": noise}[harm]
        )
    with pytest.raises(MathrlError, match=f"{name} is missing or damaged") as refused:
        checkpoint.load(tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["4.npz", "4.safetensors"])
def test_every_truncation_is_noticed(tmp_path, name):
    checkpoint.save(tmp_path, 4, nested())
    whole = (tmp_path / name).read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 40)):
        (tmp_path / name).write_bytes(whole[:length])
        with pytest.raises(MathrlError, match="missing or damaged"):
            checkpoint.load(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '"4"',
        '{"files": []}',
        '{"number": 4}',
        '{"number": "4", "files": []}',
        '{"number": 4, "files": 3}',
        '{"number": 4, "files": [7]}',
        '{"number": 4, "files": ["../secret.json"]}',
        '{"number": 4, "files": ["/etc/passwd"]}',
    ],
)
def test_a_damaged_latest_json_is_one_sentence(tmp_path, content):
    checkpoint.save(tmp_path, 4, nested())
    (tmp_path / "latest.json").write_text(content)
    for read in (checkpoint.head, checkpoint.load):
        with pytest.raises(MathrlError, match=r"latest.json is damaged"):
            read(tmp_path)


def test_latest_json_that_is_no_text(tmp_path):
    (tmp_path / "latest.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MathrlError, match=r"latest.json is damaged"):
        checkpoint.head(tmp_path)


@pytest.mark.parametrize("content", ["[]", "3", '"text"', "null"])
def test_values_that_are_no_object(tmp_path, content):
    checkpoint.save(tmp_path, 4, {"agent": {"best": 1.0}})
    (tmp_path / "4.json").write_text(content)
    with pytest.raises(MathrlError, match=r"4.json is missing or damaged"):
        checkpoint.load(tmp_path)


class Trap:
    """Unpickling it would leave a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_an_array_of_objects_is_refused_and_does_not_run(tmp_path):
    folder, trace = tmp_path / "checkpoint", tmp_path / "trace"
    checkpoint.save(folder, 4, {"agent": {"table": np.ones(3)}})
    np.savez(folder / "4.npz", **{"agent/table": np.array([Trap(trace)], dtype=object)})
    with pytest.raises(MathrlError, match=r"4.npz is missing or damaged"):
        checkpoint.load(folder)
    assert not trace.exists()


@pytest.mark.parametrize("name", FILES)
def test_a_pickle_in_place_of_a_file_is_refused_and_does_not_run(tmp_path, name):
    folder, trace = tmp_path / "checkpoint", tmp_path / "trace"
    checkpoint.save(folder, 4, nested())
    (folder / name).write_bytes(pickle.dumps(Trap(trace)))
    with pytest.raises(MathrlError, match="missing or damaged"):
        checkpoint.load(folder)
    assert not trace.exists()


def test_a_state_that_cannot_be_written_leaves_the_old_checkpoint(tmp_path):
    checkpoint.save(tmp_path, 1, nested(1))
    for broken in ({"agent": {"thing": object()}}, nested(2) | {"last": {"array": np.ones(2), "thing": {1}}}):
        with pytest.raises(TypeError):
            checkpoint.save(tmp_path, 2, broken)
        assert_equal(checkpoint.load(tmp_path), nested(1))


def test_an_array_of_objects_is_not_pickled(tmp_path):
    """What could not be loaded again is refused when it is saved, by its name."""
    checkpoint.save(tmp_path, 1, nested(1))
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    for array in (np.array([1, "two", None]), np.array([(1, None)], dtype=[("a", int), ("b", object)])):
        with pytest.raises(MathrlError, match="'agent/words' is an array of Python objects"):
            checkpoint.save(tmp_path, 2, nested(2) | {"agent": {"words": array}})
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_an_error_while_writing_leaves_the_old_file_and_nothing_else(tmp_path):
    file = tmp_path / "table.csv"
    checkpoint.write_atomically(file, b"old")
    with pytest.raises(TypeError):
        checkpoint.write_atomically(file, "not bytes")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
    checkpoint.write_atomically(file, b"new")
    assert file.read_bytes() == b"new"


def test_a_power_cut_after_a_write_finds_the_new_file(tmp_path, monkeypatch):
    """The content is flushed before the rename, and the folder that now has another name in it after."""
    flushed, flush = [], os.fsync

    def watched(descriptor):
        flushed.append((os.fstat(descriptor).st_ino, (tmp_path / "a").exists()))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    checkpoint.write_atomically(tmp_path / "a", b"new")
    assert flushed == [((tmp_path / "a").stat().st_ino, False), (tmp_path.stat().st_ino, True)]


def test_left_overs_of_an_interrupted_write_do_not_hurt(tmp_path):
    checkpoint.save(tmp_path, 1, nested(1))
    for name in (".2.json.partial", ".2.npz.partial", ".latest.json.partial", "2.npz"):
        (tmp_path / name).write_bytes(b"half of some")
    assert_equal(checkpoint.load(tmp_path), nested(1))
    checkpoint.save(tmp_path, 2, nested(2))
    assert_equal(checkpoint.load(tmp_path), nested(2))
    assert {file.name for file in tmp_path.iterdir()} == {"2.json", "2.npz", "2.safetensors", "latest.json"}


def test_no_file_goes_through_another_one_of_a_random_name(tmp_path, monkeypatch):
    """What is renamed has the name of its file, so that what a kill leaves behind is deleted by the next save."""
    renamed, rename = [], os.replace
    monkeypatch.setattr(os, "replace", lambda old, new: (renamed.append((old.name, new.name)), rename(old, new)))
    checkpoint.save(tmp_path, 1, {"weight": torch.ones(2), "words": np.ones(2), "count": 3})
    assert len(renamed) == 4
    assert all(old == f".{new}.partial" for old, new in renamed)
    modes = {(tmp_path / new).stat().st_mode for _, new in renamed}
    assert len(modes) == 1  # safetensors' own temporary file would be private


def test_a_process_killed_while_saving_leaves_a_whole_checkpoint(tmp_path):
    """Killed at arbitrary moments of an endless series of checkpoints, the folder always holds a whole one."""
    folder = tmp_path / "checkpoint"
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        import numpy as np
        from mathrl import checkpoint
        number = int(sys.argv[2])
        while True:
            number += 1
            checkpoint.save(Path(sys.argv[1]), number, {"agent": {"table": np.full(200_000, number), "number": number}})
    """)
    number = 0
    for wait in (0.0, 0.013, 0.031, 0.05):
        process = subprocess.Popen([sys.executable, "-c", script, str(folder), str(number)])
        try:
            deadline = time.monotonic() + 60
            while number == (number_of(folder) or 0):
                assert process.poll() is None
                assert time.monotonic() < deadline
            time.sleep(wait)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        state = checkpoint.load(folder)["agent"]
        assert state["number"] == number_of(folder) > number
        assert (state["table"] == state["number"]).all()
        assert len(state["table"]) == 200_000
        number = state["number"]


def number_of(folder):
    head = checkpoint.head(folder)
    return None if head is None else head["number"]


def test_json_files_are_json(tmp_path):
    checkpoint.save(tmp_path, 1, {"run": {"generation": 3, "name": "x"}})
    assert json.loads((tmp_path / "1.json").read_text()) == {"run/generation": 3, "run/name": "x"}
