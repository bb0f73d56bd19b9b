"""Risk warnings of the funds of a region: held against its indicators and its forecast, recorded, and replayed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from actuary.paths import given_folder
from actuary.periods import Quarter

if TYPE_CHECKING:
    import pandas as pd

    from actuary.alerts import Warning  # noqa: A004
    from actuary.alerts.ledger import Recorded

__all__ = ["FundWarnings", "find_warnings", "warn_city"]


@dataclass(frozen=True, slots=True)
class FundWarnings:
    """Hold the warnings of a region at a quarter.

    Parameters
    ----------
    region, quarter : str
        Of which region, and when.
    warnings : tuple of Warning
        The gravest first.
    fingerprint : str
        Fingerprint of the projection they rest on.
    synthetic : bool
        Whether it rests on synthetic figures.
    """

    region: str
    quarter: str
    warnings: tuple[Warning, ...]
    fingerprint: str
    synthetic: bool

    def to_frame(self) -> pd.DataFrame:
        """Return one row a rule and scheme; every field of a warning is a column."""
        from actuary.alerts import warning_table  # noqa: PLC0415

        return warning_table(self.warnings)

    def summary(self) -> pd.DataFrame:
        """Return what was found of every rule and scheme, in short."""
        columns = ["level", "scheme", "rule_id", "value", "unit", "period", "since"]
        return self.to_frame()[columns]

    def _repr_html_(self) -> str:
        made_up = " · made-up figures" if self.synthetic else ""
        head = f"<p><b>Warnings</b> · {self.region} · {self.quarter}{made_up}</p>"
        return head + self.summary().to_html(index=False, na_rep="")

    def record(self, ledger: Path | str | None = None, *, who: str | None = None) -> tuple[Recorded, ...]:
        """Write every warning that is raised into a ledger of cases.

        Parameters
        ----------
        ledger : path, optional
            The ledger's file, made where there is none; the usual one when left out.
        who : str, optional
            Who records; the name under which one is logged in when left out.

        Returns
        -------
        tuple of Recorded
            What became of every signal: a case opened, or an open one seen again.
        """
        from actuary.alerts import signals_of_warnings  # noqa: PLC0415
        from actuary.workflow.case_ledger import record_signals  # noqa: PLC0415

        signals = signals_of_warnings(
            self.warnings,
            region=self.region,
            quarter=self.quarter,
            fingerprint=self.fingerprint,
            synthetic=self.synthetic,
        )
        return record_signals(signals, ledger=ledger, who=who)


def find_warnings(
    city: str = "national",
    quarter: str | Quarter | None = None,
    *,
    forecast: bool = True,
    models: Path | str | None = None,
    data: Path | str | None = None,
) -> FundWarnings:
    """Hold the declared rules against the indicators and the forecast of a region.

    Parameters
    ----------
    city : str
        Region id.
    quarter : str or Quarter, optional
        Report quarter; the last with published figures when left out.
    forecast : bool
        Forecast the funds where a rule asks; else those rules are not assessable.
    models, data : Path, optional
        Folders; those of the package when left out.

    Raises
    ------
    UnknownNameError, PeriodError, DeclarationError, TableError
        When region, quarter, rules or tables are not what they should be.
    """
    from actuary.alerts import evaluate_rules, fund_outlook  # noqa: PLC0415  (loads the numerical libraries)
    from actuary.indicators import compute_indicators  # noqa: PLC0415
    from actuary.policy import load_alert_rules  # noqa: PLC0415
    from actuary.workflow.regions import project_city  # noqa: PLC0415

    models, data = given_folder(models, what="models"), given_folder(data, what="data")
    rules = load_alert_rules(models)
    projection = project_city(city, quarter, scenarios="base", models=models, data=data)
    outlook = fund_outlook(city, projection.quarter, rules, models=models, data=data) if forecast else None
    warnings = evaluate_rules(projection, compute_indicators(projection), rules, outlook=outlook, models=models)
    return FundWarnings(city, str(projection.quarter), warnings, projection.fingerprint, projection.synthetic)


def warn_city(
    city: str = "national",
    quarter: str | Quarter | None = None,
    *,
    forecast: bool = True,
    models: Path | str | None = None,
    data: Path | str | None = None,
) -> pd.DataFrame:
    """Hold the declared rules against the indicators and the forecast of a region, as a table.

    Parameters
    ----------
    city : str
        Region id.
    quarter : str or Quarter, optional
        Report quarter; the last with published figures when left out.
    forecast : bool
        Forecast the funds where a rule asks; else those rules are not assessable.
    models, data : Path, optional
        Folders; those of the package when left out.

    Returns
    -------
    DataFrame
        One row a rule and scheme, the gravest level first; every field of a warning is a column.

    Raises
    ------
    UnknownNameError, PeriodError, DeclarationError, TableError
        When region, quarter, rules or tables are not what they should be.

    Examples
    --------
    >>> found = warn_city("national", "2024Q4", forecast=False)
    >>> band = found[(found["rule_id"] == "CN-1") & (found["scheme"] == "employee")]
    >>> band[["level", "value", "unit"]].values.tolist()
    [['blue', 27.6..., 'months']]
    """
    return find_warnings(city, quarter, forecast=forecast, models=models, data=data).to_frame()
