"""What all moves share: other libraries' checkers, words and trees against plain twins, proposals, girth masks."""

from __future__ import annotations

import typing
from itertools import combinations

import gymnasium
import networkx as nx
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_env_of_sb3

import mathrl
from mathrl.env import Streams
from mathrl.envs.graphs.batch import GraphBatch
from mathrl.envs.graphs.config import GraphConfig
from mathrl.envs.graphs.env import least_girth
from mathrl.envs.graphs.graph6 import decode
from mathrl.envs.graphs.moves.letters import GirthWords, WordGraphs
from mathrl.envs.graphs.objective import Objective, objective
from mathrl.rollout import choose_uniformly, play, sample_masked

MOVES = typing.get_args(typing.get_type_hints(GraphConfig)["moves"])
STEPWISE = [moves for moves in MOVES if moves not in ("word", "tree", "branch")]
KINDS = [(moves, "sparse") for moves in MOVES] + [(moves, "difference") for moves in STEPWISE]


@pytest.fixture(params=KINDS, ids="-".join)
def knobs(request):
    """Settings under which any kind of moves makes graphs on six vertices."""
    moves, rewards = request.param
    return {"n": 6, "moves": moves, "rewards": rewards, "reward": "connected: m <= n + 1"}


# ------------------------------------------------------------------------------------------------- other libraries


@pytest.mark.filterwarnings("ignore:.*A Box observation space (minimum|maximum) value is.*infinity:UserWarning")
def test_gymnasium_accepts_all_moves(knobs):
    """`gymnasium.make` by name, and its checker."""
    row = gymnasium.make("mathrl/Graphs-v0", **knobs)
    check_env(row.unwrapped, skip_render_check=True)


@pytest.mark.filterwarnings("ignore:Your observation .* has an unconventional shape:UserWarning")
def test_stable_baselines_accepts_all_moves(knobs):
    """The checker of stable-baselines3."""
    check_env_of_sb3(gymnasium.make("mathrl/Graphs-v0", **knobs).unwrapped)


# ------------------------------------------------------------------------------------------------- rows and copies


def views(env, rows):
    return [env.observe(rows), env.masks(rows, env.max_actions), env.score(rows)]


def same(one, other):
    return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(one, other, strict=True))


def test_rows_do_not_depend_on_each_other(make, knobs):
    """One row alone receives and sees what it does among twelve, to the end."""
    env, rng = make("graphs", 12, **knobs), np.random.default_rng(3)
    rows = np.arange(12)
    env.begin(rows, env.draw(Streams.of(5, 12)))
    trace = []
    while (env.counts(rows) > 0).any():
        actions = sample_masked(env.masks(rows, env.max_actions), rng.random(12))
        trace.append((actions, env.advance(rows, actions)[0], views(env, rows)))
    for row in (0, 7):
        arena, only = env.resized(1), np.zeros(1, np.int64)
        arena.begin(only, arena.draw(Streams(np.array([5]), np.array([row]), np.array([0]))))
        for actions, rewards, seen in trace:
            assert arena.advance(only, actions[[row]])[0][0] == rewards[row]
            assert same(views(arena, only), [part[[row]] for part in seen])


def test_copies_have_the_same_future(make, knobs, rng):
    """Rows copied midway into a smaller arena, in another order, go on as their origins do; the origins stay."""
    env, rows = make("graphs", 9, **knobs), np.arange(9)
    env.reset(seed=1)
    for step in range(3):
        live = rows[(env.counts(rows) > 0) & (rows % 4 >= step)]
        env.advance(live, sample_masked(env.masks(live), rng.random(len(live))))
    source, target = np.array([8, 2, 5]), np.array([0, 3, 1])
    arena = env.resized(4)
    arena.copy(source, target, env)
    before = views(env, source)
    assert same(views(arena, target), before)
    ends = [
        play(one, which, choose_uniformly(np.random.default_rng(2))) for one, which in ((arena, target), (env, source))
    ]
    assert np.array_equal(ends[0].actions, ends[1].actions)
    assert np.array_equal(ends[0].returns, ends[1].returns)
    assert np.array_equal(ends[0].scores, ends[1].scores)
    for mine, theirs in zip(target.tolist(), source.tolist(), strict=True):
        assert arena.solution(mine) == env.solution(theirs)


