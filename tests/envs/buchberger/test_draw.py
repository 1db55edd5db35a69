"""Pictures of runs: the right file, the same bytes each time, and the numbers of the replay in them."""

from __future__ import annotations

import copy
from xml.etree import ElementTree

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from mathrl.envs.buchberger import draw as drawing
from mathrl.envs.buchberger.draw import COLOURS, GREY, draw, overlay, picture, svg, together
from mathrl.envs.buchberger.replay import Replay, lcm
from mathrl.errors import MathrlError

from .records import ORACLE
from .reference import chooser, polynomials, record

WEIGHTED = ORACLE["3-20-10-weighted#3"]


def solution(ideal=WEIGHTED, strategy="sugar", **options):
    """A true record, as `mathrl solve` writes it."""
    return record(ideal, strategy, **options) | {"id": ideal.get("id", ""), "agent": strategy}


def texts(figure):
    """Everything that is written in a figure, tick labels left out."""
    found = [one.get_text() for one in figure.texts]
    for legend in figure.legends:
        found += [one.get_text() for one in legend.get_texts()]
    for axes in figure.axes:
        found += [axes.get_xlabel(), axes.get_ylabel(), axes.get_title(loc="left")]
        found += [one.get_text() for one in axes.texts]
        if axes.get_legend():
            found += [one.get_text() for one in axes.get_legend().get_texts()]
    return [one for one in found if one]


def test_png_and_svg_are_written_and_repeat(tmp_path):
    """The suffix decides the format, and the same record gives the same bytes."""
    for name, start in (("a.png", b"\x89PNG"), ("a.svg", b"<?xml")):
        for write in (draw, lambda one, path: overlay([one, solution(strategy="first")], path)):
            path = write(solution(), tmp_path / name)
            first = path.read_bytes()
            assert path == tmp_path / name
            assert first.startswith(start)
            assert write(solution(), path).read_bytes() == first


def test_svg_is_xml_without_a_date():
    """It parses, and nothing in it changes by the clock."""
    text = svg(solution())
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert "dc:date" not in text


def test_other_suffixes_are_a_sentence(tmp_path):
    """PDF is not offered."""
    with pytest.raises(MathrlError, match=r"drawn as \.png or \.svg"):
        draw(solution(), tmp_path / "a.pdf")


@pytest.mark.parametrize("reward", ["additions", "reductions", "monomial-additions"])
def test_marks_are_the_replayed_pairs(reward):
    """One mark a pair at (step, degree of its lcm), hollow and grey where it reduced to zero; the costs add up."""
    own = solution(reward=reward)
    upper, lower = picture(own).axes
    state, marks, paid = Replay(polynomials(WEIGHTED["F"]), 32003), {True: [], False: []}, [0]
    for step, (i, j) in enumerate(own["solution"]["pairs"], 1):
        degree = sum(lcm(state.leads[i], state.leads[j]))
        outcome = state.step(i, j)
        marks[outcome.terms == 0].append([step, degree])
        paid.append(paid[-1] + outcome.cost(reward))
    lost, kept = upper.collections
    assert lost.get_offsets().tolist() == marks[True]
    assert kept.get_offsets().tolist() == marks[False]
    assert to_hex(lost.get_edgecolors()[0]) == GREY
    assert to_hex(kept.get_facecolors()[0]) == COLOURS[0]
    shown = [list(line.get_ydata()) for line in lower.lines if to_hex(line.get_color()) == COLOURS[0]]
    assert shown[0] == paid
    assert paid[-1] == -own["value"]
    assert lower.get_ylabel() == f"{drawing.UNITS[reward]} so far"


def test_both_strategies_run_behind():
    """Their totals are the reference values, and the title is the ideal's name."""
    written = texts(picture(solution()))
    runs = WEIGHTED["strategies"]["gm"]
    assert WEIGHTED["id"] in written
    for name in ("degree", "normal"):
        assert f"{name} strategy: {runs[name]['additions']:,} additions" in written
    assert f"sugar: {runs['sugar']['additions']:,} additions" in written
    assert f"reduced to zero ({runs['sugar']['zero']} pairs)" in written
    assert f"new element ({runs['sugar']['nonzero']} pairs)" in written


@pytest.mark.parametrize("name", ["degree", "normal"])
@pytest.mark.parametrize("variant", [{}, {"elimination": "lcm", "sort_reducers": False}], ids=str)
def test_strategies_follow_the_settings_of_the_record(name, variant):
    """The run behind is that of the strategy on the record's ideal with the record's settings."""
    claim = drawing.claim_of(solution(**variant))
    wanted = record(WEIGHTED, chooser(name), **variant)
    assert drawing.strategy(claim, name).total == wanted["solution"]["additions"]


