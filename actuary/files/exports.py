"""Tables that leave the package as CSV: texts as texts, numbers as numbers, and nothing that computes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actuary.files.formulas import neutral

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["csv_bytes"]


def csv_bytes(frame: pd.DataFrame, *, mark: bool = True, float_format: str | None = None) -> bytes:
    r"""Write a frame as CSV in UTF-8; texts are neutralised, and the readers of the package give them back.

    Parameters
    ----------
    frame : DataFrame
        The rows.
    mark : bool
        Whether a byte-order mark comes first, by which spreadsheets know Chinese.
    float_format : str, optional
        How fractions are written; so that they are read back the same when left out.

    Examples
    --------
    >>> import pandas as pd
    >>> csv_bytes(pd.DataFrame({"note": ["=1+1"], "fen": [5]})).decode("utf-8-sig")
    "note,fen\n'=1+1,5\n"
    """
    shown = frame.rename(columns=lambda name: neutral(str(name)))
    for place, name in enumerate(shown.columns):
        column = shown.iloc[:, place]
        if column.dtype.kind not in "iufbM":
            shown[name] = column.map(lambda value: _cell(value) if isinstance(value, str) else value).astype(object)
    text = shown.to_csv(index=False, lineterminator="\n", float_format=float_format)
    return bytes(text.encode("utf-8-sig" if mark else "utf-8", "replace"))


def _cell(text: str) -> str:
    # A lone carriage return is not quoted, and ends a row for spreadsheets: what follows would be a cell of its own.
    # A NUL would make the whole file one that no reader takes for text.
    return neutral(text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd"))
