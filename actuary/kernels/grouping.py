"""The grouping of stays as one loop over integer-coded cases.

A rule is reached through one of its codes: the main procedure, some procedure, the principal diagnosis or another one.
Per code the rules to which it leads are listed in the order of evaluation, so that a case looks at a handful of rules
instead of a whole category. Everything that can decide a case has a place in the order of evaluation: category j begins
at ``4 (first rule + j) + 1``, its rule r stands at ``4 (r + j + 1) + 2``, and a case becomes ambiguous for its procedure
just before the first medical rule m, at ``4 (m + j + 1)``. The answer is whatever holds at the smallest place.

A code that the scheme does not know is -1; a number that is not given is `MISSING`. Places stay below 2**31 for fewer
than 5e8 rules and categories together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from actuary.kernels.grouping_arrays import (
    DX_ENTERS,
    DX_LEADS,
    DX_WEIGHS,
    HIGHEST,
    INVALID,
    LOWEST,
    MASK_INFANTS,
    MASK_MEN,
    MASK_NO_DX,
    MASK_OPEN,
    MASK_PREFIX_WOMEN,
    MASK_QY,
    MASK_SITES,
    MASK_VALID_PX,
    MASK_WOMEN,
    MISSING,
    OPTION_CHECK_AGE,
    OPTION_CHECK_SEX,
    OPTION_DAYS_ARE_0,
    OPTION_EMPTY_CODE,
    OPTION_EMPTY_FAILS,
    OPTION_FALL_THROUGH,
    OPTION_NEWBORN_MDC,
    OPTION_PRINCIPAL_WEIGHS,
    OPTION_QY,
    RULE_ADRG,
    RULE_ANYDX,
    RULE_APX_FROM,
    RULE_APX_TO,
    RULE_FLAG,
    RULE_MDC,
    RULE_NOT_PDX,
    RULE_ODX,
    RULE_PAIR,
    RULE_PDX,
    RULE_PPX,
    RULE_STAY,
    STAY_AGE_DAYS,
    STAY_AGE_YEARS,
    STAY_DEPARTMENT,
    STAY_DISCHARGE,
    STAY_ICU,
    STAY_LOS,
    STAY_WEIGHT,
    AnswerArrays,
    CaseArrays,
    SchemeArrays,
)

__all__ = ["group_range"]

_NEWBORN_DAYS = 28

# Numbers of the answers, in the order of the enumerations of statuses and reasons.
_GROUPED, _UNGROUPED, _CHECK_FAILED, _AMBIGUOUS = range(4)
(
    _RULE_HIT,
    _NO_DIAGNOSIS,
    _SEX_INVALID,
    _AGE_MISSING,
    _AGE_INVALID,
    _AGE_DAYS_MISSING,
    _BIRTH_WEIGHT_MISSING,
    _DX_EMPTY,
    _DX_UNKNOWN,
    _DX_IN_NO_MDC,
    _MDC_NOT_MET,
    _NO_RULE,
    _NO_DRG,
    _QY_VALID_PX,
    _QY_NEONATE,
    _QY_OLD_NEONATE,
    _QY_SEX,
) = range(17)
_NO_SEVERITY = 4
_MCC, _CC, _CC_ONLY = range(3)


def _compiled(loop: Callable[..., Any]) -> Callable[..., Any]:
    compiled: Callable[..., Any] = numba.njit(nogil=True, cache=True)(loop)
    return compiled


@_compiled
def _holds_code(offsets: Any, members: Any, code: int, wanted: int) -> bool:
    """Say whether a code is in a list."""
    if code < 0:
        return False
    for k in range(offsets[code], offsets[code + 1]):
        if members[k] == wanted:
            return True
    return False


@_compiled
def _some_code(offsets: Any, members: Any, codes: Any, first: int, last: int, wanted: int) -> bool:
    """Say whether one of several codes is in a list."""
    for k in range(first, last):
        if _holds_code(offsets, members, codes[k], wanted):
            return True
    return False


@_compiled
def _two_codes(offsets: Any, members: Any, codes: Any, first: int, last: int, wanted: int) -> bool:
    """Say whether two different codes are in a list."""
    found = -1
    for k in range(first, last):
        if codes[k] != found and _holds_code(offsets, members, codes[k], wanted):
            if found >= 0:
                return True
            found = codes[k]
    return False


@_compiled
def _outside(value: int, row: Any, column: int) -> bool:
    """Say whether a number breaks a range; a missing one breaks every range that has an end."""
    low, high = row[column], row[column + 1]
    if low == LOWEST and high == HIGHEST:
        return False
    return value < low or value > high


@_compiled
def _in_set(scheme: Any, value: int, wanted: int) -> bool:
    """Say whether a number is in a set of discharges or departments."""
    for k in range(scheme.sets_from[wanted], scheme.sets_from[wanted + 1]):
        if scheme.sets[k] == value:
            return True
    return False


@_compiled
def _stay_fits(scheme: Any, cases: Any, i: int, days: int, condition: int) -> bool:
    """Say whether the stay meets a row of conditions."""
    row = scheme.stays[condition]
    if _outside(days, row, STAY_AGE_DAYS) or _outside(cases.age_years[i], row, STAY_AGE_YEARS):
        return False
    if _outside(cases.weight_g[i], row, STAY_WEIGHT) or _outside(cases.los_days[i], row, STAY_LOS):
        return False
    if _outside(cases.icu_hours[i], row, STAY_ICU):
        return False
    if row[STAY_DISCHARGE] >= 0 and not _in_set(scheme, cases.discharge[i], row[STAY_DISCHARGE]):
        return False
    return row[STAY_DEPARTMENT] < 0 or _in_set(scheme, cases.department[i], row[STAY_DEPARTMENT])


@_compiled
def _some_valid(scheme: Any, cases: Any, i: int) -> bool:
    """Say whether some procedure is valid."""
    for k in range(cases.px_from[i], cases.px_from[i + 1]):
        if cases.px[k] >= 0 and scheme.px_valid[cases.px[k]]:
            return True
    return False


@_compiled
def _flag_fits(scheme: Any, cases: Any, i: int, main_valid: bool, flag: int) -> bool:
    """Say whether the procedures are valid as a rule asks."""
    if flag == 1:
        return main_valid
    if flag == 3:
        return not main_valid
    return not _some_valid(scheme, cases, i)


@_compiled
def _rule_holds(scheme: Any, cases: Any, i: int, days: int, main_valid: bool, r: int) -> bool:  # noqa: C901, PLR0911, PLR0912
    """Say whether what is left of a rule's conditions holds."""
    row = scheme.rules[r]
    dx_first, dx_last = cases.dx_from[i], cases.dx_from[i + 1]
    px_first, px_last = cases.px_from[i], cases.px_from[i + 1]
    if row[RULE_FLAG] and not _flag_fits(scheme, cases, i, main_valid, row[RULE_FLAG]):
        return False
    if row[RULE_PDX] >= 0 and not _holds_code(scheme.dx_lists_from, scheme.dx_lists, cases.dx[dx_first], row[RULE_PDX]):
        return False
    if row[RULE_NOT_PDX] >= 0 and _holds_code(
        scheme.dx_lists_from, scheme.dx_lists, cases.dx[dx_first], row[RULE_NOT_PDX]
    ):
        return False
    if row[RULE_ANYDX] >= 0 and not _some_code(
        scheme.dx_lists_from, scheme.dx_lists, cases.dx, dx_first, dx_last, row[RULE_ANYDX]
    ):
        return False
    if row[RULE_ODX] >= 0 and not _some_code(
        scheme.dx_lists_from, scheme.dx_lists, cases.dx, dx_first + 1, dx_last, row[RULE_ODX]
    ):
        return False
    if row[RULE_PPX] >= 0 and (
        px_first == px_last or not _holds_code(scheme.px_lists_from, scheme.px_lists, cases.px[px_first], row[RULE_PPX])
    ):
        return False
    for k in range(row[RULE_APX_FROM], row[RULE_APX_TO]):
        if not _some_code(scheme.px_lists_from, scheme.px_lists, cases.px, px_first, px_last, scheme.apx[k]):
            return False
    if row[RULE_PAIR] >= 0 and not _two_codes(
        scheme.px_lists_from, scheme.px_lists, cases.px, px_first, px_last, row[RULE_PAIR]
    ):
        return False
    return row[RULE_STAY] < 0 or _stay_fits(scheme, cases, i, days, row[RULE_STAY])


