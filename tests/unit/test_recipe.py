"""Every key of a recipe changes what it says it changes: a training written out, step by step."""

import json
import runpy
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny_trials import (
    REPEATED,
    SIZES,
    fit,
    make_recipe,
    make_trials,
    recipe_keys,
    sentences_on_disk,
    subwords_of,
)
from torch.nn import functional

from polyheads import job
from polyheads.encoders import dropout, subwords
from polyheads.encoders.batches import pack
from polyheads.importance import gradient, gradient_batch, rankings
from polyheads.training import prediction, steps

SCRIPTS = Path(__file__).parents[2] / "workflow/scripts"
RATE = 1e-3  # of make_recipe
STEPS = 14  # of make_recipe: 26 sentences, batches of 4, 2 epochs
DECAY = [RATE * (STEPS - step) / STEPS for step in range(STEPS)]
CHECKS = {}


def check(key):
    def register(function):
        CHECKS[key] = function
        return function

    return register


@pytest.mark.parametrize("key", recipe_keys())
def test_key(key, tmp_path, monkeypatch):
    assert key in CHECKS, f"recipe key {key} has no test: write one here"
    CHECKS[key](tmp_path, monkeypatch)


def test_there_is_no_check_of_a_key_that_is_gone():
    assert set(CHECKS) == set(recipe_keys())


def in_file_order(runner, *, size=4, epochs=2):
    """Batches of a training: English, then German, in every epoch."""
    sentences = [s for corpus in runner.train_sets for s in corpus]
    return [sentences[i : i + size] for i in range(0, len(sentences), size)] * epochs


def by_hand(runner, batches, *, rates=DECAY, weight_decay=0.0, clip=1.0, dtype=None):
    """Weights after these batches with these learning rates."""
    model = runner.fresh_model().train()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=weight_decay, fused=True)
    dropout.install(model, seed=runner.setup.seed)
    for sentences, rate in zip(batches, rates, strict=True):
        batch = pack(sentences, runner.layout, runner.device)
        with torch.autocast("cpu", dtype=dtype) if dtype else nullcontext():
            logits = model(**batch.inputs).logits[0, batch.positions]
        loss = functional.cross_entropy(logits.float(), batch.labels)
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        norms = [torch.linalg.vector_norm(g) for g in gradients]
        norm = torch.linalg.vector_norm(torch.stack(norms))
        for part, gradient_ in zip(model.parameters(), gradients, strict=True):
            part.grad = gradient_ * min(1.0, clip / (norm + 1e-6))
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
    return model.state_dict()


def same(one, other):
    """Whether two trainings came to the same weights, but for the last bits."""
    return all(torch.allclose(one[name], other[name], atol=2e-5, rtol=1e-3) for name in one)


def trained(directory, **recipe):
    return fit(make_trials(directory, recipe=recipe))[0].state_dict()


def test_the_defaults_by_hand(tmp_path):
    runner = make_trials(tmp_path)
    expected = by_hand(runner, in_file_order(runner))
    assert same(trained(tmp_path), expected)
    assert not same(expected, runner.fresh_model().state_dict())


@check("epochs")
def _(tmp_path, _monkeypatch):
    runner = make_trials(tmp_path)
    rates = [RATE * (21 - step) / 21 for step in range(21)]
    expected = by_hand(runner, in_file_order(runner, epochs=3), rates=rates)
    assert same(trained(tmp_path, epochs=3), expected)
    _, record = fit(make_trials(tmp_path, recipe={"epochs": 3}))
    assert (record["epochs"], record["steps"]) == (3, 21)


@check("batch_size")
def _(tmp_path, _monkeypatch):
    runner = make_trials(tmp_path)
    rates = [RATE * (8 - step) / 8 for step in range(8)]
    expected = by_hand(runner, in_file_order(runner, size=7), rates=rates)
    assert same(trained(tmp_path, batch_size=7), expected)


@check("learning_rate")
def _(tmp_path, _monkeypatch):
    runner = make_trials(tmp_path)
    expected = by_hand(runner, in_file_order(runner), rates=[3 * rate for rate in DECAY])
    assert same(trained(tmp_path, learning_rate=3 * RATE), expected)


