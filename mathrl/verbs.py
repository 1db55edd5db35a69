"""The verbs that look at things: list, score, verify, show. They return text or records; the command line prints."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mathrl import registry, settings
from mathrl.errors import MathrlError, canonical, unknown
from mathrl.registry import RewardEntry
from mathrl.runs import read_config, read_solutions
from mathrl.solution import Verdict, check_record


def listing(what: str = "", env: str = "") -> dict[str, list[RewardEntry]]:
    """What `mathrl list` shows, by heading: environments, agents, a family's rewards, invariants and settings."""
    if what not in ("", "envs", "agents", "rewards"):
        return _family_listing(what, env)
    found: dict[str, list[RewardEntry]] = {}
    if what in ("", "envs"):
        found["environments"] = [RewardEntry(one.name, one.summary) for one in registry.envs().values()]
        found["environments"] += [RewardEntry(name, why, "broken") for name, why in registry.broken("envs").items()]
    if what in ("", "agents"):
        found |= _agents(env)
    if what == "rewards":
        families = [registry.find_env(env)] if env else [one for one in registry.envs().values() if one.rewards]
        for family in families:
            if family.rewards is None:
                raise MathrlError(f"{family.name} has one objective and no list of rewards")
            found[f"rewards of {family.name}"] = list(family.get("rewards")())
    return found


def _agents(env: str) -> dict[str, list[RewardEntry]]:
    """Each family's own agents under its name, and those for all; of one family only what works there."""
    families = [registry.find_env(env)] if env else list(registry.envs().values())
    found = {
        f"agents of {family.name}": [RewardEntry(one.name, one.summary) for one in family.agents]
        for family in families
        if family.agents
    }
    if env and families[0].pretrained is not None:
        entry = RewardEntry("pretrained", "the model that the family ships; pretrained:NAME for another one")
        found.setdefault(f"agents of {families[0].name}", []).append(entry)
    general = [one for one in registry.agents().values() if not env or not one.envs or families[0].name in one.envs]
    found["agents"] = [RewardEntry(one.name, one.summary) for one in general]
    found["agents"] += [RewardEntry(name, why, "broken") for name, why in registry.broken("agents").items()]
    return found


def _family_listing(what: str, env: str) -> dict[str, list[RewardEntry]]:
    """The settings of an environment or agent named by `what`, or a family's own listing such as its invariants."""
    own = {name: one for one in registry.envs().values() for name in one.listings}
    if what in own:
        family = registry.find_env(env) if env else own[what]
        if what not in family.listings:
            raise MathrlError(f"{family.name} has no {what}")
        return {f"{what} of {family.name}": list(registry.resolve(family.listings[what])())}
    with suppress(MathrlError):
        family = registry.find_env(what)
        return {f"settings of {family.name}": _settings(family.get("config"), "env")}
    families = [registry.find_env(env)] if env else list(registry.envs().values())
    plugins = {f"{plugin.name} of {one.name}": plugin for one in families if (plugin := one.agent(what))}
    if not plugins:
        with suppress(MathrlError):
            plugin = registry.find_agent(what, env)
            plugins = {plugin.name: plugin}
    if not plugins:
        names = ["envs", "agents", "rewards", *own, *registry.envs(), *registry.agents()]
        names += [agent.name for family in families for agent in family.agents]
        raise unknown(what, "something to list", names)
    return {f"settings of {name}": _settings(plugin.get().Config, "agent") for name, plugin in plugins.items()}


def _settings(config: type, prefix: str) -> list[RewardEntry]:
    """The knobs of a config as they are typed."""
    return [
        RewardEntry(f"{prefix}.{name}", doc, f"{kind}; default {default or '(empty)'}")
        for name, kind, default, doc in settings.describe(config)
    ]


def score(
    env: str, lines: Iterable[str], source: str, words: Sequence[str] = (), prove: bool = False, **knobs: Any
) -> Iterator[dict[str, Any]]:
    """Score objects of a family, one `{"id", "score", "proved"}` a line, in order and in bounded memory.

    A line that cannot be read has an "error" as well, one sentence, and no score.
    """
    plugin = registry.find_env(env)
    if plugin.score is None:
        raise MathrlError(f"{plugin.name} has no file format to score")
    given = {canonical(name): value for name, value in knobs.items()}
    for word in words:
        if settings.is_setting(word):
            name, value = next(iter(settings.split([word]).items()))
            given[name.removeprefix("env.")] = value
        elif "reward" in given:
            raise MathrlError(f"two rewards were given, '{given['reward']}' and '{word}'")
        else:
            given["reward"] = word
    if str(given.get("reward", "")).endswith(".py"):
        given["reward"] = registry.load_reward(str(given["reward"]), plugin.name)
    config = settings.build(plugin.get("config"), given, plugin.name)
    found: Iterator[dict[str, Any]] = plugin.get("score")(config, lines, source, prove)
    return found


