"""The networks: masked softmax against its oracle, incremental = dense, symmetry of sets, determinism, transfer."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mathrl.errors import MathrlError
from mathrl.nets import (
    SetNet,
    WordNet,
    _transfer,
    build,
    entropy,
    masked_log_softmax,
    observe_tensor,
    pick_device,
)
from mathrl.policies import Policy
from mathrl.words import WordLayout

DATA = Path(__file__).parents[1] / "data" / "agents"
CASES = [json.loads(line) for line in (DATA / "masked.jsonl").read_text().splitlines()]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def filled(network, seed=0):
    """The network with weights so large that the outputs differ visibly from row to row."""
    generator = seeded(seed)
    with torch.no_grad():
        for weight in network.parameters():
            weight.uniform_(-0.3, 0.3, generator=generator)
    return network


def assert_finite_gradients(module):
    for name, weight in module.named_parameters():
        assert weight.grad is not None, name
        assert torch.isfinite(weight.grad).all(), name


# The masked softmax.


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_masked_softmax_oracle(case):
    """Probabilities, log-probability and entropy of MaskableCategorical (sb3-contrib 2.9.2), illegal ones exactly 0."""
    logits, mask = torch.tensor([case["logits"]]), torch.tensor([case["mask"]]).bool()
    log_probabilities = masked_log_softmax(logits, mask)
    probabilities = log_probabilities.exp()[0]
    assert (probabilities[~mask[0]] == 0).all()
    assert probabilities.tolist() == pytest.approx(case["probs"], abs=2e-6)
    assert log_probabilities[0, case["action"]].item() == pytest.approx(case["log_prob"], abs=2e-6)
    assert entropy(log_probabilities).item() == pytest.approx(case["entropy"], abs=2e-6)


def test_masked_softmax_gradients_are_finite():
    """Rows with all, some, one and no legal action; the last is -inf throughout, with entropy 0."""
    logits = (torch.randn(4, 5, generator=seeded()) * 30).requires_grad_()
    mask = torch.tensor([[1, 1, 1, 1, 1], [0, 1, 0, 1, 1], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0]]).bool()
    log_probabilities = masked_log_softmax(logits, mask)
    entropies = entropy(log_probabilities)
    assert (log_probabilities[~mask] == -math.inf).all()
    assert entropies[2:].tolist() == [0, 0]
    (entropies.sum() + log_probabilities[mask].sum()).backward()
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[~mask] == 0).all()


def test_entropy_gradient_is_that_of_the_legal_actions_alone():
    logits = torch.randn(5, generator=seeded(3), dtype=torch.float64)
    mask = torch.tensor([True, False, True, True, False])
    masked, alone = logits.clone().requires_grad_(), logits[mask].clone().requires_grad_()
    entropy(masked_log_softmax(masked[None], mask[None])).sum().backward()
    torch.distributions.Categorical(logits=alone).entropy().backward()
    torch.testing.assert_close(masked.grad[mask], alone.grad)


# Words.


def random_layout(rng, places, letters, constants):
    """Columns in random order; some letters and places set no entry."""
    width = places * letters + places + constants + 3
    columns = rng.permutation(width)
    letter = columns[: places * letters].reshape(places, letters).copy()
    position = columns[places * letters : places * (letters + 1)].copy()
    letter[rng.random(letter.shape) < 0.3] = -1
    position[rng.random(places) < 0.2] = -1
    return WordLayout(letter, position, columns[places * (letters + 1) :][:constants].copy(), width)


def dense(layout, words, t):
    """The observation of the first t letters of words int64[R, T], from the definition: float32[R, D]."""
    observations = np.zeros((len(words), layout.width), np.float32)
    for observation, word in zip(observations, words, strict=True):
        ones = [layout.letter_column[s, word[s]] for s in range(t)]
        for column in [*ones, layout.position_column[t], *layout.constant_columns]:
            if column >= 0:
                observation[column] = 1
    return torch.from_numpy(observations)


def assert_incremental_is_dense(network, layout, words):
    h = network.begin(len(words), layout)
    for t in range(words.shape[1]):
        logits, value = network.step(h, t)
        expected_logits, expected_value = network(dense(layout, words, t))
        torch.testing.assert_close(logits, expected_logits.detach(), atol=1e-5, rtol=0)
        if expected_value is None:
            assert value is None
        else:
            torch.testing.assert_close(value, expected_value.detach(), atol=1e-5, rtol=0)
        network.play(h, t, words[:, t])


@pytest.mark.parametrize(
    ("places", "letters", "constants", "hidden", "options"),
    [
        (171, 2, 0, (128, 64), {}),
        (20, 2, 2, (16, 8, 4), {"single_logit": True, "output_bias": -1.5, "init": "glorot"}),
        (30, 7, 3, (32, 16), {"value": True}),
        (12, 4, 0, (9,), {"value": True, "init": "glorot"}),
    ],
)
def test_incremental_equals_dense(places, letters, constants, hidden, options):
    rng = np.random.default_rng(places)
    layout = WordLayout.wagner(places, letters) if places == 171 else random_layout(rng, places, letters, constants)
    network = WordNet(layout.width, letters, hidden, generator=seeded(), **options)
    for rows in (1, 13):
        words = rng.integers(0, letters, (rows, places))
        assert_incremental_is_dense(network, layout, words)


def test_incremental_rows_at_different_places():
    """One step and one play with a place for each row equal those row by row, as in the leaves of a search tree."""
    rng = np.random.default_rng(5)
    layout = random_layout(rng, 10, 3, 1)
    network = filled(WordNet(layout.width, 3, (16, 8), generator=seeded(), value=True))
    words, places = rng.integers(0, 3, (6, 10)), np.array([0, 9, 4, 4, 7, 1])
    h = network.begin(6, layout)
    for row, place in enumerate(places):
        for t in range(place):
            network.play(h[row : row + 1], t, words[row : row + 1, t])
    logits, value = network.step(h, torch.from_numpy(places))
    network.play(h, torch.from_numpy(places), words[np.arange(6), places])
    for row, place in enumerate(places):
        expected, expected_value = network(dense(layout, words[row : row + 1], place))
        torch.testing.assert_close(logits[row], expected[0].detach(), atol=1e-5, rtol=0)
        torch.testing.assert_close(value[row], expected_value[0].detach(), atol=1e-5, rtol=0)
        if place < 9:
            after, _ = network(dense(layout, words[row : row + 1], place + 1))
            torch.testing.assert_close(
                network.step(h[row : row + 1], int(place) + 1)[0], after.detach(), atol=1e-5, rtol=0
            )


@pytest.mark.parametrize("fused", [False, True])
def test_incremental_follows_updates_and_layouts(fused):
    """Each `begin` takes the present weights: fused optimizers do not even raise a tensor's version counter."""
    rng = np.random.default_rng(1)
    network = WordNet(50, 2, (8, 4), generator=seeded())
    optimizer = torch.optim.Adam(network.parameters(), lr=0.1, fused=fused)
    for layout in (WordLayout.wagner(25, 2), random_layout(rng, 14, 2, 3), WordLayout.wagner(25, 2)):
        layout = replace(layout, width=50)
        assert_incremental_is_dense(network, layout, rng.integers(0, 2, (3, len(layout.position_column))))
        network(torch.ones(2, 50))[0].square().sum().backward()
        optimizer.step()
        network.refresh()


