"""Low resource: one row for each share of data, the multi-lingual setting being all of it."""

from xml.etree import ElementTree

import made_up
import pytest

from polyheads import exhibits
from polyheads.analysis import selection
from polyheads.exhibits import contents, low_resource, tables
from polyheads.report.figures import low_resource as low_resource_figure

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}


@pytest.fixture
def shown(tmp_path):
    """The exhibit and the choices of sweeps at 10, 50 and 100 % of two targets."""
    sweeps = []
    for target in ("de", "zh"):
        for part, setting in (
            (f"{target}@50", "low-resource"),
            (f"{target}@10", "low-resource"),
            (target, "multi-lingual"),
        ):
            mixture = ("en", part)
            made = made_up.sweep(tmp_path, target=target, setting=setting, mixture=mixture)
            values = {
                (split, target): [
                    made_up.score("mbert", target, split, list(mixture), k, 42) for k in made["ks"]
                ]
                for split in ("dev", "test")
            }
            made_up.write_sweep(made, values)
            sweeps.append(made)
    plan = exhibits.plan(sweeps)
    scores = selection.load_scores({p for s in sweeps for p in s["trials"]}, sweeps)
    path = tmp_path / "choices.csv"
    selection.write(selection.choose(scores, exhibits.criteria(plan, sweeps)), path)
    return plan, selection.read(path)


def test_exhibits_of_low_resource_stand_apart(shown):
    plan, choices = shown
    kinds = [(e["kind"], e["of"].get("setting")) for e in plan]
    assert kinds == [
        ("table", "multi-lingual"),
        ("curves", "multi-lingual"),
        ("shares", "low-resource"),
        ("gains", None),
    ]
    assert {row["setting"] for row in exhibits.members(plan[-1], choices)} == {"multi-lingual"}
    assert len(exhibits.main_choices(plan, choices)) == 6


def test_table_goes_up_to_all_data(shown):
    plan, choices = shown
    table = low_resource.table(plan[2], choices, LANGUAGES)
    shares = [(line["target"], line["percent"]) for line in table["records"]]
    assert shares == [(code, share) for code in ("de", "zh") for share in (10, 50, 100)]
    row = next(r for r in choices if r["mixture"] == "en+zh@10")
    assert table["records"][3]["unpruned"] == row["unpruned"]
    assert table["records"][3]["dev_selected_gain"] == row["dev_selected_gain"]
    assert table["body"][3][0]["text"] == "English → Chinese"


def test_intervals_of_every_share(shown, tmp_path):
    plan, choices = shown
    rows = [
        {
            **{name: choice[name] for name in ("experiment", "model", "source", "target")},
            **{name: choice[name] for name in ("setting", "mixture", "metric")},
            **{"ranking": "gradient", "level": "pair", "criterion": "dev_selected", "seeds": 1},
            **{"gain": choice["dev_selected_gain"], "low": choice["dev_selected_gain"] - 1.25},
            **{
                "high": choice["dev_selected_gain"] + 2.5,
                "p": 0.001,
                "p_holm": 0.01,
                "resamples": 10,
            },
            "problem": "",
        }
        for choice in choices
    ]
    table = low_resource.table(plan[2], choices, LANGUAGES, rows)
    for line, cells in zip(table["records"], table["body"], strict=True):
        gain = line["dev_selected_gain"]
        assert cells[4]["below"] == f"[{tables.signed(gain - 1.25)}, {tables.signed(gain + 2.5)}]"
        # The star of 100 % is about the gains of another table.
        assert cells[4]["text"].endswith("°") == (line["percent"] < 100) == bool(cells[4]["note"])
    assert any("tested in their own table" in note for note in table["notes"])
    plain, banded = (tmp_path / name for name in ("plain.svg", "banded.svg"))
    low_resource_figure.draw(plan[2], choices, LANGUAGES, plain)
    low_resource_figure.draw(plan[2], choices, LANGUAGES, banded, rows)
    bands = [p.read_text().count('id="FillBetweenPolyCollection') for p in (plain, banded)]
    assert bands == [0, 2]
    nothing = dict.fromkeys(("gain", "low", "high", "p", "p_holm"))
    wrong = [rows[0] | nothing | {"problem": "k-01.parquet: no"}, *rows[1:]]
    table = low_resource.table(plan[2], choices, LANGUAGES, wrong)
    assert sum(bool(cells[4]["below"]) for cells in table["body"]) == len(rows) - 1
    assert any("k-01.parquet: no" in note for note in table["notes"])
    low_resource_figure.draw(plan[2], choices, LANGUAGES, banded, wrong)


def test_figure(shown, tmp_path):
    plan, choices = shown
    for name in ("a.svg", "b.svg"):
        low_resource_figure.draw(plan[2], choices, LANGUAGES, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")


def test_low_resource_alone_has_no_exhibit_without_rows(tmp_path):
    sweeps = [
        made_up.sweep(tmp_path, role=role, target=target, setting="low-resource", mixture=mixture)
        for role in ("main", "fresh")
        for target in ("de", "zh")
        for mixture in (("en", f"{target}@10"), ("en", f"{target}@50"))
    ]
    assert [e["kind"] for e in contents.plan(sweeps)] == ["shares"]
