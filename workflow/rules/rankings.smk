# Baselines (k = 0), the scores of their heads, rankings.


rule baseline:
    input:
        unpack(trial_inputs),
    output:
        scores=f"{TRAINING}/unpruned/k-00.json",
        predictions=f"{TRAINING}/unpruned/k-00.parquet",
        weights=temp(f"{TRAINING}/unpruned/weights.safetensors"),
    log:
        f"results/logs/baseline/{POINT}.log",
    benchmark:
        f"results/benchmarks/baseline/{POINT}.tsv"
    conda:
        ENVIRONMENT
    threads: STUDY["threads_per_training"]
    resources:
        gpu=gpus(),
    params:
        **training_params(),
        code=code("baseline.py"),
    script:
        "../scripts/baseline.py"


rule score_heads:
    input:
        unpack(trial_inputs),
        # The weights are gone once they have been scored. All that they are made of stands
        # among the inputs and parameters here, so making them again need not score again.
        weights=ancient(weights_of),
    output:
        "results/scores/{model}/{corpus}/{recipe}/seed-{seed}/{kind}-{language}.json",
    log:
        "results/logs/score_heads/{model}/{corpus}/{recipe}/seed-{seed}/{kind}-{language}.log",
    benchmark:
        "results/benchmarks/score_heads/{model}/{corpus}/{recipe}/seed-{seed}/{kind}-{language}.tsv"
    wildcard_constraints:
        kind=any_of(rankings.SCORED),
    conda:
        ENVIRONMENT
    threads: STUDY["threads_per_training"]
    resources:
        gpu=gpus(),
    params:
        **training_params(scoring=True),
        code=code("score_heads.py"),
    script:
        "../scripts/score_heads.py"


rule rank_heads:
    input:
        unpack(lambda wc: stages.ranking_inputs(training_of(wc), wc.ranking)),
    output:
        ranking=f"{RANKING}/ranking.json",
        scores=f"{RANKING}/scores.csv",
    log:
        "results/logs/rank_heads/{model}/{corpus}/{recipe}/seed-{seed}/{ranking}.log",
    benchmark:
        "results/benchmarks/rank_heads/{model}/{corpus}/{recipe}/seed-{seed}/{ranking}.tsv"
    conda:
        ENVIRONMENT
    params:
        normalisation=lambda wc: PLAN.recipes[wc.recipe]["normalisation"],
        code=code("rank_heads.py"),
    script:
        "../scripts/rank_heads.py"
