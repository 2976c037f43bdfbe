"""Draw the figures of the study and the heat maps of its head scores."""

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from pathlib import Path

    from polyheads.analysis import rankings
    from polyheads.files import read_table
    from polyheads.report import leftovers
    from polyheads.report.figures import draw
    from polyheads.study import contents, displays

    given, out = snakemake.input, snakemake.output
    languages = snakemake.params.languages
    study = contents.read(given.contents)
    leftovers.clear(Path(given.contents).parent, snakemake.rule, out)
    paths = {Path(path).stem: path for path in out}
    for display in study.displays:
        if display.kind in displays.FIGURES:
            draw.of_display(display, given.analysis, languages, paths[display.name])
    draw.of_languages(given.analysis, languages, out.languages)
    for path in out.costs:
        draw.of_rankings(given.analysis, path)
    largest = displays.largest_k(study.sweeps)
    heads = zip(given.rankings, given.head_scores, out.heat_maps, strict=True)
    for ranking, scores, image in heads:
        draw.of_scores(rankings.read(ranking), read_table(scores), languages, largest, image)
