"""Advantages against brute-force reference values, and baselines against the regressions they are."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from mathrl.advantages import (
    Calibration,
    Standardisation,
    gae,
    leave_one_out,
    max_at_k,
    returns_to_go,
    risk_seeking,
    siblings,
)

DATA = Path(__file__).parents[1] / "data" / "agents"


def cases(name):
    return [json.loads(line) for line in (DATA / name).read_text().splitlines()]


@pytest.mark.parametrize("case", cases("groups.jsonl"), ids=lambda case: case["id"])
def test_groups_oracle(case):
    """Leave-one-out, quantile and max@k of brute force over subsets."""
    returns, k, epsilon = np.array(case["returns"]), case["k"], case["epsilon"]
    assert leave_one_out(returns) == pytest.approx(case["leave_one_out"], abs=1e-8)
    assert risk_seeking(returns, epsilon) * epsilon == pytest.approx(case["risk"], abs=1e-8)
    assert max_at_k(returns, k) == pytest.approx(case["max_at_k_advantage"], abs=1e-8)


def test_max_at_k_is_the_mean_over_subsets(rng):
    """All k, with ties, against the definition."""
    for count in (2, 5, 7):
        returns = rng.integers(0, 4, count) + 100.0
        for k in range(2, count + 1):
            expected = []
            for one in range(count):
                others = combinations(np.delete(returns, one), k - 1)
                expected.append(np.mean([max(0.0, returns[one] - max(subset)) for subset in others]))
            assert max_at_k(returns, k) == pytest.approx(expected, abs=1e-9)


def test_max_at_k_of_many_samples():
    """Binomials beyond floating point: of 5,000 different returns with k = 2,500 only the best few count."""
    advantages = max_at_k(np.arange(5000.0), 2500)
    assert np.isfinite(advantages).all()
    assert (advantages >= -1e-9).all()
    assert advantages[-1] == pytest.approx(2.0, rel=1e-3)  # the largest of 2,499 others of 4,999 is about 2 below
    assert advantages[0] == 0


def test_risk_seeking_where_all_selected_are_equal():
    assert risk_seeking(np.array([1.0, 3, 3, 2]), 0.3).tolist() == [0, 1, 1, 0]


def episodes_of(case):
    """The streams of an oracle case as lengths and final values of whole episodes."""
    starts = [*np.flatnonzero(case["episode_starts"]), len(case["rewards"])]
    lengths = np.diff(starts if starts[0] == 0 else [0, *starts])
    final = np.zeros(len(lengths))
    final[-1] = 0.0 if case["last_done"] else case["last_value"]
    return lengths, final


@pytest.mark.parametrize("case", cases("gae.jsonl"), ids=lambda case: case["id"])
def test_gae_oracle(case):
    """The rollout buffer of stable-baselines3: several episodes in a stream, ended or cut off at its end."""
    rewards, values = np.array(case["rewards"]), np.array(case["values"])
    lengths, final = episodes_of(case)
    advantages = gae(rewards, values, final, lengths, case["gamma"], case["lam"])
    assert advantages == pytest.approx(case["advantages"], abs=2e-5)
    assert advantages + values == pytest.approx(case["returns"], abs=2e-5)


def test_returns_to_go(rng):
    """The definition, of episodes of length 0 too."""
    lengths = np.array([3, 0, 2])
    rewards, final = rng.random(5), rng.random(3)
    expected = []
    for first, length, end in zip([0, 3, 3], lengths, final, strict=True):
        rest = [*rewards[first : first + length], end]
        expected += [
            sum(0.5**later * rest[step + later] for later in range(len(rest) - step)) for step in range(length)
        ]
    assert returns_to_go(rewards, final, lengths, 0.5) == pytest.approx(expected)


def test_calibration_is_a_faded_least_squares_fit(rng):
    """Coefficients equal those of the weighted regression over all batches, whatever the units of the regressors."""
    calibration, kept = Calibration(decay=0.5), []
    assert (calibration.predict(np.ones((2, 3))) == 0).all()
    for _ in range(4):
        x = rng.standard_normal((50, 3)) * [1e4, 1.0, 1e-3]
        returns = x @ [1e-4, 2.0, 300.0] + rng.standard_normal(50)
        calibration.fit(x, returns)
        kept = [(0.5 * weight, a, b) for weight, a, b in kept] + [(1.0, x, returns)]
    root = [np.sqrt(weight) for weight, _, _ in kept]
    stacked = np.concatenate([r * a for r, (_, a, _) in zip(root, kept, strict=True)])
    beta = np.linalg.lstsq(stacked, np.concatenate([r * b for r, (_, _, b) in zip(root, kept, strict=True)]))[0]
    assert calibration.predict(x) == pytest.approx(x @ beta, rel=1e-4, abs=1e-4)
    assert (calibration.predict(np.zeros((2, 3))) == 0).all()
    again = Calibration(decay=0.5)
    again.restore(calibration.state())
    assert (again.predict(x) == calibration.predict(x)).all()


def test_standardisation_shrinks_what_predicts_nothing(rng):
    """A network's answer that has nothing to do with the returns is ignored; its targets have mean 0, deviation 1."""
    values = Standardisation()
    for _ in range(3):
        noise = np.stack([rng.standard_normal(5000), np.ones(5000)], axis=1)
        returns = 40 + 5 * rng.standard_normal(5000)
        values.fit(noise, returns)
    assert values.predict(np.array([[-2.0, 1.0], [2.0, 1.0]])) == pytest.approx(40, abs=0.5)
    assert values.targets(returns).mean() == pytest.approx(0, abs=0.1)
    assert values.targets(returns).std() == pytest.approx(1, abs=0.1)
    again = Standardisation()
    again.restore(values.state())
    assert again == values


def test_siblings_are_the_other_episodes_of_an_instance(rng):
    """At every step: the mean return of the instance's other episodes, less what this one was paid before; else 0."""
    lengths, numbers = rng.integers(1, 6, 12), np.array([0, 0, 0, 1, 1, 2, 3, 3, 3, 3, 1, 0])
    rewards = rng.normal(size=lengths.sum())
    parts = np.split(rewards, np.cumsum(lengths)[:-1])
    steps, ends = siblings(rewards, lengths, numbers)
    expected, at_ends = [], []
    for episode, part in enumerate(parts):
        others = [
            parts[other].sum() for other in range(len(parts)) if numbers[other] == numbers[episode] and other != episode
        ]
        mean = np.mean(others) if others else 0.0
        expected += [mean - part[:step].sum() for step in range(len(part))]
        at_ends.append(mean - part.sum())
    assert steps == pytest.approx(np.array(expected))
    assert ends == pytest.approx(np.array(at_ends))
