"""The table of invariants: every entry against independent reference values, and how its names are read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from mathrl.envs.graphs.batch import GraphBatch
from mathrl.envs.graphs.graph6 import decode
from mathrl.envs.graphs.invariants import Invariant, find, invariants
from mathrl.errors import MathrlError

SCORES = Path(__file__).parents[2] / "data" / "graphs" / "scores.jsonl"
RECORDS: list[dict[str, Any]] = [json.loads(line) for line in SCORES.read_text().splitlines()]

IN_FILE = [name for name in invariants() if any(name in record for record in RECORDS)]
INTEGERS = {name for name in IN_FILE if all(isinstance(record.get(name, 0), int) for record in RECORDS)}


def graphs_with(field: str) -> list[dict[str, Any]]:
    """The records of the reference file that have a field."""
    return [record for record in RECORDS if field in record]


def tree_parents(adjacency: NDArray[np.uint8]) -> NDArray[np.int16]:
    """A parent array of a tree, breadth first from vertex 0: int16[1, n]."""
    tree = nx.from_numpy_array(adjacency)
    place = {v: i for i, v in enumerate([0, *(child for _, child in nx.bfs_edges(tree, 0))])}
    return np.array([[0] + [min(place[w] for w in tree[v]) for v in list(place)[1:]]], np.int16)


@pytest.mark.parametrize("name", IN_FILE)
def test_every_entry_equals_its_reference(name: str) -> None:
    """To 1e-9 for reals and exactly for integers, from adjacency matrices and, for trees, from parent arrays."""
    assert len(graphs_with(name)) >= 28
    for record in graphs_with(name):
        adjacency = decode(record["graph6"])
        batches = [GraphBatch(adjacency=adjacency[None])]
        if record["is_tree"]:
            batches.append(GraphBatch(parents=tree_parents(adjacency)))
        for batch in batches:
            value = batch.value(name)
            assert value.dtype == np.float64
            assert value.shape == (1,)
            assert value[0] == (record[name] if name in INTEGERS else pytest.approx(record[name], abs=1e-9))


@pytest.mark.parametrize("record", graphs_with("transmissions"), ids=lambda record: record["id"])
def test_what_the_file_has_under_other_names(record: dict[str, Any]) -> None:
    """Distance eigenvalues (relative to their size, as LAPACK's error is) and what transmissions say."""
    batch, n = GraphBatch(adjacency=decode(record["graph6"])[None]), record["n"]
    for k, expected in enumerate(record["distance_spectrum"], 1):
        found = batch.value("distance_eigenvalue", np.array([k]))[0]
        assert found == pytest.approx(expected, abs=1e-9 * max(1.0, record["distance_spectrum"][0]))
    sums = record["transmissions"]
    assert batch.value("min_transmission")[0] == sums[0]
    assert batch.value("max_transmission")[0] == sums[-1]
    assert batch.value("distinct_transmissions")[0] == len(set(sums))
    assert batch.value("average_distance")[0] == pytest.approx(sum(sums) / (n * (n - 1)), abs=1e-12)


@pytest.mark.parametrize("record", graphs_with("adjacency_charpoly"), ids=lambda record: record["id"])
def test_peaks_follow_from_the_polynomials_in_the_file(record: dict[str, Any]) -> None:
    """Also for the graphs that are no trees, which have no peaks in the file; and c_0 says whether A is singular."""
    batch = GraphBatch(adjacency=decode(record["graph6"])[None])
    coefficients = [abs(int(c)) for c in record["adjacency_charpoly"]]
    nonzero = [c for c in coefficients if c]
    assert batch.value("adjacency_nonzero")[0] == len(nonzero)
    assert batch.value("adjacency_peak")[0] == 1 + nonzero.index(max(nonzero))
    assert batch.value("nullity")[0] == next(j for j, c in enumerate(coefficients) if c)
    assert batch.belongs("nonsingular")[0] == (coefficients[0] != 0)
    assert batch.belongs("tree")[0] == record["is_tree"]
    assert batch.belongs("connected")[0] == record["connected"]


@pytest.mark.parametrize("invariant", invariants().values(), ids=lambda invariant: invariant.name)
def test_disconnected_graphs_are_undefined_exactly_where_the_table_says(invariant: Invariant) -> None:
    """Two disjoint triangles: NaN for distances, a number for the rest."""
    graph = nx.disjoint_union(nx.complete_graph(3), nx.complete_graph(3))
    batch = GraphBatch(adjacency=nx.to_numpy_array(graph, dtype=np.uint8)[None])
    index = np.array([1]) if invariant.indexed else None
    assert np.isnan(batch.value(invariant.name, index)[0]) == invariant.connected_only


@pytest.mark.parametrize("invariant", invariants().values(), ids=lambda invariant: invariant.name)
def test_every_entry_says_what_it_is(invariant: Invariant) -> None:
    """A sentence without full stop, a source, and kernels that exist."""
    assert invariant.sentence
    assert not invariant.sentence.endswith(".")
    assert invariant.source
    if invariant.tree_kernel is None:
        with pytest.raises(MathrlError, match="no kernel for parent arrays"):
            invariant.of_trees(np.zeros((1, 2), np.int16))


@pytest.mark.parametrize("invariant", invariants().values(), ids=lambda invariant: invariant.name)
@pytest.mark.parametrize("shape", [(0, 5), (2, 1), (2, 2)])
def test_every_entry_takes_the_smallest_batches(invariant: Invariant, shape: tuple[int, int]) -> None:
    """No graphs at all, one vertex, two vertices with and without an edge: values of the right shape, no warning."""
    count, n = shape
    adjacency = np.zeros((count, n, n), np.uint8)
    if n == 2:
        adjacency[0] = [[0, 1], [1, 0]]
    index = np.ones(count, np.int64) if invariant.indexed else None
    value = GraphBatch(adjacency=adjacency).value(invariant.name, index)
    assert value.shape == (count,)
    assert value.dtype == np.float64


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("n", "n"),
        ("order", "n"),
        ("size", "m"),
        ("Delta", "maximum_degree"),
        ("delta", "minimum_degree"),
        ("mu", "matching_number"),
        ("matching-number", "matching_number"),
        (" maximum-degree ", "maximum_degree"),
    ],
)
def test_find_knows_names_and_aliases(word: str, name: str) -> None:
    """Case matters, dashes do not."""
    assert find(word) is invariants()[name]


def test_find_names_the_nearest_invariant() -> None:
    """An unknown word is a sentence with a suggestion and where to look."""
    with pytest.raises(MathrlError, match="'lamda1' is not an invariant of graphs; did you mean 'lambda1'") as error:
        find("lamda1")
    assert f"mathrl list invariants graphs shows all {len(invariants())}" in str(error.value)


def test_names_and_aliases_are_unambiguous() -> None:
    """No word means two invariants."""
    words = [word for invariant in invariants().values() for word in (invariant.name, *invariant.aliases)]
    assert len(words) == len(set(words))


def test_importing_the_table_is_cheap() -> None:
    """`mathrl list` reads the table without loading numba or networkx."""
    code = "import sys, mathrl.envs.graphs.invariants; print(*({'numba', 'networkx', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
