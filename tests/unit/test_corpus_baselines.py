"""Scores that a corpus's own authors published, beside runs of the same model and language."""

import records
from records import full_width, texts

from polyheads.analysis import corpus_baselines
from polyheads.catalogue import published
from polyheads.report.tables import corpus_baselines as baselines_table

BASELINES = published.rows(corpus_baselines.FILE)
RUN = {
    **{"corpus": "masakhaner-2.0", "model": "mbert", "recipe": "long", "target": "hau"},
    **{"language": "hau", "mixture": "hau", "metric": "f1_lenient"},
}


def run(path, value, k=0, **changed):
    return records.score(k, value, **RUN | {"trial_path": path} | changed)


def test_scores_of_masakhaner():
    known = {(r["model"], r["language"]): round(float(r["f1"]), 1) for r in BASELINES}
    assert len(known) == len(BASELINES) == 2 * 19
    for language, both in {"hau": (85.2, 83.8), "yor": (87.7, 85.8), "swa": (92.1, 92.2)}.items():
        assert (known["mbert", language], known["xlmr", language]) == both
    assert {r["model"] for r in BASELINES} == published.MODELS.keys()


def test_published_scores_stand_beside_runs_of_the_same_model_and_language():
    scores = [
        run("a", 84.0),
        run("a", 84.0),  # in two sweeps
        run("b", 86.0),
        run("c", 10.0, k=3),
        run("d", 10.0, mixture="eng+hau"),
        run("e", 10.0, metric="f1_strict"),
        run("f", 10.0, split="dev"),
        run("g", 10.0, model="small"),
        run("h", 10.0, corpus="mine"),
    ]
    (row,) = corpus_baselines.rows(scores)
    assert (row.f1, row.seeds, row.published_f1, row.published_seeds) == (85.0, 2, 85.21, 5)
    table = baselines_table.table([row], {"hau": {"name": "Hausa"}})
    assert full_width(table) == 9
    assert texts(table.body)[0][1:3] == ["mBERT", "Hausa"]
    assert texts(table.body)[0][4] == "85.00 ± 1.41"
    assert texts(table.body)[0][-1] == "−0.21"
    assert table.records[0]["published_f1"] == 85.21
    assert corpus_baselines.rows(scores[3:]) == []


def test_one_run_has_no_deviation():
    (row,) = corpus_baselines.rows([run("a", 84.0)])
    assert row.sd is None
    assert texts(baselines_table.table([row], {}).body)[0][4:6] == ["84.00", "1"]
