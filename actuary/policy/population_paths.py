"""How paths of fertility, mortality and migration hang together over time and with each other: declared judgement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from actuary.errors import DeclarationError, raise_all
from actuary.paths import models_root
from actuary.policy.shapes import Shape, Text, check_source, fit
from actuary.policy.toml_files import read_sources, read_toml

__all__ = ["PATHS_FILE", "Correlation", "PathSpread", "PopulationPathsFile", "load_population_paths"]

#: Where the declaration lies under the root of the models.
PATHS_FILE = Path("national") / "model" / "population_paths.toml"

_Share = Annotated[float, Field(ge=0.0, lt=1.0)]


class PathSpread(Shape):
    """Say how long a deviation from the medium path lasts.

    Attributes
    ----------
    persistence : float
        Correlation of the deviations of two years that follow each other.
    source, reason, reason_en : str
        Where it comes from.
    """

    persistence: _Share
    source: Text
    reason: Text
    reason_en: Text


class Correlation(Shape):
    """Say how far deviations of different kinds go together in a year."""

    tfr_e0: Annotated[float, Field(ge=-1.0, le=1.0)]
    tfr_migration: Annotated[float, Field(ge=-1.0, le=1.0)]
    e0_migration: Annotated[float, Field(ge=-1.0, le=1.0)]
    source: Text
    reason: Text
    reason_en: Text


class PopulationPathsFile(Shape):
    """Hold the declaration of population paths.

    Attributes
    ----------
    tfr, e0, migration : PathSpread
        Total fertility, life expectancy of both sexes together, net migrants.
    correlation : Correlation
        Between them within a year.
    lowest_tfr : float
        No path falls below it [births per woman].
    """

    name_zh: Text
    name_en: Text
    lowest_tfr: Annotated[float, Field(ge=0.0)]
    tfr: PathSpread
    e0: PathSpread
    migration: PathSpread
    correlation: Correlation


def load_population_paths(root: Path | None = None) -> PopulationPathsFile:
    """Load the declared persistence and correlation of population paths.

    Parameters
    ----------
    root : Path, optional
        Root of the models; those of the package when left out.

    Raises
    ------
    DeclarationError
        With every problem of the file.

    Examples
    --------
    >>> load_population_paths().tfr.source
    'judgement'
    """
    base = root or models_root()
    file, problems = read_toml(base / PATHS_FILE, root=base)
    if file is None:
        raise DeclarationError(problems)
    declared, found = fit(PopulationPathsFile, file.data, file=file)
    problems += found
    if declared is not None:
        sources, found = read_sources(file.path.parent, root=base)
        problems += found
        for name in ("tfr", "e0", "migration", "correlation"):
            source, where = getattr(declared, name).source, file.where(f"{name}.source")
            problems += check_source(source, where=where, sources=sources, label=file.label)
    raise_all(problems, DeclarationError)
    assert declared is not None  # noqa: S101 (a file without problems was read)
    return declared
