"""The cross-entropy method: each rule against a literal twin, both training paths, learning, and exact continuation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

import mathrl
from mathrl import checkpoint
from mathrl.agents.cem import CEM, Config, MemoryRule, TabularRule, WagnerRule, best_distinct, finite_scores, select
from mathrl.budget import Budget
from mathrl.rollout import choose_uniformly, play, sample
from mathrl.settings import build
from mathrl.training import Run
from mathrl.words import draw_words

RULES = {"memory": MemoryRule, "wagner": WagnerRule, "tabular": TabularRule}
SMALL = {  # settings under which each mode learns ones in a second
    "memory": {"batch": 200, "hidden": (32,), "memory": 20},
    "wagner": {"batch": 200, "hidden": (32,), "lr": 0.3},
    "tabular": {"batch": 200},
}


def config(mode, **knobs):
    return build(Config, {"mode": mode, **knobs}, "cem")


def rule_of(env, mode, seed=0, **knobs):
    return RULES[mode](config(mode, **knobs), env, "cpu", seed)


def agent_of(env, mode, seed=0, **knobs):
    agent = CEM(config(mode, **knobs), "cpu", seed)
    agent.bind(env)
    return agent


class Noted(Run):
    """A run that keeps its rows of metrics and stops after some generations."""

    def __init__(self, env, agent, generations):
        super().__init__(env, agent, "cem", Budget())
        self.rows, self.generations = [], generations

    def log(self, **row):
        super().log(**row)
        self.rows.append(row)
        if self.generation >= self.generations:
            self.budget.stop(0)


def train(env, agent, generations, done=0):
    """The run of an agent up to a generation, with its metrics."""
    run = Noted(env, agent, generations)
    run.generation = done
    run.budget.start(env.meter)
    agent.train(env, run, run.budget)
    return run


def words_of(env, count, seed=0):
    """Random complete episodes and their scores."""
    arena = env.resized(count)
    arena.reset(seed=seed)
    episodes = play(arena, np.arange(count), choose_uniformly(np.random.default_rng(seed)))
    return episodes.actions, episodes.scores


def weights_of(rule):
    return np.concatenate([part.ravel() for part in rule.weights().values()])


# ------------------------------------------------------------------------------------------------- Wagner's selection


def walk(scores, percentile, size):
    """The reference's loop, literally (demos/cem_binary_conj21.py, select_elites and select_super_sessions)."""
    threshold = np.percentile(scores, percentile)
    counter = size * (100 - percentile) / 100
    taken = []
    for index, score in enumerate(scores):
        if score >= threshold - 1e-7:
            if counter > 0 or score >= threshold + 1e-7:
                taken.append(index)
            counter -= 1
    return taken


@pytest.mark.parametrize("seed", range(20))
def test_select_is_the_reference_walk(seed):
    """Random score lists with many ties, near ties and a union larger than the batch."""
    rng = np.random.default_rng(seed)
    taken = []
    for _ in range(20):
        size = int(rng.integers(1, 60))
        scores = rng.integers(0, rng.integers(1, 12), size + rng.integers(0, 20)).astype(float)
        scores += rng.choice([0, 4e-8, 3e-7], len(scores), p=[0.6, 0.2, 0.2])
        for percentile in (0, 50, 90, 93, 94, 100):
            chosen = select(scores, percentile, size)
            assert chosen.tolist() == walk(scores, percentile, size)
            taken.append(len(chosen) / len(scores))
    assert min(taken) < 0.2
    assert max(taken) == 1


def test_select_by_hand():
    """Ten words, the best 30 percent: the one above is taken late and beyond the quota, ties first come."""
    scores = np.array([1.0, 5, 5, 1, 5, 5, 1, 9, 1, 5])
    assert np.percentile(scores, 70) == 5
    assert select(scores, 70, 10).tolist() == [1, 2, 4, 7]


