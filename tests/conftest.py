"""Which tier a test is in: those of a directory of runs have its name as a marker."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        tier = item.path.relative_to(HERE).parts[0]
        if tier in ("workflow", "cluster"):
            item.add_marker(tier)
