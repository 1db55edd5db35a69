"""Re-check a Groebner basis and the cost of computing it: python -I check.py prints what it checked.

Exit 0: every line printed is true of the record. Exit 1: something in it is false, and the last line says what. The
pairs are replayed as Buchberger's algorithm is defined, the basis must pass Buchberger's criterion and generate the
same ideal as the generators. Python 3.10 or later, standard library only; nothing in the record is ever executed.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from .replay import (
    ELIMINATIONS,
    REWARDS,
    Monomial,
    Polynomial,
    Replay,
    lcm,
    lead,
    normal_form,
    order,
    product,
    s_polynomial,
)

RECORD: dict[str, Any] | None = None

FIELDS = (
    "n", "field", "variables", "F", "elimination", "sort_reducers", "sort_input", "pairs", "additions", "basis",
)  # fmt: skip
MOST_VARIABLES, LARGEST_EXPONENT = 1000, 2**31 - 1
MOST_WORK = 10**8  # monomials touched, 1 to 6 million of them a second
MOST_TERMS = 10**5  # of a polynomial on the way


class Refused(Exception):
    """What is wrong with the record, in one sentence."""


class TooLarge(Refused):
    """Nothing is known to be wrong, but checking takes more than is allowed."""


def require(truth: bool, sentence: str) -> None:
    if not truth:
        raise Refused(sentence)


# ---------------------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True)
class Claim:
    """What a record says, every part of the right kind and inside its limits; nothing else is checked yet."""

    reward: str
    value: float
    n: int
    field: int
    variables: Sequence[str]
    generators: list[Polynomial]
    settings: dict[str, Any]  # elimination, sort_reducers, sort_input
    pairs: list[tuple[int, int]]
    additions: int
    basis: list[Polynomial]


def read(record: Mapping[str, Any]) -> Claim:
    """The claim of a record {"reward", "value", "solution"}; Refused where a part is missing, extra or malformed."""
    solution, reward, value = record["solution"], record["reward"], record["value"]
    require(reward in REWARDS, f"the reward is not one of {', '.join(REWARDS)}")
    require(finite(value), "the value is not a finite number")
    for name in FIELDS:
        require(name in solution, f"the solution has no field '{name}'")
    extra = [str(name) for name in solution if name not in FIELDS]
    require(not extra, f"the solution has the field '{''.join(extra[:1])}', which nobody checks")
    n, p, additions, pairs = (solution[name] for name in ("n", "field", "additions", "pairs"))
    require(whole(n, 1, MOST_VARIABLES), f"n is not a whole number from 1 to {MOST_VARIABLES}")
    require(whole(p, 2, 2**31) and prime(p), "the field is not a prime below 2^31")
    require(solution["elimination"] in ELIMINATIONS, f"the elimination is not one of {', '.join(ELIMINATIONS)}")
    for name in ("sort_reducers", "sort_input"):
        require(type(solution[name]) is bool, f"{name} is neither true nor false")
    require(whole(additions, 0, 2**63), "the additions are not a whole number")
    require(type(pairs) is list and all(pair_like(pair) for pair in pairs), "the pairs are not a list of [i, j], i < j")
    return Claim(
        reward,
        value,
        n,
        p,
        read_variables(solution["variables"], n),
        read_polynomials(solution["F"], "generator", n, p),
        {name: solution[name] for name in ("elimination", "sort_reducers", "sort_input")},
        [(i, j) for i, j in pairs],
        additions,
        read_polynomials(solution["basis"], "basis element", n, p),
    )


def whole(value: Any, low: int, high: int) -> bool:
    """Whether the value is an integer from low to high; true and 1.0 are not."""
    return type(value) is int and low <= value <= high


def finite(value: Any) -> bool:
    """Whether the value is a number, neither infinite nor absurdly large."""
    return type(value) in (int, float) and abs(value) < 1e300


def prime(p: int) -> bool:
    """Whether p >= 2 is prime, by trial division."""
    return all(p % d for d in range(2, math.isqrt(p) + 1))


def pair_like(pair: Any) -> bool:
    return type(pair) is list and len(pair) == 2 and whole(pair[0], 0, 2**31) and whole(pair[1], pair[0] + 1, 2**31)


def read_variables(names: Any, n: int) -> list[str]:
    """n different names, each of letters, digits and underscores."""
    require(type(names) is list and all(type(name) is str for name in names), "the variables are not a list of names")
    require(len(names) == n == len(set(names)), f"the variables are not n = {n} different names")
    require(all(name.isascii() and name.isidentifier() for name in names), "a variable's name is not a plain name")
    return list(names)


def read_polynomials(polynomials: Any, what: str, n: int, p: int) -> list[Polynomial]:
    """Polynomials from lists of terms [coefficient in 1..p-1, [e1, ..., en]], descending strictly, none zero."""
    require(type(polynomials) is list, f"the {what}s are not a list")
    found = []
    for number, terms in enumerate(polynomials, 1):
        name = f"{what} {number}"
        require(type(terms) is list and len(terms) > 0, f"{name} is not a list of at least one term")
        for term in terms:
            require(
                type(term) is list and len(term) == 2 and type(term[1]) is list,
                f"{name} has a term that is not [coefficient, [e1, ..., en]]",
            )
            require(whole(term[0], 1, p - 1), f"{name} has a coefficient that is not from 1 to {p - 1}")
            require(
                len(term[1]) == n and all(whole(e, 0, LARGEST_EXPONENT) for e in term[1]),
                f"{name} has a term without {n} exponents from 0 to 2^31 - 1",
            )
        keys = [order(tuple(exponents)) for _, exponents in terms]
        require(all(a > b for a, b in pairwise(keys)), f"the terms of {name} do not descend")
        found.append({tuple(exponents): coefficient for coefficient, exponents in terms})
    return found


# --------------------------------------------------------------------------------------------------------- checking


@dataclass(frozen=True)
class Checked:
    """What was proved about a record."""

    claim: Claim
    costs: dict[str, int]  # in every reward
    zero: int  # pairs that reduced to zero
    inserted: int  # elements of G at the end, the generators among them
    reduced: int  # pairs of the basis whose S-polynomial was reduced to zero
    coprime: int  # pairs of the basis that need no reduction

    def lines(self) -> list[str]:
        """The proof for a reader, line by line."""
        claim, costs = self.claim, self.costs
        leads = [written(lead(f), claim.variables) for f in claim.basis]
        if len(leads) > 24:
            leads[12:-11] = ["..."]
        names = ", ".join(claim.variables[:12]) + (", ..." if claim.n > 12 else "")
        switches = [name.replace("_", " ") for name in ("sort_reducers", "sort_input") if claim.settings[name]]
        rules = ", ".join([f"elimination {claim.settings['elimination']}", *switches])
        return [
            f"ideal: {len(claim.generators)} generators in {names} over GF({claim.field}), grevlex",
            f"replayed ({rules}): {len(claim.pairs)} pairs, {self.zero} of them reduced to zero, {self.inserted}"
            " polynomials in the end",
            f"cost: {costs['additions']} additions, {costs['reductions']} reductions,"
            f" {costs['monomial-additions']} monomial additions; the value is minus the {claim.reward}",
            f"reduced Groebner basis: {len(claim.basis)} elements, {sum(map(len, claim.basis))} terms;"
            f" lead monomials {', '.join(leads) or 'none'}",
            f"Buchberger's criterion: every S-polynomial reduces to zero ({self.reduced} computed, {self.coprime} of"
            " coprime pairs)",
            "same ideal: every generator reduces to zero modulo the basis, and every basis element modulo the"
            " polynomials of the replay, which lie in the ideal",
        ]


def check(record: Mapping[str, Any], work: int = MOST_WORK) -> Checked:
    """Everything that a record claims, checked; Refused with one sentence where it is false or too large."""
    claim = read(record)
    allowance = Allowance(claim.n, work)
    state, costs, zero = replayed(claim, allowance)
    check_form(claim, allowance)
    reduced, coprime = check_criterion(claim, allowance)
    check_membership(claim, state, allowance)
    return Checked(claim, costs, zero, len(state.G), reduced, coprime)


class Allowance:
    """The work that one record may cost, so that a hostile one is refused in minutes; Refused once it is spent."""

    def __init__(self, n: int, work: int) -> None:
        self.work, self.left, self.price = work, work, 1 + n // 16

    def __call__(self, work: int, terms: int) -> None:
        self.left -= work * self.price
        if self.left < 0:
            raise TooLarge(f"checking takes more than {self.work:,} operations on monomials, the limit here")
        if terms > MOST_TERMS:
            raise TooLarge(f"a polynomial of more than {MOST_TERMS:,} terms turns up, the limit here")


def replayed(claim: Claim, allowance: Allowance) -> tuple[Replay, dict[str, int], int]:
    """The state after the claimed pairs, the cost in every reward, and the number of pairs that reduced to zero."""
    state = Replay(claim.generators, claim.field, **claim.settings, spend=allowance)
    costs, zero = dict.fromkeys(REWARDS, 0), 0
    for step, (i, j) in enumerate(claim.pairs, 1):
        require((i, j) in state.P, f"step {step} processes the pair ({i}, {j}), which is not pending")
        outcome = state.step(i, j)
        zero += outcome.terms == 0
        for reward in REWARDS:
            costs[reward] += outcome.cost(reward)
    require(not state.P, f"after the {len(claim.pairs)} pairs given, {len(state.P)} pairs are still pending")
    true = costs["additions"]
    require(claim.additions == true, f"the additions are {true}, not {claim.additions}")
    true = -costs[claim.reward]
    require(claim.value == true, f"the recorded value {claim.value:.15g} is wrong: in {claim.reward} it is {true}")
    return state, costs, zero


def check_form(claim: Claim, allowance: Allowance) -> None:
    """The basis is monic and reduced, and its elements ascend."""
    leads = [lead(f) for f in claim.basis]
    require(all(f[a] == 1 for f, a in zip(claim.basis, leads, strict=True)), "a basis element is not monic")
    keys = [order(a) for a in leads]
    require(all(a < b for a, b in pairwise(keys)), "the lead monomials of the basis do not ascend")
    for number, f in enumerate(claim.basis):
        others = claim.basis[:number] + claim.basis[number + 1 :]
        tidy = not normal_form(f, others, claim.field, allowance)[1]
        require(
            tidy, f"the basis is not reduced: another element's lead monomial divides a term of element {number + 1}"
        )


def check_criterion(claim: Claim, allowance: Allowance) -> tuple[int, int]:
    """Buchberger's criterion: the S-polynomials of the basis reduce to zero; coprime pairs always do."""
    reduced = coprime = 0
    for f, g in combinations(claim.basis, 2):
        allowance(len(f) + len(g), 0)
        if lcm(lead(f), lead(g)) == product(lead(f), lead(g)):
            coprime += 1
            continue
        rest, _ = normal_form(s_polynomial(f, g, claim.field), claim.basis, claim.field, allowance)
        require(not rest, "the basis is no Groebner basis: an S-polynomial does not reduce to zero")
        reduced += 1
    return reduced, coprime