@_compiled
def _first_rule(
    scheme: Any,
    cases: Any,
    i: int,
    days: int,
    main_valid: bool,
    mask: int,
    rules: Any,
    first: int,
    last: int,
    best: int,
) -> int:
    """Return the first of some rules that holds in a category entered, if it stands before the best so far."""
    for k in range(first, last):
        r = rules[k]
        if r >= best:
            break
        if (mask >> scheme.rules[r, RULE_MDC]) & 1 and _rule_holds(scheme, cases, i, days, main_valid, r):
            return r
    return best


@_compiled
def _lowest(mask: int) -> int:
    """Return the place of the lowest bit."""
    place = 0
    while not (mask >> place) & 1:
        place += 1
    return place


@_compiled
def _best_rule(scheme: Any, cases: Any, i: int, days: int, main_valid: bool, mask: int, leads: bool) -> int:
    """Return the first rule that holds in the categories entered, or one past the last."""
    best = scheme.rules.shape[0]
    first, last = cases.px_from[i], cases.px_from[i + 1]
    for k in range(first, last):
        code = cases.px[k]
        if code < 0:
            continue
        if k == first:
            a, b = scheme.ppx_rules_from[code], scheme.ppx_rules_from[code + 1]
            best = _first_rule(scheme, cases, i, days, main_valid, mask, scheme.ppx_rules, a, b, best)
        a, b = scheme.px_rules_from[code], scheme.px_rules_from[code + 1]
        if a < b:
            best = _first_rule(scheme, cases, i, days, main_valid, mask, scheme.px_rules, a, b, best)
    first, last = cases.dx_from[i], cases.dx_from[i + 1]
    code = cases.dx[first]
    if code >= 0:
        a, b = scheme.pdx_rules_from[code], scheme.pdx_rules_from[code + 1]
        best = _first_rule(scheme, cases, i, days, main_valid, mask, scheme.pdx_rules, a, b, best)
    if leads:
        for k in range(first, last):
            code = cases.dx[k]
            if code >= 0 and scheme.dx_flags[code] & DX_LEADS:
                a, b = scheme.dx_rules_from[code], scheme.dx_rules_from[code + 1]
                best = _first_rule(scheme, cases, i, days, main_valid, mask, scheme.dx_rules, a, b, best)
    left = mask & scheme.masks[MASK_OPEN]
    while left:
        j = _lowest(left)
        left &= left - 1
        if scheme.mdc_from[j] >= best:
            break
        a, b = scheme.open_rules_from[j], scheme.open_rules_from[j + 1]
        best = _first_rule(scheme, cases, i, days, main_valid, mask, scheme.open_rules, a, b, best)
    return best


