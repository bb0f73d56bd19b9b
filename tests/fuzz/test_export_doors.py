"""Formulas planted in every text of every input: no sheet that a verb writes holds one; the texts are still there."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from actuary.files import neutral
from fuzz.recipes import RECIPES
from fuzz.server import run_call
from tests.fuzz.conftest import PLANTED

#: Its hospitals have names of their own.
_LEDGER = "--findings {in}/findings.csv --ledger {in}/book.sqlite"
_NAMED = {name: PLANTED["case_id"] + name for name in ("c1", "a1")}
#: Verbs whose sheets tell texts of their inputs; the others write words of their own.
_TELLING = {
    "group", "check", "settle", "clear", "compare", "credit", "reserve", "forecast", "cases export", "audit sample",
    "audit read", "personal replace", "personal publish", "indicators",
}  # fmt: skip


def _cells(path: Path) -> Iterator[str]:
    """Yield the cells of a sheet as a spreadsheet would take them; formulas of a workbook as their text."""
    if path.suffix == ".csv":
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")):
            yield from row
        return
    for sheet in openpyxl.load_workbook(path):
        for row in sheet.iter_rows():
            yield from (f"formula {cell.value}" if cell.data_type == "f" else "" for cell in row)


@pytest.mark.slow
def test_no_verb_writes_a_formula(planted: Path) -> None:
    place, told = planted, set()
    others = [recipe.words.replace("o.xlsx", "o.csv") for recipe in RECIPES if recipe.verb == "cases export"]
    calls = [
        (recipe.verb, recipe.words.replace(_LEDGER, ""))
        for recipe in RECIPES
        if ("{out}" in recipe.words or recipe.verb == "clear") and not recipe.slow
    ]
    for verb, words in [*calls, *(("cases export", words) for words in others)]:
        shutil.rmtree(place / "out", ignore_errors=True)
        (place / "out").mkdir()
        given = words.format(**{"in": place / "in", "out": place / "out"}).split()
        done = run_call([_NAMED.get(word, word) for word in given], place / "work")
        assert done.status in {0, 1}, (words, done.said)
        # A clearing is written into the folder of its settlement.
        for path in [*(place / "out").rglob("*"), *(place / "in" / "settled" / "clearing").rglob("*")]:
            if path.suffix in {".csv", ".xlsx"} and path.is_file():
                cells = list(_cells(path))
                computed = [cell for cell in cells if cell.startswith("formula ")]
                computed += [cell for cell in cells if not cell.startswith("'") and neutral(cell) != cell]
                assert not computed, (verb, path.name, computed[:3])
                if any(sign.strip() in cell for cell in cells for sign in PLANTED.values()) or path.suffix == ".xlsx":
                    told.add(verb)
    assert told >= _TELLING, _TELLING - told
