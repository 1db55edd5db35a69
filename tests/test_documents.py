"""The README is run exactly as printed: its files are written, its commands and Python typed, in an empty folder."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"(?:^`(?P<file>[\w.]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
MOST_LINES = 80


def blocks(page: str) -> list[tuple[str, str, str]]:
    """(file, kind, text) of every fenced block of a page."""
    found = BLOCK.finditer((ROOT / page).read_text(encoding="utf-8"))
    return [(match["file"] or "", match["kind"], match["text"]) for match in found]


@pytest.fixture(scope="module")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing in it but the files that the README prints."""
    folder = tmp_path_factory.mktemp("reader")
    for file, _, text in blocks("README.md"):
        if file:
            (folder / file).write_text(text, encoding="utf-8")
    return folder


def run(command: list[str], folder: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, "PATH": path}, timeout=300
    )
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout


def test_the_readme_does_what_it_says(empty_folder: Path) -> None:
    """Every `sh` block line by line in order, every nameless `python` block as a script."""
    printed = ""
    for file, kind, text in blocks("README.md"):
        if kind == "sh":
            for line in text.splitlines():
                printed += run(["bash", "-o", "pipefail", "-c", line], empty_folder)
        elif kind == "python" and not file:
            printed += run([sys.executable, "-c", text], empty_folder)
    assert "counterexample, proved" in printed
    assert "all 21 distances are different, and no ruler is shorter" in printed
    assert "numerically, not proved" in printed


@pytest.mark.parametrize("file", ["golomb.py", "flat_monte_carlo.py", "mantel.py"])
def test_the_examples_are_short(file: str) -> None:
    """A problem, an agent, a reward: one file each, at most 80 lines."""
    texts = [text for name, _, text in blocks("README.md") if name == file]
    assert len(texts) == 1
    assert texts[0].count("\n") <= MOST_LINES


def test_links_lead_somewhere() -> None:
    """Every relative link of the README and the pages in docs names a file."""
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert target.startswith("http") or (page.parent / target).exists(), f"{page.name}: {target}"


def test_recipes_are_configurations() -> None:
    """Every recipe is read, and its words are those of an environment and an agent."""
    from mathrl.setup import from_file

    recipes = list((ROOT / "docs" / "recipes").glob("*.toml"))
    assert recipes
    for recipe in recipes:
        setup, run_table = from_file(recipe)
        assert setup.agent.name
        assert run_table["budget"]
