"""Sets of elements without padding: what set environments show, packed, so that memory and time go to what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrl.env import Rows, SearchEnv


@dataclass(frozen=True)
class Sets:
    """N sets, their E elements one set after the other.

    elements float32[E, F]; legal bool[E]: those that may be chosen; context float32[N, C]; counts int64[N].
    """

    elements: NDArray[np.float32]
    legal: NDArray[np.bool_]
    context: NDArray[np.float32]
    counts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """int64[N]: where the elements of each set end."""
        return self.counts.cumsum()

    @staticmethod
    def of(observation: Mapping[str, NDArray[Any]], masks: NDArray[np.bool_]) -> Sets:
        """Padded sets float32[N, M, F] and legal actions bool[N, A], A <= M, packed; elements come first in a row."""
        present = observation["mask"].astype(np.bool_, copy=False)
        legal = np.zeros(present.shape, np.bool_)
        legal[:, : masks.shape[1]] = masks
        return Sets(observation["elements"][present], legal[present], observation["context"], present.sum(1))

    @staticmethod
    def seen(env: SearchEnv, rows: Rows, masks: NDArray[np.bool_]) -> Sets:
        """The sets that `rows` show; an environment may offer `observe_packed(rows)` -> elements, context, counts."""
        if hasattr(env, "observe_packed"):
            elements, context, counts = env.observe_packed(rows)
            return Sets(elements, masks[np.arange(masks.shape[1]) < counts[:, None]], context, counts)
        return Sets.of(env.observe(rows, masks.shape[1]), masks)

    def pick(self, index: NDArray[Any]) -> Sets:
        """The sets int64[K] (or those marked, bool[N])."""
        if index.dtype == np.bool_:
            index = np.flatnonzero(index)
        counts = self.counts[index]
        which = np.repeat(self._ends[index] - counts.cumsum(), counts)
        which += np.arange(len(which))
        elements = _aligned(len(which), self.elements.shape[1])
        np.take(self.elements, which, axis=0, out=elements, mode="clip")
        return Sets(elements, self.legal[which], self.context[index], counts)

    @staticmethod
    def joined(parts: Sequence[Sets]) -> Sets:
        """All sets of the parts, in order."""
        return Sets(
            np.concatenate([part.elements for part in parts]),
            np.concatenate([part.legal for part in parts]),
            np.concatenate([part.context for part in parts]),
            np.concatenate([part.counts for part in parts]),
        )

    def places(self) -> tuple[NDArray[np.int64], int]:
        """Where each element lies in a padded array [N, M] read row by row, int64[E], and its width M."""
        width = int(self.counts.max(initial=1))
        before = np.arange(len(self)) * width - self.counts.cumsum() + self.counts
        return np.arange(len(self.legal)) + np.repeat(before, self.counts), width

    def filled(self, unit: int) -> Sets:
        """One more set, of zeros, that makes the number of elements a multiple of `unit`."""
        missing = -len(self.elements) % unit
        nothing = Sets(
            np.zeros((missing, self.elements.shape[1]), np.float32),
            np.zeros(missing, np.bool_),
            np.zeros((1, self.context.shape[1]), np.float32),
            np.array([missing]),
        )
        return Sets.joined([self, nothing])

    def masks(self) -> NDArray[np.bool_]:
        """The legal elements, padded: bool[N, M]."""
        places, width = self.places()
        padded = np.zeros(len(self) * width, np.bool_)
        padded[places] = self.legal
        return padded.reshape(len(self), width)


def _aligned(rows: int, columns: int) -> NDArray[np.float32]:
    """Uninitialised float32[rows, columns] that begins at a multiple of 64 bytes, as torch wants it to share memory."""
    size = 4 * rows * columns
    block = np.empty(size + 64, np.uint8)
    first = -block.ctypes.data % 64
    return block[first : first + size].view(np.float32).reshape(rows, columns)
