"""What contradicts itself in a scheme is found, and what is known already is told apart."""

from __future__ import annotations

import csv
import dataclasses
import shutil
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from actuary.drg.cases import Case
from actuary.drg.grouper import group_one
from actuary.drg.rule_reach import covers_every_case, unreachable_drgs, unreachable_rules
from actuary.drg.scheme import DrgRow, Rule, Scheme, load_scheme
from actuary.drg.scheme_check import CHECKS, KNOWN_FINDINGS, check_scheme, findings_frame
from actuary.drg.scheme_findings import count_findings
from actuary.errors import DeclarationError


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return load_scheme("chs-drg-1.1")


def _subjects(scheme: Scheme, check: str) -> list[str]:
    return [finding.subject for finding in check_scheme(scheme) if finding.check == check]


def _added(scheme: Scheme, folder: Path, file: str, *rows: str) -> Scheme:
    """Return the scheme read from a copy of its folder with rows added to one table."""
    copy = folder / "copy"
    shutil.copytree(scheme.folder, copy)
    with (copy / file).open("a", encoding="utf-8") as table:
        table.writelines(f"{row}\n" for row in rows)
    return load_scheme(copy)


def _new(scheme: Scheme) -> list[tuple[str, str]]:
    return [(finding.check, finding.subject) for finding in check_scheme(scheme) if not finding.known]


def test_everything_found_in_the_shipped_scheme_is_known(scheme: Scheme) -> None:
    findings = check_scheme(scheme)
    assert [finding for finding in findings if not finding.known] == []
    counts = Counter(finding.check for finding in findings)
    assert counts["dx_in_no_mdc"] == 106
    assert counts["dx_in_no_adrg"] == 94
    assert not {"unreachable_rule", "unreachable_drg", "code_in_mcc_and_cc", "code_in_two_exclusion_tables"} & set(
        counts
    )


def test_every_known_finding_is_still_found(scheme: Scheme) -> None:
    found = {(finding.check, finding.subject) for finding in check_scheme(scheme)}
    listed = tomllib.loads((scheme.folder / KNOWN_FINDINGS).read_text(encoding="utf-8"))["finding"]
    known = {(entry["check"], subject) for entry in listed for subject in entry["subjects"]}
    assert {key for key in known if not key[0].endswith("_unknown")} <= found


def test_the_group_that_no_public_case_reaches_can_be_reached(scheme: Scheme) -> None:
    nearly = {f.subject: f.detail for f in check_scheme(scheme) if f.check == "rule_nearly_unreachable"}
    assert nearly["RA4"] == "RA1, RA2, RA3; 229 / 15930"
    case = Case(sex=2, age_years=60, dx=["C90.000x023"], px=["41.9800"])
    assert group_one(case, scheme).drg == "RA49"


def test_a_code_in_two_exclusion_tables(scheme: Scheme, tmp_path: Path) -> None:
    changed = _added(scheme, tmp_path, "exclusions.csv", "2,A00.000x001")
    assert _new(changed) == [("code_in_two_exclusion_tables", "A00.000x001")]


def test_a_code_in_mcc_and_cc(scheme: Scheme, tmp_path: Path) -> None:
    code = min(scheme.mcc)
    changed = _added(scheme, tmp_path, "cc.csv", f"{code},{scheme.mcc[code]}")
    assert _new(changed) == [("code_in_mcc_and_cc", code)]


def test_a_group_without_rule_or_drg(scheme: Scheme, tmp_path: Path) -> None:
    changed = _added(scheme, tmp_path, "adrg.csv", "BZ9,B,其他,medical,900")
    assert _new(changed) == [("adrg_without_rule", "BZ9"), ("adrg_without_drg", "BZ9")]


def test_a_list_that_no_rule_uses(scheme: Scheme, tmp_path: Path) -> None:
    changed = _added(scheme, tmp_path, "adrg_dx.csv", "BR2,7,I63.900")
    assert _new(changed) == [("list_unused", "BR2 dx 7")]


def test_a_diagnosis_that_no_mdc_lists(scheme: Scheme, tmp_path: Path) -> None:
    changed = _added(scheme, tmp_path, "adrg_dx.csv", "BR2,1,X00.000", "BR2,1,K80.201")
    assert _new(changed) == [("dx_in_no_mdc", "X00.000"), ("dx_not_in_own_mdc", "K80.201")]


def test_a_rule_that_an_earlier_one_shadows(scheme: Scheme) -> None:
    (last,) = [rule for rule in scheme.rules if rule.rule_id == "BR2"]
    again = dataclasses.replace(last, rule_id="BR2_again", seq=last.seq + 1, age_days_max=28)
    rules = []
    for rule in scheme.rules:
        rules += [rule, again] if rule is last else [rule]
    changed = dataclasses.replace(scheme, rules=tuple(rules))
    assert [(rule.rule_id, taking) for rule, taking in unreachable_rules(changed)] == [("BR2_again", ("BR2",))]
    wider = dataclasses.replace(scheme, rules=tuple(again if rule is last else rule for rule in scheme.rules))
    assert list(unreachable_rules(wider)) == []


