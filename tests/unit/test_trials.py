"""One trial: heads that are pruned are off in training, on dev and on test; what is kept."""

import json
import re
import runpy
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from conftest import head_columns
from tiny_trials import LANGUAGES, NAMES, SIZES, fit, make_setup, make_trials, sentences_on_disk

from polyheads import job
from polyheads.catalogue import metrics
from polyheads.encoders import subwords
from polyheads.encoders.gates import gate_without
from polyheads.errors import UserError
from polyheads.provenance import module_hash
from polyheads.training import trials
from polyheads.training.prediction import predict

LAYERS, HEADS = 3, 4
PRUNED = [(2, 1), (0, 3), (1, 0), (0, 0), (1, 2)]  # no layer keeps all heads


def parts_of_heads(model):
    """(layer, head) -> its rows of query, key and value and its columns behind them."""
    found = {}
    for number, layer in enumerate(model.base_model.encoder.layer):
        own, out = layer.attention.self, layer.attention.output.dense
        for head in range(HEADS):
            rows = head_columns(head)
            parts = {"output.weight": out.weight[:, rows]}
            for name in ("query", "key", "value"):
                parts[f"{name}.weight"] = getattr(own, name).weight[rows]
                parts[f"{name}.bias"] = getattr(own, name).bias[rows]
            found[number, head] = {name: part.detach().clone() for name, part in parts.items()}
    return found


def test_pruned_heads_stay_as_pre_trained_and_no_other_does(kind, tmp_path):
    runner = make_trials(tmp_path, kind)
    before = parts_of_heads(runner.fresh_model())
    model, record = fit(runner, PRUNED)
    after = parts_of_heads(model)
    assert record["steps"] == 14 and record["device"] == "cpu"
    for head, parts in after.items():
        for name, part in parts.items():
            if head in PRUNED:
                assert torch.equal(part, before[head][name]), (head, name)
            elif name != "key.bias":  # the same for all keys, so that it changes no attention
                assert (part != before[head][name]).any(), (head, name)


def test_without_pruned_heads_all_heads_train(kind, tmp_path):
    runner = make_trials(tmp_path, kind)
    before = parts_of_heads(runner.fresh_model())
    after = parts_of_heads(fit(runner)[0])
    for head, parts in after.items():
        assert (parts["value.weight"] != before[head]["value.weight"]).any(), head


def test_a_trial_starts_from_the_pre_trained_encoder_and_its_own_seed(tmp_path):
    one = make_trials(tmp_path).fresh_model()
    other = make_trials(tmp_path, seed=4).fresh_model()
    for name, part in one.base_model.state_dict().items():
        assert torch.equal(part, other.base_model.state_dict()[name])
    assert not torch.equal(one.classifier.weight, other.classifier.weight)
    again = fit(make_trials(tmp_path), PRUNED)[0].state_dict()
    for name, part in fit(make_trials(tmp_path), PRUNED)[0].state_dict().items():
        assert torch.equal(part, again[name])


def predicted(runner, model, language, split, gate):
    sentences = subwords.read_split(runner.setup.encodings[language], split)
    options = {"layout": runner.layout, "device": runner.device, "precision": "float32"}
    return [list(x) for x in predict(model, sentences, gate=gate, **options)]


def test_dev_and_test_are_read_without_the_pruned_heads_and_test_with_them_too(kind, tmp_path):
    runner = make_trials(tmp_path, kind)
    model = runner.fresh_model()
    gate = gate_without(PRUNED, LAYERS, HEADS)
    rows = runner.evaluate(model, PRUNED, unmasked=True)
    assert [(row.language, row.split, row.heads) for row in rows] == [
        ("en", "dev", "pruned"),
        ("de", "dev", "pruned"),
        ("de", "test", "pruned"),
        ("fr", "test", "pruned"),
        ("de", "test", "all"),
        ("fr", "test", "all"),
    ]
    for row in rows:
        without = predicted(runner, model, row.language, row.split, gate)
        whole = predicted(runner, model, row.language, row.split, None)
        assert without != whole  # so that one can't stand for the other
        found = [list(x) for x in row.predicted]
        assert found == (without if row.heads == "pruned" else whole)
        sentences = subwords.read_split(runner.setup.encodings[row.language], row.split)
        assert [list(x) for x in row.gold] == [list(s.labels) for s in sentences]


