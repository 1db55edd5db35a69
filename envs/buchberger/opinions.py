"""Second opinions, for `mathrl verify`: what independent systems compute from the same generators."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from mathrl.solution import Verdict

from .export import DIFFERENT, SAME, to_singular
from .referee import Allowance, Claim, Refused, read
from .replay import Polynomial, Replay, monic, normal_form, order
from .verify import LONG_WORK, verify

EASY = 200_000  # operations on monomials; sympy needs 1 to 7 microseconds for each
PATIENCE = 60  # seconds for Singular


class Opinion(NamedTuple):
    """What another system says; `agrees` is None where it says nothing."""

    system: str
    agrees: bool | None
    sentence: str


def confirm(record: Mapping[str, Any], verdict: Verdict) -> Verdict:
    """The verdict on a record that holds, with what sympy and Singular say where they can be asked.

    What was too large for a search to prove is proved first.
    """
    if verdict.holds and not verdict.proved:
        verdict = verify(record, LONG_WORK)
    if not verdict.holds:
        return verdict
    opinions = second_opinions(record)
    for opinion in opinions:
        if opinion.agrees is False:
            return Verdict(False, False, opinion.sentence)
    agree = [opinion.system for opinion in opinions if opinion.agrees]
    reason = f"{verdict.reason}; {' and '.join(agree)} computed the same basis" if agree else verdict.reason
    return replace(verdict, reason=reason, words=(*verdict.words, *(opinion.sentence for opinion in opinions)))


def second_opinions(record: Mapping[str, Any]) -> list[Opinion]:
    """The opinions of sympy and Singular on a record that `verify` accepts."""
    return [sympy_opinion(record), singular_opinion(record)]


def opinion(system: str, agrees: bool) -> Opinion:
    found = "the same reduced basis" if agrees else "another reduced basis from these generators"
    return Opinion(system, agrees, f"{system} computes {found}")


# ------------------------------------------------------------------------------------------------------------ sympy


def sympy_opinion(record: Mapping[str, Any]) -> Opinion:
    """Whether sympy computes the record's basis; it is asked only where its method is known to end soon."""
    claim = read(record)
    if not claim.generators or not easy(claim):
        return Opinion("sympy", None, "sympy was not asked: the ideal is zero, or large for it")
    return opinion("sympy", sympy_basis(claim) == claim.basis)


def easy(claim: Claim) -> bool:
    """Whether sympy's method takes at most EASY operations: generators reduced by those before, then `normal`."""
    allowance, p = Allowance(claim.n, EASY), claim.field
    left, before = [monic(f, p) for f in claim.generators], list[Polynomial]()
    try:
        while left != before:
            before, left = left, []
            for k, f in enumerate(before):
                rest, _ = normal_form(f, before[:k], p, allowance)
                left += [monic(rest, p)] if rest else []
        state = Replay(left, p, spend=allowance)
        while state.P:
            state.step(*min(state.P, key=lambda pair: order(state.lcm(*pair))))
    except Refused:
        return False
    return True


def sympy_basis(claim: Claim) -> list[Polynomial]:
    """sympy's reduced Groebner basis, ascending, residues in 0..p-1 (sympy's are symmetric)."""
    from sympy import Poly, groebner, symbols  # type: ignore[import-untyped]

    x = symbols(f"x1:{claim.n + 1}")
    generators = [Poly.from_dict(f, *x, modulus=claim.field) for f in claim.generators]
    basis = groebner(generators, *x, modulus=claim.field, order="grevlex", method="buchberger")
    found = [{m: int(c) % claim.field for m, c in f.terms()} for f in basis.polys]
    return sorted(found, key=lambda f: max(map(order, f)))


# --------------------------------------------------------------------------------------------------------- Singular


def singular() -> str | None:
    """The Singular executable: on the path, or in the wheel passagemath-singular (the extra `singular`)."""
    wheel = find_spec("sage_wheels")
    for folder in wheel.submodule_search_locations or () if wheel else ():
        if (Path(folder) / "bin" / "Singular").is_file():
            return str(Path(folder) / "bin" / "Singular")
    return shutil.which("Singular")


def singular_opinion(record: Mapping[str, Any]) -> Opinion:
    """Whether Singular computes the record's basis."""
    program = singular()
    if program is None:
        return Opinion("Singular", None, "Singular was not asked: it is not installed (pip install mathrl[singular])")
    script = to_singular(record)
    try:
        done = subprocess.run([program, "-q"], input=script, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return Opinion("Singular", None, f"Singular did not end within {PATIENCE} s")
    except OSError as fault:
        return Opinion("Singular", None, f"Singular does not start: {fault.strerror}")
    answers = [answer for answer in (SAME, DIFFERENT) if answer in done.stdout.splitlines()]
    if len(answers) != 1:
        return Opinion("Singular", None, "Singular could not read the ideal")
    return opinion("Singular", answers[0] == SAME)
