"""The command line. Words are read by `setup.read_words`; nothing here knows any environment or agent."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from mathrl.errors import MathrlError

if TYPE_CHECKING:
    from mathrl.session import Options
    from mathrl.setup import Setup

app = typer.Typer(
    name="mathrl",
    help="Machine search for working mathematicians: state a problem, get the best object found, with a proof.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Words = Annotated[list[str] | None, typer.Argument(help="an agent, a conjecture or formula, settings like env.n=19")]
BudgetOption = Annotated[str | None, typer.Option("--budget", help="60s, 5m, or 200k-evals")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="the seed of every random number [default: 0]")]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="a TOML file like a run's config.toml")]
WorkersOption = Annotated[str, typer.Option("--workers", help="worker processes, or auto")]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1: where networks run")]
RunOption = Annotated[Path | None, typer.Option("--run", help="the run folder, created or continued")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON instead of text")]
LoadOption = Annotated[
    list[str] | None, typer.Option("--load", help="a Python file with rewards, environments or agents")
]
WARNINGS = 5  # malformed lines that are shown one by one
ROUNDING = 1e-9  # a float score up to it may be an equality's rounding error
QuietOption = Annotated[bool, typer.Option("--quiet", help="no progress, no remarks")]


@app.command()
def train(
    env: Annotated[str, typer.Argument(help="an environment (mathrl list envs) or a .py file")] = "",
    agent: Annotated[str, typer.Argument(help="an agent (mathrl list agents) or a .py file")] = "",
    words: Words = None,
    budget: BudgetOption = None,
    until: Annotated[str | None, typer.Option(help="'solved' ends the run at a proved solution")] = None,
    seed: SeedOption = None,
    workers: WorkersOption = "1",
    device: DeviceOption = "auto",
    run: RunOption = None,
    resume: Annotated[Path | None, typer.Option(help="an existing run folder to continue")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    load: LoadOption = None,
    quiet: QuietOption = False,
) -> None:
    """Train an agent; the run folder keeps everything and can be continued."""
    from mathrl import session, setup
    from mathrl.reports import report

    load_files(load)
    said = [word for word in (env, agent) if word] + (words or [])
    if resume and run and resume != run:
        raise MathrlError("--run and --resume name different folders")
    if resume and not resume.exists():
        raise MathrlError(f"there is no run folder {resume}; --run would create it")
    folder = resume or run
    stored: dict[str, Any] = {}
    if config or (folder and folder.exists()):
        found, stored = read_stored("train", config, folder, said)
    elif not env or not agent:
        raise MathrlError("say what to train: mathrl train ENV AGENT (mathrl list shows both)")
    else:
        found = setup.read_words(env, words or [], agent=agent)
    options = session.Options(budget, until, 0 if seed is None else seed, workers, device, folder, quiet)
    outcome = session.train_setup(found, complete(options, stored, seed, as_json))
    report(outcome, as_json, quiet)
    raise typer.Exit(outcome.exit_code)


def read_stored(verb: str, config: Path | None, folder: Path | None, said: list[str]) -> tuple[Setup, dict[str, Any]]:
    """The setup of --config or of an existing run folder, with the words `said` on top, and its table run."""
    from mathrl import setup

    if not config:
        assert folder is not None
        return setup.from_folder(folder, said)
    found, stored = setup.from_file(config, said)
    if stored.get("verb", verb) != verb:
        command = f"mathrl {stored['verb']} {found.env.name} --config {config}"
        raise MathrlError(f"{config} is not for {verb}; try: {command}")
    return found, stored


def complete(options: Options, stored: dict[str, Any], seed: int | None, as_json: bool) -> Options:
    """Options with what is not said on the command line from a stored table run."""
    return replace(
        options,
        budget=options.budget or stored.get("budget"),
        until=options.until or stored.get("until"),
        seed=int(stored.get("seed", 0)) if seed is None else seed,
        announce=None if options.quiet or as_json else announce,
    )


@app.command()
def solve(
    env: Annotated[str, typer.Argument(help="an environment (mathrl list envs) or a .py file")],
    words: Words = None,
    budget: BudgetOption = None,
    until: Annotated[
        str | None, typer.Option(help="'solved', or 'budget' to go on improving [default: solved]")
    ] = None,
    seed: SeedOption = None,
    workers: WorkersOption = "1",
    device: DeviceOption = "auto",
    run: RunOption = None,
    config: ConfigOption = None,
    out: Annotated[Path | None, typer.Option(help="write the solutions there, as JSON Lines")] = None,
    as_json: JsonOption = False,
    load: LoadOption = None,
    quiet: QuietOption = False,
) -> None:
    """Search for the best object: a conjecture's counterexample, a short ruler, ..."""
    from mathrl import session, setup
    from mathrl.registry import find_env
    from mathrl.reports import report

    load_files(load)
    stored: dict[str, Any] = {}
    if config or (run and run.exists()):
        found, stored = read_stored("solve", config, run, [env, *(words or [])])
        if find_env(env).name != found.env.name:
            raise MathrlError(f"{config or run} was begun with env.name={found.env.name}, not {find_env(env).name}")
    else:
        found = setup.read_words(env, words or [])
    options = session.Options(budget, until, 0 if seed is None else seed, workers, device, run, quiet)
    outcome = session.solve_setup(found, complete(options, stored, seed, as_json))
    if out:
        write(out, "".join(solution.line() + "\n" for solution in outcome.solutions))
    report(outcome, as_json, quiet)
    raise typer.Exit(outcome.exit_code)


