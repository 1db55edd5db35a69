"""Every column of every observation against its definition on the plain replay, whatever engine and batch."""

from __future__ import annotations

import numpy as np
import pytest

import mathrl
from mathrl.env import Streams
from mathrl.envs.buchberger.features import columns
from mathrl.envs.buchberger.record import BINOMIAL
from mathrl.envs.buchberger.replay import divides, lead, order, product
from mathrl.envs.buchberger.replay import lcm as least_common_multiple

from .records import ROW, narrowed, oracle, random_ideal, replay_of

# A column is a function of the state, seen through `State`, and of the place of a pair among the pending ones.


class State:
    """What columns are made of: the replay, and for each pending pair its lcm and S-polynomial."""

    def __init__(self, replay, generators, additions, steps):
        self.replay, self.generators, self.additions, self.steps = replay, generators, additions, steps
        self.pairs = list(replay.P)
        self.lcms = [replay.lcm(*pair) for pair in self.pairs]
        self.S = [
            dict(sorted(replay.s_polynomial(*pair).items(), key=lambda term: order(term[0]), reverse=True))
            for pair in self.pairs
        ]
        self.R = [
            k
            for place, k in enumerate(replay.R)
            if not any(divides(replay.leads[earlier], replay.leads[k]) for earlier in replay.R[:place])
        ]
        self.leads = [replay.leads[k] for k in self.R]

    def term(self, pair, t):
        """The t-th largest monomial of S, None if there is none."""
        return list(self.S[pair])[t] if t < len(self.S[pair]) else None

    def degree(self, pair, t=0):
        """Its degree, -1 if there is none."""
        return -1 if self.term(pair, t) is None else sum(self.term(pair, t))

    def divisors(self, pair, t=0):
        """The reducers whose lead divides it."""
        m = self.term(pair, t)
        return [] if m is None else [k for k in self.R if divides(self.replay.leads[k], m)]

    def share(self, condition):
        """How often a condition holds among the pending pairs."""
        return sum(condition(pair) for pair in range(len(self.pairs))) / len(self.pairs)

    def balance(self, pair):
        """min(d, e) / (d + e) of the degrees of S's first two terms, 0 if one of them is not positive."""
        d, e = self.degree(pair), self.degree(pair, 1)
        return min(d, e) / (d + e) if d > 0 and e > 0 else 0.0

    def irreducible(self, pair):
        """Whether S is not zero and no lead divides its lead."""
        return bool(self.S[pair]) and not self.divisors(pair)

    def partners(self, pair):
        """The lcms of the pairs that an element with the lead of S would add by Gebauer and Moeller's criteria."""
        if not self.irreducible(pair):
            return []
        new = self.term(pair, 0)
        lcms = [least_common_multiple(old, new) for old in self.replay.leads]
        return [lcms[i] for i in self.replay.partners(new, lcms)]

    def lost(self, pair):
        """How many other pairs that element would make superfluous."""
        if not self.irreducible(pair):
            return 0
        new = self.term(pair, 0)
        lcms = [least_common_multiple(old, new) for old in self.replay.leads]
        return sum(self.replay.superfluous(one, new, lcms) for one in self.pairs if one != self.pairs[pair])

    def leads_that(self, pair, relation):
        """How many other S, not zero, have a lead in that relation to the lead of this one."""
        if not self.S[pair]:
            return 0
        mine = self.term(pair, 0)
        return sum(bool(self.S[other]) and relation(other, self.term(other, 0), mine) for other in self.others())

    def others(self):
        return range(len(self.pairs))

    def below(self, pair):
        """How many S have a smaller lead than this one, or none."""
        if not self.S[pair]:
            return 0
        return sum(
            not self.S[other] or order(self.term(other, 0)) < order(self.term(pair, 0)) for other in self.others()
        )

    def meets_a_monomial(self, pair, t):
        """Whether the first divisor of a term of S is a monomial."""
        found = self.divisors(pair, t)
        return bool(found) and len(self.replay.G[found[0]]) == 1


