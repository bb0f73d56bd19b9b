"""The rules by which people become members: declared assumptions, retirement, and the totals they are scaled to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from actuary.demography.membership_anchors import MembershipAnchors, membership_anchors
from actuary.demography.retirement import RetirementRule, retirement_rule
from actuary.errors import DeclarationError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.periods import Quarter
from actuary.policy import PolicyBook, fingerprint, load_policy_book
from actuary.policy.dated import spans_of
from actuary.policy.membership_model import MEMBERSHIP_CURVES, MEMBERSHIP_KEYS, MembershipModel, load_membership_model
from actuary.policy.parameters import check_bounds
from actuary.policy.scenarios import Scenario, apply_deltas

__all__ = ["SEXES", "MembershipAnchors", "MembershipRules", "load_membership_rules", "membership_anchors"]

type FloatArray = NDArray[np.float64]

SEXES: tuple[str, ...] = ("male", "female")
_NAMES = {"male": "men", "female": "women"}
_OPEN = dt.date.max


@dataclass(frozen=True, eq=False, repr=False)
class MembershipRules:
    """Hold the rules of membership of a region.

    Parameters
    ----------
    region : str
        Region id.
    model : MembershipModel
        Declared assumptions and curves.
    retirement : RetirementRule
        Who retires when.
    policy : PolicyBook
        Rules of the region; its least years of contribution go before the assumed ones.
    anchors : MembershipAnchors or None
        Totals to scale the first members to; None: the curves as they are.
    variant : str
        Variant of the retirement ages.
    fixed : mapping
        Values put in place of the declared ones for every year, by key.

    Examples
    --------
    >>> rules = load_membership_rules("national")
    >>> rules.values("membership.pay_on_share", [2025, 2026]).tolist()
    [0.8, 0.8]
    >>> rules.with_values({"membership.pay_on_share": 1.0}).values("membership.pay_on_share", [2025]).tolist()
    [1.0]
    """

    region: str
    model: MembershipModel
    retirement: RetirementRule
    policy: PolicyBook
    anchors: MembershipAnchors | None = None
    variant: str = "as_decided"
    fixed: Mapping[str, float] = field(default_factory=dict)

    def values(self, key: str, years: Sequence[int] | NDArray[np.int64]) -> FloatArray:
        """Return the value of an assumption for every year: the mean over the first days of its quarters.

        Parameters
        ----------
        key : str
            One of the declared keys.
        years : sequence of int
            Calendar years.

        Returns
        -------
        ndarray, shape (years,)

        Raises
        ------
        UnknownNameError
            When there is no such assumption.
        DeclarationError
            When no value is in force in a year: before the first, in a gap, or after the last where that is refused.
        """
        if key not in MEMBERSHIP_KEYS:
            raise UnknownNameError(unknown_name("assumption of membership", key, MEMBERSHIP_KEYS, what="key"))
        if key in self.fixed:
            return np.full(len(years), float(self.fixed[key]))
        parameter = self.model.book.parameter(key)
        spans = spans_of(parameter)
        carried = getattr(parameter, "after_end", "refuse") == "carry"
        found, missing = [], []
        for year in years:
            days = [Quarter(int(year), number).first_day for number in (1, 2, 3, 4)]
            held = [next((one for one in spans if one.first_day <= day <= one.last_day), None) for day in days]
            if carried:
                late = [spans[-1] if day > spans[-1].last_day else None for day in days]
                held = [one or other for one, other in zip(held, late, strict=True)]
            if None in held:
                missing.append(int(year))
                continue
            found.append(float(np.mean([one.entry.value for one in held if one is not None])))
        if missing:
            first, last = spans[0].first_day, spans[-1].last_day
            to = "…" if last == _OPEN else last.isoformat()
            raise DeclarationError(
                Problem(
                    f"{key} of {self.region} in {missing[0]}" + (f"–{missing[-1]}" if len(missing) > 1 else ""),
                    f"values for {first.isoformat()} to {to} only",
                    "a value for every year of the projection",
                    'add a dated entry, or say after_end = "carry" where the last value is meant to go on',
                )
            )
        return np.array(found)

    def curve(self, name: str, ages: NDArray[np.int64]) -> FloatArray:
        """Return a curve at single ages by sex, shape (2, ages) [share].

        Raises
        ------
        UnknownNameError
            When there is no such curve.
        """
        if name not in self.model.curves:
            raise UnknownNameError(unknown_name("curve", name, self.model.curves, what="curve"))
        knots = self.model.curves[name].knots
        return np.stack([np.interp(ages, *np.array(knots[sex]).T) for sex in SEXES])

    def least_years(self, years: Sequence[int] | NDArray[np.int64]) -> FloatArray:
        """Return the least years of contribution by sex, shape (2, years): the region's rule, else the assumed one."""
        assumed = []
        for sex in SEXES:
            key = f"retirement.medical_min_contribution_years_{_NAMES[sex]}"
            own = f"membership.min_contribution_years_{_NAMES[sex]}"
            values = self.values(own, years)
            if own not in self.fixed and key in self.policy:
                for position, year in enumerate(years):
                    entry = self.policy.parameter(key).entry(dt.date(int(year), 1, 1))
                    if entry is not None:
                        values[position] = float(entry.value)  # type: ignore[arg-type]
            assumed.append(values)
        return np.stack(assumed)

    def with_values(self, values: Mapping[str, float]) -> MembershipRules:
        """Return the rules with values put in place of declared ones for every year.

        Raises
        ------
        UnknownNameError, DeclarationError
            When a key is not known or a value is out of its bounds; all at once.
        """
        unknown = [
            unknown_name("assumption of membership", key, MEMBERSHIP_KEYS, what="key")
            for key in values
            if key not in MEMBERSHIP_KEYS
        ]
        raise_all(unknown, UnknownNameError)
        problems = [
            problem
            for key, value in values.items()
            for problem in check_bounds(self.model.book.parameter(key), float(value), where=key)
        ]
        raise_all(problems, DeclarationError)
        changed = replace(self, fixed=MappingProxyType({**self.fixed, **values}))
        return changed.with_variant(self.variant) if "membership.women_55_share" in values else changed

    def with_variant(self, variant: str) -> MembershipRules:
        """Return the rules under another variant of the retirement ages.

        Raises
        ------
        UnknownNameError
            When the variant is not declared.

        Examples
        --------
        >>> rules = load_membership_rules("national").with_variant("equal_ages")
        >>> {group.end_age_months // 12 for group in rules.retirement.groups}
        {63}
        """
        share = float(self.values("membership.women_55_share", [2025])[0])
        rule = _variant_rule(self.model, self.policy, variant=variant, women_55_share=share)
        return replace(self, retirement=rule, variant=variant)

    def without_reform(self) -> MembershipRules:
        """Return the rules with retirement ages as they were before the reform."""
        return replace(self, retirement=self.retirement.without_reform())

    def without_flexibility(self) -> MembershipRules:
        """Return the rules with everybody retiring in the month of the law."""
        return replace(self, retirement=self.retirement.without_flexibility())

    def with_anchors(self, anchors: MembershipAnchors | None) -> MembershipRules:
        """Return the rules scaled to other totals."""
        return replace(self, anchors=anchors)

    def __repr__(self) -> str:
        totals = f", totals of {self.anchors.year}" if self.anchors is not None else ""
        fixed = f", {len(self.fixed)} values put in place" if self.fixed else ""
        return f"<MembershipRules of {self.region}: retirement {self.variant}{totals}{fixed}>"

    @property
    def fingerprint(self) -> str:
        """SHA-256 over everything that decides the members."""
        rule = self.retirement
        groups = [
            {one.name: getattr(group, one.name) for one in fields(group) if one.name != "offsets"}
            | {"offsets": {str(months): share for months, share in group.offsets.items()}}
            for group in rule.groups
        ]
        return fingerprint(
            {
                "model": self.model.fingerprint,
                "policy": self.policy.fingerprint,
                "retirement": {
                    "groups": groups,
                    "reform_month": rule.reform_month,
                    "early": rule.early_max_months,
                    "late": rule.late_max_months,
                },
                "anchors": {"year": self.anchors.year, **self.anchors.totals} if self.anchors else None,
                "fixed": dict(self.fixed),
            }
        )


