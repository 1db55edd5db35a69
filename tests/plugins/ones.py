"""Words with as many ones as possible: the smallest problem that an agent must be able to learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import mathrl


@dataclass(frozen=True)
class OnesConfig:
    length: int = mathrl.knob(16, "letters of a word", 1, 200)
    letters: int = mathrl.knob(2, "letters of the alphabet", 1, 10)
    even: bool = mathrl.knob(False, "whether words with an odd number of ones are impossible")


class Ones(mathrl.WordEnv):
    """All letters below `letters` are legal; reward: at the end the number of ones, or -inf if that is not allowed."""

    Config = OnesConfig

    def prepare(self):
        self.use_letters(np.full(self.config.length, self.config.letters))

    def values(self, words):
        ones = (words == 1).sum(axis=1)
        return np.where(self.config.even & (ones % 2 == 1), -np.inf, ones)

    def solution(self, row):
        return mathrl.Solution("ones", "ones", float(self.value[row]), {"word": self.word[row].tolist()})


def verify(record):
    """The word has `value` ones."""
    held = record["solution"]["word"].count(1) == record["value"]
    return mathrl.Verdict(held, held, "counted")


PLUGIN = mathrl.EnvPlugin("ones", Ones, OnesConfig, verify, "words with many ones")
