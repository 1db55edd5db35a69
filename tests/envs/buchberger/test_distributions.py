"""Distributions: the compiled draws equal a plain twin word for word; their frequencies are those of the text."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from mathrl.envs.buchberger.distributions import KINDS, SUFFIXES, Distribution
from mathrl.envs.buchberger.ideals import merge, order_key
from mathrl.envs.buchberger.sampling import below, draw_monomial, draw_poisson
from mathrl.errors import MathrlError

P = 32003
MASK = 2**64 - 1
DISTRIBUTIONS = [
    "3-20-10-weighted",
    "3-20-10-uniform",
    "3-20-10-maximum",
    "3-20-10-weighted-homog",
    "3-20-10-weighted-pure",
    "3-5-5-uniform-consts",
    "5-5-5-uniform",
    "2-2-3-maximum-consts-homog",
    "1-5-4-weighted-consts",
    "1-3-2-uniform",
    "3-8-4-0.5-weighted",
    "4-3-4-0.5-uniform-consts",
    "3-6-4-0.3-maximum-homog",
    "2-1-3-40-uniform",
    "1-1-2-0-weighted",
]


def words(count, seed=0):
    """uint64[count]: words of generators."""
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


class Twin:
    """The distribution drawn as its text says, with Python's integers and one splitmix64 word."""

    def __init__(self, word, distribution):
        self.state, self.of = int(word), distribution

    def word(self):
        """The next 64 bits."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
        return z ^ (z >> 31)

    def below(self, bound):
        """The high part of (32 bits) * bound, where the low part is not among the 2^32 mod bound that are too many."""
        while True:
            high, low = divmod((self.word() >> 32) * bound, 2**32)
            if low >= 2**32 % bound:
                return high

    def monomial(self, n, degree):
        """A word of stars and bars, letter by letter until only one sort is left."""
        letters, stars, bars = [], degree, n - 1
        while stars and bars:
            letters.append("|" if self.below(stars + bars) < bars else "*")
            stars, bars = stars - (letters[-1] == "*"), bars - (letters[-1] == "|")
        text = "".join(letters) + "*" * stars + "|" * bars
        return tuple(len(part) for part in text.split("|"))

    def degree(self):
        """By the weights of the kind."""
        d, constants = self.of.degree, self.of.constants
        if self.of.kind == "weighted":
            return self.below(d + 1) if constants else 1 + self.below(d)
        if self.of.kind == "maximum":
            return d * self.below(2) if constants else d
        while True:
            degree = d - self.monomial(self.of.n + 1, d)[-1]
            if degree or constants:
                return degree

    def binomial(self):
        """(larger) + c (smaller)."""
        n, c = self.of.n, P - 1 if self.of.pure else 1 + self.below(P - 1)
        while True:
            first = self.degree()
            second = first if self.of.homogeneous else self.degree()
            if math.comb(n + first - 1, n - 1) * math.comb(n + second - 1, n - 1) > 1 or first != second:
                break
        while True:
            pair = self.monomial(n, first), self.monomial(n, second)
            if pair[0] != pair[1]:
                return {max(pair, key=order_key): 1, min(pair, key=order_key): c}

    def poisson(self):
        """Knuth: products of uniforms above exp(-mean), the mean in parts of 16."""
        count, mean = 0, self.of.mean
        while mean > 0:
            product, part = (self.word() >> 11) * 2.0**-53, min(mean, 16.0)
            while product > math.exp(-part):
                count, product = count + 1, product * (self.word() >> 11) * 2.0**-53
            mean -= part
        return count

    def polynomial(self):
        """The monic sum of 2 + Poisson terms, drawn again if it is zero."""
        while True:
            terms, degree = [], None
            for _ in range(2 + self.poisson()):
                if degree is None or not self.of.homogeneous:
                    degree = self.degree()
                c = 1 + self.below(P - 1)
                terms.append((c, self.monomial(self.of.n, degree)))
            residues = merge(terms, P)
            if residues:
                scale = pow(residues[max(residues, key=order_key)], -1, P)
                return {monomial: c * scale % P for monomial, c in residues.items()}

    def generators(self):
        """All polynomials in JSON form."""
        draw = self.binomial if self.of.mean is None else self.polynomial
        polynomials = [draw() for _ in range(self.of.size)]
        return [[[f[m], list(m)] for m in sorted(f, key=order_key, reverse=True)] for f in polynomials]


@pytest.mark.parametrize("text", DISTRIBUTIONS)
def test_draws_equal_the_twin(text):
    """The same ideals from the same words, one by one and together; the words stay as they are."""
    distribution, seeds = Distribution.parse(text), words(40)
    before = seeds.copy()
    ideals = distribution.draw(seeds)
    assert (seeds == before).all()
    for word, ideal in zip(seeds, ideals, strict=True):
        assert ideal.generators() == Twin(word, distribution).generators()
        assert ideal.field == P
        assert ideal.n == distribution.n
        assert len(ideal) == distribution.size
        assert ideal.starts[0] == 0
        assert ideal.starts[-1] == len(ideal.coefficients) == len(ideal.exponents)
    assert distribution.draw(seeds[7:8], ["mine"])[0].to_json() == ideals[7].to_json() | {"id": "mine"}


def monomials(n, degree):
    """All exponents of that degree."""
    return [e for e in product(range(degree + 1), repeat=n) if sum(e) == degree]


def weights(kind, n, degree, constants):
    """The weight of each degree, as the specification has them."""
    table = {
        "uniform": lambda i: math.comb(n + i - 1, n - 1),
        "weighted": lambda i: 1,
        "maximum": lambda i: i == degree,
    }
    return {0: int(constants)} | {i: int(table[kind](i)) for i in range(1, degree + 1)}


def binomial_probabilities(text):
    """The probability of every pair (larger, smaller), by enumeration of degrees and monomials."""
    n, degree, _, kind, *suffixes = text.split("-")
    n, degree = int(n), int(degree)
    weight = weights(kind, n, degree, "consts" in suffixes)
    pairs = [(i, i) for i in weight] if "homog" in suffixes else list(product(weight, repeat=2))
    likely = {(i, j): weight[i] * (1 if "homog" in suffixes else weight[j]) for i, j in pairs}
    probabilities = Counter()
    for (i, j), w in likely.items():
        different = [(a, b) for a in monomials(n, i) for b in monomials(n, j) if a != b]
        for a, b in different:
            probabilities[max(a, b, key=order_key), min(a, b, key=order_key)] += w / len(different)
    total = sum(probabilities.values())
    return {pair: p / total for pair, p in probabilities.items() if p}


def chi_square(observed, probabilities):
    """The p-value of observed counts, cells of fewer than 10 expected put together."""
    count = sum(observed.values())
    assert set(observed) <= set(probabilities), "something of probability 0 was drawn"
    cells, rest = [], [0, 0.0]
    for key, p in probabilities.items():
        if p * count >= 10:
            cells.append((observed[key], p * count))
        else:
            rest = [rest[0] + observed[key], rest[1] + p * count]
    if rest[1] > 0:
        cells.append(tuple(rest))
    statistic = sum((seen - expected) ** 2 / expected for seen, expected in cells)
    return stats.chi2.sf(statistic, max(len(cells) - 1, 1))


def observed_pairs(text, count=40000):
    """How often each pair (larger, smaller) of monomials was drawn."""
    distribution = Distribution.parse(text)
    _, exponents, _ = distribution.arrays(words(count // distribution.size, seed=1))
    rows = exponents.reshape(-1, 2, distribution.n).tolist()
    return Counter((tuple(a), tuple(b)) for a, b in rows)


SMALL = [
    f"{n}-{d}-2-{kind}{''.join(f'-{suffix}' for suffix in suffixes)}"
    for n, d in ((2, 3), (3, 2), (1, 4))
    for kind in KINDS
    for suffixes in ((), ("consts",), ("homog",), ("consts", "homog"))
    if n > 1 or not ("homog" in suffixes or (kind == "maximum" and not suffixes))
]


@pytest.mark.parametrize("text", SMALL)
def test_binomials_have_the_probabilities_of_the_specification(text):
    """Every pair of monomials, against probabilities by enumeration."""
    assert chi_square(observed_pairs(text), binomial_probabilities(text)) > 1e-4


def test_the_frequencies_tell_distributions_apart():
    """What test_binomials... accepts is narrow: neighbours of a distribution are rejected, or draw what it cannot."""
    for text, wrong in [
        ("2-3-2-weighted", "2-3-2-uniform"),
        ("2-3-2-uniform", "2-3-2-weighted"),
        ("3-2-2-uniform-consts", "3-2-2-weighted-consts"),
        ("2-3-2-weighted", "2-3-2-weighted-consts"),
        ("2-3-2-weighted-homog", "2-3-2-weighted"),
    ]:
        assert chi_square(observed_pairs(text), binomial_probabilities(wrong)) < 1e-9
    biased = binomial_probabilities("2-3-2-weighted")
    first = next(iter(biased))
    biased = {pair: p * (1.2 if pair == first else 1) for pair, p in biased.items()}  # one pair is a fifth more likely
    assert (
        chi_square(observed_pairs("2-3-2-weighted"), {pair: p / sum(biased.values()) for pair, p in biased.items()})
        < 1e-6
    )


@pytest.mark.parametrize(("n", "degree"), [(3, 4), (4, 3), (2, 9), (6, 2)])
def test_monomials_of_a_degree_are_uniform(n, degree):
    """Every monomial of the degree equally often."""
    state, exponents, observed = words(1, seed=2), np.zeros(n, np.int32), Counter()
    for _ in range(15000):
        draw_monomial(state, degree, exponents)
        observed[tuple(exponents.tolist())] += 1
    every = monomials(n, degree)
    assert chi_square(observed, dict.fromkeys(every, 1 / len(every))) > 1e-4


def test_coefficients_are_uniform():
    """1..p-1 in 32 parts of equal length and by residue modulo 7; -1 where pure."""
    _, _, coefficients = Distribution.parse("3-20-10-weighted").arrays(words(5000))
    leads, seconds = coefficients[::2], coefficients[1::2]
    assert (leads == 1).all()
    assert seconds.min() >= 1
    assert seconds.max() < P
    counts = np.bincount((seconds - 1) * 32 // (P - 1), minlength=32)
    assert stats.chisquare(counts).pvalue > 1e-4
    residues = {r: len(range(r or 7, P, 7)) / (P - 1) for r in range(7)}
    assert chi_square(Counter((seconds % 7).tolist()), residues) > 1e-4
    assert (Distribution.parse("3-20-10-weighted-pure").arrays(words(100))[2][1::2] == P - 1).all()


def test_bounded_integers_have_no_modulo_bias():
    """Below 3 * 2^30, where multiplying 32 bits without rejection would draw multiples of 3 half of the time."""
    state = words(1, seed=3)
    observed = Counter(below(state, 3 * 2**30) % 3 for _ in range(9000))
    assert chi_square(observed, dict.fromkeys(range(3), 1 / 3)) > 1e-4
    observed = Counter(below(state, 6) for _ in range(9000))
    assert chi_square(observed, dict.fromkeys(range(6), 1 / 6)) > 1e-4
    assert {below(state, 1) for _ in range(10)} == {0}


@pytest.mark.parametrize("mean", [0.0, 0.5, 3.0, 40.0])
def test_poisson_numbers(mean):
    """Poisson probabilities, in one part and in several."""
    state = words(1, seed=4)
    observed = Counter(draw_poisson(state, mean) for _ in range(10000))
    probabilities = {k: float(stats.poisson.pmf(k, mean)) for k in range(200)}
    assert chi_square(observed, {k: p for k, p in probabilities.items() if p > 0}) > 1e-4


def test_numbers_of_terms():
    """In 1000 variables of degree 30 monomials do not collide: 2 + Poisson(1.5) terms, none of a coefficient 0."""
    starts, exponents, coefficients = Distribution.parse("1000-30-4-1.5-maximum").arrays(words(500))
    observed = Counter((np.diff(starts) - 2).tolist())
    assert chi_square(observed, {k: float(stats.poisson.pmf(k, 1.5)) for k in range(40)}) > 1e-4
    assert (exponents.sum(axis=1) == 30).all()
    assert (coefficients[starts[:-1]] == 1).all()
    assert coefficients.min() >= 1


def test_sums_collide_and_cancel():
    """In one variable of degree 1 two terms always collide, so each polynomial is x1."""
    ideal = Distribution.parse("1-1-3-0-weighted").draw(words(1))[0]
    assert ideal.texts() == ["x1", "x1", "x1"]


def test_every_string_of_the_specification_is_read():
    """Kinds, suffixes in any order, decimals; the name is canonical and names the same distribution."""
    for kind in KINDS:
        for count in range(len(SUFFIXES) + 1):
            for suffixes in permutations(SUFFIXES, count):
                found = Distribution.parse("-".join(["3", "20", "10", kind, *suffixes]))
                assert (found.n, found.degree, found.size, found.kind, found.mean) == (3, 20, 10, kind, None)
                assert (found.constants, found.homogeneous, found.pure) == tuple(s in suffixes for s in SUFFIXES)
                assert Distribution.parse(found.name) == found
                assert found.name == "-".join(["3", "20", "10", kind, *(s for s in SUFFIXES if s in suffixes)])
    found = Distribution.parse("3_8_4_0.5_Uniform_homog-consts")
    assert found == Distribution(3, 8, 4, "uniform", 0.5, constants=True, homogeneous=True)
    assert found.name == "3-8-4-0.5-uniform-consts-homog"
    assert Distribution.parse("3-8-4-1-uniform") == Distribution.parse("3-8-4-1.0-uniform")
    assert all(Distribution.parse(Distribution.parse(text).name) == Distribution.parse(text) for text in DISTRIBUTIONS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' is not a distribution of ideals; write n-d-s-KIND"),
        ("weighted", "is not a distribution of ideals"),
        ("3-20-weighted", "is not a distribution of ideals"),
        ("3-20-10-heavy", "a kind of distribution in '3-20-10-heavy'; there are maximum, uniform, weighted"),
        ("3-20-10-weigthed", "did you mean 'weighted'?"),
        ("3-20-10-0.5", "names no kind of distribution (uniform, weighted, maximum)"),
        ("3-20-10-0.5-pure", "'pure' is not a kind of distribution"),
        ("3-20-10-weighted-const", "in '3-20-10-weighted-const'; did you mean 'consts'?"),
        ("3-20-10-weighted-zebra", "in '3-20-10-weighted-zebra'; there are consts, homog, pure"),
        ("3-20-10-weighted-", "'' is not a suffix"),
        ("3-20-10-weighted-pure-pure", "has the suffix pure twice"),
        ("3-20-10-0.5-weighted-pure", "pure is for binomials"),
        ("0-20-10-weighted", "the number n of variables is '0', which is not an integer in 1 to 1000"),
        ("1001-20-10-weighted", "the number n of variables is '1001'"),
        ("3-0-10-weighted", "the degree d is '0'"),
        ("3-9999999999-10-weighted", "the degree d is '9999999999'"),
        ("3-x-10-weighted", "the degree d is 'x'"),
        ("3-20-1-weighted", "the number s of polynomials is '1', which is not an integer in 2 to 10000"),
        ("3--20-10-weighted", "the degree d is ''"),
        ("3-20-10-.5-weighted", "LAM is '.5', which is not a decimal"),
        ("3-20-10-1e3-weighted", "LAM is '1e3', which is not a decimal"),
        ("3-20-10-1001-weighted", "LAM is '1001', which is not a decimal in 0 to 1000"),
        ("1-20-10-weighted-homog", "in one variable no two monomials of one degree differ"),
        ("1-20-10-maximum", "in one variable no two monomials of one degree differ"),
        ("1-1-10-uniform", "in one variable no two monomials of one degree differ"),
    ],
)  # fmt: skip
def test_bad_strings_are_sentences(text, said):
    """What is wrong and what is valid, never a silent default."""
    with pytest.raises(MathrlError, match=re.escape(said)):
        Distribution.parse(text)


@pytest.mark.parametrize(
    "text", ["1-1-2-uniform-consts", "1-9-2-maximum-consts", "2-1-2-maximum-homog", "1-2-2-weighted"]
)
def test_barely_possible_binomials_are_drawn(text):
    """Two different monomials are found where there are only two."""
    for ideal in Distribution.parse(text).draw(words(200)):
        assert all(len(generator) == 2 for generator in ideal.generators())
