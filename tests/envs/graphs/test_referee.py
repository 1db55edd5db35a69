"""The exported script runs with the standard library alone, accepts what is true and refuses what is not."""

from __future__ import annotations

import ast
import json
import math
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import networkx as nx
import pytest

from mathrl.envs.graphs.arithmetic import Undefined
from mathrl.envs.graphs.classes import CLASSES
from mathrl.envs.graphs.export import EXPORTS, referee_source, sage_of, to_check, to_g6, to_sage, widened
from mathrl.envs.graphs.formulas import FUNCTIONS
from mathrl.envs.graphs.invariants import find, invariants
from mathrl.envs.graphs.referee import arithmetic, classes, counting, formula, graphs, script, sets, spectra
from mathrl.envs.graphs.verify import certify
from mathrl.errors import MathrlError

ENTRY = json.loads((Path(__file__).parents[2] / "data/graphs/wagner-2.1.json").read_text())
HIT = ENTRY["counterexamples"][1]
RECORD = {"env": "graphs", "reward": "wagner-2.1", "value": HIT["score"], "solution": {"graph6": HIT["graph6"]}}


def run(script, folder):
    file = folder / "check.py"
    file.write_text(script)
    return subprocess.run([sys.executable, "-I", str(file)], capture_output=True, text=True, check=False)


def graph6(graph):
    return nx.to_graph6_bytes(graph, header=False).decode().strip()


