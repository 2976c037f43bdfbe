"""Fetching the files of a corpus: from the network, or from a mirror that stands in for it.

A file is checked before it gets its name: by its git blob id where the catalogue knows one,
otherwise by the size and SHA-256 that a lock file recorded at the first fetch.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from polyheads import catalogue
from polyheads.errors import UserError
from polyheads.files import writing

_CHUNK = 1 << 20  # bytes
_TIMEOUT = 60  # seconds without a byte


def fetch(
    *,
    entry: Mapping[str, Any],
    language: str,
    mirror: str | Path | None,
    out_dir: str | Path,
    lock_path: str | Path,
    splits: Sequence[str] | None = None,
) -> list[Path]:
    """Put a language's files into ``out_dir`` and return their paths in the order of ``splits``.

    ``splits`` is all that the language has unless given. With ``mirror`` the files are copied from
    <mirror>/<corpus>/<language>/<file> and the network is not touched. Proxies are taken from
    the environment (http_proxy, https_proxy, no_proxy). UserError when a file is missing or
    cannot be fetched, differs from its checksum, or the disk is full; nothing half-written stays.
    """
    files = catalogue.language(entry, language)["files"]
    out_dir, lock_path = Path(out_dir), Path(lock_path)
    lock = _read_lock(lock_path)
    paths = []
    for split in splits or catalogue.splits(entry, language):
        if split not in files:
            raise UserError(
                f"corpus {entry['name']} has no {split} set for {language}, which the study needs; "
                "add it to the catalogue entry or leave the language out where it is needed"
            )
        file = files[split]
        path = out_dir / file["name"]
        with writing(path) as temporary:
            if mirror is None:
                source = _download(entry, language, file, temporary)
            else:
                source = _copy(catalogue.mirrored(mirror, entry, language, split), temporary)
            got = checksums(temporary)
            _compare(file, got, source, lock.get(file["name"]), lock_path)
        if "git_blob" not in file and file["name"] not in lock:
            lock[file["name"]] = {"bytes": got["bytes"], "sha256": got["sha256"]}
            _write_lock(lock_path, lock)
        paths.append(path)
        print(f"{path}: {got['bytes']} bytes from {source}", flush=True)
    return paths


def checksums(path: str | Path) -> dict[str, Any]:
    """Size in bytes, SHA-256 and git blob id (the SHA-1 of `blob <size>`, NUL, content)."""
    path = Path(path)
    size = path.stat().st_size
    sha256 = hashlib.sha256()
    blob = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    with open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            sha256.update(chunk)
            blob.update(chunk)
    return {"bytes": size, "sha256": sha256.hexdigest(), "git_blob": blob.hexdigest()}


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


def _copy(source: Path, target: Path) -> Path:
    if not source.is_file():
        raise UserError(
            f"{source}: no such file in the mirror; put it there, or set `mirror: null` in the "
            "config to fetch it from the network"
        )
    shutil.copyfile(source, target)
    return source


def _download(
    entry: Mapping[str, Any], language: str, file: Mapping[str, Any], target: Path
) -> str:
    place = f"{entry['name']}/{language}/{file['name']}"
    if "url" not in file:
        raise UserError(
            f"{place}: the catalogue has no address for this file; put it into a directory as "
            f"{place} and name the directory as `mirror` in the config"
        )
    if "keep" not in file:
        with open(target, "wb") as stream:
            for chunk in _received(file["url"], place):
                stream.write(chunk)
        return file["url"]
    first, last = file["keep"]
    content = b"".join(_received(file["url"], place))
    try:
        with open(target, "wb") as stream:
            stream.writelines(cut_sentences(content.split(b"\n"), first, last))
    except ValueError as error:
        raise UserError(
            f"{file['url']}: sentences [{first}, {last}) are to be kept, but the file has {error}; "
            f"correct `keep` of {place} in the catalogue entry"
        ) from error
    return f"{file['url']}, sentences [{first}, {last})"


def _received(url: str, place: str) -> Iterator[bytes]:
    """The bytes behind an address in pieces; UserError for whatever the network does wrong."""
    advice = (
        f"try again, or put the file into a directory as {place} and name the directory as "
        "`mirror` in the config"
    )
    request = urllib.request.Request(url, headers={"User-Agent": "polyheads"})
    received = 0
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            expected = response.headers.get("Content-Length")
            while chunk := response.read(_CHUNK):
                received += len(chunk)
                yield chunk
    except urllib.error.HTTPError as error:
        raise UserError(f"{url}: HTTP {error.code} {error.reason}; {advice}") from error
    except (OSError, http.client.HTTPException) as error:  # never the disk: the caller writes
        reason = getattr(error, "reason", None) or error
        raise UserError(
            f"{url}: failed after {received} bytes ({reason}); check the network and the proxy "
            f"settings; {advice}"
        ) from error
    if expected is not None and received != int(expected):
        raise UserError(f"{url}: got {received} of {expected} bytes; {advice}")


def _compare(
    file: Mapping[str, Any],
    got: Mapping[str, Any],
    source: str | Path,
    locked: Mapping[str, Any] | None,
    lock_path: Path,
) -> None:
    """UserError when a fetched file is not the one that the catalogue or the lock file knows."""
    if "git_blob" in file:
        if got["git_blob"] != file["git_blob"]:
            raise UserError(
                f"{source}: git blob id {got['git_blob']} ({got['bytes']} bytes), expected "
                f"{file['git_blob']}; the file is damaged or another version: fetch it again"
            )
    elif locked is not None:
        for key, unit in (("bytes", "size in bytes"), ("sha256", "SHA-256")):
            if got[key] != locked[key]:
                raise UserError(
                    f"{source}: {unit} {got[key]}, expected {locked[key]} as recorded in "
                    f"{lock_path} at the first fetch; the file is damaged or has changed at its "
                    f"source: fetch it again, or remove {file['name']!r} from the lock file to "
                    "accept the new one"
                )


def _read_lock(path: Path) -> dict[str, dict[str, Any]]:
    if not path.exists():
        return {}
    try:
        lock = json.loads(path.read_text(encoding="utf-8"))
        for record in lock.values():
            if not (isinstance(record["bytes"], int) and isinstance(record["sha256"], str)):
                raise ValueError("bytes must be a number and sha256 text")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"{path}: not a lock file ({error!r}); restore it, or delete it to record the "
            "checksums of the next fetch"
        ) from error
    return lock


def _write_lock(path: Path, lock: Mapping[str, Any]) -> None:
    with writing(path) as temporary:
        text = json.dumps(lock, indent=2, sort_keys=True, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
