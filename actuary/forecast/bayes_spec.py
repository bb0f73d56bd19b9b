"""Read the declarations of the sampled models from models/forecast/: terms, priors, effects, sampler and gate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from actuary.errors import DeclarationError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.paths import models_root
from actuary.policy.shapes import Shape, Text, fit
from actuary.policy.toml_files import TomlFile, read_toml

__all__ = [
    "BayesSpec",
    "EffectSpec",
    "GateSpec",
    "Law",
    "OutbreakSpec",
    "ProductSpec",
    "SamplerSpec",
    "Term",
    "bayes_model_names",
    "load_bayes_spec",
]

Positive = Annotated[FiniteFloat, Field(gt=0)]
Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=100_000)]

#: What a model may be made of; a level every model has.
Term = Literal["slope", "drift", "season", "tails", "common"]


class Law(Shape):
    """Declare a quantity that series share: normal over the panel, with a spread over its series.

    `mean` and `sd` are those of the panel's centre, `spread` the expected standard deviation of the series around it.
    """

    mean: FiniteFloat
    sd: Positive
    spread: Positive


class ScaleSpec(Shape):
    """Declare the scale on which the recursion runs: Box-Cox of the value over the series' mean."""

    power: Share
    floor: Positive


class RateSpec(Shape):
    """Declare the rates of the recursion, on the logit scale."""

    alpha: Law
    beta_share: Law
    gamma_share: Law
    damping: Law
    drift_share: Law


class OpeningSpec(Shape):
    """Declare the states before the first period, on the scale of the recursion."""

    level_sd: Positive
    slope: Law
    season_sd: Positive


class NoiseSpec(Shape):
    """Declare the innovations: logarithm of their scale, tails, share that is common to the panel (logit)."""

    log_scale: Law
    tail_shape: Positive
    tail_rate: Positive
    common_share: Law


class EffectSpec(Shape):
    """Declare a dated or calendar effect, or a covariate; `size` is the prior standard deviation of its coefficient."""

    name: Text
    kind: Literal["step", "ramp", "pulse", "lunar_new_year", "covariate"]
    size: Positive
    source: Text
    series: tuple[Text, ...] = ("*",)
    pooled: bool = True
    since: dt.date | None = Field(default=None, alias="from")
    until: dt.date | None = Field(default=None, alias="to")
    stays: bool = True
    days_before: Annotated[int, Field(ge=0, le=40)] = 7
    days_after: Annotated[int, Field(ge=0, le=40)] = 14


class OutbreakSpec(Shape):
    """Declare a time of larger shocks; `factor` is the prior scale of the logarithm of how much larger."""

    name: Text
    factor: Positive
    source: Text
    since: dt.date = Field(alias="from")
    until: dt.date = Field(alias="to")


class SearchSpec(Shape):
    """Declare how undeclared outbreaks are looked for; what is found is shown, never used."""

    threshold: Positive
    share: Share


class ProductSpec(Shape):
    """Declare a series as the product of others: volume times price."""

    name: Text
    parts: tuple[Text, ...] = Field(min_length=2)


class SamplerSpec(Shape):
    """Declare the effort of the sampler."""

    chains: Annotated[int, Field(ge=1, le=16)]
    tune: Count
    draws: Count
    target_accept: Annotated[float, Field(ge=0.5, le=0.999)]


class GateSpec(Shape):
    """Declare what a sampled model must show before its forecast may be reported."""

    rhat_at_most: Positive
    ess_at_least: Positive
    divergences_at_most: Annotated[int, Field(ge=0)]
    energy_at_least: Share
    growth_low: FiniteFloat
    growth_high: FiniteFloat
    growth_outside_at_most: Share
    predictive_tail_at_least: Share
    pit_distance_at_most: Share
    pit_values_at_least: Count


