"""What all tests share: a random generator, the folder of third-party plug-ins, and small environments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mathrl as package
from mathrl.cli import main

PLUGINS = Path(__file__).parent / "plugins"


@pytest.fixture
def rng():
    """A generator with a fixed seed."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def plugins():
    """The folder of the third-party files sidon.py, queens.py, ones.py and greedy.py."""
    return PLUGINS


@pytest.fixture(scope="session")
def make():
    """make(name, rows, **knobs): an installed environment, or the one of a file in the folder of plug-ins."""

    def maker(name, rows=1, **knobs):
        file = PLUGINS / f"{name}.py"
        return package.make_env(str(file) if file.exists() else name, rows, **knobs)

    return maker


@pytest.fixture
def mathrl(capsys):
    """mathrl(word, ...) -> (exit code, standard output, standard error), in this process."""

    def call(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        return end.value.code, out, err

    return call
