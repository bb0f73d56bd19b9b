"""Put the parts of a Word document into one file: no date of a clock, no name of a machine, no revision numbers."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from importlib import resources
from xml.sax.saxutils import escape

from actuary.report.fonts import FAMILY

__all__ = ["FONT", "FOOTER", "HEADER", "WordParts", "pack_document"]

#: On every desk with a Chinese office suite; where it is not, the declared other name is the font of the other formats.
FONT = "Microsoft YaHei"
#: Relations of the running head and foot, by which a section names them.
HEADER, FOOTER = "rId5", "rId6"
_FIXED = (1980, 1, 1, 0, 0, 0)
_STAMP = "2000-01-01T00:00:00Z"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OPEN = "application/vnd.openxmlformats"
_NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    f'xmlns:r="{_OFFICE}" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
#: How Word numbers headings: as the report does in every other format.
_HEADINGS = {
    "zh": {"format": "chineseCountingThousand", "gap": "nothing", "first": "%1、", "second": "（%2）"},
    "en": {"format": "decimal", "gap": "space", "first": "%1", "second": "%1.%2"},
}
#: The parts beside the document, each a relation of it: name, kind, relation.
_BESIDE = (
    ("styles", "styles", "rId1"),
    ("numbering", "numbering", "rId2"),
    ("settings", "settings", "rId3"),
    ("fontTable", "fontTable", "rId4"),
    ("header1", "header", HEADER),
    ("footer1", "footer", FOOTER),
)


@dataclass(frozen=True, slots=True)
class WordParts:
    """Hold what is written of a document.

    Parameters
    ----------
    document, header, footer : str
        WordprocessingML of the body, with the properties of its last section, and of the running head and foot.
    pictures : tuple of bytes
        PNG of the figures; the relation of the first is ``rIdFigure1``.
    """

    document: str
    header: str
    footer: str
    pictures: tuple[bytes, ...] = ()


def pack_document(parts: WordParts, *, title: str, subject: str, lang: str) -> bytes:
    """Pack a document with its styles, lists and settings.

    Parameters
    ----------
    parts : WordParts
        What is written.
    title, subject : str
        Properties of the document.
    lang : str
        ``zh`` or ``en``: how headings are numbered.

    Returns
    -------
    bytes
        A ``.docx`` file; the same parts give the same bytes.
    """
    pictures = {f"media/figure{number}.png": png for number, png in enumerate(parts.pictures, 1)}
    relations = [(relation, f"{_OFFICE}/{kind}", f"{name}.xml") for name, kind, relation in _BESIDE]
    relations += [(f"rIdFigure{number}", f"{_OFFICE}/image", name) for number, name in enumerate(pictures, 1)]
    files = {
        "[Content_Types].xml": _types(),
        "_rels/.rels": _relations(
            [
                ("rId1", f"{_OFFICE}/officeDocument", "word/document.xml"),
                ("rId2", f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
                ("rId3", f"{_OFFICE}/extended-properties", "docProps/app.xml"),
            ]
        ),
        "word/_rels/document.xml.rels": _relations(relations),
        "word/document.xml": _part("document", f"<w:body>{parts.document}</w:body>"),
        "word/styles.xml": _template("styles.xml").replace("{font}", FONT),
        "word/numbering.xml": _numbering(lang),
        "word/settings.xml": _template("settings.xml"),
        "word/fontTable.xml": _template("fontTable.xml").replace("{font}", FONT).replace("{other}", FAMILY),
        "word/header1.xml": _part("hdr", parts.header),
        "word/footer1.xml": _part("ftr", parts.footer),
        "docProps/core.xml": _core(title, subject, "zh-CN" if lang == "zh" else "en-GB"),
        "docProps/app.xml": _application(),
    }
    whole = {name: text.encode() for name, text in files.items()}
    whole |= {f"word/{name}": png for name, png in pictures.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, content in whole.items():
            entry = zipfile.ZipInfo(name, _FIXED)
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            entry.create_system = 0  # the same on every system
            package.writestr(entry, content)
    return buffer.getvalue()


def _template(name: str) -> str:
    return (resources.files("actuary.report") / "templates" / "word" / name).read_text(encoding="utf-8")


def _numbering(lang: str) -> str:
    text = _template("numbering.xml")
    for name, value in _HEADINGS[lang].items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _part(tag: str, content: str) -> str:
    return f"{_HEAD}<w:{tag} {_NAMESPACES}>{content}</w:{tag}>"


def _types() -> str:
    word = f"{_OPEN}-officedocument.wordprocessingml"
    kinds = {
        "/word/document.xml": f"{word}.document.main+xml",
        **{f"/word/{name}.xml": f"{word}.{kind}+xml" for name, kind, _ in _BESIDE},
        "/docProps/core.xml": f"{_OPEN}-package.core-properties+xml",
        "/docProps/app.xml": f"{_OPEN}-officedocument.extended-properties+xml",
    }
    listed = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in kinds.items())
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="png" ContentType="image/png"/>'
        f'<Default Extension="rels" ContentType="{_OPEN}-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{listed}</Types>'
    )


def _relations(entries: list[tuple[str, str, str]]) -> str:
    lines = "".join(f'<Relationship Id="{name}" Type="{kind}" Target="{target}"/>' for name, kind, target in entries)
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def _core(title: str, subject: str, language: str) -> str:
    kind = 'xsi:type="dcterms:W3CDTF"'
    return (
        f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(title)}</dc:title><dc:subject>{escape(subject)}</dc:subject>"
        f"<dc:language>{language}</dc:language>"
        f"<dcterms:created {kind}>{_STAMP}</dcterms:created><dcterms:modified {kind}>{_STAMP}</dcterms:modified>"
        "</cp:coreProperties>"
    )


def _application() -> str:
    return (
        f'{_HEAD}<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
        "<Application>actuary</Application></Properties>"
    )
