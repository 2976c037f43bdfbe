"""Fill a mirror (<entry>/<language>/<file>) from an archive of the treebanks' original files.

    python tests/fill_mirror.py ARCHIVE.tar.xz DEST

The archive holds pos/ud/<language>/<split>.conllu (entry ud-2.7) and
pos/ud_surface_r2.7/<language>/<split>.tsv (entry ud-2.7-surface). Only regular files with a name
that the catalogue asks for are taken, and they are written to the catalogue's own names: nothing
in the archive can decide where a file goes.
"""

from __future__ import annotations

import argparse
import lzma
import shutil
import sys
import tarfile
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow"))

from polyheads import catalogue  # noqa: E402
from polyheads.errors import UserError  # noqa: E402
from polyheads.files import writing  # noqa: E402

FOLDERS = {"ud-2.7": "pos/ud", "ud-2.7-surface": "pos/ud_surface_r2.7"}


def wanted() -> dict[str, Path]:
    """Name in the archive -> path in the mirror, for all files of the two entries."""
    entries = catalogue.load()
    return {
        f"{folder}/{language}/{file['name']}": Path(name, language, file["name"])
        for name, folder in FOLDERS.items()
        for language, item in entries[name]["languages"].items()
        for file in item["files"].values()
    }


def fill(archive: Path, destination: Path) -> list[str]:
    """Copy the wanted files of the archive into the mirror; the names that it lacks."""
    missing = wanted()
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                if name not in missing or not member.isreg():
                    continue
                target, content = missing.pop(name), tar.extractfile(member)
                with writing(destination / target) as temporary, open(temporary, "wb") as stream:
                    shutil.copyfileobj(content, stream)
    except (OSError, EOFError, lzma.LZMAError, tarfile.TarError) as error:
        raise UserError(f"{archive}: cannot be copied into {destination} ({error})") from error
    return sorted(missing)


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
