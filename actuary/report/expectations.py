"""What a report expects of the years ahead: printed in its annex, so that the next report is held against it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from actuary.errors import Problem, TableError
from actuary.periods import Quarter

if TYPE_CHECKING:
    from actuary.report.composer import Composer
    from actuary.report.contracts import Cell, ReportData, ReportTable

__all__ = ["EXPECTED_TABLE", "YearExpectation", "expectation_table", "expected_years", "read_expectations"]

#: Table of the annex.
EXPECTED_TABLE = "expected_by_year"
#: Four fifths of the draws lie between.
_INTERVAL = (0.1, 0.9)
_POOLED = "_pooled"
_DATA = "report_data.json"


@dataclass(frozen=True)
class YearExpectation:
    """Hold what is expected of a year of a fund [yuan].

    Parameters
    ----------
    scheme, fund : str
        Scheme, and the fund by which it is judged, such as ``employee_pooled``.
    year : int
        Calendar year.
    opening_yuan : float
        Balance at its beginning, as far as known then [yuan].
    figures : mapping of str to (float, float, float)
        ``income``, ``expenditure`` and ``balance_end``: mean, low and high [yuan].
    before : mapping of str to float
        The flows of the year before, where the year has come [yuan].
    """

    scheme: str
    fund: str
    year: int
    opening_yuan: float
    figures: Mapping[str, tuple[float, float, float]]
    before: Mapping[str, float] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """Beginning of the names of its figures: that of the pool where the fund is the employees' pool."""
        return "pooled_" if self.fund.endswith(_POOLED) else ""


def expected_years(
    forecast: Any, *, opening: Callable[[str, str, int], float | None], years: Sequence[int] | None = None
) -> tuple[YearExpectation, ...]:
    """Return what a forecast expects of every calendar year that it reaches the end of.

    A year that has begun is what has come of it, in every completed history, and what is forecast of the rest.

    Parameters
    ----------
    forecast : FundForecast
        The forecast.
    opening : callable
        From scheme, beginning of the names of the fund's figures, and year, to the balance before the year [yuan]; None
        where that is forecast too.
    years : sequence of int, optional
        Years wanted; all when left out.
    """
    found = []
    season = forecast.history.season
    for scheme, name in forecast.leading.items():
        fund = forecast.funds[name]
        ends = {
            int(label[:4]): place for place, label in enumerate(fund.periods) if season == 1 or label.endswith("Q4")
        }
        balance = fund.values("balance")
        for year, place in ends.items():
            if years is not None and year not in years:
                continue
            flows = {flow: _year_draws(forecast, name, flow, year) for flow in ("income", "expenditure")}
            known = opening(scheme, "pooled_" if name.endswith(_POOLED) else "", year)
            end = balance[:, place]
            if known is None:
                start = (
                    float(np.mean(balance[:, ends[year - 1]]))
                    if year - 1 in ends
                    else float(np.mean(end - flows["income"] + flows["expenditure"]))
                )
            else:
                start = known
                if year - 1 not in ends:
                    # The balance rolls on from the opening as it was known, not from the one of today.
                    rolled = start + flows["income"] - flows["expenditure"]
                    end = rolled
            flows["balance_end"] = end
            figures = {key: _spread(one) for key, one in flows.items()}
            found.append(YearExpectation(scheme, name, year, start, figures))
    return tuple(found)


def _spread(draws: Any) -> tuple[float, float, float]:
    low, high = np.quantile(draws, _INTERVAL)
    return float(np.mean(draws)), float(low), float(high)


def _year_draws(forecast: Any, name: str, flow: str, year: int) -> Any:
    """Return a flow of a calendar year in every draw: periods of the history, and those forecast."""
    total = 0.0
    for part in (forecast.past, forecast.draws):
        labels = [str(label) for label in part["period"].values]
        inside = [place for place, label in enumerate(labels) if int(label[:4]) == year]
        series = part.sel(series=f"{name}.{flow}").transpose("draw", "period").to_numpy()
        total = total + series[:, inside].sum(axis=1)
    return total


