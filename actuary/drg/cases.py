"""One case and one answer, for those who ask about single stays."""

from __future__ import annotations

from dataclasses import dataclass

from actuary.drg.statuses import Reason, Severity, Status

__all__ = ["NO_ADRG", "NO_DRG", "NO_MDC", "QY", "Case", "Result"]

#: What stands for "none" in an answer.
NO_MDC, NO_ADRG, NO_DRG = "0000", "00", "0000"

#: What stands for the group of an ambiguous case; its DRG is the letter of the MDC and this.
QY = "QY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Hold what the grouper reads of one stay; None means missing.

    Parameters
    ----------
    case_id : str
        Its name.
    sex : object
        1 or ``"1"`` male, 2 or ``"2"`` female; anything else fails the check.
    age_years : object
        Age in completed years [years].
    age_days : object
        Age in days [days]; needed where the age is 0 years.
    birth_weight_g : object
        Birth weight [g]; needed up to 28 days.
    los_days : object
        Length of stay [days].
    discharge_status, department : object
        Way of discharge and department, as coded; read by city schemes only.
    icu_hours : object
        Hours in intensive care [h]; read by city schemes only.
    dx : sequence of str, or str, or None
        Diagnoses, the principal one first; a text is split at ``|``.
    px : sequence of str, or str, or None
        Procedures, the main one first; a text is split at ``|``.
    """

    case_id: str = ""
    sex: object = None
    age_years: object = None
    age_days: object = None
    birth_weight_g: object = None
    los_days: object = None
    discharge_status: object = None
    department: object = None
    icu_hours: object = None
    dx: object = None
    px: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Hold the answer for one case.

    Parameters
    ----------
    case_id : str
        Name of the case.
    status : Status
        What became of it.
    mdc, adrg, drg : str
        Category and groups; ``0000``, ``00``, ``0000`` when there is none, ``BQY`` and the like when ambiguous.
    severity : Severity or None
        Level of complications the group stands for; None without a group.
    reason : Reason
        Why.
    rule_id : str
        The rule that held; empty without one.
    """

    case_id: str
    status: Status
    mdc: str
    adrg: str
    drg: str
    severity: Severity | None
    reason: Reason
    rule_id: str = ""
