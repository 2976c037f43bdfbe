"""Draw how often every label stands in each language, one figure per corpus."""

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from pathlib import Path

    from polyheads.analysis.labels import by_corpus
    from polyheads.files import read_json
    from polyheads.report import leftovers
    from polyheads.report.figures import corpus

    out = snakemake.output
    leftovers.clear(Path(out[0]).parents[1], snakemake.rule, out)
    groups = by_corpus([read_json(path) for path in snakemake.input.corpora]).values()
    for members, image in zip(groups, out, strict=True):
        corpus.draw(members, snakemake.params.languages, image)