def test_without_pruned_heads_there_is_one_reading_of_test(tmp_path):
    runner = make_trials(tmp_path)
    model = runner.fresh_model()
    rows = runner.evaluate(model, [], unmasked=False)
    assert [(row.split, row.heads) for row in rows] == [("dev", "pruned")] * 2 + [
        ("test", "pruned")
    ] * 2
    found = [list(x) for x in rows[0].predicted]
    assert found == predicted(runner, model, "en", "dev", None)


SETS = [PRUNED[:1], PRUNED[:4], [], PRUNED, PRUNED[:2]]


@pytest.mark.parametrize("unmasked", [False, True])
def test_several_sets_of_heads_as_each_alone(kind, tmp_path, unmasked):
    runner = make_trials(tmp_path, kind)
    model = runner.fresh_model()
    together = runner.evaluate_each(model, SETS, unmasked=unmasked)
    alone = [runner.evaluate(model, pruned, unmasked=unmasked) for pruned in SETS]
    for rows, expected in zip(together, alone, strict=True):
        for row, same in zip(rows, expected, strict=True):
            names = [(x.language, x.split, x.heads) for x in (row, same)]
            assert names[0] == names[1]
            for side in ("gold", "predicted"):
                one, other = ([list(x) for x in getattr(r, side)] for r in (row, same))
                assert one == other
    found = {str([list(x) for x in rows[0].predicted]) for rows in together}
    assert len(found) == len(SETS)  # so that none can stand for another


def test_the_job_of_masked_trials(tmp_path, monkeypatch):
    """Its files are those of one evaluation for each k."""
    runner = make_trials(tmp_path)
    model = runner.fresh_model()
    trials.save_weights(model, tmp_path / "weights.safetensors")
    (tmp_path / "ranking.json").write_text(json.dumps({"order": PRUNED}))
    kept = ("checkpoint_minutes", "code")
    plan = {key: value for key, value in vars(runner.setup).items() if key not in kept}
    ks = [1, 3, 5]
    rule = SimpleNamespace(
        log=["log"],
        config={"checkpoint_minutes": 10},
        input=SimpleNamespace(
            ranking=tmp_path / "ranking.json", weights=str(tmp_path / "weights.safetensors")
        ),
        output=SimpleNamespace(scores=[str(tmp_path / f"k-{k:02d}.json") for k in ks]),
        params=SimpleNamespace(training=plan, trial={"model": "tiny"}, ks=ks, code="1"),
        wildcards=SimpleNamespace(ranking="gradient-en"),
    )
    monkeypatch.setattr(job, "job", lambda *_: nullcontext())
    script = Path(trials.__file__).parents[2] / "scripts/mask.py"
    runpy.run_path(str(script), init_globals={"snakemake": rule})
    for k in ks:
        place = tmp_path / f"k-{k:02d}"
        trial = {"model": "tiny", "protocol": "mask", "ranking": "gradient-en", "k": k}
        rows = runner.evaluate(model, PRUNED[:k], unmasked=False)
        alone = tmp_path / "alone" / place.name
        alone.parent.mkdir(exist_ok=True)
        runner.write(alone, trial=trial, pruned=PRUNED[:k], training=None, rows=rows)
        assert read_json(place) == read_json(alone)
        one, other = (pq.read_table(x.with_suffix(".parquet")) for x in (place, alone))
        assert one == other


def test_a_part_of_a_training_set(tmp_path):
    runner = make_trials(tmp_path, mixture=("en", "de@30"))
    assert runner.languages == ("en", "de")
    whole = [list(x) for x in sentences_on_disk(runner, "de", "train")]
    sizes = [len(part) for part in runner.train_sets]
    assert sizes == [SIZES["train"], 6]  # 13 sentences: three parts of 2
    assert all(s.subwords.tolist() in whole for s in runner.train_sets[1])
    rows = runner.evaluate(runner.fresh_model(), [], unmasked=False)
    assert [len(row.gold) for row in rows] == [SIZES["dev"]] * 2 + [SIZES["test"]] * 2


def run(directory, runner, pruned=PRUNED, name="k-5", **trial):
    place = directory / "results" / "trials" / name
    stage = trials.stage(place)
    runner.run(place, trial={"k": len(pruned), **trial}, pruned=pruned, stage=stage)
    return place, stage


def read_json(place):
    """A trial's JSON: one number or name a line, for people, and in UTF-8."""
    text = place.with_suffix(".json").read_text(encoding="utf-8")
    kept = json.loads(text)
    assert text == json.dumps(kept, ensure_ascii=False, indent=1) + "\n"
    return kept


