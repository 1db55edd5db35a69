"""Buchberger's algorithm on dictionaries, counted exactly as the specification says: what every kernel must equal.

A monomial is the tuple of its exponents, a polynomial the dictionary {monomial: coefficient}, coefficients in 1..p-1;
a polynomial that is kept is monic and its terms descend, so its first key is its lead monomial. Order: graded reverse
lexicographic with x1 > x2 > ... > xn. Standard library only: `mathrl show --to check` copies this file.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from heapq import heapify, heappop, heappush
from operator import add, le, sub
from typing import NamedTuple

Monomial = tuple[int, ...]  # exponents of x1, ..., xn
Polynomial = dict[Monomial, int]
Spend = Callable[[int, int], None]  # told what work was done, in monomials touched, and how many terms a polynomial has
ELIMINATIONS = ("gm", "lcm", "none")
REWARDS = ("additions", "reductions", "monomial-additions")


def unlimited(work: int, terms: int = 0) -> None:
    """Any amount of work on polynomials of any length is allowed; another function may raise to stop it."""


# ------------------------------------------------------------------------------------------------------- monomials


def order(m: Monomial) -> Monomial:
    """The sort key of grevlex: the degree, then on a tie the smaller exponent of the last variable that differs."""
    return (sum(m), *[-e for e in reversed(m)])


def descent(m: Monomial) -> Monomial:
    """Minus the key `order`: the smallest is the largest monomial."""
    return (-sum(m), *reversed(m))


def divides(a: Monomial, b: Monomial) -> bool:
    """Whether a divides b."""
    return all(map(le, a, b))


def lcm(a: Monomial, b: Monomial) -> Monomial:
    return tuple(map(max, a, b))


def product(a: Monomial, b: Monomial) -> Monomial:
    return tuple(map(add, a, b))


def quotient(a: Monomial, b: Monomial) -> Monomial:
    """a / b, which must be a monomial."""
    return tuple(map(sub, a, b))


# ----------------------------------------------------------------------------------------------------- polynomials


def lead(f: Polynomial) -> Monomial:
    """The lead monomial of a polynomial whose terms descend."""
    return next(iter(f))


def monic(f: Polynomial, p: int) -> Polynomial:
    """A nonzero f divided by its lead coefficient, terms in descending order; p is prime."""
    monomials = sorted(f, key=order, reverse=True)
    inverse = pow(f[monomials[0]], -1, p)
    return {m: f[m] * inverse % p for m in monomials}


def s_polynomial(f: Polynomial, g: Polynomial, p: int) -> Polynomial:
    """L/LM(f) f - L/LM(g) g for monic f and g, where L is the least common multiple of the lead monomials."""
    both = lcm(lead(f), lead(g))
    q, s = quotient(both, lead(f)), quotient(both, lead(g))
    difference = {product(q, m): c for m, c in f.items()}
    for m, c in g.items():
        m = product(s, m)
        rest = (difference.pop(m, 0) - c) % p
        if rest:
            difference[m] = rest
    return difference


class Step(NamedTuple):
    """One reduction step: what was subtracted is a constant times `monomial` times the divisor of that index."""

    monomial: Monomial
    divisor: int


def normal_form(
    f: Polynomial, divisors: Sequence[Polynomial], p: int, spend: Spend = unlimited
) -> tuple[Polynomial, list[Step]]:
    """The remainder of f modulo monic divisors, terms in descending order, and the steps that led to it.

    The largest term of what is left is cancelled with the FIRST divisor whose lead monomial divides it, or moves to
    the remainder if there is none; so tail terms are reduced as lead terms are.
    """
    leads = [lead(divisor) for divisor in divisors]
    left, remainder, steps = dict(f), {}, []
    largest = [descent(m) for m in left]  # a heap; monomials that have cancelled since are still in it
    heapify(largest)
    while left:
        m = heappop(largest)[:0:-1]
        if m not in left:
            continue
        c = left.pop(m)
        k = next((k for k, a in enumerate(leads) if divides(a, m)), None)
        if k is None:
            remainder[m] = c
            spend(len(leads), len(remainder))
            continue
        q = quotient(m, leads[k])
        steps.append(Step(q, k))
        for tail, d in divisors[k].items():
            tail = product(q, tail)
            if tail == m:  # the lead monomial
                continue
            if tail not in left:
                heappush(largest, descent(tail))
            rest = (left.pop(tail, 0) - c * d) % p
            if rest:
                left[tail] = rest
        spend(len(leads) + len(divisors[k]), len(left))
    return remainder, steps


def reduced_basis(basis: Iterable[Polynomial], p: int, spend: Spend = unlimited) -> list[Polynomial]:
    """The reduced Groebner basis of a Groebner basis: minimal, every tail reduced, ascending by lead monomial."""
    minimal: list[Polynomial] = []
    for f in sorted(basis, key=lambda f: order(lead(f))):  # a proper divisor of a monomial comes before it
        spend(len(minimal), 0)
        if not any(divides(lead(g), lead(f)) for g in minimal):
            minimal.append(f)
    tails = [normal_form({m: c for m, c in f.items() if m != lead(f)}, minimal, p, spend)[0] for f in minimal]
    return [{lead(f): 1, **tail} for f, tail in zip(minimal, tails, strict=True)]


# ------------------------------------------------------------------------------------------- Buchberger's algorithm


class Outcome(NamedTuple):
    """What processing one pair did."""

    additions: int  # 1 for the S-polynomial and 1 a reduction step
    monomial_additions: int  # the smaller number of terms of the pair, and of the divisor at every step
    terms: int  # of the remainder; 0: the pair reduced to zero

    def cost(self, reward: str) -> int:
        """The cost of the pair in that reward."""
        return {"additions": self.additions, "reductions": 1, "monomial-additions": self.monomial_additions}[reward]


class Replay:
    """The state of Buchberger's algorithm: G, the pending pairs P and the reducers R.

    G holds all polynomials ever inserted, monic, in the order of insertion; P the pairs (i, j), i < j, ascending in
    (j, i); R the indices into G by ascending lead monomial, a new one after equal ones (or in the order of insertion).
    Generators must not be zero; their terms may stand in any order.
    """

    def __init__(
        self,
        generators: Iterable[Polynomial],
        p: int,
        elimination: str = "gm",
        sort_reducers: bool = True,
        sort_input: bool = False,
        spend: Spend = unlimited,
    ) -> None:
        self.p, self.elimination, self.sort_reducers, self.spend = p, elimination, sort_reducers, spend
        self.G: list[Polynomial] = []
        self.P: list[tuple[int, int]] = []
        self.R: list[int] = []
        self.leads: list[Monomial] = []
        self.sugars: list[int] = []
        start = [monic(f, p) for f in generators]
        if sort_input:
            start.sort(key=lambda f: order(lead(f)))  # stable
        for f in start:
            self.insert(f, sugar=sum(lead(f)))

    def lcm(self, i: int, j: int) -> Monomial:
        """The least common multiple of the lead monomials of G[i] and G[j]."""
        return lcm(self.leads[i], self.leads[j])

    def s_polynomial(self, i: int, j: int) -> Polynomial:
        return s_polynomial(self.G[i], self.G[j], self.p)

    def sugar(self, i: int, j: int) -> int:
        """The degree that the S-polynomial would have if everything had been homogenised at the start."""
        return max(self.sugars[k] - sum(self.leads[k]) for k in (i, j)) + sum(self.lcm(i, j))

    def step(self, i: int, j: int) -> Outcome:
        """Process the pending pair (i, j): the full normal form of its S-polynomial, inserted unless it is zero."""
        self.P.remove((i, j))
        self.spend(len(self.G) + len(self.P), 0)
        divisors = [self.G[k] for k in self.R]
        remainder, steps = normal_form(self.s_polynomial(i, j), divisors, self.p, self.spend)
        cheapest = min(len(self.G[i]), len(self.G[j]))
        if remainder:
            heights = (sum(q) + self.sugars[self.R[k]] for q, k in steps)
            self.insert(monic(remainder, self.p), max(self.sugar(i, j), *heights, 0))
        return Outcome(1 + len(steps), cheapest + sum(len(divisors[k]) for _, k in steps), len(remainder))

    def insert(self, f: Polynomial, sugar: int) -> None:
        """Append f to G, its pairs to P, and f to R."""
        self.update(lead(f))
        self.G.append(f)
        self.leads.append(lead(f))
        self.sugars.append(sugar)
        place = bisect_right(self.R, order(lead(f)), key=lambda k: order(self.leads[k]))
        self.R.insert(place if self.sort_reducers else len(self.R), len(self.G) - 1)

    def update(self, new: Monomial) -> None:
        """The pairs that are pending once an element with the lead monomial `new` is appended to G."""
        m = len(self.G)
        lcms = [lcm(old, new) for old in self.leads]
        self.spend(m + len(self.P), 0)
        if self.elimination == "gm":
            self.P = [pair for pair in self.P if not self.superfluous(pair, new, lcms)]
            partners = self.partners(new, lcms)
        else:
            every = self.elimination == "none"
            partners = [i for i in range(m) if every or lcms[i] != product(self.leads[i], new)]
        self.P += [(i, m) for i in partners]

    def superfluous(self, pair: tuple[int, int], new: Monomial, lcms: Sequence[Monomial]) -> bool:
        """Gebauer and Moeller's criterion B: an old pair is replaced by its two pairs with the new element."""
        both = self.lcm(*pair)
        return divides(new, both) and all(lcms[k] != both for k in pair)

    def partners(self, new: Monomial, lcms: Sequence[Monomial]) -> list[int]:
        """Gebauer and Moeller's criteria M and F: ascending, the i whose pair with the new element is kept.

        Of the least common multiples only the minimal ones under divisibility are kept, and of those none that an
        element coprime to the new one has too; each gives one pair, with the first of its elements.
        """
        groups: dict[Monomial, list[int]] = {}
        for i, both in enumerate(lcms):
            groups.setdefault(both, []).append(i)
        minimal: list[Monomial] = []
        for both in sorted(groups, key=order):  # a proper divisor of a monomial comes before it
            self.spend(len(minimal), 0)
            if not any(divides(other, both) for other in minimal):
                minimal.append(both)
        return sorted(
            min(groups[both]) for both in minimal if all(both != product(self.leads[i], new) for i in groups[both])
        )
