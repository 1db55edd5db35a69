"""Simulated annealing (Kirkpatrick, Gelatt, Vecchi 1983): many walks at once, each at its own temperatures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mathrl.agent import Task
from mathrl.env import SearchEnv, Streams
from mathrl.registry import AgentPlugin
from mathrl.restarts import Restarting
from mathrl.settings import knob
from mathrl.solution import Solution


@dataclass(frozen=True)
class Config:
    chains: int = knob(64, "walks side by side", 1)
    steps: int = knob(2000, "moves of each walk before it starts again", 1)
    patience: int = knob(500, "moves without a better best before a restart is given up", 1)
    hot: float | None = knob(None, "first temperature, in units of the score; none: from the scores' own scale", 0)
    cold: float | None = knob(None, "last temperature; none: hot / 50", 0)
    spread: float = knob(10.0, "the chains' temperatures range from hot down to hot / spread", 1)
    tasks: int = knob(1, "restarts a generation, for workers; changes the numbers, the workers do not", 1, 1000)


class Annealing(Restarting):
    """Walk to random neighbours: uphill always, downhill by d with probability exp(-d/T), while T falls.

    A restart ends after `steps` moves, or when none of its walks has improved on their best for `patience` moves.
    """

    Config = Config
    needs = ("propose",)
    _arenas: tuple[SearchEnv, SearchEnv] | None = None

    @property
    def rows(self) -> int:
        return int(self.config.chains)

    def restart(self, env: SearchEnv, task: Task) -> Solution:
        """One restart of `task.size` walks: the best object on the way."""
        rng, rows = task.rng(), np.arange(task.size)
        if self._arenas is None or self._arenas[0].num_envs != task.size:
            self._arenas = env.resized(task.size), env.resized(task.size)
        moving, held = self._arenas  # moving: what is proposed; held: where each walk stands
        self.start(moving, rows, rng)
        values = moving.score(rows)
        best, since = moving.solution(int(values.argmax())), 0
        held.copy(rows, rows, moving)
        seeds = np.full(task.size, rng.integers(2**63))
        hot = self.scale(held, rows, rng) if self.config.hot is None else self.config.hot
        held.copy(rows, rows, moving)
        cold = hot / 50 if self.config.cold is None else self.config.cold
        ladder = self.config.spread ** -np.linspace(0, 1, task.size)
        for step in range(self.config.steps):
            if self.done(best.value) or step - since > self.config.patience:
                break
            moving.propose(rows, Streams(seeds, rows, np.full(task.size, step)))
            scores = moving.score(rows)
            part = step / self.config.steps
            temperature = hot ** (1 - part) * cold**part * ladder
            taken = accept(scores, values, temperature, rng.random(task.size))
            values = np.where(taken, scores, values)
            if scores.max() > best.value:
                best, since = moving.solution(int(scores.argmax())), step
            held.copy(rows[taken], rows[taken], moving)
            moving.copy(rows[~taken], rows[~taken], held)
        return best

    def scale(self, arena: SearchEnv, rows: NDArray[np.int64], rng: np.random.Generator) -> float:
        """How much a random move changes the score: the median of what is not 0 over 20 moves a row, which are made."""
        values, changes, seeds = arena.score(rows), [np.zeros(0)], np.full(len(rows), rng.integers(2**63))
        for step in range(20):
            if self.done(-np.inf):
                break
            arena.propose(rows, Streams(seeds, rows, np.full(len(rows), step)))
            scores = arena.score(rows)
            with np.errstate(invalid="ignore"):
                change = np.abs(scores - values)
            changes.append(change[np.isfinite(change) & (change > 0)])
            values = scores
        every = np.concatenate(changes)
        return float(np.median(every)) if len(every) else 1.0

    def warm(self, env: SearchEnv) -> None:
        """Compile one tiny restart."""
        copy = Annealing(Config(chains=2, steps=2), self.device, self.seed)
        copy.instance = self.instance
        copy.work(env, Task(self.seed, 0, 0, 2))


def accept(
    scores: NDArray[np.float64], values: NDArray[np.float64], temperature: NDArray[np.float64], u: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Metropolis' rule, row by row: bool[R]; u uniform in [0, 1). From -inf every move is taken."""
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        worse = scores - values
        return ~(worse < 0) | (u < np.exp(worse / temperature))


PLUGIN = AgentPlugin("annealing", Annealing, "simulated annealing from random starts", learns=False)