@check("warmup")
def _(tmp_path, _monkeypatch):
    runner = make_trials(tmp_path)
    # 14 steps: 0.3 of them, 4, rise; then linear decay over 10
    factors = [1 / 4, 2 / 4, 3 / 4, 1, *(left / 10 for left in range(10, 0, -1))]
    expected = by_hand(runner, in_file_order(runner), rates=[RATE * f for f in factors])
    found = trained(tmp_path, warmup=0.3)
    assert same(found, expected) and not same(found, by_hand(runner, in_file_order(runner)))


@check("weight_decay")
def _(tmp_path, _monkeypatch):
    runner = make_trials(tmp_path)
    expected = by_hand(runner, in_file_order(runner), weight_decay=0.7)
    found = trained(tmp_path, weight_decay=0.7)
    assert same(found, expected) and not same(found, by_hand(runner, in_file_order(runner)))


@check("clip")
def _(tmp_path, _monkeypatch):
    """Adam divides by the size of gradients: only a change of clipping from step to step shows."""
    runner = make_trials(tmp_path)
    expected = by_hand(runner, in_file_order(runner), clip=100.0)
    found = trained(tmp_path, clip=100.0)
    assert same(found, expected) and not same(found, by_hand(runner, in_file_order(runner)))


def seen(directory, monkeypatch, *, seed=3, **recipe):
    """Subwords of the sentences of each epoch, in the order they are trained on."""
    order = []

    def spy(sentences, *others):
        order.extend(subwords_of(sentences))
        return pack(sentences, *others)

    with monkeypatch.context() as patch:
        patch.setattr(steps, "pack", spy)
        fit(make_trials(directory, recipe=recipe, seed=seed))
    # An order that stays is packed once.
    assert len(order) == (2 * 26 if recipe.get("order") == "random" else 26)
    return order[:26], order[-26:]


@check("order")
def _(tmp_path, monkeypatch):
    files = [x for corpus in make_trials(tmp_path).train_sets for x in subwords_of(corpus)]
    assert seen(tmp_path, monkeypatch) == (files, files)
    first, second = seen(tmp_path, monkeypatch, order="random")
    assert sorted(first) == sorted(second) == sorted(files)
    assert first != files and second != files and first != second  # each epoch has its own
    german = [files.index(x) >= SIZES["train"] for x in first]
    assert any(german[: SIZES["train"]])  # the corpora are shuffled together
    assert seen(tmp_path, monkeypatch, order="random") == (first, second)
    assert seen(tmp_path, monkeypatch, order="random", seed=4)[0] != first


@check("mixing")
def _(tmp_path, monkeypatch):
    english, german = map(subwords_of, make_trials(tmp_path).train_sets)
    target_first, again = seen(tmp_path, monkeypatch, mixing="target-first")
    assert target_first == again == german + english
    interleaved, again = seen(tmp_path, monkeypatch, mixing="interleaved")
    assert interleaved == again
    assert interleaved == [x for pair in zip(english, german, strict=True) for x in pair]


@check("max_length")
def _(tmp_path, monkeypatch):
    longest = []

    def spy(sentences, layout, device):
        batch = pack(sentences, layout, device)
        longest.extend(grid.shape[1] for grid in batch.inputs["packing"].grids)
        return batch

    assert make_trials(tmp_path, recipe={"max_length": 400}).layout.max_length == 64
    runner = make_trials(tmp_path, recipe={"max_length": 9})
    with monkeypatch.context() as patch:
        patch.setattr(steps, "pack", spy)
        model, _ = fit(runner)
        assert max(longest) == 9
        longest.clear()
        patch.setattr(prediction, "pack", spy)
        rows = runner.evaluate(model, [], unmasked=False)
    assert max(longest) == 9
    for row in rows:  # windows of a sentence are put together again
        assert list(map(len, row.predicted)) == list(map(len, row.gold))


