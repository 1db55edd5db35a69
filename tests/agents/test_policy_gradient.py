"""Policy gradients: exact on what can be enumerated, learning, the polish, and exact continuation."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import mathrl
from mathrl import checkpoint
from mathrl.agents.policy_gradient import Config, PolicyGradient
from mathrl.budget import Budget
from mathrl.env import Streams
from mathrl.errors import MathrlError
from mathrl.policies import decisions_of
from mathrl.rollout import play
from mathrl.settings import build
from mathrl.training import Run

CLOCK = re.compile(r"_seconds$|_per_s$|^seconds$")


def agent_of(env, seed=0, device="cpu", **knobs):
    agent = PolicyGradient(build(Config, knobs, "policy-gradient", "agent"), device, seed)
    agent.bind(env)
    return agent


class Noted(Run):
    """A run that keeps its rows of metrics and stops after some generations."""

    def __init__(self, env, agent, generations, slots=1):
        super().__init__(env, agent, "policy-gradient", Budget(), slots=slots)
        self.rows, self.generations = [], generations

    def log(self, **row):
        super().log(**row)
        self.rows.append(row)
        if self.generation >= self.generations:
            self.budget.stop(0)


def train(env, agent, generations, done=0):
    run = Noted(env, agent, generations)
    run.generation = done
    run.budget.start(env.meter)
    agent.train(env, run, run.budget)
    return run


def greedy(env, agent, instances):
    """The scores of one greedy pass."""
    arena, rows = env.resized(len(instances)), np.arange(len(instances))
    arena.begin(rows, instances)
    return play(arena, rows, lambda live, masks, step: agent.act(arena, live, np.random.default_rng(0))).scores


# ---------------------------------------------------------------------------------------------------- exact gradients


@pytest.mark.parametrize(
    ("objective", "k", "samples"), [("mean", 1, 3), ("max@k", 2, 3), ("max@k", 3, 3)], ids=["mean", "max@2", "max@3"]
)
def test_expected_step_is_the_exact_gradient(make, objective, k, samples):
    """Over all triples of words of three letters, weighted by their chances, the steps sum to the gradient of J.

    J = E R, or E of the maximum of k samples, by enumeration and automatic differentiation.
    """
    env, words = make("ones", length=3), np.array(list(product((0, 1), repeat=3)))
    rewards = words @ [1.0, 2.0, 4.5]
    agent = agent_of(make("sidon"), objective=objective, k=k, samples=samples)
    own = agent_of(env, seed=1, hidden=(6,), baseline="none")
    learner, parameters = own.learner, list(own.learner.policy.net.parameters())

    def chances():
        decisions = decisions_of(env, words, [None] * 8)
        logs = learner.policy.log_probabilities(decisions)
        chosen = logs.gather(1, torch.from_numpy(decisions.actions)[:, None])[:, 0]
        return torch.zeros(8).index_add(0, torch.from_numpy(decisions.episode), chosen).exp()

    exact = chances()
    best = np.array([[max(rewards[list(some)]) for some in product(range(8), repeat=k)]])
    weights = torch.stack([torch.stack([exact[one] for one in some]).prod() for some in product(range(8), repeat=k)])
    objective_value = (weights * torch.from_numpy(best[0]).float()).sum()
    expected = torch.autograd.grad(objective_value, parameters)

    triples = np.array(list(product(range(8), repeat=samples)))
    scores, groups = rewards[triples].ravel(), np.repeat(np.arange(len(triples)), samples)
    played = SimpleNamespace(
        finite_scores=lambda: scores, decisions=SimpleNamespace(episode=np.arange(len(scores)))
    )  # one decision an episode
    advantages = agent.of_groups(make("sidon"), played, groups)
    likely = exact.detach().double().numpy()[triples].prod(axis=1)
    decisions = decisions_of(env, words[triples.ravel()], [None] * len(scores))
    weighted = (advantages * np.repeat(likely, samples))[decisions.episode]
    steps = []
    learner._step = lambda: steps.append([weight.grad.clone() for weight in parameters])
    learner.reinforce(decisions, weighted, np.zeros(len(decisions)), samples, 1e-3, 0.0)
    (step,) = steps
    for mine, true in zip(step, expected, strict=True):
        torch.testing.assert_close(-mine, true, atol=2e-5, rtol=1e-3)
    assert max(true.abs().max() for true in expected) > 1e-2


def test_too_few_samples_is_an_error(make):
    env = make("sidon")
    with pytest.raises(MathrlError, match=r"needs agent\.samples=8 or more"):
        train(env, agent_of(env, objective="max@k", k=8, samples=4, instances=3), 1)


def test_first_ppo_step_is_the_policy_gradient(make):
    """Where nothing has moved yet the ratio is 1, and the clipped loss has the gradient of advantage times log pi."""
    env = make("ones", length=5)
    agent = agent_of(env, hidden=(7,), baseline="none")
    rng = np.random.default_rng(0)
    decisions = decisions_of(env, rng.integers(0, 2, (20, 5)), [None] * 20)
    advantages, nothing, steps = rng.standard_normal(100), np.zeros(100), []
    learner, parameters = agent.learner, list(agent.learner.policy.net.parameters())
    learner._step = lambda: steps.append([weight.grad.clone() for weight in parameters])
    learner.ppo(decisions, advantages, nothing, rng, 1e-3, 0.0, passes=1)
    learner.reinforce(decisions, advantages, nothing, 100, 1e-3, 0.0)
    torch.testing.assert_close(steps[0], steps[1], atol=1e-6, rtol=1e-4)


def test_passes_end_when_the_policy_has_moved(make):
    """A tiny limit ends after the first pass that exceeds it; 0 never does."""
    env = make("ones", length=8)
    for limit, expected in ((1e-9, 2), (0.0, 6)):
        run = train(env, agent_of(env, kl=limit, passes=6, lr=1e-2, minibatch=800), 1)
        assert run.rows[0]["passes"] == expected


def test_the_rate_falls_to_its_share(make, monkeypatch):
    """Linearly to 5 % at the last generation, to 10 % in the polish; training then ends by itself."""
    env, rates = make("sidon", n=9), []
    agent = agent_of(env, generations=5, lr=1.0, polish=3, polish_lr=2.0, instances=4, polish_states=4)
    monkeypatch.setattr(agent.learner, "_begin", rates.append)
    run = train(env, agent, 100)
    assert run.generation == 8
    assert rates == pytest.approx([1, 0.7625, 0.525, 0.2875, 0.05, 2, 1.1, 0.2])


# ---------------------------------------------------------------------------------------------------------- learning


LEARNERS = {
    "ppo": {},
    "ppo of groups": {"baseline": "none"},
    "reinforce": {"mode": "reinforce", "baseline": "none", "lr": 2e-2},
    "reinforce, value": {"mode": "reinforce", "lr": 2e-2},
    "quantile": {"mode": "reinforce", "objective": "quantile", "eps": 0.1, "lr": 2e-2},
    "max@k": {"mode": "reinforce", "objective": "max@k", "k": 8, "lr": 2e-2},
    "bf16": {"precision": "bf16"},
}


@pytest.mark.parametrize("knobs", LEARNERS.values(), ids=LEARNERS)
def test_learns_the_best_queens(make, knobs):
    """Six queens: dead ends are common, 4 of 46,656 words are alive, the best is found and then played greedily."""
    env = make("queens", n=6)
    run = train(env, agent := agent_of(env, hidden=(32,), instances=200, entropy=0.01, **knobs), 40)
    best = max(
        sum(row * column for row, column in enumerate(word))
        for word in product(range(6), repeat=6)
        if all(abs(word[a] - word[b]) not in (0, a - b) for a in range(6) for b in range(a))
    )
    assert run.best.value == best
    assert greedy(env, agent, [None])[0] >= best - 1
    first, last = (np.mean([row["mean"] for row in rows]) for rows in (run.rows[:3], run.rows[-3:]))
    assert last >= first


def test_learns_sets_of_any_size(make):
    """Sidon sets in 1..30: the learned order of numbers beats chance on instances of all sizes."""
    env, tops = make("sidon", n=30, least=10), list(range(10, 31))
    agent = agent_of(env, hidden=(32,), pool="context", lr=1e-2, entropy=0.003, instances=60)
    before = greedy(env, agent, tops)
    run = train(env, agent, 40)
    means = [row["mean"] for row in run.rows]
    assert np.mean(means[-10:]) > np.mean(means[:10])
    assert greedy(env, agent, tops).mean() >= before.mean()
    assert run.rows[-1]["r2"] > 0.5


def test_polish_finds_the_optimum_of_a_tabular_problem(make):
    """Words with an even number of ones, of odd length: exact comparison alone leads to the best word."""
    env = make("ones", length=7, even=True)
    knobs = {"seed": 1, "hidden": (16,), "lr": 0.0, "generations": 1, "instances": 10, "average": 0.0}
    idle = agent_of(env, **knobs)
    train(env, idle, 10)
    assert greedy(env, idle, [None])[0] < 6
    agent = agent_of(env, **knobs, polish=25, polish_states=40, polish_lr=1e-2)
    run = train(env, agent, 100)
    assert greedy(env, agent, [None])[0] == 6
    assert run.rows[-1]["gain"] < run.rows[1]["gain"]
    assert run.generation == 26


def test_expected_gain_moves_to_the_better_action(make):
    """Each state's policy goes to its best action; a bonus alone makes it uniform."""
    env = make("ones", length=3, letters=3)
    agent = agent_of(env, hidden=(32,), baseline="none")
    words = np.array(list(product(range(3), repeat=3)))
    decisions, rng = decisions_of(env, words, [None] * 27), np.random.default_rng(0)
    _, state = np.unique(decisions.observations, axis=0, return_inverse=True)
    gains = rng.permuted(np.tile([0.0, -1.0, -2.0], (state.max() + 1, 1)), axis=1)[state]
    agent.learner.expected_gain(decisions, gains, rng, 1e-2, 0.5, 200, 100)
    assert np.array_equal(agent.learner.policy.log_probabilities(decisions).argmax(1).numpy(), gains.argmax(1))
    untried = np.where(gains == -2, np.nan, gains)
    steps = []
    agent.learner._step = lambda: steps.append(agent.learner.policy.net.policy.bias.grad.clone())
    for worth in (untried, untried + 1):  # what all tried actions have in common does not matter
        agent.learner.expected_gain(decisions, worth, rng, 0.0, 0.0, 1, 100)
    torch.testing.assert_close(steps[0], steps[1], atol=1e-6, rtol=1e-3)
    del agent.learner._step
    agent.learner.expected_gain(decisions, 0 * gains, rng, 1e-2, 1.0, 150, 100)
    assert agent.learner.policy.log_probabilities(decisions).exp().max() < 0.45


