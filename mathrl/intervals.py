"""Means and their bootstrap intervals over seeds and instances; the same numbers give the same interval."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]  # float64[S, I]: a value for each seed and instance, -inf for a failure; larger is better
Counts = NDArray[np.int32]

CHUNK = 200_000  # numbers resampled at once: what a cache holds


def interquartile_mean(values: Values) -> float:
    """The mean of the middle half, float64[N], with fractional weights at its ends; -inf if a -inf is in it."""
    order = np.sort(values)
    positions = np.arange(len(order) + 1) / len(order)
    weights = np.clip(np.minimum(positions[1:], 0.75) - np.maximum(positions[:-1], 0.25), 0, None)
    inside = weights > 0
    return float(np.sum(order[inside] * weights[inside]) / weights.sum())


def bootstrap(values: Values, draws: int = 2000) -> tuple[float, float]:
    """A 95 % percentile interval of the interquartile mean of float64[S, I] (float64[S]: one instance).

    Seeds and instances are resampled each for themselves, an instance with all its seeds: what is the same for all
    seeds is not counted as if it were measured anew by each.
    """
    table = values.reshape(len(values), -1)
    order = np.argsort(table, axis=None)
    ranked, number = table.ravel()[order], table.size
    seed, instance = np.divmod(order, table.shape[1])
    finite, failed = np.where(np.isfinite(ranked), ranked, 0.0), ~np.isfinite(ranked)
    means = []
    for seeds, instances in _resampled(*table.shape, draws):
        copies = seeds[:, seed] * instances[:, instance]  # of each value, smallest first
        upto = np.cumsum(copies, axis=1)
        inside = np.clip(np.minimum(4 * upto, 3 * number) - np.maximum(4 * (upto - copies), number), 0, None)
        mean = np.clip((inside @ finite) / (2 * number), *_range(finite[~failed]))
        means.append(np.where(inside[:, failed].any(axis=1), -np.inf, mean))
    return _percentiles(np.concatenate(means))


def mean_interval(values: Values, draws: int = 2000) -> tuple[float, float]:
    """A 95 % percentile interval of the mean of finite float64[S, I], resampled as in `bootstrap`."""
    number, size = values.shape
    means = [((seeds @ values) * instances).sum(axis=1) for seeds, instances in _resampled(number, size, draws)]
    return _percentiles(np.concatenate(means) / values.size)


def _resampled(seeds: int, instances: int, draws: int) -> Iterator[tuple[Counts, Counts]]:
    """How often each seed int32[d, S] and instance int32[d, I] was drawn with replacement, `draws` times in all."""
    rng = np.random.default_rng(0)
    some = max(1, CHUNK // (seeds * instances))
    for begun in range(0, draws, some):
        count = min(some, draws - begun)
        yield _drawn(rng, count, seeds), _drawn(rng, count, instances)


def _drawn(rng: np.random.Generator, count: int, size: int) -> Counts:
    index = rng.integers(size, size=(count, size), dtype=np.int32)
    return np.array([np.bincount(some, minlength=size) for some in index], np.int32)


def _range(values: Values) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)


def _percentiles(means: Values) -> tuple[float, float]:
    low, high = np.percentile(means, [2.5, 97.5], method="nearest")
    return float(low), float(high)
