"""Solutions and verdicts: what a search returns and what an independent check says about it."""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mathrl.errors import MathrlError


@dataclass(frozen=True)
class Solution:
    """One object found, with everything needed to check it again.

    `value` is the score (larger is better), `bound` a proved upper bound of any value, `solution` the self-contained
    object in the family's own format. `evaluations` and `seconds` say what had been spent when it was found.
    """

    env: str
    reward: str
    value: float
    solution: dict[str, Any]
    agent: str = ""
    bound: float | None = None
    proved: bool | None = None
    optimal: bool = False
    evaluations: int = 0
    seconds: float = 0.0
    id: str = ""

    def __post_init__(self) -> None:
        if not self.id:
            text = json.dumps([self.env, self.reward, self.solution], sort_keys=True)
            object.__setattr__(self, "id", hashlib.sha256(text.encode()).hexdigest()[:12])

    def to_json(self) -> dict[str, Any]:
        """The line format of `solve` and solutions.jsonl, -inf and NaN as null."""
        order = (
            "id",
            "env",
            "reward",
            "agent",
            "value",
            "bound",
            "proved",
            "optimal",
            "evaluations",
            "seconds",
            "solution",
        )
        record = asdict(self)
        return {key: finite(record[key]) for key in order}

    def line(self) -> str:
        return json.dumps(self.to_json(), allow_nan=False)

    @staticmethod
    def from_json(record: Mapping[str, Any]) -> Solution:
        """A record read back; MathrlError names the first field that is missing or of the wrong kind."""
        check_record(record)
        names = Solution.__dataclass_fields__.keys() & record.keys()
        fields = {name: record[name] for name in names}
        if fields.get("value") is None:
            fields["value"] = -math.inf
        return Solution(**fields)

    def _repr_svg_(self) -> str:
        from mathrl.registry import find_env

        return find_env(self.env).draw_svg(self.to_json())


def finite(value: Any) -> Any:
    """None in place of a float that JSON cannot hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def check_record(record: object) -> None:
    """Raise MathrlError unless `record` has the fields that a verifier reads, each of its kind."""
    kinds: dict[str, tuple[type, ...]] = {
        "env": (str,), "reward": (str,), "value": (int, float, type(None)), "solution": (dict,),
    }  # fmt: skip
    if not isinstance(record, Mapping):
        raise MathrlError("a solution must be a JSON object")
    for name, kind in kinds.items():
        if name not in record:
            raise MathrlError(f"the solution has no field '{name}'")
        if not isinstance(record[name], kind) or isinstance(record[name], bool):
            raise MathrlError(f"the solution's field '{name}' is not a {kind[0].__name__}")
    if abs(record["value"] or 0) > sys.float_info.max and isinstance(record["value"], int):
        raise MathrlError("the solution's field 'value' is beyond the range of floating-point numbers")
    if record["env"].endswith(".py"):  # what is read must not execute code; only what is typed may
        raise MathrlError(f"the solution names the file {record['env']} as its environment, which is never imported")


@dataclass(frozen=True)
class Verdict:
    """What an independent check found.

    `holds`: everything that the record claims is true. `proved`: it is proved as DESIGN means it (graphs: the score is
    positive; elsewhere: the value was recomputed exactly). `reason`: one sentence. `words`: the certificate, line by
    line, for a reader. `certificate`: the same for a program. `solved`: nothing is left to search for (a proved
    refutation, or a value equal to a proven optimum).
    """

    holds: bool
    proved: bool
    reason: str
    words: tuple[str, ...] = ()
    certificate: dict[str, Any] = field(default_factory=dict)
    solved: bool = False
