"""The Chinese fonts, found in packages of the registry and never on the system.

Figures use the static regular face (matplotlib cannot choose a weight in a variable font); PDF and HTML use the
variable face, whose bold they render as a true bold. Both are Noto Sans SC under the SIL Open Font License.
"""

from __future__ import annotations

import base64
import importlib.util
import io
from functools import cache
from pathlib import Path

from actuary.errors import OutputError, Problem

__all__ = ["FAMILY", "missing_characters", "static_font", "variable_font", "web_font"]

#: Name of the family inside both files.
FAMILY = "Noto Sans SC"


def _inside(package: str, pattern: str) -> Path:
    # find_spec, not import: one of the packages loads a whole font catalogue when imported.
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    found = sorted(path for folder in folders for path in Path(folder).rglob(pattern))
    if not found:
        raise OutputError(
            Problem(
                f"font package {package}",
                "no package" if spec is None else f"no file {pattern}",
                "the Chinese font the report is set in",
                "install the locked requirements again (make install)",
            )
        )
    return found[0]


@cache
def static_font() -> Path:
    """Return the static regular face, for figures.

    Raises
    ------
    OutputError
        When the font package is not installed.

    Examples
    --------
    >>> static_font().name
    'NotoSansSC-Regular.otf'
    """
    return _inside("pylopdf_fonts_zh_cn", "NotoSansSC-Regular.otf")


@cache
def variable_font() -> Path:
    """Return the variable face, for PDF and HTML.

    Raises
    ------
    OutputError
        When the font package is not installed.

    Examples
    --------
    >>> variable_font().name
    'NotoSansSC[wght].ttf'
    """
    return _inside("justmytype_intl_cjk", "NotoSansSC?wght?.ttf")


@cache
def _known_characters() -> frozenset[int]:
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - slow to import

    with TTFont(variable_font(), lazy=True) as font:
        return frozenset(font.getBestCmap())


def missing_characters(text: str) -> list[str]:
    """Return the characters of a text that the font cannot print.

    Parameters
    ----------
    text : str
        Any text; control characters are not counted.

    Examples
    --------
    >>> missing_characters("精算报告 2.63"), missing_characters("\U00020bb7")
    ([], ['𠮷'])
    """
    known = _known_characters()
    return sorted({c for c in text if c.isprintable() and ord(c) not in known})


def web_font(text: str) -> str:
    """Return the characters of a text as a WOFF font in base64, for a page that must not load anything.

    Parameters
    ----------
    text : str
        Everything the page prints.

    Raises
    ------
    OutputError
        When the font lacks one of the characters.
    """
    from fontTools import subset  # noqa: PLC0415 - slow to import, and only HTML needs it

    options = subset.Options()
    options.flavor = "woff"
    options.recalc_timestamp = False  # the same characters give the same bytes
    options.layout_features = ["kern", "locl", "mark", "mkmk", "ccmp"]
    options.name_IDs = [0, 1, 2, 13, 14]  # the licence stays inside
    lacking = missing_characters(text)
    if lacking:
        shown = " ".join(f"{character} (U+{ord(character):04X})" for character in lacking[:8])
        raise OutputError(
            Problem("text of the HTML page", shown, f"characters of {FAMILY}", "write the name with other characters")
        )
    wanted = {ord(character) for character in text if character.isprintable()} | {0x20}
    buffer = io.BytesIO()
    with subset.load_font(str(variable_font()), options) as font:
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=wanted)
        subsetter.subset(font)
        subset.save_font(font, buffer, options)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
