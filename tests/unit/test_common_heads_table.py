"""Heads that matter for several languages: found where planted, and as many as chance says."""

from dataclasses import replace

import pytest
import records
from records import full_width, texts

from polyheads.analysis import common_heads, tidy
from polyheads.analysis.common_heads import CommonHeads, FamilyHeads, TaskHeads
from polyheads.importance import orders
from polyheads.report.tables import common_heads as tables
from polyheads.study import comparisons

LANGUAGES = {
    "en": {"name": "English", "family": "Indo-European"},
    "de": {"name": "German", "family": "Indo-European"},
    "ar": {"name": "Arabic", "family": "Afro-Asiatic"},
    "he": {"name": "Hebrew", "family": "Afro-Asiatic"},
    "zh": {"name": "Chinese", "family": "Sino-Tibetan"},
}
FILL = [[1, 0], [1, 1], [1, 2], [1, 3], [2, 0], [2, 1], [2, 2], [2, 3]]


def ranking(language, last=(), first=(), *, drawn=1, **changed):
    """4 layers of 4 heads in a drawn order, some of them moved to its ends."""
    rest = [h for h in orders.random_order(4, 4, drawn) if h not in [*first, *last]]
    return records.ranking([*first, *rest, *last], language=language, **changed)


def study():
    """[0, 0] high everywhere, [0, 1] in the Indo-European languages, [3, 3] low everywhere."""
    made = []
    for i, code in enumerate(("en", "de", "ar", "he", "zh")):
        own = [[0, 1]] if code in ("en", "de") else [[1, i - 2]]
        # The rest of the highest quarter: different in every language.
        fill = [h for h in FILL[i:] + FILL[:i] if h not in own][:2]
        made.append(ranking(code, [*fill, *own, [0, 0]], [[3, 3]], drawn=i))
    return made


def made_tables(rankings, languages=LANGUAGES):
    """The tables that have lines."""
    every = [
        tables.common_table(common_heads.common(rankings), languages),
        tables.families_table(common_heads.families(rankings, languages), languages),
        tables.tasks_table(common_heads.tasks(rankings), languages),
    ]
    return [table for table in every if table.body]


def test_heads_of_all_languages():
    (row,) = common_heads.common(study())
    assert (row.heads, row.chosen, row.share) == (16, 4, 0.25)
    assert row.languages == ("en", "de", "ar", "he", "zh")
    assert (0, 0) in row.highest and (0, 1) not in row.highest
    assert (3, 3) in row.lowest
    assert row.expected == pytest.approx(16 * 0.25**5)


def test_table_of_all_languages():
    (row,) = common_heads.common(study())
    table = tables.common_table([row], LANGUAGES)
    highest, lowest = texts(table.body)
    assert highest == [
        *("mbert, ud-2.7, paper, seed 42, gradient", "5", "highest 4 of 16"),
        *(str(len(row.highest)), "0.02", tables.heads_text(row.highest)),
    ]
    assert lowest[0] == "lowest 4 of 16" and "3.3" in lowest[-1].split()
    assert table.body[0][1].note == "English, German, Arabic, Hebrew, Chinese"
    assert "highest 25% (and among the lowest 25%)" in table.notes[0]
    (record,) = table.records
    assert record["languages"] == "en+de+ar+he+zh" and record["common_highest"] == len(row.highest)
    assert "0.0" in record["highest_heads"].split() and "3.3" in record["lowest_heads"].split()
    nothing = replace(row, highest=(), expected=0.001)
    line = texts(tables.common_table([nothing], LANGUAGES).body)[0]
    assert line[-3:] == ["0", "< 0.01", "none"]


def test_heads_of_a_family():
    rows = common_heads.families(study(), LANGUAGES)
    assert [row.family for row in rows] == ["Indo-European", "Afro-Asiatic"]
    first = rows[0]
    assert (0, 1) in first.in_none and (0, 0) not in first.in_none
    assert first.others == 3 and first.family_languages == ("en", "de")
    assert first.expected_none == pytest.approx(16 * 0.25**2 * 0.75**3)
    more = 3 * 0.25 * 0.75**2
    assert first.expected_one == pytest.approx(16 * 0.25**2 * (0.75**3 + more))
    assert set(first.in_none) <= set(first.in_one)
    table = tables.families_table(rows, LANGUAGES)
    which = [line[-4] for line in texts(table.body)]
    assert which[:2] == ["all 2, none of 3 others", "all 2, at most one of 3 others"]
    assert table.body[0][2].note == "English, German"


def test_a_head_of_one_other_language_is_high_in_at_most_one():
    """Planted: high in both of the family and in one, or two, of the others."""
    high = {"en": [[0, 1], [0, 2]], "de": [[0, 1], [0, 2]], "ar": [[0, 1], [0, 2]], "zh": [[0, 2]]}
    rankings = [
        ranking(code, [*FILL[i : i + 4 - len(planted)], *planted])
        for i, (code, planted) in enumerate(high.items())
    ]
    (row,) = common_heads.families(rankings, LANGUAGES)
    assert not {(0, 1), (0, 2)} & set(row.in_none)
    assert (0, 1) in row.in_one and (0, 2) not in row.in_one


