"""Trials of a job in one pass, as a run makes them: the same predictions, nothing runs again."""

import json
import os
import signal

import pyarrow.parquet as pq
from conftest import make_project

DIRECTORY = "trials/mini/toy/quick/aa/seed-42/prune-gradient-aa"
TRIALS = [f"results/{DIRECTORY}/k-{k:02d}" for k in (1, 2, 3)]


def test_trials_in_one_pass_killed_or_not(study, tmp_path):
    """kill -9 of a stack in its middle, checkpoints at every step."""
    study |= {"trials_per_job": 3}
    study["recipes"][0] |= {"epochs": 40}
    study["experiments"][0] |= {"settings": ["cross-lingual"], "k": [1, 2, 3]}
    alone = make_project(tmp_path / "alone", study)
    alone.succeed(f"{TRIALS[0]}.json")
    for value in (3, "auto"):
        alone.write(study | {"trials_at_once": value})
        assert alone.planned(f"{TRIALS[0]}.json") == {}
    together, killed = (
        make_project(tmp_path / name, study | {"trials_at_once": 3, "checkpoint_minutes": minutes})
        for name, minutes in (("together", 10), ("killed", 1e-6))
    )
    together.succeed(f"{TRIALS[0]}.json")
    process = killed.start(f"{TRIALS[0]}.json")
    checkpoint = killed.path / f"results/checkpoints/{DIRECTORY.removeprefix('trials/')}"
    killed.wait_for(process, (checkpoint / "k-01.safetensors").exists)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert (checkpoint / "k-01.safetensors").exists()
    killed.succeed("--unlock")
    killed.succeed(f"{TRIALS[0]}.json")
    (log,) = (killed.path / "results/logs").glob(f"{DIRECTORY}/*.log")
    assert "k=1 gradient-aa and 2 more: goes on from step" in log.read_text()
    for place, trial in enumerate(TRIALS):
        for suffix in (".json", ".parquet"):
            whole, resumed = (
                (p.path / f"{trial}{suffix}").read_bytes() for p in (together, killed)
            )
            assert whole == resumed
        one, other = (pq.read_table(p.path / f"{trial}.parquet") for p in (alone, together))
        assert one == other
        one, other = (json.loads((p.path / f"{trial}.json").read_text()) for p in (alone, together))
        assert one["scores"] == other["scores"]
        one, other = one["training"], other["training"]
        assert (one["trained_with"], one["place"]) == (1, 0)
        assert (other["trained_with"], other["place"]) == (3, place)
