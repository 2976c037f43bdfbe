"""HTML from tables, captions and figures: the same pieces for single pages and the whole report."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from polyheads.files import read_json, writing
from polyheads.report import latex
from polyheads.report.table import (
    Cell,
    Rows,
    Table,
    as_json,
    column_names,
    csv_text,
    from_json,
    laid_out,
)

REPORT = Path(str(files("polyheads.report")))  # templates and captions


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(REPORT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"seen_from": seen_from, "linked": linked, "named": named}
    return made


def seen_from(path: str | Path, here: str | Path) -> str:
    """The URL of a file on a page in the directory `here`: results can be moved as a whole."""
    return quote(Path(os.path.relpath(path, here)).as_posix(), safe="/+@")


def linked(cell: Cell, here: str | Path) -> Any:
    """The text of a cell with links to files (see table.Cell) as Markup.

    Links that are no part of the text stand below it.
    """
    from markupsafe import Markup, escape

    link = Markup('<a href="{}">{}</a>')
    links = [link.format(seen_from(path, here), text) for text, path in cell.links]
    parts = ", ".join(text for text, _ in cell.links)
    if cell.text.startswith(parts):
        return Markup(", ").join(links) + escape(cell.text.removeprefix(parts))
    below = Markup('<span class="below wrap">{}</span>').format(Markup(" ").join(links))
    return escape(cell.text) + below


def named(table: Table, part: str) -> list[list[tuple[Cell, str]]]:
    """The rows of a part of a table, each cell with the name of its column.

    The name stands above the cell where a screen is too narrow for columns; "" for the head and for
    cells that name a row.
    """
    names = column_names(table)
    rows: Rows = getattr(table, part)
    return [
        [(cell, "" if cell.th or part == "head" else names[column]) for column, _, cell in row]
        for row in laid_out(rows)
    ]


def render(template: str, **values: Any) -> Any:
    """A filled template as Markup (safe to put into another one).

    Templates with tables need `here`, the directory of the page, for what they link to.
    """
    from markupsafe import Markup

    style = Markup((REPORT / "templates" / "style.css").read_text(encoding="utf-8"))
    return Markup(_environment().get_template(template).render(style=style, **values))


@cache
def caption(name: str) -> Any:
    """A caption of report/captions as HTML: the words that `snakemake --report` shows."""
    from docutils.core import publish_parts
    from markupsafe import Markup

    text = (REPORT / "captions" / f"{name}.rst").read_text(encoding="utf-8")
    settings = {"report_level": 2, "halt_level": 2, "input_encoding": "unicode"}
    parts = publish_parts(text, writer="html5", settings_overrides=settings)
    return Markup(parts["fragment"])


def reading_link(caption_name: str) -> Any:
    """A link to the part of the report that has this caption (see sections.how_to_read)."""
    from markupsafe import Markup

    return Markup('<p><a href="#reading-{}">How to read it</a></p>').format(caption_name)


def page(
    title: str,
    *,
    here: str | Path,
    tables: Sequence[Table] = (),
    body: Any = "",
    caption_name: str = "",
) -> str:
    """A page that stands alone in the directory `here`.

    A body and tables under it, the caption below the last.
    """
    words = caption(caption_name) if caption_name else ""
    values = {"title": title, "tables": tables, "body": body, "caption": words, "here": here}
    return str(render("page.html.j2", **values))


def write_text(path: str | Path, text: str) -> None:
    """Write a whole file or none."""
    with writing(Path(path)) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def write_table(table: Table, directory: str | Path, caption_name: str) -> None:
    """DIRECTORY/NAME.html, .csv and .tex of one table."""
    name = Path(directory) / table.name
    html = page(table.title, here=directory, tables=[table], caption_name=caption_name)
    write_text(f"{name}.html", html)
    write_text(f"{name}.csv", csv_text(table))
    write_text(f"{name}.tex", latex.text(table))


def write_configuration(study: Mapping[str, Any], path: str | Path) -> None:
    """A checked configuration as YAML, which `--configfile` takes again."""
    import yaml

    # Through JSON: what blocks share is written out in each of them.
    plain = json.loads(json.dumps(study))
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)
    write_text(path, "# What the study was run with, defaults included.\n" + text)


def csv_link(table: Table) -> str:
    """The table's CSV as a data URI: a download without a network."""
    return _data_uri("text/csv;charset=utf-8", csv_text(table).encode())


def svg_image(path: str | Path) -> str:
    """An SVG file as a data URI: its ids can't meet those of another figure on the page."""
    return _data_uri("image/svg+xml", Path(path).read_bytes())


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def write_tables(tables: Mapping[str, Table], path: str | Path) -> None:
    """Tables by name as data, which `read_tables` takes."""
    content = {name: as_json(table) for name, table in tables.items()}
    write_text(path, json.dumps(content, ensure_ascii=False) + "\n")


def read_tables(path: str | Path) -> dict[str, Table]:
    """The tables of what `write_tables` wrote."""
    return {name: from_json(content) for name, content in read_json(path).items()}
