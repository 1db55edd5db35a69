"""The trained policies that come with the family, and what they were trained on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mathrl.errors import unknown

from .ideals import Ideal

FOLDER = Path(__file__).parent / "pretrained"
KINDS = ("weighted", "uniform", "maximum")  # each was trained on 3-20-10-KIND
VARIABLES, DEGREE, GENERATORS = 3, 20, 10


def path_of(name: str, config: Any) -> Path:
    """The folder of a model; "" is the one for env.distribution, `weighted` where that is of no kind."""
    shipped = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir()) if FOLDER.is_dir() else []
    if not name:
        parts = str(config.distribution).split("-")
        name = next((kind for kind in KINDS if kind in parts), KINDS[0])
    if name not in shipped:
        raise unknown(name, "a trained policy of buchberger", shipped)
    return FOLDER / name


def outside(path: Path, config: Any, instances: Sequence[Ideal]) -> str:
    """What is to be said of a model on ideals unlike those that it was trained on; empty if they are alike."""
    several = [f"{n} variables" for n in {ideal.n for ideal in instances} - {VARIABLES}]
    if any(ideal.degree > DEGREE for ideal in instances):
        several.append(f"degrees above {DEGREE}")
    if any(not ideal.binomial for ideal in instances):
        several.append("polynomials of more than two terms")
    if any(len(ideal) > GENERATORS for ideal in instances):
        several.append(f"more than {GENERATORS} generators")
    if not several:
        return ""
    return (
        f"the policy '{path.name}' was trained on 3-20-10-{path.name} (binomials in {VARIABLES} variables of degree at "
        f"most {DEGREE}, {GENERATORS} generators) and is used on {' and '.join(several)}"
    )
