"""`make bench`: the speed claims, measured in one go and printed as one table (ratios, counts, rates; one thread).

python tests/benchmarks/run.py [NAME...] runs only the measurements whose name contains one of the words.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
from buchberger import against_sympy, buchberger

import mathrl
from mathrl.budget import Budget, Limit
from mathrl.runs import processor
from mathrl.setup import read_words
from mathrl.training import Run, warm_up

Row = tuple[str, str, str]  # what, measured, goal
BIN = Path(sys.executable).parent
WAGNER = "RhGcC?_GC?O?_?G?O?@??_?A??@???"
SPECIFIED = (  # the settings of the literature's neural CEM with a deduplicated memory
    "agent.memory=60", "agent.elites=70", "agent.epochs=1", "agent.minibatch=0", "agent.explore=0.01",
    "agent.prior=0.15", "agent.output_bias=-1.5", "agent.entropy=0", "agent.clip=0",
)  # fmt: skip

WIDE = ("agent.spread=1000", "agent.patience=2000")  # for landscapes with steps of very different height


def learn(words: tuple[str, ...], budget: str, seed: int = 0, until_solved: bool = False) -> tuple[Run, float]:
    """A cem run on graphs without a folder; returns it with its process CPU seconds after compilation."""
    setup = read_words("graphs", words, agent="cem")
    env, agent = setup.build("cpu", seed)
    limit = Budget(Limit.parse(budget), until_solved)
    run = Run(env, agent, "cem", limit)
    warm_up(env, agent)
    limit.start(env.meter)
    begun = time.process_time()
    agent.train(env, run, limit)
    return run, time.process_time() - begun


def counterexample() -> Iterator[Row]:
    """Seconds to a proved counterexample, trees, tabular CEM, 20 seeds."""
    words = ("env.n=19", "env.moves=tree", "agent.mode=tabular")
    runs = [learn(words, "60s", seed, until_solved=True) for seed in range(20)]
    seconds = sorted(spent for _, spent in runs)
    proved = sum(run.budget.solved for run, _ in runs)
    yield "wagner-2.1, n=19, trees, tabular: proved counterexamples, 20 seeds", f"{proved}/20", "20/20"
    text = f"{median(seconds):.3f} ({seconds[0]:.3f} .. {seconds[-1]:.3f})"
    yield "  CPU seconds to the proof, median (least .. most)", text, "<= 0.15"
    yield "  trees sampled, scored, learned from: per CPU second", f"{rate(runs):,.0f}", ""


def words() -> Iterator[Row]:
    """Graphs generated, scored and learned from, edge words, neural CEM."""
    specified = learn(("env.n=19", *SPECIFIED), "60k-evals")
    yield "wagner-2.1, n=19, edge words, network: graphs per CPU second", f"{rate([specified]):,.0f}", ">= 10,000"
    yield "  with the defaults of mode memory", f"{rate([learn(('env.n=19',), '30k-evals')]):,.0f}", ""


def rate(runs: list[tuple[Run, float]]) -> float:
    return sum(run.budget.evaluations for run, _ in runs) / sum(spent for _, spent in runs)


def rows() -> Iterator[Row]:
    """The row operations: a policy on 1,000 words, and one call at one row."""
    from mathrl.policies import Policy
    from mathrl.rollout import play

    env = mathrl.make_env("graphs", 1000, n=19)
    policy = Policy(env, (128, 64), "cpu", 0, single_logit=True, output_bias=-1.5)
    everyone, steps = np.arange(1000), []
    for seed in range(6):
        env.restart(everyone)
        begun = time.process_time()
        play(env, everyone, policy.chooser(env, 1000, np.random.default_rng(seed), (0.0, None)))
        steps.append(171_000 / (time.process_time() - begun))
    yield (
        "row API, B=1000, 171-letter words, WordNet 128-64: policy steps/s, scoring included",
        f"{max(steps):,.0f}",
        ">= 300,000",
    )
    one, row, letter = mathrl.make_env("graphs", 1, n=400), np.zeros(1, np.int64), np.zeros(1, np.int64)
    one.restart(row)
    one.advance(row, letter)
    calls, begun = 50_000, time.process_time()
    for _ in range(calls):
        one.advance(row, letter)
    yield "row API, B=1: microseconds a call of advance", f"{(time.process_time() - begun) / calls * 1e6:.2f}", "<= 3"


def certificate() -> Iterator[Row]:
    """The exact certificate of wagner-2.1 at n=19."""
    from mathrl.envs.graphs.verify import certify

    certify(WAGNER, "wagner-2.1")
    times = []
    for _ in range(200):
        begun = time.process_time()
        certify(WAGNER, "wagner-2.1")
        times.append(time.process_time() - begun)
    yield "exact certificate, n=19: milliseconds, median", f"{median(times) * 1e3:.3f}", "< 1"


def kernels() -> Iterator[Row]:
    """The invariants' kernels on batches of 2,000."""
    from mathrl.envs.graphs.batch import GraphBatch
    from mathrl.envs.graphs.objective import objective

    rng = np.random.default_rng(0)
    trees = np.zeros((2000, 19), np.int16)
    for i in range(2, 19):
        trees[:, i] = rng.integers(0, i, 2000)
    dense = (rng.random((2000, 19, 19)) < 0.3).astype(np.uint8)
    dense = np.triu(dense, 1)
    dense[:, np.arange(18), np.arange(1, 19)] = 1
    dense += dense.transpose(0, 2, 1)
    large = np.zeros((2000, 203), np.int16)
    for i in range(2, 203):
        large[:, i] = rng.integers(0, i, 2000)
    for what, batch, reward, goal in (
        ("trees, n=19, wagner-2.1", {"parents": trees}, "wagner-2.1", ">= 300,000"),
        ("trees, n=203, wagner-2.3", {"parents": large}, "wagner-2.3", ">= 60,000"),
        ("dense graphs, n=19, wagner-2.1", {"adjacency": dense}, "wagner-2.1", ""),
        ("dense graphs, n=19, bhs-49", {"adjacency": dense}, "bhs-49", ""),
    ):
        score = objective(reward).score
        best = min(timed(lambda batch=batch, score=score: score(GraphBatch(**batch))) for _ in range(10))
        yield f"scored {what}: per second", f"{2000 / best:,.0f}", goal


