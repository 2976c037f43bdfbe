"""What pruning by each ranking costs: numbers from known trials."""

from dataclasses import replace

import pytest
import records
from records import full_width, texts

from polyheads.analysis import choices, ranking_costs, tidy
from polyheads.report.names import ranking_name
from polyheads.report.table import csv_text
from polyheads.report.tables import ranking_costs as ranking_costs_table
from polyheads.study import comparisons

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}
# Dev chooses k = 1 in all of them.
DEV = [80.0, 82.0, 81.0, 79.0]
TEST = {
    "gradient-en": [60.0, 63.0, 62.0, 61.0],  # gains: 3 on dev, 3 at best
    "reversed-gradient-en": [60.0, 58.0, 59.0, 55.0],  # -2, -1
    "random-42": [60.0, 61.0, 64.0, 57.0],  # 1, 4
    "random-7": [60.0, 59.0, 60.5, 56.0],  # -1, 0.5
}


def study(targets=("de", "zh"), names=tuple(TEST)):
    """Choices and scores of sweeps with all their trials."""
    sweeps, scores = [], []
    for target in targets:
        for name in names:
            experiment = "main" if name.startswith("gradient") else "table-5"
            place = {"experiment": experiment, "target": target, "ranking": name}
            sweeps.append(records.sweep(**place))
            for k, (dev, test) in enumerate(zip(DEV, TEST[name], strict=True)):
                place["trial_path"] = f"{name}/k-{k}.json"
                scores.append(records.score(k, test, language=target, **place))
                scores.append(records.score(k, dev, split="dev", language="en", **place))
                # Of no use here: another metric, and all heads on.
                scores.append(records.score(k, 1.0, language=target, metric="macro_f1", **place))
                scores.append(records.score(k, 2.0, language=target, heads="all", **place))
    return choices.choose(scores, sweeps), scores


def estimates(rows):
    """An estimate of every gain of the table gradient, and of their mean, 1 and 0.5 wide."""
    of_ranking = [row for row in rows if row.ranking == "gradient-en"]
    for criterion in choices.CRITERIA:
        about = {"experiment": "main", "criterion": criterion}
        gains = [row.by(criterion).gain for row in of_ranking]
        for row, gain in zip(of_ranking, gains, strict=True):
            ends = {"gain": gain, "low": gain - 1, "high": gain + 1, "within": 0.5}
            ends |= {"above": 0.3, "below": 0.2, "delta": 0.5, "k": str(row.by(criterion).k)}
            yield records.estimate(**about, target=row.target, **ends)
        mean = sum(gains) / len(gains)
        ends = {"gain": mean, "low": mean - 0.5, "high": mean + 0.5, "within": 0.1}
        yield records.mean_estimate(**about, **ends, above=0.9, below=0.0, delta=0.5)


def test_costs():
    rows = ranking_costs.rows(*study())
    lines = {row.ranking: row for row in rows}
    assert list(lines) == ["gradient", "reversed-gradient", "random-42", "random-7"]
    assert all((row.sweeps, row.unpruned, row.k_max) == (2, 60, 3) for row in rows)
    assert lines["gradient"].last_test == 61 and lines["random-7"].last_gain == -4
    assert lines["reversed-gradient"].test_oracle.gain == -1
    assert lines["random-42"].dev_selected.k == 1 and lines["random-42"].test_oracle.test == 64


def test_table():
    table = ranking_costs_table.table(ranking_costs.rows(*study()), LANGUAGES)
    assert table.name == comparisons.COSTS
    assert full_width(table) == 13
    assert table.body[0][0].rowspan == 4
    assert table.body[0][0].text.startswith("mbert, ud-2.7, paper, cross-lingual, prune: ")
    assert table.body[0][1].note == ranking_name("gradient")
    assert table.body[0][2].note == "English → German; English → Chinese"
    line = ["gradient", "2", "60.00", "63.00", "+3.00", "1.0", "63.00", "+3.00", "1.0"]
    assert texts(table.body)[0][1:] == [*line, "61.00", "+1.00", "3"]
    assert len(table.notes) == 1  # no intervals
    columns = csv_text(table).splitlines()[0].split(",")
    start = "task corpus model recipe setting protocol heads metric k_max ranking sweeps unpruned"
    middle = ["dev_selected_test", "dev_selected_gain", "dev_selected_k", "test_oracle_test"]
    middle += ["test_oracle_gain", "test_oracle_k", "last_test", "last_gain"]
    end = ["dev_selected_low", "dev_selected_high", "test_oracle_low", "test_oracle_high"]
    assert columns == [*start.split(), *middle, *end]


def test_costs_are_of_the_pairs_that_all_have():
    rows, scores = study()
    fewer = [row for row in rows if (row.target, row.ranking) != ("zh", "random-7")]
    assert {row.sweeps for row in ranking_costs.rows(fewer, scores)} == {1}
    gone = replace(rows[0].test_oracle, gain=None)
    lacking = [replace(rows[0], test_oracle=gone), *rows[1:]]
    assert {row.sweeps for row in ranking_costs.rows(lacking, scores)} == {1}
    last = [row for row in scores if not (row.k == 3 and row.ranking == "random-7")]
    nothing = ranking_costs.rows(rows, last)
    assert {(row.sweeps, row.pairs) for row in nothing} == {(0, ())}
    table = ranking_costs_table.table(nothing, LANGUAGES)
    assert table.body[0][3].text == "missing"


