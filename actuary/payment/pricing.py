"""Which coefficient and which price a policy gives a group at a place and for an insurance; base groups included.

Nothing falls back on a default: what the policy does not give is None, and the caller says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_prices import BaseGroup
from actuary.payment.declared_settlement import PolicyRatio
from actuary.payment.declared_values import EVERY, InsuranceValue, RateRow
from actuary.payment.weight_tables import WeightRow

__all__ = ["coefficient_of", "declared_rate", "for_insurance", "is_base_group", "known_hospitals", "rate_of"]


def is_base_group(policy: PaymentPolicy, group: str, row: WeightRow | None) -> bool:
    """Say whether a group is a base group (the same disease, the same price) of a policy that has a rule for them."""
    rule = policy.coefficient.base_group
    if rule is None or rule.mechanism == "none":
        return False
    return group in rule.groups or (row is not None and any(mark in rule.marks for mark in row.marks))


def coefficient_of(
    policy: PaymentPolicy,
    group: str,
    *,
    tier: str,
    hospital: str = EVERY,
    listed: Decimal | None = None,
) -> Fraction | None:
    """Return the coefficient of a group at a place.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    group, tier, hospital : str
        Group and place; ``*`` for a hospital that is not named.
    listed : Decimal, optional
        Coefficient that a list of hospitals gives this hospital; used by the form `hospital` where the policy itself
        names none.

    Returns
    -------
    Fraction or None
        None: the policy gives none, so the group has no price there.
    """
    declared = policy.coefficient
    rule = declared.base_group
    if rule is not None and is_base_group(policy, group, policy.weight_table.row(group, tier)):
        if rule.mechanism == "uniform_coef" and rule.value is not None:
            return Fraction(rule.value)
        if rule.mechanism == "coef_one" and (not rule.tiers or tier in rule.tiers):
            return Fraction(1)
        if rule.mechanism == "table":
            own = policy.coefficient_table.coef(group, tier=tier)
            return None if own is None else Fraction(own)
    if declared.form == "none":
        return Fraction(1)
    found = _tabled(policy, group, tier, hospital)
    if found is None and declared.form == "hospital":
        found = listed
    if found is None:
        found = declared.new_group
    return None if found is None else Fraction(found)


def _tabled(policy: PaymentPolicy, group: str, tier: str, hospital: str) -> Decimal | None:
    declared, table = policy.coefficient, policy.coefficient_table
    if declared.form == "tier":
        found = declared.tier.get(tier, declared.tier.get(EVERY))
        return found if found is not None else table.coef(EVERY, tier=tier)
    if declared.form == "hospital":
        found = declared.hospital.get(hospital, declared.hospital.get(EVERY))
        return found if found is not None else table.coef(EVERY, hospital=hospital)
    if declared.form == "group_tier":
        return table.coef(group, tier=tier)
    return table.coef(group, hospital=hospital)


def rate_of(policy: PaymentPolicy, group: str, *, tier: str, insurance: str) -> Fraction | None:
    """Return the declared price of one unit for a group [yuan per weight or point]; None where there is none.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    group, tier, insurance : str
        What is priced. A base group under the lowest tier's rate is priced at that tier.
    """
    rule = policy.coefficient.base_group
    lowest = rule is not None and rule.mechanism == "lowest_tier_rate"
    if rule is not None and lowest and is_base_group(policy, group, policy.weight_table.row(group, tier)):
        return _lowest_rate(policy, rule, insurance)
    return declared_rate(policy.price.rate, tier=tier, insurance=insurance)


def _lowest_rate(policy: PaymentPolicy, rule: BaseGroup, insurance: str) -> Fraction | None:
    if rule.tier is not None:
        return declared_rate(policy.price.rate, tier=rule.tier, insurance=insurance)
    rates = [Fraction(row.value) for row in policy.price.rate if row.insurance in {insurance, EVERY}]
    return min(rates, default=None)


def declared_rate(rows: Sequence[RateRow | PolicyRatio], *, tier: str, insurance: str) -> Fraction | None:
    """Return the value of the row that fits best: the tier's own before ``*``, then the insurance's own; else None."""
    values: dict[tuple[str, str], Decimal] = {(row.tier, row.insurance): row.value for row in rows}
    for key in ((tier, insurance), (tier, EVERY), (EVERY, insurance), (EVERY, EVERY)):
        if key in values:
            return Fraction(values[key])
    return None


def for_insurance(rows: Sequence[InsuranceValue], insurance: str) -> Fraction | None:
    """Return the number of an insurance, its own before that for all; None where there is none."""
    values: dict[str, Decimal] = {row.insurance: row.value for row in rows}
    found = values.get(insurance, values.get(EVERY))
    return None if found is None else Fraction(found)


def known_hospitals(policy: PaymentPolicy, listed: Iterable[str] = ()) -> frozenset[str] | None:
    """Return the hospitals that have a coefficient; None where a policy prices any hospital, or names none.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    listed : iterable of str
        Hospitals that a list of hospitals gives a coefficient.
    """
    declared = policy.coefficient
    if declared.form not in {"hospital", "group_hospital"} or declared.new_group is not None:
        return None
    named = {*policy.coefficient_table.hospitals}
    if declared.form == "hospital":
        named |= {*declared.hospital, *listed}
    return None if EVERY in named or not named else frozenset(named)
