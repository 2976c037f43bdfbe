"""What a job imports is what it uses."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

LIBRARY = Path(__file__).parents[2] / "workflow"
TORCH = {"torch", "transformers"}
# Heavy packages, and what else the modules import that a rule's script begins with.
HEAVY = TORCH | {
    "scipy",
    "sklearn",
    "pandas",
    "matplotlib",
    "datasets",
    "torchvision",
    "accelerate",
}
LATE = {"numpy", "pyarrow", "tokenizers", "jinja2"}
MODULES = {
    "training.trials": TORCH | {"numpy", "pyarrow", "jinja2"},  # jinja2 by torch
    "importance.scores": TORCH | {"numpy", "pyarrow", "jinja2"},
    "encoders.scratch": TORCH | {"numpy", "pyarrow", "jinja2", "tokenizers"},
    "encoders.subwords": {"numpy", "pyarrow"},
    "corpora.preparing": set(),
    "importance.rankings": {"numpy"},
    "study.contents": set(),
    "study.experiments": set(),
    "analysis.choices": set(),
    "analysis.inference": {"numpy", "pyarrow"},
    "analysis.products": {"numpy", "pyarrow"},
    "report.tables.made": {"numpy", "pyarrow"},
    "report.figures.draw": {"numpy", "pyarrow"},
    "report.build": {"numpy", "pyarrow"},
}


def imported(code):
    """The packages that are imported after some code, in a process of its own."""
    code = f"import sys\nsys.path.insert(0, {str(LIBRARY)!r})\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("module", MODULES)
def test_what_a_job_begins_with(module):
    assert imported(f"import polyheads.{module}") & (HEAVY | LATE) <= MODULES[module]


def test_a_model_and_its_scores_need_no_more():
    code = """
import polyheads.training.trials
from transformers import BertForTokenClassification, XLMRobertaForTokenClassification
from polyheads.catalogue import metrics
metrics.span_metrics([["B-x", "I-x", "O"]], [["B-x", "O", "I-x"]])
metrics.pos_metrics([["NOUN"]], [["VERB"]])
"""
    assert not imported(code) & (HEAVY - TORCH)


def test_other_orders_of_imports_work():
    """SciPy may be there before, and can be imported afterwards."""
    code = """
import transformers.modeling_utils
import polyheads.encoders.gates
import scipy.stats
"""
    assert {"scipy", "torch"} <= imported(code)
    code = """
from transformers import AutoModelForTokenClassification
import polyheads.encoders.gates
from transformers.utils import is_scipy_available
assert is_scipy_available()
"""
    assert "scipy" not in imported(code)
