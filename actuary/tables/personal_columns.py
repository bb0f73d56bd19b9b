"""Recognise columns that hold persons: by their name, and by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from actuary.personal_numbers import SUSPECT, FoundNumber, find_numbers, plain_text
from actuary.tables.personal_rules import COLUMN_OF_NUMBER, PersonalRules
from actuary.tables.personal_sample import Sample

__all__ = ["PersonalColumn", "has_genuine_numbers", "is_personal_cell", "recognise_columns"]

_FULL_WIDTH = re.compile("[０-９]{11}")
#: What a text says of a number that is one of an identity paper whatever its check digit.
_PAPER = re.compile("身份|证件|证号|公民")
#: Eleven digits alone: in a column of money they are money.
_AMOUNT = re.compile(r"\d{11}(?:\.0+)?")


@dataclass(frozen=True, slots=True)
class PersonalColumn:
    """Say that a column holds persons, and why.

    Parameters
    ----------
    column : str
        Its name in the table.
    kind : str
        Which kind of personal data.
    by : str
        ``name`` or ``content``.
    zh, en : str
        The kind in words.
    cells, filled : int
        Cells of that look, of those that were looked at and filled.
    """

    column: str
    kind: str
    by: str
    zh: str
    en: str
    cells: int = 0
    filled: int = 0

    def __str__(self) -> str:
        """Return it in words, without a value."""
        if self.by == "name":
            return f"{self.column!r} ({self.zh} {self.en}, by its name)"
        return f"{self.column!r} ({self.zh} {self.en}, {self.cells} of {self.filled} cells looked at)"


def recognise_columns(
    sample: Sample, rules: PersonalRules, *, trusted: Iterable[str] = ()
) -> tuple[PersonalColumn, ...]:
    """Recognise the personal columns of a table.

    Parameters
    ----------
    sample : Sample
        Its columns and some of its cells.
    rules : PersonalRules
        What is recognised.
    trusted : iterable of str
        Columns of which the user says that they hold no persons.

    Returns
    -------
    tuple of PersonalColumn
        In the order of the table; none of a cell's content.

    Examples
    --------
    >>> from actuary.tables.personal_rules import load_personal_rules
    >>> sample = Sample(("case_id", "姓名", "age"), {"case_id": ["11010519491231002X"], "姓名": ["某"], "age": ["70"]})
    >>> for one in recognise_columns(sample, load_personal_rules()):
    ...     print(one)
    'case_id' (证件号码 number of an identity paper, 1 of 1 cells looked at)
    '姓名' (姓名 name of a person, by its name)
    """
    known = set(trusted)
    found = []
    for name in dict.fromkeys(sample.names):
        if name in known:
            continue
        named = (rules.kind_of_name(one) for one in (name, *sample.inner.get(name, ())))
        kind = next((one for one in named if one is not None), None)
        cells = sample.cells.get(name, ())
        if rules.is_money(name):
            cells = [cell for cell in cells if not _AMOUNT.fullmatch(cell)]
        if kind is not None:
            found.append(PersonalColumn(name, kind.name, "name", kind.name_zh, kind.name_en, len(cells), len(cells)))
        elif (by_content := _by_content(cells, rules)) is not None:
            number, count = by_content
            zh, en = rules.words(COLUMN_OF_NUMBER[number])
            found.append(PersonalColumn(name, COLUMN_OF_NUMBER[number], "content", zh, en, count, len(cells)))
    return tuple(found)


def is_personal_cell(text: str) -> bool:
    """Return whether a cell holds what looks like a number of a person."""
    return bool(find_numbers(plain_text(text)))


def has_genuine_numbers(cells: Sequence[str], rules: PersonalRules) -> bool:
    """Return whether cells hold identity numbers with a right check digit, or numbers of persons in sentences.

    Parameters
    ----------
    cells : sequence of str
        Cells of one column.
    rules : PersonalRules
        How many of what looks like identity numbers must be right: a serial number is right now and then.

    Examples
    --------
    >>> from actuary.tables.personal_rules import load_personal_rules
    >>> rules = load_personal_rules()
    >>> [has_genuine_numbers([cell], rules) for cell in ("11010519491231002X", "电话13800000000", "13800000000")]
    [True, True, False]
    """
    counts, exact, genuine, inside = _count_numbers(cells)
    if inside or counts.get("landline"):
        return True
    return genuine > 0 and genuine >= rules.least_genuine * exact


def _count_numbers(cells: Sequence[str]) -> tuple[dict[str, int], int, int, int]:
    """Return the cells by kind of number, with all digits of an identity number, right ones, and those in sentences."""
    counts: dict[str, int] = {}
    genuine = exact = inside = 0
    for cell in cells:
        plain = plain_text(cell)
        if not SUSPECT.search(plain):
            continue
        numbers = find_numbers(plain)
        for kind in {one.kind for one in numbers}:
            counts[kind] = counts.get(kind, 0) + 1
        checked = [one for one in numbers if one.kind == "identity" and _is_exact(plain, one)]
        exact += bool(checked)
        genuine += any(one.genuine for one in checked)
        # Full-width digits are typed by somebody: no system writes a number so.
        typed = _FULL_WIDTH.search(cell) is not None
        inside += any(_is_told(plain, one) or (typed and one.kind != "card") for one in numbers)
    return counts, exact, genuine, inside


def _by_content(cells: Sequence[str], rules: PersonalRules) -> tuple[str, int] | None:
    """Return which numbers a column holds, and in how many of the cells; None when it is none of persons."""
    counts, exact, genuine, inside = _count_numbers(cells)
    if genuine and genuine >= rules.least_genuine * exact:
        return "identity", counts["identity"]
    # A number inside a sentence, and an at sign, are there on purpose however rare they are.
    if inside or counts.get("email"):
        most = max(counts, key=lambda kind: counts[kind])
        return most, counts[most]
    shares = {**counts, "identity": counts.get("identity", 0) - exact}
    likely = max(shares, key=lambda kind: shares[kind])
    if shares[likely] and shares[likely] >= rules.least_share * len(cells):
        return likely, shares[likely]
    return None


def _is_exact(text: str, number: FoundNumber) -> bool:
    """Return whether a number still has all its digits: no spreadsheet has taken it for an amount, and kept fifteen."""
    quoted = text[number.start : number.end]
    if _in_sentence(text, number):
        return True
    return "E" not in quoted.upper() and ".0" not in quoted and not quoted.endswith("000")


def _is_told(text: str, number: FoundNumber) -> bool:
    # Numbers of settlements stand in sentences too: as many must be right there as in a column of them.
    if number.kind == "card" or (number.kind == "identity" and not _PAPER.search(text)):
        return False
    return _in_sentence(text, number)


def _in_sentence(text: str, number: FoundNumber) -> bool:
    rest = text[: number.start] + text[number.end :]
    return any("\u4e00" <= letter <= "\u9fff" for letter in rest)
