"""The numbers of every table and figure of the study, as records in CSV files."""

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads.analysis import products

    given = snakemake.input
    data = products.read_data(
        contents_file=given.contents,
        choices_file=given.choices,
        scores_file=given.scores,
        estimates_file=given.statistics,
        null_baselines_file=given.null_baselines,
        differences_file=given.differences,
        ranking_files=given.rankings,
        trial_files=given.trials,
        corpus_files=given.corpora,
        encoding_files=given.encodings,
        pretraining=snakemake.params.pretraining,
        languages=snakemake.params.languages,
    )
    products.write(data, snakemake.output[0])
