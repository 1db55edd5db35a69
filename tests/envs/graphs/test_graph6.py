"""graph6: equal to networkx on every order's form, and malformed text is a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from mathrl.envs.graphs.graph6 import column_edges, decode, encode, read_lines, row_edges
from mathrl.errors import MathrlError

SCORES = Path(__file__).parents[2] / "data" / "graphs" / "scores.jsonl"
PETERSEN = "IsP@OkWHG"


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 13, 61, 62, 63, 64, 100, 300])
def test_encode_and_decode_equal_networkx(n: int) -> None:
    """Both directions agree with networkx, for the one-byte and the four-byte form of n."""
    graph = nx.gnp_random_graph(n, 0.4, seed=n)
    adjacency = nx.to_numpy_array(graph, dtype=np.uint8)
    text = nx.to_graph6_bytes(graph, header=False).decode().strip()
    assert encode(adjacency) == text
    decoded = decode(text)
    assert decoded.dtype == np.uint8
    assert np.array_equal(decoded, adjacency)
    assert np.array_equal(decode(">>graph6<<" + text + "\n"), adjacency)


def test_decode_gives_the_order_and_size_of_the_reference_graphs() -> None:
    """Orders and sizes of the reference file, and encode gives its very text back."""
    for record in map(json.loads, SCORES.read_text().splitlines()):
        adjacency = decode(record["graph6"])
        assert (len(adjacency), int(adjacency.sum()) // 2) == (record["n"], record["m"])
        assert encode(adjacency) == record["graph6"]


@pytest.mark.parametrize("n", [1, 2, 3, 7, 19])
def test_edge_orders_follow_their_index_formulas(n: int) -> None:
    """index(i<j) is i n - i(i+1)/2 + j - i - 1 in row order and j(j-1)/2 + i in column order."""
    rows, columns = row_edges(n), column_edges(n)
    assert rows.shape == columns.shape == (n * (n - 1) // 2, 2)
    assert rows.dtype == columns.dtype == np.int64
    for e, (i, j) in enumerate(rows):
        assert i < j
        assert e == i * n - i * (i + 1) // 2 + j - i - 1
    for e, (i, j) in enumerate(columns):
        assert i < j
        assert e == j * (j - 1) // 2 + i


def test_column_order_is_the_order_of_the_bits() -> None:
    """The first bit of the text is the edge (0,1), the second (0,2), the third (1,2)."""
    for bit, (i, j) in zip((32, 16, 8), column_edges(3), strict=True):
        adjacency = decode("B" + chr(63 + bit))
        assert adjacency[i, j] == 1
        assert adjacency.sum() == 2


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "empty"),
        (">>graph6<<", "empty"),
        (":Fa@x^", "sparse6"),
        ("&DI?AO?", "digraph6"),
        ("?", "without vertices"),
        ("IsP@OkWH", "7 bytes of edges, a graph of order 10 has exactly 8"),
        (PETERSEN + "?", "9 bytes of edges"),
        ("IsP@OkWH\x7f", "character 9"),
        ("IsP OkWHG", "character 4"),
        ("IsP@OkWHé", "character 9"),
        ("A@", "padding"),
        ("~?", "ends within its order"),
        ("~~?????~", "more than 258047"),
    ],
)
def test_malformed_text_is_one_sentence(text: str, part: str) -> None:
    """Every way to be wrong has its message, on one line."""
    with pytest.raises(MathrlError) as error:
        decode(text)
    assert part in str(error.value)
    assert "\n" not in str(error.value)


def test_read_lines_streams_and_counts_lines() -> None:
    """Blank lines are skipped but counted, the header is dropped, and a bad line names its file and number."""
    lines = iter([">>graph6<<A_\n", "\n", f"  {PETERSEN}\r\n", "A@\n", "never read"])
    reader = read_lines(lines, "found.g6")
    number, text, adjacency = next(reader)
    assert (number, text, adjacency.tolist()) == (1, "A_", [[0, 1], [1, 0]])
    assert next(reader)[:2] == (3, PETERSEN)
    with pytest.raises(MathrlError, match=r"^found\.g6, line 4: 'A@' has a padding bit"):
        next(reader)
    assert next(lines) == "never read"


@pytest.mark.parametrize("rows", [[[1]], [[0, 1], [0, 0]], [[0, 1, 0], [1, 0, 0]]])
def test_encode_refuses_what_is_not_a_graph(rows: list[list[int]]) -> None:
    """Loops, arcs and rectangles are errors, and so is the graph without vertices."""
    with pytest.raises(MathrlError):
        encode(np.array(rows, np.uint8))
    with pytest.raises(MathrlError, match="order 0"):
        encode(np.zeros((0, 0), np.uint8))
