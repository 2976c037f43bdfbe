"""Members out of zip and tar archives.

A member is looked up by its exact name and streamed into a file that we name: no path in an
archive decides where anything is written, and nothing else is unpacked.
"""

from __future__ import annotations

import codecs
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import IO

from polyheads.errors import UserError
from polyheads.files import MOST_UNPACKED, TOO_LARGE, disk_is_full
from polyheads.validation import nearest

Opener = Callable[[], IO[bytes]]

_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_BLOCK = 1 << 20  # bytes
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,  # a zip method that Python lacks
)


def extract(archive: str | Path, members: Sequence[str], target: str | Path) -> None:
    """Write the members, one after the other, to ``target``.

    The archive is .zip or .tar, .tar.gz, .tar.bz2, .tar.xz by its content, not its name. An empty
    line is put between two members where the first doesn't end in one, in UTF-16 where they are.
    UserError names archive and member for one that is missing, encrypted, no regular file, cut
    short, damaged or larger than any corpus.
    """
    archive = Path(archive)
    with Path(target).open("wb") as out:
        current = members[0]
        try:
            with archive.open("rb") as stream:
                zipped = stream.read(2) == b"PK"
            with zipfile.ZipFile(archive) if zipped else tarfile.open(archive, "r:*") as opened:
                if isinstance(opened, zipfile.ZipFile):
                    found = _zip_members(archive, opened, members)
                else:
                    found = _tar_members(archive, opened, members)
                for number, current in enumerate(members):
                    if number:
                        _separate(target, out)
                    with found[current]() as content:
                        _copy(content, out, f"{archive}, {current}")
        except _DAMAGE as error:
            if disk_is_full(error) or isinstance(error, FileNotFoundError | PermissionError):
                raise
            reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")
            raise UserError(
                f"{archive}, {current}: the archive is no zip or tar file, damaged or cut short "
                f"({reason}); delete it and run the same command again"
            ) from error


def _zip_members(
    archive: Path, opened: zipfile.ZipFile, members: Sequence[str]
) -> dict[str, Opener]:
    """Name -> function that opens the member, for the wanted ones."""
    infos = {info.filename: info for info in opened.infolist() if not info.is_dir()}
    _require(archive, members, infos)
    for name in members:
        if infos[name].flag_bits & 1:
            raise UserError(
                f"{archive}, {name}: the member is encrypted; unpack the archive yourself and put "
                "the file into a mirror (key `mirror` of the config)"
            )
    return {name: partial(opened.open, infos[name]) for name in members}


def _tar_members(
    archive: Path, opened: tarfile.TarFile, members: Sequence[str]
) -> dict[str, Opener]:
    infos: dict[str, tarfile.TarInfo] = {}
    others = []
    for info in opened:
        if info.isreg():
            infos.setdefault(info.name, info)
        else:
            others.append(info.name)
        if set(members) <= infos.keys():  # the rest of a large archive need not be read
            break
    _require(archive, members, infos, others)

    def opener(name: str) -> IO[bytes]:
        content = opened.extractfile(infos[name])
        assert content is not None, "a regular file can be read"
        return content

    return {name: partial(opener, name) for name in members}


def _require(
    archive: Path, members: Sequence[str], known: Collection[str], others: Sequence[str] = ()
) -> None:
    for name in members:
        if name in others:
            raise UserError(f"{archive}, {name}: the member is a link or a directory, no file")
        if name not in known:
            hint = nearest(name, known) if len(known) else "; it has no files"
            if len(hint) > 300:
                hint = hint[:300] + " …"
            raise UserError(
                f"{archive}, {name}: the archive has no such member{hint}; correct `members` in "
                "the catalogue entry"
            )


def _copy(content: IO[bytes], out: IO[bytes], where: str) -> None:
    """Write a member; what its archive says of its size is not relied on."""
    left = MOST_UNPACKED
    while block := content.read(_BLOCK):
        left -= len(block)
        if left < 0:
            raise UserError(f"{where}: {TOO_LARGE}")
        out.write(block)


def _separate(target: str | Path, out: IO[bytes]) -> None:
    """Let what has been written end in an empty line."""
    out.flush()
    with Path(target).open("rb") as written:
        start = written.read(_BLOCK)
        size = written.seek(0, 2)
        written.seek(max(0, size - 8))
        encoding = _encoding(start)
        end = written.read().decode(encoding, "replace").replace("\r", "")
    if size and not end.endswith("\n\n"):
        out.write(("\n" if end.endswith("\n") else "\n\n").encode(encoding))


def _encoding(start: bytes) -> str:
    """UTF-16 in its byte order, by a mark or by the NULs of ASCII; else one of single bytes."""
    if start[:2] in _MARKS:
        return _MARKS[start[:2]]
    if b"\0" not in start:
        return "latin-1"
    return "utf-16-be" if start[0::2].count(0) > start[1::2].count(0) else "utf-16-le"
