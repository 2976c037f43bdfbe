"""Tables: what stands in their cells."""

import csv
import io
import json
from importlib.metadata import version

import made_up
import pytest

from polyheads import exhibits
from polyheads.analysis import selection
from polyheads.errors import UserError
from polyheads.exhibits import inputs, overviews, published, tables
from polyheads.report import inventory

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
PUBLISHED = exhibits.read_published()


def rows_of(sweeps, tmp_path, *, without=()):
    paths = {path for made in sweeps for path in made["trials"]} - set(without)
    plan = exhibits.plan(sweeps, PUBLISHED)
    scores = selection.load_scores(paths, sweeps)
    choices = selection.choose(scores, exhibits.criteria(plan, sweeps))
    selection.write(selection.pruned_heads(choices), tmp_path / "choices.csv")
    return plan, selection.read(tmp_path / "choices.csv")


def texts(rows):
    return [[cell["text"] for cell in row] for row in rows]


def width(row):
    return sum(cell["colspan"] for cell in row)


def full_width(table):
    """Columns of a table with its spans laid out; every row must fill them."""
    columns = None
    for part in ("head", "body", "foot"):
        pending = []
        for row in table[part]:
            filled = len([span for span in pending if span > 0]) + width(row)
            columns = columns or filled
            assert filled == columns, texts([row])
            pending = [span - 1 for span in pending if span > 1]
            for cell in row:
                pending += [cell["rowspan"] - 1] * cell["colspan"] if cell["rowspan"] > 1 else []
        assert not [span for span in pending if span > 0]
    return columns


def test_plan_has_a_second_table_in_the_published_metric(tmp_path):
    sweeps = made_up.study(tmp_path)
    plan = exhibits.plan(sweeps, PUBLISHED)
    names = [e["name"] for e in plan if e["kind"] == "table"]
    assert names == [
        "pos.cross-lingual.gradient",
        "pos.cross-lingual.gradient.f1_runs_as_published",
        "pos.multi-lingual.gradient",
        "pos.multi-lingual.gradient.f1_runs_as_published",
    ]
    assert len({e["name"] for e in plan}) == len(plan)
    assert exhibits.paths(plan, "curves", "x", ".svg") == [
        "x/pos.cross-lingual.en.gradient.svg",
        "x/pos.multi-lingual.en.gradient.svg",
    ]
    alone = exhibits.plan([made for made in sweeps if made["model"] == "tiny"], PUBLISHED)
    assert len([e for e in alone if e["kind"] == "table"]) == 2


def test_result_table_has_both_readings_and_the_published_numbers(tmp_path):
    sweeps = made_up.study(tmp_path)
    plan, rows = rows_of(sweeps, tmp_path)
    table = tables.result_table(plan[0], rows, LANGUAGES, PUBLISHED)
    assert full_width(table) == 2 + 2 * 8
    # Chinese is second in a row group of English
    assert texts(table["body"])[0][:2] == ["English", "German"]
    assert texts(table["body"])[1][0] == "Chinese"
    choice = next(r for r in rows if (r["model"], r["target"]) == ("mbert", "de"))
    cells = texts(table["body"])[0]
    assert cells[2] == f"{choice['unpruned']:.2f}"
    assert cells[5] == str(choice["dev_selected_k"])
    assert cells[9] == str(choice["test_oracle_k"])
    assert not any("Published" in note for note in table["notes"])

    other = tables.result_table(plan[1], rows, LANGUAGES, PUBLISHED)
    assert full_width(other) == 2 + 2 * 8 + 4  # published mBERT only, no such model "tiny"
    published = exhibits.published_cells(PUBLISHED)["pos", "mbert", "en", "zh", "cross-lingual"]
    assert published == (59.88, 59.99)
    assert {"59.88", "59.99", "+0.11"} <= set(texts(other["body"])[1])
    record = other["records"][1]
    assert (record["published_unpruned"], record["published_test_oracle"]) == published
    assert other["records"][-1]["published_test_oracle"] is None
    # ours less published: of the gains, coloured by sign
    chinese = next(r for r in rows if r["target"] == "zh" and r["metric"] == other_metric(plan))
    apart = chinese["test_oracle_gain"] - 0.11
    assert record["test_oracle_gain_less_published"] == pytest.approx(apart)
    assert other["records"][-1]["test_oracle_gain_less_published"] is None
    cell = other["body"][1][12]  # a row without the name of its source
    assert cell["text"] == tables.signed(apart)
    assert cell["kind"] == f"published {'up' if apart > 0 else 'down'}"
    pairs = [r for r in other["records"] if r["model"] == "mbert"]
    mean = sum(r["test_oracle_gain_less_published"] for r in pairs) / 2
    assert other["foot"][0][12]["text"] == tables.signed(mean)


