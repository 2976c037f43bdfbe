"""Downloads over HTTP that go on where they broke off, also after a killed run.

What has come lies in a directory of its own (a job's outputs are deleted when it fails), under a
hash of address and place; beside it a JSON file has the validator (ETag or Last-Modified) that
tells the server which version is to be continued. Another version is fetched from its beginning.
Proxies are taken from the environment (http_proxy, https_proxy, no_proxy).
"""

from __future__ import annotations

import email.utils
import hashlib
import http.client
import json
import os
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import Message
from pathlib import Path

from polyheads.errors import UserError
from polyheads.files import writing

_PIECE = 1 << 16  # bytes
_PROGRESS = 1 << 20  # bytes after which a download that breaks off again has all its tries anew
_PAUSES = (1 / 30, 1 / 6, 1 / 2, 1)  # before another try, as parts of the time-out
_HOPELESS = (socket.gaierror, ssl.SSLCertVerificationError, ConnectionRefusedError)
_LONGEST = 600  # seconds that a server may make us wait


class _Broken(Exception):
    """A try that failed in a way that another one may not. wait: seconds the server asks for."""

    def __init__(self, reason: object, wait: float = 0) -> None:
        super().__init__(str(reason))
        self.wait = wait


class _Partial:
    """What has come of an address so far, and which version of it that is."""

    def __init__(self, directory: str | Path, url: str, place: str) -> None:
        # The place is part of the key: two jobs that fetch the same address don't share a file.
        key = hashlib.sha256(f"{url}\n{place}".encode()).hexdigest()[:32]
        self.path = Path(directory) / key
        self.notes = Path(directory) / f"{key}.json"

    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def validator(self) -> str | None:
        try:
            notes: dict[str, str | None] = json.loads(self.notes.read_text(encoding="utf-8"))
            return notes["validator"]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def begin(self, url: str, headers: Message) -> None:
        """Forget what there is and note the version that comes now."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(b"")  # first, so that old bytes never have the new note
        etag = headers.get("ETag", "")
        strong = etag if etag.startswith('"') else None  # a weak one says nothing about bytes
        notes = {"url": url, "validator": strong or headers.get("Last-Modified")}
        with writing(self.notes) as temporary:
            temporary.write_text(json.dumps(notes), encoding="utf-8")

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self.notes.unlink(missing_ok=True)


def time_out() -> float:
    """Seconds without a byte after which a try is given up: POLYHEADS_TIMEOUT, or 60."""
    text = os.environ.get("POLYHEADS_TIMEOUT", "60")
    try:
        seconds = float(text)
        if not 0 < seconds < float("inf"):
            raise ValueError(text)
    except ValueError as error:
        raise UserError(
            f"environment, POLYHEADS_TIMEOUT: {text!r} is no number of seconds"
        ) from error
    return seconds


@contextmanager
def downloaded(
    url: str,
    *,
    place: str,
    advice: str,
    partial_dir: str | Path,
    timeout: float | None = None,
    pauses: Sequence[float] | None = None,
) -> Iterator[Path]:
    """Hand out the file behind an address, whole; the block moves it away or reads it.

    It is gone after the block, however that ends. A download that fails for good raises UserError
    (with ``advice``: what else to do) and leaves what has come for the next run.
    place: what the file is to be, `corpus/language/file`. timeout: seconds without a byte
    (``time_out``). pauses: seconds before the second try, the third, and so on; 1/30, 1/6, 1/2
    and 1 time-out if not given.
    """
    timeout = time_out() if timeout is None else timeout
    pauses = [timeout * part for part in _PAUSES] if pauses is None else pauses
    partial = _Partial(partial_dir, url, place)
    _download(url, partial, advice, timeout, pauses)
    try:
        yield partial.path
    finally:
        partial.remove()


def _download(
    url: str, partial: _Partial, advice: str, timeout: float, pauses: Sequence[float]
) -> None:
    tries, best = 0, partial.size()
    while True:
        try:
            return _attempt(url, partial, advice, timeout)
        except _Broken as broken:
            reason, wait = str(broken), broken.wait
        size = partial.size()
        if size >= best + _PROGRESS:
            tries, best = 0, size
        if tries == len(pauses) or wait > _LONGEST:
            if not (size and partial.validator()):
                partial.remove()  # nothing that could be continued
            kept = "; the next run goes on from there" if partial.size() else ""
            asks = f"; the server asks to wait {wait:.0f} s" if wait else ""
            raise UserError(
                f"{url}: failed after {size} bytes ({reason}){kept}{asks}; check the network and "
                f"the proxy settings; {advice}"
            )
        pause = max(pauses[tries], wait)
        tries += 1
        print(f"{url}: {reason}; next try in {pause:.1f} s", flush=True)
        time.sleep(pause)


def _attempt(url: str, partial: _Partial, advice: str, timeout: float) -> None:
    """Bring the file to its end. _Broken where another try may help, UserError where not."""
    offset, validator = partial.size(), partial.validator()
    headers = {"User-Agent": "polyheads"}
    if offset and validator:
        headers |= {"Range": f"bytes={offset}-", "If-Range": validator}
    try:
        request = urllib.request.Request(url, headers=headers)
        response = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and "Range" in headers:
                if error.headers.get("Content-Range", "").endswith(f"*/{offset}"):
                    return  # a run was killed after the last byte
                partial.remove()
                raise _Broken("the server has another version now") from error
            answer = f"HTTP {error.code} {error.reason}"
            if error.code in (408, 429) or error.code >= 500:
                raise _Broken(answer, _retry_after(error.headers)) from error
        raise UserError(f"{url}: {answer}; {advice}") from error
    except (http.client.InvalidURL, ValueError) as error:
        raise UserError(f"{url}: not an address ({error}); correct the catalogue entry") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, _HOPELESS):
            raise UserError(
                f"{url}: no connection ({reason}); check the network and the proxy settings; "
                f"{advice}"
            ) from error
        raise _Broken(_said(reason, timeout)) from error
    with response:
        expected = _expected(response, offset, partial)
        if response.status != 206:
            partial.begin(url, response.headers)
        with partial.path.open("ab") as stream:
            for piece in _pieces(response, timeout):
                stream.write(piece)
                stream.flush()  # a killed run keeps it
    size = partial.size()
    if expected is not None and size != expected:
        if size > expected:
            partial.remove()
        raise _Broken(f"got {size} of {expected} bytes")


def _expected(response: http.client.HTTPResponse, offset: int, partial: _Partial) -> int | None:
    """The size of the whole file as far as the server says it. _Broken for an unfit part."""
    if response.status == 206:
        said = response.headers.get("Content-Range", "")
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", said.strip())
        if not match or int(match[1]) != offset:
            partial.remove()
            raise _Broken(f"the server sent another part than asked for ({said or 'unnamed'})")
        return None if match[2] == "*" else int(match[2])
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _pieces(response: http.client.HTTPResponse, timeout: float) -> Iterator[bytes]:
    """The bytes as they come; errors of the network, and only those, become _Broken."""
    while True:
        try:
            # Not `read`: what it has already got is lost when it meets an error.
            piece = response.read1(_PIECE)
        except (OSError, http.client.HTTPException) as error:
            raise _Broken(_said(error, timeout)) from error
        if not piece:
            return
        yield piece


def _said(reason: object, timeout: float) -> str:
    if isinstance(reason, TimeoutError):
        return f"timed out: no byte for {timeout:g} s"
    return str(reason) or type(reason).__name__


def _retry_after(headers: Message) -> float:
    """Seconds that the header Retry-After asks for, as a number or a date; 0 without one."""
    text = (headers.get("Retry-After") or "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return 0.0
