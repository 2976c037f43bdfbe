# Baselines, the scores of their heads, rankings.


# A fine-tuned model of all heads. `purpose` says who reads the weights, after which they are
# deleted: a kind of ranking, or `mask`. Each reader has a baseline of its own, because weights
# that are made again for one would make all others (and so all their trials) run again.
rule baseline:
    input:
        unpack(training_inputs),
    output:
        temp(f"results/baselines/{POINT}/{{purpose}}.safetensors"),
    log:
        f"results/logs/baseline/{POINT}/{{purpose}}.log",
    benchmark:
        f"results/benchmarks/baseline/{POINT}/{{purpose}}.tsv"
    wildcard_constraints:
        purpose=f"({any_of(KINDS)}){ON_TEXT}|mask",
    conda:
        ENVIRONMENT
    threads: STUDY["threads_per_training"]
    resources:
        gpu=GPUS,
    params:
        training=training_setup(tested=False),
        # The model is tried out on what reads it; `mask` scores nothing.
        scorer=lambda wc: (
            None if wc.purpose == "mask" else scorer(rankings.kind_of_reader(wc.purpose))
        ),
        code=code("baseline.py"),
    script:
        "../scripts/baseline.py"


rule score_heads:
    input:
        unpack(training_inputs),
        weights="results/baselines/{model}/{corpus}/{recipe}/{language}/seed-{seed}/{kind}{on}.safetensors",
    output:
        "results/scores/{model}/{corpus}/{recipe}/seed-{seed}/{kind}-{language}{on}.json",
    log:
        "results/logs/score_heads/{model}/{corpus}/{recipe}/seed-{seed}/{kind}-{language}{on}.log",
    benchmark:
        "results/benchmarks/score_heads/{model}/{corpus}/{recipe}/seed-{seed}/{kind}-{language}{on}.tsv"
    wildcard_constraints:
        kind=any_of(KINDS),
        on=ON_TEXT,
    conda:
        ENVIRONMENT
    threads: STUDY["threads_per_training"]
    resources:
        gpu=GPUS,
    params:
        training=training_setup(
            tested=False, recipe=lambda wc: PLAN.scoring_recipe(wc.recipe, wc.kind)
        ),
        trial=point,
        scorer=lambda wc: scorer(wc.kind),
        text=lambda wc: rankings.text_of(wc.language + wc.on),
        code=lambda wc: code("score_heads.py", scorer(wc.kind)),
    script:
        "../scripts/score_heads.py"


rule rank_heads:
    input:
        unpack(lambda wc: paths.ranking_inputs(training_of(wc), wc.ranking)),
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
        name=lambda wc: asdict(rankings.parse(wc.ranking)),
        normalisation=lambda wc: rankings.normalisation(
            wc.ranking, PLAN.recipes[wc.recipe]["normalisation"]
        ),
        code=code("rank_heads.py"),
    script:
        "../scripts/rank_heads.py"