def test_proposals_are_scored(make, knobs, rng):
    """After `propose`: score and keys are those of the object, whose graph has the documented order; and it counts."""
    env, rows = make("graphs", 40, **knobs), np.arange(40)
    env.reset(seed=0)
    play(env, rows, choose_uniformly(rng))
    for step in range(6):
        spent = env.meter.evaluations
        env.propose(rows, Streams.of(1, 40, step))
        assert env.meter.evaluations == spent + 40
        scores = env.score(rows)
        graphs = [decode(env.solution(row).solution["graph6"]) for row in rows.tolist()]
        again = [env.objective.score(GraphBatch(adjacency=graph[None]))[0] for graph in graphs]
        assert np.array_equal(scores, again)
        for graph in graphs:
            assert not graph.diagonal().any()
            assert np.array_equal(graph, graph.T)
            assert len(graph) == 6 or (knobs["moves"] == "grow" and 3 <= len(graph) < 6)
        keys = env.keys(rows)
        labelled = [graph.tobytes() for graph in graphs]
        if knobs["moves"] != "branch":  # several words are one tree
            assert len(set(keys.tolist())) == len(set(labelled))
    assert np.isfinite(scores).any()


def test_proposals_depend_on_the_stream_alone(make, knobs, rng):
    """The same rows and streams give the same objects, in any batch; another step gives others."""
    env, rows = make("graphs", 20, **knobs), np.arange(20)
    env.reset(seed=0)
    play(env, rows, choose_uniformly(rng))
    arena, few = env.resized(20), env.resized(3)
    arena.copy(rows, rows, env)
    few.copy(rows[[4, 9, 17]], np.arange(3), env)
    env.propose(rows, Streams.of(1, 20))
    chosen = Streams(np.full(3, 1), rows[[4, 9, 17]], np.zeros(3, np.int64))
    few.propose(np.arange(3), chosen)
    assert np.array_equal(few.keys(np.arange(3)), env.keys(rows)[[4, 9, 17]])
    arena.propose(rows, Streams.of(1, 20, 1))
    assert (arena.keys(rows) != env.keys(rows)).any()


@pytest.mark.parametrize("moves", ["word", "tree", "branch"])
def test_words_have_no_difference_rewards(make, moves):
    """One sentence that names the moves that have."""
    with pytest.raises(mathrl.MathrlError, match="flip"):
        make("graphs", 1, n=6, moves=moves, rewards="difference")


# -------------------------------------------------------------------------------------------- words and trees: twins


@pytest.mark.parametrize("order", ["row", "column"])
@pytest.mark.parametrize("n", [2, 4, 5])
def test_words_are_bits_of_pairs(make, n, order):
    """Observation: the bits so far and the place one-hot, nothing at the end; E steps; the chosen pairs are edges."""
    pairs = sorted(combinations(range(n), 2), key=lambda pair: pair[:: 1 if order == "row" else -1])
    env, row, rng = (
        make("graphs", 1, n=n, order=order, reward="maximise: m"),
        np.zeros(1, np.int64),
        np.random.default_rng(n),
    )
    assert (env.max_actions, env.observation_width) == (2, 2 * len(pairs))
    env.reset(seed=0)
    bits = [0] * len(pairs)
    for t in range(len(pairs)):
        assert env.observe(row)[0].tolist() == bits + [float(place == t) for place in range(len(pairs))]
        assert env.masks(row).tolist() == [[True, True]]
        bits[t] = int(rng.integers(2))
        reward, over, _ = env.advance(row, np.array([bits[t]]))
        assert (reward[0], over[0]) == ((sum(bits), True) if t + 1 == len(pairs) else (0, False))
    assert env.observe(row)[0].tolist() == bits + [0] * len(pairs)
    chosen = {pair for pair, bit in zip(pairs, bits, strict=True) if bit}
    graph = nx.from_graph6_bytes(env.solution(0).solution["graph6"].encode())
    assert {tuple(sorted(edge)) for edge in graph.edges} == chosen


@pytest.mark.parametrize("n", [3, 4, 8])
def test_trees_are_parent_arrays(make, n):
    """n - 2 steps, parents below the vertex, edges in column order, vertex one-hot; the score is the tree's."""
    pairs = sorted(combinations(range(n), 2), key=lambda pair: pair[::-1])
    env, row, rng = (
        make("graphs", 1, n=n, moves="tree", reward="tree: maximise: Delta"),
        np.zeros(1, np.int64),
        np.random.default_rng(n),
    )
    env.reset(seed=0)
    edges = {(0, 1)}
    assert env.max_actions == n - 1
    for vertex in range(2, n):
        seen = env.observe(row)[0].tolist()
        assert seen[: len(pairs)] == [float(pair in edges) for pair in pairs]
        assert seen[len(pairs) :] == [float(v == vertex) for v in range(n)]
        assert env.masks(row, n - 1)[0].tolist() == [parent < vertex for parent in range(n - 1)]
        parent = int(rng.integers(vertex))
        edges.add((parent, vertex))
        reward, over, _ = env.advance(row, np.array([parent]))
        degree = max(dict(nx.Graph(edges).degree).values())
        assert (reward[0], over[0]) == ((degree, True) if vertex == n - 1 else (0, False))
    graph = nx.from_graph6_bytes(env.solution(0).solution["graph6"].encode())
    assert {tuple(sorted(edge)) for edge in graph.edges} == edges


