"""The independent verifier of Groebner bases and of what computing them cost; it shares nothing with the kernels.

It is fast enough for every new best of a search: milliseconds for the random families. What sympy and Singular say is
in opinions.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mathrl.errors import MathrlError, canonical
from mathrl.solution import Verdict, check_record

from .referee import Refused, TooLarge, check, finite

QUICK_WORK = 2 * 10**7  # operations on monomials, some seconds: what a search spends on one of its solutions
LONG_WORK = 10**9  # some minutes: what `mathrl verify` spends


def verify(record: Mapping[str, Any], work: int = QUICK_WORK) -> Verdict:
    """Whether everything that a record claims is true; the verdict's reason is one sentence, never a traceback.

    The pairs are replayed and the cost is counted again; the basis must be reduced and monic, pass Buchberger's
    criterion and generate the ideal of the generators. `solved` is never true: no order of the pairs is known to be
    best. There is no certificate beside the solution, which is its own proof. What takes more than QUICK_WORK is not
    refused but not proved either; more `work` settles it.
    """
    try:
        check_record(record)
        if canonical(record["env"]) != "buchberger":
            raise MathrlError(f"this is a record of '{record['env']}', not of buchberger")
        notes = check_claims(record)
        checked = check(record, work)
    except TooLarge as fault:
        more = "" if work > QUICK_WORK else "; `mathrl verify` takes more time"
        return Verdict(work <= QUICK_WORK, False, f"not proved: {fault}{more}")
    except (MathrlError, Refused) as fault:
        return Verdict(False, False, str(fault))
    cost, pairs = checked.costs[record["reward"]], len(checked.claim.pairs)
    found = f"{cost} {record['reward']} over {pairs} pairs, replayed; the basis is the reduced Groebner basis"
    return Verdict(True, True, "; ".join([found, *notes]), words=tuple(checked.lines()))


def check_claims(record: Mapping[str, Any]) -> list[str]:
    """Bound and optimality against the value; what cannot be re-checked comes back as notes."""
    notes, bound, optimal = [], record.get("bound"), record.get("optimal", False)
    if bound is not None:
        if not finite(bound):
            raise MathrlError("the record's bound is not a finite number")
        if record["value"] is not None and bound < record["value"]:
            raise MathrlError("the recorded bound is below the recorded value")
        notes.append("the bound is not re-checked")
    if not isinstance(optimal, bool):
        raise MathrlError("the record's optimal is neither true nor false")
    if optimal:
        notes.append("optimality is not re-checked")
    return notes
