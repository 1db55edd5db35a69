"""Checkpoints: nested dictionaries of tensors, arrays and JSON values on disk, in formats that cannot execute code.

A checkpoint is a set of files `<number>.json|npz|safetensors`; `latest.json` names the current number and is replaced
atomically once the others are safe on disk, so a run killed at any instant finds a whole checkpoint.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mathrl.errors import MathrlError

OWN = re.compile(r"\.?\d+\.(json|npz|safetensors)(\.partial)?")  # what a checkpoint may delete: not the lock, say


def save(folder: Path, number: int, state: Mapping[str, Any], **head: Any) -> None:
    """Write `state` as checkpoint `number`, then make it the latest; `head` goes into latest.json beside the number."""
    folder.mkdir(exist_ok=True)
    tensors: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    values: dict[str, Any] = {}
    torch = sys.modules.get("torch")  # without torch there are no tensors
    for name, part in flatten(state):
        if torch is not None and isinstance(part, torch.Tensor):
            tensors[name] = part.detach().cpu().contiguous()
        elif isinstance(part, np.ndarray):
            if part.dtype.hasobject:  # numpy would pickle it
                raise MathrlError(f"the state '{name}' is an array of Python objects, which a checkpoint cannot hold")
            arrays[name] = part
        else:
            values[name] = part
    files = [f"{number}.json"]
    write_atomically(folder / files[0], json.dumps(values, allow_nan=True, sort_keys=True).encode())
    if arrays:
        files.append(f"{number}.npz")
        with _aside(folder / files[-1]) as path, path.open("wb") as file:
            np.savez(file, **arrays)
    if tensors:
        from safetensors.torch import save as serialize

        # safetensors' own save_file goes through a file of a random name, which a kill would leave here for ever
        files.append(f"{number}.safetensors")
        write_atomically(folder / files[-1], serialize(tensors))
    write_atomically(folder / "latest.json", json.dumps({"number": number, "files": files, **head}).encode())
    for old in folder.iterdir():
        if OWN.fullmatch(old.name) and old.name not in files:
            old.unlink()


def head(folder: Path) -> dict[str, Any] | None:
    """latest.json, or None if no checkpoint was written yet."""
    path = folder / "latest.json"
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text())
        assert isinstance(found["number"], int)
        assert all(isinstance(name, str) and "/" not in name for name in found["files"])
    except (ValueError, KeyError, TypeError, AssertionError):
        raise MathrlError(f"{path} is damaged; it does not name a checkpoint") from None
    return dict(found)


def load(folder: Path) -> dict[str, Any]:
    """The latest checkpoint's state; MathrlError if a file is missing or damaged."""
    latest = head(folder)
    if latest is None:
        raise MathrlError(f"{folder.parent} has no checkpoint yet")
    flat: dict[str, Any] = {}
    for name in latest["files"]:
        path = folder / name
        try:
            if path.suffix == ".json":
                flat.update(**json.loads(path.read_text()))  # TypeError unless it is an object
            elif path.suffix == ".npz":
                with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                    flat.update({key: arrays[key] for key in arrays.files})
            else:
                from safetensors.torch import load_file

                flat.update(load_file(path))
        except Exception as error:  # each format has its own errors for the same fact
            raise MathrlError(f"{path} is missing or damaged ({type(error).__name__})") from None
    return nest(flat)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` by `content`: written aside, flushed to disk, renamed."""
    with _aside(path) as aside:
        aside.write_bytes(content)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut, where the system can."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:  # some network file systems cannot; the rename itself is done
        pass
    finally:
        os.close(descriptor)


class _aside:
    """A path to write to that takes the place of `path` on leaving without an error."""

    def __init__(self, path: Path) -> None:
        self.path, self.aside = path, path.with_name(f".{path.name}.partial")

    def __enter__(self) -> Path:
        return self.aside

    def __exit__(self, error: type[BaseException] | None, *rest: object) -> None:
        if error is None:
            descriptor = os.open(self.aside, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
            os.replace(self.aside, self.path)
            sync_folder(self.path.parent)
        else:
            self.aside.unlink(missing_ok=True)


def flatten(state: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, part in state.items():
        if isinstance(part, Mapping) and part:
            yield from flatten(part, f"{prefix}{name}/")
        else:
            yield prefix + name, part


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, part in flat.items():
        *path, last = name.split("/")
        level = nested
        for step in path:
            level = level.setdefault(step, {})
        level[last] = part
    return nested
