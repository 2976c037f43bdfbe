"""Published, the paper's protocol, as released, sound: four criteria in one line."""

import made_up
import pytest
from polyheads.exhibits import protocols
from test_tables import full_width, texts

from polyheads import exhibits
from polyheads.analysis import selection

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
PUBLISHED = exhibits.read_published()
METRIC = "f1_runs_as_published"


def study(tmp_path):
    """The paper's protocol on two targets and two settings, as released on one more target."""
    sweeps = [
        made_up.sweep(tmp_path / "paper", target=target, setting=setting)
        for setting in ("multi-lingual", "cross-lingual")
        for target in ("de", "zh")
    ]
    common = {"experiment": "as-released", "ranking": "released-en", "heads": "all"}
    sweeps += [
        made_up.sweep(tmp_path / "released", target=target, recipe="released", **common)
        for target in ("de", "zh", "ar")
    ]
    for i, made in enumerate(sweeps):
        dev, test = [80, 82, 81, 79], [60 + i, 61 + i, 64 + i, 63 + i]
        sides = {("dev", code): dev for code in made["mixture"]}
        # Targets of a source share the trials on disk, so each has all languages' scores.
        codes = ("de", "zh", "ar") if made["setting"] == "cross-lingual" else (made["target"],)
        made_up.write_sweep(made, sides | {("test", code): test for code in codes})
    return sweeps


def exhibit_of(sweeps):
    (of,) = protocols.planned(sweeps)
    return {"kind": "protocols", "name": "x", "title": "x", "task": "pos", "corpus": "ud-2.7"} | {
        "of": of
    }


def choices_of(sweeps, tmp_path, without=()):
    paths = {path for made in sweeps for path in made["trials"]} - set(without)
    in_metric = [{**made, "metric": METRIC} for made in sweeps]
    choices = selection.choose(selection.load_scores(paths, sweeps), in_metric)
    selection.write(choices, tmp_path / "choices.csv")
    return selection.read(tmp_path / "choices.csv")


def test_partners(tmp_path):
    sweeps = study(tmp_path)
    assert protocols.partners(sweeps) == [("as-released", "pos")]
    of = {"experiment": "as-released", "ranking": "released", "partner": "pos"}
    assert protocols.planned(sweeps) == [of | {"partner_ranking": "gradient", "metric": METRIC}]
    # what is no partner: highest first, random, of other trials, another corpus, another protocol
    for changed in (
        {"ranking": "reversed-gradient-en"},
        {"ranking": "random-42"},
        {"role": "random", "ranking": "random-1"},
        {"corpus": "other"},
        {"protocol": "mask"},
        {"model": "other"},
        {"heads": "all"},
    ):
        others = [made | changed if made["experiment"] == "pos" else made for made in sweeps]
        assert protocols.partners(others) == [], changed
    earlier = [
        made_up.sweep(tmp_path, experiment="earlier", ranking="lrp-en", target=target)
        for target in ("de", "zh")
    ]
    assert protocols.partners([*earlier, *sweeps]) == [("as-released", "earlier")]
    assert protocols.partners([made for made in sweeps if made["heads"] == "pruned"]) == []


def test_the_partner_is_the_experiment_with_most_in_common(tmp_path):
    sweeps = study(tmp_path)
    few = made_up.sweep(tmp_path, experiment="few", ranking="gradient-en")
    assert protocols.partners([few, *sweeps]) == [("as-released", "pos")]
    # One that only ranks heads (Figure 1) has no best k.
    whole = [
        made_up.sweep(tmp_path, experiment="ranks", target=target, ks=(0,))
        for target in ("de", "zh", "ar")
    ]
    assert protocols.partners([*whole, *sweeps]) == [("as-released", "pos")]


