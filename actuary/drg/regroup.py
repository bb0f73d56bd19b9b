"""Group a handful of changed cases in one batch of the grouper."""

from __future__ import annotations

from collections.abc import Sequence

from actuary.drg.case_values import CaseValues
from actuary.drg.cases import Case, Result
from actuary.drg.grouper import group_each
from actuary.drg.scheme import Scheme

__all__ = ["group_values"]


def group_values(values: Sequence[CaseValues], scheme: Scheme) -> tuple[Result, ...]:
    """Return the answer for each case, in order."""
    return group_each([_case(one) for one in values], scheme)


def _case(values: CaseValues) -> Case:
    return Case(
        case_id=values.case_id,
        sex=values.sex,
        age_years="?" if values.age_is_no_number else values.age_years,
        age_days=values.age_days,
        birth_weight_g=values.birth_weight_g,
        los_days=values.los_days,
        discharge_status=values.discharge_status,
        department=values.department,
        icu_hours=values.icu_hours,
        dx=values.dx,
        px=values.px,
    )
