"""The stable-baselines3 face: its algorithms run on any family, and every field of an info means what it says."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from sb3_contrib import MaskablePPO
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback

import mathrl
from mathrl.rollout import sample_masked

PROBLEMS = {
    "graphs": {"n": 4},
    "sidon": {"n": 8, "least": 2},
    "queens": {"n": 5},
    "ones": {"length": 5, "even": True},
}
POLICY = {"graphs": "MlpPolicy", "sidon": "MultiInputPolicy", "queens": "MlpPolicy", "ones": "MlpPolicy"}
ROWS = np.arange(3)


@pytest.fixture(params=PROBLEMS)
def pair(request, make):
    """A vectorised environment of three rows, and a twin of what is inside."""
    return tuple(make(request.param, 3, **PROBLEMS[request.param]) for _ in range(2))


def parts(observation, row):
    """One row of an observation, as a list of arrays."""
    return [array[row] for array in (observation.values() if isinstance(observation, dict) else [observation])]


def equal(one, other):
    """Whether two observations are equal, with their dtypes."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return one.dtype == other.dtype and np.array_equal(one, other)


class Watch(BaseCallback):
    """Notes the scores of finished episodes during training."""

    def __init__(self):
        super().__init__()
        self.scores = []

    def _on_step(self):
        self.scores += [info["score"] for info in self.locals["infos"] if "score" in info]
        return True


@pytest.mark.parametrize("name", PROBLEMS)
def test_ppo_runs(make, name):
    """Plain PPO takes unmasked actions: illegal ones end episodes by the penalty, and training goes on."""
    faces = mathrl.SB3VecEnv(make(name, 4, **PROBLEMS[name]))
    watch = Watch()
    model = PPO(POLICY[name], faces, n_steps=32, batch_size=32, n_epochs=1, seed=0, device="cpu")
    model.learn(256, callback=watch)
    assert model.num_timesteps == 256
    assert len(watch.scores) > 20
    assert len(model.ep_info_buffer) == min(100, len(watch.scores))
    assert np.isfinite(model.rollout_buffer.returns).all()
    if name in ("sidon", "queens"):
        assert -np.inf in watch.scores  # unmasked actions were illegal


@pytest.mark.parametrize("name", PROBLEMS)
def test_maskable_ppo_never_plays_an_illegal_action(make, name, monkeypatch):
    """sb3-contrib finds the masks, and every action of training and of masked prediction is legal."""
    env = make(name, 4, **PROBLEMS[name])
    faces, played, advance = mathrl.SB3VecEnv(env), [], env.advance

    def watched(rows, actions):
        played.append(env.masks(rows, env.max_actions)[np.arange(len(rows)), actions].all())
        return advance(rows, actions)

    monkeypatch.setattr(env, "advance", watched)
    model = MaskablePPO(POLICY[name], faces, n_steps=32, batch_size=32, n_epochs=1, seed=0, device="cpu")
    model.learn(256)
    observation = faces.reset()
    for _ in range(20):
        masks = np.stack(faces.env_method("action_masks"))
        actions, _ = model.predict(observation, action_masks=masks)
        observation, *_ = faces.step(actions)
    assert len(played) == 64 + 20
    assert all(played)


def test_maskable_ppo_learns_ones(make):
    """A few thousand steps take it from half ones to nearly all: rewards and episodes are wired the right way round."""
    faces = mathrl.SB3VecEnv(make("ones", 32, length=6))
    watch = Watch()
    model = MaskablePPO(
        "MlpPolicy", faces, n_steps=48, batch_size=256, n_epochs=4, learning_rate=3e-3, seed=0, device="cpu"
    )
    model.learn(32 * 48 * 6, callback=watch)
    assert np.mean(watch.scores[:100]) < 3.5
    assert np.mean(watch.scores[-100:]) > 5


def test_seeds_are_reproducible(make):
    """`seed` holds for the next reset alone, as in stable-baselines3; another seed draws other instances."""
    faces = [mathrl.SB3VecEnv(make("sidon", 3, n=60)) for _ in range(2)]
    views = []
    for one in faces:
        one.seed(11)
        views.append([one.reset()])
        views[-1].append(one.reset())
    assert equal(views[0][0], views[1][0])
    assert equal(views[0][1], views[1][1])
    assert not equal(views[0][0], views[0][1])
    faces[0].seed(12)
    assert not equal(faces[0].reset(), views[0][0])


