"""Fetching the files of a corpus: from the network, or from directories that stand in for it.

A file is checked before it gets its name: by its git blob id or SHA-256 where the catalogue knows
one, otherwise by the size and SHA-256 that a lock file recorded at the first fetch. Files of a
mirror are held to the same.
"""

from __future__ import annotations

import gzip
import os
import shutil
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from polyheads import catalogue
from polyheads.catalogue.records import Archive, Entry, File
from polyheads.corpora.fetching import archives as unpacking
from polyheads.corpora.fetching import hub, network
from polyheads.corpora.fetching.checks import checksums, compare, pinned, read_lock, write_lock
from polyheads.errors import UserError
from polyheads.files import disk_is_full, writing

__all__ = ["checksums", "cut_sentences", "fetch", "fetch_archive"]

_GZIP = b"\x1f\x8b"
# What stands for an archive where a mirror has its members, so that a mirror, which changes no
# result, changes no inputs of a rule either.
_NOT_NEEDED = b"The mirror has the members of this archive.\n"


def fetch(
    *,
    entry: Entry,
    language: str,
    mirror: str | Path | None,
    out_dir: str | Path,
    lock_path: str | Path,
    splits: Sequence[str] | None = None,
    own_copies: str | Path = "data",
    archives: Mapping[str, str | Path] | None = None,
    partial_dir: str | Path | None = None,
    project: str | Path = "",
) -> list[Path]:
    """Put a language's files into ``out_dir``, one after the other, and return their paths.

    The files are those that hold ``splits`` (all that the language has unless given), each once.
    With ``mirror`` they are copied from `MIRROR/CORPUS/LANGUAGE/FILE` and the network is
    not touched; files that are never fetched come from ``own_copies``, spelled alike. archives:
    name -> archive that `fetch_archive` brought. partial_dir: where a download that breaks off
    waits for the next run. project: see `read_lock`. Own copies are the user's to change: no lock
    holds them. UserError when a file is missing or cannot be fetched, differs from its checksum, or
    the disk is full; nothing half-written stays.
    """
    out_dir, lock_path = Path(out_dir), Path(lock_path)
    partial_dir = out_dir.parent / ".partial" if partial_dir is None else partial_dir
    lock = read_lock(lock_path, project)
    paths = []
    for split, file in _files(entry, language, splits):
        name = file["name"]
        at = catalogue.local(entry, language, file, mirror=mirror, own_copies=own_copies)
        own = at and at == catalogue.own_copy(entry, language, file, own_copies=own_copies)
        path = out_dir / name
        with writing(path) as temporary:
            if at is None:
                place = f"{entry['name']}/{language}/{name}"
                source = _receive(file, place, temporary, archives, partial_dir)
                if "keep" in file:
                    _cut(temporary, file["keep"], source, place)
            elif at.is_file():
                source = str(at)
                shutil.copyfile(at, temporary)
            else:
                raise UserError(catalogue.missing(entry, language, split, at))
            got = checksums(temporary)
            locked = None if own else lock.get(name)
            compare(file, got, source=source, locked=locked, lock_path=lock_path)
        if not (own or pinned(file) or name in lock):
            lock[name] = {"bytes": got["bytes"], "sha256": got["sha256"]}
            write_lock(lock_path, lock)
        paths.append(path)
        print(f"{path}: {got['bytes']} bytes from {source}", flush=True)
    return paths


def fetch_archive(
    *,
    archive: Archive,
    corpus: str,
    path: str | Path,
    mirror: str | Path | None,
    partial_dir: str | Path,
) -> None:
    """Bring an archive (`url`, `name`, perhaps `sha256`) to ``path``.

    With a mirror, which has the members as files, a note is put there instead.
    """
    with writing(Path(path)) as temporary:
        if mirror:
            temporary.write_bytes(_NOT_NEEDED)
            return
        advice = "try again, or name a directory that has its files as `mirror` in the config"
        place = f"{corpus}/{archive['name']}"
        url = archive["url"]
        with network.downloaded(url, place=place, advice=advice, partial_dir=partial_dir) as found:
            shutil.move(found, temporary)
        got = checksums(temporary)
        compare(archive, got, source=url, locked=None, lock_path="")
    print(f"{path}: {got['bytes']} bytes from {url}", flush=True)


