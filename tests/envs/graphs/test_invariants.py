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

from mathrl.envs.graphs.batch import GraphBatch
from mathrl.envs.graphs.graph6 import decode
from mathrl.envs.graphs.invariants import INVARIANTS, Invariant, find
from mathrl.errors import MathrlError

SCORES = Path(__file__).parents[2] / "data" / "graphs" / "scores.jsonl"
RECORDS: list[dict[str, Any]] = [json.loads(line) for line in SCORES.read_text().splitlines()]

TWINS = {  # what the reference file does not have, by definition
    "average_degree": lambda graph: 2 * graph.number_of_edges() / len(graph),
    "density": nx.density,
    "triangle_number": lambda graph: sum(nx.triangles(graph).values()) / 3,
}


@pytest.mark.parametrize("invariant", INVARIANTS.values(), ids=lambda invariant: invariant.name)
def test_every_entry_equals_its_reference(invariant: Invariant) -> None:
    """To 1e-9 for reals and exactly for integers, by the kernel and, on trees, by the tree kernel's batch too."""
    compared = 0
    for record in RECORDS:
        adjacency = decode(record["graph6"])
        expected = record.get(invariant.name)
        if invariant.name in TWINS:
            expected = TWINS[invariant.name](nx.from_numpy_array(adjacency))
        if expected is None:
            continue
        compared += 1
        value = GraphBatch(adjacency=adjacency[None]).value(invariant.name)
        assert value.dtype == np.float64
        assert value.shape == (1,)
        assert value[0] == (pytest.approx(expected, abs=1e-9) if invariant.kind in "QS" else expected)
    assert compared >= 60


@pytest.mark.parametrize("invariant", INVARIANTS.values(), ids=lambda invariant: invariant.name)
def test_disconnected_graphs_are_undefined_exactly_where_the_table_says(invariant: Invariant) -> None:
    """Two disjoint edges: NaN for distances, a number for the rest."""
    graph = nx.to_numpy_array(nx.Graph([(0, 1), (2, 3)]), dtype=np.uint8)[None]
    assert np.isnan(invariant.of_graphs(graph)[0]) == (invariant.disconnected == "undef")


@pytest.mark.parametrize("invariant", INVARIANTS.values(), ids=lambda invariant: invariant.name)
def test_every_entry_says_what_it_is(invariant: Invariant) -> None:
    """A sentence without full stop, a source, and kernels that exist."""
    assert invariant.sentence
    assert not invariant.sentence.endswith(".")
    assert invariant.source
    if invariant.tree_kernel is None:
        with pytest.raises(MathrlError, match="no kernel for parent arrays"):
            invariant.of_trees(np.zeros((1, 2), np.int16))


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
    assert find(word) is INVARIANTS[name]


def test_find_names_the_nearest_invariant() -> None:
    """An unknown word is a sentence with a suggestion and where to look."""
    with pytest.raises(MathrlError, match="'lamda1' is not an invariant of graphs; did you mean 'lambda1'") as error:
        find("lamda1")
    assert f"mathrl list invariants graphs shows all {len(INVARIANTS)}" in str(error.value)


def test_names_and_aliases_are_unambiguous() -> None:
    """No word means two invariants."""
    words = [word for invariant in INVARIANTS.values() for word in (invariant.name, *invariant.aliases)]
    assert len(words) == len(set(words))


def test_importing_the_table_is_cheap() -> None:
    """`mathrl list` reads the table without loading numba or networkx."""
    code = "import sys, mathrl.envs.graphs.invariants; print(*({'numba', 'networkx', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
