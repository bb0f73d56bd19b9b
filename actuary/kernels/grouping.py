# Loops pass plain arrays: a tuple of arrays would be copied, and each array in it counted, at every call; and a
# compiled loop is written as a loop.
# ruff: noqa: PLR0913, PLR0917, SIM110
"""The grouping of stays as one loop over integer-coded cases.

A rule is reached through one of its codes: the main procedure, some procedure, the principal diagnosis or another one.
Per code the rules to which it leads are listed in the order of evaluation, so that a case looks at a handful of rules
instead of a whole category. Everything that can decide a case has a place in the order of evaluation: category j begins
at ``4 (first rule + j) + 1``, its rule r stands at ``4 (r + j + 1) + 2``, and a procedure makes a case ambiguous at
``4 (m + j + 1)``, just before the first medical rule m. The answer is whatever holds at the smallest place.

A code that the scheme does not know is -1; a number that is not given is `MISSING`. Places stay below 2**31 for fewer
than 5e8 rules and categories together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actuary.kernels import grouping_arrays as a
from actuary.kernels.grouping_arrays import AnswerRows, CaseArrays, SchemeArrays
from actuary.kernels.jit import njit

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
    # Nothing is allocated here, so references need no counting (_nrt); counting them took two thirds of the time.
    compiled: Callable[..., Any] = njit(nogil=True, cache=True, forceinline=True, _nrt=False)(loop)
    return compiled


@_compiled
def _has(members: Any, first: int, end: int, wanted: int) -> Any:
    """Say whether a number is among some members."""
    for k in range(first, end):
        if members[k] == wanted:
            return True
    return False


@_compiled
def _some_dx(dx_table: Any, members: Any, dx: Any, first: int, end: int, wanted: int) -> Any:
    """Say whether one of some diagnoses is in a list."""
    for k in range(first, end):
        code = dx[k]
        if code >= 0 and _has(members, dx_table[code, a.DX_LISTS], dx_table[code, a.DX_LISTS_END], wanted):
            return True
    return False


@_compiled
def _some_px(px_table: Any, members: Any, px: Any, first: int, end: int, wanted: int) -> Any:
    """Say whether one of some procedures is in a list."""
    for k in range(first, end):
        code = px[k]
        if code >= 0 and _has(members, px_table[code, a.PX_LISTS], px_table[code, a.PX_LISTS_END], wanted):
            return True
    return False


@_compiled
def _two_px(px_table: Any, members: Any, px: Any, first: int, end: int, wanted: int) -> Any:
    """Say whether two different procedures are in a list."""
    found = -1
    for k in range(first, end):
        code = px[k]
        if code < 0 or code == found:
            continue
        if _has(members, px_table[code, a.PX_LISTS], px_table[code, a.PX_LISTS_END], wanted):
            if found >= 0:
                return True
            found = code
    return False


@_compiled
def _some_valid(px_table: Any, px: Any, first: int, end: int) -> Any:
    """Say whether some procedure is valid."""
    for k in range(first, end):
        if px[k] >= 0 and px_table[px[k], a.PX_VALID]:
            return True
    return False


@_compiled
def _outside(value: int, low: int, high: int) -> Any:
    """Say whether a number breaks a range; a missing one breaks every range that has an end."""
    if low == a.LOWEST and high == a.HIGHEST:
        return False
    return value < low or value > high


@_compiled
def _stay_fits(stays: Any, members: Any, numbers: Any, i: int, days: int, row: int) -> Any:
    """Say whether a stay meets a row of conditions."""
    if _outside(days, stays[row, a.STAY_AGE_DAYS], stays[row, a.STAY_AGE_DAYS + 1]):
        return False
    for number, column in (
        (a.AGE_YEARS, a.STAY_AGE_YEARS),
        (a.WEIGHT, a.STAY_WEIGHT),
        (a.LOS, a.STAY_LOS),
        (a.ICU, a.STAY_ICU),
    ):
        if _outside(numbers[number, i], stays[row, column], stays[row, column + 1]):
            return False
    for number, column in ((a.DISCHARGE, a.STAY_DISCHARGE), (a.DEPARTMENT, a.STAY_DEPARTMENT)):
        first = stays[row, column]
        if first >= 0 and not _has(members, first, stays[row, column + 1], numbers[number, i]):
            return False
    return True


@_compiled
def _rule_holds(  # noqa: PLR0911
    rules: Any,
    stays: Any,
    members: Any,
    dx_table: Any,
    px_table: Any,
    dx: Any,
    px: Any,
    numbers: Any,
    i: int,
    days: int,
    main_valid: bool,
    dx_first: int,
    dx_end: int,
    px_first: int,
    px_end: int,
    r: int,
) -> Any:
    """Say whether what is left of a rule's conditions holds."""
    if not rules[r, a.RULE_ASKS]:
        return True
    flag = rules[r, a.RULE_FLAG]
    if (flag == 1 and not main_valid) or (flag == 3 and main_valid):
        return False
    if flag == 2 and _some_valid(px_table, px, px_first, px_end):
        return False
    wanted = rules[r, a.RULE_PDX]
    if wanted >= 0 and not _some_dx(dx_table, members, dx, dx_first, dx_first + 1, wanted):
        return False
    wanted = rules[r, a.RULE_NOT_PDX]
    if wanted >= 0 and _some_dx(dx_table, members, dx, dx_first, dx_first + 1, wanted):
        return False
    wanted = rules[r, a.RULE_ANYDX]
    if wanted >= 0 and not _some_dx(dx_table, members, dx, dx_first, dx_end, wanted):
        return False
    wanted = rules[r, a.RULE_ODX]
    if wanted >= 0 and not _some_dx(dx_table, members, dx, dx_first + 1, dx_end, wanted):
        return False
    for k in range(rules[r, a.RULE_APX], rules[r, a.RULE_APX_END]):
        if not _some_px(px_table, members, px, px_first, px_end, members[k]):
            return False
    wanted = rules[r, a.RULE_PAIR]
    if wanted >= 0 and not _two_px(px_table, members, px, px_first, px_end, wanted):
        return False
    return rules[r, a.RULE_STAY] < 0 or _stay_fits(stays, members, numbers, i, days, rules[r, a.RULE_STAY])