def _variant_rule(model: MembershipModel, policy: PolicyBook, *, variant: str, women_55_share: float) -> RetirementRule:
    if variant not in model.variants:
        raise UnknownNameError(unknown_name("variant of retirement", variant, model.variants, what="variant"))
    declared = model.variants[variant]
    rule = retirement_rule(
        policy,
        women_55_share=women_55_share,
        offsets=model.offsets,
        end_age_years=declared.end_age_years,
        step_months=declared.step_months,
    )
    return rule if declared.reform else rule.without_reform()


def load_membership_rules(
    region: str,
    *,
    policy: PolicyBook | None = None,
    variant: str = "as_decided",
    anchors: MembershipAnchors | None = None,
    scenario: Scenario | None = None,
    root: Path | None = None,
) -> MembershipRules:
    """Load the rules of membership of a region.

    Parameters
    ----------
    region : str
        Region id.
    policy : PolicyBook, optional
        Rules after a scenario; those in force when left out.
    variant : str
        Variant of the retirement ages: as_decided, no_reform, faster, equal_ages, or another that is declared.
    anchors : MembershipAnchors, optional
        Totals to scale to.
    scenario : Scenario, optional
        Its deltas on ``membership.`` keys are applied; those on rules are in `policy` already.
    root : Path, optional
        Root of the models.

    Returns
    -------
    MembershipRules
        Retirement, coverage and work, ready for :func:`actuary.project_membership`.

    Raises
    ------
    UnknownNameError, DeclarationError
        When region or variant are not known, or a file is not valid; every problem is listed.

    Examples
    --------
    >>> load_membership_rules("national", variant="no_reform").retirement.reform_month is None
    True
    """
    model = load_membership_model(region, root=root)
    if scenario is not None:
        changed, problems = apply_deltas(model.book, scenario)
        raise_all(problems, DeclarationError)
        model = replace(model, book=changed)
    book = policy if policy is not None else load_policy_book(region, root=root)
    missing = [name for name in MEMBERSHIP_CURVES if name not in model.curves]
    raise_all([Problem(region, "nothing", f"the curve {name}") for name in missing], DeclarationError)
    blank = RetirementRule(groups=retirement_rule(book).groups, reform_month=None)
    rules = MembershipRules(region=region, model=model, retirement=blank, policy=book, anchors=anchors)
    return rules.with_variant(variant)
