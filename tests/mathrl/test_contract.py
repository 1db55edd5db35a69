"""The one contract: every environment, installed or a third party's file, keeps every promise of mathrl.SearchEnv."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.env_checker import check_env as check_env_of_sb3

import mathrl
from mathrl import registry
from mathrl.rollout import choose_uniformly, play, sample_masked

SMALL = {  # settings under which an installed family is small; families without an entry run with their defaults
    "graphs": [
        {"n": 4},
        {"n": 4, "order": "column"},
        {"n": 7, "moves": "tree"},
        {"n": 3, "moves": "tree"},
        {"n": 4, "reward": "maximise: lambda1"},
        {"n": 5, "reward": "girth >= 5: maximise: m"},  # letters that would close a short cycle are masked
        {"n": 6, "moves": "branch", "slots": 2},
        *(  # sparse rewards that are finite for every graph; difference rewards have twins in test_edits, test_growth
            {"reward": "maximise: lambda1", **knobs}
            for knobs in (
                {"n": 3, "moves": "set", "start": "random"},
                {"n": 4, "moves": "flip", "start": "tree", "keep": True, "stay_connected": True},
                {"n": 4, "moves": "linear", "start": "cycle", "order": "column"},
                {"n": 4, "moves": "local-set", "steps": 3},
                {"n": 4, "moves": "local-flip"},
                {"n": 6, "moves": "grow"},
                {"n": 6, "moves": "grow", "mode": "tree"},
            )
        ),
    ],
    "buchberger": [
        {"distribution": "3-6-5-weighted", "width": 40},
        {"distribution": "3-5-4-0.5-uniform", "width": 200, "observation": "raw", "reward": "monomial-additions"},
        {"distribution": "2-6-4-uniform", "width": 99, "elimination": "none", "reward": "reductions"},
    ],
}
THIRD_PARTY = [
    ("sidon", {"n": 9, "least": 3}),
    ("queens", {"n": 5}),
    ("queens", {"n": 3}),  # every episode ends without a legal letter
    ("ones", {"length": 4, "letters": 3, "even": True}),
    ("ones", {"length": 3, "letters": 1}),
]
INSTALLED = [name for name, plugin in registry.envs().items() if not plugin.origin]
PROBLEMS = [(name, knobs) for name in INSTALLED for knobs in SMALL.get(name, [{}])] + THIRD_PARTY
STOCHASTIC = {"sidon"}


def identity(problem):
    name, knobs = problem
    return "-".join([name, *(str(value) for value in knobs.values())]).replace(" ", "")


@pytest.fixture(params=PROBLEMS, ids=map(identity, PROBLEMS))
def problem(request, make):
    """problem(rows): one of the environments with that many rows."""
    name, knobs = request.param
    return lambda rows=1, **options: make(name, rows, **knobs, **options)


@pytest.fixture
def family(problem):
    """A one-row environment, for tests that make their own arenas."""
    return problem()


# ------------------------------------------------------------------------------------------------- plain twins


def same(one, other):
    """Whether two observations, or lists of arrays, are equal bit for bit."""
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def leaves(space):
    """The boxes of an observation space."""
    return space.values() if isinstance(space, gymnasium.spaces.Dict) else [space]


def part(observation, rows):
    """The observations of some rows."""
    if isinstance(observation, dict):
        return {name: array[rows] for name, array in observation.items()}
    return observation[rows]


def plainly(instance):
    """An instance as something that can be compared."""
    return instance.to_json() if hasattr(instance, "to_json") else instance


def sampled(env, rows, rng):
    """A legal action for each row that is not over, 0 for the others."""
    return sample_masked(env.masks(rows, env.max_actions), rng.random(len(rows)))


def seen(env, rows):
    """All that an agent can see of the rows, at the full width."""
    return [env.face_observation(rows), env.counts(rows), env.masks(rows, env.max_actions), env.score(rows)]


def begun(problem, rows, seed=0):
    """An environment freshly reset, and its rows."""
    env = problem(rows)
    env.reset(seed=seed)
    return env, np.arange(rows)


def midway(problem, rows, rng, steps=2):
    """An environment whose rows have played some random legal actions, a different number each."""
    env, every = begun(problem, rows)
    for step in range(steps):
        live = every[(env.counts(every) > 0) & (every % (steps + 1) > step)]
        if len(live):
            env.advance(live, sampled(env, live, rng))
    return env, every


def to_the_end(env, rows, rng):
    """Random legal play until every row is over; what was seen and received at every step."""
    trace = [seen(env, rows)]
    while (env.counts(rows) > 0).any():
        trace.append([*env.advance(rows, sampled(env, rows, rng)), *seen(env, rows)])
    return trace


# ------------------------------------------------------------------------------- the checkers of other libraries


@pytest.mark.filterwarnings("ignore:.*A Box observation space (minimum|maximum) value is.*infinity:UserWarning")
@pytest.mark.filterwarnings("ignore:.*alternative render modes due to the environment not having a spec:UserWarning")
def test_gymnasium_accepts_the_row(family):
    """Gymnasium's checker: spaces, seeds, dtypes, and unmasked actions, which it samples."""
    check_env(mathrl.RowEnv(rows=family))


