"""Where the declared models, the reference data and the notebooks lie.

In a checkout they stand at the top level; in an installed wheel they travel inside the package.
"""

from __future__ import annotations

from pathlib import Path

from actuary.errors import ActuaryError, Problem

__all__ = ["data_root", "given_folder", "models_root", "notebooks_root"]

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


def given_folder(folder: Path | str | None, *, what: str) -> Path | None:
    """Return a folder that a user named as a path, or None where none was named.

    Parameters
    ----------
    folder : path or None
        What was named.
    what : str
        Which folder it is, for the message.

    Raises
    ------
    ActuaryError
        When there is no such folder.

    Examples
    --------
    >>> given_folder(None, what="models")
    >>> given_folder("/no/such/folder", what="models")
    Traceback (most recent call last):
    actuary.errors.ActuaryError: models: found /no/such/folder, which is no folder; expected a folder
    """
    if folder is None:
        return None
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise ActuaryError(Problem(what, f"{folder}, which is no folder", "a folder"))
    return path
