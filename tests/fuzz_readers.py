"""Random and damaged files for every reader, until the time is up.

    python tests/fuzz_readers.py [--minutes 10]

The formats take turns. What is read must be sound, what is refused must be one line that names the
file; the first that is neither ends the run with the smallest such file that hypothesis finds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "tests" / "unit" / "readers")]

import damage  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from hypothesis import HealthCheck, given, seed, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from samples import PARQUET, TEXTS  # noqa: E402

EXAMPLES = 300  # of a format, before the next one's turn


def turn(kind: str, number: int, path: Path, read: Counter[str]) -> None:
    """One turn of a format: EXAMPLES files, others for every number."""

    @seed(number)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def check(data):
        if kind == "parquet":
            options, content = PARQUET, data.draw(damaged_parquet(path))
        else:
            options = data.draw(damage.readings(kind))
            good = TEXTS[kind][1]
            content = data.draw(damage.random_bytes() | damage.damaged(good, options))
        refused = damage.only_user_errors(path, content, options)
        read["refused" if refused else "read"] += 1

    check()


@st.composite
def damaged_parquet(draw, path: Path) -> bytes:
    """A table of tokens and tags, packed in some way, with bytes changed."""
    tokens = draw(st.lists(st.lists(st.text(max_size=5), max_size=4), max_size=5))
    tags = [[draw(st.sampled_from(["O", "B-PER", "I-PER", "x"])) for _ in row] for row in tokens]
    types = pa.schema([(name, pa.list_(pa.string())) for name in ("tokens", "tags")])
    table = pa.table({"tokens": tokens, "tags": tags}, schema=types)
    packing = draw(st.sampled_from(["none", "snappy", "zstd"]))
    pq.write_table(table, path, compression=packing, write_page_checksum=draw(st.booleans()))
    content = bytearray(path.read_bytes())
    for _ in range(draw(st.integers(0, 4))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.sampled_from([len(content), len(content) // 2]))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    end = time.monotonic() + 60 * parser.parse_args().minutes
    found = {kind: Counter() for kind in (*TEXTS, "parquet")}
    with tempfile.TemporaryDirectory() as folder:
        number = 0
        while time.monotonic() < end:
            for kind, read in found.items():
                turn(kind, number, Path(folder) / "dev.txt", read)
            number += 1
    for kind, read in found.items():
        print(f"{kind}: {read['read']} files read, {read['refused']} refused with one line")


if __name__ == "__main__":
    main()
