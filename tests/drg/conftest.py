"""What the tests of the grouper share."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actuary.drg.scheme import Scheme, load_scheme


@pytest.fixture(scope="session")
def national() -> Scheme:
    """Return CHS-DRG 1.1 as shipped."""
    return load_scheme("chs-drg-1.1")


@pytest.fixture(scope="session")
def later(reference: Path) -> Scheme:
    """Return CHS-DRG 2.0 from the reference folder."""
    return load_scheme(reference / "drg" / "chs-drg-2.0")


@pytest.fixture(scope="session")
def slow_group() -> Callable[..., Any]:
    """Return the slow twin of the grouper."""
    path = Path(__file__).parent.parent / "reference" / "slow_grouper.py"
    spec = importlib.util.spec_from_file_location("slow_grouper", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["slow_grouper"] = module
    spec.loader.exec_module(module)
    return module.slow_group