def test_solves_several_instances_at_once(make):
    """Each given instance gets its solution; the best Sidon set within 1..13 has five elements."""
    env = make("sidon", n=13)
    agent = agent_of(env, instances=16, samples=2)
    run = Noted(env, agent, 12, slots=2)
    run.budget.start(env.meter)
    found = agent.solve(env, [7, 13], run, run.budget)
    assert [one.solution["top"] for one in found] == [7, 13]
    assert [one.value for one in found] == [4, 5]


def test_training_instances_are_fresh_and_nobody_elses(make):
    """Other generations and pieces draw other instances, the same piece the same; a test's streams give others."""
    env = make("sidon", n=60, least=1)
    agent = agent_of(env, seed=4, instances=50)
    numbers = np.arange(50)
    first, again, later = (agent.instances(env, generation, numbers) for generation in (0, 0, 1))
    assert first == again
    assert first != later
    assert first[7:9] == agent.instances(env, 0, numbers[7:9])
    assert first != env.draw(Streams.of(4, 50))


@pytest.mark.parametrize("tasks", [1, 3, 7])
def test_tasks_share_the_episodes_out(make, tasks):
    env = make("sidon")
    agent = agent_of(env, instances=10, samples=2, tasks=tasks)
    run = Noted(env, agent, 1)
    numbers = np.concatenate([agent.numbers(task) for task in run.tasks(10, tasks)])
    assert np.array_equal(numbers, np.repeat(np.arange(10), 2))
    agent.given = [1, 2, 3]
    given = np.concatenate([agent.numbers(task) for task in run.tasks(10, tasks)])
    assert np.array_equal(given, np.arange(20) % 3)


