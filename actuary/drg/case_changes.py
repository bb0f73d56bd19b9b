"""Change one thing of a case so that it meets one condition it lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from actuary.drg.case_values import CaseValues
from actuary.drg.scheme import Scheme
from actuary.drg.trace_rows import Condition

__all__ = ["Change", "change_case", "changes_for"]

_DAYS_OF_YEAR = 365

#: Conditions with a limit: the attribute they look at, and how far the value that just meets them lies from the limit.
_ATTRIBUTES = {
    "age_days_min": ("age_days", 0),
    "age_days_max": ("age_days", 0),
    "age_years_min": ("age_years", 0),
    "age_years_max": ("age_years", 0),
    "age_years_must_be_0": ("age_years", 0),
    "weight_g_min": ("birth_weight_g", 0),
    "weight_g_max": ("birth_weight_g", -1),
    "los_min": ("los_days", 0),
    "los_max": ("los_days", 0),
    "icu_hours_min": ("icu_hours", 0),
    "icu_hours_max": ("icu_hours", 0),
    "sex": ("sex", 0),
}

#: Conditions with a text, and lists: what is changed to meet them.
_TEXTS = {"discharge": "discharge_status", "department": "department"}
_LISTS = {
    "pdx_list": "set_principal",
    "anydx_list": "add_dx",
    "odx_list": "add_dx",
    "ppx_list": "set_main",
    "apx_list": "add_px",
    "px_pair_list": "add_px",
}


@dataclass(frozen=True, slots=True)
class Change:
    """Hold the changes that meet a condition.

    Parameters
    ----------
    kind : str
        ``add_dx``, ``add_px``, ``set_principal``, ``set_main``, or ``set_`` and an attribute.
    options : tuple of str
        Codes or values, any of which meets it.
    """

    kind: str
    options: tuple[str, ...]

    def without(self, taken: Collection[str]) -> Change | None:
        """Return the change without the options that are taken; None when none is left."""
        left = tuple(option for option in self.options if option not in taken) if taken else self.options
        return Change(self.kind, left) if left else None


def change_case(values: CaseValues, kind: str, option: str) -> CaseValues:
    """Return the case with one thing changed.

    A code that becomes principal or main moves to the front, or is put there. An age in days brings its years with it.

    Examples
    --------
    >>> change_case(CaseValues(dx=("A", "B")), "set_principal", "B").dx
    ('B', 'A')
    """
    if kind == "set_age_days":
        return replace(values, age_days=int(option), age_years=int(option) // _DAYS_OF_YEAR)
    changed: dict[str, Any]
    if kind == "add_dx":
        changed = {"dx": (*values.dx, option)}
    elif kind == "add_px":
        changed = {"px": (*values.px, option)}
    elif kind == "set_principal":
        # The new principal diagnosis takes the place of the old one unless both are recorded.
        others = tuple(code for code in values.dx if code != option) if option in values.dx else values.dx[1:]
        changed = {"dx": (option, *others)}
    elif kind == "set_main":
        changed = {"px": (option, *(code for code in values.px if code != option))}
    else:
        field = kind.removeprefix("set_")
        changed = {field: option if field in ("discharge_status", "department") else int(option)}
    return replace(values, **changed)


def changes_for(lacking: Condition, values: CaseValues, scheme: Scheme, *, mdc: str, adrg: str) -> Change | None:
    """Return what would meet a condition, or None where no single addition does.

    Parameters
    ----------
    lacking : Condition
        The condition the case does not meet.
    values : CaseValues
        The case.
    scheme : Scheme
        The scheme as it is to be read.
    mdc, adrg : str
        Category and group the condition belongs to.
    """
    name = lacking.name
    if name in _ATTRIBUTES:
        field, offset = _ATTRIBUTES[name]
        return Change(f"set_{field}", (str(int(lacking.wanted) + offset),))
    if name in _TEXTS:
        return Change(f"set_{_TEXTS[name]}", tuple(lacking.wanted.split(";")))
    if name == "severity":
        return _complications(lacking, values, scheme)
    if name in ("mdc_anydx", "mdc_sites", "any_dx_prefix"):
        return _entries(lacking, values, scheme, mdc=mdc)
    if name in ("px_flag", "needs_valid_main_px"):
        wants_valid = lacking.wanted in ("main_valid", "1")
        return _codes("set_main", scheme.valid_px, lacking, values.px) if wants_valid else None
    return _list_changes(lacking, values, scheme, mdc=mdc, adrg=adrg) if name in _LISTS else None


def _list_changes(lacking: Condition, values: CaseValues, scheme: Scheme, *, mdc: str, adrg: str) -> Change | None:
    kind = _LISTS[lacking.name]
    lists = scheme.adrg_dx if kind in ("set_principal", "add_dx") else scheme.adrg_px
    listed: Collection[str] = lists[adrg, int(lacking.wanted)]
    if lacking.name == "pdx_list" and scheme.mdc_pdx[mdc]:
        listed = listed & scheme.mdc_pdx[mdc].keys()
    return _codes(kind, listed, lacking, values.px if kind == "add_px" else ())


def _codes(kind: str, listed: Iterable[str], lacking: Condition, recorded: Collection[str]) -> Change | None:
    """Return the codes of a list that the case has in another place, or else all that it has not."""
    options = lacking.elsewhere or tuple(sorted(set(listed).difference(recorded)))
    return Change(kind, options) if options else None


def _complications(lacking: Condition, values: CaseValues, scheme: Scheme) -> Change | None:
    if lacking.wanted == "CC_ONLY" and lacking.found:
        return None
    listed = scheme.mcc if lacking.wanted == "MCC" else scheme.cc
    own = scheme.exclusions.get(values.dx[0])
    return _codes("add_dx", (code for code, table in listed.items() if table != own), lacking, values.dx)


def _entries(lacking: Condition, values: CaseValues, scheme: Scheme, *, mdc: str) -> Change | None:
    listed = scheme.mdc_pdx[mdc]
    if lacking.name == "mdc_anydx":
        return _codes("add_dx", listed, lacking, values.dx)
    if lacking.name == "any_dx_prefix":
        known = set(scheme.exclusions).union(*scheme.mdc_pdx.values())
        return _codes("add_dx", (code for code in known if code.startswith(lacking.wanted)), lacking, values.dx)
    touched = {listed[code] for code in lacking.codes}
    return _codes("add_dx", (code for code, site in listed.items() if site and site not in touched), lacking, ())