def test_one_other_language_has_no_slip():
    rows = common_heads.families(study()[1:4], LANGUAGES)
    assert [(row.family, row.in_one, row.expected_one) for row in rows] == [
        ("Afro-Asiatic", None, None)
    ]
    table = tables.families_table(rows, LANGUAGES)
    assert len(table.body) == 1
    assert (table.records[0]["in_one"], table.records[0]["one_heads"]) == (None, None)


def test_heads_of_one_task():
    def made(code, task, head):
        return ranking(code, [head, [0, 0]], task=task, corpus=task, drawn=7)

    rankings = [made(code, "pos", [0, 1]) for code in ("en", "de")]
    rankings += [made(code, "ner", [0, 2]) for code in ("en", "de")]
    rows = common_heads.tasks(rankings, share=0.125)
    assert [row.common for row in rows] == [((0, 1),), ((0, 2),), ((0, 0),)]
    assert [row.task for row in rows] == ["pos", "ner", "all"]
    assert [(row.rankings, row.others) for row in rows] == [(2, 2), (2, 2), (4, 0)]
    assert rows[0].expected == pytest.approx(16 * 0.125**2 * 0.875**2)
    assert rows[2].expected == pytest.approx(16 * 0.125**4)
    table = tables.tasks_table(rows, LANGUAGES)
    assert [record["common_heads"] for record in table.records] == ["0.1", "0.2", "0.0"]
    last = table.records[-1]
    assert (last["corpus"], last["recipe"], last["languages"]) == (None, None, None)
    every = texts(table.body)[-1]
    assert every[:4] == ["mbert, seed 42, gradient", "–", "all tasks", "all 4"]
    assert table.body[0][3].text == "all 2, none of 2 others"


def test_tables_are_known_before_anything_is_ranked():
    more = [replace(r, task="ner", corpus="x") for r in study()]
    wanted = (comparisons.COMMON, comparisons.FAMILIES, comparisons.TASKS)
    for rankings in (study(), study()[2:4], [*study(), *more], [*study(), *more[:1]], []):
        names = [table.name for table in made_tables(rankings)]
        without = [replace(r, order=(), order_unnormalised=()) for r in rankings]
        planned = comparisons.names(without, [], LANGUAGES)
        assert [name for name in planned if name in wanted] == names
    assert comparisons.names(more[:2], [], {}) == [comparisons.COMMON]


def test_nothing_to_say():
    assert made_tables([]) == []
    alone = [
        ranking("en"),
        ranking("de", seed=43),  # another model
        ranking("de", reversed=True),
        ranking("en+de"),
        ranking(None, kind="random"),
    ]
    assert made_tables(alone) == []
    names = [table.name for table in made_tables([ranking("en"), ranking("zh")], {})]
    assert names == [comparisons.COMMON]  # no family is known, and there is one task


def test_chance_is_what_independent_orders_give():
    """400 studies of drawn orders: means within four standard errors of what is expected."""
    counts = {"highest": [], "in_none": [], "in_one": []}
    expected = {}
    for i in range(400):
        drawn = [
            ranking(code, drawn=1000 + 10 * i + j)
            for j, code in enumerate(("en", "de", "ar", "zh"))
        ]
        (every,) = common_heads.common(drawn)
        (family,) = common_heads.families(drawn, LANGUAGES)
        expected = {"highest": every.expected}
        expected |= {"in_none": family.expected_none, "in_one": family.expected_one}
        counts["highest"].append(len(every.highest))
        counts["in_none"].append(len(family.in_none))
        counts["in_one"].append(len(family.in_one))
    for name, values in counts.items():
        mean = sum(values) / len(values)
        spread = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
        assert mean == pytest.approx(expected[name], abs=4 * spread / len(values) ** 0.5), name


def test_rows_are_as_wide_as_the_head():
    several = [*study(), *(replace(r, corpus="x", task="ner") for r in study()[:3])]
    made = made_tables(several)
    assert [full_width(table) for table in made] == [6, 7, 7]


def test_rows_are_the_same_behind_a_file(tmp_path):
    more = [replace(r, task="ner", corpus="x") for r in study()[1:4]]
    of_kinds = {
        CommonHeads: common_heads.common(study() + more),
        FamilyHeads: common_heads.families(study() + more, LANGUAGES),
        TaskHeads: common_heads.tasks(study() + more),
    }
    assert {row.in_one is None for row in of_kinds[FamilyHeads]} == {True, False}
    for kind, rows in of_kinds.items():
        tidy.write(rows, tmp_path / "rows.csv", columns=tidy.columns_of(kind))
        assert rows and tidy.read(kind, tmp_path / "rows.csv") == rows
