"""The policies that ship: they play better than every hand-made strategy, and say where they were not trained."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mathrl as package
from mathrl.envs.buchberger.config import BuchbergerConfig
from mathrl.envs.buchberger.instances import instances
from mathrl.envs.buchberger.models import KINDS, outside, path_of
from mathrl.errors import MathrlError

STRATEGIES = ("first", "degree", "normal", "sugar", "truedegree", "entropy")
SHARE = {"weighted": 0.7, "uniform": 0.7, "maximum": 1.0}  # of the best strategy's mean additions, at the most


@pytest.mark.parametrize("kind", KINDS)
def test_a_shipped_policy_beats_every_strategy(kind):
    """One greedy pass on 100 fresh ideals, paired: the mean difference is beyond three standard errors."""
    distribution = f"3-20-10-{kind}"
    ideals = f"{distribution}:100@5"
    outcome = package.solve("buchberger", f"pretrained:{kind}", ideals, distribution=distribution)
    assert outcome.notes == ()
    learned = np.array([-found.value for found in outcome])
    env, rows = package.make_env("buchberger", 100), np.arange(100)
    best = math.inf
    for strategy in STRATEGIES:
        env.begin(rows, instances(ideals))
        env.play(rows, strategy)
        costs = -env.score(rows)
        saved = costs - learned
        assert saved.mean() > 3 * saved.std() / 10
        best = min(best, costs.mean())
    assert learned.mean() < SHARE[kind] * best


def test_the_default_is_that_of_the_distribution():
    """By kind; what has none of the three kinds gets the first."""
    names = {
        "3-20-10-uniform": "uniform", "5-5-5-uniform-consts": "uniform",
        "3-4-4-maximum": "maximum", "cyclic-4": "weighted",
    }  # fmt: skip
    for distribution, name in names.items():
        assert path_of("", BuchbergerConfig(distribution=distribution)).name == name
    with pytest.raises(MathrlError, match="did you mean 'weighted'"):
        path_of("wieghted", BuchbergerConfig())


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("3-20-10-uniform", ""),
        ("cyclic-3", "polynomials of more than two terms"),
        ("3-30-10-weighted", "degrees above 20"),
        ("3-20-12-weighted", "more than 10 generators"),
        ("2-20-10-weighted", "2 variables"),
    ],
)
def test_other_ideals_are_named(word, said):
    """A policy says in what the ideals differ from those that it was trained on."""
    sentence = outside(path_of("weighted", BuchbergerConfig()), BuchbergerConfig(), instances(word))
    assert said in sentence
    assert bool(said) == bool(sentence)


def test_more_variables_are_refused(mathrl):
    """Four variables do not fit what it sees."""
    code, _, err = mathrl("solve", "buchberger", "pretrained", "cyclic-4")
    assert code == 2
    assert "made for 3 variables, and an ideal has 4" in err
