"""The environment as agents meet it: reference values, options, rewards, rows that end, copies, searches, seeds."""

from __future__ import annotations

import numpy as np
import pytest

import mathrl
from mathrl.env import Streams
from mathrl.envs.buchberger.kernels.episodes import HOPELESS
from mathrl.envs.buchberger.record import ELEMENTS, INITIAL, MOST, PENDING, STATE, STEPS, ZEROS
from mathrl.errors import MathrlError

from .records import ORACLE, Decoded, ideal_of, oracle, random_ideal, replay_of
from .reference import VARIANTS, record

SHORT = 3000  # additions of a run that is played here
SMALL = ("3-20-10-weighted#0", "3-20-10-weighted#3", "3-20-10-uniform#0", "3-8-4-0.5-weighted#0")
REWARDS = ("additions", "reductions", "monomial-additions")


def begun(*ideals, **knobs):
    """An environment with a row for each ideal, and the rows."""
    env = mathrl.make_env("buchberger", len(ideals), n=max(ideal.n for ideal in ideals), **knobs)
    rows = np.arange(len(ideals))
    env.begin(rows, ideals)
    return env, rows


def header(env, rows, word):
    return env.memory.rows[rows, word].astype(int).tolist()


def mathematics(env, row):
    """What a record says, whatever its layout."""
    one = Decoded(env, row)
    return one.G, one.P, one.R, one.lcms, one.sugars, one.pair_sugars, one.trace, one.r[STATE]


# ------------------------------------------------------------------------------------------------- reference values


@pytest.mark.parametrize("variant", VARIANTS)
def test_runs_equal_the_reference_values(variant):
    """Every strategy on all ideals of the oracle at once: counts, traces and reduced bases."""
    strategies = sorted({name for entry in ORACLE.values() for name in entry["strategies"][variant]})
    runs = 0
    for strategy in strategies:
        wanted = {name: entry["strategies"][variant].get(strategy) for name, entry in ORACLE.items()}
        wanted = {name: run for name, run in wanted.items() if run and run["additions"] <= SHORT}
        env, rows = begun(*map(oracle, wanted), **VARIANTS[variant])
        assert header(env, rows, INITIAL) == [run["initial_pairs"] for run in wanted.values()]
        env.play(rows, strategy)
        assert (-env.score(rows)).tolist() == [run["additions"] for run in wanted.values()]
        for word, key in ((STEPS, "pairs"), (ZEROS, "zero"), (ELEMENTS, "basis_len"), (MOST, "max_pairs")):
            assert header(env, rows, word) == [run[key] for run in wanted.values()]
        for row, run in zip(rows, wanted.values(), strict=True):
            if run.get("trace"):
                assert Decoded(env, row).trace[: len(run["trace"])] == run["trace"]
        assert env.meter.evaluations == sum(run["additions"] for run in wanted.values())
        runs += len(wanted)
    assert runs > 190


@pytest.mark.parametrize("strategy", ["normal", "random"])
def test_reduced_bases_equal_the_reference_values(strategy):
    """Lead monomials and numbers of terms, by a strategy and by random play; the verifier agrees on some."""
    names = [name for name, entry in ORACLE.items() if entry["strategies"]["gm"]["first"]]
    names = [name for name in names if ORACLE[name]["strategies"]["gm"]["first"]["additions"] < 500]
    env, rows = begun(*map(oracle, names))
    env.play(rows, strategy, Streams.of(0, len(rows)).words())
    for row, name in zip(rows, names, strict=True):
        found = env.solution(row)
        assert [f[0][1] for f in found.solution["basis"]] == ORACLE[name]["gb_lead_exponents"]
        assert list(map(len, found.solution["basis"])) == ORACLE[name]["gb_term_counts"]
        assert found.id == name
        if row % 8 == 0:
            assert env.plugin.check(found.to_json()).holds


