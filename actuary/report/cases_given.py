"""What a report is given of settled cases, in any of its forms, as the figures that it prints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from actuary.errors import Problem, TableError
from actuary.periods import Quarter
from actuary.report.case_figures import CaseFigures, figure_cases
from actuary.report.case_source import CaseRequest, check_settled, find_cases, of_settlement, open_cases

if TYPE_CHECKING:
    from actuary.payment.exact import Number
    from actuary.payment.settlement import Settlement

__all__ = ["PAYING_KINDS", "case_period", "cases_of_report"]

#: Hospitals are paid by a pooling region; a nation, a province or a mean of cities pays none.
PAYING_KINDS = ("city", "county")
_ANNUAL = "annual"


def case_period(quarter: Quarter, kind: str) -> tuple[str, tuple[str, ...]]:
    """Return the period that the cases of a report are of, and its months: the quarter, or the year of an annual one.

    Examples
    --------
    >>> case_period(Quarter(2024, 4), "quarterly")
    ('2024Q4', ('2024-10', '2024-11', '2024-12'))
    >>> case_period(Quarter(2024, 4), "annual")[0]
    '2024'
    """
    from actuary.indicators.case_subjects import months_of_period  # noqa: PLC0415  (loads the numerical libraries)

    period = str(quarter.year) if kind == _ANNUAL else str(quarter)
    return period, months_of_period(period)


def cases_of_report(  # noqa: PLR0913 (the forms in which cases come)
    given: CaseFigures | Settlement | Path | str | None,
    region: str,
    quarter: Quarter,
    *,
    kind: str = "quarterly",
    policy: str | None = None,
    budget: Mapping[str, Number] | Number | None = None,
    hospitals: Path | str | None = None,
    models: Path | None = None,
    data: Path | None = None,
) -> CaseFigures | None:
    """Return the figures of the settled cases that a report is given, or that the data folder holds for it.

    Parameters
    ----------
    given : CaseFigures, Settlement, path or None
        A folder that ``actuary settle`` wrote, a folder of such folders by city and quarter, a file of cases with a
        policy, a settlement made in this process, or figures that were computed before; None for what the data folder
        holds.
    region : str
        Region id.
    quarter : Quarter
        Report quarter.
    kind : str
        ``quarterly``, or ``annual`` for the cases of the whole year.
    policy : str, optional
        Payment policy of a file of cases.
    budget, hospitals : optional
        As for :func:`actuary.settle_cases`, with a file of cases.
    models, data : Path, optional
        Folders; those of the package when left out.

    Returns
    -------
    CaseFigures or None
        None where nothing is given and the data folder holds nothing.

    Raises
    ------
    TableError
        When the cases are not there, not whole, or of another region or period.
    DeclarationError, BudgetError
        When policy, budget or limits are not what they should be.
    """
    from actuary.policy import load_region  # noqa: PLC0415

    options = {"--policy": policy, "--budget": budget, "--hospitals": hospitals}
    if given is None and (named := [name for name, value in options.items() if value is not None]):
        raise TableError(Problem(", ".join(named), "no --cases", "a file of cases that it belongs to"))
    pays = load_region(region, root=models).kind in PAYING_KINDS
    if not pays:
        if given is None:
            return None
        expected = "a city or a county: no other region pays hospitals"
        raise TableError(Problem("--cases", f"cases for a report on {region}", expected))
    period, months = case_period(quarter, kind)
    if isinstance(given, CaseFigures):
        return _checked(given, region, period)
    if given is not None and not isinstance(given, Path | str):
        settled = of_settlement(given)
        check_settled(settled, region, months, models)
        return figure_cases(settled, region, period, months=months, models=models)
    path = find_cases(given, region, quarter, data=data)
    if path is None:
        return None
    if path.suffix == ".json" and path.is_file():
        return _checked(CaseFigures.from_json(path.read_text(encoding="utf-8")), region, period)
    request = CaseRequest(path, policy, budget, None if hospitals is None else Path(hospitals).expanduser())
    settled = open_cases(request, region, months=months, models=models)
    return figure_cases(settled, region, period, months=months, models=models)


def _checked(figures: CaseFigures, region: str, period: str) -> CaseFigures:
    if (figures.region, figures.period) != (region, period):
        found = f"figures of {figures.region}, {figures.period}"
        raise TableError(Problem("the figures of cases", found, f"those of {region}, {period}"))
    return figures
