# The study behind the rules, and what a rule's wildcards stand for. No rule lives here.
import os
import re
import shutil
from dataclasses import asdict, replace

from polyheads import catalogue
from polyheads.study import downloads, experiments
from polyheads.catalogue import encoder_files
from polyheads.study import rankings, paths, unfinished
from polyheads.report import captions
from polyheads.study import exports
from polyheads.study import configuration
from polyheads.errors import UserError
from polyheads.files import check_names
from polyheads.job import share_library
from polyheads.catalogue.methods import KINDS, scorer
from polyheads.study.plan import Training
from polyheads.provenance import SCRIPTS, code_hash, content_hash

share_library()
try:
    STUDY = configuration.load(config)
    downloads.check(STUDY)
    PLAN = experiments.make(STUDY, catalogue.load(STUDY["corpora"]))
    ARCHIVES = downloads.all_archives(PLAN)
    EXPORTS = exports.planned(PLAN)
except UserError as error:
    raise WorkflowError(str(error))
if STUDY["partial"]:
    unfinished.narrow(PLAN)
# What changes no result is no parameter; scripts read it from the configuration.
IN_CONFIG = ("mirror", "own_copies", "check_sizes", "checkpoint_minutes")
config.update({key: STUDY[key] for key in IN_CONFIG})

CATALOGUE = PLAN.catalogue
ENVIRONMENT = "../../envs/polyheads.yaml"
NAME = STUDY["study"]["name"]
OUT = f"results/studies/{NAME}"
HUB = {encoder_files.folder(m["hub"]): m["hub"] for m in PLAN.models.values() if "hub" in m}
SCRATCH = {name: m["scratch"] for name, m in PLAN.models.items() if "scratch" in m}
POINT = "{model}/{corpus}/{recipe}/{mixture}/seed-{seed}"
TRAINING = f"results/trials/{POINT}"
RANKING = "results/rankings/{model}/{corpus}/{recipe}/seed-{seed}/{ranking}"
EXPORT = f"results/exports/{NAME}/{POINT}/{{branch}}/{{choice}}"
SCORED = paths.scored_rankings(PLAN)


def command(target):
    """The command line that makes a target of this study."""
    files = [os.path.relpath(path) for path in workflow.configfiles]
    given = [] if files == ["config.yaml"] else ["--configfile", *files]
    return " ".join(["snakemake", target, *given])


def any_of(names):
    """A regular expression that matches these names and nothing else."""
    return "|".join(sorted(map(re.escape, names))) or "(?!)"


wildcard_constraints:
    model=any_of(PLAN.models),
    corpus=any_of(CATALOGUE),
    recipe=any_of(PLAN.recipes),
    language=any_of({lang for entry in CATALOGUE.values() for lang in entry["languages"]}),
    seed=r"\d+",
    mixture=r"[^/]+",
    ranking=r"[^/]+",


def code(script, *modules):
    """The code behind a rule: a change of it reruns the rule, one of words or times doesn't."""
    return code_hash(SCRIPTS / script, *modules)


def gpus():
    """GPUs that a training asks for: 1 on CUDA, else 0."""
    local = shutil.which("nvidia-smi") is not None
    return int(STUDY["device"] == "cuda" or (STUDY["device"] == "auto" and local))


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


def languages_of(wildcards, *, tested):
    """Languages that a training reads: its mixture, and those it is tested on if it is a trial."""
    training = training_of(wildcards)
    return PLAN.languages_of(training) if tested else training.languages


def training_inputs(wildcards):
    """What every training reads. Paths with a mixture and a branch are trials: they test, too."""
    training = training_of(wildcards)
    tested = wildcards.get("purpose") is None and wildcards.get("kind") is None
    languages = languages_of(wildcards, tested=tested)
    return {
        "model": paths.model_files(wildcards.model),
        "encodings": paths.encoding_files(training, languages),
    }


def ranking_input(wildcards):
    """The ranking behind a trial; without pruned heads there is none."""
    if wildcards.get("ranking") is None:
        return {}
    return {"ranking": f"{RANKING}/ranking.json".format(**wildcards)}


def chosen_trial(wildcards):
    """A trial of a fresh seed (role fresh), by the wildcards of its path."""
    path = f"{TRAINING}/chosen-{{ranking}}/{{choice}}".format(**wildcards)
    return PLAN.chosen[path]


def chosen_inputs(wildcards):
    """The sweep that chooses k, its ranking, and the trial of the fresh seed with all heads."""
    trial = chosen_trial(wildcards)
    there = replace(trial.training, seed=trial.of_seed)
    unpruned = f"{trial.training.path}/unpruned/k-00"
    return {
        "sweep": list(trial.sweep),
        "ranking": f"{PLAN.ranking_path(there, trial.ranking)}/ranking.json",
        "unpruned": [f"{unpruned}.json", f"{unpruned}.parquet"],
    }


def branch(ks):
    """Directory of a block of trials below their training's."""
    return "unpruned" if ks == (0,) else "prune-{ranking}"


def training_params(*, tested=False):
    """What polyheads.training.trials.setup reads, as functions of the wildcards."""
    return {
        "model_dir": lambda wc: f"results/models/{wc.model}",
        "encodings": lambda wc: paths.encoding_dirs(
            training_of(wc), languages_of(wc, tested=tested)
        ),
        "recipe": lambda wc: PLAN.training_recipe(wc.recipe, tested=tested),
        "evaluate_on": lambda wc: PLAN.evaluate_on(training_of(wc)) if tested else [],
        "seed": lambda wc: int(wc.seed),
        "trial": lambda wc: {
            "model": wc.model,
            "corpus": wc.corpus,
            "recipe": wc.recipe,
            "mixture": list(training_of(wc).mixture),
        },
        "device": STUDY["device"],
        "threads": STUDY["threads_per_training"],
    }


