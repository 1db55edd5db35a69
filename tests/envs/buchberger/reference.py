"""The slow twin of the environment: hand-made strategies, counts and records on top of the plain replay."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mathrl.envs.buchberger.replay import Outcome, Polynomial, Replay, order, reduced_basis

Pair = tuple[int, int]
Key = tuple[Any, ...]
Choose = Callable[[Replay], Pair]
VARIANTS: dict[str, dict[str, Any]] = {
    "gm": {},
    "lcm": {"elimination": "lcm"},
    "none": {"elimination": "none"},
    "gm_unsorted": {"sort_reducers": False},
    "gm_sortinput": {"sort_input": True},
}


def polynomials(generators: Iterable[Iterable[Sequence[Any]]]) -> list[Polynomial]:
    """Dictionaries from the JSON form [[[coefficient, [e1, ..., en]], ...], ...]."""
    return [{tuple(exponents): coefficient for coefficient, exponents in terms} for terms in generators]


def terms(f: Polynomial) -> list[list[Any]]:
    """The JSON form of one polynomial, descending."""
    return [[f[m], list(m)] for m in sorted(f, key=order, reverse=True)]


# ------------------------------------------------------------------------------------------------------ strategies


def true_degree(s: Polynomial) -> int:
    """The largest degree of a term; -1 for zero, which comes before everything."""
    return max(map(sum, s), default=-1)


def entropy(s: Polynomial) -> int:
    """The entropy of the terms' degrees in units of 1e-9, as an integer, so that ties are exact."""
    degrees = sorted(degree for degree in map(sum, s) if degree)
    if len(degrees) < 2:
        return 0
    unit = math.gcd(*degrees)
    degrees = [degree // unit for degree in degrees]
    total = sum(degrees)
    return round((math.log(total) - sum(d * math.log(d) for d in degrees) / total) * 1e9)


KEYS: dict[str, Callable[[Replay, int, int], Key]] = {
    "first": lambda state, i, j: (j, i),
    "degree": lambda state, i, j: (sum(state.lcm(i, j)), j, i),
    "normal": lambda state, i, j: (order(state.lcm(i, j)), j, i),
    "sugar": lambda state, i, j: (state.sugar(i, j), order(state.lcm(i, j)), j, i),
    "truedegree": lambda state, i, j: (true_degree(state.s_polynomial(i, j)), j, i),
    "entropy": lambda state, i, j: (entropy(state.s_polynomial(i, j)), j, i),
}
OPPOSITES = {"last": "first", "codegree": "degree", "strange": "normal", "spice": "sugar"}
STRATEGIES = (*KEYS, *OPPOSITES)


def chooser(strategy: str) -> Choose:
    """The pair that a strategy picks from a state; for one episode, since keys of pairs are remembered."""
    key, best = KEYS[OPPOSITES.get(strategy, strategy)], max if strategy in OPPOSITES else min
    known: dict[Pair, Key] = {}

    def choose(state: Replay) -> Pair:
        for pair in state.P:
            if pair not in known:
                known[pair] = key(state, *pair)
        return best(state.P, key=known.__getitem__)

    return choose


# -------------------------------------------------------------------------------------------------------- episodes


@dataclass
class Episode:
    """What happened from the generators to the end."""

    state: Replay
    initial_pairs: int
    pairs: list[Pair] = field(default_factory=list)  # in processing order
    outcomes: list[Outcome] = field(default_factory=list)
    lcm_degrees: list[int] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)  # |P| at the start and after every step

    @property
    def additions(self) -> int:
        return sum(outcome.additions for outcome in self.outcomes)

    def counts(self) -> dict[str, int]:
        """What the reference values hold about a run."""
        zero = sum(outcome.terms == 0 for outcome in self.outcomes)
        return {
            "additions": self.additions,
            "zero": zero,
            "nonzero": len(self.pairs) - zero,
            "pairs": len(self.pairs),
            "initial_pairs": self.initial_pairs,
            "basis_len": len(self.state.G),
            "max_pairs": max(self.pending),
            "max_terms_of_new_element": max((outcome.terms for outcome in self.outcomes), default=0),
            "max_lcm_degree": max(self.lcm_degrees, default=0),
        }

    def discounted_return(self, gamma: float = 0.99) -> float:
        return -sum(gamma**t * outcome.additions for t, outcome in enumerate(self.outcomes))

    def trace(self) -> list[list[int]]:
        """Rows [i, j, additions, terms of the remainder]."""
        return [[*pair, one.additions, one.terms] for pair, one in zip(self.pairs, self.outcomes, strict=True)]

    def basis(self) -> list[Polynomial]:
        return reduced_basis(self.state.G, self.state.p)


def play(generators: Iterable[Polynomial], p: int, choose: Choose | str, **variant: Any) -> Episode:
    """One episode: a strategy's name, or a function that picks a pending pair; `variant` goes to Replay."""
    choose = chooser(choose) if isinstance(choose, str) else choose
    state = Replay(generators, p, **variant)
    episode = Episode(state, len(state.P), pending=[len(state.P)])
    while state.P:
        pair = choose(state)
        episode.pairs.append(pair)
        episode.lcm_degrees.append(sum(state.lcm(*pair)))
        episode.outcomes.append(state.step(*pair))
        episode.pending.append(len(state.P))
    return episode


def record(
    ideal: Mapping[str, Any], choose: Choose | str = "degree", reward: str = "additions", **variant: Any
) -> dict[str, Any]:
    """A true record of one episode on an ideal {"n", "field", "F"}, as the environment writes it."""
    episode = play(polynomials(ideal["F"]), ideal["field"], choose, **variant)
    settings = {"elimination": "gm", "sort_reducers": True, "sort_input": False} | variant
    solution = {
        "n": ideal["n"],
        "field": ideal["field"],
        "variables": [f"x{k + 1}" for k in range(ideal["n"])],
        "F": ideal["F"],
        **settings,
        "pairs": [list(pair) for pair in episode.pairs],
        "additions": episode.additions,
        "basis": [terms(f) for f in episode.basis()],
    }
    value = -sum(outcome.cost(reward) for outcome in episode.outcomes)
    return {"env": "buchberger", "reward": reward, "value": float(value), "solution": solution}
