"""Read inpatient stays of New York State (SPARCS) as a case table, to try payment on real costs.

The stays are real: hospital, APR-DRG with severity, length of stay, cost in US dollars. The rest of what a pool of
medical insurance needs is not in them and is stood in for: tiers by the number of stays of a hospital, two pools by
payer, and one share of every cost that the pool would have paid item by item. None of it says anything on China, and
dollars stand in the columns whose unit is yuan.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from actuary.errors import Problem, TableError, raise_all
from actuary.files.numbers import plain_decimal
from actuary.personal_numbers import without_cells

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_new_york_stays"]

_COLUMNS = ("hospital", "drg", "severity", "los", "costs", "payer", "med_surg", "death")
_SEVERITY = {"Minor": "1", "Moderate": "2", "Major": "3", "Extreme": "4"}

#: Fewest stays of a hospital of each tier that stands in for its level.
_TIERS = (("3", 400), ("2", 100), ("1", 0))

#: The payer whose stays stand in for the smaller pool; all others are the larger one.
_SMALLER_POOL = "Medicaid"


def read_new_york_stays(path: Path | str, *, fund_share: Decimal | str = "1") -> pd.DataFrame:
    """Read the stays of one file as a settlement case table.

    Parameters
    ----------
    path : path
        CSV (also .csv.gz) of de-identified discharges of New York State with the columns ``hospital, drg, severity,
        los, costs`` [USD], ``payer, med_surg, death``.
    fund_share : Decimal or str
        Share of every cost that the pool would have paid item by item; the patient pays the rest.

    Returns
    -------
    DataFrame
        ``case_id, hospital, tier, insurance, department, drg, total_cost, fund_charged, patient_cash, los_days,
        death``, all texts. The group is the APR-DRG and its severity, such as ``313-2``; `department` is medical or
        surgical.

    Raises
    ------
    TableError
        When there is no such file, it lacks a column, or a cost is no number of cents.
    """
    import pandas as pd  # noqa: PLC0415  (only where stays are read)

    place = Path(path).expanduser()
    if not place.is_file():
        mend = "give the path of a file of discharges of New York State (SPARCS), cleaned to one row a stay"
        raise TableError(Problem(str(path), "no such file", "stays of New York State", mend))
    try:
        stays = pd.read_csv(place, dtype=str, keep_default_na=False)
    except (UnicodeError, pd.errors.ParserError, pd.errors.EmptyDataError, OSError) as error:
        found = f"what cannot be read ({without_cells(error)})"
        raise TableError(Problem(str(path), found, "a CSV file of stays in UTF-8")) from None
    raise_all(
        [Problem(str(path), f"no column {name!r}", "the stays of SPARCS") for name in _COLUMNS if name not in stays],
        TableError,
    )
    charged, rest = _divided(stays["costs"].tolist(), Decimal(fund_share), where=str(path))
    counts = stays["hospital"].map(stays["hospital"].value_counts())
    tier = pd.Series("1", index=stays.index)
    for name, fewest in reversed(_TIERS):
        tier[counts >= fewest] = name
    return pd.DataFrame(
        {
            "case_id": [f"NY{number:06d}" for number in range(1, len(stays) + 1)],
            "hospital": stays["hospital"],
            "tier": tier,
            "insurance": stays["payer"].eq(_SMALLER_POOL).map({True: "resident", False: "employee"}),
            "department": stays["med_surg"].str.lower(),
            "drg": stays["drg"].str.zfill(3) + "-" + stays["severity"].map(_SEVERITY).fillna("0"),
            "total_cost": stays["costs"],
            "fund_charged": charged,
            "patient_cash": rest,
            "los_days": stays["los"],
            "death": stays["death"],
        }
    )


def _divided(costs: list[str], share: Decimal, *, where: str) -> tuple[list[str], list[str]]:
    """Split every cost into the pool's part, rounded down to the cent, and the rest."""
    charged, rest = [], []
    for row, text in enumerate(costs, start=1):
        cost = plain_decimal(text)
        if cost is None:
            raise TableError(Problem(f"{where} row {row}, costs", repr(text), "a cost in dollars"))
        cents = int((cost * 100).to_integral_exact())
        pool = int(cents * share)
        charged.append(str(Decimal(pool).scaleb(-2)))
        rest.append(str(Decimal(cents - pool).scaleb(-2)))
    return charged, rest
