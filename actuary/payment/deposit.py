"""The deposit (质量保证金): what is withheld in the year, and what of it comes back by the score of the assessment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from actuary.errors import ActuaryError, Problem, raise_all
from actuary.payment.exact import RoundingMode, in_units

__all__ = ["DepositOutcome", "ReturnStep", "check_return_steps", "returned_share", "settle_deposit"]


@dataclass(frozen=True, slots=True)
class ReturnStep:
    """Hold one step of the return of the deposit.

    Parameters
    ----------
    score_from : Decimal
        Lowest score of the step, out of 100; it belongs to the step.
    share : Decimal or None
        Share of the deposit that comes back, 0-1; None for the form linear.
    form : {"step", "linear"}
        step: the share as declared; linear: the score over 100.
    """

    score_from: Decimal
    share: Decimal | None = None
    form: Literal["step", "linear"] = "step"


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


def check_return_steps(steps: Sequence[ReturnStep], *, where: str = "deposit_return") -> None:
    """Check that steps are distinct and that their shares lie from 0 to 1 and rise with the score.

    Raises
    ------
    ActuaryError
        With every problem found.

    Examples
    --------
    >>> check_return_steps([ReturnStep(Decimal(90), Decimal("1.2"))])
    Traceback (most recent call last):
    actuary.errors.ActuaryError: deposit_return[1].share: found 1.2; expected a share from 0 to 1
    """
    problems, seen = [], set()
    for number, step in enumerate(steps, 1):
        place = f"{where}[{number}]"
        if step.form == "step" and step.share is None:
            problems.append(Problem(place, "no share", "a share from 0 to 1", 'add share = …, or form = "linear"'))
        elif step.share is not None and not 0 <= step.share <= 1:
            problems.append(Problem(f"{place}.share", str(step.share), "a share from 0 to 1"))
        if step.score_from in seen:
            problems.append(Problem(f"{place}.score_from", f"{step.score_from} again", "one step for each score"))
        seen.add(step.score_from)
    raise_all(problems)


def returned_share(score: Decimal | None, steps: Sequence[ReturnStep]) -> Fraction:
    """Return the share of the deposit that comes back for a score.

    Parameters
    ----------
    score : Decimal or None
        Score of the assessment, from 0 to 100; None when the hospital was not assessed and everything comes back.
    steps : sequence of ReturnStep
        The steps in any order; the highest one that the score reaches holds. Below all of them nothing comes back;
        with no steps at all everything does.

    Raises
    ------
    ActuaryError
        When the score lies outside 0 to 100.

    Examples
    --------
    >>> steps = [ReturnStep(Decimal(90), Decimal(1)), ReturnStep(Decimal(60), form="linear")]
    >>> [str(returned_share(Decimal(score), steps)) for score in (95, 90, 75, 59)]
    ['1', '1', '3/4', '0']
    """
    if score is not None and not 0 <= score <= 100:
        raise ActuaryError(Problem("score", str(score), "a score from 0 to 100"))
    if score is None or not steps:
        return Fraction(1)
    reached = [step for step in steps if score >= step.score_from]
    if not reached:
        return Fraction(0)
    step = max(reached, key=lambda candidate: candidate.score_from)
    return Fraction(score) / 100 if step.form == "linear" or step.share is None else Fraction(step.share)


def settle_deposit(
    base_fen: int,
    score: Decimal | None,
    *,
    rate: Decimal,
    steps: Sequence[ReturnStep],
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
    steps : sequence of ReturnStep
        How much comes back.
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Examples
    --------
    >>> steps = [ReturnStep(Decimal(90), Decimal(1)), ReturnStep(Decimal(60), form="linear")]
    >>> settle_deposit(1_000_000, Decimal(80), rate=Decimal("0.10"), steps=steps)
    DepositOutcome(deposit_fen=100000, share=Fraction(4, 5), returned_fen=80000, kept_fen=20000)
    """
    deposit = in_units(max(base_fen, 0) * Fraction(rate), 0, mode)
    share = returned_share(score, steps)
    returned = in_units(deposit * share, 0, mode)
    return DepositOutcome(deposit, share, returned, deposit - returned)
