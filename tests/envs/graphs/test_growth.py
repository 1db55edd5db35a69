"""Growth step by step against a plain twin on networkx graphs, and the inverse moves."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

import mathrl
from mathrl.env import Streams
from mathrl.envs.graphs.kernels.growth import grow, mutate_grown, prune
from mathrl.rollout import choose_uniformly, play, sample_masked

FEW = "connected: m - Delta <= n - 4"  # violated by cycles with something on them
SIZE = "maximise: m - 2*Delta"


class Twin:
    """One row: a networkx graph on 0..k-1, and a list of the actions' meanings."""

    def __init__(self, graph, most, reward, *, mode="connected", rewards="sparse", steps=None, **options):
        self.graph, self.most, self.reward, self.trees = graph, most, reward, mode == "tree"
        self.dense, self.stop_on_hit = rewards == "difference", options.get("stop_on_hit", True)
        self.spare = most if steps is None else steps
        columns = [(i, j) for j in range(most) for i in range(j)]
        self.meanings = [("leaf", v) for v in range(most)] + [("pair", pair) for pair in columns] + [("stop", None)]
        self.columns, self.value, self.over, self.scored = columns, None, False, 0
        if self.dense:
            self.value = self.best = self.score()
            self.over = self.stop_on_hit and self.hit()

    @property
    def k(self):
        return len(self.graph)

    def score(self):
        self.scored += 1
        size, degree = self.graph.size(), max(dict(self.graph.degree).values())
        return float(size - 2 * degree) if self.reward == SIZE else float(size - degree - self.k + 4)

    def hit(self):
        return self.reward == FEW and self.value > 0

    def legal(self, action):
        if self.over or not 0 <= action < len(self.meanings):
            return False
        kind, where = self.meanings[action]
        if kind == "leaf":
            return where < self.k < self.most
        if kind == "stop":
            return True
        i, j = where
        if self.graph.has_edge(i, j):
            return self.k < self.most
        return j < self.k and not self.trees and self.spare > 0

    def step(self, action):
        if self.over:
            return 0.0
        if not self.legal(action):
            self.over, self.value = True, -np.inf
            return -np.inf
        kind, where = self.meanings[action]
        if kind == "leaf":
            self.graph.add_edge(where, self.k)
        elif kind == "pair" and self.graph.has_edge(*where):
            i, j = where
            self.graph.remove_edge(i, j)
            nx.add_path(self.graph, [i, self.k, j])
        elif kind == "pair":
            self.graph.add_edge(*where)
            self.spare -= 1
        self.over = kind == "stop" or not any(self.legal(action) for action in range(len(self.meanings) - 1))
        if not self.dense:
            self.value = self.score() if self.over else None
            return self.value if self.over else 0.0
        before = self.value
        if kind != "stop":
            self.value = self.score()
        self.best = max(self.best, self.value)
        self.over |= self.stop_on_hit and self.hit()
        floor = -(self.most + 1.0)
        return max(self.value, floor) - max(before, floor)

    def observation(self):
        seen = [float(self.graph.has_edge(i, j)) for i, j in self.columns]
        return np.array(seen + [float(order == self.k) for order in range(1, self.most + 1)], np.float32)


def as_graph(adjacency):
    return nx.from_numpy_array(np.array(adjacency))


def edges_of(graph):
    return {tuple(sorted(edge)) for edge in graph.edges}


CASES = [{}, {"mode": "tree"}, {"steps": 2}, {"start": "complete"}, {"start": "DQc", "mode": "tree"}, {"start": "Cl"}]


@pytest.mark.parametrize("rewards", ["sparse", "difference", "to the end"])
@pytest.mark.parametrize("reward", [FEW, SIZE])
@pytest.mark.parametrize("knobs", CASES)
@pytest.mark.parametrize("n", [5, 6, 8])
def test_random_episodes_of_twins(make, n, knobs, reward, rewards):
    """Masks, observations, rewards, ends, scores, objects and the number of scored graphs at every step."""
    knobs = dict(knobs, rewards="sparse" if rewards == "sparse" else "difference", stop_on_hit=rewards != "to the end")
    rows, rng = np.arange(6), np.random.default_rng(n)
    env = make("graphs", 6, n=n, moves="grow", reward=reward, **knobs)
    starts = env.draw(mathrl.Streams.of(0, 6))
    env.begin(rows, starts)
    twins = [Twin(as_graph(start), n, reward, **knobs) for start in starts]
    horizon = n - twins[0].k + (0 if env.trees else twins[0].spare) + 1  # 1: the action that stops
    assert env.max_actions == len(twins[0].meanings)
    for step in range(horizon):
        masks = env.masks(rows, env.max_actions)
        for row, twin in enumerate(twins):
            assert masks[row].tolist() == [twin.legal(action) for action in range(env.max_actions)]
            assert np.array_equal(env.observe(rows[[row]])[0], twin.observation())
            assert env.order[row] == twin.k
        going = masks.copy()
        going[:, -1] &= (rng.random(6) < 0.1) | ~masks[:, :-1].any(axis=1)  # rarely stop
        actions = sample_masked(going, rng.random(6))
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
        if np.isfinite(score):
            found = env.solution(row)
            assert env.plugin.check(found.to_json()).holds
            if not twin.dense:
                text = found.solution["graph6"].encode()
                assert edges_of(nx.from_graph6_bytes(text)) == edges_of(twin.graph)
    assert env.meter.evaluations == sum(twin.scored for twin in twins)


