"""Lists that stand more than once: what makes two rows the same stay, and how often each stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from actuary.drg.quality.columns import Column, as_text
from actuary.drg.quality.settlement_list import SettlementList

__all__ = ["REPEATS", "repeat_counts", "repeat_keys"]

#: Rules on rows that stand several times, with the fields of the stay that must be the same.
REPEATS: Final[Mapping[str, tuple[str, ...]]] = {
    "F06": ("mdtrt_id",),
    "Q15": ("psn_key", "adm_time", "dscg_time", "fixmedins_code"),
}


def repeat_keys(lists: SettlementList, rule: str) -> tuple[npt.NDArray[np.int64], Any] | None:
    """Return the rows that have all fields of a rule, and one text for each that is equal for equal stays.

    Parameters
    ----------
    lists : SettlementList
        The lists, or a part of them.
    rule : str
        One of :data:`REPEATS`.

    Returns
    -------
    tuple or None
        Positions of the rows, and texts; None where a field is missing.
    """
    if not lists.has("case", *REPEATS[rule]):
        return None
    columns = [lists.column("case", name) for name in REPEATS[rule]]
    rows = np.flatnonzero(np.logical_and.reduce([column.known for column in columns]))
    texts = [_texts(column, rows) for column in columns]
    key = texts[0]
    for text in texts[1:]:
        key = pc.binary_join_element_wise(key, text, pa.scalar("\x1f", pa.large_string()))
    return rows, key


def _texts(column: Column, rows: npt.NDArray[np.int64]) -> Any:
    if column.field.type == "text":
        text = pc.utf8_trim_whitespace(as_text(column.raw.take(pa.array(rows))))
    elif column.categories:
        text = pa.array(column.categories, pa.string()).take(pa.array(column.values[rows]))
    else:
        text = pc.cast(pa.array(column.values[rows]), pa.string())
    return text.cast(pa.large_string())


def repeat_counts(lists: SettlementList, rule: str) -> npt.NDArray[np.int64]:
    """Return for each row how often its stay stands; 0 where that cannot be told.

    Parameters
    ----------
    lists : SettlementList
        The lists; what is known of their other parts goes before.
    rule : str
        One of :data:`REPEATS`.
    """
    if rule in lists.repeats:
        return lists.repeats[rule]
    counts = np.zeros(len(lists.case), dtype=np.int64)
    found = repeat_keys(lists, rule)
    if found is not None:
        at = found[1].dictionary_encode().indices.to_numpy()
        counts[found[0]] = np.bincount(at)[at] if len(at) else at
    return counts
