"""Digests of files: taken from the info file while nothing was touched, made again otherwise."""

import hashlib
import json
import os

import pytest

from polyheads import digests


@pytest.fixture
def info(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"first")
    (tmp_path / "b.bin").write_bytes(b"other")
    path = tmp_path / "info.json"
    path.write_text(json.dumps({"files": digests.table(tmp_path, ["a.bin", "b.bin"])}))
    return path


def sha(content):
    return hashlib.sha256(content).hexdigest()


def test_untouched_files_are_not_read_again(info, monkeypatch):
    monkeypatch.setattr(digests, "of_file", None)
    assert digests.current(info, ["a.bin", "b.bin"]) == {
        "a.bin": sha(b"first"),
        "b.bin": sha(b"other"),
    }


def test_a_file_of_the_same_size_with_an_old_time_is_read_again(info):
    """As `cp -p` leaves it."""
    path = info.with_name("a.bin")
    before = path.stat()
    path.write_bytes(b"again")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert digests.current(info, ["a.bin"]) == {"a.bin": sha(b"again")}


def test_a_file_of_another_size_is_read_again_whatever_the_times_say(info):
    path = info.with_name("a.bin")
    path.write_bytes(b"longer than before")
    os.utime(info)  # touched after it
    assert digests.current(info, ["a.bin"]) == {"a.bin": sha(b"longer than before")}


def test_a_file_that_the_info_file_does_not_know(info):
    info.with_name("c.bin").write_bytes(b"new")
    os.utime(info)
    assert digests.current(info, ["c.bin"]) == {"c.bin": sha(b"new")}


def test_of_content():
    assert digests.of({"a": 1, "b": [2]}) == digests.of({"b": [2], "a": 1})
    assert digests.of({"a": 1}) != digests.of({"a": 2})
