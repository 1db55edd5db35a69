"""What a record says, decoded bit by bit without the kernels, and the plain replay that it must equal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from mathrl.envs.buchberger import record as words
from mathrl.envs.buchberger.env import Buchberger
from mathrl.envs.buchberger.ideals import Ideal
from mathrl.envs.buchberger.memory import Memory
from mathrl.envs.buchberger.replay import Polynomial, Replay, divides, order

from .reference import polynomials

DATA = Path(__file__).parents[2] / "data/buchberger"
ORACLE = {entry["id"]: entry for entry in map(json.loads, (DATA / "ideals.jsonl").read_text().splitlines())}
ROW = np.zeros(1, np.int64)


def ideal_of(generators: list[Any], n: int, field: int = 32003, name: str = "") -> Ideal:
    """The ideal of polynomials in the JSON form [[coefficient, [e1, ..., en]], ...]."""
    return Ideal.of_json({"id": name, "n": n, "field": field, "F": generators})


def oracle(name: str) -> Ideal:
    """An ideal of the reference values."""
    entry = ORACLE[name]
    return ideal_of(entry["F"], entry["n"], entry["field"], name)


def random_ideal(rng: np.random.Generator, n: int, s: int, degree: int, terms: int = 2, field: int = 32003) -> Ideal:
    """s polynomials of 1 to `terms` random terms, not monic, sometimes with equal leads."""
    polynomials = []
    for _ in range(s):
        count = int(rng.integers(1, terms + 1))
        exponents = [rng.multinomial(rng.integers(1, degree + 1), np.ones(n) / n).tolist() for _ in range(count)]
        polynomials.append([(int(rng.integers(1, field)), one) for one in exponents])
    if s > 2 and rng.random() < 0.5:
        polynomials[1] = [polynomials[0][0], *polynomials[1][1:]]
    return Ideal.from_terms("random", [f"x{k + 1}" for k in range(n)], field, polynomials)


def replay_of(ideal: Ideal, **variant: Any) -> Replay:
    """The plain replay at the start of an ideal."""
    return Replay(polynomials(ideal.generators()), ideal.field, **variant)


def narrowed(env: Buchberger, words_: int | None = None, **sizes: int) -> Buchberger:
    """An arena of as many rows whose memory has other capacities, or monomials of another width."""
    arena = env.resized(env.num_envs)
    old = arena.memory.layout
    arena.memory = Memory(env.num_envs, words.make_layout(old.n, words_ or old.words, **sizes))
    return arena


class Decoded:
    """One record as mathematics: G, P, R, sugars and the trace."""

    def __init__(self, env: Buchberger, row: int) -> None:
        self.layout, self.r = env.memory.layout, [int(word) for word in env.memory.rows[row]]
        self.n, layout, r = env.ideals[row].n, self.layout, self.r
        self.leads = [self.monomial(layout.leads_at + i * layout.words) for i in range(r[words.ELEMENTS])]
        elements = [layout.elements_at + i * words.ELEMENT for i in range(r[words.ELEMENTS])]
        self.sugars = [r[at + words.SUGAR] for at in elements]
        self.G: list[Polynomial] = [
            {lead: 1, **self.tail(r[at + words.FIRST], r[at + words.TAIL])}
            for lead, at in zip(self.leads, elements, strict=True)
        ]
        indices = layout.reducers_at + layout.elements * layout.words
        self.R = r[indices : indices + r[words.REDUCERS]]
        stride = words.PAIR + layout.words
        self.cells = [layout.pairs_at + k * stride for k in range(r[words.PENDING])]
        self.P = [(r[at] >> 32, r[at] & 0xFFFFFFFF) for at in self.cells]
        self.lcms = [self.monomial(at + words.PAIR) for at in self.cells]
        self.pair_sugars = [r[at + words.PAIR_SUGAR] for at in self.cells]
        cells = [layout.trace_at + t * words.TRACE for t in range(r[words.STEPS])]
        self.trace = [[r[at] >> 32, r[at] & 0xFFFFFFFF, r[at + 1] >> 32, r[at + 1] & 0xFFFFFFFF] for at in cells]

    def monomial(self, at: int) -> tuple[int, ...]:
        """The exponents of the monomial at a place of the record, checked against its degree field."""
        bits, fields = int(self.layout.bits), self.layout.fields
        slots = [
            self.r[at + w] >> bits * (fields - 1 - f) & (1 << bits) - 1
            for w in range(self.layout.words)
            for f in range(fields)
        ]
        assert slots[0] == sum(slots[1:])
        exponents = slots[self.layout.n : 0 : -1]
        assert not any(slots[self.layout.n + 1 :])
        assert not any(exponents[self.n :])
        return tuple(exponents[: self.n])

    def tail(self, first: int, count: int) -> Polynomial:
        """The terms of a tail, which descend."""
        layout = self.layout
        monomials = [self.monomial(layout.terms_at + (first + t) * layout.words) for t in range(count)]
        assert monomials == sorted(monomials, key=order, reverse=True)
        return dict(zip(monomials, self.r[layout.coefs_at + first : layout.coefs_at + first + count], strict=True))

    def equals(self, state: Replay) -> None:
        """Assert that the record is the replay's state; of the reducers those that can be a first divisor."""
        assert [list(f.items()) for f in self.G] == [list(f.items()) for f in state.G]
        assert self.P == state.P
        assert self.lcms == [state.lcm(*pair) for pair in state.P]
        assert self.sugars == state.sugars
        assert self.pair_sugars == [state.sugar(*pair) for pair in state.P]
        first = [
            k
            for place, k in enumerate(state.R)
            if not any(divides(state.leads[earlier], state.leads[k]) for earlier in state.R[:place])
        ]
        assert first == self.R
