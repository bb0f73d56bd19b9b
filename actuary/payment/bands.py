"""Bands of surplus and overspend: who keeps what when a hospital's charges differ from what it is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from actuary.errors import Problem, raise_all
from actuary.payment.declared_settlement import SurplusBand
from actuary.payment.exact import RoundingMode, in_units

__all__ = ["BandOutcome", "Overspending", "QuotaOutcome", "apply_bands", "check_bands", "settle_quota"]

#: whole: the band in which a hospital's ratio lies decides alone; layers: each band bears its own slice.
Overspending = Literal["whole", "layers"]


def _holds(band: SurplusBand, ratio: Fraction) -> bool:
    """Say whether a ratio at or above the band's lower end lies in it."""
    if band.to is None:
        return True
    inclusive = band.rule != "actual" if band.op is None else band.op == "<="
    return ratio < Fraction(band.to) or (inclusive and ratio == Fraction(band.to))


@dataclass(frozen=True, slots=True)
class BandOutcome:
    """Hold what the bands make of one hospital's amount due.

    Parameters
    ----------
    rule : str
        Rule of the band that held; empty where there was nothing to compare.
    ratio : Fraction or None
        Charges over the amount due; None when nothing is due.
    pay_fen : int
        What is paid out of the amount due [fen].
    returned_fen : int
        What is not paid of the amount due [fen]: it goes back to the pool.
    claim_fen : int
        Part of the overspend that the fund should bear, as far as its adjusting fund reaches [fen].
    """

    rule: str
    ratio: Fraction | None
    pay_fen: int
    returned_fen: int
    claim_fen: int


def check_bands(bands: Sequence[SurplusBand], *, where: str = "bands") -> None:
    """Check that bands follow each other without overlap, up to one that has no end.

    Raises
    ------
    ActuaryError
        With every problem: ends that do not rise, a band after the open one, no share, no open band.

    Examples
    --------
    >>> check_bands([SurplusBand(to="1.1", rule="keep"), SurplusBand(to="1.0", rule="none")])
    Traceback (most recent call last):
    actuary.errors.ActuaryError: 2 problems:
      bands[2].to: found 1.0; expected more than 1.1, the end of the band before; sort the bands, none may overlap
      bands[2].to: found 1.0 in the last band; expected no end; add a last band without `to`
    """
    problems = []
    previous: Decimal | None = Decimal(0)
    for number, band in enumerate(bands, 1):
        place = f"{where}[{number}]"
        if band.rule == "share" and band.fund is None:
            problems.append(Problem(place, "a band that shares without `fund`", "the share that the fund bears, 0-1"))
        if previous is None:
            problems.append(
                Problem(place, "a band after one without an end", "no further band", "give the ends in order")
            )
        elif band.to is not None and band.to <= previous:
            mend = "sort the bands, none may overlap"
            expected = f"more than {previous}, the end of the band before" if number > 1 else "more than 0"
            problems.append(Problem(f"{place}.to", str(band.to), expected, mend))
        previous = band.to
    if bands and previous is not None:
        place = f"{where}[{len(bands)}].to"
        problems.append(Problem(place, f"{previous} in the last band", "no end", "add a last band without `to`"))
    raise_all(problems)


def _layered_claim(bands: Sequence[SurplusBand], due_fen: int, charged_fen: int) -> Fraction:
    """Return what the fund bears when every slice of the overspend falls under the band it lies in."""
    claim, lower = Fraction(0), Fraction(1)
    ratio = Fraction(charged_fen, due_fen)
    for band in bands:
        upper = ratio if band.to is None else min(Fraction(band.to), ratio)
        if upper > lower:
            if band.rule == "share":
                claim += (upper - lower) * due_fen * Fraction(band.fund or 0)
            lower = upper
    return claim