@_compiled
def _first_rule(
    rules: Any,
    stays: Any,
    members: Any,
    dx_table: Any,
    px_table: Any,
    dx: Any,
    px: Any,
    numbers: Any,
    i: int,
    days: int,
    main_valid: bool,
    dx_first: int,
    dx_end: int,
    px_first: int,
    px_end: int,
    mask: int,
    first: int,
    end: int,
    best: int,
) -> Any:
    """Return the first of some rules that holds in a category entered, if it stands before the best so far."""
    for k in range(first, end):
        r = members[k]
        if r >= best:
            break
        if (mask >> rules[r, a.RULE_MDC]) & 1 and _rule_holds(
            rules, stays, members, dx_table, px_table, dx, px, numbers,
            i, days, main_valid, dx_first, dx_end, px_first, px_end, r,
        ):  # fmt: skip
            return r
    return best


@_compiled
def _lowest(mask: int) -> Any:
    """Return the place of the lowest bit."""
    place = 0
    while not (mask >> place) & 1:
        place += 1
    return place


@_compiled
def _check(options: Any, numbers: Any, dx: Any, i: int, first: int, end: int) -> Any:  # noqa: PLR0911
    """Return the reason for which a case fails the check, or 0."""
    sex, age = numbers[a.SEX, i], numbers[a.AGE_YEARS, i]
    if sex == a.MISSING or (options[a.OPTION_CHECK_SEX] and sex == 0):
        return _SEX_INVALID
    if age == a.INVALID:
        return _AGE_INVALID
    if options[a.OPTION_CHECK_AGE]:
        if age == a.MISSING:
            return _AGE_MISSING
        if age == 0:
            if numbers[a.AGE_DAYS, i] == a.MISSING:
                return _AGE_DAYS_MISSING
            if numbers[a.AGE_DAYS, i] <= _NEWBORN_DAYS and numbers[a.WEIGHT, i] == a.MISSING:
                return _BIRTH_WEIGHT_MISSING
    if first == end:
        return _NO_DIAGNOSIS
    if options[a.OPTION_EMPTY_FAILS]:
        for k in range(first, end):
            if dx[k] != options[a.OPTION_EMPTY_CODE]:
                return 0
        return _NO_DIAGNOSIS
    return 0


