# The choice of k, tables, figures, and the report that holds them.
report: "../polyheads/report/captions/workflow.rst"


_RANKED = [PLAN.rankings[path] for path in SCORED]
COMPARED = contents.compared(
    SWEEPS,
    [contents.ranked(t, name, CATALOGUE[t.corpus]["task"]) for t, name in _RANKED],
    LANGUAGES,
)


rule select:
    input:
        trials=[f"{path}.json" for path in PLAN.trial_paths],
    output:
        scores=f"{OUT}/scores.csv",
        choices=f"{OUT}/choices.csv",
        versions=f"{OUT}/versions.csv",
    log:
        f"results/logs/select/{NAME}.log",
    benchmark:
        f"results/benchmarks/select/{NAME}.tsv"
    conda:
        ENVIRONMENT
    params:
        facts=FACTS,
        sweeps=SWEEPS,
        code=code("select.py"),
    script:
        "../scripts/select.py"


# All k of a sweep, not only those chosen: the best on test is looked for again in every draw.
rule statistics:
    input:
        choices=f"{OUT}/choices.csv",
        scores=f"{OUT}/scores.csv",
        trials=[f"{path}.json" for path in PLAN.trial_paths],
        predictions=[f"{path}.parquet" for path in PLAN.trial_paths],
    output:
        gains=f"{OUT}/statistics.csv",
        nulls=f"{OUT}/nulls.csv",
        differences=f"{OUT}/differences.csv",
    log:
        f"results/logs/statistics/{NAME}.log",
    benchmark:
        f"results/benchmarks/statistics/{NAME}.tsv"
    conda:
        ENVIRONMENT
    params:
        facts=FACTS,
        sweeps=SWEEPS,
        delta=STUDY["study"]["delta"],
        code=code("resample.py"),
    script:
        "../scripts/resample.py"


rule tables:
    input:
        choices=f"{OUT}/choices.csv",
        scores=f"{OUT}/scores.csv",
        statistics=f"{OUT}/statistics.csv",
        nulls=f"{OUT}/nulls.csv",
        differences=f"{OUT}/differences.csv",
        rankings=[f"{path}/ranking.json" for path in SCORED],
    output:
        *exhibited(TABLES),
        latex=[p for paths in TABLES.values() for p in paths if p.endswith(".tex")],
        compared=[f"{OUT}/tables/{t}.{s}" for t in COMPARED for s in ("html", "csv", "tex")],
    log:
        f"results/logs/tables/{NAME}.log",
    conda:
        ENVIRONMENT
    params:
        facts=FACTS,
        templates=TEMPLATES,
        sweeps=SWEEPS,
        languages=LANGUAGES,
        code=code("tables.py"),
    script:
        "../scripts/tables.py"


rule figures:
    input:
        scores=f"{OUT}/scores.csv",
        choices=f"{OUT}/choices.csv",
        statistics=f"{OUT}/statistics.csv",
        rankings=[f"{path}/ranking.json" for path in SCORED],
        head_scores=[f"{path}/scores.csv" for path in SCORED],
    output:
        *exhibited(FIGURES),
        heat_maps=report(
            HEAT_MAPS,
            caption=CAPTION.format("heat-map"),
            category="Head scores",
        ),
        languages=report(
            LANGUAGE_MAPS,
            caption=CAPTION.format("languages"),
            category="Head scores",
        ),
    log:
        f"results/logs/figures/{NAME}.log",
    benchmark:
        f"results/benchmarks/figures/{NAME}.tsv"
    conda:
        ENVIRONMENT
    params:
        facts=FACTS,
        sweeps=SWEEPS,
        languages=LANGUAGES,
        code=code("figures.py"),
    script:
        "../scripts/figures.py"


rule corpus_figures:
    input:
        corpora=paths.corpus_infos(PLAN),
    output:
        report(LABELS, caption=CAPTION.format("labels"), category="Corpora"),
    log:
        f"results/logs/corpus_figures/{NAME}.log",
    conda:
        ENVIRONMENT
    params:
        languages=LANGUAGES,
        code=code("corpus_figures.py"),
    script:
        "../scripts/corpus_figures.py"


# What changes no result is left out, so that it makes no page anew.
rule configuration:
    output:
        f"{OUT}/config.yaml",
    log:
        f"results/logs/configuration/{NAME}.log",
    conda:
        ENVIRONMENT
    params:
        study={k: v for k, v in STUDY.items() if k not in (*IN_CONFIG, "partial", "exports")},
        code=code("configuration.py"),
    script:
        "../scripts/configuration.py"


rule pages:
    input:
        configuration=f"{OUT}/config.yaml",
        versions=f"{OUT}/versions.csv",
        labels=LABELS,
        choices=f"{OUT}/choices.csv",
        statistics=f"{OUT}/statistics.csv",
        nulls=f"{OUT}/nulls.csv",
        differences=f"{OUT}/differences.csv",
        scores=f"{OUT}/scores.csv",
        figures=[path for paths in FIGURES.values() for path in paths],
        maps_of_languages=LANGUAGE_MAPS,
        rankings=[f"{path}/ranking.json" for path in SCORED],
        heat_maps=HEAT_MAPS,
        corpora=paths.corpus_infos(PLAN),
        encodings=paths.encoding_infos(PLAN),
    output:
        report=report(
            f"results/report.html",
            caption=CAPTION.format("report"),
            category="Report",
            labels={"page": "everything on one page"},
        ),
        start=report(
            f"{OUT}/start.html",
            caption=CAPTION.format("start"),
            category="Report",
            labels={"page": "what was run and found"},
        ),
        corpora=report(
            f"{OUT}/corpora.html",
            caption=CAPTION.format("corpora"),
            category="Report",
            labels={"page": "corpora"},
        ),
        runtimes=report(
            f"{OUT}/runtimes.html",
            caption=CAPTION.format("runtimes"),
            category="Report",
            labels={"page": "run times and versions"},
        ),
        tables=[f"{OUT}/tables/{t}.{s}" for t in contents.WHOLE for s in ("html", "csv", "tex")],
    log:
        f"results/logs/pages/{NAME}.log",
    conda:
        ENVIRONMENT
    params:
        facts=FACTS,
        templates=TEMPLATES,
        study=STUDY["study"],
        sweeps=SWEEPS,
        languages=LANGUAGES,
        benchmarks=paths.benchmarks(PLAN),
        code=code("report.py"),
    script:
        "../scripts/report.py"
