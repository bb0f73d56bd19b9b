"""Schemes as data: loading, refusing, importing, readings."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from actuary.drg.compiled import compile_scheme
from actuary.drg.grouper import group_cases
from actuary.drg.scheme import _LATER_READING, Scheme, import_scheme, list_schemes, load_scheme
from actuary.drg.switches import SWITCHES, Switches
from actuary.errors import ActuaryError, DeclarationError, OutputError, TableError, UnknownNameError


@pytest.fixture
def copy(national: Scheme, tmp_path: Path) -> Path:
    """Return a copy of the national scheme that a test may break."""
    folder = tmp_path / "city"
    shutil.copytree(national.folder, folder)
    return folder


@pytest.fixture(autouse=True)
def own_schemes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "own"
    monkeypatch.setenv("ACTUARY_SCHEMES", str(folder))
    return folder


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_national_scheme_is_whole(national: Scheme) -> None:
    assert [len(national.mdcs), len(national.adrgs), len(national.rules)] == [26, 376, 379]
    assert sum(map(len, national.drgs.values())) == 628
    assert "".join(row.mdc for row in national.mdcs) == "APYZMNBCDEFGHIJKLOQRSTUVWX"
    assert [rule.adrg for rule in national.rules if rule.adrg.startswith("FF")] == ["FF2", "FF1", "FF3"]
    assert (national.mcc | national.cc)["J68.200"] == 115
    assert national.reading == "declared in scheme.toml"
    assert national.switches == Switches()


@pytest.mark.reference
def test_the_shipped_tables_hold_the_facts_of_the_reference_folder(national: Scheme, reference: Path) -> None:
    theirs = load_scheme(reference / "drg" / "chs-drg-1.1")
    assert theirs.reading == "inferred from the columns: as CHS-DRG 1.1"
    assert theirs.fingerprint == national.fingerprint


@pytest.mark.reference
def test_2_0_is_recognised_by_its_columns(later: Scheme) -> None:
    assert later.reading == "inferred from the columns: as CHS-DRG 2.0"
    assert (later.switches.qy, later.switches.neonate_elsewhere, later.switches.severity_from_principal) == (
        "main",
        "pqy",
        "on",
    )
    assert sum(row.qy for row in later.mdcs) == 20


def test_every_switch_is_documented_and_the_shipped_scheme_states_each(national: Scheme) -> None:
    assert set(SWITCHES) == set(Switches().as_dict())
    for name, position in Switches().as_dict().items():
        if name != "valid_px":
            assert position in SWITCHES[name].readings
    declared = (national.folder / "scheme.toml").read_text(encoding="utf-8")
    assert all(f"\n{name} = " in declared for name in SWITCHES)


def test_fingerprints_follow_what_decides(national: Scheme, copy: Path) -> None:
    assert load_scheme(copy).fingerprint == national.fingerprint
    assert national.with_switches({"qy": "main"}).fingerprint != national.fingerprint
    _edit(copy / "drg.csv", "AA19,AA1,心脏移植,undivided", "AA19,AA1,心脏移植,none")
    assert load_scheme(copy).fingerprint != national.fingerprint


def test_switches_change_what_they_name(national: Scheme) -> None:
    loaded = load_scheme("chs-drg-1.1", switches={"hiv": "any", "pv1": "requires_list", "z37": "other"})
    rows = {row.mdc: row for row in loaded.mdcs}
    assert (rows["Y"].dx_role, rows["O"].any_dx_prefix) == ("any", "Z37.")
    rules = {rule.rule_id: rule for rule in loaded.rules}
    assert rules["PV1"].pdx_list == 1
    assert loaded.adrg_dx["PV1", 1] == national.adrg_dx["PU1", 1]
    assert (rules["OR1"].pdx_list, rules["OR1"].odx_list) == (None, 1)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("adrg_rules.csv", "AB1,AB1,A,2,,,,1", "AB1,AB1,A,2,,,,x", "city/adrg_rules.csv row 3, ppx_list: found 'x'"),
        ("adrg_rules.csv", "AB1,AB1,A,2,,,,1", "AB1,AB1,A,2,,,,2", "ppx_list: found list 2; expected a list of AB1"),
        ("adrg_rules.csv", "AB1,AB1,A,2", "AB1,AB1,Å,2", "adrg_rules.csv row 3, mdc: found 'Å'; expected a known MDC"),
        ("adrg_rules.csv", "AB1,AB1,A,2", "AA1,AB1,A,2", "row 3, rule_id: found 'AA1', as in row 2"),
        ("adrg_rules.csv", "AB1,AB1,A,2", "AB1,AB1,A,1", "row 3, seq: found 1, as in row 2"),
        ("adrg_rules.csv", "AB1,AB1,A,2,,,,1", "AB1,AB1,A,2,,,,1,9", "row 3: found 15 cells; expected 14"),
        ("adrg_rules.csv", "pdx_list", "pdx_lits", "header: found 'pdx_lits'.*did you mean 'pdx_list'"),
        ("adrg_rules.csv", "main_valid", "main_vaild", "px_flag: found 'main_vaild'; expected one of main_valid"),
        ("adrg_dx.csv", "adrg,list,icd", "adrg,list", "adrg_dx.csv header: found no column 'icd'"),
        ("drg.csv", "AA19,AA1", "AA19,XX1", "drg.csv row 2, adrg: found 'XX1'; expected a known ADRG"),
        ("drg.csv", "undivided", "whole", "drg.csv row 2, severity: found 'whole'; expected one of MCC, CC"),
        ("mdc.csv", "P,新生儿及其他围产期新生儿疾病,2,principal", "P,新生儿,2,first", "row 3, dx_role: found 'first'"),
        ("mdc_pdx.csv", "A04.000x001", " A04.000x001", "found ' A04.000x001'; expected a code without spaces"),
        ("exclusions.csv", "1,A00.000x001", "one,A00.000x001", "exclusions.csv row 2, excl_table: found 'one'"),
        ("mcc.csv", "icd,excl_table", '"icd,excl_table', "mcc.csv.*close every quotation mark"),
    ],
)  # fmt: skip
def test_a_broken_row_is_named_with_file_and_line(copy: Path, file: str, old: str, new: str, said: str) -> None:
    _edit(copy / file, old, new)
    with pytest.raises(TableError, match=said):
        load_scheme(copy)


def test_every_problem_is_told_at_once(copy: Path) -> None:
    _edit(copy / "adrg_rules.csv", "AB1,AB1,A,2,,,,1", "AB1,AB1,A,2,,,,x")
    _edit(copy / "drg.csv", "undivided", "whole")
    (copy / "cc.csv").unlink()
    (copy / "mcc.csv").write_bytes("icd,excl_table\n霍乱,1\n".encode("gb18030") + b"\xff\xff")
    with pytest.raises(TableError) as caught:
        load_scheme(copy)
    assert len(caught.value.problems) == 4
    said = str(caught.value)
    assert "cc.csv: found no such file" in said
    assert "mcc.csv: found bytes that are not UTF-8 on line 2" in said


@pytest.mark.parametrize(
    ("old", "new", "error", "said"),
    [
        ('qy = "off"', 'qy = "of"', DeclarationError, "scheme.toml qy: found 'of'.*did you mean 'off'"),
        ('qy = "off"', 'qu = "off"', DeclarationError, "found 'qu'; expected a known switch"),
        ('qy = "off"', "qy = off", DeclarationError, "expected a TOML file"),
        ('valid_px = "valid"', 'valid_px = "wide"', DeclarationError, "found 'wide'.*valid_web"),
        ("[roles]", "[rules]", DeclarationError, "found 'rules'; expected a known key"),
        ('hiv_mdc = "Y"', 'hiv = "Y"', DeclarationError, "found 'hiv'; expected a known role"),
    ],
)
def test_a_broken_declaration_is_named(copy: Path, old: str, new: str, error: type[Exception], said: str) -> None:
    _edit(copy / "scheme.toml", old, new)
    with pytest.raises(error, match=said):
        load_scheme(copy)


def test_unknown_schemes_name_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'chs-drg-1\.1'"):
        load_scheme("chs-drg-11")
    with pytest.raises(UnknownNameError, match="actuary scheme import"):
        load_scheme("beijing")


@pytest.mark.slow
def test_import_list_and_use(copy: Path, own_schemes: Path) -> None:
    (copy / "scheme.toml").unlink()
    imported = import_scheme(copy, "city-2026")
    assert imported.folder == own_schemes / "city-2026"
    assert imported.reading == "declared in scheme.toml"
    listed = list_schemes().set_index("scheme")
    assert listed.loc["city-2026", "origin"] == "imported"
    assert listed.loc["chs-drg-1.1", "origin"] == "shipped"
    assert load_scheme("city-2026").fingerprint == imported.fingerprint == load_scheme("chs-drg-1.1").fingerprint
    import_scheme(copy, "city-2026")  # a second time replaces the first


def test_import_refuses(copy: Path, own_schemes: Path) -> None:
    with pytest.raises(OutputError, match="which is shipped"):
        import_scheme(copy, "chs-drg-1.1")
    with pytest.raises(OutputError, match="a plain name"):
        import_scheme(copy, "../city")
    with pytest.raises(TableError, match="no such folder"):
        import_scheme(copy / "nowhere", "city")
    _edit(copy / "drg.csv", "undivided", "whole")
    with pytest.raises(TableError, match=r"drg\.csv row 2"):
        import_scheme(copy, "city")
    assert not own_schemes.exists()


def test_a_code_in_two_exclusion_tables_is_kept_and_told(copy: Path) -> None:
    _edit(copy / "exclusions.csv", "1,A00.000x001\n", "1,A00.000x001\n2,A00.000x001\n")
    loaded = load_scheme(copy)
    assert loaded.exclusions["A00.000x001"] == 1
    assert loaded.repeated == (("exclusions.csv", "A00.000x001", (1, 2)),)


def test_limits_of_the_compiled_form_are_told(national: Scheme) -> None:
    several = dataclasses.replace(
        national, mdcs=tuple(dataclasses.replace(row, dx_role="sites") for row in national.mdcs)
    )
    with pytest.raises(DeclarationError, match="26 categories entered by body sites; expected at most 1"):
        compile_scheme(several)


@pytest.mark.slow
@pytest.mark.reference
def test_the_later_scheme_is_imported_and_answers_by_its_name(reference: Path, own_schemes: Path) -> None:
    # An import once wrote a switch position that the loader did not know, and left a scheme nobody could use.
    folder = reference / "drg" / "chs-drg-2.0"
    imported = import_scheme(folder, "chs-drg-2.0")
    assert imported.switches == load_scheme(folder).switches
    assert imported.fingerprint == load_scheme("chs-drg-2.0").fingerprint
    cases = pq.read_table(reference / "drg" / "conformance" / "cases-public-chs20.parquet")
    answers = group_cases(cases, "chs-drg-2.0")
    for name in ("status", "mdc", "adrg", "drg"):
        assert answers[name].cast("string").equals(cases[f"expected_{name}"].cast("string")), name


@pytest.mark.parametrize("positions", [Switches(), _LATER_READING], ids=["1.1", "2.0"])
def test_every_position_of_an_inferred_reading_is_one_of_its_switch(positions: Switches) -> None:
    for name, position in positions.as_dict().items():
        assert position in SWITCHES[name].readings or not SWITCHES[name].readings, (name, position)


@pytest.mark.slow
def test_a_failed_import_keeps_the_earlier_one(copy: Path, own_schemes: Path) -> None:
    first = import_scheme(copy, "city")
    (copy / "scheme.toml").write_text('title = "broken"\n[switches]\nqy = "sometimes"\n', encoding="utf-8")
    with pytest.raises(ActuaryError):
        import_scheme(copy, "city")
    assert load_scheme("city").fingerprint == first.fingerprint
    assert [path.name for path in own_schemes.iterdir()] == ["city"]
