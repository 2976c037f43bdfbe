"""What a study fetches, and where it goes: paths and entries only, nothing is opened.

``results/downloads`` has the form of a mirror: `CORPUS/LANGUAGE/FILE` and
`models/ID/REVISION/FILE` (-- for / in the id).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from polyheads import catalogue
from polyheads.catalogue.encoder_files import mirrored
from polyheads.catalogue.records import Archive, Entry
from polyheads.errors import UserError
from polyheads.study.configuration import Configuration
from polyheads.study.plan import RESULTS, Plan

DOWNLOADS = f"{RESULTS}/downloads"
PARTIAL = f"{DOWNLOADS}/.partial"  # what has come of a download; not an output, so it stays
ADVICE = (  # after `snakemake mirror`
    f"{Path(DOWNLOADS).resolve()} is a mirror for this study. Copy it to where there is no network "
    "(and resources/locks, which holds it to the same files), and name the copy as `mirror` in "
    "the config there.\n"
)

_ENTRY: tuple[Literal["name", "format"], ...] = ("name", "format")
_LANGUAGE: tuple[Literal["access"], ...] = ("access",)
_UNUSED = ("sentences", "words")  # of a file: what is expected to be read in it


def check(config: Configuration) -> None:
    """UserError when files would be copied from the directory that they are copied to."""
    downloads = Path(DOWNLOADS).resolve()
    for key, directory in (("mirror", config["mirror"]), ("own_copies", config["own_copies"])):
        if not directory:
            continue
        place = Path(directory).expanduser().resolve()
        if downloads in (place, *place.parents):
            raise UserError(
                f"configuration, {key}: {directory} is {DOWNLOADS} or inside it, where fetched "
                "files are deleted before they are fetched again; copy it to another directory "
                "and name that one"
            )


def entry(whole: Entry, language: str) -> Entry:
    """What fetching reads of a catalogue entry.

    One language, nothing about its reading, no words for people.
    """
    item = catalogue.language(whole, language)
    kept: dict[str, Any] = {key: item[key] for key in _LANGUAGE if key in item}
    kept["files"] = {
        split: {key: value for key, value in file.items() if key not in _UNUSED}
        for split, file in item.get("files", {}).items()
    }
    if "carve" in item:
        kept["carve"] = {split: {"from": cut["from"]} for split, cut in item["carve"].items()}
    found = {key: whole[key] for key in _ENTRY if key in whole}
    return cast(Entry, {**found, "languages": {language: kept}})


def archives(plan: Plan, corpus: str, language: str) -> dict[str, Archive]:
    """Name -> archive that files of a language are in."""
    whole = plan.catalogue[corpus]
    if catalogue.embedded(whole):
        return {}
    files = catalogue.files(whole, language, plan.splits(corpus, language)).values()
    return {file["archive"]["name"]: file["archive"] for file in files if "archive" in file}


def own_copies(plan: Plan, corpus: str, language: str) -> list[str]:
    """The files of a language that are the user's own copies, as far as they are there."""
    whole = plan.catalogue[corpus]
    if catalogue.embedded(whole):
        return []
    files = catalogue.files(whole, language, plan.splits(corpus, language)).values()
    own = {
        catalogue.own_copy(whole, language, file, own_copies=plan.config["own_copies"])
        for file in files
    }
    return sorted(str(path) for path in own if path and path.is_file())


def archive_paths(plan: Plan, corpus: str, language: str) -> list[str]:
    """Where the archives that files of a language are in are fetched to."""
    names = sorted(archives(plan, corpus, language))
    return [f"{DOWNLOADS}/.archives/{corpus}/{name}" for name in names]


def fetched(plan: Plan, corpus: str, language: str) -> list[str]:
    """The directory that a language's files are fetched to; none for the embedded corpora."""
    embedded = catalogue.embedded(plan.catalogue[corpus])
    return [] if embedded else [f"{DOWNLOADS}/{corpus}/{language}"]


def all_archives(plan: Plan) -> dict[tuple[str, str], Archive]:
    """(corpus, name) -> archive. UserError where a corpus has two of one name."""
    found: dict[tuple[str, str], Archive] = {}
    for corpus, language in plan.needed:
        for name, archive in archives(plan, corpus, language).items():
            if found.setdefault((corpus, name), archive) != archive:
                raise UserError(
                    f"corpus {corpus}: the archives {found[corpus, name]['url']} and "
                    f"{archive['url']} have the same name; give their languages entries of their "
                    "own"
                )
    return found


def model(hub: str, revision: str) -> str:
    """The directory of a model from the hub."""
    return str(mirrored(DOWNLOADS, hub, revision))


def encoder_files(spec: Mapping[str, Any]) -> list[str]:
    """What an encoder is made of: its directory of the hub, or the files of one of the user's.

    spec: the model's block of the study.
    """
    if "hub" in spec:
        return [model(spec["hub"], spec["revision"])]
    return [str(path) for path in sorted(Path(spec["path"]).glob("[!.]*")) if path.is_file()]


def everything(plan: Plan) -> list[str]:
    """The directories of all that the study doesn't make itself: corpora and encoders."""
    corpora = [
        f"{DOWNLOADS}/{corpus}/{language}"
        for corpus, language in sorted(plan.needed)
        if not catalogue.embedded(plan.catalogue[corpus])
    ]
    models = {model(m["hub"], m["revision"]) for m in plan.models.values() if "hub" in m}
    return [*corpora, *sorted(models)]
