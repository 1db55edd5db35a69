"""Bench: agents on the same instances, at equal seconds and at equal evaluations, over several seeds.

Every agent gets one trial a seed and kind of limit, as long as the largest limit of that kind; smaller limits are read
off its history, so that one row of the table never depends on which others were asked for. An agent that plays every
instance once and is done is shown at "pass".
"""

from __future__ import annotations

import glob
import math
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from mathrl import registry, settings
from mathrl.budget import Limit
from mathrl.curves import Curve, Steps, anytime, mean_curve
from mathrl.errors import MathrlError, canonical, unknown
from mathrl.executors import count
from mathrl.intervals import bootstrap, interquartile_mean
from mathrl.registry import EnvPlugin
from mathrl.runs import read_config
from mathrl.setup import Setup, is_pretrained, is_reward, is_run_folder, read_words
from mathrl.tables import PASS, Row, Table, Trial, row
from mathrl.trials import Job, Result, fresh_instances, jobs, results

__all__ = ["Row", "Table", "Trial", "bench", "bootstrap", "interquartile_mean"]

DEFAULT_LIMIT = "10s"
INSTANCES = 200  # fresh ones, where the family draws and none are named
CLOCKS = ("evaluations", "seconds")
CHECKED = 20  # instances whose solutions are verified, for each agent and seed


@dataclass(frozen=True)
class Contender:
    """A line's agent: its label, and its setup for each seed (a trained one: for each of its run folders)."""

    label: str
    setups: tuple[tuple[int, Setup], ...]

    @property
    def searches(self) -> bool:
        return self.setups[0][1].searches

    @property
    def one_pass(self) -> bool:
        """Whether it plays each instance once and is done: a strategy, or a trained policy."""
        setup = self.setups[0][1]
        return setup.trained is not None or not (setup.searches or setup.agent.get().bounded)

    @property
    def turns(self) -> range:
        return range(len(self.setups))

    def groups(self, limits: Sequence[Limit]) -> list[list[Limit | None]]:
        """The limits by kind, which one run each serves; without limits, or where none is needed, one pass."""
        if self.one_pass or not limits:
            return [[None]]
        kinds = dict.fromkeys(limit.kind for limit in limits)
        return [[limit for limit in limits if limit.kind == kind] for kind in kinds]


def bench(
    env: str,
    *words: str,
    at: str | Sequence[str] | None = None,
    train_seeds: str | Sequence[int] = "0..4",
    on: str = "",
    instances: int = INSTANCES,
    check: int = CHECKED,
    reference: str = "",
    workers: str | int = 1,
    device: str = "auto",
    quiet: bool = True,
    **knobs: Any,
) -> Table:
    """Compare agents (`"cem"`, `"cem:mode=tabular"`, `"pretrained"`, a run folder, several as `"runs/a,runs/b"`).

    The other words are settings of the family. `at`: limits like "10s" or "100k-evals" for all instances together, of
    which each gets an equal share; `train_seeds`: "0..4" or a list; `on`: instances by name, else as many fresh ones as
    `instances` says; `check`: of how many the solutions are verified; `reference`: what ratios are to.
    """
    if instances < 1 or check < 0:
        raise MathrlError(f"--instances must be at least 1 and --check at least 0, not {instances} and {check}")
    number, family = count(workers), registry.find_env(env)
    seeds = _seeds(train_seeds) if isinstance(train_seeds, str) else list(train_seeds)
    contenders, common = _contenders(family, env, words, knobs, seeds)
    if not contenders:
        for word in common:  # a word that is no reward was meant as an agent
            if not settings.is_setting(word) and not settings.is_formula(word):
                read_words(env, [word], knobs)
        raise MathrlError("say which agents to compare, as in: mathrl bench graphs cem random")
    limits = _limits(at, contenders)
    against = _reference(reference, [one.label for one in contenders])
    base = _base(env, contenders, [*common, *(on.split(",") if on else [])], knobs)
    given = base.instances if on else fresh_instances(family.make(1, base.env_config), instances)
    trials, curves = _play(contenders, limits, given, check, number, device, quiet)
    places = [*([PASS] if any(trial.at == PASS for trial in trials) else []), *(limit.text for limit in limits)]
    by_row = {
        (at, one.label): [trial for trial in trials if (trial.at, trial.agent) == (at, one.label)]
        for at in places
        for one in contenders
    }
    rows = [row(some, _beside(by_row, at, against)) for (at, _), some in by_row.items() if some]
    cost = family.cost_name(str(getattr(base.env_config, "reward", "")))
    said = ["mathrl", "bench", env, *words, *(f"env.{name}={settings.show(value)}" for name, value in knobs.items())]
    said += ["--at", ",".join(limit.text for limit in limits)] if limits else []
    said += ["--train-seeds", ",".join(map(str, seeds)), *(["--on", on] if on else [])]
    said += ["--instances", str(instances)] if not on and given[0] is not None else []
    said += ["--check", str(check)] if check != CHECKED else []
    said += ["--reference", reference] if reference else []
    notes = _notes(contenders, base, given, limits, "" if on else "fresh ", min(check, len(given)))
    if cost:
        notes.insert(0, f"{cost}: fewer are better; ratio, difference and wins are against {against}")
    return Table(shlex.join(said), rows, trials, curves, notes, cost, against)


