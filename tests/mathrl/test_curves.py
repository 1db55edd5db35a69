"""Anytime curves and bootstrap intervals against their definitions, said slowly."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mathrl.bench import interquartile_mean
from mathrl.curves import POINTS, anytime, mean_curve
from mathrl.intervals import _resampled, bootstrap, mean_interval
from mathrl.tables import Trial, row

# ------------------------------------------------------------------------------------------------------------ curves


def slow_anytime(finds, x):
    """The mean over instances of the last value found by x; None while one has none."""
    best = [max((find for find in some if find[0] <= x), default=None) for some in finds]
    return None if None in best else sum(find[1] for find in best) / len(best)


def test_the_curve_is_the_mean_of_the_bests_so_far(rng):
    for count in (1, 2, 7):
        finds = []
        for _ in range(count):
            size = int(rng.integers(1, 6))
            x = np.sort(rng.choice(40, size, replace=False))
            finds.append(list(zip(x.tolist(), np.sort(rng.normal(size=size)).tolist(), strict=True)))
        curve_x, curve = anytime(finds, 50.0)
        assert curve_x[-1] == 50.0
        assert len(set(curve_x.tolist())) == len(curve_x)
        for x in range(52):
            slow, at = slow_anytime(finds, x), np.searchsorted(curve_x, x, side="right") - 1
            assert (slow is None) == (at < 0)
            assert slow is None or math.isclose(slow, curve[at], abs_tol=1e-12)


def test_no_curve_without_a_value_of_each():
    assert len(anytime([[(1.0, 2.0)], []], 3.0)[0]) == 0
    assert mean_curve("a", "seconds", [anytime([[]], 3.0)]) is None
    assert mean_curve("a", "seconds", [(np.array([1.0]), np.array([-np.inf]))]) is None


def test_the_mean_of_two_seeds():
    one, other = anytime([[(1, 2.0), (5, 4.0)]], 9), anytime([[(3, 0.0), (6, 8.0)]], 9)
    curve = mean_curve("a", "evaluations", [one, other])
    assert (curve.x, curve.value) == ([3.0, 5.0, 6.0, 9.0], [1.0, 2.0, 6.0, 6.0])


def test_a_long_curve_is_thinned_and_keeps_its_ends():
    finds = [[(float(x), float(x)) for x in range(1, 5000)]]
    curve = mean_curve("a", "evaluations", [anytime(finds, 6000.0)])
    assert len(curve.x) <= POINTS
    assert (curve.x[0], curve.x[-1], curve.value[0], curve.value[-1]) == (1.0, 6000.0, 1.0, 4999.0)


# --------------------------------------------------------------------------------------------------------- intervals


@pytest.mark.parametrize("shape", [(1, 7), (3, 5), (4, 1), (2, 30)])
def test_intervals_are_those_of_the_resampled_tables(rng, shape):
    """Each draw is a table of the seeds and instances drawn, as often as they were drawn."""
    values = rng.normal(size=shape)
    if shape[1] > 10:
        values[0, :4] = -np.inf
    tables = [
        np.repeat(np.repeat(values, seeds, axis=0), instances, axis=1)
        for some in _resampled(*shape, 300)
        for seeds, instances in zip(*some, strict=True)
    ]
    assert {table.shape for table in tables} == {shape}
    ends = np.percentile([interquartile_mean(table.ravel()) for table in tables], [2.5, 97.5], method="nearest")
    assert np.allclose(bootstrap(values, 300), ends)
    finite = np.where(np.isfinite(values), values, 0.0)
    means = [np.where(np.isfinite(table), table, 0.0).mean() for table in tables]
    assert np.allclose(mean_interval(finite, 300), np.percentile(means, [2.5, 97.5], method="nearest"))


def test_the_interval_of_a_mean_covers_it(rng):
    """Of seeds and instances that both vary: resampling only one of the two would cover too rarely."""
    inside = []
    for _ in range(150):
        table = rng.normal(size=(8, 1)) + rng.normal(size=(1, 40)) + 0.3 * rng.normal(size=(8, 40))
        low, high = mean_interval(table, 300)
        inside.append(low <= 0 <= high)
    assert 0.82 <= np.mean(inside) <= 1.0


def test_the_interval_is_wide_where_the_seeds_differ():
    """Two thousand instances do not make two seeds more than two seeds."""
    table = np.array([[0.0], [1.0]]) + np.zeros((2, 2000))
    assert bootstrap(table) == (0.0, 1.0)


# -------------------------------------------------------------------------------------------------------------- rows


def trial(agent, values, seed=0):
    return Trial(agent, "pass", seed, values, False, 10, 0.5, None, None)


def test_what_failed_has_no_ratio_and_no_difference():
    mine, theirs = [trial("a", [1.0, -math.inf, 3.0])], [trial("b", [1.0, 2.0, 2.0])]
    line = row(mine, theirs)
    assert (line.ratio, line.difference, line.difference_low, line.sd) == (None, None, None, None)
    assert (line.wins, line.ties, line.losses) == (1, 1, 1)


def test_a_ratio_needs_one_sign():
    assert row([trial("a", [-1.0, 2.0])], [trial("b", [-3.0, -4.0])]).ratio is None
    assert row([trial("a", [-1.0, -2.0])], [trial("b", [-3.0, -3.0])]).ratio == 0.5


def test_one_reference_is_beside_every_seed():
    line = row([trial("a", [1.0, 5.0]), trial("a", [2.0, 4.0], 1)], [trial("b", [1.0, 4.5])])
    assert (line.wins, line.ties, line.losses) == (2, 1, 1)
    assert line.difference == 0.25
