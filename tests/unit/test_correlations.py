"""Gain against distances of languages, similarity of rankings and families."""

from dataclasses import replace
from itertools import combinations, permutations
from xml.etree import ElementTree

import numpy as np
import pytest
import records
from records import full_width, texts
from scipy import stats

from polyheads.analysis import correlations, tidy
from polyheads.analysis.ranks import spearman_of_orders
from polyheads.catalogue import distances, language_facts
from polyheads.errors import UserError
from polyheads.report.figures import correlations as correlations_figure
from polyheads.report.names import title
from polyheads.report.table import csv_text
from polyheads.report.tables import correlations as tables
from polyheads.study import displays
from polyheads.study.displays import Display, is_pair

LANGUAGES = language_facts.languages()
TARGETS = ("de", "nl", "ar", "he", "zh")
HEADS = [(layer, head) for layer in range(2) for head in range(4)]
DISPLAY = Display(
    kind="correlations",
    name="pos.gradient.correlations",
    experiment="pos",
    ranking="gradient",
    metric="accuracy",
    task="pos",
    corpus="ud-2.7",
)


def choice(source, target, gain, **changed):
    values = {"source": source, "target": target, "ranking": f"gradient-{source}"}
    values |= {"dev_selected": (1, gain), "test_oracle": (2, None if gain is None else gain + 1)}
    return records.choice(**values | changed)


def ranking(language, order, **changed):
    return records.ranking([HEADS[i] for i in order], language=language, **changed)


def grid(sources=("en",), **changed):
    """Choices with gains that fall with the syntactic distance; and rankings of all languages."""
    known = distances.between(LANGUAGES, LANGUAGES)["syntactic"]
    choices = [
        choice(s, t, 5 - 4 * known[s, t], **changed) for s in sources for t in TARGETS if s != t
    ]
    random = np.random.default_rng(1)
    return choices, [ranking(code, random.permutation(8)) for code in ("en", *TARGETS)]


def rows_of(choices, rankings, display=DISPLAY):
    return correlations.rows(display, choices, rankings, LANGUAGES)


def points_of(choices, rankings, display=DISPLAY):
    return correlations.points(display, choices, rankings, LANGUAGES)


def only(rows, **wanted):
    (row,) = (r for r in rows if all(getattr(r, key) == value for key, value in wanted.items()))
    return row


# Languages of which URIEL doesn't know such features.
UNKNOWN = {
    "inventory": "da de-ba de-muc de-st gsw kk nap nya sr tsn",
    "syntactic": "kk pcm tsn",
    "phonological": "bbj da de-ba de-muc de-st fon gsw he it kin kk lug mos nap nl nya pcm pt sna"
    " sr tsn ur xho",
    "featural": "tsn",
}
FEW = {"syntactic": 28, "featural": 130}
KNOWN_WELL = [
    "ar",
    "bam",
    "bbj",
    "da",
    "de",
    "de-ba",
    "de-muc",
    "de-st",
    "en",
    "es",
    "ewe",
    "fa",
    "fon",
    "fr",
    "gsw",
    "hau",
    "he",
    "hi",
    "ibo",
    "id",
    "it",
    "ja",
    "kin",
    "kk",
    "lt",
    "lug",
    "luo",
    "mos",
    "nap",
    "nl",
    "nor",
    "nya",
    "pcm",
    "pt",
    "sna",
    "sr",
    "swa",
    "th",
    "tr",
    "tsn",
    "twi",
    "ur",
    "wol",
    "xho",
    "yor",
    "zh",
    "zul",
]


