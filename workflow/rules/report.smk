# The choice of k, what numbers say, tables, figures, and the report that holds them.
report: "../polyheads/report/captions/workflow.rst"


ANALYSIS = f"{OUT}/analysis"


# Made here once: sweeps, tables and figures of the study, for all rules below.
rule contents:
    output:
        f"{OUT}/contents.json",
    log:
        f"results/logs/contents/{NAME}.log",
    conda:
        ENVIRONMENT
    params:
        contents=contents.as_json(CONTENTS),
        code=code("contents.py"),
    script:
        "../scripts/contents.py"


rule select:
    input:
        contents=f"{OUT}/contents.json",
        trials=[f"{path}.json" for path in PLAN.trial_paths],
        # Read where a trial's scores are by metrics that have changed since.
        predictions=[f"{path}.parquet" for path in PLAN.trial_paths],
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
        code=code("select.py"),
    script:
        "../scripts/select.py"


# All k of a sweep, not only those chosen: the best on test is looked for again in every draw.
rule statistics:
    input:
        contents=f"{OUT}/contents.json",
        choices=f"{OUT}/choices.csv",
        scores=f"{OUT}/scores.csv",
        trials=[f"{path}.json" for path in PLAN.trial_paths],
        predictions=[f"{path}.parquet" for path in PLAN.trial_paths],
    output:
        gains=f"{OUT}/statistics.csv",
        null_baselines=f"{OUT}/null-baselines.csv",
        differences=f"{OUT}/differences.csv",
    log:
        f"results/logs/statistics/{NAME}.log",
    benchmark:
        f"results/benchmarks/statistics/{NAME}.tsv"
    conda:
        ENVIRONMENT
    params:
        delta=STUDY["study"]["delta"],
        code=code("resample.py"),
    script:
        "../scripts/resample.py"


# The numbers of every table and figure, as records; what is shown of them is decided below.
rule analyse:
    input:
        contents=f"{OUT}/contents.json",
        choices=f"{OUT}/choices.csv",
        scores=f"{OUT}/scores.csv",
        statistics=f"{OUT}/statistics.csv",
        null_baselines=f"{OUT}/null-baselines.csv",
        differences=f"{OUT}/differences.csv",
        rankings=[f"{path}/ranking.json" for path in SCORED],
        # For the signatures of tables.
        trials=[f"{path}.json" for path in PLAN.trial_paths],
        # How a tokenizer knows a language is counted in both.
        corpora=paths.corpus_infos(PLAN),
        encodings=paths.encoding_infos(PLAN),
    output:
        directory(ANALYSIS),
    log:
        f"results/logs/analyse/{NAME}.log",
    benchmark:
        f"results/benchmarks/analyse/{NAME}.tsv"
    conda:
        ENVIRONMENT
    params:
        facts=FACTS,
        pretraining=PRETRAINING,
        languages=LANGUAGES,
        code=code("analyse.py"),
    script:
        "../scripts/analyse.py"


rule tables:
    input:
        contents=f"{OUT}/contents.json",
        analysis=ANALYSIS,
    output:
        *shown(TABLES),
        latex=[p for paths in TABLES.values() for p in paths if p.endswith(".tex")],
        compared=table_files(CONTENTS.comparisons),
        whole=table_files(displays.WHOLE),
        all=f"{OUT}/tables.json",
    log:
        f"results/logs/tables/{NAME}.log",
    conda:
        ENVIRONMENT
    params:
        templates=TEMPLATES,
        languages=LANGUAGES,
        code=code("tables.py"),
    script:
        "../scripts/tables.py"


rule figures:
    input:
        contents=f"{OUT}/contents.json",
        analysis=ANALYSIS,
        head_scores=[f"{path}/scores.csv" for path in SCORED],
        rankings=[f"{path}/ranking.json" for path in SCORED],
    output:
        *shown(FIGURES),
        heat_maps=report(
            HEAT_MAPS,
            caption=CAPTION.format("heat-map"),
            category="Head scores",
        ),
        costs=report(
            COST_FIGURES,
            caption=CAPTION.format("rankings-costs"),
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
        contents=f"{OUT}/contents.json",
        tables=f"{OUT}/tables.json",
        findings=f"{OUT}/analysis",
        versions=f"{OUT}/versions.csv",
        labels=LABELS,
        figures=[path for every in FIGURES.values() for path in every],
        maps_of_languages=LANGUAGE_MAPS,
        costs=COST_FIGURES,
        heat_maps=HEAT_MAPS,
        corpora=paths.corpus_infos(PLAN),
        encodings=paths.encoding_infos(PLAN),
        models=paths.model_infos(PLAN),
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
        reproducibility=report(
            f"{OUT}/reproducibility.html",
            caption=CAPTION.format("reproducibility"),
            category="Report",
            labels={"page": "reproducibility checklist"},
        ),
    log:
        f"results/logs/pages/{NAME}.log",
    conda:
        ENVIRONMENT
    params:
        templates=TEMPLATES,
        study=STUDY["study"],
        languages=LANGUAGES,
        benchmarks=paths.benchmarks(PLAN),
        code=code("pages.py"),
    script:
        "../scripts/pages.py"
