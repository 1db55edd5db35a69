"""Executors: where a generation's tasks are worked. Results come in task order, so numbers do not depend on workers."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, Protocol

from mathrl.agent import Agent, Task
from mathrl.env import SearchEnv
from mathrl.errors import MathrlError


class Executor(Protocol):
    """What a learner sees: publish the parameters of a version once, then map tasks over whoever works them."""

    def wait(self) -> None: ...

    def publish(self) -> None: ...

    def map(self, tasks: Sequence[Task]) -> Iterator[Any]: ...

    def close(self) -> None: ...


class Inline:
    """The learner does the work itself."""

    def __init__(self, agent: Agent, env: SearchEnv) -> None:
        self.agent, self.env = agent, env

    def wait(self) -> None:
        pass

    def publish(self) -> None:
        pass

    def map(self, tasks: Sequence[Task]) -> Iterator[Any]:
        return (self.agent.work(self.env, task) for task in tasks)

    def close(self) -> None:
        pass


class Spec(NamedTuple):
    """What a worker needs to build its own copy of agent and environment: names (or files) and typed settings."""

    env: str
    env_config: Any
    agent: str
    agent_config: Any
    seed: int
    files: tuple[str, ...]


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

    def wait(self) -> None:
        """Until every worker has imported and built what it needs, so that no budget pays for that."""
        while self._starting:
            _receive(self._starting.pop())

    def publish(self) -> None:
        self.wait()
        parameters = self.agent.parameters()
        for pipe in self.pipes:
            _send(pipe, ("receive", parameters))

    def map(self, tasks: Sequence[Task]) -> Iterator[Any]:
        waiting: deque[Connection] = deque()
        upcoming = iter(enumerate(tasks))
        limit = self.ahead * len(self.pipes)
        while True:
            while len(waiting) < limit and (entry := next(upcoming, None)) is not None:
                index, task = entry
                pipe = self.pipes[index % len(self.pipes)]
                _send(pipe, ("work", task))
                waiting.append(pipe)
            if not waiting:
                return
            result, evaluations = _receive(waiting.popleft())
            self.env.meter.evaluations += evaluations
            yield result

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


def _receive(pipe: Connection) -> Any:
    try:
        kind, content = pipe.recv()
    except (EOFError, OSError):
        raise MathrlError("a worker process ended before its work was done") from None
    if kind == "error":
        raise MathrlError(content)
    return content


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, MathrlError) else f"a worker failed: {type(error).__name__}: {error}"


def _serve(pipe: Connection, spec: Spec) -> None:
    """A worker's life: build agent and environment, then answer messages until the pipe closes."""
    from mathrl import registry

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)  # the learner decides when to end; a closed pipe ends the worker
    try:
        try:
            for file in spec.files:
                registry.load_file(file)
            env = registry.find_env(spec.env).make(1, spec.env_config)
            agent = registry.find_agent(spec.agent).get()(spec.agent_config, device="cpu", seed=spec.seed)
            agent.bind(env)
        except Exception as error:
            pipe.send(("error", _sentence(error)))
            return
        pipe.send(("ready", None))
        while True:
            kind, content = pipe.recv()
            if kind == "receive":
                agent.receive(content)
                continue
            before = env.meter.evaluations
            try:
                answer: tuple[str, Any] = ("result", (agent.work(env, content), env.meter.evaluations - before))
            except Exception as error:
                answer = ("error", _sentence(error))
            pipe.send(answer)
    except (EOFError, OSError):
        pass
