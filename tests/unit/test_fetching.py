"""Fetching: mirror and network, checksums, lock files, and nothing half-written."""

import errno
import hashlib
import http.server
import json
import shutil
import threading

import pytest

from polyheads import catalogue, fetching
from polyheads.errors import UserError

CONTENT = b"a\tO\nb\tO\n\nc\tO\n\nd\tO\n"  # three sentences, no empty line at the end
CUT = b"c\tO\n\nd\tO\n\n"


def git_blob(content):
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


def entry(url="https://example.invalid/{split}", **test):
    own = {
        "name": "toy",
        "task": "ner",
        "licence": "CC0",
        "format": "columns",
        "columns": {"token": 1, "tag": 2},
        "labels": ["PER"],
        "languages": {"en": {"files": {"dev": {}, "test": test}}},
    }
    return catalogue.load([{**own, "url": url} if url else own])["toy"]


@pytest.fixture
def mirror(tmp_path):
    for name in ("dev.tsv", "test.tsv"):
        path = tmp_path / "mirror" / "toy" / "en" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENT)
    return tmp_path / "mirror"


@pytest.fixture
def fetch(tmp_path):
    def run(item, mirror=None, **options):
        return fetching.fetch(
            entry=item,
            language="en",
            mirror=mirror,
            out_dir=tmp_path / "out",
            lock_path=tmp_path / "locks" / "en.json",
            **options,
        )

    return run


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        extra = 10 if self.path == "/short" else 0
        self.send_header("Content-Length", str(len(CONTENT) + extra))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_mirror_first_fetch_is_recorded_and_held_to(tmp_path, mirror, fetch):
    item = entry()
    paths = fetch(item, mirror)
    assert [path.name for path in paths] == ["dev.tsv", "test.tsv"]
    assert all(path.read_bytes() == CONTENT for path in paths)
    lock = tmp_path / "locks" / "en.json"
    record = {"bytes": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}
    assert json.loads(lock.read_text()) == {"dev.tsv": record, "test.tsv": record}
    before = lock.read_bytes()
    fetch(item, mirror)
    assert lock.read_bytes() == before

    changed = mirror / "toy" / "en" / "test.tsv"
    changed.write_bytes(CONTENT.replace(b"d", b"e"))
    with pytest.raises(UserError, match=r"test\.tsv: SHA-256 .* expected .*en\.json at the first"):
        fetch(item, mirror)
    changed.write_bytes(CONTENT[:-1])
    with pytest.raises(UserError, match=rf"test\.tsv: size in bytes {len(CONTENT) - 1}, expected"):
        fetch(item, mirror)
    assert (
        tmp_path / "out" / "test.tsv"
    ).read_bytes() == CONTENT  # the earlier result is untouched
    assert files_in(tmp_path / "out") == ["dev.tsv", "test.tsv"]
    assert lock.read_bytes() == before


def test_git_blob_is_checked_and_not_locked(tmp_path, mirror, fetch):
    good = entry(git_blob=git_blob(CONTENT))
    fetch(good, mirror, splits=["test"])
    assert files_in(tmp_path / "out") == ["test.tsv"]
    assert not (tmp_path / "locks").exists()
    (mirror / "toy" / "en" / "test.tsv").write_bytes(CONTENT + b"\n")
    with pytest.raises(UserError, match=rf"git blob id .* expected {git_blob(CONTENT)}"):
        fetch(good, mirror)
    assert (tmp_path / "out" / "test.tsv").read_bytes() == CONTENT


def test_wrong_first_fetch_leaves_nothing(tmp_path, mirror, fetch):
    with pytest.raises(UserError, match="git blob id"):
        fetch(entry(git_blob="0" * 40), mirror, splits=["test"])
    assert files_in(tmp_path / "out") == []


def test_missing_mirror_file_names_the_path(tmp_path, mirror, fetch):
    missing = mirror / "toy" / "en" / "test.tsv"
    missing.unlink()
    with pytest.raises(UserError, match="no such file in the mirror") as caught:
        fetch(entry(), mirror)
    assert str(missing) in str(caught.value)


