"""What a table says it was made of: its facts, and the line that tells it from another."""

import json
from dataclasses import replace

import made_up
import pytest
import records

from polyheads.analysis import signatures as analysis
from polyheads.catalogue.tasks import METRICS
from polyheads.report import latex, pages, signatures
from polyheads.report.table import Table
from polyheads.study import comparisons, displays
from polyheads.study.contents import Contents

LOCKS = {("ud-2.7", code): code * 32 for code in ("en", "de", "zh")}


def study(directory, **changed):
    """Contents of a made-up study, and the paths of its trials."""
    sweeps = [records.planned(made) for made in made_up.study(directory, **changed)]
    paths = {path for sweep in sweeps for path in sweep.trials}
    return Contents(tuple(sweeps), tuple(displays.plan(sweeps)), ()), paths


def signed(contents, done, locks=LOCKS, code="c0de" * 4):
    """Name -> signature."""
    origins = analysis.Origins(locks=locks, codes=dict.fromkeys(done, code), machines={})
    return {row.name: row for row in analysis.rows(contents, done, origins)}


def test_facts_say_metric_corpus_selection_and_trainings(tmp_path):
    contents, done = study(tmp_path)
    by_name = {display.name: display for display in contents.displays}
    made = signed(contents, done)
    # Two targets of a source are read from the same trainings: 4 k of 2 models.
    name = "pos.cross-lingual.gradient"
    assert signatures.facts(made[name], by_name[name]) == (
        "Accuracy on ud-2.7; k chosen on the source's dev set, and best of k ≥ 1 on test;"
        " 8 trainings, 1 seed."
    )
    name = "pos.multi-lingual.gradient.f1_runs_as_published"
    assert signatures.facts(made[name], by_name[name]) == (
        "F1 over runs (as published) on ud-2.7; k chosen on the target's dev set, and best of k ≥ 1"
        " on test; 16 trainings, 1 seed."
    )
    assert "all k, none is chosen" in signatures.facts(
        made["pos.gradient.dev-test"], by_name["pos.gradient.dev-test"]
    )
    assert made["overview"].trainings == len(done) == 24
    lost = contents.sweeps[0].trials[2]
    assert signed(contents, done - {lost})["overview"].trainings == 23


def test_masked_models_are_no_trainings():
    sweep = records.sweep(protocol="mask")
    contents = Contents((sweep,), tuple(displays.plan([sweep])), ())
    made = signed(contents, set(sweep.trials))["pos.cross-lingual.gradient"]
    assert (made.trainings, made.masked) == (1, 3)
    assert "1 training and 3 evaluations of masked models" in signatures.facts(made)


def test_controls_and_fresh_seeds_count_their_own_sweeps():
    paths = {name: tuple(f"{name}{k}.json" for k in range(4)) for name in ("low", "high", "fresh")}
    lowest = records.sweep(trials=paths["low"])
    highest = records.sweep(ranking="reversed-gradient-en", trials=paths["high"])
    fresh = records.sweep(
        role="fresh", seed=7, of_seed=42, ks=(0, 2), trials=("f0.json", "f2.json")
    )
    sweeps = (lowest, highest, fresh)
    contents = Contents(sweeps, tuple(displays.plan(sweeps)), ())
    made = signed(contents, {path for sweep in sweeps for path in sweep.trials})
    kinds = {display.kind: made[display.name] for display in contents.displays}
    assert kinds["controls"].trainings == 4
    assert (kinds["fresh"].trainings, kinds["fresh"].seeds) == (6, 2)
    assert made["claims"].trainings == 10 and made["overview"].trainings == 8


def test_the_line_tells_tables_of_other_data_or_code_apart(tmp_path):
    contents, done = study(tmp_path)
    name = "pos.cross-lingual.gradient"
    line = signatures.line(signed(contents, done)[name])
    metric, scheme, corpus, *rest = line.split("|")
    assert (metric, scheme) == ("metric:accuracy", "scheme:upos")
    assert corpus.startswith("corpus:ud-2.7@") and len(corpus.partition("@")[2]) == 8
    assert rest[:4] == ["recipe:small", "runs:8", "seeds:1", "training:c0dec0de"]
    assert rest[4].startswith("analysis:")

    def changed(**kwargs):
        return signatures.line(signed(contents, done, **kwargs)[name])

    assert changed() == line
    assert changed(locks=LOCKS | {("ud-2.7", "zh"): "other"}) != line
    assert changed(locks=LOCKS | {("ud-2.7", "fr"): "unused"}) == line
    assert changed(code="another0") != line
    mixed = analysis.Origins(locks=LOCKS, codes=dict.fromkeys(done, "b" * 16), machines={})
    mixed.codes[contents.sweeps[0].trials[1]] = "a" * 16
    rows = {row.name: row for row in analysis.rows(contents, done, mixed)}
    assert "|training:aaaaaaaa+bbbbbbbb|" in signatures.line(rows[name])


def test_a_lock_is_of_the_files_and_of_how_they_are_read():
    corpus = {"checksums": {"a": {"sha256": "1", "bytes": 3}}, "made_of": {"entry": "e"}}
    lock = analysis.lock(corpus)
    assert analysis.lock(corpus | {"counts": {}}) == lock
    assert analysis.lock(corpus | {"checksums": {"a": {"sha256": "2"}}}) != lock
    assert analysis.lock(corpus | {"made_of": {"entry": "f"}}) != lock


def test_origins_are_read_from_files(tmp_path):
    corpus = tmp_path / "corpus.json"
    corpus.write_text(json.dumps({"corpus": "x", "language": "en", "checksums": {}}))
    trials = [tmp_path / "a.json", tmp_path / "b.json"]
    trials[0].write_text(json.dumps({"made_of": {"code": "abc"}}))
    trials[1].write_text("{}")
    origins = analysis.read_origins([corpus], trials)
    assert set(origins.locks) == {("x", "en")}
    assert list(origins.codes.values()) == ["abc", "unknown"]


def test_rankings_that_are_compared_say_how_many_they_are():
    names = ("gradient-en", "gradient-de", "gradient-zh")
    planned = comparisons.Planned(
        **{"model": "mbert", "corpus": "ud-2.7", "recipe": "small", "language": "en"},
        **{"seed": 1, "kind": "gradient", "reversed": False, "task": "pos"},
    )
    rankings = tuple(replace(planned, language=name[-2:]) for name in names)
    other = replace(planned, model="tiny")
    (group,) = comparisons.of_languages(rankings)
    sweep = records.sweep()
    contents = Contents((sweep,), (), (group.name, comparisons.COMMON), (*rankings, other))
    made = signed(contents, set())
    assert signatures.facts(made[group.name]) == "3 rankings on ud-2.7; 1 seed."
    assert "|rankings:4|" in signatures.line(made[comparisons.COMMON])
    assert "metric" not in signatures.line(made[group.name])


def test_every_metric_has_a_scheme():
    assert set(signatures.SCHEMES) == {name for names in METRICS.values() for name in names}


@pytest.mark.parametrize("suffix", ["html", "tex"])
def test_a_table_shows_them(tmp_path, suffix):
    table = Table(
        name="t", title="T", facts="8 trainings.", general=["All."], signature="a:b_c|d:e"
    )
    pages.write_table(table, tmp_path, "results")
    text = (tmp_path / f"t.{suffix}").read_text(encoding="utf-8")
    assert "8 trainings." in text and "All." in text
    assert {"html": "a:b_c|<wbr>d:e", "tex": r"a:b\_c\textbar\allowbreak{}d:e"}[suffix] in text
    assert r"\textbar" in latex.text(table)