# ----------------------------------------------------------------------------------------------------- short cycles


@pytest.mark.parametrize(
    ("reward", "girth"),
    [
        ("maximise: m", 3),
        ("connected: m <= n", 3),
        ("triangle-free: maximise: m", 4),
        ("girth >= 5: maximise: m", 5),
        ("girth > 5: maximise: m", 6),
        ("girth >= 4.5: maximise: m", 5),
        ("6 <= girth: maximise: m", 6),
        ("6 < girth: maximise: m", 7),
        ("girth == 7: maximise: m", 7),
        ("triangle-free, n >= 4, girth >= 2, 5 <= girth: maximise: m", 5),
        ("girth <= 5: maximise: m", 3),
        ("5 >= girth: maximise: m", 3),
        ("girth >= n: maximise: m", 3),
        ("girth >= -4: maximise: m", 3),
        ("n >= 5: girth <= 4", 3),
    ],
)
def test_least_girth(make, reward, girth):
    """What class and hypotheses say with a constant; the mask is there exactly where it can forbid a letter."""
    assert least_girth(objective(reward)) == girth
    env = make("graphs", 1, n=5, reward=reward)
    assert type(env) is (GirthWords if girth > 3 else WordGraphs)
    assert env.static_letters == (girth == 3)


def test_functions_have_no_girth():
    """A reward that is a Python function says nothing about cycles."""
    assert least_girth(Objective("half", "", 2, lambda batch: batch.adjacency.sum(axis=(1, 2)) / 4)) == 3


@pytest.mark.parametrize("order", ["row", "column"])
@pytest.mark.parametrize(("n", "girth"), [(5, 4), (6, 5), (10, 5)])
def test_masks_forbid_exactly_what_closes_a_short_cycle(make, order, n, girth):
    """Letter by letter against networkx' girth; every complete word has a score, and the letter 0 is always there."""
    env = make("graphs", 8, n=n, order=order, reward=f"girth >= {girth}: maximise: m")
    pairs = sorted(combinations(range(n), 2), key=lambda pair: pair[:: 1 if order == "row" else -1])
    rng, rows, graphs = np.random.default_rng(1), np.arange(8), [nx.empty_graph(n) for _ in range(8)]
    env.reset(seed=0)
    masked = 0
    for u, v in pairs:
        masks = env.masks(rows)
        assert masks[:, 0].all()
        actions = sample_masked(masks, rng.random(8))
        for mask, graph, action in zip(masks, graphs, actions, strict=True):
            graph.add_edge(u, v)
            assert mask[1] == (nx.girth(graph) >= girth)
            if not action:
                graph.remove_edge(u, v)
            masked += not mask[1]
        env.advance(rows, actions)
    assert masked > 8
    assert env.score(rows).tolist() == [graph.size() for graph in graphs]


def test_a_masked_letter_ends_the_word(make):
    """The third edge of a triangle, and words written at once."""
    env, row = make("graphs", 1, n=3, reward="triangle-free: maximise: m"), np.zeros(1, np.int64)
    env.reset(seed=0)
    for letter in (1, 1):
        assert env.advance(row, np.array([letter]))[0][0] == 0
    assert env.masks(row).tolist() == [[True, False]]
    assert env.advance(row, np.array([1]))[0][0] == env.score(row)[0] == -np.inf
    for word, score in (([1, 1, 1], -np.inf), ([1, 1, 0], 2)):
        env.write(row, np.array([word]))
        assert env.score(row)[0] == score


def test_the_petersen_graph_is_never_masked(make):
    """The largest graph of girth 5 on ten vertices can be spelt: 15 edges; on all its relabellings that were tried."""
    env, row, rng = (
        make("graphs", 1, n=10, reward="girth >= 5: maximise: m"),
        np.zeros(1, np.int64),
        np.random.default_rng(0),
    )
    for _ in range(5):
        order = rng.permutation(10).tolist()
        petersen = nx.relabel_nodes(nx.petersen_graph(), dict(enumerate(order)))
        env.write(row, np.array([[int(petersen.has_edge(u, v)) for u, v in combinations(range(10), 2)]]))
        assert env.score(row)[0] == 15


def test_masked_words_are_searched(make):
    """Tabular learning finds the Petersen graph's 15 edges or nearly so: masks reach the agents."""
    outcome = mathrl.solve(
        "graphs", "cem", "girth >= 5: maximise: m", "agent.mode=memory", "agent.batch=100", "agent.hidden=16", n=7,
        budget="3k-evals",
    )  # fmt: skip
    assert outcome.best is not None
    assert outcome.best.value == 8  # the most edges of girth 5 on seven vertices (OEIS A006856)