def test_incremental_logits_are_fresh_and_usable_in_a_loss():
    """A later step does not overwrite them, and a caller's inference mode does not taint what comes after it."""
    layout = WordLayout.wagner(5, 2)
    network = WordNet(layout.width, 2, (8,), generator=seeded())
    with torch.inference_mode():
        network.step(network.begin(4, layout), 0)
    h = network.begin(4, layout)
    first, _ = network.step(h, 0)
    kept = first.clone()
    network.play(h, 0, np.array([0, 1, 0, 1]))
    network.step(h, 1)
    assert torch.equal(first, kept)
    weight = torch.ones(2, requires_grad=True)
    (first * weight).sum().backward()
    assert weight.grad is not None


def test_single_logit_is_a_sigmoid():
    network = filled(WordNet(6, 2, (5,), generator=seeded(), single_logit=True))
    logits, _ = network(torch.rand(4, 6, generator=seeded()))
    assert network.policy.out_features == 1
    assert (logits[:, 0] == 0).all()
    torch.testing.assert_close(logits.softmax(-1)[:, 1], logits[:, 1].sigmoid())


def test_initial_weights():
    """Glorot: uniform within sqrt(6 / (in + out)), zero biases but for letter 1; torch: within 1 / sqrt(in)."""
    glorot = WordNet(342, 2, (128, 64), generator=seeded(), init="glorot", output_bias=-2.0)
    weight = glorot.layers[0].weight
    assert math.sqrt(6 / 470) * 0.99 < weight.abs().max() <= math.sqrt(6 / 470)
    assert (glorot.layers[0].bias == 0).all()
    assert glorot.policy.bias.tolist() == [0, -2]
    plain = WordNet(342, 2, (128, 64), generator=seeded())
    for part in (plain.layers[0].weight, plain.layers[0].bias):
        assert 0.9 / math.sqrt(342) < part.abs().max() <= 1 / math.sqrt(342)
    with pytest.raises(MathrlError, match="two letters"):
        WordNet(9, 3, generator=seeded(), output_bias=1.0)
    with pytest.raises(MathrlError, match="glorot"):
        WordNet(9, 3, generator=seeded(), init="glorott")