def test_a_mean_has_the_interval_of_the_result_table_that_has_it_too():
    rows, scores = study()
    known = list(estimates(rows))
    gradient, reversed_, *_ = ranking_costs.rows(rows, scores, known)
    assert (gradient.dev_selected.low, gradient.dev_selected.high) == (2.5, 3.5)
    assert reversed_.dev_selected.low is None
    table = ranking_costs_table.table([gradient, reversed_], LANGUAGES)
    cell = table.body[0][5]
    assert (cell.text, cell.below, cell.note) == ("+3.00", "[+2.50, +3.50] 90 / 10 / 0 %", "")
    assert not table.body[1][4].below and "95 % interval of the mean" in table.notes[1]
    assert (table.records[0]["test_oracle_low"], table.records[1]["test_oracle_low"]) == (2.5, None)
    # Of one pair it is that pair's, without shares.
    one = [row for row in rows if row.target == "de"]
    of_one = [row for row in known if row.target == "de"]
    (gradient, *_) = ranking_costs.rows(one, scores, of_one)
    table = ranking_costs_table.table([gradient], LANGUAGES)
    assert table.body[0][5].below == "[+2.00, +4.00]"
    # A mean of other pairs has none.
    (gradient, *_) = ranking_costs.rows(one, scores, known)
    assert gradient.dev_selected.low is None


def test_no_costs_to_compare():
    rows, scores = study(("de",))
    alone = [row for row in rows if row.ranking == "gradient-en"]
    assert ranking_costs.rows(alone, scores) == []
    drawn = [row for row in rows if row.ranking.startswith("random")]
    assert ranking_costs.rows(drawn, scores) == []
    # No pair in common: controls among themselves say nothing.
    apart = [replace(row, source="zh") if row.ranking == "gradient-en" else row for row in rows]
    assert ranking_costs.rows(apart, scores) == []
    nulls = [replace(row, role="random") for row in rows if row.ranking != "gradient-en"]
    assert ranking_costs.rows(alone + nulls, scores) == []


@pytest.mark.parametrize(
    "changed", [{"k_max": 9}, {"protocol": "mask"}, {"heads": "all"}, {"recipe": "x"}, {"seed": 1}]
)
def test_only_like_is_compared_with_like(changed):
    rows, scores = study(("de",), names=("gradient-en", "random-42"))
    others = [replace(r, **changed) if r.ranking == "gradient-en" else r for r in rows]
    assert ranking_costs.rows(rows, scores) and ranking_costs.rows(others, scores) == []


def test_kinds_that_share_no_pair_are_groups_of_their_own():
    rows, scores = study()
    others = [
        replace(r, ranking=r.ranking.replace("gradient", "lrp")) for r in rows if "en" in r.ranking
    ]
    far = [replace(row, target="ar") for row in others]
    found = ranking_costs.rows([*rows, *far], scores)
    assert [(row.group, row.ranking) for row in found] == [
        *((0, kind) for kind in ("gradient", "reversed-gradient", "random-42", "random-7")),
        *((1, kind) for kind in ("lrp", "reversed-lrp")),
    ]
    table = ranking_costs_table.table(found, LANGUAGES)
    assert full_width(table) == 13
    assert [line[0].rowspan for line in table.body if len(line) == 13] == [4, 2]


def test_tables_are_known_before_anything_is_ranked():
    sweeps = [records.sweep(ranking=name) for name in ("gradient-en", "lrp-en")]
    several = [records.ranking([(0, 0), (0, 1)], kind=kind) for kind in ("lrp", "gradient")]
    both = [comparisons.RANKINGS, comparisons.COSTS]
    assert comparisons.names(several, sweeps, {}) == both
    assert comparisons.names(several[:1], sweeps[:1], {}) == []
    controls = [records.sweep(ranking=f"random-{i}") for i in (1, 2)]
    assert comparisons.names([], controls, {}) == []  # no scored ranking
    assert comparisons.names([], [sweeps[0], controls[0]], {}) == [comparisons.COSTS]
    unpruned = [replace(sweep, ks=(0,)) for sweep in sweeps]
    assert comparisons.names([], unpruned, {}) == []
    others = [sweeps[0], replace(sweeps[1], target="zh")]  # no pair in common
    assert comparisons.names([], others, {}) == []


def test_rows_are_the_same_behind_a_file(tmp_path):
    choices_, scores = study()
    rows = ranking_costs.rows(choices_, scores, list(estimates(choices_)))
    columns = tidy.columns_of(ranking_costs.Cost)
    tidy.write(rows, tmp_path / "rows.csv", columns=columns)
    assert tidy.read(ranking_costs.Cost, tmp_path / "rows.csv") == rows
