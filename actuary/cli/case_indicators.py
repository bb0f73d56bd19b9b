"""Indicators of cases for `actuary indicators`: of one table at once, or of a folder part by part."""

from __future__ import annotations

import enum
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from actuary.cli.console import Language, print_frame, say
from actuary.cli.in_parts import EngineName, chosen_engine, in_parts, showing_progress
from actuary.cli.indicator_tables import NOT_ASSESSABLE, as_read, check_name, show, write_indicators
from actuary.errors import ActuaryError, Problem

if TYPE_CHECKING:
    import pandas as pd

    from actuary.indicators.case_indicators import IndicatorsOfCases

__all__ = ["By", "CasesAsked", "answer_of_cases"]


class By(enum.StrEnum):
    """For whom indicators of cases are computed."""

    CITY = "city"
    HOSPITAL = "hospital"
    TIER = "tier"
    INSURANCE = "insurance"
    DEPARTMENT = "department"


_SHOWN_CASES = 20
_HIDDEN = {"zh": "例数过少，或为遮蔽例数过少者而隐去", "en": "few cases, or left blank to hide such"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesAsked:
    """Hold what a person asks of cases: the options of the verb by their names."""

    cases: Path
    families: list[str] | None
    trace: str | None
    policy: str | None
    budget: list[str] | None
    settled: Path | None
    hospitals: Path | None
    by: By
    subject: str | None
    quarter: str | None
    out: Path | None
    lang: Language
    publish: bool
    engine: EngineName | None
    scheduler: str | None
    restart: bool


def answer_of_cases(asked: CasesAsked) -> None:
    """Compute, print and write the indicators of cases, or list the cases behind one.

    Parameters
    ----------
    asked : CasesAsked
        What is asked.
    """
    if asked.publish and asked.trace is not None:
        raise ActuaryError(Problem("--publish, --trace", "both", "one of them: rows of cases are never published"))
    if asked.budget and asked.policy is None and asked.settled is None:
        raise ActuaryError(Problem("--budget", "no --policy beside it", "the policy by which the cases are settled"))
    if in_parts(asked.cases, asked.engine) or asked.scheduler is not None or asked.settled is not None:
        _in_parts(asked)
    else:
        _at_once(asked)


def _at_once(asked: CasesAsked) -> None:
    from actuary.cli.settle import read_budget  # noqa: PLC0415
    from actuary.indicators.case_indicators import compute_case_indicators  # noqa: PLC0415

    found = compute_case_indicators(
        asked.cases,
        policy=asked.policy,
        budget=read_budget(asked.budget),
        hospitals=asked.hospitals,
        by=asked.by.value,
        quarter=asked.quarter,
    )
    _tell(found)
    if asked.trace is not None:
        rows = found.trace(asked.trace, subject=asked.subject)
        _show_cases(asked.trace, rows.head(_SHOWN_CASES), len(rows), rows["top"].sum(), rows["bottom"].sum())
        if asked.out is not None:
            write_indicators(rows, asked.out)
        return
    frame = _wanted(found, asked)
    _show_values(found, frame, asked)
    if asked.out is not None:
        write_indicators(frame, asked.out)


def _in_parts(asked: CasesAsked) -> None:
    from actuary.cli.settle import read_budget  # noqa: PLC0415
    from actuary.workflow.bulk.indicators import indicators_of_dataset  # noqa: PLC0415

    runner = chosen_engine(asked.engine, asked.scheduler)
    if asked.out is not None:
        check_name(asked.out, (".csv",) if asked.trace is not None else (".csv", ".json"))
    elif runner is not None:
        mend = "add --out FILE.csv, on storage that every worker may write"
        raise ActuaryError(Problem("--engine distributed", "no --out", "a place where workers keep their parts", mend))
    with _kept_beside(asked.out) as place, showing_progress() as progress:
        question: dict[str, Any] = {
            "policy": asked.policy,
            "budget": read_budget(asked.budget),
            "settled": asked.settled,
            "hospitals": asked.hospitals,
            "by": asked.by.value,
            "quarter": asked.quarter,
            "engine": runner,
            "restart": asked.restart,
            "progress": progress,
        }
        if asked.trace is not None:
            _trace_in_parts(asked, asked.trace, place, question)
            return

        def write(found: IndicatorsOfCases) -> None:
            if asked.out is not None:
                write_indicators(_wanted(found, asked), asked.out)

        found = indicators_of_dataset(asked.cases, place, write=write, **question)
    _tell(found)
    _show_values(found, _wanted(found, asked), asked)


@contextmanager
def _kept_beside(out: Path | None) -> Iterator[Path]:
    """Give the file beside which parts are kept: without one of its own nothing outlives the run."""
    if out is not None:
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="actuary-indicators-") as folder:
        yield Path(folder) / "indicators.csv"


