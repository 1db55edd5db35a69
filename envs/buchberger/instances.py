"""What names ideals on the command line: cyclic-5, 3-20-10-weighted:2000, ideals.ms."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrl.errors import MathrlError, unknown
from mathrl.registry import RewardEntry

from .distributions import KINDS, SUFFIXES, Distribution
from .files import FORMS, read_ideals
from .ideals import Ideal
from .systems import INDEX_LIMIT, SYSTEMS, named

COUNT_LIMIT, ENTRIES_LIMIT = 100_000, 200_000_000  # ideals, and exponents in all of them
TRIALS = 10_000  # ideals drawn for one that has an S-pair
LISTING = "mathrl list instances buchberger shows all, and a file of ideals works too"


def instances(word: str, config: Any = None) -> list[Ideal]:
    """The ideals that a word names: a system, a distribution (`DIST`, `DIST:COUNT`, `DIST:COUNT@SEED`) or a file.

    The ideals of a distribution are the first COUNT of those that SEED (default 0) draws and that have an S-pair. Their
    streams are apart from those of training. `config` is not needed: a word says all.
    """
    if Path(word).suffix.lower() in FORMS or "/" in word:
        return list(read_ideals(word))
    if re.match(r"\s*[0-9]", word):
        return _drawn(word)
    system = named(word)
    if system is not None:
        return [system]
    if os.path.isfile(word):
        return list(read_ideals(word))  # which says what a file of ideals is called
    raise unknown(word, "an ideal of buchberger", _names(word), LISTING)


@dataclass(frozen=True)
class Pool:
    """Ideals of which every draw takes one at random: a system, or what a file or `DIST:COUNT@SEED` holds."""

    ideals: tuple[Ideal, ...]

    @property
    def n(self) -> int:
        """The largest number of variables."""
        return max(ideal.n for ideal in self.ideals)

    @property
    def degree(self) -> int:
        """The largest degree of a term."""
        return max(ideal.degree for ideal in self.ideals)

    def draw(self, words: NDArray[np.uint64]) -> list[Ideal]:
        """One ideal a word uint64[R], each equally likely up to 2^-64."""
        return [self.ideals[int(word) * len(self.ideals) >> 64] for word in words]


def source(word: str) -> Distribution | Pool:
    """What env.distribution draws from: `DIST` draws fresh ideals, any other word is the pool of its instances."""
    if re.match(r"\s*[0-9]", word) and not re.search("[:@]", word) and Path(word).suffix.lower() not in FORMS:
        return Distribution.parse(word)
    return Pool(tuple(instances(word)))


def generator(seed: int) -> np.random.PCG64:
    """Where the words of fresh ideals come from, one uint64 an ideal.

    Spawn key 3: environments, tasks and networks have 0, 1 and 2 (mathrl.env.Streams), so no training ideal is among
    them but by a collision of words.
    """
    return np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(3,)))


def listing() -> list[RewardEntry]:
    """The lines of `mathrl list instances buchberger`."""
    systems = [
        RewardEntry(f"{system.name}-N", f"{system.summary}; N = {system.least} to {INDEX_LIMIT}")
        for system in SYSTEMS.values()
    ]
    families = [RewardEntry(f"n-d-s-{kind}", f"s binomials in n variables, {what}") for kind, what in KINDS.items()]
    sums = RewardEntry("n-d-s-LAM-KIND", "s sums of 2 + Poisson(LAM) random terms, such as 3-8-4-0.5-weighted")
    suffixes = [RewardEntry(f"...-{suffix}", f"of a distribution: {what}") for suffix, what in SUFFIXES.items()]
    counts = RewardEntry("DIST:COUNT@SEED", "COUNT fresh ideals of a distribution, such as 3-20-10-weighted:2000@1")
    files = [RewardEntry(f"FILE{suffix}", what) for suffix, what in FORMS.items()]
    return [*systems, *families, sums, *suffixes, counts, *files]


def _drawn(word: str) -> list[Ideal]:
    """The ideals of `DIST`, `DIST:COUNT`, `DIST@SEED` or `DIST:COUNT@SEED`, called DIST@SEED#0, #1, ..."""
    match = re.fullmatch(r"([^:@]*)(?::([^:@]*))?(?:@([^:@]*))?", word.strip())
    if match is None:
        raise MathrlError(f"'{word}' is not DIST:COUNT@SEED, such as 3-20-10-weighted:2000@1")
    distribution = Distribution.parse(match[1])
    count = _number(match[2], "the number of ideals", 1, COUNT_LIMIT, word) if match[2] is not None else 1
    seed = _number(match[3], "the seed", 0, 2**63 - 1, word) if match[3] is not None else 0
    terms = 2 + (distribution.mean or 0.0)
    if count * distribution.size * terms * distribution.n > ENTRIES_LIMIT:
        raise MathrlError(f"'{word}' is about {count * distribution.size * terms:.0f} terms; ask for fewer ideals")
    kept: list[Ideal] = []
    for number, ideal in enumerate(_stream(distribution, seed, count), start=1):
        if not ideal.coprime:
            kept.append(ideal)
        if len(kept) == count:
            break
        if number > TRIALS * (len(kept) + 1):
            raise MathrlError(f"'{word}': hardly any ideal of {distribution.name} has an S-pair")
    return kept


def _stream(distribution: Distribution, seed: int, batch: int) -> Iterator[Ideal]:
    """The ideals that a seed draws, endlessly; the size of a batch changes nothing but memory."""
    source, number = generator(seed), 0
    while True:
        words: NDArray[np.uint64] = source.random_raw(batch)
        names = [f"{distribution.name}@{seed}#{number + row}" for row in range(batch)]
        yield from distribution.draw(words, names)
        number += batch


def _number(text: str, what: str, least: int, most: int, word: str) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", text) or not least <= int(text) <= most:
        raise MathrlError(f"'{word}': {what} is '{text}', which is not an integer in {least} to {most}")
    return int(text)


def _names(word: str) -> list[str]:
    """Names near a word: the systems with its index, and the default distribution."""
    index = re.search(r"[0-9]+$", word)
    return [f"{system.name}-{index[0] if index else 5}" for system in SYSTEMS.values()] + ["3-20-10-weighted"]
