"""Read assessments and findings for credit scores, and the matters that a ledger holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from actuary.alerts.amounts import fen_of_text
from actuary.alerts.credit import Matter
from actuary.alerts.credit_rules import UNRECORDED, CreditRules
from actuary.alerts.sheets import read_filled
from actuary.alerts.signals import SIGNAL_LEVELS
from actuary.errors import Problem, TableError, raise_all, unknown_name

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Assessments", "matters_of_ledger", "read_assessments", "read_findings"]


@dataclass(frozen=True, slots=True)
class Assessments:
    """Hold what is known of every provider at the end of the year.

    Parameters
    ----------
    scores : mapping of str to Decimal or None
        Score of the assessment, in the order of the file; None where the provider was not assessed.
    spend_fen, payable_fen : mapping of str to int
        Pooled spending of the year, and the amount due that bears the deposit, where the file gives them [fen].
    """

    scores: Mapping[str, Decimal | None]
    spend_fen: Mapping[str, int] = field(default_factory=dict)
    payable_fen: Mapping[str, int] = field(default_factory=dict)


def read_assessments(path: Path | str) -> Assessments:
    """Read the assessments: hospital, score (0-100 or blank) and, where known, spend_yuan and payable_yuan.

    Raises
    ------
    TableError
        With every problem of the file.
    """
    table = read_filled(path)
    raise_all(
        (
            Problem(
                table.name, f"no column {name!r}", "the columns hospital, score, and maybe spend_yuan, payable_yuan"
            )
            for name in ("hospital", "score")
            if name not in table.columns
        ),
        TableError,
    )
    scores: dict[str, Decimal | None] = {}
    money: dict[str, dict[str, int]] = {"spend_yuan": {}, "payable_yuan": {}}
    problems: list[Problem] = []
    for number, row in table.rows:
        where, hospital = f"{table.name} row {number}", row["hospital"]
        if not hospital or hospital in scores:
            found = f"{hospital!r} again" if hospital else "no hospital"
            problems.append(Problem(f"{where}, hospital", found, "every hospital once"))
        scores[hospital] = _score(row.get("score", ""), f"{where}, score", problems)
        for name, amounts in money.items():
            if text := row.get(name, ""):
                fen = fen_of_text(text)
                if fen is None or fen < 0:
                    expected = "an amount of 0 yuan or more, at most two decimals"
                    problems.append(Problem(f"{where}, {name}", repr(text), expected))
                amounts[hospital] = fen or 0
    if not scores:
        problems.append(Problem(table.name, "no rows", "one row a hospital"))
    raise_all(problems, TableError)
    return Assessments(scores, money["spend_yuan"], money["payable_yuan"])


def _score(text: str, where: str, problems: list[Problem]) -> Decimal | None:
    if not text:
        return None
    try:
        score = Decimal(text)
    except InvalidOperation:
        score = Decimal(-1)
    if not (score.is_finite() and 0 <= score <= 100):
        problems.append(Problem(where, repr(text), "a score from 0 to 100, or nothing"))
        return None
    return score


def read_findings(path: Path | str, rules: CreditRules, *, hospitals: Mapping[str, object]) -> tuple[Matter, ...]:
    """Read findings: hospital, kind and level, and a state where it is known; as `actuary anomalies` writes them.

    Parameters
    ----------
    path : path
        The table.
    rules : CreditRules
        Which states there are.
    hospitals : mapping
        Hospitals of the assessment.

    Raises
    ------
    TableError
        With every problem of the file.
    """
    table = read_filled(path)
    raise_all(
        (
            Problem(table.name, f"no column {name!r}", "the columns hospital, kind, level, and maybe state")
            for name in ("hospital", "kind", "level")
            if name not in table.columns
        ),
        TableError,
    )
    matters: list[Matter] = []
    problems: list[Problem] = []
    seen: set[tuple[str, str]] = set()
    for number, row in table.rows:
        where, state = f"{table.name} row {number}", row.get("state", "") or UNRECORDED
        for name, value, known in (
            ("hospital", row["hospital"], hospitals),
            ("level", row["level"], SIGNAL_LEVELS),
            ("state", state, rules.states),
        ):
            if value not in known:
                problems.append(unknown_name(f"{where}, {name}", value, known, what=name))
        if not row["kind"] or (row["hospital"], row["kind"]) in seen:
            found = f"{row['hospital']}, {row['kind']} again" if row["kind"] else "nothing"
            problems.append(Problem(f"{where}, kind", found, "each kind once a hospital"))
        seen.add((row["hospital"], row["kind"]))
        matters.append(Matter(hospital=row["hospital"], rule_id=row["kind"], level=row["level"], state=state))
    raise_all(problems, TableError)
    return tuple(matters)


def matters_of_ledger(cases: pd.DataFrame, *, year: int | None = None) -> tuple[tuple[Matter, ...], dict[str, int]]:
    """Return the matters about providers that a ledger holds, and the money recovered from each provider [fen].

    Parameters
    ----------
    cases : DataFrame
        Cases as :meth:`actuary.alerts.ledger.CaseLedger.cases` lists them.
    year : int, optional
        Cases that were last seen in that year; all when left out.
    """
    chosen = cases[cases["kind"] == "provider"].sort_values("case")
    if year is not None:
        chosen = chosen[chosen["last_period"].str[:4] == str(year)]
    matters = tuple(
        Matter(
            hospital=str(row["subject"]),
            rule_id=str(row["rule_id"]),
            level=str(row["level"]),
            state=str(row["state"]),
            case=int(row["case"]),
            again=row["reopens"] is not None,
        )
        for row in chosen.astype({"reopens": object}).where(chosen.notna(), None).to_dict("records")
    )
    recovered = chosen.groupby("subject")["recovered_fen"].sum()
    return matters, {str(hospital): int(money) for hospital, money in recovered.items()}
