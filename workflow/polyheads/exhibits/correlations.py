"""Is the gain larger for languages that are alike? (The paper's sections 4.1-4.3.)

The gain of a pair of source and target against six distances of URIEL, the similarity of the two
languages' rankings, and whether they are of one family. p: languages permuted, not pairs, because
pairs share languages (statistics.correlation).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from polyheads.analysis.ranks import spearman_of_orders
from polyheads.analysis.rows import ALPHA
from polyheads.catalogue.methods import KINDS
from polyheads.exhibits import (
    Exhibit,
    Languages,
    distances,
    language_name,
    members,
    pair_name,
    ranking_name,
)
from polyheads.exhibits.distances import Distances
from polyheads.exhibits.tables import (
    CRITERION_NAMES,
    Choice,
    Table,
    cell,
    complete,
    gain,
    mean,
    number,
    signed,
)

Rankings = Sequence[Mapping[str, Any]]  # contents of ranking.json
Point = dict[str, Any]

PREDICTORS = {kind: f"{kind} distance" for kind in distances.KINDS} | {
    "rankings": "similarity of rankings",
    "family": "another family",
}
_SAME, _OTHER = "the source's family", "another family than the source's"


def points(
    exhibit: Exhibit, choices: Iterable[Choice], rankings: Rankings, languages: Languages
) -> list[Point]:
    """The pairs of an exhibit: setting, model, source, target, dev_selected_gain and test_oracle_gain
    (percentage points, means over seeds), a value or None for each of PREDICTORS, and `known`:
    predictor -> values of all pairs of languages that it is known of.

    A seed counts where it has both gains. Of a kind of ranking that is of no language (random)
    there is no `rankings`.
    """
    rows = [row for row in complete(members(exhibit, choices)) if distances.is_pair(row)]
    groups: dict[tuple, list[Choice]] = {}
    for row in rows:
        groups.setdefault(tuple(row[n] for n in ("setting", "model", "source", "target")), [])
        groups[row["setting"], row["model"], row["source"], row["target"]].append(row)
    codes = sorted({row[side] for row in rows for side in ("source", "target")})
    uriel, family = distances.read(), _families(codes, languages)
    out = []
    alike: dict[tuple, Distances] = {}
    for (setting, model, source, target), here in groups.items():
        trained = (model, *sorted({(row["corpus"], row["recipe"], row["seed"]) for row in here}))
        if trained not in alike:
            alike[trained] = _similarities(exhibit, model, trained[1:], rankings)
        known = {**uriel, "rankings": alike[trained], "family": family}
        point = {"setting": setting, "model": model, "source": source, "target": target}
        point |= {f"{r}_gain": mean(row[f"{r}_gain"] for row in here) for r in CRITERION_NAMES}
        point |= {name: known[name].get((source, target)) for name in PREDICTORS}
        out.append(point | {"seeds": len(here), "known": known})
    models = list(dict.fromkeys(p["model"] for p in out))
    place = {name: i for i, name in enumerate([*distances.SETTINGS, *models])}
    return sorted(out, key=lambda p: (place[p["setting"]], place[p["model"]]))


def lines(found: Iterable[Point]) -> list[dict[str, Any]]:
    """Spearman's rho for each setting, model, criterion and predictor of `points`.

    setting, model, criterion, predictor, pairs, languages, sources, rho, p, p_holm (Holm over all
    lines of a criterion), exact (all orders of the languages were tried), left_out (pairs without
    a value).
    """
    from polyheads.analysis.correlation import permuted_languages
    from polyheads.analysis.resampling import holm

    groups: dict[tuple[str, str], list[Point]] = {}
    for point in found:
        groups.setdefault((point["setting"], point["model"]), []).append(point)
    out = []
    for (setting, model), here in groups.items():
        for name in PREDICTORS:
            values = here[0]["known"][name]
            whole = _complete(here, values)
            there = [p for p in here if (p["source"], p["target"]) in whole]
            pairs = [(p["source"], p["target"]) for p in there]
            for criterion in CRITERION_NAMES:
                gains = [p[f"{criterion}_gain"] for p in there]
                told = permuted_languages(pairs, gains, values)
                line = {
                    "setting": setting,
                    "model": model,
                    "criterion": criterion,
                    "predictor": name,
                }
                line |= {"pairs": told["n"], "languages": told["languages"]}
                line |= {"sources": len({source for source, _ in pairs})}
                line |= {"rho": told["rho"], "p": told["p"], "p_holm": None}
                out.append(line | {"exact": told["exact"], "left_out": len(here) - len(there)})
    for criterion in CRITERION_NAMES:
        of = [line for line in out if line["criterion"] == criterion]
        for line, p in zip(of, holm([line["p"] for line in of]), strict=True):
            line["p_holm"] = p
    return out


def table(
    exhibit: Exhibit, choices: Iterable[Choice], rankings: Rankings, languages: Languages
) -> Table:
    """A line for each setting, model and predictor; rho and p of both criteria."""
    found = points(exhibit, choices, rankings, languages)
    told = lines(found)
    by = {tuple(t[n] for n in ("setting", "model", "predictor", "criterion")): t for t in told}
    names = ("Setting", "Model", "Gain against", "Pairs", "Languages")
    head = [
        [cell(n, th="col", rowspan=2, kind="name" if i < 3 else "") for i, n in enumerate(names)],
        [],
    ]
    for name in CRITERION_NAMES.values():
        head[0].append(cell(name, th="colgroup", colspan=3, kind="first"))
        head[1] += [cell("ρ", th="col", kind="first"), cell("p", th="col")]
        head[1] += [cell("p (Holm)", th="col")]
    body = []
    for setting, model, predictor in dict.fromkeys(key[:3] for key in by):
        of = [by[setting, model, predictor, criterion] for criterion in CRITERION_NAMES]
        row = [cell(setting, kind="name"), cell(model, kind="name")]
        row.append(cell(PREDICTORS[predictor], th="row"))
        row += [cell(str(of[0][key])) for key in ("pairs", "languages")]
        for line in of:
            row.append(cell(rho_text(line), kind="first"))
            row += [cell(number(line[key], 4)) for key in ("p", "p_holm")]
        body.append(row)
    title = f"{exhibit['title']}, gain and how far apart the languages are"
    notes = _notes(exhibit, told)
    shape = {"name": exhibit["name"], "title": title, "notes": notes, "head": head, "body": body}
    return shape | {"foot": [], "records": told}


def rho_text(line: Mapping[str, Any]) -> str:
    """Rho of one of `lines` with its sign, a star where Holm's p tells it apart from zero."""
    if line["rho"] is None:
        return "–"
    return signed(line["rho"]) + "*" * (line["p_holm"] < ALPHA)


