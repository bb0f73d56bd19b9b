"""What the base year of a model is known to have been: people, flows and balances of the two funds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from actuary.errors import Problem, TableError, raise_all
from actuary.fund.figures import Figures
from actuary.fund.missing import MissingInput, find_missing_figures
from actuary.fund.sources import load_region_facts
from actuary.periods import Quarter

__all__ = ["MODEL_SCHEMES", "BaseYear", "read_base_year"]

#: Schemes that the model projects, in their order.
MODEL_SCHEMES: tuple[str, ...] = ("employee", "resident")

_FLOWS = ("pooled_income", "pooled_expenditure", "personal_income", "personal_expenditure")
_BALANCES = ("pooled_balance_end", "personal_balance_end")
#: Groups of members whose number is published, by the statuses that make them up.
GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "active": ("employee", ("employee_active", "employee_flexible")),
    "retired": ("employee", ("employee_retired",)),
    "enrolled": ("resident", ("resident_child", "resident_adult", "resident_elderly")),
}


@dataclass(frozen=True)
class BaseYear:
    """Hold the figures of the base year in persons and yuan.

    Parameters
    ----------
    year : int
        The base year; its last day is the valuation date.
    schemes : tuple of str
        Schemes whose figures are complete; the others are not projected.
    average : mapping
        ``"active" | "retired" | "enrolled" -> mean of the stocks at both ends of the year`` [persons].
    closing : mapping
        The same at its end [persons].
    flows : mapping
        ``(scheme, "pooled_income" …) -> flow of the year`` [yuan].
    opening_balances, closing_balances : mapping
        ``(scheme, "pooled" | "personal") -> balance`` at both ends of the year [yuan].
    divided : bool
        Whether pool and personal accounts of the employee scheme are known apart.
    missing : tuple of MissingInput
        What keeps a scheme from being projected.
    synthetic : bool
        Whether any figure was made up.
    """

    year: int
    schemes: tuple[str, ...]
    average: Mapping[str, float]
    closing: Mapping[str, float]
    flows: Mapping[tuple[str, str], float]
    opening_balances: Mapping[tuple[str, str], float]
    closing_balances: Mapping[tuple[str, str], float]
    divided: bool = True
    missing: tuple[MissingInput, ...] = ()
    synthetic: bool = field(default=False)


def read_base_year(region: str, year: int, *, data: Path | None = None, figures: Figures | None = None) -> BaseYear:
    """Read the figures of a region's base year from the tables of published facts.

    Parameters
    ----------
    region : str
        Region id.
    year : int
        The base year.
    data : Path, optional
        Data folder.
    figures : Figures, optional
        Figures to use in place of the tables.

    Returns
    -------
    BaseYear
        A scheme that lacks a figure is left out, and what it lacks is listed.

    Raises
    ------
    UnknownNameError
        When no table has a fact of the region.
    TableError
        When a table is not valid, or a figure of the base year is negative.

    Examples
    --------
    >>> base = read_base_year("national", 2024)
    >>> base.schemes, base.flows["employee", "pooled_income"]
    (('employee', 'resident'), 1734245000000.0)
    """
    synthetic = False
    if figures is None:
        facts = load_region_facts(region, until=Quarter(year, 4), data=data)
        figures, synthetic = facts.figures, facts.synthetic
    divided = all(figures.get("employee", name, year) is not None for name in (*_FLOWS, *_BALANCES))
    missing: list[MissingInput] = []
    schemes = []
    flows: dict[tuple[str, str], float] = {}
    opening: dict[tuple[str, str], float] = {}
    closing: dict[tuple[str, str], float] = {}
    for scheme in MODEL_SCHEMES:
        lacking = find_missing_figures(figures, scheme, year)
        known = {name: figures.get(scheme, name, year) for name in ("income", "expenditure", "balance_end")}
        if not lacking and None in known.values():
            lacking = find_missing_figures(figures, scheme, None)
        if lacking or None in known.values():
            missing += lacking
            continue
        schemes.append(scheme)
        apart = scheme == "resident" or divided
        for fund in ("pooled", "personal"):
            for flow in ("income", "expenditure"):
                flows[scheme, f"{fund}_{flow}"] = _amount(figures, scheme, fund, flow, year, apart=apart)
            closing[scheme, fund] = _amount(figures, scheme, fund, "balance_end", year, apart=apart)
            before = figures.get(scheme, f"{fund}_balance_end" if apart else "balance_end", year - 1)
            net = flows[scheme, f"{fund}_income"] - flows[scheme, f"{fund}_expenditure"]
            # Where the balance of the year before is not known, it is what this year's flows leave of this one's.
            opening[scheme, fund] = (
                before.value if before and (apart or fund == "pooled") else closing[scheme, fund] - net
            )
    average: dict[str, float] = {}
    stock: dict[str, float] = {}
    for group, (scheme, _) in GROUPS.items():
        if scheme in schemes:
            stock[group] = _known(figures, scheme, group, year)
            average[group] = (_known(figures, scheme, group, year - 1) + stock[group]) / 2
    problems = [
        Problem(
            f"{region}, {scheme} {name} {year}", f"{value:g}", "an amount from 0 on", "correct the published figure"
        )
        for (scheme, name), value in flows.items()
        if value < 0
    ]
    raise_all(problems, TableError)
    return BaseYear(
        year=year,
        schemes=tuple(schemes),
        average=average,
        closing=stock,
        flows=flows,
        opening_balances=opening,
        closing_balances=closing,
        divided=divided,
        missing=tuple(missing),
        synthetic=synthetic,
    )


def _known(figures: Figures, scheme: str, name: str, year: int) -> float:
    figure = figures.get(scheme, name, year)
    return float("nan") if figure is None else figure.value


def _amount(figures: Figures, scheme: str, fund: str, name: str, year: int, *, apart: bool) -> float:
    if apart and figures.get(scheme, f"{fund}_{name}", year) is not None:
        return _known(figures, scheme, f"{fund}_{name}", year)
    # A fund without that figure is all pool: residents have no accounts, and undivided funds are not told apart.
    return _known(figures, scheme, name, year) if fund == "pooled" else 0.0
