"""From bytes to numbered lines: encodings, byte order marks, line ends, files that are cut off.

Files that gzip has packed are unpacked as they are read, whatever their names.

Only LF ends a line: tokens may contain what str.splitlines takes for line ends.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polyheads.corpora.records import Counts
from polyheads.errors import UserError
from polyheads.files import MOST_UNPACKED, TOO_LARGE

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

AGAIN = "mend the line, or fetch the file again if it is damaged"

_BLOCK = 1 << 16
_WIDE = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_MARK = "\ufeff"
_GZIP = b"\x1f\x8b"
_PACKED = {b"PK\x03\x04": "a zip archive", b"BZh": "packed by bzip2", b"\xfd7zXZ": "packed by xz"}
_STATEFUL = ("iso2022", "hz", "utf_7")  # the bytes of a line don't say what they stand for
_SET_WIDE = "it looks like UTF-16; set `encoding: utf-16` in the catalogue entry"


def quoted(text: str, most: int = 60) -> str:
    """The text as one short piece of an error message, control characters escaped."""
    return repr(text if len(text) <= most else text[: most - 1] + "…")


def count_skipped(counts: Counts, kind: str) -> None:
    """Count one more thing of a kind that was skipped."""
    counts["skipped"][kind] = counts["skipped"].get(kind, 0) + 1


def rows_of_lines(path: Source, encoding: str, counts: Counts) -> Iterator[tuple[int, str, str]]:
    """(number, `path:number`, text) of every line; empty ones are counted as `extra_empty_line`."""
    for number, line in numbered_lines(path, encoding, counts):
        if line:
            yield number, f"{path}:{number}", line
        else:
            count_repair(counts, "extra_empty_line", path, number, "an empty row")


def count_repair(counts: Counts, kind: str, path: Source, number: int, what: str) -> None:
    """Count a repair; the first of its kind becomes the example, ``file:line: what``."""
    repair = counts["repairs"].get(kind)
    if repair is None:
        example = f"{path.name}:{number}: {what}"
        counts["repairs"][kind] = {"count": 1, "example": example}
    else:
        repair["count"] += 1


@dataclass(frozen=True)
class Copy:
    """A file that messages call by the name of the one that it is a copy of."""

    at: Path
    of: Path

    def __str__(self) -> str:
        return str(self.of)

    @property
    def name(self) -> str:
        return self.of.name


Source = Path | Copy


def open_file(path: Source) -> io.BufferedReader:
    """Open a file to read its bytes; UserError where it is missing or can't be opened."""
    try:
        return (path.at if isinstance(path, Copy) else path).open("rb")
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; fetch it first") from error
    except OSError as error:
        raise UserError(f"{path}: can't be opened ({error.strerror}); check the path") from error


def numbered_lines(path: Source, encoding: str, counts: Counts) -> Iterator[tuple[int, str]]:
    """Line numbers (from 1) and lines without their ends.

    encoding: any that Python knows. A byte order mark at the beginning of a line (joined files have
    some inside) and CR before LF are repaired and counted. UserError for a last line without LF, a
    NUL, bytes that the encoding doesn't have, UTF-8 that is declared as something else.
    """
    name = codecs.lookup(encoding).name.replace("-", "_")
    by_bytes = not name.startswith(_STATEFUL) and "\n".encode(name) == b"\n"
    with open_file(path) as file:
        stream = _unpacked(path, file)
        if name in ("utf_8", "utf_8_sig"):
            lines = _lines(path, stream, "utf-8")
        elif by_bytes:
            lines = _lines(path, _not_utf_8(path, stream, encoding), encoding)
        else:
            lines = _decoded_lines(path, stream, encoding)
        for number, line in lines:
            if line[:1] == _MARK:
                line = line.lstrip(_MARK)
                what = "the line begins with U+FEFF"
                count_repair(counts, "byte_order_mark", path, number, what)
            if line.endswith("\r"):
                line = line[:-1]
                count_repair(counts, "carriage_return", path, number, "CR before LF")
            yield number, line


def _unpacked(path: Source, file: io.BufferedReader) -> io.BufferedReader:
    """The file, or what gzip has packed into it; UserError for archives."""
    start = file.peek(6)[:6]
    for magic, what in _PACKED.items():
        if start.startswith(magic):
            raise UserError(
                f"{path}: the file is {what}; unpack it, or let the catalogue entry name the "
                "address of an archive with `archive` and `members`"
            )
    return io.BufferedReader(_Gzip(path, file)) if start.startswith(_GZIP) else file


class _Gzip(io.RawIOBase):
    """What gzip has packed into a file; UserError for damage and for more than anybody means."""

    def __init__(self, path: Source, file: io.BufferedReader) -> None:
        self._path, self._left = path, MOST_UNPACKED
        self._file = gzip.GzipFile(fileobj=file)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        try:
            data = self._file.read(len(view))
        except (EOFError, OSError, zlib.error) as error:
            raise UserError(
                f"{self._path}: what gzip has packed is damaged or cut off ({error}); fetch the "
                "file again"
            ) from error
        self._left -= len(data)
        if self._left < 0:
            raise UserError(f"{self._path}: {TOO_LARGE}")
        view[: len(data)] = data
        return len(data)


