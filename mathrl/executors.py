"""Executors: where a generation's tasks are worked. Results come in task order, so numbers do not depend on workers."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, Protocol

from mathrl.agent import Agent, Task
from mathrl.env import SearchEnv
from mathrl.errors import MathrlError


class Executor(Protocol):
    """What a learner sees: publish the parameters of a version once, then map tasks over whoever works them."""

    def wait(self) -> None: ...

    def publish(self) -> None: ...

    def map(self, tasks: Sequence[Task]) -> list[Any]: ...

    def close(self) -> None: ...


class Inline:
    """The learner does the work itself."""

    def __init__(self, agent: Agent, env: SearchEnv) -> None:
        self.agent, self.env = agent, env

    def wait(self) -> None:
        pass

    def publish(self) -> None:
        pass

    def map(self, tasks: Sequence[Task]) -> list[Any]:
        return [self.agent.work(self.env, task) for task in tasks]

    def close(self) -> None:
        pass


class Spec(NamedTuple):
    """What a worker needs to build its own copy of agent and environment: names, settings, the files that define both.

    Settings are plain values: a class out of one of the files means nothing to a process that has not read it yet.
    Workers play on the processor wherever the learner's network is: many processes would only queue for one GPU.
    """

    env: str
    env_settings: Mapping[str, Any]
    agent: str
    agent_settings: Mapping[str, Any]
    seed: int
    files: tuple[str, ...]
    device: str = "cpu"


class Processes:
    """Long-lived worker processes, each with its own agent and environment, one thread each."""

    ahead = 2  # tasks outstanding per worker: one worked, one waiting

    def __init__(self, workers: int, spec: Spec, agent: Agent, env: SearchEnv) -> None:
        self.agent, self.env = agent, env
        context = multiprocessing.get_context("spawn")
        self.pipes: list[Connection] = []
        self.processes = []
        for _ in range(workers):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, spec), daemon=True)
            process.start()
            theirs.close()
            self.pipes.append(ours)
            self.processes.append(process)
        self._starting = list(self.pipes)
        self._maps = 0

    def wait(self) -> None:
        """Until every worker has imported and built what it needs, so that no budget pays for that."""
        while self._starting:
            _receive(self._starting.pop(), 0)

    def publish(self) -> None:
        self.wait()
        parameters = self.agent.parameters()
        for pipe in self.pipes:
            _send(pipe, ("receive", parameters))

    def map(self, tasks: Sequence[Task]) -> list[Any]:
        """The results in task order; each map has a number, so that one broken off leaves nothing for the next."""
        self._maps += 1
        results: list[Any] = []
        waiting: deque[Connection] = deque()
        upcoming = iter(enumerate(tasks))
        limit = self.ahead * len(self.pipes)
        while True:
            while len(waiting) < limit and (entry := next(upcoming, None)) is not None:
                index, task = entry
                pipe = self.pipes[index % len(self.pipes)]
                _send(pipe, ("work", (self._maps, task)))
                waiting.append(pipe)
            if not waiting:
                return results
            result, evaluations = _receive(waiting.popleft(), self._maps)
            self.env.meter.evaluations += evaluations
            results.append(result)

    def close(self) -> None:
        for pipe in self.pipes:
            pipe.close()
        for process in self.processes:
            process.join(timeout=2)
            if process.is_alive():
                process.kill()


def count(workers: str | int) -> int:
    """A number of workers from `--workers`; `auto` is one for each core this process may use."""
    if str(workers) == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not (str(workers).isascii() and str(workers).isdigit()) or int(workers) < 1:
        raise MathrlError(f"--workers must be a whole number from 1, or auto, not '{workers}'")
    return int(workers)


def _send(pipe: Connection, message: Any) -> None:
    try:
        pipe.send(message)
    except (BrokenPipeError, OSError):
        raise MathrlError("a worker process ended before its work was done") from None


def _receive(pipe: Connection, number: int) -> Any:
    """The next answer to map `number` (0: to the start); answers to earlier ones are thrown away."""
    answered = -1
    while answered != number:
        try:
            kind, answered, content = pipe.recv()
        except (EOFError, OSError):
            raise MathrlError("a worker process ended before its work was done") from None
    if kind == "error":
        raise MathrlError(content)
    return content


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, MathrlError) else f"a worker failed: {type(error).__name__}: {error}"


def _serve(pipe: Connection, spec: Spec) -> None:
    """A worker's life: build agent and environment, then answer messages until the pipe closes."""
    from mathrl import registry, settings

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)  # the learner decides when to end; a closed pipe ends the worker
    try:
        try:
            for file in spec.files:
                registry.load_file(file)
            family, found = registry.find_env(spec.env), registry.find_agent(spec.agent, spec.env).get()
            env = family.make(1, settings.build(family.get("config"), spec.env_settings, spec.env))
            config: Any = settings.build(found.Config, spec.agent_settings, spec.agent, "agent")
            agent = found(config, device=spec.device, seed=spec.seed)
            agent.bind(env)
        except Exception as error:
            pipe.send(("error", 0, _sentence(error)))
            return
        pipe.send(("ready", 0, None))
        while True:
            kind, content = pipe.recv()
            if kind == "receive":
                agent.receive(content)
                continue
            (number, task), before = content, env.meter.evaluations
            try:
                answer: tuple[str, int, Any] = (
                    "result", number, (agent.work(env, task), env.meter.evaluations - before),
                )  # fmt: skip
            except Exception as error:
                answer = ("error", number, _sentence(error))
            pipe.send(answer)
    except (EOFError, OSError):
        pass
