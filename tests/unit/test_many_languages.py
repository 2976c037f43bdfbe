"""What goes with the gain of two hundred languages."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import records
from records import full_width, texts

from polyheads.analysis import curves, many_languages, tidy
from polyheads.analysis.curves import Curve, Line, Marks
from polyheads.analysis.fertility import Fertility
from polyheads.analysis.sweep_gains import SweepGain
from polyheads.catalogue import distances, language_facts, pretraining
from polyheads.report.figures import corpus, gains
from polyheads.report.figures import curves as curves_figure
from polyheads.report.figures import many_languages as figure
from polyheads.report.tables import many_languages as tables
from polyheads.study import displays
from polyheads.study.displays import MANY, Display

LANGUAGES = language_facts.languages()
SOURCE = "eng_Latn"
CODES = sorted(code for code in LANGUAGES if "_" in code and code != SOURCE)
DISPLAY = Display(
    kind="many-languages",
    name="pos.gradient.many-languages",
    experiment="pos",
    ranking="gradient",
    metric="accuracy",
    task="pos",
    corpus="ud-2.7",
)
FAR = distances.between([SOURCE, *CODES], LANGUAGES)["syntactic"]


def choices(gain_of, unpruned_of=lambda code: 60.0, codes=CODES, **changed):
    return [
        records.choice(
            source=SOURCE,
            target=code,
            ranking=f"gradient-{SOURCE}",
            dev_selected=records.selected(3, gain_of(code)),
            unpruned=unpruned_of(code),
            **changed,
        )
        for code in codes
    ]


def fertility(code, subwords=200):
    return Fertility(
        model="mbert",
        corpus="ud-2.7",
        language=code,
        split="test",
        sentences=10,
        words=None if code.endswith(("Hans", "Thai")) else 100,
        characters=400,
        subwords=subwords,
        unknown=1,
    )


def targets_of(rows, fertilities=(), texts_of=None):
    texts_of = {"mbert": "wikipedia-104"} if texts_of is None else texts_of
    return many_languages.targets(DISPLAY, rows, fertilities, texts_of, LANGUAGES)


def planted(seed):
    """Gain and score of every language: the gain falls with distance, the score too."""
    random = np.random.default_rng(seed)
    noise = {code: random.normal(size=2) for code in CODES}
    far = {code: FAR.get((SOURCE, code), 0.6) for code in CODES}
    score = {code: 70 - 30 * far[code] + 4 * noise[code][0] for code in CODES}
    gain = {code: 8 * far[code] + 0.1 * score[code] + 0.3 * noise[code][1] for code in CODES}
    return gain, score


def test_many_targets_of_a_source_have_a_display():
    def shown(sweeps):
        return [d.name for d in displays.plan(sweeps) if d.kind == "many-languages"]

    sweeps = [records.sweep(target=code) for code in CODES[:MANY]]
    random = [records.sweep(target=code, ranking="random-1") for code in CODES[:MANY]]
    reversed_ = [records.sweep(target=c, ranking="reversed-gradient-en") for c in CODES[:MANY]]
    fisher = [records.sweep(target=code, ranking="fisher-en") for code in CODES[:MANY]]
    assert shown([*sweeps, *random, *reversed_, *fisher]) == [
        "pos.gradient.many-languages",
        "pos.fisher.many-languages",
    ]
    assert not shown(sweeps[1:]) and not shown(sweeps[1:] + sweeps[1:])
    assert not shown([records.sweep(target=code, ks=(0,)) for code in CODES[:MANY]])


def others(rows):
    related = ("syntactic", "featural")  # which has the syntactic features, too
    return [row for row in rows if row.predictor not in related]


def test_a_planted_distance_is_found_within_families():
    gain, score = planted(1)
    rows = many_languages.rows(targets_of(choices(gain.get, score.get)), resamples=999)
    found = {row.predictor: row for row in rows}
    syntactic = found["syntactic"]
    assert syntactic.within_told_apart and syntactic.within > 0.5
    assert syntactic.low > 0 and syntactic.languages + syntactic.left_out == len(CODES)
    assert syntactic.left_out == sum((SOURCE, code) not in FAR for code in CODES)
    # Given the score the gain rises with distance, though over all it hardly seems to.
    assert syntactic.rho > syntactic.plain + 0.1
    # Nearly half of what the distance is made of goes with others, but none does as well.
    assert all(row.within is None or row.within < 0.9 * syntactic.within for row in others(rows))
    assert found["genetic"].one_family == "Indo-European" and found["genetic"].low is None
    assert found["subwords_per_word"].languages == 0 and found["subwords_per_word"].rho is None


def test_p_are_adjusted_together():
    gain, score = planted(2)
    rows = many_languages.rows(targets_of(choices(gain.get, score.get)), resamples=199)
    p = [p for row in rows for p in (row.p_within, row.p_between) if p is not None]
    smallest = min(p)
    adjusted = [p for row in rows for p in (row.p_within_holm, row.p_between_holm) if p is not None]
    assert min(adjusted) == pytest.approx(min(1, len(p) * smallest))


def test_what_families_gain_is_no_distance():
    hits = 0
    for seed in range(8):
        random = np.random.default_rng(seed)
        of_family = {row["family"]: random.normal() for row in LANGUAGES.values()}
        gain = {c: 3 * of_family[LANGUAGES[c]["family"]] + random.normal() for c in CODES}
        score = {code: 60 + random.normal() for code in CODES}
        rows = many_languages.rows(targets_of(choices(gain.get, score.get)), resamples=199)
        hits += any(
            row.within_told_apart or row.between_told_apart
            for row in rows
            if row.predictor in distances.KINDS
        )
    assert hits <= 2


def test_the_score_shares_no_noise_with_the_gain():
    """Two runs of equal noise and no gain: against the unpruned score it would seem to fall."""
    random = np.random.default_rng(3)
    runs = {code: 60 + 3 * random.normal(size=2) for code in CODES}
    rows = targets_of(choices(lambda c: runs[c][1] - runs[c][0], lambda c: runs[c][0]))
    of_score = many_languages.rows(rows, resamples=99)[0]
    gains, unpruned = [row.gain for row in rows], [row.unpruned for row in rows]
    assert abs(of_score.rho) < 0.15 and np.corrcoef(gains, unpruned)[0, 1] < -0.6
    assert all(row.score == pytest.approx(np.mean(runs[row.target])) for row in rows)


def test_targets_know_their_languages():
    rows = choices(lambda code: 1.0, codes=["deu_Latn", "zho_Hans", "nqo_Nkoo"])
    again = choices(lambda code: 2.0, codes=["deu_Latn"], seed=43)
    fertilities = [fertility("deu_Latn", 150), fertility("zho_Hans", 300)]
    german, chinese, nko = targets_of([*rows, *again], fertilities)
    assert (german.gain, german.seeds, german.unpruned, german.score) == (1.5, 2, 60.0, 60.75)
    assert (german.family, german.script, german.other_script) == ("Indo-European", "Latn", 0.0)
    assert (german.subwords_per_word, german.subwords_per_character) == (1.5, 0.375)
    assert chinese.subwords_per_word is None and chinese.subwords_per_character == 0.75
    assert [row.pretraining for row in (german, chinese, nko)] == [1.0, 1.0, 0.0]
    assert nko.syntactic is nko.unknown_share is None and nko.other_script == 1.0
    assert [row.pretraining for row in targets_of(rows, texts_of={})] == [None] * 3


def test_groups_and_ends_of_the_list():
    gain, score = planted(4)
    rows = targets_of(choices(gain.get, score.get))
    groups = many_languages.groups(rows)
    for kind in (many_languages.FAMILY, many_languages.SCRIPT):
        inside = [row for row in groups if row.group == kind]
        assert sum(len(row.targets) for row in inside) == len(CODES)
        assert all(len(a.targets) >= len(b.targets) for a, b in pairwise(inside))
    most, least = many_languages.extremes(rows)
    ordered = sorted(gain.values())
    assert [row.gain for row in most] == ordered[:-11:-1]
    assert [row.gain for row in least] == ordered[:10]


def test_tables_stay_short(tmp_path):
    gain, score = planted(5)
    targets = targets_of(choices(gain.get, score.get), [fertility(code) for code in CODES])
    rows = many_languages.rows(targets, resamples=999)
    for name, kind in (("", many_languages.Association), ("targets", many_languages.Target)):
        path = tmp_path / f"{name}.csv"
        written = targets if name else rows
        tidy.write(written, path, columns=tidy.columns_of(kind))
        assert tidy.read(kind, path) == written
    made = tables.table(DISPLAY, rows, LANGUAGES)
    assert full_width(made) == 14 and len(made.body) == len(many_languages.PREDICTORS)
    line = {row[3]: row for row in texts(made.body)}["syntactic distance"]
    assert line[8].endswith("*") or line[11].endswith("*")
    assert "genetic distance (Indo-European)" in " ".join(made.notes)
    ends = tables.extremes_table(DISPLAY, targets, LANGUAGES)
    assert full_width(ends) and len(ends.body) == 2 * many_languages.EXTREMES
    groups = tables.groups_table(DISPLAY, many_languages.groups(targets), LANGUAGES)
    assert full_width(groups) and len(groups.body) < 60
    whole = tables.targets_table(DISPLAY, targets, LANGUAGES)
    assert full_width(whole) and len(whole.records) == len(CODES)
    out = tmp_path / "figure.svg"
    figure.draw(DISPLAY, targets, rows, LANGUAGES, out)
    assert out.stat().st_size < 600_000
    figure.draw(DISPLAY, [], [], LANGUAGES, out)  # of a partial report


def test_lists_of_pre_training_are_whole():
    assert len(pretraining.listed("cc100")) == 90 and len(pretraining.listed("wikipedia-104")) > 85
    assert pretraining.knows("cc100", "swh_Latn", LANGUAGES)
    assert pretraining.knows("cc100", "quy_Latn", LANGUAGES) is False
    assert pretraining.knows("", "swh_Latn", LANGUAGES) is None
    assert pretraining.knows("cc100", "xx", LANGUAGES) is None
    for text in pretraining.TEXTS:
        assert pretraining.listed(text) <= {known["language"] for known in LANGUAGES.values()}
    hub = {"hub": "FacebookAI/xlm-roberta-base"}
    assert pretraining.text_of(hub) == "cc100"
    assert pretraining.text_of({"path": str(Path("models/e5"))}) == ""
    assert pretraining.text_of({**hub, "pretraining": "wikipedia-104"}) == "wikipedia-104"


def curve(code, test, random=(), ks=(0, 4, 8)):
    line = Line(ks=ks[: len(test)], means=tuple(test))
    behind = Line(ks=ks[: len(random)], means=tuple(random))
    marks = Marks(ks=(4,), tests=(test[-1],), devs=(None,))
    values = {"k_max": 8, "test": line, "dev": Line(), "random_test": behind, "random_dev": Line()}
    values |= {"dev_selected": marks, "test_oracle": marks, "random_rankings": len(random)}
    return Curve(
        target=code,
        model="mbert",
        dev_languages="en",
        random_fewest=0,
        in_percentiles=False,
        **values,
    )


def test_curves_of_many_targets_are_changes_from_no_pruning():
    rows = [curve(c, (50, 50 + i, 60), (50, 51, 52)) for i, c in enumerate(CODES[:5])]
    lacking = [curve("deu_Latn", (50, 90)), curve("nld_Latn", (1, 90, 90), ks=(4, 8, 12))]
    found = curves.together([*rows, *lacking])
    assert found.ks == (0, 4, 8) and len(found.changes) == 5
    assert (found.means, found.random) == ([0, 2, 10], [0, 1, 2])
    assert found.lows == pytest.approx([0, 0.4, 10]) and found.highs[1] == pytest.approx(3.6)
    assert curves.together([]).changes == curves.together(lacking[1:]).changes == []


def test_figures_of_many_targets_are_small(tmp_path):
    out = tmp_path / "figure.svg"
    display = Display(**{**vars(DISPLAY), "kind": "curves", "source": SOURCE})
    curves_figure.draw(display, [curve(code, (50, 51, 60)) for code in CODES], LANGUAGES, out)
    assert out.stat().st_size < 300_000
    corpora = [
        {"corpus": "c", "task": "pos", "language": code, "tag_counts": {"test": {"X": 3, "Y": 1}}}
        for code in CODES
    ]
    corpus.draw(corpora, LANGUAGES, out)
    assert out.stat().st_size < 400_000


def test_gains_of_many_targets_are_the_ends_of_the_list():
    def row(code, gain, **changed):
        values = {"setting": "cross-lingual", "model": "mbert", "source": SOURCE, "seed": 42}
        return SweepGain(target=code, dev_selected=gain, test_oracle=gain, **values | changed)

    rows = [row(code, float(i)) for i, code in enumerate(CODES)]
    few = [row(code, 0.0, source="zho_Hans") for code in CODES[:3]]
    shown = gains._ends([*rows, *few])
    assert [one.target for one in shown[:10]] == CODES[:-11:-1]
    assert [one.target for one in shown[10:20]] == CODES[9::-1] and shown[20:] == few
