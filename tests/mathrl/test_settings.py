"""Words of the command line become typed settings, or one sentence that says what would have been right."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import pytest

from mathrl.errors import MathrlError
from mathrl.settings import build, describe, is_formula, is_setting, knob, show, split


@dataclass(frozen=True)
class Knobs:
    """One knob of every type."""

    count: int = knob(3, "a count", 1, 10**9)
    rate: float = knob(0.5, "a rate", 0, 1)
    angle: float = knob(0.0, "any number")
    flag: bool = knob(False, "a switch")
    name: str = knob("word", "a text")
    rule: Literal["first", "second_best"] = knob("first", "a choice")
    limit: int | None = knob(None, "a limit, or none", 2)
    hidden: tuple[int, ...] = knob((8,), "sizes", 1)
    a_long_name: int = knob(0, "underscores are dashes")


def value_of(knob_name, given):
    return getattr(build(Knobs, {knob_name: given}, "things"), knob_name)


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("count", "7", 7),
        ("count", "+7", 7),
        ("count", " 7 ", 7),
        ("count", "200k", 200_000),
        ("count", "1.5k", 1500),
        ("count", "2M", 2_000_000),
        ("count", "1e6", 1_000_000),
        ("count", "7.0", 7),
        ("count", 7, 7),
        ("count", 7.0, 7),
        ("rate", "0.25", 0.25),
        ("rate", "0", 0.0),
        ("rate", "1", 1.0),
        ("rate", ".5", 0.5),
        ("rate", 1, 1.0),
        ("angle", "-3e-2", -0.03),
        ("angle", "-2k", -2000.0),
        ("flag", "true", True),
        ("flag", "YES", True),
        ("flag", "1", True),
        ("flag", "false", False),
        ("flag", "no", False),
        ("flag", "0", False),
        ("flag", True, True),
        ("name", "lambda1 <= 2", "lambda1 <= 2"),
        ("name", "", ""),
        ("rule", "second_best", "second_best"),
        ("rule", "second-best", "second_best"),
        ("rule", "FIRST", "first"),
        ("limit", "none", None),
        ("limit", "None", None),
        ("limit", None, None),
        ("limit", "5", 5),
        ("hidden", "128,64", (128, 64)),
        ("hidden", "128", (128,)),
        ("hidden", "", ()),
        ("hidden", [128, 64], (128, 64)),
        ("hidden", (4,), (4,)),
        ("hidden", 4, (4,)),
        ("hidden", "1k,2", (1000, 2)),
    ],
)
def test_a_knob_reads(name, given, expected):
    found = value_of(name, given)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("count", "abc", "env.count must be a whole number, not 'abc'"),
        ("count", "", "env.count must be a whole number, not ''"),
        ("count", "2.5", "env.count must be a whole number, not '2.5'"),
        ("count", "nan", "whole number, not 'nan'"),
        ("count", "inf", "whole number, not 'inf'"),
        ("count", "1e400", "whole number, not '1e400'"),
        ("count", "k", "whole number, not 'k'"),
        ("count", True, "whole number, not 'True'"),
        ("count", "0", "must be at least 1, not 0"),
        ("count", "-5", "must be at least 1, not -5"),
        ("count", "2000000000", "must be at most 1000000000, not 2000000000"),
        ("count", "1" * 400, "count must be"),
        ("rate", "nan", "env.rate must be a number, not 'nan'"),
        ("rate", "inf", "must be a number, not 'inf'"),
        ("rate", "-inf", "must be a number, not '-inf'"),
        ("rate", "1e999", "must be a number, not '1e999'"),
        ("rate", "half", "must be a number, not 'half'"),
        ("rate", "1.5", "must be at most 1, not 1.5"),
        ("rate", "-0.1", "must be at least 0, not -0.1"),
        ("angle", float("nan"), "must be a number, not 'nan'"),
        ("flag", "maybe", "env.flag must be true or false, not 'maybe'"),
        ("flag", "2", "must be true or false, not '2'"),
        ("rule", "frist", "'frist' is not a value of env.rule; did you mean 'first'?"),
        ("limit", "1", "must be at least 2, not 1"),
        ("limit", "non", "must be a whole number, not 'non'"),
        ("hidden", "128,x", "must be a whole number, not 'x'"),
        ("hidden", "128,0", "must be at least 1, not 0"),
        ("hidden", "8;9", "must be a whole number, not '8;9'"),
    ],
)
def test_a_knob_refuses(name, given, message):
    with pytest.raises(MathrlError) as refused:
        value_of(name, given)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_unknown_knob_is_refused_with_the_nearest_name():
    with pytest.raises(MathrlError, match=r"'cuont' is not a setting of things; did you mean 'count'\?.*mathrl list"):
        build(Knobs, {"cuont": "3"}, "things")


def test_dashes_underscores_and_case_do_not_matter_in_names():
    assert all(
        build(Knobs, {name: "4"}, "things").a_long_name == 4 for name in ("a-long-name", "a_long_name", "A-Long_Name")
    )


def test_what_is_not_said_keeps_its_default():
    assert build(Knobs, {}, "things") == Knobs()
    assert build(Knobs, {"rate": "1"}, "things") == Knobs(rate=1.0)


def test_show_is_read_back_as_the_same_value():
    """What config.toml and error messages show can be typed again."""
    odd = Knobs(count=10**9, rate=0.1, angle=-1e-7, flag=True, rule="second_best", limit=None, hidden=(1, 2, 3))
    for settings in (Knobs(), odd, Knobs(limit=5, hidden=())):
        texts = {field.name: show(getattr(settings, field.name)) for field in fields(settings)}
        assert build(Knobs, texts, "things") == settings


def test_describe_has_a_line_for_every_knob():
    lines = {name: (kind, default, doc) for name, kind, default, doc in describe(Knobs)}
    assert list(lines) == [field.name.replace("_", "-") for field in fields(Knobs)]
    assert lines["count"] == ("whole number", "3", "a count")
    assert lines["flag"] == ("true|false", "false", "a switch")
    assert lines["rule"] == ("first|second_best", "first", "a choice")
    assert lines["limit"] == ("whole number or none", "none", "a limit, or none")
    assert lines["hidden"] == ("whole number,..", "8", "sizes")


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("env.n=19", "setting"),
        ("agent.learn-percent=7", "setting"),
        ("agent.learn_percent=7", "setting"),
        ("reward=wagner-2.1", "setting"),
        ("reward=a<=b", "setting"),
        ("reward=lambda1 + mu >= 3", "setting"),
        ("reward=maximise: m", "setting"),
        ("reward=a==b", "setting"),
        ("n=3", "setting"),
        ("env.n=", "setting"),
        ("lambda1 + mu >= sqrt(n-1) + 1", "formula"),
        ("a<=b", "formula"),
        ("x<y", "formula"),
        ("n>=3", "formula"),
        ("connected, n >= 3: lambda1 <= 2", "formula"),
        ("connected, m = 3: lambda1 <= 2", "formula"),
        ("n = 3: lambda1 <= 2", "formula"),
        ("maximise: m", "formula"),
        ("  maximise: lambda1", "formula"),
        ("connected: maximise", "word"),
        ("lambda1 + mu", "word"),
        ("cem", "word"),
        ("sb3.ppo", "word"),
        ("graphs.g6", "word"),
        ("env.n", "word"),
        ("env.n==19", "word"),
        ("=3", "word"),
        ("-", "word"),
        ("", "word"),
    ],
)
def test_what_a_word_is(word, kind):
    """A word is a setting, a formula, or neither; never both."""
    assert (is_setting(word), is_formula(word)) == (kind == "setting", kind == "formula")


def test_split_parts_at_the_first_equals_sign():
    assert split(["env.n=19", "reward=a<=b", "agent.learn_percent=7", "env.x="]) == {
        "env.n": "19",
        "reward": "a<=b",
        "agent.learn-percent": "7",
        "env.x": "",
    }


def test_a_setting_may_repeat_its_value_but_not_change_it():
    assert split(["env.n=19", "env.n=19"]) == {"env.n": "19"}
    with pytest.raises(MathrlError, match=r"'env\.n' is set twice, to '19' and to '20'"):
        split(["env.n=19", "agent.a=1", "env.n=20"])
    with pytest.raises(MathrlError, match=r"'agent\.learn-percent' is set twice"):
        split(["agent.learn-percent=1", "agent.learn_percent=2"])
