"""Files are whole or not there."""

import errno

import pytest

from polyheads.errors import UserError
from polyheads.files import LONGEST_NAME, check_names, writing


def test_a_file_appears_only_when_it_is_complete(tmp_path):
    path = tmp_path / "deep" / "file"
    with writing(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    with pytest.raises(RuntimeError), writing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "whole"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_a_directory_appears_only_when_it_is_complete(tmp_path):
    path = tmp_path / "data"
    for text in ("whole", "new"):
        with writing(path) as temporary:
            beside = temporary.with_name(f"{temporary.name}.train")
            beside.write_text("for a while")
            temporary.mkdir()
            (temporary / f"{text} file").write_text(text)
        assert [p.name for p in path.iterdir()] == [f"{text} file"]
    with pytest.raises(RuntimeError), writing(path) as temporary:
        temporary.mkdir()
        temporary.with_name(f"{temporary.name}.train").write_text("for a while")
        raise RuntimeError
    assert (path / "new file").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_a_full_disk_is_a_clear_error(tmp_path):
    with pytest.raises(UserError, match="file: the disk is full"), writing(tmp_path / "file") as t:
        t.write_text("x")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_names_that_no_file_system_takes(tmp_path):
    longest = "x" * LONGEST_NAME
    with writing(tmp_path / longest) as temporary:  # with all that is put around it
        temporary.write_text("")
    check_names([f"results/{longest}/{longest}"])
    with pytest.raises(UserError, match=r"^results/a/x{60}…: .* have 241 bytes; 240 .* shorten"):
        check_names(["results/a/b", f"results/a/{longest}x/b"])
    with pytest.raises(UserError, match="would have 242 bytes"):
        check_names(["ü" * 121])