def test_distances_are_whole():
    known = distances.between(KNOWN_WELL, LANGUAGES)
    pairs = list(permutations(KNOWN_WELL, 2))
    for kind, values in known.items():
        assert all(0 <= value <= 1 for value in values.values())
        assert all(values[pair] == values[pair[::-1]] for pair in values)
        lacking = set(UNKNOWN.get(kind, "").split())
        there = {pair for pair in pairs if not lacking & set(pair)}
        assert set(values) <= there
        # Of some pairs URIEL knows fewer than twenty features that both have a value of.
        assert len(there - set(values)) == FEW.get(kind, 0)
    near, far = known["geographic"]["en", "nl"], known["geographic"]["en", "ja"]
    assert near * 20015 == pytest.approx(400, abs=100) and far * 20015 > 8000  # kilometres
    assert known["genetic"]["en", "de"] < known["genetic"]["en", "hi"] < 1
    assert known["genetic"]["en", "tr"] == 1


def test_codes_of_a_language_are_one_language():
    for codes in (("en", "eng", "eng_Latn"), ("zh", "zho_Hans", "zho_Hant"), ("ar", "arb_Arab")):
        known = [LANGUAGES[code] for code in codes]
        assert len({(k["language"], k["family"], k["uriel"]) for k in known}) == 1
        far = distances.between([*codes, "tr"], LANGUAGES)
        for kind in distances.KINDS:
            assert {far[kind][pair] for pair in permutations(codes, 2)} == {0.0}
            assert len({far[kind][code, "tr"] for code in codes}) == 1
    assert LANGUAGES["zho_Hant"]["script"] == "Hant" and LANGUAGES["zho"]["script"] == "Hans"
    assert [LANGUAGES[c]["name"] for c in ("kas_Arab", "kas_Deva")] == [
        "Kashmiri",
        "Kashmiri (Deva)",
    ]


def test_facts_of_many_languages_have_no_gaps():
    codes = [code for code in LANGUAGES if "_" in code]
    assert len(codes) > 205 and all(LANGUAGES[code]["family"] for code in codes)
    known = distances.between(codes, LANGUAGES)
    for source in ("eng_Latn", "zho_Hans", "arb_Arab"):
        others = [code for code in codes if code != source]
        assert all((source, code) in known["geographic"] for code in others)
        # URIEL has them in no family.
        lacking = [code for code in others if (source, code) not in known["genetic"]]
        assert lacking == ["eus_Latn", "nqo_Nkoo"]
        assert sum((source, code) in known["syntactic"] for code in others) > 160


def test_a_broken_table_is_one_line(tmp_path):
    path = tmp_path / "distances.csv"
    path.write_text(distances.PATH.read_text().replace("0.1436", "half", 1))
    with pytest.raises(UserError, match=r"distances\.csv:\d+: not two languages"):
        distances.read(path)


def test_four_pairs_of_a_setting_have_a_display():
    def shown(sweeps):
        return [d.name for d in displays.plan(sweeps) if d.kind == "correlations"]

    sweeps = [records.sweep(target=code) for code in TARGETS]
    assert shown(sweeps) == shown(sweeps[:4]) == ["pos.gradient.correlations"]
    assert not shown(sweeps[:3] + sweeps[:3])
    other = [replace(sweep, setting="multi-lingual") for sweep in sweeps[3:]]
    assert not shown(sweeps[:3] + other)
    for changed in ({"role": "random"}, {"source": "en+fa"}, {"setting": "mono-lingual"}):
        assert not shown([replace(sweep, **changed) for sweep in sweeps])
        assert not is_pair(replace(sweeps[0], **changed))
    assert not is_pair(replace(sweeps[0], target="en"))


def test_points_are_means_over_seeds_of_one_setting():
    choices, rankings = grid()
    gains = [row.dev_selected.gain for row in choices]
    choices.append(choice("en", "de", gains[0] + 2, seed=43))
    choices.append(choice("en", "nl", None, seed=43))
    choices.append(choice("en", "ar", 90.0, role="random"))
    choices.append(choice("en", "en", 90.0, setting="mono-lingual"))  # no pair of languages
    choices.append(choice("en+zh", "ar", 90.0))
    points = points_of(choices, rankings)
    assert {p.source for p in points} == {"en"} and len(points) == 5
    assert [(p.target, p.seeds) for p in points][:2] == [("de", 2), ("nl", 1)]
    assert points[0].dev_selected_gain == pytest.approx(gains[0] + 1)
    assert [p.gain("dev_selected") for p in points[1:]] == gains[1:]
    assert points[1].gain("test_oracle") == gains[1] + 1
    orders = {r.language: r.order for r in rankings}
    for point in points:
        rho = spearman_of_orders(orders["en"], orders[point.target])
        assert point.rankings == pytest.approx(rho)
        assert point.family == (point.target not in ("de", "nl"))
    assert (points[1].phonological, points[0].phonological) == (None, 0.3695)


