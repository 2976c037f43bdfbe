"""Read one language's files of a corpus, or generate them, and write the prepared corpus."""

from pathlib import Path

from polyheads.job import job

with job(snakemake.log[0], snakemake.output):
    from polyheads.corpora import preparing

    info = preparing.prepare(
        entry=snakemake.params.entry,
        language=snakemake.wildcards.language,
        splits=snakemake.params.splits,
        directory=next(iter(snakemake.input), None),
        out_dir=Path(snakemake.output.info).parent,
        check_sizes=snakemake.config["check_sizes"],
        code=snakemake.params.code,
        own_copies=snakemake.config["own_copies"],
    )
    for split, counts in info["counts"].items():
        print(f"{split}: {counts['sentences']} sentences, {counts['words']} words")
        for kind, found in counts["repairs"].items():
            print(f"{split}: {found['count']} x {kind}, first {found['example']}")
