"""A made-up study: sweeps as the plan gives them and the trial files that they name."""

import json
import random
from pathlib import Path

from polyheads.provenance import module_hash

METRICS = {
    "pos": ("accuracy", "macro_f1", "f1_runs_as_published"),
    "ner": ("f1_strict", "precision_strict", "recall_strict", "f1_lenient"),
    "classification": ("accuracy", "macro_f1"),
}


def score(model: str, language: str, split: str, mixture: list[str], k: int, seed: int) -> float:
    """Some number in percent that differs for everything, by a fixed rule."""
    text = f"{model} {language} {split} {'+'.join(mixture)} {k} {seed}"
    noise = sum(ord(letter) * (i + 3) ** 2 for i, letter in enumerate(text)) % 401 / 100
    return (88.0 if language in mixture else 60.0) + noise


def sweep(directory: Path, **changed) -> dict:
    """One sweep, cross-lingual en to de with k = 0..3 where nothing else is asked for."""
    made = {
        **{"experiment": "pos", "task": "pos", "corpus": "ud-2.7", "model": "mbert"},
        **{"recipe": "small", "source": "en", "target": "de", "setting": "cross-lingual"},
        **{"ranking": "gradient-en", "protocol": "prune", "seed": 42, "ks": (0, 1, 2, 3)},
        **{"role": "main", "of_seed": None, "heads": "pruned"},
    } | changed
    source = made["source"].split("+")
    multi = made["setting"] in ("multi-lingual", "low-resource")
    made.setdefault("mixture", (*source, made["target"]) if multi else tuple(source))
    made.setdefault("dev", (made["target"],) if multi else tuple(source))
    made.setdefault("metric", METRICS[made["task"]][0])
    root = directory / made["model"] / made["corpus"] / "+".join(made["mixture"])
    root = root / f"seed-{made['seed']}"
    branches = ["unpruned" if k == 0 else f"prune-{made['ranking']}" for k in made["ks"]]
    names = [f"k-{k:02}.json" for k in made["ks"]]
    paths = [str(root / b / n) for b, n in zip(branches, names, strict=True)]
    return {**made, "trials": tuple(paths)}


def write_trial(path: str, task: str, scores: list[dict], pruned: list[list[int]]) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    about = {"trial": {"task": task}, "metrics_code": module_hash("polyheads.catalogue.metrics")}
    Path(path).write_text(json.dumps({**about, "pruned_heads": pruned, "scores": scores}))


def write_sweep(made: dict, values: dict[tuple[str, str], list[float]]) -> None:
    """Trials with the given scores: (split, language) -> one per k, for every metric."""
    for i, (k, path) in enumerate(zip(made["ks"], made["trials"], strict=True)):
        scores = []
        for (split, language), numbers in values.items():
            metrics = dict.fromkeys(METRICS[made["task"]], numbers[i])
            row = {"language": language, "split": split, "heads": "pruned", "metrics": metrics}
            scores.append(row)
            if k and split == "test":
                metrics = {name: value - 5 for name, value in metrics.items()}
                scores.append(row | {"heads": "all", "metrics": metrics})
        write_trial(path, made["task"], scores, [[0, h] for h in range(k)])


def study(directory: Path, *, models=("mbert", "tiny"), targets=("de", "zh"), seeds=(42,)):
    """Sweeps of two settings with all their trials on disk."""
    sweeps = []
    for model in models:
        for setting in ("cross-lingual", "multi-lingual"):
            for target in targets:
                for seed in seeds:
                    different = {"setting": setting, "target": target, "seed": seed}
                    sweeps.append(sweep(directory, model=model, **different))
    for made in sweeps:
        mixture = list(made["mixture"])
        tested = targets if made["setting"] == "cross-lingual" else (made["target"],)
        places = [("dev", code) for code in mixture] + [("test", code) for code in tested]
        values = {
            (split, code): [
                score(made["model"], code, split, mixture, k, made["seed"]) for k in made["ks"]
            ]
            for split, code in places
        }
        write_sweep(made, values)
    return sweeps


LABELS = {
    "pos": ["ADJ", "NOUN", "OTHER", "SCONJ", "VERB"],
    "ner": ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"],
    "classification": ["sports", "politics", "health"],
}


def predictions(task: str, right: float, *, sentences: int = 40, seed: int = 0, gold_seed: int = 0):
    """Gold and predicted label ids per sentence; `right`: share of words left as they are."""
    truth, chance = random.Random(gold_seed), random.Random(seed)
    ids = range(len(LABELS[task]))
    longest = 1 if task == "classification" else 12
    gold = [truth.choices(ids, k=truth.randint(1, longest)) for _ in range(sentences)]
    changed = [[i if chance.random() < right else chance.choice(ids) for i in s] for s in gold]
    return gold, changed


def write_predicted_trial(path: str, made: dict, pairs: dict, *, labels=None) -> None:
    """A trial's JSON and Parquet: (split, language) -> (gold, predicted), as a trial keeps them."""
    from polyheads.catalogue import metrics
    from polyheads.training import prediction

    labels = labels or LABELS[made["task"]]
    rows, scores = [], []
    for (split, language), (gold, predicted) in pairs.items():
        row = {"language": language, "split": split, "heads": "pruned"}
        rows.append(prediction.Predictions(language, split, "pruned", gold, predicted))
        tags = [[[labels[i] for i in s] for s in side] for side in (gold, predicted)]
        scores.append({**row, "metrics": metrics.metrics(made["task"], *tags)})
    write_trial(path, made["task"], scores, [])
    prediction.save(Path(path).with_suffix(".parquet"), rows, labels)


def predicted_sweep(directory: Path, right: dict[int, float], **changed) -> dict:
    """A sweep with kept predictions; k -> share of words that are right anyway, on dev and test."""
    made = sweep(directory, ks=tuple(right), **changed)
    places = [*(("dev", code) for code in made["dev"]), ("test", made["target"])]
    for i, (k, path) in enumerate(zip(made["ks"], made["trials"], strict=True)):
        pairs = {
            place: predictions(made["task"], right[k], seed=100 * made["seed"] + 10 * i + j)
            for j, place in enumerate(places)
        }
        write_predicted_trial(path, made, pairs)
    return made
