"""The searches that `refute` runs on a conjecture: what is listed, what is walked, on which orders, in which turn."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from mathrl.portfolio import Stage
from mathrl.solution import Solution

from .config import GraphConfig
from .graph6 import decode
from .objective import Objective, objective

LISTED = {"word": 8, "tree": 14}  # orders up to which all graphs and all trees are listed first
WALKS = (  # moves, order, graphs scored in the first round; small orders first, for small finds
    ("flip", 10, 32_000), ("flip", 12, 48_000), ("tree", 16, 30_000), ("tree", 18, 60_000), ("tree", 20, 60_000),
    ("grow", 16, 20_000), ("flip", 16, 32_000), ("tree", 26, 40_000), ("tree", 32, 40_000), ("flip", 20, 24_000),
    ("flip", 12, 96_000), ("grow", 24, 20_000), ("branch", 40, 30_000), ("branch", 120, 40_000),
    ("branch", 203, 128_000),
)  # fmt: skip
QUICK = {9: 16_000, 10: 24_000, 11: 24_000, 12: 64_000}  # order: graphs scored, when a find is to become smaller
WHAT = {"flip": "graphs on", "tree": "trees on", "grow": "graphs grown to", "branch": "branched trees on"}
CHAINS = {"tree": 64, "flip": 32, "grow": 32, "branch": 64}
PLAIN = "env.rewards=sparse"  # whatever the problem's own environment is to do
KNOBS = {
    "flip": ("env.start=random", "agent.patience=1000000"),
    "grow": ("env.start=none",),
    "branch": ("env.slots=4", "agent.spread=1000", "agent.patience=2000"),
}


def portfolio(config: GraphConfig, turn: int) -> list[Stage]:
    """The stages of round `turn`: in the first everything on few vertices, then walks, twice as long in every round.

    Where everything can be listed there is nothing else.
    """
    aim = objective(config.reward, config.class_)
    config = replace(config, n=fixed_order(config, aim))
    stages = listed(config, aim)
    if any(stage.whole for stage in stages):
        return stages if turn == 0 else []
    stages = stages if turn == 0 else []
    walked = set()
    for moves, order, work in WALKS:
        n = max(order, aim.minimum_order) if config.n is None else config.n
        again = n != order and (moves, n) in walked
        walked.add((moves, n))
        if fits(aim, moves, n) and not again:
            stages.append(walk(aim, config, moves, n, work << turn))
    if turn > 0 and (config.n or 20) <= 30:
        n = config.n or 20
        tables = (f"env.n={n}", "env.moves=tree", PLAIN, "agent.mode=tabular")
        stages.append(Stage("cem", tables, 50_000 << turn, label=f"trees on {n} by tables"))
        if turn > 1 and "tree" not in aim.classes:
            network = (f"env.n={n}", "env.moves=word", PLAIN, "agent.mode=memory", "agent.copies=2")
            stages.append(Stage("cem", network, 10_000 << turn, label=f"graphs on {n} by a network"))
    return stages


def fixed_order(config: GraphConfig, aim: Objective) -> int | None:
    """The order that is searched if there is only one: env.n, that of a hypothesis n == K, or any for an objective."""
    if config.n is None and aim.minimum_order == aim.maximum_order:
        return aim.minimum_order
    fixed = config.n is not None or aim.conjecture is None or aim.conjecture.claim is None
    return config.vertices if fixed else None


def fits(aim: Objective, moves: str, n: int) -> bool:
    """Whether graphs of order n made by such moves can be of the objective's class."""
    of_class = moves in ("tree", "branch") or "tree" not in aim.classes
    return of_class and max(aim.minimum_order, 4) <= n <= aim.maximum_order


def listed(config: GraphConfig, aim: Objective) -> list[Stage]:
    """Everything up to isomorphism: graphs on few vertices, then trees on a few more."""
    if config.n is None:
        kinds = ("tree",) if "tree" in aim.classes else ("word", "tree")
        stages = [everything(kind, f"agent.most={LISTED[kind]}") for kind in kinds if aim.minimum_order <= LISTED[kind]]
    elif config.n <= LISTED["tree" if "tree" in aim.classes else "word"]:
        stages = [replace(everything("word", f"env.n={config.n}"), whole=True)]
    else:
        stages = [everything("tree", f"env.n={config.n}")] if config.n <= LISTED["tree"] else []
    return [replace(stage, smaller=partial(smaller, aim, config, "flip", 24_000, True)) for stage in stages]


def everything(moves: str, orders: str) -> Stage:
    return Stage("enumerate", (f"env.moves={moves}", orders, PLAIN), 10**9)


def walk(aim: Objective, config: GraphConfig, moves: str, n: int, work: int, quick: bool = True) -> Stage:
    """Annealing with one kind of moves on one order."""
    chains = CHAINS[moves]
    words = (f"env.n={n}", f"env.moves={moves}", PLAIN, f"agent.chains={chains}", f"agent.steps={work // chains}")
    label = f"{WHAT[moves]} {n}"
    return Stage(
        "annealing", words + KNOBS.get(moves, ()), work, partial(smaller, aim, config, moves, work, quick), label=label
    )


def smaller(aim: Objective, config: GraphConfig, moves: str, work: int, quick: bool, found: Solution) -> list[Stage]:
    """Walks for a counterexample on fewer vertices than one that was found.

    If `quick`, general graphs on few vertices come first; then the moves that found it.
    """
    if config.n is not None:
        return []
    n = len(decode(found.solution["graph6"]))
    orders = sorted({n // 2, 3 * n // 4, n - 1} if n > 24 else {n - 1})
    stages = [
        walk(aim, config, moves, order, work, quick=False)
        for order in orders
        if order > LISTED["word"] and fits(aim, moves, order)
    ]
    if quick:
        general = [walk(aim, config, "flip", k, work) for k, work in QUICK.items() if k < n and fits(aim, "flip", k)]
        stages = [replace(stage, smaller=None) for stage in general] + stages
    return stages