@pytest.mark.parametrize("seed", range(3))
def test_generations_of_wagner_select_as_the_reference(make, seed):
    """Elites and survivors over eight generations: new words first, survivors sorted and kept with their copies."""
    env, rng = make("ones", length=7), np.random.default_rng(seed)
    rule = rule_of(env, "wagner", hidden=(4,))
    survivors = []
    for _ in range(8):
        words = rng.integers(0, 2, (50, 7))
        words[20:25] = words[20]
        scores = words.sum(axis=1) * 1.0
        scores[rng.random(50) < 0.3] = -np.inf
        union = [(tuple(word), score) for word, score in zip(words.tolist(), scores, strict=True)] + survivors
        lowest = min(score for _, score in union if np.isfinite(score)) - 1
        ranked = [max(score, lowest) for _, score in union]
        elites = [union[index] for index in walk(ranked, 93, 50)]
        survivors = sorted((union[index] for index in walk(ranked, 94, 50)), key=lambda pair: -pair[1])
        learn, values = rule.select(words, scores)
        assert sorted(zip(map(tuple, learn.tolist()), values, strict=True)) == sorted(elites)
        assert all(above >= below for above, below in pairwise(values))
        assert list(zip(map(tuple, rule.words.tolist()), rule.scores, strict=True)) == survivors


# ----------------------------------------------------------------------------------------------- the memory of words


def twin_of_best_distinct(words, scores, most, newest, copies=0):
    """A dictionary of first occurrences, sorted; then so many copies of each score as are allowed."""
    first = {}
    for order, (word, score) in enumerate(zip(words.tolist(), scores, strict=True)):
        first.setdefault(tuple(word), (score, order))
    ordered = sorted((-score, order if newest else 0, word) for word, (score, order) in first.items())
    taken, kept = {}, []
    for score, _, word in ordered:
        taken[score] = taken.get(score, 0) + 1
        if not copies or taken[score] <= copies:
            kept.append((word, -score))
    return kept[:most]