@app.command()
def bench(
    env: Annotated[str, typer.Argument(help="an environment (mathrl list envs) or a .py file")],
    words: Annotated[
        list[str] | None, typer.Argument(help="agents, each NAME or NAME:key=value,..., and settings")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="where to compare: 10s,60s,100k-evals, or pass [default: one pass, for searches 10s]"),
    ] = None,
    train_seeds: Annotated[str, typer.Option(help="the seeds, as in 0..4 or 0,3,7")] = "0..4",
    on: Annotated[str, typer.Option(help="instances by name, with commas between")] = "",
    instances: Annotated[
        int, typer.Option(help="fresh instances, where the family draws them and none are named")
    ] = 200,
    check: Annotated[int, typer.Option(help="instances whose solutions are verified, for each agent and seed")] = 20,
    reference: Annotated[str, typer.Option(help="the agent that ratios are to [default: the first]")] = "",
    workers: WorkersOption = "1",
    device: DeviceOption = "auto",
    out: Annotated[
        Path | None, typer.Option(help="a folder for table.md, table.csv, table.json and curves.png")
    ] = None,
    as_json: JsonOption = False,
    load: LoadOption = None,
    quiet: QuietOption = False,
) -> None:
    """Compare agents at equal seconds and equal evaluations, over several seeds."""
    from mathrl.bench import bench as compare

    load_files(load)
    table = compare(
        env, *(words or []), at=at, train_seeds=train_seeds, on=on, instances=instances, check=check,
        reference=reference, workers=workers, device=device, quiet=quiet,
    )  # fmt: skip
    written = table.save(out) if out else []
    print(table.to_json() if as_json else table.to_text())
    for error in table.errors if as_json else ():
        print(f"mathrl: {error}", file=sys.stderr)
    if written and not quiet:
        print(f"written: {', '.join(map(str, written))}")


