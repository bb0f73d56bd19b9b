"""Write a web page that loads nothing: style and font are inside."""

from __future__ import annotations

import re
from html import escape, unescape
from importlib import resources

from actuary.report.fonts import FAMILY, web_font

__all__ = ["whole_page"]


def whole_page(title: str, body: str, *, lang: str, contents: str = "") -> bytes:
    """Write a page that loads nothing: style and the characters it prints are inside.

    Parameters
    ----------
    title : str
        Its title.
    body : str
        Its markup.
    lang : str
        ``zh`` or ``en``.
    contents : str
        Markup above the body.

    Returns
    -------
    bytes
        UTF-8.

    Raises
    ------
    OutputError
        When the font lacks a character of the page.
    """
    style = (resources.files("actuary.report") / "templates" / "report.css").read_text(encoding="utf-8")
    printed = _visible_text(contents + body + title)
    face = (
        f'@font-face {{ font-family: "{FAMILY}"; font-weight: 100 900; font-style: normal; '
        f"src: url(data:font/woff;base64,{web_font(printed)}) format('woff'); }}\n"
    )
    language = "zh-CN" if lang == "zh" else "en"
    page = (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="actuary">\n<title>{escape(title)}</title>\n'
        f"<style>\n{face}{style}</style>\n</head>\n<body>\n{contents}\n{body}\n</body>\n</html>\n"
    )
    return page.encode("utf-8")


def _visible_text(html: str) -> str:
    # The text inside figures is drawn as outlines: it needs no font.
    without = re.sub(r"<svg.*?</svg>", " ", html, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", without))