def test_a_trial_on_disk(tmp_path):
    runner = make_trials(tmp_path)
    place, stage = run(tmp_path, runner, model="größe")
    assert stage == tmp_path / "results" / "checkpoints" / "k-5"
    trials.publish([stage], [place])
    assert sorted(p.name for p in place.parent.iterdir()) == ["k-5.json", "k-5.parquet"]
    assert list(stage.parent.iterdir()) == []
    kept = read_json(place)
    assert kept["trial"] == {"k": 5, "model": "größe", "task": "pos", "seed": 3}
    assert kept["recipe"] == runner.setup.recipe
    assert kept["heads_total"] == LAYERS * HEADS
    assert kept["pruned_heads"] == [list(head) for head in PRUNED]
    assert kept["training"]["steps"] == 14 and kept["training"]["sentences"] == 26
    assert kept["versions"]["torch"]
    assert kept["metrics_code"] == module_hash("polyheads.catalogue.metrics")
    assert "metrics_code" not in kept["made_of"]
    model, record = fit(runner, PRUNED)
    assert kept["training"] == record
    rows = runner.evaluate(model, PRUNED, unmasked=True)
    for row, score in zip(rows, kept["scores"], strict=True):
        gold, found = ([[NAMES[i] for i in x] for x in side] for side in (row.gold, row.predicted))
        assert score == {
            "language": row.language,
            "split": row.split,
            "heads": row.heads,
            "sentences": len(gold),
            "words": sum(map(len, gold)),
            "metrics": metrics.metrics("pos", gold, found),
        }
    table = pq.read_table(place.with_suffix(".parquet"))
    assert json.loads(table.schema.metadata[b"labels"]) == NAMES
    column = pq.ParquetFile(place.with_suffix(".parquet")).metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"
    read = table.to_pylist()
    expected = [
        {
            "language": row.language,
            "split": row.split,
            "heads": row.heads,
            "sentence": number,
            "gold": np.asarray(row.gold[number]).tolist(),
            "predicted": np.asarray(row.predicted[number]).tolist(),
        }
        for row in rows
        for number in range(len(row.gold))
    ]
    assert read == expected


def test_an_unpruned_trial_on_disk_has_one_reading_of_test(tmp_path):
    _, stage = run(tmp_path, make_trials(tmp_path), pruned=[])
    kept = json.loads(stage.with_suffix(".json").read_text())
    assert [row["heads"] for row in kept["scores"]] == ["pruned"] * 4
    assert kept["pruned_heads"] == []


def test_a_finished_trial_is_not_trained_again_unless_something_changed(tmp_path, capsys):
    runner = make_trials(tmp_path)
    place, stage = run(tmp_path, runner)
    assert "step 14/14" in capsys.readouterr().out
    assert not stage.with_suffix(".safetensors").exists()
    first = stage.with_suffix(".json").read_text()
    run(tmp_path, runner)
    said = capsys.readouterr().out
    assert said == f"{place}: finished by an earlier run\n"
    assert stage.with_suffix(".json").read_text() == first
    run(tmp_path, make_trials(tmp_path, seed=4))
    said = capsys.readouterr().out
    assert re.search(r"^en\+de k=5: step 14/14, ", said, re.M) and "finished" not in said
    assert stage.with_suffix(".json").read_text() != first


def test_a_fingerprint_tells_everything_apart_that_changes_a_number(tmp_path):
    prints = [
        make_trials(tmp_path).fingerprint(PRUNED),
        make_trials(tmp_path).fingerprint(PRUNED[:4]),
        make_trials(tmp_path).fingerprint(PRUNED[::-1]),
        make_trials(tmp_path, seed=4).fingerprint(PRUNED),
        make_trials(tmp_path, code="2").fingerprint(PRUNED),
        make_trials(tmp_path, mixture=("de", "en")).fingerprint(PRUNED),
        make_trials(tmp_path, evaluate_on=("de",)).fingerprint(PRUNED),
        make_trials(tmp_path, recipe={"epochs": 3}).fingerprint(PRUNED),
        make_trials(tmp_path, recipe={"train_sentences": 5}).fingerprint(PRUNED),
    ]
    assert len(set(prints)) == len(prints)
    assert prints[0] == make_trials(tmp_path).fingerprint([list(head) for head in PRUNED])
    turned = dict(reversed(make_setup(tmp_path).recipe.items()))  # the same recipe
    assert prints[0] == trials.Trials(make_setup(tmp_path, recipe=turned)).fingerprint(PRUNED)


