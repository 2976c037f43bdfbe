"""Score every head of a fine-tuned model on the dev (or test) set, as the kind of ranking says."""

import json
from importlib import import_module
from pathlib import Path

from polyheads.job import job

with job(snakemake):
    from polyheads import origins
    from polyheads.encoders import subwords
    from polyheads.files import writing
    from polyheads.training import trials

    p = snakemake.params
    score = import_module(p.scorer).score
    runner = trials.Trials(trials.setup(snakemake))
    model = runner.load_model(Path(snakemake.input.weights))
    language = snakemake.wildcards.language
    sentences = subwords.read_split(
        runner.setup.encodings[language],
        p.recipe["ranking_split"],
        p.recipe["ranking_sentences"],
        subset=p.recipe["subset"],
    )
    batch_size = p.recipe.get("ranking_batch_size") or p.recipe["batch_size"]
    raw = score(
        model,
        sentences,
        layout=runner.layout,
        shape=runner.shape,
        batch_size=batch_size,
        device=runner.device,
    )
    content = {
        "kind": snakemake.wildcards.kind,
        **{key: p.trial[key] for key in ("model", "corpus", "recipe")},
        "task": runner.task,
        "language": language,
        "seed": runner.setup.seed,
        "split": p.recipe["ranking_split"],
        "sentences": len(sentences),
        "batch_size": batch_size,
        "made_of": runner.origins(origins.splits_scored(language, p.recipe)),
        "raw": raw.tolist(),
    }
    with writing(Path(snakemake.output[0])) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n")