@pytest.mark.filterwarnings("ignore:Your observation .* has an unconventional shape:UserWarning")
def test_stable_baselines_accepts_the_row(family):
    """The checker of stable-baselines3, which also samples unmasked actions."""
    check_env_of_sb3(mathrl.RowEnv(rows=family))


@pytest.mark.parametrize("name", INSTALLED)
def test_gymnasium_makes_installed_families_by_name(name):
    """`gymnasium.make` gives one row and a spec that can be stored; `make_vec` gives the batch."""
    identity = f"mathrl/{name.title().replace('-', '')}-v0"
    knobs = SMALL.get(name, [{}])[0]
    row = gymnasium.make(identity, **knobs)
    assert identity in row.spec.to_json()
    observation, info = row.reset(seed=0)
    assert row.observation_space.contains(observation)
    assert np.array_equal(row.get_wrapper_attr("action_masks")(), info["action_mask"] == 1)
    batch = gymnasium.make_vec(identity, num_envs=3, **knobs)
    assert isinstance(batch, mathrl.SearchEnv)
    assert (batch.num_envs, batch.metadata["autoreset_mode"]) == (3, AutoresetMode.DISABLED)
    observation, info = batch.reset(seed=0)
    assert batch.observation_space.contains(observation)
    assert info["action_mask"].shape == (3, batch.single_action_space.n)


def test_gymnasium_makes_families_with_a_render_mode():
    """No family draws frames, and None, which wrappers hand on, is accepted by both ways to make one."""
    assert gymnasium.make_vec("mathrl/Graphs-v0", num_envs=2, n=4, render_mode=None).render_mode is None
    assert mathrl.make_env("graphs", 2, n=4, render_mode="ansi").render_mode == "ansi"


def test_gymnasium_makes_families_with_autoreset():
    """`make_vec` hands the mode on, and the spec's name is the environment's."""
    batch = gymnasium.make_vec("mathrl/Graphs-v0", num_envs=2, n=4, autoreset=AutoresetMode.SAME_STEP)
    assert batch.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert batch.spec.id == "mathrl/Graphs-v0"


def test_legal_play_through_the_row_is_never_punished(family, rng):
    """info["action_mask"] is what `Discrete.sample` wants, and the score told at the end is the sum of rewards."""
    row = mathrl.RowEnv(rows=family)
    row.action_space.seed(0)
    for episode in range(5):
        _, info = row.reset(seed=episode)
        rewards, over = [], False
        while not over:
            assert info["action_mask"].dtype == np.int8
            assert np.array_equal(row.action_masks(), info["action_mask"] == 1)
            observation, reward, terminated, truncated, info = row.step(row.action_space.sample(info["action_mask"]))
            assert row.observation_space.contains(observation)
            rewards.append(reward)
            over = terminated or truncated
        if np.isfinite(info["score"]):
            assert sum(rewards) == pytest.approx(info["score"], abs=1e-9)
        else:
            assert rewards[-1] == family.penalty


# ---------------------------------------------------------------------------------------------- random streams


def test_a_seed_determines_everything(problem):
    """Two environments with one seed look alike for two episodes, also one that was used before."""
    traces = []
    for used in (False, True):
        env, rng = problem(5), np.random.default_rng(1)
        if used:
            env.reset(seed=99)
            to_the_end(env, np.arange(5), np.random.default_rng(2))
        env.reset(seed=7)
        trace = to_the_end(env, np.arange(5), rng)
        env.reset()
        traces.append(trace + to_the_end(env, np.arange(5), rng))
    assert same(*traces)


@pytest.mark.parametrize("name", sorted(STOCHASTIC))
def test_seeds_rows_and_episodes_differ(make, name):
    """A stochastic family draws other instances for another seed, row or episode."""
    env = make(name, 20, n=60)
    first = env.draw(mathrl.Streams.of(0, 20))
    assert len(set(first)) > 5
    assert env.draw(mathrl.Streams.of(1, 20)) != first
    assert env.draw(mathrl.Streams.of(0, 20, episode=1)) != first


def test_streams_do_not_depend_on_the_batch():
    """Stream r of twenty is the stream of row r alone, in both forms; all words differ."""
    many = mathrl.Streams(np.full(20, 5), np.arange(20), np.full(20, 3))
    words = many.words()
    assert words.dtype == np.uint64
    assert len(set(words.tolist())) == 20
    for row in (0, 7, 19):
        alone = mathrl.Streams(np.array([5]), np.array([row]), np.array([3]))
        assert alone.words()[0] == words[row]
        assert alone[0].random() == many[row].random()
    others = [mathrl.Streams.of(seed, 20, episode).words() for seed in range(10) for episode in range(10)]
    assert len(set(np.concatenate(others).tolist())) == 2000


def test_streams_of_environments_and_tasks_have_nothing_in_common():
    """The same three numbers name an environment's stream and a task's, and they are different streams."""
    for first in range(4):
        for second in range(4):
            stream = mathrl.Streams(np.array([3]), np.array([first]), np.array([second]))[0]
            task = mathrl.Task(3, first, second, 1).rng()
            assert stream.integers(2**62) != task.integers(2**62)


