"""Replay the warning rules over the shipped histories, and over reference series where there are any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from actuary.alerts.outlook import Outlook, fund_outlook
from actuary.alerts.replay import WatchedSeries, flows_series, history_series, replay_rules
from actuary.alerts.track import TrackRecord
from actuary.alerts.track_file import show_records, track_frame
from actuary.errors import Problem, TableError, raise_all
from actuary.files import read_bytes, read_delimited
from actuary.fund import project_fund
from actuary.indicators import indicator_history
from actuary.paths import given_folder
from actuary.periods import Quarter
from actuary.policy import AlertRule, load_alert_rules
from actuary.tables import last_quarter, quarterly_flows

__all__ = ["REFERENCE_FILE", "WarningReplay", "replay_warnings"]

#: Income and spending of another country's social insurance, for reference only; it is not shipped.
REFERENCE_FILE = "us_nipa_quarterly.csv"

_INCOME, _SPENDING = "social_insurance_contributions_federal", "social_benefits_federal"
_YEAR = 4


@dataclass(frozen=True, eq=False)
class WarningReplay:
    """Hold the records of every rule on every series.

    Parameters
    ----------
    records : tuple of TrackRecord
        The records, rule by rule.
    rules : tuple of AlertRule
        The rules.
    skipped : tuple of str
        Series that were not there.
    """

    records: tuple[TrackRecord, ...]
    rules: tuple[AlertRule, ...]
    skipped: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row a rule and series; see :func:`actuary.alerts.track_file.track_frame`."""
        return track_frame(self.records, self.rules)

    def display(self) -> pd.DataFrame:
        """Return the rows of which there is a record, as they are read."""
        frame = self.to_frame()
        return show_records(frame[frame["reason_en"].eq("")])


def replay_warnings(
    regions: Sequence[str] = ("national", "city_panel"),
    *,
    series: Path | str | None = None,
    models: Path | str | None = None,
    data: Path | str | None = None,
    tell: Callable[[str], None] = lambda _text: None,
) -> WarningReplay:
    """Hold every rule that declares an outcome against history, and score it against what came.

    Every quarter knows only figures of periods up to its end, in the version first published where that is known, and
    forecasts are made from those alone. What came is told by the figures published last.

    Parameters
    ----------
    regions : sequence of str
        Regions whose histories are replayed: the ends of years, and quarters where January-to-month figures are
        published.
    series : path, optional
        Folder with :data:`REFERENCE_FILE`, to be replayed too.
    models, data : Path, optional
        Folders; those of the package when left out.
    tell : callable, optional
        Receives one line a step.

    Raises
    ------
    UnknownNameError, DeclarationError, TableError
        When a region, the rules or a table are not what they should be.
    """
    models, data = given_folder(models, what="models"), given_folder(data, what="data")
    rules = load_alert_rules(models)
    watched: list[WatchedSeries] = []
    for region in regions:
        tell(f"{region} …")
        watched += _region(region, rules, models, data)
    skipped = []
    path = None if series is None else Path(series) / REFERENCE_FILE
    if path is not None and path.is_file():
        tell(f"{REFERENCE_FILE} …")
        watched.append(read_reference(path))
    else:
        skipped.append(REFERENCE_FILE)
        tell(f"{REFERENCE_FILE}: not there, skipped")
    return WarningReplay(replay_rules(rules, watched), rules, tuple(skipped))


def read_reference(path: Path) -> WatchedSeries:
    """Read the reference series: income and spending by quarter, seasonally adjusted annual rates.

    Raises
    ------
    TableError
        When a column is missing.
    """
    where = str(path)
    read = read_delimited(read_bytes(path, where=where, expected="a CSV file of quarters"), where=where)
    raise_all(read.problems(where), TableError)
    table = pd.DataFrame(read.rows, columns=list(read.columns))
    wanted = ("period", _INCOME, _SPENDING)
    lacking = [name for name in wanted if name not in table.columns]
    if lacking:
        raise TableError(
            [Problem(str(path), f"no column {name}", f"the columns {', '.join(wanted)}") for name in lacking]
        )
    for name in (_INCOME, _SPENDING):
        table[name] = pd.to_numeric(table[name], errors="coerce")
    known = table[table["period"].ne("")].dropna(subset=list(wanted))
    quarters = [Quarter.parse(str(label)) for label in known["period"]]
    if len(quarters) < 2 * _YEAR or any(later - one != 1 for one, later in pairwise(quarters)):
        found, expected = f"{len(quarters)} quarters with gaps", "two years or more of quarters without a gap"
        raise TableError(Problem(where, found if len(quarters) >= 2 * _YEAR else f"{len(quarters)} quarters", expected))
    # Annual rates: a quarter's flow is a fourth of them.
    flows = (known[name].to_numpy(dtype=np.float64) / _YEAR for name in (_INCOME, _SPENDING))
    return flows_series("us_federal_quarters", quarters, *flows)


def _region(region: str, rules: Sequence[AlertRule], models: Path | None, data: Path | None) -> list[WatchedSeries]:
    last = last_quarter(region, data)
    flows = quarterly_flows(region, root=data)
    flows = flows[flows["status"].ne("gap")]
    by_quarter = Quarter.parse(str(flows["quarter"].min())) if len(flows) else None
    annual = indicator_history(region, yearly=True, families=("fund",), models=models, data=data)
    outlook = partial(_outlook, region, rules, models, data)
    pooled = _pooled_quarters(region, last, models, data)
    made = []
    for scheme in ("employee", "resident"):
        pool = pooled if scheme == "employee" else None
        made.append(history_series(annual, f"{region}_years", scheme, pooled=pool, outlook=outlook))
    if by_quarter is not None:
        history = indicator_history(region, by_quarter, last, families=("fund",), models=models, data=data)
        for scheme in ("employee", "resident"):
            pool = pooled if scheme == "employee" else None
            made.append(history_series(history, f"{region}_quarters", scheme, pooled=pool))
    return made


def _outlook(
    region: str, rules: Sequence[AlertRule], models: Path | None, data: Path | None, quarter: Quarter
) -> Outlook:
    return fund_outlook(region, quarter, rules, earlier=False, models=models, data=data)


def _pooled_quarters(region: str, last: Quarter, models: Path | None, data: Path | None) -> frozenset[Quarter]:
    """Return the quarters of which the spending of the employee pool is published apart from the accounts."""
    paths = project_fund(region, last, horizon=last + 1, scenarios=("base",), models=models, data=data).paths
    spending = paths["year_pooled_expenditure_yuan"].isel(scenario=0).sel(scheme="employee").to_numpy()
    labels = paths["quarter"].to_numpy()
    return frozenset(
        Quarter.parse(str(label)) for label, value in zip(labels, spending, strict=True) if np.isfinite(value)
    )
