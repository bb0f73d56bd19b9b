"""What the grouping loop reads and writes: a scheme, a batch of cases and their answers, as named arrays."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["HIGHEST", "INVALID", "LOWEST", "MISSING", "AnswerArrays", "CaseArrays", "SchemeArrays"]

type Ints = NDArray[np.int32]
type Bits = NDArray[np.int64]
type Bytes = NDArray[np.uint8]

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

#: Columns of ``SchemeArrays.rules`` (-1 is no condition); the flag is 1 main valid, 2 none valid, 3 main not valid.
(
    RULE_MDC,
    RULE_ADRG,
    RULE_PDX,
    RULE_NOT_PDX,
    RULE_ANYDX,
    RULE_ODX,
    RULE_PPX,
    RULE_PAIR,
    RULE_FLAG,
    RULE_APX_FROM,
    RULE_APX_TO,
    RULE_STAY,
) = range(12)

#: Columns of ``SchemeArrays.stays``: five ranges (from, to, both inclusive) and two sets (-1 is no condition).
STAY_AGE_DAYS, STAY_AGE_YEARS, STAY_WEIGHT, STAY_LOS, STAY_ICU, STAY_DISCHARGE, STAY_DEPARTMENT = 0, 2, 4, 6, 8, 10, 11

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

#: Bits of ``SchemeArrays.dx_flags``.
DX_LEADS, DX_ENTERS, DX_WEIGHS = 1, 2, 4


class SchemeArrays(NamedTuple):
    """Hold a scheme as arrays; "CSR" is a pair of offsets and members.

    Parameters
    ----------
    options : int32 (9)
        Switches, see `OPTION_QY` and the following.
    dx_flags : uint8 (dx)
        What a diagnosis does wherever it stands: 1 leads to rules, 2 enters a category, 4 counts as a complication.
    pdx_mdcs, any_mdcs, prefix_mdcs : int64 (dx)
        Categories (bits in the order of evaluation) that a diagnosis enters as principal, as any, by its prefix.
    sites : int64 (dx)
        Body site (bit) of a diagnosis.
    excl, mcc, cc : int32 (dx)
        Exclusion table of a principal diagnosis (-1 none) and of a complication (-2 is not one).
    dx_lists_from, dx_lists : int32
        Lists that hold each diagnosis, as CSR.
    pdx_rules_from, pdx_rules, dx_rules_from, dx_rules : int32
        Rules to which each diagnosis leads as principal, and wherever it stands, as CSR.
    px_valid : uint8 (px)
        Whether a procedure is valid.
    px_lists_from, px_lists, ppx_rules_from, ppx_rules, px_rules_from, px_rules : int32
        The same for procedures: lists, rules by the main procedure, rules by any.
    open_rules_from, open_rules : int32
        Rules of each category to which no code leads, as CSR.
    masks : int64 (9)
        Categories entered without diagnosis, by body sites, by men only, by women only, by infants only, through a
        prefix by women only, with a valid main procedure only; with a group for ambiguous cases; with open rules.
    mdc_from, mdc_qy : int32
        First rule of each category (and one more), and its first medical rule.
    rules : int32 (rule, 12)
        Conditions (see `RULE_MDC` and the following) that are left once a code has led to the rule.
    apx : int32
        Lists of procedures in any position, by rule.
    stays : int32 (condition, 12)
        Conditions on the stay, see `STAY_AGE_DAYS`.
    sets_from, sets : int32
        Members of the sets of discharges and departments, as CSR.
    drg_from : int32 (adrg + 1)
        Groups of each ADRG.
    drgs : int32 (drg, 3)
        Test of severity (0 MCC, 1 CC, 2 CC only, 3 none), severity answered, condition on the stay.
    conflicts : uint8 (dx)
        Rows of `conflict_mdcs` (bits) whose sex a principal diagnosis asks for.
    conflict_mdcs : int32 (n, 3)
        Category, its sex, category answered.
    newborn_only : uint8 (dx)
        Whether a principal diagnosis is for newborns only.
    listed : uint8 (dx)
        1 the diagnosis belongs to some category, 2 it is a code of the scheme.
    """

    options: Ints
    dx_flags: Bytes
    pdx_mdcs: Bits
    any_mdcs: Bits
    prefix_mdcs: Bits
    sites: Bits
    excl: Ints
    mcc: Ints
    cc: Ints
    dx_lists_from: Ints
    dx_lists: Ints
    pdx_rules_from: Ints
    pdx_rules: Ints
    dx_rules_from: Ints
    dx_rules: Ints
    px_valid: Bytes
    px_lists_from: Ints
    px_lists: Ints
    ppx_rules_from: Ints
    ppx_rules: Ints
    px_rules_from: Ints
    px_rules: Ints
    open_rules_from: Ints
    open_rules: Ints
    masks: Bits
    mdc_from: Ints
    mdc_qy: Ints
    rules: Ints
    apx: Ints
    stays: Ints
    sets_from: Ints
    sets: Ints
    drg_from: Ints
    drgs: Ints
    conflicts: Bytes
    conflict_mdcs: Ints
    newborn_only: Bytes
    listed: Bytes


class CaseArrays(NamedTuple):
    """Hold a batch of cases.

    Parameters
    ----------
    dx_from, dx, px_from, px : int32
        Diagnoses and procedures by their number in the scheme, as CSR, the principal (main) one first.
    sex : int32 (case)
        1, 2, 0 for another number, `MISSING`.
    age_years, age_days, weight_g, los_days, icu_hours : int32 (case)
        Numbers [years, days, g, days, h], or `MISSING`; an age that is no number is `INVALID`.
    discharge, department : int32 (case)
        Numbers in the scheme, -1 unknown.
    """

    dx_from: Ints
    dx: Ints
    px_from: Ints
    px: Ints
    sex: Ints
    age_years: Ints
    age_days: Ints
    weight_g: Ints
    los_days: Ints
    icu_hours: Ints
    discharge: Ints
    department: Ints


class AnswerArrays(NamedTuple):
    """Hold the answers of a batch of cases.

    Parameters
    ----------
    status, reason : uint8 (case)
        Numbers of `Status` and `Reason`.
    severity : uint8 (case)
        Number of `Severity`; 4 without a group.
    mdc, adrg, drg : int16, int16, int32 (case)
        Numbers in the scheme. After the last category stands "none"; after the last ADRG "QY" and "none"; after the
        last DRG the ambiguous groups of all categories and "none".
    rule : int32 (case)
        The rule that held, -1 without one.
    """

    status: Bytes
    reason: Bytes
    severity: Bytes
    mdc: NDArray[np.int16]
    adrg: NDArray[np.int16]
    drg: Ints
    rule: Ints
