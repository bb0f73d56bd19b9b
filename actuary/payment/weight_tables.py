"""The weight table of a payment policy: weights and marks by group; every printed digit is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from actuary.errors import Problem, unknown_name
from actuary.payment.declared_values import EVERY
from actuary.payment.policy_tables import open_table, read_content, read_number, repeated_keys, table_rows, tier_name

__all__ = [
    "MARKS",
    "WeightRow",
    "WeightTable",
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
    content, problems = read_content(path, label)
    if content is None:
        return None, problems
    cells, problems = open_table(content, required, optional, where=label)
    if problems:
        return None, problems
    rows: list[WeightRow] = []
    for place, line, cell in table_rows(cells, label):
        numbers: dict[str, Decimal | None] = {}
        for name, what in (("rw", "weight"), ("mean_cost", "mean cost in yuan")):
            text = cell(name)
            numbers[name], found = read_number(text, f"{place}, {name}", what=what) if text else (None, [])
            problems += found
        if not cell("group"):
            problems.append(Problem(f"{place}, group", "an empty cell", "the code of a group"))
        problems += _mark_problems(cell("mark"), f"{place}, mark")
        rows.append(
            WeightRow(
                group=cell("group"),
                mark=cell("mark"),
                tier=tier_name(cell("tier")),
                name=cell("name"),
                line=line,
                **numbers,
            )
        )
    keys = [(row.group, row.tier) for row in rows]
    problems += repeated_keys(keys, [row.line for row in rows], label)
    return WeightTable(tuple(rows), label, hashlib.sha256(content).hexdigest()), problems
