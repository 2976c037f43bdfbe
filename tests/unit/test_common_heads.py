"""Heads that matter for several languages: found where planted, and as many as chance says."""

import pytest

from polyheads.exhibits import common_heads
from polyheads.importance import orders

LANGUAGES = {
    "en": {"name": "English", "family": "Indo-European"},
    "de": {"name": "German", "family": "Indo-European"},
    "ar": {"name": "Arabic", "family": "Afro-Asiatic"},
    "he": {"name": "Hebrew", "family": "Afro-Asiatic"},
    "zh": {"name": "Chinese", "family": "Sino-Tibetan"},
}
POINT = {"model": "m", "corpus": "ud", "recipe": "r", "seed": 42, "kind": "gradient"}


def ranking(language, last=(), first=(), *, drawn=1, **changed):
    """4 layers of 4 heads in a drawn order, some of them moved to its ends."""
    rest = [h for h in orders.random_order(4, 4, drawn) if h not in [*first, *last]]
    made = POINT | {"language": language, "task": "pos", "reversed": False}
    return made | {"order": [*first, *rest, *last]} | changed


def by_name(found):
    return {table["name"]: table["records"] for table in found}


FILL = [[1, 0], [1, 1], [1, 2], [1, 3], [2, 0], [2, 1], [2, 2], [2, 3]]


def study():
    """[0, 0] high everywhere, [0, 1] in the Indo-European languages, [3, 3] low everywhere."""
    made = []
    for i, code in enumerate(("en", "de", "ar", "he", "zh")):
        own = [[0, 1]] if code in ("en", "de") else [[1, i - 2]]
        # The rest of the highest quarter: different in every language.
        fill = [h for h in FILL[i:] + FILL[:i] if h not in own][:2]
        made.append(ranking(code, [*fill, *own, [0, 0]], [[3, 3]], drawn=i))
    return made


def test_heads_of_all_languages():
    (line,) = by_name(common_heads.tables(study(), LANGUAGES))["common-heads"]
    assert (line["heads"], line["chosen"], line["languages"]) == (16, 4, "en+de+ar+he+zh")
    assert "0.0" in line["highest_heads"].split() and "0.1" not in line["highest_heads"].split()
    assert "3.3" in line["lowest_heads"].split()
    assert line["expected"] == pytest.approx(16 * 0.25**5)


def test_heads_of_a_family():
    lines = by_name(common_heads.tables(study(), LANGUAGES))["common-heads-families"]
    assert [line["family"] for line in lines] == ["Indo-European", "Afro-Asiatic"]
    first = lines[0]
    assert "0.1" in first["none_heads"].split() and "0.0" not in first["none_heads"].split()
    assert first["others"] == 3
    assert first["expected_none"] == pytest.approx(16 * 0.25**2 * 0.75**3)
    more = 3 * 0.25 * 0.75**2
    assert first["expected_one"] == pytest.approx(16 * 0.25**2 * (0.75**3 + more))
    assert set(first["none_heads"].split()) <= set(first["one_heads"].split())


def test_one_other_language_has_no_slip():
    found = by_name(common_heads.tables(study()[1:4], LANGUAGES))["common-heads-families"]
    assert [(line["family"], line["in_one"]) for line in found] == [("Afro-Asiatic", None)]


def test_heads_of_one_task():
    def made(code, task, head):
        return ranking(code, [head, [0, 0]], task=task, corpus=task, drawn=7)

    rankings = [made(code, "pos", [0, 1]) for code in ("en", "de")]
    rankings += [made(code, "ner", [0, 2]) for code in ("en", "de")]
    found = by_name(common_heads.tables(rankings, LANGUAGES, share=0.125))["common-heads-tasks"]
    assert [line["common_heads"] for line in found] == ["0.1", "0.2", "0.0"]
    assert [line["task"] for line in found] == ["pos", "ner", "all"]
    assert found[0]["expected"] == pytest.approx(16 * 0.125**2 * 0.875**2)
    assert found[2]["expected"] == pytest.approx(16 * 0.125**4)


def test_tables_are_known_before_anything_is_ranked():
    more = [r | {"task": "ner", "corpus": "x"} for r in study()]
    for rankings in (study(), study()[2:4], [*study(), *more], [*study(), *more[:1]], []):
        names = [table["name"] for table in common_heads.tables(rankings, LANGUAGES)]
        without = [{k: v for k, v in r.items() if k != "order"} for r in rankings]
        assert common_heads.planned(without, LANGUAGES) == names
    assert common_heads.planned(more[:2], {}) == ["common-heads"]


def test_nothing_to_say():
    assert common_heads.tables([], LANGUAGES) == []
    alone = [
        ranking("en"),
        ranking("de", seed=43),  # another model
        ranking("de", reversed=True),
        ranking("en+de"),
        ranking(None, kind="random"),
    ]
    assert common_heads.tables(alone, LANGUAGES) == []
    names = [t["name"] for t in common_heads.tables([ranking("en"), ranking("zh")], {})]
    assert names == ["common-heads"]  # no family is known, and there is one task


def test_chance_is_what_independent_orders_give():
    """400 studies of drawn orders: means within four standard errors of what is expected."""
    counts = {"common_highest": [], "in_none": [], "in_one": []}
    expected = {}
    for i in range(400):
        drawn = [
            ranking(code, drawn=1000 + 10 * i + j)
            for j, code in enumerate(("en", "de", "ar", "zh"))
        ]
        found = by_name(common_heads.tables(drawn, LANGUAGES))
        (family,) = found["common-heads-families"]
        line = found["common-heads"][0] | family
        expected = {"common_highest": line["expected"]}
        expected |= {f"in_{name}": line[f"expected_{name}"] for name in ("none", "one")}
        for name, values in counts.items():
            values.append(line[name])
    for name, values in counts.items():
        mean = sum(values) / len(values)
        spread = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
        assert mean == pytest.approx(expected[name], abs=4 * spread / len(values) ** 0.5), name


def test_rows_are_as_wide_as_the_head():
    for table in common_heads.tables(
        [*study(), *(r | {"corpus": "x"} for r in study()[:3])], LANGUAGES
    ):
        open_rows = []  # cells from above, and the rows that they still reach into
        for row in table["body"]:
            open_rows = [left - 1 for left in open_rows if left > 1]
            assert len(row) + len(open_rows) == len(table["head"][0])
            open_rows += [cell["rowspan"] for cell in row]
        assert all(left == 1 for left in open_rows)
