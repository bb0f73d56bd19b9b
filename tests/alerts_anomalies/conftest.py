"""Small tables of cases with planted signs, and synthetic cities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from actuary.synth import synthesise_city

DAY = np.datetime64("2024-01-01")


def plain_cases(hospitals: int = 8, stays: int = 100) -> pd.DataFrame:
    """Return stays that are the same in every hospital but for a spread of costs that repeats itself."""
    rows = hospitals * stays
    number = np.arange(rows) % stays
    admission = DAY + (number * 365 // stays).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "case_id": [f"c{i:05d}" for i in range(rows)],
            "hospital": [f"H{i // stays:02d}" for i in range(rows)],
            "tier": "3",
            "insurance": "employee",
            "drg": np.where(number % 5 == 0, "BR21", "BR25"),
            "adrg": "BR2",
            "mdc": "B",
            "severity": np.where(number % 5 == 0, "MCC", "none"),
            "person_key": [f"p{i:05d}" for i in range(rows)],
            "age_years": 60,
            "admission_date": admission,
            "discharge_date": admission + (4 + number % 7).astype("timedelta64[D]"),
            "los_days": 4 + number % 7,
            "total_cost": 9000.0 + 500 * (number % 7),
            "drug_cost": 4000.0 + 100 * (number % 3),
            "consumable_cost": 1000.0 + 50 * (number % 4),
            "fully_self_paid": 500.0 + 20 * (number % 5),
            "outpatient_cost_14d": 300.0 + 30 * (number % 6),
        }
    )


@pytest.fixture
def make_cases():
    return plain_cases


@pytest.fixture
def plain() -> pd.DataFrame:
    return plain_cases()


def cases_of(city) -> pa.Table:
    return pa.concat_tables([part.cases for part in city.parts()])


@pytest.fixture(scope="session")
def city():
    return synthesise_city("shenyang", cases=40_000, seed=7)


@pytest.fixture(scope="session")
def city_cases(city):
    return cases_of(city)


@pytest.fixture(scope="session")
def honest_cases(city):
    nobody = {kind: np.zeros_like(where) for kind, where in city.setting.misbehaving.items()}
    return cases_of(replace(city, setting=replace(city.setting, misbehaving=nobody)))
