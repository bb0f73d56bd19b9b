"""Limits of the indicators of hospitals and groupings, read from models/national/payment/indicators."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from actuary.errors import DeclarationError, raise_all
from actuary.paths import models_root
from actuary.payment.declared_values import Number
from actuary.policy.shapes import Shape, Text, check_source, fit
from actuary.policy.toml_files import read_sources, read_toml

__all__ = ["IndicatorLimits", "Limit", "load_indicator_limits"]

_FILE = Path("national") / "payment" / "indicators" / "limits.toml"


class Limit(Shape):
    """Hold one limit.

    Attributes
    ----------
    name, name_en : str
        What it limits.
    unit : str
        Unit of its value.
    value : Decimal
        The number.
    source : str
        Id in sources.md, std or judgement.
    note : str or None
        What a reader should know.
    """

    name: Text
    name_en: Text
    unit: Text
    value: Number
    source: Text
    note: Text | None = None

    @property
    def exact(self) -> Fraction:
        """The number as a fraction."""
        return Fraction(self.value)


class IndicatorLimits(Shape):
    """Hold every limit.

    Attributes
    ----------
    stay_days_over, cost_under_yuan : Limit
        Stays beyond them leave the base of the indicators.
    accuracy_ratio_over, accuracy_ratio_under : Limit
        Between them, both excluded, the cost of a case counts as accurate.
    low_risk_score_under : Limit
        Below it a group is one of low risk.
    cv_under, riv_over : Limit
        Targets of a grouping.
    """

    stay_days_over: Limit
    cost_under_yuan: Limit
    accuracy_ratio_over: Limit
    accuracy_ratio_under: Limit
    low_risk_score_under: Limit
    cv_under: Limit
    riv_over: Limit


def load_indicator_limits(path: Path | str | None = None) -> IndicatorLimits:
    """Read the limits.

    Parameters
    ----------
    path : path, optional
        A file of the same shape, with its sources.md beside or above it; the national one when left out.

    Raises
    ------
    DeclarationError
        With every problem of the file.

    Examples
    --------
    >>> limits = load_indicator_limits()
    >>> limits.stay_days_over.value, limits.accuracy_ratio_over.source
    (Decimal('60'), 'S1')
    """
    root = models_root() if path is None else Path(path).expanduser().resolve().parent
    place = models_root() / _FILE if path is None else Path(path).expanduser()
    file, problems = read_toml(place, root=root, exact=True)
    raise_all(problems, DeclarationError)
    assert file is not None  # noqa: S101  (a file that cannot be read comes with a problem)
    limits, problems = fit(IndicatorLimits, file.data, file=file)
    raise_all(problems, DeclarationError)
    assert limits is not None  # noqa: S101  (a table that does not fit comes with a problem)
    sources, problems = read_sources(file.path.parent, root=root)
    for name in IndicatorLimits.model_fields:
        limit: Limit = getattr(limits, name)
        problems += check_source(limit.source, where=file.where(f"{name}.source"), sources=sources, label=file.label)
    raise_all(problems, DeclarationError)
    return limits