def verify(path: str | Path) -> list[tuple[str, Verdict]]:
    """The verdict on every solution of a run folder or a JSON Lines file (`-`: standard input), with its name."""
    path = Path(path)
    records = read_solutions(path)
    _ask_for_files(path)
    verdicts = []
    for number, record in enumerate(records, 1):
        name = str(record.get("id", f"line {number}"))
        try:
            check_record(record)
            plugin = registry.find_env(record["env"])
            verdict = plugin.check(record)
            if verdict.holds and plugin.confirm:
                verdict = plugin.get("confirm")(record, verdict)
            verdicts.append((name, verdict))
        except MathrlError as error:
            verdicts.append((name, Verdict(False, False, str(error))))
    return verdicts


@dataclass(frozen=True)
class Shown:
    """A solution for display: its record, its verdict, the problem as it was read."""

    record: dict[str, Any]
    verdict: Verdict
    statement: list[str]


def best_of(path: str | Path) -> Shown:
    """The best solution of a run folder or file, with what is to be said about it."""
    path = Path(path)
    records = read_solutions(path)
    _ask_for_files(path)
    if not records:
        raise MathrlError(f"{path} has no solution yet")
    for record in records:
        check_record(record)
    best = max(records, key=lambda record: -float("inf") if record["value"] is None else record["value"])
    plugin = registry.find_env(best["env"])
    statement: list[str] = []
    if path.is_dir() and plugin.statement:
        stored = {name: value for name, value in read_config(path)["env"].items() if name != "name"}
        statement = plugin.get("statement")(settings.build(plugin.get("config"), stored, plugin.name))
    return Shown(best, plugin.check(best), statement)


def export(path: str | Path, form: str) -> str:
    """The best solution of a run or file in one of its family's formats."""
    shown = best_of(path)
    plugin = registry.find_env(shown.record["env"])
    if form == "json":
        return json.dumps(shown.record)
    if form not in plugin.exports:
        drawn = [*["png", "svg"] * (plugin.draw is not None), *["sheet"] * (plugin.sheet is not None)]
        forms = [*plugin.exports, "json", *drawn]
        error = unknown(form, f"a format of {plugin.name}", forms)
        raise MathrlError(f"{error}  (formats: {', '.join(forms)})") if error.args[0].endswith("?") else error
    if not shown.verdict.holds:
        raise MathrlError(f"{path}: {shown.verdict.reason}")
    return str(registry.resolve(plugin.exports[form])(shown.record))


def picture(path: str | Path, record: dict[str, Any], file: Path | None = None) -> Path | None:
    """Draw a solution into `file`, or into plots/ of its run folder; None if its family draws nothing."""
    plugin = registry.find_env(record["env"])
    if plugin.draw is None:
        return None
    folder = Path(path) / "plots" if Path(path).is_dir() else Path()
    name = re.sub(r"[^\w-]", "_", str(record.get("id", "solution")))[:64]  # a record must not choose another folder
    target = file or folder / f"{name}.png"
    return _written(target, lambda: plugin.get("draw")(record, target))


def distinct(paths: Iterable[str | Path]) -> list[dict[str, Any]]:
    """The solutions of one family in run folders and files, best first, each object once, and only what holds.

    Objects found for several rewards take turns: the best for each reward, in the order given, then the second best.
    """
    records: list[dict[str, Any]] = []
    for path in map(Path, paths):
        _ask_for_files(path)
        records += read_solutions(path)
    for record in records:
        check_record(record)
    families = list(dict.fromkeys(record["env"] for record in records))
    if len(families) > 1:
        raise MathrlError(f"solutions of {' and '.join(families)} cannot be shown together")
    kept: dict[str, dict[str, dict[str, Any]]] = {record["reward"]: {} for record in records}
    for record in sorted(records, key=lambda record: math.inf if record["value"] is None else -record["value"]):
        plugin = registry.find_env(record["env"])
        if plugin.check(record).holds:
            kept[record["reward"]].setdefault(plugin.identity(record), record)
    turns = itertools.zip_longest(*(found.values() for found in kept.values()))
    return [record for turn in turns for record in turn if record is not None]


def sheet(paths: Sequence[str | Path], file: Path) -> tuple[Path, int]:
    """Draw the best distinct solutions of runs and files on one contact sheet; its path, and how many there were."""
    found = distinct(paths)
    if not found:
        raise MathrlError(f"there is no solution that holds in {', '.join(map(str, paths))}")
    plugin = registry.find_env(found[0]["env"])
    if plugin.sheet is None:
        raise MathrlError(f"{plugin.name} draws no contact sheets")
    return _written(file, lambda: plugin.get("sheet")(found, file)), len(found)


def _written(file: Path, draw: Callable[[], Any]) -> Path:
    """What a drawing function wrote; its folder is made first."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return Path(draw())
    except OSError as error:
        raise MathrlError(f"cannot write the picture {file}: {error.strerror or error}") from None


def _ask_for_files(path: Path) -> None:
    """MathrlError if a run needs a user's file that was not loaded: what is read never executes code by itself."""
    if path.is_dir():
        missing = [file for file in read_config(path)["run"].get("files", []) if file not in registry.files()]
        if missing:
            raise MathrlError(f"{path} used the file {missing[0]}; name it with --load to let its code run")
