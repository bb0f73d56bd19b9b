"""Modules by name, and how those that a scenario switches on enter the projection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from actuary.demography.membership import Membership
from actuary.errors import DeclarationError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.fund.model.base_year import MODEL_SCHEMES
from actuary.fund.model.exposure import Exposure
from actuary.fund.model.finance import FinanceInputs, project_finance
from actuary.fund.model.income import SOURCES
from actuary.fund.model.labels import exact_labels
from actuary.fund.model.levers import Levers
from actuary.fund.model.people import project_members
from actuary.fund.modules.births import birth_policy
from actuary.fund.modules.critical_illness import critical_illness
from actuary.fund.modules.epidemic import epidemic
from actuary.fund.modules.long_term_care import long_term_care
from actuary.fund.modules.medical_assistance import medical_assistance
from actuary.fund.modules.procurement import procurement
from actuary.fund.modules.view import Module, ModuleDelta, ModuleView
from actuary.periods import Quarter, quarter_range
from actuary.policy import BENEFITS, MODULE_NAMES, ModuleDeclaration, Resolved, fingerprint, load_modules, resolve
from actuary.policy.dated import DatedBook
from actuary.policy.scenarios import apply_deltas

if TYPE_CHECKING:
    from actuary.fund.model.result import ModelProjection

__all__ = ["MODULES", "active_modules", "add_modules", "module_deltas", "module_effects", "module_view"]

#: Modules by name, in the order in which they act: each sees what those before it changed.
MODULES: dict[str, Module] = {
    "birth_policy": birth_policy,
    "epidemic": epidemic,
    "procurement": procurement,
    "critical_illness": critical_illness,
    "long_term_care": long_term_care,
    "medical_assistance": medical_assistance,
}
_GROUPS = {
    "large_claims": "critical_illness",
    "care": "long_term_care",
    "aid": "medical_assistance",
    "purchasing": "procurement",
    "epidemic": "epidemic",
    "births": "birth_policy",
}
_SWITCHES = "modules."


def resolve_book(declared: ModuleDeclaration, resolved: Resolved) -> DatedBook:
    """Return the figures of the modules after a scenario.

    Raises
    ------
    DeclarationError
        When a delta leads out of bounds, or touches a module that the scenario leaves switched off.
    """
    book, problems = apply_deltas(declared.book, resolved.scenario)
    touched = {delta.key.partition(".")[0] for delta in resolved.deltas}
    for group in sorted(touched & set(_GROUPS)):
        switch = f"{_SWITCHES}{_GROUPS[group]}"
        if not any(value is True for value in _values(book, switch)):
            problems.append(
                Problem(
                    f"scenario {resolved.scenario.name}",
                    f"a change of {group} with {switch} off",
                    "a module that is on",
                    f"add a delta on {switch} that replaces it by true",
                )
            )
    raise_all(problems, DeclarationError)
    return book


def _values(book: DatedBook, key: str) -> list[object]:
    parameter = book.parameter(key)
    return [parameter.values[number].value for _, _, number in parameter.spans()]  # noqa: PD011 (no DataFrame)


def active_modules(book: DatedBook, quarters: Sequence[Quarter]) -> tuple[str, ...]:
    """Return the modules that are on in some quarter, in the order in which they act."""
    return tuple(
        name for name in MODULE_NAMES if any(bool(book.value(f"{_SWITCHES}{name}", q.first_day)) for q in quarters)
    )


def module_deltas(view: ModuleView, names: Sequence[str]) -> list[ModuleDelta]:
    """Return what modules change, one after the other.

    Parameters
    ----------
    view : ModuleView
        The projection without them.
    names : sequence of str
        Modules.

    Raises
    ------
    UnknownNameError
        When there is no such module.
    """
    raise_all(
        [unknown_name("module", name, MODULES, what="module") for name in names if name not in MODULES],
        UnknownNameError,
    )
    deltas: list[ModuleDelta] = []
    for name, module in MODULES.items():
        if name in names:
            own = list(module(view))
            deltas += own
            view = view.after(own)
    return deltas


def add_modules(
    region: str,
    resolved: Mapping[str, Resolved],
    inputs: FinanceInputs,
    exposure: Exposure,
    quarters: Sequence[Quarter],
    *,
    members: Mapping[str, Membership],
    models: Path | None = None,
) -> tuple[FinanceInputs, str]:
    """Add what the modules of each scenario change to the levers of a projection.

    Parameters
    ----------
    region : str
        Region id.
    resolved : mapping
        ``scenario -> Resolved``.
    inputs, exposure, quarters
        The projection.
    members : mapping
        ``scenario -> Membership``.
    models : Path, optional
        Root of the models.

    Returns
    -------
    tuple
        The inputs with their levers, and a hash of the figures of every module that is on; empty where none is.
    """
    declared = load_modules(region, root=models)
    books = {name: resolve_book(declared, one) for name, one in resolved.items()}
    active = {name: active_modules(book, quarters) for name, book in books.items()}
    if not any(active.values()):
        return inputs, ""
    views = _views(region, resolved, inputs, exposure, quarters, members=members, declared=declared, books=books)
    held = {name: module_deltas(view, active[name]) for name, view in views.items()}
    levers = _join(inputs.levers, held, [str(quarter) for quarter in quarters])
    mark = fingerprint(
        {"declared": declared.fingerprint, "books": {name: one.fingerprint for name, one in books.items()}}
    )
    return replace(inputs, levers=levers), mark


def _views(
    region: str,
    resolved: Mapping[str, Resolved],
    inputs: FinanceInputs,
    exposure: Exposure,
    quarters: Sequence[Quarter],
    *,
    members: Mapping[str, Membership],
    declared: ModuleDeclaration,
    books: Mapping[str, DatedBook],
) -> dict[str, ModuleView]:
    paths = project_finance(inputs, exposure, quarters)[0]
    views = {}
    for name, one in resolved.items():
        calibration = replace(
            inputs.calibration,
            **{
                held.name: _pick(getattr(inputs.calibration, held.name), name)
                for held in fields(inputs.calibration)
                if isinstance(getattr(inputs.calibration, held.name), xr.DataArray)
            },
        )
        own = _pick(paths, name)
        views[name] = ModuleView(
            region=region,
            quarters=tuple(quarters),
            declared=declared.book,
            book=books[name],
            modules=declared,
            inputs=replace(inputs, calibration=calibration, drivers=_pick(inputs.drivers, name)),
            exposure=Exposure(*(_pick(value, name) for value in vars(exposure).values())),
            paths=own,
            members=members[name],
            policy=one.policy,
            spending=own["spending_yuan"].transpose("scheme", "benefit", "quarter"),
            income=own["pooled_income_by_source_yuan"].transpose("scheme", "source", "quarter"),
        )
    return views


def _pick[T: (xr.DataArray, xr.Dataset)](held: T, scenario: str) -> T:
    return held.sel(scenario=scenario, drop=True) if "scenario" in held.dims else held


def _join(levers: Levers, deltas: Mapping[str, Sequence[ModuleDelta]], labels: Sequence[str]) -> Levers:
    lines = {"spending": ("benefit", list(BENEFITS)), "income": ("source", list(SOURCES))}
    added = {}
    for flow, (dim, names) in lines.items():
        total = np.zeros((len(deltas), len(MODEL_SCHEMES), len(names), len(labels)))
        for row, own in enumerate(deltas.values()):
            for one in own:
                if one.flow == flow:
                    total[row, MODEL_SCHEMES.index(one.scheme), names.index(one.line)] += one.yuan.to_numpy()
        added[f"extra_{flow}"] = xr.DataArray(
            total,
            dims=("scenario", "scheme", dim, "quarter"),
            coords={"scenario": list(deltas), "scheme": list(MODEL_SCHEMES), dim: names, "quarter": list(labels)},
        )
        before: xr.DataArray | None = getattr(levers, f"extra_{flow}")
        if before is not None:
            wanted = {str(name): added[f"extra_{flow}"][name].to_numpy() for name in before.dims}
            added[f"extra_{flow}"] = added[f"extra_{flow}"] + before.reindex(wanted, fill_value=0.0)
    return replace(levers, **added)


def module_view(
    run: ModelProjection,
    *,
    scenario: str | None = None,
    members: Mapping[str, Membership] | None = None,
    models: Path | None = None,
    data: Path | None = None,
) -> ModuleView:
    """Return what modules see of a run under one of its scenarios: the run without any module.

    Parameters
    ----------
    run : ModelProjection
        The run.
    scenario : str, optional
        The first when left out.
    members : mapping, optional
        ``scenario -> Membership`` of the run; projected anew when left out.
    models, data : Path, optional
        Folders.

    Raises
    ------
    UnknownNameError
        When the run has no such scenario.
    """
    name = scenario or run.scenarios[0]
    if name not in run.scenarios:
        raise UnknownNameError(unknown_name("scenario", name, run.scenarios, what="scenario"))
    resolved = {name: resolve(run.region, basis=run.basis, scenario=name, root=models)}
    held = members or project_members(
        run.region, resolved, base_year=run.base_quarter.year, to=run.horizon, models=models, data=data
    )
    declared = load_modules(run.region, root=models)
    with exact_labels():
        return _views(
            run.region,
            resolved,
            replace(run.inputs, levers=Levers()),
            run.exposure,
            list(quarter_range(run.base_quarter + 1, run.horizon)),
            members=held,
            declared=declared,
            books={name: resolve_book(declared, resolved[name])},
        )[name]


def module_effects(view: ModuleView, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Return what modules change, by year.

    Parameters
    ----------
    view : ModuleView
        From :func:`module_view`.
    names : sequence of str, optional
        Modules; those that the scenario switches on when left out.

    Returns
    -------
    DataFrame
        Columns module, item, flow, scheme, line, year, yuan.
    """
    rows = []
    with exact_labels():
        deltas = module_deltas(view, active_modules(view.book, view.quarters) if names is None else names)
    years = [quarter.year for quarter in view.quarters]
    for one in deltas:
        for year in sorted(set(years)):
            chosen = [place for place, held in enumerate(years) if held == year]
            rows.append((one.module, one.item, one.flow, one.scheme, one.line, year, float(one.yuan[chosen].sum())))
    return pd.DataFrame(rows, columns=["module", "item", "flow", "scheme", "line", "year", "yuan"])
