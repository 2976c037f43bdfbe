"""Order all heads, lowest first: from scores, at random, or a ranking from its other end."""

import json
from pathlib import Path

from polyheads.job import job

with job(snakemake):
    import numpy as np

    from polyheads.importance import orders
    from polyheads.importance.orders import normalise, order

    # What the name says comes from the rule: a new kind of ranking changes no code here.
    name, how = snakemake.params.name, snakemake.params.normalisation
    out = Path(snakemake.output.ranking)
    model = json.loads(Path(snakemake.input.model).read_text())
    content = {"ranking": snakemake.wildcards.ranking}
    content |= {"kind": name["kind"], "reversed": name["reversed"]}
    content |= {key: getattr(snakemake.wildcards, key) for key in ("model", "corpus", "recipe")}
    content["seed"] = int(snakemake.wildcards.seed)
    content["made_of"] = {"code": snakemake.params.code, "normalisation": how, "scores": []}
    missing = model.get("missing_heads", [])
    if name["kind"] == "random":
        drawn = orders.random_order(model["layers"], model["heads"], name["seed"])
        lowest = raw_lowest = [head for head in drawn if head not in missing]
        raw = normalised = np.full((model["layers"], model["heads"]), np.nan)
        content |= {"language": None, "split": None, "sentences": 0, "normalisation": None}
    else:
        read = [json.loads(Path(path).read_text()) for path in snakemake.input.scores]
        content["made_of"]["scores"] = [part["made_of"] for part in read]
        scores = read[0] | {"language": name["language"]}
        parts = [orders.without(part["raw"], missing) for part in read]
        raw = parts[0]
        normalised = normalise(raw, how)
        if name["method"]:
            raw = orders.together(parts, name["method"])
            divided = [normalise(part, how) for part in parts]
            normalised = normalise(orders.together(divided, name["method"]), "none")
            scores["sentences"] = sum(part["sentences"] for part in read)
        lowest, raw_lowest = order(normalised), order(raw)
        content |= {key: scores[key] for key in ("task", "language", "split", "sentences")}
        content["normalisation"] = how
    if name["reversed"]:
        lowest, raw_lowest = lowest[::-1], raw_lowest[::-1]
    orders.write(out, {**content, "order": lowest, "order_unnormalised": raw_lowest})
    orders.write_scores(
        Path(snakemake.output.scores),
        raw=raw,
        normalised=normalised,
        order=lowest,
        order_raw=raw_lowest,
    )