def test_family_baseline_waits_and_then_explains(make):
    """Three generations only fit; without a hand-made strategy it is refused."""
    env = make("sidon", n=20)
    with pytest.raises(MathrlError, match="no hand-made strategy"):
        agent_of(env, baseline="family")
    env.baselines = ("pending",)
    type(env).baseline = lambda self, rows: self.masks(rows).sum(axis=1, keepdims=True).astype(np.float64)
    try:
        agent = agent_of(env, instances=30)
        assert agent.baseline == "family"
        before = agent.learner.policy.weights()
        run = train(env, agent, 5)
        assert ["loss" in row for row in run.rows] == [False, False, False, True, True]
        assert run.rows[4]["r2"] > 0.5
        assert any((before[name] != weight).any() for name, weight in agent.learner.policy.weights().items())
    finally:
        del type(env).baseline


def test_greedy_play_uses_averaged_weights(make):
    """One generation later the average has moved part of the way."""
    env = make("ones", length=6)
    agent = agent_of(env, average=0.5, lr=1e-2)
    start = agent.learner.policy.weights()
    train(env, agent, 1)
    now, mean = agent.learner.policy.weights(), agent.learner.average.weights()
    for name in start:
        assert mean[name] == pytest.approx(0.1 * start[name] + 0.9 * now[name], abs=1e-6)  # early averages are short
    chances = agent.learner.average.probabilities(env, np.array([0]), np.ones((1, 2), np.bool_))
    assert agent.act(env, np.array([0]), np.random.default_rng(0))[0] == chances[0].argmax()


