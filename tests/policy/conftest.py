import shutil
from pathlib import Path

import pytest

from actuary.paths import models_root


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Give a copy of the declared models that a test may spoil."""
    return Path(shutil.copytree(models_root(), tmp_path / "models"))
