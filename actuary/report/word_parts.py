"""Write the parts of a Word document as WordprocessingML: runs, paragraphs, fields, tables, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

__all__ = [
    "Bookmarks",
    "cell",
    "field",
    "linked",
    "paragraph",
    "picture",
    "row",
    "run",
    "section_end",
    "table",
    "twips",
]

_EMU_PER_MM = 36_000


def twips(mm: float) -> int:
    """Return a length in twentieths of a point, as Word counts.

    Examples
    --------
    >>> twips(25.4)
    1440
    """
    return round(mm * 1440 / 25.4)


class Bookmarks:
    """Give bookmarks their numbers, in the order in which they are set.

    Examples
    --------
    >>> marks = Bookmarks()
    >>> marks.around("_Toc1", "a")
    '<w:bookmarkStart w:id="1" w:name="_Toc1"/>a<w:bookmarkEnd w:id="1"/>'
    """

    def __init__(self) -> None:
        self._number = 0

    def around(self, name: str, content: str) -> str:
        """Set a bookmark around runs."""
        self._number += 1
        mark = f'<w:bookmarkStart w:id="{self._number}" w:name={quoteattr(name)}/>'
        return f'{mark}{content}<w:bookmarkEnd w:id="{self._number}"/>'


def run(text: str, *, style: str = "", raised: bool = False, size: float | None = None, bold: bool = False) -> str:
    """Write a run of text.

    Parameters
    ----------
    text : str
        The text.
    style : str
        Character style.
    raised : bool
        Whether it stands as a superscript.
    size : float, optional
        Type size [pt], where it differs from that of the paragraph.
    bold : bool
        Whether it is bold.

    Examples
    --------
    >>> run("a & b")
    '<w:r><w:t xml:space="preserve">a &amp; b</w:t></w:r>'
    """
    look = f'<w:rStyle w:val="{style}"/>' if style else ""
    look += "<w:b/><w:bCs/>" if bold else ""
    look += f'<w:sz w:val="{round(2 * size)}"/><w:szCs w:val="{round(2 * size)}"/>' if size else ""
    look += '<w:vertAlign w:val="superscript"/>' if raised else ""
    return f'<w:r>{f"<w:rPr>{look}</w:rPr>" if look else ""}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def field(code: str, result: str, *, dirty: bool = False) -> str:
    """Write a field with its present result; Word refreshes a dirty one when it opens the document.

    Examples
    --------
    >>> "PAGE" in field("PAGE", "1")
    True
    """
    old = ' w:dirty="true"' if dirty else ""
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"{old}/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> {escape(code)} </w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run(result) if result else ""}'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def linked(anchor: str, content: str) -> str:
    """Make runs a link to a bookmark."""
    return f'<w:hyperlink w:anchor={quoteattr(anchor)} w:history="1">{content}</w:hyperlink>'


def paragraph(content: str, style: str = "", *, keep: bool = False, align: str = "", more: str = "") -> str:
    """Write a paragraph.

    Parameters
    ----------
    content : str
        Its runs.
    style : str
        Paragraph style; the normal one when empty.
    keep : bool
        Whether it stays on the page of the next paragraph.
    align : str
        ``right`` or nothing.
    more : str
        Properties after those, in the order of the schema.
    """
    look = f'<w:pStyle w:val="{style}"/>' if style else ""
    look += "<w:keepNext/>" if keep else ""
    look += f'<w:jc w:val="{align}"/>' if align else ""
    look += more
    return f"<w:p>{f'<w:pPr>{look}</w:pPr>' if look else ''}{content}</w:p>"


def cell(content: str, width_mm: float, *, fill: str = "") -> str:
    """Write a cell of a table; `content` is one or more paragraphs."""
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>' if fill else ""
    return f'<w:tc><w:tcPr><w:tcW w:w="{twips(width_mm)}" w:type="dxa"/>{shade}</w:tcPr>{content}</w:tc>'


def row(cells: Sequence[str], *, head: bool = False) -> str:
    """Write a row that is never split between pages; a head is repeated on every page."""
    repeat = "<w:tblHeader/>" if head else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeat}</w:trPr>{''.join(cells)}</w:tr>"


def table(
    rows: Sequence[str],
    widths_mm: Sequence[float],
    *,
    style: str = "",
    title: str = "",
    pad: float | None = None,
) -> str:
    """Write a table.

    Parameters
    ----------
    rows : sequence of str
        Rows written by :func:`row`.
    widths_mm : sequence of float
        Widths of the columns [mm].
    style : str
        Table style.
    title : str
        What it shows, for those who cannot see it.
    pad : float, optional
        Space left and right of the text of a cell [pt].
    """
    look = f'<w:tblStyle w:val="{style}"/>' if style else ""
    look += f'<w:tblW w:w="{sum(map(twips, widths_mm))}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
    if pad is not None:
        side = f'w:w="{round(20 * pad)}" w:type="dxa"'
        look += f"<w:tblCellMar><w:left {side}/><w:right {side}/></w:tblCellMar>"
    look += '<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0"'
    look += ' w:noHBand="1" w:noVBand="1"/>'
    look += f"<w:tblCaption w:val={quoteattr(title)}/>" if title else ""
    grid = "".join(f'<w:gridCol w:w="{twips(width)}"/>' for width in widths_mm)
    return f"<w:tbl><w:tblPr>{look}</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"


def picture(relation: str, number: int, *, name: str, alt: str, width_mm: float, height_mm: float) -> str:
    """Write a run with a picture and the description for those who cannot see it."""
    size = f'cx="{round(width_mm * _EMU_PER_MM)}" cy="{round(height_mm * _EMU_PER_MM)}"'
    drawing = "http://schemas.openxmlformats.org/drawingml/2006"
    return (
        f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent {size}/>'
        f'<wp:docPr id="{number}" name={quoteattr(name)} descr={quoteattr(alt)}/>'
        f'<wp:cNvGraphicFramePr><a:graphicFrameLocks xmlns:a="{drawing}/main" noChangeAspect="1"/>'
        f'</wp:cNvGraphicFramePr><a:graphic xmlns:a="{drawing}/main"><a:graphicData uri="{drawing}/picture">'
        f'<pic:pic xmlns:pic="{drawing}/picture"><pic:nvPicPr><pic:cNvPr id="{number}" name={quoteattr(name)}/>'
        f'<pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch>'
        f'</pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {size}/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>'
        "</wp:inline></w:drawing></w:r>"
    )


def section_end(*, header: str = "", footer: str = "", first_page: int | None = None) -> str:
    """Write the properties that end a section: A4 with the margins of the PDF.

    Parameters
    ----------
    header, footer : str
        Relations of the running head and foot; none when empty.
    first_page : int, optional
        Number of its first page.
    """
    parts = f'<w:headerReference w:type="default" r:id="{header}"/>' if header else ""
    parts += f'<w:footerReference w:type="default" r:id="{footer}"/>' if footer else ""
    start = f'<w:pgNumType w:start="{first_page}"/>' if first_page is not None else ""
    return (
        f'<w:sectPr>{parts}<w:type w:val="nextPage"/><w:pgSz w:w="{twips(210)}" w:h="{twips(297)}"/>'
        f'<w:pgMar w:top="{twips(26)}" w:right="{twips(20)}" w:bottom="{twips(24)}" w:left="{twips(20)}"'
        f' w:header="{twips(13)}" w:footer="{twips(11)}" w:gutter="0"/>{start}</w:sectPr>'
    )
