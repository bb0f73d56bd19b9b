"""The declaration of forecasts of a region's funds: models/forecast/fund.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from actuary.errors import DeclarationError, raise_all
from actuary.paths import models_root
from actuary.policy.shapes import Shape, Text, fit
from actuary.policy.toml_files import read_toml

__all__ = ["FlowSpec", "FundSpec", "GateSpec", "Intervention", "RevisionSpec", "ShareSpec", "load_fund_spec"]

Positive = Annotated[float, Field(gt=0)]
Grid = Annotated[tuple[Positive, ...], Field(min_length=1)]


class FlowSpec(Shape):
    """Declare how months that were not published vary, relative to a growing trend."""

    level: Grid
    level_months: Positive
    season: Grid
    season_years: Grid
    month: Grid


class RevisionSpec(Shape):
    """Declare what provisional figures are, and what the pooled pairs of first and last figures are worth."""

    provisional: tuple[Text, ...]
    worth: Positive
    notice_error: Positive


class ShareSpec(Shape):
    """Declare how the pool's share of the employee fund moves, and how it varies within a year."""

    step: Positive
    worth: Positive
    within_year: Positive


class Intervention(Shape):
    """Declare a dated one-off whose published size is put back into the history before it is forecast."""

    region: Text
    scheme: Text
    indicator: Text
    year: int
    fact: Text
    sign: Literal[-1, 1]
    name_zh: Text
    name_en: Text


class RegionSpan(Shape):
    """Declare from which year on a region's figures are of one coverage."""

    region: Text
    first_year: int
    reason_zh: Text
    reason_en: Text


class GateSpec(Shape):
    """Declare when the back-test forbids a forecast to be printed: its error, and the coverage of 80 % intervals."""

    worst_error: Positive
    least_cover: Annotated[float, Field(ge=0, le=1)]
    least_cases: Annotated[int, Field(ge=1)]


class FundSpec(Shape):
    """Hold the declaration of fund forecasts."""

    schema_: Literal[1] = Field(alias="schema")
    name: Text
    name_zh: Text
    name_en: Text
    histories: Annotated[int, Field(ge=1)]
    histories_sampled: Annotated[int, Field(ge=1)]
    histories_tested: Annotated[int, Field(ge=1)]
    histories_sampled_tested: Annotated[int, Field(ge=1)]
    flows: FlowSpec
    revision: RevisionSpec
    pool_share: ShareSpec
    gate: GateSpec
    span: tuple[RegionSpan, ...] = ()
    intervention: tuple[Intervention, ...] = ()

    def first_year(self, region: str) -> int:
        """Return from which year on the figures of a region are of one coverage; 0 for all."""
        return max((one.first_year for one in self.span if one.region == region), default=0)


def load_fund_spec(path: Path | None = None, *, models: Path | None = None) -> FundSpec:
    """Read the declaration of fund forecasts.

    Parameters
    ----------
    path : Path, optional
        A declaration of one's own; forecast/fund.toml of the models when left out.
    models : Path, optional
        Models folder; where it declares no fund forecasts, that of the package is read.

    Raises
    ------
    DeclarationError
        With every problem of the file.

    Examples
    --------
    >>> load_fund_spec().first_year("national")
    2019
    """
    own = None if models is None else models / "forecast" / "fund.toml"
    declared = own if own is not None and own.is_file() else models_root() / "forecast" / "fund.toml"
    file, problems = read_toml(path or declared)
    raise_all(problems, DeclarationError)
    assert file is not None  # noqa: S101  problems have been raised
    spec, differences = fit(FundSpec, file.data, file=file)
    raise_all(differences, DeclarationError)
    assert spec is not None  # noqa: S101
    return spec
