"""The rows of a grouping scheme, as its tables hold them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DRG_SEVERITIES", "DX_ROLES", "PX_FLAGS", "AdrgRow", "Conditions", "DrgRow", "MdcRow", "Rule"]

#: How a MDC looks at the diagnoses: not at all, at the principal one, at any, at the body sites they touch.
DX_ROLES = ("none", "principal", "any", "sites")

#: What a rule can ask of the procedures by the scheme's list of valid ones.
PX_FLAGS = ("", "main_valid", "none_valid", "main_not_valid")

#: What a DRG asks of the complications: CC is met by MCC too, CC_ONLY is not.
DRG_SEVERITIES = ("MCC", "CC", "CC_ONLY", "none", "undivided")


@dataclass(frozen=True, slots=True)
class MdcRow:
    """Hold one major diagnostic category (MDC) and its condition of entry.

    Parameters
    ----------
    mdc : str
        Its letter.
    name : str
        Its title.
    order : int
        Place in the order of evaluation.
    dx_role : str
        One of `DX_ROLES`.
    sex : str
        ``"1"`` male, ``"2"`` female, empty for both.
    age_years_must_be_0 : bool
        Whether only infants enter.
    needs_valid_main_px : bool
        Whether the main procedure must be on the scheme's list of valid procedures.
    any_dx_prefix : str
        Also entered when any diagnosis starts so; empty for no such way in.
    qy : bool
        Whether the MDC has a group for ambiguous cases (QY) when the switch `qy` is on.
    any_dx_prefix_sex : str
        Sex that the way in by prefix asks for; empty for both.
    """

    mdc: str
    name: str
    order: int
    dx_role: str
    sex: str = ""
    age_years_must_be_0: bool = False
    needs_valid_main_px: bool = False
    any_dx_prefix: str = ""
    qy: bool = False
    any_dx_prefix_sex: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Hold the conditions on the stay and the patient; None or empty means no condition.

    A stay whose value is missing does not meet a condition on it.

    Parameters
    ----------
    age_days_min, age_days_max : int or None
        Age [days], both inclusive.
    age_years_min, age_years_max : int or None
        Age [completed years], both inclusive.
    weight_g_min, weight_g_max : int or None
        Birth weight [g], from inclusive to exclusive.
    los_min, los_max : int or None
        Length of stay [days], both inclusive.
    icu_hours_min, icu_hours_max : int or None
        Hours in intensive care [h], both inclusive.
    discharge : tuple of str
        Ways of discharge that are let in.
    department : tuple of str
        Departments that are let in.
    """

    age_days_min: int | None = None
    age_days_max: int | None = None
    age_years_min: int | None = None
    age_years_max: int | None = None
    weight_g_min: int | None = None
    weight_g_max: int | None = None
    los_min: int | None = None
    los_max: int | None = None
    icu_hours_min: int | None = None
    icu_hours_max: int | None = None
    discharge: tuple[str, ...] = ()
    department: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Conditions):
    """Hold one rule of an ADRG: every condition it states must hold.

    Parameters
    ----------
    rule_id, adrg, mdc : str
        Its name, its group and the MDC in which it is tried.
    seq : int
        Place in the order of evaluation.
    pdx_list : int or None
        List of the ADRG in which the principal diagnosis is.
    not_pdx_list : int or None
        List of the ADRG in which the principal diagnosis is not.
    anydx_list : int or None
        List in which some diagnosis is, the principal one included.
    odx_list : int or None
        List in which some other diagnosis is.
    ppx_list : int or None
        List in which the main procedure is.
    apx_lists : tuple of int
        Lists in each of which some procedure is, in any position.
    px_pair_list : int or None
        List in which two different procedures are.
    px_flag : str
        One of `PX_FLAGS`.
    """

    rule_id: str
    adrg: str
    mdc: str
    seq: int
    pdx_list: int | None = None
    not_pdx_list: int | None = None
    anydx_list: int | None = None
    odx_list: int | None = None
    ppx_list: int | None = None
    apx_lists: tuple[int, ...] = ()
    px_pair_list: int | None = None
    px_flag: str = ""


@dataclass(frozen=True, slots=True)
class AdrgRow:
    """Hold one adjacent group (ADRG): ``kind`` is surgical, procedure or medical.

    Parameters
    ----------
    adrg, mdc, name, kind : str
        Code, MDC, title and kind.
    priority : int
        Place among all groups as published.
    """

    adrg: str
    mdc: str
    name: str
    kind: str
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DrgRow(Conditions):
    """Hold one group (DRG) of an ADRG; the first whose conditions hold is taken.

    Parameters
    ----------
    drg, adrg, name : str
        Code, ADRG and title.
    severity : str
        One of `DRG_SEVERITIES`.
    """

    drg: str
    adrg: str
    name: str
    severity: str
