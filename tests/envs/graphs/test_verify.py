"""The verifier proves what is true, refuses what is false, and never falls over."""

from __future__ import annotations

import copy
import json
import random
import time
from fractions import Fraction
from pathlib import Path

import networkx as nx
import pytest

from mathrl.envs.graphs.verify import certify, decode, verify
from mathrl.errors import MathrlError

ENTRY = json.loads((Path(__file__).parents[2] / "data/graphs/wagner-2.1.json").read_text())
GIVEN = ENTRY["counterexamples"]
HIT = GIVEN[1]["graph6"]


def graph6(graph):
    return nx.to_graph6_bytes(graph, header=False).decode().strip()


def record(graph=HIT, value=GIVEN[1]["score"], reward="wagner-2.1", certificate=None, **changes):
    solution = {"graph6": graph, "formula": "connected, n >= 3: lambda1 + mu >= sqrt(n-1) + 1"}
    if reward != "wagner-2.1":
        del solution["formula"]
    if certificate is not None:
        solution["certificate"] = certificate
    return {
        "env": "graphs",
        "reward": reward,
        "value": value,
        "bound": None,
        "optimal": False,
        "solution": solution,
    } | changes


def ends(interval):
    return tuple(map(Fraction, interval))


@pytest.mark.parametrize("given", GIVEN, ids=lambda given: str(given["n"]))
def test_given_counterexamples_are_proved(given):
    certificate = json.loads(json.dumps(certify(given["graph6"], "wagner-2.1")))
    verdict = verify(record(given["graph6"], given["score"], certificate=certificate))
    assert (verdict.holds, verdict.proved) == (True, True)
    low, high = ends(certificate["score"])
    assert low <= Fraction(given["score"]) + Fraction(1, 10**12)
    assert Fraction(given["score"]) <= high + Fraction(1, 10**12)
    assert verdict.certificate == certificate


def test_the_certificate_in_words():
    words = "\n".join(verify(record()).words)
    for part in (
        "0 eigenvalues above the upper end and 1 above the lower end",
        "matching 0-6, 2-3",
        "with U = {0, 2} removed 17 odd components",
        "left < right",
        "by at least 0.08036",
    ):
        assert part in words


@pytest.mark.parametrize("leaves", [3, 4, 9, 18])
def test_equality_graphs_are_not_proved(leaves):
    verdict = verify(record(graph6(nx.star_graph(leaves)), 1e-15))
    assert (verdict.holds, verdict.proved) == (True, False)
    assert "no counterexample" in verdict.reason


def test_strict_claims_fail_at_equality_where_everything_is_rational():
    star = graph6(nx.star_graph(4))
    assert verify(record(star, 0, "lambda1 > 2")).proved
    assert not verify(record(star, 0, "lambda1 >= 2")).proved
    assert "left = right" in "\n".join(verify(record(star, 0, "lambda1 < 2")).words)


def test_a_graph_that_satisfies_the_claim():
    verdict = verify(record(graph6(nx.complete_graph(6)), 1 + 5**0.5 - 8))
    assert (verdict.holds, verdict.proved) == (True, False)
    assert verdict.reason == "score -4.76393 is not positive: no counterexample"