# Sets.


def random_set(rng, rows, count, features=5, context=3):
    mask = rng.random((rows, count)) < 0.6
    mask[:, 0] = True
    return {
        "elements": rng.standard_normal((rows, count, features)).astype(np.float32),
        "context": rng.standard_normal((rows, context)).astype(np.float32),
        "mask": mask.astype(np.int8),
    }


@pytest.fixture(params=[("mean", False), ("mean", True), ("context", False), ("context", True)], ids=str)
def set_net(request):
    return filled(
        SetNet(5, 3, (16, 12), generator=seeded(), value=True, pool=request.param[0], attention=request.param[1])
    )


def test_set_permutation_equivariance(set_net):
    rng = np.random.default_rng(2)
    observation, order = random_set(rng, 4, 9), rng.permutation(9)
    moved = {**observation, "elements": observation["elements"][:, order], "mask": observation["mask"][:, order]}
    logits, value = set_net(*observe_tensor(observation, "cpu"))
    moved_logits, moved_value = set_net(*observe_tensor(moved, "cpu"))
    torch.testing.assert_close(moved_logits, logits[:, order], atol=1e-5, rtol=0)
    torch.testing.assert_close(moved_value, value, atol=1e-5, rtol=0)
    assert ((logits == -math.inf).numpy() == (observation["mask"] == 0)).all()
    assert value.std() > 1e-3


def test_set_padding_changes_nothing(set_net):
    """Masked elements, whatever they hold, change neither logits nor value nor gradients."""
    rng = np.random.default_rng(3)
    observation = random_set(rng, 4, 6)
    padded = {
        "elements": np.concatenate([observation["elements"], 9 * np.ones((4, 7, 5), np.float32)], axis=1),
        "context": observation["context"],
        "mask": np.concatenate([observation["mask"], np.zeros((4, 7), np.int8)], axis=1),
    }
    results = []
    for seen in (observation, padded):
        set_net.zero_grad()
        elements, context, mask = observe_tensor(seen, "cpu")
        logits, value = set_net(elements, context, mask)
        log_probabilities = masked_log_softmax(logits, mask)
        (log_probabilities[mask].sum() + entropy(log_probabilities).sum() + value.square().sum()).backward()
        assert_finite_gradients(set_net)
        gradients = [weight.grad.clone() for weight in set_net.parameters()]
        results.append([logits[:, :6].detach(), value.detach(), *gradients])
    torch.testing.assert_close(results[0], results[1], atol=1e-4, rtol=1e-4)


