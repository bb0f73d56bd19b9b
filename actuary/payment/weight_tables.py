"""Tables beside a payment policy: weights and marks by group, coefficients; every printed digit is kept."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

from actuary.errors import Problem, nearest_name, unknown_name
from actuary.payment.declared_values import EVERY
from actuary.tables.cells import Cells, read_cells

__all__ = [
    "MARKS",
    "CoefficientRow",
    "CoefficientTable",
    "WeightRow",
    "WeightTable",
    "read_coefficients",
    "read_weights",
]

#: Marks of a group; ``cap_cases=N`` and ``note:…`` carry a value besides.
MARKS: Mapping[str, str] = {
    "base": "base group, the same price at every tier",
    "same_rate": "every tier at one rate",
    "stable": "enough cases, small spread",
    "unstable": "too few cases or too wide a spread",
    "uncovered": "no case in the data",
    "no_weight": "printed without a weight",
    "ffs": "paid item by item",
    "special_review": "reviewed one by one",
    "ungrouped": "pseudo-group of cases without a group",
    "ambiguous_qy": "ambiguous (QY) group of an MDC",
    "volume_capped": "number of cases limited",
    "tcm": "traditional Chinese medicine",
    "graded_care": "for graded care",
    "day_surgery": "day surgery",
    "bed_day": "paid by the day",
}
_ALIASES = {
    "group_code": "group",
    "drg": "group",
    "weight": "rw",
    "score": "rw",
    "base_points": "rw",
    "coefficient": "coef",
    "group_name": "name",
    "marks": "mark",
    "group_mean_cost": "mean_cost",
}


@dataclass(frozen=True, slots=True)
class WeightRow:
    """Hold a group of the weight table.

    Parameters
    ----------
    group : str
        Code.
    rw : Decimal or None
        Weight, or score, exactly as printed; None where none is printed.
    mark : str
        Marks as printed, separated by semicolons.
    tier : str
        Tier of hospitals the row is for; ``*`` for all.
    mean_cost : Decimal or None
        Mean cost of the group [yuan].
    name : str
        Name of the group.
    line : int
        Line in the file.
    """

    group: str
    rw: Decimal | None
    mark: str = ""
    tier: str = EVERY
    mean_cost: Decimal | None = None
    name: str = ""
    line: int = 0

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks one by one, without values and notes."""
        plain, _, _ = self.mark.partition("note:")
        return tuple(part for part in plain.split(";") if part and "=" not in part)

    @property
    def cap_cases(self) -> int | None:
        """The number of ``cap_cases=N``."""
        part = next((part for part in self.mark.split(";") if part.startswith("cap_cases=")), None)
        return int(part.partition("=")[2]) if part else None

    @property
    def note(self) -> str:
        """The text after ``note:``."""
        return self.mark.partition("note:")[2]


@dataclass(frozen=True)
class WeightTable:
    """Hold the rows of a weight table in the order of the file.

    Parameters
    ----------
    rows : tuple of WeightRow
        One a group, or one a group and tier.
    label : str
        How messages name the file.
    sha256 : str
        Checksum of the file.
    """

    rows: tuple[WeightRow, ...] = ()
    label: str = ""
    sha256: str = ""
    _index: Mapping[tuple[str, str], WeightRow] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the rows by group and tier."""
        object.__setattr__(self, "_index", {(row.group, row.tier): row for row in self.rows})

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    def __iter__(self) -> Iterator[WeightRow]:
        """Iterate over the rows."""
        return iter(self.rows)

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups, each once, in the order of the file."""
        return tuple(dict.fromkeys(row.group for row in self.rows))

    @property
    def tiers(self) -> tuple[str, ...]:
        """Tiers that have rows of their own."""
        return tuple(dict.fromkeys(row.tier for row in self.rows if row.tier != EVERY))

    def row(self, group: str, tier: str = EVERY) -> WeightRow | None:
        """Return the row of a group at a tier: its own, else that for every tier, else None."""
        return self._index.get((group, tier)) or self._index.get((group, EVERY))


@dataclass(frozen=True, slots=True)
class CoefficientRow:
    """Hold one coefficient.

    Parameters
    ----------
    group, tier, hospital : str
        What it is for; ``*`` where the table has no such column.
    coef : Decimal
        The coefficient, exactly as printed.
    line : int
        Line in the file.
    """

    group: str
    tier: str
    hospital: str
    coef: Decimal
    line: int = 0


