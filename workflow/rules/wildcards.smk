# What a rule's wildcards stand for: points of the plan, and what they read. No rule lives here.
import re
from functools import cache
from typing import NamedTuple


def any_of(names):
    """A regular expression that matches these names and nothing else."""
    return "|".join(sorted(map(re.escape, names))) or "(?!)"


CODES = any_of({lang for entry in CATALOGUE.values() for lang in entry["languages"]})
# A ranking's language of text, where that is not the language of its model.
ON_TEXT = f"({rankings.ON}({CODES}))?"


wildcard_constraints:
    model=any_of(PLAN.models),
    corpus=any_of(CATALOGUE),
    recipe=any_of(PLAN.recipes),
    language=CODES,
    seed=r"\d+",
    mixture=r"[^/]+",
    ranking=r"[^/]+",


def training_of(wildcards):
    """The training behind a rule's wildcards. Where they name a language instead of a mixture,
    it is the mono-lingual one whose heads are scored."""
    mixture = wildcards.get("mixture") or wildcards.get("language", "")
    return Training(
        model=wildcards.model,
        corpus=wildcards.corpus,
        recipe=wildcards.recipe,
        mixture=tuple(mixture.split("+")),
        seed=int(wildcards.seed),
    )


def languages_of(training, *, tested):
    """Languages that a training reads: its mixture, and those it is tested on if it is a trial."""
    return PLAN.languages_of(training) if tested else training.languages


def other_text(wildcards):
    """The language on whose text heads are scored, if it isn't the one that is trained on."""
    return [rankings.text_of(wildcards.on)] if wildcards.get("on") else []


def training_inputs(wildcards):
    """What every training reads. Paths with a mixture and a branch are trials: they test, too."""
    training = training_of(wildcards)
    tested = wildcards.get("purpose") is None and wildcards.get("kind") is None
    languages = (*languages_of(training, tested=tested), *other_text(wildcards))
    return {
        "model": paths.model_files(training.model),
        "encodings": paths.encoding_files(training, languages),
    }


def training_setup(*, tested, recipe=None, unmasked=None):
    """A function of the wildcards: what polyheads.training.trials.setup takes of the plan.

    recipe: a function of the wildcards, where it isn't the recipe of the training.
    unmasked: another, whether test is read with the pruned heads on again, too.
    """

    def arguments(wildcards):
        training = training_of(wildcards)
        languages = (*languages_of(training, tested=tested), *other_text(wildcards))
        own = recipe or (lambda wc: PLAN.training_recipe(wc.recipe, tested=tested))
        found = {
            "model_dir": f"results/models/{training.model}",
            "encodings": paths.encoding_dirs(training, languages),
            "recipe": own(wildcards),
            "mixture": list(training.mixture),
            "evaluate_on": PLAN.evaluate_on(training) if tested else [],
            "seed": training.seed,
            "device": STUDY["device"],
            "threads": STUDY["threads_per_training"],
        }
        # Left out where it isn't so: a key more would be another parameter.
        return found | ({"unmasked": True} if unmasked and unmasked(wildcards) else {})

    return arguments


@cache
def tested_unmasked(path):
    """Whether a trial is to have test scores with its pruned heads on again.

    path: without suffix. If only an earlier study read them, they stay:
    the trial isn't made again without them, and then once more when that study goes on.
    """
    return path in UNMASKED or trial_files.is_unmasked(f"{path}.json")


def unmasked(pattern):
    """A function of the wildcards: `tested_unmasked` of the trial that a pattern stands for."""
    return lambda wildcards: tested_unmasked(pattern.format(**wildcards))


def point(wildcards):
    """What a trial, or the score of a head, says of its training beside the seed."""
    training = training_of(wildcards)
    names = {key: getattr(training, key) for key in ("model", "corpus", "recipe")}
    return {**names, "mixture": list(training.mixture)}


def ranking_name(ranking=None):
    """A function of the wildcards: the name of the ranking behind trials, if there is one.

    ranking: the name where the wildcards don't say it.
    """
    return lambda wildcards: ranking or wildcards.get("ranking")


def ranking_input(ranking=None):
    """A function of the wildcards: the ranking behind trials; without pruned heads there is none."""

    def files(wildcards):
        name = ranking_name(ranking)(wildcards)
        values = {**wildcards, "ranking": name}
        return {"ranking": f"{RANKING}/ranking.json".format(**values)} if name else {}

    return files


class Block(NamedTuple):
    """Trials that one job trains: k = 0, some k of any ranking, or both of a certain one."""

    ks: tuple[int, ...]
    ranking: str | None  # of which k = 0 is a part; None: a wildcard says it
    models: str  # what the wildcard `model` matches, which looks at all of the path behind it

    @property
    def paths(self):
        """Of each trial below its training's directory."""
        pruned = f"prune-{self.ranking or '{ranking}'}"
        return [f"{pruned if k else 'unpruned'}/k-{k:02d}" for k in self.ks]

    @property
    def name(self):
        """Of the job's log."""
        return f"{self.paths[-1].partition('/')[0]}/k-{self.ks[0]:02d}"

    @property
    def rule(self):
        name = f"trials_{self.ks[0]:02d}_{self.ks[-1]:02d}"
        return f"{name}_{re.sub('[^A-Za-z0-9]', '_', self.ranking)}" if self.ranking else name


def any_training(trainings):
    """A pattern of their paths below results/trials. Those that differ in the seed alone are one
    alternative: Snakemake tries the pattern on every path of a study.
    """
    seeds = {}  # path up to the seed -> seeds
    for training in trainings:
        place, seed = training.path.removeprefix("results/trials/").rsplit("seed-", 1)
        seeds.setdefault(place, []).append(seed)
    return "|".join(f"{re.escape(p)}seed-(?:{any_of(n)})/" for p, n in sorted(seeds.items()))


def trial_blocks():
    """The blocks of the study. No trial is in two: what `models` matches sees to that."""
    joined = {}  # ranking -> trainings
    for training, ranking in PLAN.joined().items():
        joined.setdefault(ranking, []).append(training)
    models = any_of(PLAN.models)
    unpruned, *blocks = PLAN.blocks()
    elsewhere = "|".join(
        f"(?:{any_training(trainings)})(?:unpruned|prune-{re.escape(ranking)})/"
        for ranking, trainings in joined.items()
    )
    for ks in (unpruned, *blocks):
        first = ks[0] <= STUDY["trials_per_job"]
        yield Block(ks, None, f"(?!{elsewhere})(?:{models})" if joined and first else models)
    for ranking, trainings in joined.items():
        yield Block((0, *blocks[0]), ranking, f"(?={any_training(trainings)})(?:{models})")


def chosen_trial(wildcards):
    """A trial of a fresh seed (role fresh), by the wildcards of its path."""
    path = f"{TRAINING}/chosen-{{ranking}}/{{choice}}".format(**wildcards)
    return PLAN.chosen[path]


def export_of(wildcards):
    """A pruned model to take away, by the wildcards of its path."""
    return EXPORTS[EXPORT.format(**wildcards)]