def test_step_equals_the_twin_with_restarts(pair, rng):
    """Observations, rewards, dones and every field of an info, against the same rows stepped by hand."""
    env, twin = pair
    faces = mathrl.SB3VecEnv(env)
    faces.seed(5)
    view = faces.reset()
    twin.reset(seed=[5, 6, 7])
    assert equal(view, twin.face_observation(ROWS))
    returns, lengths, finished = np.zeros(3), np.zeros(3, int), 0
    for step in range(60):
        masks = np.stack(faces.env_method("action_masks"))
        assert masks.dtype == np.bool_
        assert masks.any(axis=1).all()
        assert np.array_equal(masks, twin.masks(ROWS, twin.max_actions))
        actions = sample_masked(masks, rng.random(3))
        if step % 10 == 9:
            actions[step % 3] = -1
        view, rewards, dones, infos = faces.step(actions)
        raw, terminated, _ = twin.advance(ROWS, actions)
        shown = np.where(np.isneginf(raw), twin.penalty, raw)
        assert rewards.dtype == np.float32
        assert dones.dtype == np.bool_
        assert np.array_equal(rewards, shown.astype(np.float32))
        assert np.array_equal(dones, terminated)
        returns, lengths, last = returns + shown, lengths + 1, twin.face_observation(ROWS)
        for row in ROWS:
            if not dones[row]:
                assert infos[row] == {}
                continue
            finished += 1
            info = infos[row]
            terminal = info["terminal_observation"]
            ends = list(terminal.values()) if isinstance(terminal, dict) else [terminal]
            assert all(map(np.array_equal, ends, parts(last, row)))
            assert info["TimeLimit.truncated"] is False
            assert info["score"] == twin.score(ROWS)[row]
            assert (info["episode"]["r"], info["episode"]["l"]) == (pytest.approx(returns[row]), lengths[row])
            assert info["episode"]["t"] >= 0
        returns[dones], lengths[dones] = 0, 0
        twin.restart(np.flatnonzero(dones))
        assert equal(view, twin.face_observation(ROWS))
    assert finished > 10


def test_truncation_is_told_apart_from_the_end(make):
    """`TimeLimit.truncated` is set where an episode was cut, and not where it also ended."""
    env = make("ones", 3, length=2)
    advance = env.advance

    def cutting(rows, actions):
        rewards, terminated, _ = advance(rows, actions)
        return rewards, terminated, np.array([True, False, True])[rows]

    env.advance = cutting
    faces = mathrl.SB3VecEnv(env)
    faces.reset()
    _, _, dones, infos = faces.step(np.array([0, 0, -1]))
    assert dones.tolist() == [True, False, True]
    assert [info.get("TimeLimit.truncated") for info in infos] == [True, None, False]


def test_observations_are_fresh_arrays(pair, rng):
    """What a step returned is not changed by later ones, terminal observations included."""
    faces = mathrl.SB3VecEnv(pair[0])
    kept = [parts(faces.reset(), slice(None))]
    copies = copy.deepcopy(kept)
    for _ in range(30):
        actions = sample_masked(np.stack(faces.env_method("action_masks")), rng.random(3))
        view, _, _, infos = faces.step(actions)
        new = [parts(seen, slice(None)) for seen in (view, *(info["terminal_observation"] for info in infos if info))]
        assert not any(map(np.shares_memory, new[0], kept[-1]))
        kept += new
        copies += copy.deepcopy(new)
    for view, before in zip(kept, copies, strict=True):
        assert all(map(np.array_equal, view, before))


def test_the_inherited_interface(make):
    """Attributes, methods, options and wrappers as stable-baselines3 asks for them, for some rows or all."""
    env = make("sidon", 3, n=12)
    faces = mathrl.SB3VecEnv(env)
    assert faces.has_attr("action_masks")
    assert not faces.has_attr("no_such_thing")
    assert faces.get_attr("num_envs", [0, 2]) == [3, 3]
    faces.set_attr("penalty", -7.0)
    assert env.penalty == -7.0
    assert faces.env_is_wrapped(MaskablePPO, 1) == [False]
    faces.set_options({"instances": [2, 5, 12]})
    view = faces.reset()
    assert view["mask"].sum(axis=1).tolist() == [2, 5, 12]
    assert [info["action_mask"].sum() for info in faces.reset_infos] == [2, 5, 12]
    faces.set_options([{"instance": 3}, {}, {"instance": 6}])
    faces.seed(1)
    view = faces.reset()
    assert view["mask"].sum(axis=1)[[0, 2]].tolist() == [3, 6]
    assert [info["action_mask"].sum() for info in faces.reset_infos][::2] == [3, 6]
    twin = mathrl.SB3VecEnv(make("sidon", 3, n=12))
    twin.seed(1)
    assert all(map(np.array_equal, parts(view, 1), parts(twin.reset(), 1)))  # the row between is drawn as ever
    faces.set_options({"instances": [2, 5, 12]})
    faces.reset()
    alone = faces.env_method("action_masks", indices=[1])
    assert len(alone) == 1
    assert alone[0].sum() == 5
    assert faces.reset()["mask"].sum(axis=1).tolist() != [2, 5, 12]  # options are for one reset
    assert faces.get_images() == [None] * 3
    faces.close()