def test_points_are_in_the_order_of_settings_and_of_the_models():
    first, rankings = grid(setting="multi-lingual", model="xlmr")
    second, third = grid()[0], grid(setting="multi-lingual")[0]
    places = [(p.setting, p.model) for p in points_of([*first, *second, *third], rankings)]
    assert list(dict.fromkeys(places)) == [
        ("cross-lingual", "mbert"),
        ("multi-lingual", "xlmr"),
        ("multi-lingual", "mbert"),
    ]


def test_similarity_takes_rankings_of_the_same_training_only():
    choices, rankings = grid()
    others = [
        replace(r, order=rankings[0].order, **changed)
        for r in rankings
        for changed in ({"model": "xlmr"}, {"kind": "lrp"}, {"seed": 1}, {"reversed": True})
    ]
    plain = [p.rankings for p in points_of(choices, rankings)]
    assert [p.rankings for p in points_of(choices, rankings + others)] == plain
    back = replace(DISPLAY, ranking="reversed-gradient")
    of_back = [replace(row, ranking=f"reversed-{row.ranking}") for row in choices]
    assert [p.rankings for p in points_of(of_back, rankings, back)] == plain


def test_similarity_is_a_mean_over_seeds():
    choices, rankings = grid()
    more = [replace(r, seed=43, order=r.order[2:] + r.order[:2]) for r in rankings]
    more[0] = replace(more[0], order=more[0].order[::-1])
    choices.append(replace(choices[0], seed=43))
    first, second, *_ = points_of(choices, rankings + more)
    rhos = [spearman_of_orders(r[0].order, r[1].order) for r in (rankings, more)]
    assert first.rankings == pytest.approx(sum(rhos) / 2)
    assert second.rankings == pytest.approx(
        spearman_of_orders(rankings[0].order, rankings[2].order)
    )


def test_one_source_is_the_usual_test_of_its_targets():
    choices, rankings = grid()
    rows = rows_of(choices, rankings)
    row = only(rows, predictor="syntactic", criterion="dev_selected")
    assert (row.rho, row.pairs, row.languages) == (-1, 5, 6)
    assert row.exact and row.p == pytest.approx(2 / 120)
    gains = [row.dev_selected.gain for row in choices]
    for kind in ("geographic", "inventory"):
        values = [distances.between(LANGUAGES, LANGUAGES)[kind]["en", code] for code in TARGETS]
        rho = stats.spearmanr(gains, values).statistic
        assert only(rows, predictor=kind, criterion="test_oracle").rho == pytest.approx(rho)
    heard = only(rows, predictor="phonological", criterion="dev_selected")
    assert (heard.pairs, heard.left_out) == (3, 2)


def test_several_sources_change_places_too():
    choices, rankings = grid(("en", "zh", "ar"))
    rows = rows_of(choices, rankings)
    row = only(rows, predictor="syntactic", criterion="dev_selected")
    assert (row.pairs, row.languages, row.sources) == (13, 6, 3)
    assert row.rho == pytest.approx(-1) and row.p < 0.05
    of_criterion = [r for r in rows if r.criterion == "dev_selected"]
    assert row.p_holm == pytest.approx(min(1, row.p * len(of_criterion)))


