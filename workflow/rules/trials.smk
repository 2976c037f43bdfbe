# Trials: the k lowest heads off, trained again (prune) or not (mask).
# One rule for all trials that train; each block of k needs its own instance, because a rule's
# outputs cannot depend on a wildcard. Blocks are fixed, so that a larger K adds blocks only. With
# the key unpruned_with, k = 0 is in the first block of a ranking, which has an instance, too: with
# a wildcard for the ranking, no rule could make k = 0, whose path has none.
for block in trial_blocks():

    rule:
        name:
            block.rule
        input:
            unpack(training_inputs),
            unpack(ranking_input(block.ranking)),
        output:
            scores=[f"{TRAINING}/{path}.json" for path in block.paths],
            predictions=[f"{TRAINING}/{path}.parquet" for path in block.paths],
        log:
            f"results/logs/trials/{POINT}/{block.name}.log",
        benchmark:
            f"results/benchmarks/trials/{POINT}/{block.name}.tsv"
        wildcard_constraints:
            model=block.models,
        conda:
            ENVIRONMENT
        threads: STUDY["threads_per_training"]
        resources:
            gpu=GPUS,
        params:
            training=training_setup(tested=True, unmasked=unmasked(f"{TRAINING}/{block.paths[-1]}")),
            trial=point,
            ranking=ranking_name(block.ranking),
            ks=block.ks,
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
            unpack(ranking_input()),
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