@_compiled
def _entered(  # noqa: C901
    masks: Any, entries: Any, dx: Any, first: int, end: int, sex: int, age: int, main_valid: bool, flags: int
) -> Any:
    """Return the categories that a case enters, as bits."""
    mask = masks[a.MASK_NO_DX]
    if dx[first] >= 0:
        mask |= entries[dx[first], a.ENTRY_PDX]
    if flags & a.DX_ENTERS:
        by_prefix = mask & 0
        for k in range(first, end):
            if dx[k] >= 0:
                mask |= entries[dx[k], a.ENTRY_ANY]
                by_prefix |= entries[dx[k], a.ENTRY_PREFIX]
        mask |= by_prefix if sex == 2 else by_prefix & ~masks[a.MASK_PREFIX_WOMEN]
    if mask & masks[a.MASK_SITES]:
        sites = mask & 0
        for k in range(first, end):
            if dx[k] >= 0:
                sites |= entries[dx[k], a.ENTRY_SITE]
        if sites & (sites - 1) == 0:
            mask &= ~masks[a.MASK_SITES]
    if sex != 1:
        mask &= ~masks[a.MASK_MEN]
    if sex != 2:
        mask &= ~masks[a.MASK_WOMEN]
    if age != 0:
        mask &= ~masks[a.MASK_INFANTS]
    if not main_valid:
        mask &= ~masks[a.MASK_VALID_PX]
    return mask


@_compiled
def _complications(dx_flags: Any, dx_table: Any, dx: Any, first: int, end: int, voided: int) -> Any:
    """Return 1 for a major complication that counts, 2 for another one, 3 for both, 0 for none."""
    found = 0
    for k in range(first, end):
        code = dx[k]
        if code >= 0 and dx_flags[code] & a.DX_WEIGHS:
            if dx_table[code, a.DX_MCC] != -2 and dx_table[code, a.DX_MCC] != voided:
                found |= 1
            if dx_table[code, a.DX_CC] != -2 and dx_table[code, a.DX_CC] != voided:
                found |= 2
    return found


@_compiled
def _severity_fits(test: int, found: int) -> Any:
    """Say whether the complications found are those a group asks for."""
    if test == _MCC:
        return found & 1 != 0
    if test == _CC:
        return found != 0
    return found == 2


@_compiled
def _why_not(dx_flags: Any, principal: int, empty: int, by_dx: int) -> Any:
    """Return the reason for which no rule held."""
    if by_dx:
        return _NO_RULE
    if principal == empty:
        return _DX_EMPTY
    if principal < 0 or not dx_flags[principal] & a.DX_KNOWN:
        return _DX_UNKNOWN
    return _MDC_NOT_MET if dx_flags[principal] & a.DX_LISTED else _DX_IN_NO_MDC


