"""Buchberger's algorithm as rows: the state is a basis and its pending pairs, an action chooses the next pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mathrl.env import Observation, Rows, SearchEnv, Streams
from mathrl.errors import MathrlError
from mathrl.solution import Solution

from . import features
from .config import REWARDS, BuchbergerConfig
from .ideals import Ideal
from .instances import source
from .kernels import episodes, steps, strategies
from .memory import Memory
from .record import ADDITIONS, COST, DEAD, GM, LCM, NONE, PENDING, RUNNING, STATE, STEPS, make_layout, pack_for
from .unpacking import solution_of

ELIMINATIONS = {"none": NONE, "lcm": LCM, "gm": GM}
TOTALS = (ADDITIONS, STEPS, COST)  # the header's word for each reward
STRETCH = 500_000  # what a row may cost in one compiled call, so that a signal is noticed


class Buchberger(SearchEnv):
    """Choose which S-pair to process next; an instance is an ideal over a prime field, the order is grevlex.

    Observation: a set, one element for each pending pair (i, j) in ascending (j, i); kernels/features.py says what the
    columns of `raw` and `features` and the context are. Action: the index of a pair, also beyond an observation's
    width. Reward: minus the additions that the pair costs, S-polynomial and reduction (or -1, or minus its monomial
    additions). The episode ends when no pair is pending: the elements are a Groebner basis, the score is minus the
    total cost. An index that is no pair ends the row with -inf.
    """

    kind: ClassVar[Literal["flat", "set"]] = "set"
    Config = BuchbergerConfig
    baselines: ClassVar[tuple[str, ...]] = ("degree", "truedegree", "entropy")
    config: BuchbergerConfig

    def prepare(self) -> None:
        self.source = source(self.config.distribution)
        self.n = self.config.n or self.source.n
        self.which = REWARDS.index(self.config.reward)
        self.max_actions = self.config.width
        self.columns = features.columns(self.config.observation, self.n, self.config.k)
        self.element_features, self.context_features = len(self.columns.elements), len(self.columns.context)
        self.penalty = -10000.0

    def allocate(self, rows: int) -> dict[str, NDArray[Any]]:
        known: Memory | None = self.__dict__.get("memory")
        n = max(self.n, self.source.n)
        self.memory = Memory(rows, known.layout if known else make_layout(n, pack_for(n, 3 * self.source.degree)))
        return {"ideals": np.empty(rows, object)}

    def draw(self, streams: Streams) -> Sequence[Ideal]:
        return self.source.draw(streams.words())

    def expect(self, instances: Sequence[Ideal]) -> None:
        """Make room for these ideals; MathrlError names the first that no packing of monomials holds."""
        for ideal in instances:
            if ideal.n > self.memory.layout.n or ideal.degree > self.memory.layout.cap:
                try:
                    self.memory.fit(ideal.n, ideal.degree)
                except MathrlError as error:
                    raise MathrlError(f"{ideal.name or 'the ideal'}: {error}") from None

    def begin(self, rows: Rows, instances: Sequence[Ideal]) -> None:
        if not len(rows):
            return
        self.expect(instances)
        n = max(ideal.n for ideal in instances)
        given = instances
        if self.config.sort_input:
            instances = [ideal.ascending() for ideal in instances]
        first = np.cumsum([0, *(len(ideal.coefficients) for ideal in instances)])
        starts = [ideal.starts + at for ideal, at in zip(instances, first[:-1], strict=True)]
        exponents = np.zeros((first[-1], n), np.int32)
        for ideal, at in zip(instances, first[:-1], strict=True):
            exponents[at : at + len(ideal.exponents), : ideal.n] = ideal.exponents
        self.memory.run(
            steps.begin_rows,
            rows,
            np.cumsum([0, *(len(some) for some in starts)]),
            np.concatenate(starts),
            exponents,
            np.concatenate([ideal.coefficients for ideal in instances]),
            np.array([ideal.field for ideal in instances], np.uint64),
            np.array([ideal.binomial for ideal in instances], np.uint64),
            ELIMINATIONS[self.config.elimination],
            self.config.sort_reducers,
        )
        for row, ideal in zip(rows, given, strict=True):
            self.ideals[row] = ideal

    def advance(
        self, rows: Rows, actions: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
        rewards = np.zeros(len(rows))
        self.meter.evaluations += self.memory.run(steps.advance_rows, rows, actions, rewards, self.which)
        return rewards, self._header(rows, STATE) != RUNNING, np.zeros(len(rows), np.bool_)

    def counts(self, rows: Rows) -> NDArray[np.int64]:
        pending: NDArray[np.int64] = np.where(self._header(rows, STATE) == RUNNING, self._header(rows, PENDING), 0)
        return pending

    def observe(self, rows: Rows, width: int | None = None, out: Observation = None) -> Observation:
        counts = self.counts(rows)
        self._can_show(rows)
        wide = int(counts.max(initial=0)) if width is None else width
        seen = features.padded(self.memory, rows, counts, self.columns, wide)
        if out is None:
            return seen
        for name, part in seen.items():
            out[name][:] = part
        return out

    def observe_packed(self, rows: Rows) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
        """The same without padding: elements float32[E, F] row after row, contexts float32[R, C], counts int64[R]."""
        counts = self.counts(rows)
        self._can_show(rows)
        return *features.packed(self.memory, rows, counts, self.columns), counts

    def _can_show(self, rows: Rows) -> None:
        """MathrlError if an ideal has more variables than an observation shows."""
        if self.memory.layout.n > self.n:
            most = max((ideal.n for ideal in self.ideals[rows] if ideal is not None), default=0)
            if most > self.n:
                raise MathrlError(
                    f"what a policy sees here is made for {self.n} variables, and an ideal has {most}; "
                    f"hand-made strategies and searches take it, or train a policy with env.n={most}"
                )

    def masks(self, rows: Rows, width: int | None = None, out: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
        counts = self.counts(rows)
        legal = np.arange(int(counts.max(initial=0)) if width is None else width) < counts[:, None]
        if out is None:
            return legal
        out[:] = legal
        return out

    def score(self, rows: Rows) -> NDArray[np.float64]:
        state = self._header(rows, STATE)
        costs = -self._header(rows, TOTALS[self.which]).astype(np.float64)
        return np.where(state == RUNNING, np.nan, np.where(state == DEAD, -np.inf, costs))

    def solution(self, row: int) -> Solution:
        return solution_of(self, row)

    def copy(self, source: Rows, target: Rows, origin: SearchEnv | None = None) -> None:
        theirs = self if origin is None else origin
        assert isinstance(theirs, Buchberger)
        self.memory.copy_from(theirs.memory, source, target)
        self.ideals[target] = theirs.ideals[source]

    def _header(self, rows: Rows, word: int) -> NDArray[np.int64]:
        words: NDArray[np.int64] = self.memory.rows[rows, word].astype(np.int64)
        return words

    # What the family can do in one compiled call.

    def choose(self, rows: Rows, strategy: str, words: NDArray[np.uint64] | None = None) -> NDArray[np.int64]:
        """The pair that a hand-made strategy processes next, int64[R]; `words` are for `random`."""
        chosen = np.zeros(len(rows), np.int64)
        states = np.zeros(len(rows), np.uint64) if words is None else words.copy()
        self.memory.run(episodes.choose_rows, rows, strategies.NAMES.index(strategy), states, chosen)
        return chosen

    def play(
        self,
        rows: Rows,
        strategy: str,
        words: NDArray[np.uint64] | None = None,
        bounds: NDArray[np.int64] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Play rows on by a hand-made strategy, to the end or until they must cost as much as their bound int64[R].

        `words` uint64[R] are for `random`. `stop` is asked again and again in between, and leaves rows as they are.
        """
        states = np.zeros(len(rows), np.uint64) if words is None else words.copy()
        limits = np.full(len(rows), 2**62) if bounds is None else bounds
        number, word = strategies.NAMES.index(strategy), TOTALS[self.which]
        live = np.flatnonzero(self.counts(rows) > 0)
        while len(live) and not stop():
            costs = self._header(rows[live], word)
            goals, own = np.minimum(limits[live], costs + STRETCH), states[live]
            self.meter.evaluations += self.memory.run(episodes.play_rows, rows[live], number, own, goals, self.which)
            states[live] = own
            costs = self._header(rows[live], word)
            live = live[(self.counts(rows[live]) > 0) & (costs + 1 < limits[live])]

    def rollout(
        self,
        rows: Rows,
        streams: Streams,
        bounds: NDArray[np.float64],
        stop: Callable[[], bool] = lambda: False,
    ) -> NDArray[np.float64]:
        """Play rows at random to the end: scores float64[R], -inf where one cannot be better than its bound.

        `stop` is asked in between; what it leaves unfinished is -inf too.
        """
        limits = np.where(np.isfinite(bounds), -bounds, 2.0**62).astype(np.int64)
        self.play(rows, "random", streams.words(), limits, stop)
        scores = self.score(rows)
        return np.where(scores > bounds, scores, -np.inf)

    def nested(self, rows: Rows, words: NDArray[np.uint64], most: int = 2**62) -> None:
        """Play rows to their end along the best line of a level-1 nested Monte Carlo search; a word each, uint64[R].

        A search tries nothing more once it has made `most` additions.
        """
        self.meter.evaluations += self.memory.run(episodes.nested_rows, rows, words, most, self.which)

    def baseline(self, rows: Rows) -> NDArray[np.float64]:
        """float64[R, K]: minus what the strategies named in `baselines` still pay from here; rows stay as they are."""
        values = np.zeros((len(self.baselines), len(rows)))
        for name, column in zip(self.baselines, values, strict=True):
            self.memory.run(episodes.value_rows, rows, strategies.NAMES.index(name), self.which, column)
        return values.T
