"""Graphs: counterexamples to conjectured inequalities between graph invariants, found and proved."""

from mathrl.registry import EnvPlugin

_HERE = "mathrl.envs.graphs"

PLUGIN = EnvPlugin(
    name="graphs",
    summary="graphs that violate a conjectured inequality between invariants",
    env=f"{_HERE}.env:environment",
    config=f"{_HERE}.env:GraphConfig",
    verify=f"{_HERE}.verify:verify",
    solver="cem agent.mode=tabular env.moves=tree",
    draw=f"{_HERE}.draw:draw",
    svg=f"{_HERE}.draw:svg",
    exports={form: f"{_HERE}.export:to_{form}" for form in ("g6", "sage", "check")},
    rewards=f"{_HERE}.objective:listing",
    reward_kinds=f"{_HERE}.functions:register",
    statement=f"{_HERE}.objective:statement",
    score=f"{_HERE}.scoring:score_lines",
    hints=(
        'try:  mathrl solve graphs "connected: lambda1 <= average_degree + 1" env.n=12   (a conjecture of your own)',
    ),
    misses=("try:  another order (env.n=...), trees (env.moves=tree agent.mode=tabular), more time (--budget 10m)",),
    listings={"invariants": f"{_HERE}.invariants:listing"},
)
