"""Low resource: one row for each share of data, the multi-lingual setting being all of it."""

from dataclasses import replace
from xml.etree import ElementTree

import made_up
import pytest
import records
from records import notes

from polyheads.analysis import low_resource, tidy
from polyheads.report import cells
from polyheads.report.figures import low_resource as low_resource_figure
from polyheads.report.tables import low_resource as low_resource_table
from polyheads.study import displays

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}


@pytest.fixture
def study(tmp_path):
    """The displays and the choices of sweeps at 10, 50 and 100 % of two targets."""
    sweeps = []
    for target in ("de", "zh"):
        for part, setting in (
            (f"{target}@50", "low-resource"),
            (f"{target}@10", "low-resource"),
            (target, "multi-lingual"),
        ):
            mixture = ("en", part)
            about = {"target": target, "setting": setting, "mixture": mixture}
            made = made_up.sweep(tmp_path, model="tiny", **about)
            values = {
                (split, target): [
                    made_up.score("tiny", target, split, list(mixture), k, 42) for k in made["ks"]
                ]
                for split in ("dev", "test")
            }
            made_up.write_sweep(made, values)
            sweeps.append(records.planned(made))
    return records.chosen(sweeps)


def estimates_of(choices):
    return [
        records.estimate(
            **{"setting": row.setting, "mixture": row.mixture, "target": row.target},
            model=row.model,
            **{"gain": row.dev_selected.gain, "low": row.dev_selected.gain - 1.25},
            **{"high": row.dev_selected.gain + 2.5, "p": 0.001, "p_holm": 0.01},
        )
        for row in choices
    ]


def table(display, choices, estimates=()):
    rows = low_resource.rows(display, choices, estimates)
    return low_resource_table.table(display, rows, LANGUAGES)


def test_displays_of_low_resource_stand_apart(study):
    plan, choices = study
    assert [(display.kind, display.setting) for display in plan] == [
        ("results", "multi-lingual"),
        ("curves", "multi-lingual"),
        ("low-resource", "low-resource"),
        ("gains", ""),
        ("dev-test", ""),
        ("stopping", ""),
    ]
    for display in plan[3:]:
        assert {row.setting for row in displays.members(display, choices)} == {"multi-lingual"}
    assert len(displays.main_rows(plan, choices)) == 6


def test_table_goes_up_to_all_data(study):
    plan, choices = study
    made = table(plan[2], choices)
    shares = [(line["target"], line["percent"]) for line in made.records]
    assert shares == [(code, share) for code in ("de", "zh") for share in (10, 50, 100)]
    row = next(row for row in choices if row.mixture == "en+zh@10")
    assert low_resource.percent(row) == 10
    assert made.records[3]["unpruned"] == row.unpruned
    assert made.records[3]["dev_selected_gain"] == row.dev_selected.gain
    assert made.records[3]["dev_selected_trial"] == row.dev_selected.trial
    assert made.body[3][0].text == "English → Chinese"
    assert made.body[3][5].links == ((str(row.dev_selected.k), row.dev_selected.trial),)
    assert len(notes(made)) == 1


def test_intervals_of_every_share(study):
    plan, choices = study
    estimates = estimates_of(choices)
    made = table(plan[2], choices, estimates)
    for line, row in zip(made.records, made.body, strict=True):
        gain = line["dev_selected_gain"]
        assert row[4].below == f"[{cells.signed(gain - 1.25)}, {cells.signed(gain + 2.5)}]"
        # The star of 100 % is about the gains of another table.
        assert row[4].text.endswith("°") == (line["percent"] < 100) == bool(row[4].note)
    assert any("tested in their own table" in note for note in notes(made))
    nothing = dict.fromkeys(("gain", "low", "high", "p", "p_holm"))
    wrong = [replace(estimates[0], **nothing, problem="k-01.parquet: no"), *estimates[1:]]
    made = table(plan[2], choices, wrong)
    assert sum(bool(row[4].below) for row in made.body) == len(estimates) - 1
    assert any("k-01.parquet: no" in note for note in notes(made))
    made = table(plan[2], choices, [replace(row, **nothing, problem="no") for row in estimates])
    assert [note[:12] for note in notes(made)] == ["Gains in per", "No intervals"]


def test_seeds_are_averaged(study):
    plan, choices = study
    other = [replace(row, seed=7, unpruned=row.unpruned + 1, missing_k="3") for row in choices]
    first, *_ = low_resource.rows(plan[2], [*choices, *other])
    row = next(row for row in choices if row.mixture == "en+de@10")
    assert (first.seeds, first.percent, first.unpruned) == (2, 10, row.unpruned + 0.5)
    assert first.missing_ks == ("3",)
    assert first.dev_selected.trials == (row.dev_selected.trial,) * 2


def test_rows_are_kept_in_a_file(study, tmp_path):
    plan, choices = study
    rows = low_resource.rows(plan[2], choices, estimates_of(choices))
    path = tmp_path / "rows.csv"
    tidy.write(rows, path, columns=tidy.columns_of(low_resource.Share))
    assert tidy.read(low_resource.Share, path) == rows


def test_figure(study, tmp_path):
    plan, choices = study
    for name in ("a.svg", "b.svg"):
        rows = low_resource.rows(plan[2], choices)
        low_resource_figure.draw(plan[2], rows, LANGUAGES, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")


def test_figure_has_bands_where_gains_have_estimates(study, tmp_path):
    plan, choices = study
    estimates = estimates_of(choices)
    gone = [replace(row, gain=None, low=None, high=None, problem="no") for row in estimates]
    bands = []
    for known in ((), estimates, [gone[0], *estimates[1:]], gone):
        rows = low_resource.rows(plan[2], choices, known)
        low_resource_figure.draw(plan[2], rows, LANGUAGES, tmp_path / "a.svg")
        text = (tmp_path / "a.svg").read_text()
        bands.append(text.count('id="FillBetweenPolyCollection'))
    assert bands == [0, 2, 2, 0]


def test_low_resource_alone_has_no_other_display(tmp_path):
    sweeps = [
        made_up.sweep(tmp_path, role=role, target=target, setting="low-resource", mixture=mixture)
        for role in ("main", "fresh")
        for target in ("de", "zh")
        for mixture in (("en", f"{target}@10"), ("en", f"{target}@50"))
    ]
    plan = displays.plan([records.planned(sweep) for sweep in sweeps])
    assert [display.kind for display in plan] == ["low-resource"]
