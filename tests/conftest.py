"""Settings and places that every test may use."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT.parent / "shared"

# Kernels compile on their first call: no deadline for single examples.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the top of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def reference() -> Path:
    """Return the reference folder beside the checkout; skip by name where it is missing."""
    if not REFERENCE.is_dir():
        pytest.skip("the reference folder ../shared is not beside this checkout")
    return REFERENCE


@pytest.fixture(scope="session")
def actuary_command() -> list[str]:
    """Return the command line of the package under test."""
    return [sys.executable, "-m", "actuary"]
