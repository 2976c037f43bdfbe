"""Published, the paper's protocol, as released, k chosen on dev: four ways in one line."""

from dataclasses import replace

import made_up
import pytest
import records
from records import full_width, texts

from polyheads.analysis import choices, replication, tidy
from polyheads.catalogue import published
from polyheads.report.tables import replication as replication_table
from polyheads.study import displays
from polyheads.study.displays import SETTINGS
from polyheads.study.replication import Replication, pairs

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
METRIC = "f1_runs_as_published"


def study(directory):
    """The paper's protocol on two targets and two settings, as released on one more target."""
    sweeps = [
        made_up.sweep(directory / "paper", target=target, setting=setting)
        for setting in ("multi-lingual", "cross-lingual")
        for target in ("de", "zh")
    ]
    common = {"experiment": "as-released", "ranking": "released-en", "heads": "all"}
    sweeps += [
        made_up.sweep(directory / "released", target=target, recipe="released", **common)
        for target in ("de", "zh", "ar")
    ]
    for i, made in enumerate(sweeps):
        dev, test = [80, 82, 81, 79], [60 + i, 61 + i, 64 + i, 63 + i]
        sides = {("dev", code): dev for code in made["mixture"]}
        # Targets of a source share the trials on disk, so each has all languages' scores.
        codes = ("de", "zh", "ar") if made["setting"] == "cross-lingual" else (made["target"],)
        made_up.write_sweep(made, sides | {("test", code): test for code in codes})
    return [records.planned(made) for made in sweeps]


def display_of(sweeps):
    (display,) = [one for one in displays.plan(sweeps) if one.kind == "replication"]
    return display


def choices_of(sweeps, without=()):
    paths = {path for sweep in sweeps for path in sweep.trials} - set(without)
    in_metric = [replace(sweep, metric=METRIC) for sweep in sweeps]
    return choices.choose(choices.load_scores(paths, sweeps), in_metric)


def table_of(sweeps, chosen, estimates=()):
    display = display_of(sweeps)
    rows = replication.rows(display, chosen, estimates)
    return replication_table.table(display, rows, LANGUAGES)


def partners(sweeps):
    return [(found.experiment, found.partner) for found in pairs(sweeps, SETTINGS)]


def test_partners(tmp_path):
    sweeps = study(tmp_path)
    released = {"experiment": "as-released", "ranking": "released"}
    assert pairs(sweeps, SETTINGS) == [
        Replication(**released, partner="pos", partner_ranking="gradient")
    ]
    display = display_of(sweeps)
    assert (display.experiment, display.ranking, display.metric) == (*released.values(), METRIC)
    assert (display.partner, display.partner_ranking) == ("pos", "gradient")
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
        others = [replace(s, **changed) if s.experiment == "pos" else s for s in sweeps]
        assert partners(others) == [], changed
    earlier = [
        records.planned(
            made_up.sweep(tmp_path, experiment="earlier", ranking="lrp-en", target=target)
        )
        for target in ("de", "zh")
    ]
    assert partners([*earlier, *sweeps]) == [("as-released", "earlier")]
    assert partners([sweep for sweep in sweeps if sweep.heads == "pruned"]) == []


def test_the_partner_is_the_experiment_with_most_in_common(tmp_path):
    sweeps = study(tmp_path)
    few = records.planned(made_up.sweep(tmp_path, experiment="few", ranking="gradient-en"))
    assert partners([few, *sweeps]) == [("as-released", "pos")]
    # One that only ranks heads (Figure 1) has no best k.
    whole = [
        records.planned(made_up.sweep(tmp_path, experiment="ranks", target=target, ks=(0,)))
        for target in ("de", "zh", "ar")
    ]
    assert partners([*whole, *sweeps]) == [("as-released", "pos")]


def test_four_ways_in_a_line(tmp_path):
    sweeps = study(tmp_path)
    table = table_of(sweeps, choices_of(sweeps))
    assert full_width(table) == 3 + 3 + 4 + 4 + 3
    names = [line[:3] for line in texts(table.body)]
    assert names[0] == ["cross-lingual", "English → German", "mbert"]
    assert [name[0] for name in names] == ["cross-lingual"] * 3  # those run as released
    printed = published.scores()["pos", "mbert", "en", "zh", "cross-lingual"]
    line = next(r for r in table.records if (r["setting"], r["target"]) == (names[0][0], "zh"))
    assert (line["published_unpruned"], line["published_test_oracle"]) == printed
    # sweep 3 of the paper's protocol wrote the shared trials last, sweep 6 those as released
    assert (line["paper_unpruned"], line["paper_test_oracle"], line["paper_k"]) == (63, 67, 2)
    dev = [line[f"dev_selected_{name}"] for name in ("pruned", "gain", "k")]
    assert dev == [64, 1, 1]
    # all heads back on: made_up takes 5 points for k > 0, and k >= 1 must be chosen
    released = [line[f"released_{name}"] for name in ("unpruned", "test_oracle", "k", "gain")]
    assert released == [66, 65, 2, -1]