def test_without_a_seed_every_environment_is_another(make):
    """As Gymnasium has it: entropy once, then the same stream goes on; a seed given later counts from there."""
    first, second = make("sidon", 8, n=60, least=5), make("sidon", 8, n=60, least=5)
    views = [env.reset()[0] for env in (first, second)]
    assert not same(*views)
    seeds = first._seeds.copy()
    assert len(set(seeds.tolist())) == 1
    first.reset()
    assert np.array_equal(first._seeds, seeds)
    twin = make("sidon", 8, n=60, least=5)
    for one in (first, twin):
        one.reset(seed=5)
    assert same(first.reset()[0], twin.reset()[0])
    rows = [mathrl.RowEnv(rows=make("sidon", n=60, least=5)) for _ in range(2)]
    assert len({tuple(row.reset()[0]["mask"].sum() for _ in range(8)) for row in rows}) == 2


def test_rows_that_were_given_no_seed_take_entropy(make):
    """None in a list of seeds leaves a row's stream alone; a row that has none yet gets one of its own."""
    env = make("sidon", 3, n=60)
    env.reset(seed=[4, None, 6])
    assert env._seeds[[0, 2]].tolist() == [4, 6]
    drawn = int(env._seeds[1])
    assert drawn > 10**6
    env.reset(seed=[7, None, None])
    assert env._seeds.tolist() == [7, drawn, 6]


def test_rows_may_have_seeds_of_their_own(problem):
    """A sequence of seeds gives each row its own stream; None leaves a row's stream alone."""
    env, twin = problem(3), problem(3)
    env.reset(seed=[4, 5, 6])
    twin.reset(seed=[4, 5, 6])
    env.reset(seed=[8, None, None])
    twin.reset()
    assert same(seen(env, np.array([1, 2])), seen(twin, np.array([1, 2])))
    twin.reset(seed=[8, 9, 9])
    assert same(seen(env, np.array([0])), seen(twin, np.array([0])))


def test_batched_is_single(problem):
    """Row r of a batch equals a batch of one with the same instance and the same actions, to the end."""
    env, rows = begun(problem, 6, seed=3)
    instances = env.draw(mathrl.Streams.of(3, 6))
    rng, actions, rewards, views = np.random.default_rng(0), [], [], [env.face_observation(rows)]
    while (env.counts(rows) > 0).any():
        actions.append(sampled(env, rows, rng))
        rewards.append(env.advance(rows, actions[-1])[0])
        views.append(env.face_observation(rows))
    single, only = env.resized(1), np.zeros(1, np.int64)
    for row in rows:
        alone = mathrl.Streams(np.array([3]), np.array([row]), np.array([0]))
        assert np.array_equal(plainly(env.draw(alone)[0]), plainly(instances[row]))
        single.begin(only, [instances[row]])
        assert same(single.face_observation(only), part(views[0], [row]))
        for action, reward, view in zip(actions, rewards, views[1:], strict=True):
            assert single.advance(only, action[[row]])[0] == reward[row]
            assert same(single.face_observation(only), part(view, [row]))
        assert same(single.score(only), env.score(rows[[row]]))


# -------------------------------------------------------------------------------------------------- copy, resized


def test_copies_have_the_same_future(problem, rng):
    """Rows copied midway into an arena, in another order, see and receive the same under the same actions."""
    env, _ = midway(problem, 7, rng)
    arena, target = env.resized(5), np.array([4, 0, 2])
    source = np.array([6, 1, 3])
    arena.begin(np.arange(5), env.draw(mathrl.Streams.of(8, 5)))
    untouched = seen(arena, np.array([1, 3]))
    arena.copy(source, target, env)
    assert same(seen(arena, target), seen(env, source))
    one = to_the_end(env, source, np.random.default_rng(1))
    assert same(to_the_end(arena, target, np.random.default_rng(1)), one)
    assert same(seen(arena, np.array([1, 3])), untouched)
    finished = [arena.solution(int(row)).solution for row in target if np.isfinite(arena.score(np.array([row]))[0])]
    assert finished == [env.solution(int(row)).solution for row in source if np.isfinite(env.score(np.array([row]))[0])]


def test_copies_within_an_environment_are_independent(problem, rng):
    """A copy into a row of the same environment equals its source, and does not follow it."""
    env, _ = midway(problem, 6, rng, steps=1)
    source, target = np.array([1, 2]), np.array([5, 0])
    env.copy(source, target)
    before = seen(env, source)
    assert same(seen(env, target), before)
    trace = to_the_end(env, source, np.random.default_rng(1))
    assert same(seen(env, target), before)
    assert same(to_the_end(env, target, np.random.default_rng(1)), trace)


class Piles(mathrl.SearchEnv):
    """Stones on piles, one more pile a step: a state that is as wide as its widest row needs."""

    Config = type("PilesConfig", (), {})
    width = 2

    def prepare(self):
        self.max_actions = self.observation_width = 1

    def allocate(self, rows):
        return {
            "piles": np.zeros(rows, np.int64),
            "stones": np.zeros((rows, self.width), np.int64),
            "pairs": np.zeros((rows, 3, self.width), np.bool_),
        }


def piles(rows, width, seed):
    env = object.__new__(Piles)
    env.width = width
    env._resize(rows)
    rng = np.random.default_rng(seed)
    env.piles[:] = rng.integers(1, width + 1, rows)
    env.stones[:] = rng.integers(1, 9, (rows, width))
    env.pairs[:] = rng.random((rows, 3, width)) < 0.5
    return env


