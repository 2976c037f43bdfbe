# Encoders: from the hub, from a directory, or trained from scratch on the corpora's own text.
# Snakemake touches outputs in their order. The info file is the last, so that it is known what
# was touched after it (polyheads.digests).


rule get_model:
    input:
        lambda wc: downloads.encoder_files(PLAN.models[wc.model]),
    output:
        weights="results/models/{model}/model.safetensors",
        tokenizer="results/models/{model}/tokenizer.json",
        config="results/models/{model}/config.json",
        info="results/models/{model}/model.json",
    log:
        "results/logs/get_model/{model}.log",
    benchmark:
        "results/benchmarks/get_model/{model}.tsv"
    wildcard_constraints:
        model=any_of(set(PLAN.models) - set(SCRATCH)),
    conda:
        ENVIRONMENT
    params:
        spec=lambda wc: PLAN.models[wc.model],
        code=code("get_model.py"),
    script:
        "../scripts/get_model.py"


rule pretrain:
    input:
        corpora=lambda wc: paths.pretraining_corpora(SCRATCH[wc.model]),
    output:
        weights="results/models/{model}/model.safetensors",
        tokenizer="results/models/{model}/tokenizer.json",
        config="results/models/{model}/config.json",
        info="results/models/{model}/model.json",
    log:
        "results/logs/pretrain/{model}.log",
    benchmark:
        "results/benchmarks/pretrain/{model}.tsv"
    wildcard_constraints:
        model=any_of(SCRATCH),
    # Everything of a scratch model waits for it, and it takes one thread.
    priority: 1
    conda:
        ENVIRONMENT
    threads: STUDY["threads_per_training"]
    params:
        name="{model}",
        spec=lambda wc: SCRATCH[wc.model],
        threads=STUDY["threads_per_training"],
        code=code("pretrain.py"),
    script:
        "../scripts/pretrain.py"


rule encode:
    input:
        model="results/models/{model}/model.json",
        tokenizer="results/models/{model}/tokenizer.json",
        corpus="results/corpora/{corpus}/{language}/corpus.json",
        data="results/corpora/{corpus}/{language}/data",
    output:
        splits=expand(
            "results/encodings/{{model}}/{{corpus}}/{{language}}/{split}.parquet",
            split=catalogue.SPLITS,
        ),
        info="results/encodings/{model}/{corpus}/{language}/encoding.json",
    log:
        "results/logs/encode/{model}/{corpus}/{language}.log",
    benchmark:
        "results/benchmarks/encode/{model}/{corpus}/{language}.tsv"
    conda:
        ENVIRONMENT
    params:
        code=code("encode.py"),
    script:
        "../scripts/encode.py"
