"""The people-driven model of the funds: from persons by age, sex and status to income, spending and balances.

Examples
--------
>>> run = project_model("national", to="2035Q4")
>>> run.projected_schemes
('employee', 'resident')
"""

from __future__ import annotations

from actuary.fund.model.base_year import BaseYear, read_base_year
from actuary.fund.model.calibration import Calibration, calibrate
from actuary.fund.model.causes import ageing_index, growth_causes
from actuary.fund.model.comparison import compare_projections
from actuary.fund.model.drivers import read_model_drivers
from actuary.fund.model.exposure import Exposure, measure_exposure
from actuary.fund.model.finance import FinanceInputs, FinanceState, opening_state, project_finance
from actuary.fund.model.levers import Levers
from actuary.fund.model.projection import MODEL_METHOD, build_inputs, project_model
from actuary.fund.model.result import ModelProjection
from actuary.fund.model.valuation import actuarial_balance, change_driver, solve_reserve

__all__ = [
    "MODEL_METHOD",
    "BaseYear",
    "Calibration",
    "Exposure",
    "FinanceInputs",
    "FinanceState",
    "Levers",
    "ModelProjection",
    "actuarial_balance",
    "ageing_index",
    "build_inputs",
    "calibrate",
    "change_driver",
    "compare_projections",
    "growth_causes",
    "measure_exposure",
    "opening_state",
    "project_finance",
    "project_model",
    "read_base_year",
    "read_model_drivers",
    "solve_reserve",
]