@pytest.mark.parametrize(("mine", "theirs"), [(2, 5), (5, 2), (4, 4)])
def test_copies_between_states_of_different_widths(mine, theirs):
    """The target grows to what it is given; what lies beyond a narrower row is 0; other rows keep what they had."""
    env, origin = piles(4, mine, 0), piles(3, theirs, 1)
    before = {name: getattr(env, name).copy() for name in env._arrays}
    env.copy(np.array([2, 0]), np.array([1, 3]), origin)
    wide = max(mine, theirs)
    assert (env.stones.shape, env.pairs.shape) == ((4, wide), (4, 3, wide))
    for target, source in ((1, 2), (3, 0)):
        assert env.piles[target] == origin.piles[source]
        for name in ("stones", "pairs"):
            row = getattr(env, name)[target]
            assert np.array_equal(row[..., :theirs], getattr(origin, name)[source])
            assert not row[..., theirs:].any()
    for row in (0, 2):
        assert np.array_equal(env.stones[row, :mine], before["stones"][row])
        assert np.array_equal(env.pairs[row, :, :mine], before["pairs"][row])
        assert not env.stones[row, mine:].any()
    assert origin.stones.shape == (3, theirs)


def test_a_family_says_how_its_state_grows():
    """`grow` may be overridden: here in powers of two, with -1 for what is not there."""

    class Doubling(Piles):
        def grow(self, name, size):
            super().grow(name, (*size[:-1], 2 ** int(size[-1] - 1).bit_length()))

    env = piles(2, 2, 0)
    env.__class__ = Doubling
    env.copy(np.array([0]), np.array([1]), piles(1, 5, 1))
    assert env.stones.shape == (2, 8)


def test_resized_draws_nothing_and_shares_the_problem(problem, rng, monkeypatch):
    """An arena has its own rows, and the tables, the configuration and the meter of its origin."""
    env, rows = midway(problem, 3, rng)
    before, spent = seen(env, rows), env.meter.evaluations

    def forbidden(*arguments):
        raise AssertionError("an arena drew an instance")

    with monkeypatch.context() as patch:
        patch.setattr(type(env), "draw", forbidden)
        arena = env.resized(8)
    assert (arena.num_envs, env.num_envs) == (8, 3)
    assert arena.action_space.shape == (8,)
    assert all(space.shape[0] == 8 for space in leaves(arena.observation_space))
    assert arena.meter is env.meter
    assert arena.config is env.config
    assert arena.plugin is env.plugin
    assert env.meter.evaluations == spent
    assert all(getattr(arena, name) is not getattr(env, name) for name in env._arrays)
    tables = {name: value for name, value in vars(env).items() if isinstance(value, np.ndarray)}
    shared = [name for name in tables if name not in env._arrays and not name.startswith("_")]
    assert all(getattr(arena, name) is tables[name] for name in shared)
    arena.reset(seed=1)
    to_the_end(arena, np.arange(8), rng)
    assert same(seen(env, rows), before)


# ------------------------------------------------------------------------------------------------ actions and ends


def test_masks_are_brute_force(problem, rng):
    """An action is legal exactly if a copied row survives it, or ends by it as an object, not by the action itself."""
    env, rows = begun(problem, 4)
    arena = env.resized(env.max_actions + 2)
    probed = np.arange(arena.num_envs)
    actions = np.arange(-1, env.max_actions + 1)
    while (env.counts(rows) > 0).any():
        masks = env.masks(rows, env.max_actions)
        for row in rows[env.counts(rows) > 0]:
            arena.copy(np.full(len(probed), row), probed, env)
            places = arena.place.copy() if isinstance(env, mathrl.WordEnv) else np.zeros(len(probed))
            rewards, terminated, _ = arena.advance(probed, actions)
            survived = rewards > -np.inf
            if isinstance(env, mathrl.WordEnv):  # a letter that led to an impossible object or a dead end was legal
                survived |= arena.place > places
            assert np.array_equal(survived[1:-1], masks[row])
            assert not survived[[0, -1]].any()
            assert terminated[~survived].all()
            assert masks[row].any()
            assert not masks[row, env.counts(rows)[row] :].any()
        env.advance(rows, sampled(env, rows, rng))
    assert not env.masks(rows, env.max_actions).any()


@pytest.mark.parametrize("width", [None, "full", "beyond"])
def test_masks_and_observations_are_padded_to_any_width(problem, rng, width):
    """Without a width to the widest of the rows; legal actions are the same at every width."""
    env, rows = midway(problem, 5, rng)
    size = {None: None, "full": env.max_actions, "beyond": env.max_actions + 3}[width]
    counts = env.counts(rows)
    masks = env.masks(rows, size)
    assert masks.dtype == np.bool_
    assert masks.shape == (5, counts.max() if size is None else size)
    for row in rows:
        alone = env.masks(rows[[row]])
        assert alone.shape == (1, counts[row])
        assert np.array_equal(masks[row, : counts[row]], alone[0])
        assert not masks[row, counts[row] :].any()
    if env.kind == "set":
        views = env.observe(rows, size)
        assert views["elements"].shape == (*masks.shape, env.element_features)
        assert views["mask"].shape == masks.shape
        assert not (masks & ~views["mask"]).any()
        assert np.array_equal(views["mask"].sum(axis=1), counts)
        assert not views["elements"][~views["mask"]].any()


