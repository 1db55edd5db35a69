"""Budgets are read exactly, and spent exactly when their limit is reached, the problem solved or a signal came."""

from __future__ import annotations

import signal
import time

import pytest

from mathrl.budget import Budget, Limit
from mathrl.env import Meter
from mathrl.errors import MathrlError


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("60s", "seconds", 60),
        ("60", "seconds", 60),
        ("0", "seconds", 0),
        ("1.5s", "seconds", 1.5),
        ("5m", "seconds", 300),
        ("5min", "seconds", 300),
        ("2h", "seconds", 7200),
        ("1e3s", "seconds", 1000),
        (" 10S ", "seconds", 10),
        ("500-evals", "evaluations", 500),
        ("500evals", "evaluations", 500),
        ("1-eval", "evaluations", 1),
        ("200k-evals", "evaluations", 200_000),
        ("200K-Evals", "evaluations", 200_000),
        ("2.5k-evals", "evaluations", 2500),
        ("5m-evals", "evaluations", 5_000_000),
        ("1e6-evals", "evaluations", 1_000_000),
        ("10-evaluations", "evaluations", 10),
    ],
)
def test_a_limit_reads(text, kind, amount):
    limit = Limit.parse(text)
    assert (limit.kind, limit.amount, limit.text) == (kind, amount, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "xyz",
        "s",
        "-5s",
        "60 s",
        "60s,5m",
        "60ss",
        "1e",
        "nan",
        "inf",
        "infs",
        "200k",
        "200k evals",
        "k-evals",
        ".5s",
    ],
)
def test_a_limit_refuses(text):
    with pytest.raises(MathrlError, match="is not a budget; write seconds like 60s") as refused:
        Limit.parse(text)
    assert str(refused.value).startswith(f"'{text}'")


def test_evaluations_are_spent_at_the_limit_and_not_before():
    budget, meter = Budget(Limit.parse("100-evals")), Meter()
    budget.start(meter)
    meter.evaluations = 99
    assert not budget.spent
    assert budget.fraction == 0.99
    meter.evaluations = 100
    assert budget.spent
    assert budget.exhausted
    meter.evaluations = 250
    assert budget.spent
    assert budget.fraction == 1.0
    assert budget.evaluations == 250


def test_seconds_count_from_start_and_on_top_of_those_spent_before():
    budget = Budget(Limit.parse("1000s"))
    assert budget.seconds == 0.0
    begun = time.monotonic()
    budget.start(Meter(), 990.0)
    time.sleep(0.02)
    elapsed = budget.seconds - 990.0
    assert 0.02 <= elapsed <= time.monotonic() - begun
    assert not budget.spent
    budget.start(Meter(), 1000.0)
    assert budget.spent


def test_without_a_limit_nothing_is_ever_spent():
    budget, meter = Budget(), Meter()
    budget.start(meter, 1e9)
    meter.evaluations = 10**15
    assert not budget.spent
    assert not budget.exhausted
    assert budget.fraction is None


@pytest.mark.parametrize(("asked", "spent"), [(True, True), (False, False)])
def test_a_solved_problem_ends_a_run_only_if_asked(asked, spent):
    budget = Budget(Limit.parse("1000s"), until_solved=asked)
    budget.start(Meter())
    budget.solved = True
    assert budget.spent is spent
    assert not budget.exhausted


def test_a_signal_ends_a_run_without_exhausting_it():
    budget = Budget(Limit.parse("1000s"))
    budget.start(Meter())
    budget.stop(signal.SIGTERM)
    assert budget.spent
    assert not budget.exhausted
    assert budget.signal == signal.SIGTERM


def test_a_budget_of_nothing_is_spent_at_once():
    budget = Budget(Limit.parse("0-evals"))
    budget.start(Meter())
    assert budget.spent
    assert budget.fraction == 0.0
