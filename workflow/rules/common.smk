# The study behind the rules: its plan, and the names of places. No rule lives here.
import os
import shutil
from dataclasses import asdict

from polyheads import catalogue
from polyheads.catalogue import encoder_files, language_facts, pretraining
from polyheads.catalogue.methods import KINDS, scorer
from polyheads.errors import UserError
from polyheads.files import check_names
from polyheads.provenance import code_hash, content_hash
from polyheads.report import captions
from polyheads.study import comparisons, configuration, contents, displays, downloads
from polyheads.study import experiments, exports, paths, rankings, trial_files, unfinished
from polyheads.study.plan import Training

SCRIPTS = LIBRARY / "scripts"
try:
    STUDY = configuration.load(config)
    downloads.check(STUDY)
    PLAN = experiments.make(STUDY, catalogue.load(STUDY["corpora"]))
    ARCHIVES = downloads.all_archives(PLAN)
    EXPORTS = exports.planned(PLAN)
    if STUDY["partial"]:
        unfinished.narrow(PLAN, SCRIPTS)
except UserError as error:
    raise WorkflowError(str(error))
# What changes no result is no parameter; scripts read it from the configuration.
IN_CONFIG = ("mirror", "own_copies", "check_sizes", "checkpoint_minutes", "trials_at_once")
config.update({key: STUDY[key] for key in IN_CONFIG})

CATALOGUE = PLAN.catalogue
ENVIRONMENT = "../../envs/polyheads.yaml"
NAME = STUDY["study"]["name"]
OUT = f"results/studies/{NAME}"
HUB = {encoder_files.folder(m["hub"]): m["hub"] for m in PLAN.models.values() if "hub" in m}
PRETRAINING = {m["name"]: text for m in STUDY["models"] if (text := pretraining.text_of(m))}
SCRATCH = {name: m["scratch"] for name, m in PLAN.models.items() if "scratch" in m}
POINT = "{model}/{corpus}/{recipe}/{mixture}/seed-{seed}"
TRAINING = f"results/trials/{POINT}"
RANKING = "results/rankings/{model}/{corpus}/{recipe}/seed-{seed}/{ranking}"
EXPORT = f"results/exports/{NAME}/{POINT}/{{branch}}/{{choice}}"
SCORED = paths.scored_rankings(PLAN)
UNMASKED = PLAN.unmasked()
# The words of a command line that name this study. They come last: a target behind them would be
# taken for one more file.
FILES = [os.path.relpath(path) for path in workflow.configfiles]
OF_THIS_STUDY = [] if FILES == ["config.yaml"] else ["--configfile", *FILES]
# GPUs that a training asks for: 1 on CUDA, else 0.
LOCAL_GPU = shutil.which("nvidia-smi") is not None
GPUS = int(STUDY["device"] == "cuda" or (STUDY["device"] == "auto" and LOCAL_GPU))


def code(script, *modules):
    """The code behind a rule: a change of it reruns the rule, one of words or times doesn't."""
    return code_hash(SCRIPTS / script, *modules)


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
# Of the study's languages alone, so that facts about others rerun nothing.
LANGUAGES = language_facts.named(
    sorted({code for _, code in PLAN.needed}),
    language_facts.languages(CATALOGUE[name] for name in sorted({c for c, _ in PLAN.needed})),
)
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
COST_FIGURES = [
    f"{OUT}/figures/{name}.svg" for name in CONTENTS.comparisons if name == comparisons.COSTS
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
            *COST_FIGURES,
            *HEAT_MAPS,
        ]
    )
except UserError as error:
    raise WorkflowError(str(error))
