"""The sections of the report, one module each; every ``build`` takes the inputs and the composer."""

from __future__ import annotations

from collections.abc import Callable

from actuary.report.composer import Composer
from actuary.report.contracts import Section
from actuary.report.inputs import ReportInputs
from actuary.report.sections import (
    ageing,
    appendix,
    balance,
    birth_policy,
    causes,
    city_pages,
    data_notes,
    forecast,
    key_findings,
    long_term,
    membership,
    method_notes,
    operation,
    opinion,
    payment,
    projection,
    reconciliation,
    rules_in_force,
    stress,
    use_and_price,
    warnings,
)

__all__ = ["PEOPLE_SECTIONS", "SECTIONS"]

type Builder = Callable[[ReportInputs, Composer], Section | None]

#: Sections written from the people-driven model.
PEOPLE_SECTIONS = ("long_term", "stress", "ageing", "birth_policy")

#: Builder of every section, in the order of the report.
SECTIONS: dict[str, Builder] = {
    "key_findings": key_findings.build,
    "rules_in_force": rules_in_force.build,
    "operation": operation.build,
    "membership": membership.build,
    "use_and_price": use_and_price.build,
    "causes": causes.build,
    "balance": balance.build,
    "projection": projection.build,
    "forecast": forecast.build,
    "long_term": long_term.build,
    "stress": stress.build,
    "ageing": ageing.build,
    "birth_policy": birth_policy.build,
    "reconciliation": reconciliation.build,
    "warnings": warnings.build,
    "payment": payment.build,
    "city_pages": city_pages.build,
    "data_notes": data_notes.build,
    "method_notes": method_notes.build,
    "opinion": opinion.build,
    "appendix": appendix.build,
}