@pytest.mark.parametrize("reward", REWARDS)
def test_discounted_returns_and_rewards(reward):
    """Step by step the rewards are what the replay pays in that unit; their sum is the score."""
    ideal = oracle("3-8-4-0.5-weighted#0")
    env, rows = begun(ideal, reward=reward)
    state, rewards, wanted = replay_of(ideal), [], []
    while state.P:
        action = env.choose(rows, "sugar")
        wanted.append(-state.step(*state.P[action[0]]).cost(reward))
        rewards.append(float(env.advance(rows, action)[0][0]))
    assert rewards == wanted
    assert env.score(rows)[0] == sum(wanted)
    found = env.solution(0)
    assert (found.reward, found.value) == (reward, sum(wanted))
    assert env.plugin.check(found.to_json()).holds
    assert env.meter.evaluations == found.solution["additions"]
    run = ORACLE["3-8-4-0.5-weighted#0"]["strategies"]["gm"]["sugar"]
    if reward == "additions":
        assert sum(0.99**t * one for t, one in enumerate(rewards)) == pytest.approx(run["discounted_return_099"], 1e-6)


def test_rewards_are_different():
    """One line of play, three units: pairs < additions < monomial additions."""
    totals = []
    for reward in REWARDS:
        env, rows = begun(oracle("3-8-4-0.5-weighted#0"), reward=reward)
        env.play(rows, "degree")
        totals.append(-env.score(rows)[0])
    assert totals[1] < totals[0] < totals[2]


# ------------------------------------------------------------------------------------------------- options


def test_eliminations_differ():
    """More criteria leave fewer pairs, and the solution says which were used."""
    pending = {}
    for elimination in ("gm", "lcm", "none"):
        env, rows = begun(oracle("3-5-10-uniform#0"), elimination=elimination)
        pending[elimination] = header(env, rows, PENDING)[0]
        env.play(rows, "normal")
        found = env.solution(0)
        assert found.solution["elimination"] == elimination
        assert env.plugin.check(found.to_json()).holds
    assert pending["gm"] < pending["lcm"] < pending["none"] == 45


@pytest.mark.parametrize("option", ["sort_reducers", "sort_input"])
def test_switches_change_counts(option):
    """On some ideal of the oracle the additions differ, and the verifier replays both."""
    differ = 0
    for name in SMALL:
        values = []
        for on in (False, True):
            env, rows = begun(oracle(name), **{option: on})
            env.play(rows, "normal")
            values.append(env.score(rows)[0])
            found = env.solution(0)
            assert found.solution[option] is on
            assert found.solution["F"] == ORACLE[name]["F"]
            assert env.plugin.check(found.to_json()).holds
        differ += values[0] != values[1]
    assert differ


def test_distributions_sizes_and_knobs():
    """What is drawn is of the distribution; k, n and width are what the observation shows."""
    env = mathrl.make_env("buchberger", 3, distribution="4-6-5-uniform", observation="raw", k=3)
    drawn = env.draw(Streams.of(0, 3))
    assert {(ideal.n, len(ideal)) for ideal in drawn} == {(4, 5)}
    observation, info = env.reset(seed=0)
    assert observation["elements"].shape == (3, 256, 2 * 4 * 3)
    assert info["action_mask"].shape == (3, 256)
    assert observation["context"].shape == (3, 0)
    env = mathrl.make_env("buchberger", 1, distribution="cyclic-4", observation="raw", k=1, n=6, width=7)
    observation, _ = env.reset(seed=0)
    assert observation["elements"].shape == (1, 7, 12)
    with pytest.raises(MathrlError, match="did you mean 'weighted'"):
        mathrl.make_env("buchberger", 1, distribution="3-20-10-weigted")
    with pytest.raises(MathrlError):
        mathrl.make_env("buchberger", 1, elimination="all")


def test_more_variables_than_the_observation_are_a_sentence():
    """Stepping and strategies work, observing says what to set; ideals with fewer variables are padded."""
    env = mathrl.make_env("buchberger", 2)
    rows = np.arange(2)
    env.begin(rows, [oracle("4-10-5-weighted#0"), oracle("3-20-10-weighted#0")])
    with pytest.raises(MathrlError, match=r"made for 3 variables, and an ideal has 4; .* env\.n=4"):
        env.observe(rows)
    assert env.observe(rows[1:])["mask"].any()
    env.play(rows, "degree")
    wanted = [ORACLE[name]["strategies"]["gm"]["degree"] for name in ("4-10-5-weighted#0", "3-20-10-weighted#0")]
    assert (-env.score(rows)).tolist() == [run["additions"] for run in wanted]


