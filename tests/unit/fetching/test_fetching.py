"""Fetching: mirror and network, checksums, lock files, and nothing half-written."""

import errno
import gzip
import hashlib
import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from local_server import Server, serving
from polyheads import catalogue
from polyheads.corpora import fetching
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
            partial_dir=tmp_path / "partial",
            own_copies=tmp_path / "own",
            **options,
        )

    return run


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("POLYHEADS_TIMEOUT", "0.1")
    with serving(Server()) as running:
        running.files |= dict.fromkeys(("/dev", "/test"), CONTENT)
        yield running


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
    with pytest.raises(
        UserError, match=r"test\.tsv is missing: toy, en, test set; put it into the mirror"
    ) as caught:
        fetch(entry(), mirror)
    assert str(missing) in str(caught.value)


def test_network_and_cut(tmp_path, server, fetch):
    item = entry(url=server.url + "/{split}", keep=[1, 3])
    whole, cut = fetch(item)
    assert (whole.read_bytes(), cut.read_bytes()) == (CONTENT, CUT)
    lock = json.loads((tmp_path / "locks" / "en.json").read_text())
    assert lock["test.tsv"]["sha256"] == hashlib.sha256(CUT).hexdigest()


def test_mirror_holds_the_file_already_cut(mirror, fetch):
    (mirror / "toy" / "en" / "test.tsv").write_bytes(CUT)
    assert fetch(entry(keep=[1, 3]), mirror)[1].read_bytes() == CUT


def test_mirror_and_network_share_the_lock(mirror, server, fetch):
    item = entry(url=server.url + "/{split}", keep=[1, 3])
    (mirror / "toy" / "en" / "test.tsv").write_bytes(CUT)
    fetch(item, mirror)
    fetch(item)


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        ("/missing", {}, r"/missing: HTTP 404 .*`mirror`"),
        ("/test", {"keep": [2, 9]}, r"/test: sentences \[2, 9\) .* only 3 sentences.*toy/en"),
        ("/test", {"git_blob": "0" * 40}, r"/test: git blob id"),
    ],
)
def test_network_errors(tmp_path, server, fetch, path, options, message):
    with pytest.raises(UserError, match=message) as caught:
        fetch(entry(url=server.url + path, **options), splits=["test"])
    assert "\n" not in str(caught.value)
    assert files_in(tmp_path) == []


def test_no_server(tmp_path, monkeypatch, fetch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(UserError, match=r"http://127\.0\.0\.1:1/test: .*refused.*`mirror`"):
        fetch(entry(url="http://127.0.0.1:1/{split}"), splits=["test"])
    assert files_in(tmp_path) == []


def test_an_own_copy(tmp_path, fetch):
    item = entry(url=None)
    item["languages"]["en"]["obtain"] = "ask the authors"
    with pytest.raises(UserError, match="ask the authors") as caught:
        fetch(item, splits=["test"])
    place = tmp_path / "own" / "toy" / "en" / "test.tsv"
    text = str(caught.value)
    assert str(place) in text and "toy, en" in text and "CC0" in text and "\n" not in text
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT)
    assert fetch(item, splits=["test"])[0].read_bytes() == CONTENT
    place.write_bytes(CUT)
    assert fetch(item, splits=["test"])[0].read_bytes() == CUT
    assert not (tmp_path / "locks").exists()


def test_sha256_is_checked_and_not_locked(tmp_path, server, fetch):
    good = {"url": server.url + "/{split}", "sha256": hashlib.sha256(CONTENT).hexdigest()}
    item = entry(url=good.pop("url"))
    item["languages"]["en"]["files"]["test"] |= good
    fetch(item, splits=["test"])
    assert not (tmp_path / "locks").exists()
    item["languages"]["en"]["files"]["test"]["sha256"] = "0" * 64
    with pytest.raises(UserError, match=f"/test: SHA-256 .* expected {'0' * 64}"):
        fetch(item, splits=["test"])


def test_a_wrong_download_is_not_continued(tmp_path, server, fetch):
    item = entry(url=server.url + "/{split}", git_blob=git_blob(CONTENT))
    server.files["/test"] = CONTENT[::-1]
    with pytest.raises(UserError, match="git blob id"):
        fetch(item, splits=["test"])
    assert files_in(tmp_path) == []
    server.files["/test"] = CONTENT
    assert fetch(item, splits=["test"])[0].read_bytes() == CONTENT
    assert server.asked("/test") == [None, None]


def test_a_broken_download_waits_outside_the_output(tmp_path, server, fetch):
    item = entry(url=server.url + "/{split}")
    server.troubles["/test"] = [("break", 5), *[("status", 503, {})] * 4]
    with pytest.raises(UserError, match="failed after 5 bytes"):
        fetch(item, splits=["test"])
    assert files_in(tmp_path / "out") == [] and len(files_in(tmp_path / "partial")) == 2
    assert fetch(item, splits=["test"])[0].read_bytes() == CONTENT
    assert server.asked("/test")[-1] == "bytes=5-"
    assert files_in(tmp_path / "partial") == []


