# Baselines (k = 0), the scores of their heads, rankings.


rule baseline:
    input:
        model=model_files,
        encodings=training_inputs(),
    output:
        scores=TRAINING + "/unpruned/k-00.json",
        predictions=TRAINING + "/unpruned/k-00.parquet",
        weights=temp(TRAINING + "/unpruned/weights.safetensors"),
    params:
        **training_params(),
        code=code("baseline.py"),
    threads: STUDY["threads_per_training"]
    resources:
        gpu=gpus(),
    log:
        RESULTS + "/logs/baseline/{model}/{corpus}/{recipe}/{mixture}/seed-{seed}.log",
    benchmark:
        RESULTS + "/benchmarks/baseline/{model}/{corpus}/{recipe}/{mixture}/seed-{seed}.tsv"
    conda:
        ENVIRONMENT
    script:
        "../scripts/baseline.py"


rule score_heads:
    input:
        model=model_files,
        encodings=training_inputs(scored_training),
        # The weights are gone once they have been scored. All that they are made of stands
        # among the inputs and parameters here, so making them again need not score again.
        weights=ancient(
            lambda wc: f"{scored_training(wc).path}/unpruned/weights.safetensors"
        ),
    output:
        RESULTS + "/scores/{model}/{corpus}/{recipe}/seed-{seed}/{kind}-{language}.json",
    wildcard_constraints:
        kind=any_of(rankings.SCORED),
    params:
        **training_params(scored_training, scoring=True),
        code=code("score_heads.py"),
    threads: STUDY["threads_per_training"]
    resources:
        gpu=gpus(),
    log:
        RESULTS + "/logs/score_heads/{model}/{corpus}/{recipe}/seed-{seed}/{kind}-{language}.log",
    benchmark:
        RESULTS + "/benchmarks/score_heads/{model}/{corpus}/{recipe}/seed-{seed}/{kind}-{language}.tsv"
    conda:
        ENVIRONMENT
    script:
        "../scripts/score_heads.py"


def ranking_inputs(wildcards):
    """The scores that a ranking orders; random ones need the model's size only."""
    name = rankings.parse(wildcards.ranking)
    found = {"model": f"{RESULTS}/models/{wildcards.model}/model.json"}
    if name.language:
        directory = RANKING.replace("/rankings/", "/scores/").format(**wildcards)
        found["scores"] = f"{directory}/{name.kind}-{name.language}.json"
    return found


rule rank_heads:
    input:
        unpack(ranking_inputs),
    output:
        ranking=RANKING + "/{ranking}/ranking.json",
        scores=RANKING + "/{ranking}/scores.csv",
    params:
        normalisation=lambda wc: PLAN.recipes[wc.recipe]["normalisation"],
        code=code("rank_heads.py"),
    log:
        RESULTS + "/logs/rank_heads/{model}/{corpus}/{recipe}/seed-{seed}/{ranking}.log",
    benchmark:
        RESULTS + "/benchmarks/rank_heads/{model}/{corpus}/{recipe}/seed-{seed}/{ranking}.tsv"
    conda:
        ENVIRONMENT
    script:
        "../scripts/rank_heads.py"
