# Corpora: fetched (or taken from the mirror), checked, prepared.


def corpus_entry(wildcards):
    """The catalogue entry with this language only: other languages don't matter to it."""
    return catalogue.narrowed(CATALOGUE[wildcards.corpus], wildcards.language)


def corpus_splits(wildcards):
    return PLAN.splits(wildcards.corpus, wildcards.language)


def corpus_downloads(wildcards):
    if CATALOGUE[wildcards.corpus]["format"] == "grammar":
        return []
    return [f"{RESULTS}/downloads/{wildcards.corpus}/{wildcards.language}"]


rule fetch:
    output:
        directory(RESULTS + "/downloads/{corpus}/{language}"),
    params:
        entry=corpus_entry,
        splits=corpus_splits,
        lock="resources/locks/{corpus}/{language}.json",
        code=code("fetch.py"),
    log:
        RESULTS + "/logs/fetch/{corpus}/{language}.log",
    benchmark:
        RESULTS + "/benchmarks/fetch/{corpus}/{language}.tsv"
    conda:
        ENVIRONMENT
    script:
        "../scripts/fetch.py"


rule prepare:
    input:
        corpus_downloads,
    output:
        info=RESULTS + "/corpora/{corpus}/{language}/corpus.json",
        data=directory(RESULTS + "/corpora/{corpus}/{language}/data"),
    params:
        entry=corpus_entry,
        splits=corpus_splits,
        code=code("prepare.py"),
    log:
        RESULTS + "/logs/prepare/{corpus}/{language}.log",
    benchmark:
        RESULTS + "/benchmarks/prepare/{corpus}/{language}.tsv"
    conda:
        ENVIRONMENT
    script:
        "../scripts/prepare.py"