# -------------------------------------------------------------------------------------------- continuing and sharing


@pytest.mark.parametrize("knobs", [{}, {"baseline": "none", "mode": "reinforce"}, {"precision": "bf16"}], ids=str)
def test_resumes_bit_for_bit(make, tmp_path, knobs):
    """Two and four generations, the last two of them polish, give the state of six at once."""
    env = make("sidon", n=12)
    knobs = {"hidden": (16,), "instances": 20, "generations": 4, "polish": 2, "polish_states": 12, **knobs}
    whole = agent_of(env, **knobs)
    rows = train(env, whole, 6).rows
    for stop in (2, 5):
        half = agent_of(env, **knobs)
        train(env, half, stop)
        checkpoint.save(tmp_path, stop, {"agent": half.state()})
        resumed = agent_of(env, **knobs)
        resumed.restore(checkpoint.load(tmp_path)["agent"])
        assert repr(train(env, resumed, 6, done=stop).rows) == repr(rows[stop:])
        assert same(resumed.state(), whole.state())


def same(one, other):
    """Whether two states are equal, bit for bit."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    return np.array_equal(one, other)


def test_a_shipped_model_plays_as_the_trained_agent(make):
    """Averaged weights are all that is needed; those of another network are refused."""
    env, tops = make("sidon", n=30), list(range(10, 31))
    agent, other = (agent_of(env, seed=seed, lr=3e-2) for seed in (0, 1))
    train(env, agent, 3)
    other.adopt(agent.trained())
    rows = np.arange(len(tops))
    arena = env.resized(len(tops))
    arena.begin(rows, tops)
    choices = [one.learner.average.probabilities(arena, rows, arena.masks(rows)) for one in (agent, other)]
    assert np.array_equal(*choices)
    with pytest.raises(MathrlError, match="another problem or network"):
        agent_of(env, hidden=(5,)).adopt(agent.trained())


def test_a_checkpoint_of_another_network_is_refused(make):
    state = agent_of(make("sidon"), hidden=(8,)).state()
    with pytest.raises(MathrlError, match="another problem or network"):
        agent_of(make("sidon"), hidden=(9,)).restore(state)


def test_workers_do_not_change_the_numbers(tmp_path, plugins):
    """Metrics of three pieces a generation, played here and by two workers; polish included."""
    words = ("hidden=8", "instances=11", "tasks=3", "generations=3", "polish=1", "polish-states=9")
    rows = []
    for workers in ("1", "2"):
        mathrl.train(
            str(plugins / "sidon.py"), "policy-gradient", *(f"agent.{word}" for word in words),
            workers=workers, run=tmp_path / workers, quiet=True, device="cpu",
        )  # fmt: skip
        lines = (tmp_path / workers / "metrics.jsonl").read_text().splitlines()
        rows.append([{k: v for k, v in json.loads(line).items() if not CLOCK.search(k)} for line in lines])
    assert rows[0] == rows[1]
    assert len(rows[0]) == 4


def test_warming_up_leaves_no_trace(make):
    env = make("sidon")
    agent = agent_of(env, generations=2, polish=2)
    before = agent.state()
    agent.warm(env)
    assert same(agent.state(), before)


def test_polish_needs_generations(make):
    with pytest.raises(MathrlError, match=r"agent\.generations"):
        agent_of(make("sidon"), polish=3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", ["sidon", "queens"])
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_learns_on_a_gpu(make, name, precision):
    """All phases run there, and one generation gives nearly the weights that the processor gives."""
    env = make(name)
    knobs = {"instances": 20, "generations": 2, "polish": 1, "precision": precision}
    here, there = agent_of(env, **knobs), agent_of(env, device="cuda", **knobs)
    assert there.learner.policy.device.type == "cuda"
    assert train(env, there, 10).generation == 3
    train(env, here, 10)
    for name, weight in here.learner.policy.weights().items():
        assert np.abs(weight - there.learner.policy.weights()[name]).mean() < 0.05


def test_config_can_be_changed_in_one_place():
    """Every knob has a sentence; a setting outside its range is refused."""
    assert replace(Config(), lr=1.0).lr == 1.0
    with pytest.raises(MathrlError, match=r"agent\.gamma"):
        build(Config, {"gamma": "2"}, "policy-gradient", "agent")
