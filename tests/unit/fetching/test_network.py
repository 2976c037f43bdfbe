"""Downloads from a real server that breaks off, hangs, refuses and lies."""

import email.utils
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local_server import Server, serving
from polyheads.corpora.fetching import network
from polyheads.errors import UserError

CONTENT = bytes(range(256)) * 1000
ADVICE = "or use a mirror"


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(Server()) as running:
        running.files["/file"] = CONTENT
        yield running


@pytest.fixture
def download(tmp_path, server):
    def run(path="/file", *, pauses=(0, 0), timeout=0.3):
        with network.downloaded(
            server.url + path,
            place="toy/en/file",
            advice=ADVICE,
            partial_dir=tmp_path / "partial",
            timeout=timeout,
            pauses=pauses,
        ) as found:
            return found.read_bytes()

    return run


def left(tmp_path):
    """Sizes of what waits for the next run."""
    files = sorted((tmp_path / "partial").glob("*"))
    return [path.stat().st_size for path in files if path.suffix != ".json"]


def test_whole(tmp_path, server, download):
    assert download() == CONTENT
    assert left(tmp_path) == [] and not list((tmp_path / "partial").iterdir())
    (request,) = server.seen
    assert request[2]["user-agent"] == "polyheads" and "range" not in request[2]


def test_empty_file(server, download):
    server.files["/file"] = b""
    assert download() == b""


def test_a_broken_download_goes_on(server, download):
    server.troubles["/file"] = [("break", 1000), ("hang", 500)]
    assert download() == CONTENT
    assert server.asked("/file") == [None, "bytes=1000-", "bytes=1500-"]
    assert server.seen[1][2]["if-range"].startswith('"')


def test_the_next_run_goes_on(tmp_path, server, download):
    server.troubles["/file"] = [("break", 1000), ("status", 503, {})]
    with pytest.raises(UserError, match=r"failed after 1000 bytes .HTTP 503.*the next run goes on"):
        download(pauses=[0])
    assert left(tmp_path) == [1000]
    assert download() == CONTENT
    assert server.asked("/file")[-1] == "bytes=1000-"
    assert left(tmp_path) == []


def test_a_killed_run_goes_on(tmp_path, server, download):
    server.troubles["/file"] = [("hang", 1000)]
    code = (
        "import sys; from polyheads.corpora.fetching import network\n"
        "with network.downloaded(sys.argv[1], place='toy/en/file', advice='', "
        "partial_dir=sys.argv[2]): pass"
    )
    library = str(Path(network.__file__).parents[3])
    process = subprocess.Popen(
        [sys.executable, "-c", code, f"{server.url}/file", str(tmp_path / "partial")],
        env={**os.environ, "PYTHONPATH": library},
    )
    end = time.monotonic() + 30
    while left(tmp_path) != [1000]:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert download() == CONTENT
    assert server.asked("/file") == [None, "bytes=1000-"]


def test_a_run_killed_after_the_last_byte(tmp_path, server, download):
    server.troubles["/file"] = [("break", 1000)]
    with pytest.raises(UserError):
        download(pauses=[])
    (partial,) = (p for p in (tmp_path / "partial").iterdir() if p.suffix != ".json")
    partial.write_bytes(CONTENT)
    assert download() == CONTENT
    assert server.asked("/file") == [None, f"bytes={len(CONTENT)}-"]
    assert left(tmp_path) == []


def test_a_partial_longer_than_the_file_is_thrown_away(tmp_path, server, download):
    server.troubles["/file"] = [("break", 1000)]
    with pytest.raises(UserError):
        download(pauses=[])
    (partial,) = (p for p in (tmp_path / "partial").iterdir() if p.suffix != ".json")
    partial.write_bytes(CONTENT + b"more")
    assert download() == CONTENT


def test_a_file_that_has_changed_is_fetched_anew(server, download):
    server.troubles["/file"] = [("break", 1000)]
    with pytest.raises(UserError):
        download(pauses=[])
    server.files["/file"] = CONTENT[::-1]
    assert download() == CONTENT[::-1]
    assert server.asked("/file")[-1] == "bytes=1000-"


def test_a_server_that_knows_no_ranges(server, download):
    server.plain.add("/file")
    server.troubles["/file"] = [("break", 1000)]
    assert download() == CONTENT
    assert server.asked("/file") == [None, "bytes=1000-"]


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_versions_by_date(server, download, etag):
    server.headers["/file"] = {"ETag": etag}
    server.troubles["/file"] = [("break", 1000)]
    assert download() == CONTENT
    assert server.seen[1][2]["if-range"] == email.utils.formatdate(0, usegmt=True)


