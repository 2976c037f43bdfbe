"""The benchmark measures what it says: peers compute the same, and all parts run on tiny models."""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import __main__ as command
from benchmarks import machine, operations, ours, padded, records, tables, trainer, turns
from benchmarks.options import Case, Options
from benchmarks.parts import growth, masking, paper, planning, roofline, scoring, sweep, training
from benchmarks.records import Result, Row, Time
from polyheads.encoders.batches import pack
from polyheads.encoders.forward import word_logits
from polyheads.importance import gradient

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TINY = Case("tiny", 4)


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    directory = tmp_path_factory.mktemp("material")
    few = {"turns": 1, "steps": 2, "sentences": 9, "largest_k": 2}
    return Options(directory=directory, out=directory / "out", cases=[TINY], **few)


@pytest.fixture(scope="module")
def runner(options):
    return options.material("tiny").runner(
        batch_size=4, train_sentences=8, dev_sentences=9, test_sentences=5
    )


def result(rows, **changes):
    known = machine.facts(device="cpu", threads=1)
    parts = {"part": "training", "command": "python", "arguments": {}, "machine": known}
    parts |= {"load": {"before": 0.1, "after": 0.2}, "started": "2026-01-02T03:04:05+00:00"}
    return Result(**{**parts, "seconds": 61.0, "notes": "A note.\n", "rows": rows, **changes})


ROWS = [
    Row(
        "mbert",
        "a step",
        "ours",
        [Time(1.0, 0.5), Time(3.0, 0.5), Time(2.0, 0.6)],
        {"tokens": 4096},
    ),
    Row("mbert", "a step", "Trainer", [Time(5.0, 2.0)], {"tokens": 4096}),
    Row("xlmr", "a step", "ours", [Time(0.01234, 0.01)], {"tokens": 7}),
    Row("all", "at most", "here", (), {"GB/s": 9.5}),
]


def test_a_table_has_medians_and_ratios_within_a_group():
    lines = [line for line in tables.markdown(result(ROWS)).splitlines() if line.startswith("|")]
    assert lines[2:5] == [
        "| mbert | a step | ours | 2.00 | 1.00 to 3.00 | 3 | 1.00 | 0.500 | 1.00 | 4,096 |",
        "|  |  | Trainer | 5.00 |  | 1 | 2.50 | 2.00 | 4.00 | 4,096 |",
        "| xlmr | a step | ours | 0.012 |  | 1 | 1.00 | 0.010 | 1.00 | 7 |",
    ]
    assert lines[5].startswith("|  |  |  | GB/s |")
    assert lines[7] == "| all | at most | here | 9.5 |"


def test_a_table_says_what_it_was_made_on():
    text = tables.markdown(result(ROWS))
    known = machine.facts(device="cpu", threads=1)
    for part in (known["processor"], known["torch"], known["commit"], "1 thread of", "2026-01-02"):
        assert str(part) in text
    assert text.startswith("    python\n") and "A note." in text


def test_json_gives_the_same_rows_again(tmp_path):
    before = result(ROWS)
    records.write(before, tmp_path / "out" / "training.json")
    after = records.read(tmp_path / "out" / "training.json")
    assert tables.markdown(after) == tables.markdown(before)
    assert asdict(after)["rows"][0]["times"] == [(1.0, 0.5), (3.0, 0.5), (2.0, 0.6)]


def test_places_are_filled_and_filled_again(tmp_path):
    records.write(result(ROWS), tmp_path / "cpu" / "training.json")
    text = "Before\n<!-- benchmark cpu/training -->\nold\n<!-- end -->\nbetween\n"
    text += "<!-- benchmark cpu/sweep -->\n<!-- end -->\nafter\n"
    filled = tables.fill(text, tmp_path)
    assert "old" not in filled and "| mbert | a step |" in filled
    assert "between\n<!-- benchmark cpu/sweep -->\nNot measured yet.\n" in filled
    assert tables.fill(filled, tmp_path) == filled and "![" not in filled
    (tmp_path / "cpu/training.svg").touch()
    shown = tables.fill(filled, tmp_path)
    assert f"]({tmp_path.name}/cpu/training.svg)\n\n    " in shown
    assert tables.fill(shown, tmp_path) == shown


def test_the_page_has_what_the_files_give():
    page = ROOT / "docs/speed.md"
    assert tables.fill(page.read_text(), ROOT / "docs/speed") == page.read_text()


def test_the_machine_is_named():
    known = machine.facts(device="cpu", threads=3)
    assert known["threads"] == 3 and known["cores"] >= 1 and known["memory_gb"] >= 1
    assert known["torch"] == torch.__version__
    assert known["processor"] and set(known["flags"]) <= set(machine.FLAGS)


def test_kept_arguments_name_no_place_outside(monkeypatch):
    given = command.parser().parse_args(
        ["training", "--installed", "e5-small=/home/me/secret/results/models/e5", "--turns", "2"]
    )
    kept = {name: command._shown(value) for name, value in vars(given).items()}
    assert kept["installed"] == ["e5-small=DIR/models/e5"] and kept["turns"] == 2
    assert command._shown("results/models/e5") == "results/models/e5"


def test_variants_take_turns():
    order = []

    def measure(name):
        order.append(name)
        return [Time(len(order), 0)]

    found = turns.take_turns({name: partial(measure, name) for name in "abc"}, turns=3, once={"b"})
    assert order == ["a", "b", "c", "c", "a", "c", "a"]
    assert [time.wall for time in found["a"]] == [1, 5, 7] and len(found["b"]) == 1


def test_steps_are_timed_but_the_first(runner):
    assert len(turns.steps(partial(ours.fit, runner, []), "cpu")) == 1
    with pytest.raises(ValueError, match="two steps"):
        turns.steps(lambda: None, "cpu")