def test_out_is_filled_and_without_it_arrays_are_fresh(problem, rng):
    """`out` is overwritten and returned; otherwise what was returned before does not change later."""
    env, rows = midway(problem, 4, rng)
    view, masks = env.observe(rows, env.max_actions), env.masks(rows, env.max_actions)
    filled = copy.deepcopy(view)
    for array in filled.values() if isinstance(filled, dict) else [filled]:
        array[:] = 1
    assert env.observe(rows, env.max_actions, filled) is filled
    assert same(filled, view)
    marked = np.ones_like(masks)
    assert env.masks(rows, env.max_actions, marked) is marked
    assert np.array_equal(marked, masks)
    kept, scores = copy.deepcopy(view), env.score(rows)
    before = scores.copy()
    to_the_end(env, rows, rng)
    assert same(view, kept)
    assert same(scores, before)


@pytest.mark.parametrize("which", ["-1", "very negative", "too large", "very large"])
def test_illegal_actions_end_the_row(problem, rng, which):
    """Reward and score are -inf, whatever the number; the faces show the penalty, and other rows go on."""
    env, rows = begun(problem, 4)
    twin = problem(4)
    twin.reset(seed=0)
    actions = sampled(env, rows, rng)
    actions[1] = {"-1": -1, "very negative": -(2**40), "too large": env.counts(rows)[1], "very large": 2**40}[which]
    with np.errstate(all="raise"):
        rewards, terminated, truncated = env.advance(rows, actions)
    assert rewards[1] == env.score(rows)[1] == -np.inf
    assert terminated[1]
    assert not truncated[1]
    assert env.counts(rows)[1] == 0
    _, shown, over, _, info = twin.step(actions)
    assert np.isfinite(twin.penalty)
    assert shown[1] == twin.penalty
    assert over[1]
    assert info["_score"][1]
    assert info["score"][1] == -np.inf
    others = np.array([0, 2, 3])
    alone = problem(4)
    alone.reset(seed=0)
    result = alone.advance(others, actions[others])
    assert same(list(result), [rewards[others], terminated[others], truncated[others]])
    assert same(seen(alone, others), seen(env, others))


def test_present_but_illegal_elements_end_the_row(make):
    """A masked element inside the count is as illegal as a number out of range: 1, 2, 3 is not Sidon."""
    env = make("sidon", 1, n=6, least=6)
    env.reset(seed=0)
    row = np.zeros(1, np.int64)
    for _ in range(2):
        env.advance(row, np.array([0]))
    assert env.observe(row)["mask"][0, 0]
    assert not env.masks(row)[0, 0]
    assert env.advance(row, np.array([0]))[0] == -np.inf
    assert env.score(row) == -np.inf


def test_finished_rows_absorb(problem, rng):
    """Whatever is played in a finished row, nothing changes: reward 0, terminated, no evaluation."""
    env, rows = begun(problem, 5)
    illegal = env.max_actions
    env.advance(rows[:1], np.array([illegal]))
    to_the_end(env, rows, rng)
    view, spent = seen(env, rows), env.meter.evaluations
    for action in (0, env.max_actions - 1, -1, illegal):
        rewards, terminated, _ = env.advance(rows, np.full(5, action))
        assert not rewards.any()
        assert terminated.all()
        assert same(seen(env, rows), view)
    assert env.meter.evaluations == spent
    assert not env.counts(rows).any()


def test_observations_are_in_the_space(problem, rng):
    """float32, finite, of the width that the spaces say, at every step of random play."""
    env, rows = begun(problem, 4)
    live = True
    while live:
        live = (env.counts(rows) > 0).any()
        view = env.face_observation(rows)
        assert env.observation_space.contains(view)
        for row in rows:
            assert env.single_observation_space.contains(part(view, row))
        for name, array in env.observe(rows).items() if env.kind == "set" else [("flat", env.observe(rows))]:
            assert array.dtype == (np.bool_ if name == "mask" else np.float32)
            assert np.isfinite(array).all()
        env.advance(rows, sampled(env, rows, rng))


def test_rewards_add_up_to_the_score(problem, rng):
    """The sum of an episode's rewards is its score, -inf included; before the end there is no score of -inf."""
    env, rows = begun(problem, 50)
    total = np.zeros(50)
    while (env.counts(rows) > 0).any():
        live = env.counts(rows) > 0
        assert not np.isneginf(env.score(rows[live])).any()
        rewards, terminated, truncated = env.advance(rows, sampled(env, rows, rng))
        total += rewards
        assert np.array_equal(terminated | truncated, env.counts(rows) == 0)
    assert not np.isnan(env.score(rows)).any()
    assert np.allclose(total, env.score(rows), rtol=0, atol=1e-9)


def test_the_meter_counts_objects_once(problem, rng):
    """One evaluation for each complete object scored, in the environment and its arenas together; none for the rest."""
    env, rows = begun(problem, 30)
    arena = env.resized(10)
    arena.reset(seed=1)
    assert env.meter.evaluations == 0
    total = 0
    for one in (env, arena):
        every = np.arange(one.num_envs)
        play(one, every, choose_uniformly(rng))
        if isinstance(one, mathrl.WordEnv):
            total += int((one.place == one.length).sum())  # dead ends score nothing
        elif env.plugin.name == "buchberger":
            total += sum(one.solution(int(row)).solution["additions"] for row in every)  # what this field counts
        else:
            total += one.num_envs
        for _ in range(2):
            one.score(every)
            one.observe(every)
        assert env.meter.evaluations == total
    env.begin(rows[:1], env.draw(mathrl.Streams.of(0, 1)))
    env.advance(rows[:1], np.array([-1]))
    assert env.meter.evaluations == total