def cut_sentences(lines: Iterable[bytes], first: int, last: int) -> Iterator[bytes]:
    """The lines of the sentences [first, last), counted from 0, an empty line after each.

    A sentence is a run of lines that are not empty. ValueError when there are fewer than ``last``.
    """
    number, inside = 0, False
    for line in lines:
        line = line.rstrip(b"\r\n")
        if line:
            inside = True
            if number >= first:
                yield line + b"\n"
        elif inside:
            inside = False
            if number >= first:
                yield b"\n"
            number += 1
            if number == last:
                return
    if inside:
        number += 1
        yield b"\n"
    if number < last:
        raise ValueError(f"only {number} sentences")


def _files(entry: Entry, language: str, splits: Sequence[str] | None) -> Iterator[tuple[str, File]]:
    """(first split that it holds, file) for every file of the splits, none twice."""
    known = catalogue.splits(entry, language)
    seen = set()
    for split in splits or known:
        if split not in known:
            raise UserError(
                f"corpus {entry['name']} has no {split} set for {language}, which the study needs; "
                "add it to the catalogue entry or leave the language out where it is needed"
            )
        file = catalogue.file_of(entry, language, split)
        if file["name"] not in seen:
            seen.add(file["name"])
            yield split, file


def _receive(
    file: File,
    place: str,
    target: Path,
    archives: Mapping[str, str | Path] | None,
    partial_dir: str | Path,
) -> str:
    """Bring a file from the network to ``target``, and say where it came from."""
    advice = (
        f"try again, or put the file into a directory as {place} and name the directory as "
        "`mirror` in the config"
    )
    if "url" in file:
        url = file["url"]
        with network.downloaded(url, place=place, advice=advice, partial_dir=partial_dir) as found:
            shutil.move(found, target)
        return url
    if "hub" in file:
        found = hub.dataset_file(file["hub"], advice=advice)
        shutil.copyfile(found, target)
        return f"hub data set {file['hub']['dataset']}, {found}"
    name = file["archive"]["name"]
    if archives is None or name not in archives:
        raise UserError(f"{place}: the archive {name} has not been fetched; {advice}")
    archive = Path(archives[name])
    with archive.open("rb") as stream:
        needed = stream.read(len(_NOT_NEEDED)) == _NOT_NEEDED
    if needed:
        # Of an earlier run with a mirror. It keeps its time, because a newer one would make the
        # languages that the mirror had again.
        time = archive.stat().st_mtime_ns
        corpus = str(Path(place).parent)  # with the language: others may be fetching it, too
        fetch_archive(
            archive=file["archive"],
            corpus=corpus,
            path=archive,
            mirror=None,
            partial_dir=partial_dir,
        )
        os.utime(archive, ns=(time, time))
    unpacking.extract(archive, file["members"], target)
    return f"{file['archive']['url']}, {', '.join(file['members'])}"


def _cut(path: Path, keep: Sequence[int], source: str, place: str) -> None:
    """Keep the sentences [first, last) of a file, which comes out unpacked."""
    first, last = keep
    whole = path.with_name(f"{path.name}.whole")
    path.replace(whole)
    try:
        with whole.open("rb") as lines, path.open("wb") as stream:
            packed = lines.peek(len(_GZIP)).startswith(_GZIP)
            plain = gzip.GzipFile(fileobj=lines) if packed else lines
            stream.writelines(cut_sentences(plain, first, last))
    except (EOFError, OSError, zlib.error) as error:
        if disk_is_full(error):
            raise
        raise UserError(
            f"{source}: what gzip has packed is damaged or cut off ({error}); fetch it again"
        ) from error
    except ValueError as error:
        raise UserError(
            f"{source}: sentences [{first}, {last}) are to be kept, but the file has {error}; "
            f"correct `keep` of {place} in the catalogue entry"
        ) from error
    finally:
        whole.unlink(missing_ok=True)
