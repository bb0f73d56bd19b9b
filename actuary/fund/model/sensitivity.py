"""Single assumptions moved within declared ranges, one at a time: which of them matters most."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import Field

from actuary.errors import DeclarationError, PeriodError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.fund.model.needed import needed_problems
from actuary.paths import models_root
from actuary.periods import Quarter
from actuary.policy.scenarios import scenario_keys
from actuary.policy.shapes import Shape, Text, check_source, fit
from actuary.policy.toml_files import read_sources, read_toml

if TYPE_CHECKING:
    from actuary.fund.model.face import Model
    from actuary.fund.model.run import Run

__all__ = ["Range", "Sensitivity", "load_ranges", "run_sensitivity"]

_FILE = "sensitivity.toml"
_ENDS = ("low", "high")
_MONTHS_A_YEAR = 12.0


class Range(Shape):
    """Hold the range of one assumption.

    Attributes
    ----------
    key : str
        Rule, assumption or population key.
    operation : str
        add or multiply.
    low, high : float
        What is added or multiplied at each end.
    first_day : str
        First day of the change (``from``).
    source : str
        ``S1``, ``std`` or ``judgement``.
    reason, reason_en : str
        Why so wide.
    """

    key: Text
    operation: Text
    low: float
    high: float
    first_day: Any = Field(alias="from")
    source: str
    reason: Text
    reason_en: Text


class _RangeFile(Shape):
    range: tuple[Range, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivity:
    """Hold the outcome at both ends of every range.

    Parameters
    ----------
    region, at : str
        Place and quarter.
    table : DataFrame
        Rows by scheme, key and end: `change`, `outcome`, `difference` to the base [months], `reason`, `reason_en`.
    run : Run
        All of them side by side.
    """

    region: str
    at: str
    table: pd.DataFrame
    run: Run

    def tornado(self, scheme: str = "employee") -> pd.DataFrame:
        """Return one row for each assumption, the widest first.

        Parameters
        ----------
        scheme : str
            ``employee`` or ``resident``.

        Returns
        -------
        DataFrame
            Columns key, low, high (difference to the base at each end) and width [months].
        """
        rows = self.table[self.table["scheme"] == scheme]
        if rows.empty:
            raise UnknownNameError(unknown_name("scheme", scheme, self.table["scheme"].unique(), what="scheme"))
        wide = rows.pivot_table(index="key", columns="end", values="difference", sort=False)[list(_ENDS)]
        wide["width"] = (wide["high"] - wide["low"]).abs()
        return wide.sort_values("width", ascending=False).reset_index().rename_axis(columns=None)

    def to_frame(self) -> pd.DataFrame:
        """Return the whole table."""
        return self.table.copy()

    def summary(self) -> pd.DataFrame:
        """Return the tornado of every scheme."""
        tables = {str(name): self.tornado(str(name)) for name in self.table["scheme"].unique()}
        joined: pd.DataFrame = pd.concat(tables, names=["scheme"])
        return joined

    def __repr__(self) -> str:
        return f"<Sensitivity of {self.region} at {self.at}: {self.table['key'].nunique()} assumptions>"

    def _repr_html_(self) -> str:
        return str(self.summary().to_html(float_format=lambda value: f"{value:,.2f}"))


def load_ranges(region: str, *, root: Path | None = None) -> tuple[Range, ...]:
    """Load the ranges of single assumptions; a region without its own file has those of the nation.

    Raises
    ------
    DeclarationError
        With every problem of the file.

    Examples
    --------
    >>> load_ranges("national")[0].key
    'employee.contribution_base_growth'
    """
    base = root or models_root()
    own = base / "cities" / region / "model" / _FILE
    path = own if own.is_file() else base / "national" / "model" / _FILE
    sources, problems = read_sources(path.parent, root=base)
    file, found = read_toml(path, root=base)
    problems += found
    declared: _RangeFile | None = None
    if file is not None:
        declared, found = fit(_RangeFile, file.data, file=file)
        problems += found
        known = scenario_keys(base)
        for number, one in enumerate(declared.range if declared else (), 1):
            place = f"range[{number}]"
            if one.key not in known:
                problems.append(unknown_name(file.where(f"{place}.key"), one.key, known, what="rule or assumption"))
            if one.operation not in ("add", "multiply"):
                problems.append(Problem(file.where(f"{place}.operation"), repr(one.operation), "add or multiply"))
            problems += check_source(one.source, where=file.where(f"{place}.source"), sources=sources, label=file.label)
    raise_all(problems, DeclarationError)
    if declared is None:
        raise DeclarationError(Problem(_FILE, "nothing", "ranges of assumptions"))
    return declared.range


def run_sensitivity(
    model: Model,
    *,
    at: Quarter | str = "2035Q4",
    ranges: Sequence[Range] | None = None,
) -> Sensitivity:
    """Run a model at both ends of every declared range, one assumption at a time.

    The outcome is the pool's balance in months of its spending, below zero where the pool has run out: months payable
    stop at zero and would hide how far.

    Parameters
    ----------
    model : Model
        A place without gaps.
    at : Quarter or str
        When the outcome is read.
    ranges : sequence of Range, optional
        Ranges; those declared when left out.

    Returns
    -------
    Sensitivity

    Raises
    ------
    DeclarationError
        When an end leads out of bounds.
    """
    raise_all(needed_problems(model.needed, model.region), DeclarationError)
    wanted = tuple(ranges) if ranges is not None else load_ranges(model.region, root=model.models)
    last = Quarter.parse(at)
    if last <= model.base_quarter + 3:
        raise PeriodError(Problem("at", str(last), f"a quarter at least a year after {model.base_quarter}"))
    # Each end becomes a scenario in a copy of the declarations: the same checks and the same arithmetic as any other.
    root = Path(tempfile.mkdtemp(prefix="actuary-"))
    names: dict[str, tuple[Range, str]] = {}
    try:
        ignored = shutil.ignore_patterns("drg", "settlement_list")
        shutil.copytree(model.models or models_root(), root, ignore=ignored, dirs_exist_ok=True)
        for number, one in enumerate(wanted):
            for end in _ENDS:
                name = f"range_{number}_{end}"
                (root / "scenarios" / f"{name}.toml").write_text(_scenario_text(one, end), encoding="utf-8")
                names[name] = one, end
        moved = replace(model, models=root)
        run = moved.project(to=last, scenarios=["base", *names])
    finally:
        shutil.rmtree(root, ignore_errors=True)
    rows = []
    paths = run.paths.sel(quarter=str(last))
    for scheme in run.projection.projected_schemes:
        one_scheme = paths.sel(scheme=scheme)
        months = one_scheme["pooled_balance_end_yuan"] / one_scheme["pooled_expenditure_year_yuan"] * _MONTHS_A_YEAR
        base = float(months.sel(scenario="base"))
        for name, (held, end) in names.items():
            outcome = float(months.sel(scenario=name))
            rows.append(
                {
                    "scheme": scheme,
                    "key": held.key,
                    "end": end,
                    "operation": held.operation,
                    "change": getattr(held, end),
                    "base": base,
                    "outcome": outcome,
                    "difference": outcome - base,
                    "source": held.source,
                    "reason": held.reason,
                    "reason_en": held.reason_en,
                }
            )
    return Sensitivity(model.region, str(last), pd.DataFrame(rows), replace(run, model=model))


def _scenario_text(one: Range, end: str) -> str:
    words = f"{one.key}：{getattr(one, end):g}"
    return (
        f'name_zh = "{words}"\nname_en = "{words}"\ndescription_zh = "{one.reason}"\n'
        f'description_en = "{one.reason_en}"\n\n[[delta]]\nkey = "{one.key}"\noperation = "{one.operation}"\n'
        f'value = {getattr(one, end)!r}\nfrom = {one.first_day}\nsource = "judgement"\nreason = "{one.reason}"\n'
        f'reason_en = "{one.reason_en}"\n'
    )
