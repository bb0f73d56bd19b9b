"""Read inpatient stays of New York State (SPARCS) as a case table, to try payment on real costs.

The stays are real: hospital, APR-DRG with severity, length of stay, cost in US dollars. The rest of what a pool of
medical insurance needs is not in them and is stood in for: tiers by the number of stays of a hospital, two pools by
payer. Neither says anything on China, and dollars stand in the columns whose unit is yuan.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from actuary.errors import Problem, TableError, raise_all

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_new_york_stays"]

_COLUMNS = ("hospital", "drg", "severity", "los", "costs", "payer", "med_surg", "death")
_SEVERITY = {"Minor": "1", "Moderate": "2", "Major": "3", "Extreme": "4"}

#: Fewest stays of a hospital of each tier that stands in for its level.
_TIERS = (("3", 400), ("2", 100), ("1", 0))

#: The payer whose stays stand in for the smaller pool; all others are the larger one.
_SMALLER_POOL = "Medicaid"


def read_new_york_stays(path: Path | str) -> pd.DataFrame:
    """Read the stays of one file as a settlement case table.

    Parameters
    ----------
    path : path
        CSV (also .csv.gz) of de-identified discharges of New York State with the columns ``hospital, drg, severity,
        los, costs`` [USD], ``payer, med_surg, death``.

    Returns
    -------
    DataFrame
        ``case_id, hospital, tier, insurance, department, drg, total_cost, los_days, death``, all texts. The group is
        the APR-DRG and its severity, such as ``313-2``; `department` is medical or surgical.

    Raises
    ------
    TableError
        When there is no such file, or it lacks a column.
    """
    import pandas as pd  # noqa: PLC0415  (only where stays are read)

    place = Path(path).expanduser()
    if not place.is_file():
        mend = "give the path of a file of discharges of New York State (SPARCS), cleaned to one row a stay"
        raise TableError(Problem(str(path), "no such file", "stays of New York State", mend))
    stays = pd.read_csv(place, dtype=str, keep_default_na=False)
    raise_all(
        [Problem(str(path), f"no column {name!r}", "the stays of SPARCS") for name in _COLUMNS if name not in stays],
        TableError,
    )
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
            "drg": stays["drg"] + "-" + stays["severity"].map(_SEVERITY).fillna("0"),
            "total_cost": stays["costs"],
            "los_days": stays["los"],
            "death": stays["death"],
        }
    )
