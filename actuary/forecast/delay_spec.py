"""Read the declarations of the reporting-delay model and of shrunk group means from models/forecast/."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from actuary.errors import DeclarationError, raise_all
from actuary.paths import models_root
from actuary.policy.shapes import Shape, Text, fit
from actuary.policy.toml_files import read_toml

__all__ = ["DelaySpec", "SmallGroupSpec", "SpreadSpec", "VolumeSpread", "load_delay_spec", "load_small_group_spec"]

Positive = Annotated[FiniteFloat, Field(gt=0)]
Share = Annotated[FiniteFloat, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=1000)]
Frequency = Annotated[str, Field(pattern="^[AQM]$")]


class SpreadSpec(Shape):
    """Declare the prior of a spread: standard deviation [log-odds], and how many unknowns it is worth."""

    sd: Positive
    worth: Positive


class SpreadsSpec(Shape):
    """Declare the spreads of everything the log-odds are made of."""

    level: SpreadSpec
    slope: SpreadSpec
    own_drift: SpreadSpec
    own_tilt: SpreadSpec
    own_curve: SpreadSpec
    drift: SpreadSpec
    tilt: SpreadSpec
    season: SpreadSpec
    scatter: SpreadSpec

    def named(self, name: str) -> SpreadSpec:
        """Return one by its name."""
        found: SpreadSpec = getattr(self, name)
        return found


class ShapeSpec(Shape):
    """Declare the curve, the jumps of drifts and the tails."""

    curve_sd: Positive
    jumps: Annotated[FiniteFloat, Field(gt=0, le=1)]
    tail: Positive
    carry: Share


class DrawSpec(Shape):
    """Declare the tails of the draws."""

    tail: Positive
    widest: Annotated[FiniteFloat, Field(ge=1)]
    farthest: Positive


class WindowSpec(Shape):
    """Declare which amounts are looked at."""

    complete_after: Mapping[Frequency, Count]
    history: Count
    cutoffs: Annotated[int, Field(ge=2, le=1000)]


class NoiseSpec(Shape):
    """Declare the noise of a log amount that is complete."""

    usual: Positive
    least: Positive


class VolumeSpread(Shape):
    """Standard deviations of log volumes.

    Parameters
    ----------
    walk, noise, season : float
        Of the step of the random walk, of single periods, and of the months of the year.
    """

    walk: Annotated[FiniteFloat, Field(ge=0)]
    noise: Annotated[FiniteFloat, Field(ge=0)]
    season: Annotated[FiniteFloat, Field(ge=0)]


class VolumesSpec(Shape):
    """Declare how log volumes move."""

    least_common: VolumeSpread
    least_own: VolumeSpread
    first_guess: VolumeSpread
    guess_width: Positive
    enough_mature: Count
    level_sd: Positive
    steady_worth: Positive


class DelaySpec(Shape):
    """Hold the declaration of the reporting-delay model."""

    schema_: Literal[1] = Field(alias="schema")
    name: Text
    name_zh: Text
    name_en: Text
    source: Text
    spreads: SpreadsSpec
    shape: ShapeSpec
    draws: DrawSpec
    window: WindowSpec
    noise: NoiseSpec
    volumes: VolumesSpec


class SmallGroupSpec(Shape):
    """Hold the declaration of shrunk group means."""

    schema_: Literal[1] = Field(alias="schema")
    name: Text
    name_zh: Text
    name_en: Text
    source: Text
    variance_worth: Positive
    mix_worth: Positive
    first_spread: Positive
    spread_worth: Positive
    spread_prior: Positive
    smear_doubt: Positive


def _load[T: Shape](kind: type[T], path: Path) -> T:
    file, problems = read_toml(path)
    raise_all(problems, DeclarationError)
    assert file is not None  # noqa: S101  problems have been raised
    spec, differences = fit(kind, file.data, file=file)
    raise_all(differences, DeclarationError)
    assert spec is not None  # noqa: S101
    return spec


@lru_cache(maxsize=8)
def load_delay_spec(path: Path | None = None) -> DelaySpec:
    """Read the declaration of the reporting-delay model.

    Parameters
    ----------
    path : Path, optional
        A declaration of one's own; models/forecast/reserving.toml when left out.

    Raises
    ------
    DeclarationError
        With every problem of the file.

    Examples
    --------
    >>> load_delay_spec().window.complete_after["M"]
    12
    """
    return _load(DelaySpec, path or models_root() / "forecast" / "reserving.toml")


@lru_cache(maxsize=8)
def load_small_group_spec(path: Path | None = None) -> SmallGroupSpec:
    """Read the declaration of shrunk group means.

    Parameters
    ----------
    path : Path, optional
        A declaration of one's own; models/forecast/small_groups.toml when left out.

    Raises
    ------
    DeclarationError
        With every problem of the file.

    Examples
    --------
    >>> load_small_group_spec().variance_worth
    10.0
    """
    return _load(SmallGroupSpec, path or models_root() / "forecast" / "small_groups.toml")
