"""What surrounds a rule's script: its messages, a full disk, what a killed job has left."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[2] / "workflow"
SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from polyheads.errors import UserError
from polyheads.job import job
with job(sys.argv[2], [sys.argv[3]]):
    {body}
"""


def run(body, log, output):
    script = SCRIPT.format(body=body)
    words = [sys.executable, "-c", script, LIBRARY, log, output]
    buffered = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    return subprocess.run(list(map(str, words)), capture_output=True, text=True, env=buffered)


def test_an_error_goes_to_the_terminal_and_behind_the_output_in_the_log(tmp_path):
    log = tmp_path / "log"
    done = run("print('one'); raise UserError('two')", log, tmp_path / "out")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "Error: two\n")
    assert log.read_text() == "one\nError: two\n"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise UserError('two')", "Error: two\n"),
        ("print('one'); raise UserError('two')", "Error: two\n"),
        ("print('one', flush=True)", "Error: {out}: the disk is full; free some space and"),
    ],
)
def test_an_error_is_seen_where_the_disk_of_the_log_is_full(tmp_path, body, message):
    done = run(body, "/dev/full", tmp_path / "out")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(message.format(out=tmp_path / "out"))
    assert len(done.stderr.splitlines()) == 1


def test_a_log_that_cannot_be_written_spoils_no_job(tmp_path):
    done = run("print('one')", "/dev/full", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")


def test_what_a_killed_training_was_writing_goes(tmp_path):
    from polyheads.training import trials

    there = tmp_path / "checkpoints/seed-1"
    there.mkdir(parents=True)
    parts = [f".k-01.{kind}.12.part" for kind in ("safetensors", "done", "json", "parquet")]
    kept = ["k-01.safetensors", ".k-02.safetensors.12.part", ".k-01.safetensors.part"]
    for name in (*parts, *kept):
        (there / name).write_text("")
    assert trials.stage(tmp_path / "trials/seed-1/k-01") == there / "k-01"
    assert sorted(p.name for p in there.iterdir()) == sorted(kept)


def test_what_a_killed_job_left_of_its_outputs_goes_and_nothing_else(tmp_path):
    mine = [".data.12.part", ".data.12.part.train", ".data.7.part"]
    others = ["data", ".data.json.12.part", ".data.7z.12.part", ".other.12.part", ".data.12.party"]
    for name in (*mine, *others):
        (tmp_path / name).write_text("")
    (tmp_path / ".data.12.part").unlink()
    (tmp_path / ".data.12.part").mkdir()
    (tmp_path / ".data.12.part/half").write_text("")
    assert run("pass", tmp_path / "log", tmp_path / "data").returncode == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*others, "log"])