@dataclass(frozen=True)
class CoefficientTable:
    """Hold the rows of a coefficient table in the order of the file.

    Parameters
    ----------
    rows : tuple of CoefficientRow
        Coefficients.
    label : str
        How messages name the file.
    sha256 : str
        Checksum of the file.
    """

    rows: tuple[CoefficientRow, ...] = ()
    label: str = ""
    sha256: str = ""
    _index: Mapping[tuple[str, str, str], Decimal] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the rows."""
        index = {(row.group, row.tier, row.hospital): row.coef for row in self.rows}
        object.__setattr__(self, "_index", index)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    def __iter__(self) -> Iterator[CoefficientRow]:
        """Iterate over the rows."""
        return iter(self.rows)

    @property
    def tiers(self) -> tuple[str, ...]:
        """Tiers named, in the order of the file."""
        return tuple(dict.fromkeys(row.tier for row in self.rows if row.tier != EVERY))

    @property
    def hospitals(self) -> tuple[str, ...]:
        """Hospitals named, in the order of the file."""
        return tuple(dict.fromkeys(row.hospital for row in self.rows if row.hospital != EVERY))

    def coef(self, group: str, *, tier: str = EVERY, hospital: str = EVERY) -> Decimal | None:
        """Return the coefficient of a group at a place: its own, else that of a row with ``*`` for place or group."""
        places = dict.fromkeys(((tier, hospital), (EVERY, EVERY)))
        for wanted in dict.fromkeys((group, EVERY)):
            for place in places:
                found = self._index.get((wanted, *place))
                if found is not None:
                    return found
        return None


def _open_table(
    content: bytes, required: Sequence[str], optional: Sequence[str], *, where: str
) -> tuple[Cells, list[Problem]]:
    """Read the cells of a table, in UTF-8 or GB18030, with the columns it may have."""
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        with contextlib.suppress(UnicodeDecodeError):  # read_cells says which line is not text
            content = content.decode("gb18030").encode()
    text = content.decode("utf-8-sig", errors="replace")
    head, line_end, body = text.partition("\n")
    names = next(csv.reader(io.StringIO(head.rstrip("\r"))), [])
    named = [_ALIASES.get(name.strip().lower(), name.strip().lower()) for name in names]
    if named != names and "," in head and b"\x00" not in content:
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(named)
        content = (out.getvalue() + line_end + body).encode()
    columns = [*required, *(name for name in optional if name in named)]
    cells = read_cells(content, columns, where=where)
    return cells, list(cells.problems)


def _number(text: str, where: str, *, what: str) -> tuple[Decimal | None, list[Problem]]:
    try:
        number = Decimal(text)
    except InvalidOperation:
        mend = "write the number alone, without thousands separators or units"
        return None, [Problem(where, f"the text {text!r}", f"a {what}", mend)]
    if not number.is_finite() or "_" in text:
        return None, [Problem(where, text, f"a {what}")]
    if number <= 0:
        mend = "leave the cell empty and mark the group where it has none"
        return None, [Problem(where, text, f"a {what} above 0", mend)]
    return number, []


def _mark_problems(mark: str, where: str) -> list[Problem]:
    plain, _, _ = mark.partition("note:")
    problems = []
    for part in filter(None, plain.split(";")):
        name, has_value, value = part.partition("=")
        if has_value and name == "cap_cases":
            if not value.isdigit() or int(value) < 1:
                problems.append(Problem(where, repr(part), "cap_cases= and a whole number of cases"))
        elif part not in MARKS:
            problems.append(unknown_name(where, part, [*MARKS, "cap_cases=N", "note:…"], what="mark"))
    return problems


def read_weights(
    path: Path, *, where: str | None = None, needs_weight: bool = True
) -> tuple[WeightTable | None, list[Problem]]:
    """Read a weight table: columns group, rw and, where there are such, mark, tier, mean_cost, name.

    Parameters
    ----------
    path : Path
        CSV in UTF-8 or GB18030.
    where : str, optional
        How messages name it.
    needs_weight : bool
        Whether it must have the column rw; a table of mean costs needs mean_cost in its place.

    Returns
    -------
    tuple
        The table, or None, and every problem with file, line and column.
    """
    label = where or path.name
    required = ["group", "rw"] if needs_weight else ["group", "mean_cost"]
    optional = [name for name in ("rw", "mark", "tier", "mean_cost", "name") if name not in required]
    content, problems = _content(path, label)
    if content is None:
        return None, problems
    cells, problems = _open_table(content, required, optional, where=label)
    if problems:
        return None, problems
    rows: list[WeightRow] = []
    for place, line, cell in _rows(cells, label):
        numbers: dict[str, Decimal | None] = {}
        for name, what in (("rw", "weight"), ("mean_cost", "mean cost in yuan")):
            text = cell(name)
            numbers[name], found = _number(text, f"{place}, {name}", what=what) if text else (None, [])
            problems += found
        if not cell("group"):
            problems.append(Problem(f"{place}, group", "an empty cell", "the code of a group"))
        problems += _mark_problems(cell("mark"), f"{place}, mark")
        rows.append(
            WeightRow(
                group=cell("group"),
                mark=cell("mark"),
                tier=_tier(cell("tier")),
                name=cell("name"),
                line=line,
                **numbers,
            )
        )
    keys = [(row.group, row.tier) for row in rows]
    problems += _doubles(keys, [row.line for row in rows], label)
    return WeightTable(tuple(rows), label, hashlib.sha256(content).hexdigest()), problems


def read_coefficients(path: Path, *, where: str | None = None) -> tuple[CoefficientTable | None, list[Problem]]:
    """Read a coefficient table: columns coef and those of group, tier, hospital that it has.

    Parameters
    ----------
    path : Path
        CSV in UTF-8 or GB18030.
    where : str, optional
        How messages name it.

    Returns
    -------
    tuple
        The table, or None, and every problem with file, line and column.
    """
    label = where or path.name
    content, problems = _content(path, label)
    if content is None:
        return None, problems
    cells, problems = _open_table(content, ["coef"], ["group", "tier", "hospital", "name"], where=label)
    if problems:
        return None, problems
    rows: list[CoefficientRow] = []
    for place, line, cell in _rows(cells, label):
        number, found = _number(cell("coef"), f"{place}, coef", what="coefficient")
        problems += found
        names = [cell(name) or EVERY for name in ("group", "hospital")]
        if number is not None:
            rows.append(CoefficientRow(names[0], _tier(cell("tier")), names[1], number, line))
    keys = [(row.group, row.tier, row.hospital) for row in rows]
    problems += _doubles(keys, [row.line for row in rows], label)
    return CoefficientTable(tuple(rows), label, hashlib.sha256(content).hexdigest()), problems


def _tier(text: str) -> str:
    return EVERY if text in ("", "all") else text


def _content(path: Path, label: str) -> tuple[bytes | None, list[Problem]]:
    try:
        return path.read_bytes(), []
    except OSError as error:
        near = nearest_name(path.name, [item.name for item in path.parent.glob("*.csv")])
        mend = f"did you mean {near!r}?" if near else "put the table beside the policy file"
        said = (error.strerror or "cannot be read").lower()
        return None, [Problem(label, f"a file that cannot be read ({said})", "a CSV table", mend)]


def _rows(cells: Cells, label: str) -> Iterator[tuple[str, int, Callable[[str], str]]]:
    """Yield the place, the line and a reader of cells for every row."""
    position = {name: index for index, name in enumerate(cells.columns)}
    for row, line in zip(cells.rows, cells.lines, strict=True):

        def cell(name: str, row: list[str] = row) -> str:
            return row[position[name]].strip() if name in position else ""

        yield f"{label} row {line}", line, cell


def _doubles(keys: Sequence[tuple[str, ...]], lines: Sequence[int], label: str) -> list[Problem]:
    first: dict[tuple[str, ...], int] = {}
    problems = []
    for key, line in zip(keys, lines, strict=True):
        if key in first:
            named = " at ".join(part for part in key if part != EVERY)
            found = f"{named} again, as on row {first[key]}"
            problems.append(Problem(f"{label} row {line}", found, "every group once", "delete one of the two rows"))
        first.setdefault(key, line)
    return problems