PAIR = {
    "deg L": lambda s, k: 0.05 * sum(s.lcms[k]),
    "deg S": lambda s, k: 0.05 * max(s.degree(k), 0),
    "deg of the second term of S": lambda s, k: 0.05 * max(s.degree(k, 1), 0),
    "S has one term": lambda s, k: len(s.S[k]) == 1,
    "S = 0": lambda s, k: len(s.S[k]) == 0,
    "lead of S reducible": lambda s, k: bool(s.divisors(k)),
    "second term of S reducible": lambda s, k: bool(s.divisors(k, 1)),
    "j / |G|": lambda s, k: s.pairs[k][1] / len(s.replay.G),
    "rank of deg L": lambda s, k: s.share(lambda other: sum(s.lcms[other]) < sum(s.lcms[k])),
    "rank of deg S": lambda s, k: s.share(lambda other: s.degree(other) < s.degree(k)),
    "deg L - least deg L": lambda s, k: 0.1 * (sum(s.lcms[k]) - min(map(sum, s.lcms))),
    "pairs with this lcm": lambda s, k: 0.1 * s.lcms.count(s.lcms[k]),
    "reducers of the lead of S": lambda s, k: 0.1 * len(s.divisors(k)),
    "reducers of its second term": lambda s, k: 0.1 * len(s.divisors(k, 1)),
    "reducers the lead of S divides": lambda s, k: (
        sum(divides(s.term(k, 0), one) for one in s.leads) / len(s.R) if s.S[k] else 0
    ),
    "lcms the lead of S divides": lambda s, k: (
        s.share(lambda other: divides(s.term(k, 0), s.lcms[other])) if s.S[k] else 0
    ),
    "sugar": lambda s, k: 0.05 * s.replay.sugar(*s.pairs[k]),
    "sugar - deg L": lambda s, k: 0.05 * (s.replay.sugar(*s.pairs[k]) - sum(s.lcms[k])),
    "i not a reducer": lambda s, k: s.pairs[k][0] not in s.R,
    "j not a reducer": lambda s, k: s.pairs[k][1] not in s.R,
    "i / |G|": lambda s, k: s.pairs[k][0] / len(s.replay.G),
    "terms of i": lambda s, k: 0.05 * min(len(s.replay.G[s.pairs[k][0]]), 40),
    "terms of j": lambda s, k: 0.05 * min(len(s.replay.G[s.pairs[k][1]]), 40),
    "terms of S": lambda s, k: 0.05 * min(len(s.S[k]), 40),
    "i is a monomial": lambda s, k: len(s.replay.G[s.pairs[k][0]]) == 1,
    "j is a monomial": lambda s, k: len(s.replay.G[s.pairs[k][1]]) == 1,
    "deg i + deg j - deg L": lambda s, k: 0.05 * (sum(sum(s.replay.leads[i]) for i in s.pairs[k]) - sum(s.lcms[k])),
    "j is the newest": lambda s, k: s.pairs[k][1] == len(s.replay.G) - 1,
    "age of j": lambda s, k: 0.05 * (len(s.replay.G) - 1 - s.pairs[k][1]),
    "age of i": lambda s, k: 0.05 * (len(s.replay.G) - 1 - s.pairs[k][0]),
    "rank of L": lambda s, k: s.share(lambda other: order(s.lcms[other]) < order(s.lcms[k])),
    "rank of the lead of S": lambda s, k: s.below(k) / len(s.pairs),
    "balance of S's degrees": lambda s, k: 2 * s.balance(k),
    "rank of the balance": lambda s, k: s.share(lambda other: s.balance(other) < s.balance(k)),
    "pairs with this lead of S": lambda s, k: 0.1 * s.leads_that(k, lambda other, theirs, mine: theirs == mine),
    "leads of S that it divides": lambda s, k: (
        0.1 * s.leads_that(k, lambda other, theirs, mine: theirs != mine and divides(mine, theirs))
    ),
    "irreducible leads of S that divide it": lambda s, k: (
        0.1
        * s.leads_that(k, lambda other, theirs, mine: theirs != mine and divides(theirs, mine) and s.irreducible(other))
    ),
    "lead of S meets a monomial": lambda s, k: s.meets_a_monomial(k, 0),
    "second term of S meets a monomial": lambda s, k: s.meets_a_monomial(k, 1),
    "pairs made superfluous": lambda s, k: 0.1 * s.lost(k),
    "pairs added": lambda s, k: 0.1 * len(s.partners(k)),
    "their mean degree": lambda s, k: 0.05 * sum(map(sum, s.partners(k))) / max(len(s.partners(k)), 1),
}
CONTEXT = {
    "|P|": lambda s: 0.05 * len(s.pairs),
    "|G|": lambda s: 0.05 * len(s.replay.G),
    "reducers": lambda s: 0.05 * len(s.R),
    "mean deg L": lambda s: 0.05 * np.mean([sum(one) for one in s.lcms]),
    "least deg L": lambda s: 0.05 * min(map(sum, s.lcms)),
    "largest deg L": lambda s: 0.05 * max(map(sum, s.lcms)),
    "least deg S": lambda s: 0.05 * min(map(s.degree, s.others())),
    "mean degree of reducers": lambda s: 0.05 * np.mean([sum(one) for one in s.leads]),
    "monomials among reducers": lambda s: np.mean([len(s.replay.G[k]) == 1 for k in s.R]),
    "pairs with S = 0": lambda s: s.share(lambda k: not s.S[k]),
    "additions so far": lambda s: 0.01 * s.additions,
    "pairs so far": lambda s: 0.02 * s.steps,
    "generators": lambda s: 0.05 * s.generators,
    "pairs with irreducible lead of S": lambda s: s.share(s.irreducible),
    "pairs with one term in S": lambda s: s.share(lambda k: len(s.S[k]) == 1),
    "least irreducible deg S": lambda s: min((0.05 * s.degree(k) for k in s.others() if s.irreducible(k)), default=1),
    "pairs whose S is an irreducible monomial": lambda s: (
        0.1 * sum(len(s.S[k]) == 1 and s.irreducible(k) for k in s.others())
    ),
    "largest degree of reducers": lambda s: 0.05 * max(map(sum, s.leads)),
    "degree of the least reducer": lambda s: 0.05 * sum(s.leads[0]),
}


