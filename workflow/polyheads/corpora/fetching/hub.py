"""Files of data sets and models on the Hugging Face hub.

The hub's own client does the work, with its cache and its variables (HF_HOME, HF_ENDPOINT,
HF_TOKEN, HF_HUB_OFFLINE). Plain files are taken; no code of a repository is ever run.
"""

from __future__ import annotations

import fnmatch
import shutil
from pathlib import Path

from polyheads.catalogue.encoder_files import check_mirrored, mirrored
from polyheads.catalogue.records import HubFile
from polyheads.corpora.fetching.checks import checksums, compare, read_lock, write_lock
from polyheads.errors import UserError
from polyheads.files import disk_is_full, writing

_WANTED = ("*.json", "*.txt", "*.model", "model.safetensors", "model-*.safetensors")


def dataset_file(hub: HubFile, *, advice: str) -> Path:
    """A data set's file in the hub's cache.

    hub: `dataset`, `path` and `revision`, a commit. UserError says what the client said, and
    ``advice``.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()  # they only clutter the logs
    try:
        found = hf_hub_download(
            hub["dataset"],
            hub["path"],
            repo_type="dataset",
            revision=hub["revision"],
            library_name="polyheads",
        )
    except Exception as error:  # the client has many of its own, and those of its HTTP library
        _fail(error, f"data set {hub['dataset']}, {hub['path']}", hub["revision"], advice)
    return Path(found)


def fetch_model(
    *,
    hub: str,
    revision: str,
    mirror: str | Path | None,
    out_dir: str | Path,
    lock_path: str | Path,
    project: str | Path = "",
) -> list[Path]:
    """Put a model's configuration, safetensors and tokenizer into ``out_dir``.

    With ``mirror`` they are copied from `MIRROR/models/ID/REVISION` (-- for / in the id). Never a
    pickle, nothing from the repository's folders, and no shards beside a whole
    model.safetensors. The files are held to the size and SHA-256 of their first fetch. UserError
    names the model and what to do when the hub cannot be reached, has no such revision, no
    safetensors, or when a file has changed.
    """
    if not mirror:
        source = _snapshot(hub, revision)
    else:
        source = mirrored(mirror, hub, revision)
        check_mirrored(source, hub)
    names = [
        path.name
        for path in sorted(source.glob("*"))
        if path.is_file() and any(fnmatch.fnmatchcase(path.name, wanted) for wanted in _WANTED)
    ]
    if "model.safetensors" in names:
        names = [n for n in names if not fnmatch.fnmatchcase(n, "model[-.]*.safetensors*")]
        names = [n for n in names if n != "model.safetensors.index.json"]
    if not any(name.endswith(".safetensors") for name in names):
        raise UserError(
            f"model {hub} (revision {revision}) has no safetensors weights in {source}; pickle "
            "weights can run code and are not loaded: convert them where you trust them, with "
            "save_pretrained(..., safe_serialization=True), and give the directory with `path`"
        )
    lock = read_lock(lock_path, project)
    known = dict(lock)
    paths = []
    for name in names:
        path = Path(out_dir) / name
        with writing(path) as temporary:
            shutil.copyfile(source / name, temporary)
            got = checksums(temporary)
            place = source / name
            compare({"name": name}, got, source=place, locked=lock.get(name), lock_path=lock_path)
        known.setdefault(name, {"bytes": got["bytes"], "sha256": got["sha256"]})
        paths.append(path)
        print(f"{path}: {got['bytes']} bytes from {place}", flush=True)
    if known != lock:
        write_lock(lock_path, known)
    return paths


def _snapshot(hub: str, revision: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    try:
        found = snapshot_download(
            hub,
            revision=revision,
            library_name="polyheads",
            allow_patterns=list(_WANTED),
            ignore_patterns=["*/*"],  # a `*` of these patterns matches folders, too
            max_workers=2,
        )
    except Exception as error:
        advice = "check the name and the network, or give a local directory with `path`"
        _fail(error, f"model {hub}", revision, advice)
    return Path(found)


def _fail(error: Exception, what: str, revision: str, advice: str) -> None:
    if disk_is_full(error):
        raise error
    # The client hides a refusal behind what it tried next.
    said = [
        " ".join(str(e).split())[:300] or type(e).__name__ for e in (error.__cause__, error) if e
    ]
    reason = "; ".join(said)
    raise UserError(
        f"{what} (revision {revision}) could not be downloaded: {reason}; {advice}"
    ) from error
