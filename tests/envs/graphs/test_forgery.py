"""Forged certificates: thousands of alterations of every kind of certificate, none of which proves anything false."""

from __future__ import annotations

import copy
import json
import random
from fractions import Fraction

import networkx as nx
import pytest
from flint import fmpq

from mathrl.envs.graphs.enclosing import GraphValues
from mathrl.envs.graphs.reading import parse
from mathrl.envs.graphs.referee import script
from mathrl.envs.graphs.verify import certify, decode, difference, sides, sign, verify, written


def graph6(graph):
    return nx.to_graph6_bytes(graph, header=False).decode().strip()


PETERSEN, TREE = graph6(nx.petersen_graph()), graph6(nx.random_labeled_tree(9, seed=4))
DENSE, SPARSE = (
    graph6(nx.gnp_random_graph(9, 0.6, seed=2)),
    graph6(nx.connected_watts_strogatz_graph(9, 3, 0.5, seed=1)),
)
SMALL = graph6(nx.lollipop_graph(4, 2))
KINDS = {
    "lambda1 and mu": ("RhGcC?_GC?O?_?G?O?@??_?A??@???", "connected, n >= 3: lambda1 + mu >= sqrt(n-1) + 1"),
    "inner eigenvalues": (DENSE, "lambda2 - lambda_n + adjacency_eigenvalue(floor(n/2)) <= 1"),
    "smallest positive eigenvalue": (SPARSE, "smallest_positive_eigenvalue > lambda1_complement"),
    "energy": (SPARSE, "connected: energy <= n"),
    "s_plus and s_minus": (DENSE, "min(s_plus, s_minus) >= 2*n"),
    "inertia": (SPARSE, "positive_eigenvalues + negative_eigenvalues + nullity < n"),
    "Laplacian": (SPARSE, "laplacian_max + algebraic_connectivity <= 3"),
    "Laplacian sums": (DENSE, "max_index(laplacian_sum(k) - k**2, 1, 4) <= 5"),
    "signless Laplacian": (PETERSEN, "signless_laplacian_max < 6"),
    "distance eigenvalues": (SPARSE, "connected: proximity + distance_eigenvalue(floor(2*diameter/3)) > 20"),
    "counts of distances": (TREE, "tree: wiener + mostar - remoteness <= radius + average_eccentricity"),
    "polynomials": (TREE, "tree: adjacency_peak/adjacency_nonzero >= distance_peak"),
    "sums of roots": (TREE, "randic + geometric_arithmetic - eigenvalue_deviation <= harmonic"),
    "alpha and omega": (PETERSEN, "independence_number*clique_number <= vertex_cover_number"),
    "domination": (SPARSE, "domination_number >= residue + n"),
    "connectivity": (PETERSEN, "vertex_connectivity + edge_connectivity <= 5"),
    "induced subgraphs": (PETERSEN, "largest_induced_bipartite - largest_induced_forest <= -1"),
    "max_leaf and path_cover": (SMALL, "connected: max_leaf <= path_cover"),
    "local independence": (SPARSE, "mean_local_independence >= max_local_independence + 1"),
    "cliques": (DENSE, "cliques(3) + cocliques(2) <= triangle_number"),
    "girth and classes": (PETERSEN, "connected & regular & triangle-free, girth >= 5: m <= Delta"),
    "a forest's girth": (TREE, "bipartite, girth >= 7: Delta <= 1"),
    "aggregator over edges": (DENSE, "laplacian_max <= min_edge(2 + sqrt(du*au + dv*av) - sqrt(du**2 + dv**2))"),
    "aggregator over vertices": (SPARSE, "mean_vertex(sqrt(d - a)) + sum_vertex(1/(d - 2)) <= -10"),
    "objective": (SPARSE, "connected: maximise: lambda1*cos(pi/n) - n**(1/3)"),
}
COUNT = 450  # alterations of each kind: 11,250 in all
REFEREED = 15  # of each kind, also by the referee
JUNK = [
    None,
    True,
    -1,
    0,
    1,
    3,
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


def record(certificate, reward, value):
    return {
        "env": "graphs",
        "reward": reward,
        "value": value,
        "solution": {"graph6": certificate["graph6"], "certificate": certificate},
    }


def places(part, path=()):
    """The paths to everything inside a certificate."""
    yield path
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def at(part, path):
    for key in path:
        part = part[key]
    return part


def alter(certificate, rng, other):
    """Change one random place: junk, something nearby, a copy of another place, or what stands there in `other`."""
    *front, last = path = rng.choice([path for path in places(certificate) if path])
    part = at(certificate, front)
    old = part[last]
    choice = rng.random()
    if choice < 0.25:
        part[last] = rng.choice(JUNK)
    elif choice < 0.6 and isinstance(old, int):
        part[last] = old + rng.choice([-2, -1, 1, 2])
    elif choice < 0.6 and isinstance(old, str):
        part[last] = nearby(old, rng)
    elif choice < 0.7 and isinstance(old, list) and old:
        part[last] = rng.choice([old[1:], old[:-1], old + old[:1], old[::-1]])
    elif choice < 0.8:
        part[last] = copy.deepcopy(at(certificate, rng.choice([*places(certificate)])))
    else:
        try:
            part[last] = copy.deepcopy(at(other, path))
        except (LookupError, TypeError):
            del part[path[-1]]


def nearby(text, rng):
    try:
        value = Fraction(text)
    except ValueError:
        return rng.choice([text + "0", text[:-1], "-" + text, text.swapcase()])
    return str(rng.choice([value + 1, value - 1, -value, value * Fraction(1001, 1000), value + Fraction(1, 10**9)]))


def derive(certificate, reward):
    """Make sides, score and sign follow from the (altered) intervals, as a careful forger would."""
    conjecture, graph = parse(reward), decode(certificate["graph6"])
    given = {
        key: tuple(fmpq(*map(int, Fraction(end).as_integer_ratio())) for end in part["interval"])
        for key, part in certificate["invariants"].items()
    }
    left, right = sides(conjecture, GraphValues(graph, given=given))
    score = difference(left, right, conjecture)
    certificate.update(left=written(left), right=written(right), score=written(score), sign=sign(score, conjecture))


def says_the_truth(certificate, reward):
    """Whether every interval contains the value, enclosed again at 512 bits."""
    conjecture, values = parse(reward), GraphValues(decode(certificate["graph6"])).at(512)
    fine = dict(zip(("left", "right"), sides(conjecture, values), strict=True))
    fine |= {key: (part.lo, part.hi) for key, part in values.used.items()}
    stated = {name: certificate[name] for name in ("left", "right")}
    stated |= {key: part["interval"] for key, part in certificate["invariants"].items()}
    return stated.keys() == fine.keys() and all(
        Fraction(stated[key][0]) <= Fraction(str(low)) and Fraction(str(high)) <= Fraction(stated[key][1])
        for key, (low, high) in fine.items()
    )


def refused(certificate, reward, value):
    """Whether the referee's script refuses, as its main does."""
    try:
        script.check({"reward": reward, "value": value, "certificate": certificate})
    except (script.Refused, *MALFORMED):
        return True
    return False


MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, SyntaxError, TypeError, ValueError)


