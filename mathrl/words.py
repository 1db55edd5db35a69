"""Words of a fixed length: the environment of everything that is chosen letter by letter and scored when complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mathrl.env import Rows, SearchEnv


@dataclass(frozen=True)
class WordLayout:
    """Which entry of the flat observation each letter sets, so that a network can keep its first layer incrementally.

    letter_column int64[T, A]: the entry that becomes 1 when letter a is played at place t, or -1 for none.
    position_column int64[T]: the entry that is 1 while place t is to be played, or -1. constant_columns int64[K]: the
    entries that are always 1. width: the number of entries D.
    """

    letter_column: NDArray[np.int64]
    position_column: NDArray[np.int64]
    constant_columns: NDArray[np.int64]
    width: int

    @staticmethod
    def wagner(length: int, letters: int) -> WordLayout:
        """Wagner's encoding: letter c >= 1 at place s sets s(q-1)+c-1, place t sets L(q-1)+t (arXiv 2104.14516)."""
        column = np.arange(length)[:, None] * (letters - 1) + np.arange(letters)[None, :] - 1
        column[:, 0] = -1
        position = length * (letters - 1) + np.arange(length)
        return WordLayout(column, position, np.zeros(0, np.int64), length * letters)


class WordEnv(SearchEnv):
    """A word of T letters, one letter a step; the reward is 0 until the last letter and the word's value then.

    Observation: flat, as `self.layout` says (default: Wagner's encoding). Action: the next letter. Legal at place t:
    the letters below `letters[t]`, and of those what `legal` allows. A family calls `use_letters` in `prepare` and
    implements `values` and `solution`.
    """

    letters: NDArray[np.int64]  # int64[T + 1], 0 at the end
    layout: WordLayout
    word: NDArray[np.int16]  # int16[B, T]
    place: NDArray[np.int64]  # int64[B]
    over: NDArray[np.bool_]  # bool[B]
    value: NDArray[np.float64]  # float64[B]

    def values(self, words: NDArray[np.int16]) -> NDArray[np.float64]:
        """float64[R]: the score of complete words int16[R, T]; -inf for what is not an object of the class."""
        raise NotImplementedError

    def legal(self, rows: Rows) -> NDArray[np.bool_] | None:
        """bool[R, A]: which letters the rule of the problem allows next, whatever `letters` says; None for all."""
        return None

    def use_letters(self, letters: Sequence[int] | NDArray[np.int64], layout: WordLayout | None = None) -> None:
        """Say how many letters each place has, int[T], and how words are observed."""
        self.letters = np.append(np.asarray(letters, np.int64), 0)
        self.max_actions = int(self.letters.max())
        self.layout = WordLayout.wagner(len(letters), self.max_actions) if layout is None else layout
        self.observation_width = self.layout.width

    @property
    def length(self) -> int:
        return len(self.letters) - 1

    @property
    def static_letters(self) -> bool:
        """Whether all rows at one place have the same legal letters."""
        return type(self).legal is WordEnv.legal

    def word_layout(self) -> WordLayout:
        return self.layout

    def allocate(self, rows: int) -> dict[str, NDArray[Any]]:
        return {
            "word": np.zeros((rows, self.length), np.int16),
            "place": np.zeros(rows, np.int64),
            "over": np.zeros(rows, np.bool_),
            "value": np.full(rows, np.nan),
        }

    def begin(self, rows: Rows, instances: Sequence[Any]) -> None:
        self.word[rows] = 0
        self.place[rows] = 0
        self.over[rows] = False
        self.value[rows] = np.nan
        if not self.static_letters:
            stuck = rows[~self.masks(rows).any(axis=1)]
            self.over[stuck], self.value[stuck] = True, -np.inf

    def advance(
        self, rows: Rows, actions: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
        allowed = self.legal(rows)
        if allowed is not None:
            chosen = np.clip(actions, 0, self.max_actions - 1)
            actions = np.where(allowed[np.arange(len(rows)), chosen], actions, -1)
        rewards, terminated = np.zeros(len(rows)), np.empty(len(rows), np.bool_)
        completed = _advance(
            self.word, self.place, self.over, self.value, self.letters, rows, actions, rewards, terminated
        )
        if completed:
            full = np.flatnonzero((self.place[rows] == self.length) & np.isnan(self.value[rows]))
            finished = rows[full]
            values = self.values(self.word[finished])
            self.value[finished] = rewards[full] = np.where(np.isnan(values), -np.inf, values)
            self.meter.evaluations += len(full)
        if allowed is not None:
            stuck = ~terminated & ~self.masks(rows).any(axis=1)
            self.over[rows[stuck]], self.value[rows[stuck]] = True, -np.inf
            rewards[stuck], terminated[stuck] = -np.inf, True
        return rewards, terminated, np.zeros(len(rows), np.bool_)

    def write(self, rows: Rows, words: NDArray[np.int64]) -> None:
        """Put complete words int64[R, T] into rows at once: the same as to begin, and to advance by each letter."""
        if not self.static_letters or not ((words >= 0) & (words < self.letters[:-1])).all():
            self.begin(rows, [None] * len(rows))
            for place in range(self.length):
                self.advance(rows, words[:, place])
            return
        self.word[rows], self.place[rows], self.over[rows] = words, self.length, True
        values = self.values(self.word[rows])
        self.value[rows] = np.where(np.isnan(values), -np.inf, values)
        self.meter.evaluations += len(rows)

    def counts(self, rows: Rows) -> NDArray[np.int64]:
        return np.where(self.over[rows], 0, self.letters[self.place[rows]])

    def masks(self, rows: Rows, width: int | None = None, out: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
        counts = self.counts(rows)
        size = int(counts.max(initial=0)) if width is None else width
        masks = np.less(np.arange(size)[None, :], counts[:, None], out=out)
        allowed = self.legal(rows)
        if allowed is not None:
            masks[:, : self.max_actions] &= allowed[:, :size]
        return masks

    def observe(self, rows: Rows, width: int | None = None, out: Any = None) -> NDArray[np.float32]:
        seen: NDArray[np.float32] = np.zeros((len(rows), self.observation_width), np.float32) if out is None else out
        layout = self.layout
        _observe(
            self.word, self.place, rows, layout.letter_column, layout.position_column, layout.constant_columns, seen
        )
        return seen

    def score(self, rows: Rows) -> NDArray[np.float64]:
        return self.value[rows]


@njit(cache=True)
def draw_words(chances, uniform):  # type: ignore[no-untyped-def]
    """Independent letters by inversion: chances float64[T, A], uniform float64[R, T] in [0, 1) -> words int64[R, T].

    A guide table of G cells a place says where to begin, so that a letter costs O(1) (Chen and Asau 1974).
    """
    cells = 64
    places, letters = chances.shape
    cumulative, guide = np.empty((places, letters)), np.empty((places, cells), np.int64)
    for t in range(places):
        total = 0.0
        for letter in range(letters):
            total += chances[t, letter]
            cumulative[t, letter] = total
        letter = 0
        for cell in range(cells):
            while letter < letters - 1 and cumulative[t, letter] * cells <= cell * total:
                letter += 1
            guide[t, cell] = letter
        last = letters - 1
        while chances[t, last] == 0.0:  # rounding must not reach a letter of probability 0
            last -= 1
        cumulative[t, last:] = np.inf
    words = np.empty((len(uniform), places), np.int64)
    for row in range(len(uniform)):
        for t in range(places):
            letter = guide[t, int(uniform[row, t] * cells)]
            while cumulative[t, letter] <= uniform[row, t]:
                letter += 1
            words[row, t] = letter
    return words


@njit(cache=True)
def _advance(word, place, over, value, letters, rows, actions, rewards, terminated):  # type: ignore[no-untyped-def]
    """Append actions int64[R] to word int16[B, T] in `rows`; fills rewards, terminated [R]; returns how many completed.

    A letter that does not exist ends its row with -inf. The caller scores the rows that completed.
    """
    completed = 0
    for i in range(len(rows)):
        row = rows[i]
        terminated[i] = True
        if over[row]:
            continue
        t = place[row]
        if actions[i] < 0 or actions[i] >= letters[t]:
            over[row] = True
            value[row] = rewards[i] = -np.inf
            continue
        word[row, t] = actions[i]
        place[row] = t + 1
        if t + 1 == word.shape[1]:
            over[row] = True
            completed += 1
        else:
            terminated[i] = False
    return completed


@njit(cache=True)
def _observe(word, place, rows, letter_column, position_column, constant_columns, out):  # type: ignore[no-untyped-def]
    """Flat observations float32[R, D] of the prefixes in `rows`, as a WordLayout says; `out` is overwritten."""
    out[:] = 0.0
    for i in range(len(rows)):
        row = rows[i]
        t = place[row]
        for column in constant_columns:
            out[i, column] = 1.0
        for s in range(t):
            column = letter_column[s, word[row, s]]
            if column >= 0:
                out[i, column] = 1.0
        if t < len(position_column) and position_column[t] >= 0:
            out[i, position_column[t]] = 1.0
