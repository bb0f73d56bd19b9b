"""Inputs that a model still lacks, each with what it is and how to give it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from actuary.errors import Problem
from actuary.fund.missing import MissingInput

__all__ = ["NeededInput", "needed_figure", "needed_frame", "needed_problems"]


@dataclass(frozen=True, slots=True)
class NeededInput:
    """Name an input that is not known, and say how to give it.

    Parameters
    ----------
    key : str
        Figure, table or assumption, such as ``employee.balance_end``.
    scheme : str
        Scheme it belongs to, or ``all``.
    what_zh, what_en : str
        What it is.
    how_zh, how_en : str
        Where to write it.
    """

    key: str
    scheme: str
    what_zh: str
    what_en: str
    how_zh: str
    how_en: str


def needed_figure(missing: MissingInput, region: str) -> NeededInput:
    """Return how a figure that is not published is given."""
    return NeededInput(
        missing.key,
        missing.scheme,
        missing.what_zh,
        missing.what_en,
        f"写入figures.csv（actuary init {region}），或load_model(…, figures=…)",
        f"write it in figures.csv (actuary init {region}), or load_model(…, figures=…)",
    )


def needed_frame(needed: Sequence[NeededInput]) -> pd.DataFrame:
    """Return one row for each input: key, scheme, what and how in both languages."""
    names = ("key", "scheme", "what_zh", "what_en", "how_zh", "how_en")
    return pd.DataFrame([{name: getattr(one, name) for name in names} for one in needed], columns=list(names))


def needed_problems(needed: Sequence[NeededInput], region: str) -> list[Problem]:
    """Return the inputs as problems, for an error that lists all of them."""
    return [
        Problem(f"{region}, {one.key}", "nothing", f"{one.what_en} ({one.what_zh})", f"{one.how_en}; {one.how_zh}")
        for one in needed
    ]
