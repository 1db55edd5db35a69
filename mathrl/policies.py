"""A network as a policy on an environment: playing with it, and the decisions of played episodes to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mathrl.env import Rows, SearchEnv
from mathrl.nets import WordNet, build, masked_log_softmax, observe_tensor, pick_device
from mathrl.rollout import Chooser, mixed, sample


@dataclass(frozen=True)
class Decisions:
    """N decisions of played episodes: observations (N first), masks bool[N, A], actions int64[N], episode int64[N]."""

    observations: NDArray[np.float32] | dict[str, NDArray[Any]]
    masks: NDArray[np.bool_]
    actions: NDArray[np.int64]
    episode: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.actions)

    def pick(self, index: NDArray[np.int64]) -> Decisions:
        """The decisions int64[K] of the batch."""
        seen = self.observations
        some = {key: part[index] for key, part in seen.items()} if isinstance(seen, dict) else seen[index]
        return Decisions(some, self.masks[index], self.actions[index], self.episode[index])


class Policy:
    """A WordNet or SetNet with what an agent needs of it: choosing, log-probabilities, weights in and out.

    From the first one on, torch computes in one thread throughout the process: sums then have one order, so that runs
    repeat bit for bit, and small networks are faster so. More cores are for workers.
    """

    def __init__(self, env: SearchEnv, hidden: tuple[int, ...], device: str, seed: int, **settings: Any) -> None:
        torch.set_num_threads(1)
        generator = torch.Generator().manual_seed(seed)
        net = build(env, hidden, generator=generator, **settings)
        self.device = pick_device(device, sum(weight.numel() for weight in net.parameters()))
        self.net = net.to(self.device)
        self.layout = env.word_layout() if hasattr(env, "word_layout") else None

    def probabilities(self, env: SearchEnv, rows: Rows, masks: NDArray[np.bool_]) -> NDArray[np.float32]:
        """float32[R, A]: the policy on rows wherever they are, by the dense path."""
        with torch.inference_mode():
            logits = self.net(*observe_tensor(env.observe(rows, masks.shape[1]), self.device))[0][:, : masks.shape[1]]
            mask = torch.from_numpy(masks).to(self.device)
            return masked_log_softmax(logits, mask).exp().cpu().numpy()

    def chooser(
        self, env: SearchEnv, rows: int, rng: np.random.Generator, explore: tuple[float, float | None]
    ) -> Chooser:
        """Samples each step of freshly begun rows 0..rows-1; words on the CPU keep the first layer incrementally.

        `explore` = (share, prior): with that share of the probability letters come from the prior, P(letter 1) = prior
        for two letters, uniform over the legal ones if it is None.
        """
        net = self.net
        if self.layout is None or not isinstance(net, WordNet) or self.device.type != "cpu":
            return lambda live, masks, step: sample(mixed(self.probabilities(env, live, masks), masks, *explore), rng)
        with torch.inference_mode():
            h = net.begin(rows, self.layout)

        def choose(live: Rows, masks: NDArray[np.bool_], step: int) -> NDArray[np.int64]:
            with torch.inference_mode():
                mine = h if len(live) == rows else h[torch.from_numpy(live)]
                logits = net.step(mine, step)[0]
                if masks.shape[1] == 2 and masks.all():  # two letters, both legal: a comparison instead of a softmax
                    ones = torch.sigmoid(logits[:, 1] - logits[:, 0]).numpy()
                    share, prior = explore
                    ones = (1 - share) * ones + share * (0.5 if prior is None else prior)
                    letters = (rng.random(len(live), np.float32) < ones).astype(np.int64)
                else:
                    mask = torch.from_numpy(masks)
                    legal = masked_log_softmax(logits[:, : masks.shape[1]], mask).exp().numpy()
                    letters = sample(mixed(legal, masks, *explore), rng)
                net.play(mine, step, letters)
                if mine is not h:
                    h[torch.from_numpy(live)] = mine
            return letters

        return choose

    def log_probabilities(self, decisions: Decisions) -> Tensor:
        """float32[N, A]: log pi at every decision, -inf where illegal, with gradient."""
        logits = self.net(*observe_tensor(decisions.observations, self.device))[0][:, : decisions.masks.shape[1]]
        return masked_log_softmax(logits, torch.from_numpy(decisions.masks).to(self.device))

    def word_log_probabilities(self, words: NDArray[np.int16]) -> Tensor:
        """float32[T, R, A]: log-softmax at every place of complete words int16[R, T], no letter masked, with gradient.

        The first layer of all places is one running sum over the chosen columns, instead of a product with T dense
        observations a word: O(R T H) instead of O(R T D H).
        """
        net, layout = self.net, self.layout
        assert isinstance(net, WordNet)
        assert layout is not None
        first = net.layers[0]
        assert isinstance(first, torch.nn.Linear)
        columns = functional.pad(first.weight.t(), (0, 0, 0, 1))  # one more row, zero: column -1
        zero = len(columns) - 1
        played = layout.letter_column[np.arange(words.shape[1] - 1)[:, None], words.T[:-1]]
        before = np.concatenate([np.full((1, len(words)), zero), np.where(played < 0, zero, played)])
        places = np.where(layout.position_column < 0, zero, layout.position_column)
        index, position, constant = (
            torch.from_numpy(some).to(self.device) for some in (before, places, layout.constant_columns)
        )
        line = columns[position] + (first.bias + columns[constant].sum(0))
        chosen = columns.index_select(0, index.flatten()).view(*index.shape, -1)
        total: Tensor = _RunningSum.apply(chosen)  # type: ignore[no-untyped-call]
        x = (total + line.unsqueeze(1)).relu_()
        for layer in net.layers[1:]:
            x = functional.relu(layer(x))
        logits = net.policy(x)
        return (functional.pad(logits, (1, 0)) if net.single_logit else logits).log_softmax(-1)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies of the weights as arrays, for workers."""
        return {name: weight.detach().cpu().numpy().copy() for name, weight in self.net.state_dict().items()}

    def set_weights(self, weights: dict[str, Any]) -> None:
        """Take over weights (arrays or tensors)."""
        self.net.load_state_dict({name: torch.as_tensor(weight) for name, weight in weights.items()})
        if isinstance(self.net, WordNet):
            self.net.refresh()


