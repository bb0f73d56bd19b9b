"""Check dates: procedures within the stay, length of stay, double stays, upload (Q02, Q03, Q15, Q16)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from actuary.drg.quality.columns import format_time
from actuary.drg.quality.findings import Hit
from actuary.drg.quality.registry import Context, check
from actuary.drg.quality.repeats import repeat_counts
from actuary.drg.quality.stays import day_of, earlier

__all__ = ["double_stays", "lengths_of_stay", "procedure_dates", "uploads"]


@check("Q02")
def procedure_dates(context: Context) -> Iterator[Hit]:
    """Yield discharges before the admission, and procedures outside the stay."""
    lists = context.lists
    admitted, discharged = lists.column("case", "adm_time"), lists.column("case", "dscg_time")
    rows = np.flatnonzero(admitted.known & discharged.known & earlier(discharged.values, admitted.values))
    if len(rows):
        expected = format_time(admitted.values[rows])
        yield Hit("Q02", "reversed", "case", rows, "dscg_time", filling={"expected": expected})
    if not lists.has("procedure", "oprn_oprt_date"):
        return
    done, case = lists.column("procedure", "oprn_oprt_date"), lists.case_of("procedure")
    joined = done.known & (case >= 0)
    begin = joined & admitted.known[case] & earlier(done.values, admitted.values[case])
    rows = np.flatnonzero(begin)
    if len(rows):
        expected = format_time(admitted.values[case[rows]])
        yield Hit("Q02", "before", "procedure", rows, "oprn_oprt_date", filling={"expected": expected})
    rows = np.flatnonzero(joined & discharged.known[case] & earlier(discharged.values[case], done.values))
    if len(rows):
        expected = format_time(discharged.values[case[rows]])
        yield Hit("Q02", "after", "procedure", rows, "oprn_oprt_date", filling={"expected": expected})


@check("Q03")
def lengths_of_stay(context: Context) -> Iterator[Hit]:
    """Yield lengths of stay that are too short, or not the days from admission to discharge."""
    lists, least = context.lists, context.limit("stay_days_min")
    stay = lists.column("case", "act_ipt_days")
    short = stay.known & (stay.values < least)
    rows = np.flatnonzero(short)
    if len(rows):
        yield Hit("Q03", "short", "case", rows, "act_ipt_days", filling={"expected": least})
    if not lists.has("case", "adm_time", "dscg_time"):
        return
    admitted, discharged = lists.column("case", "adm_time"), lists.column("case", "dscg_time")
    days = day_of(discharged.values) - day_of(admitted.values)
    expected = np.maximum(days, least)
    known = stay.known & ~short & admitted.known & discharged.known & (days >= 0)
    rows = np.flatnonzero(known & (stay.values != expected))
    if len(rows):
        yield Hit("Q03", "differs", "case", rows, "act_ipt_days", filling={"expected": expected[rows]})


@check("Q15")
def double_stays(context: Context) -> Iterator[Hit]:
    """Yield every list of a person, hospital, admission and discharge that has more than one."""
    count = repeat_counts(context.lists, "Q15")
    double = np.flatnonzero(count > 1)
    if len(double):
        yield Hit("Q15", "double", "case", double, "psn_key", filling={"count": count[double]})


@check("Q16")
def uploads(context: Context) -> Iterator[Hit]:
    """Yield lists uploaded after the window, or before the discharge."""
    lists, window = context.lists, context.limit("upload_days")
    sent, discharged = lists.column("case", "dcla_time"), lists.column("case", "dscg_time")
    known = sent.known & discharged.known
    days = day_of(sent.values) - day_of(discharged.values)
    rows = np.flatnonzero(known & (days > window))
    if len(rows):
        yield Hit("Q16", "late", "case", rows, "dcla_time", filling={"days": days[rows], "expected": window})
    rows = np.flatnonzero(known & earlier(sent.values, discharged.values))
    if len(rows):
        expected = format_time(discharged.values[rows])
        yield Hit("Q16", "early", "case", rows, "dcla_time", filling={"expected": expected})