def archived(server, tmp_path, **more):
    """An entry whose files are in an archive, and the archive's bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("x/dev.tsv", CONTENT)
        made.writestr("x/test.1", b"a\tO\n")
        made.writestr("x/test.2", b"b\tO\n")
    server.files["/all.zip"] = packed.getvalue()
    item = entry()
    files = item["languages"]["en"]["files"]
    archive = {"url": server.url + "/all.zip", "name": "all.zip", **more}
    for split, members in (("dev", ["x/dev.tsv"]), ("test", ["x/test.1", "x/test.2"])):
        del files[split]["url"]
        files[split] |= {"archive": archive, "members": members}
    return item, archive


def test_members_of_an_archive(tmp_path, mirror, server, fetch):
    item, archive = archived(server, tmp_path)
    path = tmp_path / "archives" / "all.zip"
    with pytest.raises(UserError, match=r"toy/en/dev\.tsv: the archive all\.zip has not been"):
        fetch(item)
    options = {"archive": archive, "corpus": "toy", "path": path, "partial_dir": tmp_path / "part"}
    server.troubles["/all.zip"] = [("break", 20)]
    fetching.fetch_archive(mirror=None, **options)
    assert server.asked("/all.zip") == [None, "bytes=20-"]
    dev, test = fetch(item, archives={"all.zip": path})
    assert (dev.read_bytes(), test.read_bytes()) == (CONTENT, b"a\tO\n\nb\tO\n")
    assert files_in(tmp_path / "part") == []
    # With a mirror nothing is fetched, and what stands for the archive is never taken for one:
    # it comes when there is no mirror any more, and keeps its time, for the sake of the others.
    fetching.fetch_archive(mirror=mirror, **options)
    assert len(server.seen) == 2
    os.utime(path, (1e9, 1e9))
    for _ in range(2):
        assert fetch(item, archives={"all.zip": path})[1].read_bytes() == b"a\tO\n\nb\tO\n"
        assert len(server.seen) == 3 and path.stat().st_mtime == 1e9
    assert files_in(tmp_path / "partial") == []
    fetching.fetch_archive(mirror=mirror, **options)
    (tmp_path / "locks" / "en.json").unlink()
    assert fetch(item, mirror, archives={"all.zip": path})[1].read_bytes() == CONTENT


def test_an_archive_of_another_version(tmp_path, server):
    _, archive = archived(server, tmp_path, sha256="0" * 64)
    with pytest.raises(UserError, match=r"/all\.zip: SHA-256 .*expected 0000"):
        fetching.fetch_archive(
            archive=archive,
            corpus="toy",
            path=tmp_path / "a" / "all.zip",
            mirror=None,
            partial_dir=tmp_path / "part",
        )
    assert files_in(tmp_path) == []


def test_files_of_the_hub_are_locked(tmp_path, fetch, monkeypatch):
    """By the checksum of their first fetch, as all are (the client is real in test_hub)."""

    def dataset_file(place, *, advice):
        (tmp_path / "cached").write_bytes(place["path"].encode())
        return tmp_path / "cached"

    monkeypatch.setattr(fetching.hub, "dataset_file", dataset_file)
    item = entry()
    file = item["languages"]["en"]["files"]["test"]
    del file["url"]
    file["hub"] = {"dataset": "some/set", "path": "en.parquet", "revision": "a" * 40}
    fetch(item, splits=["test"])
    record = {"bytes": 10, "sha256": hashlib.sha256(b"en.parquet").hexdigest()}
    assert json.loads((tmp_path / "locks" / "en.json").read_text()) == {"test.tsv": record}
    file["hub"]["path"] = "de.parquet"
    with pytest.raises(UserError, match="SHA-256"):
        fetch(item, splits=["test"])


def test_a_file_that_two_splits_share_is_fetched_once(server, fetch):
    item = entry(url=server.url + "/{split}")
    item["languages"]["en"]["carve"] = {"train": {"from": "test", "share": 0.5, "seed": 1}}
    assert [path.name for path in fetch(item)] == ["test.tsv", "dev.tsv"]
    assert len(server.seen) == 2


def test_a_run_elsewhere_is_held_to_the_locks_of_the_project(tmp_path, mirror, monkeypatch):
    project, run = tmp_path / "project", tmp_path / "run"
    project.mkdir()
    run.mkdir()
    monkeypatch.chdir(run)
    lock = Path("resources/locks/toy/en.json")
    how = {"language": "en", "mirror": mirror, "out_dir": run / "out", "lock_path": lock}
    how["project"] = project
    fetching.fetch(entry=entry(), **how)
    shutil.move(run / "resources", project / "resources")
    fetching.fetch(entry=entry(), **how)
    assert not (run / "resources").exists()  # nothing new was learned
    (mirror / "toy/en/test.tsv").write_bytes(CONTENT + b"\ne\tO\n")
    with pytest.raises(UserError, match=r"SHA-256|size in bytes"):
        fetching.fetch(entry=entry(), **how)


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


def test_a_packed_file_is_cut(tmp_path, server, fetch):
    item = entry(url=server.url + "/{split}", keep=[1, 3])
    server.files["/test"] = gzip.compress(CONTENT)
    assert fetch(item)[1].read_bytes() == CUT
    server.files["/test"] = gzip.compress(CONTENT)[:-6]
    (tmp_path / "locks" / "en.json").unlink()
    with pytest.raises(UserError, match=r"/test: what gzip has packed is damaged or cut off"):
        fetch(item)
