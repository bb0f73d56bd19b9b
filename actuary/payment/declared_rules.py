"""What a policy declares of weights and coefficients, turned into the rules by which they are computed."""

from __future__ import annotations

from fractions import Fraction

from actuary.payment.coefficients import CoefficientRule
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_prices import Trimming
from actuary.payment.declared_values import EVERY
from actuary.payment.stability import StabilityRule, Treatment
from actuary.payment.trimming import TrimRule
from actuary.payment.weight_rules import WeightRule
from actuary.payment.weight_tables import WeightTable

__all__ = ["coefficient_rule", "rule_of_policy", "weights_of_table"]

#: Decimals where the policy declares none: as many as it could declare.
_MOST_PLACES = 12


def rule_of_policy(policy: PaymentPolicy) -> WeightRule:
    """Return how a policy computes weights.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy. Without a trimming rule nothing is trimmed; without a rule of stability every group with a case has
        its own weight; without decimals of a weight twelve are kept.

    Raises
    ------
    DeclarationError
        When the numbers of the rule make no sense together.
    """
    declared = policy.weights
    stable = declared.stable
    places = policy.rounding.weight
    return WeightRule(
        trim=_trim_rule(declared.trim),
        stable=StabilityRule()
        if stable is None
        else StabilityRule(
            min_cases=stable.min_cases,
            cv_max=None if stable.cv_max is None else Fraction(stable.cv_max),
            sd=stable.sd,
            otherwise=Treatment(stable.otherwise),
        ),
        basis=declared.basis,
        years={year.year: Fraction(year.w) for year in declared.years},
        decimals=_MOST_PLACES if places is None else places,
        mode=policy.rounding.mode,
        scale=Fraction(declared.scale),
        holds=declared.holds,
        keep_total=declared.keep_total,
        freeze=declared.freeze,
        smoothing=Fraction(1) if declared.smoothing is None else Fraction(declared.smoothing),
    )


def _trim_rule(trim: Trimming | None) -> TrimRule:
    if trim is None:
        return TrimRule()
    # One k serves both sides; a number of its own for a side goes before it.
    low, high = (trim.k if side is None else side for side in (trim.low, trim.high))
    return TrimRule(
        method=trim.method,
        low=None if low is None else Fraction(low),
        high=None if high is None else Fraction(high),
        log=trim.log,
        quantile_type=7 if trim.quantile_type is None else trim.quantile_type,
        sd=trim.sd,
        rounds=trim.rounds,
    )


def weights_of_table(table: WeightTable, policy: PaymentPolicy) -> dict[str, Fraction]:
    """Return the weights of a table that hold at all tiers, by group.

    Parameters
    ----------
    table : WeightTable
        The table: that of the policy, or an earlier one written in the same way.
    policy : PaymentPolicy
        It says whether the table holds weights or base points.
    """
    points = policy.weights.scale if policy.weights.holds == "points" else 1
    return {row.group: Fraction(row.rw) / Fraction(points) for row in table if row.rw is not None and row.tier == EVERY}


def coefficient_rule(
    policy: PaymentPolicy, *, form: str | None = None, min_cases: int | None = None
) -> CoefficientRule:
    """Return how a policy computes coefficients.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy: its form of coefficients, their bounds, fewest cases and decimals (twelve where it declares none).
    form : str, optional
        Another form than that of the policy.
    min_cases : int, optional
        Other fewest cases than those of the policy.

    Raises
    ------
    DeclarationError
        When the form is none.
    """
    declared = policy.coefficient
    return CoefficientRule(
        form=form or declared.form,
        min_cases=min_cases or declared.min_cases or 1,
        floor=None if declared.floor is None else Fraction(declared.floor),
        ceiling=None if declared.ceiling is None else Fraction(declared.ceiling),
        decimals=_MOST_PLACES if policy.rounding.coefficient is None else policy.rounding.coefficient,
        mode=policy.rounding.mode,
    )
