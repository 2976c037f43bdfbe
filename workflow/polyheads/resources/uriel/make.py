"""Makes distances.csv again from the wheel of lang2vec (see README.md beside it).

pip download --no-deps lang2vec==1.1.2
python workflow/polyheads/resources/uriel/make.py lang2vec-1.1.2-py3-none-any.whl
"""

import csv
import hashlib
import io
import itertools
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import yaml

SHA256 = "bc43eddce15175ee1561c8a0566f56e42019d5987ea6c2890770a1b5d1f48fa4"
HERE = Path(__file__).parent
LEAST = 10  # features that two languages must share: a distance over three says nothing
TYPOLOGY = {"inventory": "INV_", "syntactic": "S_", "phonological": "P_", "featural": ""}
KINDS = ("geographic", "genetic", *TYPOLOGY)


def vectors(wheel: zipfile.ZipFile, file: str, prefix: str = "") -> dict[str, np.ndarray]:
    """Language (ISO 639-3) -> features (features,): the largest of all sources, NaN for unknown."""
    with np.load(io.BytesIO(wheel.read(f"lang2vec/data/{file}.npz"))) as arrays:
        wanted = [str(name).startswith(prefix) for name in arrays["feats"]]
        data = arrays["data"][:, wanted].max(-1)
        return dict(zip(map(str, arrays["langs"]), np.where(data < 0, np.nan, data), strict=True))


def angle(one: np.ndarray, other: np.ndarray) -> float | None:
    """Angle of two vectors over the features known of both, in right angles.

    None for too few, and where one has none of them (a creole in no family).
    """
    both = ~(np.isnan(one) | np.isnan(other))
    one, other = one[both].astype(float), other[both].astype(float)
    if both.sum() < LEAST or not one.any() or not other.any():
        return None
    cosine = one @ other / np.sqrt((one @ one) * (other @ other))
    return float(2 * np.arccos(min(cosine, 1.0)) / np.pi)


def main(path: str) -> None:
    """Write distances.csv from the wheel at ``path``; exit with a message for another wheel."""
    if hashlib.sha256(Path(path).read_bytes()).hexdigest() != SHA256:
        sys.exit(f"{path}: not the wheel that the table was made of; get lang2vec 1.1.2")
    languages = yaml.safe_load((HERE.parent / "languages.yaml").read_text(encoding="utf-8"))

    def code_of(language: str) -> str:
        code = languages[language].get("uriel", language)
        return str(three.get(code, code))

    with zipfile.ZipFile(path) as wheel:
        three = json.loads(wheel.read("lang2vec/data/letter_codes.json"))
        places = vectors(wheel, "geocoord_features")
        of = {"genetic": vectors(wheel, "family_features")}
        for kind, prefix in TYPOLOGY.items():
            of[kind] = vectors(wheel, "features", prefix)
    with (HERE / "distances.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["language", "other", *KINDS])
        for pair in itertools.combinations(sorted(languages), 2):
            one, other = map(code_of, pair)
            if not {one, other} <= set(places):
                continue
            # Of all fixed points the one in line with both languages shows how far apart they are.
            row: list[float | None] = [float(np.abs(places[one] - places[other]).max())]
            row += [angle(of[kind][one], of[kind][other]) for kind in KINDS[1:]]
            out.writerow([*pair, *("" if value is None else f"{value:.4f}" for value in row)])
    print("not in URIEL:", [c for c in languages if code_of(c) not in places] or "none")


if __name__ == "__main__":
    main(*sys.argv[1:])