def test_ideals_of_different_fields_and_variables_share_a_batch(rng):
    """Each row equals the row alone: n from 1 to 9, p from 2 to 2147483629, binomials beside longer polynomials."""
    ideals = [
        random_ideal(rng, n, 4, 4, terms, field)
        for n, terms, field in [
            *((1, 3, 2), (2, 2, 3), (3, 4, 2147483629), (5, 2, 32003), (9, 3, 101)),
            *((2, 1, 7), (4, 2, 2147483647), (3, 2, 2)),
        ]
    ]
    env, rows = begun(*ideals)
    observed = env.observe(rows)
    env.play(rows, "sugar")
    for row, ideal in zip(rows, ideals, strict=True):
        alone, one = begun(ideal)
        width = int(alone.counts(one)[0])
        raw = alone.observe(one)["elements"][0]
        shown = observed["elements"][row, :width]
        assert np.array_equal(shown[:, : ideal.n], raw[:, : ideal.n])
        alone.play(one, "sugar")
        assert env.solution(row) == alone.solution(0)
        assert env.plugin.check(env.solution(row).to_json()).holds


# ------------------------------------------------------------------------------------------------- rows


def test_finished_rows_absorb():
    """A row that is over, or was ended by an illegal action, stays as it is, gets 0, and offers nothing."""
    env, rows = begun(*map(oracle, SMALL[:3]))
    env.play(rows[:1], "degree")
    reward, over, truncated = env.advance(rows, np.array([0, -1, 10_000]))
    assert reward.tolist() == [0.0, -np.inf, -np.inf]
    assert over.all()
    assert not truncated.any()
    before = env.memory.rows.copy()
    spent = env.meter.evaluations
    for actions in ([0, 0, 0], [-1, 5, 10**9]):
        reward, over, _ = env.advance(rows, np.array(actions))
        assert reward.tolist() == [0.0, 0.0, 0.0]
        assert over.all()
    env.play(rows, "random", Streams.of(0, 3).words())
    env.nested(rows, Streams.of(0, 3).words())
    assert np.array_equal(env.memory.rows, before)
    assert env.meter.evaluations == spent
    assert env.counts(rows).tolist() == [0, 0, 0]
    assert not env.masks(rows, 5).any()
    assert env.score(rows)[1:].tolist() == [-np.inf, -np.inf]
    assert env.observe(rows)["elements"].shape[1] == 0
    assert not env.baseline(rows).any()
    assert env.baseline(rows).shape == (3, len(env.baselines))


@pytest.mark.parametrize("strategy", ["first", "last", "degree", "strange", "sugar", "entropy", "random"])
def test_a_strategy_asked_about_a_finished_row_answers(strategy):
    """Some index, without growing the memory; the row absorbs it."""
    env, rows = begun(oracle(SMALL[0]), oracle(SMALL[1]))
    env.play(rows[:1], "degree")
    env.memory.grow_terms = env.memory.resize = lambda *_: pytest.fail("the memory grows")
    chosen = env.choose(rows, strategy, Streams.of(0, 2).words())
    assert 0 <= chosen[1] < env.counts(rows)[1]


def test_copies_are_prefix_copies_with_the_same_future():
    """Copy then play equals play; the source and all other rows stay as they are."""
    env, rows = begun(*map(oracle, SMALL))
    env.play(rows, "degree", bounds=np.full(4, 20))
    arena = env.resized(3)
    arena.begin(np.arange(3), [oracle("3-20-10-maximum#0")] * 3)
    other, before = mathematics(arena, 1), [mathematics(env, row) for row in rows]
    arena.copy(np.array([3, 1]), np.array([0, 2]), env)
    arena.play(np.array([0, 2]), "sugar")
    assert [mathematics(env, row) for row in rows] == before
    assert mathematics(arena, 1) == other
    env.play(rows, "sugar")
    assert arena.score(np.array([0, 2])).tolist() == env.score(np.array([3, 1])).tolist()
    assert [arena.solution(0), arena.solution(2)] == [env.solution(3), env.solution(1)]


# ------------------------------------------------------------------------------------------------- searches