def searches() -> Iterator[Row]:
    """Single orders, five seeds each, until a counterexample is proved; the last two are not told where it is."""
    for reward, goal, *settings in (
        ("collins-peaks", "<= 2 s", "cem", "env.n=30", "env.moves=tree", "agent.mode=tabular"),
        ("amcs-4", "<= 1 s", "annealing", "env.n=32", "env.moves=tree"),
        ("amcs-8", "<= 5 s", "annealing", "env.n=20", "env.moves=tree"),
        ("wagner-2.1", "<= 10 s", "annealing", "env.n=19", "env.moves=word"),
        ("wagner-2.3", "<= 60 s", "annealing", "env.n=203", "env.moves=branch", "env.slots=4", *WIDE),
    ):
        runs = [mathrl.solve("graphs", reward, *settings, budget="120s", seed=seed) for seed in range(5)]
        hits = sorted(run.seconds for run in runs if run.reason == "solved")
        yield f"{reward} {' '.join(settings[:3])}: proved, 5 seeds", f"{len(hits)}/5", "5/5"
        if hits:
            yield "  seconds, median (least .. most)", f"{median(hits):.2f} ({hits[0]:.2f} .. {hits[-1]:.2f})", goal


def timed(function: Callable[..., object], *arguments: object) -> float:
    begun = time.process_time()
    function(*arguments)
    return time.process_time() - begun


def starting() -> Iterator[Row]:
    """Start-up against a bare interpreter, and compilation with an empty cache."""
    bare = best_wall([sys.executable, "-c", "pass"])
    for words in (["--help"], ["list"]):
        ratio = best_wall([str(BIN / "mathrl"), *words]) / bare
        yield f"start of `mathrl {' '.join(words)}`, times a bare interpreter", f"{ratio:.1f}", "< 20"
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        command = [str(BIN / "mathrl"), "solve", "graphs", "wagner-2.1", "env.n=18", "--quiet"]
        cold, warm = (best_wall(command, 1, environment) for _ in range(2))
    yield (
        "compilation on the demo's path, first time: seconds (whole command cold - warm)",
        f"{cold - warm:.1f}",
        "< 15",
    )
    yield "  the whole command, compiled before: seconds", f"{warm:.1f}", ""


def best_wall(command: list[str], times: int = 7, environment: dict[str, str] | None = None) -> float:
    """The least wall seconds of a command."""
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def main(wanted: list[str]) -> None:
    table: list[Row] = [("what", "measured", "goal")]
    for measurement in (
        counterexample,
        words,
        rows,
        certificate,
        kernels,
        searches,
        buchberger,
        against_sympy,
        starting,
    ):
        if not wanted or any(word in measurement.__name__ for word in wanted):
            table += measurement()
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    print(processor())
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main(sys.argv[1:])
