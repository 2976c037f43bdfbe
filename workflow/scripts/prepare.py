"""Read one language's files of a corpus, or generate them, and write the prepared corpus."""

from pathlib import Path

from polyheads.job import job

with job(snakemake):
    from polyheads import corpora

    entry, language = snakemake.params.entry, snakemake.wildcards.language
    named = entry["languages"][language].get("files", {})
    files = {
        split: Path(snakemake.input[0]) / named[split]["name"]
        for split in snakemake.params.splits
        if named
    }
    out = Path(snakemake.output.info).parent
    info = corpora.prepare(entry=entry, language=language, files=files, out_dir=out)
    for split, counts in info["counts"].items():
        print(f"{split}: {counts['sentences']} sentences, {counts['words']} words")
