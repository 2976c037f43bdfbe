"""Several sources: MD, SD, and EC whose source dev chooses; published numbers beside them."""

import made_up
import pytest
from polyheads.exhibits import multi_source, tables

from polyheads import exhibits
from polyheads.analysis import selection

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
# ranking -> (dev over k = 0..2, test over k = 0..2)
SCORES = {
    "merged-gradient-de+zh": ([80, 82, 81], [70, 71, 74]),
    "summed-gradient-de+zh": ([80, 79, 78], [70, 73, 69]),
    "gradient-de": ([80, 83, 81], [70, 68, 72]),
    "gradient-zh": ([80, 81, 84], [70, 76, 67]),
}


@pytest.fixture
def shown(tmp_path):
    sweeps = []
    for ranking, (dev, test) in SCORES.items():
        made = made_up.sweep(
            tmp_path, source="de+zh", target="en", ranking=ranking, ks=(0, 1, 2), task="ner"
        )
        made_up.write_sweep(made, {("dev", "de"): dev, ("dev", "zh"): dev, ("test", "en"): test})
        sweeps.append(made)
    plan = exhibits.plan(sweeps)
    scores = selection.load_scores({p for s in sweeps for p in s["trials"]}, sweeps)
    path = tmp_path / "choices.csv"
    selection.write(selection.choose(scores, exhibits.criteria(plan, sweeps)), path)
    return plan, selection.read(path)


def test_table(shown):
    plan, choices = shown
    (exhibit,) = [e for e in plan if e["kind"] == "sources"]
    table = multi_source.table(exhibit, choices, LANGUAGES)
    (line,) = table["records"]
    assert line["unpruned"] == 70
    assert (line["MD_dev_selected"], line["SD_dev_selected"]) == (71, 70)
    assert (line["EC_dev_selected"], line["EC_source"]) == (67, "zh")  # dev 84, whatever test says
    assert (line["MD_test_oracle"], line["SD_test_oracle"], line["EC_test_oracle"]) == (74, 73, 76)
    assert line["published_MD"] == 62.63
    widths = {sum(c["colspan"] for c in row) for row in table["body"]}
    assert widths == {sum(c["colspan"] for c in table["head"][0])}
    assert any(c["note"] == "the ranking of Chinese" for c in table["body"][0])
    # Ours at best is +4, the paper's MD and unpruned differ by something else.
    theirs = line["published_MD"] - line["published_unpruned"]
    assert line["MD_test_oracle_gain_less_published"] == pytest.approx(4 - theirs)
    apart = table["body"][0][6]
    assert apart["text"] == tables.signed(4 - theirs) and apart["kind"] in (
        "first up",
        "first down",
    )


def statistics(choices):
    """A row for each gain of the sweeps, 1 to either side."""
    names = ("experiment", "model", "setting", "metric", "source", "target", "mixture")
    return [
        {
            **{name: choice[name] for name in names},
            **{"level": "pair", "criterion": criterion, "seeds": 1, "problem": ""},
            "ranking": exhibits.ranking_kind(choice["ranking"], choice["source"]),
            "gain": choice[f"{criterion}_gain"],
            "low": choice[f"{criterion}_gain"] - 1,
            "high": choice[f"{criterion}_gain"] + 1,
        }
        for choice in choices
        for criterion in ("dev_selected", "test_oracle")
    ]


def test_gains_have_the_intervals_of_their_sweeps(shown):
    plan, choices = shown
    (exhibit,) = [e for e in plan if e["kind"] == "sources"]
    known = statistics(choices)
    table = multi_source.table(exhibit, choices, LANGUAGES, known)
    (line,) = table["records"]
    assert [line[f"MD_dev_selected_{name}"] for name in ("gain", "low", "high")] == [1, 0, 2]
    assert [line[f"SD_test_oracle_{name}"] for name in ("gain", "low", "high")] == [3, 2, 4]
    # Of the source that dev chose; which source is best on test was looked for, too.
    assert [line[f"EC_dev_selected_{name}"] for name in ("gain", "low", "high")] == [-3, -4, -2]
    assert [line[f"EC_test_oracle_{name}"] for name in ("gain", "low", "high")] == [6, None, None]
    cells = table["body"][0][-7:]
    assert [c["below"] for c in cells] == [
        *("", "+1.00 [0.00, +2.00]", "0.00 [−1.00, +1.00]", "−3.00 [−4.00, −2.00]"),
        *("+4.00 [+3.00, +5.00]", "+3.00 [+2.00, +4.00]", "+6.00"),
    ]
    assert any("training noise is not included" in note for note in table["notes"])
    plain = multi_source.table(exhibit, choices, LANGUAGES)
    assert plain["records"][0]["MD_dev_selected_low"] is None and len(plain["notes"]) == 2
    nothing = dict.fromkeys(("gain", "low", "high"))
    wrong = [row | nothing | {"problem": "k-01.parquet: no"} for row in known]
    notes = multi_source.table(exhibit, choices, LANGUAGES, wrong)["notes"]
    assert any("k-01.parquet: no" in note for note in notes)


