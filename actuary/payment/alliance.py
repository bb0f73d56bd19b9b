"""Closed county alliances (紧密型医共体): one pool for their people, its surplus shared, its overspend borne."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Literal

from actuary.errors import ActuaryError, Problem, raise_all
from actuary.payment.apportion import apportion
from actuary.payment.declared_files import read_declared
from actuary.payment.declared_values import NonNegative, Share
from actuary.payment.exact import Number, RoundingMode, as_fraction, in_units, yuan_to_fen
from actuary.policy.shapes import Shape, Text

__all__ = [
    "Alliance",
    "AllianceMember",
    "AllianceSettlement",
    "MemberShare",
    "book_months",
    "normalised_shares",
    "read_alliances",
    "settle_alliance",
]


class AllianceMember(Shape):
    """Hold a hospital of an alliance and the figures by which a surplus is shared.

    Attributes
    ----------
    hospital : str
        The hospital.
    figures : mapping of str to Decimal
        Value of each criterion, such as score, heads or care given.
    """

    hospital: Text
    figures: Mapping[str, NonNegative]


class Alliance(Shape):
    """Declare the pool of an alliance for one year and insurance.

    Attributes
    ----------
    name : str
        The alliance.
    insurance : str
        Whose pool it is.
    pool_yuan : Decimal
        The pool: heads × funding, or what was agreed [yuan].
    outside_yuan : Decimal
        Care of its people elsewhere [yuan].
    inside_yuan : mapping of str to Decimal
        Care of its people in each member [yuan]; where it is empty, what the members are paid for the year.
    prepaid_yuan : Decimal
        Cash paid to it in the year [yuan].
    retain_share : Decimal
        Share of a surplus that the alliance keeps; the rest goes back to the fund.
    overspend : str
        none: the members bear it; share: the fund bears `fund_share` of it; carry: it is taken from next year's pool.
    fund_share : Decimal or None
        Share of an overspend that the fund bears, for share.
    criteria : mapping of str to Decimal
        Weight of each criterion in the shares of the members.
    member : tuple of AllianceMember
        Its hospitals.
    """

    name: Text
    insurance: Text
    pool_yuan: NonNegative
    outside_yuan: NonNegative
    inside_yuan: Mapping[str, NonNegative] = {}
    prepaid_yuan: NonNegative = Decimal(0)
    retain_share: Share
    overspend: Literal["none", "share", "carry"]
    fund_share: Share | None = None
    criteria: Mapping[str, NonNegative]
    member: tuple[AllianceMember, ...]


class _AllianceFile(Shape):
    alliance: tuple[Alliance, ...]


@dataclass(frozen=True, slots=True)
class MemberShare:
    """Hold the part of one hospital.

    Parameters
    ----------
    hospital : str
        The hospital.
    inside_fen : int
        Care given to the alliance's people [fen].
    share : Fraction
        Its share in surplus or burden.
    adjustment_fen : int
        Surplus it keeps, or, negative, overspend it bears [fen].
    """

    hospital: str
    inside_fen: int
    share: Fraction
    adjustment_fen: int

    @property
    def entitlement_fen(self) -> int:
        """What it is due for the year [fen]."""
        return self.inside_fen + self.adjustment_fen


@dataclass(frozen=True, slots=True)
class AllianceSettlement:
    """Hold the settled pool of an alliance; every amount in fen.

    Parameters
    ----------
    name, insurance : str
        Whose pool it is.
    pool_fen, outside_fen, prepaid_fen : int
        Pool, care elsewhere, cash paid in the year.
    balance_fen : int
        Pool less care elsewhere and inside; negative for an overspend.
    fund_back_fen : int
        Part of a surplus that goes back to the fund.
    fund_extra_fen : int
        Part of an overspend that the fund bears.
    carried_fen : int
        Part of an overspend that next year's pool bears.
    members : tuple of MemberShare
        The hospitals.
    """

    name: str
    insurance: str
    pool_fen: int
    outside_fen: int
    prepaid_fen: int
    balance_fen: int
    fund_back_fen: int
    fund_extra_fen: int
    carried_fen: int
    members: tuple[MemberShare, ...]

    def __repr__(self) -> str:
        """Return name, members and balance."""
        balance = f"balance {self.balance_fen / 100:,.2f} yuan"
        return f"AllianceSettlement({self.name!r}, {self.insurance}, {len(self.members)} members, {balance})"

    @property
    def entitlement_fen(self) -> int:
        """What all the members are due [fen]."""
        return sum(member.entitlement_fen for member in self.members)

    @property
    def cash_fen(self) -> int:
        """What is still to be paid in cash [fen]; negative: to be recovered."""
        return self.entitlement_fen - self.prepaid_fen

    @property
    def difference_fen(self) -> int:
        """By how much the books fail to close [fen].

        pool + fund's part of an overspend + what is carried = care elsewhere + members' dues + back to the fund.
        """
        sources = self.pool_fen + self.fund_extra_fen + self.carried_fen
        return sources - self.outside_fen - self.entitlement_fen - self.fund_back_fen


def read_alliances(path: Path | str) -> tuple[Alliance, ...]:
    """Read the alliances that a user declared in TOML, a table ``[[alliance]]`` for each.

    Raises
    ------
    DeclarationError
        With every problem of the file.
    ActuaryError
        When an alliance has no members, a member twice, or one without the figures of a criterion.
    """
    alliances = read_declared(path, _AllianceFile).alliance
    problems: list[Problem] = []
    for alliance in alliances:
        problems += _alliance_problems(alliance, f"{Path(path).name}, alliance {alliance.name}")
    raise_all(problems)
    return alliances


def _alliance_problems(alliance: Alliance, place: str) -> list[Problem]:
    names = [member.hospital for member in alliance.member]
    problems = [Problem(place, "no members", "a table [[alliance.member]] for each hospital")] if not names else []
    problems += [
        Problem(place, f"{name} twice", "each hospital once")
        for name in sorted({n for n in names if names.count(n) > 1})
    ]
    problems += [
        Problem(f"{place}, {member.hospital}", f"no figure of {criterion!r}", "a figure for every criterion")
        for member in alliance.member
        for criterion in alliance.criteria
        if criterion not in member.figures
    ]
    problems += [
        Problem(f"{place}, inside_yuan", name, "a member of the alliance")
        for name in alliance.inside_yuan
        if name not in names
    ]
    if alliance.overspend == "share" and alliance.fund_share is None:
        problems.append(Problem(place, 'overspend = "share" without fund_share', "the share that the fund bears"))
    return problems


def normalised_shares(figures: Sequence[Mapping[str, Number]], criteria: Mapping[str, Number]) -> tuple[Fraction, ...]:
    """Return the shares of members by weighted criteria.

    share = Σ over criteria of weight × figure / Σ of the figure over all members; the weights are brought to 1.

    Parameters
    ----------
    figures : sequence of mapping
        Figures of each member by criterion.
    criteria : mapping of str to number
        Weight of each criterion.

    Returns
    -------
    tuple of Fraction
        Shares that add up to 1.

    Raises
    ------
    ActuaryError
        When no criterion has weight, or one with weight is 0 for every member.

    Examples
    --------
    >>> shares = normalised_shares([{"score": 90, "heads": 300}, {"score": 60, "heads": 100}],
    ...                            {"score": "0.5", "heads": "0.5"})
    >>> [str(share) for share in shares]
    ['27/40', '13/40']
    """
    used = {name: as_fraction(weight) for name, weight in criteria.items() if as_fraction(weight) > 0}
    totals = {name: sum((as_fraction(row[name]) for row in figures), Fraction(0)) for name in used}
    problems = [
        Problem(f"criterion {name!r}", "0 for every member", "a figure above 0")
        for name, total in totals.items()
        if total <= 0
    ]
    raise_all(problems if used else [Problem("criteria", "no weight above 0", "a criterion with weight")])
    all_weights = sum(used.values(), Fraction(0))
    return tuple(
        sum((weight * as_fraction(row[name]) / totals[name] for name, weight in used.items()), Fraction(0))
        / all_weights
        for row in figures
    )


def settle_alliance(
    alliance: Alliance, inside_fen: Mapping[str, int] | None = None, *, mode: RoundingMode = "half_up"
) -> AllianceSettlement:
    """Settle the pool of an alliance at the year's end.

    balance = pool − care elsewhere − care inside. A surplus is kept at `retain_share` and divided by the shares of the
    members; an overspend is borne as declared. Nothing is lost: see ``difference_fen``.

    Parameters
    ----------
    alliance : Alliance
        The declared pool.
    inside_fen : mapping of str to int, optional
        What each member is paid for the year [fen]; used where the alliance does not declare its own figures.
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Returns
    -------
    AllianceSettlement
        The members' dues, and what the fund gets back or bears.

    Raises
    ------
    ActuaryError
        When the care inside of a member is not known, or the shares cannot be computed.

    Examples
    --------
    >>> members = tuple(AllianceMember(hospital=name, figures={"score": score}) for name, score in (("A", 2), ("B", 1)))
    >>> pool = Alliance(name="X", insurance="resident", pool_yuan=1000, outside_yuan=300,
    ...                 inside_yuan={"A": 400, "B": 200}, retain_share=1, overspend="none",
    ...                 criteria={"score": 1}, member=members)
    >>> settled = settle_alliance(pool)
    >>> [member.entitlement_fen for member in settled.members], settled.difference_fen
    ([46667, 23333], 0)
    """
    raise_all(_alliance_problems(alliance, f"alliance {alliance.name}"))
    inside = _inside(alliance, inside_fen)
    pool, outside = in_units(alliance.pool_yuan, 2, mode), in_units(alliance.outside_yuan, 2, mode)
    balance = pool - outside - sum(inside.values())
    back = extra = carried = 0
    if balance >= 0:
        kept = in_units(balance * as_fraction(alliance.retain_share), 0, mode)
        back, divided = balance - kept, kept
    else:
        extra = (
            in_units(-balance * as_fraction(alliance.fund_share or 0), 0, mode) if alliance.overspend == "share" else 0
        )
        carried = -balance if alliance.overspend == "carry" else 0
        divided = balance + extra + carried
    shares = normalised_shares([member.figures for member in alliance.member], alliance.criteria)
    parts = apportion(divided, shares)
    members = tuple(
        MemberShare(member.hospital, inside[member.hospital], share, part)
        for member, share, part in zip(alliance.member, shares, parts, strict=True)
    )
    prepaid = in_units(alliance.prepaid_yuan, 2, mode)
    return AllianceSettlement(
        alliance.name, alliance.insurance, pool, outside, prepaid, balance, back, extra, carried, members
    )


def _inside(alliance: Alliance, paid_fen: Mapping[str, int] | None) -> dict[str, int]:
    known = {name: yuan_to_fen(amount) for name, amount in alliance.inside_yuan.items()} or dict(paid_fen or {})
    missing = [member.hospital for member in alliance.member if member.hospital not in known]
    raise_all(
        Problem(
            f"alliance {alliance.name}",
            f"no care inside of {name}",
            "an amount in inside_yuan, or a hospital of the settlement",
        )
        for name in missing
    )
    return {member.hospital: known[member.hospital] for member in alliance.member}


def book_months(pool_fen: int, months: Sequence[tuple[str, int, int]]) -> tuple[tuple[str, int], ...]:
    """Book an alliance's months without cash, and return what the pool still holds after each.

    Parameters
    ----------
    pool_fen : int
        The year's pool [fen].
    months : sequence of tuple
        Month, care inside and care elsewhere [fen].

    Raises
    ------
    ActuaryError
        When a month comes twice.

    Examples
    --------
    >>> book_months(1000, [("2025-01", 300, 100), ("2025-02", 500, 200)])
    (('2025-01', 600), ('2025-02', -100))
    """
    names = [month for month, _, _ in months]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ActuaryError(Problem("months", f"{twice[0]} twice", "each month once"))
    left, booked = pool_fen, []
    for month, inside, outside in months:
        left -= inside + outside
        booked.append((month, left))
    return tuple(booked)
