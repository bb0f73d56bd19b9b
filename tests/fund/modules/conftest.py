"""One projection of the nation to 2100 and what modules see of it, shared by the tests of the modules."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from actuary.demography.membership import Membership
from actuary.fund.model import ModelProjection, project_model
from actuary.fund.model.people import project_members
from actuary.fund.modules import ModuleView, module_view
from actuary.paths import models_root
from actuary.periods import Quarter
from actuary.policy import resolve

HORIZON = Quarter(2100, 4)


@pytest.fixture(scope="session")
def members() -> Membership:
    resolved = {"base": resolve("national", basis="people")}
    return project_members("national", resolved, base_year=2024, to=HORIZON)["base"]


@pytest.fixture(scope="session")
def run(members: Membership) -> ModelProjection:
    return project_model("national", to=HORIZON, members=members)


@pytest.fixture(scope="session")
def see(members: Membership) -> Callable[[str], ModuleView]:
    """Give what modules see under a scenario."""
    held: dict[str, ModuleView] = {}

    def view(scenario: str) -> ModuleView:
        if scenario not in held:
            one = project_model("national", to=HORIZON, members=members, scenarios=[scenario])
            held[scenario] = module_view(one, members={scenario: members})
        return held[scenario]

    return view


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Give a copy of the declared models that a test may spoil."""
    return Path(shutil.copytree(models_root(), tmp_path / "models"))
