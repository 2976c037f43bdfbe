"""Scores of trials whose metrics have changed since: again, from the predictions beside them."""

import json
from pathlib import Path

import made_up
import pytest
from records import planned

from polyheads.analysis import choices
from polyheads.catalogue import metrics, tasks
from polyheads.errors import UserError
from polyheads.study import choice, trial_files
from polyheads.training import prediction


def made_trial(directory, task, k=1):
    """A sweep of two k and the one trial of it, with all its sets; returns (sweep, JSON path)."""
    made = made_up.sweep(directory, task=task, ks=(0, 1))
    labels, scores, rows = made_up.LABELS[task], [], []
    places = [("en", "dev", "pruned"), ("de", "test", "pruned"), ("de", "test", "all")]
    for number, place in enumerate(places[: 3 if k else 2]):
        gold, predicted = made_up.predictions(task, 0.8, seed=10 * k + number)
        gold, predicted = [[], *gold, []], [[], *predicted, []]  # sentences without a word
        rows.append(prediction.Predictions(*place, gold, predicted))
        tags = [[[labels[i] for i in s] for s in side] for side in (gold, predicted)]
        about = dict(zip(("language", "split", "heads"), place, strict=True))
        about |= {"sentences": len(gold), "words": sum(map(len, gold))}
        scores.append({**about, "metrics": metrics.metrics(task, *tags)})
    path = Path(made["trials"][k])
    made_up.write_trial(path, task, scores, [[0, 0]] * k)
    prediction.save(path.with_suffix(".parquet"), rows, labels)
    return made, path


def edit(path, **changed):
    """Other values in a trial's file; None leaves one out."""
    content = json.loads(path.read_text()) | changed
    path.write_text(json.dumps({key: v for key, v in content.items() if v is not None}))


def spoil(path):
    """Wrong numbers in a trial's file; the right scores."""
    right = json.loads(path.read_text())["scores"]
    wrong = [{**row, "metrics": dict.fromkeys(row["metrics"], 0.0)} for row in right]
    edit(path, scores=wrong)
    return right


def read(path, **options):
    return trial_files.scores(path, trial_files.read_trial(path), **options)


@pytest.mark.parametrize("task", ["pos", "ner"])
@pytest.mark.parametrize("digest", ["other", None])
@pytest.mark.parametrize("k", [0, 1])
def test_scores_by_other_code_are_computed_again(tmp_path, task, digest, k):
    _, path = made_trial(tmp_path, task, k)
    right = spoil(path)
    assert [row["split"] for row in right] == ["dev", "test", "test"][: 2 + k]
    assert all(any(row["metrics"].values()) for row in right)
    edit(path, metrics_code=digest)
    before = path.read_text()
    assert read(path) == right  # to the last digit
    assert read(path, split="dev") == right[:1]
    assert path.read_text() == before


def test_scores_by_the_code_of_today_are_those_in_the_file(tmp_path):
    _, path = made_trial(tmp_path, "pos")
    spoil(path)
    path.with_suffix(".parquet").unlink()
    assert [row["metrics"]["accuracy"] for row in read(path)] == [0, 0, 0]
    assert [row["split"] for row in read(path, split="test")] == ["test", "test"]


def test_a_metric_that_is_new_has_its_numbers(tmp_path, monkeypatch):
    _, path = made_trial(tmp_path, "pos")
    edit(path, metrics_code="other")
    monkeypatch.setattr(metrics, "pos_metrics", lambda gold, predicted: {"new": float(len(gold))})
    assert [row["metrics"] for row in read(path)] == [{"new": 42.0}] * 3


def test_the_tables_and_the_choice_of_k_read_them(tmp_path, capsys):
    made, paths = made_trial(tmp_path, "ner", 0)[0], []
    for k in (0, 1):
        paths.append(made_trial(tmp_path, "ner", k)[1])
    sweep = [planned(made)]
    before = choices.load_scores(made["trials"], sweep)
    assert capsys.readouterr().out == ""
    # k = 0: two sets; k = 1: three.
    assert len(before) == 5 * len(tasks.METRICS["ner"])
    arguments = (made["trials"], made["ks"], made["dev"], made["metric"])
    chosen = choice.chosen_k(*arguments)
    spoil(paths[chosen])
    assert choice.chosen_k(*arguments) == 1 - chosen
    edit(paths[chosen], metrics_code="other")
    assert choice.chosen_k(*arguments) == chosen
    assert choices.load_scores(made["trials"], [*sweep, *sweep]) == before * 2
    assert capsys.readouterr().out == (
        "1 of 2 trials have scores by other metrics than those of today: computing them again from"
        " the predictions\n"
    )


def test_without_predictions_the_error_names_the_file(tmp_path):
    made, path = made_trial(tmp_path, "pos")
    edit(path, metrics_code="other")
    predictions = path.with_suffix(".parquet")
    whole = predictions.read_bytes()
    predictions.write_bytes(whole[:200])
    with pytest.raises(UserError, match=r"k-01\.parquet: not a whole file of predictions"):
        read(path)
    predictions.unlink()
    with pytest.raises(UserError, match=r"k-01\.parquet: the predictions of this trial are miss"):
        choices.load_scores(made["trials"], [planned(made)])
    edit(path, trial={"k": 1})
    with pytest.raises(UserError, match=r"k-01\.json: not a whole trial file \('task'\)"):
        read(path)
