"""Find what contradicts itself in settlement, review quotas, bed-day bands, deposits, surplus bands and audit."""

from __future__ import annotations

from collections.abc import Sequence

from actuary.errors import Problem, unknown_name
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_values import EVERY
from actuary.policy.toml_files import TomlFile

__all__ = ["settlement_problems"]


def settlement_problems(policy: PaymentPolicy, file: TomlFile, *, tiers: Sequence[str]) -> list[Problem]:
    """Find every problem of what follows the pricing of cases.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    file : TomlFile
        For the places in messages.
    tiers : sequence of str
        Tiers that the policy prices; empty: any.
    """
    return [
        *_unknown_tiers(policy, file, tiers),
        *_bed_day(policy, file),
        *_deposit(policy, file),
        *_surplus(policy, file),
        *_payable(policy, file),
        *_ratio_to_standard(policy, file),
        *_audit(policy, file),
    ]


def _unknown_tiers(policy: PaymentPolicy, file: TomlFile, tiers: Sequence[str]) -> list[Problem]:
    if not tiers:
        return []
    named = [(f"review.quota.{tier}", tier) for tier in (policy.review.quota if policy.review is not None else ())]
    named += [
        (f"bed_day.tariff[{number}].tier", row.tier)
        for number, row in enumerate(policy.bed_day.tariff if policy.bed_day is not None else (), 1)
    ]
    named += [
        (f"settlement.interim_rate[{number}].tier", row.tier)
        for number, row in enumerate(policy.settlement.interim_rate, 1)
    ]
    named += [
        (f"settlement.policy_ratio[{number}].tier", row.tier)
        for number, row in enumerate(policy.settlement.policy_ratio, 1)
    ]
    return [
        unknown_name(file.where(path), tier, tiers, what="tier")
        for path, tier in named
        if tier != EVERY and tier not in tiers
    ]


def _bed_day(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    rule = policy.bed_day
    if rule is None:
        return []
    problems = _rising([band.to for band in rule.bands], file, "bed_day.bands", key="to")
    if rule.tariff and rule.points_per_day is not None:
        found = "a tariff in yuan and points a day"
        problems.append(Problem(file.where("bed_day"), found, "one of the two", "keep one"))
    return problems


def _rising(bounds: Sequence[object], file: TomlFile, path: str, *, key: str) -> list[Problem]:
    """Find bounds that do not rise, and an open entry that is not the last."""
    problems: list[Problem] = []
    last = None
    for number, bound in enumerate(bounds, 1):
        where = file.where(f"{path}[{number}]")
        if bound is None:
            if number < len(bounds):
                mend = "give it a bound, or put it last"
                problems.append(Problem(where, f"no {key} before other entries", "an open entry last only", mend))
            continue
        if last is not None and bound <= last:  # type: ignore[operator]
            found = f"{key} {bound}, not above {last} of the entry before: they overlap"
            problems.append(Problem(where, found, "rising bounds", "put the entries in order"))
        last = bound
    return problems


def _deposit(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    settlement, problems = policy.settlement, []
    scores = [step.score_from for step in settlement.deposit_return]
    for number, step in enumerate(settlement.deposit_return, 1):
        where = file.where(f"settlement.deposit_return[{number}]")
        if step.score_from in scores[: number - 1]:
            found = f"score_from {step.score_from} again"
            problems.append(Problem(where, found, "every score once", "delete one of the two"))
        if (step.share is None) == (step.form == "share"):
            expected = 'a share, or form = "score_percent"'
            problems.append(Problem(where, "both" if step.share is not None else "neither", expected, "keep one"))
    if len(scores) > 1 and scores not in (sorted(scores), sorted(scores, reverse=True)):
        where = file.where("settlement.deposit_return")
        problems.append(Problem(where, "scores out of order", "rising or falling scores", "put the steps in order"))
    if settlement.deposit_return and settlement.deposit is None:
        mend = "add deposit = 0.05, or what the city withholds"
        problems.append(
            Problem(file.where("settlement.deposit"), "nothing, but a return of it", "the part withheld", mend)
        )
    return problems


def _surplus(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    bands = policy.settlement.bands
    problems = _rising([band.to for band in bands], file, "settlement.bands", key="to")
    for number, band in enumerate(bands, 1):
        where = file.where(f"settlement.bands[{number}]")
        if band.rule == "share" and band.fund is None:
            problems.append(Problem(f"{where}.fund", "nothing", "the part that the fund bears", "add fund = …"))
        if band.rule != "share" and band.fund is not None:
            problems.append(Problem(f"{where}.fund", f"a part, but rule {band.rule!r}", "rule share", "remove it"))
    return problems


def _payable(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    settlement, problems = policy.settlement, []
    price = policy.declared.price
    if price is not None and price.represents == "fund" and settlement.fund_payable in ("subtract", "by_ratio"):
        found = f"{settlement.fund_payable!r}, but price.represents is 'fund'"
        expected = "'fund': fund money has no patient's part to take off"
        problems.append(Problem(file.where("settlement.fund_payable"), found, expected))
    if settlement.fund_payable in ("fund", "by_ratio") and settlement.subtract:
        found = f"payments to subtract, but fund_payable {settlement.fund_payable!r}"
        problems.append(Problem(file.where("settlement.subtract"), found, "fund_payable subtract", "remove one"))
    if settlement.interim_price == "declared" and not settlement.interim_rate:
        where = file.where("settlement.interim_rate")
        problems.append(Problem(where, "nothing", "the declared interim prices", "add interim_rate = [ … ]"))
    return problems


def _ratio_to_standard(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    """Find a ratio to the standard where no value is known before the pool is divided."""
    price = policy.declared.price
    if price is None or price.mode == "fixed" or policy.ratio is None or policy.ratio.denominator != "standard":
        return []
    announced: set[str] = {row.insurance for row in price.budget_value}
    wanted: set[str] = {row.insurance for row in price.budget} or {EVERY}
    some = bool(announced)
    lacking = [] if EVERY in announced or (some and EVERY in wanted) else sorted(wanted - announced)
    return [
        Problem(
            file.where("price.budget_value"),
            "nothing" + ("" if insurance == EVERY else f" for {insurance}"),
            'the value announced before the year: ratio.denominator = "standard" under a floating price needs it',
            "declare price.budget_value, or another denominator",
        )
        for insurance in lacking
    ]


def _audit(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    if policy.audit is None:
        return []
    problems = []
    for number, sample in enumerate(policy.audit.sample, 1):
        if (sample.min_amount is None) == (sample.min_share is None):
            where = file.where(f"audit.sample[{number}]")
            found = "both" if sample.min_amount is not None else "neither"
            problems.append(Problem(where, found, "min_amount or min_share", "keep one"))
    starts = [sample.spend_from for sample in policy.audit.sample]
    if len(set(starts)) < len(starts):
        where = file.where("audit.sample")
        problems.append(Problem(where, "two rules from one spend", "every spend_from once", "delete one of the two"))
    return problems
