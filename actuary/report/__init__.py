"""The report layer: frozen report data, sections, figures, and renderers that see nothing else.

Every name loads its module when it is first used, so that reading a report does not load the drawing library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actuary.report.build import build_report_data
    from actuary.report.contracts import Column, Cover, Gap, ReportData, ReportFigure, ReportTable, Section
    from actuary.report.display import printed_table, show_cover, show_section
    from actuary.report.notebook import NotebookError, execute_notebook
    from actuary.report.render_docx import render_docx
    from actuary.report.render_excel import render_excel
    from actuary.report.render_html import render_html
    from actuary.report.render_pdf import render_pdf, render_png
    from actuary.report.render_summary import render_summary

__all__ = [
    "Column",
    "Cover",
    "Gap",
    "NotebookError",
    "ReportData",
    "ReportFigure",
    "ReportTable",
    "Section",
    "build_report_data",
    "execute_notebook",
    "printed_table",
    "render_docx",
    "render_excel",
    "render_html",
    "render_pdf",
    "render_png",
    "render_summary",
    "show_cover",
    "show_section",
]

_HOMES = {
    "build": ("build_report_data",),
    "contracts": ("Column", "Cover", "Gap", "ReportData", "ReportFigure", "ReportTable", "Section"),
    "display": ("printed_table", "show_cover", "show_section"),
    "notebook": ("NotebookError", "execute_notebook"),
    "render_docx": ("render_docx",),
    "render_excel": ("render_excel",),
    "render_html": ("render_html",),
    "render_pdf": ("render_pdf", "render_png"),
    "render_summary": ("render_summary",),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value  # a function may bear its module's name, which the import has just put here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
