"""Numbers of persons have no place in the ledger: find them and say how to write instead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from actuary.alerts.ledger.rules import PersonalPattern
from actuary.alerts.signals import Signal
from actuary.errors import Problem

__all__ = ["personal_problems", "signal_problems"]

_MEND = "leave it out: name the case by its pseudonymous number and the person by the office"
_DASHES = re.compile(r"[\u2010-\u2015\u2212\u30fc]")


def personal_problems(text: str, patterns: Iterable[PersonalPattern], *, where: str) -> list[Problem]:
    """Find what looks like a number of a person in a text.

    Parameters
    ----------
    text : str
        The text; full-width digits and long dashes are read as plain ones.
    patterns : iterable of PersonalPattern
        What such numbers look like.
    where : str
        Where the text stands, for the message. The number itself is never repeated.

    Examples
    --------
    >>> from actuary.alerts.ledger.rules import load_ledger_rules
    >>> patterns = load_ledger_rules().personal
    >>> personal_problems("call 138 0000 0000", patterns, where="note")[0].found
    "what looks like a mobile number 手机号码 ('13*')"
    >>> personal_problems("138 cases, 2025-01-01, 1,380,000.00 yuan", patterns, where="note")
    []
    """
    narrow = _DASHES.sub("-", unicodedata.normalize("NFKC", text))
    narrow = "".join(letter for letter in narrow if unicodedata.category(letter) != "Cf")
    problems = []
    for personal in patterns:
        match = re.search(personal.pattern, narrow)
        if match:
            found = f"what looks like a {personal.name} {personal.name_zh} ({match[0][:2] + '*'!r})"
            problems.append(Problem(where, found, "text without personal data", _MEND))
    return problems


def signal_problems(signal: Signal, patterns: Iterable[PersonalPattern]) -> list[Problem]:
    """Find numbers of persons in the titles and the evidence of a signal.

    Parameters
    ----------
    signal : Signal
        The signal.
    patterns : iterable of PersonalPattern
        Those for evidence are marked.
    """
    known = tuple(patterns)
    titles = {"title_zh": signal.title_zh, "title_en": signal.title_en, "subject": signal.subject}
    problems = [
        problem
        for name, text in titles.items()
        for problem in personal_problems(text, known, where=f"{signal.rule_id}, {name}")
    ]
    searched = [personal for personal in known if personal.in_evidence]
    for name, value in signal.evidence:
        for text in (name, *_texts(value)):
            problems += personal_problems(text, searched, where=f"{signal.rule_id}, evidence {name[:20]!r}")
    return problems


def _texts(value: Any) -> list[str]:
    if isinstance(value, tuple):
        return [text for item in value for text in _texts(item)]
    return [str(value)] if isinstance(value, str | int) and not isinstance(value, bool) else []