@_compiled
def _group_loop(  # noqa: C901, PLR0912, PLR0915
    options: Any,
    masks: Any,
    dx_flags: Any,
    dx_table: Any,
    entries: Any,
    px_table: Any,
    members: Any,
    mdcs: Any,
    rules: Any,
    stays: Any,
    adrgs: Any,
    drgs: Any,
    conflicts: Any,
    dx_from: Any,
    dx: Any,
    px_from: Any,
    px: Any,
    numbers: Any,
    answers: Any,
    start: int,
    stop: int,
) -> None:
    """Group a range of cases."""
    last_rule, no_mdc = rules.shape[0], mdcs.shape[0] - 1
    no_adrg, no_drg = adrgs.size, drgs.shape[0] + no_mdc
    newborns = options[a.OPTION_NEWBORN_MDC]
    for i in range(start, stop):
        dx_first, dx_end, px_first, px_end = dx_from[i], dx_from[i + 1], px_from[i], px_from[i + 1]
        answers[a.SEVERITY, i] = _NO_SEVERITY
        answers[a.MDC, i] = no_mdc
        answers[a.ADRG, i] = no_adrg
        answers[a.DRG, i] = no_drg
        answers[a.RULE, i] = -1
        failed = _check(options, numbers, dx, i, dx_first, dx_end)
        if failed:
            answers[a.STATUS, i] = _CHECK_FAILED
            answers[a.REASON, i] = failed
            continue

        sex, age, days = numbers[a.SEX, i], numbers[a.AGE_YEARS, i], numbers[a.AGE_DAYS, i]
        if days == a.MISSING and options[a.OPTION_DAYS_ARE_0]:
            days = 0
        principal = dx[dx_first]
        own = dx_flags[principal] if principal >= 0 else 0
        flags = own
        for k in range(dx_first + 1, dx_end):
            if dx[k] >= 0:
                flags |= dx_flags[dx[k]]
        main = px[px_first] if px_first < px_end else -1
        main_valid = main >= 0 and px_table[main, a.PX_VALID] != 0
        mask = _entered(masks, entries, dx, dx_first, dx_end, sex, age, main_valid, flags)

        # What makes a case ambiguous before any rule of a category, or before its medical rules.
        place, answered, reason = a.HIGHEST, 0, 0
        if newborns >= 0:
            inside = (mask >> newborns) & 1
            if not inside and age == 0 and a.MISSING < days <= _NEWBORN_DAYS:
                reason = _QY_NEONATE
            elif inside and days > _NEWBORN_DAYS and own & a.DX_NEWBORN:
                reason = _QY_OLD_NEONATE
            if reason:
                place, answered = 4 * (mdcs[newborns, a.MDC_FIRST] + newborns) + 1, newborns
        if principal >= 0 and dx_table[principal, a.DX_CONFLICTS]:
            for c in range(conflicts.shape[0]):
                j = conflicts[c, a.CONFLICT_MDC]
                here = 4 * (mdcs[j, a.MDC_FIRST] + j) + 1
                bound = (dx_table[principal, a.DX_CONFLICTS] >> c) & 1
                if bound and sex != conflicts[c, a.CONFLICT_SEX] and here < place:
                    place, answered, reason = here, conflicts[c, a.CONFLICT_ANSWER], _QY_SEX
        ambiguous = mask & masks[a.MASK_QY]
        if ambiguous and (main_valid or (options[a.OPTION_QY] == 1 and _some_valid(px_table, px, px_first, px_end))):
            j = _lowest(ambiguous)
            here = 4 * (mdcs[j, a.MDC_MEDICAL] + j + 1)
            if here < place:
                place, answered, reason = here, j, _QY_VALID_PX

        # The first rule, through the main procedure, any procedure, the principal diagnosis, any diagnosis, or none.
        best = last_rule
        for k in range(px_first, px_end):
            code = px[k]
            if code < 0:
                continue
            if k == px_first:
                best = _first_rule(
                    rules, stays, members, dx_table, px_table, dx, px, numbers,
                    i, days, main_valid, dx_first, dx_end, px_first, px_end, mask,
                    px_table[code, a.PX_MAIN_RULES], px_table[code, a.PX_MAIN_RULES_END], best,
                )  # fmt: skip
            if px_table[code, a.PX_RULES] < px_table[code, a.PX_RULES_END]:
                best = _first_rule(
                    rules, stays, members, dx_table, px_table, dx, px, numbers,
                    i, days, main_valid, dx_first, dx_end, px_first, px_end, mask,
                    px_table[code, a.PX_RULES], px_table[code, a.PX_RULES_END], best,
                )  # fmt: skip
        if principal >= 0:
            best = _first_rule(
                rules, stays, members, dx_table, px_table, dx, px, numbers,
                i, days, main_valid, dx_first, dx_end, px_first, px_end, mask,
                dx_table[principal, a.DX_PDX_RULES], dx_table[principal, a.DX_PDX_RULES_END], best,
            )  # fmt: skip
        if flags & a.DX_LEADS:
            for k in range(dx_first, dx_end):
                code = dx[k]
                if code >= 0 and dx_flags[code] & a.DX_LEADS:
                    best = _first_rule(
                        rules, stays, members, dx_table, px_table, dx, px, numbers,
                        i, days, main_valid, dx_first, dx_end, px_first, px_end, mask,
                        dx_table[code, a.DX_RULES], dx_table[code, a.DX_RULES_END], best,
                    )  # fmt: skip
        left = mask & masks[a.MASK_OPEN]
        while left:
            j = _lowest(left)
            left &= left - 1
            if mdcs[j, a.MDC_FIRST] >= best:
                break
            best = _first_rule(
                rules, stays, members, dx_table, px_table, dx, px, numbers,
                i, days, main_valid, dx_first, dx_end, px_first, px_end, mask,
                mdcs[j, a.MDC_OPEN], mdcs[j, a.MDC_OPEN_END], best,
            )  # fmt: skip

        rule = -1
        if best < last_rule:
            here = 4 * (best + rules[best, a.RULE_MDC] + 1) + 2
            if here < place:
                place, rule = here, best
        by_dx = mask & ~masks[a.MASK_NO_DX]
        if by_dx and not options[a.OPTION_FALL_THROUGH]:
            following = _lowest(by_dx) + 1
            if place >= 4 * (mdcs[following, a.MDC_FIRST] + following) + 1:
                place, rule = a.HIGHEST, -1

        if place == a.HIGHEST:
            answers[a.STATUS, i] = _UNGROUPED
            answers[a.REASON, i] = _why_not(dx_flags, principal, options[a.OPTION_EMPTY_CODE], by_dx)
        elif rule < 0:
            answers[a.STATUS, i] = _AMBIGUOUS
            answers[a.REASON, i] = reason
            answers[a.MDC, i] = answered
            answers[a.ADRG, i] = no_adrg - 1
            answers[a.DRG, i] = drgs.shape[0] + answered
        else:
            answers[a.RULE, i] = rule
            answers[a.STATUS, i] = _UNGROUPED
            answers[a.REASON, i] = _NO_DRG
            adrg = rules[rule, a.RULE_ADRG]
            found = -1
            for d in range(adrgs[adrg], adrgs[adrg + 1]):
                if drgs[d, a.DRG_TEST] <= _CC_ONLY:
                    if found < 0:
                        voided = dx_table[principal, a.DX_EXCL] if principal >= 0 else -1
                        first = (
                            dx_first if options[a.OPTION_PRINCIPAL_WEIGHS] and dx_end - dx_first > 1 else dx_first + 1
                        )
                        found = _complications(dx_flags, dx_table, dx, first, dx_end, voided)
                    if not _severity_fits(drgs[d, a.DRG_TEST], found):
                        continue
                stay = drgs[d, a.DRG_STAY]
                if stay < 0 or _stay_fits(stays, members, numbers, i, days, stay):
                    answers[a.STATUS, i] = _GROUPED
                    answers[a.REASON, i] = _RULE_HIT
                    answers[a.SEVERITY, i] = drgs[d, a.DRG_SEVERITY]
                    answers[a.MDC, i] = rules[rule, a.RULE_MDC]
                    answers[a.ADRG, i] = adrg
                    answers[a.DRG, i] = d
                    break


def group_range(scheme: SchemeArrays, cases: CaseArrays, answers: AnswerRows, *, first: int, last: int) -> None:
    """Group the cases of a range and write their answers; lets other threads run.

    Parameters
    ----------
    scheme : SchemeArrays
        The scheme.
    cases : CaseArrays
        All cases of the batch.
    answers : int16 (7, case)
        Where the answers go.
    first, last : int
        The range, last exclusive.
    """
    _group_loop(*scheme, *cases, answers, first, last)
