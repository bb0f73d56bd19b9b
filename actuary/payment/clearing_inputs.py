"""Figures of hospitals that a clearing needs beside the settlement: scores, prepayments, charges, deductions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

from actuary.errors import Problem, TableError, raise_all, unknown_name
from actuary.files import plain_decimal, read_bytes, read_delimited
from actuary.payment.exact import MOST_YUAN

__all__ = ["FigureKind", "HospitalPool", "read_figures"]

#: A hospital and the insurance whose pool pays it.
type HospitalPool = tuple[str, str]

FigureKind = Literal["score", "prepaid", "charged", "deduction"]

#: Names of the column with the figure, the first one preferred.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "score": ("score", "得分", "考核得分"),
    "prepaid": ("prepaid_yuan", "prepaid", "预付金额", "已预付"),
    "charged": ("charged_yuan", "charged", "按项目应付", "项目付费金额"),
    "deduction": ("deduction_yuan", "deduction", "扣减金额"),
}
_HOSPITAL = ("hospital", "医院", "医疗机构", "医疗机构编码")
_INSURANCE = ("insurance", "scheme", "险种")
_WORDS = {"职工": "employee", "居民": "resident", "职工医保": "employee", "居民医保": "resident"}


@dataclass(frozen=True, slots=True)
class _Layout:
    hospital: str
    insurance: str | None
    figure: str


def read_figures(path: Path | str, kind: FigureKind, *, known: Sequence[HospitalPool]) -> dict[HospitalPool, Decimal]:
    """Read one figure for each hospital from a CSV file.

    Parameters
    ----------
    path : path
        The file: columns hospital, the figure (score; prepaid_yuan, charged_yuan or deduction_yuan), and insurance
        where the hospital is paid by more than one pool. A score without insurance holds for all pools.
    kind : {"score", "prepaid", "charged", "deduction"}
        Which figure it is.
    known : sequence of (hospital, insurance)
        Hospitals of the settlement, with the pools that pay them.

    Returns
    -------
    dict
        Figure of each hospital and pool that the file names.

    Raises
    ------
    TableError
        With every problem: no such file or column, a hospital that is not in the settlement, two rows of one, a cell
        that is no number, parts of a fen, a score outside 0-100.
    """
    place = Path(path).expanduser()
    rows, names = _rows(place)
    layout = _layout(place, names, kind)
    figures: dict[HospitalPool, Decimal] = {}
    problems: list[Problem] = []
    for line, row in rows:
        where = f"{place.name} row {line}"
        pools, wrong = _pools(row, layout, known, kind=kind, where=where)
        value, faulty = _number(row.get(layout.figure) or "", kind, f"{where}, {layout.figure}")
        problems += [*wrong, *faulty]
        for pool in pools:
            if pool in figures:
                problems.append(Problem(where, f"{pool[0]}, {pool[1]} again", "each hospital and insurance once"))
            if value is not None:
                figures[pool] = value
    raise_all(problems, TableError)
    return figures


def _rows(place: Path) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    table = read_delimited(read_bytes(place, where=str(place), expected="a CSV file"), where=str(place))
    raise_all(table.problems(place.name), TableError)
    rows = [(line, {name: cell.strip() for name, cell in row.items()}) for line, row in table.records()]
    return [(line, row) for line, row in rows if any(row.values())], [name for name in table.columns if name]


def _layout(place: Path, names: Iterable[str], kind: FigureKind) -> _Layout:
    present = list(names)

    def find(candidates: Sequence[str]) -> str | None:
        return next((name for name in candidates if name in present), None)

    hospital, figure = find(_HOSPITAL), find(_COLUMNS[kind])
    raise_all(
        (
            Problem(
                place.name, f"no column {wanted!r} ({', '.join(present) or 'an empty file'})", f"the column {wanted!r}"
            )
            for wanted, found in (("hospital", hospital), (_COLUMNS[kind][0], figure))
            if found is None
        ),
        TableError,
    )
    return _Layout(hospital or "", find(_INSURANCE), figure or "")


def _pools(
    row: Mapping[str, str], layout: _Layout, known: Sequence[HospitalPool], *, kind: FigureKind, where: str
) -> tuple[list[HospitalPool], list[Problem]]:
    name = row.get(layout.hospital, "")
    pools = [pool for pool in known if pool[0] == name]
    if not pools:
        return [], [unknown_name(where, name, {hospital for hospital, _ in known}, what="hospital of the settlement")]
    written = row.get(layout.insurance, "") if layout.insurance else ""
    insurance = _WORDS.get(written, written)
    if insurance:
        chosen = [pool for pool in pools if pool[1] == insurance]
        if not chosen:
            return [], [unknown_name(f"{where}, {name}", insurance, {pool[1] for pool in pools}, what="insurance")]
        return chosen, []
    if kind != "score" and len(pools) > 1:
        found = f"{name} without insurance, though {len(pools)} pools pay it"
        expected = f"a column insurance ({', '.join(pool[1] for pool in pools)})"
        return [], [Problem(where, found, expected)]
    return pools, []


def _number(text: str, kind: FigureKind, where: str) -> tuple[Decimal | None, list[Problem]]:
    value = plain_decimal(text)
    if value is None:
        return None, [Problem(where, repr(text), "a number")]
    if kind == "score":
        return (value, []) if 0 <= value <= 100 else (None, [Problem(where, text, "a score from 0 to 100")])
    if value != round(value, 2):
        return None, [Problem(where, text, "yuan with at most two decimals")]
    if abs(value) >= MOST_YUAN:
        return None, [Problem(where, text, "an amount below 10¹⁵ yuan")]
    if kind != "prepaid" and value < 0:
        return None, [Problem(where, text, "0 or more")]
    return value, []