def corpus_entry(wildcards):
    """The catalogue entry with this language only: other languages don't matter to it."""
    return catalogue.narrowed(CATALOGUE[wildcards.corpus], wildcards.language)


def corpus_splits(wildcards):
    return PLAN.splits(wildcards.corpus, wildcards.language)


def corpus_downloads(wildcards):
    """Nothing is fetched for the embedded corpora."""
    embedded = catalogue.embedded(CATALOGUE[wildcards.corpus])
    return [] if embedded else "results/downloads/{corpus}/{language}".format(**wildcards)


def fetched_entry(wildcards):
    """What `fetch` reads of the entry: another way of reading the files fetches nothing."""
    return downloads.entry(CATALOGUE[wildcards.corpus], wildcards.language)


def corpus_archives(wildcards):
    """The archives that a language's files are in; the same with a mirror, which has the files:
    it changes no inputs, so that it reruns nothing."""
    names = downloads.archives(PLAN, wildcards.corpus, wildcards.language)
    return [f"{downloads.DOWNLOADS}/.archives/{wildcards.corpus}/{name}" for name in sorted(names)]


def own_copies(wildcards):
    """The user's own files of a corpus: inputs, because they may be changed at any time."""
    return downloads.own_copies(PLAN, wildcards.corpus, wildcards.language)


def given_model(wildcards):
    """The files of an encoder that comes from the hub or lies in a directory of the user's."""
    model = PLAN.models[wildcards.model]
    if "hub" in model:
        return [downloads.model(model["hub"], model["revision"])]
    return [str(path) for path in sorted(Path(model["path"]).glob("[!.]*")) if path.is_file()]


def pretraining_corpora(wildcards):
    return [
        f"results/corpora/{corpus}/{language}/corpus.json"
        for corpus in SCRATCH[wildcards.model]["corpora"]
        for language in SCRATCH[wildcards.model]["languages"]
    ]


def export_of(wildcards):
    return EXPORTS[EXPORT.format(**wildcards)]


def exported_corpora(wildcards):
    """Language -> prepared corpus, for all that the model is trained or tested on."""
    languages = languages_of(wildcards, tested=True)
    return {code: f"results/corpora/{wildcards.corpus}/{code}" for code in languages}


def export_inputs(wildcards):
    """The trials that it may be, k = 0 first, and the words that its tokenizer must cut alike."""
    export = export_of(wildcards)
    return {
        "sweep": [f"{path}.json" for path in export.trials],
        "predictions": [f"{path}.parquet" for path in export.trials],
        "words": [f"{path}/data" for path in exported_corpora(wildcards).values()],
    }


CAPTION = "../polyheads/report/captions/{}.rst"


def shown(files):
    """Files of displays (kind -> paths) with what Snakemake's own report says about them."""
    marked = []
    for kind, every in files.items():
        # Snakemake repeats the rule's parameters for every file that it shows.
        paths = [path for path in every if not path.endswith(".tex")]
        words = CAPTION.format(captions.caption_of(kind))
        category = captions.CATEGORIES[kind]
        # On one line, because a line that begins with `report` is a keyword here.
        marked.append(report(paths, caption=words, category=category))
    return marked


def table_files(names):
    """A page, a CSV and LaTeX of each of these tables."""
    return [f"{OUT}/tables/{name}.{suffix}" for name in names for suffix in ("html", "csv", "tex")]


# Analysis reads these files of the library. They are no inputs, because all their times are new in
# a fresh clone.
FACTS = content_hash((LIBRARY / "polyheads").glob("resources/*/*.csv"))
TEMPLATES = content_hash(
    path
    for path in (LIBRARY / "polyheads/report").glob("*/*")
    if path.suffix in (".css", ".j2", ".rst")
)
LANGUAGES = catalogue.languages(CATALOGUE[name] for name in sorted({c for c, _ in PLAN.needed}))
CONTENTS = contents.make(PLAN, SCORED, LANGUAGES)
TABLES = {
    kind: table_files(
        f"{display.name}{end}"
        for display in CONTENTS.displays
        if display.kind == kind
        for end in ends
    )
    for kind, ends in displays.TABLES.items()
}
FIGURES = {
    kind: displays.paths(CONTENTS.displays, kind, f"{OUT}/figures", ".svg")
    for kind in displays.FIGURES
}
LABELS = paths.label_figures(PLAN, f"{OUT}/figures")
LANGUAGE_MAPS = [
    f"{OUT}/figures/{group.name}.svg" for group in comparisons.of_languages(CONTENTS.rankings)
]
HEAT_MAPS = [paths.heat_map(path, f"{OUT}/figures") for path in SCORED]
try:
    check_names(
        [
            *(f"{path}.parquet" for path in PLAN.trial_paths),
            *PLAN.rankings,
            *(path for kinds in (TABLES, FIGURES) for every in kinds.values() for path in every),
            *LABELS,
            *LANGUAGE_MAPS,
            *HEAT_MAPS,
        ]
    )
except UserError as error:
    raise WorkflowError(str(error))
