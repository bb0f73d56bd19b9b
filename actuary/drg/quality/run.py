"""Run every check on a settlement list or a flat file of cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from actuary.drg.quality.checks_codes import codes_before_first_day
from actuary.drg.quality.declarations import load_declarations
from actuary.drg.quality.dictionaries import CodeDictionary, load_dictionary
from actuary.drg.quality.findings import Hit, findings_table, rejected_cases
from actuary.drg.quality.form import check_form
from actuary.drg.quality.registry import Context, registered_checks
from actuary.drg.quality.result import CheckRun, QualityResult
from actuary.drg.quality.settlement_list import SettlementList, read_settlement_list
from actuary.drg.quality.shapes import Declarations, Rule

__all__ = ["check_lists", "check_settlement_list"]

type Progress = Callable[[int, int, str], None]


def check_settlement_list(
    source: Any,
    *,
    dictionary: CodeDictionary | Path | str | None = None,
    limits: Mapping[str, int] | None = None,
    root: Path | str | None = None,
    progress: Progress | None = None,
) -> QualityResult:
    """Check a settlement list (医保基金结算清单) or a flat file of cases before it is grouped.

    Parameters
    ----------
    source : path, DataFrame, pyarrow.Table or mapping of str to any of them
        A folder with case.csv, diagnosis.csv, procedure.csv, item.csv, icu.csv, fund.csv, opsp.csv (or .parquet);
        one file or frame of cases, flat or with the fields of interface 4101; or frames by table.
    dictionary : CodeDictionary or path, optional
        The dictionary of insurance codes; the folder that ``ACTUARY_DICTIONARY`` names when left out. Without one
        the checks of codes are left out, by name.
    limits : mapping of str to int, optional
        Thresholds that differ in a region, such as ``{"upload_days": 15}``.
    root : path, optional
        A models folder; the one that comes with the package when left out.
    progress : callable, optional
        Called with the number of checks done, their number in all, and the next one.

    Returns
    -------
    QualityResult
        Findings, accepted and rejected cases (together all cases), what ran and what could not.

    Raises
    ------
    TableError
        When a file cannot be read at all or the tables cannot be joined. A value never raises: it is a finding.
    UnknownNameError
        When a limit is not known.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame(
    ...     {"case_id": ["1", "2"], "sex": [1, 3], "age_years": [50, 50], "dx": ["I21.001", "N40.x00"], "px": ["", ""]}
    ... )
    >>> result = check_settlement_list(cases)
    >>> result.case_count, result.rejected_count
    (2, 1)
    >>> result.findings[["rule", "row", "field", "value"]].to_numpy().tolist()
    [['F02', 3, 'sex', '3']]
    """
    declared = load_declarations(root).with_limits(limits or {})
    codes = dictionary if isinstance(dictionary, CodeDictionary) else load_dictionary(dictionary, declared=declared)
    return check_lists(read_settlement_list(source, declared), declared, codes, progress=progress)


def check_lists(
    lists: SettlementList,
    declared: Declarations,
    codes: CodeDictionary | None,
    *,
    headings: bool = True,
    progress: Progress | None = None,
) -> QualityResult:
    """Check lists that are read already, all of them or a part.

    Parameters
    ----------
    lists : SettlementList
        The lists.
    declared : Declarations
        The rules, limits and lists of codes.
    codes : CodeDictionary or None
        The dictionary of insurance codes.
    headings : bool
        Whether findings on headings are wanted: of several parts of one table only the first has them.
    progress : callable, optional
        As in :func:`check_settlement_list`.

    Returns
    -------
    QualityResult
        As :func:`check_settlement_list`.
    """
    context = Context(lists, declared, codes)
    hits = [hit for hit in check_form(lists) if headings or hit.rows is not None]
    checks = registered_checks(declared)
    status: dict[str, tuple[str, tuple[str, ...]]] = {}
    for done, check in enumerate(checks.values()):
        if progress is not None:
            progress(done, len(checks), check.rule.id)
        status[check.rule.id] = _status(check.rule, lists, codes)
        if status[check.rule.id][0] != "skipped":
            hits += (hit for hit in check.function(context) if headings or hit.rows is not None)
    if progress is not None:
        progress(len(checks), len(checks), "")
    return QualityResult(
        lists=lists,
        findings_table=findings_table(hits, lists, declared.rules),
        rejected_mask=rejected_cases(hits, lists, declared.rules),
        runs=tuple(_run(rule, hits, lists, status) for rule in declared.rules.values()),
        edition=codes.code_set.zh if codes else "",
        unjudged_cases=int(codes_before_first_day(context).sum()),
    )


def _status(rule: Rule, lists: SettlementList, codes: CodeDictionary | None) -> tuple[str, tuple[str, ...]]:
    lacking = tuple(f"{table}.{name}" for table, name in rule.needs if not lists.has(table, name))
    if rule.dictionary and codes is None:
        lacking = ("dictionary of codes", *lacking)
    unused = tuple(f"{table}.{name}" for table, name in rule.uses if not lists.has(table, name))
    if lacking or (rule.uses and not rule.needs and len(unused) == len(rule.uses)):
        return "skipped", (*lacking, *unused)
    return ("partly", unused) if unused else ("run", ())


def _run(
    rule: Rule, hits: list[Hit], lists: SettlementList, status: Mapping[str, tuple[str, tuple[str, ...]]]
) -> CheckRun:
    own = [hit for hit in hits if hit.rule == rule.id]
    # Only the marks are wanted here: as if each of them rejected.
    as_error = {rule.id: Rule(rule.id, "", "", "E", "", (), (), False, {})}
    cases = int(rejected_cases(own, lists, as_error).sum()) if own else 0
    state, missing = status.get(rule.id, ("run", ()))
    return CheckRun(
        rule.id, rule.zh, rule.en, rule.severity, state, missing, int(np.sum([len(hit) for hit in own])), cases
    )
