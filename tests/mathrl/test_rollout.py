"""Playing to the end and sampling: never an illegal action, the right frequencies, rows finish at their own time."""

from __future__ import annotations

import numpy as np
import pytest

from mathrl.rollout import choose_uniformly, mixed, play, replay, sample, sample_masked

MASKS = np.array([[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1], [1, 1, 0, 0]], np.bool_)


def chi_square(counts, expected):
    """Pearson's statistic over the cells that can occur."""
    some = expected > 0
    return ((counts[some] - expected[some]) ** 2 / expected[some]).sum()


BOUND = 20.0  # with 3 degrees of freedom exceeded with probability below 2e-4; the seeds are fixed


# --------------------------------------------------------------------------------------------------------- sampling


def test_sample_masked_counts_the_legal_actions():
    """The action of rank floor(u * count): every rank from its interval, the ends of [0, 1) included."""
    for mask in MASKS:
        legal = np.flatnonzero(mask)
        for rank, action in enumerate(legal):
            low, high = rank / len(legal), np.nextafter((rank + 1) / len(legal), 0)
            uniform = np.array([low + 1e-12, (low + high) / 2, high - 1e-12])
            assert sample_masked(np.tile(mask, (3, 1)), uniform).tolist() == [action] * 3
    ends = np.array([0.0, np.nextafter(1.0, 0.0)])
    for count in range(1, 200):
        assert sample_masked(np.ones((2, count), np.bool_), ends).tolist() == [0, count - 1]


def test_sample_masked_is_uniform_over_the_legal(rng):
    """Never an illegal action, and each legal one equally often."""
    for mask in MASKS:
        chosen = sample_masked(np.tile(mask, (20000, 1)), rng.random(20000))
        counts = np.bincount(chosen, minlength=4)
        assert not counts[~mask].any()
        assert chi_square(counts, mask / mask.sum() * 20000) < BOUND


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_sample_follows_the_probabilities(rng, kind):
    """The frequencies are those asked for, also where they do not sum to 1; probability 0 is never chosen."""
    for weights in ([0.1, 0.2, 0.3, 0.4], [0, 0.5, 0, 0.5], [0, 0, 3.0, 0], [1e-3, 0, 0, 2e-3], [0.0, 1e-30, 0, 0]):
        chosen = sample(np.tile(np.array(weights, kind), (20000, 1)), rng)
        counts = np.bincount(chosen, minlength=4)
        expected = np.array(weights) / sum(weights) * 20000
        assert not counts[expected == 0].any()
        assert chi_square(counts, expected) < BOUND


def test_sample_takes_one_number_a_row():
    """The draw of a row depends on its place in the batch alone, and not on the width."""
    narrow = np.tile([0.25, 0.75], (50, 1))
    wide = np.concatenate([narrow, np.zeros((50, 3))], axis=1)
    draws = [sample(table, np.random.default_rng(3)) for table in (narrow, wide)]
    assert np.array_equal(*draws)


class Extreme:
    """A generator whose numbers are the largest below 1, or 0."""

    def __init__(self, number):
        self.number = number

    def random(self, size):
        return np.full(size, self.number)


@pytest.mark.parametrize("number", [0.0, np.nextafter(1.0, 0.0)])
def test_sample_at_the_ends_of_the_interval(rng, number):
    """Neither end reaches a letter of probability 0, whatever the rounding of the sum."""
    tables = rng.random((500, 7)) * (rng.random((500, 7)) < 0.5)
    tables[:, 3] += 1e-3
    for kind in (np.float32, np.float64):
        chosen = sample(tables.astype(kind), Extreme(number))
        assert (tables[np.arange(500), chosen] > 0).all()


def test_mixed_adds_the_share_of_the_prior():
    """(1 - share) p + share * prior over the legal actions; rows sum to 1, illegal stay 0, a share of 0 is p."""
    policy = np.array([[0.7, 0.1, 0.1, 0.1], [0, 1, 0, 0], [0, 0, 1, 0]])
    masks = MASKS[:3]
    assert mixed(policy, masks, 0.0, None) is policy
    result = mixed(policy, masks, 0.2, None)
    assert np.allclose(result, [[0.61, 0.13, 0.13, 0.13], [0, 0.9, 0, 0.1], [0, 0, 1, 0]], rtol=0, atol=1e-15)
    assert np.array_equal(mixed(policy, masks, 1.0, None), masks / masks.sum(1, keepdims=True))
    assert np.allclose(mixed(policy, masks, 0.2, 0.9), result)  # a prior is for two letters


def test_mixed_takes_the_prior_of_two_letters():
    """P(letter 1) of the prior where both letters are legal; the only legal letter otherwise."""
    policy, masks = np.array([[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]]), np.array([[1, 1], [1, 0], [0, 1]], np.bool_)
    result = mixed(policy, masks, 0.5, 0.1)
    assert np.allclose(result, [[0.7, 0.3], [1, 0], [0, 1]], rtol=0, atol=1e-15)