def test_published_means_are_over_the_same_pairs_as_ours(tmp_path):
    sweeps = made_up.study(tmp_path, models=("mbert",))
    (chinese,) = [s for s in sweeps if s["target"] == "zh" and s["setting"] == "multi-lingual"]
    plan, rows = rows_of(sweeps, tmp_path, without=chinese["trials"][:1])
    exhibit = next(e for e in plan if e["name"].startswith("pos.multi-lingual.gradient.f1"))
    table = tables.result_table(exhibit, rows, LANGUAGES, PUBLISHED)
    german, lost = table["body"]
    assert lost[-2]["text"] != "–"  # published, and not run
    shown = [c["text"] for c in table["foot"][0]]
    assert shown[-4:] == [c["text"] for c in german[-4:]]
    # A pair that the paper doesn't have: there is no mean of the same pairs.
    known = [r for r in PUBLISHED if r["target"] != "de"]
    plan, rows = rows_of(sweeps, tmp_path)
    table = tables.result_table(exhibit, rows, LANGUAGES, known)
    assert [c["text"] for c in table["foot"][0]][-4:] == ["–", "–", "–", ""]


def other_metric(plan):
    return plan[1]["of"]["metric"]


def test_what_is_not_run_or_not_published_is_empty(tmp_path):
    sweeps = [
        made
        for made in made_up.study(tmp_path, models=("mbert", "xlmr"))
        if (made["model"], made["target"]) != ("xlmr", "de")
    ]
    plan, rows = rows_of(sweeps, tmp_path)
    table = tables.result_table(plan[1], rows, LANGUAGES, PUBLISHED)
    assert full_width(table) == 2 + 2 * 12
    german = texts(table["body"])[0][-12:]  # published for XLM-R, but not run here
    assert german[:8] == [""] * 8
    assert german[8:] == ["89.41", "89.78", "+0.37", ""]
    # the means of XLM-R are those of the pair that was run
    mean, chinese = texts(table["foot"])[0][-12:], texts(table["body"])[1][-12:]
    assert [mean[i] for i in (0, 8, 9, 10, 11)] == [chinese[i] for i in (0, 8, 9, 10, 11)]
    published = [r for r in PUBLISHED if r["target"] != "zh"]
    table = tables.result_table(plan[1], rows, LANGUAGES, published)
    assert texts(table["body"])[1][-4:] == ["–", "–", "–", ""]


def test_overview_has_published_means_of_the_same_pairs(tmp_path):
    plan, rows = rows_of(made_up.study(tmp_path), tmp_path)
    overview = overviews.overview(exhibits.main_choices(plan, rows), PUBLISHED)
    assert full_width(overview) == 12 + 3
    line = overview["records"][0]
    gains = published.gains(PUBLISHED)
    mine = [gains["pos", "mbert", "en", target, "cross-lingual"] for target in ("de", "zh")]
    assert line["published_gain"] == pytest.approx(sum(mine) / 2)
    assert (line["published_improved"], line["published_pairs"]) == (sum(g > 0 for g in mine), 2)
    assert line["published_mean_k"] == 7.52
    tiny = next(record for record in overview["records"] if record["model"] == "tiny")
    assert tiny["published_gain"] is None and tiny["published_mean_k"] is None
    at = overview["records"].index(tiny)
    assert texts(overview["body"])[at][-4:-1] == ["", "", ""]
    reversed_ones = [row | {"ranking": "reversed-gradient-en"} for row in rows]
    assert full_width(overviews.overview(reversed_ones, PUBLISHED)) == 12


def test_missing_trials_are_marked(tmp_path):
    sweeps = made_up.study(tmp_path)
    without = [sweeps[0]["trials"][0], sweeps[1]["trials"][2], *sweeps[2]["trials"]]
    plan, rows = rows_of(sweeps, tmp_path, without=without)
    table = tables.result_table(plan[0], rows, LANGUAGES)
    assert full_width(table) == 18
    # the two cross-lingual sweeps of mbert share their trials: no k = 0, no k = 2
    first = table["body"][0]
    assert [cell["text"] for cell in first][2] == "missing"
    assert first[2]["kind"] == "first missing"
    assert [cell["text"] for cell in first][4] == "missing"
    assert first[5]["text"].endswith("†")
    missing, trial = first[5]["note"].split("; ")
    assert missing == "missing: k = 0 2" and trial == rows[0]["dev_selected_trial"]
    assert any(note.startswith("†") for note in table["notes"])
    overview = overviews.overview(exhibits.main_choices(plan, rows))
    assert full_width(overview) == 12
    assert texts(overview["body"])[0][6] == "0 of 0"


def test_seeds_are_averaged(tmp_path):
    sweeps = made_up.study(tmp_path, models=("tiny",), seeds=(1, 2, 3))
    plan, rows = rows_of(sweeps, tmp_path)
    table = tables.result_table(plan[0], rows, LANGUAGES)
    here = [r for r in rows if r["setting"] == "cross-lingual" and r["target"] == "de"]
    gains = [row["test_oracle_gain"] for row in here]
    cells = texts(table["body"])[0]
    assert cells[8].startswith(tables.signed(sum(gains) / 3)) and "±" in cells[8]
    assert cells[9] == ", ".join(str(row["test_oracle_k"]) for row in here)
    assert any("seeds" in note for note in table["notes"])
    assert len(table["records"]) == 6  # two targets, three seeds


