"""Did the paper's claims hold? One line per claim, task and model: published, ours, verdict.

The verdict is a rule made of numbers (see `verdict`); the rules stand under the table. Lines have
claim, task, corpus, model, published (text) and published_of (the pairs run, where they are a part
of the paper's), sound, low, high, best (percentage points, shares in percent, correlations, heads),
p (against nulls; of correlations, languages permuted), fresh, fresh_low, fresh_high, verdict,
exhibit (name of the table that has the details).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from polyheads import exhibits
from polyheads.evaluation import TASK_NAMES
from polyheads.exhibits import claim_contrasts, claim_languages, claim_lines, claim_study, published
from polyheads.exhibits.results import Results
from polyheads.exhibits.tables import READING_NAMES, Table, cell, number, signed
from polyheads.statistics.rows import ALPHA, LEVEL

Line = dict[str, Any]
NOT_RUN = "not run in this study"
_LOOK = {"holds": "up", "holds in one run": "up"}
_LOOK |= {"contradicted": "down", "contradicted in one run": "down"}


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
        for line in lines:
            line["verdict"] = verdict(line) if claim.tested else "for comparison"
        found.append((claim, lines))
    fresh = any(line["fresh"] is not None for _, lines in found for line in lines)
    tested = any(line["p"] is not None for _, lines in found for line in lines)
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
    columns += [(READING_NAMES["sound"], "wrap"), (READING_NAMES["best"], "best wrap")]
    columns += [("p", "wrap")] if tested else []
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


def verdict(line: Mapping[str, Any]) -> str:
    """The rule: where the interval of the reading with k chosen on dev lies, and what nulls say.

    line: as claim_study.line gives it. `neutral` says nothing; p is the largest against the nulls,
    or (two_sided) that of a rank correlation; noise: whether training noise is in the interval or
    a null. Fresh seeds, where there are any, decide instead of the seed that chose k.
    """
    again = line["fresh"] is not None
    names = ("fresh", "fresh_low", "fresh_high") if again else ("sound", "low", "high")
    value, low, high = (line[name] for name in names)
    p, neutral = line["p"], line["neutral"]
    one_run = "" if line["noise"] else " in one run"
    if value is None:
        return "not shown" if line["unmoved"] else "trials missing"
    if line["two_sided"]:
        if p is None or p >= ALPHA:
            return "not shown"
        same = value * line["direction"]
        return ("holds" if same > 0 else "contradicted" if same < 0 else "related") + one_run
    if low is None and p is not None and not again:
        if value > neutral and p < ALPHA:
            return f"holds{one_run}"
        return "contradicted" if value < neutral and p > 1 - ALPHA else "not shown"
    beaten = p is None or p < ALPHA
    if low is None:
        if value == neutral or (value > neutral and not beaten):
            return "not shown"
        return f"{'same' if value > neutral else 'opposite'} direction, no interval"
    if high < neutral:
        return f"contradicted{one_run}"
    return f"holds{one_run}" if low > neutral and beaten else "not shown"


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


_DIGITS = {"share": 0, "rho": 2, "heads": 2}


def _cells(
    claim: Claim, line: Line, *, fresh: bool, tested: bool, several: bool
) -> list[dict[str, Any]]:
    where = TASK_NAMES[line["task"]] + (f" ({line['corpus']})" if several else "")
    if line["setting"]:
        where += f", {line['setting']}"
    below = _interval(claim, line)
    if line["sound_text"] or not below:
        below = f"{line['sound_below']} {below}".strip()
    shown = [
        cell(f"{where}, {line['model']}", kind="name where"),
        _paper(claim, line["published"], line["published_of"]),
        cell(line["sound_text"] or _text(claim, line["sound"]), below=below),
        cell(
            line["best_text"] or _text(claim, line["best"]), kind="best", below=line["best_below"]
        ),
    ]
    if tested:
        shown.append(
            cell(number(line["p"], 3) if line["p"] is not None else "–", note=line["note"])
        )
    if fresh:
        shown.append(cell(_text(claim, line["fresh"]), below=_interval(claim, line, "fresh_")))
    look = _LOOK.get(line["verdict"], "soft")
    link = f"#table-{line['exhibit']}" if line["exhibit"] else ""
    return [*shown, cell(line["verdict"], kind=f"name verdict {look}", href=link)]


def _not_run(claim: Claim) -> Line:
    made = claim_study.line("", "", "", "", list(claim.published) or "–")
    return made | {"claim": claim.words, "verdict": NOT_RUN}


def _record(claim: Claim, line: Line) -> Line:
    """A line for the CSV."""
    names = ("task", "corpus", "model", "setting")
    record = {"claim": claim.words, **{name: line[name] for name in names}}
    paper = _paper(claim, line["published"])
    record |= {"published": paper["text"], "published_models": paper["below"]}
    names = ("published_of", "sound", "low", "high", "best", "p", "fresh", "fresh_low")
    names += ("fresh_high", "sound_text", "best_text", "sound_below", "best_below")
    return record | {name: line[name] for name in (*names, "verdict", "exhibit")}


def _notes(study: claim_study.Study, lines: Sequence[Line]) -> list[str]:
    notes = [
        f"Verdicts are rules. Holds: the {LEVEL} % interval [ ] of the reading with k chosen on dev"
        f" is above 0 (above 50 % for shares) and, where there are nulls, p < {ALPHA} against them."
        " Contradicted: the interval is below 0. Not shown: neither. Where there is p and no"
        f" interval, p < {ALPHA} and p > {1 - ALPHA} decide; without either only the direction is"
        " said. Best on test takes a maximum over noisy numbers and decides nothing.",
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
            " this interval and not by that of the seed that chose k."
        )
    if any(line["unit"] == "share" for line in lines):
        notes.append(
            "Shares: of the pairs that went up or down; one as before (k = 0 was chosen) says"
            " nothing for pruning or against it."
        )
    if any(line["two_sided"] for line in lines):
        notes.append(
            "ρ of gains: p is of permuted languages, two-sided, adjusted by Holm over all lines of"
            f" the linked table; of six distances of URIEL the one with the smallest p. Holds: p <"
            f" {ALPHA} and the sign is that of the published ρ; contradicted: the other sign;"
            " related: there is no published sign. Published: recomputed from the paper's tables"
            " and its Figure 1 with the same distance; which one it took it doesn't say."
        )
    if any(line["verdict"].endswith("in one run") for line in lines):
        notes.append(
            "In one run: one seed and no null of unpruned runs, so the noise of training is not in"
            " the interval and another run may say something else."
        )
    if any(line["low"] is not None and line["compared"] for line in lines):
        notes.append(
            "Intervals of differences are put together from those of the two sides as if these were"
            " independent (square-and-add)."
        )
    if any(line["low"] is not None and line["claim"].startswith("Rankings of") for line in lines):
        notes.append(
            "The interval of ρ is a jackknife that leaves out one language after another. Above 0"
            " is more than chance and no more: how alike rankings are, the number says."
        )
    return notes