@pytest.mark.parametrize("reward", REWARDS)
def test_rollouts_stop_at_their_bounds(reward):
    """A rollout that beats its bound has the score without one; the others are -inf and cost less work."""
    ideals, streams = [oracle(SMALL[0])] * 12, Streams.of(4, 12)
    env, rows = begun(*ideals, reward=reward)
    free = env.rollout(rows, streams, np.full(12, -np.inf))
    assert np.isfinite(free).all()
    assert len(set(free.tolist())) > 6
    spent = env.meter.evaluations
    bound = float(np.median(free))
    env.begin(rows, ideals)
    bounded = env.rollout(rows, streams, np.full(12, bound))
    assert bounded.tolist() == np.where(free > bound, free, -np.inf).tolist()
    assert env.meter.evaluations - spent < spent
    env.begin(rows, ideals)
    assert np.isneginf(env.rollout(rows, streams, free)).all()  # its own score does not beat it
    env.begin(rows, ideals)
    assert env.rollout(rows, streams, free - 1).tolist() == free.tolist()


def test_bounds_of_play_count_from_the_start():
    """Play stops as soon as the end must cost the bound or more, the pairs before included, and not before."""
    env, rows = begun(oracle(SMALL[0]))
    env.play(rows, "degree", bounds=np.array([50]))
    trace = [row[2] for row in Decoded(env, 0).trace]
    assert sum(trace) + 1 >= 50 > sum(trace[:-1]) + 1
    env.play(rows, "degree", bounds=np.array([50]))
    assert len(Decoded(env, 0).trace) == len(trace)
    env.play(rows, "degree")
    assert -env.score(rows)[0] == ORACLE[SMALL[0]]["strategies"]["gm"]["degree"]["additions"]


@pytest.mark.parametrize("reward", REWARDS)
def test_baselines_are_what_strategies_pay(reward):
    """Midway, both columns equal minus what playing on by that strategy costs from here; rows and meter stay."""
    env, rows = begun(*map(oracle, SMALL), reward=reward)
    env.play(rows, "sugar", bounds=np.full(4, 15))
    before, spent = [mathematics(env, row) for row in rows], env.meter.evaluations
    values = env.baseline(rows[::-1].copy())[::-1]
    assert [mathematics(env, row) for row in rows] == before
    assert env.meter.evaluations == spent
    done = np.array([sum(-one for one in costs(env, row, reward)) for row in rows])
    for column, strategy in enumerate(env.baselines):
        arena = env.resized(4)
        arena.copy(rows, rows, env)
        arena.play(rows, strategy)
        assert values[:, column].tolist() == (arena.score(rows) - done).tolist()


def costs(env, row, reward):
    """What each pair of a row cost, by the replay."""
    state = replay_of(env.ideals[row])
    return [state.step(i, j).cost(reward) for i, j, *_ in Decoded(env, row).trace]


@pytest.mark.parametrize("reward", REWARDS)
def test_nested_search_plays_what_it_says(reward):
    """The value is the replayed cost, no worse than the mean random episode, and the row ends."""
    env, rows = begun(*map(oracle, SMALL), reward=reward)
    env.nested(rows, Streams.of(3, 4).words())
    assert (env.counts(rows) == 0).all()
    for row in rows:
        assert env.plugin.check(env.solution(row).to_json()).holds
    arena, free = env.resized(4), []
    for seed in range(20):
        arena.begin(rows, list(map(oracle, SMALL)))
        free.append(arena.rollout(rows, Streams.of(seed, 4), np.full(4, -np.inf)))
    assert (env.score(rows) > np.mean(free, axis=0)).all()


@pytest.mark.parametrize("most", [10**6, 300])
def test_nested_search_is_the_slow_one(most):
    """The compiled search equals Cazenave's algorithm in plain steps, random numbers and work included."""
    ideal = oracle("3-5-5-uniform-consts#0")
    env, rows = begun(ideal)
    word = Streams.of(7, 1).words()
    env.nested(rows, word.copy(), most)
    state, generator = replay_of(ideal), Splitmix(int(word[0]))
    known = record(ORACLE["3-5-5-uniform-consts#0"], "degree")["solution"]
    line, best, work = list(map(tuple, known["pairs"])), HOPELESS * known["additions"], known["additions"]
    played, paid = [], 0
    while state.P:
        for pair in list(state.P):
            if work + best - paid > most:
                break
            trial, trace = replay_of(ideal), [*played, pair]
            for one in played:
                trial.step(*one)
            total = paid + trial.step(*pair).additions
            while trial.P and total + 1 < best:
                trace.append(trial.P[generator.below(len(trial.P))])
                total += trial.step(*trace[-1]).additions
            work += total - paid
            if not trial.P and total < best:
                best, line = total, trace
        played.append(line[len(played)])
        paid += state.step(*played[-1]).additions
    assert [row[:2] for row in Decoded(env, 0).trace] == list(map(list, line))
    assert (-env.score(rows)[0], env.meter.evaluations) == (paid, work)


