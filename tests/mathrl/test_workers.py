"""The numbers do not depend on who does the work, and a worker's failure is one sentence."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from dataclasses import asdict

import pytest

import mathrl as package
from mathrl import registry
from mathrl.agent import Task
from mathrl.cli import main
from mathrl.envs.graphs import functions
from mathrl.errors import MathrlError
from mathrl.executors import Inline, Processes, Spec, count

CLOCK = re.compile(r"_seconds$|_per_s$|^seconds$")
TABULAR = ["env.n=9", "env.moves=tree", "agent.mode=tabular", "agent.batch=403", "agent.tasks=4"]
MEMORY = [
    "env.n=6", "agent.mode=memory", "agent.batch=102", "agent.hidden=8", "agent.memory=20", "agent.tasks=4",
]  # fmt: skip


@pytest.fixture
def train(capfd, monkeypatch):
    """train(word, ...): the exit code and what came on standard error, also from worker processes."""
    monkeypatch.setattr(registry, "_files", {})
    monkeypatch.setattr(registry, "_rewards", list(registry._rewards))
    monkeypatch.setattr(functions, "_functions", dict(functions._functions))

    def call(*words):
        with pytest.raises(SystemExit) as end:
            main(["train", "graphs", "cem", *map(str, words), "--device", "cpu", "--quiet"])
        return end.value.code, capfd.readouterr().err

    return call


def rows(folder, name):
    return [
        {key: value for key, value in json.loads(line).items() if not CLOCK.search(key)}
        for line in (folder / name).read_text().splitlines()
    ]


@pytest.mark.parametrize(("words", "budget"), [(TABULAR, "8k-evals"), (MEMORY, "1k-evals")], ids=["tabular", "memory"])
def test_two_workers_give_what_one_gives(tmp_path, train, words, budget):
    """Metrics, solutions and checkpoints are equal, bit for bit."""
    for number in (1, 2):
        code, err = train(*words, "--budget", budget, "--workers", number, "--run", tmp_path / str(number))
        assert (code, err) == (0, "")
    one, two = tmp_path / "1", tmp_path / "2"
    assert rows(one, "metrics.jsonl") == rows(two, "metrics.jsonl")
    assert rows(one, "solutions.jsonl") == rows(two, "solutions.jsonl")
    assert len(rows(one, "metrics.jsonl")) >= 10
    files = [{file.name: file.read_bytes() for file in (folder / "checkpoint").glob("[!.]*")} for folder in (one, two)]
    latest = [json.loads(some.pop("latest.json"))["number"] for some in files]
    assert files[0] == files[1]
    assert latest[0] == latest[1]


REWARD = """
    import multiprocessing
    import os

    import networkx

    import mathrl

    AT_WORK = multiprocessing.parent_process() is not None


    @mathrl.reward("graphs", "test-falls-over")
    def falls_over(graph: networkx.Graph) -> float:
        "The number of edges, but not on a worker."
        if AT_WORK:
            {fall}
        return graph.number_of_edges()
"""


def falling(file):
    """The words of a run with two workers whose reward is in a file."""
    words = ["agent.mode=tabular", "agent.batch=20", "agent.tasks=4", "env.n=5", f"reward={file}"]
    return [*words, "--workers", 2, "--budget", "1k-evals", "--run", file.parent / "run"]


@pytest.mark.parametrize(
    ("fall", "message"),
    [
        ("os._exit(3)", "a worker process ended before its work was done"),
        ("raise ValueError('no such graph')", "the reward 'test-falls-over' failed: ValueError: no such graph"),
    ],
    ids=["exit", "error"],
)
def test_a_worker_that_fails_is_one_sentence(tmp_path, train, fall, message):
    file = tmp_path / "falls.py"
    file.write_text(textwrap.dedent(REWARD).format(fall=fall))
    code, err = train(*falling(file))
    assert code == 2
    assert message in err
    assert err.startswith("mathrl: ")
    assert err.count("\n") == 1


def test_a_worker_that_cannot_begin_is_one_sentence(tmp_path, train):
    file = tmp_path / "falls.py"
    file.write_text(textwrap.dedent(REWARD).format(fall="pass") + "\nif AT_WORK:\n    raise ImportError('not here')\n")
    code, err = train(*falling(file))
    assert code == 2
    assert err.startswith("mathrl: ")
    assert err.count("\n") == 1


def test_workers_read_the_files_of_their_plug_ins(tmp_path, plugins):
    """An environment of a file, with its own class of settings, is worked on as an installed one."""
    words = ("agent.mode=tabular", "agent.batch=40", "agent.tasks=4")
    one, two = (
        package.train(
            str(plugins / "ones.py"), "cem", *words, length=7, budget="200-evals", workers=count, run=tmp_path / count
        )
        for count in ("1", "2")
    )
    assert one.best.solution == two.best.solution
    assert rows(tmp_path / "1", "metrics.jsonl") == rows(tmp_path / "2", "metrics.jsonl")


def test_count():
    assert count(3) == count("3") == 3
    assert count("auto") == len(os.sched_getaffinity(0)) >= 1


def test_auto_counts_the_cores_that_this_process_may_use():
    script = """if True:
        import os
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        from mathrl.executors import count
        print(count("auto"))
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "1\n"


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "", "²", 0])
def test_count_refuses(text):
    with pytest.raises(MathrlError, match="--workers must be a whole number from 1, or auto"):
        count(text)


