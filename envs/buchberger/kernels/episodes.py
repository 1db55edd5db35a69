"""Whole episodes in one call: strategies played to the end, their values as baselines, nested Monte Carlo search."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ..record import (
    ADDITIONS,
    CELL,
    COST,
    EFFORT,
    FITS,
    MORE_TERMS,
    OVER,
    PAIR,
    PENDING,
    RUNNING,
    STATE,
    STEPS,
    TRACE,
    Floats,
    Int,
    Integers,
    Layout,
    Monomial,
    Words,
)
from .steps import copy_record, step
from .strategies import DEGREE, RANDOM, choose

HOPELESS = 4  # times the cost of degree: random play that costs more is broken off
STRETCH = 100_000_000  # terms merged in one go, a fraction of a second
PATIENCE = 1_000_000_000  # terms merged by one nested search, some seconds; then it only follows its best line


@njit(cache=True)
def total(r: Words, which: Int) -> Any:
    """What a record has cost so far: additions (0), pairs (1), monomial additions (2)."""
    return np.int64(r[ADDITIONS]) if which == 0 else np.int64(r[STEPS]) if which == 1 else np.int64(r[COST])


@njit(cache=True)
def play(
    r: Words,
    strategy: Int,
    state: np.uint64,
    bound: Int,
    effort: Int,
    which: Int,
    layout: Layout,
    work: Words,
    one: Monomial,
) -> Any:
    """Process pairs by a strategy until none is left or the end must cost `bound` or more; returns (answer, state).

    It also stops once `effort` terms have been merged, so that Python sees signals; the row is then still running.
    """
    last = r[EFFORT] + np.uint64(effort)
    while r[STATE] == RUNNING and total(r, which) + 1 < bound and r[EFFORT] <= last:  # every pair costs at least 1
        pair, after = choose(r, strategy, state, layout, work, one)
        answer = MORE_TERMS if pair < 0 else step(r, pair, layout, work, one)
        if answer != FITS:
            return answer, state  # the word drawn for this pair is drawn again after growing
        state = after
    return FITS, state


@njit(cache=True)
def play_rows(
    memory: Words,
    first_row: Int,
    rows: Integers,
    strategy: Int,
    states: Words,
    bounds: Integers,
    which: Int,
    layout: Layout,
    work: Words,
    one: Monomial,
) -> Any:
    """`play` for rows[first_row:], states uint64[R], bounds int64[R]; returns (row reached, answer, additions made).

    A row that does not fit keeps its progress and the state of its generator, and goes on after growing.
    """
    spent: Int = 0
    for k in range(first_row, len(rows)):
        r = memory[rows[k]]
        before = np.int64(r[ADDITIONS])
        answer, states[k] = play(r, strategy, states[k], bounds[k], STRETCH, which, layout, work, one)
        spent += np.int64(r[ADDITIONS]) - before
        if answer != FITS:
            return k, answer, spent
    return len(rows), FITS, spent


@njit(cache=True)
def choose_rows(
    memory: Words,
    first_row: Int,
    rows: Integers,
    strategy: Int,
    states: Words,
    chosen: Integers,
    layout: Layout,
    work: Words,
    one: Monomial,
) -> Any:
    """The next pair of a strategy in each of rows[first_row:], into chosen int64[R]; returns (row reached, answer)."""
    for k in range(first_row, len(rows)):
        pair, states[k] = choose(memory[rows[k]], strategy, states[k], layout, work, one)
        if pair < 0:
            return k, MORE_TERMS
        chosen[k] = pair
    return len(rows), FITS


@njit(cache=True)
def value_rows(
    memory: Words,
    first_row: Int,
    rows: Integers,
    strategy: Int,
    which: Int,
    values: Floats,
    layout: Layout,
    work: Words,
    one: Monomial,
) -> Any:
    """Minus the cost that a strategy still has from each of rows[first_row:], into values float64[R].

    What would take more than STRETCH merged terms counts as what it has cost by then. Returns (row reached, answer).
    """
    spare = np.empty(layout.size, np.uint64)
    for k in range(first_row, len(rows)):
        r = memory[rows[k]]
        copy_record(r, spare, layout, one)
        answer, _ = play(spare, strategy, np.uint64(0), np.int64(2**62), STRETCH, which, layout, work, one)
        if answer != FITS:
            return k, answer
        values[k] = total(r, which) - total(spare, which)
    return len(rows), FITS


@njit(cache=True)
def nested(
    here: Words,
    trial: Words,
    best: Words,
    degrees: Words,
    state: np.uint64,
    most: Int,
    which: Int,
    layout: Layout,
    work: Words,
    one: Monomial,
) -> Any:
    """One pass of level-1 nested Monte Carlo search from record `here`, which is played to its end (Cazenave 2009).

    Before each move every pair is tried, followed by random play that stops once it costs as much as the best line, or
    HOPELESS times as much as the strategy degree; then the next pair of the best line (at first that of degree) is
    played. Nothing is tried that might make more than `most` additions in all. `trial`, `best` and `degrees` are spare
    records; the best line, that of degree included, ends up in `best`; it is unfinished if degree needs more than
    PATIENCE. Returns (answer, additions made).
    """
    copy_record(here, degrees, layout, one)
    answer, state = play(degrees, DEGREE, state, np.int64(2**62), PATIENCE, which, layout, work, one)
    if answer != FITS:
        return answer, 0
    copy_record(degrees, best, layout, one)
    if degrees[STATE] == RUNNING:
        return FITS, 0
    left: Int = PATIENCE - np.int64(degrees[EFFORT] - here[EFFORT])
    spent: Int = np.int64(degrees[ADDITIONS]) - np.int64(here[ADDITIONS])
    bound = HOPELESS * total(degrees, which)
    while here[STATE] == RUNNING:
        for pair in range(np.int64(here[PENDING])):
            if spent + (bound - total(here, which) if which == 0 else 0) > most:  # what the next line can cost
                break
            if left < 0:
                break
            copy_record(here, trial, layout, one)
            before = np.int64(trial[ADDITIONS])
            answer = step(trial, pair, layout, work, one)
            if answer == FITS:
                answer, state = play(trial, RANDOM, state, bound, left, which, layout, work, one)
            if answer != FITS:
                return answer, spent
            spent += np.int64(trial[ADDITIONS]) - before
            left -= np.int64(trial[EFFORT] - here[EFFORT])
            if trial[STATE] == OVER and total(trial, which) < bound:
                bound = total(trial, which)
                copy_record(trial, best, layout, one)
        replay_next(here, best, layout, work, one)
    if total(degrees, which) < total(best, which):
        copy_record(degrees, best, layout, one)
    return FITS, spent


@njit(cache=True)
def nested_rows(
    memory: Words,
    first_row: Int,
    rows: Integers,
    states: Words,
    most: Int,
    which: Int,
    layout: Layout,
    work: Words,
    one: Monomial,
) -> Any:
    """`nested` from each of rows[first_row:], which take over the best line; returns (row reached, answer, additions).

    A row that does not fit stays as it is and begins again after growing, by the same random numbers.
    """
    here, trial, best, degrees = np.empty((4, layout.size), np.uint64)
    spent: Int = 0
    for k in range(first_row, len(rows)):
        r = memory[rows[k]]
        if r[STATE] != RUNNING:
            continue
        copy_record(r, here, layout, one)
        answer, made = nested(here, trial, best, degrees, states[k], most, which, layout, work, one)
        if answer != FITS:
            return k, answer, spent
        copy_record(best, r, layout, one)
        spent += made
    return len(rows), FITS, spent


@njit(cache=True)
def replay_next(here: Words, best: Words, layout: Layout, work: Words, one: Monomial) -> Any:
    """Process in `here` the pair that the line of `best` processes next; it fitted there, so it fits here."""
    cell = best[layout.trace_at + np.int64(here[STEPS]) * TRACE]
    for pair in range(np.int64(here[PENDING])):
        if here[layout.pairs_at + pair * (PAIR + len(one)) + CELL] == cell:
            step(here, pair, layout, work, one)
            return