def family_table(exhibit: Exhibit, choices: Iterable[Choice], languages: Languages) -> Table:
    """Mean gain by family of the target, and of pairs of one family against the others."""
    found = points(exhibit, choices, (), languages)
    names = ("Setting", "Model", "Targets of", "Languages", "Pairs", *CRITERION_NAMES.values())
    head = [[cell(n, th="col", kind="name" if i < 4 else "") for i, n in enumerate(names)]]
    body, records = [], []
    for setting, model in dict.fromkeys((p["setting"], p["model"]) for p in found):
        groups: dict[str, list[Point]] = {}
        of = [p for p in found if (p["setting"], p["model"]) == (setting, model)]
        of = [p for p in of if p["family"] is not None]
        for point in of:
            groups.setdefault(languages[point["target"]]["family"], []).append(point)
        groups |= {_SAME: [p for p in of if not p["family"]]}
        groups |= {_OTHER: [p for p in of if p["family"]]}
        for name, here in groups.items():
            targets = list(dict.fromkeys(p["target"] for p in here))
            means = {f"{r}_gain": mean(p[f"{r}_gain"] for p in here) for r in CRITERION_NAMES}
            line = {"setting": setting, "model": model, "targets_of": name}
            records.append(line | {"targets": " ".join(targets), "pairs": len(here), **means})
            row = [cell(setting, kind="name"), cell(model, kind="name"), cell(name, th="row")]
            spelt = ", ".join(language_name(code, languages) for code in targets)
            row += [cell(spelt or "–", kind="name"), cell(str(len(here)))]
            row += [gain(v, kind=r) if here else cell("–", kind=r) for r, v in _by_criterion(means)]
            body.append(row)
    notes = [
        "Mean gains of pairs, percentage points of the test score; the seeds of a pair are one"
        " number. Few languages of a family, and the pairs of a source share a trained model: no"
        " p here. That of pairs of one family against the others, with permuted languages, is in"
        " the table of correlations (another family)."
    ]
    unknown = {p[side] for p in found if p["family"] is None for side in ("source", "target")}
    unknown = sorted(code for code in unknown if not languages.get(code, {}).get("family"))
    if unknown:
        notes.append(f"Left out, because their family is not known: {', '.join(unknown)}.")
    shape = {"name": f"{exhibit['name']}.families", "notes": notes, "head": head, "body": body}
    shape["title"] = f"{exhibit['title']}, gain by family of languages"
    return shape | {"foot": [], "records": records}


