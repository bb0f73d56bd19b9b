"""Read what the reviewers filled in; everything that is wrong with it is said at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from actuary.alerts.amounts import fen_of_text
from actuary.alerts.audit.rules import AuditPlan
from actuary.alerts.audit.sample import FILLED, AuditSampling
from actuary.alerts.sheets import FilledTable, read_filled
from actuary.errors import Problem, TableError, raise_all, unknown_name

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["VERDICTS", "AuditResults", "read_results"]

#: What the cell `result` may hold, and whether it means an error.
VERDICTS: Mapping[str, bool] = {"ok": False, "合规": False, "无误": False, "error": True, "违规": True, "有误": True}

_Claim = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class AuditResults:
    """Hold what the reviewers found.

    Parameters
    ----------
    errors_fen : mapping of (hospital, year, case) to int
        What was paid too much [fen]; negative where it was too little, 0 where nothing is wrong.
    error_kinds : mapping of (hospital, year, case) to str
        Kind of every error.
    """

    errors_fen: Mapping[_Claim, int]
    error_kinds: Mapping[_Claim, str]

    def by_kind(self) -> pd.DataFrame:
        """Return claims and errors by kind [fen], the largest sum first."""
        import pandas as pd  # noqa: PLC0415  (only where a table is wanted)

        rows = [(kind, self.errors_fen[claim]) for claim, kind in self.error_kinds.items()]
        frame = pd.DataFrame(rows, columns=["error_kind", "found_fen"])
        sums = frame.groupby("error_kind", as_index=False).agg(
            claims=("found_fen", "size"), found_fen=("found_fen", "sum")
        )
        return sums.sort_values(["found_fen", "error_kind"], ascending=[False, True], ignore_index=True)


def read_results(path: Path | str, sampling: AuditSampling, plan: AuditPlan) -> AuditResults:
    """Read the list that the reviewers filled in.

    Parameters
    ----------
    path : path
        The list, .xlsx or .csv: every claim drawn once, `result` ok or error (合规, 违规), `error_yuan` and
        `error_kind` where there is an error.
    sampling : AuditSampling
        What was drawn.
    plan : AuditPlan
        Which kinds of errors there are.

    Raises
    ------
    TableError
        With every problem: a column that is missing, a claim that was not drawn, twice or not at all, an amount of the
        claim that was changed, no result, a result that is none, an error without amount or kind, or above the claim.
    """
    table = read_filled(path)
    wanted = ("hospital", "year", "case_id", *FILLED[:3])
    missing = [name for name in wanted if name not in table.columns]
    expected = "the list as it was written, filled in"
    raise_all((Problem(table.name, f"no column {name!r}", expected) for name in missing), TableError)
    drawn = sampling.population[sampling.population["drawn"] > 0]
    amounts = {
        (str(hospital), int(year), str(case)): int(amount)
        for hospital, year, case, amount in drawn[["hospital", "year", "case_id", "amount_fen"]].itertuples(index=False)
    }
    return _read(table, amounts, plan)


def _read(table: FilledTable, amounts: Mapping[_Claim, int], plan: AuditPlan) -> AuditResults:
    problems: list[Problem] = []
    errors: dict[_Claim, int] = {}
    kinds: dict[_Claim, str] = {}
    seen: dict[_Claim, int] = {}
    for number, row in table.rows:
        where = f"{table.name} row {number}"
        claim = (row.get("hospital", ""), _year(row.get("year", "")), row.get("case_id", ""))
        if claim not in amounts:
            found = f"case {claim[2]!r} of {claim[0]!r}, {row.get('year', '')!r}"
            problems.append(Problem(where, found, "a claim that was drawn", "remove the row, or mend its name"))
            continue
        if claim in seen:
            problems.append(Problem(where, f"case {claim[2]!r} again, as in row {seen[claim]}", "every claim once"))
            continue
        seen[claim] = number
        error, kind, wrong = _finding(row, amounts[claim], plan, where=where)
        problems += wrong
        errors[claim] = error
        if kind:
            kinds[claim] = kind
    missing = [claim for claim in amounts if claim not in seen]
    problems += [
        Problem(table.name, f"no row for case {case!r} of {hospital!r}, {year}", "a result for every claim drawn")
        for hospital, year, case in missing
    ]
    raise_all(problems, TableError)
    return AuditResults(errors, kinds)


def _finding(row: Mapping[str, str], amount: int, plan: AuditPlan, *, where: str) -> tuple[int, str, list[Problem]]:
    """Return the error of a row [fen], its kind, and what is wrong with the row."""
    problems = []
    printed = fen_of_text(row["amount_yuan"]) if row.get("amount_yuan") else amount
    if printed != amount:
        found, expected = f"the amount {row['amount_yuan']!r}", f"{amount / 100:.2f} yuan, as drawn"
        problems.append(Problem(f"{where}, amount_yuan", found, expected, "write errors into error_yuan only"))
    verdict, text, kind = row.get("result", ""), row.get("error_yuan", ""), row.get("error_kind", "")
    if verdict.lower() not in VERDICTS:
        words = "ok (合规) or error (违规)"
        problems.append(Problem(f"{where}, result", repr(verdict) if verdict else "nothing", words))
        return 0, "", problems
    error = fen_of_text(text) if text else 0
    if error is None:
        found = repr(text)
        problems.append(Problem(f"{where}, error_yuan", found, "an amount in yuan with at most two decimals"))
        return 0, "", problems
    if VERDICTS[verdict.lower()]:
        if error == 0:
            problems.append(Problem(f"{where}, error_yuan", text or "nothing", "the amount of the error"))
        if error > amount:
            expected = f"at most the {amount / 100:.2f} yuan of the claim"
            problems.append(Problem(f"{where}, error_yuan", f"{text} yuan", expected))
        if kind not in plan.kinds:
            problems.append(unknown_name(f"{where}, error_kind", kind, plan.kinds, what="kind of error"))
        return error, plan.kinds.get(kind, ""), problems
    if error or kind:
        found = f"{verdict} and an error ({text or kind})"
        problems.append(Problem(where, found, "either ok and no error, or error with amount and kind"))
    return 0, "", problems


def _year(text: str) -> int:
    return int(text) if text.isdigit() else 0
