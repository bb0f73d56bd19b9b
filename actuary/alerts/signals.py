"""What a warning or a finding hands to the case ledger: one signal a matter and period."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from actuary.errors import ActuaryError, Problem, raise_all, unknown_name
from actuary.policy.fingerprints import fingerprint as fingerprint_of

__all__ = ["KINDS", "SIGNAL_LEVELS", "Signal"]

#: Whom a signal is about: the fund of a scheme, or a provider.
KINDS: tuple[str, ...] = ("fund", "provider")

#: Levels that are worth a case, the gravest first.
SIGNAL_LEVELS: tuple[str, ...] = ("red", "orange", "yellow", "blue")

_PERIOD = re.compile(r"\d{4}(Q[1-4])?")
_KEY_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """State one matter that somebody must look into.

    Parameters
    ----------
    kind : {"fund", "provider"}
        Whom it is about.
    region : str
        Region, such as ``shenyang``.
    subject : str
        Scheme of the fund, or code of the hospital.
    rule_id : str
        Rule or indicator that found it.
    period : str
        Quarter or year it was found in, such as ``2025Q1`` or ``2025``.
    level : {"red", "orange", "yellow", "blue"}
        How grave it is.
    title_zh, title_en : str
        What it is, in one line.
    evidence : tuple of (str, value)
        Names and values that show it: text, numbers, truth values, None, lists of these. Cases of patients by their
        pseudonymous identifiers only.
    money_at_stake_fen : int or None
        Money at stake [fen], 0 or more; None where it is not known.
    fingerprint : str
        Fingerprint of the run that found it.
    synthetic : bool
        Whether it rests on synthetic data.

    Raises
    ------
    ActuaryError
        With every field that is wrong.

    Examples
    --------
    >>> first = Signal(kind="provider", region="lanzhou", subject="H03", rule_id="upcoding", period="2025Q1",
    ...                level="orange", title_zh="疑似高套", title_en="Suspected upcoding", synthetic=True)
    >>> later = Signal(kind="provider", region="lanzhou", subject="H03", rule_id="upcoding", period="2025Q2",
    ...                level="red", title_zh="疑似高套", title_en="Suspected upcoding", synthetic=True)
    >>> first.key == later.key
    True
    >>> len(first.key)
    16
    """

    kind: str
    region: str
    subject: str
    rule_id: str
    period: str
    level: str
    title_zh: str
    title_en: str
    evidence: tuple[tuple[str, Any], ...] = ()
    money_at_stake_fen: int | None = None
    fingerprint: str = ""
    synthetic: bool = False

    def __post_init__(self) -> None:
        """Freeze the evidence; refuse what the ledger could not hold or find again."""
        object.__setattr__(self, "evidence", _frozen(self.evidence))
        object.__setattr__(self, "money_at_stake_fen", _frozen(self.money_at_stake_fen))
        raise_all(_check(self))

    @property
    def key(self) -> str:
        """Identify the matter: the same for kind, region, subject and rule, whatever the period and the level."""
        return fingerprint_of([self.kind, self.region, self.subject, self.rule_id])[:_KEY_DIGITS]

    def to_dict(self) -> dict[str, Any]:
        """Return every field as what JSON holds; the evidence as a list of pairs."""
        fields = {name: getattr(self, name) for name in type(self).__slots__}
        return {**fields, "evidence": [[name, _plain(value)] for name, value in self.evidence]}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Signal:
        """Build a signal from what :meth:`to_dict` returned.

        Raises
        ------
        ActuaryError
            When a field is unknown, missing or wrong.

        Examples
        --------
        >>> signal = Signal(kind="fund", region="anyang", subject="employee", rule_id="CN-1", period="2024",
        ...                 level="blue", title_zh="结余偏多", title_en="Large reserve", evidence=(("months", 15.5),))
        >>> Signal.from_dict(signal.to_dict()) == signal
        True
        """
        known = cls.__slots__
        problems = [unknown_name("signal", name, known, what="field") for name in fields if name not in known]
        wanted = ("kind", "region", "subject", "rule_id", "period", "level", "title_zh", "title_en")
        problems += [Problem(f"signal.{name}", "nothing", "a text", "add it") for name in wanted if name not in fields]
        raise_all(problems)
        evidence = fields.get("evidence") or ()
        try:
            pairs = tuple((name, value) for name, value in evidence)
        except (TypeError, ValueError):
            raise ActuaryError(Problem("signal.evidence", repr(evidence), "pairs of a name and a value")) from None
        return cls(**{**fields, "evidence": pairs})


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _frozen(value: Any) -> Any:
    """Turn lists into tuples, and numbers of numpy into Python's, which is what JSON knows."""
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    return value.item() if isinstance(value, np.generic) else value


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int | str)


def _check(signal: Signal) -> list[Problem]:
    problems = []
    if signal.kind not in KINDS:
        problems.append(unknown_name("signal.kind", signal.kind, KINDS, what="kind"))
    if signal.level not in SIGNAL_LEVELS:
        problems.append(unknown_name("signal.level", signal.level, SIGNAL_LEVELS, what="level"))
    for name in ("region", "subject", "rule_id", "title_zh", "title_en"):
        value = getattr(signal, name)
        if not isinstance(value, str) or not value.strip():
            problems.append(Problem(f"signal.{name}", repr(value), "a text"))
    if not isinstance(signal.period, str) or not _PERIOD.fullmatch(signal.period):
        problems.append(Problem("signal.period", repr(signal.period), "a quarter or a year, such as 2025Q1 or 2025"))
    money = signal.money_at_stake_fen
    if money is not None and (isinstance(money, bool) or not isinstance(money, int) or money < 0):
        problems.append(Problem("signal.money_at_stake_fen", repr(money), "whole fen, 0 or more, or None"))
    problems += [
        Problem("signal.evidence", repr(pair), "a name and text, a finite number, a truth value or a list")
        for pair in signal.evidence
        if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) and _is_plain(pair[1]))
    ]
    return problems
