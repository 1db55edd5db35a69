"""Scoring graph6 lines: in order, whatever the mixture of orders, with proofs where they are asked for."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from mathrl.envs.graphs.config import GraphConfig
from mathrl.envs.graphs.graph6 import decode, decode_alike, encode
from mathrl.envs.graphs.scoring import CHUNK, score_lines
from mathrl.errors import MathrlError

HIT = json.loads((Path(__file__).parents[2] / "data/graphs/wagner-2.1.json").read_text())["counterexamples"][1]


def scored(reward, *lines, prove=True):
    return list(score_lines(GraphConfig(reward=reward), iter(lines), "found.g6", prove))


def test_lines_are_scored_in_order_whatever_their_orders(rng):
    graphs = [nx.gnp_random_graph(int(n), 0.6, seed=int(n)) for n in rng.integers(1, 70, 300)]
    texts = [nx.to_graph6_bytes(graph, header=False).decode() for graph in graphs]
    found = scored("maximise: m + n", *texts, prove=False)
    assert [line["id"] for line in found] == [text.strip() for text in texts]
    assert [line["score"] for line in found] == [
        graph.size() + len(graph) if len(graph) > 1 else None for graph in graphs
    ]


def test_what_is_proved():
    """Positive scores, exact equality for a strict claim; neither outside the class nor on one vertex."""
    star, edgeless = "D?{", "D??"
    assert [line["proved"] for line in scored("wagner-2.1", HIT["graph6"], star, edgeless, "@")] == [
        True, False, False, False,
    ]  # fmt: skip
    assert [line["proved"] for line in scored("connected: lambda1 > 2", star, "DQo", edgeless, "@")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert scored("connected: lambda1 >= 2", star)[0]["proved"] is False
    assert scored("maximise: -m", star)[0] == {"id": star, "score": -4.0, "proved": True}
    assert scored("wagner-2.1", HIT["graph6"], prove=False)[0]["proved"] is None
    assert scored("wagner-2.1", edgeless)[0]["score"] is None


def test_a_malformed_line_does_not_end_the_stream():
    found = scored("maximise: n", "Bw\n", "\n", "Bx\n", ":An\n", "~?\n", "B w\n", "é\n", ">>graph6<<A_\r\n")
    assert [line["score"] for line in found] == [3.0, None, None, None, None, None, 2.0]
    assert [line.get("error", "")[:16] for line in found] == [
        "", "found.g6, line 3", "found.g6, line 4", "found.g6, line 5", "found.g6, line 6", "found.g6, line 7", "",
    ]  # fmt: skip
    assert found[1]["proved"] is False
    assert found[-1]["id"] == "A_"


def test_lines_are_read_as_they_are_needed():
    """A pipe of any length: no more than one chunk is read ahead."""
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield "Bw\n"

    stream = score_lines(GraphConfig(reward="maximise: n"), endless(), "-", False)
    for _ in range(3 * CHUNK // 2):
        assert next(stream)["score"] == 3
    assert taken == 2 * CHUNK


@pytest.mark.parametrize("n", [1, 2, 3, 8, 62, 63, 70])
def test_decoding_together_is_decoding_one_by_one(n, rng):
    graphs = np.triu(rng.random((20, n, n)) < 0.5, 1).astype(np.uint8)
    graphs |= graphs.transpose(0, 2, 1)
    found, valid = decode_alike([encode(graph) for graph in graphs])
    assert valid.all()
    assert np.array_equal(found, graphs)


def test_decoding_together_refuses_what_decode_refuses(rng):
    """Random texts of one length and one order, and texts whose length is wrong."""
    for n in (2, 5, 7):
        length = -(-(n * (n - 1) // 2) // 6)
        for wrong in (0, 1):
            texts = ["".join([chr(63 + n), *map(chr, row)]) for row in rng.integers(60, 128, (200, length + wrong))]
            found, valid = decode_alike(texts)
            for text, graph, good in zip(texts, found, valid, strict=True):
                if good:
                    assert np.array_equal(decode(text), graph)
                else:
                    with pytest.raises(MathrlError):
                        decode(text)
