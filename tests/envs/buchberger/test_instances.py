"""Words that name ideals: systems, distributions with counts and seeds, files."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from scipy import stats

from mathrl.env import Streams
from mathrl.envs.buchberger.distributions import Distribution
from mathrl.envs.buchberger.files import to_json_lines, to_ms
from mathrl.envs.buchberger.instances import Pool, generator, instances, listing, source
from mathrl.envs.buchberger.systems import named
from mathrl.errors import MathrlError


def records(word):
    """The ideals of a word as JSON records."""
    return [ideal.to_json() for ideal in instances(word)]


def test_a_system():
    """cyclic-5 is one ideal."""
    (ideal,) = instances("cyclic-5")
    assert ideal.to_json() == named("cyclic-5").to_json()


def test_distributions_and_counts():
    """DIST is one ideal, DIST:COUNT that many, fewer are a prefix of more, ids name seed and place."""
    many = records("3-20-10-weighted:300")
    assert records("3-20-10-weighted") == many[:1]
    assert records("3-20-10-weighted:7") == many[:7]
    assert records("3_20_10_weighted:7@0") == many[:7]
    assert [record["id"] for record in many[:2]] == ["3-20-10-weighted@0#0", "3-20-10-weighted@0#1"]
    assert len({str(record["F"]) for record in many}) == 300
    others = records("3-20-10-weighted:300@1")
    assert others[0]["id"] == "3-20-10-weighted@1#0"
    assert not {str(record["F"]) for record in many} & {str(record["F"]) for record in others}
    assert records("3-20-10-weighted@1") == others[:1]


def test_fresh_ideals_are_not_those_of_training():
    """No word of a seed is one of an environment's streams."""
    fresh = set(generator(0).random_raw(10000).tolist())
    assert len(fresh) == 10000
    for episode in range(20):
        assert not fresh & set(Streams.of(0, 500, episode).words().tolist())


def test_ideals_without_pairs_are_left_out():
    """In one draw of two of 4-1-2-weighted no variable leads twice; ids keep their place in the stream."""
    distribution = Distribution.parse("4-1-2-weighted")
    drawn = distribution.draw(generator(3).random_raw(60))
    expected = [ideal.generators() for ideal in drawn if not ideal.coprime]
    assert 10 < len(expected) < 50
    found = instances(f"4-1-2-weighted:{len(expected)}@3")
    assert [ideal.generators() for ideal in found] == expected
    places = [int(ideal.name.split("#")[1]) for ideal in found]
    assert places == [place for place, ideal in enumerate(drawn) if not ideal.coprime]


def test_what_is_drawn_from():
    """A distribution draws fresh ideals; a system, a count or a file is a pool in which all are equally likely."""
    assert source("3-20-10-weighted") == Distribution.parse("3-20-10-weighted")
    system = source("katsura-3")
    assert (system.n, system.degree) == (4, 2)
    assert [ideal.name for ideal in system.draw(generator(0).random_raw(3))] == ["katsura-3"] * 3
    pool = source("3-9-4-weighted:5")
    assert (pool.n, pool.degree) == (3, max(ideal.degree for ideal in pool.ideals))
    names = Counter(ideal.name for ideal in pool.draw(generator(1).random_raw(5000)))
    assert len(names) == 5
    assert stats.chisquare(list(names.values())).pvalue > 1e-4
    mixed = Pool((named("cyclic-3"), named("reimer-4")))
    assert (mixed.n, mixed.degree) == (4, 5)
    with pytest.raises(MathrlError, match="is not a kind of distribution"):
        source("3-20-10-heavy")


def test_files(tmp_path):
    """Each form, by its path."""
    systems = [named("cyclic-3"), named("eco-4")]
    (tmp_path / "two.jsonl").write_text(to_json_lines(systems))
    (tmp_path / "one.ms").write_text(to_ms(systems[1]))
    assert records(str(tmp_path / "two.jsonl")) == [ideal.to_json() for ideal in systems]
    assert records(str(tmp_path / "one.ms")) == [systems[1].to_json() | {"id": "one"}]


def test_a_file_beside(tmp_path, monkeypatch):
    """A file without a folder in its name, and one whose name says nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.ms").write_text("x\n7\nx")
    (tmp_path / "notes").write_text("x\n7\nx")
    assert records("mine.ms")[0]["id"] == "mine"
    with pytest.raises(
        MathrlError, match=r"notes is not a file of ideals by its name; their names end in \.ms, \.jsonl"
    ):
        instances("notes")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("cyclc-5", "'cyclc-5' is not an ideal of buchberger; did you mean 'cyclic-5'?"),
        ("cyclic5", "did you mean 'cyclic-5'?"),
        ("katsura", "did you mean 'katsura-5'?"),
        ("weighted", "did you mean '3-20-10-weighted'?"),
        ("cyclic-99", "there is no cyclic-99: the index of cyclic is 2 to 64"),
        ("zzz", "mathrl list instances buchberger shows all"),
        ("3-20-10-heavy", "'heavy' is not a kind of distribution"),
        ("3-20-10-weighted:0", "the number of ideals is '0', which is not an integer in 1 to 100000"),
        ("3-20-10-weighted:", "the number of ideals is ''"),
        ("3-20-10-weighted:-1", "the number of ideals is '-1'"),
        ("3-20-10-weighted:2k", "the number of ideals is '2k'"),
        ("3-20-10-weighted:5@", "the seed is ''"),
        ("3-20-10-weighted:5@-1", "the seed is '-1'"),
        ("3-20-10-weighted@1:5", "is not DIST:COUNT@SEED"),
        ("3-20-10-weighted:5:5", "is not DIST:COUNT@SEED"),
        ("1000-20-9999-weighted:100000", "ask for fewer ideals"),
        ("nothing.ms", "there is no file nothing.ms"),
        ("nowhere/cyclic-5", "nowhere/cyclic-5 is not a file of ideals by its name"),
        ("", "'' is not an ideal of buchberger"),
    ],
)
def test_bad_words_are_sentences(word, said):
    """The nearest valid word, or what is wrong with the number."""
    with pytest.raises(MathrlError, match=re.escape(said)):
        instances(word)


def test_the_listing_is_what_works():
    """Every system and distribution of the listing can be drawn as it is written, every form of file is there."""
    entries = [entry.name for entry in listing()]
    for name in (entry for entry in entries if entry.endswith("-N")):
        assert len(instances(name.replace("N", "3"))) == 1
    for name in (entry for entry in entries if entry.startswith("n-d-s-") and "LAM" not in entry):
        assert len(instances(name.replace("n-d-s", "3-4-5"))) == 1
    for name in (entry for entry in entries if entry.startswith("...")):
        assert len(instances(name.replace("...", "3-4-5-weighted"))) == 1
    assert {"FILE.ms", "FILE.jsonl", "FILE.json", "DIST:COUNT@SEED"} <= set(entries)
    assert all(entry.summary for entry in listing())


def test_hopeless_distributions_end(monkeypatch):
    """A distribution that hardly ever has a pair is a sentence, not a loop."""
    monkeypatch.setattr("mathrl.envs.buchberger.instances.TRIALS", 3)
    with pytest.raises(MathrlError, match="hardly any ideal of 200-1-2-weighted has an S-pair"):
        instances("200-1-2-weighted:5")


def test_a_stream_does_not_depend_on_its_batches():
    """Words one at a time and together are the same."""
    one = generator(5)
    assert [int(one.random_raw(1)[0]) for _ in range(6)] == generator(5).random_raw(6).tolist()
