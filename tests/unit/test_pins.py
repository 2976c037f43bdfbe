"""The pins of pip, of conda and of the full list agree, and so does the version."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def read_pins(path: Path) -> dict[str, str]:
    """Package (normalised name) -> version of a requirements file; refuses anything but `a==1`."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    return parse_pins([line for line in lines if line and not line.startswith("#")], path.name)


def parse_pins(lines: list[str], source: str) -> dict[str, str]:
    pins = {}
    for line in lines:
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==([0-9][A-Za-z0-9.]*)", line)
        assert match, f"{source}: {line!r} is no exact pin of a public version"
        name = re.sub(r"[-_.]+", "-", match[1]).lower()
        assert name not in pins, f"{source}: {name} is there twice"
        pins[name] = match[2]
    return pins


def test_conda_environment_has_the_pins_of_the_requirements():
    path = ROOT / "envs/polyheads.yaml"
    dependencies = yaml.safe_load(path.read_text())["dependencies"]
    from_pypi = next(entry["pip"] for entry in dependencies if isinstance(entry, dict))
    assert parse_pins(from_pypi, path.name) == read_pins(ROOT / "requirements.txt")
    assert "python=3.11" in dependencies


@pytest.mark.parametrize(
    "name",
    [
        "requirements.txt",
        "requirements-dev.txt",
        "requirements-docs.txt",
        "benchmarks/requirements.txt",
    ],
)
def test_full_list_has_the_same_pins(name):
    requirements = read_pins(ROOT / name)
    every = read_pins(ROOT / "constraints.txt")
    assert {package: every.get(package) for package in requirements} == requirements


def test_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == project["version"]
