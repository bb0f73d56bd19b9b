"""Turn the executed notebook into one HTML file that loads nothing: style, figures and the Chinese font are inside."""

from __future__ import annotations

import base64
import re
from html import escape
from typing import Any

from actuary.report.contracts import ReportData
from actuary.report.display import show_cover, show_section
from actuary.report.web_page import whole_page

__all__ = ["HIDDEN_TAGS", "render_html"]

#: Cells with one of these tags stay out of the exported report, with their outputs.
HIDDEN_TAGS = ("parameters", "injected-parameters", "notebook-only", "nbval-check-output")


def render_html(report: ReportData, notebook: Any = None) -> bytes:
    """Write the report as one HTML file.

    Parameters
    ----------
    report : ReportData
        The report: title, contents and words around the body.
    notebook : NotebookNode, optional
        The executed notebook; what its cells show is the body, so that remarks added in a copy of the notebook appear
        in the report. Without it the body is built from the report alone.

    Returns
    -------
    bytes
        UTF-8.

    Raises
    ------
    OutputError
        When the font lacks a character of the page.
    """
    body = _notebook_body(notebook) if notebook is not None else _report_body(report)
    entries = [(f"section-{s.id}", s.number, s.title) for s in report.sections]
    items = "".join(
        f'<li><a href="#{anchor}">{escape(number)}{"" if number.endswith("、") else " "}{escape(title)}</a></li>'
        for anchor, number, title in entries
    )
    contents = f'<nav class="contents"><p>{escape(report.label("contents"))}</p><ul>{items}</ul></nav>'
    return whole_page(report.cover.title, f"<main>\n{body}\n</main>", lang=report.lang, contents=contents)


def _report_body(report: ReportData) -> str:
    parts = [show_cover(report), *(show_section(report, section) for section in report.sections)]
    return "\n".join(part.html for part in parts)


def _notebook_body(notebook: Any) -> str:
    from nbconvert import HTMLExporter  # noqa: PLC0415 - slow to import
    from traitlets.config import Config  # noqa: PLC0415

    config = Config()
    config.TagRemovePreprocessor.enabled = True
    config.TagRemovePreprocessor.remove_cell_tags = set(HIDDEN_TAGS)
    config.HTMLExporter.preprocessors = ["nbconvert.preprocessors.TagRemovePreprocessor"]
    make_exporter: Any = HTMLExporter  # its types are not declared
    exporter = make_exporter(
        config=config,
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
        embed_images=True,
    )
    html, _ = exporter.from_notebook_node(notebook)
    # Identifiers of cells are of no use outside the notebook.
    return re.sub(r'\s+id="cell-id=[^"]*"', "", str(html)).strip()


def embedded_font(page: bytes) -> bytes:
    """Return the font inside a page that :func:`render_html` wrote.

    Parameters
    ----------
    page : bytes
        The page.
    """
    match = re.search(rb"data:font/woff;base64,([A-Za-z0-9+/=]+)", page)
    return base64.b64decode(match[1]) if match else b""
