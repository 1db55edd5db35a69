"""Largest and smallest sets of vertices: every kernel equals the search through all subsets on small graphs."""

from __future__ import annotations

from itertools import combinations, pairwise, permutations
from math import comb

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from mathrl.envs.graphs.kernels import cliques, forests, layouts, sets
from mathrl.errors import MathrlError


@pytest.fixture
def rng() -> np.random.Generator:
    """The randomness of one test."""
    return np.random.default_rng(20260102)


def random_graphs(rng: np.random.Generator, count: int, n: int) -> list[nx.Graph]:
    """Graphs of all densities, the empty and the complete one first."""
    densities = [0.0, 1.0, *rng.choice([0.15, 0.3, 0.5, 0.7, 0.9], size=count - 2)]
    return [nx.gnp_random_graph(n, p, seed=int(rng.integers(1 << 30))) for p in densities]


def matrices(graphs: list[nx.Graph]) -> NDArray[np.uint8]:
    """Graphs of one order as adjacency matrices uint8[B, n, n]."""
    return np.array([nx.to_numpy_array(graph, dtype=np.uint8) for graph in graphs])


def subsets(graph: nx.Graph) -> list[tuple[int, ...]]:
    """All sets of vertices, small ones first."""
    return [some for k in range(len(graph) + 1) for some in combinations(graph, k)]


def independent(graph: nx.Graph, some: tuple[int, ...]) -> bool:
    """Whether no two of these vertices are adjacent."""
    return not graph.subgraph(some).number_of_edges()


def largest_independent(graph: nx.Graph) -> int:
    """The independence number by trying all subsets."""
    return max(len(some) for some in subsets(graph) if independent(graph, some))


def is_forest(graph: nx.Graph) -> bool:
    """Whether there is no cycle; the graph without vertices has none."""
    return len(graph) == 0 or nx.is_forest(graph)


def most_leaves(graph: nx.Graph) -> float:
    """The most leaves of a spanning tree: all vertices but a least connected dominating set of a larger graph."""
    if len(graph) == 1 or not nx.is_connected(graph):
        return np.nan
    spanning = (tree for tree in combinations(graph.edges, len(graph) - 1) if nx.is_tree(nx.Graph(tree)))
    return max(sum(d == 1 for _, d in tree.degree) for tree in map(nx.Graph, spanning) if len(tree) == len(graph))


def fewest_paths(graph: nx.Graph) -> int:
    """The fewest paths that cover all vertices: the fewest gaps in any order of the vertices, plus 1."""
    return 1 + min(sum(not graph.has_edge(u, v) for u, v in pairwise(order)) for order in permutations(graph))


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_sets_equal_the_search_through_all_subsets(rng: np.random.Generator, n: int) -> None:
    """Independence, cliques, covers, domination, induced bipartite graphs and forests, local independence."""
    graphs = random_graphs(rng, 40, n)
    adjacency = matrices(graphs)
    alpha = [largest_independent(graph) for graph in graphs]
    assert sets.independence_number(adjacency).tolist() == alpha
    assert sets.vertex_cover_number(adjacency).tolist() == [n - a for a in alpha]
    assert sets.clique_number(adjacency).tolist() == [largest_independent(nx.complement(graph)) for graph in graphs]
    for b, graph in enumerate(graphs):
        every = subsets(graph)
        dominating = min(len(some) for some in every if nx.is_dominating_set(graph, some))
        assert sets.domination_number(adjacency)[b] == dominating
        bipartite = max(len(some) for some in every if nx.is_bipartite(graph.subgraph(some)))
        assert sets.largest_induced_bipartite(adjacency)[b] == bipartite
        forest = max(len(some) for some in every if is_forest(graph.subgraph(some)))
        assert sets.largest_induced_forest(adjacency)[b] == forest
        local = [largest_independent(graph.subgraph(graph.neighbors(v))) for v in graph]
        assert sets.mean_local_independence(adjacency)[b] == pytest.approx(np.mean(local), abs=1e-14)
        assert sets.max_local_independence(adjacency)[b] == max(local)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6])
def test_spanning_trees_and_path_covers_equal_the_search_through_all(rng: np.random.Generator, n: int) -> None:
    """All spanning trees, and all orders of the vertices."""
    graphs = random_graphs(rng, 25, n)
    np.testing.assert_array_equal(sets.max_leaf(matrices(graphs)), [most_leaves(graph) for graph in graphs])
    assert sets.path_cover(matrices(graphs)).tolist() == [fewest_paths(graph) for graph in graphs]


def least_connected_dominating_set(graph: nx.Graph) -> int:
    """Its order, by trying all sets."""
    return next(
        len(some)
        for some in subsets(graph)
        if some and nx.is_dominating_set(graph, some) and nx.is_connected(graph.subgraph(some))
    )


