# The choice of k, tables, figures, and the report that holds them.
report: "../report/captions/workflow.rst"


rule select:
    input:
        trials=[f"{path}.json" for path in PLAN.trial_paths],
        published=PUBLISHED,
        facts=FACTS,
    output:
        scores=f"{OUT}/scores.csv",
        choices=f"{OUT}/choices.csv",
    log:
        f"results/logs/select/{NAME}.log",
    benchmark:
        f"results/benchmarks/select/{NAME}.tsv"
    conda:
        ENVIRONMENT
    params:
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
        published=PUBLISHED,
        facts=FACTS,
    output:
        gains=f"{OUT}/statistics.csv",
        nulls=f"{OUT}/nulls.csv",
    log:
        f"results/logs/statistics/{NAME}.log",
    benchmark:
        f"results/benchmarks/statistics/{NAME}.tsv"
    conda:
        ENVIRONMENT
    params:
        sweeps=SWEEPS,
        code=code("resample.py"),
    script:
        "../scripts/resample.py"


rule tables:
    input:
        choices=f"{OUT}/choices.csv",
        scores=f"{OUT}/scores.csv",
        statistics=f"{OUT}/statistics.csv",
        nulls=f"{OUT}/nulls.csv",
        rankings=[f"{path}/ranking.json" for path in SCORED],
        published=PUBLISHED,
        facts=FACTS,
        languages=LANGUAGES,
        templates=TEMPLATES,
    output:
        *exhibited(TABLES),
        latex=[p for paths in TABLES.values() for p in paths if p.endswith(".tex")],
    log:
        f"results/logs/tables/{NAME}.log",
    conda:
        ENVIRONMENT
    params:
        sweeps=SWEEPS,
        code=code("tables.py"),
    script:
        "../scripts/tables.py"


rule figures:
    input:
        scores=f"{OUT}/scores.csv",
        choices=f"{OUT}/choices.csv",
        statistics=f"{OUT}/statistics.csv",
        published=PUBLISHED,
        facts=FACTS,
        languages=LANGUAGES,
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
        sweeps=SWEEPS,
        code=code("figures.py"),
    script:
        "../scripts/figures.py"


rule corpus_figures:
    input:
        corpora=stages.corpus_infos(PLAN),
        languages=LANGUAGES,
    output:
        report(LABELS, caption=CAPTION.format("labels"), category="Corpora"),
    log:
        f"results/logs/corpus_figures/{NAME}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("corpus_figures.py"),
    script:
        "../scripts/corpus_figures.py"


rule pages:
    input:
        labels=LABELS,
        choices=f"{OUT}/choices.csv",
        statistics=f"{OUT}/statistics.csv",
        nulls=f"{OUT}/nulls.csv",
        scores=f"{OUT}/scores.csv",
        figures=[path for paths in FIGURES.values() for path in paths],
        facts=FACTS,
        maps_of_languages=LANGUAGE_MAPS,
        rankings=[f"{path}/ranking.json" for path in SCORED],
        heat_maps=HEAT_MAPS,
        corpora=stages.corpus_infos(PLAN),
        encodings=stages.encoding_infos(PLAN),
        published=PUBLISHED,
        languages=LANGUAGES,
        templates=TEMPLATES,
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
        study=STUDY["study"],
        sweeps=SWEEPS,
        benchmarks=stages.benchmarks(PLAN),
        provenance=versions(),
        code=code("report.py"),
    script:
        "../scripts/report.py"