@pytest.mark.parametrize("kind", KINDS)
def test_altered_certificates_prove_nothing_false(kind):
    """Single alterations at random places: what is accepted (another witness, a wider interval) says the truth."""
    (graph, reward), rng = KINDS[kind], random.Random(kind)
    original = json.loads(json.dumps(certify(graph, reward)))
    other = json.loads(json.dumps(certify(neighbour(graph, reward), reward)))
    value = float(Fraction(original["score"][0]) + Fraction(original["score"][1])) / 2
    assert verify(record(original, reward, value)).holds
    assert not refused(original, reward, value)
    accepted = 0
    for step in range(COUNT):
        certificate = copy.deepcopy(original)
        alter(certificate, rng, other)
        if json.dumps(certificate) == json.dumps(original):
            continue
        solution = {"graph6": graph, "certificate": certificate}
        verdict = verify({"env": "graphs", "reward": reward, "value": value, "solution": solution})
        if verdict.holds:
            accepted += 1
            assert says_the_truth(certificate, reward), certificate
            assert not refused(certificate, reward, value)
        elif step < REFEREED:
            assert refused(certificate, reward, value), (verdict.reason, certificate)
    assert accepted < COUNT / 10


@pytest.mark.parametrize("kind", KINDS)
def test_consistent_forgeries_are_refused(kind):
    """One invariant moved away from its value, and everything that follows from it recomputed."""
    graph, reward = KINDS[kind]
    original = json.loads(json.dumps(certify(graph, reward)))
    value = float(Fraction(original["score"][0]))
    for key, part in original["invariants"].items():
        for shift in (Fraction(-1), Fraction(1), Fraction(1, 1000), Fraction(-1, 10**6)):
            certificate = copy.deepcopy(original)
            certificate["invariants"][key]["interval"] = [str(Fraction(end) + shift) for end in part["interval"]]
            try:
                derive(certificate, reward)
            except Exception:  # the moved value has no place in the formula
                continue
            for claimed in (value, float(Fraction(certificate["score"][0]))):
                assert not verify(record(certificate, reward, claimed)).holds, (key, shift)
                assert refused(certificate, reward, claimed), (key, shift)


@pytest.mark.parametrize("kind", KINDS)
def test_another_graph_s_certificate_is_refused(kind):
    """The certificate of a graph that differs in one pair, under this graph's name."""
    graph, reward = KINDS[kind]
    certificate = json.loads(json.dumps(certify(neighbour(graph, reward), reward)))
    value = float(Fraction(certificate["score"][0]))
    certificate["graph6"] = graph
    true = certify(graph, reward)
    if {key: part["interval"] for key, part in true["invariants"].items()} != {
        key: part["interval"] for key, part in certificate["invariants"].items()
    }:
        assert not verify(record(certificate, reward, value)).holds
        assert refused(certificate, reward, value)


def neighbour(text, reward):
    """A graph with the least change of one pair of vertices that stays inside the class and has other values."""
    graph = nx.from_graph6_bytes(text.encode())
    before = certify(text, reward)["score"]
    for u, v in [(u, v) for u in graph for v in graph if u < v]:
        for w in [None, *graph]:
            changed = graph.copy()
            (changed.remove_edge if changed.has_edge(u, v) else changed.add_edge)(u, v)
            if w is not None and w not in (u, v):
                (changed.remove_edge if changed.has_edge(u, w) else changed.add_edge)(u, w)
            try:
                if certify(graph6(changed), reward)["score"] != before:
                    return graph6(changed)
            except Exception:  # outside the class
                continue
    return graph6(
        nx.convert_node_labels_to_integers(
            nx.relabel_nodes(graph, dict(zip(graph, reversed(list(graph)), strict=True))), ordering="sorted"
        )
    )
