"""Makes languages.csv and distances.csv again of known.yaml and three packages (README.md).

pip download --no-deps lang2vec==1.1.2
pip install qwanqwa==1.2.1 langcodes==3.5.1 language-data==1.4.0 numpy pyyaml
python workflow/polyheads/resources/languages/make.py lang2vec-1.1.2-py3-none-any.whl
"""

import csv
import hashlib
import io
import itertools
import re
import sys
import warnings
import zipfile
from importlib.metadata import version
from pathlib import Path

import langcodes
import numpy as np
import qq
import yaml

SHA256 = "bc43eddce15175ee1561c8a0566f56e42019d5987ea6c2890770a1b5d1f48fa4"
VERSIONS = {"qwanqwa": "1.2.1", "langcodes": "3.5.1", "language-data": "1.4.0"}
HERE = Path(__file__).parent
LEAST = 20  # features that two languages must share: over 12 Najdi Arabic and English are one
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


def facts(code: str, known: dict[str, str], database: qq.Database) -> list[str]:
    """A row of languages.csv: names of CLDR, codes and families of Glottolog."""
    languoid = database.get(code, id_type=qq.IdType.ISO_639_3)
    deprecated = languoid.iso_639_3 != code  # merged into another language
    short = "" if deprecated or len(languoid.bcp_47 or "") != 2 else languoid.bcp_47
    place = database.get(known.get("family_of", code), id_type=qq.IdType.ISO_639_3)
    tree = place.family_tree
    name = (
        known.get("name") or langcodes.Language.get(short or code, normalize=False).display_name()
    )
    family = tree[-1].name if tree else f"{name} (isolate)"
    return [code, short, re.sub(r" \(.*\)", "", name), family, known["scripts"], place.glottocode]


def main(path: str) -> None:
    """Write distances.csv from the wheel at ``path``; exit with a message for another wheel."""
    if hashlib.sha256(Path(path).read_bytes()).hexdigest() != SHA256:
        sys.exit(f"{path}: not the wheel that the table was made of; get lang2vec 1.1.2")
    for package, wanted in VERSIONS.items():
        if version(package) != wanted:
            sys.exit(f"{package} {version(package)}: the table was made with {wanted}; install it")
    languages = yaml.safe_load((HERE / "known.yaml").read_text(encoding="utf-8"))["languages"]
    warnings.simplefilter("ignore", qq.DeprecatedCodeWarning)
    database = qq.Database.load()
    uriel = {code: known.get("uriel", code) for code, known in languages.items()}
    with (HERE / "languages.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["language", "iso639_1", "name", "family", "scripts", "glottocode", "uriel"])
        for code, known in sorted(languages.items()):
            out.writerow([*facts(code, known, database), uriel[code]])
    with zipfile.ZipFile(path) as wheel:
        places = vectors(wheel, "geocoord_features")
        of = {"genetic": vectors(wheel, "family_features")}
        for kind, prefix in TYPOLOGY.items():
            of[kind] = vectors(wheel, "features", prefix)
    with (HERE / "distances.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["language", "other", *KINDS])
        # By URIEL's codes, so that languages that it takes for one are as far apart as it says.
        for one, other in itertools.combinations(sorted({*uriel.values()} & {*places}), 2):
            # Of all fixed points the one in line with both languages shows how far apart they are.
            row: list[float | None] = [float(np.abs(places[one] - places[other]).max())]
            row += [angle(of[kind][one], of[kind][other]) for kind in KINDS[1:]]
            texts = ("" if value is None else f"{value:.4f}" for value in row)
            out.writerow([one, other, *texts])
    print("not in URIEL:", [c for c in languages if uriel[c] not in places] or "none")


if __name__ == "__main__":
    main(*sys.argv[1:])
