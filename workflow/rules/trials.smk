# Trials: the k lowest heads off, trained again (prune) or not (mask).


# One rule for all trials; each block of k needs its own instance, because a rule's outputs
# cannot depend on a wildcard. Blocks are fixed, so that a larger K adds blocks only.
for ks in PLAN.blocks():

    rule:
        name:
            f"trials_{ks[0]:02d}_{ks[-1]:02d}"
        input:
            unpack(trial_inputs),
        output:
            scores=[f"{TRAINING}/prune-{{ranking}}/k-{k:02d}.json" for k in ks],
            predictions=[f"{TRAINING}/prune-{{ranking}}/k-{k:02d}.parquet" for k in ks],
        log:
            f"results/logs/trials/{POINT}/{{ranking}}/k-{ks[0]:02d}.log",
        benchmark:
            f"results/benchmarks/trials/{POINT}/{{ranking}}/k-{ks[0]:02d}.tsv"
        conda:
            ENVIRONMENT
        threads: STUDY["threads_per_training"]
        resources:
            gpu=gpus(),
        params:
            **training_params(),
            ks=ks,
            ranking="{ranking}",
            code=code("trials.py"),
        script:
            "../scripts/trials.py"


if PLAN.masked():

    rule mask:
        input:
            unpack(trial_inputs),
            weights=ancient(weights_of),
        output:
            scores=[f"{TRAINING}/mask-{{ranking}}/k-{k:02d}.json" for k in PLAN.masked()],
            predictions=[f"{TRAINING}/mask-{{ranking}}/k-{k:02d}.parquet" for k in PLAN.masked()],
        log:
            f"results/logs/mask/{POINT}/{{ranking}}.log",
        benchmark:
            f"results/benchmarks/mask/{POINT}/{{ranking}}.tsv"
        conda:
            ENVIRONMENT
        threads: STUDY["threads_per_training"]
        resources:
            gpu=gpus(),
        params:
            **training_params(),
            ks=PLAN.masked(),
            ranking="{ranking}",
            code=code("mask.py"),
        script:
            "../scripts/mask.py"
