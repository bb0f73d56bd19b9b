"""Where grouping schemes lie: the ones that are shipped, and the user's own folder of imported ones."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from actuary.paths import models_root

__all__ = ["find_scheme", "known_schemes", "user_schemes"]


def user_schemes() -> Path:
    """Return the folder of imported schemes: ``ACTUARY_SCHEMES``, else the user's data folder.

    Examples
    --------
    >>> import os
    >>> os.environ["ACTUARY_SCHEMES"] = "my/schemes"
    >>> user_schemes().as_posix()
    'my/schemes'
    >>> del os.environ["ACTUARY_SCHEMES"]
    """
    chosen = os.environ.get("ACTUARY_SCHEMES")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs  # noqa: PLC0415  (needed only where the environment says nothing)

    return Path(platformdirs.user_data_dir("actuary")) / "schemes"


def known_schemes(root: Path | None = None) -> Mapping[str, Path]:
    """Return the folders of all schemes by name; an imported scheme never hides a shipped one.

    Parameters
    ----------
    root : Path, optional
        Folder laid out as models/; that of the package when left out.
    """
    models = root or models_root()
    homes = [user_schemes(), *sorted(models.glob("cities/*/drg")), models / "national" / "drg"]
    return {
        folder.name: folder
        for home in homes
        if home.is_dir()
        for folder in sorted(home.iterdir())
        if (folder / "adrg_rules.csv").is_file()
    }


def find_scheme(name_or_folder: str | Path, root: Path | None = None) -> Path | None:
    """Return the folder of a scheme given by name or by path, or None."""
    known = known_schemes(root)
    if str(name_or_folder) in known:
        return known[str(name_or_folder)]
    folder = Path(name_or_folder).expanduser()
    return folder if folder.is_dir() else None
