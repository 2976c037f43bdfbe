# Helpers of the rules: what a wildcard stands for, what a rule reads. No rule lives here.
import os
import shutil
import sys
from pathlib import Path

LIBRARY = Path(workflow.basedir) / "workflow"
SCRIPTS = LIBRARY / "scripts"
sys.path.insert(0, str(LIBRARY))
# The scripts of the rules run in processes of their own.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(LIBRARY), *filter(None, [os.environ.get("PYTHONPATH")])]
)

from snakemake.exceptions import WorkflowError

from polyheads import catalogue, plan as planning, rankings
from polyheads import config as configuration
from polyheads.errors import UserError
from polyheads.plan import RESULTS, Training
from polyheads.provenance import code_hash

try:
    STUDY = configuration.load(config)
    PLAN = planning.make(STUDY, catalogue.load(STUDY["corpora"]))
except UserError as error:
    raise WorkflowError(str(error))
# What changes no result is no parameter; scripts read it from the configuration.
config.update({key: STUDY[key] for key in ("mirror", "checkpoint_minutes")})

CATALOGUE = PLAN.catalogue
SPLITS = ("train", "dev", "test")
ENVIRONMENT = "../../envs/polyheads.yaml"
OUT = f"{RESULTS}/studies/{STUDY['study']['name']}"
SCRATCH = {name: m["scratch"] for name, m in PLAN.models.items() if "scratch" in m}
TRAINING = RESULTS + "/trials/{model}/{corpus}/{recipe}/{mixture}/seed-{seed}"
RANKING = RESULTS + "/rankings/{model}/{corpus}/{recipe}/seed-{seed}"


def any_of(names):
    """A regular expression that matches these names and nothing else."""
    import re

    return "|".join(sorted(map(re.escape, names))) or "(?!)"


wildcard_constraints:
    model=any_of(PLAN.models),
    corpus=any_of(CATALOGUE),
    recipe=any_of(PLAN.recipes),
    language=any_of({lang for entry in CATALOGUE.values() for lang in entry["languages"]}),
    seed=r"\d+",
    mixture=r"[^/]+",
    ranking=r"[^/]+",


def code(script):
    """The library code behind a rule: a change of it reruns the rule, one of words doesn't."""
    return code_hash(SCRIPTS / script)


def gpus():
    """GPUs that a training asks for: 1 on CUDA, else 0."""
    local = shutil.which("nvidia-smi") is not None
    return int(STUDY["device"] == "cuda" or (STUDY["device"] == "auto" and local))


def recipe(name, *, scoring=False):
    """A recipe without the keys that the rule does not use, so that they rerun nothing."""
    unused = {"name", "normalisation"} | (set() if scoring else {"ranking_sentences"})
    return {k: v for k, v in PLAN.recipes[name].items() if k not in unused}


def training_of(wildcards):
    """The training behind the wildcards of a trial."""
    return Training(
        model=wildcards.model,
        corpus=wildcards.corpus,
        recipe=wildcards.recipe,
        mixture=tuple(wildcards.mixture.split("+")),
        seed=int(wildcards.seed),
    )


def scored_training(wildcards):
    """The mono-lingual training whose heads are scored: the wildcards name a language."""
    return Training(
        model=wildcards.model,
        corpus=wildcards.corpus,
        recipe=wildcards.recipe,
        mixture=(wildcards.language,),
        seed=int(wildcards.seed),
    )


def encoding_dir(model, corpus, language):
    return f"{RESULTS}/encodings/{model}/{corpus}/{language}"


def model_files(wildcards):
    directory = f"{RESULTS}/models/{wildcards.model}"
    return [f"{directory}/model.json", f"{directory}/model.safetensors"]


def encoding_files(training, languages=None):
    """All encodings that a training reads."""
    return [
        f"{encoding_dir(training.model, training.corpus, language)}/{file}"
        for language in languages or PLAN.languages_of(training)
        for file in ("encoding.json", *(f"{split}.parquet" for split in SPLITS))
    ]


def training_inputs(find=training_of):
    return lambda wildcards: encoding_files(find(wildcards))


def training_params(find=training_of, *, scoring=False):
    """What polyheads.trials.setup reads, as functions of the wildcards."""

    def encodings(wildcards):
        training = find(wildcards)
        return {
            language: encoding_dir(training.model, training.corpus, language)
            for language in PLAN.languages_of(training)
        }

    return {
        "model_dir": lambda wc: f"{RESULTS}/models/{wc.model}",
        "encodings": encodings,
        "recipe": lambda wc: recipe(wc.recipe, scoring=scoring),
        "evaluate_on": lambda wc: PLAN.evaluate_on(find(wc)),
        "seed": lambda wc: int(wc.seed),
        "trial": lambda wc: {
            "model": wc.model,
            "corpus": wc.corpus,
            "recipe": wc.recipe,
            "mixture": list(find(wc).mixture),
        },
        "device": STUDY["device"],
        "threads": STUDY["threads_per_training"],
    }