# ------------------------------------------------------------------------------------------- reset, step, autoreset


def test_same_step_autoreset_reports_the_last_observation(problem, rng):
    """Finished rows begin again within the step; the end is told as Gymnasium tells it; against a plain twin."""
    env, twin = problem(4, autoreset=AutoresetMode.SAME_STEP), problem(4)
    view, info = env.reset(seed=2)
    plain, _ = twin.reset(seed=2)
    assert same(view, plain)
    finished = 0
    for _ in range(40):
        actions = np.array([sample_masked(mask[None] == 1, rng.random(1))[0] for mask in info["action_mask"]])
        actions[rng.random(4) < 0.05] = -1
        view, rewards, terminated, truncated, info = env.step(actions)
        raw, ended, cut = twin.advance(np.arange(4), actions)
        assert np.array_equal(rewards, np.where(np.isneginf(raw), env.penalty, raw))
        assert same([terminated, truncated], [ended, cut])
        over = ended | cut
        assert ("final_obs" in info) == over.any()
        if over.any():
            last = twin.face_observation(np.arange(4))
            assert np.array_equal(info["_final_obs"], over)
            assert np.array_equal(info["_final_info"], over)
            scores = twin.score(np.arange(4))
            for row in np.flatnonzero(over):
                assert same(info["final_obs"][row], part(last, row))
                assert info["final_info"]["score"][row] == info["score"][row] == scores[row]
            assert all(info["final_obs"][row] is None for row in np.flatnonzero(~over))
            twin.restart(np.flatnonzero(over))
            finished += int(over.sum())
        assert same(view, twin.face_observation(np.arange(4)))
        assert same(info["action_mask"], twin.masks(np.arange(4), env.max_actions).astype(np.int8))
        assert info["action_mask"].any(axis=1).all()
    assert finished >= 8


def test_reset_mask_restarts_only_marked_rows(problem, rng):
    """In DISABLED mode the finished rows begin again by `reset_mask`, and the others go on where they are."""
    env, rows = midway(problem, 5, rng, steps=1)
    env.advance(rows[[1, 3]], np.array([-1, -1]))
    others, before = np.array([0, 2, 4]), seen(env, np.array([0, 2, 4]))
    options = {"reset_mask": np.array([False, True, False, True, False])}
    view, _ = env.reset(options=options)
    assert list(options) == ["reset_mask"]
    assert same(seen(env, others), before)
    assert (env.counts(rows[[1, 3]]) > 0).all()
    assert same(view, env.face_observation(rows))
    twin = problem(5)
    twin.reset(seed=0)
    twin.reset()
    assert same(seen(env, rows[[1, 3]]), seen(twin, rows[[1, 3]]))


def test_reset_mask_with_a_seed_leaves_other_rows_streams_alone(make):
    """A seed with a mask is for the marked rows; the next episode of the others does not repeat their first."""
    env, twin = make("sidon", 3, n=60), make("sidon", 3, n=60)
    for one in (env, twin):
        one.reset(seed=1)
    env.reset(seed=1, options={"reset_mask": np.array([True, False, False])})
    env.reset(options={"reset_mask": np.array([False, True, True])})
    twin.reset()
    assert same(seen(env, np.array([1, 2])), seen(twin, np.array([1, 2])))


def test_given_instances_are_begun(make):
    """`options["instances"]`, or `options["instance"]` of a row, takes the place of a draw."""
    env = make("sidon", 3)
    env.reset(options={"instances": [2, 7, 12]})
    assert env.counts(np.arange(3)).tolist() == [2, 7, 12]
    row = mathrl.RowEnv(rows=make("sidon"))
    view, _ = row.reset(options={"instance": 4})
    assert view["mask"].sum() == 4


def test_instances_without_a_move_are_drawn_again_or_given_back_finished(make):
    """A row may be over as soon as it has begun: drawn, it is drawn again; given, its first step says so."""
    env = make("sidon", 30, n=1, least=0)
    rows = np.arange(30)
    assert 0 in env.draw(mathrl.Streams.of(0, 30))
    _, info = env.reset(seed=0)
    assert info["action_mask"].all()
    env.reset(options={"instances": [0, 1] * 15})
    assert env.counts(rows).tolist() == [0, 1] * 15
    _, rewards, terminated, _, info = env.step(np.zeros(30, np.int64))
    assert terminated.all()
    assert rewards.tolist() == info["score"].tolist() == [0.0, 1.0] * 15
    episodes = play(env, rows, choose_uniformly(np.random.default_rng(0)))
    assert episodes.actions.shape == (30, 0)


def test_a_family_that_only_draws_finished_instances_is_an_error(make):
    """After a hundred instances without a move the user is told."""
    env = make("sidon", 1, n=1, least=0)
    env.draw = lambda streams: [0] * len(streams)
    with pytest.raises(mathrl.MathrlError, match="100 instances"):
        env.reset(seed=0)