def test_the_script_checks_the_counterexample(tmp_path):
    done = run(to_check(RECORD), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        done.stdout.splitlines()[-1]
        == "the claim lambda1 + matching_number >= sqrt(n - 1) + 1 fails for this graph: checked"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'above_lower': 1", "'above_lower': 2"),
        ("[0, 6]", "[0, 2]"),
        (HIT["graph6"], "R" + HIT["graph6"][1:-1] + "C"),
        ("0.0803", "0.0903"),
        ("'positive'", "4"),
        ("'witness'", "'wit'"),
    ],
)
def test_an_altered_script_refuses(old, new, tmp_path):
    script = to_check(RECORD)
    start = script.index("CERTIFICATE: ")
    assert old in script[start:]
    done = run(script[:start] + script[start:].replace(old, new, 1), tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("refused: ")


def test_the_script_is_one_file_of_the_standard_library():
    tree = ast.parse(referee_source())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = [node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imports]
    assert {module.partition(".")[0] for module in modules} <= sys.stdlib_module_names
    assert len(set(modules)) == len(modules)
    assert not any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    defined += [target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    defined += [node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)]
    twice = {name for name in defined if defined.count(name) > 1}
    assert all(source_of(name) == 1 for name in twice), twice


def source_of(name):
    """The number of different definitions of a name in the modules (Graph = .. may stand in two)."""
    parts = (arithmetic, classes, counting, formula, graphs, script, sets, spectra)
    return len({repr(getattr(part, name)) for part in parts if hasattr(part, name)})


def test_false_values_and_unprovable_ones_are_not_exported(tmp_path):
    with pytest.raises(MathrlError, match="cannot check"):
        to_check(RECORD | {"value": 0.09})
    with pytest.raises(MathrlError, match="finite value"):
        to_check(RECORD | {"value": None})
    with pytest.raises(MathrlError, match="not rational"):
        to_check(RECORD | {"reward": "2**lambda1 <= 1", "value": 2**10**0.5 - 1})


def test_the_package_s_own_copy_holds_no_certificate(tmp_path):
    assert run(referee_source(), tmp_path).returncode == 1


def test_names_are_those_of_the_invariants():
    known = counting.COUNTED.keys() | sets.WITNESSED.keys() | spectra.SPECTRA.keys() | spectra.SUMS.keys()
    assert known == invariants().keys()
    assert {name for name, one in invariants().items() if one.indexed} == set(formula.INDEXED)
    assert classes.CLASS_TESTS.keys() | {"any"} == CLASSES.keys()
    assert arithmetic.FUNCTIONS.keys() == FUNCTIONS.keys()


def test_recounts_agree_with_the_enclosures():
    for seed in range(40):
        graph = nx.gnp_random_graph(2 + seed % 9, 0.5, seed=seed)
        rows, neighbours = [sorted(graph[v]) for v in graph], graphs.decode(graph6(graph))
        assert [sorted(row) for row in neighbours] == rows
        for name, count in counting.COUNTED.items():
            one = find(name)
            for k in (1, 2, 3) if one.indexed else (None,):
                if nx.is_connected(graph) or not one.connected_only:
                    try:
                        value = one.face.enclose(rows, 64, k).lo
                    except Undefined:
                        continue
                    assert Fraction(count(neighbours, k)) == Fraction(str(value)), name


@pytest.mark.parametrize(
    "text",
    [
        "tree, n >= 3: lambda1*cos(pi/n) + n**(1/3) + mu**2 - abs(1-n) % 4 <= (floor(lambda1) if n % 2 == 1 else 1)",
        "connected, n >= 3 & m < 50: min(lambda1, mu, 3) + max(1, sin(lambda1)) + ceil(lambda1) < -(2**-3) + density",
        "maximise: Delta - delta + diameter / average_degree",
        "maximise: tree: cos(100*lambda1) - sin(-mu)*pi**2",
        "triangle_number >= 0",
        "mu > 2",
        "-lambda1 <= -3",
        "connected & bipartite & planar, girth >= 20: max_edge(du + sqrt(au*av)) <= mean_vertex(a) - min_vertex(d/a)",
        "sum_index(adjacency_eigenvalue(k)**2, 1, min(4, positive_eigenvalues)) <= sum_edge(1/(du - dv))",
        "max_index(laplacian_sum(k) - k*(k+1)/2, 1, 3) + adjacency_eigenvalue(floor(sqrt(10))) <= cliques(2)/0.7",
        "any: sum_vertex(sqrt(d - 2)) + max_vertex(1/(d - 2)) > (n if m == 18 else girth)",
    ],
)
def test_the_referee_and_the_verifier_agree(text):
    certificate = widened(certify(HIT["graph6"], text))
    low, high = map(Fraction, certificate["score"])
    assert script.check({"value": float((low + high) / 2), "certificate": certificate})
    with pytest.raises(script.Refused):
        script.check({"value": float(high) + 1e-6, "certificate": certificate})


def test_intervals_of_functions_contain_the_truth():
    rng = random.Random(3)
    for _ in range(200):
        x = Fraction(rng.randint(-500, 500), rng.randint(1, 30))
        low, high = arithmetic.circular((x, x), rng.randint(0, 1), 80)
        assert high - low < Fraction(1, 2**70)
    for x in (0.5, 3.0, -7.25, 100.0):
        for start, function in ((0, math.cos), (1, math.sin)):
            low, high = arithmetic.circular((Fraction(x), Fraction(x)), start, 80)
            assert low - Fraction(1, 10**12) <= Fraction(function(x)) <= high + Fraction(1, 10**12)
    low, high = arithmetic.pi(100)
    assert low < Fraction("3.14159265358979323846264338327951") < high
    assert arithmetic.root((Fraction(2), Fraction(4)), 2, 10) == (Fraction(1448, 1024), Fraction(2))
    assert arithmetic.root((Fraction(27), Fraction(27)), 3, 10) == (3, 3)


def test_other_exports():
    assert to_g6(RECORD) == HIT["graph6"] + "\n"
    sage = to_sage(RECORD)
    assert f"G = Graph({HIT['graph6']!r})" in sage
    assert "G.spectrum()[0]" in sage
    assert sage_of("adjacency_eigenvalue(3)") == "G.spectrum()[3-1]"
    compile(to_sage(RECORD | {"reward": "laplacian_sum(2) + cliques(floor(lambda1)) <= 1"}), "sage", "exec")
    compile(sage, "sage", "exec")
    assert EXPORTS.keys() == {"g6", "sage", "dot", "tikz", "check"}
    with pytest.raises(MathrlError):
        to_g6({"solution": {"graph6": "R"}})
