"""Draw how often every label stands in each language, one figure per corpus."""

from polyheads.job import job

with job(snakemake):
    from polyheads.exhibits import inputs
    from polyheads.figures import corpus as corpus_figure
    from polyheads.report import corpus_report

    corpora = [inputs.read_json(path) for path in snakemake.input.corpora]
    groups = corpus_report.by_corpus(corpora).values()
    for members, image in zip(groups, snakemake.output, strict=True):
        corpus_figure.draw(members, snakemake.params.languages, image)
