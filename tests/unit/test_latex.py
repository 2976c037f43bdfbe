"""Tables as LaTeX: whole rows, escaped text, and a compiler that takes them."""

import re
import shutil
import subprocess

import made_up
import pytest
from records import chosen, estimate, planned

from polyheads.analysis import overview as overview_rows
from polyheads.analysis import results as result_rows
from polyheads.report import latex
from polyheads.report.cells import cell, gain
from polyheads.report.table import Table
from polyheads.report.tables import overview, pruned_heads, results
from polyheads.study import displays

LANGUAGES = {"en": {"name": "English"}, "de": {"name": "German"}, "zh": {"name": "Chinese"}}


def made_tables(tmp_path):
    sweeps = made_up.study(tmp_path, seeds=(1, 2))
    plan, choices = chosen([planned(s) for s in sweeps], without=[sweeps[0]["trials"][2]])
    tables = [
        results.table(display, result_rows.rows(display, choices), LANGUAGES)
        for display in plan
        if display.kind == "results"
    ]
    main = displays.main_rows(plan, choices)
    more = [overview.table(overview_rows.rows(main)), pruned_heads.table(main, LANGUAGES)]
    return [*tables, *more]


def tabular_rows(text):
    """Cells of the rows of the outer tabular: [(text, columns)], taken apart outside of braces."""
    inside = text.partition("\\toprule")[2].rpartition("\\bottomrule")[0]
    rows, cells, cell, depth, i = [], [], "", 0, 0
    while i < len(inside):
        two = inside[i : i + 2]
        if two == "\\\\" and depth == 0:
            rows.append([*cells, cell])
            cells, cell, i = [], "", i + 2
            continue
        if two[:1] == "\\" and len(two) == 2:
            cell, i = cell + two, i + 2
            continue
        depth += {"{": 1, "}": -1}.get(inside[i], 0)
        assert depth >= 0
        if inside[i] == "&" and depth == 0:
            cells, cell = [*cells, cell], ""
        else:
            cell += inside[i]
        i += 1
    assert depth == 0
    found = []
    for row in rows:
        spans = [re.search(r"\\multicolumn\{(\d+)\}", c) for c in row]
        found.append([(c, int(s[1]) if s else 1) for c, s in zip(row, spans, strict=True)])
    return found


def balanced(text):
    depth = 0
    for piece in re.findall(r"\\.|[{}]", text):
        depth += {"{": 1, "}": -1}.get(piece, 0)
        assert depth >= 0
    return depth == 0


def test_every_row_fills_all_columns(tmp_path):
    for table in made_tables(tmp_path):
        text = latex.text(table)
        assert balanced(text)
        columns = len(re.findall(r"[lr]|p\{[^}]*\}", re.search(r"@\{\}(.*)@\{\}\}\n", text)[1]))
        rows = tabular_rows(text)
        assert len(rows) == sum(len(part) for part in (table.head, table.body, table.foot))
        for row in rows:
            assert sum(span for _, span in row) == columns, row
        for first, last in re.findall(r"\\cmidrule\(lr\)\{(\d+)-(\d+)\}", text):
            assert 1 <= int(first) < int(last) <= columns
        assert text.count("\\begin{tabular}") == text.count("\\end{tabular}")
        assert f"\\label{{tab:{table.name}}}" in text or "_" in table.name


def test_groups_have_rules_and_spanning_cells_stand_once(tmp_path):
    table = made_tables(tmp_path)[0]
    text = latex.text(table)
    assert r"\cmidrule(lr){5-8}\cmidrule(lr){9-11}" in text
    rows = tabular_rows(text)
    names = [[cell.strip() for cell, _ in row] for row in rows]
    assert names[0][:2] == ["", ""]  # the head's first columns stand at the bottom
    assert "Source" in names[1][0] and "Target" in names[1][1]
    assert names[2][0].endswith("English") and names[3][0] == ""


def test_special_characters_and_symbols():
    raw = "50 % of a_b & c#1 {x} $5 ~ ^ \\ −1 ± ≥ → ρ † ° “q” <tag>"
    done = latex.escape(raw)
    for character in "%_&#":
        assert not re.search(rf"(?<!\\){character}", done)
    assert r"50 \% of a\_b \& c\#1 \{x\} \$5" in done
    assert r"\textasciitilde{} \textasciicircum{} \textbackslash{} $-$1 $\pm$ $\ge$" in done
    assert r"$\rightarrow$ $\rho$ \dag{} $^\circ$ ``q'' \textless{}tag\textgreater{}" in done
    assert done.isascii()


def test_intervals_stars_and_notes_are_kept():
    known = estimate(gain=0.5, low=-0.5, high=1.5, p=0.01, p_holm=0.02, p_seeds=0.01)
    table = Table(
        name="a b",
        title="T 5 %",
        notes=["One & two."],
        head=[[cell("Name", th="col", kind="name"), cell("x", th="col", colspan=2)]],
        body=[[cell("a_b", th="row"), gain(0.5, estimate=known), gain(None)]],
    )
    text = latex.text(table)
    assert "+0.50*" in text and r"[$-$0.50, +1.50]" in text
    assert r"\emph{missing}" in text and r"a\_b" in text
    assert r"\caption{T 5 \%}" in text and r"\label{tab:a-b}" in text
    assert r"{\raggedright\scriptsize One \& two.\par}" in text
    assert [sum(span for _, span in row) for row in tabular_rows(text)] == [3, 3]
    assert r"\begin{tabular}{@{}lrr@{}}" in text


def test_a_compiler_takes_them(tmp_path):
    compiler = shutil.which("pdflatex") or shutil.which("tectonic")
    if not compiler:
        pytest.skip("no pdflatex or tectonic here")
    body = "\n".join(latex.text(table) for table in made_tables(tmp_path))
    lines = [r"\documentclass{article}", r"\usepackage{booktabs,graphicx}", r"\begin{document}"]
    (tmp_path / "all.tex").write_text("\n".join([*lines, body, r"\end{document}"]), "utf-8")
    options = ["-interaction=nonstopmode", "-halt-on-error"] if "pdflatex" in compiler else []
    run = subprocess.run(
        [compiler, *options, "all.tex"], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stdout[-2000:]
    assert (tmp_path / "all.pdf").stat().st_size > 1000
