"""Everything of an order, scored: counts of the OEIS, the best by networkx' atlas, and the sentence at the end."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

import mathrl


def listed(make, most=None, **knobs):
    """All finite scores, the solution of the largest, and all sentences."""
    env = make("graphs", 1, **knobs)
    scores, best, sentences = [], None, []
    for values, solution, sentence in env.everything(most):
        assert not np.isnan(values).any()
        if sentence:
            sentences.append(sentence)
        else:
            scores += values.tolist()
        if len(values):
            one = solution(int(values.argmax()))
            assert one.value == values.max()
            if best is None or one.value >= best.value:
                best = one
    assert env.meter.evaluations == len(scores)
    return scores, best, sentences


CONNECTED = [1, 2, 6, 21, 112, 853]  # on 2, 3, .. vertices, OEIS A001349
GRAPHS = [2, 4, 11, 34, 156, 1044]  # A000088
TREES = [1, 1, 2, 3, 6, 11, 23, 47, 106]  # A000055


@pytest.mark.parametrize("n", range(2, 8))
def test_all_graphs_of_an_order(make, n):
    """Each isomorphism class once; disconnected ones unless the class excludes them; trees where only they count."""
    for kind, expected in (("connected", CONNECTED), ("any", GRAPHS), ("tree", TREES)):
        scores, best, sentences = listed(make, n=n, reward=f"{kind}: maximise: m")
        assert len(scores) == expected[n - 2]
        assert best.value == best.bound == (n - 1 if kind == "tree" else n * (n - 1) / 2)
        assert best.optimal
        assert len(sentences) == 1
        assert sentences[0].endswith(f"on {n} vertices: the largest value is {best.value:g}")
        assert sentences[0].startswith(f"all {expected[n - 2]:,} ")


def test_the_best_of_the_atlas(make):
    """All graphs on six vertices have the values of triangle_number - 2 m that those of networkx' atlas have."""
    scores, best, _ = listed(make, n=6, reward="maximise: triangle_number - 2*m")
    atlas = [graph for graph in nx.graph_atlas_g() if len(graph) == 6]
    expected = [sum(nx.triangles(graph).values()) // 3 - 2 * graph.size() for graph in atlas]
    assert sorted(scores) == sorted(expected)
    assert best.value == max(expected)


@pytest.mark.parametrize(
    ("knobs", "count"),
    [
        ({"n": 9, "moves": "tree"}, 47),
        ({"n": 9, "moves": "branch"}, 47),
        ({"n": 6, "moves": "flip"}, 112),
        ({"n": 6, "moves": "grow"}, sum(CONNECTED[:5])),  # of all orders up to env.n
        ({"n": 6, "moves": "grow", "mode": "tree"}, sum(TREES[:5])),
    ],
)
def test_moves_say_what_is_listed(make, knobs, count):
    """Moves that make only trees list trees; growth lists all orders."""
    scores, best, _ = listed(make, reward="connected: maximise: m", **knobs)
    assert len(scores) == count
    assert best.optimal


def test_a_list_without_an_end_is_never_optimal(make):
    """Where the problem has no order, the orders up to `most` are listed, a sentence each, and nothing is claimed."""
    scores, best, sentences = listed(make, 5, reward="connected: maximise: m")
    assert len(scores) == sum(CONNECTED[:4])
    assert not best.optimal
    assert best.bound is None
    assert len(sentences) == 4
    assert sentences[-1] == "all 30 connected graphs on 2 to 5 vertices: the largest value is 10"


def test_conjectures_are_counted(make):
    """How many graphs violate, from the least order of the conjecture on; equality is no violation."""
    _, best, sentences = listed(make, 6, reward="n >= 4, connected: m <= n + 2")
    assert best.value > 0
    violating = [graph for graph in nx.graph_atlas_g() if 4 <= len(graph) <= 6 and nx.is_connected(graph)]
    violating = [graph for graph in violating if graph.size() > len(graph) + 2]
    assert sentences[-1].endswith(f": {len(violating)} violate the conjecture")
    _, best, sentences = listed(make, n=8, moves="tree", reward="amcs-5")
    assert best.value == 0  # an equality
    assert sentences == ["all 23 trees on 8 vertices: none violates the conjecture"]


def test_large_orders_are_refused(make):
    """Graphs on more than nine vertices are too many; trees are not."""
    with pytest.raises(mathrl.MathrlError, match="9 vertices"):
        next(make("graphs", 1, n=10, reward="maximise: m").everything())
    assert len(next(make("graphs", 1, n=10, moves="tree", reward="maximise: m").everything())[0]) == 106
