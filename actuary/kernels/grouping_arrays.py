"""What the grouping loop reads and writes: a scheme, a batch of cases and their answers, as few and flat arrays.

Everything that is asked of one code stands in one row, so that a code costs one line of the processor's cache; lists of
any length stand in one array of members, and a row says from where to where. Compiled loops are kept on disk by the
date of ``grouping.py``: whoever changes a number here also touches that file.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["HIGHEST", "INVALID", "LOWEST", "MISSING", "AnswerRows", "CaseArrays", "SchemeArrays"]

type Ints = NDArray[np.int32]

#: A number that is not given, and an age that is given but is no number.
MISSING: Final = -(2**31)
INVALID: Final = MISSING + 1

#: Ends of a range that is open on that side.
LOWEST: Final = MISSING + 2
HIGHEST: Final = 2**31 - 1

#: Places of the switches in ``SchemeArrays.options``: QY (0 off, 1 any procedure, 2 main procedure), which checks are
#: made, whether missing days are 0, whether empty diagnoses fail, whether later categories are tried, whether the
#: principal diagnosis can be a complication, the category whose absence makes a newborn ambiguous (-1 none), and the
#: number of the empty diagnosis.
(
    OPTION_QY,
    OPTION_CHECK_SEX,
    OPTION_CHECK_AGE,
    OPTION_DAYS_ARE_0,
    OPTION_EMPTY_FAILS,
    OPTION_FALL_THROUGH,
    OPTION_PRINCIPAL_WEIGHS,
    OPTION_NEWBORN_MDC,
    OPTION_EMPTY_CODE,
) = range(9)

#: Bits of ``SchemeArrays.dx_flags``: what a diagnosis does wherever it stands (leads to rules, enters a category,
#: counts as a complication), and what it is as principal (listed in some category, known, for newborns only).
DX_LEADS, DX_ENTERS, DX_WEIGHS, DX_LISTED, DX_KNOWN, DX_NEWBORN = 1, 2, 4, 8, 16, 32

#: Columns of ``SchemeArrays.dx``: exclusion table as principal (-1 none), as major complication and as another one (-2
#: is none); members from and to: lists, rules as principal, rules wherever it stands; conflicts of sex (bits).
(
    DX_EXCL,
    DX_MCC,
    DX_CC,
    DX_LISTS,
    DX_LISTS_END,
    DX_PDX_RULES,
    DX_PDX_RULES_END,
    DX_RULES,
    DX_RULES_END,
    DX_CONFLICTS,
) = range(10)

#: Columns of ``SchemeArrays.entries``: categories (bits in the order of evaluation) entered as principal diagnosis, as
#: any, by its prefix; body site (bit).
ENTRY_PDX, ENTRY_ANY, ENTRY_PREFIX, ENTRY_SITE = range(4)

#: Columns of ``SchemeArrays.px``: whether valid; members from and to: lists, rules as main procedure, rules as any.
PX_VALID, PX_LISTS, PX_LISTS_END, PX_MAIN_RULES, PX_MAIN_RULES_END, PX_RULES, PX_RULES_END = range(7)

#: Columns of ``SchemeArrays.mdcs``: first rule, first medical rule, members from and to: rules to which no code leads.
MDC_FIRST, MDC_MEDICAL, MDC_OPEN, MDC_OPEN_END = range(4)

#: Columns of ``SchemeArrays.rules`` (-1 is no condition): the flag is 1 main valid, 2 none valid, 3 main not valid; the
#: lists of procedures in any position are members from and to; the last one says whether any condition is left.
(
    RULE_MDC,
    RULE_ADRG,
    RULE_PDX,
    RULE_NOT_PDX,
    RULE_ANYDX,
    RULE_ODX,
    RULE_PAIR,
    RULE_FLAG,
    RULE_APX,
    RULE_APX_END,
    RULE_STAY,
    RULE_ASKS,
) = range(12)

#: Columns of ``SchemeArrays.stays``: five ranges (from, to, both inclusive); sets of discharges and departments as
#: members from and to (from -1 is no condition).
STAY_AGE_DAYS, STAY_AGE_YEARS, STAY_WEIGHT, STAY_LOS, STAY_ICU, STAY_DISCHARGE, STAY_DEPARTMENT = 0, 2, 4, 6, 8, 10, 12

#: Masks of categories in ``SchemeArrays.masks``.
(
    MASK_NO_DX,
    MASK_SITES,
    MASK_MEN,
    MASK_WOMEN,
    MASK_INFANTS,
    MASK_PREFIX_WOMEN,
    MASK_VALID_PX,
    MASK_QY,
    MASK_OPEN,
) = range(9)


#: Columns of ``SchemeArrays.drgs``: test of severity (0 MCC, 1 CC, 2 CC only, 3 none), severity answered, conditions.
DRG_TEST, DRG_SEVERITY, DRG_STAY = range(3)

#: Columns of ``SchemeArrays.conflicts``: category, its sex, category answered.
CONFLICT_MDC, CONFLICT_SEX, CONFLICT_ANSWER = range(3)

#: Rows of ``CaseArrays.numbers``.
SEX, AGE_YEARS, AGE_DAYS, WEIGHT, LOS, ICU, DISCHARGE, DEPARTMENT = range(8)

#: Rows of the answers.
STATUS, REASON, SEVERITY, MDC, ADRG, DRG, RULE = range(7)


class SchemeArrays(NamedTuple):
    """Hold a scheme as arrays; the constants of this module name their columns.

    Parameters
    ----------
    options : int32 (9)
        Switches.
    masks : int64 (9)
        Categories (bits in the order of evaluation) entered without diagnosis, by body sites, by men only, by women
        only, by infants only, through a prefix by women only, with a valid main procedure only; with a group for
        ambiguous cases; with rules to which no code leads.
    dx_flags : uint8 (dx)
        What a diagnosis is and does.
    dx : int32 (dx, 10)
        Diagnoses.
    entries : int64 (dx, 4)
        Categories a diagnosis enters.
    px : int32 (px, 7)
        Procedures.
    members : int32
        Members of all lists.
    mdcs : int32 (mdc + 1, 4)
        Categories, and the end of the rules.
    rules : int32 (rule, 12)
        Conditions that are left once a code has led to the rule, in the order of evaluation.
    stays : int32 (condition, 14)
        Conditions on the stay.
    adrgs : int32 (adrg + 1)
        First group of each ADRG, and the end.
    drgs : int32 (drg, 3)
        Groups.
    conflicts : int32 (n, 3)
        Categories whose other sex makes a case ambiguous.
    """

    options: Ints
    masks: NDArray[np.int64]
    dx_flags: NDArray[np.uint8]
    dx: Ints
    entries: NDArray[np.int64]
    px: Ints
    members: Ints
    mdcs: Ints
    rules: Ints
    stays: Ints
    adrgs: Ints
    drgs: Ints
    conflicts: Ints


class CaseArrays(NamedTuple):
    """Hold a batch of cases.

    Parameters
    ----------
    dx_from, dx, px_from, px : int32
        Diagnoses and procedures by their number in the scheme (-1 unknown), the principal (main) one first, and where
        those of each case begin (and one more).
    numbers : int32 (8, case)
        Sex (1, 2, 0 for another number, `MISSING`), age [years], age [days], birth weight [g], length of stay [days],
        hours of intensive care [h], each `MISSING` where not given, an age that is no number `INVALID`; discharge and
        department by number (-1 unknown).
    """

    dx_from: Ints
    dx: Ints
    px_from: Ints
    px: Ints
    numbers: Ints


#: Answers, int16 (7, case): status, reason, severity (4 without a group), category, ADRG, DRG, and the rule that held
#: (-1 none), each by number. After the last category stands "none"; after the last ADRG "QY" and "none"; after the last
#: DRG the ambiguous groups of all categories and "none".
type AnswerRows = NDArray[np.int16]