def _trace_in_parts(asked: CasesAsked, indicator: str, place: Path, question: Mapping[str, Any]) -> None:
    import pandas as pd  # noqa: PLC0415

    from actuary.workflow.bulk.indicators import trace_dataset  # noqa: PLC0415

    found = trace_dataset(asked.cases, place, indicator=indicator, subject=asked.subject, **question)
    say(f"{'made-up cases: ' if found.synthetic else ''}{found.cases:,} cases")
    if found.not_settled:
        say(f"not settled: {found.not_settled}")
    words = dict.fromkeys(("case_id", "subject", "drg"), str)
    shown = pd.read_csv(place, nrows=_SHOWN_CASES, dtype=words, keep_default_na=False, encoding="utf-8-sig")
    _show_cases(indicator, shown, found.rows, found.top, found.bottom)
    if asked.out is not None:
        say(f"written: {asked.out}")


def _tell(found: IndicatorsOfCases) -> None:
    say(found.summary())
    if found.not_settled:
        say(f"not settled: {found.not_settled}")


def _show_cases(indicator: str, shown: pd.DataFrame, rows: int, top: float, bottom: float) -> None:
    print_frame(shown, title=f"{indicator}: {rows:,} cases, the first {_SHOWN_CASES}")
    typer.echo(f"sum of top {top:,.4f}; sum of bottom {bottom:,.4f}")


def _wanted(found: IndicatorsOfCases, asked: CasesAsked) -> pd.DataFrame:
    """Return the values that were asked for; fit for publication where that was asked."""
    from actuary.indicators.case_trace import check_subject  # noqa: PLC0415

    check_subject(asked.subject, found.subject_names, by=found.by)
    whole = found.frame
    if asked.publish:
        from actuary.tables.personal_door import current_door  # noqa: PLC0415
        from actuary.tables.publication import suppress_small_subjects  # noqa: PLC0415

        whole = suppress_small_subjects(whole, rules=current_door().rules)
        # Which of them are small and which only hide them is not told.
        whole["cases"] = whole["cases"].astype(object).where(~whole["suppressed"], None)
        whole["reason"] = whole["reason"].mask(whole["suppressed"], _HIDDEN[asked.lang.value])
    frame = whole if asked.families is None else whole[whole["family"].isin(asked.families)]
    return frame if asked.subject is None else frame[frame["subject"] == asked.subject]


def _show_values(found: IndicatorsOfCases, frame: pd.DataFrame, asked: CasesAsked) -> None:
    pairs = [as_read(value, unit) for value, unit in zip(frame["value"], frame["unit"], strict=True)]
    shown = frame.assign(
        value=[text or NOT_ASSESSABLE[asked.lang.value] for text, _ in pairs], unit=[unit for _, unit in pairs]
    )
    columns = ["subject", "indicator", asked.lang.value, "value", "unit", "period", "cases", "reason"]
    title = f"Indicators by {asked.by.value}" + (", made-up cases" if found.synthetic else "")
    show(frame, title, None, None, shown=shown[columns])
