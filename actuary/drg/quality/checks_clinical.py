"""Check diagnoses and procedures against each other and the patient (Q08, Q11, Q12, Q14)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from actuary.drg.quality.columns import Column, Mask, Numbers
from actuary.drg.quality.findings import Hit
from actuary.drg.quality.registry import Context, check
from actuary.drg.quality.shapes import Limited
from actuary.drg.quality.stays import age_in_years, charged, western

__all__ = ["deaths", "main_diagnoses", "sex_and_age", "ventilation"]

_CODE_FIELDS = {"diagnosis": "diag_code", "procedure": "oprn_oprt_code"}


@check("Q08")
def main_diagnoses(context: Context) -> Iterator[Hit]:
    """Yield cases without exactly one main diagnosis, and main diagnoses that cannot be one."""
    lists = context.lists
    coded, flag = western(context), lists.column("diagnosis", "maindiag_flag")
    main = coded & flag.known & (flag.values == 1)
    count = lists.count_of("diagnosis", main)
    none = np.flatnonzero((count == 0) & lists.any_of("diagnosis", coded))
    if len(none):
        yield Hit("Q08", "none", "case", none, ("diagnosis", "maindiag_flag"), "")
    several = np.flatnonzero(count > 1)
    if len(several):
        filling = {"count": count[several]}
        yield Hit("Q08", "several", "case", several, ("diagnosis", "maindiag_flag"), "", filling=filling)
    codes = lists.column("diagnosis", "diag_code")
    factors = codes.where(context.codes("health_factor").holds)
    other = np.zeros(lists.stays, dtype=bool)
    other[lists.case.stay] = lists.any_of("diagnosis", coded & ~factors)
    stay = lists.tables["diagnosis"].stay
    marks = {
        "external_cause": codes.where(context.codes("external_cause").holds),
        "symptom": codes.where(context.codes("symptom").holds),
        "factor_only": factors & (stay >= 0) & ~other[stay],
    }
    for message, mark in marks.items():
        rows = np.flatnonzero(main & mark)
        if len(rows):
            yield Hit("Q08", message, "diagnosis", rows, "diag_code")
    if lists.has("diagnosis", "adm_cond_type"):
        condition = lists.column("diagnosis", "adm_cond_type").where(context.codes("not_on_admission").holds)
        rows = np.flatnonzero(main & condition)
        if len(rows):
            yield Hit("Q08", "condition", "diagnosis", rows, "adm_cond_type", codes.text(rows))


@check("Q11")
def ventilation(context: Context) -> Iterator[Hit]:
    """Yield durations of ventilation that do not fit the codes of invasive ventilation."""
    lists, hours = context.lists, context.limit("long_ventilation_hours")
    used, codes = lists.column("case", "vent_used_dura"), lists.column("procedure", "oprn_oprt_code")

    def coded(name: str) -> Mask:
        return lists.any_of("procedure", codes.where(context.codes(name).holds))

    minutes = np.where(used.known, used.values, 0)
    short, long, any_code = coded("ventilation_short"), coded("ventilation_long"), coded("ventilation_any")
    ways = {
        "not_invasive": (minutes > 0) & ~any_code,
        "long": (minutes > hours * 60) & short & ~long,
        "short": (minutes > 0) & (minutes < hours * 60) & long & ~short,
        "no_hours": (minutes == 0) & ~used.bad & long,
    }
    for message, mark in ways.items():
        rows = np.flatnonzero(mark)
        if len(rows):
            yield Hit("Q11", message, "case", rows, "vent_used_dura", filling={"expected": hours})


@check("Q12")
def sex_and_age(context: Context) -> Iterator[Hit]:
    """Yield codes that fit one sex or some ages only, and not the patient's."""
    lists = context.lists
    for limited in context.declared.limited:
        name = _CODE_FIELDS[limited.table]
        if not lists.has(limited.table, name):
            continue
        column, case = lists.column(limited.table, name), lists.case_of(limited.table)
        concerned = column.where(partial(_begins, prefixes=limited.prefixes)) & (case >= 0)
        if limited.table == "diagnosis":
            concerned &= western(context)
        rows = np.flatnonzero(concerned)
        if len(rows):
            yield from _wrong_sex(context, limited, rows, case[rows])
            yield from _wrong_age(context, limited, rows, case[rows])


def _begins(code: str, *, prefixes: tuple[str, ...]) -> bool:
    return code.startswith(prefixes)


def _wrong_sex(context: Context, limited: Limited, rows: Numbers, case: Numbers) -> Iterator[Hit]:
    if not limited.sex or not context.lists.has("case", "gend"):
        return
    sex = context.lists.column("case", "gend")
    meanings = sex.field.choices
    wrong = sex.where(lambda text: text in meanings and text != limited.sex)
    found = wrong[case]
    if found.any():
        filling = {"group": limited.zh, "group_en": limited.en, "sex": sex.text(case[found])}
        yield Hit("Q12", "sex", limited.table, rows[found], _CODE_FIELDS[limited.table], filling=filling)


def _wrong_age(context: Context, limited: Limited, rows: Numbers, case: Numbers) -> Iterator[Hit]:
    if limited.age_min is None or limited.age_max is None:
        return
    years, known = age_in_years(context)
    age = years[case]
    found = known[case] & ((age < limited.age_min) | (age > limited.age_max))
    if found.any():
        filling = {
            "group": limited.zh,
            "group_en": limited.en,
            "age": age[found],
            "low": limited.age_min,
            "high": limited.age_max,
        }
        yield Hit("Q12", "age", limited.table, rows[found], _CODE_FIELDS[limited.table], filling=filling)


@check("Q14")
def deaths(context: Context) -> Iterator[Hit]:
    """Yield diagnoses that state death without it, and deaths with a readmission or without care."""
    lists = context.lists
    way: Column = lists.column("case", "dscg_way")
    dead = way.where(context.codes("death").holds)
    if lists.has("diagnosis", "diag_code"):
        codes, case = lists.column("diagnosis", "diag_code"), lists.case_of("diagnosis")
        states = western(context) & codes.where(context.codes("states_death").holds) & (case >= 0)
        rows = np.flatnonzero(states & (way.known & ~dead)[case])
        if len(rows):
            filling = {"way": way.text(case[rows])}
            yield Hit("Q14", "alive", "diagnosis", rows, "diag_code", filling=filling)
    if lists.has("case", "days_rinp_flag_31"):
        flag = lists.column("case", "days_rinp_flag_31")
        rows = np.flatnonzero(dead & flag.known & (flag.values == 1))
        if len(rows):
            yield Hit("Q14", "readmission", "case", rows, "days_rinp_flag_31")
    if lists.has("item", "med_chrgitm", "amt"):
        rows = np.flatnonzero(dead & (charged(context, "care_charge") <= 0))
        if len(rows):
            yield Hit("Q14", "no_care", "case", rows, "dscg_way")