def apply_bands(
    due_fen: int,
    charged_fen: int | None,
    bands: Sequence[SurplusBand],
    *,
    overspending: Overspending = "whole",
    mode: RoundingMode = "half_up",
) -> BandOutcome:
    """Hold what a hospital charged item by item against what it is due.

    ratio = charged / due. In its band the hospital is paid its charges (actual), the amount due (none), the amount due
    and a claim of fund × (charged − due) on the adjusting fund (share), or its charges and the part of its surplus
    that it keeps: hospital × (due − charged), at most limit × due (keep; the whole surplus where neither is declared).

    Parameters
    ----------
    due_fen : int
        Amount due by points or rate [fen].
    charged_fen : int or None
        What the fund would have paid item by item [fen]; None when it is not known, the amount due is then paid.
    bands : sequence of SurplusBand
        Checked bands, in order; none at all pays the amount due.
    overspending : {"whole", "layers"}
        Whether the band of the whole ratio decides, or each slice of the overspend falls under its own band.
    mode : {"half_up", "half_even"}
        How the claim is rounded to the fen.

    Returns
    -------
    BandOutcome
        What is paid, what goes back and what is claimed; ``pay + returned = due``.

    Examples
    --------
    >>> bands = [SurplusBand(to="0.85", rule="actual"), SurplusBand(to=1, rule="keep"),
    ...          SurplusBand(to="1.1", rule="share", fund="0.5"), SurplusBand(rule="none")]
    >>> [apply_bands(1000, charged, bands).pay_fen for charged in (800, 850, 1000)]
    [800, 1000, 1000]
    >>> [apply_bands(1000, charged, bands).claim_fen for charged in (1100, 1101)]
    [50, 0]
    >>> apply_bands(1000, 1200, bands, overspending="layers").claim_fen
    50
    """
    if not bands or charged_fen is None or due_fen <= 0:
        return BandOutcome("", None, due_fen, 0, 0)
    ratio = Fraction(charged_fen, due_fen)
    band = next(band for band in bands if _holds(band, ratio))
    if band.rule == "actual":
        return BandOutcome("actual", ratio, charged_fen, due_fen - charged_fen, 0)
    if band.rule == "keep" and charged_fen < due_fen:
        kept = (due_fen - charged_fen) * Fraction(1 if band.hospital is None else band.hospital)
        if band.limit is not None:
            kept = min(kept, due_fen * Fraction(band.limit))
        pay = charged_fen + in_units(kept, 0, mode)
        return BandOutcome("keep", ratio, pay, due_fen - pay, 0)
    claim = Fraction(0)
    if overspending == "layers" and charged_fen > due_fen:
        claim = _layered_claim(bands, due_fen, charged_fen)
    elif band.rule == "share" and charged_fen > due_fen:
        claim = (charged_fen - due_fen) * Fraction(band.fund or 0)
    return BandOutcome(band.rule, ratio, due_fen, 0, in_units(claim, 0, mode))


@dataclass(frozen=True, slots=True)
class QuotaOutcome:
    """Hold what a hospital with an annual quota is paid.

    Parameters
    ----------
    fund_pays_fen : int
        What the fund pays altogether [fen].
    overspend_borne_fen : int
        Part of the overspend in it [fen].
    reward_fen : int
        Reward for a saving in it [fen].
    """

    fund_pays_fen: int
    overspend_borne_fen: int
    reward_fen: int


def settle_quota(
    quota_fen: int,
    spend_fen: int,
    *,
    share_limit: Decimal,
    overspend_share: Decimal,
    reward_share: Decimal,
    reward_limit: Decimal,
    mode: RoundingMode = "half_up",
) -> QuotaOutcome:
    """Settle a hospital that has an annual quota, its overspend shared and its saving rewarded.

    An overspend up to `share_limit` of the quota is borne by the fund at `overspend_share`; a larger one is not
    borne at all. A saving is rewarded with `reward_share` of it, at most `reward_limit` of the quota; the fund then
    pays what was spent and the reward.

    Parameters
    ----------
    quota_fen, spend_fen : int
        Quota of the year and what was spent item by item [fen], neither negative.
    share_limit, overspend_share, reward_share, reward_limit : Decimal
        Shares of the rule, 0-1.
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Returns
    -------
    QuotaOutcome
        What the fund pays, with the parts of overspend and reward in it.

    Raises
    ------
    ActuaryError
        When the quota or what was spent is negative.

    Examples
    --------
    >>> rule = dict(share_limit=Decimal("0.20"), overspend_share=Decimal("0.5"),
    ...             reward_share=Decimal("0.3"), reward_limit=Decimal("0.03"))
    >>> settle_quota(100_000_000, 115_000_000, **rule).fund_pays_fen
    107500000
    >>> settle_quota(100_000_000, 80_000_000, **rule).reward_fen
    3000000
    """
    raise_all(
        Problem(name, f"{value} fen", "0 or more")
        for name, value in (("quota", quota_fen), ("spend", spend_fen))
        if value < 0
    )
    if spend_fen > quota_fen:
        over = spend_fen - quota_fen
        borne = in_units(over * Fraction(overspend_share), 0, mode) if over <= quota_fen * Fraction(share_limit) else 0
        return QuotaOutcome(quota_fen + borne, borne, 0)
    reward = min((quota_fen - spend_fen) * Fraction(reward_share), quota_fen * Fraction(reward_limit))
    reward_fen = in_units(reward, 0, mode)
    return QuotaOutcome(spend_fen + reward_fen, 0, reward_fen)
