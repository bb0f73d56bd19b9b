"""Clear a year: from what points or rates make due to what each hospital is paid; the books close to the fen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from actuary.errors import Problem, raise_all
from actuary.payment.apportion import ResidualRule, apportion
from actuary.payment.bands import BandOutcome, Overspending, apply_bands, check_bands
from actuary.payment.clearing_result import BookLine, Clearing, HospitalClearing, write_books
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_settlement import DepositStep, SurplusBand
from actuary.payment.deposit import DepositOutcome, check_return_steps, settle_deposit
from actuary.payment.exact import Number, RoundingMode, as_fraction, in_units
from actuary.payment.point_value import leaves_only_rounding

__all__ = ["ClaimKind", "ClearingRules", "HospitalYear", "clear_year", "clearing_rules", "use_adjusting_fund"]

#: Claims on the adjusting fund: cases decided by special review, and the part of an overspend that the fund bears.
ClaimKind = Literal["review", "overspend"]


@dataclass(frozen=True, slots=True)
class HospitalYear:
    """Hold what is known of one hospital and insurance at the year's end.

    Parameters
    ----------
    hospital, insurance : str
        Whose year it is; each pair once.
    payable_fen : int
        Due by points or rate, others' payments already taken off [fen]; may be negative.
    units : number
        Points or weights, by which a residual may be handed out.
    charged_fen : int or None
        What the fund would have paid item by item [fen]; None when it is not known.
    deduction_fen : int
        Taken off after audit [fen], 0 or more.
    review_fen : int
        Claimed on the adjusting fund for cases of special review [fen], 0 or more.
    score : Decimal or None
        Score of the yearly assessment, 0-100; None when there was none.
    prepaid_fen : int
        Paid in the year [fen].
    """

    hospital: str
    insurance: str
    payable_fen: int
    units: Number = 0
    charged_fen: int | None = None
    deduction_fen: int = 0
    review_fen: int = 0
    score: Decimal | None = None
    prepaid_fen: int = 0


@dataclass(frozen=True, slots=True)
class ClearingRules:
    """Hold the rules of a clearing; :func:`clearing_rules` reads them from a policy.

    Parameters
    ----------
    floating : bool
        Whether the price is the pool over the points (its residual is rounding) or fixed (the gap is the reserve's).
    adjust_share : Decimal or None
        Share of the budget kept as adjusting fund; None where a policy keeps none.
    deposit : Decimal
        Share of the amount due that is withheld as deposit.
    deposit_return : tuple of DepositStep
        What comes back by score.
    deposit_form : {"step", "linear"}
        Whether the share jumps or moves evenly between the steps.
    bands : tuple of SurplusBand
        Bands of surplus and overspend.
    overspending : {"whole", "layers"}
        Whether the band of the whole ratio decides or each slice falls under its own.
    adjusting_order : tuple of str
        Claims in the order they are served.
    residual : {"booked", "largest_remainder"}
        What becomes of the residual of a floating price.
    mode : {"half_up", "half_even"}
        Rounding to the fen.
    """

    floating: bool
    adjust_share: Decimal | None = None
    deposit: Decimal = Decimal(0)
    deposit_return: tuple[DepositStep, ...] = ()
    deposit_form: Literal["step", "linear"] = "step"
    bands: tuple[SurplusBand, ...] = ()
    overspending: Overspending = "whole"
    adjusting_order: tuple[ClaimKind, ...] = ("overspend",)
    residual: ResidualRule = "booked"
    mode: RoundingMode = "half_up"


def clearing_rules(policy: PaymentPolicy) -> ClearingRules:
    """Read the rules of clearing from a payment policy.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.

    Returns
    -------
    ClearingRules
        Its deposit, bands, adjusting fund and rounding; a pool that may leave more than rounding counts as fixed,
        because that gap is the reserve's.
    """
    declared, price = policy.settlement, policy.declared.price
    floating = leaves_only_rounding(policy)
    share = price.adjust_share if price is not None else None
    return ClearingRules(
        floating,
        share,
        deposit=declared.deposit or Decimal(0),
        deposit_return=declared.deposit_return,
        deposit_form=declared.deposit_return_form,
        bands=declared.bands,
        overspending=declared.overspend,
        adjusting_order=declared.adjusting_order,
        residual=declared.residual,
        mode=policy.rounding.mode,
    )


def use_adjusting_fund(
    available_fen: int | None, claims_fen: Mapping[ClaimKind, Sequence[int]], order: Sequence[ClaimKind]
) -> dict[ClaimKind, tuple[int, ...]]:
    """Serve the claims on the adjusting fund, one kind after the other, pro rata where the fund runs short.

    Parameters
    ----------
    available_fen : int or None
        What the fund holds [fen]; None where claims are not limited by a fund.
    claims_fen : mapping
        Claims of each kind [fen], none negative, one for each hospital.
    order : sequence of str
        Kinds in the order they are served; a kind that is not named is not served.

    Returns
    -------
    dict
        What each hospital gets of each kind [fen].

    Examples
    --------
    >>> use_adjusting_fund(100, {"review": [40], "overspend": [200]}, ["review", "overspend"])
    {'review': (40,), 'overspend': (60,)}
    >>> use_adjusting_fund(100, {"overspend": [100, 100, 100]}, ["overspend"])
    {'overspend': (34, 33, 33)}
    """
    served: dict[ClaimKind, tuple[int, ...]] = {kind: (0,) * len(claims) for kind, claims in claims_fen.items()}
    left = available_fen
    for kind in order:
        claims = tuple(claims_fen.get(kind, ()))
        wanted = sum(claims)
        if left is None or wanted <= left:
            served[kind] = claims
        else:
            served[kind] = apportion(max(left, 0), claims)
        left = None if left is None else left - sum(served[kind])
    return served


def _check(hospitals: Sequence[HospitalYear], rules: ClearingRules, budgets_fen: Mapping[str, int]) -> None:
    check_bands(rules.bands, where="settlement.bands")
    check_return_steps(rules.deposit_return, where="settlement.deposit_return")
    problems, seen = [], set()
    for row in hospitals:
        place = f"{row.hospital}, {row.insurance}"
        if (row.hospital, row.insurance) in seen:
            problems.append(Problem(place, "two rows", "each hospital and insurance once"))
        seen.add((row.hospital, row.insurance))
        for name, amount in (
            ("deduction", row.deduction_fen),
            ("review", row.review_fen),
            ("charged", row.charged_fen or 0),
        ):
            if amount < 0:
                problems.append(Problem(f"{place}, {name}", f"{amount} fen", "0 or more"))
        if row.score is not None and not 0 <= row.score <= 100:
            problems.append(Problem(f"{place}, score", str(row.score), "a score from 0 to 100"))
    if rules.floating:
        missing = sorted({row.insurance for row in hospitals} - set(budgets_fen))
        problems += [
            Problem(f"budget of {name}", "nothing", "an amount, because the price is the pool over the points")
            for name in missing
        ]
    problems += [
        Problem(f"budget of {name}", f"{amount} fen", "0 or more") for name, amount in budgets_fen.items() if amount < 0
    ]
    raise_all(problems)


def clear_year(
    hospitals: Sequence[HospitalYear],
    rules: ClearingRules,
    *,
    budgets_fen: Mapping[str, int] | None = None,
    fingerprint: str = "",
    synthetic: bool = False,
) -> Clearing:
    """Clear the year of every hospital, insurance by insurance.

    due = payable + share of the residual − deductions; the deposit is withheld from what is due and comes back by
    score; the bands return a surplus to the pool or claim a part of an overspend on the adjusting fund; payment = due
    − returned by bands − deposit kept + adjusting fund; balance = payment − prepaid.

    Parameters
    ----------
    hospitals : sequence of HospitalYear
        One row for each hospital and insurance.
    rules : ClearingRules
        The rules.
    budgets_fen : mapping of str to int, optional
        Budget of each insurance [fen]; needed where the price floats. Under a fixed price without a budget the books
        begin with what is payable.
    fingerprint : str
        Of everything that went in.
    synthetic : bool
        Whether any of it was made up.

    Returns
    -------
    Clearing
        A row for each row given, in the same order, and the books of each insurance.

    Raises
    ------
    ActuaryError
        With every problem of the rows, the budgets and the rules.

    Examples
    --------
    >>> rules = ClearingRules(floating=True, deposit=Decimal("0.1"))
    >>> years = [HospitalYear(name, "resident", 3333, units=1, score=Decimal(95)) for name in "ABC"]
    >>> clearing = clear_year(years, rules, budgets_fen={"resident": 10_000})
    >>> clearing.amount("resident", "rounding_residual"), clearing.closes
    (1, True)
    """
    budgets = dict(budgets_fen or {})
    _check(hospitals, rules, budgets)
    cleared: dict[int, HospitalClearing] = {}
    books: list[BookLine] = []
    for insurance in dict.fromkeys([*(row.insurance for row in hospitals), *budgets]):
        places = [place for place, row in enumerate(hospitals) if row.insurance == insurance]
        rows, lines = _clear_insurance(insurance, [hospitals[place] for place in places], rules, budgets.get(insurance))
        cleared.update(zip(places, rows, strict=True))
        books += lines
    return Clearing(tuple(cleared[place] for place in range(len(hospitals))), tuple(books), fingerprint, synthetic)


def _clear_insurance(
    insurance: str, rows: Sequence[HospitalYear], rules: ClearingRules, budget_fen: int | None
) -> tuple[list[HospitalClearing], list[BookLine]]:
    payable = sum(row.payable_fen for row in rows)
    opened = in_units((budget_fen or 0) * as_fraction(rules.adjust_share or 0), 0, rules.mode)
    gap = 0 if budget_fen is None else budget_fen - opened - payable
    handed = _hand_out(gap, rows) if rules.floating and rules.residual == "largest_remainder" else (0,) * len(rows)
    due = [row.payable_fen + part - row.deduction_fen for row, part in zip(rows, handed, strict=True)]
    banded = [
        apply_bands(amount, row.charged_fen, rules.bands, overspending=rules.overspending, mode=rules.mode)
        for row, amount in zip(rows, due, strict=True)
    ]
    deposits = [_deposit(row, amount, rules) for row, amount in zip(rows, due, strict=True)]
    returned = sum(row.deduction_fen for row in rows) + sum(outcome.returned_fen for outcome in banded)
    # Under a fixed price without an adjusting fund the payer bears the claims itself.
    limited = rules.floating or rules.adjust_share is not None
    served = use_adjusting_fund(
        opened + returned if limited else None,
        {"review": [row.review_fen for row in rows], "overspend": [outcome.claim_fen for outcome in banded]},
        rules.adjusting_order,
    )
    adjusting = [sum(parts) for parts in zip(served["review"], served["overspend"], strict=True)] if rows else []
    parts = zip(rows, handed, due, banded, deposits, adjusting, strict=True)
    cleared = [_row(*part) for part in parts]
    lines = write_books(
        insurance,
        cleared,
        budget_fen=budget_fen,
        opened_fen=opened,
        gap_fen=gap - sum(handed),
        floating=rules.floating,
        limited=limited,
    )
    return cleared, lines


def _hand_out(gap_fen: int, rows: Sequence[HospitalYear]) -> tuple[int, ...]:
    """Hand a residual out by points; without points it stays booked."""
    units = [as_fraction(row.units) for row in rows]
    return apportion(gap_fen, units) if sum(units, Fraction(0)) > 0 else (0,) * len(rows)


def _deposit(row: HospitalYear, due_fen: int, rules: ClearingRules) -> DepositOutcome:
    return settle_deposit(
        due_fen, row.score, rate=rules.deposit, steps=rules.deposit_return, form=rules.deposit_form, mode=rules.mode
    )


def _row(  # the parts of one hospital, as the steps of the clearing made them
    row: HospitalYear, handed: int, due: int, band: BandOutcome, deposit: DepositOutcome, adjusting: int
) -> HospitalClearing:
    payment = due - band.returned_fen - deposit.kept_fen + adjusting
    return HospitalClearing(
        hospital=row.hospital,
        insurance=row.insurance,
        payable_fen=row.payable_fen,
        residual_fen=handed,
        deduction_fen=row.deduction_fen,
        due_fen=due,
        charged_fen=row.charged_fen,
        ratio=band.ratio,
        band=band.rule,
        band_returned_fen=band.returned_fen,
        overspend_claim_fen=band.claim_fen,
        review_claim_fen=row.review_fen,
        adjusting_fen=adjusting,
        score=row.score,
        deposit_fen=deposit.deposit_fen,
        deposit_returned_fen=deposit.returned_fen,
        deposit_kept_fen=deposit.kept_fen,
        payment_fen=payment,
        prepaid_fen=row.prepaid_fen,
        balance_fen=payment - row.prepaid_fen,
    )
