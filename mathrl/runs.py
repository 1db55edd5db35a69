"""Run folders: what a run leaves behind, complete from the first instant and safe to continue after any kill.

config.toml      everything that replays the run        metrics.jsonl    one row a generation (of very many: fewer)
env.json         versions, processor, GPU               solutions.jsonl  every new best, verified
checkpoint/      safetensors, npz, JSON                 plots/           pictures
"""

from __future__ import annotations

import errno
import fcntl
import glob
import itertools
import json
import os
import platform
import secrets
import shutil
import sys
import time
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

import tomli_w

from mathrl import checkpoint
from mathrl.errors import MathrlError

Config = dict[str, dict[str, Any]]  # the tables env, agent and run of config.toml


STALE_SECONDS = 3600.0  # a folder that is still being put together after that was left by a kill


class Taken(MathrlError):
    """There is something at the path already."""


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
        self._files: dict[str, IO[bytes]] = {}

    @classmethod
    def create_named(cls, env: str, agent: str, seed: int, config: Config) -> RunFolder:
        """A new folder `runs/<time>-<env>-<agent>-<seed>`, with a count at the end as long as that is taken."""
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{Path(env).stem}-{Path(agent).stem}-{seed}"
        for count in itertools.count(1):
            try:
                return cls.create(Path("runs") / (name if count == 1 else f"{name}-{count}"), config)
            except Taken:
                continue
        raise AssertionError

    @classmethod
    def create(cls, path: Path, config: Config) -> RunFolder:
        """A new folder; it appears complete, by one rename. `Taken` if there is a run already."""
        aside = path.parent / f".{path.name}.{secrets.token_hex(4)}.partial"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            for left in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
                with suppress(FileNotFoundError):  # renamed meanwhile by the run that made it
                    if time.time() - left.stat().st_mtime > STALE_SECONDS:
                        shutil.rmtree(left, ignore_errors=True)
            aside.mkdir()
            for name in ("checkpoint", "plots"):
                (aside / name).mkdir()
            (aside / "config.toml").write_text(tomli_w.dumps(config))
            (aside / "env.json").write_text(json.dumps(machine(), indent=1) + "\n")
            for name in ("metrics.jsonl", "solutions.jsonl"):
                (aside / name).touch()
            aside.rename(path)
            checkpoint.sync_folder(path.parent)
        except (FileExistsError, NotADirectoryError):
            below = next(parent for parent in path.parents if parent.exists())
            raise MathrlError(f"cannot write the run folder {path}: {below} is not a folder") from None
        except OSError as error:
            shutil.rmtree(aside, ignore_errors=True)
            if error.errno == errno.ENOTEMPTY:
                raise Taken(f"{path} was made by another run at the same moment") from None
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
        line = json.dumps(row, allow_nan=False) + "\n"
        if name not in self._files:
            self._files[name] = (self.path / name).open("ab")
        self._files[name].write(line.encode())
        self._files[name].flush()

    def size(self, name: str) -> int:
        """Bytes of a JSON Lines file so far, what a checkpoint remembers of it."""
        path = self.path / name
        return path.stat().st_size if path.exists() else 0

    def check(self, name: str, size: int) -> None:
        """MathrlError unless a JSON Lines file has `size` bytes that end a line."""
        path, there = self.path / name, self.size(name)
        if there < size:
            raise MathrlError(f"{path} has {there} bytes where the checkpoint has {size}; the run folder is truncated")
        if size:
            with path.open("rb") as file:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    raise MathrlError(f"{path} is damaged: no line ends where the checkpoint says")

    def read(self, name: str, size: int) -> list[dict[str, Any]]:
        """The rows in the first `size` bytes of a JSON Lines file, those that the checkpoint knows."""
        self.check(name, size)
        path = self.path / name
        lines = path.read_bytes()[:size].split(b"\n")[:-1] if size else []
        try:
            found = [json.loads(line) for line in lines]
        except ValueError:
            raise MathrlError(f"{path} is damaged") from None
        if not all(isinstance(row, dict) for row in found):
            raise MathrlError(f"{path} is damaged")
        return found

    def cut(self, name: str, size: int) -> None:
        """Cut a JSON Lines file back to its first `size` bytes."""
        path = self.path / name
        path.touch()
        if self.size(name) > size:
            os.truncate(path, size)

    def allow(self, budget: str) -> None:
        """Note the budget of a run that is continued in its config.toml."""
        config = read_config(self.path)
        if config["run"].get("budget") != budget:
            config["run"]["budget"] = budget
            checkpoint.write_atomically(self.path / "config.toml", tomli_w.dumps(config).encode())

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
    kinds = {
        "seed": int, "budget": str, "until": str, "verb": str, "files": list, "instances": list, "trained": str,
    }  # fmt: skip
    for name, kind in kinds.items():
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
    for number, line in enumerate(text.split("\n"), 1):  # splitlines would also cut at U+2028 inside a text
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


def moved(path: Path) -> str:
    """What env.json of a run names otherwise than this machine, in a phrase; empty if nothing that changes numbers."""
    try:
        then = json.loads((path / "env.json").read_text())
        packages = dict(then["packages"])
    except (OSError, ValueError, KeyError, TypeError):
        return "another machine, as far as env.json tells"
    now = machine()
    changes = [
        f"{name} {packages.get(name)} (now {there})"
        for name, there in now["packages"].items()
        if packages.get(name) != there
    ]
    changes += [
        f"{name} {then.get(name)} (now {now[name]})" for name in ("python", "processor") if then.get(name) != now[name]
    ]
    return ", ".join(changes)


def processor() -> str:
    """The processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
