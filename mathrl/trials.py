"""The work of a bench: one agent on some of the instances is a job, worked in this process or in several.

A job is plain values and its result depends on nothing else, so that the numbers do not depend on the workers.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mathrl import registry, settings
from mathrl.budget import Limit
from mathrl.env import SearchEnv, Streams
from mathrl.errors import MathrlError
from mathrl.session import Options, Part, solve_setup
from mathrl.setup import Setup
from mathrl.training import Find

BLOCK = 500  # instances that an agent of one pass plays at once


class Job(NamedTuple):
    """An agent on instances `first`, `first` + 1, ... of a bench, up to a limit (none: until it is done)."""

    env: str
    env_settings: Mapping[str, Any]
    agent: str
    agent_settings: Mapping[str, Any]
    trained: str
    instances: tuple[Any, ...]
    first: int
    limit: str | None
    seed: int
    checked: int
    device: str
    files: tuple[str, ...]


class Result(NamedTuple):
    """What a job gave: the new bests of each instance, the ends of its generations, and what it took."""

    finds: tuple[tuple[Find, ...], ...]
    ends: tuple[tuple[int, float], ...]
    evaluations: int
    seconds: float
    solved: bool
    refused: tuple[str, ...]


class Fresh(Streams):
    """The streams of the instances of a bench, none of which is a stream that a training run can have."""

    def __getitem__(self, index: int) -> np.random.Generator:
        key = (3, int(self.rows[index]), int(self.episodes[index]))  # 0: environments, 1: tasks, 2: networks
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int(self.seeds[index]), spawn_key=key)))

    def words(self) -> NDArray[np.uint64]:
        return super().words() ^ np.uint64(0xA5A5F00DB3C6D21E)


def fresh_instances(env: SearchEnv, count: int) -> tuple[Any, ...]:
    """`count` fresh instances of the distribution, none finished before it begins; (None,) for one problem."""
    drawn: list[Any] = list(env.draw(Fresh.of(0, count)))
    if env.one_problem or drawn[0] is None:
        return (None,)
    open_ = np.arange(count)
    for episode in range(1, 101):
        over = []
        for begun in range(0, len(open_), BLOCK):
            some = open_[begun : begun + BLOCK]
            arena, rows = env.resized(len(some)), np.arange(len(some))
            arena.begin(rows, [drawn[int(index)] for index in some])
            over.append(some[arena.counts(rows) == 0])
        open_ = np.concatenate(over)
        if not len(open_):
            return tuple(drawn)
        again = env.draw(Fresh(np.zeros(len(open_), np.int64), open_, np.full(len(open_), episode)))
        for index, instance in zip(open_, again, strict=True):
            drawn[int(index)] = instance
    raise MathrlError("100 instances in a row were finished before they began")


def jobs(
    setup: Setup, instances: Sequence[Any], limit: Limit | None, seed: int, checked: int, device: str
) -> list[Job]:
    """An agent's trial in pieces: a search gets each instance for itself with an equal share of the limit."""
    total, size = len(instances), 1 if limit and setup.searches else BLOCK
    plain = (setup.env.name, asdict(setup.env_config), setup.agent.name, asdict(setup.agent_config))
    trained = str(setup.trained or "")
    found = []
    for first in range(0, total, size):
        some = tuple(instances[first : first + size])
        share = None if limit is None else _share(limit, len(some) / total)
        of_these = min(max(checked - first, 0), len(some))
        found.append(Job(*plain, trained, some, first, share, seed, of_these, device, setup.files))
    return found


def _share(limit: Limit, part: float) -> str:
    """A part of a limit, as it is typed."""
    return (
        limit.text
        if part == 1
        else f"{limit.amount * part:.9f}" + {"seconds": "s", "evaluations": "-evals"}[limit.kind]
    )


def results(work: Sequence[Job], workers: int) -> Generator[Result, None, None]:
    """The result of each job, in order."""
    if workers == 1:
        yield from map(_result, work)
        return
    begin = (tuple(dict.fromkeys(file for job in work for file in job.files)),)
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, max(1, len(work))), context, _begin, begin)
    try:
        yield from pool.map(_in_worker, work)
    except BrokenProcessPool:
        raise MathrlError("a worker process ended before its work was done") from None
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(files: tuple[str, ...]) -> None:
    """A worker's first act: one thread, and the user's files, without which their objects cannot be read.

    Ctrl-C ends the job that is worked and nothing else; when the bench itself is gone, so is the worker.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")
    for file in files:
        registry.load_file(file)


def _in_worker(job: Job) -> Result:
    try:
        return _result(job)
    except (KeyboardInterrupt, SystemExit):
        os._exit(1)  # the others end too, instead of taking up their next jobs


def _end_with(bench: Any) -> None:
    bench.join()
    os._exit(1)


_warm: set[str] = set()  # what was compiled in this process


def _result(job: Job) -> Result:
    """Work a job; a signal ends the bench."""
    family, agent = registry.find_env(job.env), registry.find_agent(job.agent, job.env)
    config: Any = settings.build(agent.get().Config, job.agent_settings, job.agent, "agent")
    setup = Setup(
        family, settings.build(family.get("config"), job.env_settings, job.env), agent, config, job.instances,
        Path(job.trained) if job.trained else None,
    )  # fmt: skip
    key = repr((job.env, job.env_settings, job.agent, job.agent_settings, job.trained))
    part = Part(job.checked, job.first, warm=key not in _warm)
    _warm.add(key)
    outcome = solve_setup(setup, Options(job.limit or "none", "solved", job.seed, 1, job.device), part)
    if outcome.signal is not None:
        if outcome.signal == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(outcome.exit_code)
    return Result(
        outcome.history, outcome.ends, outcome.evaluations, outcome.seconds, outcome.reason == "solved",
        outcome.refused,
    )  # fmt: skip
