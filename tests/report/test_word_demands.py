"""What Word itself demands of a document: it refuses one whose parts, lists or order of properties are not as declared.

No converter opens the document here; what Word would refuse or mend silently is checked on the parts.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from lxml import etree
from report_formats import Formats, open_docx

from actuary.report import render_docx
from actuary.report.contracts import ReportData

_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_W = f"{{{_MAIN}}}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
#: The order in which properties must stand (ISO/IEC 29500-1, 17.3 to 17.9): Word calls a document in another damaged.
_ORDERS = {
    "pPr": "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs "
    "suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd "
    "snapToGrid spacing ind contextualSpacing mirrorIndents suppressOverlap jc textDirection textAlignment "
    "textboxTightWrap outlineLvl divId cnfStyle rPr sectPr pPrChange",
    "rPr": "rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint noProof snapToGrid "
    "vanish webHidden color spacing w kern position sz szCs highlight u effect bdr shd fitText vertAlign rtl cs em "
    "lang eastAsianLayout specVanish oMath",
    "tblPr": "tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc tblCellSpacing "
    "tblInd tblBorders shd tblLayout tblCellMar tblLook tblCaption tblDescription",
    "tcPr": "cnfStyle tcW gridSpan hMerge vMerge tcBorders shd noWrap tcMar textDirection tcFitText vAlign hideMark",
    "sectPr": "headerReference footerReference footnotePr endnotePr type pgSz pgMar paperSrc pgBorders lnNumType "
    "pgNumType cols formProt vAlign noEndnote titlePg textDirection bidi rtlGutter docGrid printerSettings",
    "lvl": "start numFmt lvlRestart pStyle isLgl suff lvlText lvlPicBulletId legacy lvlJc pPr rPr",
    "style": "name aliases basedOn next link autoRedefine hidden uiPriority semiHidden unhideWhenUsed qFormat locked "
    "personal personalCompose personalReply rsid pPr rPr tblPr trPr tcPr tblStylePr",
    "abstractNum": "nsid multiLevelType tmpl name styleLink numStyleLink lvl",
}


def _parts(document: bytes) -> dict[str, etree.Element]:
    with zipfile.ZipFile(io.BytesIO(document)) as package:
        names = [name for name in package.namelist() if name.endswith((".xml", ".rels"))]
        return {name: etree.fromstring(package.read(name)) for name in names}


def _demand(document: bytes, lang: str) -> None:
    """Hold a document against everything Word demands of it."""
    parts = _parts(document)
    body = parts["word/document.xml"]
    _relations_resolve(document, parts)
    _properties_stand_in_order(parts)
    _lists_are_defined(parts)
    _pictures_are_described(body)
    _cells_end_with_a_paragraph(body)
    _language_and_fonts_are_chinese(parts, lang)
    _contents_are_to_be_updated(parts)
    assert len(open_docx(document).paragraphs) > 1


def _relations_resolve(document: bytes, parts: dict[str, etree.Element]) -> None:
    with zipfile.ZipFile(io.BytesIO(document)) as package:
        names = set(package.namelist())
    for name, relations in parts.items():
        if not name.endswith(".rels"):
            continue
        owner = PurePosixPath(name).parent.parent
        for one in relations:
            assert one.get("TargetMode") == "External" or str(owner / one.get("Target", "")) in names, one.get("Target")
    known = {one.get("Id") for one in parts["word/_rels/document.xml.rels"]}
    body = parts["word/document.xml"]
    used = {value for one in body.iter() for key, value in one.attrib.items() if key.startswith(_R)}
    assert used <= known
    for name in ("header1", "footer1"):
        assert not any(key.startswith(_R) for one in parts[f"word/{name}.xml"].iter() for key in one.attrib), name


def _properties_stand_in_order(parts: dict[str, etree.Element]) -> None:
    for name, part in parts.items():
        for tag, order in _ORDERS.items():
            known = [f"{_W}{one}" for one in order.split()]
            for one in part.iter(f"{_W}{tag}"):
                places = [known.index(child.tag) for child in one]
                assert places == sorted(places), (name, tag, [etree.QName(child).localname for child in one])


def _lists_are_defined(parts: dict[str, etree.Element]) -> None:
    numbering = parts["word/numbering.xml"]
    abstract = {one.get(f"{_W}abstractNumId") for one in numbering.iter(f"{_W}abstractNum")}
    numbers = {}
    for one in numbering.findall(f"{_W}num"):
        link = one.find(f"{_W}abstractNumId")
        assert link is not None
        numbers[one.get(f"{_W}numId")] = link.get(f"{_W}val")
    assert set(numbers.values()) <= abstract
    for name in ("word/document.xml", "word/styles.xml"):
        used = {one.get(f"{_W}val") for one in parts[name].iter(f"{_W}numId")}
        assert used <= set(numbers), name


def _pictures_are_described(body: etree.Element) -> None:
    drawn = list(body.iter(f"{_DRAWN}docPr"))
    assert all((one.get("descr") or "").strip() for one in drawn)
    assert len({one.get("id") for one in drawn}) == len(drawn)
    marks = [one.get(f"{_W}id") for one in body.iter(f"{_W}bookmarkStart")]
    assert len(set(marks)) == len(marks)
    assert sorted(marks) == sorted(one.get(f"{_W}id") for one in body.iter(f"{_W}bookmarkEnd"))


def _cells_end_with_a_paragraph(body: etree.Element) -> None:
    for table in body.iter(f"{_W}tbl"):
        columns = len(list(table.iter(f"{_W}gridCol")))
        for row in table.findall(f"{_W}tr"):
            cells = row.findall(f"{_W}tc")
            assert len(cells) == columns
            assert all(cell[-1].tag == f"{_W}p" for cell in cells)
        # Two tables that touch become one.
        following = table.getnext()
        assert following is None or following.tag != f"{_W}tbl"


def _language_and_fonts_are_chinese(parts: dict[str, etree.Element], lang: str) -> None:
    styles = parts["word/styles.xml"]
    given = styles.find(f"{_W}docDefaults/{_W}rPrDefault/{_W}rPr")
    assert given is not None
    fonts, language = given.find(f"{_W}rFonts"), given.find(f"{_W}lang")
    assert fonts is not None
    assert language is not None
    listed = {one.get(f"{_W}name") for one in parts["word/fontTable.xml"].iter(f"{_W}font")}
    assert language.get(f"{_W}eastAsia") == "zh-CN"
    # A font that is named for Latin letters alone would leave Chinese ones to Word's own choice.
    for part in parts.values():
        for one in part.iter(f"{_W}rFonts"):
            assert one.get(f"{_W}eastAsia") in listed
    told = [one for one in parts["docProps/core.xml"].iter() if etree.QName(one).localname == "language"]
    assert [one.text for one in told] == ["zh-CN" if lang == "zh" else "en-GB"]


def _contents_are_to_be_updated(parts: dict[str, etree.Element]) -> None:
    body = parts["word/document.xml"]
    assert any((code.text or "").split()[:1] == ["TOC"] for code in body.iter(f"{_W}instrText"))
    dirty = [one for one in body.iter(f"{_W}fldChar") if one.get(f"{_W}dirty") == "true"]
    update = parts["word/settings.xml"].find(f"{_W}updateFields")
    assert dirty
    assert update is not None
    assert update.get(f"{_W}val") == "true"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_small_report_has_what_word_demands(made_up: ReportData, lang: str) -> None:
    _demand(render_docx(replace(made_up, lang=lang)), lang)


@pytest.mark.slow
def test_a_whole_report_has_what_word_demands(formats: Formats) -> None:
    _demand(formats["docx"], formats.report.lang)
