"""docs/tutorial.md, followed to the letter in a clean copy, with a small treebank for Finnish."""

import os
import re
import subprocess
import sys
from pathlib import Path

from conftest import ROOT, clean_copy, treebank

PAGE = ROOT / "docs/tutorial.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SIZES = {"train": 60, "dev": 20, "test": 20}


def steps(text: str) -> list[tuple[str, str, str]]:
    """(language, file to save it as or "", content) of every block of code, in order."""
    found, at = [], 0
    for block in BLOCK.finditer(text):
        names = re.findall(r"Save this as `([^`]+)`", text[at : block.start()])
        found.append((block[1], names[-1] if names else "", block[2]))
        at = block.end()
    return found


def test_the_tutorial(tmp_path):
    project = clean_copy(tmp_path / "project")
    place = project / "UD_Finnish-TDT"
    place.mkdir()
    for number, (split, size) in enumerate(SIZES.items()):
        (place / f"fi_tdt-ud-{split}.conllu").write_text(treebank(number, size))
    said = []
    bin_ = Path(sys.executable).parent
    path = f"{bin_}{os.pathsep}{os.environ['PATH']}"
    for language, name, content in steps(PAGE.read_text(encoding="utf-8")):
        if language == "yaml":
            (project / name).write_text(content, encoding="utf-8")
            continue
        run = {"bash": ["bash", "-euc", content], "python": [sys.executable, "-c", content]}
        done = subprocess.run(
            run[language],
            cwd=project,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{content}\n{done.stdout}\n{done.stderr}"
        said.append(done.stdout)
    (_, plan, _, tables, _, tagged, transfer) = said
    assert "9 trainings: 8 trials and 1 baseline. Done: 0." in plan
    assert re.search(r"\d+ trainings: \d+ trials and 1 baseline\. Done: 0\.", transfer)
    assert "Attention heads for Finnish" in (project / "results/report.html").read_text()
    assert re.search(r"^\S*\bk,|,k,|,k\b", tables, re.MULTILINE) and tables.count("\n") > 3
    assert tagged.startswith("pruned heads: [")
    assert set(re.findall(r" (\w+)$", tagged, re.MULTILINE)) <= {"NOUN", "VERB", "ADJ", "DET"}
