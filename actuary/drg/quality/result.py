"""The answer of the quality checks: findings, accepted and rejected cases, what ran and what could not."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from actuary.drg.quality.columns import Mask
from actuary.drg.quality.settlement_list import SettlementList
from actuary.drg.quality.shapes import SEVERITIES

__all__ = ["CheckRun", "QualityResult"]

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class CheckRun:
    """Say whether a check ran on this input, and what it found.

    Parameters
    ----------
    rule, zh, en, severity : str
        Which check.
    status : str
        ``run``, ``partly`` (a part of it lacked a field) or ``skipped``.
    missing : tuple of str
        What it lacked.
    findings, cases : int
        Findings, and the cases they concern.
    """

    rule: str
    zh: str
    en: str
    severity: str
    status: str
    missing: tuple[str, ...]
    findings: int
    cases: int


@dataclass(frozen=True)
class QualityResult:
    """Hold what the checks of a settlement list found.

    Parameters
    ----------
    lists : SettlementList
        What was checked.
    findings_table : pyarrow.Table
        One row a finding: rule, severity, hospital, case_id, table, row, field, value, suggested, and what is wrong
        and how to mend it in Chinese and English. `row` counts as a spreadsheet does: the heading is row 1.
    rejected_mask : array of bool, shape (cases,)
        Cases with a finding of severity E.
    runs : tuple of CheckRun
        Every check, whether it ran or not.
    edition : str
        Edition of the code dictionary; empty when there was none.
    unjudged_cases : int
        Cases discharged before that edition was in use, whose codes were not judged.
    """

    lists: SettlementList
    findings_table: pa.Table
    rejected_mask: Mask
    runs: tuple[CheckRun, ...]
    edition: str
    unjudged_cases: int

    @property
    def case_count(self) -> int:
        """Number of cases that were checked."""
        return len(self.rejected_mask)

    @property
    def rejected_count(self) -> int:
        """Number of cases with a finding of severity E."""
        return int(self.rejected_mask.sum())

    @property
    def error_count(self) -> int:
        """Number of findings of severity E, those on headings and child rows without a case included."""
        return int((self.findings["severity"] == "E").sum())

    @cached_property
    def findings(self) -> pd.DataFrame:
        """Every finding, in the order of the cases."""
        return pd.DataFrame(self.findings_table.to_pandas())

    @cached_property
    def accepted_table(self) -> pa.Table:
        """The accepted cases, with the columns as they were given."""
        return self._source.filter(pa.array(~self.rejected_mask))

    @cached_property
    def rejected_table(self) -> pa.Table:
        """The rejected cases as they were given, with their row and the rules they break first."""
        chosen = self._source.filter(pa.array(self.rejected_mask))
        rows = pa.array(self.lists.case.rows[self.rejected_mask])
        by = pa.array(self._rejected_by(), pa.string())
        names = [name for name in chosen.column_names if name not in ("row", "rejected_by")]
        return pa.table([rows, by, *[chosen.column(name) for name in names]], names=["row", "rejected_by", *names])

    @property
    def accepted(self) -> pd.DataFrame:
        """The accepted cases as a frame."""
        return pd.DataFrame(self.accepted_table.to_pandas())

    @property
    def rejected(self) -> pd.DataFrame:
        """The rejected cases as a frame, with their row and the rules they break."""
        return pd.DataFrame(self.rejected_table.to_pandas())

    @property
    def _source(self) -> pa.Table:
        raw = self.lists.case.raw
        assert raw is not None  # noqa: S101  (the table of stays always has one)
        return raw.table

    def _rejected_by(self) -> list[str]:
        if self.lists.flat or len(self.lists.tables) == 1:
            # Every finding is on a row of the stays, be its name there twice or not at all.
            mine = self.findings[self.findings["severity"] == "E"].drop_duplicates(["row", "rule"])
            of_row = mine.groupby("row", sort=False)["rule"].agg(";".join).to_dict()
            return [of_row.get(row, "") for row in self.lists.case.rows[self.rejected_mask].tolist()]
        errors = self.findings[(self.findings["severity"] == "E") & (self.findings["case_id"] != "")]
        rules = errors.drop_duplicates(["case_id", "rule"]).groupby("case_id", sort=False)["rule"].agg(";".join)
        positions = np.flatnonzero(self.rejected_mask)
        ids = (
            self.lists.column("case", "mdtrt_id").text(positions).to_pylist()
            if self.lists.has("case", "mdtrt_id")
            else [""] * len(positions)
        )
        known = rules.to_dict()
        nameless = self.findings[(self.findings["severity"] == "E") & (self.findings["case_id"] == "")]
        by_row = (
            nameless[nameless["table"] == "case"].groupby("row")["rule"].agg(lambda found: ";".join(found.unique()))
        )
        rows = self.lists.case.rows[positions].tolist()
        return [known.get(name) or by_row.get(row, "") for name, row in zip(ids, rows, strict=True)]

    def to_frame(self) -> pd.DataFrame:
        """Return the findings."""
        return self.findings

    def summary(self) -> pd.DataFrame:
        """Return every check with its status, findings and cases, and what it lacked."""
        return pd.DataFrame(
            {
                "rule": [run.rule for run in self.runs],
                "severity": [run.severity for run in self.runs],
                "zh": [run.zh for run in self.runs],
                "en": [run.en for run in self.runs],
                "status": [run.status for run in self.runs],
                "findings": [run.findings for run in self.runs],
                "cases": [run.cases for run in self.runs],
                "missing": [", ".join(run.missing) for run in self.runs],
            }
        )

    def by_hospital(self) -> pd.DataFrame:
        """Return cases, rejected cases and findings by severity for each hospital."""
        count = self.case_count
        if self.lists.has("case", "fixmedins_code"):
            hospital = self.lists.column("case", "fixmedins_code").text(np.arange(count)).to_pandas()
        else:
            hospital = pd.Series([""] * count)
        cases = pd.DataFrame({"hospital": hospital, "cases": 1, "rejected": self.rejected_mask.astype(int)})
        table = cases.groupby("hospital", sort=True).sum()
        table["accepted"] = table["cases"] - table["rejected"]
        table["rejected_share"] = table["rejected"] / table["cases"]
        for severity in SEVERITIES:
            counts = self.findings.loc[self.findings["severity"] == severity, "hospital"].value_counts()
            table[f"findings_{severity}"] = counts.reindex(table.index, fill_value=0).astype(int)
        return table.reset_index()

    def _repr_html_(self) -> str:
        """Return a panel for notebooks: counts, checks, the first findings."""
        skipped = [run.rule for run in self.runs if run.status == "skipped"]
        lead = (
            f"<p><b>清单质控 Settlement list</b>：{self.case_count:,} 例 cases，"
            f"接受 accepted {self.case_count - self.rejected_count:,}，拒收 rejected {self.rejected_count:,}；"
            f"发现 findings {len(self.findings):,}。"
            f"编码库 codes: {html.escape(self.edition) or '未提供 none given'}。"
            f"未执行 not run: {', '.join(skipped) or '无 none'}。</p>"
        )
        columns = ["rule", "severity", "zh", "en", "status", "findings", "cases", "missing"]
        rules = self.summary()[columns]
        first = self.findings.head(_SHOWN)[
            ["rule", "severity", "case_id", "table", "row", "field", "value", "message_zh"]
        ]
        tables = "".join(frame.to_html(index=False, border=0, escape=True) for frame in (rules, first))
        return f"<div class='actuary-quality'>{lead}{tables}</div>"
