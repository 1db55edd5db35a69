"""Buchberger's algorithm: which S-pair next, so that a Groebner basis costs as few additions as possible."""

from mathrl.registry import AgentPlugin, EnvPlugin

_HERE = "mathrl.envs.buchberger"
_STRATEGIES = {
    "First": "the pair that came first",
    "Last": "the pair that came last",
    "Degree": "the pair whose lcm has the least degree",
    "Codegree": "the pair whose lcm has the largest degree",
    "Normal": "the pair with the least lcm in the monomial order (Buchberger 1985)",
    "Strange": "the pair with the largest lcm",
    "Sugar": "the pair of least sugar, then the least lcm (Giovini, Mora, Niesi, Robbiano, Traverso 1991)",
    "Spice": "the pair of most sugar, then the largest lcm",
    "TrueDegree": "the pair whose S-polynomial has the least degree",
    "Entropy": "the pair whose S-polynomial has the least homogeneity entropy (arXiv 2606.07321)",
    "Portfolio": "every hand-made strategy, then nested Monte Carlo search",
}

PLUGIN = EnvPlugin(
    name="buchberger",
    summary="the order of S-pairs in Buchberger's algorithm, for few polynomial additions",
    env=f"{_HERE}.env:Buchberger",
    config=f"{_HERE}.config:BuchbergerConfig",
    verify=f"{_HERE}.verify:verify",
    confirm=f"{_HERE}.opinions:confirm",
    solver="portfolio",
    agents=tuple(
        AgentPlugin(name.lower(), f"{_HERE}.solvers:{name}", sentence, learns=False)
        for name, sentence in _STRATEGIES.items()
    ),
    draw=f"{_HERE}.draw:draw",
    svg=f"{_HERE}.draw:svg",
    sheet=f"{_HERE}.draw:overlay",
    exports={form: f"{_HERE}.export:to_{form}" for form in ("ms", "singular", "jsonl", "generators", "check")},
    agent_knobs=("distribution", "observation", "k", "n", "width"),
    pretrained=f"{_HERE}.models:path_of",
    in_range=f"{_HERE}.models:outside",
    remarks=f"{_HERE}.solvers:remarks",
    lines=f"{_HERE}.solvers:lines",
    instances=f"{_HERE}.instances:instances",
    listings={"instances": f"{_HERE}.instances:listing"},
    cost={"additions": "additions", "reductions": "pairs", "monomial-additions": "monomial additions"},
    hints=("try:  mathrl show RUN --to check > check.py && python check.py   (a proof that needs nothing installed)",),
)
