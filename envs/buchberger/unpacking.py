"""From a finished record back to mathematics: the pairs in their order, and the reduced Groebner basis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathrl.solution import Solution

from .kernels.unpacking import reduce_basis
from .record import ADDITIONS, STEPS, TRACE

if TYPE_CHECKING:
    from .env import Buchberger


def solution_of(env: Buchberger, row: int) -> Solution:
    """The self-contained solution of a finished row: the ideal as given, the pairs processed, the reduced basis."""
    ideal, config = env.ideals[row], env.config
    basis = basis_of(env, row)
    r, layout = env.memory.rows[row], env.memory.layout
    cells = r[layout.trace_at : layout.trace_at + TRACE * int(r[STEPS]) : TRACE]
    found = {
        "n": ideal.n,
        "field": ideal.field,
        "variables": list(ideal.variables),
        "F": ideal.generators(),
        "elimination": config.elimination,
        "sort_reducers": config.sort_reducers,
        "sort_input": config.sort_input,
        "pairs": [[int(cell) >> 32, int(cell) & 0xFFFFFFFF] for cell in cells],
        "additions": int(r[ADDITIONS]),
        "basis": basis,
    }
    name = {"id": ideal.name} if ideal.name else {}
    return Solution("buchberger", config.reward, float(env.score(np.array([row]))[0]), found, **name)


def basis_of(env: Buchberger, row: int) -> list[list[list[Any]]]:
    """The reduced Groebner basis of a finished row: monic, descending terms, ascending leads."""
    memory, n = env.memory, env.ideals[row].n
    while True:
        found, sizes, exponents, coefficients = reduce_basis(
            memory.rows[row], n, memory.layout, memory.work, memory.one
        )
        if found:
            break
        memory.grow_terms()
    basis, at = [], 0
    for size in sizes.tolist():
        terms = zip(coefficients[at : at + size].tolist(), exponents[at : at + size].tolist(), strict=True)
        basis.append([[coefficient, exponent] for coefficient, exponent in terms])
        at += size
    return basis
