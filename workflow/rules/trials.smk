# Trials: the k lowest heads off, trained again (prune) or not (mask).
# One rule for all trials that train; each block of k needs its own instance, because a rule's
# outputs cannot depend on a wildcard. Blocks are fixed, so that a larger K adds blocks only.
for ks in PLAN.blocks():

    rule:
        name:
            f"trials_{ks[0]:02d}_{ks[-1]:02d}"
        input:
            unpack(training_inputs),
            unpack(ranking_input),
        output:
            scores=[f"{TRAINING}/{branch(ks)}/k-{k:02d}.json" for k in ks],
            predictions=[f"{TRAINING}/{branch(ks)}/k-{k:02d}.parquet" for k in ks],
        log:
            f"results/logs/trials/{POINT}/{branch(ks)}/k-{ks[0]:02d}.log",
        benchmark:
            f"results/benchmarks/trials/{POINT}/{branch(ks)}/k-{ks[0]:02d}.tsv"
        conda:
            ENVIRONMENT
        threads: STUDY["threads_per_training"]
        resources:
            gpu=GPUS,
        params:
            training=training_setup(
                tested=True, unmasked=unmasked(f"{TRAINING}/{branch(ks)}/k-{ks[-1]:02d}")
            ),
            trial=point,
            ks=ks,
            code=code("trials.py"),
        script:
            "../scripts/trials.py"


if PLAN.chosen:

    # The k that another seed's sweep chose: known when that sweep is done, so it is in no path.
    rule chosen_trial:
        input:
            unpack(training_inputs),
            unpack(lambda wc: paths.chosen_inputs(PLAN, chosen_trial(wc))),
        output:
            scores=f"{TRAINING}/chosen-{{ranking}}/{{choice}}.json",
            predictions=f"{TRAINING}/chosen-{{ranking}}/{{choice}}.parquet",
        log:
            f"results/logs/trials/{POINT}/chosen-{{ranking}}/{{choice}}.log",
        benchmark:
            f"results/benchmarks/trials/{POINT}/chosen-{{ranking}}/{{choice}}.tsv"
        wildcard_constraints:
            choice=r"[^/]+",
        conda:
            ENVIRONMENT
        threads: STUDY["threads_per_training"]
        resources:
            gpu=GPUS,
        params:
            training=training_setup(
                tested=True, unmasked=unmasked(f"{TRAINING}/chosen-{{ranking}}/{{choice}}")
            ),
            trial=point,
            chooses=lambda wc: {
                "ks": chosen_trial(wc).ks,
                "dev": chosen_trial(wc).dev,
                "metric": chosen_trial(wc).metric,
                "of_seed": chosen_trial(wc).of_seed,
            },
            code=code("chosen_trial.py"),
        script:
            "../scripts/chosen_trial.py"


if PLAN.masked():

    rule mask:
        input:
            unpack(training_inputs),
            unpack(ranking_input),
            weights=f"results/baselines/{POINT}/mask.safetensors",
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
            gpu=GPUS,
        params:
            training=training_setup(tested=True),
            trial=point,
            ks=PLAN.masked(),
            code=code("mask.py"),
        script:
            "../scripts/mask.py"
