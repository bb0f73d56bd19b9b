"""Why a flow changed between two periods: volume, price, structure, policy and one-offs, adding up to the change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["CAUSES", "CausePart", "Decomposition", "FlowEffect", "GroupFigures", "decompose_change"]

#: Causes, in the order they are told. What published figures cannot part stands under the last.
CAUSES: tuple[str, ...] = ("volume", "price", "structure", "policy", "one_off", "not_separable")

#: Factors of a flow and the cause each belongs to.
_CAUSE_OF = {
    "members": "volume",
    "mix": "structure",
    "use": "volume",
    "cost_per_use": "price",
    "share_paid": "policy",
    "standard": "policy",
    "rate_to_standard": "price",
    "per_member": "not_separable",
    "cost_and_share": "not_separable",
    "everything": "not_separable",
}


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """Hold one group's part of a flow in one period, as far as it is published.

    Parameters
    ----------
    total_yuan : float
        Its part of the flow [yuan].
    members : float or None
        Mean number of members [persons].
    uses : float or None
        Visits and stays [visits].
    cost_yuan : float or None
        What those cost in all [yuan], of which the fund paid `total_yuan`.
    standard_yuan : float or None
        Amount a member that a policy fixes [yuan], such as premium and subsidy of the resident scheme.
    """

    total_yuan: float
    members: float | None = None
    uses: float | None = None
    cost_yuan: float | None = None
    standard_yuan: float | None = None


@dataclass(frozen=True, slots=True)
class FlowEffect:
    """Hold what a declared policy or a one-off made of a flow.

    Parameters
    ----------
    cause : str
        ``policy`` or ``one_off``.
    name_zh, name_en : str
        What it was.
    before_yuan, after_yuan : float
        What it added to the flow of the earlier and of the later period [yuan]; negative where it took away.
    """

    cause: str
    name_zh: str
    name_en: str
    before_yuan: float
    after_yuan: float


@dataclass(frozen=True, slots=True)
class CausePart:
    """Hold one part of a change.

    Parameters
    ----------
    cause : str
        One of :data:`CAUSES`.
    factor : str
        Which factor, or ``effect`` for a declared policy or one-off.
    amount_yuan : float
        Its part of the change [yuan].
    name_zh, name_en : str
        Name of a declared effect; empty for a factor.
    """

    cause: str
    factor: str
    amount_yuan: float
    name_zh: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Hold the change of a flow and its parts, which add up to it.

    Parameters
    ----------
    before_yuan, after_yuan : float
        The flow in the earlier and the later period [yuan].
    parts : tuple of CausePart
        Its parts, in the order of :data:`CAUSES`.
    missing : tuple of str
        Figures that were not there, for want of which causes are not separable: ``members``, ``uses``, ``cost``.
    """

    before_yuan: float
    after_yuan: float
    parts: tuple[CausePart, ...]
    missing: tuple[str, ...] = field(default=())

    @property
    def change_yuan(self) -> float:
        """The whole change [yuan]."""
        return self.after_yuan - self.before_yuan

    @property
    def residual_yuan(self) -> float:
        """The change less its parts: nothing but rounding of floating numbers [yuan]."""
        return self.change_yuan - math.fsum(part.amount_yuan for part in self.parts)

    def by_cause(self) -> dict[str, float]:
        """Return the sum of the parts of every cause that has any [yuan]."""
        found: dict[str, float] = {}
        for part in self.parts:
            found[part.cause] = found.get(part.cause, 0.0) + part.amount_yuan
        return found


