"""A run: the bookkeeping around an agent's mathematics (budget, best solutions, metrics, checkpoints, signals)."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrl import checkpoint
from mathrl.agent import Agent, Task
from mathrl.budget import Budget
from mathrl.env import SearchEnv
from mathrl.errors import MathrlError
from mathrl.executors import Executor, Inline
from mathrl.progress import Progress
from mathrl.rollout import choose_uniformly, play
from mathrl.runs import RunFolder
from mathrl.solution import Solution, Verdict

try:
    CHECKPOINT_SECONDS = float(os.environ.get("MATHRL_CHECKPOINT_SECONDS", 20))  # the most that a kill can cost
except ValueError:
    raise MathrlError("MATHRL_CHECKPOINT_SECONDS must be a number of seconds") from None


TRIES = 8  # candidates of a batch shown to the verifier until it accepts one
KEPT = 24  # distinct solutions that a run which goes on after it is solved keeps
LINES = ("metrics.jsonl", "solutions.jsonl")  # the files that grow

Find = tuple[int, float, float]  # evaluations, seconds and value of a new best


def has_row(generation: int) -> bool:
    """Whether metrics.jsonl notes a generation: each one to 1,000, each tenth to 10,000, each hundredth to 100,000."""
    step: int = 10 ** max(0, len(str(generation - 1)) - 3)
    return generation % step == 0


def _claims_more(found: Solution, held: Solution) -> bool:
    """Whether a solution of equal value is known to be optimal, or has a smaller bound."""

    def claim(one: Solution) -> tuple[bool, float]:
        return not one.optimal, math.inf if one.bound is None else one.bound

    return claim(found) < claim(held)


class Run:
    """What an agent sees of its run.

    `offer` hands in scored objects, `log` ends a generation, `map` shares a generation's tasks out, `stream` gives the
    random stream of a piece of a generation. `generation` counts finished generations, also across resumes.
    """

    def __init__(
        self,
        env: SearchEnv,
        agent: Agent,
        name: str,
        budget: Budget,
        folder: RunFolder | None = None,
        executor: Executor | None = None,
        progress: Progress | None = None,
        slots: int = 1,
        checked: int | None = None,
        offset: int = 0,
    ) -> None:
        self.env, self.agent, self.name, self.budget, self.folder = env, agent, name, budget, folder
        self.seed = agent.seed
        self.executor = Inline(agent, env) if executor is None else executor
        self.progress = progress
        self.generation = 0
        self.slots = slots  # the number of instances
        self.checked = slots if checked is None else checked  # the first ones, whose solutions are built and verified
        self.clocked = checked is None  # whether verifying counts as time of the run; in a bench it does not
        self.offset = offset  # the first instance's number in a bench that is worked in pieces
        self.values = np.full(slots, -np.inf)  # float64[slots]: the best value of each instance
        self.history: list[list[Find]] = [[] for _ in range(slots)]  # the new bests of each instance
        self.ends: list[tuple[int, float]] = []  # (evaluations, seconds) at the end of each generation of this session
        self.verdicts: dict[int, Verdict] = {}
        self.notes: list[str] = []  # what was exhausted, what found it: sentences for the reader
        self.refused: list[str] = []  # why the verifier did not accept what the environment called a new best
        self.done = False  # an agent that is not a search has finished; nothing is left to do
        self._best: dict[int, Solution] = {}
        self._kept: dict[str, float] = {}  # the values of the best distinct solutions above the environment's threshold
        self._saved = time.monotonic()

    @property
    def solutions(self) -> list[Solution]:
        """The best of each instance that has a solution yet, in the order of instances."""
        return [self._best[slot] for slot in sorted(self._best)]

    @property
    def best(self) -> Solution | None:
        """The best of the first instance, which is the only one of a single problem."""
        return self._best.get(0)

    def stream(self, index: int) -> np.random.Generator:
        """The random stream of piece `index` of this generation."""
        return Task(self.seed, self.generation, index + self.offset, 0).rng()

    def tasks(self, total: int, pieces: int) -> list[Task]:
        """This generation's work of size `total` in `pieces` nearly equal tasks; the same whoever works them."""
        sizes = [total // pieces + (index < total % pieces) for index in range(pieces)]
        return [Task(self.seed, self.generation, index, size) for index, size in enumerate(sizes) if size]

    def map(self, tasks: Sequence[Task]) -> list[Any]:
        """The results of `agent.work` on each task, in task order."""
        self.executor.publish()
        return self.executor.map(tasks)

    def offer(
        self, scores: NDArray[np.float64], solution: Callable[[int], Solution], slots: NDArray[np.int64] | None = None
    ) -> None:
        """Hand in scored objects float64[R]; a new best of its instance (`slots` int64[R], default 0) is verified.

        A single object may also come back with its value unchanged and a better claim: optimal, or a smaller bound. In
        a batch, where hundreds may have the best score, equal ones are not looked at. Of an instance that is not among
        the `checked` only the value is noted, unless it is above what the environment calls solved.
        """
        order = np.argsort(-scores, kind="stable")
        if self.checked < self.slots:
            unchecked = self._unchecked(scores, slots)
            self._note_values(scores[unchecked], None if slots is None else slots[unchecked])
            order = order[~unchecked[order]]
        tried: dict[int, int] = {}
        for index in order if slots is not None else order[:TRIES]:
            slot = 0 if slots is None else int(slots[index])
            held, score = self._best.get(slot), scores[index]
            equal = held is not None and score == held.value
            if not np.isfinite(score) or tried.get(slot, 0) >= TRIES or (equal and len(scores) > self.slots):
                continue
            if held is not None and score < held.value:
                continue
            with self._unclocked():
                found = solution(int(index))
            if held is not None and equal and not _claims_more(found, held):
                continue
            accepted = self._accept(slot, found)  # refused: float noise; the next best may be sound
            tried[slot] = TRIES if accepted else tried.get(slot, 0) + 1
        if self._collects and self.budget.solved:
            self._collect(order, scores, solution)

    def _unchecked(self, scores: NDArray[np.float64], slots: NDArray[np.int64] | None) -> NDArray[np.bool_]:
        """bool[R]: the rows whose value is taken as the environment says it."""
        beyond = np.zeros(len(scores), np.int64) if slots is None else slots
        return (beyond >= self.checked) & ~(scores > self.env.solved_above)

    def _note_values(self, scores: NDArray[np.float64], slots: NDArray[np.int64] | None) -> None:
        """Note new best values of instances, of rows float64[R], without building or verifying a solution."""
        best = np.full(self.slots, -np.inf)
        np.fmax.at(best, np.zeros(len(scores), np.int64) if slots is None else slots, scores)
        spent = (self.budget.evaluations, round(self.budget.seconds, 6))
        for slot in np.flatnonzero((best > self.values) & np.isfinite(best)):
            self.values[slot] = best[slot]
            self.history[slot].append((*spent, float(best[slot])))

    @contextmanager
    def _unclocked(self) -> Iterator[None]:
        """What is done inside is no part of the search that a bench measures."""
        with nullcontext() if self.clocked else self.budget.paused():
            yield

    def _collect(
        self, order: NDArray[np.int64], scores: NDArray[np.float64], solution: Callable[[int], Solution]
    ) -> None:
        """Write down solutions of a solved problem that are among the best distinct ones, though no new best.

        Of a batch at most TRIES are looked at, one for each score that no kept one has; if there is none, one more
        with a known score, of which each generation takes another.
        """
        assert self.env.plugin is not None
        assert self.folder is not None
        least = min(self._kept.values()) if len(self._kept) == KEPT else self._threshold
        first: dict[float, int] = {}
        for index in order:
            if not scores[index] > least:
                break
            first.setdefault(round(float(scores[index]), 9), int(index))
        known = {round(value, 9) for value in self._kept.values()}
        fresh, values = [value for value in first if value not in known], list(first)
        for value in fresh[:TRIES] or values[self.generation % max(len(values), 1) :][:1]:
            found = solution(first[value])
            if self.env.plugin.identity(found.to_json()) not in self._kept:
                verified = self._verified(found)
                if verified and self._keep(verified[0]):
                    self.folder.append("solutions.jsonl", verified[0].to_json() | {"further": True})

    @property
    def _collects(self) -> bool:
        """Whether solutions beyond the first are written down: in a folder, where the search goes on once solved."""
        return self.folder is not None and self.slots == 1 and not self.budget.until_solved

    @property
    def _threshold(self) -> float:
        return self.env.solved_above

    def _keep(self, found: Solution) -> bool:
        """Count a verified solution among the distinct ones if it solves the problem and is good enough."""
        if not (found.proved and found.value > self._threshold):
            return False
        assert self.env.plugin is not None
        key = self.env.plugin.identity(found.to_json())
        self._kept[key] = max(found.value, self._kept.get(key, -math.inf))
        if len(self._kept) > KEPT:
            del self._kept[min(self._kept, key=self._kept.__getitem__)]
        return key in self._kept

    def _verified(self, found: Solution) -> tuple[Solution, Verdict] | None:
        """A solution with what its verdict and the clock say, and the verdict; None if the verifier refuses it."""
        assert self.env.plugin is not None
        with self._unclocked():
            verdict = self.env.plugin.check(found.to_json())
        if not verdict.holds:
            self.refused = [*self.refused, verdict.reason][:100]
            return None
        spent = self.budget
        if verdict.proved and verdict.certificate:
            found = replace(found, solution={**found.solution, "certificate": verdict.certificate})
        found = replace(
            found,
            agent=self.name,
            proved=verdict.proved,
            evaluations=spent.evaluations,
            seconds=round(spent.seconds, 6),
        )
        return found, verdict

    def _accept(self, slot: int, found: Solution) -> bool:
        """Verify a new best and keep it; False if the verifier refuses it."""
        verified = self._verified(found)
        if verified is None:
            return False
        found, verdict = verified
        self._best[slot], self.verdicts[slot], self.values[slot] = found, verdict, found.value
        self.history[slot].append((found.evaluations, found.seconds, found.value))
        self.budget.solved = self._all_solved()
        if self._collects:
            self._keep(found)
        if self.folder:
            self.folder.append("solutions.jsonl", found.to_json() | ({"slot": slot} if slot else {}))
        return True

    def _all_solved(self) -> bool:
        return len(self.verdicts) == self.slots and all(one.solved for one in self.verdicts.values())

    def note(self, sentence: str) -> None:
        """Say something about the search that the solution does not show, such as what was exhausted."""
        self.notes.append(sentence)

    def log(self, **row: float) -> None:
        """End a generation: write its row of metrics, show progress, and save a checkpoint when one is due."""
        self.generation += 1
        best = self.best.value if self.best else None
        spent = self.budget.seconds
        self.ends.append((self.budget.evaluations, spent))
        if self.folder and has_row(self.generation):
            numbers = {key: (value if math.isfinite(value) else None) for key, value in row.items()}
            clock = {
                "elapsed_seconds": round(spent, 6),
                "evaluations_per_s": round(self.budget.evaluations / max(spent, 1e-9), 1),
            }
            head = {"generation": self.generation, "evaluations": self.budget.evaluations, "best": best}
            self.folder.append("metrics.jsonl", {**head, **numbers, **clock})
        if self.folder and time.monotonic() - self._saved > CHECKPOINT_SECONDS:
            self.save()
        if self.progress:
            self.progress.update(best, self.budget)

    def save(self, finished: str | None = None) -> None:
        """Write a checkpoint; `finished` says why nothing is left to do."""
        if not self.folder:
            return
        self.folder.sync()
        counts = {"generation": self.generation, "evaluations": self.budget.evaluations, "notes": self.notes}
        state = {"agent": self.agent.state(), "run": counts}
        checkpoint.save(
            self.folder.path / "checkpoint",
            self.generation,
            state,
            finished=finished,
            elapsed_seconds=round(self.budget.seconds, 6),
            bytes={name: self.folder.size(name) for name in LINES},
        )
        self._saved = time.monotonic()

    def resume(self) -> float:
        """Take over the latest checkpoint, cutting what was written after it; returns the seconds spent before."""
        assert self.folder is not None
        latest = checkpoint.head(self.folder.path / "checkpoint")
        if latest is None:  # killed before the first checkpoint: begin again
            for name in LINES:
                self.folder.cut(name, 0)
            return 0.0
        state = checkpoint.load(self.folder.path / "checkpoint")
        counts, elapsed, sizes = state.get("run", {}), latest.get("elapsed_seconds", 0.0), latest.get("bytes")
        whole = [counts.get(name) for name in ("generation", "evaluations")]
        whole += [sizes.get(name) for name in LINES] if isinstance(sizes, dict) else [None]
        if not all(isinstance(number, int) and number >= 0 for number in whole) or not isinstance(
            elapsed, (int, float)
        ):
            raise MathrlError(f"{self.folder.path / 'checkpoint' / 'latest.json'} and its files are damaged")
        assert isinstance(sizes, dict)
        self.folder.check("metrics.jsonl", sizes["metrics.jsonl"])
        for record in self.folder.read("solutions.jsonl", sizes["solutions.jsonl"]):
            found, slot = Solution.from_json(record), record.get("slot", 0)
            if not isinstance(slot, int) or not 0 <= slot < self.slots:
                raise MathrlError(f"{self.folder.path / 'solutions.jsonl'} is damaged: there is no instance {slot}")
            self._keep(found)
            if record.get("further"):
                continue
            self._best[slot], self.values[slot] = found, found.value
            self.history[slot].append((found.evaluations, found.seconds, found.value))
        assert self.env.plugin is not None
        self.verdicts = {slot: self.env.plugin.check(found.to_json()) for slot, found in self._best.items()}
        self.budget.solved = self._all_solved()
        self.generation, self.notes = counts["generation"], [str(note) for note in counts.get("notes", [])]
        self.env.meter.evaluations = counts["evaluations"]
        self.agent.restore(state.get("agent", {}))
        for name in LINES:  # only now that nothing is damaged
            self.folder.cut(name, sizes[name])
        self.done = latest.get("finished") == "done"
        return float(elapsed)


def warm_up(env: SearchEnv, agent: Agent) -> None:
    """Compile what will run, on an arena of two rows whose work does not count."""
    arena, rows = env.resized(2), np.arange(2)
    spent = env.meter.evaluations
    arena.restart(rows)
    arena.observe(rows)
    play(arena, rows, choose_uniformly(np.random.default_rng(0)))
    if np.isfinite(arena.score(rows[:1])[0]):
        arena.solution(0)
    agent.warm(env)
    env.meter.evaluations = spent


@contextmanager
def stopping_by_signal(budget: Budget) -> Iterator[None]:
    """SIGTERM, SIGINT and SIGUSR1 end the run at its next generation; a second Ctrl-C ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and budget.signal is not None:
            raise KeyboardInterrupt
        budget.stop(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
