"""What a payment policy declares of DIP supplements, cross-references between groups and volume caps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from actuary.payment.declared_values import CaseCount, NonNegative, Number, Positive, Share
from actuary.policy.shapes import Shape, Text

__all__ = [
    "AgeBand",
    "BlankGroup",
    "Dip",
    "Substitute",
    "SubstituteRule",
    "Supplement",
    "VolumeCap",
    "WeightAddition",
]


class AgeBand(Shape):
    """Give patients of some ages a supplement.

    Attributes
    ----------
    days_from, days_to : int or None
        Age in days, inclusive, for patients below one year.
    years_from, years_to : int or None
        Age in completed years, inclusive.
    factor : Decimal
        The supplement.
    """

    days_from: int | None = Field(default=None, ge=0)
    days_to: int | None = Field(default=None, ge=0)
    years_from: int | None = Field(default=None, ge=0)
    years_to: int | None = Field(default=None, ge=0)
    factor: Positive


class Supplement(Shape):
    """Say which supplements a DIP score gets and how they combine.

    Attributes
    ----------
    combine : str
        max (the largest applies) or product.
    age : tuple of AgeBand
        By age.
    severity, tumour : mapping of str to Decimal
        By level, as the columns severity_index and tumour_index of the cases name it.
    from_cases : bool
        Whether a factor may stand in the column supplement of the cases.
    """

    combine: Literal["max", "product"]
    age: tuple[AgeBand, ...] = ()
    severity: dict[str, Positive] = Field(default_factory=dict)
    tumour: dict[str, Positive] = Field(default_factory=dict)
    from_cases: bool = True


class BlankGroup(Shape):
    """Say how a case is paid whose diagnosis and procedures make no group of the catalogue.

    Attributes
    ----------
    group : str or None
        Code of the blank group.
    pay : str
        ratio_points (factor x r x score), actual or review.
    factor : Decimal or None
        Of ratio_points.
    """

    group: Text | None = None
    pay: Literal["ratio_points", "actual", "review"]
    factor: Positive | None = None


class Dip(Shape):
    """Hold what only DIP has.

    Attributes
    ----------
    supplement : Supplement or None
        Supplements.
    blank_group : BlankGroup or None
        The blank group.
    support_coefficient, assessment_coefficient : Decimal or None
        (score + score x support) x assessment, where a city has them.
    """

    supplement: Supplement | None = None
    blank_group: BlankGroup | None = None
    support_coefficient: NonNegative | None = None
    assessment_coefficient: Positive | None = None


class SubstituteRule(Shape):
    """Pay a case of one group as another.

    Attributes
    ----------
    group : str
        Group of the case.
    to : str
        Group it is paid as.
    field : str
        tcm_share (number), substitute_reason (text) or another column of the cases.
    op : str
        Comparison with `value`; ``==`` for a text.
    value : Decimal or None
        Number to compare with.
    text : str or None
        Text to compare with.
    """

    group: Text
    to: Text
    field: Literal["tcm_share", "substitute_reason", "age_years", "los_days"]
    op: Literal["<", "<=", ">", ">=", "=="]
    value: Number | None = None
    text: Text | None = None


class WeightAddition(Shape):
    """Add a part of the group's weight for a reason that the column substitute_reason names.

    Attributes
    ----------
    group : str
        Group of the case.
    reason : str
        Text in the column.
    weight_share : Decimal
        Part of the group's weight that is added.
    """

    group: Text
    reason: Text
    weight_share: Positive


class Substitute(Shape):
    """Hold cross-references between groups, and additions to a group's weight.

    Attributes
    ----------
    rules : tuple of SubstituteRule
        The first that holds applies.
    additions : tuple of WeightAddition
        What is added.
    """

    rules: tuple[SubstituteRule, ...] = ()
    additions: tuple[WeightAddition, ...] = ()


_CAP_OPTIONS = ("groups", "beyond", "share", "scope")


class VolumeCap(Shape):
    """Limit the number of cases of a group in a year.

    In the file the groups stand beside the options: ``BR23 = 19015``.

    Attributes
    ----------
    groups : mapping of str to int
        Cases a year by group.
    beyond : str or None
        What a case beyond the cap is paid: none, actual, standard or share; None: not declared, and a settlement that
        meets such a case asks for it.
    share : Decimal or None
        Part of the standard, for share.
    scope : str
        city or hospital: whose cases are counted.
    """

    groups: dict[str, CaseCount] = Field(default_factory=dict)
    beyond: Literal["none", "actual", "standard", "share"] | None = None
    share: Share | None = None
    scope: Literal["city", "hospital"] = "city"

    @model_validator(mode="before")
    @classmethod
    def _gather_groups(cls, table: Any) -> Any:
        if not isinstance(table, Mapping):
            return table
        groups = {key: value for key, value in table.items() if key not in _CAP_OPTIONS}
        named = table.get("groups", {})
        if not isinstance(named, Mapping):
            return table
        options = {key: value for key, value in table.items() if key in _CAP_OPTIONS}
        return {**options, "groups": {**named, **groups}}