@app.command()
def score(
    env: Annotated[str, typer.Argument(help="an environment")],
    words: Annotated[list[str], typer.Argument(help="reward=..., settings, and last the file (- for a pipe)")],
    prove: Annotated[bool, typer.Option("--prove", help="prove each positive score")] = False,
    only: Annotated[str, typer.Option(help="'positive' shows only what refutes")] = "",
    load: LoadOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score the objects in a file or pipe, one a line."""
    from mathrl import verbs

    load_files(load)
    if only not in ("", "positive"):
        raise MathrlError(f"--only takes 'positive', not '{only}'")
    *said, name = words
    if "=" in name and not Path(name).exists():
        raise MathrlError(f"score needs a file of objects after {name}, or - for a pipe")
    with open_lines(name) as file:
        lines = verbs.score(env, file, name if name != "-" else "standard input", said, prove)
        malformed = show_scores(lines, only == "positive", as_json)
    if malformed > WARNINGS:
        print(f"mathrl: {malformed} malformed lines in all", file=sys.stderr)
    raise typer.Exit(2 if malformed else 0)


def show_scores(lines: Iterable[dict[str, Any]], positive: bool, as_json: bool) -> int:
    """One line an object, a warning for each of the first malformed ones; returns how many were malformed."""
    malformed = 0
    for line in lines:
        if "error" in line:
            malformed += 1
            if malformed <= WARNINGS:
                print(f"mathrl: {line['error']}", file=sys.stderr)
        if positive and not is_hit(line):
            continue
        if as_json:
            print(json.dumps(line))
        elif "error" not in line:
            known = line["score"] is not None
            remark = {True: "  proved", False: "  not proved", None: ""}[line["proved"] if known else None]
            print(f"{line['id']}  {line['score']:.10g}{remark}" if known else f"{line['id']}  -inf")
    return malformed


def is_hit(line: dict[str, Any]) -> bool:
    """Whether a score is positive beyond rounding, or proved to refute (a strict claim is refuted by equality)."""
    score = line["score"]
    return score is not None and (score > ROUNDING or (line["proved"] is True and score >= 0))


@app.command()
def verify(
    path: Annotated[str, typer.Argument(help="a run folder or a JSON Lines file (- for a pipe)")],
    as_json: JsonOption = False,
    load: LoadOption = None,
    quiet: QuietOption = False,
) -> None:
    """Check every solution independently; exit 0 only if there is something to check and all of it holds."""
    from mathrl import verbs

    load_files(load)
    verdicts = verbs.verify(path)
    for name, verdict in verdicts:
        if as_json:
            print(json.dumps({"id": name, "holds": verdict.holds, "proved": verdict.proved, "reason": verdict.reason}))
        elif not quiet or not verdict.holds:
            print(f"{'holds ' if verdict.holds else 'FAILS '} {name}  {verdict.reason}")
    if not verdicts:
        print(f"mathrl: {path} has no solution to verify", file=sys.stderr)
    raise typer.Exit(0 if verdicts and all(verdict.holds for _, verdict in verdicts) else 1)


@app.command()
def show(
    paths: Annotated[list[str], typer.Argument(help="a run folder or a JSON Lines file; several with --to sheet")],
    to: Annotated[
        str,
        typer.Option(
            "--to", help="a format of the family (graphs: g6, sage, dot, tikz, check), or json, png, svg, sheet"
        ),
    ] = "",
    out: Annotated[Path | None, typer.Option(help="write there instead of the terminal")] = None,
    load: LoadOption = None,
) -> None:
    """Show the best solution: its certificate in words, its picture, a file for another program; or all of them."""
    from mathrl import reports, verbs

    load_files(load)
    if to == "sheet":
        page, count = verbs.sheet(paths, out or Path("sheet.svg"))
        print(f"{page}  (distinct solutions: {count})")
        return
    path, *more = paths
    if more:
        raise MathrlError(f"only --to sheet shows several runs or files, and {more[0]} is the second")
    if to in ("png", "svg"):
        file = out or Path(f"solution.{to}")
        if verbs.picture(path, verbs.best_of(path).record, file) is None:
            raise MathrlError("this family draws no pictures")
        print(file)
    elif to:
        text = verbs.export(path, to)
        if out:
            write(out, text + ("" if text.endswith("\n") else "\n"))
            print(out)
        else:
            print(text, end="" if text.endswith("\n") else "\n")
    else:
        shown = verbs.best_of(path)
        reports.print_solution(shown)
        drawn = verbs.picture(path, shown.record, out) if out or Path(path).is_dir() else None
        if drawn:
            print(f"\npicture: {drawn}")
        raise typer.Exit(0 if shown.verdict.holds else 1)


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help="envs, agents, rewards, invariants, or the name of an env or agent")] = "",
    env: Annotated[str, typer.Argument(help="the environment, for rewards and invariants")] = "",
    as_json: JsonOption = False,
) -> None:
    """List what there is: environments, agents, rewards, invariants, the settings of any of them."""
    from mathrl import verbs

    found = verbs.listing(what, env)
    if as_json:
        print(json.dumps({heading: [vars(entry) for entry in entries] for heading, entries in found.items()}))
        return
    for index, (heading, entries) in enumerate(found.items()):
        print(("\n" if index else "") + heading)
        width = max((len(entry.name) for entry in entries), default=0)
        for entry in entries:
            print(f"  {entry.name:<{width}}  {entry.summary}" + (f"  ({entry.status})" if entry.status else ""))
    if not what:
        print("\nmore: mathrl list rewards, mathrl list NAME for the settings of an environment or agent")


def load_files(files: list[str] | None) -> None:
    """Import the user's files."""
    from mathrl.registry import load_file

    for file in files or []:
        load_file(file)


def announce(lines: list[str]) -> None:
    """The problem as it was read, before the search begins."""
    for line in lines:
        print(line)
    sys.stdout.flush()


def open_lines(name: str) -> Any:
    """The lines of a file, or of standard input for `-`."""
    if name == "-":
        return nullcontext(sys.stdin)
    try:
        return Path(name).open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise MathrlError(f"cannot read {name}: {error.strerror}") from None


def write(file: Path, text: str) -> None:
    """Write a result; nothing half-written is left."""
    from mathrl.checkpoint import write_atomically

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, text.encode())
    except OSError as error:
        raise MathrlError(f"cannot write {file}: {error.strerror or error}") from None


def main(arguments: list[str] | None = None) -> NoReturn:
    """The entry point: a user's error is one sentence and exit code 2."""
    command: Callable[..., Any] = app
    try:
        command(arguments)
    except MathrlError as error:
        print(f"mathrl: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # the reader of our output has seen enough
            sys.exit(0)
        raise
    sys.exit(0)