@pytest.mark.parametrize("seed", range(3))
def test_nested_search_is_not_worse_than_the_line_it_starts_from(seed):
    """Having played degree to its end, it never returns anything that costs more."""
    ideals = [oracle(name) for name in ORACLE if name.startswith("3-20-10")]
    env, rows = begun(*ideals)
    env.nested(rows, Streams.of(seed, len(ideals)).words())
    other, _ = begun(*ideals)
    other.play(rows, "degree")
    assert (env.score(rows) >= other.score(rows)).all()


class Splitmix:
    """Steele, Lea and Flood's generator, in plain integers."""

    def __init__(self, state):
        self.state = state

    def below(self, count):
        """A number in 0 .. count - 1 from the upper half of the next word."""
        mask = 2**64 - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
        z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
        return (z ^ z >> 31 & mask) % 2**64 // 2**32 * count // 2**32


# ------------------------------------------------------------------------------------------------- seeds


def test_words_decide_and_batches_do_not():
    """Rollouts and nested searches of a row are the same alone, in a batch, and in another order."""
    ideals, words = list(map(oracle, SMALL)), Streams.of(9, 4).words()
    rows = np.arange(4)
    for search in ("play", "nested"):
        found = []
        for order in (rows, rows[::-1].copy()):
            env, _ = begun(*ideals)
            arguments = (words[order],) if search == "nested" else ("random", words[order])
            getattr(env, search)(order, *arguments)
            found.append(env.score(rows).tolist())
        for row in rows:
            env, one = begun(ideals[row])
            arguments = (words[[row]],) if search == "nested" else ("random", words[[row]])
            getattr(env, search)(one, *arguments)
            assert env.score(one)[0] == found[0][row]
        assert found[0] == found[1]
        env, _ = begun(*ideals)
        other = Streams.of(10, 4).words()
        getattr(env, search)(rows, *((other,) if search == "nested" else ("random", other)))
        assert env.score(rows).tolist() != found[0]
    assert words.tolist() == Streams.of(9, 4).words().tolist()  # the caller's words stay


def test_random_play_is_uniform():
    """Over many words every pending pair is chosen equally often (chi-square below its 99.9 % quantile)."""
    env, rows = begun(*[oracle(SMALL[0])] * 3000)
    count = int(env.counts(rows)[0])
    chosen = np.bincount(env.choose(rows, "random", Streams.of(0, 3000).words()), minlength=count)
    assert len(chosen) == count == 15
    assert ((chosen - 3000 / count) ** 2).sum() / (3000 / count) < 36.1


def test_rows_without_pairs_are_drawn_again():
    """`reset` never offers a finished row, for a distribution that often draws coprime leads."""
    env = mathrl.make_env("buchberger", 60, distribution="3-2-2-uniform")
    drawn = env.draw(Streams.of(0, 60))
    env.begin(np.arange(60), drawn)
    assert (env.counts(np.arange(60)) == 0).any()
    env.reset(seed=0)
    assert (env.counts(np.arange(60)) > 0).all()


def test_generators_are_made_monic_and_kept_as_given():
    """The solution shows the generators as they were given; scaling them changes no count."""
    p = 32003
    plain = oracle("3-20-10-weighted#0")
    scaled = ideal_of([[[c * (k + 2) % p, e] for c, e in f] for k, f in enumerate(plain.generators())], 3, p)
    env, rows = begun(plain, scaled)
    env.play(rows, "entropy")
    one, other = env.solution(0).solution, env.solution(1).solution
    assert other["F"] == scaled.generators() != one["F"]
    assert (one["pairs"], one["additions"], one["basis"]) == (other["pairs"], other["additions"], other["basis"])