def test_long_strategies_are_left_out(monkeypatch):
    """What would take too long is named, and the solution is drawn all the same."""
    monkeypatch.setattr(drawing, "COMPARED_WORK", 1000)
    figure = picture(solution())
    assert "degree and normal left out: too long to replay here" in texts(figure)
    assert not any("strategy" in one for one in texts(figure))
    assert len(figure.axes[0].collections) == 2


def test_solutions_of_one_ideal_are_overlaid():
    """One colour each, equal names numbered, more than there are colours counted."""
    several = [solution(strategy=name) for name in ("sugar", "first", "entropy")]
    several.append(several[0])
    figure = together(several)
    runs = WEIGHTED["strategies"]["gm"]
    written = texts(figure)
    for name, label in (("sugar", "sugar 1"), ("sugar", "sugar 2"), ("first", "first"), ("entropy", "entropy")):
        assert f"{label}: {runs[name]['additions']:,} additions" in written
    assert len(figure.axes[0].collections) == 2 * len(several)
    assert f"{WEIGHTED['id']}, 6 of 8 solutions" in texts(together(several * 2))


def test_different_ideals_stand_side_by_side(tmp_path, monkeypatch):
    """A cell for each, the same ideal with another reward is another; at most 24."""
    names = ["3-20-10-weighted#0", "3-20-10-uniform#0", "cyclic-3"]
    ideals = [ORACLE[name] for name in names]
    records = [solution(one) for one in ideals] + [solution(ideals[0], reward="reductions"), solution(ideals[1])]
    path = overlay(records, tmp_path / "a.svg")
    cells = [one for one in ElementTree.fromstring(path.read_text()).iter() if one.get("id", "").startswith("ideal-")]
    assert len(cells) == 4
    groups = [[one] for one in records[:3]]
    written = texts(drawing.multiples(groups, 30))
    assert "3 of 30 ideals: cost so far against pairs processed" in written
    assert set(names) <= set(written)
    assert "sugar: 4" in written
    monkeypatch.setattr(drawing, "MOST_CELLS", 2)
    text = overlay(records, tmp_path / "b.svg").read_text()
    assert "ideal-2" in text
    assert "ideal-3" not in text


def test_an_ideal_without_pairs_is_drawn():
    """The zero ideal and coprime leads: an empty picture that says why."""
    coprime = {"n": 2, "field": 7, "F": [[[1, [1, 0]]], [[1, [0, 1]]]]}
    written = texts(picture(solution(coprime)))
    assert "no pair is pending at the start" in written
    assert "2 generators in 2 variables" in written
    assert "sugar: 0 additions" in written
    assert "0 generators in 1 variable" in texts(picture(solution({"n": 1, "field": 2, "F": []})))


def test_what_is_written_is_not_mathematics_nor_too_long(tmp_path):
    """Dollar signs and long names from a file do not break the page."""
    odd = solution() | {"id": "$x^{$ " + "long " * 60, "agent": "a $\\frac$ agent with a very long name indeed"}
    assert draw(odd, tmp_path / "a.png").stat().st_size > 1000
    overlay([odd, odd, solution(ORACLE["cyclic-3"])], tmp_path / "b.png")
    assert max(map(len, texts(picture(odd)))) < 80


def test_text_stays_on_the_page():
    """No word leaves the figure, and the legend ends above the axes."""
    several = [solution(strategy=name) for name in ("sugar", "first", "entropy", "last", "spice")]
    for figure in (picture(solution()), together(several), picture(solution(reward="monomial-additions"))):
        page, renderer = figure.bbox, FigureCanvasAgg(figure).get_renderer()
        boxes = [one.get_window_extent(renderer) for one in figure.texts]
        boxes += [axes.get_tightbbox(renderer) for axes in figure.axes]
        boxes += [legend.get_window_extent(renderer) for legend in figure.legends]
        assert all(page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1 for box in boxes)
        assert figure.legends[0].get_window_extent(renderer).y0 >= figure.axes[0].get_window_extent(renderer).y1


def test_false_records_are_a_sentence():
    """Pairs that are not pending, a missing part, something that is no record."""
    false = copy.deepcopy(solution())
    false["solution"]["pairs"][0] = [0, 99]
    with pytest.raises(
        MathrlError, match=r"cannot be drawn: step 1 processes the pair \(0, 99\), which is not pending"
    ):
        picture(false)
    lacking = copy.deepcopy(solution())
    del lacking["solution"]["F"]
    with pytest.raises(MathrlError, match="cannot be drawn: the solution has no field 'F'"):
        svg(lacking)
    with pytest.raises(MathrlError):
        svg({"env": "buchberger"})