@_compiled
def _check(scheme: Any, cases: Any, i: int) -> int:
    """Return the reason for which a case fails the check, or 0."""
    sex, age = cases.sex[i], cases.age_years[i]
    if sex == MISSING or (scheme.options[OPTION_CHECK_SEX] and sex == 0):
        return _SEX_INVALID
    if age == INVALID:
        return _AGE_INVALID
    if scheme.options[OPTION_CHECK_AGE]:
        if age == MISSING:
            return _AGE_MISSING
        if age == 0:
            if cases.age_days[i] == MISSING:
                return _AGE_DAYS_MISSING
            if cases.age_days[i] <= _NEWBORN_DAYS and cases.weight_g[i] == MISSING:
                return _BIRTH_WEIGHT_MISSING
    first, last = cases.dx_from[i], cases.dx_from[i + 1]
    if first == last:
        return _NO_DIAGNOSIS
    if scheme.options[OPTION_EMPTY_FAILS]:
        for k in range(first, last):
            if cases.dx[k] != scheme.options[OPTION_EMPTY_CODE]:
                return 0
        return _NO_DIAGNOSIS
    return 0


@_compiled
def _two_sites(scheme: Any, cases: Any, i: int) -> bool:
    """Say whether the diagnoses touch two body sites."""
    sites = 0
    for k in range(cases.dx_from[i], cases.dx_from[i + 1]):
        if cases.dx[k] >= 0:
            sites |= scheme.sites[cases.dx[k]]
    return sites & (sites - 1) != 0


