"""Sidon sets, as large as possible: a third party's environment on sets of elements, in one file.

A Sidon set has pairwise different differences; {1, 2, 4} is one, {1, 2, 3} is not. Run it with
`mathrl solve path/to/sidon.py random 20`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

import mathrl


@dataclass(frozen=True)
class SidonConfig:
    n: int = mathrl.knob(12, "the largest number of an instance", 1, 60)
    least: int = mathrl.knob(5, "the smallest largest number of an instance", 0, 60)


class Sidon(mathrl.SearchEnv):
    """Add numbers of 1..top to a set, one a step, as long as the set stays Sidon; an instance is top.

    Observation: a set, one element for each number of 1..top not taken yet, ascending: number / n, and 1 where taking
    it is legal. Context: size of the set and top, both over n. Action: the index of an element; the ones that would
    repeat a difference stay and are masked. Reward: 1 a number. The episode ends when no number is legal.
    """

    kind = "set"
    Config = SidonConfig

    def prepare(self):
        n = self.config.n
        self.max_actions, self.element_features, self.context_features = n, 2, 2
        self.numbers = np.arange(n)
        self.distance = np.abs(self.numbers[:, None] - self.numbers)

    def allocate(self, rows):
        n = self.config.n
        return {
            "top": np.zeros(rows, np.int64),
            "taken": np.zeros((rows, n), np.bool_),
            "used": np.zeros((rows, n), np.bool_),  # differences
            "over": np.zeros(rows, np.bool_),
            "dead": np.zeros(rows, np.bool_),
        }

    def draw(self, streams):
        least = min(self.config.least, self.config.n)
        return [int(stream.integers(least, self.config.n + 1)) for stream in streams]

    def begin(self, rows, instances):
        self.top[rows] = instances
        for state in (self.taken, self.used, self.over, self.dead):
            state[rows] = False
        self.over[rows] = ~self.allowed(rows).any(axis=1)

    def present(self, rows):
        """bool[R, n]: numbers that are elements."""
        return (self.numbers < self.top[rows, None]) & ~self.taken[rows] & ~self.over[rows, None]

    def allowed(self, rows):
        """bool[R, n]: numbers whose differences to the set are all new and different from each other."""
        taken = self.taken[rows]
        repeats = (self.used[rows][:, self.distance] & taken[:, None, :]).any(axis=2)
        halfway = np.zeros_like(taken)
        for gap in range(1, self.config.n // 2 + 1):
            halfway[:, gap:-gap] |= taken[:, : -2 * gap] & taken[:, 2 * gap :]
        return self.present(rows) & ~repeats & ~halfway

    def order(self, rows):
        """int64[R, n]: the numbers in the order of the elements."""
        return np.argsort(~self.present(rows), axis=1, kind="stable")

    def advance(self, rows, actions):
        each, before = np.arange(len(rows)), self.over[rows]
        inside = (actions >= 0) & (actions < self.counts(rows))
        number = self.order(rows)[each, np.where(inside, actions, 0)]
        legal = inside & self.allowed(rows)[each, number]
        for row, new in zip(rows[legal], number[legal], strict=True):
            self.used[row, self.distance[new, self.taken[row]]] = True
            self.taken[row, new] = True
        self.dead[rows] |= ~legal & ~before
        self.over[rows] = before | ~legal | ~self.allowed(rows).any(axis=1)
        self.meter.evaluations += int((self.over[rows] & legal).sum())
        rewards = np.where(before, 0.0, np.where(legal, 1.0, -np.inf))
        return rewards, self.over[rows], np.zeros(len(rows), np.bool_)

    def counts(self, rows):
        return self.present(rows).sum(axis=1)

    def masks(self, rows, width=None, out=None):
        size = int(self.counts(rows).max(initial=0)) if width is None else width
        masks = np.zeros((len(rows), size), np.bool_) if out is None else out
        legal = np.take_along_axis(self.allowed(rows), self.order(rows), axis=1)[:, :size]
        masks[:], masks[:, : legal.shape[1]] = False, legal
        return masks

    def observe(self, rows, width=None, out=None):
        counts = self.counts(rows)
        size = int(counts.max(initial=0)) if width is None else width
        seen = {
            "elements": np.zeros((len(rows), size, 2), np.float32),
            "context": np.stack([self.taken[rows].sum(axis=1), self.top[rows]], axis=1).astype(np.float32),
            "mask": np.arange(size) < counts[:, None],
        }
        seen["context"] /= self.config.n
        some = min(size, self.config.n)
        seen["elements"][:, :some, 0] = (self.order(rows)[:, :some] + 1) / self.config.n
        seen["elements"][:, :, 1] = self.masks(rows, size)
        seen["elements"][~seen["mask"]] = 0.0
        if out is None:
            return seen
        for name, part in seen.items():
            out[name][:] = part
        return out

    def score(self, rows):
        return np.where(self.dead[rows], -np.inf, self.taken[rows].sum(axis=1))

    def solution(self, row):
        marks = [int(number) + 1 for number in np.flatnonzero(self.taken[row])]
        found = {"top": int(self.top[row]), "marks": marks}
        return mathrl.Solution("sidon", "size", float(self.score(np.array([row]))[0]), found)


def verify(record):
    """The marks are different whole numbers of 1..top, their differences are different, and there are `value`."""
    top, marks = record["solution"]["top"], record["solution"]["marks"]
    if not all(isinstance(mark, int) and 1 <= mark <= top for mark in marks) or len(set(marks)) < len(marks):
        return mathrl.Verdict(False, False, f"the marks are not different numbers of 1..{top}")
    differences = [abs(a - b) for a, b in combinations(marks, 2)]
    if len(set(differences)) < len(differences):
        return mathrl.Verdict(False, False, "two pairs of marks have the same difference")
    if record["value"] != len(marks):
        return mathrl.Verdict(False, False, f"the set has {len(marks)} marks, not {record['value']}")
    return mathrl.Verdict(True, True, f"a Sidon set of {len(marks)} numbers")


def instances(word, config):
    """`20` is the instance with the numbers 1..20."""
    if not word.isdigit() or int(word) > config.n:
        raise mathrl.MathrlError(f"an instance of sidon is a number up to env.n={config.n}, not '{word}'")
    return [int(word)]


PLUGIN = mathrl.EnvPlugin(
    "sidon", Sidon, SidonConfig, verify, "sets of numbers whose differences are all different", instances=instances
)
