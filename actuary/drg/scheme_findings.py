"""What a check of a grouping scheme can find, and what is known of a scheme already."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from actuary.errors import DeclarationError, Problem, raise_all, unknown_name
from actuary.files import parse_toml

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CHECKS",
    "KNOWN_FINDINGS",
    "Finding",
    "SchemeCheck",
    "count_findings",
    "findings_frame",
    "read_known_findings",
]

#: File in a scheme's folder that lists the findings already known, each with its source.
KNOWN_FINDINGS = "known_findings.toml"


@dataclass(frozen=True, slots=True)
class SchemeCheck:
    """Describe one check: ``error`` gives wrong groups, ``warning`` makes lists useless, ``note`` is worth knowing."""

    name: str
    severity: str
    zh: str
    en: str


_ALL = (
    SchemeCheck(
        "code_in_two_exclusion_tables",
        "error",
        "同一编码列入两个排除表",
        "a code stands in two exclusion tables; the first is used",
    ),
    SchemeCheck("code_in_mcc_and_cc", "error", "同一编码既是MCC又是CC", "a code is both MCC and CC"),
    SchemeCheck("adrg_without_rule", "error", "ADRG没有入组规则", "an ADRG has no rule, so no case reaches it"),
    SchemeCheck(
        "adrg_without_drg", "error", "ADRG没有DRG，无判定顺序", "an ADRG has no DRG, so nothing says which to try"
    ),
    SchemeCheck(
        "adrg_without_end",
        "error",
        "ADRG的DRG不能覆盖全部病例",
        "the DRGs of an ADRG leave some case without a group: none of them asks for nothing",
    ),
    SchemeCheck("rule_in_other_mdc", "error", "规则所在MDC与其ADRG不同", "a rule stands in another MDC than its ADRG"),
    SchemeCheck(
        "unreachable_rule",
        "error",
        "规则永远不会命中：其病例均被前面的规则取走",
        "a rule never hits: earlier rules take every case of its, or it contradicts its MDC",
    ),
    SchemeCheck("unreachable_drg", "error", "DRG永远不会有病例", "no case can reach the DRG"),
    SchemeCheck(
        "rule_nearly_unreachable",
        "warning",
        "规则的病例几乎全被前面的规则取走",
        "earlier rules take nearly every case of the rule",
    ),
    SchemeCheck(
        "drg_suffix_disagrees",
        "warning",
        "DRG编码末位与其并发症级别不一致",
        "the last character of the DRG says another severity than the table",
    ),
    SchemeCheck(
        "dx_in_no_mdc",
        "warning",
        "ADRG主要诊断表中的编码不在任何MDC的主诊表中",
        "a principal diagnosis of an ADRG is in the list of no MDC, so it can never stand there",
    ),
    SchemeCheck(
        "dx_not_in_own_mdc",
        "warning",
        "ADRG主要诊断表中的编码不在其MDC的主诊表中",
        "a principal diagnosis of an ADRG is in the list of another MDC only, so it does nothing in this ADRG",
    ),
    SchemeCheck(
        "dx_in_no_adrg",
        "warning",
        "MDC主诊表中的编码不在其任何ADRG的诊断表中",
        "a principal diagnosis of the MDC is in no diagnosis list of its ADRGs",
    ),
    SchemeCheck(
        "dx_only_with_procedure",
        "warning",
        "MDC主诊表中的编码只有伴手术操作才能入组",
        "a principal diagnosis of the MDC finds a group with a listed procedure only",
    ),
    SchemeCheck(
        "px_not_valid_in_gate",
        "warning",
        "MDC要求有效手术操作，其ADRG手术表中的编码却不在“全部手术”中",
        "a main procedure of an ADRG is no valid procedure although its MDC asks for one, so it does nothing there",
    ),
    SchemeCheck("list_unused", "warning", "没有规则使用的编码表", "no rule uses the list"),
    SchemeCheck(
        "exclusion_table_empty",
        "note",
        "MCC、CC所指的排除表中没有主要诊断",
        "the exclusion table of a complication holds no principal diagnosis, so nothing voids it",
    ),
    SchemeCheck(
        "principal_without_table",
        "note",
        "MDC主诊表中的编码不在任何排除表",
        "a principal diagnosis is in no exclusion table, so it voids no complication",
    ),
    SchemeCheck(
        "rule_redundant",
        "note",
        "同一ADRG前面的规则已取走该规则的全部病例",
        "earlier rules of the same ADRG take every case of the rule, so it changes nothing",
    ),
    SchemeCheck("dx_unknown", "note", "诊断编码不在诊断字典中", "a diagnosis is not in the dictionary of diagnoses"),
    SchemeCheck("px_unknown", "note", "手术操作编码不在字典中", "a procedure is not in the dictionary of procedures"),
)

#: Every check by name.
CHECKS: Mapping[str, SchemeCheck] = {check.name: check for check in _ALL}


@dataclass(frozen=True, slots=True)
class Finding:
    """Hold one thing a check found.

    Parameters
    ----------
    check : str
        Name of the check, see `CHECKS`.
    subject : str
        What it concerns: a code, a code in a MDC, a rule, a group, or a list as ``<ADRG> dx 1``.
    severity : str
        ``error``, ``warning`` or ``note``.
    detail : str
        Where it was found, or what stands in the way.
    known : str
        Where it is known from; empty when it is new.

    Examples
    --------
    >>> Finding("code_in_mcc_and_cc", "A41.900", "error").text("en")
    'A41.900: a code is both MCC and CC'
    """

    check: str
    subject: str
    severity: str
    detail: str = ""
    known: str = ""

    def text(self, lang: str = "zh") -> str:
        """Return the finding in words, Chinese (``zh``) or English (``en``)."""
        check = CHECKS[self.check]
        said = f"{self.subject}：{check.zh}" if lang == "zh" else f"{self.subject}: {check.en}"
        return f"{said} ({self.detail})" if self.detail else said


def findings_frame(findings: Collection[Finding], lang: str = "zh") -> pd.DataFrame:
    """Return findings as a frame: ``severity, check, subject, detail, text, known``."""
    import pandas as pd  # noqa: PLC0415  (checking needs no frames)

    columns = ["severity", "check", "subject", "detail", "text", "known"]
    rows = [
        (finding.severity, finding.check, finding.subject, finding.detail, finding.text(lang), finding.known)
        for finding in findings
    ]
    return pd.DataFrame(rows, columns=columns)


def count_findings(findings: Collection[Finding], lang: str = "zh", *, examples: int = 3) -> pd.DataFrame:
    """Count findings by check.

    Parameters
    ----------
    findings : collection of Finding
        What was found.
    lang : str
        Language of the text, ``zh`` or ``en``.
    examples : int
        How many subjects are named, the new ones first.

    Returns
    -------
    DataFrame
        Columns ``severity, check, text, known, new, examples``, in the order of `CHECKS`.
    """
    import pandas as pd  # noqa: PLC0415  (checking needs no frames)

    rows = []
    for check in CHECKS.values():
        here = [finding for finding in findings if finding.check == check.name]
        new = [finding for finding in here if not finding.known]
        named = [finding.subject for finding in [*new, *(finding for finding in here if finding.known)]]
        text = check.zh if lang == "zh" else check.en
        shown = ", ".join(named[:examples]) + (" …" if len(named) > examples else "")
        if here:
            rows.append((check.severity, check.name, text, len(here) - len(new), len(new), shown))
    return pd.DataFrame(rows, columns=["severity", "check", "text", "known", "new", "examples"])


def read_known_findings(folder: Path) -> Mapping[tuple[str, str], str]:
    """Read what is known of a scheme already: note and source by check and subject.

    Raises
    ------
    DeclarationError
        When the file cannot be read, names an unknown check, or has an entry without note or source.
    """
    path = folder / KNOWN_FINDINGS
    if not path.is_file():
        return {}
    place = f"{folder.name}/{KNOWN_FINDINGS}"
    try:
        declared = parse_toml(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(Problem(place, str(error), "a TOML file in UTF-8")) from None
    known: dict[tuple[str, str], str] = {}
    problems: list[Problem] = []
    entries = declared.get("finding", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DeclarationError(Problem(f"{place} finding", "something else", "tables [[finding]]"))
    for number, entry in enumerate(entries, start=1):
        where = f"{place} finding {number}"
        subjects = entry.get("subjects")
        if not isinstance(subjects, list) or not all(isinstance(subject, str) for subject in subjects):
            problems.append(Problem(f"{where}, subjects", repr(subjects), "a list of texts"))
        elif entry.get("check") not in list(CHECKS):
            problems.append(unknown_name(f"{where}, check", entry.get("check"), CHECKS, what="check"))
        elif not entry.get("source") or not entry.get("note"):
            problems.append(Problem(where, "no source or no note", "the source of what is known, and what is known"))
        else:
            known |= {(entry["check"], subject): f"{entry['note']} [{entry['source']}]" for subject in subjects}
    raise_all(problems, DeclarationError)
    return known
