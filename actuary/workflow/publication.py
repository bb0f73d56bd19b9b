"""Make of what a run wrote the tables that may leave the house: small cells blank, and no list of cases."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from actuary.errors import Problem, TableError
from actuary.files import check_regular, csv_bytes
from actuary.tables.personal_door import current_door, personal_door
from actuary.tables.personal_rules import PersonalRules
from actuary.tables.publication import few_in_shares, suppress_small_lists
from actuary.tables.row_files import open_rows
from actuary.workflow.manifest import write_manifest
from actuary.workflow.outputs import check_output, staged_output

if TYPE_CHECKING:
    import pandas as pd

    from actuary.alerts.anomalies.findings import Findings

__all__ = ["public_findings", "publish_settlement", "read_published"]

#: Tables of a settlement that become lists by one key each; by two they would have more than their totals in common.
_LISTS = {
    "hospitals.csv": "hospital",
    "groups.csv": "paid_group",
    "months.csv": "month",
    "insurances.csv": "insurance",
    "classes.csv": "class",
}
_RATES = {"standard_to_cost": ("standard_yuan", "cost_yuan"), "settlement_rate": ("", "fund_charged_yuan")}
_WORDS = frozenset(("name", "synthetic"))
#: Figures of a finding that tell of its cases.
_FIGURES = (
    *("base", "observed", "expected", "effect", "low", "high", "p_value", "q_value", "posterior"),
    *("money_fen", "money_low_fen", "money_high_fen", "cases"),
)


def read_published(path: Path, *, names: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table of counts that is to be published.

    Parameters
    ----------
    path : Path
        Parquet or CSV.
    names : sequence of str
        Columns that hold no persons, whatever they are called.

    Returns
    -------
    DataFrame
        Its columns in their order.

    Raises
    ------
    TableError
        When it cannot be read or holds persons.

    Examples
    --------
    >>> read_published(Path("no-such-table.csv"))
    Traceback (most recent call last):
    actuary.errors.TableError: no-such-table.csv: ...
    """
    import pandas as pd  # noqa: PLC0415  (only where a table is published)

    check_regular(path, where=str(path), expected="a table, .parquet or .csv")
    order: list[str] = []

    def every(columns: list[str]) -> list[str]:
        order.extend(columns)
        return columns

    door = current_door()
    with personal_door(drop=door.drop, key=door.key, not_personal={*door.trusted, *names}, rules=door.rules):
        opened = open_rows(path, every, coded=lambda _: False, threads=1, batch_rows=1 << 16)
        pieces = [piece.to_pandas() for piece in opened]
    return pd.concat(pieces, ignore_index=True)[order] if pieces else pd.DataFrame(columns=order)


def publish_settlement(folder: Path | str, out: Path | str, *, command: Sequence[str] = ()) -> Path:
    """Write the lists of a settlement that may be published side by side: by hospital, group, month, insurance, class.

    Parameters
    ----------
    folder : path
        What ``actuary settle`` wrote.
    out : path
        The folder to write; it appears whole or not at all.
    command : sequence of str
        The command that repeats the run.

    Returns
    -------
    Path
        The folder: a list by one key each with the totals that may be told, and a manifest. Departments of hospitals
        are not among them, nor hospitals by insurance: what is blank in one could be worked out of another.

    Raises
    ------
    TableError, OutputError
        When `folder` is no settlement, or `out` cannot be written.

    Examples
    --------
    >>> publish_settlement("no-such-settlement", "public")
    Traceback (most recent call last):
    actuary.errors.TableError: no-such-settlement: found no settlement; ...
    """
    place, target = Path(folder).expanduser(), check_output(Path(out).expanduser())
    if not (place / "settlement.json").is_file():
        mend = "name the folder that `actuary settle … --out` wrote"
        raise TableError(Problem(str(place), "no settlement", "the folder of a settlement", mend))
    rules = current_door().rules
    # Cases without a month or a class have no list of it.
    held = {name: key for name, key in _LISTS.items() if (place / name).is_file()}
    lists = {name: (_by_one(read_published(place / name, names=["name"]), key), key) for name, key in held.items()}
    shown = suppress_small_lists(lists, totals=True, rules=rules)
    with staged_output(target) as staging:
        for name, frame in shown.items():
            (staging / name).write_bytes(csv_bytes(frame))
        run = {
            "of": place.name,
            "least_cases": rules.least_cases,
            "least_width": rules.least_width,
            "blank_rows": {name: int(frame["suppressed"].sum()) for name, frame in shown.items()},
        }
        write_manifest(staging, command=command, run=run, roots={}, seed=0)
    return target


def _by_one(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return sums by one key of a table as a settlement writes it; rates are worked out anew."""
    import pandas as pd  # noqa: PLC0415

    figures = [name for name in frame.columns if name.endswith(("_yuan", "cases")) or name in {"weight", "points"}]
    held = frame.copy()
    for name in figures:
        held[name] = pd.Series([Decimal(cell or 0) for cell in frame[name]], index=frame.index, dtype=object)
    if "settlement_rate" in frame.columns:
        rates = [Decimal(cell or 0) for cell in frame["settlement_rate"]]
        charged = [rate * of for rate, of in zip(rates, held["fund_charged_yuan"], strict=True)]
        held["_charged"] = pd.Series(charged, index=frame.index, dtype=object)
    rows = []
    for subject, group in held.groupby(key, dropna=False, sort=True):
        row: dict[str, Any] = {key: subject, **{one: group[one].iloc[0] for one in frame.columns if one in _WORDS}}
        row |= {one: sum(group[one], Decimal(0)) for one in figures}
        for rate, (part, of) in _RATES.items():
            if rate in frame.columns:
                above = row[part] if part else sum(group["_charged"], Decimal(0))
                row[rate] = f"{above / row[of]:.6f}" if row[of] else ""
        rows.append(row)
    found = pd.DataFrame(rows, columns=list(dict.fromkeys([key, *frame.columns])))
    found = found[[name for name in found.columns if name in {key, *figures, *_RATES, *_WORDS}]]
    return found.assign(**{name: [str(one) for one in found[name]] for name in figures if not name.endswith("cases")})


def public_findings(findings: Findings, *, rules: PersonalRules | None = None) -> pd.DataFrame:
    """Return the findings of a search for anomalies without their cases; figures of few cases are blank.

    Parameters
    ----------
    findings : Findings
        What was found.
    rules : PersonalRules, optional
        Least cases of a figure; those of the door when left out.

    Returns
    -------
    DataFrame
        One row a finding with a column `suppressed`: hospital, kind and level stand, the figures are blank where they
        rest on few cases, or where a share times what it is a share of is few cases.
    """
    few = (rules or current_door().rules).least_cases
    frame = findings.to_frame().drop(columns="money_basis")
    base, cases = (frame[name].to_numpy(dtype=np.int64) for name in ("base", "cases"))
    blank = (base < few) | ((cases > 0) & (cases < few)) | ((base - cases > 0) & (base - cases < few))
    blank |= few_in_shares(frame, "observed", base, few)
    for name in _FIGURES:
        figures = frame[name] if frame[name].dtype.kind == "f" else frame[name].astype("Int64")
        frame[name] = figures.mask(blank)
    return frame.assign(suppressed=blank)
