"""Packed sets are the padded ones, for the network and for what is learned from."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mathrl.nets import masked_log_softmax, observe_tensor
from mathrl.policies import Decisions, Policy, seen_by
from mathrl.rollout import choose_uniformly, play
from mathrl.sets import Sets


def random_sets(rng, count=7, most=6):
    """Padded sets whose last action is illegal in some, and the legal actions."""
    counts = rng.integers(1, most + 1, count)
    present = np.arange(most) < counts[:, None]
    elements = rng.standard_normal((count, most, 3)).astype(np.float32) * present[:, :, None]
    context = rng.standard_normal((count, 2)).astype(np.float32)
    masks = present & (rng.random(present.shape) < 0.7)
    masks[:, 0] = True
    return {"elements": elements, "context": context, "mask": present}, masks


def test_pick_join_and_pad(rng):
    """A choice of sets, with repetitions, equals the packed choice of padded ones."""
    observation, masks = random_sets(rng)
    whole = Sets.of(observation, masks)
    index = np.array([4, 0, 4, 6])
    expected = Sets.of({name: part[index] for name, part in observation.items()}, masks[index])
    for picked in (whole.pick(index), Sets.joined([whole.pick(index[:1]), whole.pick(index[1:])])):
        for name in ("elements", "legal", "context", "counts"):
            assert np.array_equal(getattr(picked, name), getattr(expected, name))
    width = whole.masks().shape[1]
    assert np.array_equal(whole.masks(), masks[:, :width])
    assert not masks[:, width:].any()
    marked = whole.pick(np.arange(7) % 2 == 0)
    assert np.array_equal(marked.counts, whole.counts[::2])


def test_filled_sets_are_the_same_sets(rng):
    whole = Sets.of(*random_sets(rng))
    filled = whole.filled(16)
    assert len(filled.elements) % 16 == 0
    assert len(filled) == len(whole) + 1
    assert np.array_equal(filled.pick(np.arange(len(whole))).elements, whole.elements)


@pytest.mark.parametrize("pool", ["mean", "context"])
@pytest.mark.parametrize("attention", [False, True])
def test_packed_equals_padded(rng, pool, attention):
    """Log-probabilities, values and gradients of the packed path are those of the padded forward."""
    env = SimpleNamespace(kind="set", element_features=3, context_features=2)
    policy = Policy(env, (8,), "cpu", 1, pool=pool, attention=attention, value=True)
    observation, masks = random_sets(rng)
    logits, values = policy.net(*observe_tensor(observation, "cpu"))
    padded = masked_log_softmax(logits, torch.from_numpy(masks))
    sets = Sets.of(observation, masks)
    packed, own = policy.evaluate(Decisions(sets, None, np.zeros(7, np.int64), np.arange(7)))
    width = packed.shape[1]
    torch.testing.assert_close(packed, padded[:, :width], atol=1e-5, rtol=0)
    torch.testing.assert_close(own, values, atol=1e-5, rtol=0)
    gradients = []
    for logs, value in ((packed, own), (padded, values)):
        policy.net.zero_grad()
        (logs[:, 0].sum() + value.square().sum()).backward()
        gradients.append([weight.grad.clone() for weight in policy.net.parameters()])
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("value", [False, True])
def test_bf16_is_near(rng, value):
    env = SimpleNamespace(kind="set", element_features=3, context_features=2)
    policy = Policy(env, (64,), "cpu", 1, pool="context", value=value)
    sets = Sets.of(*random_sets(rng, 40, 9))
    decisions = Decisions(sets, None, np.zeros(40, np.int64), np.arange(40))
    (exact, exact_value), (near, near_value) = policy.evaluate(decisions), policy.evaluate(decisions, bf16=True)
    assert near.dtype == torch.float32
    assert torch.equal(near == -math.inf, exact == -math.inf)
    legal = exact > -math.inf
    difference = (near - exact)[legal].abs().max()
    assert 0 < difference < 0.03
    if value:
        torch.testing.assert_close(near_value, exact_value, atol=0.03, rtol=0)


def test_an_environment_may_pack_for_itself(make, rng):
    """`observe_packed` gives the same sets as `observe`."""
    env = make("sidon", 5, n=12)
    rows = np.arange(5)
    env.begin(rows, [12, 11, 10, 12, 9])
    choose = choose_uniformly(rng)
    env.advance(rows, choose(rows, env.masks(rows), 0))
    expected = seen_by(env, rows, env.masks(rows)).observations
    counts = env.counts(rows)

    def observe_packed(some):
        seen = env.observe(some)
        return seen["elements"][seen["mask"]], seen["context"], counts

    env.observe_packed = observe_packed
    packed = seen_by(env, rows, env.masks(rows)).observations
    for name in ("elements", "legal", "context", "counts"):
        assert np.array_equal(getattr(packed, name), getattr(expected, name))
    assert play(env, rows, choose).lengths.min() > 0
