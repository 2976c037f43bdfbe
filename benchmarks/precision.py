"""What bfloat16 changes in test scores: trainings of config/e5-precision.yaml, paired by seed.

    PYTHONPATH=workflow python benchmarks/precision.py [RESULTS]

Prints, for every language, accuracy of the first seed in both precisions, the mean over seeds, and
the mean difference with its 95 % interval (Student's t over seeds). Processor time is that of whole
jobs, as Snakemake measured it.
"""

import json
import sys
from pathlib import Path
from statistics import mean, stdev

import pandas as pd
from scipy.stats import t

RESULTS = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
PLACE = "e5-small/ud-2.7-surface"
SIDES = ("float32", "bfloat16")


def scores(recipe: str) -> dict[str, dict[str, float]]:
    """Seed -> language -> test accuracy in percent."""
    found = {}
    for path in sorted(
        (RESULTS / "trials" / PLACE / recipe / "en").glob("seed-*/unpruned/k-00.json")
    ):
        rows = json.loads(path.read_text())["scores"]
        found[path.parts[-3]] = {
            row["language"]: row["metrics"]["accuracy"] for row in rows if row["split"] == "test"
        }
    return found


def seconds(recipe: str) -> float:
    """Mean processor time of a job: training, and tests in all languages."""
    files = (RESULTS / "benchmarks/trials" / PLACE / recipe / "en").glob("seed-*/unpruned/k-00.tsv")
    return mean(float(pd.read_csv(path, sep="\t")["cpu_time"].iloc[0]) for path in files)


def interval(differences: list[float]) -> str:
    """Mean and 95 % interval."""
    half = t.ppf(0.975, len(differences) - 1) * stdev(differences) / len(differences) ** 0.5
    middle = mean(differences)
    return f"{middle:+.2f} [{middle - half:+.2f}, {middle + half:+.2f}]"


def main() -> None:
    one, other = map(scores, SIDES)
    seeds = sorted(one.keys() & other.keys())
    languages = list(one[seeds[0]])
    rows = [
        {
            "language": language,
            f"float32, {seeds[0]}": f"{one[seeds[0]][language]:.2f}",
            f"bfloat16, {seeds[0]}": f"{other[seeds[0]][language]:.2f}",
            "float32": f"{mean(one[seed][language] for seed in seeds):.2f}",
            "bfloat16": f"{mean(other[seed][language] for seed in seeds):.2f}",
            "difference": interval([other[s][language] - one[s][language] for s in seeds]),
        }
        for language in languages
    ]
    means = [mean(other[s][lang] - one[s][lang] for lang in languages) for s in seeds]
    rows.append({"language": "all", "difference": interval(means)})
    print(pd.DataFrame(rows).fillna("").to_string(index=False))
    times = {side: seconds(side) for side in SIDES}
    print(f"{len(seeds)} seeds. Processor seconds a job, mean: {times}")


if __name__ == "__main__":
    main()