def test_overflow_is_flagged(make):
    """A row with more actions than the fixed width shows is flagged, and `advance` takes the actions beyond it."""
    env = make("sidon", 2, n=8, least=8)
    env.max_actions = 5
    view, info = env.reset(options={"instances": [4, 8]})
    assert info["overflow"].tolist() == [False, True]
    assert env.observation_space.contains(view)
    assert env.action_masks().shape == (2, 5)
    rewards, *_ = env.advance(np.arange(2), np.array([0, 7]))
    assert rewards.tolist() == [1.0, 1.0]
    assert env.solution(1).solution["marks"] == [8]


def test_a_wrong_number_of_actions_is_an_error(make):
    """One action for three rows is refused, and not read past its end."""
    env = make("ones", 3)
    env.reset(seed=0)
    with pytest.raises((ValueError, mathrl.MathrlError)):
        env.step(np.array([0]))


def test_construction_says_what_is_wrong(make):
    """No row, a wasteful autoreset mode, a setting that does not exist or is out of range."""
    with pytest.raises(mathrl.MathrlError, match="at least one row"):
        make("ones", 0)
    with pytest.raises(mathrl.MathrlError, match="NEXT_STEP"):
        make("ones", autoreset=AutoresetMode.NEXT_STEP)
    with pytest.raises(mathrl.MathrlError, match="did you mean 'length'"):
        make("ones", lenght=3)
    with pytest.raises(mathrl.MathrlError, match="at least 1"):
        make("ones", length=0)
    env = make("ones", length=3)
    with pytest.raises(TypeError, match="not both"):
        type(env)(1, env.config, length=4)
    with pytest.raises(AttributeError, match="has no attribute 'spaces'"):
        _ = env.spaces


# ------------------------------------------------------------------------------------------------------------ words


def words_only(family):
    if not isinstance(family, mathrl.WordEnv):
        pytest.skip("not an environment of words")


def test_the_layout_reproduces_the_observation(problem, family, rng):
    """The dense observation rebuilt from the letters, entry by entry, equals `observe` along random play."""
    words_only(family)
    env, rows = begun(problem, 5)
    layout, played = env.word_layout(), [[] for _ in rows]
    for place in range(env.length):
        dense = np.zeros((5, layout.width), np.float32)
        for row in rows:
            columns = [*layout.constant_columns, layout.position_column[place]]
            columns += [layout.letter_column[t, letter] for t, letter in enumerate(played[row])]
            for column in columns:
                if column >= 0:
                    dense[row, column] = 1.0
        live = rows[env.counts(rows) > 0]
        assert np.array_equal(env.observe(live), dense[live])
        actions = sampled(env, rows, rng)
        env.advance(rows, actions)
        for row in live:
            played[row].append(int(actions[row]))


def test_wagners_encoding_is_the_one_of_the_paper():
    """Letter c >= 1 at place s sets s(q-1)+c-1, place t sets L(q-1)+t; letter 0 sets nothing."""
    layout = mathrl.WordLayout.wagner(3, 4)
    assert layout.width == 12
    assert layout.letter_column.tolist() == [[-1, 0, 1, 2], [-1, 3, 4, 5], [-1, 6, 7, 8]]
    assert layout.position_column.tolist() == [9, 10, 11]


def test_trees_are_observed_by_their_edges(make):
    """The parents 0 0 1 (after vertex 1 on 0) show as edges 01, 02, 13 in column order, then vertex 4."""
    env = make("graphs", 1, n=5, moves="tree")
    env.reset(seed=0)
    row = np.zeros(1, np.int64)
    for parent in (0, 1):
        env.advance(row, np.array([parent]))
    edges = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3), (0, 4), (1, 4), (2, 4), (3, 4)]
    shown = [float(edge in [(0, 1), (0, 2), (1, 3)]) for edge in edges] + [0.0, 0.0, 0.0, 0.0, 1.0]
    assert env.observe(row)[0].tolist() == shown


def test_written_words_are_played_words(problem, family, rng):
    """`write` leaves rows as letter by letter does: scores, ends, objects, evaluations; impossible letters are -inf."""
    words_only(family)
    env, rows = begun(problem, 40)
    words = np.full((40, env.length), -1)
    played = play(env, rows, choose_uniformly(rng)).actions
    words[:, : played.shape[1]] = played
    words[3], words[5, -1] = -1, env.max_actions
    env.reset(seed=0)
    env.meter.evaluations = 0
    for place in range(env.length):
        env.advance(rows, words[:, place])
    written = problem(40)
    written.write(rows, words)
    assert same(written.score(rows), env.score(rows))
    assert written.score(rows)[3] == written.score(rows)[5] == -np.inf
    assert written.meter.evaluations == env.meter.evaluations
    assert not written.counts(rows).any()
    finite = np.flatnonzero(np.isfinite(env.score(rows)))
    assert [written.solution(int(row)) for row in finite] == [env.solution(int(row)) for row in finite]
    assert same(written.observe(rows[finite]), env.observe(rows[finite]))


def test_written_impossible_words_are_observed_as_played_ones(make):
    """A word with a letter that does not exist ends before that letter, written or played."""
    env, written = make("ones", 1, length=3), make("ones", 1, length=3)
    row = np.zeros(1, np.int64)
    env.reset(seed=0)
    for letter in (1, -1, 1):
        env.advance(row, np.array([letter]))
    written.write(row, np.array([[1, -1, 1]]))
    assert same(seen(written, row), seen(env, row))