@check("leave_out_repeated")
def _(tmp_path, _monkeypatch):
    runner = make_trials(tmp_path, recipe={"leave_out_repeated": True})
    for language, corpus in zip(("en", "de"), runner.train_sets, strict=True):
        every = sentences_on_disk(runner, language, "train")
        assert subwords_of(corpus) == [x for i, x in enumerate(every) if i not in REPEATED]
    rows = runner.evaluate(runner.fresh_model(), [], unmasked=False)
    assert [len(row.gold) for row in rows] == [SIZES["dev"]] * 2 + [SIZES["test"]] * 2
    assert [len(corpus) for corpus in make_trials(tmp_path).train_sets] == [SIZES["train"]] * 2


def limited(directory, split, **recipe):
    """Which sentences of the file are read of a split, of the first and the last language."""
    runner = make_trials(directory, recipe=recipe)
    if split == "train":
        read = dict(zip(("en", "de"), map(subwords_of, runner.train_sets), strict=True))
        every = {language: sentences_on_disk(runner, language, split) for language in read}
        return [[every[language].index(x) for x in read[language]] for language in read]
    rows = runner.evaluate(runner.fresh_model(), [], unmasked=False)
    found = []
    for row in rows:
        if row.split == split:
            parts = subwords.read_split(runner.setup.encodings[row.language], split)
            every = [s.labels.tolist() for s in parts]
            found.append([every.index(x.tolist()) for x in row.gold])
    return found


def check_limit(split):
    def limit(tmp_path, _monkeypatch):
        for other in ("train", "dev", "test"):
            count = 5 if other == split else SIZES[other]
            assert list(map(len, limited(tmp_path, other, **{f"{split}_sentences": 5}))) == [
                count,
                count,
            ]
        assert limited(tmp_path, split, **{f"{split}_sentences": 5}) == [[0, 1, 2, 3, 4]] * 2

    return limit


for part in ("train", "dev", "test"):
    CHECKS[f"{part}_sentences"] = check_limit(part)


@check("subset")
def _(tmp_path, _monkeypatch):
    spaced = {"subset": "spaced"}
    assert limited(tmp_path, "train", train_sentences=4, **spaced) == [[0, 3, 6, 9]] * 2
    assert limited(tmp_path, "dev", dev_sentences=3, **spaced) == [[0, 3, 6]] * 2
    assert limited(tmp_path, "test", test_sentences=3, **spaced) == [[0, 3, 6]] * 2
    raw, content = scored(tmp_path, ranking_sentences=3, **spaced)
    assert_scores(raw, scores_by_hand(tmp_path, "dev", [0, 3, 6]))
    assert content["sentences"] == 3


@check("precision")
def _(tmp_path, _monkeypatch):
    runner = make_trials(tmp_path, recipe={"precision": "bfloat16"})
    batches = in_file_order(runner)
    expected = by_hand(runner, batches, dtype=torch.bfloat16)
    found = trained(tmp_path, precision="bfloat16")
    assert same(found, expected) and not same(found, by_hand(runner, batches))
    assert same(trained(tmp_path, precision="float32"), trained(tmp_path, precision="auto"))
    for precision, dtype in (("bfloat16", torch.bfloat16), ("float32", torch.float32)):
        runner = make_trials(tmp_path, recipe={"precision": precision})
        model, kinds = runner.fresh_model(), set()
        model.classifier.register_forward_hook(lambda m, i, out, kinds=kinds: kinds.add(out.dtype))
        runner.evaluate(model, [], unmasked=False)
        assert kinds == {dtype}