def _play(
    contenders: Sequence[Contender],
    limits: Sequence[Limit],
    given: Sequence[Any],
    check: int,
    workers: int,
    device: str,
    quiet: bool,
) -> tuple[list[Trial], list[Curve]]:
    """Every contender with every seed up to every limit, and the curves of that."""
    turns = sorted(
        ((kind, turn, one) for one in contenders for kind in range(len(one.groups(limits))) for turn in one.turns),
        key=lambda place: place[:2],
    )
    plan = []
    for kind, turn, one in turns:
        some, (seed, setup) = one.groups(limits)[kind], one.setups[turn]
        plan.append((one, seed, some, jobs(setup, given, _longest(some), seed, check, device)))
    trials: list[Trial] = []
    steps: dict[tuple[str, str, str], list[Steps]] = {}
    with closing(results([job for *_, work in plan for job in work], workers)) as every:
        for one, seed, some, work in plan:
            longest = _longest(some)
            until = longest.kind if longest else PASS
            if not quiet:
                said = f"to {longest.text}" if longest else "one pass"
                print(f"mathrl: bench  {one.label}  seed {seed}  {said}", flush=True, file=sys.stderr)
            found = list(islice(every, len(work)))
            trials += [_trial(one.label, limit, seed, work, found) for limit in some]
            for clock, name in enumerate(CLOCKS):
                seen = _steps(work, found, clock, one.one_pass)
                steps.setdefault((one.label, name, until), []).append(seen)
    curves = [_curve(one, name, steps, limits) for one in contenders for name in CLOCKS]
    return trials, [curve for curve in curves if curve]


def _curve(
    one: Contender, clock: str, steps: Mapping[tuple[str, str, str], list[Steps]], limits: Sequence[Limit]
) -> Curve | None:
    """A contender's curve against a clock, from the trials with a limit of that kind if there are any."""
    kinds = [longest.kind if (longest := _longest(some)) else PASS for some in one.groups(limits)]
    return mean_curve(one.label, clock, steps[one.label, clock, clock if clock in kinds else kinds[0]])


def _limits(at: str | Sequence[str] | None, contenders: Sequence[Contender]) -> list[Limit]:
    """The limits that were asked for, which an agent of one pass does not need; by default one for searches."""
    searching = [one.label for one in contenders if one.searches]
    if at is None:
        return [Limit.parse(DEFAULT_LIMIT)] if searching else []
    asked = [text for text in (at.split(",") if isinstance(at, str) else at) if text]
    if not asked:
        raise MathrlError("--at needs at least one limit, as in 10s or 100k-evals")
    limits = [Limit.parse(text) for text in dict.fromkeys(asked) if canonical(text) != PASS]
    if searching and not limits:
        raise MathrlError(f"{searching[0]} searches until its budget is spent; --at needs a limit, as in 10s")
    return limits


