"""The library as `pip install .` leaves it: all of its files, used without the project beside it.

The wheel is built of a copy, without network: setuptools is there because PyTorch needs it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "workflow/polyheads"
PARTS = ("pyproject.toml", "requirements.txt", "README.md", "LICENSE")
NOT_INSTALLED = {
    "resources/languages/make.py"
}  # made the distances once; the library never asks it
USE = """
import csv
from pathlib import Path

import polyheads
from polyheads import catalogue, resources, validation
from polyheads.report import pages
from polyheads.report.cells import cell, gain
from polyheads.report.table import Table

corpora = catalogue.load()
with resources.path("published", "table2_3_4_f1.csv").open(encoding="utf-8", newline="") as file:
    numbers = list(csv.DictReader(file))
schema = validation.load_schema("config")
page = pages.page("Heads", here=".", body="There are twelve.", caption_name="heat-map")
table = Table(name="gains", title="Gains", head=[[cell("de", th="col")]], body=[[gain(0.5)]])
pages.write_table(table, ".", "results")
print(Path(polyheads.__file__).parent)
print(corpora["ud-2.7"]["task"], len(numbers) > 100, "models" in schema["properties"])
print("<title>Heads</title>" in page, "There are twelve." in page, "</style>" in page)
"""


def pip(*words, cwd):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def files_of(directory):
    """Paths below ``directory`` of all files but those that Python makes itself."""
    return {
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A directory with the library in it, as pip installs it there."""
    place = tmp_path_factory.mktemp("installed")
    copy = place / "project"
    shutil.copytree(LIBRARY, copy / "workflow/polyheads")
    for part in PARTS:
        shutil.copy(ROOT / part, copy / part)
    pip("wheel", ".", "--no-deps", "--no-build-isolation", "--wheel-dir", str(place), cwd=copy)
    (wheel,) = place.glob("*.whl")
    pip("install", "--no-deps", "--no-index", "--target", "library", str(wheel), cwd=place)
    shutil.rmtree(copy)
    return place / "library"


def test_a_wheel_has_all_files_of_the_library(installed):
    assert files_of(LIBRARY) - files_of(installed / "polyheads") == NOT_INSTALLED


def test_the_installed_library_reads_its_data_from_any_directory(installed, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", USE],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    place, data, page = done.stdout.splitlines()
    assert place == str(installed / "polyheads")
    assert (data, page) == ("pos True True", "True True True")
    assert "+0.50" in (tmp_path / "gains.html").read_text(encoding="utf-8")
    assert (tmp_path / "gains.tex").read_text(encoding="utf-8").startswith("% ")


def test_no_module_looks_for_files_above_its_package():
    assert [path for path in LIBRARY.rglob("*.py") if "parents[" in path.read_text()] == []
