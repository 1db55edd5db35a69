"""The exported script runs with the standard library alone, accepts what is true and refuses what is not."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import networkx as nx
import pytest

from mathrl.envs.graphs import referee
from mathrl.envs.graphs.enclosures import characteristic_polynomial, enclose
from mathrl.envs.graphs.export import EXPORTS, SAGE, to_check, to_g6, to_sage
from mathrl.envs.graphs.invariants import INVARIANTS
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
    assert done.stdout.splitlines()[-1] == "the claim lambda1 + mu >= sqrt(n-1) + 1 fails for this graph: checked"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'80'", "'81'"),
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


def test_the_script_uses_the_standard_library_only():
    imports = [
        line for line in Path(referee.__file__).read_text().splitlines() if line.startswith(("import ", "from "))
    ]
    names = {line.split()[1].split(".")[0] for line in imports}
    assert names <= {"__future__", "ast", "collections", "fractions", "math", "sys", "typing"}
    assert referee.CERTIFICATE is None


def test_a_false_value_is_refused(tmp_path):
    assert run(to_check(RECORD | {"value": 0.09}), tmp_path).returncode == 1
    with pytest.raises(MathrlError):
        to_check(RECORD | {"value": None})


def test_the_package_s_own_copy_holds_no_certificate(tmp_path):
    assert run(Path(referee.__file__).read_text(), tmp_path).returncode == 1


def test_names_are_those_of_the_invariants():
    assert referee.COUNTED.keys() | referee.WITNESSED.keys() == INVARIANTS.keys() == SAGE.keys()
    aliases = {alias: invariant.name for invariant in INVARIANTS.values() for alias in invariant.aliases}
    assert aliases == referee.ALIASES


def test_recounts_agree_with_the_enclosures():
    for seed in range(40):
        graph = nx.gnp_random_graph(2 + seed % 9, 0.5, seed=seed)
        rows, sets = [sorted(graph[v]) for v in graph], referee.decode(graph6(graph))
        assert [sorted(row) for row in sets] == rows
        assert referee.characteristic_polynomial(sets) == [int(c) for c in characteristic_polynomial(rows).coeffs()]
        for name, count in referee.COUNTED.items():
            if name != "diameter" or nx.is_connected(graph):
                assert Fraction(count(sets)) == Fraction(str(enclose(name, rows).lo))


@pytest.mark.parametrize(
    "formula",
    [
        "tree, n >= 3: lambda1*cos(pi/n) + n**(1/3) + mu**2 - abs(1-n) % 4 <= (floor(lambda1) if n % 2 == 1 else 1)",
        "connected, n >= 3 & m < 50: min(lambda1, mu, 3) + max(1, sin(lambda1)) + ceil(lambda1) < -(2**-3) + density",
        "maximise: Delta - delta + diameter / average_degree",
        "maximise: tree: cos(100*lambda1) - sin(-mu)*pi**2",
        "triangle_number >= 0",
        "mu > 2",
        "-lambda1 <= -3",
    ],
)
def test_the_referee_and_the_verifier_agree(formula):
    certificate = certify(HIT["graph6"], formula)
    low, high = map(Fraction, certificate["score"])
    assert referee.check({"value": float((low + high) / 2), "certificate": certificate})
    with pytest.raises(referee.Refused):
        referee.check({"value": float(high) + 1e-6, "certificate": certificate})


def test_intervals_of_functions_contain_the_truth():
    rng = random.Random(3)
    for _ in range(200):
        x = Fraction(rng.randint(-500, 500), rng.randint(1, 30))
        low, high = referee.circular((x, x), rng.randint(0, 1), 80)
        assert high - low < Fraction(1, 2**70)
    import math

    for x in (0.5, 3.0, -7.25, 100.0):
        for start, function in ((0, math.cos), (1, math.sin)):
            low, high = referee.circular((Fraction(x), Fraction(x)), start, 80)
            assert low - Fraction(1, 10**12) <= Fraction(function(x)) <= high + Fraction(1, 10**12)
    low, high = referee.pi(100)
    assert low < Fraction("3.14159265358979323846264338327951") < high
    assert referee.root((Fraction(2), Fraction(4)), 2, 10) == (Fraction(1448, 1024), Fraction(2))
    assert referee.root((Fraction(27), Fraction(27)), 3, 10) == (3, 3)


def test_other_exports():
    assert to_g6(RECORD) == HIT["graph6"] + "\n"
    sage = to_sage(RECORD)
    assert f"G = Graph({HIT['graph6']!r})" in sage
    assert "G.spectrum()[0]" in sage
    compile(sage, "sage", "exec")
    assert EXPORTS.keys() == {"g6", "sage", "check"}
    with pytest.raises(MathrlError):
        to_g6({"solution": {"graph6": "R"}})
