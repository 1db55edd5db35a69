"""Buchberger's algorithm: which S-pair next, so that a Groebner basis costs as few additions as possible."""

from mathrl.registry import EnvPlugin

_HERE = "mathrl.envs.buchberger"

PLUGIN = EnvPlugin(
    name="buchberger",
    summary="the order of S-pairs in Buchberger's algorithm, for few polynomial additions",
    env=f"{_HERE}.env:Buchberger",
    config=f"{_HERE}.config:BuchbergerConfig",
    verify=f"{_HERE}.verify:verify",
    instances=f"{_HERE}.instances:instances",
    listings={"instances": f"{_HERE}.instances:listing"},
)
