"""Queens on a board, none attacking another: a third party's words with a rule that changes and with dead ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import mathrl


@dataclass(frozen=True)
class QueensConfig:
    n: int = mathrl.knob(5, "rows and columns of the board", 1, 30)


class Queens(mathrl.WordEnv):
    """Letter t is the column of the queen on row t; legal are the columns that no queen above attacks.

    Observation and action as of WordEnv. Reward: 0, then at the end the sum of row times column, rows from 0; -inf
    when a row has no legal column.
    """

    Config = QueensConfig

    def prepare(self):
        self.use_letters(np.full(self.config.n, self.config.n))

    def legal(self, rows):
        n = self.config.n
        allowed = np.ones((len(rows), n), np.bool_)
        for above in range(n):
            distance = self.place[rows] - above
            for shift in (-1, 0, 1):
                column = self.word[rows, above] + shift * distance
                attacked = (distance > 0) & (column >= 0) & (column < n)
                allowed[np.flatnonzero(attacked), column[attacked]] = False
        return allowed

    def values(self, words):
        return (words * np.arange(self.length)).sum(axis=1).astype(np.float64)

    def solution(self, row):
        return mathrl.Solution("queens", "weight", float(self.value[row]), {"columns": self.word[row].tolist()})


def verify(record):
    """No two queens attack each other, and the weight is `value`."""
    columns = record["solution"]["columns"]
    n, attacks = len(columns), []
    for a in range(n):
        attacks += [(a, b) for b in range(a) if abs(columns[a] - columns[b]) in (0, a - b)]
    if attacks or not all(0 <= column < n for column in columns):
        return mathrl.Verdict(False, False, f"queens attack each other: {attacks}")
    if record["value"] != sum(row * column for row, column in enumerate(columns)):
        return mathrl.Verdict(False, False, "the weight is another one")
    return mathrl.Verdict(True, True, f"{n} queens at peace")


PLUGIN = mathrl.EnvPlugin("queens", Queens, QueensConfig, verify, "queens that do not attack each other")