def test_a_star_is_of_the_adjusted_p():
    row = rows_of(*grid())[0]
    pairs = [(0.04, "*"), (0.05, ""), (None, "")]
    for p, star in pairs:
        shown = replace(row, rho=-0.5, p=0.01, p_holm=p)
        table = tables.table(DISPLAY, [shown, shown], LANGUAGES)
        assert table.body[0][5].text == f"−0.50{star}"


def test_what_is_not_known_is_empty_and_counted():
    choices, rankings = grid()
    choices.append(choice("en", "xx", 1.0))  # a language of neither URIEL nor languages.csv
    rows = rows_of(choices, rankings[:-1])
    assert only(rows, predictor="genetic", criterion="test_oracle").pairs == 5
    assert only(rows, predictor="rankings", criterion="test_oracle").pairs == 4
    table = tables.table(DISPLAY, rows, LANGUAGES)
    text = (
        "phonological distance 3, featural distance 1, similarity of rankings 2, another family 1."
    )
    assert table.notes[-1].endswith(text)
    assert any("one source" in note for note in table.notes)
    pairs = tables.pairs_table(DISPLAY, points_of(choices, rankings[:-1]), LANGUAGES)
    assert {cell.text for cell in pairs.body[-1][5:]} == {""}
    assert csv_text(pairs).splitlines()[-1].endswith(",xx,1.000000,2.000000" + "," * 8 + ",1")
    families = correlations.families(DISPLAY, choices, LANGUAGES)
    assert {row.unknown for row in families} == {("xx",)}
    assert tables.families_table(DISPLAY, families, LANGUAGES).notes[-1].endswith("not known: xx.")


def test_no_ranking_but_the_source_s():
    choices, rankings = grid()
    rows = rows_of(choices, rankings[:1])
    row = only(rows, predictor="rankings", criterion="dev_selected")
    assert (row.pairs, row.rho, row.left_out) == (0, None, 5)
    table = tables.table(DISPLAY, rows, LANGUAGES)
    line = texts(table.body)[correlations.PREDICTORS.index("rankings")]
    assert line[2:7] == ["similarity of rankings", "0", "0", "–", "–"]


def test_table():
    choices, rankings = grid(("en", "zh", "ar"))
    more = grid(("en",), setting="multi-lingual", model="xlmr")[0]
    rows = rows_of(choices + more, rankings)
    table = tables.table(DISPLAY, rows, LANGUAGES)
    assert (table.name, full_width(table)) == (DISPLAY.name, 11)
    assert len(table.body) == 2 * 8 and len(table.records) == 2 * 8 * 2
    assert table.title == f"{title(DISPLAY)}, gain and how far apart the languages are"
    assert texts(table.body)[3][:5] == ["cross-lingual", "mbert", "syntactic distance", "13", "6"]
    assert "all orders are tried. p (Holm)" in table.notes[1]
    assert not any("one source" in note for note in table.notes)
    columns = "setting,model,criterion,predictor,pairs,languages,sources,rho,p,p_holm,exact"
    assert csv_text(table).splitlines()[0] == f"{columns},left_out"
    some = tables.table(DISPLAY, [replace(row, exact=False) for row in rows], LANGUAGES)
    assert "; 10,000 random orders are tried. p (Holm)" in some.notes[1]
    both = tables.table(DISPLAY, [replace(rows[0], exact=False), *rows[1:]], LANGUAGES)
    assert "tried where they are no more than 10,000, else 10,000 random orders" in both.notes[1]


def test_table_of_pairs():
    table = tables.pairs_table(DISPLAY, points_of(*grid()), LANGUAGES)
    assert (table.name, full_width(table)) == (f"{DISPLAY.name}.pairs", 13)
    assert texts(table.body)[0][2] == "English → German"
    assert [line[-1] for line in texts(table.body)] == ["no", "no", "yes", "yes", "yes"]
    columns = "setting,model,source,target,dev_selected_gain,test_oracle_gain,geographic,genetic"
    more = "inventory,syntactic,phonological,featural,rankings,family,seeds"
    assert csv_text(table).splitlines()[0] == f"{columns},{more}"


