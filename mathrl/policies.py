"""A network as a policy on an environment: playing with it, and the decisions of played episodes to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mathrl.env import Rows, SearchEnv
from mathrl.nets import SetNet, WordNet, build, masked_log_softmax, pick_device, tensors_of
from mathrl.rollout import Chooser, mixed, sample
from mathrl.sets import Sets


@dataclass(frozen=True)
class Decisions:
    """N decisions of played episodes: what was seen, actions int64[N], episode int64[N].

    Seen is either flat, observations float32[N, D] and masks bool[N, A] of the legal actions, or packed `Sets`, which
    know what is legal (masks is None).
    """

    observations: NDArray[np.float32] | Sets
    masks: NDArray[np.bool_] | None
    actions: NDArray[np.int64]
    episode: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.actions)

    def pick(self, index: NDArray[np.int64]) -> Decisions:
        """The decisions int64[K] of the batch."""
        seen = self.observations
        some = seen.pick(index) if isinstance(seen, Sets) else seen[index]
        masks = None if self.masks is None else self.masks[index]
        return Decisions(some, masks, self.actions[index], self.episode[index])

    @staticmethod
    def joined(parts: Sequence[Decisions]) -> Decisions:
        """All decisions of the parts (at least one), in order; episodes keep their numbers."""
        width = max(0 if part.masks is None else part.masks.shape[1] for part in parts)
        masks = [_widened(part.masks, width) for part in parts if part.masks is not None]
        seen = [part.observations for part in parts]
        return Decisions(
            Sets.joined(seen) if isinstance(seen[0], Sets) else np.concatenate(seen),  # type: ignore[arg-type]
            np.concatenate(masks) if masks else None,
            np.concatenate([part.actions for part in parts]),
            np.concatenate([part.episode for part in parts]),
        )


def seen_by(env: SearchEnv, rows: Rows, masks: NDArray[np.bool_]) -> Decisions:
    """What `rows`, with legal actions masks bool[R, A], show: decisions not yet taken (action 0), episodes `rows`."""
    nothing = np.zeros(len(rows), np.int64)
    if env.kind == "set":
        return Decisions(Sets.seen(env, rows, masks), None, nothing, rows)
    return Decisions(env.observe(rows, masks.shape[1]), masks, nothing, rows)


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

    def evaluate(self, decisions: Decisions, bf16: bool = False) -> tuple[Tensor, Tensor | None]:
        """log pi float32[N, A] (-inf: illegal) and values float32[N] or None at every decision, with gradient.

        `bf16` multiplies matrices in bfloat16; sums, softmax and gradients of the weights stay float32.
        """
        if isinstance(decisions.observations, Sets):
            return self._evaluate_sets(decisions.observations, bf16)
        assert decisions.masks is not None
        observations, mask = tensors_of((decisions.observations, decisions.masks), self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bf16):
            logits, value = self.net(observations)
        return masked_log_softmax(logits[:, : mask.shape[1]].float(), mask), None if value is None else value.float()

    def _evaluate_sets(self, seen: Sets, bf16: bool) -> tuple[Tensor, Tensor | None]:
        """`evaluate` for sets: packed through the network, padded only for the softmax."""
        assert isinstance(self.net, SetNet)
        places, width = seen.places()
        given = seen.filled(256) if bf16 else seen  # bfloat16 products are compiled anew for every number of rows
        arrays = (given.counts, places, given.elements, given.context, seen.legal)
        counts, index, elements, context, legal = tensors_of(arrays, self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bf16):
            packed, value = self.net.packed(elements, context, counts)
        packed, size = packed[: len(index)].float(), len(seen) * width
        mask = torch.zeros(size, dtype=torch.bool, device=self.device).index_copy_(0, index, legal)
        logits = packed.new_zeros(size).index_copy(0, index, packed)
        shape = (len(seen), width)
        return masked_log_softmax(logits.view(shape), mask.view(shape)), None if value is None else value[
            : len(seen)
        ].float()

    def log_probabilities(self, decisions: Decisions) -> Tensor:
        """float32[N, A]: log pi at every decision, -inf where illegal, with gradient."""
        return self.evaluate(decisions)[0]

    def probabilities(self, env: SearchEnv, rows: Rows, masks: NDArray[np.bool_]) -> NDArray[np.float32]:
        """float32[R, A]: the policy on rows wherever they are, by the dense path."""
        with torch.inference_mode():
            chances = self.evaluate(seen_by(env, rows, masks))[0].exp().cpu().numpy()
        return chances[:, : masks.shape[1]]

    def greedy(self, env: SearchEnv) -> Chooser:
        """The likeliest legal action of rows wherever they are, the first of equals."""
        return lambda live, masks, step: self.probabilities(env, live, masks).argmax(1)

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
    parts: list[Decisions] = []
    for step in range(actions.shape[1]):
        live = rows[actions[:, step] >= 0]
        if not len(live):
            break
        legal = arena.masks(live)
        free = legal.sum(1) > 1
        if free.any():
            seen = seen_by(arena, live[free], legal[free])
            parts.append(replace(seen, actions=actions[live[free], step]))
        arena.advance(live, actions[live, step])
    env.meter.evaluations = spent
    return Decisions.joined(parts or [seen_by(arena, rows[:0], np.zeros((0, 1), np.bool_))])


def _widened(part: NDArray[Any], width: int) -> NDArray[Any]:
    """[N, M, ...] padded with zeros to [N, width, ...]."""
    padding = [(0, 0)] * part.ndim
    padding[1] = (0, width - part.shape[1])
    return np.pad(part, padding)
