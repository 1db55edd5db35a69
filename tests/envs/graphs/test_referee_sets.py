"""The referee's witnesses of largest and smallest sets: it accepts what exact/ encloses and refuses what is false."""

from __future__ import annotations

import ast
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

import mathrl.envs.graphs.referee as package
from mathrl.envs.graphs.arithmetic import Undefined
from mathrl.envs.graphs.exact import flows, sets
from mathrl.envs.graphs.exact.matchings import matching_number
from mathrl.envs.graphs.referee.graphs import Refused
from mathrl.envs.graphs.referee.sets import WITNESSED

FACES: dict[str, Any] = {
    name: matching_number if name == "matching_number" else getattr(sets, name, None) or getattr(flows, name)
    for name in WITNESSED
}
MALFORMED = (Refused, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # what main() calls refused


def small_graphs() -> list[nx.Graph]:
    """All graphs on 2 to 6 vertices up to isomorphism, and some on 7 to 12."""
    atlas = [graph for graph in nx.graph_atlas_g() if 2 <= len(graph) <= 6]
    return atlas + [nx.gnp_random_graph(7 + i % 6, 0.2 + 0.05 * (i % 9), seed=i) for i in range(30)]


def lists(graph: nx.Graph) -> list[list[int]]:
    return [sorted(graph[v]) for v in range(len(graph))]


def accepts(name: str, graph: list[list[int]], interval: tuple[Any, Any], witness: Any) -> bool:
    low, high = (Fraction(str(end)) for end in interval)
    try:
        return bool(WITNESSED[name]([set(row) for row in graph], (low, high), witness, None))
    except MALFORMED:
        return False


def without_second_proof(name: str, witness: dict[str, Any]) -> dict[str, Any]:
    """The same set, with the other side left to an exhaustive search."""
    second = {"cover", "colouring", "cliques", "packing"} | ({"barrier"} if name == "path_cover" else set())
    return {key: None if key in second else part for key, part in witness.items()}


@pytest.mark.parametrize("name", WITNESSED)
def test_what_exact_encloses_is_accepted_and_nothing_else(name: str) -> None:
    """Of the intervals around the value only the true one passes, with and without the second half of the witness."""
    for graph in small_graphs():
        try:
            found = FACES[name].enclose(lists(graph), 64)
        except Undefined:
            continue
        stored = json.loads(json.dumps(found.witness))
        for witness in (stored, without_second_proof(name, stored)):
            assert accepts(name, lists(graph), (found.lo, found.hi), witness)
            assert not accepts(name, lists(graph), (found.lo + 1, found.hi + 1), witness)
            assert not accepts(name, lists(graph), (found.lo - 1, found.hi - 1), witness)
            assert not accepts(name, lists(graph), (found.lo, found.hi), {**witness, "more": None})


@pytest.mark.parametrize("name", sorted(WITNESSED.keys() - {"matching_number"}))
def test_a_set_that_is_not_best_does_not_pass_for_the_value(name: str) -> None:
    """Worse witnesses, made by hand, with the intervals that they would prove if nothing better existed."""
    graph = lists(nx.cycle_graph(5))
    graph[0], graph[2] = [1, 2, 4], [0, 1, 3]  # a triangle 0, 1, 2 and a square 0, 2, 3, 4
    worse: dict[str, tuple[int, dict[str, Any]]] = {
        "independence_number": (1, {"set": [0], "cover": None}),
        "clique_number": (2, {"set": [0, 1], "colouring": None}),
        "vertex_cover_number": (4, {"set": [0, 1, 2, 3], "cliques": None}),
        "domination_number": (3, {"set": [0, 1, 3], "packing": None}),
        "largest_induced_bipartite": (3, {"parts": [[0, 3], [4]]}),
        "largest_induced_forest": (3, {"set": [0, 4, 3]}),
        "max_leaf": (2, {"tree": [[0, 1], [1, 2], [2, 3], [3, 4]]}),
        "path_cover": (2, {"paths": [[0, 1, 2], [3, 4]], "barrier": None}),
        "vertex_connectivity": (3, {"cut": [0, 2, 3]}),
        "edge_connectivity": (3, {"cut": [[0, 2], [0, 4], [2, 3]]}),
    }
    value, witness = worse[name]
    assert FACES[name].enclose(graph, 64).lo != value
    assert not accepts(name, graph, (value, value), witness)


@pytest.mark.parametrize("name", WITNESSED)
def test_the_referee_and_exact_accept_the_same_mutations(name: str) -> None:
    """A vertex exchanged, dropped or doubled anywhere: both say the same, and a false interval never passes."""
    compared = 0
    for graph in (nx.petersen_graph(), nx.gnp_random_graph(8, 0.35, seed=4), nx.path_graph(6)):
        if name == "max_leaf" and not nx.is_connected(graph):
            continue
        rows = lists(graph)
        found = FACES[name].enclose(rows, 64)
        for witness in exchanges(found.witness, len(rows)):
            ours, theirs = holds(name, rows, found, witness), accepts(name, rows, (found.lo, found.hi), witness)
            assert ours == theirs, witness
            assert not accepts(name, rows, (found.lo + 1, found.hi + 1), witness)
            compared += 1
    assert compared > 20


def exchanges(part: Any, n: int) -> list[Any]:
    if isinstance(part, dict):
        return [{**part, key: new} for key, one in part.items() for new in exchanges(one, n)]
    if isinstance(part, list):
        dropped = [part[:i] + part[i + 1 :] for i in range(len(part))]
        changed = [[*part[:i], new, *part[i + 1 :]] for i, one in enumerate(part) for new in exchanges(one, n)]
        return [*dropped, *changed, part + part[:1], None] if part else [[0], [[0, 1]], None]
    if isinstance(part, int):
        return [*(v for v in range(-1, n + 1) if v != part), True, float(part), None]
    return [[], [0], 0]


def holds(name: str, graph: list[list[int]], found: Any, witness: Any) -> bool:
    from mathrl.errors import MathrlError

    try:
        return bool(FACES[name].check(graph, (found.lo, found.hi), witness))
    except MathrlError:
        return False


def test_the_referee_needs_only_the_standard_library_and_has_unique_names() -> None:
    """Its modules are joined into one script: no import from outside, no top-level name twice."""
    names: list[str] = []
    for file in sorted(Path(str(package.__file__)).parent.glob("*.py")):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.Import):
                assert all(one.name.split(".")[0] in sys.stdlib_module_names for one in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 1 or node.module in sys.stdlib_module_names or node.module == "collections.abc"
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.append(node.name)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names += [target.id for target in targets if isinstance(target, ast.Name)]
    assert len(set(names)) == len(names), sorted(name for name in set(names) if names.count(name) > 1)