def test_families():
    choices, _ = grid()
    rows = correlations.families(DISPLAY, choices, LANGUAGES)
    gains = {row.target: row.dev_selected.gain for row in choices}
    near = only(rows, family="Indo-European")
    assert (near.targets, near.pairs) == (("de", "nl"), 2)
    assert near.dev_selected_gain == pytest.approx((gains["de"] + gains["nl"]) / 2)
    far = only(rows, group=correlations.OTHER)
    assert far.test_oracle_gain == pytest.approx(
        np.mean([gains[c] + 1 for c in ("ar", "he", "zh")])
    )
    assert only(rows, group=correlations.SAME).dev_selected_gain == near.dev_selected_gain


def test_table_of_families():
    choices = [row for row in grid()[0] if row.target in ("ar", "he", "zh")]
    rows = correlations.families(DISPLAY, choices, LANGUAGES)
    table = tables.families_table(DISPLAY, rows, LANGUAGES)
    assert (table.name, full_width(table)) == (f"{DISPLAY.name}.families", 7)
    assert [line[2:5] for line in texts(table.body)] == [
        ["Afro-Asiatic", "Arabic, Hebrew", "2"],
        ["Sino-Tibetan", "Chinese", "1"],
        ["the source's family", "–", "0"],
        ["another family than the source's", "Arabic, Hebrew, Chinese", "3"],
    ]
    assert texts(table.body)[2][5:] == ["–", "–"]
    assert len(table.notes) == 1
    columns = "setting,model,targets_of,targets,pairs,dev_selected_gain,test_oracle_gain"
    assert csv_text(table).splitlines()[0] == columns


@pytest.mark.parametrize("sources", [("en",), ("en", "zh", "ar")])
def test_figure(sources, tmp_path):
    def draw(choices, rankings, path):
        points, rows = points_of(choices, rankings), rows_of(choices, rankings)
        correlations_figure.draw(DISPLAY, points, rows, LANGUAGES, path)
        root = ElementTree.parse(path).getroot()
        return len([e for e in root.iter() if e.get("id", "").startswith("axes_")])

    choices, rankings = grid(sources)
    more, _ = grid(sources, setting="multi-lingual", model="xlmr")
    panels = [draw(choices + more, rankings, tmp_path / name) for name in ("a.svg", "b.svg")]
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert panels[0] == 4 * 7
    assert draw(choices, rankings[:1], tmp_path / "few.svg") == 2 * 6


def test_nothing_to_show(tmp_path):
    choices = [choice("en", code, 1.0, dev_selected=(1, None)) for code in TARGETS]
    points, rows = points_of(choices, []), rows_of(choices, [])
    assert (points, rows) == ([], [])
    assert correlations.families(DISPLAY, choices, LANGUAGES) == []
    correlations_figure.draw(DISPLAY, points, rows, LANGUAGES, tmp_path / "none.svg")
    ElementTree.parse(tmp_path / "none.svg")
    assert tables.table(DISPLAY, rows, LANGUAGES).records == []


def test_languages_that_lack_most_go_first():
    pairs = [("a", code) for code in "bcd"]
    values = {pair: 1.0 for one in combinations("abd", 2) for pair in (one, one[::-1])}
    values |= {("a", "c"): 1.0, ("c", "a"): 1.0}
    assert correlations._with_all_values(pairs, values) == {("a", "b"), ("a", "d")}


def test_rows_are_the_same_behind_a_file(tmp_path):
    choices, rankings = grid(("en", "zh"))
    choices.append(choice("en", "xx", 1.0))
    of_kinds = {
        correlations.Point: points_of(choices, rankings),
        correlations.Correlation: rows_of(choices, rankings),
        correlations.FamilyGain: correlations.families(DISPLAY, choices, LANGUAGES),
    }
    for kind, rows in of_kinds.items():
        tidy.write(rows, tmp_path / "rows.csv", columns=tidy.columns_of(kind))
        assert tidy.read(kind, tmp_path / "rows.csv") == rows