def _not_utf_8(path: Source, stream: io.BufferedReader, encoding: str) -> Iterator[bytes]:
    """The lines; at their end UserError if all that say anything about it are UTF-8."""
    first = 0  # line of the first byte beyond ASCII; -1 once it is certain
    for number, raw in enumerate(stream, 1):
        if first >= 0 and not raw.isascii():
            try:
                raw.decode("utf-8")
                first = first or number
            except UnicodeDecodeError:
                first = -1
        yield raw
    if first > 0:
        raise UserError(
            f"{path}:{first}: the catalogue entry says {encoding}, but this line and all others "
            "with letters beyond ASCII are UTF-8; set `encoding: utf-8`, or convert the file to "
            f"{encoding} where the entry is not yours"
        )


def _lines(path: Source, stream: Iterator[bytes], encoding: str) -> Iterator[tuple[int, str]]:
    """Lines of an encoding in which the byte 0x0a is always an LF."""
    for number, raw in enumerate(stream, 1):
        if number == 1:
            _check_mark(path, raw, encoding)
        if b"\0" in raw:
            wide = max(raw[0::2].count(0), raw[1::2].count(0)) * 4 >= len(raw)
            hint = _SET_WIDE if wide else AGAIN
            raise UserError(f"{path}:{number}: a NUL byte in the line; {hint}")
        if raw[-1:] != b"\n":
            raise _cut(path, number, b"\r" in raw)
        try:
            yield number, raw[:-1].decode(encoding)
        except UnicodeDecodeError as error:
            place = f"byte {error.start + 1} of the line: 0x{raw[error.start]:02x}"
            if encoding != "utf-8":
                raise UserError(
                    f"{path}:{number}: not {encoding} ({place}); correct `encoding` in the "
                    "catalogue entry, or fetch the file again if it is damaged"
                ) from error
            raise UserError(
                f"{path}:{number}: not UTF-8 ({place}); if the file is Latin-1, set `encoding: "
                "latin-1` in the catalogue entry, else convert it to UTF-8 or fetch it again"
            ) from error


def _check_mark(path: Source, raw: bytes, encoding: str) -> None:
    """UserError where a file begins with the byte order mark of another encoding."""
    if raw.startswith(codecs.BOM_UTF8) and encoding != "utf-8":
        raise UserError(
            f"{path}:1: the file begins with the byte order mark of UTF-8; set "
            "`encoding: utf-8` in the catalogue entry"
        )
    # In Latin-1 the two bytes of a mark are letters, but hardly ever the first of a file.
    if raw[:2] in _WIDE:
        raise UserError(f"{path}:1: not {encoding.upper()}, {_SET_WIDE}")


def _decoded_lines(
    path: Source, stream: io.BufferedReader, encoding: str
) -> Iterator[tuple[int, str]]:
    """Lines of UTF-16 in either byte order and of other encodings that need their whole text."""
    block = stream.read(_BLOCK)
    if not block:
        return
    order = encoding
    if codecs.lookup(encoding).name == "utf-16":
        if block[:2] in _WIDE:
            order, block = _WIDE[block[:2]], block[2:]
        else:
            order = _byte_order(path, block)
    decoder = codecs.getincrementaldecoder(order)()
    number = 1
    rest: list[str] = []
    while True:
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeError as error:  # some codecs raise no UnicodeDecodeError
            if not block:
                raise _cut(path, number, False) from error
            whole, start = getattr(error, "object", block), getattr(error, "start", 0)
            before = whole[:start].decode(order, "replace").count("\n")
            raise UserError(
                f"{path}:{number + before}: not {encoding.upper()} "
                f"({getattr(error, 'reason', error)}); if the file is UTF-8, "
                "remove `encoding` from the catalogue entry, else fetch the file again"
            ) from error
        *ended, tail = text.split("\n")
        for part in ended:
            line = "".join([*rest, part])
            rest = []
            if "\0" in line:
                raise UserError(f"{path}:{number}: a NUL character in the line; {AGAIN}")
            yield number, line
            number += 1
        if tail:
            rest.append(tail)
        if not block:
            break
        block = stream.read(_BLOCK)
    if rest:
        raise _cut(path, number, any("\r" in part for part in rest))


def _byte_order(path: Source, block: bytes) -> str:
    """The byte order of UTF-16 without a mark: the one that makes more blanks and line ends."""
    found = {
        order: sum(block[: len(block) & ~1].decode(order, "replace").count(c) for c in "\t\n ")
        for order in _WIDE.values()
    }
    little, big = found.values()
    if little == big:
        raise UserError(
            f"{path}:1: no byte order mark, and nothing in the text shows that it is UTF-16; if "
            "the file is UTF-8, remove `encoding` from the catalogue entry"
        )
    return "utf-16-le" if little > big else "utf-16-be"


def _cut(path: Source, number: int, returns: bool) -> UserError:
    hint = ", or it ends its lines with CR alone: convert these to LF" if returns else ""
    return UserError(
        f"{path}:{number}: the file ends in the middle of this line (no line end after it); it is "
        f"cut off: fetch it again, or it is complete: add a line end{hint}"
    )
