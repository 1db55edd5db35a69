"""A plug-in is found wherever it lies, and nothing is imported before it is needed."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import mathrl
from mathrl import registry
from mathrl.envs.graphs import functions
from mathrl.errors import MathrlError, unknown
from mathrl.registry import AgentPlugin, EnvPlugin

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "numba", "sympy", "stable_baselines3", "sb3_contrib", "networkx", "matplotlib", "scipy", "flint")


@pytest.fixture(autouse=True)
def registry_as_it_was(monkeypatch):
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(registry, "_found", {group: dict(found) for group, found in registry._found.items()})
    monkeypatch.setattr(registry, "_files", dict(registry._files))
    monkeypatch.setattr(registry, "_rewards", list(registry._rewards))
    monkeypatch.setattr(registry, "_scanned", set(registry._scanned))
    monkeypatch.setattr(registry, "_broken", {group: dict(found) for group, found in registry._broken.items()})
    monkeypatch.setattr(functions, "_functions", dict(functions._functions))


AGENT = """
    import numpy as np
    from mathrl import Agent, AgentPlugin

    class {kind}(Agent):
        "The smallest legal action."

        def act(self, env, rows, rng, greedy=True):
            return env.masks(rows).argmax(1)
"""


def agent_file(folder, name="mine", plugin='PLUGIN = AgentPlugin("mine", First, "first", learns=False)'):
    file = folder / f"{name}.py"
    file.write_text(textwrap.dedent(AGENT.format(kind="First")) + "\n" + plugin + "\n")
    return file


def run_python(script, *arguments, **environment):
    """Standard output of a script in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True, text=True, timeout=120, env={**os.environ, **environment}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


# -------------------------------------------------------------------------------------------------------- discovery


def test_what_is_installed_is_found():
    assert "graphs" in registry.envs()
    assert {"cem", "random"} <= registry.agents().keys()
    assert all(isinstance(plugin, EnvPlugin) for plugin in registry.envs().values())
    assert all(isinstance(plugin, AgentPlugin) for plugin in registry.agents().values())
    assert list(registry.agents()) == sorted(registry.agents())


def test_every_module_of_envs_and_agents_is_a_plug_in():
    """No file in the two folders is forgotten, and none of them needs an entry anywhere else."""
    for group, found in (("envs", registry.envs()), ("agents", registry.agents())):
        modules = [path for path in (ROOT / group).iterdir() if not path.name.startswith(("_", "."))]
        assert registry.module_names(group) == sorted(path.stem for path in modules)
        for module in registry.module_names(group):
            plugins = list(registry._plugins(__import__(f"mathrl.{group}.{module}", fromlist=["PLUGIN"])))
            assert plugins, module
            assert all(plugin.name in found for plugin in plugins)


def test_a_file_dropped_into_the_folder_is_found_without_an_edit_elsewhere(tmp_path):
    """The same discovery for a copy of mathrl.agents with one more file."""
    agents = tmp_path / "agents"
    agents.mkdir()
    agent_file(agents, "my_agent", 'PLUGIN = [AgentPlugin(f"my-agent.{x}", First, learns=False) for x in "ab"]')
    (agents / "_hidden.py").write_text("raise RuntimeError\n")
    script = """
        import sys
        import mathrl.agents
        from mathrl import registry
        mathrl.agents.__path__.append(sys.argv[1])
        print(registry.find_agent("my_agent.a").name, "cem" in registry.agents(), *registry.module_names("agents"))
    """
    name, others, *modules = run_python(script, agents).split()
    assert (name, others) == ("my-agent.a", "True")
    assert "my_agent" in modules
    assert "_hidden" not in modules