def pure(leads, v):
    """The degree of the lead that is a power of a variable, of all of them if it is 1; None if there is none."""
    return next((sum(one) for one in leads if (one[v] if v < len(one) else 0) == sum(one)), None)


def summary(state, name, form):
    """A column of the context: one of the dictionary, or of the n variables that the observation shows."""
    if name in CONTEXT:
        return CONTEXT[name](state)
    powers = [pure(state.leads, v) for v in range(form.n)]
    if name == "pure powers / n":
        return sum(one is not None for one in powers) / form.n
    found = powers[int(name.removeprefix("degree of the pure power of x")) - 1]
    return 1.5 if found is None else 0.05 * found


def twin(state, form):
    """Elements float[P, F] and context float[C] by the definitions, column by column."""
    elements = [[value(state, pair, name, form) for name in form.elements] for pair in state.others()]
    context = [summary(state, name, form) for name in form.context]
    return np.array(elements, float), np.array(context, float)


def value(state, pair, name, form):
    """A column of a pair: one of the dictionary, or the exponent of a variable in one of its monomials."""
    if name in PAIR:
        return PAIR[name](state, pair)
    monomial, _, variable = name.rpartition(", x")
    v, (i, j) = int(variable) - 1, state.pairs[pair]
    if monomial == "L":
        m = state.lcms[pair]
    elif monomial.endswith("of S"):
        m = state.term(pair, int(monomial.split()[1]) - 1)
    else:
        terms = list(state.replay.G[{"f_i": i, "f_j": j}[monomial[:3]]])
        place = int(monomial.split()[-1]) - 1
        m = terms[place] if place < len(terms) else None
    return 0.1 * m[v] if m is not None and v < len(m) else 0.0


def compared(env, ideal, steps, rng, general=False, words=None, **variant):
    """Play at random and compare what is seen with the twin at every step; the number of states seen."""
    if words:
        env = narrowed(env, words)
    env.begin(ROW, [ideal])
    if general:
        env.memory.rows[0, BINOMIAL] = 0
    replay, additions = replay_of(ideal, **variant), 0
    for step in range(steps):
        if not replay.P:
            return step
        state = State(replay, len(ideal), additions, step)
        elements, context = twin(state, env.columns)
        seen = env.observe(ROW)
        for column, name in enumerate(env.columns.elements):
            assert np.allclose(seen["elements"][0, :, column], elements[:, column], rtol=1e-6, atol=1e-6), name
        for column, name in enumerate(env.columns.context):
            assert np.isclose(seen["context"][0, column], context[column], rtol=1e-6, atol=1e-6), name
        assert seen["mask"].all()
        action = int(rng.integers(len(replay.P)))
        additions += replay.step(*replay.P[action]).additions
        env.advance(ROW, np.array([action]))
    return steps


@pytest.mark.parametrize("observation", ["raw", "features"])
@pytest.mark.parametrize("name", ["3-20-10-weighted#0", "3-5-5-uniform-consts#0", "3-8-4-0.5-weighted#0", "cyclic-3"])
def test_columns_are_their_definitions(name, observation, rng):
    """Along random play, binomials and longer polynomials."""
    ideal = oracle(name)
    env = mathrl.make_env("buchberger", 1, n=ideal.n, observation=observation)
    assert compared(env, ideal, 14, rng) >= 2


@pytest.mark.parametrize("engine", [{"general": True}, {"words": 2}], ids=str)
def test_columns_do_not_depend_on_the_engine(engine, rng):
    """The general engine and two-word monomials see the same."""
    env = mathrl.make_env("buchberger", 1)
    assert compared(env, oracle("3-20-10-uniform#0"), 8, rng, **engine) == 8