def test_trees_grow_for_exactly_their_horizon(make, rng):
    """In mode=tree without stopping: N - 5 steps, all orders on the way, and every graph a tree."""
    env, rows = make("graphs", 10, n=9, moves="grow", mode="tree"), np.arange(10)
    env.reset(seed=2)
    for k in range(5, 9):
        assert (env.order == k).all()
        assert all(nx.is_tree(as_graph(env.adjacency[row, :k, :k])) for row in rows)
        masks = env.masks(rows)
        masks[:, -1] = False
        _, terminated, _ = env.advance(rows, sample_masked(masks, rng.random(10)))
        assert terminated.all() == (k == 8)


def test_difference_rewards_telescope(make, rng):
    """The return is the score at the end less that at the start, whatever the best was."""
    env = make("graphs", 50, n=8, moves="grow", reward=SIZE, rewards="difference")
    env.reset(seed=0)
    rows = np.arange(50)
    start = env.score(rows)
    episodes = play(env, rows, choose_uniformly(rng))
    assert episodes.returns == pytest.approx(env.value - start)
    assert (episodes.scores > env.value).any()


# ----------------------------------------------------------------------------------------------- the inverse moves


def begun(make, rows, n, **knobs):
    """Grown graphs of many orders."""
    env, rng = make("graphs", rows, n=n, moves="grow", **knobs), np.random.default_rng(1)
    env.reset(seed=3)
    every = np.arange(rows)
    for step in range(n):
        live = every[(env.counts(every) > 0) & (every % n > step)]
        if len(live):
            env.advance(live, sample_masked(env.masks(live), rng.random(len(live))))
    return env, every


def forms(adjacency, order):
    """The graphs of the corners, and that nothing is beyond them."""
    graphs = []
    for graph, k in zip(adjacency, order, strict=True):
        assert np.array_equal(graph, graph.T)
        assert not graph.diagonal().any()
        assert not graph[k:].any()
        graphs.append(as_graph(graph[:k, :k]))
    return graphs


def pruned(graph):
    """Every graph that a removed leaf or a smoothed vertex leaves."""
    found = []
    for v in graph:
        if graph.degree(v) == 1:
            found.append(nx.Graph(graph.subgraph(set(graph) - {v})))
        if graph.degree(v) == 2:
            smooth = nx.Graph(graph)
            smooth.add_edge(*graph[v])
            smooth.remove_node(v)
            found.append(smooth)
    return found


def grown(graph, trees):
    """Every graph that one growth step makes."""
    k, found = len(graph), []
    for v in graph:
        found.append(nx.Graph(graph))
        found[-1].add_edge(v, k)
    for u, v in graph.edges:
        found.append(nx.Graph(graph))
        found[-1].remove_edge(u, v)
        nx.add_path(found[-1], [u, k, v])
    if not trees:
        for u, v in nx.non_edges(graph):
            found.append(nx.Graph(graph))
            found[-1].add_edge(u, v)
    return found


@pytest.mark.parametrize("mode", ["tree", "connected"])
def test_pruning_is_a_leaf_or_a_smoothed_vertex(make, mode):
    """Up to isomorphism one of the documented graphs; never below five vertices; open again for growth."""
    env, rows = begun(make, 60, 9, mode=mode)
    before, order = forms(env.adjacency, env.order), env.order.copy()
    env.prune(rows, Streams.of(7, 60))
    after = forms(env.adjacency, env.order)
    assert (env.order >= 5).all()
    assert (env.order < order).any()
    assert (env.counts(rows) > 0).all()
    for old, new in zip(before, after, strict=True):
        if len(new) < len(old):
            assert any(nx.is_isomorphic(new, one) for one in pruned(old))
            assert nx.is_connected(new)
        else:
            assert len(old) == 5 or min(dict(old.degree).values()) > 1  # without a leaf none can be removed
            assert edges_of(old) == edges_of(new)


