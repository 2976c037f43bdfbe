# Trials: the k lowest heads off, trained again (prune) or not (mask).


def trial_inputs(wildcards):
    training = training_of(wildcards)
    return {
        "model": model_files(wildcards),
        "encodings": encoding_files(training),
        "ranking": RANKING.format(**wildcards) + f"/{wildcards.ranking}/ranking.json",
    }


# One rule for all trials; each block of k needs its own instance, because a rule's outputs
# cannot depend on a wildcard. Blocks are fixed, so that a larger K adds blocks only.
for ks in PLAN.blocks():

    rule:
        name:
            f"trials_{ks[0]:02d}_{ks[-1]:02d}"
        input:
            unpack(trial_inputs),
        output:
            scores=[TRAINING + f"/prune-{{ranking}}/k-{k:02d}.json" for k in ks],
            predictions=[TRAINING + f"/prune-{{ranking}}/k-{k:02d}.parquet" for k in ks],
        params:
            **training_params(),
            ks=ks,
            ranking="{ranking}",
            code=code("trials.py"),
        threads: STUDY["threads_per_training"]
        resources:
            gpu=gpus(),
        log:
            RESULTS + "/logs/trials/{model}/{corpus}/{recipe}/{mixture}/seed-{seed}/{ranking}"
            + f"/k-{ks[0]:02d}.log",
        benchmark:
            (
                RESULTS + "/benchmarks/trials/{model}/{corpus}/{recipe}/{mixture}/seed-{seed}/{ranking}"
                + f"/k-{ks[0]:02d}.tsv"
            )
        conda:
            ENVIRONMENT
        script:
            "../scripts/trials.py"


if PLAN.masked():

    rule mask:
        input:
            unpack(trial_inputs),
            weights=ancient(TRAINING + "/unpruned/weights.safetensors"),
        output:
            scores=[TRAINING + f"/mask-{{ranking}}/k-{k:02d}.json" for k in PLAN.masked()],
            predictions=[
                TRAINING + f"/mask-{{ranking}}/k-{k:02d}.parquet" for k in PLAN.masked()
            ],
        params:
            **training_params(),
            ks=PLAN.masked(),
            ranking="{ranking}",
            code=code("mask.py"),
        threads: STUDY["threads_per_training"]
        resources:
            gpu=gpus(),
        log:
            RESULTS + "/logs/mask/{model}/{corpus}/{recipe}/{mixture}/seed-{seed}/{ranking}.log",
        benchmark:
            RESULTS + "/benchmarks/mask/{model}/{corpus}/{recipe}/{mixture}/seed-{seed}/{ranking}.tsv"
        conda:
            ENVIRONMENT
        script:
            "../scripts/mask.py"
