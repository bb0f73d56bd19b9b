"""Audits as the verbs run them: from the claims to the list, from the results to the estimate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from actuary.alerts.amounts import fen_of_text
from actuary.alerts.audit import (
    AuditEstimate,
    AuditPlan,
    AuditSampling,
    audit_of_policy,
    draw_audit,
    estimate_audit,
    load_audit_plan,
    read_results,
)
from actuary.alerts.audit.files import read_sampling, write_estimate, write_sampling
from actuary.alerts.sheets import read_filled
from actuary.errors import ActuaryError, Problem, TableError, raise_all, unknown_name
from actuary.payment.case_columns import COLUMNS, Kind
from actuary.payment.case_files import read_cases
from actuary.workflow.outputs import check_output, staged_output

__all__ = ["read_audit", "sample_claims"]


def sample_claims(  # noqa: PLR0913  (one argument an option)
    cases: Path | str,
    out: Path,
    *,
    seed: int,
    year: int | None = None,
    by: Sequence[str] = (),
    amount: str | None = None,
    policy: str | None = None,
    spend: Path | None = None,
    models: Path | None = None,
) -> AuditSampling:
    """Draw claims for the second review and write the folder of the audit.

    Parameters
    ----------
    cases : path
        The claims.
    out : Path
        The folder; it appears whole or not at all.
    seed : int
        Root seed.
    year : int, optional
        Year of discharge.
    by : sequence of str
        Columns of words that part strata.
    amount, policy : str, optional
        Column of the amounts and payment policy, where not those of models/alerts/audit.toml.
    spend : Path, optional
        Table of hospital and spend_yuan.
    models : Path, optional
        Folder of declared rules.

    Returns
    -------
    AuditSampling
        The strata, the claims drawn and the rule they were drawn by.

    Raises
    ------
    ActuaryError
        With what is wrong with the claims, the options or the output.

    Examples
    --------
    >>> sample_claims("no-such-claims.parquet", Path("audit"), seed=7)
    Traceback (most recent call last):
    actuary.errors.TableError: ...
    """
    target = check_output(out)
    plan = _with_amount(load_audit_plan(models), amount)
    name = policy or plan.audit.policy
    rule = audit_of_policy(name, root=models)
    table = read_cases(cases)
    spent = None if spend is None else _spending(spend, table.hospital_names)
    sampling = draw_audit(table, plan, rule=rule, seed=seed, by=by, year=year, spend_fen=spent)
    with staged_output(target) as staging:
        write_sampling(sampling, plan, staging, policy=name)
    return sampling


def _with_amount(plan: AuditPlan, amount: str | None) -> AuditPlan:
    if amount is None:
        return plan
    money = [name for name, column in COLUMNS.items() if column.kind is Kind.MONEY]
    if amount not in money:
        raise ActuaryError(unknown_name("--amount", amount, money, what="column of money"))
    return plan.model_copy(update={"design": plan.design.model_copy(update={"amount": amount})})


def _spending(path: Path, hospitals: Sequence[str]) -> dict[str, int]:
    table = read_filled(path)
    problems = [
        Problem(table.name, f"no column {name!r}", "the columns hospital, spend_yuan")
        for name in ("hospital", "spend_yuan")
        if name not in table.columns
    ]
    raise_all(problems, TableError)
    spent: dict[str, int] = {}
    for number, row in table.rows:
        where, hospital, fen = f"{table.name} row {number}", row["hospital"], fen_of_text(row["spend_yuan"])
        if hospital not in hospitals:
            problems.append(unknown_name(f"{where}, hospital", hospital, hospitals, what="hospital of the claims"))
        if hospital in spent:
            problems.append(Problem(where, f"{hospital!r} again", "every hospital once"))
        if fen is None or fen < 0:
            problems.append(Problem(f"{where}, spend_yuan", repr(row["spend_yuan"]), "an amount of 0 yuan or more"))
        spent[hospital] = fen or 0
    raise_all(problems, TableError)
    return spent


def read_audit(
    results: Path | str, folder: Path | str, *, out: Path | None = None, models: Path | None = None
) -> AuditEstimate:
    """Read what the reviewers filled in and extrapolate it.

    Parameters
    ----------
    results : path
        The list, filled in.
    folder : path
        Folder of the audit.
    out : Path, optional
        Folder to write the estimate to.
    models : Path, optional
        Folder of declared rules.

    Returns
    -------
    AuditEstimate
        What the sample says of all claims, with an interval.

    Raises
    ------
    ActuaryError
        With everything that is wrong with the results.

    Examples
    --------
    >>> read_audit("results.xlsx", "no-such-audit")
    Traceback (most recent call last):
    actuary.errors.TableError: no-such-audit: found no such folder; ...
    """
    target = None if out is None else check_output(out)
    sampling = read_sampling(folder)
    estimate = estimate_audit(sampling, read_results(results, sampling, load_audit_plan(models)))
    if target is not None:
        with staged_output(target) as staging:
            write_estimate(estimate, staging)
    return estimate
