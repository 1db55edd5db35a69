"""Graphs changed pair by pair, step by step against a plain twin on a set of edges (the moves' own definitions)."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
import pytest

import mathrl
from mathrl.envs.graphs.moves.starts import start_graph
from mathrl.rollout import choose_uniformly, play, sample_masked

FEW = "connected: m - Delta <= n - 3"  # violated by many small graphs, disconnected ones have no score
SIZE = "maximise: m - 2*Delta"  # finite for every graph, of both signs, and nothing to be solved


class Twin:
    """One row: the current graph is a set of pairs (u, v), u < v; one method a rule of the definition."""

    def __init__(self, n, moves, reward, *, order="row", rewards="sparse", start="empty", steps=None, **options):
        self.n, self.moves, self.reward, self.dense = n, moves, reward, rewards == "difference"
        self.stop_on_hit = options.get("stop_on_hit", True)
        self.keep, self.stay_connected = options.get("keep", False), options.get("stay_connected", False)
        self.pairs = list(combinations(range(n), 2))
        if order == "column" and moves == "linear":
            self.pairs.sort(key=lambda pair: pair[::-1])
        self.horizon = len(self.pairs) if steps is None or moves == "linear" else steps
        self.edges = {(u, v) for u, v in self.pairs if start_graph(start, n)[u, v]}
        self.vertex, self.t, self.value, self.over, self.scored = 0, 0, None, False, 0
        if self.dense:
            self.value = self.best = self.score()
            self.over = self.stop_on_hit and self.hit()

    def graph(self):
        graph = nx.empty_graph(self.n)
        graph.add_edges_from(self.edges)
        return graph

    def score(self):
        self.scored += 1
        degree = max(dict(self.graph().degree).values())
        if self.reward == SIZE:
            return float(len(self.edges) - 2 * degree)
        return len(self.edges) - degree - self.n + 3.0 if nx.is_connected(self.graph()) else -np.inf

    def hit(self):
        return self.reward == FEW and self.value > 0

    def actions(self):
        pairs = len(self.pairs)
        return {"set": 2 * pairs, "flip": pairs * (1 + self.keep), "linear": 2}.get(self.moves, 2 * self.n)

    def legal(self, action):
        if self.over or not 0 <= action < self.actions():
            return False
        if self.moves.startswith("local"):
            return action % self.n != self.vertex
        if self.moves == "flip" and self.stay_connected and not (self.keep and action < len(self.pairs)):
            held = {tuple(sorted(edge)) for edge in nx.bridges(self.graph())}
            return self.pairs[action % len(self.pairs)] not in held
        return True

    def put(self, pair, present):
        (self.edges.add if present else self.edges.discard)(pair)

    def step(self, action):
        """The reward."""
        if self.over:
            return 0.0
        if not self.legal(action):
            self.over, self.value = True, -np.inf
            return -np.inf
        pair = self.pairs[action % len(self.pairs)]
        if self.moves == "set":
            self.put(pair, action >= len(self.pairs))
        elif self.moves == "flip" and (not self.keep or action >= len(self.pairs)):
            self.put(pair, pair not in self.edges)
        elif self.moves == "linear" and action:
            self.put(self.pairs[self.t], self.pairs[self.t] not in self.edges)
        elif self.moves.startswith("local"):
            goal, bit = action % self.n, action // self.n
            pair = tuple(sorted((self.vertex, goal)))
            if self.moves == "local-set":
                self.put(pair, bit == 1)
            elif bit:
                self.put(pair, pair not in self.edges)
            self.vertex = goal
        self.t += 1
        self.over = self.t == self.horizon
        if not self.dense:
            self.value = self.score() if self.over else None
            return self.value if self.over else 0.0
        before, self.value = self.value, self.score()
        self.best = max(self.best, self.value)
        self.over |= self.stop_on_hit and self.hit()
        floor = -(self.n + 1.0)
        return max(self.value, floor) - max(before, floor)

    def observation(self):
        seen = [float(pair in self.edges) for pair in self.pairs]
        if self.moves == "linear":
            seen += [float(t == self.t) for t in range(len(self.pairs))]
        if self.moves.startswith("local"):
            seen += [float(v == self.vertex) for v in range(self.n)]
        return np.array(seen, np.float32)


CASES = [
    ("set", {}),
    ("set", {"start": "complete", "steps": 4}),
    ("flip", {"start": "cycle"}),
    ("flip", {"start": "path", "stay_connected": True, "steps": 9}),
    ("flip", {"start": "star", "keep": True}),
    ("flip", {"start": "cycle", "keep": True, "stay_connected": True}),
    ("linear", {"start": "path"}),
    ("linear", {"start": "star", "order": "column", "steps": 3}),
    ("local-set", {"start": "cycle"}),
    ("local-set", {"order": "column", "steps": 7}),
    ("local-flip", {"start": "complete"}),
]


@pytest.mark.parametrize("rewards", ["sparse", "difference", "to the end"])
@pytest.mark.parametrize("reward", [FEW, SIZE])
@pytest.mark.parametrize(("moves", "knobs"), CASES)
@pytest.mark.parametrize("n", [3, 4, 6])
def test_random_episodes_of_twins(make, n, moves, knobs, reward, rewards):
    """Masks, observations, rewards, ends, scores and the number of scored graphs at every step, illegal ones too."""
    knobs = dict(knobs, rewards="sparse" if rewards == "sparse" else "difference", stop_on_hit=rewards != "to the end")
    rows, rng = np.arange(6), np.random.default_rng(n)
    env = make("graphs", 6, n=n, moves=moves, reward=reward, **knobs)
    env.begin(rows, env.draw(mathrl.Streams.of(0, 6)))
    twins = [Twin(n, moves, reward, **knobs) for _ in rows]
    assert env.max_actions == twins[0].actions()
    assert env.observation_width == len(twins[0].observation())
    for step in range(twins[0].horizon + 1):
        masks = env.masks(rows, env.max_actions)
        for row, twin in enumerate(twins):
            assert masks[row].tolist() == [twin.legal(action) for action in range(env.max_actions)]
            assert np.array_equal(env.observe(rows[[row]])[0], twin.observation())
            assert env.counts(rows[[row]])[0] == (0 if twin.over else env.max_actions)
        actions = sample_masked(masks, rng.random(6))
        if step == 2:
            actions[0] = [-1, env.max_actions, 2**40][n % 3]
        if step == 3 and not masks[1].all():
            actions[1] = masks[1].argmin()
        expected = [twin.step(int(action)) for twin, action in zip(twins, actions, strict=True)]
        received, terminated, truncated = env.advance(rows, actions)
        assert received.tolist() == pytest.approx(expected, abs=1e-9)
        assert terminated.tolist() == [twin.over for twin in twins]
        assert not truncated.any()
    assert env.meter.evaluations == sum(twin.scored for twin in twins)
    for row, (twin, score) in enumerate(zip(twins, env.score(rows), strict=True)):
        assert twin.over
        assert score == pytest.approx(twin.best if twin.dense and twin.value > -np.inf else twin.value, abs=1e-9)
        if not twin.dense and np.isfinite(score):
            graph = nx.from_graph6_bytes(env.solution(row).solution["graph6"].encode())
            assert {tuple(sorted(edge)) for edge in graph.edges} == twin.edges
    assert env.meter.evaluations == sum(twin.scored for twin in twins)


@pytest.mark.parametrize("moves", ["set", "flip", "linear", "local-set", "local-flip"])
def test_difference_rewards_telescope(make, moves, rng):
    """The return is f(s(end)) - f(s(start)), f(x) = max(x, -(n + 1)), though graphs without a score lie between."""
    n, rows = 5, np.arange(40)
    env = make("graphs", 40, n=n, moves=moves, reward=FEW, rewards="difference", start="cycle", stop_on_hit=False)
    env.reset(seed=0)
    start = env.score(rows)
    arena = env.resized(40)
    episodes = play(env, rows, choose_uniformly(rng))
    arena.begin(rows, env.draw(mathrl.Streams.of(0, 40)))
    ends = np.empty(40)
    for step in episodes.actions.T:
        arena.advance(rows, step)
        ends[:] = arena.value
    assert (np.isneginf(ends)).any()
    assert np.isfinite(ends).any()
    assert episodes.returns == pytest.approx(np.maximum(ends, -n - 1) - np.maximum(start, -n - 1))


def test_the_best_graph_of_an_episode_is_its_object(make, rng):
    """With difference rewards a counterexample on the way is not lost when the episode goes on to a worse graph."""
    env = make("graphs", 60, n=6, moves="flip", reward=FEW, rewards="difference", start="path", stop_on_hit=False)
    env.reset(seed=0)
    scores = play(env, np.arange(60), choose_uniformly(rng)).scores
    better = np.flatnonzero(scores > env.value)
    assert len(better) > 5
    assert (scores > 0).any()
    for row in better.tolist():
        assert env.plugin.check(env.solution(row).to_json()).holds


def test_a_hit_ends_an_episode_unless_told_otherwise(make, rng):
    """The first counterexample is the last graph; an equality's rounding error and an objective's value are none."""
    rows = np.arange(60)
    env = make("graphs", 60, n=6, moves="flip", reward=FEW, rewards="difference", start="path")
    env.reset(seed=0)
    episodes = play(env, rows, choose_uniformly(rng))
    assert ((episodes.scores > 0) == (episodes.lengths < env.horizon)).mean() > 0.9
    assert np.array_equal(episodes.scores, np.where(episodes.scores > 0, env.value, episodes.scores))
    for reward in (SIZE, "connected: sqrt(n)*sqrt(n) - n <= 0*lambda1"):
        env = make("graphs", 60, n=7, moves="flip", reward=reward, rewards="difference", start="path", steps=5)
        env.reset(seed=0)
        episodes = play(env, rows, choose_uniformly(rng))
        assert (episodes.scores > 0).any()
        assert (episodes.lengths == 5).all()


def test_bridges_stay_masked(make, rng):
    """With stay_connected every graph of an episode is connected, and every other pair may be toggled."""
    env = make("graphs", 20, n=7, moves="flip", start="tree", stay_connected=True, steps=40, reward="maximise: m")
    env.reset(seed=1)
    rows = np.arange(20)
    while (env.counts(rows) > 0).any():
        masks = env.masks(rows)
        for row in rows:
            graph = nx.from_numpy_array(env.batch(rows[[row]]).adjacency[0])
            assert nx.is_connected(graph)
            assert (~masks[row]).sum() == len(list(nx.bridges(graph)))
        env.advance(rows, sample_masked(masks, rng.random(20)))


def test_settings_that_leave_nothing_to_do_are_refused(make):
    """On two vertices the only edge is a bridge."""
    with pytest.raises(mathrl.MathrlError, match="at least 3"):
        make("graphs", 1, n=2, moves="flip", stay_connected=True, reward="maximise: m")
