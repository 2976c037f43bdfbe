"""Draw the figures of the study's exhibits and the heat maps of its head scores."""

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from pathlib import Path

    from polyheads import exhibits
    from polyheads.catalogue.methods import KINDS
    from polyheads.exhibits import contents, inputs, similarity
    from polyheads.exhibits import results as results_of
    from polyheads.report import leftovers
    from polyheads.report.figures import draw, plots
    from polyheads.report.figures import similarity as similarity_figure

    given, out = snakemake.input, snakemake.output
    leftovers.clear(Path(given.choices).parent, snakemake.rule, out)
    sweeps = snakemake.params.sweeps
    results = results_of.read(given, snakemake.params.languages)
    paths = {Path(path).stem: path for path in out}
    for exhibit in contents.plan(sweeps, results.published):
        if exhibit["kind"] in contents.FIGURES:
            draw.draw(exhibit, results, paths[exhibit["name"]])
    groups = similarity.groups(results.rankings)
    for group, image in zip(groups, out.languages, strict=True):
        similarity_figure.draw(group, results.languages, image)
    heads = zip(results.rankings, given.head_scores, out.heat_maps, strict=True)
    for ranking, scores, image in heads:
        plots.score_heat_map(
            inputs.read_table(scores),
            title=exhibits.heat_map_title(ranking, results.languages),
            raw=KINDS[ranking["kind"]].raw,
            by_layer=ranking["normalisation"] != "none",
            out=image,
            mark=exhibits.largest_k(sweeps),
        )