def test_objectives_are_recomputed():
    path = graph6(nx.path_graph(5))
    assert verify(record(path, 4 + 3**0.5, "tree: maximise: diameter + lambda1")).proved
    assert not verify(record(path, 4 + 3**0.5 + 1e-7, "tree: maximise: diameter + lambda1")).holds


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"graph": HIT[:-1]}, "characters of edges"),
        ({"graph": HIT + "?"}, "characters of edges"),
        ({"graph": ""}, "graph6"),
        ({"graph": " "}, "graph6"),
        ({"graph": "R\x01"}, "graph6"),
        ({"graph": "~"}, "before the number of vertices"),
        ({"graph": "~??A_"}, "longer header"),
        ({"graph": "~~~~~~~~"}, "characters of edges"),
        ({"graph": "A~"}, "padding"),
        ({"graph": "@"}, "at least two"),
        ({"graph": "A_"}, "hypothesis n >= 3"),
        ({"graph": graph6(nx.empty_graph(5))}, "not connected"),
        ({"graph": graph6(nx.cycle_graph(5)), "reward": "tree: n <= 1"}, "outside the class 'tree'"),
        ({"graph": graph6(nx.empty_graph(5)), "reward": "diameter <= 1"}, "undefined"),
        ({"graph": graph6(nx.empty_graph(5)), "reward": "1/m <= 1"}, "division by zero"),
        ({"graph": graph6(nx.star_graph(5)), "reward": "floor(lambda1**2) <= 1"}, "undecided"),
        ({"reward": "wagner-2.2"}, "did you mean"),
        ({"reward": "lambda1 + mu"}, "shell"),
        ({"value": 0.0804}, "value"),
        ({"value": -0.0803}, "value"),
        ({"value": None}, "value"),
        ({"value": float("nan")}, "value"),
        ({"value": float("inf")}, "value"),
        ({"value": 10**400}, "value"),
        ({"value": True}, "value"),
        ({"value": "0.08"}, "value"),
        ({"bound": 0.01}, "bound"),
        ({"bound": "1"}, "bound"),
        ({"optimal": "yes"}, "optimal"),
        ({"env": "jets"}, "not of graphs"),
        ({"solution": {}}, "graph6"),
        ({"solution": {"graph6": 3}}, "graph6"),
        ({"solution": {"graph6": HIT, "bound_certificate": 1}}, "nobody checks"),
        ({"solution": {"graph6": HIT, "formula": "lambda1 >="}}, "not a formula"),
        ({"graph": graph6(nx.path_graph(3)), "reward": "adjacency_eigenvalue(4) <= 1"}, "no value"),
        ({"graph": graph6(nx.path_graph(3)), "reward": "cliques(3/2) <= 1"}, "not an integer"),
        ({"graph": graph6(nx.path_graph(3)), "reward": "max_edge(sqrt(-du)) <= 1"}, "has no term"),
        ({"graph": graph6(nx.path_graph(3)), "reward": "girth <= 1"}, "undefined"),
        ({"graph": graph6(nx.path_graph(3)), "reward": "girth <= 5: n <= 1"}, "hypothesis girth <= 5"),
        ({"graph": graph6(nx.star_graph(3)), "reward": "claw-free: n <= 1"}, "outside the class 'claw-free'"),
        ({"graph": graph6(nx.complete_graph(5)), "reward": "planar: n <= 1"}, "outside the class 'planar'"),
        ({"solution": []}, "solution"),
        ({"solution": {"graph6": HIT, "formula": "connected: lambda1 >= 5"}}, "formula"),
        ({"solution": {"graph6": HIT, "formula": 3}}, "formula"),
        ({"solution": {"graph6": HIT, "certificate": "yes"}}, "fields"),
        ({"solution": {"graph6": HIT, "certificate": {}}}, "fields"),
    ],
)
def test_false_records_are_refused_with_a_sentence(changes, words):
    verdict = verify(record(**changes))
    assert (verdict.holds, verdict.proved) == (False, False)
    assert words in verdict.reason


@pytest.mark.parametrize("thing", [None, 3, "x", [], {}, {"env": "graphs"}])
def test_what_is_no_record_is_refused(thing):
    assert not verify(thing).holds


def test_optimality_and_bounds_are_said_not_to_be_checked():
    verdict = verify(record(optimal=True, bound=0.0804))
    assert (verdict.holds, verdict.proved) == (True, True)
    assert "optimality is not re-checked" in verdict.reason
    assert "bound is not re-checked" in verdict.reason


def edit(path, change):
    """A certificate with one place changed: `change` maps the old value to the new one, a missing field to None."""

    def apply(certificate):
        *parents, last = path
        part = certificate
        for key in parents:
            part = part[key]
        new = change(part[last])
        if new is None:
            del part[last]
        else:
            part[last] = new

    return apply


