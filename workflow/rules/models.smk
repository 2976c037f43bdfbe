# Encoders: from the hub, from a directory, or trained from scratch on the corpora's own text.
MODEL = RESULTS + "/models/{model}"


rule get_model:
    output:
        info=MODEL + "/model.json",
        weights=MODEL + "/model.safetensors",
        tokenizer=MODEL + "/tokenizer.json",
        config=MODEL + "/config.json",
    wildcard_constraints:
        model=any_of(set(PLAN.models) - set(SCRATCH)),
    params:
        spec=lambda wc: {k: v for k, v in PLAN.models[wc.model].items() if k != "title"},
        max_k=lambda wc: PLAN.max_k(wc.model),
        code=code("get_model.py"),
    log:
        RESULTS + "/logs/get_model/{model}.log",
    benchmark:
        RESULTS + "/benchmarks/get_model/{model}.tsv"
    conda:
        ENVIRONMENT
    script:
        "../scripts/get_model.py"


rule pretrain:
    input:
        corpora=lambda wc: [
            f"{RESULTS}/corpora/{corpus}/{language}/corpus.json"
            for corpus in SCRATCH[wc.model]["corpora"]
            for language in SCRATCH[wc.model]["languages"]
        ],
    output:
        info=MODEL + "/model.json",
        weights=MODEL + "/model.safetensors",
        tokenizer=MODEL + "/tokenizer.json",
        config=MODEL + "/config.json",
    wildcard_constraints:
        model=any_of(SCRATCH),
    params:
        name="{model}",
        spec=lambda wc: SCRATCH[wc.model],
        threads=STUDY["threads_per_training"],
        device=STUDY["device"],
        code=code("pretrain.py"),
    threads: STUDY["threads_per_training"]
    resources:
        gpu=gpus(),
    log:
        RESULTS + "/logs/pretrain/{model}.log",
    benchmark:
        RESULTS + "/benchmarks/pretrain/{model}.tsv"
    conda:
        ENVIRONMENT
    script:
        "../scripts/pretrain.py"


rule encode:
    input:
        model=MODEL + "/model.json",
        tokenizer=MODEL + "/tokenizer.json",
        corpus=RESULTS + "/corpora/{corpus}/{language}/corpus.json",
        data=RESULTS + "/corpora/{corpus}/{language}/data",
    output:
        info=RESULTS + "/encodings/{model}/{corpus}/{language}/encoding.json",
        splits=expand(
            RESULTS + "/encodings/{{model}}/{{corpus}}/{{language}}/{split}.parquet",
            split=SPLITS,
        ),
    params:
        code=code("encode.py"),
    log:
        RESULTS + "/logs/encode/{model}/{corpus}/{language}.log",
    benchmark:
        RESULTS + "/benchmarks/encode/{model}/{corpus}/{language}.tsv"
    conda:
        ENVIRONMENT
    script:
        "../scripts/encode.py"