def longest_forest_of_paths(matrix: NDArray[np.uint8]) -> int:
    """The fewest paths, by the recursion over subsets: the ends of covers by as few paths as possible."""
    n = len(matrix)
    paths, ends = np.zeros(1 << n, int), np.zeros(1 << n, int)
    rows = [int(sum(1 << w for w in np.flatnonzero(row))) for row in matrix]
    for some in range(1, 1 << n):
        options = [(paths[some ^ 1 << v] + (ends[some ^ 1 << v] & rows[v] == 0), v) for v in range(n) if some >> v & 1]
        paths[some] = min(options)[0]
        ends[some] = sum(1 << v for count, v in options if count == paths[some])
    return int(paths[-1])


def test_larger_graphs_need_branching(rng: np.random.Generator) -> None:
    """11 vertices: leaves by connected dominating sets, path covers by dynamic programming over subsets."""
    graphs = [graph for graph in random_graphs(rng, 40, 11) if nx.is_connected(graph)]
    assert len(graphs) > 15
    assert sets.max_leaf(matrices(graphs)).tolist() == [11 - least_connected_dominating_set(graph) for graph in graphs]
    for graph in [*random_graphs(rng, 8, 11), nx.petersen_graph(), nx.complete_bipartite_graph(3, 8)]:
        adjacency = matrices([graph])
        assert sets.path_cover(adjacency)[0] == longest_forest_of_paths(adjacency[0])


@pytest.mark.parametrize("n", [30, 64, 65, 90])
def test_sets_of_more_vertices_than_a_word_has_bits(rng: np.random.Generator, n: int) -> None:
    """Independence and cliques against networkx, domination against integer programming."""
    graphs = [nx.gnp_random_graph(n, p, seed=int(rng.integers(1 << 30))) for p in (0.03, 0.5, 0.9)]
    adjacency = matrices(graphs)
    clique = [max(map(len, nx.find_cliques(graph))) for graph in graphs[:2]]
    assert sets.clique_number(adjacency)[:2].tolist() == clique
    assert sets.independence_number(adjacency)[1:].tolist() == sets.clique_number(complement(adjacency))[1:].tolist()
    dominated = [least_cover(matrix) for matrix in adjacency[::2]]
    assert sets.domination_number(adjacency)[::2].tolist() == dominated


def complement(adjacency: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The complements uint8[B, n, n]."""
    return np.array([nx.to_numpy_array(nx.complement(nx.from_numpy_array(m)), dtype=np.uint8) for m in adjacency])


def least_cover(matrix: NDArray[np.uint8]) -> int:
    """The domination number by integer programming."""
    n = len(matrix)
    closed = LinearConstraint(matrix + np.eye(n), lb=1)
    return round(milp(np.ones(n), integrality=np.ones(n), bounds=Bounds(0, 1), constraints=closed).fun)


@pytest.mark.parametrize("n", [1, 2, 5, 9, 70])
def test_cliques_and_cocliques_are_counted(rng: np.random.Generator, n: int) -> None:
    """Against all k-subsets of small graphs, binomial coefficients of large ones; NaN where k is out of range."""
    graphs = random_graphs(rng, 12, n) if n < 70 else [nx.empty_graph(n), nx.complete_graph(n)]
    adjacency = matrices(graphs)
    for k in range(1, min(n, 5) + 1):
        index = np.full(len(graphs), k)
        if n == 70:
            full, none = comb(n, k), n if k == 1 else 0
            assert cliques.cliques(adjacency, index).tolist() == [none, full]
            assert cliques.cocliques(adjacency, index).tolist() == [full, none]
            continue
        anti = [sum(independent(graph, some) for some in combinations(graph, k)) for graph in graphs]
        assert cliques.cocliques(adjacency, index).tolist() == anti
        assert cliques.cliques(complement(adjacency), index).tolist() == anti
    for k in (0, -1, n + 1):
        assert np.isnan(cliques.cliques(adjacency, np.full(len(graphs), k))).all()


@pytest.mark.parametrize("name", ["largest_induced_forest", "max_leaf", "path_cover"])
def test_searches_in_one_word_say_how_large_a_graph_may_be(name: str) -> None:
    """64 vertices are possible, 65 a sentence."""
    expected = {"largest_induced_forest": 64, "max_leaf": 2, "path_cover": 1}
    assert getattr(sets, name)(matrices([nx.path_graph(64)]))[0] == expected[name]
    with pytest.raises(MathrlError, match=f"{name} of a graph that is not a tree needs at most 64 vertices, not 65"):
        getattr(sets, name)(matrices([nx.path_graph(65)]))


def test_bits_are_counted_and_found(rng: np.random.Generator) -> None:
    """Against Python's integers."""
    for word in [1, 1 << 63, (1 << 64) - 1, *map(int, rng.integers(1, 1 << 63, 50))]:
        assert layouts.population(np.uint64(word)) == word.bit_count()
        assert layouts.lowest(np.uint64(word)) == (word & -word).bit_length() - 1


def test_the_two_core_is_networkx_s(rng: np.random.Generator) -> None:
    """What is left when vertices of degree at most 1 are deleted again and again."""
    for graph in random_graphs(rng, 30, 12):
        rows = layouts.bit_rows(matrices([graph])[0], False)[:, 0]
        core = forests.two_core(rows, np.uint64((1 << 12) - 1))
        assert core == sum(1 << v for v in nx.k_core(graph, 2))