LAMBDA, MU, ORDER = (("invariants", name) for name in ("lambda1", "matching_number", "n"))
MUTATIONS = {
    "another graph": edit(("graph6",), lambda _: GIVEN[0]["graph6"]),
    "another formula": edit(("formula",), lambda text: text.replace("3", "4")),
    "no formula": edit(("formula",), lambda _: None),
    "formula of another type": edit(("formula",), lambda _: ["n"]),
    "no invariant": edit((*MU,), lambda _: None),
    "renamed invariant": lambda c: c["invariants"].update(energy=c["invariants"].pop("n")),
    "unknown field": lambda c: c.update(comment="true"),
    "unknown witness field": lambda c: c["invariants"]["lambda1"]["witness"].update(note=1),
    "witness for a count": edit((*ORDER, "witness"), lambda _: {"n": 19}),
    "wrong order": edit((*ORDER, "interval"), lambda _: ["18", "18"]),
    "wide order": edit((*ORDER, "interval"), lambda _: ["18", "20"]),
    "matching too small": edit((*MU, "witness", "matching"), lambda pairs: pairs[:1]),
    "matching with a non-edge": edit((*MU, "witness", "matching"), lambda pairs: [[0, 6], [5, 3]]),
    "matching that is none": edit((*MU, "witness", "matching"), lambda pairs: [[0, 6], [0, 1]]),
    "matching with a repeated edge": edit((*MU, "witness", "matching"), lambda pairs: [pairs[0], pairs[0]]),
    "matching with a triple": edit((*MU, "witness", "matching"), lambda pairs: [[0, 6, 1], pairs[1]]),
    "matching outside the graph": edit((*MU, "witness", "matching"), lambda pairs: [[0, 99], pairs[1]]),
    "matching with a negative vertex": edit((*MU, "witness", "matching"), lambda pairs: [[0, -13], pairs[1]]),
    "matching of booleans": edit((*MU, "witness", "matching"), lambda pairs: [[False, 6], pairs[1]]),
    "matching of text": edit((*MU, "witness", "matching"), lambda pairs: "0-6"),
    "barrier too small": edit((*MU, "witness", "barrier"), lambda barrier: barrier[:1]),
    "barrier with a repetition": edit((*MU, "witness", "barrier"), lambda barrier: barrier + barrier),
    "barrier that proves nothing": edit((*MU, "witness", "barrier"), lambda barrier: []),
    "barrier that is no list": edit((*MU, "witness", "barrier"), lambda barrier: 2),
    "odd components": edit((*MU, "witness", "odd_components"), lambda odd: odd - 2),
    "odd components as a float": edit((*MU, "witness", "odd_components"), float),
    "matching number": edit((*MU, "interval"), lambda _: ["1", "1"]),
    "count above the lower end": edit((*LAMBDA, "witness", "above_lower"), lambda count: count + 1),
    "count above the upper end": edit((*LAMBDA, "witness", "above_upper"), lambda count: count + 1),
    "count as a boolean": edit((*LAMBDA, "witness", "above_lower"), bool),
    "lower end of the interval": edit((*LAMBDA, "interval", 0), lambda _: "3"),
    "eigenvalue too small": lambda c: (
        c["invariants"]["lambda1"].update(interval=["3", "31/10"]),
        c["invariants"]["lambda1"]["witness"].update(above_upper=1),
    ),
    "eigenvalue too large": lambda c: (
        c["invariants"]["lambda1"].update(interval=["16/5", "33/10"]),
        c["invariants"]["lambda1"]["witness"].update(above_lower=0),
    ),
    "empty interval": edit((*LAMBDA, "interval"), lambda pair: pair[::-1]),
    "interval of numbers": edit((*LAMBDA, "interval"), lambda pair: [3.1, 3.2]),
    "interval not in lowest terms": edit((*ORDER, "interval"), lambda pair: ["38/2", "19"]),
    "invariants that are no mapping": edit(("invariants",), lambda _: ["n"]),
    "invariant that is not used": lambda c: c["invariants"].update(m={"interval": ["18", "18"], "witness": {}}),
    "index for an invariant without": lambda c: c["invariants"].update({"n(1)": c["invariants"].pop("n")}),
    "division by zero": edit((*ORDER, "interval"), lambda pair: ["19/0", "19"]),
    "left side": edit(("left", 0), lambda _: "5"),
    "left side away from the truth": lambda c: c.update(left=["1", "2"], right=["4", "5"], score=["2", "4"]),
    "right side too narrow": lambda c: c.update(right=[c["right"][0]] * 2),
    "score": edit(("score", 0), lambda _: "1/100"),
    "score that is no pair": edit(("score",), lambda pair: pair[:1]),
    "sign": edit(("sign",), lambda _: "not positive"),
    "sign of another type": edit(("sign",), lambda _: [1]),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTATIONS)
def test_altered_certificates_are_refused(name):
    certificate = certify(HIT, "wagner-2.1")
    MUTATIONS[name](certificate)
    verdict = verify(record(certificate=certificate))
    assert (verdict.holds, verdict.proved) == (False, False)
    assert verdict.reason


def test_another_maximum_matching_is_as_good():
    certificate = certify(HIT, "wagner-2.1")
    certificate["invariants"]["matching_number"]["witness"]["matching"] = [[2, 3], [7, 0]]
    assert verify(record(certificate=certificate)).proved


