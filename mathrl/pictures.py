"""Writing figures: the same bytes for the same figure, without matplotlib's global state."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from mathrl.errors import MathrlError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG or SVG by the path's suffix."""
    if path.suffix.lower() == ".svg":
        path.write_text(svg_text(figure), encoding="utf-8")
    elif path.suffix.lower() == ".png":
        stream = BytesIO()
        figure.savefig(stream, format="png", metadata={"Software": None})
        path.write_bytes(stream.getvalue())
    else:
        raise MathrlError(f"a picture is drawn as .png or .svg, not as '{path.suffix or path.name}'")
    return path


def svg_text(figure: Figure) -> str:
    """A figure as SVG."""
    import matplotlib

    stream = BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "mathrl"}):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue().decode("utf-8")
