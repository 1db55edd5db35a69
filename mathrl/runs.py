"""Run folders: what a run leaves behind, complete from the first instant and safe to continue after any kill.

config.toml      everything that replays the run        metrics.jsonl    one row a generation
env.json         versions, processor, GPU               solutions.jsonl  every new best, verified
checkpoint/      safetensors, npz, JSON                 plots/           pictures
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import sys
import time
import tomllib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

import tomli_w

from mathrl import checkpoint
from mathrl.errors import MathrlError

Config = dict[str, dict[str, Any]]  # the tables env, agent and run of config.toml


def fresh_path(env: str, agent: str, seed: int, parent: Path = Path("runs")) -> Path:
    """`runs/<time>-<env>-<agent>-<seed>`, with a count at the end if that is taken."""
    stem = f"{time.strftime('%Y%m%d-%H%M%S')}-{Path(env).stem}-{Path(agent).stem}-{seed}"
    path, count = parent / stem, 2
    while path.exists():
        path, count = parent / f"{stem}-{count}", count + 1
    return path


class RunFolder:
    """One run's folder, held by a lock for as long as it is open; use `create` or `open`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = (path / "checkpoint" / ".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise MathrlError(f"{path} is in use by another run") from None
        self._files: dict[str, IO[str]] = {}

    @classmethod
    def create(cls, path: Path, config: Config) -> RunFolder:
        """A new folder; it appears complete, by one rename."""
        aside = path.parent / f".{path.name}.{os.getpid()}.partial"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir()
            for name in ("checkpoint", "plots"):
                (aside / name).mkdir()
            (aside / "config.toml").write_text(tomli_w.dumps(config))
            (aside / "env.json").write_text(json.dumps(machine(), indent=1) + "\n")
            for name in ("metrics.jsonl", "solutions.jsonl"):
                (aside / name).touch()
            aside.rename(path)
        except (FileExistsError, NotADirectoryError):
            below = next(parent for parent in path.parents if parent.exists())
            raise MathrlError(f"cannot write the run folder {path}: {below} is not a folder") from None
        except OSError as error:
            shutil.rmtree(aside, ignore_errors=True)
            raise MathrlError(f"cannot write the run folder {path}: {error.strerror or error}") from None
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """An existing run folder; MathrlError if it is something else."""
        read_config(path)
        try:
            (path / "checkpoint").mkdir(exist_ok=True)
            return cls(path)
        except OSError as error:
            raise MathrlError(f"cannot write to the run folder {path}: {error.strerror or error}") from None

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files = {}
        self._lock.close()

    def append(self, name: str, row: Mapping[str, Any]) -> None:
        """Add one JSON line to metrics.jsonl or solutions.jsonl."""
        if name not in self._files:
            self._files[name] = (self.path / name).open("a")
        self._files[name].write(json.dumps(row, allow_nan=False) + "\n")
        self._files[name].flush()

    def read(self, name: str, rows: int) -> list[dict[str, Any]]:
        """The first `rows` rows of a JSON Lines file, the ones that the checkpoint knows."""
        path = self.path / name
        lines = path.read_bytes().splitlines() if path.exists() else []
        if len(lines) < rows:
            raise MathrlError(
                f"{path} has {len(lines)} rows where the checkpoint has {rows}; the run folder is truncated"
            )
        try:
            found = [json.loads(line) for line in lines[:rows]]
        except ValueError:
            raise MathrlError(f"{path} is damaged") from None
        if not all(isinstance(row, dict) for row in found):
            raise MathrlError(f"{path} is damaged")
        return found

    def cut(self, name: str, rows: int) -> None:
        """Cut a JSON Lines file back to its first `rows` rows."""
        path = self.path / name
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        if len(lines) > rows or not path.exists():
            checkpoint.write_atomically(path, b"".join(lines[:rows]))

    def sync(self) -> None:
        """Make the appended rows safe on disk, before a checkpoint counts them."""
        for file in self._files.values():
            os.fsync(file.fileno())


def read_config(path: Path) -> Config:
    """config.toml of a run folder; MathrlError if this is no run folder or the file is damaged."""
    if not path.is_dir():
        raise MathrlError(
            f"{path} is not a run folder: there is no such folder" if not path.exists() else f"{path} is not a folder"
        )
    if not (path / "config.toml").is_file():
        raise MathrlError(f"{path} is not a run folder: it has no config.toml")
    return read_toml(path / "config.toml")


def read_toml(file: Path) -> Config:
    """A configuration with the tables env and agent (each with a name) and run; MathrlError if it is not one."""
    try:
        config = tomllib.loads(file.read_text())
    except OSError as error:
        raise MathrlError(f"cannot read {file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MathrlError(f"{file} is not TOML: {error}") from None
    for table in ("env", "agent"):
        if not isinstance(config.get(table), dict) or not isinstance(config[table].get("name"), str):
            raise MathrlError(f"{file} is not a run's configuration: the table [{table}] with a name is missing")
        if config[table]["name"].endswith(".py"):  # what is read must not execute code; only what is typed may
            raise MathrlError(
                f"{file} names the file {config[table]['name']}; use the plug-in's name, with --load FILE"
            )
    run = config.setdefault("run", {})
    if not isinstance(run, dict):
        raise MathrlError(f"{file} is not a run's configuration: [run] is not a table")
    for name, kind in {"seed": int, "budget": str, "until": str, "verb": str, "files": list}.items():
        if not isinstance(run.get(name, kind()), kind):
            raise MathrlError(f"{file} is not a run's configuration: run.{name} is not of its kind")
    return config


def read_solutions(path: Path) -> list[dict[str, Any]]:
    """The records of a run's solutions.jsonl or of a JSON Lines file; MathrlError names a line that cannot be read."""
    file = path / "solutions.jsonl" if path.is_dir() else path
    if path.is_dir():
        read_config(path)
    try:
        text = sys.stdin.read() if str(path) == "-" else file.read_text()
    except OSError as error:
        raise MathrlError(f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MathrlError(f"cannot read {file}: it is not a text file") from None
    records = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            raise MathrlError(f"{file}, line {number}: not a JSON object") from None
        if not isinstance(record, dict):
            raise MathrlError(f"{file}, line {number}: not a JSON object")
        records.append(record)
    return records


def machine() -> dict[str, Any]:
    """Versions and hardware, for env.json."""

    def installed(package: str) -> str | None:
        try:
            return version(package)
        except PackageNotFoundError:
            return None

    packages = ("mathrl", "numpy", "numba", "torch", "gymnasium", "python-flint", "networkx")
    facts: dict[str, Any] = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "packages": {name: installed(name) for name in packages},
        "command": sys.argv,
    }
    if (torch := sys.modules.get("torch")) and torch.cuda.is_available():
        facts["gpu"] = torch.cuda.get_device_name()
    return facts


def processor() -> str:
    """The processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
