"""Turn the figures of a report into pictures for formats that cannot show SVG everywhere."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from actuary.errors import OutputError, Problem
from actuary.report.contracts import ReportData
from actuary.report.fitting import TEXT_MM

__all__ = ["Picture", "figure_pictures"]

#: Sharp on paper, light in a file.
_PPI = 200


@dataclass(frozen=True, slots=True)
class Picture:
    """Hold one figure as PNG and its printed size.

    Parameters
    ----------
    png : bytes
        The picture.
    width_mm, height_mm : float
        Printed size [mm].
    """

    png: bytes
    width_mm: float
    height_mm: float


def figure_pictures(report: ReportData) -> dict[str, Picture]:
    """Return every figure of a report as a picture, drawn from the SVG that the other formats show.

    Parameters
    ----------
    report : ReportData
        The report.

    Returns
    -------
    dict
        By id of the figure; two calls give the same bytes.

    Raises
    ------
    OutputError
        When a figure cannot be drawn.
    """
    import typst  # noqa: PLC0415 - a large binary that only PDF and Word need

    figures = list(report.figures())
    if not figures:
        return {}
    pages = "#pagebreak()\n".join(f'#image("{figure.id}.svg", width: {TEXT_MM}mm)\n' for figure in figures)
    main = f"#set page(width: {TEXT_MM}mm, height: auto, margin: 0pt)\n{pages}"
    files: Any = {"main": main.encode(), **{f"{figure.id}.svg": figure.svg.encode() for figure in figures}}
    try:
        made = typst.compile(files, format="png", ppi=float(_PPI), ignore_system_fonts=True)
    except typst.TypstError as error:
        raise OutputError(Problem("figures", str(error), "figures that can be drawn")) from None
    drawn = [made] if isinstance(made, bytes) else list(made)
    return {figure.id: _picture(png) for figure, png in zip(figures, drawn, strict=True)}


def _picture(png: bytes) -> Picture:
    width, height = struct.unpack(">II", png[16:24])
    return Picture(png, TEXT_MM, TEXT_MM * height / width)
