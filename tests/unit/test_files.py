"""Files are whole or not there."""

import errno

import pytest

from polyheads.errors import UserError
from polyheads.files import writing


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


def test_a_full_disk_is_a_clear_error(tmp_path):
    with pytest.raises(UserError, match="file: the disk is full"), writing(tmp_path / "file") as t:
        t.write_text("x")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not list(tmp_path.iterdir())
