"""Policy steps a second of WordNet's incremental path: `pytest tests/benchmarks/bench_nets.py --benchmark-only`."""

from __future__ import annotations

import numpy as np
import torch

from mathrl.nets import WordNet
from mathrl.words import WordLayout

WORDS, PLACES = 1000, 171


def rollout(network, layout, rng):
    """Complete binary words uint8[T, B], sampled letter by letter from NumPy's uniforms."""
    uniforms = rng.random((PLACES, WORDS), dtype=np.float32)
    words = np.empty((PLACES, WORDS), np.uint8)
    h = network.begin(WORDS, layout)
    for t in range(PLACES):
        logits = network.step(h, t)[0].numpy()
        letters = (uniforms[t] * (1 + np.exp(logits[:, 0] - logits[:, 1])) < 1).astype(np.int64)
        network.play(h, t, letters)
        words[t] = letters
    return words


def test_bench_word_rollout(benchmark):
    """At least 300,000 policy steps a second on one thread: 171 binary letters, net 342-128-64-2, 1000 words."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        layout, rng = WordLayout.wagner(PLACES, 2), np.random.default_rng(0)
        network = WordNet(layout.width, 2, (128, 64), generator=torch.Generator().manual_seed(0))
        words = benchmark(rollout, network, layout, rng)
        assert 0.2 < words.mean() < 0.8
        if benchmark.stats is not None:
            benchmark.extra_info["steps_per_s"] = WORDS * PLACES / benchmark.stats.stats.min
            assert benchmark.extra_info["steps_per_s"] > 300_000
    finally:
        torch.set_num_threads(threads)
