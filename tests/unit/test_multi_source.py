"""Several sources: MD, SD, and EC whose source dev chooses; published numbers beside them."""

import made_up
import pytest

from polyheads import exhibits, selection
from polyheads.exhibits import multi_source

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
    selection.write(selection.choose(scores, exhibits.readings(plan, sweeps)), path)
    return plan, selection.read(path)


def test_table(shown):
    plan, choices = shown
    (exhibit,) = [e for e in plan if e["kind"] == "sources"]
    table = multi_source.table(exhibit, choices, LANGUAGES)
    (line,) = table["records"]
    assert line["unpruned"] == 70
    assert (line["MD_sound"], line["SD_sound"]) == (71, 70)
    assert (line["EC_sound"], line["EC_source"]) == (67, "zh")  # dev 84, whatever test says
    assert (line["MD_best"], line["SD_best"], line["EC_best"]) == (74, 73, 76)
    assert line["published_MD"] == 62.63
    widths = {sum(c["colspan"] for c in row) for row in table["body"]}
    assert widths == {sum(c["colspan"] for c in table["head"][0])}
    assert any(c["note"] == "the ranking of Chinese" for c in table["body"][0])


def test_each_ranking_has_its_own_table_too(shown):
    plan, choices = shown
    kinds = [e["of"]["ranking"] for e in plan if e["kind"] == "table"]
    assert kinds == ["merged-gradient", "summed-gradient", "gradient", "gradient-zh"]
    assert len(exhibits.main_choices(plan, choices)) == 4


def test_nulls_and_fresh_seeds_are_no_further_seeds(shown):
    plan, choices = shown
    (exhibit,) = [e for e in plan if e["kind"] == "sources"]
    plain = multi_source.table(exhibit, choices, LANGUAGES)
    other = {"seed": 7, "sound_test": 1.0, "best_test": 1.0, "unpruned": 1.0}
    more = [choices[0] | other | {"role": "fresh", "of_seed": 42}]
    more += [choices[0] | other | {"role": "noise", "ranking": "unpruned"}]
    assert multi_source.table(exhibit, [*choices, *more], LANGUAGES) == plain


def test_what_is_not_run_is_not_missing(shown):
    plan, choices = shown
    (exhibit,) = [e for e in plan if e["kind"] == "sources"]
    merged = [row for row in choices if row["ranking"].startswith("merged-")]
    (cells,) = multi_source.table(exhibit, merged, LANGUAGES)["body"]
    assert [c["text"] for c in cells][-7:] == ["70.00", "71.00", "–", "–", "74.00", "–", "–"]
