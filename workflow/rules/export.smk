# Pruned models to take away: `snakemake export`. Nothing else reads what is made here.


rule export_model:
    input:
        unpack(training_inputs),
        unpack(lambda wc: exports.inputs(PLAN, export_of(wc))),
    output:
        weights=f"{EXPORT}/model.safetensors",
        rest=[f"{EXPORT}/{name}" for name in exports.MODEL_FILES if name != "model.safetensors"],
    log:
        f"results/logs/export_model/{NAME}/{POINT}/{{branch}}/{{choice}}.log",
    benchmark:
        f"results/benchmarks/export_model/{NAME}/{POINT}/{{branch}}/{{choice}}.tsv"
    wildcard_constraints:
        branch=r"[^/]+",
        choice=r"[^/]+",
    conda:
        ENVIRONMENT
    threads: STUDY["threads_per_training"]
    resources:
        gpu=GPUS,
    params:
        training=training_setup(tested=True),
        k=lambda wc: export_of(wc).k,
        ks=lambda wc: list(export_of(wc).read_ks),
        study=NAME,
        task=lambda wc: export_of(wc).task,
        metric=lambda wc: export_of(wc).metric,
        dev=lambda wc: list(export_of(wc).dev),
        ranking=lambda wc: export_of(wc).ranking,
        trained_on=lambda wc: list(export_of(wc).training.languages),
        checkpoint=lambda wc: export_of(wc).checkpoint,
        corpora=lambda wc: exports.corpora(PLAN, export_of(wc)),
        code=code("export_model.py"),
    script:
        "../scripts/export_model.py"


rule export_card:
    input:
        unpack(lambda wc: exports.inputs(PLAN, export_of(wc))),
        record=f"{EXPORT}/pruned_heads.json",
        config=f"{EXPORT}/config.json",
        encoder="results/models/{model}/model.json",
        corpora=lambda wc: [
            f"{path}/corpus.json" for path in exports.corpora(PLAN, export_of(wc)).values()
        ],
    output:
        f"{EXPORT}/{exports.CARD}",
    log:
        f"results/logs/export_card/{NAME}/{POINT}/{{branch}}/{{choice}}.log",
    wildcard_constraints:
        branch=r"[^/]+",
        choice=r"[^/]+",
    conda:
        ENVIRONMENT
    params:
        tested=lambda wc: PLAN.evaluate_on(training_of(wc)),
        languages=LANGUAGES,
        command=" ".join(["snakemake", "export", *OF_THIS_STUDY]),
        code=code("export_card.py"),
    script:
        "../scripts/export_card.py"


rule export:
    input:
        [f"{path}/{name}" for path in EXPORTS for name in (*exports.MODEL_FILES, exports.CARD)],
    localrule: True
