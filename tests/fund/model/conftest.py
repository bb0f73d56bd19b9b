"""One people-driven projection of the nation, shared by the tests of its parts."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from actuary.demography.membership import Membership
from actuary.fund.model import ModelProjection, project_model
from actuary.fund.model.people import project_members
from actuary.paths import models_root
from actuary.periods import Quarter
from actuary.policy import resolve

HORIZON = Quarter(2036, 4)


@pytest.fixture(scope="session")
def members() -> Mapping[str, Membership]:
    resolved = {"base": resolve("national", basis="people")}
    return project_members("national", resolved, base_year=2024, to=HORIZON)


@pytest.fixture(scope="session")
def run(members: Mapping[str, Membership]) -> ModelProjection:
    return project_model("national", to=HORIZON, members=members)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Give a copy of the declared models that a test may spoil."""
    return Path(shutil.copytree(models_root(), tmp_path / "models"))
