"""Graphs: counterexamples to conjectured inequalities between graph invariants, found and proved."""

from mathrl.registry import EnvPlugin

_HERE = "mathrl.envs.graphs"

PLUGIN = EnvPlugin(
    name="graphs",
    summary="graphs that violate a conjectured inequality between invariants",
    env=f"{_HERE}.env:environment",
    config=f"{_HERE}.config:GraphConfig",
    verify=f"{_HERE}.verify:verify",
    solver="refute",
    draw=f"{_HERE}.draw:draw",
    svg=f"{_HERE}.draw:svg",
    sheet=f"{_HERE}.draw:sheet",
    key=f"{_HERE}.isomorphism:key",
    exports={form: f"{_HERE}.export:to_{form}" for form in ("g6", "sage", "dot", "tikz", "check")},
    rewards=f"{_HERE}.objective:listing",
    reward_kinds=f"{_HERE}.functions:register",
    statement=f"{_HERE}.objective:statement",
    score=f"{_HERE}.scoring:score_lines",
    portfolio=f"{_HERE}.portfolio:portfolio",
    shrink=f"{_HERE}.shrinking:shrink",
    hints=(
        'try:  mathrl solve graphs "connected: lambda1 <= average_degree + 1" env.n=12   (a conjecture of your own)',
    ),
    misses=("try:  more time (--budget 10m), or one search on one order (annealing env.moves=flip env.n=16)",),
    listings={"invariants": f"{_HERE}.invariants:listing"},
)
