"""graph6, the text format of nauty, geng and Sage: one simple graph a line.

A line holds the order n and then the bits of the strict upper triangle of the adjacency matrix in column order,
(0,1), (0,2), (1,2), (0,3), ..., six bits a byte, 63 added to make it printable (B. D. McKay, nauty, formats.txt).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mathrl.errors import MathrlError

HEADER = ">>graph6<<"
MAXIMUM_ORDER = 258047  # the largest order that the four-byte form of n can hold
_LONG = 126  # '~' announces that n follows in three bytes (twice: in six)
_OTHER_FORMATS = {":": "a sparse6", ";": "an incremental sparse6", "&": "a digraph6"}


def decode(text: str) -> NDArray[np.uint8]:
    """The adjacency matrix uint8[n, n] of one graph6 line, with or without the header >>graph6<<."""
    text = _without_header(text)
    if text[:1] in _OTHER_FORMATS:
        kind = _OTHER_FORMATS[text[0]]
        raise MathrlError(f"'{_shown(text)}' is {kind} line, only graph6 is read (nauty's copyg -g converts)")
    sixes = _sixes(text)
    n, skip = _order(sixes, text)
    length = -(-(n * (n - 1) // 2) // 6)
    if len(sixes) - skip != length:
        have, shown = len(sixes) - skip, _shown(text)
        raise MathrlError(f"'{shown}' has {have} bytes of edges, a graph of order {n} has exactly {length}")
    bits = np.unpackbits(sixes[skip:, None] << np.uint8(2), axis=1)[:, :6].ravel()
    if bits[n * (n - 1) // 2 :].any():
        raise MathrlError(f"'{_shown(text)}' has a padding bit that is not 0, so it is damaged or not graph6")
    adjacency = np.zeros((n, n), np.uint8)
    adjacency[np.tri(n, k=-1, dtype=np.bool_)] = bits[: n * (n - 1) // 2]
    adjacency |= adjacency.T
    return adjacency


def decode_alike(texts: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Adjacency matrices uint8[B, n, n] of texts of one length with one header of n, and which are well formed bool[B].

    The matrix of a malformed text means nothing; decode says what is wrong with it.
    """
    try:
        codes = np.frombuffer("".join(texts).encode("ascii"), np.uint8).reshape(len(texts), -1)
        n, skip = _order(_sixes(texts[0][: 4 if texts[0][0] == "~" else 1]), texts[0])
        well_formed = codes.shape[1] - skip == -(-(n * (n - 1) // 2) // 6)
    except (MathrlError, UnicodeEncodeError):
        n, well_formed = 1, False
    if not well_formed:
        return np.zeros((len(texts), 1, 1), np.uint8), np.zeros(len(texts), np.bool_)
    pairs = n * (n - 1) // 2
    sixes = (codes[:, skip:] - np.uint8(63)) << np.uint8(2)
    bits = np.unpackbits(sixes[:, :, None], axis=2)[:, :, :6].reshape(len(texts), -1)
    printable = ((codes >= 63) & (codes <= 126)).all(axis=1)
    valid: NDArray[np.bool_] = printable & (bits[:, pairs:].max(axis=1, initial=0) == 0)
    larger, smaller = np.tril_indices(n, -1)
    adjacency = np.zeros((len(texts), n, n), np.uint8)
    adjacency[:, larger, smaller] = bits[:, :pairs]
    adjacency[:, smaller, larger] = bits[:, :pairs]
    return adjacency, valid


def encode(adjacency: NDArray[np.uint8]) -> str:
    """The graph6 text, without header, of a symmetric adjacency matrix uint8[n, n] with zero diagonal."""
    n = len(adjacency)
    if not 1 <= n <= MAXIMUM_ORDER:
        raise MathrlError(f"a graph of order {n} has no graph6 form here, the order must be 1 to {MAXIMUM_ORDER}")
    if adjacency.shape != (n, n) or adjacency.diagonal().any() or not np.array_equal(adjacency, adjacency.T):
        raise MathrlError("an adjacency matrix must be square and symmetric with zeros on the diagonal")
    head = [n] if n <= 62 else [_LONG - 63, n >> 12, n >> 6 & 63, n & 63]
    bits = adjacency[np.tri(n, k=-1, dtype=np.bool_)] != 0
    sixes = np.zeros((-(-len(bits) // 6), 8), np.bool_)
    padded = np.zeros(6 * len(sixes), np.bool_)
    padded[: len(bits)] = bits
    sixes[:, 2:] = padded.reshape(-1, 6)
    body = np.packbits(sixes, axis=1).ravel() + np.uint8(63)
    return bytes(byte + 63 for byte in head).decode("ascii") + body.tobytes().decode("ascii")


def read_lines(lines: Iterable[str], source: str) -> Iterator[tuple[int, str, NDArray[np.uint8]]]:
    """Line number (from 1), text without header and adjacency uint8[n, n] of each line that is not blank, in turn.

    A malformed line is an error that begins with `source` and the number of the line.
    """
    for number, text in texts(lines):
        try:
            adjacency = decode(text)
        except MathrlError as error:
            raise MathrlError(f"{source}, line {number}: {error}") from None
        yield number, text, adjacency


def texts(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Line number (from 1) and text without header of each line that is not blank."""
    for number, line in enumerate(lines, start=1):
        if text := _without_header(line):
            yield number, text


def row_edges(n: int) -> NDArray[np.int64]:
    """The pairs i < j in row order (0,1), (0,2), ..., (0,n-1), (1,2), ...: int64[n(n-1)/2, 2]."""
    return np.stack(np.triu_indices(n, 1), axis=1).astype(np.int64)


def column_edges(n: int) -> NDArray[np.int64]:
    """The pairs i < j in column order (0,1), (0,2), (1,2), (0,3), ..., as graph6's bits: int64[n(n-1)/2, 2]."""
    larger, smaller = np.tril_indices(n, -1)
    return np.stack((smaller, larger), axis=1).astype(np.int64)


def _without_header(line: str) -> str:
    """The line without surrounding blanks and without the header, which nauty writes before the first graph."""
    return line.strip().removeprefix(HEADER).strip()


def _sixes(text: str) -> NDArray[np.uint8]:
    """The bytes of a graph6 text less 63, each in 0..63: uint8[length]."""
    if not text:
        raise MathrlError("the empty text is not graph6")
    for place, letter in enumerate(text, start=1):
        if not 63 <= ord(letter) <= 126:
            raise MathrlError(f"character {place} of '{_shown(text)}' is {letter!r}, graph6 uses only '?' to '~'")
    return np.frombuffer(text.encode("ascii"), np.uint8) - np.uint8(63)


def _order(sixes: NDArray[np.uint8], text: str) -> tuple[int, int]:
    """The order n, and how many bytes it took."""
    if sixes[0] != _LONG - 63:
        n, skip = int(sixes[0]), 1
    elif len(sixes) < 4:
        raise MathrlError(f"'{_shown(text)}' ends within its order")
    elif sixes[1] == _LONG - 63:
        raise MathrlError(f"'{_shown(text)}' has more than {MAXIMUM_ORDER} vertices, the most that is read here")
    else:
        n, skip = int(sixes[1]) << 12 | int(sixes[2]) << 6 | int(sixes[3]), 4
    if n < 1:
        raise MathrlError(f"'{_shown(text)}' is the graph without vertices, a graph here has at least one")
    return n, skip


def _shown(text: str) -> str:
    """A text short enough for an error message."""
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:25])
    return shown if len(text) <= 24 else shown[:21] + "..."