def pairs_table(
    exhibit: Exhibit, choices: Iterable[Choice], rankings: Rankings, languages: Languages
) -> Table:
    """What is correlated: both gains of every pair and what is known of its two languages."""
    found = points(exhibit, choices, rankings, languages)
    names = ("Setting", "Model", "Source → target", *CRITERION_NAMES.values(), *PREDICTORS.values())
    head = [[cell(n, th="col", kind="name" if i < 3 else "") for i, n in enumerate(names)]]
    body = []
    for point in found:
        row = [cell(point[key], kind="name") for key in ("setting", "model")]
        row.append(cell(pair_name(point["source"], point["target"], languages), th="row"))
        row += [gain(value, kind=r) for r, value in _by_criterion(point)]
        for name in PREDICTORS:
            value = point[name]
            if name == "family":
                text = "" if value is None else "yes" if value else "no"
            else:
                text = "" if value is None else number(value)
            row.append(cell(text))
        body.append(row)
    records = [{key: value for key, value in p.items() if key != "known"} for p in found]
    notes = ["Gains: means over seeds, percentage points. Empty: not known."]
    shape = {"name": f"{exhibit['name']}.pairs", "notes": notes, "head": head, "body": body}
    shape["title"] = f"{exhibit['title']}, gains and distances of all pairs"
    return shape | {"foot": [], "records": records}


def _by_criterion(of: Mapping[str, Any]) -> list[tuple[str, float | None]]:
    return [(criterion, of[f"{criterion}_gain"]) for criterion in CRITERION_NAMES]


def _families(codes: Iterable[str], languages: Languages) -> Distances:
    """1 for languages of two families, 0 of one; nothing where a family isn't known."""
    of = {code: languages.get(code, {}).get("family") for code in codes}
    return {(a, b): float(of[a] != of[b]) for a in of for b in of if a != b and of[a] and of[b]}


def _similarities(
    exhibit: Exhibit, model: str, trained: Sequence[tuple[str, str, int]], rankings: Rankings
) -> Distances:
    """Rho of the rankings of two languages, mean over (corpus, recipe, seed), both ways round.

    Two reversed orders are as alike as the orders themselves, so those do for both.
    """
    kind = exhibit["of"]["ranking"].removeprefix("reversed-")
    orders: dict[tuple, dict[str, Sequence]] = {}
    for ranking in rankings:
        place = tuple(ranking[key] for key in ("corpus", "recipe", "seed"))
        wanted = kind in KINDS and (ranking["model"], ranking["kind"]) == (model, kind)
        if wanted and place in trained and not ranking["reversed"]:
            orders.setdefault(place, {})[ranking["language"]] = ranking["order"]
    values: dict[tuple[str, str], list[float]] = {}
    for of in orders.values():
        for pair in combinations(sorted(of), 2):
            values.setdefault(pair, []).append(spearman_of_orders(*(of[code] for code in pair)))
    means = {pair: mean(found) for pair, found in values.items()}
    return means | {pair[::-1]: value for pair, value in means.items()}


def _complete(found: Sequence[Point], values: Distances) -> set[tuple[str, str]]:
    """The pairs that are left when all their languages shall have a value with one another.

    Permuted languages take each other's values. The language that lacks most goes first.
    """
    pairs = {(p["source"], p["target"]) for p in found}
    while True:
        codes = sorted({code for pair in pairs for code in pair})
        lacking = Counter(c for pair in combinations(codes, 2) if pair not in values for c in pair)
        if not lacking:
            return pairs
        worst = max(lacking, key=lambda code: lacking[code])
        pairs = {pair for pair in pairs if worst not in pair}


def _notes(exhibit: Exhibit, told: Sequence[dict]) -> list[str]:
    notes = [
        f"Corpus {exhibit['corpus']}; {ranking_name(exhibit['of']['ranking'])}. Spearman's ρ of"
        " the gains of pairs (means over seeds) with six distances of URIEL (Littell et al. 2017;"
        " 0: alike), with ρ of the two languages' rankings (1: alike), and with being of two"
        " families. The paper doesn't say which distance it took.",
        "p, two-sided: the languages change places, not the pairs, because pairs share languages"
        f" and trained models; {_permutations(told)}. p (Holm): adjusted for all lines of a"
        f" criterion; * marks one below {ALPHA}.",
    ]
    if told and max(line["sources"] for line in told) == 1:
        notes.append(
            "There is one source, so what changes places is its targets: all that can be told is"
            " whether nearer targets gain more from this source."
        )
    lacking = {line["predictor"]: line["left_out"] for line in told if line["left_out"]}
    if lacking:
        spelt = ", ".join(f"{PREDICTORS[name]} {count}" for name, count in lacking.items())
        notes.append(f"Pairs left out of a line, because the value isn't known: {spelt}.")
    return notes


def _permutations(told: Sequence[dict]) -> str:
    from polyheads.analysis.resampling import RESAMPLES

    ways = {line["exact"] for line in told if line["p"] is not None}
    exact, some = "all orders are tried", f"{RESAMPLES:,} random orders are tried"
    if len(ways) < 2:
        return exact if ways == {True} else some
    return f"{exact} where they are no more than {RESAMPLES:,}, else {some}"
