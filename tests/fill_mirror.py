"""Fill a mirror (<entry>/<language>/<file>) from an archive of the corpora's original files.

    python tests/fill_mirror.py ARCHIVE.tar.xz DEST

Only regular files whose names in the archive are known here are taken, and they get the names that
the catalogue asks for: nothing in the archive can decide where a file goes. The English training
set of xSID, two parallel files there, becomes the one file of columns that the catalogue reads.
"""

from __future__ import annotations

import argparse
import lzma
import shutil
import sys
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow"))

from polyheads import catalogue
from polyheads.errors import UserError
from polyheads.files import writing

# Entry -> where the archive has its files, and the languages if it has not all.
PLACES = {
    "ud-2.7": ("pos/ud/{language}/{split}.conllu", None),
    "ud-2.7-surface": ("pos/ud_surface_r2.7/{language}/{split}.tsv", None),
    "panx": ("ner/panx/{language}/{split}.tsv", None),
    "wikiann-original": ("ner/wikiann/{language}/{split}.txt", None),
    "ma2021-ner": ("ner/aqmar/{language}/{split}.txt", ["ar"]),
    "xsid-0.7": ("sf/xsid/{language}/{split}.conll", None),
}
PARALLEL = ("sf/xsid/en/train.text.en", "sf/xsid/en/train.label.en")
JOINED = "sf/xsid/en/train.conll"


def wanted() -> dict[str, Path]:
    """Name in the archive -> path in the mirror, for all files that the catalogue knows."""
    entries = catalogue.load()
    return {
        place.format(language=language, split=split): Path(name, language, file["name"])
        for name, (place, languages) in PLACES.items()
        for language in languages or entries[name]["languages"]
        for split, file in entries[name]["languages"][language]["files"].items()
    }


def fill(archive: Path, destination: Path) -> list[str]:
    """Copy the wanted files of the archive into the mirror; the names that it lacks."""
    missing = wanted()
    parallel: dict[str, str] = {}
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                if not member.isreg() or name not in {*missing, *PARALLEL}:
                    continue
                content = tar.extractfile(member)
                if name in PARALLEL:
                    parallel[name] = content.read().decode("utf-8")
                    continue
                target = destination / missing.pop(name)
                with writing(target) as temporary, temporary.open("wb") as stream:
                    shutil.copyfileobj(content, stream)
    except (OSError, EOFError, lzma.LZMAError, tarfile.TarError) as error:
        raise UserError(f"{archive}: cannot be copied into {destination} ({error})") from error
    if len(parallel) == len(PARALLEL):
        with writing(destination / missing.pop(JOINED)) as temporary:
            lines = joined(*(parallel[name] for name in PARALLEL))
            temporary.write_text("".join(lines), encoding="utf-8", newline="\n")
    return sorted(missing)


def joined(text: str, labels: str) -> Iterator[str]:
    """Lines of xSID (number, token, intent, slot) from an utterance and a line of slots each."""
    for utterance, row in zip(text.splitlines(), labels.splitlines(), strict=True):
        slots, intent = row.rsplit("\t", 1)
        pairs = zip(utterance.split(" "), slots.split(" "), strict=True)
        for number, (token, slot) in enumerate(pairs, 1):
            yield f"{number}\t{token}\t{intent}\t{slot}\n"
        yield "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path, help="a tar file, compressed or not")
    parser.add_argument("destination", type=Path, help="the mirror, made if it does not exist")
    arguments = parser.parse_args()
    try:
        missing = fill(arguments.archive, arguments.destination)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    lacking: dict[str, list[str]] = defaultdict(list)
    for name in missing:
        folder, file = name.rsplit("/", 1)
        lacking[folder].append(file)
    print(f"{len(wanted()) - len(missing)} files in {arguments.destination}")
    for folder, files in lacking.items():
        print(f"not in the archive: {folder}: {', '.join(files)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
