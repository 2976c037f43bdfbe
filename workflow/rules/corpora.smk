# Corpora: read, checked, prepared.


rule prepare:
    input:
        lambda wc: downloads.fetched(PLAN, wc.corpus, wc.language),
    output:
        info="results/corpora/{corpus}/{language}/corpus.json",
        data=directory("results/corpora/{corpus}/{language}/data"),
    log:
        "results/logs/prepare/{corpus}/{language}.log",
    benchmark:
        "results/benchmarks/prepare/{corpus}/{language}.tsv"
    conda:
        ENVIRONMENT
    params:
        # Other languages of the entry don't matter to this one.
        entry=lambda wc: catalogue.narrowed(CATALOGUE[wc.corpus], wc.language),
        splits=lambda wc: PLAN.splits(wc.corpus, wc.language),
        code=code("prepare.py"),
    script:
        "../scripts/prepare.py"
