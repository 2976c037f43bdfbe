"""Check a study's configuration and fill in the defaults; mistakes are named by their path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict, TypeVar, cast

from polyheads.errors import UserError
from polyheads.study.records import Recipe, Scratch
from polyheads.validation import load_schema, nearest, validate


class Study(TypedDict):
    """What the study is called and what its report says about it."""

    name: str
    title: str
    notes: list[str]
    delta: float


class Model(TypedDict, total=False):
    """An encoder: of the hub, of a directory, or made from nothing."""

    name: str
    hub: str
    revision: str
    path: str
    scratch: Scratch
    pretraining: str  # of catalogue.pretraining.TEXTS; the plan leaves it out


class Experiment(TypedDict):
    """A set of sweeps."""

    name: str
    corpus: str
    models: list[str]
    recipe: str
    sources: list[str]
    targets: list[str]
    settings: list[str]
    percents: list[int]
    rankings: list[str]
    compare_languages: bool
    protocol: str
    k: list[int]
    heads_at_test: str
    random_rankings: int
    noise_seeds: list[int]
    fresh_seeds: list[int]
    seeds: list[int]
    metric: NotRequired[str]


class Selection(TypedDict, total=False):
    """The sweeps whose pruned models are exported: those that have all of these values."""

    experiment: str
    model: str
    source: str
    target: str
    setting: str
    ranking: str
    seed: int
    k: int


class Configuration(TypedDict):
    """A study's configuration; resources/schemas/config.schema.yaml describes every key."""

    study: Study
    device: str
    threads_per_training: int
    trials_per_job: int
    trials_at_once: int | Literal["auto"]
    unpruned_with: str | None
    checkpoint_minutes: float
    mirror: str | None
    own_copies: str
    check_sizes: bool
    partial: bool
    corpora: list[dict[str, Any]]  # catalogue entries that nobody has checked yet
    models: list[Model]
    recipes: list[Recipe]
    experiments: list[Experiment]
    exports: list[Selection]


Block = TypeVar("Block", Model, Recipe, Experiment)
Known = TypeVar("Known")


def named(items: Sequence[Block], key: str) -> dict[str, Block]:
    """The blocks of a list by their names. UserError when a name stands twice."""
    found: dict[str, Block] = {}
    for index, item in enumerate(items):
        if item["name"] in found:
            raise UserError(f"configuration, {key}[{index}].name: {item['name']!r} stands twice")
        found[item["name"]] = item
    return found


def pick(name: str, known: Mapping[str, Known], *, where: str, what: str) -> Known:
    """``known[name]``, or a UserError with the nearest known name."""
    if name not in known:
        raise UserError(f"configuration, {where}: unknown {what} {name!r}{nearest(name, known)}")
    return known[name]


def load(config: dict[str, Any]) -> Configuration:
    """The validated configuration of a study, defaults filled in."""
    if not config:
        raise UserError("the configuration is empty; copy config.yaml and change it")
    whole = cast(Configuration, validate(config, load_schema("config"), what="configuration"))
    for model in whole["models"]:
        scratch = model.get("scratch")
        if scratch:
            scratch["intermediate"] = scratch["intermediate"] or 4 * scratch["hidden"]
            if scratch["hidden"] % scratch["heads"]:
                raise UserError(
                    f"configuration, models: {model['name']}: hidden ({scratch['hidden']}) is "
                    f"not a multiple of heads ({scratch['heads']})"
                )
    return whole
