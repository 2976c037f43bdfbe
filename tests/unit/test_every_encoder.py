"""docs/encoders.md says what is true of this version of transformers; all of it is tried."""

from pathlib import Path

import pytest
from every_encoder import CLASSES, row

pytestmark = pytest.mark.slow

ROWS = [
    line
    for line in Path(__file__).parents[2].joinpath("docs/encoders.md").read_text().splitlines()
    if line.startswith("| `")
]


def test_the_table_has_all_classes():
    assert sorted(line.split("`")[1] for line in ROWS) == sorted(CLASSES)


@pytest.mark.parametrize("kind", sorted(CLASSES))
def test_the_table_is_right(kind, tmp_path):
    assert row(kind, tmp_path) in ROWS
