"""The reproducibility page: answers that follow the study's files, and its tables."""

from dataclasses import replace

import records
from records import full_width, texts

from polyheads.analysis.data_use import data_use
from polyheads.analysis.run_times import RunTime, RunTimes
from polyheads.analysis.signatures import Machine, Origins, machines, rows
from polyheads.report import reproducibility
from polyheads.report.tables import reproducibility as tables
from polyheads.study.contents import Contents

SPLIT = {"sentences": 100, "words": 1200, "skipped": {}, "repairs": {}}
CORPUS = {"corpus": "ud-2.7", "language": "en", "licence": "CC BY 4.0", "counts": {"dev": SPLIT}}
MODEL = {
    **{"model": "mbert", "class": "BertModel", "parameters": 177853440, "layers": 12},
    **{"heads": 12, "hidden": 768, "vocabulary": 119547, "source": {"hub": "a/b"}},
}
RECIPE = {
    **{"name": "paper", "epochs": 3, "train_sentences": None, "dev_sentences": None},
    **{"test_sentences": None, "leave_out_repeated": False},
}
STAGE = RunTime(stage="trials", jobs=2, sum_s=300, mean_s=150, longest_s=200, peak_memory_mb=None)


def study(*sweeps, corpora=(CORPUS,), encodings=(), recipes=(RECIPE,), absent=0, **changed):
    sweeps = sweeps or (records.sweep(),)
    contents = Contents(sweeps, (), ())
    done = {path for sweep in sweeps for path in sweep.trials}
    origins = Origins(
        locks={},
        codes=dict.fromkeys(done, "abcd" * 4),
        machines=dict.fromkeys(done, ("cpu", 1)),
    )
    values = {
        "contents": contents,
        "whole": next(row for row in rows(contents, done, origins) if row.name == "claims"),
        "machines": machines(done, origins),
        "models": [MODEL],
        "corpora": corpora,
        "data": data_use(corpora, encodings),
        "times": RunTimes((STAGE,), replace(STAGE, stage="all"), absent),
        "configuration": {"recipes": recipes},
    }
    return reproducibility.Study(**values | changed)


def answer(question, *sweeps, **changed):
    made = reproducibility.answers(study(*sweeps, **changed))
    return " ".join({one.question: one.sentences for one in made}[question])


def test_machines_and_run_times():
    words = answer("Computing infrastructure")
    assert words.startswith("4 trials on a CPU with 1 thread per training. Trials don't record")
    gpu = [Machine(device="cuda", threads=2, trials=1)]
    assert "1 trial on a GPU (CUDA) with 2 threads" in answer(
        "Computing infrastructure", machines=gpu
    )
    words = answer("Run time")
    assert "2 jobs took 5.0 minutes" in words and "took 2.5 minutes on average" in words
    assert "missing" not in words and "too small" in answer("Run time", absent=3)
    none = RunTimes((), replace(STAGE, jobs=0), 2)
    assert answer("Run time", times=none).endswith("run times are not known.")
    assert answer("Number of parameters") == "mbert: 177,853,440."


def test_runs_seeds_and_what_was_searched():
    assert answer("Number of training and evaluation runs").startswith("The sweeps consist of 4 tr")
    masked = records.sweep(protocol="mask")
    assert "3 evaluations masked" in answer("Number of training and evaluation runs", masked)
    assert (
        answer("Seeds") == "Seeds of the sweeps: 42. With one seed, no result is a mean over runs."
    )
    noise = records.sweep(role="noise", seed=7, trials=tuple("abcd"))
    second = records.sweep(seed=1, trials=tuple("efgh"))
    words = answer("Seeds", records.sweep(), second, noise)
    assert (
        words
        == "Seeds of the sweeps: 1, 42. Seeds of the sweeps that measure the noise of training: 7."
    )
    assert "k: 0, 1, 2, 3." in answer("Hyperparameters and their bounds")
    alone = records.sweep(ks=(0,))
    assert "searched no hyperparameter" in answer("Hyperparameters and their bounds", alone)
    assert "nothing was selected" in answer("Selection criterion", alone)
    assert "source only" in answer("Selection criterion")
    assert "source only" not in answer("Selection criterion", records.sweep(setting="mono-lingual"))


def test_what_was_left_out_is_what_the_files_say():
    question = "Data left out or changed"
    assert answer(question).startswith(
        "The readers skipped and repaired nothing. No training sentence also occurs in dev or test"
        " of its language. No word lost subwords"
    )
    assert "Recipe paper uses all sentences." in answer(question)
    train = SPLIT | {"skipped": {"ranges": 3}, "also_in": {"dev": 2, "test": 1}}
    train |= {"repairs": {"orphan_inside": {"count": 4, "example": "x:1"}}}
    corpora = [CORPUS | {"counts": {"train": train, "dev": SPLIT}}]
    split = {"windowed_sentences": 5, "truncated_words": 1, "words_without_subwords": 6}
    limited = RECIPE | {"train_sentences": 500, "leave_out_repeated": True}
    unused = RECIPE | {"name": "unused"}
    words = answer(
        question,
        corpora=corpora,
        encodings=[{"splits": {"dev": split}}],
        recipes=[limited, unused],
    )
    for part in (
        "skipped 3 lines and made 4 repairs",
        "of their language: 2; in test: 1.",
        "in windows: 5.",
        "1 word lost subwords",
        "unknown token: 6.",
        "Recipe paper uses at most 500 sentences of training, no training sentence that occurs in",
    ):
        assert part in words, (part, words)
    assert "unused" not in words
    data = answer("Data: size, splits, labels, licences", corpora=corpora)
    assert data.startswith("200 sentences with 2,400 words") and "ud-2.7: CC BY 4.0." in data


def test_development_scores_are_beside_test_scores():
    dev = records.selected(2, 0.5, dev=91.0)
    choices = [records.choice(dev), records.choice(records.selected(None), seed=7)]
    table = tables.dev_test_table(choices, {"en": {"name": "English"}, "de": {"name": "German"}})
    assert full_width(table) == 11
    assert texts(table.body)[0][3:] == [
        *("English → German", "mbert", "gradient-en", "42", "2", "91.00", "80.50", "80.00"),
    ]
    assert texts(table.body)[1][-3] == "missing"
    assert table.records[0]["dev"] == 91.0 and table.records[0]["dev_languages"] == "en"


def test_recipes_and_encoders_are_shown_whole():
    other = RECIPE | {"name": "other", "epochs": 5}
    table = tables.recipes_table([RECIPE, other])
    assert texts(table.body)[0] == ["epochs", "3", "5"]
    assert ["train_sentences", "–", "–"] in texts(table.body)
    assert ["leave_out_repeated", "no", "no"] in texts(table.body)
    (line,) = texts(tables.models_table([MODEL]).body)
    assert line == ["mbert", "BertModel", "177,853,440", "12", "12", "768", "119,547", "hub a/b"]