def _longest(limits: Sequence[Limit | None]) -> Limit | None:
    """The largest of some limits of one kind; None for one pass."""
    return max((limit for limit in limits if limit), key=lambda limit: limit.amount, default=None)


def _contenders(
    family: EnvPlugin, env: str, words: Sequence[str], knobs: Mapping[str, Any], seeds: Sequence[int]
) -> tuple[list[Contender], list[str]]:
    """The agents NAME[:key=value,...] with their own settings, and the words common to all."""
    agents: dict[str, tuple[list[str], list[str]]] = {}
    common: list[str] = []
    for word in words:
        name, _, own = word.partition(":")
        if settings.is_setting(word) or settings.is_formula(word):
            common.append(word)
        elif is_pretrained(word):
            agents[word] = ([word], [])
        elif folders := _run_folders(name, family):
            agents[word] = (folders, _own_settings(own))
        elif _names_agent(name, own, family):
            agents[word] = ([name], _own_settings(own))
        else:
            common.append(word)
    found = []
    for label, (names, own_words) in agents.items():
        setups = [read_words(env, [*common, *own_words], knobs, agent=name) for name in names]
        if setups[0].trained is not None:
            found.append(Contender(label, tuple((_seed_of(setup), setup) for setup in setups)))
        else:
            repeats = seeds if setups[0].agent.get().seeded else seeds[:1]
            found.append(Contender(label, tuple((seed, setups[0]) for seed in repeats)))
    return found, common


def _names_agent(name: str, own: str, family: EnvPlugin) -> bool:
    """Whether a word means an agent; MathrlError if it can mean nothing else and there is none of that name."""
    try:
        registry.find_agent(name, family.name)
    except MathrlError:
        if own or family.rewards is None or not (is_reward(family, name) or family.instances is None):
            raise
        return False
    return True


def _own_settings(text: str) -> list[str]:
    """`mode=tabular,hidden=8,8` as settings of the agent; `env.` in front makes one of the environment."""
    parts = [part for part in re.split(r",(?=[a-z][\w.-]*=)", text) if part]
    return [part if "." in part.split("=")[0] else f"agent.{part}" for part in parts]


def _run_folders(text: str, family: EnvPlugin) -> list[str]:
    """The run folders in a list `runs/a,runs/b` or a pattern `runs/pg-*`; none if the text is another word."""
    if not text or text.endswith(".py"):
        return []
    found = []
    for part in text.split(","):
        some = sorted(path for path in glob.glob(part) if Path(path).is_dir()) if "*" in part else [part]
        if not some:
            raise MathrlError(f"no run folder is called {part}")
        found += some
    return found if is_run_folder(found[0], family) else []


def _seed_of(setup: Setup) -> int:
    """The training seed of a trained agent."""
    assert setup.trained is not None
    return int(read_config(setup.trained)["run"].get("seed", 0))


def _base(env: str, contenders: Sequence[Contender], words: Sequence[str], knobs: Mapping[str, Any]) -> Setup:
    """The problem as the words state it; if all agents are trained, the one that the first was trained on."""
    untrained = [setup for one in contenders for _, setup in one.setups if setup.trained is None]
    if untrained:
        return read_words(env, words, knobs, agent=untrained[0].agent.origin or untrained[0].agent.name)
    first = contenders[0].setups[0][1]
    return read_words(env, words, knobs, agent=first.model or str(first.trained))