def decompose_change(
    before: Mapping[str, GroupFigures], after: Mapping[str, GroupFigures], *, effects: Sequence[FlowEffect] = ()
) -> Decomposition:
    r"""Split the change of a flow between two periods by cause.

    What declared policies and one-offs added is taken out of both periods first and told by itself. The rest of every
    group is a product of factors, as many as both periods are published for, and its change is shared out by their
    logarithms, which leaves nothing over:

    .. math:: E = N \, w \, \frac{U}{N w} \, \frac{C}{U} \, \frac{E}{C}, \qquad
              \Delta_x = \frac{E_1 - E_0}{\ln E_1 - \ln E_0} \ln \frac{x_1}{x_0}

    with all members N, the group's share of them w (structure), uses U and their cost C. Where a flow follows an
    amount a member fixed by policy, the factors are members, that amount, and the flow over both.

    Parameters
    ----------
    before, after : mapping of str to GroupFigures
        Group to its figures in the earlier and the later period; the same groups in both.
    effects : sequence of FlowEffect
        Declared policies and one-offs.

    Returns
    -------
    Decomposition
        What cannot be parted for want of figures stands as ``not_separable``.

    Raises
    ------
    ValueError
        When the groups of the two periods differ.

    Notes
    -----
    B. W. Ang, Decomposition analysis for policymaking in energy: which is the preferred method? Energy Policy 32
    (2004): the logarithmic mean Divisia index.

    Examples
    --------
    >>> found = decompose_change({"all": GroupFigures(100.0, members=10.0, uses=20.0)},
    ...                          {"all": GroupFigures(132.0, members=11.0, uses=22.0)})
    >>> [(part.cause, part.factor, round(part.amount_yuan, 2)) for part in found.parts]
    [('volume', 'members', 10.99), ('volume', 'use', 0.0), ('not_separable', 'cost_and_share', 21.01)]
    >>> abs(found.residual_yuan) < 1e-9
    True
    """
    if set(before) != set(after):
        message = "the two periods have other groups"
        raise ValueError(message)
    total = [math.fsum(one.total_yuan for one in figures.values()) for figures in (before, after)]
    shares = [_added(effects, 0) / total[0] if total[0] else 0.0, _added(effects, 1) / total[1] if total[1] else 0.0]
    amounts: dict[str, float] = {}
    missing: list[str] = []
    for name, first in before.items():
        last = after[name]
        # A declared effect is laid on the groups by their size.
        pair = (first.total_yuan * (1 - shares[0]), last.total_yuan * (1 - shares[1]))
        together = _members(before), _members(after)
        factors, lacking = _factors((first, last), pair, together, grouped=len(before) > 1)
        missing += [one for one in lacking if one not in missing]
        for factor, amount in _share_out(pair, factors).items():
            amounts[factor] = amounts.get(factor, 0.0) + amount
    parts = [CausePart(_CAUSE_OF[factor], factor, amount) for factor, amount in amounts.items()]
    parts += [
        CausePart(one.cause, "effect", one.after_yuan - one.before_yuan, one.name_zh, one.name_en) for one in effects
    ]
    parts.sort(key=lambda part: CAUSES.index(part.cause))
    return Decomposition(total[0], total[1], tuple(parts), tuple(missing))


def _added(effects: Sequence[FlowEffect], period: int) -> float:
    return math.fsum((one.before_yuan, one.after_yuan)[period] for one in effects)


def _members(groups: Mapping[str, GroupFigures]) -> float | None:
    found = [one.members for one in groups.values() if one.members is not None]
    return math.fsum(found) if len(found) == len(groups) else None


def _known(*values: float | None) -> bool:
    return all(value is not None and math.isfinite(value) and value > 0 for value in values)


def _factors(
    figures: tuple[GroupFigures, GroupFigures],
    pair: tuple[float, float],
    together: tuple[float | None, float | None],
    *,
    grouped: bool,
) -> tuple[dict[str, float], list[str]]:
    """Return the logarithm of the growth of every factor of a group, and which figures are not there."""
    first, last = figures
    if not _known(*pair):
        return {}, []
    whole = math.log(pair[1] / pair[0])
    if not _known(first.members, last.members, *together):
        return {"everything": whole}, ["members"]
    members = math.log((last.members or 1.0) / (first.members or 1.0))
    factors = {"members": members}
    if grouped:
        everybody = math.log((together[1] or 1.0) / (together[0] or 1.0))
        factors = {"members": everybody, "mix": members - everybody}
    if _known(first.standard_yuan, last.standard_yuan):
        standard = math.log((last.standard_yuan or 1.0) / (first.standard_yuan or 1.0))
        return factors | {"standard": standard, "rate_to_standard": whole - members - standard}, []
    if not _known(first.uses, last.uses):
        return factors | {"per_member": whole - members}, ["uses"]
    uses = math.log((last.uses or 1.0) / (first.uses or 1.0))
    factors["use"] = uses - members
    if not _known(first.cost_yuan, last.cost_yuan):
        return factors | {"cost_and_share": whole - uses}, ["cost"]
    cost = math.log((last.cost_yuan or 1.0) / (first.cost_yuan or 1.0))
    return factors | {"cost_per_use": cost - uses, "share_paid": whole - cost}, []


def _share_out(pair: tuple[float, float], factors: Mapping[str, float]) -> dict[str, float]:
    first, last = pair
    if not factors:
        return {"everything": last - first}
    grown = math.log(last / first)
    # Of equal totals the logarithmic mean is the total itself.
    mean = (last - first) / grown if grown else first
    found = {factor: mean * part for factor, part in factors.items()}
    largest = max(found, key=lambda factor: abs(found[factor]))
    found[largest] += (last - first) - math.fsum(found.values())
    return found
