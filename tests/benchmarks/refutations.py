"""`make refutations`: every conjecture of the catalogue with that status, given to `mathrl solve graphs` in turn.

python tests/benchmarks/refutations.py [STATUS] [BUDGET] [SEEDS] [ID...]; the defaults are `refuted 60s 0`. Prints one
line a conjecture: proved or not, the order of the counterexample and the smallest known one, seconds after compilation.
"""

from __future__ import annotations

import sys
from statistics import mean, median

import mathrl
from mathrl.envs.graphs.graph6 import decode
from mathrl.envs.graphs.rewards import catalogue
from mathrl.runs import processor


def main(status: str = "refuted", budget: str = "60s", seeds: str = "0", *ids: str) -> None:
    """Run and print the table."""
    print(processor(), f"budget {budget}, seeds {seeds}", sep="; ")
    print(f"{'conjecture':40} seed  proved  order  known  {'seconds':>8} {'graphs':>10}  found by")
    seconds, proved = [], 0
    entries = [one for one in catalogue().values() if one.status == status and (not ids or one.id in ids)]
    for entry in entries:
        for seed in map(int, seeds.split(",")):
            outcome = mathrl.solve("graphs", entry.id, budget=budget, seed=seed)
            hit = outcome.reason == "solved"
            order = str(len(decode(outcome[0].solution["graph6"]))) if hit else "-"
            found = next((note for note in outcome.notes if note.startswith("found by")), "")
            best = f"best {outcome[0].value:.6g}" if outcome.best else "nothing of the class"
            proved += hit
            seconds.append(outcome.seconds)
            print(
                f"{entry.id:40} {seed:4}  {'yes' if hit else 'no':6}  {order:>5}  {entry.smallest_known or '-':>5}  "
                f"{outcome.seconds:8.2f} {outcome.evaluations:10,}  {found.removeprefix('found by ') if hit else best}",
                flush=True,
            )
    print(f"{proved}/{len(seconds)} proved; seconds: mean {mean(seconds):.2f}, median {median(seconds):.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