def test_four_readings_in_a_line(tmp_path):
    sweeps = study(tmp_path)
    table = protocols.table(exhibit_of(sweeps), choices_of(sweeps, tmp_path), LANGUAGES, PUBLISHED)
    assert full_width(table) == 3 + 3 + 4 + 4 + 3
    names = [line[:3] for line in texts(table["body"])]
    assert names[0] == ["cross-lingual", "English → German", "mbert"]
    assert [name[0] for name in names] == ["cross-lingual"] * 3  # those run as released
    printed = exhibits.published_cells(PUBLISHED)["pos", "mbert", "en", "zh", "cross-lingual"]
    line = next(r for r in table["records"] if (r["setting"], r["target"]) == (names[0][0], "zh"))
    assert (line["published_unpruned"], line["published_test_oracle"]) == printed
    # sweep 3 of the paper's protocol wrote the shared trials last, sweep 6 those as released
    assert (line["paper_unpruned"], line["paper_test_oracle"], line["paper_k"]) == (63, 67, 2)
    assert (line["dev_selected_pruned"], line["dev_selected_gain"], line["dev_selected_k"]) == (
        64,
        1,
        1,
    )
    # all heads back on: made_up takes 5 points for k > 0, and k >= 1 must be chosen
    assert (line["released_unpruned"], line["released_test_oracle"], line["released_k"]) == (
        66,
        65,
        2,
    )
    assert line["released_gain"] == -1


def test_rows_lead_to_trials_and_have_their_intervals(tmp_path):
    sweeps = study(tmp_path)
    rows = choices_of(sweeps, tmp_path)
    of = {"level": "pair", "experiment": "pos", "ranking": "gradient", "setting": "cross-lingual"}
    of |= {
        "criterion": "dev_selected",
        "source": "en",
        "target": "zh",
        "mixture": "en",
        "metric": METRIC,
    }
    of |= {"model": "mbert", "low": 0.5, "high": 1.5, "p": 0.01, "p_holm": 0.02, "p_runs": 0.01}
    statistics = [of, of | {"criterion": "test_oracle", "experiment": "other"}]
    args = (exhibit_of(sweeps), rows, LANGUAGES, PUBLISHED)
    table = protocols.table(*args, statistics)
    line = table["body"][1]
    assert line[1]["text"] == "English → Chinese"
    assert (line[-2]["text"], line[-2]["below"]) == ("+1.00*", "[+0.50, +1.50]")
    assert line[-1]["links"] == [("1", str(sweeps[3]["trials"][1]))]
    assert [path for _, path in line[13]["links"]] == [str(sweeps[5]["trials"][2])]
    assert not any(cell["below"] for cell in line[:-2])
    record = next(r for r in table["records"] if (r["target"], r["level"]) == ("zh", "pair"))
    assert record["dev_selected_trial"] == str(sweeps[3]["trials"][1])
    assert (record["dev_selected_low"], record["paper_low"]) == (0.5, None)
    assert not any(name.endswith(("_row", "_rows", "_run")) for name in record)
    assert "own tables" in table["notes"][-1]
    assert "own tables" not in protocols.table(*args)["notes"][-1]


def test_what_was_not_run_is_a_dash_and_what_is_missing_says_so(tmp_path):
    sweeps = study(tmp_path)
    without = [path for made in sweeps[2:4] for path in made["trials"]]  # the paper's protocol
    rows = choices_of(sweeps, tmp_path, without)
    table = protocols.table(exhibit_of(sweeps), rows, LANGUAGES, PUBLISHED)
    body = texts(table["body"])
    arabic = body[2]
    assert arabic[1] == "English → ar"
    assert arabic[6:10] == ["–"] * 4 and arabic[14:] == ["–"] * 3
    german = body[0]
    assert german[1] == "English → German"
    assert german[6:10] == ["missing"] * 4 and german[14:] == ["missing"] * 3
    assert not table["foot"]


def test_means_are_over_the_pairs_that_both_have(tmp_path):
    sweeps = study(tmp_path)
    rows = choices_of(sweeps, tmp_path)
    table = protocols.table(exhibit_of(sweeps), rows, LANGUAGES, PUBLISHED)
    (mean,) = [r for r in table["records"] if r["level"] == "mean"]
    assert (mean["setting"], mean["pairs"]) == ("cross-lingual", 2)
    cells = exhibits.published_cells(PUBLISHED)
    best = [cells["pos", "mbert", "en", t, "cross-lingual"][1] for t in ("de", "zh")]
    assert mean["published_test_oracle"] == pytest.approx(sum(best) / 2)
    assert texts(table["foot"])[0][1] == "Mean of 2 pairs"
    # nothing is published for another model
    others = [{**row, "model": "tiny"} for row in rows]
    table = protocols.table(exhibit_of(sweeps), others, LANGUAGES, PUBLISHED)
    assert all(line[3:6] == ["–"] * 3 for line in texts(table["body"] + table["foot"]))