@pytest.mark.parametrize(
    "variant", [{"elimination": "none"}, {"elimination": "lcm"}, {"sort_reducers": False}], ids=str
)
def test_columns_under_other_eliminations(variant, rng):
    """Many pairs with equal lcms, reducers in the order of insertion."""
    env = mathrl.make_env("buchberger", 1, **variant)
    assert compared(env, oracle("3-20-4-weighted#0"), 8, rng, **variant) == 8


@pytest.mark.parametrize(("k", "n"), [(1, 2), (2, 5), (4, 3)])
def test_small_ideals_with_other_terms_and_variables(k, n, rng):
    """Monomials, equal leads, up to four terms; more leading terms than there are, more variables than the ideal's."""
    seen = 0
    for index in range(8):
        env = mathrl.make_env("buchberger", 1, n=n, k=k)
        seen += compared(env, random_ideal(rng, min(n, 1 + index % 3), 4, 4, 4, 7), 6, rng)
    assert seen >= 10


def test_every_column_has_a_twin_and_varies():
    """No column is left out of this file, and along some play each takes at least two values."""
    form = columns("features", 3, 2)
    fixed = [name for name in (*form.elements, *form.context) if ", x" not in name and "power of" not in name]
    assert set(fixed) == {*PAIR, *CONTEXT, "pure powers / n"}
    env = mathrl.make_env("buchberger", 40, distribution="3-6-4-0.5-uniform-consts")
    env.reset(seed=1)
    rows, elements, context = np.arange(40), [], []
    for step in range(12):
        live = rows[env.counts(rows) > 0]
        seen = env.observe(live)
        elements.append(seen["elements"][seen["mask"]])
        context.append(seen["context"])
        env.play(live, "random", Streams.of(step, len(live)).words(), env.memory.rows[live, 5].astype(np.int64) + 3)
    for names, values in ((form.elements, np.concatenate(elements)), (form.context, np.concatenate(context))):
        constant = [name for name, column in zip(names, values.T, strict=True) if np.ptp(column) == 0]
        assert set(constant) <= {"generators"}  # a number of the distribution


def test_packed_padded_and_out_are_the_same():
    """Pairs of all rows one after another, padded to the widest row or to a width, and into given arrays."""
    env = mathrl.make_env("buchberger", 6)
    rows = np.arange(6)
    env.reset(seed=3)
    env.play(rows[:2], "degree")
    env.play(rows[2:], "degree", bounds=np.arange(10, 50, 10))
    packed, context, counts = env.observe_packed(rows)
    assert counts.tolist() == env.counts(rows).tolist()
    assert counts[:2].tolist() == [0, 0]
    padded = env.observe(rows)
    assert padded["elements"].shape == (6, counts.max(), env.element_features)
    assert np.array_equal(padded["elements"][padded["mask"]], packed)
    assert np.array_equal(padded["context"], context)
    assert not padded["elements"][~padded["mask"]].any()
    wide = env.observe(rows, int(counts.max()) + 5)
    assert np.array_equal(wide["elements"][:, : counts.max()], padded["elements"])
    assert not wide["elements"][:, counts.max() :].any()
    narrow = env.observe(rows, 3)
    assert np.array_equal(narrow["elements"], padded["elements"][:, :3])
    assert np.array_equal(narrow["context"], context)
    out = {name: np.full_like(part, 1) for name, part in padded.items()}
    assert env.observe(rows, out=out) is out
    assert all(np.array_equal(out[name], padded[name]) for name in padded)
    assert padded["elements"].dtype == padded["context"].dtype == np.float32
    assert np.array_equal(env.masks(rows), padded["mask"])


def test_coprime_leads_and_products_are_what_the_twin_uses():
    """The definitions that this file borrows, on one example: S of x y + 1 and y^2 + x is y - x^2."""
    replay = replay_of(random_ideal(np.random.default_rng(0), 2, 3, 3))
    replay.G, replay.leads, replay.P = [{(1, 1): 1, (0, 0): 1}, {(0, 2): 1, (1, 0): 1}], [(1, 1), (0, 2)], [(0, 1)]
    replay.R = [1, 0]
    state = State(replay, 2, 0, 0)
    assert list(state.S[0]) == [(2, 0), (0, 1)]
    assert (state.degree(0), state.degree(0, 1), state.balance(0)) == (2, 1, 1 / 3)
    assert state.irreducible(0)
    assert state.partners(0) == [(2, 1)]
    assert product(lead(state.S[0]), (0, 1)) == (2, 1)
