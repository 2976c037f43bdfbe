"""A copy of the project with a tiny study on a corpus of its own, run once for all tests."""

import copy
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "config.yaml", "workflow", "envs", "resources", "profiles")
WORDS = {"NOUN": "nadu", "VERB": "viro", "ADJ": "alke", "DET": "de"}
STUDY = {
    "study": {"name": "tiny"},
    "device": "cpu",
    "mirror": "mirror",
    "corpora": [
        {
            "name": "toy",
            "task": "pos",
            "licence": "none",
            "format": "conllu",
            "labels": list(WORDS),
            "languages": {
                code: {"files": {s: {"name": f"{s}.conllu"} for s in ("train", "dev", "test")}}
                for code in ("aa", "bb", "cc")
            },
        }
    ],
    "models": [
        {
            "name": "mini",
            "scratch": {
                "class": "bert",
                "corpora": ["toy"],
                "languages": ["aa", "bb"],
                "vocabulary": 120,
                "hidden": 16,
                "positions": 32,
                "steps": 10,
            },
        }
    ],
    "recipes": [{"name": "quick", "epochs": 2, "batch_size": 4, "learning_rate": 1e-3}],
    "experiments": [
        {
            "name": "pos",
            "corpus": "toy",
            "models": ["mini"],
            "recipe": "quick",
            "sources": ["aa"],
            "targets": ["bb"],
            "settings": ["cross-lingual", "multi-lingual"],
            "k": [1, 2],
        }
    ],
}


def treebank(seed: int, sentences: int) -> str:
    rng = random.Random(seed)
    lines = []
    for _ in range(sentences):
        for number in range(1, rng.randint(3, 8)):
            tag = rng.choice(list(WORDS))
            word = WORDS[tag] + rng.choice("abcdefgh") + rng.choice("mnop")
            lines.append(f"{number}\t{word}\t_\t{tag}" + "\t_" * 6)
        lines.append("")
    return "\n".join(lines) + "\n"


class Project:
    """A copy of the project in a directory, with helpers to run and to look at it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, study: dict, name: str = "study.yaml") -> None:
        (self.path / name).write_text(yaml.safe_dump(study, sort_keys=False))

    def command(self, *options: str, cores: int = 2) -> list[str]:
        base = [sys.executable, "-m", "snakemake", "--configfile", "study.yaml"]
        return [*base, "--cores", str(cores), *options]

    def run(self, *options: str, cores: int = 2) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.command(*options, cores=cores), cwd=self.path, capture_output=True, text=True
        )

    def start(self, *options: str) -> subprocess.Popen:
        """A run in the background, which can be killed with all of its jobs."""
        return subprocess.Popen(
            self.command(*options),
            cwd=self.path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            # A shell that runs the tests in the background lets them ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    @staticmethod
    def wait_for(process: subprocess.Popen, seen: Callable[[], object]) -> None:
        """Until a started run has come so far that ``seen()`` is true."""
        end = time.monotonic() + 240
        while not seen():
            assert process.poll() is None and time.monotonic() < end, "it was not seen"
            time.sleep(0.01)

    def succeed(self, *options: str, cores: int = 2) -> str:
        done = self.run(*options, cores=cores)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def planned(self, *options: str) -> dict[str, int]:
        """Rule -> number of jobs that a run would start now."""
        text = self.succeed(*options, "-n", "--quiet", "rules")
        counts = {}
        for line in text.splitlines():
            parts = line.split()
            if len(parts) == 2 and parts[1].isdecimal() and parts[0] != "total":
                counts[parts[0]] = int(parts[1])
        counts.pop("all", None)
        return counts

    def numbers(self) -> dict[str, bytes]:
        """Every file of the trials, rankings and tables."""
        return {
            str(file.relative_to(self.path)): file.read_bytes()
            for part in ("trials", "rankings", "scores", "studies")
            for file in sorted((self.path / "results" / part).rglob("*"))
            if file.is_file() and file.suffix in (".json", ".parquet", ".csv", ".svg")
        }


def clean_copy(path: Path) -> Path:
    """What a clone has that a study needs, and no results."""
    path.mkdir(parents=True)
    for part in PARTS:
        source = ROOT / part
        copied = shutil.copytree if source.is_dir() else shutil.copyfile
        copied(source, path / part)
    return path


def make_project(path: Path, study: dict = STUDY) -> Project:
    clean_copy(path)
    for number, code in enumerate(("aa", "bb", "cc")):
        place = path / "mirror" / "toy" / code
        place.mkdir(parents=True)
        for split, size in (("train", 24), ("dev", 8), ("test", 8)):
            (place / f"{split}.conllu").write_text(treebank(hash((number, size)) % 1000, size))
    project = Project(path)
    project.write(study)
    return project


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("workflow")


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """A study that ran to its report. Tests don't change it; they take a ``copy``."""
    project = make_project(tmp_path_factory.mktemp("finished") / "project")
    project.succeed("report")
    return project


@pytest.fixture
def again(finished, tmp_path) -> Project:
    """A copy of the finished study with all its results, for tests that change something."""
    shutil.copytree(finished.path, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")


@pytest.fixture
def study() -> dict:
    return copy.deepcopy(STUDY)
