"""The checks by id: what is declared about each, and the function that does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from actuary.drg.quality.dictionaries import CodeDictionary
from actuary.drg.quality.findings import Hit
from actuary.drg.quality.settlement_list import SettlementList
from actuary.drg.quality.shapes import Codes, Declarations, Rule

__all__ = ["Check", "Context", "check", "registered_checks"]


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """Give a check what it looks at: the tables, what is declared, the dictionary of codes.

    Parameters
    ----------
    lists : SettlementList
        The tables.
    declared : Declarations
        Limits and lists of codes.
    dictionary : CodeDictionary or None
        The codes in force.
    """

    lists: SettlementList
    declared: Declarations
    dictionary: CodeDictionary | None

    def limit(self, name: str) -> int:
        """Return a declared threshold."""
        return self.declared.limits[name]

    def codes(self, name: str) -> Codes:
        """Return a declared list of codes."""
        return self.declared.codes[name]


type CheckFunction = Callable[[Context], Iterator[Hit]]


@dataclass(frozen=True, slots=True)
class Check:
    """Join what is declared about a check with its function.

    Parameters
    ----------
    rule : Rule
        Id, names, severity, fields and messages.
    function : callable
        Takes a :class:`Context`, yields a :class:`~actuary.drg.quality.findings.Hit` for each way to break the rule.
    """

    rule: Rule
    function: CheckFunction


_FUNCTIONS: dict[str, CheckFunction] = {}


def check(rule_id: str) -> Callable[[CheckFunction], CheckFunction]:
    """Register the function of a declared rule."""

    def register(function: CheckFunction) -> CheckFunction:
        _FUNCTIONS[rule_id] = function
        return function

    return register


def registered_checks(declared: Declarations) -> dict[str, Check]:
    """Return every check by id, in the order of the declaration.

    Parameters
    ----------
    declared : Declarations
        Its rules F01 … are answered together by the check of form and stand for themselves.

    Examples
    --------
    >>> from actuary.drg.quality.declarations import load_declarations
    >>> checks = registered_checks(load_declarations())
    >>> list(checks)[:3], len([name for name in checks if name.startswith("Q")])
    (['Q01', 'Q02', 'Q03'], 16)
    """
    from actuary.drg.quality import (  # noqa: F401, PLC0415  (they register themselves)
        checks_clinical,
        checks_codes,
        checks_money,
        checks_presence,
        checks_time,
    )

    return {name: Check(rule, _FUNCTIONS[name]) for name, rule in declared.rules.items() if name in _FUNCTIONS}