def _notes(
    contenders: Sequence[Contender], base: Setup, given: Sequence[Any], limits: Sequence[Limit], kind: str, checked: int
) -> list[str]:
    """What a reader must know of the rows: the instances, what was verified, agents that were trained on others."""
    notes = []
    if len(given) > 1:
        notes.append(f"{len(given):,} {kind}instances, the same for all; evaluations and ms are of one instance")
        some = "every solution was checked"
        if checked < len(given):
            some = f"{checked:,} of {len(given):,} solutions an agent were checked"
        notes.append(some)
        if limits:
            notes.append("limits are for all instances together, and each gets an equal share")
    own = {canonical(name) for name in base.env.agent_knobs}
    for one in contenders:
        for _, setup in one.setups if one.setups[0][1].trained is not None else ():
            for name in type(base.env_config).__dataclass_fields__:
                mine, others = getattr(setup.env_config, name), getattr(base.env_config, name)
                if mine != others and canonical(name) not in own:
                    here = f"env.{canonical(name)}={settings.show(mine)}"
                    notes.append(f"{one.label} plays with {here} as it was trained, not {settings.show(others)}")
            if given[0] is not None and (warning := replace(setup, env_config=base.env_config).warning(given)):
                notes.append(f"{one.label}: {warning}")
    return list(dict.fromkeys(notes))


def _reference(name: str, labels: Sequence[str]) -> str:
    """The agent that others are compared with, the first if none is named."""
    if not name:
        return labels[0]
    if name not in labels:
        raise unknown(name, "one of the agents that are compared", labels)
    return name


def _beside(by_row: Mapping[tuple[str, str], list[Trial]], at: str, reference: str) -> list[Trial]:
    """The reference's trials at this limit, or the last ones it has."""
    own = [some for (_, name), some in by_row.items() if name == reference and some]
    return by_row[at, reference] or own[-1]


def _seeds(text: str) -> list[int]:
    """`0..4` or `0,3,7`."""
    try:
        if ".." in text:
            first, last = text.split("..")
            seeds = list(range(int(first), int(last) + 1))
        else:
            seeds = [int(part) for part in text.split(",")]
        if not seeds or min(seeds) < 0:
            raise ValueError
    except ValueError:
        raise MathrlError(f"'{text}' is not a list of seeds; write 0..4 or 0,3,7") from None
    return seeds


def _trial(name: str, limit: Limit | None, seed: int, work: Sequence[Job], found: Sequence[Result]) -> Trial:
    """What the jobs of a trial had reached at a limit that is not beyond their own."""
    total = sum(len(job.instances) for job in work)
    clock = 1 if limit and limit.kind == "seconds" else 0
    values: list[float] = []
    evaluations, seconds, solved = 0, 0.0, True
    hits: list[tuple[int, float]] = []
    for job, result in zip(work, found, strict=True):
        amount = math.inf if limit is None else limit.amount * len(job.instances) / total
        within = [[find for find in finds if find[clock] <= amount] for finds in result.finds]
        values += [finds[-1][2] if finds else -math.inf for finds in within]
        solved &= result.solved and all(map(len, within)) and [*map(tuple, within)] == [*result.finds]
        if solved:
            hits.append((max(finds[-1][0] for finds in within), max(finds[-1][1] for finds in within)))
        spent = (result.evaluations, result.seconds)
        end = next((end for end in result.ends if end[clock] >= amount), spent)
        evaluations, seconds = evaluations + end[0], seconds + end[1]
    refused = tuple(reason for result in found for reason in result.refused)
    return Trial(
        name, limit.text if limit else PASS, seed, values, solved, evaluations, round(seconds, 6),
        sum(hit[0] for hit in hits) if solved else None, sum(hit[1] for hit in hits) if solved else None,
        sum(job.checked for job in work), refused,
    )  # fmt: skip


def _steps(work: Sequence[Job], found: Sequence[Result], clock: int, once: bool) -> Steps:
    """A trial's best value over all instances against the evaluations (clock 0) or seconds (1) of one instance.

    What plays each instance once is a single point: how many it plays side by side says nothing of any of them.
    """
    if once:
        spent = sum((result.evaluations, result.seconds)[clock] for result in found)
        values = [some[-1][2] if some else -math.inf for result in found for some in result.finds]
        return np.array([spent / len(values)]), np.array([np.mean(values)])
    finds, end = [], 0.0
    for job, result in zip(work, found, strict=True):
        size = len(job.instances)
        finds += [[(find[clock] / size, find[2]) for find in some] for some in result.finds]
        end = max(end, (result.evaluations, result.seconds)[clock] / size)
    return anytime(finds, end)