@pytest.mark.parametrize(
    ("value", "score"),
    [
        (np.nan, -np.inf),
        (-np.inf, -np.inf),
        pytest.param(np.inf, np.inf),
    ],
)
def test_scores_of_complete_words_are_never_nan(make, value, score):
    """NaN of `values` is an impossible object, an infinite score stays infinite; the same written and played."""
    env, row = make("ones", 1, length=1), np.zeros(1, np.int64)
    env.values = lambda words: np.full(len(words), value)
    env.write(row, np.array([[0]]))
    assert env.score(row) == score
    env.reset(seed=0)
    assert env.advance(row, np.array([0]))[0] == score
    assert env.score(row) == score


def test_a_word_without_a_legal_first_letter_is_over_at_once(make):
    """A dynamic rule may leave nothing at the start; the row is over then, and not offered to an agent."""
    env, rows = make("queens", 2, n=4), np.arange(2)
    env.legal = lambda rows: np.zeros((len(rows), 4), np.bool_)
    env.begin(rows, [None, None])
    assert not env.counts(rows).any()


def test_dead_ends_are_minus_infinity(make):
    """On a 3 by 3 board every placement gets stuck: -inf at the letter that leaves no other, and nothing is scored."""
    env = make("queens", 40, n=3)
    env.reset(seed=0)
    episodes = play(env, np.arange(40), choose_uniformly(np.random.default_rng(0)))
    assert np.isneginf(episodes.scores).all()
    assert set(episodes.lengths.tolist()) == {1, 2}
    assert env.meter.evaluations == 0


# ----------------------------------------------------------------------------------------------------------- verify


def solved(env, count=60, seed=0):
    """Records of the finite scores among `count` random episodes."""
    arena = env.resized(count)
    arena.reset(seed=seed)
    scores = play(arena, np.arange(count), choose_uniformly(np.random.default_rng(seed))).scores
    return [arena.solution(int(row)).to_json() for row in np.flatnonzero(np.isfinite(scores))]


def test_the_verifier_accepts_what_the_environment_found(family):
    """Every finite score of random play is confirmed, read back from its line."""
    records = solved(family)
    for record in records:
        assert mathrl.Solution.from_json(record).to_json() == record
        verdict = family.plugin.check(record)
        assert verdict.holds, verdict.reason
    assert records or family.plugin.name == "queens"  # three queens have no room


def test_the_verifier_refuses_another_value(family):
    """A value that is larger or smaller by a half, or not there, is not confirmed."""
    for record in solved(family, 10)[:3]:
        for value in (record["value"] + 0.5, record["value"] - 0.5, None):
            assert not family.plugin.check({**record, "value": value}).holds


GRAPH_MUTATIONS = {
    "another graph": {"graph6": "D~{"},
    "a graph of another size": {"graph6": "C~"},
    "a cut graph": {"graph6": "D"},
    "no graph": {"graph6": ""},
    "another formula": {"formula": "connected, n >= 3: lambda1 + mu >= sqrt(n-1) + 2"},
    "no formula's name": {"formula": "connected: nonsense >= 1"},
}


@pytest.mark.parametrize("mutation", GRAPH_MUTATIONS)
def test_the_verifier_of_graphs_refuses_mutations(make, mutation):
    """Any other graph or formula is refused."""
    env = make("graphs", 1, n=5, moves="tree")
    for record in solved(env, 5):
        changed = {**record, "solution": {**record["solution"], **GRAPH_MUTATIONS[mutation]}}
        assert env.plugin.check(record).holds
        assert not env.plugin.check(changed).holds


SIDON_MUTATIONS = {
    "a mark fewer": lambda marks, top: marks[1:],
    "a mark twice": lambda marks, top: [marks[0], *marks[:-1]],
    "a mark too large": lambda marks, top: [*marks[:-1], top + 1],
    "a difference twice": lambda marks, top: [1, 2, 3, *range(5, 5 + len(marks) - 3)],
    "a mark that is no number": lambda marks, top: [*marks[:-1], "x"],
}


@pytest.mark.parametrize("mutation", SIDON_MUTATIONS)
def test_the_verifier_of_a_third_party_is_asked(make, mutation):
    """The plug-in's own verifier decides, and one that falls over has not accepted."""
    env = make("sidon", 1, n=20, least=20)
    for record in solved(env, 5):
        found = record["solution"]
        marks = SIDON_MUTATIONS[mutation](found["marks"], found["top"])
        assert env.plugin.check(record).holds
        assert not env.plugin.check({**record, "solution": {**found, "marks": marks}}).holds


def test_third_party_agents_act_on_third_party_environments(plugins):
    """The greedy Sidon set in 1..31 is Mian and Chowla's; both come from files named on the spot."""
    outcome = mathrl.solve(str(plugins / "sidon.py"), str(plugins / "greedy.py"), "31", "8", n=40)
    assert [found.solution["marks"] for found in outcome] == [[1, 2, 4, 8, 13, 21, 31], [1, 2, 4, 8]]
    assert outcome.reason == "done"
    assert all(found.proved and found.agent == "first-fit" for found in outcome)
