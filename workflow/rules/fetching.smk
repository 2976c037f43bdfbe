# Everything that comes from the network, or from a mirror that stands in for it. At most as many
# downloads at once as the resource `downloads` allows (profiles/default).


rule fetch:
    input:
        # The same with a mirror, which has the files: it changes no inputs, and reruns nothing.
        archives=lambda wc: downloads.archive_paths(PLAN, wc.corpus, wc.language),
        # The user's own files are inputs, because they may be changed at any time.
        own=lambda wc: downloads.own_copies(PLAN, wc.corpus, wc.language),
    output:
        directory("results/downloads/{corpus}/{language}"),
    log:
        "results/logs/fetch/{corpus}/{language}.log",
    benchmark:
        "results/benchmarks/fetch/{corpus}/{language}.tsv"
    conda:
        ENVIRONMENT
    resources:
        downloads=1,
    params:
        # Only what fetching reads: another way of reading the files fetches nothing.
        entry=lambda wc: downloads.entry(CATALOGUE[wc.corpus], wc.language),
        splits=lambda wc: PLAN.splits(wc.corpus, wc.language),
        lock="resources/locks/{corpus}/{language}.json",
        partial=downloads.PARTIAL,
        code=code("fetch.py"),
    script:
        "../scripts/fetch.py"


# Once for all languages. It is kept: a language that is added later takes its files from it, and one
# that was fetched again would make those that are there again, and all that was trained on them.
rule fetch_archive:
    output:
        "results/downloads/.archives/{corpus}/{archive}",
    log:
        "results/logs/fetch_archive/{corpus}/{archive}.log",
    benchmark:
        "results/benchmarks/fetch_archive/{corpus}/{archive}.tsv"
    wildcard_constraints:
        archive=any_of({name for _, name in ARCHIVES}),
    conda:
        ENVIRONMENT
    resources:
        downloads=1,
    params:
        archive=lambda wc: ARCHIVES[wc.corpus, wc.archive],
        partial=downloads.PARTIAL,
        code=code("fetch_archive.py"),
    script:
        "../scripts/fetch_archive.py"


rule fetch_model:
    output:
        directory("results/downloads/models/{hub}/{revision}"),
    log:
        "results/logs/fetch_model/{hub}/{revision}.log",
    benchmark:
        "results/benchmarks/fetch_model/{hub}/{revision}.tsv"
    wildcard_constraints:
        hub=any_of(HUB),
        revision="[0-9a-f]{40}",
    conda:
        ENVIRONMENT
    resources:
        downloads=1,
    params:
        hub=lambda wc: HUB[wc.hub],
        lock="resources/locks/models/{hub}/{revision}.json",
        code=code("fetch_model.py"),
    script:
        "../scripts/fetch_model.py"


# `snakemake mirror`: all that the study reads from the network, and nothing else.
rule mirror:
    input:
        downloads.everything(PLAN),
    log:
        "results/logs/mirror.log",
    localrule: True
    run:
        Path(log[0]).write_text(downloads.ADVICE)
        print(downloads.ADVICE)
