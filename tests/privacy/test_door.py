"""The door: what is recognised, what is refused, left out or keyed, and that no value is told."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import pickle
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import card, identity
from typer.testing import CliRunner

from actuary import check_settlement_list
from actuary.alerts.anomalies.stays import read_stays
from actuary.cli import app
from actuary.drg.compare import compare_schemes
from actuary.drg.grouper import group_cases
from actuary.drg.quality.declarations import load_declarations
from actuary.drg.scheme import Scheme, load_scheme
from actuary.errors import ActuaryError, DeclarationError, OutputError, Problem, TableError
from actuary.payment.case_columns import COLUMNS, SYNONYMS
from actuary.payment.case_files import read_cases
from actuary.personal_numbers import find_numbers, identity_check_digit, mask_numbers
from actuary.tables.personal_columns import recognise_columns
from actuary.tables.personal_door import admit_file, admit_table, personal_door, same_door
from actuary.tables.personal_files import check_personal, replace_personal
from actuary.tables.personal_keys import PersonalKey, new_personal_key, read_personal_key
from actuary.tables.personal_rules import load_personal_rules
from actuary.tables.personal_sample import Sample
from actuary.tables.row_files import open_rows
from actuary.workflow.bulk.case_parts import CaseReader
from actuary.workflow.bulk.partitions import find_partitions
from actuary.workflow.bulk.rows import read_columns, read_rows

RULES = load_personal_rules()


def _kinds(column: str, cells: list[str]) -> list[tuple[str, str]]:
    found = recognise_columns(Sample((column,), {column: cells}), RULES)
    return [(one.kind, one.by) for one in found]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("psn_name", "name"),
        ("PSN_NAME", "name"),
        ("患者姓名", "name"),
        ("姓 名", "name"),
        ("联系人", "name"),
        ("chfpdr_name", "name"),
        ("certno", "identity"),
        ("身份证号", "identity"),
        ("患者证件号码", "identity"),
        ("sfzh", "identity"),
        ("id card no.", "identity"),
        ("psn_no", "insured_number"),
        ("医保编号", "insured_number"),
        ("tel", "telephone"),
        ("coner_tel", "telephone"),
        ("手机号", "telephone"),
        ("lxdh", "telephone"),
        ("curr_addr", "address"),
        ("家庭住址（详细）", "address"),
        ("户口地址", "address"),
        ("银行卡号", "card"),
        ("E-Mail", "email"),
    ],
)
def test_personal_columns_are_known_by_name(name: str, kind: str) -> None:
    assert _kinds(name, []) == [(kind, "name")]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "case_id",
            "hospital",
            "fixmedins_name",
            "diag_name",
            "oprn_oprt_name",
            "drg_name",
            "department",
            "dx",
            "psn_key",
        ),
        *(
            "person_key",
            "mdtrt_id",
            "setl_id",
            "medcasno",
            "gend",
            "brdy",
            "insuplc",
            "psn_selfpay",
            "psn_cashpay",
            "total_cost",
        ),
        *(
            "证件类型",
            "是否社保卡结算",
            "电话随访标志",
            "联系方式类型",
            "医院地址",
            "hospital_name",
            "insurance",
            "tier",
            "synthetic",
            "month",
            "adm_caty",
            "hi_type",
            "hi_paymtd",
        ),
    ],
)
def test_what_cases_need_is_no_personal_column(name: str) -> None:
    assert _kinds(name, ["a1", "b2"]) == []


def test_no_column_that_a_verb_reads_is_personal_by_its_name() -> None:
    fields = {name for table in load_declarations().tables.values() for name in table.fields}
    read = {*COLUMNS, *(name for names in SYNONYMS.values() for name in names), *fields}
    # The number of an insured person links stays, and is keyed or refused like every number of a person.
    assert {name for name in read if RULES.kind_of_name(name)} == {
        *("psn_no", "certno", "人员编号", "证件号码", "身份证号"),
    }


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([identity(n) for n in range(5)], "identity"),
        ([identity(n).lower() for n in range(5)], "identity"),
        ([f"{identity(1)[:6]} {identity(1)[6:14]} {identity(1)[14:]}"], "identity"),
        (["x"] * 300 + [identity(1)], "identity"),
        (["１１０１９９１９３１０２０２００１Ｘ".replace("Ｘ", identity_check_digit("11019919310202001"))], "identity"),
        (["1.10199193102020E+17"] * 3, "identity"),
        ([f"{float(identity(n)[:17]) * 10:.1f}" for n in range(4)], "identity"),
        (["110199310202001", "110199310202002"], "identity"),
        (["13800000000", "13900000000.0", "+86 15000000000"], "telephone"),
        (["一般", "家属电话13800000000"], "telephone"),
        ([card(n) for n in range(4)], "card"),
        (["a"] * 50 + ["some.body@example.invalid"], "email"),
    ],
)
def test_personal_columns_are_known_by_content(cells: list[str], kind: str) -> None:
    assert _kinds("ext", cells) == [(kind, "content")]


def test_serial_numbers_and_amounts_are_no_persons() -> None:
    # Eighteen digits with an area and a date in them; one in eleven has a right check digit by chance.
    serial = [f"210100{20240101 + n % 28}{n:04d}" for n in range(200)]
    assert _kinds("case_id", serial) == []
    assert _kinds("total_cost", ["1380.00", "12,345,678,901.50", "-5", "9e3"]) == []
    assert _kinds("case_id", [f"H{n:011d}" for n in range(50)]) == []
    assert _kinds("admission_date", ["2024-01-01 10:00:00", "20240101120000"]) == []
    assert _kinds("dx", ["I21.000|I10.x05|E11.900x001"]) == []
    assert _kinds("case_id", [f"{301 + n % 9:04d}-{20240101 + n % 28}-{n:03d}" for n in range(50)]) == []
    assert _kinds("case_id", [f"210100{240101 + n % 28}{n:03d}" for n in range(50)]) == []
    assert _kinds("remark", [f"结算流水号{number}" for number in serial]) == []
    assert _kinds("remark", ["本期支出13800000000元", "13800000000.00 yuan", "合计 15300000000分"]) == []
    for told in ("赵某13800000000分机12", "13800000000分管"):
        assert _kinds("remark", [told]) == [("telephone", "content")]


@pytest.mark.parametrize("name", ["fund_yuan", "cost_fen", "基金支付（元）", "结算金额"])
def test_money_of_a_city_is_no_telephone(name: str) -> None:
    sums = [15_300_000_000, 13_200_000_001]
    for cells in (sums, [15_300_000_000.0, 13_200_000_000.5], [str(one) for one in sums]):
        table = pa.table({name: cells})
        assert admit_table(table, where="funds").table == table
        with pytest.raises(TableError, match="电话"):
            admit_table(table.rename_columns(["col17"]), where="funds")
    with pytest.raises(TableError, match=name.partition("（")[0]):
        admit_table(pa.table({name: [identity(1)]}), where="funds")


@settings(max_examples=30)
@given(
    day=st.dates(dt.date(1900, 1, 1), dt.date(2020, 12, 31)),
    area=st.integers(110000, 659999),
    order=st.integers(0, 999),
)
def test_every_identity_number_is_found_and_masked(day: dt.date, area: int, order: int) -> None:
    first = f"{area}{day:%Y%m%d}{order:03d}"
    number = first + identity_check_digit(first)
    provinces = {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66)}
    if area // 10000 not in provinces:
        return
    assert [(one.kind, one.genuine) for one in find_numbers(number)] == [("identity", True)]
    text = str(Problem(f"row 3 {number}", f"'{number}'", f"not {number}", f"drop {number}"))
    assert number not in text
    assert first not in text


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_masking_leaves_other_texts_alone_and_never_fails(text: str) -> None:
    masked = mask_numbers(text)
    assert masked == text or "‹" in masked


def test_errors_quote_a_shape() -> None:
    error = TableError(Problem("cases.csv row 2, tier", repr(identity(7)), "a tier"))
    assert identity(7) not in str(error)
    assert "18 characters, like an identity number" in str(error)
    assert "13800000000" not in str(Problem("x", "13800000000", "y"))
    assert "19060000000.0" in str(Problem("income", "19060000000.0", "the sum of its parts"))
    assert str(Problem("x", "138.50 yuan, 2024-01-01", "y")) == "x: found 138.50 yuan, 2024-01-01; expected y"


CELLS = {"case_id": ["a", "b"], "姓名": ["赵某", "钱某"], "certno": [identity(1), identity(2)], "cost": ["1", "2"]}


def _file(path: Path, cells: dict[str, list[str]] = CELLS) -> Path:
    frame = pd.DataFrame(cells)
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    return path


def _read(path: Path, wanted: list[str] | None = None) -> pd.DataFrame:
    def choose(names: list[str]) -> list[str]:
        for name in wanted or []:
            if name not in names:
                raise TableError(Problem(str(path), f"no column {name!r}", "it"))
        return wanted or names

    batches = list(open_rows(path, choose, coded=lambda _: False, threads=1, batch_rows=1000))
    return pa.Table.from_batches(batches).to_pandas()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_with_persons_is_refused_left_out_or_keyed(tmp_path: Path, suffix: str) -> None:
    path = _file(tmp_path / f"cases{suffix}")
    with pytest.raises(TableError, match=r"'姓名'.*'certno'.*--drop-personal.*--personal-key") as told:
        _read(path)
    assert "赵某" not in str(told.value)
    assert identity(1) not in str(told.value)
    with personal_door(drop=True) as door:
        assert sorted(_read(path)) == ["case_id", "cost"]
    assert door.told()["tables"] == [{"table": path.name, "dropped": ["姓名", "certno"], "keyed": []}]
    key = PersonalKey(bytes(range(32)))
    with personal_door(key=key):
        frame = _read(path)
    assert frame["certno"].tolist() == [key.of(identity(1)), key.of(identity(2))]
    assert frame["姓名"].str.fullmatch("p[0-9a-f]{32}").all()
    assert frame["cost"].tolist() == ["1", "2"]
    with personal_door(not_personal=["姓名", "certno"]):
        assert _read(path)["姓名"].tolist() == ["赵某", "钱某"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_rules_may_pass_over_columns_that_are_not_read(tmp_path: Path, suffix: str) -> None:
    path = _file(tmp_path / f"cases{suffix}")
    with personal_door(rules=dataclasses.replace(RULES, policy="skip")):
        assert sorted(_read(path, ["case_id", "cost"])) == ["case_id", "cost"]
        with pytest.raises(TableError, match="personal columns: '姓名'"):
            _read(path, ["case_id", "姓名"])
        with pytest.raises(TableError, match="personal columns"):
            admit_table(pa.table(CELLS), where="cases")


def test_a_needed_column_of_numbers_of_persons_can_only_be_keyed(tmp_path: Path) -> None:
    path = _file(tmp_path / "cases.csv", {"case_id": [identity(1), identity(2)], "cost": ["1", "2"]})
    with personal_door(drop=True), pytest.raises(TableError, match=r"'case_id'.*left out.*needed.*--personal-key"):
        _read(path, ["case_id"])
    key = PersonalKey(bytes(32))
    with personal_door(key=key):
        assert _read(path, ["case_id"])["case_id"].tolist() == [key.of(identity(1)), key.of(identity(2))]


def test_one_number_in_a_long_file_is_found_while_it_is_read(tmp_path: Path) -> None:
    ids = [f"c{n:020d}" for n in range(9_000)]
    ids[4_321] = identity(5)
    path = _file(tmp_path / "cases.parquet", {"case_id": ids})
    assert admit_file(path).found == ()
    with pytest.raises(TableError, match="identity numbers or telephone numbers in some cells of 'case_id'"):
        _read(path)
    key = PersonalKey(bytes(32))
    with personal_door(key=key):
        read = _read(path)["case_id"].tolist()
    assert read[4_321] == key.of(identity(5))
    assert read[0] == ids[0]


def test_a_first_row_of_persons_is_not_taken_for_a_heading(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(f"a1,赵某,{identity(1)}\na2,钱某,{identity(2)}\n", encoding="utf-8")
    with personal_door(drop=True), pytest.raises(TableError, match="numbers of persons in the first row") as told:
        _read(path)
    assert "赵某" not in str(told.value)


def test_frames_come_through_the_same_door() -> None:
    table = pa.table(CELLS)
    with pytest.raises(TableError, match="personal columns"):
        admit_table(table, where="cases")
    with personal_door(drop=True):
        assert admit_table(table, where="cases").table.column_names == ["case_id", "cost"]
    with personal_door(drop=True), personal_door(), pytest.raises(TableError, match="personal columns"):
        admit_table(table, where="cases")
    with pytest.raises(ActuaryError, match="one of them"), personal_door(drop=True, key=PersonalKey(bytes(32))):
        pass


def test_keys_are_the_same_in_every_form_and_file(tmp_path: Path) -> None:
    key = new_personal_key(tmp_path / "k")
    number = identity(3)
    old = number[:6] + number[8:17]
    forms = [number, number.lower(), f" {number[:6]}-{number[6:14]}-{number[14:]}"]
    assert len({key.of(form) for form in forms}) == 1
    assert key.of("110105490101002") == key.of("110105194901010021"[:17] + identity_check_digit("11010519490101002"))
    assert len(old) == 15
    assert key.of("+86 138 0000 0000") == key.of("13800000000") == key.of("13800000000.0")
    assert key.of("赵 某") != key.of("赵某")
    assert key.of("") == ""
    first = _file(tmp_path / "a.csv", {"case_id": ["a"], "certno": [number]})
    second = _file(tmp_path / "b.parquet", {"certno": [number.lower()], "case_id": ["b"]})
    for one, out in ((first, "a2.csv"), (second, "b2.csv")):
        assert replace_personal(one, tmp_path / out, read_personal_key(tmp_path / "k")) == 1
    keyed = [pd.read_csv(tmp_path / name, dtype=str) for name in ("a2.csv", "b2.csv")]
    assert keyed[0]["certno"].tolist() == keyed[1]["certno"].tolist() == [key.of(number)]
    assert [list(frame) for frame in keyed] == [["case_id", "certno"], ["certno", "case_id"]]
    assert check_personal(tmp_path / "a2.csv")[0].by == "name"
    assert PersonalKey(bytes(32)).of(number) != key.of(number)
    assert replace_personal(tmp_path / "a2.csv", tmp_path / "a3.csv", key) == 1
    assert (tmp_path / "a3.csv").read_bytes() == (tmp_path / "a2.csv").read_bytes()


def test_the_file_of_a_key_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "k"
    key = new_personal_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_personal_key(path) == key
    assert key.secret.hex() not in repr(key)
    with pytest.raises(OutputError, match="no such file yet"):
        new_personal_key(path)
    path.chmod(0o644)
    with pytest.raises(TableError, match=r"mode 0644.*chmod 600"):
        read_personal_key(path)
    path.chmod(0o600)
    path.write_text("hello", encoding="ascii")
    with pytest.raises(TableError, match="no personal key"):
        read_personal_key(path)
    with pytest.raises(TableError, match="no such file"):
        read_personal_key(tmp_path / "none")


def test_rules_tell_all_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "personal").mkdir()
    text = "[door]\npolicy = 'maybe'\nsampled_rows = 'x'\n[publication]\nleast_cases = 0\n[[kind]]\nnames = 3\n"
    (tmp_path / "personal" / "rules.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError) as told:
        load_personal_rules(tmp_path)
    for part in (
        "door.sampled_rows",
        "door.least_share",
        "publication.least_width",
        "kind[1].names",
        "kind[1].name_zh",
    ):
        assert part in str(told.value)


def test_readmissions_link_by_the_keys_of_identity_numbers() -> None:
    stays = {"case_id": ["a", "b", "c"], "hospital": "H1", "tier": "3", "insurance": "310", "drg": "BR25"}
    frame = pd.DataFrame({**stays, "total_cost": "1000", "certno": [identity(1), identity(2), identity(1).lower()]})
    with personal_door(key=PersonalKey(bytes(32))):
        person = read_cases(frame).person.to_pylist()
    assert person[0] == person[2] != person[1]
    with personal_door(drop=True):
        read_cases(frame)
    with pytest.raises(TableError, match="'certno'"):
        read_cases(frame)


def test_a_person_has_one_key_in_one_file_and_in_parts(tmp_path: Path) -> None:
    stays = {"case_id": ["a", "b", "c"], "hospital": "H1", "tier": "3", "insurance": "310", "drg": "BR25"}
    frame = pd.DataFrame({**stays, "total_cost": "1000", "certno": [identity(1), identity(2), identity(1).lower()]})
    (tmp_path / "parts").mkdir()
    frame.to_parquet(tmp_path / "one.parquet")
    frame.head(2).to_parquet(tmp_path / "parts/1.parquet")
    frame.tail(1).to_parquet(tmp_path / "parts/2.parquet")
    key = PersonalKey(bytes(32))
    with personal_door(key=key):
        whole = read_cases(tmp_path / "one.parquet").person.to_pylist()
        reader = CaseReader(source="parts")
        read = [reader.own(part).person.to_pylist() for part in find_partitions(tmp_path / "parts").partitions]
    assert [person for part in read for person in part] == whole == [key.of(number) for number in frame["certno"]]


def test_cells_are_looked_at_whatever_they_are_kept_in(tmp_path: Path) -> None:
    numbers = [identity(at) for at in range(1, 40)]
    kept = {
        "list": pa.array([[one] for one in numbers]),
        "bytes": pa.array([one.encode() for one in numbers]),
        "struct": pa.array([{"a": one} for one in numbers]),
        "rounded": pa.array([int(one[:15] + "000") for one in numbers]),
        "text": pa.array([one[:15] + "000" for one in numbers]),
    }
    stays = [f"c{at}" for at in range(len(numbers))]
    pq.write_table(pa.table({"case_id": stays, **kept}), tmp_path / "a.parquet")
    assert [one.column for one in check_personal(tmp_path / "a.parquet")] == list(kept)
    rows = ["case_id,remark", *(f"c{at}," for at in range(250)), f"c250,{numbers[0]}", "c251,"]
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert [one.column for one in check_personal(tmp_path / "a.csv")] == ["remark"]


def test_persons_are_found_in_utf_32_and_what_is_no_table_is_refused(tmp_path: Path) -> None:
    rows = [f"case_id,ext9\nc{at},{identity(at)}\n" if at == 1 else f"c{at},{identity(at)}\n" for at in range(1, 30)]
    (tmp_path / "wide.csv").write_bytes("".join(rows).encode("utf-32"))
    assert [one.column for one in check_personal(tmp_path / "wide.csv")] == ["ext9"]
    (tmp_path / "packed.csv").write_bytes(b"PK\x03\x04abc")
    with pytest.raises(TableError, match="packed"):
        check_personal(tmp_path / "packed.csv")


def test_a_keyed_csv_holds_no_formula_and_every_text_comes_back(tmp_path: Path) -> None:
    first = _file(
        tmp_path / "a.parquet", {"=head": ["=1+1", "-5"], "dx": [["@a", "b"], None], "certno": [identity(1)] * 2}
    )
    key = PersonalKey(bytes(32))
    replace_personal(first, tmp_path / "a.csv", key)
    told = pd.read_csv(tmp_path / "a.csv", dtype=str, keep_default_na=False)
    assert told["'=head"].tolist() == ["'=1+1", "-5"]
    assert told["dx"].tolist() == ["'@a|b", ""]
    replace_personal(tmp_path / "a.csv", tmp_path / "b.parquet", key)
    assert pq.read_table(tmp_path / "b.parquet")["=head"].to_pylist() == ["=1+1", "-5"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_that_another_secret_keyed_is_told(tmp_path: Path, suffix: str) -> None:
    path = _file(tmp_path / f"cases{suffix}", {**CELLS, "case_id": [identity(8), identity(9)]})
    one, other = PersonalKey(bytes(32)), PersonalKey(bytes(range(32)))
    replace_personal(path, tmp_path / f"keyed{suffix}", one)
    with personal_door(key=one):
        again = _read(tmp_path / f"keyed{suffix}")
    assert again["certno"].tolist() == [one.of(number) for number in CELLS["certno"]]
    with personal_door(key=other), pytest.raises(TableError, match=r"keys that another secret made") as told:
        _read(tmp_path / f"keyed{suffix}")
    # A column that was personal by its content is no longer: its keys are looked at all the same.
    for part in ("case_id", "姓名", "certno", other.id, "--not-personal"):
        assert part in str(told.value)
    assert one.of(identity(8)) not in str(told.value)
    with personal_door(key=other, not_personal=["case_id", "姓名", "certno"]):
        assert _read(tmp_path / f"keyed{suffix}")["certno"].tolist() == again["certno"].tolist()


_STAY = {"case_id": ["a", "b"], "sex": [1, 2], "age_years": [60, 50], "age_days": [None, None]}
_STAY |= {"birth_weight_g": [None, None], "dx": [["I21.401"], ["K80.201"]], "px": [["36.0700"], []]}
_PAID = {"case_id": ["a", "b"], "hospital": "H1", "tier": "3", "insurance": "310", "drg": "BR25", "total_cost": "1000"}


@functools.cache
def _scheme() -> Scheme:
    return load_scheme("chs-drg-1.1")


def _takers() -> dict[str, tuple[pd.DataFrame, Callable[[object], object]]]:
    """Return what takes a frame of cases, with a frame that it takes."""
    groups, paid = pd.DataFrame(_STAY), pd.DataFrame(_PAID)
    dated = paid.assign(admission_date="2024-01-01", discharge_date="2024-01-05")
    return {
        "group_cases": (groups, lambda cases: group_cases(cases, _scheme())),
        "compare_schemes": (groups, lambda cases: compare_schemes(cases, _scheme(), _scheme())),
        "read_cases": (paid, read_cases),
        "check_settlement_list": (dated, check_settlement_list),
        "read_stays": (paid, read_stays),
    }


@pytest.mark.parametrize(
    "taker",
    [
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("group_cases", "compare_schemes")),
        *("read_cases", "check_settlement_list", "read_stays"),
    ],
)
@pytest.mark.parametrize("arrow", [False, True])
def test_everything_that_takes_a_frame_notices_persons(taker: str, arrow: bool) -> None:
    frame, take = _takers()[taker]
    # Neither column is read by any of them: a frame with names in it is refused as a file is.
    for column, cells in {"姓名": ["赵某", "钱某"], "ext7": [identity(1), identity(2)]}.items():
        given = frame.assign(**{column: cells})
        table = pa.Table.from_pandas(given, preserve_index=False) if arrow else given
        with pytest.raises(TableError, match=f"{column}.*--drop-personal") as told:
            take(table)
        assert cells[0] not in str(told.value)
        with personal_door(drop=True) as door:
            take(table)
        assert door.told()["tables"][0]["dropped"] == [column]
        with personal_door(not_personal=[column]):
            take(table)
    with personal_door():
        take(pa.Table.from_pandas(frame, preserve_index=False) if arrow else frame)


@pytest.mark.slow
def test_case_numbers_of_a_frame_are_keyed_and_answers_name_the_keys() -> None:
    key, frame = PersonalKey(bytes(32)), pd.DataFrame(_STAY).assign(case_id=[identity(1), "b"])
    with personal_door(drop=True), pytest.raises(TableError, match=r"'case_id'.*left out.*needed"):
        group_cases(frame, _scheme())
    with personal_door(key=key):
        told = group_cases(frame, _scheme())
        again = group_cases(pa.Table.from_pandas(frame, preserve_index=False), _scheme())
    assert told["case_id"].tolist() == again["case_id"].to_pylist() == [key.of(identity(1)), "b"]


def test_words_of_a_dictionary_that_no_row_has_are_gone() -> None:
    words = pd.Series(pd.Categorical(["H1", "H1"], categories=["H1", "赵某"]))
    table = pa.Table.from_pandas(pd.DataFrame({"hospital": words}), preserve_index=False)
    chunked = pa.table({"hospital": pa.chunked_array([table["hospital"].chunk(0)] * 2)})
    for one in (table, chunked, table.slice(0, 0)):
        admitted = admit_table(one, where="cases").table
        assert admitted["hospital"].to_pylist() == one["hospital"].to_pylist()
        assert all("赵某" not in chunk.dictionary.to_pylist() for chunk in admitted["hospital"].chunks)
        # What the file says of itself, such as the index of a frame, is not carried on.
        assert admitted.schema.metadata is None


def test_the_name_of_a_file_holds_no_number_of_a_person(tmp_path: Path) -> None:
    path = _file(tmp_path / f"{identity(3)}.csv", {"case_id": ["a"], "cost": ["1"]})
    for look in (_read, read_stays):
        with personal_door(drop=True), pytest.raises(TableError, match="in the name of the file") as told:
            look(path)
        assert identity(3) not in str(told.value)


def _parts(folder: Path) -> Path:
    """Write parts of which one has telephones where the others have nothing, or other things."""
    cells = {
        "1": ["", "", ""],
        "2": ["13800000000", "13900000000", "x"],
        "3": ["a", "b", "15000000000"],
    }
    folder.mkdir()
    for name, ext in cells.items():
        frame = pd.DataFrame({"case_id": [f"{name}{at}" for at in range(3)], "ext": ext, "hospital": "H1"})
        frame.to_parquet(folder / f"{name}.parquet")
    return folder


def test_a_column_is_personal_in_every_part_or_in_none(tmp_path: Path) -> None:
    root = _parts(tmp_path / "parts")
    with pytest.raises(TableError, match=r"'ext'.*2 of 3 cells.*--drop-personal"):
        find_partitions(root)
    with personal_door(drop=True) as door:
        found = find_partitions(root).partitions
        # As it travels to the workers of a cluster.
        with same_door(pickle.loads(pickle.dumps(door))):  # noqa: S301  (our own)
            assert [read_columns(part) for part in found] == [["case_id", "hospital"]] * 3
    key = PersonalKey(bytes(32))
    with personal_door(key=key):
        cells = [read_rows(part, ["ext"])["ext"].to_pylist() for part in find_partitions(root).partitions]
    assert cells[2] == ["a", "b", key.of("15000000000")]
    assert cells[1][2] == "x"
    # A part that was written after the others were looked at.
    with personal_door(drop=True):
        find_partitions(root)
        pd.DataFrame({"case_id": [identity(1)], "ext": ["x"]}).to_parquet(root / "4.parquet")
        with pytest.raises(TableError, match=r"'case_id'.*as in the parts that were looked at"):
            admit_file(root / "4.parquet")


def test_a_folder_is_keyed_alike(tmp_path: Path) -> None:
    root, key = _parts(tmp_path / "parts"), new_personal_key(tmp_path / "secret")
    command = ["personal", "replace", str(root), "--out", str(tmp_path / "out"), "--personal-key"]
    done = CliRunner().invoke(app, [*command, str(tmp_path / "secret")])
    assert done.exit_code == 0, done.output
    assert pq.read_table(tmp_path / "out/3.parquet")["ext"].to_pylist()[2] == key.of("15000000000")


def test_a_folder_of_a_dataset_is_not_named_by_the_number_of_a_person(tmp_path: Path) -> None:
    part = tmp_path / f"of={identity(3)}" / "1.parquet"
    part.parent.mkdir()
    pd.DataFrame({"case_id": ["a"], "cost": [1]}).to_parquet(part)
    with personal_door(drop=True), pytest.raises(TableError, match="in the name of the file") as told:
        find_partitions(tmp_path)
    assert identity(3) not in str(told.value)