def script(name, **job_of_rule):
    """Run a rule's script in this process, its output left alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "job", lambda *_: nullcontext())
        rule = SimpleNamespace(log=["log"], **job_of_rule)
        runpy.run_path(str(SCRIPTS / name), init_globals={"snakemake": rule})


def scored(directory, kind="gradient", **recipe):
    """Raw scores of the English heads of the model that `fresh_model` gives, and the file."""
    runner = make_trials(directory, mixture=("en",), evaluate_on=(), recipe=recipe)
    runner.save_weights(runner.fresh_model(), directory / "weights.safetensors")
    kept = ("checkpoint_minutes", "code")
    plan = {key: value for key, value in vars(runner.setup).items() if key not in kept}
    params = SimpleNamespace(
        scorer=f"polyheads.importance.{kind.replace('-', '_')}",
        training=plan,
        text="en",
        trial={"mixture": ("en",), "model": "tiny", "corpus": "ud", "recipe": "quick"},
        code="1",
    )
    script(
        "score_heads.py",
        params=params,
        config={"checkpoint_minutes": 10},
        input=SimpleNamespace(weights=str(directory / "weights.safetensors")),
        output=[str(directory / "scores.json")],
        wildcards=SimpleNamespace(language="en", kind=kind),
    )
    content = json.loads((directory / "scores.json").read_text())
    return np.array(content["raw"]), content


def scores_by_hand(directory, split, chosen=None, *, score=gradient.score, size=4):
    runner = make_trials(directory)
    sentences = subwords.read_split(runner.setup.encodings["en"], split)
    return score(
        runner.fresh_model(),
        [sentences[i] for i in (range(len(sentences)) if chosen is None else chosen)],
        layout=runner.layout,
        shape=(3, 4),
        batch_size=size,
        device=torch.device("cpu"),
    )


def assert_scores(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def differ(one, other):
    return np.abs(one / other - 1).max() > 0.01


@check("ranking_split")
def _(tmp_path, _monkeypatch):
    dev, test = (scores_by_hand(tmp_path, split) for split in ("dev", "test"))
    assert differ(dev, test)
    for split, expected in (("dev", dev), ("test", test)):
        raw, content = scored(tmp_path, ranking_split=split)
        assert_scores(raw, expected)
        assert (content["split"], content["sentences"]) == (split, SIZES[split])


@check("ranking_sentences")
def _(tmp_path, _monkeypatch):
    raw, content = scored(tmp_path, ranking_sentences=4)
    assert_scores(raw, scores_by_hand(tmp_path, "dev", range(4)))
    assert content["sentences"] == 4
    raw, _ = scored(tmp_path, ranking_sentences=4, ranking_split="test")
    assert_scores(raw, scores_by_hand(tmp_path, "test", range(4)))


@check("ranking_batch_size")
def _(tmp_path, _monkeypatch):
    of = {"score": gradient_batch.score}
    three, four = (scores_by_hand(tmp_path, "dev", size=size, **of) for size in (3, 4))
    assert differ(three, four)
    raw, content = scored(tmp_path, "gradient-batch", ranking_batch_size=3)
    assert_scores(raw, three)
    assert content["batch_size"] == 3
    raw, content = scored(tmp_path, "gradient-batch")  # null: batch_size
    assert_scores(raw, four)
    assert content["batch_size"] == 4


@check("normalisation")
def _(tmp_path, _monkeypatch):
    raw = [[3.0, 4.0], [30.0, 10.0]]
    divided = {"l2": [[0.6, 0.8], None], "sum": [[3 / 7, 4 / 7], [0.75, 0.25]], "none": raw}
    divided["l2"][1] = [30 / 1000**0.5, 10 / 1000**0.5]
    lowest = {
        "l2": [[1, 1], [0, 0], [0, 1], [1, 0]],
        "sum": [[1, 1], [0, 0], [0, 1], [1, 0]],
        "none": [[0, 0], [0, 1], [1, 1], [1, 0]],
    }
    scores = {"raw": raw, "task": "pos", "split": "dev", "sentences": 9}
    name = {"language": "en", "seed": None, "reversed": False, "method": None}
    for how, expected in divided.items():
        ranking, about = rankings.rank(
            **name, model={"layers": 2, "heads": 2}, scores=[scores], normalisation=how
        )
        assert ranking.order == lowest[how] and about["normalisation"] == how
        assert ranking.order_unnormalised == lowest["none"]
        found = ranking.normalised
        low, high = np.min(expected), np.max(expected)
        np.testing.assert_allclose(found, (np.array(expected) - low) / (high - low))


def test_a_recipe_of_these_tests_has_all_keys():
    assert set(make_recipe()) == set(recipe_keys())
