"""Say why a case is in its group: everything the grouper looked at, as data and as a sheet to read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actuary.drg.case_values import CaseValues, read_case
from actuary.drg.cases import Case, Result
from actuary.drg.explain_sheet import explanation_sheet
from actuary.drg.near_misses import NearMiss, find_near_misses
from actuary.drg.scheme import Scheme
from actuary.drg.switches import SWITCHES
from actuary.drg.trace_rows import Complication, Condition, DrgTest, InputCheck, MdcTrace, RuleTrace, SwitchUse
from actuary.drg.tracing import trace_case
from actuary.drg.what_if import Alternative, find_alternatives
from actuary.errors import DeclarationError
from actuary.tables.sheets import DrawnAsSheet, Sheet

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Explanation", "explain_case"]


@dataclass(frozen=True, kw_only=True)
class Explanation(DrawnAsSheet):
    """Hold why a case is in its group.

    Parameters
    ----------
    scheme, scheme_title, fingerprint : str
        Name, title and hash of the scheme as it was read.
    case : CaseValues
        The case after conversion.
    checks : tuple of InputCheck
        Checks of the input.
    mdcs : tuple of MdcTrace
        Categories looked at, in order, with the rules tried in those that were entered.
    complications : tuple of Complication
        MCC and CC found, each with the exclusion table that may void it.
    drgs : tuple of DrgTest
        Groups of the ADRG in the order in which they are tried.
    switches : tuple of SwitchUse
        Switches with the position used, and what the other positions would answer where that differs.
    near_misses : tuple of NearMiss
        What one more code, or one other attribute, would have changed.
    alternatives : tuple of Alternative
        Each diagnosis as principal, each procedure as main, each code dropped.
    result : Result
        The answer; the same as the grouper's.
    """

    scheme: str
    scheme_title: str
    fingerprint: str
    case: CaseValues
    checks: tuple[InputCheck, ...]
    mdcs: tuple[MdcTrace, ...]
    complications: tuple[Complication, ...]
    drgs: tuple[DrgTest, ...]
    switches: tuple[SwitchUse, ...]
    near_misses: tuple[NearMiss, ...]
    alternatives: tuple[Alternative, ...]
    result: Result

    @property
    def rule(self) -> RuleTrace | None:
        """The rule that took the case, if one did."""
        return self.mdcs[-1].hit if self.mdcs else None

    @property
    def hits(self) -> tuple[Condition, ...]:
        """The conditions of the rule that took the case, with the codes that met them."""
        return self.rule.conditions if self.rule else ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        plain: dict[str, Any] = _plain(self)
        return plain

    def to_frame(self) -> pd.DataFrame:
        """Return one row a condition that was looked at.

        Returns
        -------
        DataFrame
            Columns ``step`` (check, mdc, rule, drg), ``mdc``, ``item`` (field, MDC, rule or DRG), ``condition``,
            ``wanted``, ``held``, ``found``, ``codes`` (joined by ``|``). An item that asks for nothing has one row
            with an empty condition.
        """
        import pandas as pd  # noqa: PLC0415  (explaining one case needs no frames)

        columns = ["step", "mdc", "item", "condition", "wanted", "held", "found", "codes"]
        return pd.DataFrame(list(_rows(self)), columns=columns)

    def to_sheet(self, lang: str = "zh") -> Sheet:
        """Return the sheet in Chinese (``zh``) or English (``en``)."""
        return explanation_sheet(self, lang)


def explain_case(case: Case, scheme: Scheme, *, alternatives: bool = True) -> Explanation:
    """Say why a case is in its group.

    Parameters
    ----------
    case : Case
        One stay.
    scheme : Scheme
        The scheme as it is to be read.
    alternatives : bool
        Whether near misses and what-ifs are worked out too.

    Returns
    -------
    Explanation
        Data; it draws itself in a notebook.

    Examples
    --------
    >>> from actuary.drg.scheme import load_scheme
    >>> case = Case(case_id="1", sex=1, age_years=60, dx=["I63.900", "J96.000"], px=[])
    >>> explanation = explain_case(case, load_scheme("chs-drg-1.1"))
    >>> explanation.result.drg, explanation.rule.rule_id
    ('BR21', 'BR2')
    >>> [(found.code, found.level, found.counted) for found in explanation.complications]
    [('J96.000', 'MCC', True)]
    """
    values = read_case(case)
    trace = trace_case(values, scheme)
    return Explanation(
        scheme=scheme.name,
        scheme_title=scheme.title,
        fingerprint=scheme.fingerprint,
        case=values,
        checks=trace.checks,
        mdcs=trace.mdcs,
        complications=trace.complications,
        drgs=trace.drgs,
        switches=_switch_uses(values, scheme, trace.result),
        near_misses=find_near_misses(values, scheme) if alternatives else (),
        alternatives=find_alternatives(values, scheme) if alternatives else (),
        result=trace.result,
    )


def _positions(name: str, scheme: Scheme) -> tuple[str, ...]:
    return tuple(scheme.px_valid) if name == "valid_px" else tuple(SWITCHES[name].readings)


def _switch_uses(values: CaseValues, scheme: Scheme, result: Result) -> tuple[SwitchUse, ...]:
    """Turn every switch to each of its other positions, and keep what answers differently."""
    uses = []
    for name, position in scheme.switches.as_dict().items():
        others = []
        for other in _positions(name, scheme):
            if other == position:
                continue
            try:
                answer = trace_case(values, scheme.with_switches({name: other})).result
            except DeclarationError:  # the tables lack what this reading needs
                continue
            if (answer.status, answer.drg) != (result.status, result.drg):
                others.append((other, answer))
        uses.append(SwitchUse(name, position, tuple(others)))
    return tuple(uses)


def _plain(value: object) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        plain = {entry.name: _plain(getattr(value, entry.name)) for entry in dataclasses.fields(value)}
        if isinstance(value, RuleTrace | DrgTest):
            plain["held"] = all(condition.held for condition in value.conditions)
        return plain
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    return str(value) if isinstance(value, str) else value


def _rows(explanation: Explanation) -> list[tuple[str, str, str, str, str, bool, str, str]]:
    rows = [
        ("check", "", check.field, check.reason or "", "", check.passed, check.found, "")
        for check in explanation.checks
    ]
    items: list[tuple[str, str, str, tuple[Condition, ...]]] = []
    for mdc in explanation.mdcs:
        items.append(("mdc", mdc.mdc, mdc.mdc, mdc.entry))
        items += [("rule", mdc.mdc, rule.rule_id, rule.conditions) for rule in mdc.rules]
    items += [("drg", explanation.result.mdc, test.drg, test.conditions) for test in explanation.drgs if test.tried]
    for step, mdc_code, item, conditions in items:
        if not conditions:
            rows.append((step, mdc_code, item, "", "", True, "", ""))
        rows += [(step, mdc_code, item, c.name, c.wanted, c.held, c.found, "|".join(c.codes)) for c in conditions]
    return rows
