"""Payment standards: what a group is worth at every tier and insurance, exact, rounded once as the policy declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from actuary.errors import Problem, UnknownNameError, raise_all, unknown_name
from actuary.payment.cells import CellKey, cell_of
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_values import EVERY, INSURANCES
from actuary.payment.exact import FEN_PER_YUAN, as_decimal, as_fraction, round_to
from actuary.payment.paid_classes import PaidClass
from actuary.payment.pricing import rate_of
from actuary.payment.segments import CaseTerms, boundary_of, standard_line

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "PaymentStandards",
    "Standard",
    "Unpriced",
    "payment_standards",
    "policy_insurances",
    "policy_tiers",
]


@dataclass(frozen=True, slots=True)
class Standard:
    """Hold the payment standard of a group at a tier and an insurance.

    Parameters
    ----------
    drg, tier, insurance : str
        What is priced; ``all`` for every tier or insurance.
    exact : Fraction
        The standard before rounding [yuan].
    amount : Decimal
        The standard as the policy prints it [yuan].
    low_threshold, high_threshold : Decimal or None
        Cost below, or above, which a case is low or high [yuan]; None where the policy has no such class, or no mean.
    """

    drg: str
    tier: str
    insurance: str
    exact: Fraction
    amount: Decimal
    low_threshold: Decimal | None
    high_threshold: Decimal | None


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Hold a group that has no standard at a tier and an insurance.

    Parameters
    ----------
    drg, tier, insurance : str
        What has no standard.
    pay : str
        What the policy does with its cases: actual, review, ratio_points or unpriced.
    reason_zh, reason_en : str
        Why.
    """

    drg: str
    tier: str
    insurance: str
    pay: str
    reason_zh: str
    reason_en: str


@dataclass(frozen=True, repr=False)
class PaymentStandards:
    """Hold the payment standards of a policy.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    rows : tuple of Standard
        In the order of the weight table, then of tiers and insurances.
    unpriced : tuple of Unpriced
        Groups without a standard, with the reason.
    """

    policy: PaymentPolicy
    rows: tuple[Standard, ...]
    unpriced: tuple[Unpriced, ...]

    def __repr__(self) -> str:
        """Return policy and sizes."""
        return f"PaymentStandards({self.policy.id!r}, {len(self.rows)} standards, {len(self.unpriced)} without one)"

    def to_frame(self, *, thresholds: bool = False) -> pd.DataFrame:
        """Return drg, tier, insurance, amount [yuan, Decimal]; with the costs at which cases turn low or high.

        Parameters
        ----------
        thresholds : bool
            Add low_threshold and high_threshold.
        """
        import pandas as pd  # noqa: PLC0415  (a policy is read without it)

        columns = ["drg", "tier", "insurance", "amount"]
        columns += ["low_threshold", "high_threshold"] if thresholds else []
        return pd.DataFrame(
            {name: pd.Series([getattr(row, name) for row in self.rows], dtype=object) for name in columns}
        )

    def unpriced_frame(self) -> pd.DataFrame:
        """Return the groups without a standard: drg, tier, insurance, pay, reason_zh, reason_en."""
        import pandas as pd  # noqa: PLC0415

        columns = ["drg", "tier", "insurance", "pay", "reason_zh", "reason_en"]
        return pd.DataFrame({name: [getattr(row, name) for row in self.unpriced] for name in columns}, columns=columns)

    def summary(self) -> str:
        """Return one sentence a reader can check."""
        without: dict[str, set[str]] = {}
        for row in self.unpriced:
            without.setdefault(row.reason_en, set()).add(row.drg)
        said = "; ".join(f"{len(groups):,} groups without one: {reason}" for reason, groups in without.items())
        head = f"{self.policy.id}: {len(self.rows):,} standards of {len({row.drg for row in self.rows}):,} groups"
        return f"{head}; {said}" if said else head

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        return f"<p>{self.summary()}</p>{self.to_frame()._repr_html_()}"  # type: ignore[operator]


def policy_tiers(policy: PaymentPolicy) -> tuple[str, ...]:
    """Return the tiers of hospitals that a policy names; ``("*",)`` when it knows no difference.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.

    Examples
    --------
    >>> from actuary.payment.policy_files import load_payment_policy
    >>> policy_tiers(load_payment_policy("suzhou-2022"))
    ('1', '2', '3')
    """
    rated = [] if policy.declared.price is None else [row.tier for row in policy.price.rate]
    factors = [*policy.coefficient.tier, *policy.coefficient_table.tiers]
    named = dict.fromkeys(tier for tier in (*rated, *factors, *policy.weight_table.tiers) if tier != EVERY)
    # A wildcard beside names stands for the tiers that are not named.
    others = (EVERY in rated or not rated) and (EVERY in factors or not factors) and not policy.weight_table.tiers
    return (*named, EVERY) if others else tuple(named)


def policy_insurances(policy: PaymentPolicy) -> tuple[str, ...]:
    """Return the insurances that a policy prices apart; ``("*",)`` when it knows no difference.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    """
    if policy.declared.price is None:
        return (EVERY,)
    rows = (*policy.price.rate, *policy.price.budget, *policy.price.budget_value)
    named = {row.insurance for row in rows} - {EVERY}
    if not named:
        return (EVERY,)
    wild = any(row.insurance == EVERY for row in policy.price.rate)
    return tuple(name for name in INSURANCES if wild or name in named)