def test_scores_one_at_a_time_are_ours(runner):
    model, sentences = runner.fresh_model(), trainer.sentences(runner, "dev")
    how = {"layout": runner.layout, "shape": runner.shape, "device": runner.device}
    mine = gradient.score(model, sentences, batch_size=4, **how)
    for frozen in (True, False):
        single = padded.score(model, sentences, size=1, frozen=frozen, **how)
        assert np.allclose(single, mine, rtol=1e-3, atol=1e-9)
    together = padded.score(model, sentences, size=4, frozen=True, **how)
    assert not np.allclose(together, mine, rtol=1e-2)


def test_masked_passes_give_our_labels(runner):
    model, lowest = runner.fresh_model(), ours.random_order(runner)
    sentences = trainer.sentences(runner, "dev") + trainer.sentences(runner, "test")
    how = {"layout": runner.layout, "shape": runner.shape, "device": runner.device}
    found = padded.mask(model, sentences, lowest, [0, 3], size=4, **how)
    for k, labels in zip([0, 3], found, strict=True):
        mine = [
            x for row in runner.evaluate(model, lowest[:k], unmasked=False) for x in row.predicted
        ]
        assert all(np.array_equal(a, b) for a, b in zip(labels, mine, strict=True))


def test_the_trainer_sees_the_same_batches(runner):
    pytest.importorskip("accelerate")
    trained = trainer.fit(runner)
    assert trained.state.global_step == 2
    batch = next(iter(trained.get_train_dataloader()))
    first = runner.train_sets[0][:4]
    assert int((batch["labels"] != padded.IGNORED).sum()) == sum(len(s.labels) for s in first)
    row, sentence = batch["input_ids"][0], first[0]
    assert row[1 : len(sentence.subwords) + 1].tolist() == sentence.subwords.tolist()
    words = batch["labels"][0][sentence.starts.astype(np.int64) + 1]
    assert words.tolist() == sentence.labels.tolist()
    assert (
        len(
            trainer.fit(runner, padded_to=256).data_collator([{"input_ids": [1], "labels": [1]}])[
                "input_ids"
            ][0]
        )
        == 256
    )


def test_operations_of_a_step_are_those_that_pytorch_counts(runner):
    sentences = runner.train_sets[0][:4]
    batch = pack(sentences, runner.layout, runner.device)
    model = runner.fresh_model().eval()
    with FlopCounterMode(display=False) as counter:
        word_logits(model, batch, None).sum().backward()
    counts = counter.get_flop_counts()["Global"]
    linear = sum(n for name, n in counts.items() if "mm" in str(name) and "bmm" not in str(name))
    config = model.config
    step = operations.of_step(
        lengths=[len(s.subwords) + 2 for s in sentences],
        layers=config.num_hidden_layers,
        hidden=config.hidden_size,
        intermediate=config.intermediate_size,
        labels=len(runner.labels),
        rows=100,
    )
    assert step.products == pytest.approx(linear, rel=0.01)


def test_every_part_runs(options, tmp_path, monkeypatch):
    pytest.importorskip("accelerate")
    monkeypatch.setattr(
        operations, "measure", lambda device: operations.Peaks(1e9, 2e9, 1e9)
    )  # which takes seconds
    for part in (roofline, training, sweep, scoring, masking):
        rows = part.measure(options)
        assert {row.case for row in rows} <= {str(TINY), "this machine"}
        assert tables.markdown(result(rows, notes=part.NOTES)).count("\n| ") >= 2


def test_growth_is_measured_and_drawn(options, tmp_path, monkeypatch):
    pytest.importorskip("accelerate")
    monkeypatch.setattr(growth, "in_own_process", lambda function, *words: function(*words))
    monkeypatch.setattr(growth, "BATCHES", (2, 4))
    monkeypatch.setattr(growth, "TRIALS", (1, 2))
    monkeypatch.setattr(growth, "HEADS", (2, 4))
    rows = growth.measure(options)
    assert [row.facts["heads"] for row in rows if row.variant == "leave-one-out"] == [4, 8]
    assert all(row.facts["memory MB"] > 100 for row in rows)
    growth.curves(rows, tmp_path / "growth.svg")
    assert (tmp_path / "growth.svg").read_text().count("<svg") == 1


def test_a_process_of_its_own_has_its_own_memory():
    used = np.ones(60_000_000)  # 480 MB, which are not the other's
    assert turns.in_own_process(turns.peak_memory) < used.nbytes / 2**20 + 300


def test_the_start_of_a_job_is_a_process():
    assert "from polyheads.training import together, trials" in planning.imports("trials.py")
    planning.start("import polyheads.errors")


def test_hours_of_the_published_study(options):
    facts = {"trained": 100, "predicted": 14}
    rows = [
        Row(f"{shape}, batch 16", "a sweep of 13 trials", "ours", [Time(13.0, 13.0)], facts)
        for shape in ("mbert", "xlmr-base")
    ]
    records.write(result(rows), options.out / "sweep.json")
    found = paper.measure(options)
    each = {row.case: row.facts["hours"] for row in found}
    passes = sum(float(row.facts["sentences x epochs"]) for row in found[:2])
    assert each["both"] == pytest.approx(passes / 100 / 3600, rel=1e-3)  # 100 a second
    assert sum(int(row.facts["trainings"]) for row in found[:2]) > 4000


def test_drawn_sentences_have_the_kept_lengths():
    from benchmarks import lengths

    kept = json.loads(lengths.KEPT.read_text())["lengths"]["dev"]
    drawn = lengths.draw("dev")
    assert [[len(s.subwords), len(s.starts)] for s in drawn] == kept
    assert all(s.starts[0] == 0 and (np.diff(s.starts) > 0).all() for s in drawn)