class BayesSpec(Shape):
    """Hold the declaration of a sampled model."""

    schema_: Literal[1] = Field(alias="schema")
    kind: Literal["structural"]
    name: Text
    name_zh: Text
    name_en: Text
    terms: tuple[Term, ...]
    groups: Literal["none", "prefix"]
    scale: ScaleSpec
    rates: RateSpec
    opening: OpeningSpec
    noise: NoiseSpec
    search: SearchSpec
    sampler: SamplerSpec
    trial: SamplerSpec | None = None
    gate: GateSpec
    effect: tuple[EffectSpec, ...] = ()
    outbreak: tuple[OutbreakSpec, ...] = ()
    product: tuple[ProductSpec, ...] = ()

    def has(self, term: Term) -> bool:
        """Return whether the model has a term."""
        return term in self.terms

    def for_trials(self) -> BayesSpec:
        """Return the declaration with the smaller effort of its back-tests, where it declares one."""
        return self.model_copy(update={"sampler": self.trial or self.sampler})


def _folder(models: Path | None) -> Path:
    return (models or models_root()) / "forecast"


def bayes_model_names(models: Path | None = None) -> Mapping[str, Path]:
    """Return the sampled models that are declared, by name.

    Parameters
    ----------
    models : Path, optional
        Folder laid out as models/; that of the package when left out.

    Examples
    --------
    >>> "structural" in bayes_model_names()
    True
    """
    found: dict[str, Path] = {}
    for path in sorted(_folder(models).glob("*.toml")):
        file, _ = read_toml(path)
        if file is not None and file.data.get("kind") == "structural":
            found[path.stem] = path
    return found


def load_bayes_spec(name: str | Path = "structural", *, models: Path | None = None) -> BayesSpec:
    """Read the declaration of a sampled model.

    Parameters
    ----------
    name : str or Path
        Its name under models/forecast/, or a file of one's own.
    models : Path, optional
        Folder laid out as models/; that of the package when left out.

    Raises
    ------
    UnknownNameError
        When no sampled model has that name.
    DeclarationError
        With every problem of the file.

    Examples
    --------
    >>> load_bayes_spec("structural").has("season")
    True
    """
    path = name if isinstance(name, Path) else bayes_model_names(models).get(name)
    if path is None:
        raise UnknownNameError(unknown_name("--model", name, bayes_model_names(models), what="sampled model"))
    file, problems = read_toml(path)
    raise_all(problems, DeclarationError)
    assert file is not None  # noqa: S101  problems have been raised
    spec, differences = fit(BayesSpec, file.data, file=file)
    raise_all(differences, DeclarationError)
    assert spec is not None  # noqa: S101
    raise_all(_find_contradictions(spec, file), DeclarationError)
    return spec


def _find_contradictions(spec: BayesSpec, file: TomlFile) -> list[Problem]:
    problems = []
    for list_name, names in (
        ("effect", [one.name for one in spec.effect]),
        ("outbreak", [one.name for one in spec.outbreak]),
        ("product", [one.name for one in spec.product]),
        ("terms", [str(term) for term in spec.terms]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        problems += [Problem(file.where(list_name), f"{name!r} twice", "each name once") for name in twice]
    for number, effect in enumerate(spec.effect, start=1):
        where = file.where(f"effect[{number}]")
        if effect.kind in ("step", "ramp", "pulse") and effect.since is None:
            problems.append(
                Problem(where, f"a {effect.kind} without a date", "the key 'from'", "add from = 2020-02-01")
            )
        if effect.kind in ("ramp", "pulse") and effect.until is None:
            problems.append(Problem(where, f"a {effect.kind} without an end", "the key 'to'", "add to = 2020-06-30"))
        if effect.since and effect.until and effect.until < effect.since:
            problems.append(Problem(where, f"from {effect.since} to {effect.until}", "an end after the beginning"))
    problems += [
        Problem(file.where(f"outbreak[{number}]"), f"from {one.since} to {one.until}", "an end after the beginning")
        for number, one in enumerate(spec.outbreak, start=1)
        if one.until < one.since
    ]
    if spec.gate.growth_high <= spec.gate.growth_low:
        found = f"{spec.gate.growth_low} to {spec.gate.growth_high}"
        problems.append(Problem(file.where("gate.growth_high"), found, "a range of growth that rises"))
    return problems
