"""Read the declaration of the pooled model from models/forecast/."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from actuary.errors import DeclarationError, Problem, raise_all
from actuary.paths import models_root
from actuary.policy.shapes import Shape, Text, fit
from actuary.policy.toml_files import read_toml

__all__ = ["PooledSpec", "load_pooled_spec"]

Positive = Annotated[float, Field(gt=0)]
Law = tuple[Positive, Positive]
Share = Annotated[float, Field(ge=0, le=1)]
Frequency = Annotated[str, Field(pattern="^[AQM]$")]


class ScaleSpec(Shape):
    """Declare the scale on which the recursion runs."""

    power: Share


class PriorSpec(Shape):
    """Declare the prior of the recursion; pairs are the two shapes of a beta law."""

    draws: Annotated[int, Field(ge=50, le=100_000)]
    alpha: Law
    beta_share: Law
    gamma_share: Law
    phi: Law
    kappa: Law
    kappa_most: Positive


class WeightSpec(Shape):
    """Declare how draws are told apart by their losses."""

    panel: Annotated[float, Field(ge=0)]
    total: Annotated[float, Field(ge=0)]
    series: Annotated[float, Field(ge=0)]
    full_at: Annotated[int, Field(ge=1)]
    back: Mapping[Frequency, Annotated[int, Field(ge=1)]]


class ShockSpec(Shape):
    """Declare where the shocks of the future are from."""

    half_life: Mapping[Frequency, Positive]
    least: Annotated[int, Field(ge=2)]
    unknown: Positive
    still: Share
    floor: Share


class DependenceSpec(Shape):
    """Declare how correlations between series are drawn towards what the whole panel says."""

    most: Share
    independent: Annotated[float, Field(ge=0)]
    least: Annotated[int, Field(ge=5)]


class StackSpec(Shape):
    """Declare which classical forecasts the location is drawn towards, and how the weights are learnt."""

    models: tuple[Literal["theta", "ets"], ...]
    prior: tuple[Share, ...]
    width: Positive
    step: Annotated[float, Field(gt=0, le=0.5)]
    most: Share
    origins: Annotated[int, Field(ge=0)]
    learn_from: Annotated[int, Field(ge=1)]
    panel: Annotated[float, Field(ge=0)]
    series: Annotated[float, Field(ge=0)]
    full_at: Annotated[int, Field(ge=1)]


class PooledSpec(Shape):
    """Hold the declaration of the pooled model."""

    schema_: Literal[1] = Field(alias="schema")
    name: Text
    name_zh: Text
    name_en: Text
    scale: ScaleSpec
    prior: PriorSpec
    weights: WeightSpec
    shocks: ShockSpec
    dependence: DependenceSpec
    stack: StackSpec


def load_pooled_spec(path: Path | None = None) -> PooledSpec:
    """Read the declaration of the pooled model.

    Parameters
    ----------
    path : Path, optional
        A declaration of one's own; models/forecast/pooled.toml when left out.

    Raises
    ------
    DeclarationError
        With every problem of the file.

    Examples
    --------
    >>> load_pooled_spec().prior.draws
    1000
    """
    file, problems = read_toml(path or models_root() / "forecast" / "pooled.toml")
    raise_all(problems, DeclarationError)
    assert file is not None  # noqa: S101  problems have been raised
    spec, differences = fit(PooledSpec, file.data, file=file)
    raise_all(differences, DeclarationError)
    assert spec is not None  # noqa: S101
    wanted = {"A", "Q", "M"}
    tables = {"weights.back": spec.weights.back, "shocks.half_life": spec.shocks.half_life}
    differences = [
        Problem(file.where(key), f"nothing for {', '.join(sorted(wanted - set(table)))}", "a number for A, Q and M")
        for key, table in tables.items()
        if set(table) != wanted
    ]
    raise_all(differences, DeclarationError)
    if len(spec.stack.prior) != len(spec.stack.models):
        found = f"{len(spec.stack.prior)} weights"
        raise DeclarationError(Problem(file.where("stack.prior"), found, f"one for each of {len(spec.stack.models)}"))
    return spec