@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_mixed_takes_an_extreme_prior(prior):
    """The settings allow a prior of 0 and of 1; a forced letter is played all the same."""
    policy, masks = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1, 0], [0, 1]], np.bool_)
    assert np.array_equal(mixed(policy, masks, 0.5, prior), policy)


# ---------------------------------------------------------------------------------------------------------- playing


@pytest.mark.parametrize(
    ("name", "knobs"), [("sidon", {"n": 14, "least": 1}), ("queens", {"n": 6}), ("graphs", {"n": 4})]
)
def test_play_agrees_with_stepping_one_row_at_a_time(make, rng, name, knobs):
    """Actions, lengths, returns and scores of a batch whose rows finish at different times; -1 beyond an end."""
    env, rows = make(name, 40, **knobs), np.array([3, 1, 20, 39, 7, 8, 9, 0])
    env.reset(seed=5)
    single, only = env.resized(1), np.zeros(1, np.int64)
    starts = env.resized(40)
    starts.copy(np.arange(40), np.arange(40), env)
    asked = []

    def choose(live, masks, step):
        assert np.array_equal(masks, env.masks(live))
        asked.append((step, live.tolist()))
        return sample_masked(masks, rng.random(len(live)))

    episodes = play(env, rows, choose)
    assert [step for step, _ in asked] == list(range(len(asked)))
    assert episodes.actions.shape == (8, episodes.lengths.max())
    for index, row in enumerate(rows):
        single.copy(rows[[index]], only, starts)
        total, length = 0.0, 0
        while single.counts(only)[0]:
            assert row in asked[length][1]
            total += single.advance(only, episodes.actions[index, [length]])[0][0]
            length += 1
        assert all(int(row) not in live for _, live in asked[length:])
        assert (episodes.actions[index, length:] == -1).all()
        assert episodes.lengths[index] == length
        assert episodes.returns[index] == total
        assert episodes.scores[index] == single.score(only)[0]
    untouched = np.setdiff1d(np.arange(40), rows)
    assert np.array_equal(env.masks(untouched, env.max_actions), starts.masks(untouched, env.max_actions))
    if name != "graphs":
        assert len(set(episodes.lengths.tolist())) > 1


def test_play_leaves_finished_rows_out(make, rng):
    """Rows that are over before play begins have no actions, no return, and their score."""
    env = make("sidon", 4, n=5, least=0)
    rows = np.arange(4)
    env.begin(rows, [5, 0, 5, 0])
    env.advance(rows[2:3], np.array([-1]))
    episodes = play(env, rows, choose_uniformly(rng))
    assert episodes.lengths.tolist() == [episodes.lengths[0], 0, 0, 0]
    assert episodes.lengths[0] >= 2
    assert (episodes.actions[1:] == -1).all()
    assert episodes.scores.tolist() == [episodes.returns[0], 0.0, -np.inf, 0.0]
    assert play(env, rows, choose_uniformly(rng)).actions.shape == (4, 0)


def test_illegal_choices_are_returned_as_minus_infinity(make):
    """A chooser that plays an illegal action ends its row, and play comes to an end."""
    env, rows = make("ones", 3, length=4), np.arange(3)
    env.reset(seed=0)
    episodes = play(env, rows, lambda live, masks, step: np.where(live == 1, 2 if step == 1 else 0, 1))
    assert episodes.actions.tolist() == [[1, 1, 1, 1], [0, 2, -1, -1], [1, 1, 1, 1]]
    assert episodes.returns.tolist() == episodes.scores.tolist() == [4.0, -np.inf, 4.0]


@pytest.mark.parametrize(("name", "knobs"), [("sidon", {"n": 14, "least": 14}), ("queens", {"n": 6}), ("graphs", {})])
def test_replay_finds_the_object_again(make, rng, name, knobs):
    """An arena of one row ends where the episode ended, and the meter does not count it a second time."""
    env, rows = make(name, 6, **knobs), np.arange(6)
    env.reset(seed=0)
    episodes, spent = play(env, rows, choose_uniformly(rng)), env.meter.evaluations
    for row in rows:
        arena = replay(env, episodes.actions[row], 14 if name == "sidon" else None)
        assert arena.num_envs == 1
        assert arena.score(np.zeros(1, np.int64))[0] == episodes.scores[row]
        if np.isfinite(episodes.scores[row]):
            assert arena.solution(0) == env.solution(int(row))
    assert env.meter.evaluations == spent


def test_choose_uniformly_reaches_every_word_equally_often(make):
    """Two letters at three places: eight words, each an eighth of the time."""
    env, rows = make("ones", 8000, length=3), np.arange(8000)
    env.reset(seed=0)
    words = play(env, rows, choose_uniformly(np.random.default_rng(2))).actions
    counts = np.bincount(words @ [4, 2, 1], minlength=8)
    assert chi_square(counts, np.full(8, 1000.0)) < 30  # 7 degrees of freedom, probability below 1e-4
