"""Check codes against the dictionary: unknown, clinical, grey, class of procedure (Q13, C01, C02, C03)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from actuary.drg.quality.columns import Column, Mask, Numbers, format_fen
from actuary.drg.quality.dictionaries import CodeDictionary, CodeList
from actuary.drg.quality.findings import Hit
from actuary.drg.quality.registry import Context, check
from actuary.drg.quality.stays import charged, day_of, western

__all__ = ["clinical_codes", "codes_before_first_day", "grey_codes", "procedure_classes", "unknown_codes"]

_FIELDS = {"diagnosis": "diag_code", "procedure": "oprn_oprt_code"}
_OPERATIVE = ("surgery", "intervention")
_CLASSES = {
    "surgery": ("手术", "surgery"),
    "intervention": ("介入治疗", "an intervention"),
    "therapeutic": ("治疗性操作", "a therapeutic procedure"),
    "diagnostic": ("诊断性操作", "a diagnostic procedure"),
}


def _dictionary(context: Context) -> CodeDictionary:
    assert context.dictionary is not None  # noqa: S101  (checks that need it run only with it)
    return context.dictionary


def codes_before_first_day(context: Context) -> Mask:
    """Return the cases discharged before the edition of the dictionary was in use; their codes are not judged."""
    if context.dictionary is None or not context.lists.has("case", "dscg_time"):
        return np.zeros(len(context.lists.case), dtype=bool)
    discharged = context.lists.column("case", "dscg_time")
    first = np.datetime64(context.dictionary.code_set.first_day, "D").astype(np.int64)
    return discharged.known & (day_of(discharged.values) < first)


def _judged(context: Context) -> Iterator[tuple[str, Column, Mask, CodeList]]:
    """Yield each table of codes with the rows to be judged and the codes in force."""
    lists, early = context.lists, codes_before_first_day(context)
    for table, name in _FIELDS.items():
        if not lists.has(table, name):
            continue
        column, case = lists.column(table, name), lists.case_of(table)
        rows = western(context) if table == "diagnosis" else column.known
        yield table, column, rows & ~(early[case] & (case >= 0)), _dictionary(context).codes(table)


def _by_code(column: Column, rows: Mask, answer: Callable[[str], str]) -> tuple[Numbers, pa.Array]:
    """Ask once for each distinct code; return the rows with an answer, and the answers."""
    answers = [answer(code) for code in column.categories]
    asked = np.fromiter((text != "" for text in answers), dtype=bool, count=len(answers))
    found = np.flatnonzero(rows & asked[column.values]) if answers else np.array([], dtype=np.int64)
    return found, pa.array(answers, pa.string()).take(pa.array(column.values[found]))


@check("Q13")
def unknown_codes(context: Context) -> Iterator[Hit]:
    """Yield codes that the dictionary does not have, with the code that is meant as far as that is known."""
    code_set = _dictionary(context).code_set
    edition: dict[str, pa.Array | str] = {"code_set": code_set.zh, "code_set_en": code_set.en}
    for table, column, judged, codes in _judged(context):
        unknown = judged & ~_exactly(column, codes)
        answered = np.zeros(len(unknown), dtype=bool)
        for message, answer in (("written", codes.written), ("clinical", codes.insurance_only)):
            rows, suggested = _by_code(column, unknown, answer)
            answered[rows] = True
            if len(rows):
                filling = {**edition, "suggested": suggested}
                yield Hit("Q13", message, table, rows, _FIELDS[table], suggested=suggested, filling=filling)
        rows = np.flatnonzero(unknown & ~answered)
        if len(rows):
            filling = {**edition, **_hints(column, rows, codes)}
            yield Hit("Q13", "unknown", table, rows, _FIELDS[table], filling=filling)


def _exactly(column: Column, codes: CodeList) -> Mask:
    known = np.fromiter((code in codes.grey for code in column.categories), dtype=bool, count=len(column.categories))
    return known[column.values] if len(known) else np.zeros(len(column.values), dtype=bool)


def _hints(column: Column, rows: Numbers, codes: CodeList) -> dict[str, pa.Array]:
    at, back = np.unique(column.values[rows], return_inverse=True)
    near = [codes.near(column.categories[category]) for category in at.tolist()]
    take = pa.array(back)
    return {
        "hint_zh": pa.array(["，相近编码" + "、".join(found) if found else "" for found in near]).take(take),
        "hint_en": pa.array([", near " + ", ".join(found) if found else "" for found in near]).take(take),
    }


@check("C01")
def grey_codes(context: Context) -> Iterator[Hit]:
    """Yield grey codes, which settlement does not accept."""
    for table, column, judged, codes in _judged(context):
        rows, _ = _by_code(column, judged, codes.grey_mark)
        if len(rows):
            yield Hit("C01", "grey", table, rows, _FIELDS[table], filling=_hints(column, rows, codes))


@check("C02")
def clinical_codes(context: Context) -> Iterator[Hit]:
    """Yield codes that mean different things in both editions, where a hospital writes clinical codes elsewhere.

    A list coded by the insurance edition holds such codes rightly; only beside codes that the clinical edition alone
    has are they in doubt.
    """
    for table, column, judged, codes in _judged(context):
        clinical, _ = _by_code(column, judged & ~_exactly(column, codes), codes.insurance_only)
        if not len(clinical):
            continue
        rows, suggested = _by_code(column, judged, codes.other_meaning)
        doubtful = _same_hospital(context, table, clinical, rows)
        if doubtful.any():
            shown = suggested.filter(pa.array(doubtful))
            filling = {"suggested": shown}
            yield Hit("C02", "both", table, rows[doubtful], _FIELDS[table], suggested=shown, filling=filling)


def _same_hospital(context: Context, table: str, given: Numbers, rows: Numbers) -> Mask:
    """Return which rows are of a hospital that has one of the given rows; of any, where hospitals are not named."""
    if not context.lists.has("case", "fixmedins_code"):
        return np.ones(len(rows), dtype=bool)
    case = context.lists.case_of(table)
    hospital = context.lists.column("case", "fixmedins_code").values
    given = given[case[given] >= 0]
    return np.isin(hospital[case[rows]], hospital[case[given]]) & (case[rows] >= 0)


@check("C03")
def procedure_classes(context: Context) -> Iterator[Hit]:
    """Yield main procedures below another one in class, and surgery fees without a surgical code."""
    lists = context.lists
    column, case = lists.column("procedure", "oprn_oprt_code"), lists.case_of("procedure")
    classes = _dictionary(context).procedure.classes
    main = lists.column("procedure", "oprn_oprt_type").where(context.codes("main_procedure").holds)
    operative = column.where(lambda code: classes.get(code, "") in _OPERATIVE)
    lesser = column.where(lambda code: classes.get(code, "") in ("therapeutic", "diagnostic"))
    first = lists.first_of("procedure", operative & ~main)
    has_main_operative = lists.any_of("procedure", operative & main)
    rows = np.flatnonzero(main & lesser & (case >= 0) & (first >= 0)[case] & ~has_main_operative[case])
    if len(rows):
        names = [_CLASSES[classes[column.categories[at].strip()]] for at in column.values[rows].tolist()]
        filling = {
            "class_zh": pa.array([zh for zh, _ in names]),
            "class_en": pa.array([en for _, en in names]),
            "other": column.text(first[case[rows]]),
        }
        yield Hit("C03", "main", "procedure", rows, "oprn_oprt_code", filling=filling)
    if lists.has("item", "med_chrgitm", "amt"):
        fee = charged(context, "surgery_charge")
        listed = column.where(lambda code: code in classes)
        # Codes that the dictionary does not have may be surgery: Q13 speaks of them.
        sure = lists.any_of("procedure", listed) & ~lists.any_of("procedure", column.known & ~listed)
        only_lesser = sure & ~lists.any_of("procedure", operative | column.where(lambda code: classes.get(code) == ""))
        rows = np.flatnonzero((fee > 0) & only_lesser)
        if len(rows):
            yield Hit("C03", "fee", "case", rows, ("item", "amt"), format_fen(fee[rows]))