def test_a_killed_trial_goes_on_where_it_was(tmp_path, monkeypatch, capsys):
    """A checkpoint of the same trial is read, and what comes out is what comes out undisturbed."""
    from polyheads.training.checkpoints import Checkpoint

    class Killed(Exception):
        pass

    runner = make_trials(tmp_path, checkpoint_minutes=1e-9)
    save = Checkpoint.save

    def killed(self, *args, **kwargs):
        save(self, *args, **kwargs)
        raise Killed

    monkeypatch.setattr(Checkpoint, "save", killed)
    with pytest.raises(Killed):
        fit(runner, PRUNED)
    monkeypatch.undo()
    model, record = fit(make_trials(tmp_path), PRUNED)
    assert "goes on from step 1 of 14" in capsys.readouterr().out
    (tmp_path / "checkpoint.safetensors").unlink()
    whole, undisturbed = fit(make_trials(tmp_path), PRUNED)
    assert record == undisturbed
    for name, part in whole.state_dict().items():
        assert torch.equal(part, model.state_dict()[name]), name


def test_kept_weights_are_read_again(tmp_path):
    runner = make_trials(tmp_path)
    model, _ = fit(runner)
    trials.save_weights(model, tmp_path / "weights.safetensors")
    again = runner.load_model(tmp_path / "weights.safetensors").state_dict()
    assert all(torch.equal(part, again[name]) for name, part in model.state_dict().items())


def test_a_trial_at_another_point(tmp_path):
    runner = make_trials(tmp_path)
    _, stage = run(tmp_path, runner, ranking=None, model="tiny")
    there = tmp_path / "elsewhere" / "deeper" / "chosen"
    trials.copy(stage, there, trial={"ranking": "größe"}, code="of the choice")
    assert pq.read_table(there.with_suffix(".parquet")) == pq.read_table(
        stage.with_suffix(".parquet")
    )
    one, other = map(read_json, (stage, there))
    assert other["trial"] == {**one["trial"], "ranking": "größe"}
    assert other["made_of"] == {**one["made_of"], "code": "of the choice"}
    assert other | {"trial": None, "made_of": None} == one | {"trial": None, "made_of": None}


def test_stages_of_trials_and_baselines_lie_among_the_checkpoints():
    assert trials.stage(Path("results/trials/a/trials/k-1")) == Path(
        "results/checkpoints/a/trials/k-1"
    )
    assert trials.stage(Path("/x/results/baselines/a/b")) == Path("/x/results/checkpoints/a/b")


def test_trials_are_published_in_their_order(tmp_path):
    stages, places = ([tmp_path / a / b for b in "xy"] for a in ("stages", "places"))
    (tmp_path / "stages").mkdir()
    for stage in stages:
        for suffix in (".json", ".parquet", ".done"):
            stage.with_suffix(suffix).write_text(stage.name + suffix)
    with pytest.raises(ValueError, match="zip"):
        trials.publish(stages, places[:1])
    stages[1].with_suffix(".done").unlink()  # swept already
    trials.publish(stages, places)
    for place in places:
        for suffix in (".json", ".parquet"):
            assert place.with_suffix(suffix).read_text() == place.name + suffix
    assert list((tmp_path / "stages").iterdir()) == []
    assert len(list((tmp_path / "places").iterdir())) == 4


def test_a_setup_of_what_a_rule_knows(tmp_path):
    expected = make_setup(tmp_path)
    made = trials.setup(
        model_dir=str(expected.model_dir),
        encodings={language: str(path) for language, path in expected.encodings.items()},
        recipe=expected.recipe,
        mixture=expected.mixture,
        evaluate_on=expected.evaluate_on,
        seed=expected.seed,
        device="cpu",
        threads=1,
        checkpoint_minutes=10,
        code="1",
    )
    assert made == expected


def test_label_sets_that_differ_are_refused(tmp_path):
    setup = make_setup(tmp_path)
    assert trials.read_labels(setup.encodings) == NAMES
    path = setup.encodings[LANGUAGES[-1]] / "encoding.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"labels": NAMES[::-1]}))
    with pytest.raises(UserError, match="label sets of en and fr differ; prepare both again"):
        trials.Trials(setup)


def test_the_layout_is_the_models(kind, tmp_path):
    found = make_trials(tmp_path, kind).layout
    offset = 0 if kind == "bert" else 2
    assert (found.position_offset, found.max_length) == (offset, 64)
    assert (found.prefix, found.suffix) == (((2,), (3,)) if kind == "bert" else ((0,), (2,)))
