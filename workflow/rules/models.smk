# Encoders: from the hub, from a directory, or trained from scratch on the corpora's own text.


rule get_model:
    input:
        given_model,
    output:
        info="results/models/{model}/model.json",
        weights="results/models/{model}/model.safetensors",
        tokenizer="results/models/{model}/tokenizer.json",
        config="results/models/{model}/config.json",
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
        corpora=pretraining_corpora,
    output:
        info="results/models/{model}/model.json",
        weights="results/models/{model}/model.safetensors",
        tokenizer="results/models/{model}/tokenizer.json",
        config="results/models/{model}/config.json",
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
        info="results/encodings/{model}/{corpus}/{language}/encoding.json",
        splits=expand(
            "results/encodings/{{model}}/{{corpus}}/{{language}}/{split}.parquet",
            split=catalogue.SPLITS,
        ),
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
