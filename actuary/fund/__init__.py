"""The funds of a region: history by quarter, projection under scenarios, milestones.

Examples
--------
>>> projection = project_fund("national", "2024Q4", scenarios=("base",))
>>> projection.schemes, str(projection.valuation_quarter("resident"))
(('all', 'employee', 'resident'), '2024Q4')
"""

from __future__ import annotations

from actuary.fund.assembly import payable_months
from actuary.fund.city import facts_page
from actuary.fund.missing import LATE_ASSUMPTIONS, SCHEME_NAMES, MissingInput, Note
from actuary.fund.projection import METHOD, project_fund
from actuary.fund.report_quarter import check_quarter
from actuary.fund.result import FundProjection
from actuary.fund.variables import SCHEMES, STATUSES, VARIABLES, Variable

__all__ = [
    "LATE_ASSUMPTIONS",
    "METHOD",
    "SCHEMES",
    "SCHEME_NAMES",
    "STATUSES",
    "VARIABLES",
    "FundProjection",
    "MissingInput",
    "Note",
    "Variable",
    "check_quarter",
    "facts_page",
    "payable_months",
    "project_fund",
]