def test_means_of_a_model(shown):
    plan, choices = shown
    (exhibit,) = [e for e in plan if e["kind"] == "sources"]
    known = statistics(choices)
    twice = [row | {"target": target} for row in choices for target in ("en", "nl")]
    means = [row | {"level": "mean", "source": "", "target": "", "mixture": ""} for row in known]
    means = [row | {"low": row["gain"] - 0.5, "high": row["gain"] + 0.5} for row in means]
    (foot,) = multi_source.table(exhibit, twice, LANGUAGES, known + means)["foot"]
    assert [c["text"] for c in foot[:2]] == ["Mean", "mbert"]
    assert [c["below"] for c in foot[-6:]] == [
        *("+1.00 [+0.50, +1.50]", "0.00 [−0.50, +0.50]", "−3.00"),
        *("+4.00 [+3.50, +4.50]", "+3.00 [+2.50, +3.50]", "+6.00"),
    ]
    others = [row | {"gain": row["gain"] + 1} for row in means]
    (foot,) = multi_source.table(exhibit, twice, LANGUAGES, known + others)["foot"]
    assert foot[-6]["below"] == "+1.00"


def test_published_means_are_over_the_same_lines_as_ours():
    def line(unpruned, best, theirs):
        empty = dict.fromkeys(
            f"{name}_{criterion}{end}"
            for name in multi_source.HEURISTICS
            for criterion in ("dev_selected", "test_oracle")
            for end in ("", "_gain", "_low", "_high")
        )
        made = {"target": "x", "source": "y", "model": "mbert", "unpruned": unpruned, **empty}
        made |= {"published_unpruned": theirs, "MD_test_oracle": best, "published_MD": theirs}
        return made | {"published_SD": None, "published_EC": None}

    mean = multi_source._mean([line(1.0, 2.0, 10.0), line(3.0, None, 20.0)], [])
    assert (mean["published_unpruned"], mean["published_MD"]) == (15, 10)
    mean = multi_source._mean([line(1.0, 2.0, 10.0), line(3.0, 4.0, None)], [])
    assert mean["published_unpruned"] is mean["published_MD"] is None


def test_each_ranking_has_its_own_table_too(shown):
    plan, choices = shown
    kinds = [e["of"]["ranking"] for e in plan if e["kind"] == "table"]
    assert kinds == ["merged-gradient", "summed-gradient", "gradient", "gradient-zh"]
    assert len(exhibits.main_choices(plan, choices)) == 4


def test_nulls_and_fresh_seeds_are_no_further_seeds(shown):
    plan, choices = shown
    (exhibit,) = [e for e in plan if e["kind"] == "sources"]
    plain = multi_source.table(exhibit, choices, LANGUAGES)
    other = {"seed": 7, "dev_selected_test": 1.0, "test_oracle_test": 1.0, "unpruned": 1.0}
    more = [choices[0] | other | {"role": "fresh", "of_seed": 42}]
    more += [choices[0] | other | {"role": "noise", "ranking": "unpruned"}]
    assert multi_source.table(exhibit, [*choices, *more], LANGUAGES) == plain


def test_what_is_not_run_is_not_missing(shown):
    plan, choices = shown
    (exhibit,) = [e for e in plan if e["kind"] == "sources"]
    merged = [row for row in choices if row["ranking"].startswith("merged-")]
    (cells,) = multi_source.table(exhibit, merged, LANGUAGES)["body"]
    assert [c["text"] for c in cells][-7:] == ["70.00", "71.00", "–", "–", "74.00", "–", "–"]
