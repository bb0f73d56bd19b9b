"""Where the declared models, the reference data and the notebooks lie.

In a checkout they stand at the top level; in an installed wheel they travel inside the package.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["data_root", "models_root", "notebooks_root"]

_PACKAGE = Path(__file__).resolve().parent


def _root(name: str) -> Path:
    embedded = _PACKAGE / "embedded" / name
    return embedded if embedded.is_dir() else _PACKAGE.parent / name


def models_root() -> Path:
    """Return the folder of the declared rules and assumptions."""
    return _root("models")


def data_root() -> Path:
    """Return the folder of the published figures."""
    return _root("data")


def notebooks_root() -> Path:
    """Return the folder of the notebooks."""
    return _root("notebooks")