def check_membership(claim: Claim, state: Replay, allowance: Allowance) -> None:
    """The basis and the generators generate the same ideal."""
    for number, f in enumerate(claim.generators, 1):
        rest, _ = normal_form(f, claim.basis, claim.field, allowance)
        require(not rest, f"generator {number} does not reduce to zero modulo the basis")
    for number, f in enumerate(claim.basis, 1):
        rest, _ = normal_form(f, state.G, claim.field, allowance)
        require(not rest, f"basis element {number} does not reduce to zero modulo the polynomials of the replay")


def written(m: Monomial, variables: Sequence[str]) -> str:
    """x^2*y; the monomial 1 is 1."""
    powers = (name if e == 1 else f"{name}^{e}" for name, e in zip(variables, m, strict=True) if e)
    return "*".join(powers) or "1"


def main() -> int:
    """Check RECORD and say what was checked."""
    if RECORD is None:
        print("no record here; 'mathrl show RUN --to check' writes a copy of this script that holds one")
        return 1
    try:
        print(*check(RECORD).lines(), sep="\n")
    except Refused as fault:
        print(f"refused: {fault}")
        return 1
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as fault:
        print(f"refused: the record is malformed ({type(fault).__name__}: {fault})")
        return 1
    print("checked: all of it holds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
