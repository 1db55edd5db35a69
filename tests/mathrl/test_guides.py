"""Agents inside agents: what a word names, for which environment, and what cannot guide."""

from __future__ import annotations

import numpy as np
import pytest

import mathrl as package
from mathrl.errors import MathrlError
from mathrl.guides import guide
from mathrl.rollout import play


def played(env, agent, rng, greedy=True):
    """The scores of episodes by an agent, from freshly reset rows."""
    rows = np.arange(env.num_envs)
    env.reset(seed=0)
    return play(env, rows, lambda live, masks, step: agent.act(env, live, rng, greedy)).scores


@pytest.mark.parametrize(("name", "knobs"), [("graphs", {"n": 5}), ("sidon", {"n": 12}), ("buchberger", {"n": 4})])
def test_random_guides_every_family(make, name, knobs, rng):
    """Also one of a third party's file; the settings are those of the environment."""
    env = make(name, 20, **knobs)
    agent = guide(env, "random")
    scores = played(env, agent, rng)
    assert not np.isnan(scores).any()
    assert len(set(scores.tolist())) > 1


@pytest.mark.parametrize("strategy", ["degree", "entropy"])
def test_strategies_of_the_family_guide(strategy, rng):
    """By name, found before general agents; what they pay is what they pay alone."""
    env = package.make_env("buchberger", 12)
    scores = played(env, guide(env, strategy), rng)
    env.reset(seed=0)
    env.play(np.arange(12), strategy)
    assert scores.tolist() == env.score(np.arange(12)).tolist()


def test_files_of_third_parties_guide(make, plugins, rng):
    """The greedy Sidon agent of a file: Mian and Chowla's set."""
    env = make("sidon", 1, n=31, least=31)
    assert played(env, guide(env, str(plugins / "greedy.py")), rng).tolist() == [7.0]


def test_trained_runs_guide(make, plugins, tmp_path, rng):
    """A run folder plays as it was trained: nearly all ones, where random play has half."""
    words = ["agent.mode=tabular", "agent.batch=100"]
    package.train(str(plugins / "ones.py"), "cem", *words, length=12, budget="10k-evals", run=str(tmp_path / "run"))
    env = make("ones", 50, length=12)
    trained = played(env, guide(env, str(tmp_path / "run")), rng, greedy=False)
    untrained = played(env, guide(env, "random"), rng, greedy=False)
    assert trained.mean() > 9 > 7.5 > untrained.mean()


def test_guides_keep_the_environment_s_settings(rng):
    """A guide is bound to the settings of the search, not to the family's defaults."""
    env = package.make_env("buchberger", 3, elimination="none", reward="reductions", observation="raw", k=1, n=5)
    agent = guide(env, "normal")
    assert (played(env, agent, rng) < 0).all()
    assert env.config.elimination == "none"


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("best-of", "best-of searches whole solutions; it cannot choose single actions"),
        ("nested", "nested searches whole solutions"),
        ("randm", "did you mean 'random'"),
    ],
)
def test_what_cannot_guide_is_a_sentence(word, sentence):
    """A search, a misspelt name."""
    with pytest.raises(MathrlError, match=sentence):
        guide(package.make_env("buchberger"), word)


def test_an_environment_without_a_plug_in_has_no_guides(make):
    """Made from its class, it does not say under which name it is found."""
    env = make("ones")
    env.plugin = None
    with pytest.raises(MathrlError, match="'random' cannot be found for an environment without a plug-in"):
        guide(env, "random")