def test_a_rule_that_several_earlier_ones_shadow(scheme: Scheme) -> None:
    codes = sorted(scheme.mdc_pdx["B"])[:4]
    lists = {("BR1", 1): frozenset(codes[:2]), ("BR2", 1): frozenset(codes[2:]), ("BS1", 1): frozenset(codes)}
    rules = tuple(
        Rule(rule_id=adrg, adrg=adrg, mdc="B", seq=seq, pdx_list=1) for seq, adrg in enumerate(("BR1", "BR2", "BS1"))
    )
    changed = dataclasses.replace(scheme, rules=rules, adrg_dx=lists)
    assert [(rule.adrg, taking) for rule, taking in unreachable_rules(changed)] == [("BS1", ("BR1", "BR2"))]
    assert "BS11" in _subjects(changed, "unreachable_drg")


def test_ambiguity_can_shadow_a_medical_rule(scheme: Scheme) -> None:
    valid = min(scheme.valid_px)
    rule = Rule(rule_id="BR2", adrg="BR2", mdc="B", seq=1, ppx_list=1)
    changed = dataclasses.replace(
        scheme.with_switches({"qy": "main"}), rules=(rule,), adrg_px={("BR2", 1): frozenset({valid})}
    )
    assert [(one.rule_id, taking) for one, taking in unreachable_rules(changed)] == [("BR2", ("QY",))]


@pytest.mark.parametrize(
    ("severities", "unreached", "complete"),
    [
        (["MCC", "CC", "none"], [], True),
        (["none", "MCC"], [1], True),
        (["CC", "MCC", "none"], [1], True),
        (["MCC", "CC_ONLY", "none"], [], True),
        (["MCC", "CC_ONLY", "CC", "none"], [2], True),
        (["MCC", "CC"], [], False),
    ],
)
def test_the_order_of_groups(severities: list[str], unreached: list[int], complete: bool) -> None:
    rows = [DrgRow(drg=f"AA1{n}", adrg="AA1", name="", severity=level) for n, level in enumerate(severities)]
    assert [row.drg for row, _ in unreachable_drgs(rows)] == [f"AA1{n}" for n in unreached]
    assert covers_every_case(rows) is complete


def test_a_group_behind_a_limit_is_reached() -> None:
    rows = [
        DrgRow(drg="AA17", adrg="AA1", name="", severity="undivided", los_max=4),
        DrgRow(drg="AA19", adrg="AA1", name="", severity="undivided"),
    ]
    assert list(unreachable_drgs(rows)) == []
    assert covers_every_case(rows)
    assert not covers_every_case(rows[:1])


@pytest.mark.reference
def test_the_later_scheme_has_a_rule_twice(reference: Path) -> None:
    folder = reference / "drg"
    with (
        (folder / "icd" / "dx_yb2.csv").open(encoding="utf-8") as dx,
        (folder / "icd" / "px_yb2.csv").open(encoding="utf-8") as px,
    ):
        dictionaries = {row["icd"] for row in csv.DictReader(dx)}, {row["icd9"] for row in csv.DictReader(px)}
    found = check_scheme(load_scheme(folder / "chs-drg-2.0"), dictionaries=dictionaries)
    counts = Counter(finding.check for finding in found)
    assert [(f.subject, f.detail) for f in found if f.check == "rule_redundant"] == [("WR2_2", "WR2_1")]
    assert not any(finding.severity == "error" for finding in found)
    assert counts["px_unknown"] == 77
    assert not any(finding.known for finding in found)


def test_findings_are_data_in_two_languages(scheme: Scheme) -> None:
    frame = findings_frame(check_scheme(scheme), "en")
    assert list(frame.columns) == ["severity", "check", "subject", "detail", "text", "known"]
    assert set(frame["check"]) <= set(CHECKS)
    assert frame["known"].str.contains(r"\[S\d").all()
    counted = count_findings(check_scheme(scheme), "en")
    assert counted.set_index("check").loc["dx_in_no_mdc", ["known", "new"]].tolist() == [106, 0]
    assert all(check.zh != check.en and check.severity in {"error", "warning", "note"} for check in CHECKS.values())


def test_a_broken_list_of_known_findings_is_refused(scheme: Scheme, tmp_path: Path) -> None:
    changed = _added(
        scheme, tmp_path, "known_findings.toml", "[[finding]]", 'check = "unreachable_rules"', "subjects = []"
    )
    with pytest.raises(DeclarationError, match=r"did you mean 'unreachable_rule'\?"):
        check_scheme(changed)