def payment_standards(
    policy: PaymentPolicy | str,
    *,
    point_values: Mapping[str, Decimal | str] | None = None,
    hospital: str = EVERY,
) -> PaymentStandards:
    """Compute the payment standard of every group, tier and insurance.

    Weight x price x coefficient; for points and DIP the price is a point value, and points are rounded first where the
    policy rounds each case.

    Parameters
    ----------
    policy : PaymentPolicy or str
        The policy, or its name or path.
    point_values : mapping, optional
        Point value [yuan] by insurance (``*`` for all), for a policy whose price floats; in place of declared prices.
    hospital : str
        Hospital whose coefficient counts, where coefficients are those of hospitals.

    Returns
    -------
    PaymentStandards
        One row a group, tier and insurance: weight, coefficient, price and amount [yuan].

    Raises
    ------
    ActuaryError
        When the price floats and no point value is given, or a hospital must be named.
    UnknownNameError
        When an insurance or a hospital is not known.

    Examples
    --------
    >>> standards = payment_standards("suzhou-2022")
    >>> frame = standards.to_frame()
    >>> frame[frame.drg == "BR25"].amount.tolist()[0]
    Decimal('12004.36327761')
    """
    if isinstance(policy, str):
        from actuary.payment.policy_files import load_payment_policy  # noqa: PLC0415  (which imports none of this)

        policy = load_payment_policy(policy)
    values = {name: as_fraction(Decimal(value)) for name, value in (point_values or {}).items()}
    raise_all(_request_problems(policy, values, hospital))
    insurances = tuple(name for name in values if name != EVERY) or policy_insurances(policy)
    rows: list[Standard] = []
    unpriced: list[Unpriced] = []
    groups = tuple(dict.fromkeys((*policy.weight_table.groups, *policy.weights.special.ungrouped)))
    for group in groups:
        for tier in policy_tiers(policy):
            for insurance in insurances:
                found = _price(policy, group, tier, insurance, hospital=hospital, values=values)
                if isinstance(found, Standard):
                    rows.append(found)
                elif found is not None:
                    unpriced.append(found)
    return PaymentStandards(policy, tuple(rows), tuple(unpriced))


def _request_problems(policy: PaymentPolicy, values: Mapping[str, Fraction], hospital: str) -> list[Problem]:
    problems: list[Problem] = []
    known = (*policy_insurances(policy), "employee", "resident", EVERY)
    problems += [unknown_name("point value", name, known, what="insurance") for name in values if name not in known]
    problems += [
        Problem(f"point value of {name}", str(as_decimal(value)), "a value above 0")
        for name, value in values.items()
        if value <= 0
    ]
    if not values and not policy.price.rate:
        problems.append(
            Problem(f"payment policy {policy.id}, price.rate", "nothing: its price floats", "a point value",
                    "give one, such as --point-value employee=53.8381")
        )  # fmt: skip
    named = (*policy.coefficient.hospital, *policy.coefficient_table.hospitals)
    if policy.coefficient.form in ("hospital", "group_hospital"):
        if hospital != EVERY and hospital not in named and policy.coefficient.new_group is None:
            raise UnknownNameError(unknown_name("--hospital", hospital, named, what="hospital"))
        if hospital == EVERY and EVERY not in policy.coefficient.hospital:
            mend = f"name one, such as --hospital {named[0]}" if named else "declare coefficient.hospital"
            problems.append(Problem(f"payment policy {policy.id}", "coefficients by hospital", "a hospital", mend))
    return problems


def _price(
    policy: PaymentPolicy, group: str, tier: str, insurance: str, *, hospital: str, values: Mapping[str, Fraction]
) -> Standard | Unpriced | None:
    """Price one group; None where the policy has no price at that tier and insurance at all."""
    rate = values.get(insurance, values.get(EVERY)) if values else None
    if rate is None:
        rate = rate_of(policy, group, tier=tier, insurance=insurance)
    if rate is None:
        return None
    names = {"drg": group, "tier": _shown(tier), "insurance": _shown(insurance)}
    cell = cell_of(policy, CellKey(group=group, tier=tier, insurance=insurance, hospital=hospital))
    terms = cell.terms
    if terms is None:
        if cell.segments:
            paid, pay = PaidClass(cell.segments[0].case_class), "review" if cell.segments[0].pending else "actual"
            return Unpriced(**names, pay=pay, reason_zh=paid.zh, reason_en=paid.en)
        return Unpriced(**names, pay="unpriced", reason_zh=cell.reason.zh, reason_en=cell.reason.en)
    points = standard_line(terms).constant
    rounding = policy.rounding
    if rounding.stage == "each_case" and policy.family != "rate":
        points = round_to(points, rounding.points, rounding.mode)
    exact = points * rate
    low, high = (_threshold(policy, name, terms, exact) for name in ("low", "high"))
    return Standard(**names, exact=exact, amount=_printed(policy, exact), low_threshold=low, high_threshold=high)


def _threshold(policy: PaymentPolicy, name: str, terms: CaseTerms, standard: Fraction) -> Decimal | None:
    rule = next((rule for rule in policy.classes if rule.name == name), None)
    if rule is None or policy.ratio is None:
        return None
    if policy.ratio.denominator == "standard":
        against = standard
    elif terms.mean_fen is not None:
        against = terms.mean_fen / FEN_PER_YUAN
    else:
        return None
    return _printed(policy, boundary_of(rule, terms) * against)


def _printed(policy: PaymentPolicy, exact: Fraction) -> Decimal:
    places = policy.rounding.standard_places
    shown = as_decimal(round_to(exact, places, policy.rounding.mode))
    return shown if places is None else shown.quantize(Decimal(1).scaleb(-places))


def _shown(name: str) -> str:
    return "all" if name == EVERY else name