JUNK = [
    None,
    True,
    -1,
    0,
    1,
    3,
    19,
    0.5,
    "",
    "0",
    "1/0",
    "-1/3",
    "x",
    "9" * 5000,
    [],
    [[]],
    {},
    {"a": 1},
    ["0", "1"],
    [[0, 1]],
    10**30,
]


def places(part, path=()):
    yield path
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def true_witness(certificate):
    """Whether matching and barrier prove the matching number 2 of HIT, judged by networkx."""
    graph = nx.from_graph6_bytes(HIT.encode())
    witness = certificate["invariants"]["matching_number"]["witness"]
    rest = graph.subgraph(set(graph) - set(witness["barrier"]))
    odd = sum(len(component) % 2 for component in nx.connected_components(rest))
    edges = {tuple(edge) for edge in witness["matching"]}
    return nx.is_matching(graph, edges) and len(edges) == 2 and 19 + len(witness["barrier"]) - odd == 4


def test_random_alterations_are_refused():
    """500 certificates with a random place changed at random: only another true witness may pass."""
    rng, original = random.Random(7), certify(HIT, "wagner-2.1")
    everywhere = [path for path in places(original) if path]
    for _ in range(500):
        certificate, path = copy.deepcopy(original), rng.choice(everywhere)
        part = certificate
        for key in path[:-1]:
            part = part[key]
        old = part[path[-1]]
        nearby = (
            [old + 1, old - 1]
            if isinstance(old, int)
            else [old + "0", old[:-1], "-" + old]
            if isinstance(old, str)
            else []
        )
        part[path[-1]] = rng.choice(JUNK + 5 * nearby)
        if certificate == original and type(part[path[-1]]) is type(old):
            continue
        verdict = verify(record(certificate=certificate))
        assert not verdict.holds or ("matching_number" in path and true_witness(certificate)), (path, part[path[-1]])


def test_random_records_never_raise():
    """The same for whole records."""
    rng = random.Random(8)
    original = record(certificate=certify(HIT, "wagner-2.1"))
    everywhere = [path for path in places(original) if path and len(path) <= 3]
    for _ in range(200):
        changed, path = copy.deepcopy(original), rng.choice(everywhere)
        part = changed
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = rng.choice(JUNK)
        assert isinstance(verify(changed).reason, str)


def test_graph6_is_read_as_networkx_reads_it():
    for n in (2, 3, 17, 62, 63, 70):
        graph = nx.gnp_random_graph(n, 0.3, seed=n)
        assert decode(graph6(graph)) == [sorted(graph[v]) for v in range(n)]


def test_high_precision_is_used_where_it_is_needed():
    """lambda1 of a path differs from a decimal only in the 37th digit."""
    path = graph6(nx.path_graph(9))
    digits = "1.902113032590307144232878666758764286"
    certificate = certify(path, f"lambda1 <= {digits}")
    assert certificate["sign"] == "positive"
    assert Fraction(0) < ends(certificate["score"])[0] < Fraction(1, 10**35)
    assert verify(record(path, 0, f"lambda1 <= {digits}", certificate=certificate)).proved


TOWERS = [
    "(10**9999)**9999", "9**9**9**9", "(1/3)**(n**9999)", "floor((1/3)**(n**9999))", "2**n**9999 % 7",
    "sin(2**n**9999)", "lambda1*1e900", "1e-1000**9000*lambda1", "1e300*pi - pi*1e300",
    "1e-999 + sqrt(2)**-7000 + (7/5)**2000 - (7/5)**1999",
]  # fmt: skip


@pytest.mark.parametrize("tower", TOWERS)
@pytest.mark.parametrize("operator", ["<=", ">"])
def test_extreme_numbers_are_decided_or_refused(tower, operator):
    reward = f"{tower} {operator} mu"
    assert verify(record(reward=reward, value=1)).reason
    try:
        certificate = certify(HIT, reward)
    except MathrlError:
        return
    assert verify(record(reward=reward, value=float(ends(certificate["score"])[0]), certificate=certificate)).holds


def test_a_certificate_takes_less_than_a_millisecond():
    def seconds():
        start = time.perf_counter()
        certify(HIT, "wagner-2.1")
        return time.perf_counter() - start

    assert min(seconds() for _ in range(100)) < 1e-3


def test_certify_refuses_what_is_outside():
    with pytest.raises(MathrlError):
        certify(graph6(nx.empty_graph(4)), "wagner-2.1")