def expectation_table(composer: Composer, expected: Sequence[YearExpectation], *, synthetic: bool) -> ReportTable:
    """Write what is expected as a table of the annex, in whole yuan.

    Parameters
    ----------
    composer : Composer
        Writes tables.
    expected : sequence of YearExpectation
        What is expected.
    synthetic : bool
        Whether it rests on made-up figures.
    """
    rows: list[list[Cell]] = []
    for one in expected:
        rows.append(
            [one.scheme, one.fund, one.year, "opening", composer.text("expected.opening"), one.opening_yuan, None, None]
        )
        rows += [
            [one.scheme, one.fund, one.year, name, composer.text(f"expected.{name}"), *one.figures[name]]
            for name in one.figures
        ]
    columns = [
        composer.text_column("scheme", kind="period"),
        composer.text_column("fund_id", kind="period"),
        composer.text_column("year", kind="year"),
        composer.text_column("item_id", kind="period"),
        composer.text_column("item"),
        composer.column("forecast", "yuan"),
        composer.column("interval_low", "yuan"),
        composer.column("interval_high", "yuan"),
    ]
    return composer.table(
        EXPECTED_TABLE,
        f"tables.{EXPECTED_TABLE}",
        columns=columns,
        rows=rows,
        notes=[composer.text("reconciliation.note_expected")],
        source=composer.text("sources.projection"),
        synthetic=synthetic,
    )


def read_expectations(folder: Path | str, region: str, quarter: Quarter) -> tuple[str, tuple[YearExpectation, ...]]:
    """Read what an earlier report expected from its folder.

    Parameters
    ----------
    folder : path
        Folder of the report, or its ``report_data.json``.
    region : str
        Region of this report.
    quarter : Quarter
        Quarter of this report: the other one must be of an earlier one.

    Returns
    -------
    tuple of (str, tuple of YearExpectation)
        Quarter of the earlier report, and what it expected; empty where it forecast nothing.

    Raises
    ------
    TableError
        When there is no such report, or it is of another region or not earlier.
    """
    from actuary.report.contracts import ReportData  # noqa: PLC0415

    path = Path(folder).expanduser()
    where = f"--previous {path}"
    path = path / _DATA if path.is_dir() else path
    expected = "the folder of an earlier report"
    if not path.is_file():
        found = f"a folder without {_DATA}" if path.parent.is_dir() and path.name == _DATA else "no such folder"
        raise TableError(Problem(where, found, expected))
    try:
        report = ReportData.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, json.JSONDecodeError):
        raise TableError(Problem(str(path), "what cannot be read", "the figures of a report", expected)) from None
    try:
        return _expected_of(report, region, quarter, where)
    except (ValueError, KeyError, TypeError, OverflowError, IndexError, AttributeError):
        mend = "write the earlier report again"
        found = "a report whose parts cannot be read"
        raise TableError(Problem(str(path), found, f"a cover and a table {EXPECTED_TABLE}", mend)) from None


def _expected_of(
    report: ReportData, region: str, quarter: Quarter, where: str
) -> tuple[str, tuple[YearExpectation, ...]]:
    cover = report.cover
    if cover.region != region:
        raise TableError(Problem(where, f"a report on {cover.region}", f"one on {region}"))
    if not Quarter.parse(cover.quarter) < quarter:
        raise TableError(Problem(where, f"a report on {cover.quarter}", f"one on a quarter before {quarter}"))
    table = next((one for one in report.annex if one.id == EXPECTED_TABLE), None)
    return cover.quarter, () if table is None else tuple(_years_of(table))


def _years_of(table: ReportTable) -> Iterator[YearExpectation]:
    grouped: dict[tuple[str, str, int], dict[str, list[Any]]] = {}
    for row in table.rows:
        scheme, fund, year, item, _, *figures = row
        grouped.setdefault((str(scheme), str(fund), int(float(str(year)))), {})[str(item)] = figures
    for (scheme, fund, year), items in grouped.items():
        start = float(items.pop("opening")[0])
        spread = {key: (float(mean), float(low), float(high)) for key, (mean, low, high) in items.items()}
        yield YearExpectation(scheme, fund, year, start, spread)