def test_without_a_version_nothing_is_continued(tmp_path, server, download):
    server.headers["/file"] = {"ETag": None, "Last-Modified": None}
    server.troubles["/file"] = [("break", 1000)] * 2
    with pytest.raises(UserError, match=r"after 1000 bytes \(got 1000 of 256000 bytes\); check"):
        download(pauses=[0])
    assert server.asked("/file") == [None, None]
    assert left(tmp_path) == []


@pytest.mark.parametrize("code", [403, 404, 410])
def test_a_refusal_is_not_repeated(tmp_path, server, download, code):
    server.troubles["/file"] = [("status", code, {})]
    with pytest.raises(UserError, match=rf"/file: HTTP {code} .*; {ADVICE}") as caught:
        download()
    assert "\n" not in str(caught.value) and len(server.seen) == 1
    assert left(tmp_path) == []


def test_retry_after(server, download):
    server.troubles["/file"] = [("status", 429, {"Retry-After": "1"})]
    begin = time.monotonic()
    assert download() == CONTENT
    assert time.monotonic() - begin >= 1


def test_retry_after_as_a_date():
    soon = email.utils.formatdate(time.time() + 100, usegmt=True)
    assert 90 < network._retry_after({"Retry-After": soon}) <= 100
    assert network._retry_after({"Retry-After": "Sat, 01 Jan 2000 00:00:00 GMT"}) == 0
    assert network._retry_after({"Retry-After": "later"}) == network._retry_after({}) == 0


def test_a_server_that_asks_for_too_much_patience(server, download):
    server.troubles["/file"] = [("status", 429, {"Retry-After": "86400"})]
    with pytest.raises(UserError, match=r"HTTP 429 .*asks to wait 86400 s"):
        download()
    assert len(server.seen) == 1


def test_a_server_that_hangs(tmp_path, server, download):
    server.troubles["/file"] = [("hang", 0)] * 3
    with pytest.raises(UserError, match=r"after 0 bytes \(timed out: no byte for 0.3 s\)"):
        download()
    assert len(server.seen) == 3
    assert left(tmp_path) == []


def test_a_wrong_length(tmp_path, server, download):
    server.troubles["/file"] = [("length", 10)]
    server.plain.add("/file")
    with pytest.raises(UserError, match="got 256000 of 256010 bytes"):
        download(pauses=[])
    server.plain.clear()
    assert download() == CONTENT


def test_progress_gives_new_tries(server, download, monkeypatch):
    monkeypatch.setattr(network, "_PROGRESS", 1000)
    server.troubles["/file"] = [("break", 1500)] * 20
    assert download(pauses=[0]) == CONTENT
    assert len(server.seen) == 21


def test_a_server_without_ranges_does_not_get_tries_for_ever(server, download, monkeypatch):
    monkeypatch.setattr(network, "_PROGRESS", 1000)
    server.plain.add("/file")
    server.troubles["/file"] = [("break", 1500)] * 20
    with pytest.raises(UserError, match="got 1500 of 256000"):
        download()
    assert len(server.seen) == 3


def test_no_server(tmp_path, monkeypatch, server, download):
    monkeypatch.setattr(type(server), "url", "http://127.0.0.1:1")
    with pytest.raises(UserError, match=r"http://127\.0\.0\.1:1/file: no connection .*refused"):
        download()
    monkeypatch.setattr(type(server), "url", "http://127.0.0.1:x")
    with pytest.raises(UserError, match=r"not an address"):
        download()


def test_two_places_do_not_share_what_has_come(tmp_path):
    one, two = (network._Partial(tmp_path, "http://x/y", place) for place in ("a", "b"))
    assert one.path != two.path


def test_damaged_notes_begin_anew(tmp_path, server, download):
    server.troubles["/file"] = [("break", 1000)]
    with pytest.raises(UserError):
        download(pauses=[])
    (notes,) = (tmp_path / "partial").glob("*.json")
    assert json.loads(notes.read_text())["url"] == f"{server.url}/file"
    notes.write_text("{")
    assert download() == CONTENT
    assert server.asked("/file")[-1] is None


def test_time_out_from_the_environment(monkeypatch):
    monkeypatch.delenv("POLYHEADS_TIMEOUT", raising=False)
    assert network.time_out() == 60
    monkeypatch.setenv("POLYHEADS_TIMEOUT", "2.5")
    assert network.time_out() == 2.5
    for text in ("soon", "-1", "inf", "nan"):
        monkeypatch.setenv("POLYHEADS_TIMEOUT", text)
        with pytest.raises(UserError, match="POLYHEADS_TIMEOUT"):
            network.time_out()
