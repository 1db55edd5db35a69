"""What `refute` is told to run: fitting moves and orders, words that are accepted, and when to end."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import pytest

import mathrl
from mathrl import registry, settings
from mathrl.envs.graphs.config import GraphConfig
from mathrl.envs.graphs.graph6 import encode
from mathrl.envs.graphs.objective import objective
from mathrl.envs.graphs.portfolio import LISTED, WALKS, fits, portfolio

ANY, TREES = "connected: m <= n + 20", "tree: Delta <= 19"


def env_of(stage):
    """The settings of a stage's environment; MathrlError if it does not take them."""
    given = settings.split(stage.words)
    knobs = {name[4:]: value for name, value in given.items() if name.startswith("env.")}
    config = settings.build(GraphConfig, {"reward": ANY, **knobs}, "graphs")
    registry.find_env("graphs").make(1, config)
    kind = registry.find_agent(stage.agent).get()
    settings.build(kind.Config, {k[6:]: v for k, v in given.items() if k.startswith("agent.")}, stage.agent, "agent")
    return config


@pytest.mark.parametrize("n", [None, 2, 3, 5, 7, 8, 14, 15, 19, 60])
@pytest.mark.parametrize("reward", [ANY, TREES])
def test_stages_can_be_run(n, reward):
    """In three rounds: every stage's words are accepted, on the order that was asked for, of moves that can violate."""
    for turn in range(3):
        for stage in portfolio(GraphConfig(reward=reward, n=n, rewards="difference", start="D~{"), turn):
            config = env_of(stage)
            assert n is None or config.n == n
            assert stage.evaluations > 0
            assert reward == ANY or config.moves in ("tree", "branch") or stage.agent == "enumerate"


def test_small_problems_are_listed_and_nothing_else():
    """Where one list is all there is, a second round has no stages."""
    for reward, n in [(ANY, 2), (ANY, LISTED["word"]), (TREES, 2), (TREES, LISTED["tree"])]:
        config = GraphConfig(reward=reward, n=n)
        (stage,) = portfolio(config, 0)
        assert (stage.agent, stage.whole) == ("enumerate", True)
        assert portfolio(config, 1) == []
    for reward, n in [(ANY, LISTED["word"] + 1), (ANY, None), (TREES, LISTED["tree"] + 1), (TREES, None)]:
        config = GraphConfig(reward=reward, n=n)
        assert not any(stage.whole for stage in portfolio(config, 0))
        assert portfolio(config, 1)


def test_rounds_double_their_work():
    """Lists come once, first; walks come again with twice the work, then longer ones."""
    config = GraphConfig(reward=ANY)
    rounds = [[stage for stage in portfolio(config, turn) if stage.agent == "annealing"] for turn in range(3)]
    assert [len(stages) for stages in rounds] == [len(WALKS)] * 3
    for before, after in pairwise(rounds):
        assert [2 * stage.evaluations for stage in before] == [stage.evaluations for stage in after]
    lists = [stage.words for stage in portfolio(config, 0) if stage.agent == "enumerate"]
    expected = [(f"env.moves={moves}", f"agent.most={most}") for moves, most in LISTED.items()]
    assert [words[:2] for words in lists] == expected
    assert [stage.agent for stage in portfolio(config, 0)[:3]] == ["enumerate", "enumerate", "annealing"]
    assert not any(stage.agent == "enumerate" for stage in portfolio(config, 1))


def test_one_order_has_each_kind_of_moves_once():
    """With env.n given, the walks on other orders would repeat each other."""
    stages = portfolio(GraphConfig(reward=ANY, n=30), 0)
    moves = [settings.split(stage.words)["env.moves"] for stage in stages]
    assert sorted(moves) == ["branch", "flip", "grow", "tree"]


def test_fitting_moves():
    """Trees by trees only, nothing below the least order."""
    trees, least = objective(TREES), objective("wagner-2.1")
    assert [moves for moves in ("flip", "grow", "tree", "branch") if fits(trees, moves, 9)] == ["tree", "branch"]
    assert not fits(least, "flip", 3)
    assert fits(least, "flip", 9)


@pytest.mark.parametrize("order", [10, 12, 26, 40])
@pytest.mark.parametrize("reward", [ANY, TREES])
def test_after_a_find_smaller_orders_are_tried(reward, order):
    """Each stage is on fewer vertices than the find, and one of them just below; with env.n given there is none."""
    graph = nx.to_numpy_array(nx.path_graph(order), dtype="uint8")
    found = mathrl.Solution("graphs", reward, 1.0, {"graph6": encode(graph)})
    stages = portfolio(GraphConfig(reward=reward), 0)[-1].smaller(found)
    configs = [env_of(stage) for stage in stages]
    assert max(config.n for config in configs) == order - 1
    assert all(fits(objective(reward), config.moves, config.n) for config in configs)
    assert portfolio(GraphConfig(reward=reward, n=order + 10), 0)[-1].smaller(found) == []