# ------------------------------------------------------------------------------------------------------ the executor


@pytest.fixture(scope="module")
def parts():
    """An agent bound to its environment, and what a worker needs to build the same."""
    plugin, agent = registry.find_env("graphs"), registry.find_agent("cem")
    env_config = plugin.get("config")(n=7, moves="tree")
    agent_config = agent.get().Config(mode="tabular", batch=50)
    env = plugin.make(1, env_config)
    made = agent.get()(agent_config, seed=3)
    made.bind(env)
    return env, made, Spec("graphs", asdict(env_config), "cem", asdict(agent_config), 3, ())


def test_results_come_in_the_order_of_tasks_and_evaluations_are_counted(parts):
    """More tasks than workers can hold, of very different sizes."""
    env, agent, spec = parts
    tasks = [Task(3, 0, index, size) for index, size in enumerate([700, 1, 90, 2, 300, 5, 6, 7, 800, 9, 10])]
    before = env.meter.evaluations
    alone = list(Inline(agent, env).map(tasks))
    spent = env.meter.evaluations - before
    assert spent == sum(task.size for task in tasks)
    executor = Processes(2, spec, agent, env)
    try:
        executor.publish()
        shared = list(executor.map(tasks))
        assert list(executor.map([])) == []
    finally:
        executor.close()
    assert env.meter.evaluations - before == 2 * spent
    assert len(alone) == len(shared)
    for (words, scores), (others, values) in zip(alone, shared, strict=True):
        assert words.tolist() == others.tolist()
        assert scores.tolist() == values.tolist()
    assert not any(process.is_alive() for process in executor.processes)


COUNTING = """
    import time

    import mathrl

    class Counting(mathrl.Agent):
        "Its work is the number of the task; the first task of generation 0 fails."

        def work(self, env, task):
            if (task.generation, task.index) == (0, 0):
                raise ValueError("not this one")
            return task.generation, task.index

        def parameters(self):
            return {"where": self.device}

    PLUGIN = mathrl.AgentPlugin("counting", Counting, "counts")
"""


def test_a_map_that_broke_off_leaves_nothing_for_the_next(tmp_path, plugins):
    """What workers had begun when a task failed is not taken for the results of later tasks."""
    file = tmp_path / "counting.py"
    file.write_text(textwrap.dedent(COUNTING))
    env, agent = registry.find_env(str(plugins / "ones.py")), registry.find_agent(str(file))
    config = env.get("config")()
    rows, made = env.make(1, config), agent.get()()
    spec = Spec(env.name, asdict(config), "counting", {}, 0, (str(plugins / "ones.py"), str(file)))
    tasks = [[Task(0, generation, index, 1) for index in range(7)] for generation in range(2)]
    executor = Processes(2, spec, made, rows)
    try:
        for _ in range(2):
            with pytest.raises(MathrlError, match="a worker failed: ValueError: not this one"):
                executor.map(tasks[0])
            assert executor.map(tasks[1]) == [(1, index) for index in range(7)]
    finally:
        executor.close()


def test_work_is_done_when_it_is_asked_for(parts):
    """Both executors return finished results: nothing is left to an iteration that may not come."""
    env, agent, _ = parts
    before = env.meter.evaluations
    results = Inline(agent, env).map([Task(3, 0, 0, 5), Task(3, 0, 1, 6)])
    assert env.meter.evaluations - before == 11
    assert isinstance(results, list)


def test_a_killed_worker_is_noticed(parts):
    env, agent, spec = parts
    executor = Processes(1, spec, agent, env)
    try:
        executor.publish()
        assert len(list(executor.map([Task(3, 0, 0, 5)]))) == 1
        executor.processes[0].kill()
        executor.processes[0].join()
        with pytest.raises(MathrlError, match="a worker process ended before its work was done"):
            list(executor.map([Task(3, 0, 0, 5)]))
    finally:
        executor.close()
