"""Did the paper's claims hold? One line per claim, task and model: published, ours, verdict.

The verdict is a rule made of numbers (see `verdicts`); the rules stand under the table. Lines have
claim, task, corpus, model, published (text) and published_of (the pairs run, where they are a part
of the paper's), sound, low, high, best (percentage points, shares in percent, correlations, heads),
p (against nulls; of correlations, languages permuted), p_interval (of the interval), fresh,
fresh_low, fresh_high, fresh_p, p_holm (that the verdict is by), above, within, below (shares of
draws, see statistics.draws), verdict, note, exhibit (name of the table that has the details).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from polyheads import exhibits
from polyheads.analysis.rows import ALPHA, LEVEL
from polyheads.catalogue.tasks import TASK_NAMES
from polyheads.exhibits import (
    claim_contrasts,
    claim_languages,
    claim_lines,
    claim_study,
    published,
    verdicts,
)
from polyheads.exhibits.results import Results
from polyheads.exhibits.tables import CRITERION_NAMES, Table, cell, number, shares, signed

Line = dict[str, Any]
NOT_RUN = "not run in this study"
_LOOK = {verdicts.HOLDS: "up", verdicts.CONTRADICTED: "down"}


@dataclass(frozen=True)
class Claim:
    """What the paper says, and where a study has it."""

    words: str
    lines: Callable[[claim_study.Study], Iterable[Line]]
    unit: str = "points"  # points | share | rho | heads
    tested: bool = True  # False: a number to compare, nothing that could hold or not
    published: Sequence[float] = field(default_factory=tuple)  # all that the paper has


def claims(plan: Sequence[exhibits.Exhibit], sweeps: Sequence[dict], results: Results) -> Table:
    """The table of the start page."""
    study = claim_study.study(plan, sweeps, results)
    found: list[tuple[Claim, list[Line]]] = []
    for claim in _all(results.published):
        lines = [{**line, "claim": claim.words, "unit": claim.unit} for line in claim.lines(study)]
        for line, told in zip(lines, verdicts.decide(lines), strict=True):
            line |= told if claim.tested else {"verdict": "for comparison", "p_holm": None}
        found.append((claim, lines))
    fresh = any(line["fresh"] is not None for _, lines in found for line in lines)
    tested = any(line["p_holm"] is not None for _, lines in found for line in lines)
    corpora = {(line["task"], line["corpus"]) for _, lines in found for line in lines}
    several = len(corpora) > len({task for task, _ in corpora})
    body = []
    for claim, lines in found:
        first = cell(claim.words, th="rowgroup", rowspan=max(len(lines), 1), kind="claim")
        if not lines:
            body.append(
                [
                    *(first, cell("–", kind="name"), _paper(claim, list(claim.published) or "–")),
                    cell(NOT_RUN, kind="name soft", colspan=3 + fresh + tested),
                ]
            )
        for line in lines:
            cells = _cells(claim, line, fresh=fresh, tested=tested, several=several)
            body.append([first, *cells] if line is lines[0] else cells)
    columns = [("Claim of the paper", "name"), ("Where", "name"), ("Published", "published wrap")]
    columns += [
        (CRITERION_NAMES["dev_selected"], "wrap"),
        (CRITERION_NAMES["test_oracle"], "best wrap"),
    ]
    columns += [("p (Holm)", "wrap")] if tested else []
    columns += [("Fresh seeds", "wrap")] if fresh else []
    columns.append(("Verdict", "name"))
    return {
        "name": "claims",
        "title": "The paper's claims and what this study says to them",
        "notes": _notes(study, [line for _, lines in found for line in lines]),
        "head": [[cell(name, th="col", kind=kind) for name, kind in columns]],
        "body": body,
        "foot": [],
        "records": [
            _record(claim, line) for claim, lines in found for line in lines or [_not_run(claim)]
        ],
    }


def without_links(table: Table) -> Table:
    """The table for a page that lacks the sections that it leads to."""
    return {**table, "body": [[{**c, "href": ""} for c in row] for row in table["body"]]}


def _all(printed: Sequence[Mapping[str, str]]) -> list[Claim]:
    gains = published.mean_gains(printed)
    of = {s: [v for (_, _, setting), v in gains.items() if setting == s] for s in exhibits.SETTINGS}
    more = [
        v - gains[*key[:2], "multi-lingual"]
        for key, v in gains.items()
        if key[2] == "cross-lingual"
    ]
    differences = published.control_differences(printed)
    low = {c: [v for key, v in differences.items() if key[3] == c] for c in ("highest", "random")}
    several = published.several_gains()
    out = [
        Claim(
            f"Pruning the lowest heads raises {setting} scores",
            lambda study, setting=setting: claim_lines.gains(study, setting),
            published=of[setting],
        )
        for setting in ("cross-lingual", "multi-lingual")
    ]
    out += [
        Claim("Most pairs of languages improve (%)", claim_lines.improved, unit="share"),
        Claim(
            "Cross-lingual gains are larger than multi-lingual ones",
            claim_contrasts.settings,
            published=more,
        ),
        Claim(
            "The highest heads pruned give less than the lowest",
            lambda study: claim_contrasts.controls(study, "highest"),
            published=low["highest"],
        ),
        Claim(
            "Random heads pruned give less than the lowest",
            lambda study: claim_contrasts.controls(study, "random"),
            published=low["random"],
        ),
        Claim(
            "Rankings by gradient give more than those by LRP",
            claim_contrasts.lrp,
            published=list(claim_contrasts.published_lrp().values()),
        ),
    ]
    for name, words in claim_lines.SEVERAL.items():
        out.append(
            Claim(
                f"Several sources, {words}: pruning raises scores",
                lambda study, name=name: claim_lines.several(study, name),
                published=[v for key, v in several.items() if key[2] == name],
            )
        )
    return [
        *out,
        Claim("Pruning raises scores with little target data, too", claim_lines.low_resource),
        Claim(
            "Rankings of the languages of a task are alike (mean Spearman's ρ)",
            claim_languages.languages,
            unit="rho",
            published=list(published.mean_rho().values()),
        ),
        *(
            Claim(
                words,
                lambda study, what=what: claim_languages.related(study, what),
                unit="rho",
            )
            for what, words in claim_languages.RELATED_WORDS.items()
        ),
        Claim(
            "Heads pruned at the best k, on average",
            claim_lines.heads,
            unit="heads",
            tested=False,
            published=list(published.mean_heads().values()),
        ),
    ]


def _paper(claim: Claim, numbers: Any, of: str = "") -> dict[str, Any]:
    """A cell with the published number and what it is of; from the lowest to the highest where
    there are several, those of other models with their names; words as they are."""
    if not isinstance(numbers, (list, dict)):
        text = numbers if isinstance(numbers, str) else _text(claim, numbers)
        return cell(text, kind="published", below=of)
    names = [published.MODELS[name] for name in numbers] if isinstance(numbers, dict) else []
    values = list(numbers.values()) if isinstance(numbers, dict) else numbers
    ends = dict.fromkeys(_text(claim, end) for end in (min(values), max(values)))
    return cell(" to ".join(ends), kind="published", below=", ".join(names))


def _text(claim: Claim, value: float | None) -> str:
    if value is None:
        return "–"
    return signed(value) if claim.unit == "points" else number(value, _DIGITS[claim.unit])


def _interval(claim: Claim, line: Line, which: str = "") -> str:
    """The small line below a number; "" without an interval. which: "" or "fresh_"."""
    low, high = (line[f"{which}{end}"] for end in ("low", "high"))
    return "" if low is None else f"[{_text(claim, low)}, {_text(claim, high)}]"


def _where(line: Line, *, corpus: bool = True) -> str:
    where = TASK_NAMES[line["task"]] + (f" ({line['corpus']})" if corpus else "")
    return where + (f", {line['setting']}" if line["setting"] else "")


_DIGITS = {"share": 0, "rho": 2, "heads": 2}


def _cells(
    claim: Claim, line: Line, *, fresh: bool, tested: bool, several: bool
) -> list[dict[str, Any]]:
    where = _where(line, corpus=several)
    theirs = line["fresh"] is not None  # whose draws the shares are of
    below = _interval(claim, line) + ("" if theirs else shares(line))
    if line["dev_selected_text"] or not below:
        below = f"{line['dev_selected_below']} {below}".strip()
    shown = [
        cell(f"{where}, {line['model']}", kind="name where"),
        _paper(claim, line["published"], line["published_of"]),
        cell(line["dev_selected_text"] or _text(claim, line["dev_selected"]), below=below),
        cell(
            line["test_oracle_text"] or _text(claim, line["test_oracle"]),
            kind="test_oracle",
            below=line["test_oracle_below"],
        ),
    ]
    if tested:
        shown.append(
            cell("–" if line["p_holm"] is None else number(line["p_holm"], 3), note=line["note"])
        )
    if fresh:
        below = _interval(claim, line, "fresh_") + (shares(line) if theirs else "")
        shown.append(cell(_text(claim, line["fresh"]), below=below))
    look = _LOOK.get(line["verdict"].split()[0].rstrip(","), "soft")
    link = f"#table-{line['exhibit']}" if line["exhibit"] else ""
    return [*shown, cell(line["verdict"], kind=f"name verdict {look}", href=link)]


def _not_run(claim: Claim) -> Line:
    made = claim_study.line("", "", "", "", list(claim.published) or "–")
    return made | {"claim": claim.words, "verdict": NOT_RUN, "p_holm": None}


def _record(claim: Claim, line: Line) -> Line:
    """A line for the CSV."""
    names = ("task", "corpus", "model", "setting")
    record = {"claim": claim.words, **{name: line[name] for name in names}}
    paper = _paper(claim, line["published"])
    record |= {"published": paper["text"], "published_models": paper["below"]}
    names = (
        "published_of",
        "dev_selected",
        "low",
        "high",
        "test_oracle",
        "p",
        "fresh",
        "fresh_low",
    )
    names += (
        "fresh_high",
        "dev_selected_text",
        "test_oracle_text",
        "dev_selected_below",
        "test_oracle_below",
    )
    names += ("p_interval", "fresh_p", "p_holm", *claim_study.SHARES, "note")
    return record | {name: line[name] for name in (*names, "verdict", "exhibit")}


def _notes(study: claim_study.Study, lines: Sequence[Line]) -> list[str]:
    notes = [
        "Verdicts are rules. Holds: the criterion with k chosen on dev is above 0 (above 50 % for"
        f" shares) with p < {ALPHA}; contradicted: it is below, with p < {ALPHA}; not shown:"
        " neither. p is the larger one of the number's own, two-sided (0 is outside its"
        f" {LEVEL} % interval [ ] where this alone is below {ALPHA}), and of that against a null,"
        " one-sided; where there is one of them only it decides alone, without either only the"
        " direction is said. Best on test takes a maximum over noisy numbers and decides nothing.",
        "Every claim is a family: p is adjusted by Holm over all of its lines, for each direction."
        " Intervals are those of a line alone, so one without 0 need not hold.",
        "Gains and their differences in percentage points of the experiment's own metric. Published"
        " numbers are means recomputed from the paper's tables (LRP, mean k: its text); where the"
        " model is another one, the names of the paper's stand under them. A verdict leads to its"
        " table.",
    ]
    if any(line["published_of"] for line in lines):
        notes.append(
            "Of the pairs run: a part of the paper's pairs was run, and the published number is"
            " recomputed over the same ones."
        )
    if any(line["fresh"] is not None for line in lines):
        notes.append(
            "Fresh seeds: the mean gain, and its interval, of the chosen k trained again with seeds"
            " that chose nothing. Where it is there, it is the gain to report: the verdict is by"
            " this interval (p: the larger one of Student's t over the seeds and of the draws of"
            " seeds and sentences) and not by that of the seed that chose k."
        )
    said = [line["verdict"] for line in lines]
    if any(verdicts.ONE_RUN in words or verdicts.RUNS in words for words in said):
        notes.append(
            "In one run, in these runs: nothing that decides has the noise of training in it, so"
            " other runs may say something else. Of several seeds each has chosen the luckiest of"
            " its trainings on dev, and their interval does not know that. Only a null of unpruned"
            " runs, random rankings (for claims about rankings) or fresh seeds make a verdict"
            " plain."
        )
    deltas = sorted({line["delta"] for line in lines if line["delta"] is not None})
    if deltas:
        delta = " or ".join(number(delta, 2) for delta in deltas)
        notes.append(
            f"Worth having is a gain of more than {delta} points (delta in the study's file)."
            f" Below an interval: the shares of its draws above +{delta}, within ±{delta} and below"
            f" −{delta}. No gain worth having: {LEVEL} % or more are within (with fresh seeds their"
            " interval is, too), which is more than a gain that is not shown."
        )
    if any(line["unit"] == "share" for line in lines):
        notes.append(
            "Shares: of the pairs that went up or down; one as before (k = 0 was chosen) says"
            " nothing for pruning or against it. Their p is that of a normal distribution with the"
            " same interval."
        )
    if any(line["two_sided"] for line in lines):
        notes.append(
            "ρ of gains: p is of permuted languages, two-sided; of six distances of URIEL the one"
            " with the smallest p, multiplied by the number of distances. Holds: p <"
            f" {ALPHA} and the sign is that of the published ρ; contradicted: the other sign;"
            " related: there is no published sign. Published: recomputed from the paper's tables"
            " and its Figure 1 with the same distance; which one it took it doesn't say."
        )
    if any(line["parts"] for line in lines):
        notes.append(
            "Where its table has no mean of all pairs, the interval of a mean is put together from"
            " those of its pairs by square-and-add (Zou and Donner 2008), which takes test sets of"
            " different languages as independent; its p is that of a normal distribution."
        )
    if any(line["low"] is not None and line["compared"] for line in lines):
        notes.append(
            "Differences are taken sweep by sweep, and both sides are drawn together: the same"
            " sentences and seeds in every draw, because they share them."
        )
    for line in lines:
        if line["compared"] and not line["setting"] and line["note"]:  # the claim about settings
            notes.append(f"{line['claim']}, {_where(line)}, {line['model']}: {line['note']}.")
    if any(line["low"] is not None and line["claim"].startswith("Rankings of") for line in lines):
        notes.append(
            "The interval of ρ is a jackknife that leaves out one language after another. Above 0"
            " is more than chance and no more: how alike rankings are, the number says."
        )
    return notes
