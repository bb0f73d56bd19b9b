"""The coefficient table of a payment policy, by group and place; every printed digit is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from actuary.errors import Problem
from actuary.payment.declared_values import EVERY
from actuary.payment.policy_tables import open_table, read_content, read_number, repeated_keys, table_rows, tier_name

__all__ = ["CoefficientRow", "CoefficientTable", "read_coefficients"]


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
    content, problems = read_content(path, label)
    if content is None:
        return None, problems
    cells, problems = open_table(content, ["coef"], ["group", "tier", "hospital", "name"], where=label)
    if problems:
        return None, problems
    rows: list[CoefficientRow] = []
    for place, line, cell in table_rows(cells, label):
        number, found = read_number(cell("coef"), f"{place}, coef", what="coefficient")
        problems += found
        names = [cell(name) or EVERY for name in ("group", "hospital")]
        if number is not None:
            rows.append(CoefficientRow(names[0], tier_name(cell("tier")), names[1], number, line))
    keys = [(row.group, row.tier, row.hospital) for row in rows]
    problems += repeated_keys(keys, [row.line for row in rows], label)
    return CoefficientTable(tuple(rows), label, hashlib.sha256(content).hexdigest()), problems