def test_set_without_elements_gives_no_nan(set_net):
    elements, context, mask = observe_tensor(random_set(np.random.default_rng(4), 3, 5), "cpu")
    mask[1] = False
    logits, value = set_net(elements, context, mask)
    log_probabilities = masked_log_softmax(logits, mask)
    assert (logits[1] == -math.inf).all()
    assert torch.isfinite(value).all()
    (log_probabilities[mask].sum() + entropy(log_probabilities).sum() + value.sum()).backward()
    assert_finite_gradients(set_net)


# Building, devices, transfer.


@pytest.mark.parametrize(
    ("env", "kind"),
    [
        (SimpleNamespace(kind="flat", observation_width=12, max_actions=3), WordNet),
        (SimpleNamespace(kind="set", element_features=5, context_features=3), SetNet),
    ],
)
def test_build_is_a_function_of_the_generator(env, kind):
    """Equal seeds give equal weights, different ones different weights; torch's global generator is not touched."""
    before = torch.get_rng_state()
    first, again, other = (build(env, (8, 4), True, generator=seeded(seed), device="cpu") for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert isinstance(first, kind)
    assert first.value is not None
    for name, weight in first.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name])
        assert not torch.equal(weight, other.state_dict()[name])


def test_build_passes_settings_on():
    env = SimpleNamespace(kind="flat", observation_width=12, max_actions=2)
    assert build(env, (8, 4, 3), generator=seeded(), single_logit=True).single_logit
    with pytest.raises(MathrlError, match="flat"):
        build(SimpleNamespace(kind="flatt"), (8,), generator=seeded())


def test_pick_device(monkeypatch):
    assert pick_device("cpu") == torch.device("cpu")
    with pytest.raises(MathrlError, match="'gpu' is not a device"):
        pick_device("gpu")
    with pytest.raises(MathrlError, match="is not a device"):
        pick_device("cuda:")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto") == torch.device("cpu")
    with pytest.raises(MathrlError, match="sees no GPU"):
        pick_device("cuda:1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert pick_device("auto", 1_000_000) == torch.device("cuda")
    assert pick_device("auto", 50_000) == torch.device("cpu")  # a small network is faster where its environment is
    assert pick_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(MathrlError, match="cuda:0 to cuda:1"):
        pick_device("cuda:2")


def test_a_small_policy_stays_on_the_processor(make, monkeypatch):
    """`auto` asks how large the network is, and what it draws does not depend on the answer."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    env = make("ones", length=5)
    small, asked = (Policy(env, (8,), device, 3) for device in ("auto", "cpu"))
    assert small.device == torch.device("cpu")
    assert all(np.array_equal(small.weights()[name], weight) for name, weight in asked.weights().items())
    moved = []
    monkeypatch.setattr(torch.nn.Module, "to", lambda net, device: moved.append(torch.device(device).type) or net)
    Policy(env, (1000, 1000), "auto", 3)
    assert moved[-1] == "cuda"


def test_transfer_keeps_every_array():
    """One block of bytes gives back what went in; read-only and strided arrays are fine."""
    observation = random_set(np.random.default_rng(6), 3, 7)
    observation["elements"] = np.moveaxis(observation["elements"], 0, 1).copy().swapaxes(0, 1)
    observation["context"].flags.writeable = False
    tensors = observe_tensor(observation, "cpu")
    assert [tensor.dtype for tensor in tensors] == [torch.float32, torch.float32, torch.bool]
    for tensor, moved, name in zip(tensors, _transfer(tensors, torch.device("cpu")), observation, strict=True):
        assert torch.equal(tensor, moved)
        assert (moved.numpy() == observation[name]).all()
    (flat,) = observe_tensor(np.ones((2, 3), np.float32), "cpu")
    assert flat.shape == (2, 3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_gpu_agrees_with_cpu():
    network = filled(SetNet(5, 3, (16, 12), generator=seeded(), value=True, attention=True))
    observation = random_set(np.random.default_rng(7), 4, 9)
    expected = network(*observe_tensor(observation, "cpu"))
    for here, there in zip(expected, network.to("cuda")(*observe_tensor(observation, "cuda")), strict=True):
        torch.testing.assert_close(there.cpu(), here, atol=1e-4, rtol=1e-4)
