"""Pages of the PDF are filled: none stands half empty before a figure or a table that must not be broken."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.image import imread
from pypdf import PdfReader

from actuary.report import render_pdf
from actuary.report.contracts import Gap, ReportData
from actuary.report.render_pdf import render_png

#: What of the height of the text a page may leave empty at its foot [share].
_MOST = 0.4
#: Where the text begins and ends on a page [share of its height]: below the running head, above the page number.
_TOP, _BOTTOM = 0.085, 0.925
#: Ink darker than this counts; hairlines and shades do not [grey, 0-1].
_INK = 0.78


def _empty_shares(report: ReportData) -> list[float]:
    """Return how much of each page after the cover is empty at its foot [share]."""
    shares = []
    for page in render_png(report, ppi=36)[1:]:
        grey = imread(io.BytesIO(page), format="png")[..., :3].mean(axis=2)
        text = grey[round(_TOP * len(grey)) : round(_BOTTOM * len(grey))]
        inked = np.flatnonzero((text < _INK).any(axis=1))
        shares.append(1.0 - (inked[-1] + 1) / len(text) if len(inked) else 1.0)
    return shares


@pytest.mark.slow
def test_no_page_but_the_last_is_left_half_empty(report: ReportData) -> None:
    empty = {number: share for number, share in enumerate(_empty_shares(report)[:-1], 2) if share > _MOST}
    assert not empty


def test_the_check_sees_an_empty_page(made_up: ReportData) -> None:
    short = replace(made_up, sections=tuple(replace(one, blocks=one.blocks[:1]) for one in made_up.sections[:1]))
    assert _empty_shares(short)[-1] > _MOST


def _with_gaps(report: ReportData, count: int) -> ReportData:
    gap = Gap("made_up", "一节的名称", "没有公布分险种的收支与累计结余，本期不作测算，也不评定支付能力等级。" * 2)
    return replace(report, cover=replace(report.cover, gaps=(gap,) * count))


def test_a_cover_that_lacks_much_stays_one_page(made_up: ReportData) -> None:
    for count in (1, 16, 40):
        pages = PdfReader(io.BytesIO(render_pdf(_with_gaps(made_up, count)))).pages
        assert made_up.cover.lines[-1][1] in pages[0].extract_text()
        assert "第1页" in pages[1].extract_text().replace(" ", "")


@pytest.mark.parametrize("name", ["Long", "A very long name of an autonomous prefecture " * 3, "很长的名称" * 20])
def test_a_long_name_leaves_the_running_head_on_one_line(made_up: ReportData, name: str) -> None:
    cover = replace(made_up.cover, title=f"{name}: report, fourth quarter", heading=f"{name}: report")
    text = PdfReader(io.BytesIO(render_pdf(replace(made_up, cover=cover)))).pages[1].extract_text()
    first = text.replace(" ", "").splitlines()[0]
    assert first.startswith(name.replace(" ", "")[:4])
    assert ("…" in first) == (len(name) > 20)
