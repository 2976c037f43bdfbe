"""What would fail in a job and can be known before the first one.

Snakemake deletes the old outputs of a job before the job can find out.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from polyheads.catalogue import encoder_files
from polyheads.errors import UserError
from polyheads.files import FULL, disk_is_full
from polyheads.study import downloads
from polyheads.study.configuration import Model
from polyheads.study.plan import Plan

PROBE = 1 << 20  # bytes
# The message is PyTorch's and that of `prepare_torch`. A process of its own asks, because torch
# takes seconds and memory that a run has no use for.
_ASK = """
from polyheads.errors import UserError
from polyheads.encoders.forward import prepare_torch
try:
    prepare_torch(device="cuda", threads=1)
except UserError as error:
    print(error)
"""


def missing(plan: Plan) -> list[str]:
    """A message for every file of corpora and models that is not where it must be."""
    used = {trial.training.model for trial in plan.trials.values()}
    found = plan.missing()
    for name in sorted(used):
        try:
            check_model(plan.models[name], plan.config["mirror"])
        except UserError as error:
            found.append(str(error))
    return found


def check_model(model: Model, mirror: str | None) -> None:
    """UserError when a model's own directory, or the mirror that it is fetched from, lacks it."""
    if "path" in model:
        encoder_files.check_directory(Path(model["path"]))
    elif "hub" in model and mirror:
        hub, revision = model["hub"], model["revision"]
        if not Path(downloads.model(hub, revision)).is_dir():
            encoder_files.check_mirrored(encoder_files.mirrored(mirror, hub, revision), hub)


def check_cuda() -> None:
    """UserError where `device: cuda` would fail in a job of this machine and this Python."""
    done = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True)
    if said := done.stdout.strip():
        raise UserError(said)


def check_disk(directory: str | Path) -> None:
    """UserError unless something can be written in a directory, which is made if need be."""
    try:
        Path(directory).mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=directory, prefix=".probe.") as file:
            file.write(bytes(PROBE))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if disk_is_full(error):
            raise UserError(f"{directory}: {FULL}") from error
        raise UserError(f"{directory}: cannot be written ({error.strerror})") from error
