"""The readings on which transcriptions of a grouping scheme disagree, as switches with named positions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from actuary.errors import Problem, unknown_name

__all__ = ["SWITCHES", "SwitchDoc", "Switches", "read_switches"]


@dataclass(frozen=True, slots=True)
class SwitchDoc:
    """Describe one switch: what it decides and what each position means.

    Parameters
    ----------
    name, zh, en : str
        Its name and the question it decides.
    readings : mapping of str to (str, str)
        Position: its meaning in Chinese and in English. Empty for `valid_px`, which names a list of the scheme.
    """

    name: str
    zh: str
    en: str
    readings: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """Hold the reading that is used of every disputed point; `SWITCHES` documents them.

    The values written here are the reading of CHS-DRG 1.1; a scheme states its own in ``scheme.toml``.

    Examples
    --------
    >>> Switches(qy="main").qy
    'main'
    >>> sorted(SWITCHES["qy"].readings)
    ['any', 'main', 'off']
    """

    qy: str = "off"
    hiv: str = "principal"
    valid_px: str = "valid"
    pv1: str = "catch_all"
    z37: str = "principal"
    mdco_sex: str = "as_declared"
    sex_check: str = "one_or_two"
    newborn_check: str = "age_days_and_weight"
    missing_age_days: str = "fails"
    empty_dx: str = "passes"
    neonate_elsewhere: str = "organ_mdc"
    sex_conflict: str = "next_mdc"
    fall_through: str = "on"
    severity_from_principal: str = "off"

    def as_dict(self) -> dict[str, str]:
        """Return the positions by the name of the switch."""
        return dataclasses.asdict(self)


def _doc(name: str, zh: str, en: str, **readings: tuple[str, str]) -> SwitchDoc:
    return SwitchDoc(name, zh, en, readings)


_DOCS = (
    _doc(
        "qy",
        "有效手术操作未进入本MDC的任何外科或操作组时，是否进入歧义组",
        "whether a valid procedure that fits no surgical or procedure group of the MDC makes the case ambiguous (QY)",
        off=("不设歧义组", "no: go on with the medical groups"),
        any=("任一手术操作有效即为歧义", "yes, when any procedure is valid"),
        main=("主要手术操作有效即为歧义", "yes, when the main procedure is valid"),
    ),
    _doc(
        "hiv",
        "HIV诊断在哪个位置时进入MDCY",
        "where the HIV diagnosis must stand for MDCY",
        principal=("仅主要诊断", "principal diagnosis only"),
        any=("主要诊断或其他诊断", "principal or other diagnosis"),
    ),
    SwitchDoc(
        "valid_px",
        "“全部手术”采用px_valid.csv的哪一列",
        "which column of px_valid.csv lists the valid procedures",
        {},
    ),
    _doc(
        "pv1",
        "PV1是否要求诊断表",
        "whether the last group of newborns asks for its list of diagnoses",
        catch_all=("不要求：MDCP余下病例均进入", "no: whatever is left in MDCP"),
        requires_list=("要求主要诊断在其诊断表内", "yes: principal diagnosis in its list"),
    ),
    _doc(
        "z37",
        "分娩结局编码Z37.x按主要诊断还是其他诊断使用",
        "whether the outcome of delivery (Z37.x) counts as principal or as other diagnosis",
        as_declared=("按规则表与诊断表", "as the rules and lists declare"),
        principal=("按主要诊断", "as principal diagnosis"),
        other=(
            "按其他诊断：OR1看其他诊断，女性任一诊断为Z37.x即进入MDCO",
            "as other diagnosis: OR1 looks at the others, and a woman with any Z37.x enters MDCO",
        ),
    ),
    _doc(
        "mdco_sex",
        "MDCO是否限女性",
        "whether MDCO is for women only",
        as_declared=("按mdc.csv", "as mdc.csv declares"),
        female=("仅女性", "women only"),
    ),
    _doc(
        "sex_check",
        "分组前如何校验性别",
        "how sex is checked before grouping",
        one_or_two=("必须是1或2", "it must be 1 or 2"),
        given=("有值即可", "any number is let through"),
    ),
    _doc(
        "newborn_check",
        "分组前是否校验年龄、日龄与出生体重",
        "whether age, age in days and birth weight are checked before grouping",
        age_days_and_weight=(
            "校验：须有年龄；0岁须有日龄；28天以内须有出生体重",
            "yes: age is given; at age 0 the age in days too; up to 28 days the birth weight too",
        ),
        off=("不校验", "no"),
    ),
    _doc(
        "missing_age_days",
        "缺少日龄时如何理解",
        "how a missing age in days is read",
        fails=("不满足任何日龄条件", "meets no condition on days"),
        zero=("按0天", "as 0 days"),
    ),
    _doc(
        "empty_dx",
        "诊断均为空字符串时是否通过校验",
        "whether a case whose diagnoses are all empty texts passes the check",
        passes=("通过，结果为无法入组", "yes, and is ungrouped"),
        fails=("不通过", "no"),
    ),
    _doc(
        "neonate_elsewhere",
        "28天以内而主要诊断不属于MDCP的新生儿",
        "newborns of at most 28 days whose principal diagnosis is not in MDCP's list",
        organ_mdc=("进入相应系统的MDC", "go to the MDC of the organ"),
        pqy=(
            "歧义PQY；超过28天而主要诊断在PR1表内者亦同",
            "are ambiguous (PQY), and so are older infants with a diagnosis of PR1's list",
        ),
    ),
    _doc(
        "sex_conflict",
        "主要诊断属于MDCM、MDCN而性别不符",
        "a principal diagnosis of MDCM or MDCN with the other sex",
        next_mdc=("继续看以后的MDC", "goes on with the later MDCs"),
        mqy=("歧义MQY（MDCN亦同）", "is ambiguous, MQY (for MDCN too)"),
        own_qy=("歧义，记入该MDC的QY", "is ambiguous, QY of that MDC"),
    ),
    _doc(
        "fall_through",
        "凭诊断进入MDC而无符合的ADRG时",
        "when no ADRG of a MDC entered by diagnosis accepts the case",
        on=("继续看以后的MDC", "go on with the later MDCs"),
        off=("结束，无法入组", "stop: ungrouped"),
    ),
    _doc(
        "severity_from_principal",
        "主要诊断本身可否作为MCC、CC",
        "whether the principal diagnosis itself can count as MCC or CC",
        off=("不可", "no"),
        on=("有其他诊断时可以", "yes, when there is at least one other diagnosis"),
    ),
)

#: Every switch by name.
SWITCHES: Mapping[str, SwitchDoc] = {doc.name: doc for doc in _DOCS}


def read_switches(
    positions: Mapping[str, object], base: Switches, *, lists: tuple[str, ...], where: str
) -> tuple[Switches, list[Problem]]:
    """Set switches by name, and say everything that is wrong with the names and positions.

    Parameters
    ----------
    positions : mapping of str to str
        Switch and wanted position; ``true`` and ``false`` stand for ``on`` and ``off``.
    base : Switches
        The positions of the others.
    lists : tuple of str
        Lists of valid procedures the scheme has, the positions of `valid_px`.
    where : str
        How messages name the place of the positions.

    Returns
    -------
    tuple
        The switches, and the problems (empty when all is well).

    Examples
    --------
    >>> read_switches({"qy": "main"}, Switches(), lists=("valid",), where="--switch")[0].qy
    'main'
    >>> print(read_switches({"qy": "mian"}, Switches(), lists=("valid",), where="--switch")[1][0])
    --switch qy: found 'mian'; expected a known position of this switch (any, main, off); did you mean 'main'?
    """
    problems: list[Problem] = []
    wanted: dict[str, str] = {}
    for name, given in positions.items():
        if name not in SWITCHES:
            problems.append(unknown_name(where, name, SWITCHES, what="switch"))
            continue
        position = {True: "on", False: "off"}[given] if isinstance(given, bool) else str(given)
        known = lists if name == "valid_px" else tuple(SWITCHES[name].readings)
        if position in known:
            wanted[name] = position
        else:
            problems.append(unknown_name(f"{where} {name}", position, known, what="position of this switch"))
    return dataclasses.replace(base, **wanted), problems