def test_both_ways_to_prune_are_taken():
    """Path on six vertices with a triangle at its end: every one of the smaller graphs comes out."""
    graph = nx.path_graph(6)
    graph.add_edge(3, 5)
    adjacency = np.zeros((200, 8, 8), np.uint8)
    adjacency[:, :6, :6] = nx.to_numpy_array(graph)
    order = np.full(200, 6)
    prune(adjacency, order, np.arange(200), 3, Streams.of(1, 200).words())
    assert (order == 5).all()
    left = pruned(graph)
    hits = np.zeros(len(left))
    for one in forms(adjacency, order):
        same = [nx.is_isomorphic(one, other) for other in left]
        assert any(same)
        hits += same
    assert (hits > 5).all()


@pytest.mark.parametrize("trees", [True, False])
def test_proposals_are_a_step_up_or_down(trees):
    """Up to isomorphism one growth step, a pruning, an edge less, or nothing; orders stay within their bounds."""
    rng, most, count = np.random.default_rng(0), 8, 300
    adjacency, order = np.zeros((count, most, most), np.uint8), rng.integers(3, most + 1, count)
    for row, k in enumerate(order):
        graph = nx.from_prufer_sequence(rng.integers(0, k, k - 2).tolist())
        for _ in range(0 if trees else rng.integers(0, 4)):
            graph.add_edge(*rng.choice(k, 2, replace=False).tolist())
        adjacency[row, :k, :k] = nx.to_numpy_array(graph, nodelist=range(k))
    before = forms(adjacency, order)
    mutate_grown(adjacency, order, np.arange(count), 3, trees, Streams.of(5, count).words())
    assert order.min() >= 3
    assert order.max() <= most
    steps = set()
    for old, new in zip(before, forms(adjacency, order), strict=True):
        lost = [nx.Graph(old) for _ in old.edges]
        for one, edge in zip(lost, old.edges, strict=True):
            one.remove_edge(*edge)
        near = [old, *grown(old, trees), *pruned(old), *([] if trees else lost)]
        assert any(nx.is_isomorphic(new, one) for one in near)
        assert not trees or nx.is_tree(new)
        steps.add((len(new) - len(old), new.size() - old.size()))
    assert {(1, 1), (0, 0), (-1, -1)} <= steps
    assert {(0, 1), (0, -1)} <= steps or trees


def centred(tree):
    """A tree's brackets, one pair a vertex, rooted in a centre; equal exactly for isomorphic trees."""

    def brackets(v, parent):
        return f"({''.join(sorted(brackets(w, v) for w in tree[v] if w != parent))})"

    return min(brackets(v, None) for v in nx.center(tree))


def test_all_small_trees_are_reached():
    """From a path: all trees on at most seven vertices, 1 + 2 + 3 + 6 + 11 of them up to isomorphism."""
    count, most = 100, 7
    adjacency, order = np.zeros((count, most, most), np.uint8), np.full(count, 3)
    adjacency[:, :3, :3] = nx.to_numpy_array(nx.path_graph(3))
    seen, shapes = set(), set()
    for step in range(600):
        mutate_grown(adjacency, order, np.arange(count), 3, True, Streams.of(0, count, step).words())
        for graph, k in zip(adjacency, order, strict=True):
            tree = graph[:k, :k]
            if (k, tree.tobytes()) not in seen:
                seen.add((k, tree.tobytes()))
                shapes.add(centred(as_graph(tree)))
    assert [sum(len(form) == 2 * k for form in shapes) for k in range(3, 8)] == [1, 2, 3, 6, 11]


def test_growth_in_a_kernel_touches_only_its_rows():
    """Leaf, subdivision and edge by hand, on three of five rows."""
    adjacency, order = np.zeros((5, 4, 4), np.uint8), np.full(5, 3)
    adjacency[:, :3, :3] = nx.to_numpy_array(nx.path_graph(3))
    path = adjacency[0].copy()
    grow(adjacency, order, np.array([1, 2, 4]), np.array([0, 4 + 0, 4 + 1]))  # at 0; on 01; the pair 02
    assert order.tolist() == [3, 4, 4, 3, 3]
    assert sorted(as_graph(adjacency[1]).edges) == [(0, 1), (0, 3), (1, 2)]
    assert sorted(as_graph(adjacency[2]).edges) == [(0, 3), (1, 2), (1, 3)]
    assert sorted(as_graph(adjacency[4, :3, :3]).edges) == [(0, 1), (0, 2), (1, 2)]
    assert np.array_equal(adjacency[0], path)
    assert np.array_equal(adjacency[3], path)
