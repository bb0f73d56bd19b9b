"""Read what counts as an anomaly from models/alerts/anomalies.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from actuary.errors import DeclarationError, raise_all
from actuary.paths import models_root
from actuary.policy.shapes import Shape, Text, fit
from actuary.policy.toml_files import read_toml

__all__ = ["KINDS", "AnomalyRules", "KindRule", "load_anomaly_rules"]

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]

#: Kinds of anomaly, in the order in which they are reported.
KINDS = (
    "upcoding",
    "split_stay",
    "light_admission",
    "refusing_severe",
    "cost_shifting",
    "growth",
    "drug_spike",
    "consumable_spike",
)


class Statistics(Shape):
    """Say how sure one must be, and what is assumed before looking."""

    source: Text
    level: Share
    least_posterior: Share
    prior_share: Share
    least_scale_sd: Positive
    degrees_of_freedom: Positive
    prior_cases: Positive
    cell_posterior: Share
    least_cases: Count
    interval: Share
    age_bands: tuple[Count, ...]
    orange_posterior: Share
    red_posterior: Share
    red_money_yuan: Annotated[float | int, Field(ge=0)]


class KindRule(Shape):
    """Name a kind of anomaly and say what shows it, in both languages."""

    source: Text
    name_zh: Text
    name_en: Text
    what_zh: Text
    what_en: Text


class SplitRule(KindRule):
    """Say within how many days a readmission counts."""

    within_days: Count


class LightRule(KindRule):
    """Say what a light stay is."""

    most_days: Count
    cost_ratio_under: Share


class SevereRule(KindRule):
    """Say what a severe patient is."""

    group_cost_ratio_over: Positive
    case_cost_ratio_over: Positive


class SpikeRule(KindRule):
    """Say what size of spike is looked for."""

    rise: Positive
    share_of_categories: Share
    least_cases: Count


class AnomalyRules(Shape):
    """Hold the declared rules."""

    schema_: Literal[1] = Field(alias="schema")
    name_zh: Text
    name_en: Text
    statistics: Statistics
    upcoding: KindRule
    split_stay: SplitRule
    light_admission: LightRule
    refusing_severe: SevereRule
    cost_shifting: KindRule
    growth: KindRule
    drug_spike: SpikeRule
    consumable_spike: SpikeRule

    def of(self, kind: str) -> KindRule:
        """Return the rule of a kind."""
        rule: KindRule = getattr(self, kind)
        return rule


def load_anomaly_rules(path: Path | str | None = None) -> AnomalyRules:
    """Read the rules.

    Parameters
    ----------
    path : path, optional
        The file; models/alerts/anomalies.toml of the package when left out.

    Raises
    ------
    DeclarationError
        When the file is not what it should be, with every problem.

    Examples
    --------
    >>> rules = load_anomaly_rules()
    >>> rules.of("upcoding").name_zh, rules.statistics.level
    ('疑似高套分组', 0.1)
    """
    file, problems = read_toml(Path(path) if path is not None else models_root() / "alerts" / "anomalies.toml")
    if file is None:
        raise_all(problems, DeclarationError)
    assert file is not None  # noqa: S101  raise_all has raised
    rules, differences = fit(AnomalyRules, file.data, file=file)
    raise_all([*problems, *differences], DeclarationError)
    assert rules is not None  # noqa: S101
    return rules
