"""Members out of archives: whole, cut short, encrypted, and with paths that lead outside."""

import io
import random
import tarfile
import zipfile
from pathlib import Path

import pytest

from polyheads.corpora.fetching.archives import extract
from polyheads.errors import UserError

MEMBERS = {
    "data/en/train.tsv": b"one\tO\n\n" * 3000,
    "data/en/more.tsv": b"two\tO\n",
    "data/de/train.tsv": b"drei\tO",
}
EVIL = {"../outside.txt": b"a", "/absolute-member.txt": b"b", "data/../../up.txt": b"c"}
SUFFIXES = (".zip", ".tar", ".tar.gz", ".tar.bz2", ".tar.xz")


def pack(path, members, kind):
    if kind == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            for name, content in members.items():
                made.writestr(name, content)
    else:
        mode = {".tar": "w", ".tar.gz": "w:gz", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}[kind]
        with tarfile.open(path, mode) as made:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                made.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture(params=SUFFIXES)
def kind(request):
    return request.param


@pytest.fixture
def archive(tmp_path, kind):
    # The name says nothing about the content.
    return pack(tmp_path / "archive.bin", MEMBERS, kind)


def refused(archive, members, message):
    target = archive.with_name("target")
    with pytest.raises(UserError, match=message) as caught:
        extract(archive, members, target)
    text = str(caught.value)
    assert "\n" not in text and str(archive) in text
    assert any(member in text for member in members)


def test_a_member(tmp_path, archive):
    for name, content in MEMBERS.items():
        extract(archive, [name], tmp_path / "target")
        assert (tmp_path / "target").read_bytes() == content
    assert sorted(p.name for p in tmp_path.iterdir()) == ["archive.bin", "target"]


def test_members_are_joined_with_an_empty_line(tmp_path, archive):
    names = ["data/en/train.tsv", "data/de/train.tsv", "data/en/more.tsv", "data/en/train.tsv"]
    extract(archive, names, tmp_path / "target")
    train = MEMBERS["data/en/train.tsv"]
    assert (tmp_path / "target").read_bytes() == (
        train + b"drei\tO\n\n" + b"two\tO\n\n" + train  # the first already ends in one
    )


def test_other_line_ends(tmp_path, kind):
    members = {"a": b"x\r\n\r\n", "b": b"y\r\n", "c": b"", "d": b"z\n"}
    archive = pack(tmp_path / "archive", members, kind)
    extract(archive, list(members), tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"x\r\n\r\ny\r\n\nz\n"


def test_a_missing_member(archive):
    refused(
        archive, ["data/en/trian.tsv"], r"no such member; did you mean 'data/en/train.tsv'.*members"
    )
    refused(archive, ["./data/en/train.tsv"], "no such member; did you mean 'data/en/train.tsv'")
    refused(archive, ["data/en/train.tsv", "nothing alike"], "no such member; known: data/de/train")


def test_an_empty_archive(tmp_path, kind):
    refused(pack(tmp_path / "archive", {}, kind), ["x"], "no such member; it has no files")


def test_paths_that_lead_outside(tmp_path, kind):
    place = tmp_path / "deep" / "er"
    place.mkdir(parents=True)
    archive = pack(place / "archive", EVIL | MEMBERS, kind)
    before = sorted(tmp_path.rglob("*"))
    for name, content in (EVIL | MEMBERS).items():
        extract(archive, [name], place / "target")
        assert (place / "target").read_bytes() == content
    assert sorted(tmp_path.rglob("*")) == sorted([*before, place / "target"])
    assert not Path("/absolute-member.txt").exists()


def test_links_and_directories_are_no_members(tmp_path):
    archive = tmp_path / "archive"
    with tarfile.open(archive, "w") as made:
        for name, kind, target in (
            ("link", tarfile.SYMTYPE, "/etc/passwd"),
            ("hard", tarfile.LNKTYPE, "link"),
            ("folder", tarfile.DIRTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            made.addfile(info)
    for name in ("link", "hard", "folder"):
        refused(archive, [name], "a link or a directory")


@pytest.mark.parametrize("part", [0.2, 0.6, 0.98])
def test_cut_short(tmp_path, kind, part):
    members = {"first": b"x", "last": random.Random(1).randbytes(30_000)}
    archive = pack(tmp_path / "archive", members, kind)
    content = archive.read_bytes()
    if kind == ".tar":
        content = content.rstrip(b"\0")  # what follows the last member is padding
    archive.write_bytes(content[: int(len(content) * part)])
    refused(archive, ["first", "last"], "damaged or cut short")


def test_damaged_inside(tmp_path):
    archive = pack(tmp_path / "archive", {"a": bytes(range(256)) * 50}, ".zip")
    content = bytearray(archive.read_bytes())
    content[60:80] = b"\xff" * 20
    archive.write_bytes(content)
    refused(archive, ["a"], "damaged or cut short")


@pytest.mark.parametrize("content", [b"", b"PK", b"<html>404</html>", b"\x1f\x8b"])
def test_no_archive(tmp_path, content):
    archive = tmp_path / "archive"
    archive.write_bytes(content)
    refused(archive, ["a"], "no zip or tar file, damaged or cut short")


def test_encrypted(tmp_path):
    archive = pack(tmp_path / "archive", {"a": b"secret"}, ".zip")
    content = bytearray(archive.read_bytes())
    # The flag "encrypted" of the local and of the central header.
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)
    refused(archive, ["a"], "encrypted; unpack")


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_members_in_utf_16_are_joined_with_line_ends_of_utf_16(tmp_path, codec, end):
    members = {"a": f"Łódź\tB-LOC{end}".encode(codec), "b": "x\tO\n\n".encode(codec)}
    extract(pack(tmp_path / "archive", members, ".zip"), ["a", "b"], tmp_path / "target")
    text = (tmp_path / "target").read_bytes().decode(codec).replace("\r", "")
    assert text.replace("\ufeff", "") == "Łódź\tB-LOC\n\nx\tO\n\n"


def test_a_member_larger_than_any_corpus(tmp_path, kind, monkeypatch):
    archive = pack(tmp_path / "archive", {"bomb": b"0" * 5000, "small": b"0" * 4000}, kind)
    monkeypatch.setattr("polyheads.corpora.fetching.archives.MOST_UNPACKED", 4000)
    refused(archive, ["bomb"], "archive, bomb: it unpacks to more than")
    extract(archive, ["small"], tmp_path / "target")