@_compiled
def _entered(scheme: Any, cases: Any, i: int, main_valid: bool, principal: int, flags: int) -> int:
    """Return the categories that a case enters, as bits."""
    mask = scheme.masks[MASK_NO_DX]
    if principal >= 0:
        mask |= scheme.pdx_mdcs[principal]
    sex = cases.sex[i]
    if flags & DX_ENTERS:
        by_prefix = mask & 0
        for k in range(cases.dx_from[i], cases.dx_from[i + 1]):
            if cases.dx[k] >= 0:
                mask |= scheme.any_mdcs[cases.dx[k]]
                by_prefix |= scheme.prefix_mdcs[cases.dx[k]]
        if sex != 2:
            by_prefix &= ~scheme.masks[MASK_PREFIX_WOMEN]
        mask |= by_prefix
    if mask & scheme.masks[MASK_SITES] and not _two_sites(scheme, cases, i):
        mask &= ~scheme.masks[MASK_SITES]
    if sex != 1:
        mask &= ~scheme.masks[MASK_MEN]
    if sex != 2:
        mask &= ~scheme.masks[MASK_WOMEN]
    if cases.age_years[i] != 0:
        mask &= ~scheme.masks[MASK_INFANTS]
    if not main_valid:
        mask &= ~scheme.masks[MASK_VALID_PX]
    return mask


@_compiled
def _complications(scheme: Any, cases: Any, i: int, flags: int) -> int:
    """Return 1 for a major complication that counts, 2 for another one, 3 for both, 0 for none."""
    if not flags & DX_WEIGHS:
        return 0
    first, last = cases.dx_from[i], cases.dx_from[i + 1]
    voided = scheme.excl[cases.dx[first]] if cases.dx[first] >= 0 else -1
    start = first + 1
    if scheme.options[OPTION_PRINCIPAL_WEIGHS] and last - first > 1:
        start = first
    found = 0
    for k in range(start, last):
        code = cases.dx[k]
        if code >= 0 and scheme.dx_flags[code] & DX_WEIGHS:
            if scheme.mcc[code] != -2 and scheme.mcc[code] != voided:
                found |= 1
            if scheme.cc[code] != -2 and scheme.cc[code] != voided:
                found |= 2
    return found


@_compiled
def _drg(scheme: Any, cases: Any, i: int, days: int, flags: int, adrg: int) -> int:
    """Return the first group of an ADRG that accepts the case, or -1."""
    found = -1
    for d in range(scheme.drg_from[adrg], scheme.drg_from[adrg + 1]):
        test = scheme.drgs[d, 0]
        if test <= _CC_ONLY:
            if found < 0:
                found = _complications(scheme, cases, i, flags)
            if (test == _MCC and not found & 1) or (test == _CC and found == 0) or (test == _CC_ONLY and found != 2):
                continue
        if scheme.drgs[d, 2] < 0 or _stay_fits(scheme, cases, i, days, scheme.drgs[d, 2]):
            return d
    return -1


@_compiled
def _why_not(scheme: Any, principal: int, mask: int) -> int:
    """Return the reason for which no rule held."""
    if mask & ~scheme.masks[MASK_NO_DX]:
        return _NO_RULE
    if principal == scheme.options[OPTION_EMPTY_CODE]:
        return _DX_EMPTY
    if principal < 0:
        return _DX_UNKNOWN
    if scheme.listed[principal] & 1:
        return _MDC_NOT_MET
    return _DX_IN_NO_MDC if scheme.listed[principal] & 2 else _DX_UNKNOWN


@_compiled
def _early_event(scheme: Any, cases: Any, i: int, days: int, principal: int, mask: int) -> tuple[int, int, int]:
    """Return place, category answered and reason of the first thing that makes a case ambiguous before any rule."""
    place, answered, reason = HIGHEST, -1, 0
    newborns = scheme.options[OPTION_NEWBORN_MDC]
    if newborns >= 0:
        inside = (mask >> newborns) & 1
        if not inside and cases.age_years[i] == 0 and MISSING < days <= _NEWBORN_DAYS:
            reason = _QY_NEONATE
        elif inside and days > _NEWBORN_DAYS and principal >= 0 and scheme.newborn_only[principal]:
            reason = _QY_OLD_NEONATE
        if reason:
            place, answered = 4 * (scheme.mdc_from[newborns] + newborns) + 1, newborns
    if principal >= 0 and scheme.conflicts[principal]:
        for c in range(scheme.conflict_mdcs.shape[0]):
            j = scheme.conflict_mdcs[c, 0]
            here = 4 * (scheme.mdc_from[j] + j) + 1
            bound = (scheme.conflicts[principal] >> c) & 1
            if bound and cases.sex[i] != scheme.conflict_mdcs[c, 1] and here < place:
                place, answered, reason = here, scheme.conflict_mdcs[c, 2], _QY_SEX
    return place, answered, reason


