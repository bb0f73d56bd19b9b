"""What a panel asks and answers, apart from the widgets: sliders, answers, and the files that keep them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import pandas as pd

from actuary.durable.files import create_file
from actuary.durable.folders import staged_output
from actuary.errors import DeclarationError, OutputError, Problem
from actuary.report.display import Html
from actuary.report.panels.words import PANEL_WORDS

__all__ = ["Answer", "Lang", "Question", "Slider", "check_name", "keep_text", "new_folder", "spell"]

type Lang = Literal["zh", "en"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slider:
    """Hold one thing that can be moved.

    Parameters
    ----------
    id : str
        By which it is set from Python.
    label, unit : str
        What it is and in which unit, in the language of the panel.
    low, high, step, start : float
        Range, step, and where it stands when nothing is changed [unit].
    note : str
        Where the range is from.
    """

    id: str
    label: str
    unit: str
    low: float
    high: float
    step: float
    start: float
    note: str = ""

    @property
    def digits(self) -> int:
        """Decimals that a step needs."""
        text = f"{self.step:.6f}".rstrip("0")
        return len(text.partition(".")[2])

    def moved(self, value: float) -> bool:
        """Say whether a value is another than the one where nothing is changed."""
        return abs(value - self.start) > self.step * 1e-6

    def spelt(self, value: float) -> str:
        """Return a value with its unit."""
        sign = "+" if self.start == 0 else ""
        return f"{value:{sign},.{self.digits}f} {self.unit}"


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what a panel shows.

    Parameters
    ----------
    tables : tuple of (caption, DataFrame)
        What came out, the most important first; units stand in the heads of the columns.
    figure : Html or None
        A picture of the first table.
    notes : tuple of str
        What a reader must know: what is judgement, which figures are made up.
    """

    tables: tuple[tuple[str, pd.DataFrame], ...]
    figure: Html | None = None
    notes: tuple[str, ...] = ()


class Question(Protocol):
    """Ask something of the model behind a panel.

    Attributes
    ----------
    title : str
        What the panel is about.
    lang : {"zh", "en"}
        Language of everything shown.
    sliders : tuple of Slider
        What can be moved.
    """

    title: str
    lang: Lang
    sliders: tuple[Slider, ...]

    def answer(self, values: Mapping[str, float]) -> Answer:
        """Return what comes out at these values of all sliders [unit of each]."""
        ...

    def save(self, name: str, values: Mapping[str, float]) -> tuple[Path, str]:
        """Write what was asked into a file; return it, and the command that reads it."""
        ...


def check_name(name: str) -> str:
    """Return a name that a file may have.

    Raises
    ------
    DeclarationError
        When it is none.

    Examples
    --------
    >>> check_name("rate_up_1")
    'rate_up_1'
    """
    if _NAME.fullmatch(name) is None:
        expected = "small letters, digits and underscores, a letter first, at most 60"
        raise DeclarationError(Problem("name", repr(name), expected, "such as later_retirement"))
    return name


def keep_text(path: Path, text: str) -> None:
    """Write a new file whole or not at all.

    Raises
    ------
    OutputError
        When there is one already, or it cannot be written.
    """
    try:
        create_file(path, text.encode())
    except FileExistsError:
        found = Problem(path.name, "a file of that name", "a new name", "nothing is written over")
        raise OutputError(found) from None


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Make a folder that is there whole or not at all: what is written here gets its name at the end.

    Raises
    ------
    OutputError
        When there is one already, or it cannot be written.
    """
    if folder.exists():
        raise OutputError(Problem(str(folder), "a folder of that name", "a new one", "nothing is written over"))
    with staged_output(folder) as part:
        yield part


def spell(sliders: tuple[Slider, ...], values: Mapping[str, float], lang: Lang) -> str:
    """Return what was moved, in words."""
    moved = [f"{one.label} {one.spelt(values[one.id])}" for one in sliders if one.moved(values[one.id])]
    return ("；" if lang == "zh" else "; ").join(moved) or PANEL_WORDS[lang]["nothing"]
