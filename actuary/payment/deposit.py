"""The deposit (质量保证金): what is withheld in the year, and what of it comes back by the score of the assessment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from actuary.errors import ActuaryError, Problem, raise_all
from actuary.payment.declared_settlement import DepositStep
from actuary.payment.exact import RoundingMode, in_units

__all__ = ["DepositOutcome", "check_return_steps", "returned_share", "settle_deposit"]


@dataclass(frozen=True, slots=True)
class DepositOutcome:
    """Hold the deposit of one hospital.

    Parameters
    ----------
    deposit_fen : int
        What was withheld in the year [fen].
    share : Fraction
        Share that comes back.
    returned_fen, kept_fen : int
        What comes back and what does not; together the deposit [fen].
    """

    deposit_fen: int
    share: Fraction
    returned_fen: int
    kept_fen: int


def check_return_steps(steps: Sequence[DepositStep], *, where: str = "deposit_return") -> None:
    """Check that steps are distinct and that each says what comes back.

    Raises
    ------
    ActuaryError
        With every problem found.

    Examples
    --------
    >>> check_return_steps([DepositStep(score_from=90)])
    Traceback (most recent call last):
    actuary.errors.ActuaryError: deposit_return[1]: found no share; expected a share from 0 to 1; add share = …, or
    form = "score_percent"
    """
    problems, seen = [], set()
    for number, step in enumerate(steps, 1):
        place = f"{where}[{number}]"
        if step.form == "share" and step.share is None:
            problems.append(
                Problem(place, "no share", "a share from 0 to 1", 'add share = …, or form = "score_percent"')
            )
        if step.score_from in seen:
            problems.append(Problem(f"{place}.score_from", f"{step.score_from} again", "one step for each score"))
        seen.add(step.score_from)
    raise_all(problems)


def _share_at(step: DepositStep, score: Fraction) -> Fraction:
    return score / 100 if step.share is None else Fraction(step.share)


def returned_share(
    score: Decimal | None, steps: Sequence[DepositStep], *, form: Literal["step", "linear"] = "step"
) -> Fraction:
    """Return the share of the deposit that comes back for a score.

    Parameters
    ----------
    score : Decimal or None
        Score of the assessment, from 0 to 100; None when the hospital was not assessed and everything comes back.
    steps : sequence of DepositStep
        The steps in any order. Below all of them nothing comes back; with no steps at all everything does.
    form : {"step", "linear"}
        step: the highest step that the score reaches holds. linear: between two steps the share moves evenly.

    Raises
    ------
    ActuaryError
        When the score lies outside 0 to 100.

    Examples
    --------
    >>> steps = [DepositStep(score_from=90, share=1), DepositStep(score_from=60, form="score_percent")]
    >>> [str(returned_share(Decimal(score), steps)) for score in (95, 90, 75, 59)]
    ['1', '1', '3/4', '0']
    >>> steps = [DepositStep(score_from=60, share=0), DepositStep(score_from=100, share=1)]
    >>> returned_share(Decimal(70), steps, form="linear")
    Fraction(1, 4)
    """
    if score is not None and not 0 <= score <= 100:
        raise ActuaryError(Problem("score", str(score), "a score from 0 to 100"))
    if score is None or not steps:
        return Fraction(1)
    exact = Fraction(score)
    ordered = sorted(steps, key=lambda step: step.score_from)
    reached = [step for step in ordered if exact >= step.score_from]
    if not reached:
        return Fraction(0)
    lower = reached[-1]
    if form == "step" or len(reached) == len(ordered) or lower.share is None:
        return _share_at(lower, exact)
    upper = ordered[len(reached)]
    begin, end = Fraction(lower.score_from), Fraction(upper.score_from)
    low, high = _share_at(lower, begin), _share_at(upper, end)
    return low + (high - low) * (exact - begin) / (end - begin)


def settle_deposit(
    base_fen: int,
    score: Decimal | None,
    *,
    rate: Decimal,
    steps: Sequence[DepositStep],
    form: Literal["step", "linear"] = "step",
    mode: RoundingMode = "half_up",
) -> DepositOutcome:
    """Withhold the deposit of a hospital and return what its score earns.

    deposit = base × rate; returned = deposit × g(score).

    Parameters
    ----------
    base_fen : int
        Amount due from which the deposit is withheld [fen]; a negative one bears no deposit.
    score : Decimal or None
        Score of the assessment; None when there was none.
    rate : Decimal
        Share withheld, 0-1.
    steps : sequence of DepositStep
        How much comes back.
    form : {"step", "linear"}
        See :func:`returned_share`.
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Examples
    --------
    >>> steps = [DepositStep(score_from=90, share=1), DepositStep(score_from=60, form="score_percent")]
    >>> settle_deposit(1_000_000, Decimal(80), rate=Decimal("0.10"), steps=steps)
    DepositOutcome(deposit_fen=100000, share=Fraction(4, 5), returned_fen=80000, kept_fen=20000)
    """
    deposit = in_units(max(base_fen, 0) * Fraction(rate), 0, mode)
    share = returned_share(score, steps, form=form)
    returned = in_units(deposit * share, 0, mode)
    return DepositOutcome(deposit, share, returned, deposit - returned)
