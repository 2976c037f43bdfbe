"""Order all heads, lowest first: from scores, at random, or a ranking from its other end."""

import json
from pathlib import Path

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads.importance import rankings

    p, given = snakemake.params, snakemake.input
    scores = [json.loads(Path(path).read_text()) for path in given.get("scores", [])]
    # What the name says comes from the rule: a new ranking method changes no code here.
    ranking, scored_on = rankings.rank(
        **{key: p.name[key] for key in ("language", "seed", "reversed", "method")},
        model=json.loads(Path(given.model).read_text()),
        scores=scores,
        normalisation=p.normalisation,
    )
    about = {
        "ranking": snakemake.wildcards.ranking,
        "kind": p.name["kind"],
        "reversed": p.name["reversed"],
        **{key: snakemake.wildcards[key] for key in ("model", "corpus", "recipe")},
        "seed": int(snakemake.wildcards.seed),
        "made_of": {
            "code": p.code,
            "normalisation": p.normalisation,
            "scores": [part["made_of"] for part in scores],
        },
        **scored_on,
    }
    out = snakemake.output
    rankings.write(Path(out.ranking), Path(out.scores), ranking, about)