def test_an_installed_distribution_is_found_by_its_entry_points(tmp_path):
    """Third parties need no file of ours: a distribution's metadata names a module, or an object in it."""
    agent_file(tmp_path, "third_party", 'PLUGIN = AgentPlugin("third", First, learns=False)')
    agent_file(tmp_path, "fourth_party", 'ONE = AgentPlugin("fourth", First, learns=False)')
    info = tmp_path / "third_party-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mathrl.agents]\nthird = third_party\nfourth = fourth_party:ONE\n")
    script = """
        from mathrl import registry
        print(*registry.agents(), registry.find_agent("third").name, registry.find_agent("FOURTH").name)
    """
    *agents, third, fourth = run_python(script, PYTHONPATH=str(tmp_path)).split()
    assert {"cem", "third", "fourth"} <= set(agents)
    assert (third, fourth) == ("third", "fourth")


def test_what_is_broken_is_listed_and_hides_nothing_else(tmp_path):
    """A module that cannot be imported and one without a plug-in: the list names both with the reason, and works."""
    agents = tmp_path / "agents"
    agents.mkdir()
    (agents / "bent.py").write_text("import no_such_module\n")
    agent_file(tmp_path, "odd_party", "PLUGIN = 3")
    info = tmp_path / "odd-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mathrl.agents]\nodd = odd_party\n[mathrl.envs]\ngone = no.such:THING\n")
    script = """
        import sys
        import mathrl.agents
        from mathrl.cli import main
        mathrl.agents.__path__.append(sys.argv[1])
        for words in (["list"], ["list", "agents", "--json"], ["solve", "graphs", "bent"], ["solve", "gone"]):
            try:
                main(words)
            except SystemExit as end:
                print("exit", end.code, file=sys.stderr)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(agents)],
        capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=True,
    )  # fmt: skip
    lines = [line.split(None, 1) for line in done.stdout.splitlines() if line.startswith("  ")]
    listed = dict(lines)
    assert {"graphs", "cem", "random", "bent", "odd", "gone"} <= listed.keys()
    assert "ModuleNotFoundError: No module named 'no_such_module'  (broken)" in listed["bent"]
    assert "PLUGIN must be a mathrl.EnvPlugin" in listed["odd"]
    assert done.stderr.splitlines()[:2] == ["exit 0", "exit 0"]
    bent, first, gone, second = done.stderr.splitlines()[2:]
    assert bent.startswith("mathrl: mathrl.agents.bent cannot be imported: ModuleNotFoundError")
    assert gone.startswith("mathrl: no.such:THING cannot be imported: ModuleNotFoundError")
    assert first == second == "exit 2"


def test_a_plug_in_registered_by_hand_is_found():
    plugin = AgentPlugin("By_Hand", mathrl.Agent, learns=False)
    registry.register(plugin, origin="notebook")
    assert registry.find_agent("by-hand") is plugin
    assert plugin.origin == "notebook"


def test_names_do_not_depend_on_case_and_dashes():
    assert registry.find_agent("CEM") is registry.find_agent("cem")
    assert registry.find_env(" Graphs ") is registry.find_env("graphs")


# ------------------------------------------------------------------------------------------------------------ files


def test_a_path_is_a_name(tmp_path):
    file = agent_file(tmp_path)
    found = registry.find_agent(str(file))
    assert (found.name, found.origin) == ("mine", str(file))
    assert registry.find_agent("mine") is found
    assert str(file) in registry.files()


def test_a_file_is_imported_once(tmp_path):
    file = agent_file(tmp_path)
    with file.open("a") as text:
        text.write(
            "from pathlib import Path\nwith Path(__file__).with_suffix('.log').open('a') as log:\n    log.write('x')\n"
        )
    first = registry.load_file(file)
    assert registry.load_file(str(file)) is first
    assert registry.find_agent(os.path.relpath(file)).name == "mine"
    assert file.with_suffix(".log").read_text() == "x"


def test_two_files_of_one_name_do_not_meet(tmp_path):
    for folder, value in (("a", 1), ("b", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.py").write_text(f"VALUE = {value}\n")
    values = [registry.load_file(tmp_path / folder / "same.py").VALUE for folder in ("a", "b", "a")]
    assert values == [1, 2, 1]


def test_a_file_may_hold_several_plug_ins_and_dataclasses(tmp_path):
    file = agent_file(tmp_path, "many", "PLUGIN = [AgentPlugin(x, First, learns=False) for x in ('many.a', 'many.b')]")
    with file.open("a") as text:
        text.write("from dataclasses import dataclass\n@dataclass\nclass Held:\n    x: 'int' = 3\n")
    registry.load_file(file)
    assert [registry.find_agent(f"many.{letter}").name for letter in "ab"] == ["many.a", "many.b"]
    with pytest.raises(MathrlError, match=r"has no environment: it needs PLUGIN = mathrl\.EnvPlugin"):
        registry.find_env(str(file))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("def f(:\n    pass\n", "cannot be imported: .*line 1"),
        ("import nowhere_at_all\n", "cannot be imported: .*No module named 'nowhere_at_all'"),
        ("from mathrl import nothing_like_it\n", "cannot be imported"),
        ("1 / 0\n", "cannot be imported: .*division by zero"),
        ("x = undefined_name\n", "cannot be imported: .*undefined_name"),
        ("\x00", "cannot be imported"),
        ("x = 1\n", "has no agent: it needs PLUGIN = mathrl.AgentPlugin"),
        ("PLUGIN = None\n", "PLUGIN"),
        ("PLUGIN = 'cem'\n", "PLUGIN"),
    ],
)
def test_a_file_that_is_no_plug_in_is_one_sentence(tmp_path, content, message):
    file = tmp_path / "broken.py"
    file.write_text(content)
    with pytest.raises(MathrlError, match=message) as refused:
        registry.find_agent(str(file))
    assert "broken.py" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_can_be_mended_and_loaded_again(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def f(:\n")
    with pytest.raises(MathrlError, match="cannot be imported"):
        registry.find_agent(str(file))
    assert str(file) not in registry.files()
    os.utime(agent_file(tmp_path), (2e9, 2e9))  # bytecode is told apart by the second
    assert registry.find_agent(str(file)).name == "mine"


def test_a_file_that_is_not_there(tmp_path):
    for path in (tmp_path / "no.py", tmp_path):
        with pytest.raises(MathrlError, match="there is no file"):
            registry.load_file(path)


# ------------------------------------------------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("find", "name", "message"),
    [
        (registry.find_env, "grpahs", "'grpahs' is not an environment; did you mean 'graphs'?"),
        (registry.find_agent, "cemm", "'cemm' is not an agent; did you mean 'cem'?"),
        (registry.find_agent, "randon", "did you mean 'random'?"),
        (registry.find_agent, "", "'' is not an agent"),
        (registry.find_env, "../graphs", "is not an environment"),
        (registry.find_agent, "os.path", "'os.path' is not an agent"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(find, name, message):
    with pytest.raises(MathrlError) as refused:
        find(name)
    assert message in str(refused.value)
    assert "mathrl list" in str(refused.value)


def test_an_agent_for_some_families_only():
    registry.register(AgentPlugin("picky", mathrl.Agent, learns=False, envs=("jets",)))
    assert registry.find_agent("picky", "jets").name == "picky"
    with pytest.raises(MathrlError, match="the agent 'picky' is made for jets, not for graphs"):
        registry.find_agent("picky", "graphs")


# ---------------------------------------------------------------------------------------------------------- rewards


def reward_file(folder, names=("edges",), family="graphs", annotation="networkx.Graph"):
    file = folder / "rewards.py"
    lines = ["import mathrl", "import networkx"]
    for name in names:
        function = name.replace("-", "_")
        lines += [f'@mathrl.reward("{family}", "{name}")', f"def {function}(graph: {annotation}):"]
        lines += ['    "the number of edges"', "    return graph.number_of_edges()"]
    file.write_text("\n".join(lines) + "\n")
    return file


def test_a_reward_of_a_file(tmp_path):
    file = reward_file(tmp_path, ["my-edges"])
    assert registry.load_reward(str(file), "graphs") == "my-edges"
    assert "my-edges" in [entry.name for entry in registry.find_env("graphs").get("rewards")()]


def test_a_file_of_two_rewards_asks_which(tmp_path):
    file = reward_file(tmp_path, ["edges-a", "edges-b"])
    with pytest.raises(MathrlError, match=r"registers edges-a, edges-b; say which: reward=edges-a, with --load"):
        registry.load_reward(str(file), "graphs")


def test_a_file_without_a_reward(tmp_path):
    with pytest.raises(MathrlError, match=r'registers no reward for graphs; it needs @mathrl.reward\("graphs"'):
        registry.load_reward(str(agent_file(tmp_path)), "graphs")


@pytest.mark.parametrize(
    ("family", "name", "annotation", "message"),
    [
        ("grpahs", "x", "networkx.Graph", "did you mean 'graphs'"),
        ("graphs", "x", "int", "say what the reward 'x' takes"),
        ("graphs", "wagner-2.1", "networkx.Graph", "exists already in the catalogue"),
    ],
)
def test_a_reward_that_cannot_be_registered_is_one_sentence(tmp_path, family, name, annotation, message):
    file = tmp_path / "rewards.py"
    file.write_text(
        f"import mathrl, networkx\n@mathrl.reward({family!r}, {name!r})\ndef f(graph: {annotation}):\n    return 0\n"
    )
    with pytest.raises(MathrlError, match=message):
        registry.load_reward(str(file), "graphs")


# ------------------------------------------------------------------------------------------------------------- lazy


@pytest.mark.parametrize(
    "words",
    [["--help"], ["list"], ["list", "envs"], ["list", "agents"], ["solve", "--help"], ["train", "grpahs", "cem"]],
)
def test_looking_around_imports_nothing_heavy(words):
    """`mathrl --help` and `mathrl list` answer at once, because what is heavy is imported where it is used."""
    script = f"""
        import sys
        from mathrl.cli import main
        try:
            main({words!r})
        except SystemExit:
            pass
        print()
        print(*[name for name in {HEAVY!r} if name in sys.modules])
    """
    assert run_python(script).splitlines()[-1] == ""


def test_import_mathrl_is_light():
    loaded = run_python(f"import sys, mathrl; print(*[name for name in {HEAVY!r} if name in sys.modules])").strip()
    assert loaded == ""


def test_a_string_is_resolved_when_used():
    assert registry.resolve("mathrl.errors:MathrlError") is MathrlError
    assert registry.resolve(MathrlError) is MathrlError
    assert EnvPlugin("x", "nowhere:env", "nowhere:config", "nowhere:verify").name == "x"


# ---------------------------------------------------------------------------------------------------------- verdicts


def test_a_verifier_that_fails_has_not_accepted():
    """A user's verifier may raise anything; the verdict is a sentence."""

    def fails(record):
        raise RuntimeError("no idea")

    def refuses(record):
        raise MathrlError("the ruler has a mark twice")

    for verify, reason in (
        (fails, "the record cannot be checked: RuntimeError: no idea"),
        (refuses, "the ruler has a mark twice"),
    ):
        verdict = EnvPlugin("x", None, None, verify).check({})
        assert (verdict.holds, verdict.proved, verdict.reason) == (False, False, reason)


def test_make_gives_the_environment_its_plug_in():
    plugin = registry.find_env("graphs")
    env = plugin.make(3, plugin.get("config")(n=5))
    assert env.plugin is plugin
    assert env.num_envs == 3


def test_few_names_are_all_listed():
    assert str(unknown("q", "a color", ["red", "blue"])) == "'q' is not a color; there are blue, red"
    assert str(unknown("bleu", "a color", ["red", "blue"])) == "'bleu' is not a color; did you mean 'blue'?"
    many = [f"name-{index}" for index in range(100)]
    assert str(unknown("q", "a name", many, "mathrl list")) == "'q' is not a name  (mathrl list)"
