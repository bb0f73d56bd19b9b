"""Group one case step by step, keeping everything that was looked at.

The grouper answers millions of cases; this module answers one, by the same rules, and keeps the way to the answer.
Tests hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from actuary.drg.case_values import CaseValues
from actuary.drg.cases import NO_ADRG, NO_DRG, NO_MDC, QY, Result
from actuary.drg.scheme import DrgRow, MdcRow, Scheme
from actuary.drg.statuses import Reason, Severity, Status
from actuary.drg.trace_conditions import case_days, on_list, trace_rule, trace_stay
from actuary.drg.trace_rows import Complication, Condition, DrgTest, InputCheck, MdcTrace, RuleTrace

__all__ = ["NEWBORN_DAYS", "Trace", "find_complications", "trace_case"]

#: A newborn is at most this old [days]; the tables state the same limit for the groups of newborns.
NEWBORN_DAYS = 28


@dataclass(frozen=True, slots=True)
class Trace:
    """Hold the way one case took through a scheme.

    Parameters
    ----------
    checks : tuple of InputCheck
        Checks of the input; the first that failed ended the way.
    mdcs : tuple of MdcTrace
        Categories looked at, in order, up to the one that took the case.
    complications : tuple of Complication
        Diagnoses of the MCC and CC lists.
    drgs : tuple of DrgTest
        Groups of the ADRG, in order; empty when no rule hit.
    result : Result
        The answer.
    """

    checks: tuple[InputCheck, ...]
    mdcs: tuple[MdcTrace, ...]
    complications: tuple[Complication, ...]
    drgs: tuple[DrgTest, ...]
    result: Result

    @property
    def rule(self) -> RuleTrace | None:
        """Return the rule that took the case, if one did."""
        return self.mdcs[-1].hit if self.mdcs else None


def trace_case(values: CaseValues, scheme: Scheme) -> Trace:
    """Group one case and keep the way.

    Parameters
    ----------
    values : CaseValues
        The case, converted.
    scheme : Scheme
        The scheme as it is to be read.
    """
    return _Tracer(values, scheme).run()


def _none(values: CaseValues, status: Status, reason: Reason, rule_id: str = "") -> Result:
    return Result(
        case_id=values.case_id,
        status=status,
        mdc=NO_MDC,
        adrg=NO_ADRG,
        drg=NO_DRG,
        severity=None,
        reason=reason,
        rule_id=rule_id,
    )


def find_complications(values: CaseValues, scheme: Scheme) -> tuple[Complication, ...]:
    """Find the diagnoses of the MCC and CC lists, each with the exclusion table that may void it."""
    own = scheme.exclusions.get(values.dx[0]) if values.dx else None
    from_principal = scheme.switches.severity_from_principal == "on" and len(values.dx) > 1
    found = []
    for position, code in enumerate(values.dx):
        for level, listed in (("MCC", scheme.mcc), ("CC", scheme.cc)):
            table = listed.get(code)
            if table is not None:
                counted = table != own and (position > 0 or from_principal)
                found.append(Complication(code, position, level, table, own, counted))
    return tuple(found)


class _Tracer:
    """Take one case through one scheme."""

    def __init__(self, values: CaseValues, scheme: Scheme) -> None:
        self.values = values
        self.scheme = scheme
        self.principal = values.dx[0] if values.dx else ""
        self.main = on_list(values.px[:1], scheme.valid_px)

    def run(self) -> Trace:
        checks = tuple(self.checks())
        failed = next((check.reason for check in checks if check.reason), None)
        if failed:
            return Trace(checks, (), (), (), _none(self.values, Status.CHECK_FAILED, failed))
        complications = find_complications(self.values, self.scheme)
        mdcs: list[MdcTrace] = []
        entered_by_diagnosis = False
        for row in self.scheme.mdcs:
            step = self.mdc(row)
            mdcs.append(step)
            if step.ambiguous:
                return Trace(checks, tuple(mdcs), complications, (), self.ambiguous(row, step.ambiguous))
            if step.hit:
                drgs, result = self.group(step.hit, complications)
                return Trace(checks, tuple(mdcs), complications, drgs, result)
            entered_by_diagnosis |= step.entered and row.dx_role != "none"
            if step.entered and row.dx_role != "none" and self.scheme.switches.fall_through == "off":
                result = _none(self.values, Status.UNGROUPED, Reason.NO_RULE_MATCHED)
                return Trace(checks, tuple(mdcs), complications, (), result)
        reason = Reason.NO_RULE_MATCHED if entered_by_diagnosis else self.why_not()
        return Trace(checks, tuple(mdcs), complications, (), _none(self.values, Status.UNGROUPED, reason))

    def checks(self) -> Iterator[InputCheck]:
        values, switches = self.values, self.scheme.switches
        sex_wrong = values.sex is None or (switches.sex_check == "one_or_two" and values.sex not in (1, 2))
        newborn = values.age_years == 0 and values.age_days is not None and values.age_days <= NEWBORN_DAYS
        checked = switches.newborn_check != "off"
        no_dx = not values.dx or (switches.empty_dx == "fails" and not any(values.dx))
        days_missing = checked and values.age_years == 0 and values.age_days is None
        weight_missing = checked and newborn and values.birth_weight_g is None
        for field, reason, wrong in (
            ("sex", Reason.SEX_INVALID, sex_wrong),
            ("age_years", Reason.AGE_INVALID, values.age_is_no_number),
            ("age_years", Reason.AGE_MISSING, checked and values.age_years is None and not values.age_is_no_number),
            ("age_days", Reason.AGE_DAYS_MISSING, days_missing),
            ("birth_weight_g", Reason.BIRTH_WEIGHT_MISSING, weight_missing),
            ("dx", Reason.NO_DIAGNOSIS, no_dx),
        ):
            value = "|".join(values.dx) if field == "dx" else getattr(values, field)
            yield InputCheck(field, "" if value is None else str(value), not wrong, reason if wrong else None)

    def mdc(self, row: MdcRow) -> MdcTrace:
        entry = tuple(self.entry(row))
        entered = _entered(entry)
        early = self.ambiguous_before(row, entered=entered)
        if early or not entered:
            return MdcTrace(row.mdc, row.name, entered and not early, entry, ambiguous=early)
        tried: list[RuleTrace] = []
        may_be_ambiguous = row.qy and self.valid_for_qy()
        for rule in self.scheme.rules:
            if rule.mdc != row.mdc:
                continue
            if may_be_ambiguous and self.scheme.adrgs[rule.adrg].kind == "medical":
                break
            tried.append(trace_rule(self.values, rule, self.scheme))
            if tried[-1].hit:
                return MdcTrace(row.mdc, row.name, True, entry, tuple(tried))
        ambiguous = Reason.QY_VALID_PROCEDURE if may_be_ambiguous else None
        return MdcTrace(row.mdc, row.name, True, entry, tuple(tried), ambiguous)

    def entry(self, row: MdcRow) -> Iterator[Condition]:
        values = self.values
        listed = self.scheme.mdc_pdx[row.mdc]
        if row.sex:
            yield Condition("sex", row.sex, str(values.sex) == row.sex, _shown(values.sex))
        if row.age_years_must_be_0:
            yield Condition("age_years_must_be_0", "0", values.age_years == 0, _shown(values.age_years))
        if row.needs_valid_main_px:
            yield Condition("needs_valid_main_px", "1", bool(self.main), "".join(values.px[:1]), self.main)
        if row.dx_role == "any":
            codes = on_list(values.dx, listed)
            yield Condition("mdc_anydx", row.mdc, bool(codes), codes=codes)
        elif row.dx_role != "none":
            codes, others = on_list(values.dx[:1], listed), on_list(values.dx[1:], listed)
            yield Condition("mdc_pdx", row.mdc, bool(codes), self.principal, codes, others)
        if row.dx_role == "sites":
            codes = on_list(values.dx, listed)
            sites = sorted({listed[code] for code in codes} - {""})
            yield Condition("mdc_sites", "2", len(sites) >= 2, ", ".join(sites), codes)
        if row.any_dx_prefix and row.any_dx_prefix_sex in ("", str(values.sex)):
            codes = tuple(dict.fromkeys(code for code in values.dx if code.startswith(row.any_dx_prefix)))
            yield Condition("any_dx_prefix", row.any_dx_prefix, bool(codes), codes=codes)

    def ambiguous_before(self, row: MdcRow, *, entered: bool) -> Reason | None:
        scheme, values = self.scheme, self.values
        days = case_days(values, scheme)
        if row.mdc == scheme.roles.newborn_mdc and scheme.switches.neonate_elsewhere == "pqy":
            # A gate of procedures says nothing about the age: it keeps the case out of this question.
            inside = entered and not row.needs_valid_main_px
            if values.age_years == 0 and days is not None and days <= NEWBORN_DAYS and not inside:
                return Reason.QY_NEONATE_ELSEWHERE
            for_newborns = scheme.adrg_dx.get((scheme.roles.newborn_only_adrg, 1), frozenset())
            if inside and days is not None and days > NEWBORN_DAYS and self.principal in for_newborns:
                return Reason.QY_OLD_NEONATE
        if row.mdc in scheme.roles.sex_mdcs and scheme.switches.sex_conflict != "next_mdc":
            conflict = row.sex not in ("", str(values.sex)) and self.principal in scheme.mdc_pdx[row.mdc]
            if conflict and self.principal not in scheme.sex_conflict_exempt:
                return Reason.QY_SEX_CONFLICT
        return None

    def ambiguous(self, row: MdcRow, reason: Reason) -> Result:
        first = reason is Reason.QY_SEX_CONFLICT and self.scheme.switches.sex_conflict == "mqy"
        mdc = self.scheme.roles.sex_mdcs[0] if first else row.mdc
        return Result(
            case_id=self.values.case_id,
            status=Status.AMBIGUOUS_QY,
            mdc=mdc,
            adrg=QY,
            drg=f"{mdc}{QY}",
            severity=None,
            reason=reason,
        )

    def valid_for_qy(self) -> bool:
        if self.scheme.switches.qy == "any":
            return bool(on_list(self.values.px, self.scheme.valid_px))
        return self.scheme.switches.qy == "main" and bool(self.main)

    def group(self, rule: RuleTrace, complications: tuple[Complication, ...]) -> tuple[tuple[DrgTest, ...], Result]:
        counted: Mapping[str, tuple[str, ...]] = {
            level: tuple(found.code for found in complications if found.counted and found.level == level)
            for level in ("MCC", "CC")
        }
        tests: list[DrgTest] = []
        taken: DrgRow | None = None
        for row in self.scheme.drgs.get(rule.adrg, ()):
            conditions = (*_severity(row, counted), *trace_stay(self.values, row, self.scheme))
            tests.append(DrgTest(row.drg, row.name, row.severity, conditions, tried=taken is None))
            if taken is None and tests[-1].held:
                taken = row
        if taken is None:
            return tuple(tests), _none(self.values, Status.UNGROUPED, Reason.NO_DRG_MATCHED, rule.rule_id)
        result = Result(
            case_id=self.values.case_id,
            status=Status.GROUPED,
            mdc=rule.mdc,
            adrg=rule.adrg,
            drg=taken.drg,
            severity=Severity("CC" if taken.severity == "CC_ONLY" else taken.severity),
            reason=Reason.RULE_HIT,
            rule_id=rule.rule_id,
        )
        return tuple(tests), result

    def why_not(self) -> Reason:
        scheme, code = self.scheme, self.principal
        if not code:
            return Reason.PRINCIPAL_DX_EMPTY
        if any(code in listed for listed in scheme.mdc_pdx.values()):
            return Reason.MDC_CONDITION_NOT_MET
        known = (scheme.mcc, scheme.cc, scheme.exclusions, *scheme.adrg_dx.values())
        in_scheme = any(code in listed for listed in known)
        return Reason.PRINCIPAL_DX_IN_NO_MDC if in_scheme else Reason.PRINCIPAL_DX_UNKNOWN


def _shown(value: object) -> str:
    return "" if value is None else str(value)


def _entered(entry: tuple[Condition, ...]) -> bool:
    """Return whether a category is entered: its diagnoses and its prefix are two ways in, the rest must hold."""
    ways = [condition.held for condition in entry if condition.name.startswith("mdc_")]
    gates = [c.held for c in entry if not c.name.startswith("mdc_") and c.name != "any_dx_prefix"]
    by_prefix = any(condition.held for condition in entry if condition.name == "any_dx_prefix")
    return all(gates) and (by_prefix or all(ways))


def _severity(row: DrgRow, counted: Mapping[str, tuple[str, ...]]) -> Iterator[Condition]:
    if row.severity == "MCC":
        yield Condition("severity", "MCC", bool(counted["MCC"]), codes=counted["MCC"])
    elif row.severity == "CC":
        codes = counted["MCC"] + counted["CC"]
        yield Condition("severity", "CC", bool(codes), codes=codes)
    elif row.severity == "CC_ONLY":
        only = bool(counted["CC"]) and not counted["MCC"]
        yield Condition("severity", "CC_ONLY", only, ", ".join(counted["MCC"]), counted["CC"] if only else ())
