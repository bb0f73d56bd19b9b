"""Read the TOML files that a user or a rule set declares beside the payment policy: budgets, alliances, methods."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from actuary.errors import DeclarationError, raise_all
from actuary.policy.shapes import fit
from actuary.policy.toml_files import read_toml

__all__ = ["read_declared"]


def read_declared[M: BaseModel](path: Path | str, shape: type[M]) -> M:
    """Read a TOML file into its declared shape; every difference is named with its line.

    Parameters
    ----------
    path : path
        The file.
    shape : type
        The shape, a frozen pydantic model without room for unknown keys.

    Returns
    -------
    object of `shape`
        The file's content.

    Raises
    ------
    DeclarationError
        With every problem of the file.
    """
    place = Path(path).expanduser()
    file, problems = read_toml(place, root=place.resolve().parent, exact=True)
    raise_all(problems, DeclarationError)
    if file is None:  # pragma: no cover  (a file that cannot be read comes with a problem)
        raise AssertionError(place)
    declared, problems = fit(shape, file.data, file=file)
    raise_all(problems, DeclarationError)
    if declared is None:  # pragma: no cover  (a table that does not fit comes with a problem)
        raise AssertionError(place)
    return declared
