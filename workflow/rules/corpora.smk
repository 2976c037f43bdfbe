# Corpora: fetched (or taken from the mirror), checked, prepared.


rule fetch:
    output:
        directory("results/downloads/{corpus}/{language}"),
    log:
        "results/logs/fetch/{corpus}/{language}.log",
    benchmark:
        "results/benchmarks/fetch/{corpus}/{language}.tsv"
    conda:
        ENVIRONMENT
    params:
        entry=corpus_entry,
        splits=corpus_splits,
        lock="resources/locks/{corpus}/{language}.json",
        code=code("fetch.py"),
    script:
        "../scripts/fetch.py"


rule prepare:
    input:
        corpus_downloads,
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
        entry=corpus_entry,
        splits=corpus_splits,
        code=code("prepare.py"),
    script:
        "../scripts/prepare.py"
