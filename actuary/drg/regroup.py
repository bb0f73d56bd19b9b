"""Group a handful of changed cases in one batch of the grouper."""

from __future__ import annotations

from collections.abc import Sequence

from actuary.drg.case_columns import arrow_columns
from actuary.drg.case_values import CaseValues
from actuary.drg.cases import Case, Result
from actuary.drg.grouper import Grouper
from actuary.drg.scheme import Scheme
from actuary.drg.statuses import Reason, Severity, Status

__all__ = ["group_values"]


def group_values(values: Sequence[CaseValues], scheme: Scheme) -> tuple[Result, ...]:
    """Return the answer for each case, in order."""
    if not values:
        return ()
    grouper = Grouper.of(scheme)
    columns, _ = arrow_columns([_case(one) for one in values], grouper.compiled.reads, scheme=scheme.name)
    answers = grouper.group(grouper.encode(columns))
    compiled, severities = grouper.compiled, [*Severity, None]
    statuses, reasons = list(Status), list(Reason)
    return tuple(
        Result(
            case_id=one.case_id,
            status=statuses[answers.status[place]],
            mdc=compiled.mdcs[answers.mdc[place]],
            adrg=compiled.adrgs[answers.adrg[place]],
            drg=compiled.drgs[answers.drg[place]],
            severity=severities[answers.severity[place]],
            reason=reasons[answers.reason[place]],
            rule_id=compiled.rules[answers.rule[place]] if answers.rule[place] >= 0 else "",
        )
        for place, one in enumerate(values)
    )


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
