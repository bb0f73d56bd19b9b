"""Write the page that lists what several reports left behind: one light file that loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from actuary.report.contracts import Gap
from actuary.report.web_page import whole_page
from actuary.report.wording import Wording, load_wording

__all__ = ["IndexEntry", "render_index"]


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """Hold one line of the index.

    Parameters
    ----------
    region, quarter : str
        What was reported on.
    title : str
        Title of the report; empty where there is none.
    files : tuple of str
        Addresses of its files, relative to the page.
    gaps : tuple of Gap
        What the report lacks.
    error : str
        Why there is no report; empty where there is one.
    """

    region: str
    quarter: str
    title: str = ""
    files: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    error: str = ""


def render_index(entries: Sequence[IndexEntry], *, lang: str, comparison: str = "") -> bytes:
    """Write the index.

    Parameters
    ----------
    entries : sequence of IndexEntry
        One a report asked for.
    lang : str
        ``zh`` or ``en``.
    comparison : str
        Address of the page that compares the reports; none when empty.

    Returns
    -------
    bytes
        UTF-8.
    """
    words = load_wording(lang)
    heads = "".join(
        f'<th scope="col" class="txt">{escape(words.text(key))}</th>'
        for key in ("columns.region", "columns.period", "index.state", "index.files", "index.remarks")
    )
    rows = "".join(_row(entry, words) for entry in entries)
    link = f'<p><a href="{escape(comparison)}">{escape(words.text("index.comparison"))}</a></p>' if comparison else ""
    title = words.text("index.title")
    body = (
        f'<header class="report-cover"><h1>{escape(title)}</h1></header>{link}'
        f'<div class="report-table"><div class="scroll" tabindex="0"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></div>"
    )
    return whole_page(title, f"<main>{body}</main>", lang=lang)


def _row(entry: IndexEntry, words: Wording) -> str:
    state = "failed" if entry.error else "lacking" if entry.gaps else "whole"
    level = {"failed": "red", "lacking": "yellow", "whole": "normal"}[state]
    links = words.text("phrases.list_gap").join(
        f'<a href="{escape(file)}">{escape(file.rpartition("/")[2])}</a>' for file in entry.files
    )
    colon = words.text("labels.colon")
    told = [f"{gap.title}{colon}{gap.reason}" for gap in entry.gaps] or [entry.error]
    remarks = "<br>".join(escape(line) for line in told if line)
    chip = f'<span class="chip chip-{level}">{escape(words.text(f"index.{state}"))}</span>'
    return (
        f'<tr><td class="txt">{escape(entry.region)}</td><td class="txt">{escape(entry.quarter)}</td>'
        f'<td class="txt">{chip}</td><td class="long">{links}</td><td class="long">{remarks}</td></tr>'
    )