class _RunningSum(torch.autograd.Function):
    """Sums over the first axis, float32[T, ...]; on the CPU slice by slice, 5 times faster than torch.cumsum there."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return _accumulate(x, range(1, len(x)), -1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _accumulate(gradient, range(len(gradient) - 2, -1, -1), 1)


def _accumulate(x: Tensor, order: range, step: int) -> Tensor:
    """Add to each slice, in this order, the one `step` away."""
    if x.device.type != "cpu":
        return x.cumsum(0) if step < 0 else x.flip(0).cumsum(0).flip(0)
    total = x.clone()
    for t in order:
        total[t] += total[t + step]
    return total


def decisions_of(env: SearchEnv, actions: NDArray[np.int64], instances: list[Any]) -> Decisions:
    """Play actions int64[R, T] (-1 beyond the end) again and note every decision that had a choice."""
    arena, rows = env.resized(len(actions)), np.arange(len(actions))
    spent = env.meter.evaluations
    arena.begin(rows, instances)
    seen: list[Any] = []
    masks: list[NDArray[np.bool_]] = []
    chosen: list[NDArray[np.int64]] = []
    episodes: list[NDArray[np.int64]] = []
    for step in range(actions.shape[1]):
        live = rows[actions[:, step] >= 0]
        if not len(live):
            break
        legal = arena.masks(live)
        free = legal.sum(1) > 1
        if free.any():
            seen.append(arena.observe(live[free], legal.shape[1]))
            masks.append(legal[free])
            chosen.append(actions[live[free], step])
            episodes.append(live[free])
        arena.advance(live, actions[live, step])
    env.meter.evaluations = spent
    width = max((mask.shape[1] for mask in masks), default=1)
    return Decisions(
        _joined(seen or [arena.observe(rows[:0])]),
        np.concatenate([_widened(mask, width) for mask in masks] or [np.zeros((0, width), np.bool_)]),
        np.concatenate(chosen or [rows[:0]]),
        np.concatenate(episodes or [rows[:0]]),
    )


def _joined(parts: list[Any]) -> Any:
    """Observations of several steps as one batch; sets are padded to the widest."""
    if not isinstance(parts[0], dict):
        return np.concatenate(parts)
    width = max(part["mask"].shape[1] for part in parts)
    return {
        "elements": np.concatenate([_widened(part["elements"], width) for part in parts]),
        "context": np.concatenate([part["context"] for part in parts]),
        "mask": np.concatenate([_widened(part["mask"], width) for part in parts]),
    }


def _widened(part: NDArray[Any], width: int) -> NDArray[Any]:
    """[N, M, ...] padded with zeros to [N, width, ...]."""
    padding = [(0, 0)] * part.ndim
    padding[1] = (0, width - part.shape[1])
    return np.pad(part, padding)
