"""What the explanation of one case is made of: conditions, rules, MDCs, complications, groups, switches."""

from __future__ import annotations

from dataclasses import dataclass

from actuary.drg.cases import Result
from actuary.drg.statuses import Reason

__all__ = ["Complication", "Condition", "DrgTest", "InputCheck", "MdcTrace", "RuleTrace", "SwitchUse"]


@dataclass(frozen=True, slots=True)
class InputCheck:
    """Hold one check of the input, made before grouping.

    Parameters
    ----------
    field : str
        Field of the case.
    found : str
        What it holds; empty when it is missing.
    passed : bool
        Whether it is fit for grouping.
    reason : Reason or None
        What is wrong when it is not.
    """

    field: str
    found: str
    passed: bool
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """Hold one condition of a rule, a MDC or a group, as the case meets it.

    Parameters
    ----------
    name : str
        Column of the scheme's table that states it (``ppx_list``, ``age_days_max`` …).
    wanted : str
        What it asks for: the number of a list, a limit, a name.
    held : bool
        Whether the case meets it.
    found : str
        What the case has in its place; empty when that is missing or does not matter.
    codes : tuple of str
        Codes of the case that meet it.
    elsewhere : tuple of str
        Codes of the case that are on the list, but stand where they do not count.
    """

    name: str
    wanted: str
    held: bool
    found: str = ""
    codes: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """Hold one rule that was tried.

    Parameters
    ----------
    rule_id, adrg, name, mdc, kind : str
        The rule, its group with title, MDC and kind (surgical, procedure, medical).
    seq : int
        Its place in the order.
    conditions : tuple of Condition
        All it asks for; none means that it takes every case.
    """

    rule_id: str
    adrg: str
    name: str
    mdc: str
    kind: str
    seq: int
    conditions: tuple[Condition, ...]

    @property
    def hit(self) -> bool:
        """Return whether every condition held."""
        return all(condition.held for condition in self.conditions)

    @property
    def lacking(self) -> tuple[Condition, ...]:
        """Return the conditions that did not hold."""
        return tuple(condition for condition in self.conditions if not condition.held)


@dataclass(frozen=True, slots=True)
class MdcTrace:
    """Hold one MDC that was looked at.

    Parameters
    ----------
    mdc, name : str
        Letter and title.
    entered : bool
        Whether its rules were tried.
    entry : tuple of Condition
        The conditions of entry; none means that every case enters.
    rules : tuple of RuleTrace
        The rules tried, in order; the last one is the hit, if there is one.
    ambiguous : Reason or None
        Why the case ended here as ambiguous.
    """

    mdc: str
    name: str
    entered: bool
    entry: tuple[Condition, ...]
    rules: tuple[RuleTrace, ...] = ()
    ambiguous: Reason | None = None

    @property
    def hit(self) -> RuleTrace | None:
        """Return the rule that took the case, if one did."""
        return self.rules[-1] if self.rules and self.rules[-1].hit and self.ambiguous is None else None


@dataclass(frozen=True, slots=True)
class Complication:
    """Hold one diagnosis of the MCC or CC list.

    Parameters
    ----------
    code : str
        The diagnosis.
    position : int
        Its place among the diagnoses; 0 is the principal one.
    level : str
        ``MCC`` or ``CC``.
    table : int
        The exclusion table that voids it.
    principal_table : int or None
        The exclusion table of the principal diagnosis; None where it is in none.
    counted : bool
        Whether it counts: the two tables differ, and it stands where complications are looked for.
    """

    code: str
    position: int
    level: str
    table: int
    principal_table: int | None
    counted: bool

    @property
    def voided(self) -> bool:
        """Return whether the table of the principal diagnosis voids it."""
        return self.table == self.principal_table


@dataclass(frozen=True, slots=True)
class DrgTest:
    """Hold one group of the ADRG as it was tried.

    Parameters
    ----------
    drg, name, severity : str
        Code, title and what it asks of the complications.
    conditions : tuple of Condition
        All it asks for.
    tried : bool
        Whether it was reached; the groups after the one taken are not.
    """

    drg: str
    name: str
    severity: str
    conditions: tuple[Condition, ...]
    tried: bool

    @property
    def held(self) -> bool:
        """Return whether every condition held."""
        return all(condition.held for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class SwitchUse:
    """Hold one switch: its position, and what the other positions would have answered.

    Parameters
    ----------
    name, position : str
        The switch and the position used.
    others : tuple of (str, Result)
        The other positions, each with the answer this case would get; only those whose answer differs.
    """

    name: str
    position: str
    others: tuple[tuple[str, Result], ...]

    @property
    def decided(self) -> bool:
        """Return whether another position gives this case another group."""
        return bool(self.others)
