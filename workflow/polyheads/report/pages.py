"""HTML from tables, captions and figures: the same pieces for single pages and the whole report."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from polyheads.exhibits.tables import Table, csv_text
from polyheads.files import writing
from polyheads.report import latex

REPORT = Path(__file__).parents[2] / "report"  # templates and captions


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(REPORT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: Any) -> Any:
    """A filled template as Markup (safe to put into another one)."""
    from markupsafe import Markup

    style = Markup((REPORT / "templates" / "style.css").read_text(encoding="utf-8"))
    return Markup(_environment().get_template(template).render(style=style, **values))


@cache
def caption(name: str) -> Any:
    """A caption of workflow/report/captions as HTML: the words that `snakemake --report` shows."""
    from docutils.core import publish_parts
    from markupsafe import Markup

    text = (REPORT / "captions" / f"{name}.rst").read_text(encoding="utf-8")
    settings = {"report_level": 2, "halt_level": 2, "input_encoding": "unicode"}
    parts = publish_parts(text, writer="html5", settings_overrides=settings)
    return Markup(parts["fragment"])


def page(
    title: str, *, tables: Sequence[Table] = (), body: Any = "", caption_name: str = ""
) -> str:
    """A page that stands alone: a body and tables under it, the caption below the last."""
    words = caption(caption_name) if caption_name else ""
    return render("page.html.j2", title=title, tables=tables, body=body, caption=words)


def write_text(path: str | Path, text: str) -> None:
    """Write a whole file or none."""
    with writing(Path(path)) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def write_table(table: Table, directory: str | Path, caption_name: str) -> None:
    """DIRECTORY/NAME.html, .csv and .tex of one table of an exhibit."""
    name = Path(directory) / table["name"]
    write_text(f"{name}.html", page(table["title"], tables=[table], caption_name=caption_name))
    write_text(f"{name}.csv", csv_text(table))
    write_text(f"{name}.tex", latex.text(table))


def csv_link(table: Table) -> str:
    """The table's CSV as a data URI: a download without a network."""
    return _data_uri("text/csv;charset=utf-8", csv_text(table).encode())


def svg_image(path: str | Path) -> str:
    """An SVG file as a data URI: its ids can't meet those of another figure on the page."""
    return _data_uri("image/svg+xml", Path(path).read_bytes())


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