def test_overview_and_heads(tmp_path):
    sweeps = made_up.study(tmp_path)
    plan, rows = rows_of(sweeps, tmp_path)
    main = exhibits.main_choices(plan, rows)
    assert len(main) == len(sweeps)  # in the experiment's own metric only
    overview = overviews.overview(main)
    assert full_width(overview) == 12
    line = overview["records"][0]
    mine = [r for r in main if (r["setting"], r["model"]) == ("cross-lingual", "mbert")]
    assert line["test_oracle_gain"] == pytest.approx(
        sum(row["test_oracle_gain"] for row in mine) / 2
    )
    assert line["test_oracle_improved"] == sum(row["test_oracle_gain"] > 0 for row in mine)
    heads = overviews.heads_table(main, LANGUAGES)
    assert full_width(heads) == 7
    assert texts(heads["body"])[0][3] == "English → German"


def test_csv_is_plain_and_complete(tmp_path):
    plan, rows = rows_of(made_up.study(tmp_path), tmp_path)
    table = tables.result_table(plan[0], rows, LANGUAGES)
    read = list(csv.DictReader(io.StringIO(tables.csv_text(table))))
    assert len(read) == 4
    assert read[0]["target"] == "de"
    assert float(read[0]["dev_selected_gain"]) == pytest.approx(
        table["records"][0]["dev_selected_gain"]
    )
    assert all(row["dev_selected_trial"].endswith(".json") for row in read)


def test_numbers_for_people():
    assert tables.signed(-0.001) == "0.00"
    assert tables.signed(-1.25) == "−1.25"
    assert tables.signed(0.5) == "+0.50"
    assert tables.gain(-0.001)["kind"] == ""
    assert tables.gain(0.4)["kind"] == "up"
    assert tables.gain(None)["text"] == "missing"
    assert tables.number(None) == "–"


def test_subwords_table():
    stats = {"subwords_per_word": 1.234, "words_without_subwords": 2, "windowed_sentences": 1}
    encoding = {
        **{"model": "mbert", "corpus": "ud-2.7", "language": "en"},
        "splits": {"dev": stats | {"truncated_words": 0, "longest_subwords": 512}},
    }
    table = inventory.subwords_table([encoding], LANGUAGES)
    assert full_width(table) == 18
    assert texts(table["body"])[0][4] == "1.23"
    assert texts(table["body"])[0][3] == "–"


def test_run_times(tmp_path):
    head = "s\th:m:s\tmax_rss\tmean_load\n"
    (tmp_path / "a.tsv").write_text(head + "1.5\t0:00:01\t200.0\t99\n")
    (tmp_path / "b.tsv").write_text(head + "0.5\t0:00:00\tNA\t0\n")
    files = [tmp_path / name for name in ("a.tsv", "b.tsv", "c.tsv")]
    table = inventory.run_times_table({"Trials": files, "Never": []})
    assert texts(table["body"]) == [["Trials", "2", "2.0", "1.0", "1.5", "200"]]
    assert texts(table["foot"])[0][:3] == ["all", "2", "2.0"]
    assert any("missing: 1" in note for note in table["notes"])
    nothing = inventory.run_times_table({})
    assert nothing["body"] == nothing["foot"] == []


def test_versions_and_json(tmp_path):
    made = [("torch", "2.1", "3"), ("torch", "2.2", "1"), ("transformers", "5.0", "4")]
    names = ("package", "version", "trials")
    table = inventory.versions_table([dict(zip(names, row, strict=True)) for row in made])
    of = {row[0]: row[1:] for row in texts(table["body"])}
    assert of["torch"] == ["2.1 (3), 2.2 (1)", version("torch")]
    assert of["transformers"][0] == "5.0" and of["pandas"] == ["", version("pandas")]
    path = tmp_path / "x.json"
    path.write_text("{")
    with pytest.raises(UserError, match=r"x\.json: not a whole JSON file"):
        inputs.read_json(path)
    path.write_text(json.dumps({"a": 1}))
    assert inputs.read_json(path) == {"a": 1}


def test_csv_goes_by_names():
    table = {"records": [{"a": 1, "b": 2.5}, {"b": 3, "a": None}, {"a": 4, "c": "x"}]}
    assert tables.csv_text(table).splitlines() == ["a,b,c", "1,2.500000,", ",3,", "4,,x"]


def test_nothing_is_missing_where_no_head_is_pruned(tmp_path):
    values = {("dev", "en"): [80.0], ("test", "de"): [60.0], ("test", "zh"): [50.0]}
    sweeps = [made_up.sweep(tmp_path, target=code, ks=(0,)) for code in ("de", "zh")]
    made_up.write_sweep(sweeps[0], values)
    plan, rows = rows_of(sweeps, tmp_path)
    table = tables.result_table(plan[0], rows, LANGUAGES)
    shown = [text for line in texts(table["body"] + table["foot"]) for text in line]
    assert tables.MISSING not in shown and "60.00" in shown
    assert full_width(table) == 10