def test_network_and_cut(tmp_path, server, fetch):
    item = entry(url=server + "/{split}", keep=[1, 3])
    whole, cut = fetch(item)
    assert (whole.read_bytes(), cut.read_bytes()) == (CONTENT, CUT)
    lock = json.loads((tmp_path / "locks" / "en.json").read_text())
    assert lock["test.tsv"]["sha256"] == hashlib.sha256(CUT).hexdigest()


def test_mirror_holds_the_file_already_cut(mirror, fetch):
    (mirror / "toy" / "en" / "test.tsv").write_bytes(CUT)
    assert fetch(entry(keep=[1, 3]), mirror)[1].read_bytes() == CUT


def test_mirror_and_network_share_the_lock(mirror, server, fetch):
    item = entry(url=server + "/{split}", keep=[1, 3])
    (mirror / "toy" / "en" / "test.tsv").write_bytes(CUT)
    fetch(item, mirror)
    fetch(item)


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        ("/missing", {}, r"/missing: HTTP 404 .*`mirror`"),
        ("/short", {}, r"/short: got 18 of 28 bytes"),
        ("/test", {"keep": [2, 9]}, r"/test: sentences \[2, 9\) .* only 3 sentences.*toy/en"),
        ("/test", {"git_blob": "0" * 40}, r"/test: git blob id"),
    ],
)
def test_network_errors(tmp_path, server, fetch, path, options, message):
    with pytest.raises(UserError, match=message) as caught:
        fetch(entry(url=server + path, **options), splits=["test"])
    assert "\n" not in str(caught.value)
    assert files_in(tmp_path) == []


def test_no_server(tmp_path, monkeypatch, fetch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(UserError, match=r"http://127\.0\.0\.1:1/test: .*refused.*`mirror`"):
        fetch(entry(url="http://127.0.0.1:1/{split}"), splits=["test"])
    assert files_in(tmp_path) == []


def test_no_address(fetch):
    with pytest.raises(UserError, match=r"^toy/en/test\.tsv: .*no address"):
        fetch(entry(url=None), splits=["test"])


def test_damaged_lock_file(tmp_path, mirror, fetch):
    lock = tmp_path / "locks" / "en.json"
    lock.parent.mkdir()
    for text in ("{", "[]", '{"test.tsv": {"bytes": 3}}'):
        lock.write_text(text)
        with pytest.raises(UserError, match=r"en\.json: not a lock file"):
            fetch(entry(), mirror)


def test_full_disk(tmp_path, mirror, fetch, monkeypatch):
    def full(_, target):
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(UserError, match=r"dev\.tsv: the disk is full"):
        fetch(entry(), mirror)
    assert files_in(tmp_path / "out") == []


def test_split_that_the_language_lacks(mirror, fetch):
    with pytest.raises(UserError, match="toy has no train set for en"):
        fetch(entry(), mirror, splits=["train"])


def test_unknown_language(tmp_path, mirror):
    with pytest.raises(UserError, match="toy has no language 'eng'; did you mean 'en'"):
        fetching.fetch(
            entry=entry(), language="eng", mirror=mirror, out_dir=tmp_path, lock_path=tmp_path / "l"
        )


def test_checksums(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"hello\n")
    assert fetching.checksums(path) == {
        "bytes": 6,
        "sha256": hashlib.sha256(b"hello\n").hexdigest(),
        "git_blob": "ce013625030ba8dba906f756967f9e9ca394464a",  # git hash-object
    }


@pytest.mark.parametrize(
    ("first", "last", "kept"),
    [
        (0, 1, b"a\tO\nb\tO\n\n"),
        (0, 3, b"a\tO\nb\tO\n\nc\tO\n\nd\tO\n\n"),
        (1, 2, b"c\tO\n\n"),
        (2, 3, b"d\tO\n\n"),
    ],
)
def test_cut_sentences(first, last, kept):
    lines = b"\n" + CONTENT.replace(b"\n\n", b"\n\r\n\n")  # repeated empty lines count once
    assert b"".join(fetching.cut_sentences(lines.split(b"\n"), first, last)) == kept
