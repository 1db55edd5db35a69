"""How much better than expected: advantages of sampled episodes and of their steps, and baselines fitted to returns.

K samples of one instance have returns float64[K], larger is better. Definitions: specs/agents.md, section 1.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def leave_one_out(returns: Floats) -> Floats:
    """R_i minus the mean of the others, float64[K], K >= 2; unbiased for the gradient of E R (arXiv 2402.14740)."""
    count = len(returns)
    advantages: Floats = (returns - returns.mean()) * (count / (count - 1))
    return advantages


def risk_seeking(returns: Floats, epsilon: float) -> Floats:
    """(R_i - q) / epsilon above the (1 - epsilon) quantile q, else 0: float64[K] (arXiv 1912.04871).

    Where every selected return equals q these would all vanish: the selected ones then have weight 1.
    """
    quantile = np.quantile(returns, 1 - epsilon)
    selected = returns >= quantile
    if (returns[selected] == quantile).all():
        return selected.astype(np.float64)
    return np.where(selected, (returns - quantile) / epsilon, 0.0)


def max_at_k(returns: Floats, k: int) -> Floats:
    """The mean of max(0, R_i - max_J R) over the (k-1)-subsets J of the other samples, float64[K], K >= max(k, 2).

    k / K times the sum of these and the scores' gradients is unbiased for the gradient of E max of k samples (arXiv
    2505.15201). k = 1 is leave-one-out. Binomials are taken in logarithms, O(K log K).
    """
    if k == 1:
        return leave_one_out(returns)
    count = len(returns)
    order = np.argsort(returns, kind="stable")
    ascending = returns[order] - returns.mean()
    factorial = np.concatenate([[0.0], np.log(np.arange(1, count)).cumsum()])  # ln 0! to ln (K - 1)!
    below = np.arange(k - 2, count - 1)  # of rank j there are C(j - 1, k - 2) subsets whose largest member it is
    subsets = factorial[below] - factorial[below - k + 2] - factorial[count - 1] + factorial[count - k]
    weights = np.zeros(count)  # by rank + 1: C(j - 1, k - 2) / C(K - 1, k - 1)
    weights[k - 1 :] = np.exp(subsets + np.log(k - 1))
    lower = np.concatenate([[0.0], ascending[:-1]])
    advantages = np.empty(count)
    advantages[order] = ascending * weights.cumsum() - (weights * lower).cumsum()
    return advantages


@njit(cache=True)
def gae(rewards, values, final, lengths, gamma, lam):  # type: ignore[no-untyped-def]
    """Generalised advantage estimates float64[S] of the S steps of R episodes, one episode after the other.

    rewards, values float64[S]; lengths int64[R]; final float64[R]: the value after the last step, 0 unless the episode
    was cut off. gamma discounts, lam is the weight of longer differences (arXiv 1506.02438).
    """
    advantages = np.empty(len(rewards))
    end = len(rewards)
    for episode in range(len(lengths) - 1, -1, -1):
        following, advantage = final[episode], 0.0
        for step in range(end - 1, end - lengths[episode] - 1, -1):
            advantage = rewards[step] + gamma * following - values[step] + gamma * lam * advantage
            following = values[step]
            advantages[step] = advantage
        end -= lengths[episode]
    return advantages


def returns_to_go(rewards: Floats, final: Floats, lengths: NDArray[np.int64], gamma: float) -> Floats:
    """The discounted sum of what follows each step, float64[S]; shapes as in `gae`."""
    total: Floats = gae(rewards, np.zeros(len(rewards)), final, lengths, gamma, 1.0)
    return total


def siblings(rewards: Floats, lengths: NDArray[np.int64], numbers: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """The mean return of an instance's other episodes less what this one has been paid, float64[S] and at ends [R].

    It foretells what is still to come without depending on the actions to come, so that as a part of a baseline it
    leaves the gradient unbiased. numbers int64[R]: the instance of each episode; without others their mean is 0.
    """
    episode = np.repeat(np.arange(len(lengths)), lengths)
    paid = np.bincount(episode, rewards, len(lengths))
    _, group, sizes = np.unique(numbers, return_inverse=True, return_counts=True)
    others = (np.bincount(group, paid)[group] - paid) / np.maximum(sizes[group] - 1, 1)
    return (others - paid)[episode] + returns_to_go(rewards, np.zeros(len(lengths)), lengths, 1.0), others - paid


@dataclass
class Calibration:
    """Values V = X beta by recursive ridge regression on observed returns; older batches fade by `decay` a batch."""

    decay: float = 0.95
    ridge: float = 1e-6
    batches: int = 0
    gram: Floats = field(default_factory=lambda: np.zeros((0, 0)))  # the faded sum of X'X, float64[K, K]
    moment: Floats = field(default_factory=lambda: np.zeros(0))  # the faded sum of X'G, float64[K]

    def predict(self, regressors: Floats) -> Floats:
        """float64[S, K] -> float64[S]; 0 before the first fit."""
        if not self.batches:
            return np.zeros(len(regressors))
        scale = np.sqrt(np.diag(self.gram)) + 1e-12
        normal = self.gram / np.outer(scale, scale) + self.ridge * np.eye(len(scale))
        beta = np.linalg.solve(normal, self.moment / scale) / scale
        predicted: Floats = regressors @ beta
        return predicted

    def fit(self, regressors: Floats, returns: Floats) -> None:
        """Take in a batch of states float64[S, K] with the returns that followed them, float64[S]."""
        keep = self.decay if self.batches else 0.0
        before = (self.gram, self.moment) if self.batches else (0.0, 0.0)
        # einsum stays in one thread; BLAS would wake its threads for a small product, and sum in their order
        self.gram = keep * before[0] + np.einsum("si,sj->ij", regressors, regressors)
        self.moment = keep * before[1] + np.einsum("si,s->i", regressors, returns)
        self.batches += 1

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs."""
        return {"batches": self.batches, "gram": self.gram, "moment": self.moment}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a `state`."""
        self.batches, self.gram, self.moment = int(state["batches"]), state["gram"], state["moment"]


@dataclass
class Standardisation(Calibration):
    """Calibrated values of a network whose output v is fitted to standardised returns; the regressors are (v, 1).

    v was learned on earlier batches only, so that the regression shrinks what the network took for a pattern.
    """

    decay: float = 0.8
    mean: float = 0.0  # the running mean of the returns, and their running deviation
    deviation: float = 1.0

    def fit(self, regressors: Floats, returns: Floats) -> None:
        """Take in a batch of states float64[S, 2] with the returns that followed them, float64[S]."""
        keep = self.decay if self.batches else 0.0
        self.mean = keep * self.mean + (1 - keep) * float(returns.mean())
        self.deviation = keep * self.deviation + (1 - keep) * (float(returns.std()) + 1e-6)
        super().fit(regressors, returns)

    def targets(self, returns: Floats) -> Floats:
        """What the network is to answer, float64[S]."""
        return (returns - self.mean) / self.deviation

    def state(self) -> dict[str, Any]:
        return super().state() | {"mean": self.mean, "deviation": self.deviation}

    def restore(self, state: dict[str, Any]) -> None:
        super().restore(state)
        self.mean, self.deviation = float(state["mean"]), float(state["deviation"])
