"""Gradient steps on a policy: REINFORCE, clipped ratios (PPO), expected gains; Adam, averaged weights, their state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mathrl.nets import WordNet, entropy
from mathrl.policies import Decisions, Policy

Floats = NDArray[np.float64]


class Learner:
    """A policy with its optimizer and the exponential average of its weights (`average`, the one to be used).

    minibatch: decisions a gradient step; clip: largest norm of the gradient, 0 for none; bonus: nats of entropy;
    value_weight: weight of the value's squared error; bf16: matrix products of updates in bfloat16.
    """

    def __init__(
        self,
        policy: Policy,
        average: Policy,
        minibatch: int = 512,
        clip: float = 1.0,
        value_weight: float = 0.5,
        bf16: bool = False,
    ) -> None:
        self.policy, self.average = policy, average
        self.minibatch, self.clip, self.value_weight, self.bf16 = minibatch, clip, value_weight, bf16
        self.optimizer = torch.optim.Adam(policy.net.parameters(), fused=policy.device.type in ("cpu", "cuda"))

    def reinforce(
        self, decisions: Decisions, advantages: Floats, targets: Floats, episodes: int, rate: float, bonus: float
    ) -> dict[str, float]:
        """One step along (1 / episodes) sum of advantage times gradient of log pi, over all decisions float64[N]."""
        self._begin(rate)
        total, randomness = 0.0, 0.0
        self.optimizer.zero_grad(set_to_none=True)
        for part in _cut(np.arange(len(decisions)), 4 * self.minibatch):
            logs, value = self.policy.evaluate(decisions.pick(part), self.bf16)
            chosen, weight, target = self._tensors(decisions.actions[part], advantages[part], targets[part])
            spread = entropy(logs).sum()
            loss = -(weight * logs.gather(1, chosen.unsqueeze(1)).squeeze(1)).sum() / episodes
            error = 0.0 if value is None else self.value_weight * (value - target).square().sum() / len(decisions)
            (loss + error - bonus * spread / len(decisions)).backward()  # type: ignore[no-untyped-call]
            total, randomness = total + float(loss.detach()), randomness + float(spread.detach())
        self._step()
        return {"loss": total, "entropy": randomness / len(decisions)}

    def ppo(
        self,
        decisions: Decisions,
        advantages: Floats,
        targets: Floats,
        rng: np.random.Generator,
        rate: float,
        bonus: float,
        passes: int = 8,
        ratio: float = 0.2,
        most: float = 0.02,
    ) -> dict[str, float]:
        """Up to `passes` passes of clipped steps over decisions with advantages float64[N] (arXiv 1707.06347).

        The last pass is the one whose mean of old minus new log-probability exceeds `most` (0: never).
        """
        self._begin(rate)
        chosen, weight, target = self._tensors(decisions.actions, advantages, targets)
        chosen = chosen.unsqueeze(1)
        with torch.no_grad():  # by the path of the updates: ratios compare what rounds alike
            every = [
                self.policy.evaluate(decisions.pick(part), self.bf16)[0].gather(1, chosen[index])
                for part, index in self._parts(np.arange(len(decisions)), self.minibatch)
            ]
            old = torch.cat(every).squeeze(1)
        done, facts = 0, torch.zeros(3)
        for done in range(1, passes + 1):  # noqa: B007
            sums = torch.zeros(3, device=self.policy.device)  # loss, entropy, old - new
            for part, index in self._parts(rng.permutation(len(decisions)), self.minibatch):
                logs, value = self.policy.evaluate(decisions.pick(part), self.bf16)
                change = logs.gather(1, chosen[index]).squeeze(1) - old[index]
                gain, moved = weight[index], change.exp()
                loss = -torch.minimum(moved * gain, moved.clamp(1 - ratio, 1 + ratio) * gain).mean()
                spread = entropy(logs).mean()
                objective = loss - bonus * spread if bonus else loss
                if value is not None:
                    objective = objective + self.value_weight * (value - target[index]).square().mean()
                self.optimizer.zero_grad(set_to_none=True)
                objective.backward()  # type: ignore[no-untyped-call]
                self._step()
                sums += torch.stack([loss.detach(), spread.detach(), -change.detach().mean()]) * len(part)
            facts = (sums / len(decisions)).cpu()
            if most and facts[2] > most:
                break
        return {"loss": float(facts[0]), "entropy": float(facts[1]), "kl": float(facts[2]), "passes": float(done)}

    def expected_gain(
        self,
        decisions: Decisions,
        gains: Floats,
        rng: np.random.Generator,
        rate: float,
        bonus: float,
        passes: int,
        minibatch: int,
    ) -> dict[str, float]:
        """Passes of steps that raise sum_a pi(a) gain(a) at every state, float64[N, A], pi among actions with a gain.

        An action without one (NaN) was not tried: neither its chances nor those of the others change through it.
        """
        self._begin(rate)
        worth = torch.from_numpy(gains.astype(np.float32)).to(self.policy.device)
        sums = torch.zeros(2, device=self.policy.device)
        for _ in range(passes):
            sums.zero_()
            for part, index in self._parts(rng.permutation(len(decisions)), minibatch):
                logs, _ = self.policy.evaluate(decisions.pick(part), self.bf16)
                gain = worth[index, : logs.shape[1]]
                chance = logs.masked_fill(gain.isnan(), -torch.inf).softmax(1)
                loss = -(chance * gain.nan_to_num()).sum(1).mean()
                spread = entropy(logs).mean()
                self.optimizer.zero_grad(set_to_none=True)
                (loss - bonus * spread).backward()  # type: ignore[no-untyped-call]
                self._step()
                sums += torch.stack([loss.detach(), spread.detach()]) * len(part)
        loss, spread = (sums / max(len(decisions), 1)).cpu()
        return {"loss": float(loss), "entropy": float(spread)}

    def follow(self, decay: float) -> None:
        """Move the averaged weights towards the present ones: decay times the old plus (1 - decay) times the new."""
        with torch.no_grad():
            for mean, now in zip(self.average.net.parameters(), self.policy.net.parameters(), strict=True):
                mean.lerp_(now, 1 - decay)
        if isinstance(self.average.net, WordNet):
            self.average.net.refresh()

    def adopt(self, weights: dict[str, Any]) -> None:
        """Begin from these weights, with nothing learned since."""
        self.policy.set_weights(weights)
        self.average.set_weights(weights)

    def state(self) -> dict[str, Any]:
        """Weights, averaged weights and Adam's moments."""
        moments = {f"{index}": moment for index, moment in self.optimizer.state_dict()["state"].items()}
        return {"net": self.policy.net.state_dict(), "average": self.average.net.state_dict(), "moments": moments}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a `state`."""
        self.policy.set_weights(state["net"])
        self.average.set_weights(state["average"])
        whole = self.optimizer.state_dict()
        whole["state"] = {
            int(index): {name: value.clone() for name, value in moment.items()}  # aligned, as torch allocates
            for index, moment in state.get("moments", {}).items()
        }
        self.optimizer.load_state_dict(whole)

    def _begin(self, rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def _step(self) -> None:
        if self.clip:
            torch.nn.utils.clip_grad_norm_(self.policy.net.parameters(), self.clip)
        self.optimizer.step()

    def _parts(self, order: NDArray[np.int64], size: int) -> Iterator[tuple[NDArray[np.int64], Tensor]]:
        """Minibatches of an order int64[N], as an array here and as a tensor on the device."""
        for part in _cut(order, size):
            yield part, torch.from_numpy(part).to(self.policy.device)

    def _tensors(self, actions: NDArray[np.int64], *floats: Floats) -> list[Tensor]:
        some = [torch.from_numpy(part.astype(np.float32)) for part in floats]
        return [part.to(self.policy.device) for part in (torch.from_numpy(actions), *some)]


def _cut(order: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    return (order[first : first + size] for first in range(0, len(order), size))