@pytest.mark.parametrize("copies", [0, 1, 2])
@pytest.mark.parametrize("newest", [False, True])
@pytest.mark.parametrize("seed", range(15))
def test_best_distinct_equals_its_twin(seed, newest, copies):
    """Copies, ties, episodes of different lengths, -inf; with and without the prefilter of large batches."""
    rng = np.random.default_rng(seed)
    for count, most in ((1, 1), (6, 3), (30, 10), (200, 7), (200, 49), (300, 300), (500, 3)):
        letters, length = int(rng.integers(1, 400)), int(rng.integers(1, 6))
        words = rng.integers(0, letters, (count, length))
        words[:, -1][rng.random(count) < 0.2] = -1
        words[rng.integers(0, count, count // 2)] = words[0]
        value = dict(zip(map(tuple, words.tolist()), rng.integers(0, 5, count), strict=True))
        scores = np.array([value[tuple(word)] for word in words.tolist()], float)
        scores[scores == 0] = -np.inf
        kept, values = best_distinct(words, scores, most, newest, copies)
        found = list(zip(map(tuple, kept.tolist()), values, strict=True))
        assert found == twin_of_best_distinct(words, scores, most, newest, copies)


@pytest.mark.parametrize("letters", [32765, 32766, 32767, 70_000, 2**40])
def test_best_distinct_of_large_alphabets(letters):
    """Letters beyond 16 bits are told apart and ordered."""
    rng = np.random.default_rng(0)
    words = rng.integers(letters - 3, letters + 1, (200, 2))
    words = np.concatenate([words, words + 2**16])
    kept, _ = best_distinct(words, np.zeros(400), 400)
    assert kept.tolist() == sorted(map(list, set(map(tuple, words.tolist()))))


def test_best_distinct_of_empty_words():
    """Where every episode is over at once there is one word, the empty one."""
    kept, values = best_distinct(np.zeros((5, 0), np.int64), np.arange(5.0), 3)
    assert (kept.shape, values.tolist()) == ((1, 0), [0.0])
    assert best_distinct(np.zeros((0, 4), np.int64), np.zeros(0), 3)[0].shape == (0, 4)


def test_copies_of_the_best_do_not_hide_other_words():
    """The prefilter sees that the best words are copies of one, and lets the others in."""
    words = np.concatenate([np.ones((50, 3), np.int64), [[0, 0, 1], [0, 1, 0]]])
    kept, values = best_distinct(words, np.array([9.0] * 50 + [1.0, 2.0]), 2)
    assert kept.tolist() == [[1, 1, 1], [0, 1, 0]]
    assert values.tolist() == [9.0, 2.0]


@pytest.mark.parametrize(("memory", "elites"), [(5, None), (5, 12), (12, 5)])
def test_memory_is_of_all_time(make, rng, memory, elites):
    """After some generations it holds the best distinct words ever given, and learns from as many as `elites` says."""
    env = make("ones", length=9)
    rule = rule_of(env, "memory", hidden=(4,), memory=memory, elites=elites)
    every = np.zeros((0, 9), np.int64)
    for _ in range(5):
        words = rng.integers(0, 2, (30, 9))
        kept, _ = rule.select(words, words.sum(axis=1) * 1.0)
        held = np.concatenate([words, every])
        best = twin_of_best_distinct(held, held.sum(axis=1), 30, False)
        assert [tuple(word) for word in rule.words.tolist()] == [word for word, _ in best[:memory]]
        assert rule.scores.tolist() == [score for _, score in best[:memory]]
        assert len(kept) == (elites or memory)
        every = np.array(rule.words)


# ------------------------------------------------------------------------------------------------------------ tabular


class TwinTable:
    """Smoothed tabular cross-entropy, a letter at a time."""

    def __init__(self, letters, share, rate, patience, collapse):
        self.letters, self.share, self.rate, self.patience, self.collapse = letters, share, rate, patience, collapse
        self.restart()
        self.restarts = 0

    def restart(self):
        self.table = [[1 / count] * count for count in self.letters]
        self.best, self.stale = -np.inf, 0

    def learn(self, words, scores):
        ranked = sorted(range(len(scores)), key=lambda index: -scores[index])  # stable
        elites = ranked[: max(1, round(len(scores) * self.share))]
        finite = [index for index in elites if scores[index] > -np.inf]
        for place, line in enumerate(self.table):
            for letter in range(len(line)):
                if finite:
                    share = sum(words[index][place] == letter for index in finite) / len(finite)
                    line[letter] = (1 - self.rate) * line[letter] + self.rate * share
        top, last = scores[elites[0]], scores[elites[-1]]
        better = top > self.best + 1e-9
        self.stale = 0 if better else self.stale + 1
        self.best = max(self.best, top)
        if self.stale >= self.patience or (self.collapse and not better and last >= top - 1e-9):
            self.restart()
            self.restarts += 1


@pytest.mark.parametrize("collapse", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_table_equals_its_twin(make, seed, collapse):
    """Table, best, patience and restarts over forty generations with ties and impossible words; rows sum to one."""
    env, rng = make("graphs", n=7, moves="tree"), np.random.default_rng(seed)
    rule = rule_of(env, "tabular", patience=4, elite_percent=12, collapse=collapse)
    letters = env.letters[:-1].tolist()
    twin = TwinTable(letters, 0.12, 0.5, 4, collapse)
    for generation in range(40):
        words = rng.integers(0, letters, (50, len(letters)))
        scores = rng.integers(0, 6, 50).astype(float)
        scores[rng.random(50) < (0.95 if generation % 3 else 0.2)] = -np.inf
        if generation % 10 == 7:
            scores[:] = -np.inf
        facts = rule.learn(env, words, scores, None, rng)
        twin.learn(words.tolist(), scores.tolist())
        assert (rule.best, rule.stale, rule.restarts) == (twin.best, twin.stale, twin.restarts)
        assert facts["restarts"] == twin.restarts
        for line, expected in zip(rule.table, twin.table, strict=True):
            assert np.allclose(line[: len(expected)], expected, rtol=0, atol=1e-12)
            assert not line[len(expected) :].any()
        assert np.allclose(rule.table.sum(axis=1), 1, rtol=0, atol=1e-12)
    assert rule.restarts > 2


def test_a_restart_forgets_the_best_and_the_run_keeps_it(make):
    """After `patience` generations without a better word the table is uniform; the run's best stays."""
    env = make("ones", length=6)
    agent = agent_of(env, "tabular", batch=100, patience=2, collapse=False)
    run = train(env, agent, 12)
    assert run.rows[-1]["restarts"] >= 1
    assert run.best.value == 6
    restarts = [row["restarts"] for row in run.rows]
    again = restarts.index(1) + 1
    assert abs(run.rows[again]["mean"] - 3) < 0.6  # the first words after a restart are uniform again


def test_the_table_acts_greedily_over_the_legal(make):
    """`act` takes the likeliest letter that is legal now; sampled, only legal ones."""
    env, rows = make("queens", 30, n=6), np.arange(30)
    agent = agent_of(env, "tabular")
    agent.rule.table[:, :] = [0.5, 0.0, 0.3, 0.2, 0.0, 0.0]
    env.reset(seed=0)
    greedy = agent.act(env, rows, np.random.default_rng(0))
    assert greedy.tolist() == [0] * 30
    env.advance(rows, greedy)
    assert agent.act(env, rows, np.random.default_rng(0)).tolist() == [2] * 30
    sampled = agent.act(env, rows, np.random.default_rng(0), greedy=False)
    assert set(sampled.tolist()) <= {2, 3}
    assert len(set(sampled.tolist())) == 2


def test_letters_are_drawn_by_inversion(rng):
    """`draw_words` equals the first letter whose cumulative chance exceeds the uniform number; 0 is never drawn."""
    for letters in (1, 2, 3, 17, 200):
        chances = rng.random((6, letters)) ** 4 * (rng.random((6, letters)) < 0.6)
        chances[:, letters // 2] += 0.01
        chances /= chances.sum(axis=1, keepdims=True)
        uniform = rng.random((400, 6))
        uniform[0], uniform[1] = 0.0, np.nextafter(1.0, 0.0)
        words = draw_words(chances, uniform)
        assert words.shape == (400, 6)
        for place in range(6):
            assert (chances[place, words[:, place]] > 0).all()
            cumulative = chances[place].cumsum()
            last = np.flatnonzero(chances[place])[-1]
            expected = np.minimum(np.searchsorted(cumulative, uniform[:, place], "right"), last)
            assert np.array_equal(words[:, place], expected)


def test_whole_words_are_drawn_as_letter_by_letter_words_are(make):
    """Static and dynamic sampling of one table give the same frequencies: (1 - explore) p + explore uniform."""
    env = make("ones", 20000, length=3, letters=3)
    rule = rule_of(env, "tabular", explore=0.3)
    rule.table[:] = [[1, 0, 0], [0.2, 0.3, 0.5], [0, 0.5, 0.5]]
    expected = 0.7 * rule.table + 0.1
    env.reset(seed=0)
    played = play(env, np.arange(20000), rule.chooser(env, 20000, np.random.default_rng(0))).actions
    for words in (rule.draw(20000, np.random.default_rng(1)), played):
        for place in range(3):
            shares = np.bincount(words[:, place], minlength=3) / 20000
            assert np.abs(shares - expected[place]).max() < 0.015


# ------------------------------------------------------------------------------------------------- networks on words


WORDS = [
    ("ones", {"length": 6}),
    ("ones", {"length": 4, "letters": 3}),
    ("graphs", {"n": 6, "moves": "tree"}),
    ("graphs", {"n": 4, "order": "column"}),
]


def varied(make):
    """Words with three, one and two letters: the middle place is forced."""
    env = make("ones", length=3, letters=3)
    env.use_letters([3, 1, 2])
    return env.resized(1)


@pytest.mark.parametrize(("name", "knobs"), [*WORDS, ("varied", {})])
def test_both_ways_to_fit_are_one_step(make, name, knobs):
    """By words or by dense decisions in one batch: the same loss, gradient and weights after one step."""
    env = varied(make) if name == "varied" else make(name, **knobs)
    words, _ = words_of(env, 40)
    knobs = {
        "lr": 0.5,
        "entropy": 0.05,
        "clip": 0.05,
        "minibatch": 0,
        "epochs": 1,
        "hidden": (16, 8),
        "output_bias": 0.0,
    }
    one, other = (rule_of(env, "wagner", **knobs) for _ in range(2))
    start = weights_of(one)
    assert np.array_equal(start, weights_of(other))
    by_words, dense = one.fit_words(env, words), other.fit(env, words, None, np.random.default_rng(0))
    assert by_words == pytest.approx(dense, abs=1e-5)
    gradients = [
        np.concatenate([w.grad.numpy().ravel() for w in rule.policy.net.parameters()]) for rule in (one, other)
    ]
    assert np.linalg.norm(gradients[0]) == pytest.approx(0.05, rel=1e-3)  # clipped
    assert np.abs(gradients[0] - gradients[1]).max() < 1e-5
    assert np.abs(weights_of(one) - weights_of(other)).max() < 1e-5
    assert np.abs(weights_of(one) - start).max() > 1e-3


def test_the_loss_is_cross_entropy_minus_entropy(make):
    """One SGD step equals autograd on the definition, written out over the dense observations."""
    env = varied(make)
    words, _ = words_of(env, 10)
    knobs = {"lr": 0.5, "entropy": 0.1, "minibatch": 0, "hidden": (8,)}
    rule, plain = (rule_of(env, "wagner", **knobs) for _ in range(2))
    loss = rule.fit_words(env, words)
    total, bonus = 0.0, 0.0
    arena, rows = env.resized(10), np.arange(10)
    arena.reset(seed=0)
    for place, count in enumerate((3, 1, 2)):
        if count > 1:
            logits = plain.policy.net(torch.from_numpy(arena.observe(rows)))[0][:, :count]
            chances = logits.softmax(-1)
            total = total - chances[rows, words[:, place]].log().sum() / 20
            bonus = bonus - (chances * chances.log()).sum() / 20
        arena.advance(rows, words[:, place])
    (total - 0.1 * bonus).backward()
    assert loss == pytest.approx(float(total.detach()), abs=1e-6)
    for stepped, weight in zip(rule.policy.net.parameters(), plain.policy.net.parameters(), strict=True):
        assert torch.allclose(stepped, weight - 0.5 * weight.grad, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("name", "knobs"), WORDS)
def test_log_probabilities_of_words_equal_the_dense_path(make, name, knobs):
    """At every place of every word: the network on the dense observation, softmax over all letters."""
    env = make(name, **knobs)
    words, _ = words_of(env, 25)
    policy = rule_of(env, "memory", hidden=(16, 8)).policy
    with torch.no_grad():
        for weight in policy.net.parameters():
            weight.mul_(4)  # so that the letters' chances differ visibly
        found = policy.word_log_probabilities(words.astype(np.int16)).numpy()
        arena, rows = env.resized(25), np.arange(25)
        arena.reset(seed=0)
        for place in range(env.length):
            dense = policy.net(torch.from_numpy(arena.observe(rows)))[0].log_softmax(-1).numpy()
            assert np.allclose(found[place], dense, rtol=0, atol=1e-4)
            arena.advance(rows, words[:, place])
    assert found.shape == (env.length, 25, env.max_actions)
    assert np.ptp(found[-1, :, 0]) > 0.01


@pytest.mark.parametrize(("name", "knobs"), [("queens", {"n": 9}), ("ones", {"length": 5, "letters": 4})])
def test_sampling_with_the_incremental_layer_is_sampling(make, name, knobs):
    """The same draws by the incremental and by the dense path, also after rows have left the batch."""
    env, rows = make(name, 300, **knobs), np.arange(300)
    policy = rule_of(env, "memory", hidden=(16,)).policy
    with torch.no_grad():
        for weight in policy.net.parameters():
            weight.mul_(4)  # so that the letters played before matter
    played = []
    for dense in (False, True):
        env.reset(seed=0)
        rng = np.random.default_rng(4)
        slow = lambda live, masks, step, rng=rng: sample(policy.probabilities(env, live, masks), rng)  # noqa: E731
        played.append(play(env, rows, slow if dense else policy.chooser(env, 300, rng, (0.0, None))))
    assert np.array_equal(played[0].actions, played[1].actions)
    assert name != "queens" or len(set(played[0].lengths.tolist())) > 1


@pytest.mark.parametrize(
    ("name", "knobs"), [("ones", {"length": 4}), ("graphs", {"n": 5, "moves": "tree"}), ("queens", {"n": 4})]
)
def test_words_are_sampled_with_the_policys_probability(make, name, knobs):
    """The frequency of every word against the product of its letters' dense probabilities."""
    env, rows, count = make(name, 20000, **knobs), np.arange(20000), 20000
    policy = rule_of(env, "memory", hidden=(16,)).policy
    with torch.no_grad():
        for weight in policy.net.parameters():
            weight.mul_(2)
    env.reset(seed=0)
    episodes = play(env, rows, policy.chooser(env, count, np.random.default_rng(4), (0.0, None)))
    words, first, times = np.unique(episodes.actions, axis=0, return_index=True, return_counts=True)
    arena, each = env.resized(len(words)), np.arange(len(words))
    arena.reset(seed=0)
    chances = np.ones(len(words))
    for step in range(words.shape[1]):
        live = each[episodes.lengths[first] > step]
        chances[live] *= policy.probabilities(arena, live, arena.masks(live))[np.arange(len(live)), words[live, step]]
        arena.advance(live, words[live, step])
    assert chances.sum() == pytest.approx(1, abs=0.01)
    assert chances.max() > 2 * chances.min()
    statistic = ((times - count * chances) ** 2 / (count * chances)).sum()
    assert statistic < len(words) + 5 * np.sqrt(2 * len(words))


@pytest.mark.parametrize(("explore", "prior", "share"), [(1.0, 0.25, 0.25), (1.0, None, 0.5), (0.5, 0.0, 0.25)])
def test_exploration_mixes_in_the_prior(make, explore, prior, share):
    """An untrained network with zero output plays one half; the prior takes its share of that."""
    env, rows = make("ones", 4000, length=5), np.arange(4000)
    rule = rule_of(env, "memory", hidden=(4,), explore=explore, prior=prior)
    with torch.no_grad():
        for weight in rule.policy.net.policy.parameters():
            weight.zero_()
    env.reset(seed=0)
    words = play(env, rows, rule.chooser(env, 4000, np.random.default_rng(0))).actions
    assert abs(words.mean() - share) < 0.015


def test_a_negative_output_bias_begins_with_few_ones(make):
    """`output_bias` is the logit of letter 1 before training."""
    env = make("ones", length=20)
    means = [
        agent_of(env, "memory", output_bias=bias).work(env, mathrl.Task(0, 0, 0, 500))[1].mean() for bias in (0, -3)
    ]
    assert abs(means[0] - 10) < 2
    assert means[1] < 2


# --------------------------------------------------------------------------------------------------- impossible words


def test_impossible_scores_are_replaced_below_the_least(rng):
    """By the least finite score minus 1, or by -1 if there is none; finite ones stay as they are."""
    scores = np.array([3.0, -np.inf, -2.5, -np.inf])
    assert finite_scores(scores).tolist() == [3.0, -3.5, -2.5, -3.5]
    assert finite_scores(np.full(3, -np.inf)).tolist() == [-1.0, -1.0, -1.0]
    assert np.array_equal(finite_scores(scores[::2]), scores[::2])


@pytest.mark.parametrize("mode", ["memory", "wagner"])
@pytest.mark.parametrize("finite", [0, 1, 10])
def test_impossible_words_are_not_learnt_from(make, rng, mode, finite):
    """Among a hundred words few are possible: only those reach the fit, and no metric is -inf or an invented score."""
    env = make("ones", length=8)
    rule = rule_of(env, mode, hidden=(4,))
    words = rng.integers(0, 2, (100, 8))
    scores = np.full(100, -np.inf)
    scores[:finite] = words[:finite].sum(axis=1)
    learnt, fit = [], rule.fit
    rule.fit = lambda env, elites, *rest: learnt.append(elites) or fit(env, elites, *rest)
    for _ in range(2):
        facts = rule.learn(env, words, scores, None, rng)
        assert np.isfinite(facts["loss"])
        assert np.isfinite(facts["elite"]) == (finite > 0)
        possible = set(map(tuple, words[:finite].tolist()))
        if finite:
            assert len(learnt[-1])
            assert set(map(tuple, learnt[-1].tolist())) <= possible
            assert facts["elite"] in scores[:finite]
    assert np.isfinite(weights_of(rule)).all()


@pytest.mark.parametrize("mode", RULES)
def test_half_of_the_words_impossible(make, mode):
    """Words with an odd number of ones do not exist: the best even number is found, and metrics stay finite."""
    env = make("ones", length=9, even=True)
    run = train(env, agent_of(env, mode, **SMALL[mode]), 25)
    assert run.best.value == 8
    assert all(np.isfinite(row["mean"]) for row in run.rows)
    assert 60 < run.rows[0]["impossible"] < 140
    assert not run.refused


# ----------------------------------------------------------------------------------------------------------- learning


@pytest.mark.parametrize("mode", RULES)
def test_each_mode_learns(make, mode):
    """From half ones to nearly all, with the best word found, verified, and counted once a word."""
    env = make("ones", length=16)
    run = train(env, agent_of(env, mode, **SMALL[mode], **({"collapse": False} if mode == "tabular" else {})), 25)
    means = [row["mean"] for row in run.rows]
    assert abs(means[0] - 8) < 2
    assert max(means) > 14
    assert run.best.value == 16
    assert run.best.solution == {"word": [1] * 16}
    assert run.best.proved
    assert env.meter.evaluations == run.budget.evaluations == 25 * 200


@pytest.mark.parametrize("minibatch", [0, 64])
def test_words_and_decisions_learn_alike(make, minibatch):
    """The fast path of whole batches and the mini-batches both reach the optimum."""
    env = make("ones", length=10, letters=3)
    run = train(env, agent_of(env, "memory", **SMALL["memory"], minibatch=minibatch, epochs=4, lr=0.02), 20)
    assert run.best.value == 10
    assert run.rows[-1]["mean"] > 8
    assert run.rows[-1]["loss"] < run.rows[0]["loss"]


@pytest.mark.parametrize("mode", RULES)
@pytest.mark.parametrize("tasks", [1, 3])
def test_a_seed_determines_the_run(make, mode, tasks):
    """The same metrics twice in one process, whatever ran before; others for another seed."""
    runs = []
    for seed in (5, 5, 6):
        env = make("ones", length=8)
        runs.append(train(env, agent_of(env, mode, seed, **SMALL[mode], tasks=tasks), 4).rows)
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002, global generators must not matter
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@pytest.mark.parametrize("mode", RULES)
@pytest.mark.parametrize(("name", "knobs"), [("ones", {"length": 8}), ("queens", {"n": 5}), ("sidon", {"n": 9})])
def test_work_is_a_function_of_parameters_and_task(make, mode, name, knobs):
    """The same task gives the same words whenever it is worked and by whomever; another task gives others."""
    if name == "sidon" and mode == "tabular":
        pytest.skip("tabular is for words")
    env = make(name, **knobs)
    learner, worker = (agent_of(env, mode, seed, hidden=(8,)) for seed in (0, 1))
    worker.receive(learner.parameters())
    task = mathrl.Task(0, 3, 1, 40)
    words, scores = learner.work(env, task)
    for agent in (learner, worker):
        again = agent.work(env, task)
        assert np.array_equal(again[0], words)
        assert np.array_equal(again[1], scores)
    assert not np.array_equal(learner.work(env, mathrl.Task(0, 3, 2, 40))[0], words)


@pytest.mark.parametrize("mode", RULES)
@pytest.mark.parametrize("name", ["ones", "graphs"])
def test_a_checkpoint_continues_identically(make, tmp_path, mode, name):
    """Three generations, a checkpoint on disk, a fresh agent of another seed restored: the next three are the same."""
    knobs = {"length": 8} if name == "ones" else {"n": 5}
    env = make(name, **knobs)
    whole = train(env, agent := agent_of(env, mode, **SMALL[mode]), 6)
    half = make(name, **knobs)
    first = agent_of(half, mode, **SMALL[mode])
    train(half, first, 3)
    checkpoint.save(tmp_path, 3, {"agent": first.state()})
    second = agent_of(half, mode, seed=9, **SMALL[mode])
    second.restore(checkpoint.load(tmp_path)["agent"])
    second.seed = 0
    rest = train(half, second, 6, done=3)
    np.testing.assert_equal(rest.rows, whole.rows[3:])  # NaN where nothing was possible
    for key, part in agent.rule.weights().items():
        assert np.array_equal(second.rule.weights()[key], part)


@pytest.mark.parametrize("mode", RULES)
def test_a_checkpoint_of_another_problem_is_refused(make, mode):
    """One sentence, and not a stack of shapes."""
    state = agent_of(make("ones", length=5), mode).state()
    with pytest.raises(mathrl.MathrlError, match="another problem or network"):
        agent_of(make("ones", length=6), mode).restore(state)


# ---------------------------------------------------------------------------------------------------- other families


def test_tabular_needs_words(make):
    """On a set of elements the mode says what to use instead."""
    with pytest.raises(mathrl.MathrlError, match=r"use agent\.mode=memory"):
        agent_of(make("sidon"), "tabular")


@pytest.mark.parametrize("mode", ["memory", "wagner"])
def test_sets_of_elements_are_learnt(make, mode):
    """On Sidon sets of 1..30, episodes of different lengths: the optimum is found, and the memory beats chance."""
    env = make("sidon", n=30, least=30)
    agent = agent_of(env, mode, batch=100, memory=20, hidden=(32,), lr=0.02, epochs=4)
    agent.instance = 30
    run = train(env, agent, 15)
    assert run.best.value == 7  # the shortest ruler of 8 marks has length 34
    assert run.best.proved
    assert mode == "wagner" or run.rows[-1]["mean"] > run.rows[0]["mean"] + 0.15


@pytest.mark.parametrize("mode", ["memory", "wagner"])
def test_generations_may_differ_in_length(make, rng, mode):
    """The longest episode of a generation may be shorter or longer than that of the last."""
    rule = rule_of(make("sidon"), mode, hidden=(4,))
    for length in (3, 5, 2):
        words, _ = rule.select(rng.integers(0, 5, (100, length)), rng.random(100))
        assert words.shape[1] >= length
    assert rule.words.shape[1] == 5
    assert (rule.words[:, 4] == -1).any()


@pytest.mark.parametrize("mode", RULES)
def test_words_with_dead_ends_are_learnt(make, mode):
    """Six queens, most episodes stuck: every mode finds placements."""
    env = make("queens", n=6)
    run = train(env, agent_of(env, mode, batch=60, hidden=(16,)), 6)
    assert run.best.proved
    assert run.rows[0]["impossible"] > 40


def test_a_named_instance_is_solved(plugins):
    """`mathrl solve sidon.py cem 12` learns on the instance 12."""
    words = ("agent.batch=50", "agent.hidden=8")
    outcome = mathrl.solve(str(plugins / "sidon.py"), "cem", "12", *words, budget="100-evals")
    assert outcome.best.value == 5


@pytest.mark.parametrize("agent", ["cem", "random"])
def test_a_stochastic_family_is_solved_without_an_instance(plugins, agent):
    """Where no instance is named, one of the family's distribution is drawn."""
    knobs = ("agent.batch=50", "agent.hidden=8") if agent == "cem" else ()
    outcome = mathrl.solve(str(plugins / "sidon.py"), agent, *knobs, budget="100-evals")
    assert outcome.best.proved


@pytest.mark.parametrize("mode", ["memory", "wagner"])
def test_a_problem_without_a_choice_is_solved(make, mode):
    """One letter at every place: nothing to learn, and one word to find."""
    env = make("ones", length=3, letters=1)
    run = train(env, agent_of(env, mode, batch=10, hidden=(4,)), 2)
    assert run.best.value == 0


def test_a_memory_that_does_not_change_is_begun_again(make):
    """After `patience` generations without change: other weights, no words; the same whenever it happens."""
    env = make("ones", length=4)
    rules = [rule_of(env, "memory", hidden=(8,), memory=2, patience=3) for _ in range(2)]
    words, scores = words_of(env, 50)
    first = {name: weight.copy() for name, weight in rules[0].policy.weights().items()}
    for rule in rules:
        facts = [rule.learn(env, words, scores, None, np.random.default_rng(0)) for _ in range(4)]
        assert [fact["restarts"] for fact in facts] == [0, 0, 0, 1]
        assert len(rule.words) == 0
    one, other = (rule.policy.weights() for rule in rules)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert not all(np.array_equal(one[name], first[name]) for name in one)


def test_a_run_is_resumed_across_a_restart(make):
    """State taken before a restart leads to the same words after it."""
    env = make("ones", length=4)
    whole = agent_of(env, "memory", hidden=(8,), batch=30, memory=2, patience=2)
    train(env, whole, 9)
    assert whole.rule.restarts > 0
    half = agent_of(env, "memory", hidden=(8,), batch=30, memory=2, patience=2)
    train(env, half, 4)
    resumed = agent_of(env, "memory", hidden=(8,), batch=30, memory=2, patience=2)
    resumed.restore(half.state())
    train(env, resumed, 9, done=4)
    for name, weight in whole.rule.policy.weights().items():
        assert np.array_equal(weight, resumed.rule.policy.weights()[name])
