"""Draw how often every label stands in each language, one figure per corpus."""

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from pathlib import Path

    from polyheads.exhibits import inputs
    from polyheads.report import corpus_report, leftovers
    from polyheads.report.figures import corpus as corpus_figure

    out = snakemake.output
    leftovers.clear(Path(out[0]).parents[1], snakemake.rule, out)
    corpora = [inputs.read_json(path) for path in snakemake.input.corpora]
    groups = corpus_report.by_corpus(corpora).values()
    for members, image in zip(groups, out, strict=True):
        corpus_figure.draw(members, snakemake.params.languages, image)