def test_settings_are_in_the_order_of_the_report(tmp_path):
    sweeps = study(tmp_path)
    released = [s for s in sweeps if s.experiment == "as-released"]
    earlier = [replace(sweep, setting="mono-lingual") for sweep in released]
    rows = replication.rows(display_of(sweeps), choices_of([*earlier, *sweeps]))
    assert [row.setting for row in rows[:6]] == ["cross-lingual"] * 3 + ["mono-lingual"] * 3


def test_rows_lead_to_trials_and_have_their_intervals(tmp_path):
    sweeps = study(tmp_path)
    chosen = choices_of(sweeps)
    known = records.estimate(
        target="zh", metric=METRIC, gain=1.0, low=0.5, high=1.5, p_runs=0.01, recipe="small"
    )
    other = replace(known, criterion="test_oracle", experiment="other")
    table = table_of(sweeps, chosen, [known, other])
    line = table.body[1]
    assert line[1].text == "English → Chinese"
    assert (line[-2].text, line[-2].below) == ("+1.00*", "[+0.50, +1.50]")
    assert line[-2].note == "p = 0.0100, adjusted by Holm 0.0200"
    assert line[-1].links == (("1", sweeps[3].trials[1]),)
    assert [path for _, path in line[13].links] == [sweeps[5].trials[2]]
    assert not any(cell.below for cell in line[:-2])
    record = next(r for r in table.records if (r["target"], r["level"]) == ("zh", "pair"))
    assert record["dev_selected_trial"] == sweeps[3].trials[1]
    assert (record["dev_selected_low"], record["paper_low"]) == (0.5, None)
    assert not any(name.endswith("_run") for name in record)
    assert "own tables" in table.general[-1]
    assert "own tables" not in table_of(sweeps, chosen).general[-1]
    # A gain whose predictions can't be used has no interval, and no note on intervals.
    nothing = dict.fromkeys(("gain", "low", "high", "p", "p_holm"))
    wrong = replace(known, **nothing, problem="k-01.parquet: no")
    assert "own tables" not in table_of(sweeps, chosen, [wrong]).general[-1]


def test_what_was_not_run_is_a_dash_and_what_is_missing_says_so(tmp_path):
    sweeps = study(tmp_path)
    without = [path for sweep in sweeps[2:4] for path in sweep.trials]  # the paper's protocol
    table = table_of(sweeps, choices_of(sweeps, without))
    body = texts(table.body)
    arabic = body[2]
    assert arabic[1] == "English → ar"
    assert arabic[6:10] == ["–"] * 4 and arabic[14:] == ["–"] * 3
    german = body[0]
    assert german[1] == "English → German"
    assert german[6:10] == ["missing"] * 4 and german[14:] == ["missing"] * 3
    assert not table.foot


def test_means_are_over_the_pairs_that_both_have(tmp_path):
    sweeps = study(tmp_path)
    chosen = choices_of(sweeps)
    table = table_of(sweeps, chosen)
    (mean,) = [r for r in table.records if r["level"] == "mean"]
    assert (mean["setting"], mean["pairs"]) == ("cross-lingual", 2)
    scores = published.scores()
    best = [scores["pos", "mbert", "en", t, "cross-lingual"][1] for t in ("de", "zh")]
    assert mean["published_test_oracle"] == pytest.approx(sum(best) / 2)
    assert mean["paper_k"] == 2 and mean["dev_selected_gain"] == 1
    foot = texts(table.foot)[0]
    assert foot[1] == "Mean of 2 pairs" and foot[9] == "2.0"
    alone = [choice for choice in chosen if choice.target != "zh"]  # one pair has no mean
    assert not table_of(sweeps, alone).foot
    # nothing is published for another model
    table = table_of(sweeps, [replace(choice, model="tiny") for choice in chosen])
    assert all(line[3:6] == ["–"] * 3 for line in texts([*table.body, *table.foot]))


def test_rows_are_the_same_behind_a_file(tmp_path):
    sweeps = study(tmp_path)
    rows = replication.rows(display_of(sweeps), choices_of(sweeps))
    path = tmp_path / "rows.csv"
    tidy.write(rows, path, columns=tidy.columns_of(replication.ReplicationRow))
    assert tidy.read(replication.ReplicationRow, path) == rows