@_compiled
def _answer(scheme: Any, answers: Any, i: int, status: int, reason: int, mdc: int, adrg: int, drg: int) -> None:
    """Write one answer without severity and rule."""
    answers.status[i] = status
    answers.reason[i] = reason
    answers.severity[i] = _NO_SEVERITY
    answers.mdc[i] = mdc
    answers.adrg[i] = adrg
    answers.drg[i] = drg
    answers.rule[i] = -1


@_compiled
def _group_case(scheme: Any, cases: Any, answers: Any, i: int) -> None:
    """Group one case."""
    mdcs, adrgs, drgs = scheme.mdc_qy.size, scheme.drg_from.size - 1, scheme.drgs.shape[0]
    failed = _check(scheme, cases, i)
    if failed:
        _answer(scheme, answers, i, _CHECK_FAILED, failed, mdcs, adrgs + 1, drgs + mdcs)
        return
    days = cases.age_days[i]
    if days == MISSING and scheme.options[OPTION_DAYS_ARE_0]:
        days = 0
    first = cases.dx_from[i]
    principal = cases.dx[first]
    flags = 0
    for k in range(first, cases.dx_from[i + 1]):
        if cases.dx[k] >= 0:
            flags |= scheme.dx_flags[cases.dx[k]]
    main = cases.px[cases.px_from[i]] if cases.px_from[i] < cases.px_from[i + 1] else -1
    main_valid = main >= 0 and scheme.px_valid[main] != 0
    mask = _entered(scheme, cases, i, main_valid, principal, flags)
    place, answered, reason = _early_event(scheme, cases, i, days, principal, mask)
    qy = mask & scheme.masks[MASK_QY]
    if qy and (main_valid or (scheme.options[OPTION_QY] == 1 and _some_valid(scheme, cases, i))):
        j = _lowest(qy)
        here = 4 * (scheme.mdc_qy[j] + j + 1)
        if here < place:
            place, answered, reason = here, j, _QY_VALID_PX
    rule = _best_rule(scheme, cases, i, days, main_valid, mask, flags & DX_LEADS != 0)
    if rule < scheme.rules.shape[0]:
        here = 4 * (rule + scheme.rules[rule, RULE_MDC] + 1) + 2
        if here < place:
            place = here
        else:
            rule = -1
    by_dx = mask & ~scheme.masks[MASK_NO_DX]
    if by_dx and not scheme.options[OPTION_FALL_THROUGH]:
        following = _lowest(by_dx) + 1
        if place >= 4 * (scheme.mdc_from[following] + following) + 1:
            place = HIGHEST
    if place == HIGHEST:
        _answer(scheme, answers, i, _UNGROUPED, _why_not(scheme, principal, mask), mdcs, adrgs + 1, drgs + mdcs)
    elif rule < 0 or rule == scheme.rules.shape[0]:
        _answer(scheme, answers, i, _AMBIGUOUS, reason, answered, adrgs, drgs + answered)
    else:
        adrg = scheme.rules[rule, RULE_ADRG]
        drg = _drg(scheme, cases, i, days, flags, adrg)
        if drg < 0:
            _answer(scheme, answers, i, _UNGROUPED, _NO_DRG, mdcs, adrgs + 1, drgs + mdcs)
        else:
            _answer(scheme, answers, i, _GROUPED, _RULE_HIT, scheme.rules[rule, RULE_MDC], adrg, drg)
            answers.severity[i] = scheme.drgs[drg, 1]
        answers.rule[i] = rule


@_compiled
def _group_loop(scheme: Any, cases: Any, answers: Any, first: int, last: int) -> None:
    """Group a range of cases."""
    for i in range(first, last):
        _group_case(scheme, cases, answers, i)


def group_range(scheme: SchemeArrays, cases: CaseArrays, answers: AnswerArrays, *, first: int, last: int) -> None:
    """Group the cases of a range and write their answers; lets other threads run.

    Parameters
    ----------
    scheme : SchemeArrays
        The scheme.
    cases : CaseArrays
        All cases of the batch, each array read-only.
    answers : AnswerArrays
        Where the answers go.
    first, last : int
        The range, last exclusive.
    """
    _group_loop(scheme, cases, answers, first, last)
