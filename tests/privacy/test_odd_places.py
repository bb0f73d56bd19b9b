"""Persons stand where nobody looks: under innocent titles, in what a file says of itself, in notes, hidden sheets."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl.comments import Comment
from planted import HAN, MARK, card, identity, landline, marks_below, marks_in, old_identity
from typer.testing import CliRunner

from actuary import check_settlement_list
from actuary.cli import app
from actuary.errors import TableError
from actuary.personal_numbers import mask_numbers
from actuary.tables.personal_cells import has_stray
from actuary.tables.personal_columns import recognise_columns
from actuary.tables.personal_door import admit_file, admit_frame, admit_table, personal_door
from actuary.tables.personal_keys import PersonalKey, new_personal_key
from actuary.tables.personal_rules import load_personal_rules
from actuary.tables.personal_sample import Sample
from actuary.workflow import write_synthetic_city

#: Numbers of a person in every form, each alone in its cell.
FORMS: dict[str, Callable[[int], str]] = {
    "identity": identity,
    "lower case": lambda n: identity(n).lower(),
    "with spaces": lambda n: f"{identity(n)[:6]} {identity(n)[6:14]} {identity(n)[14:]}",
    "full width": lambda n: "".join(chr(ord(one) + 0xFEE0) for one in identity(n)),
    "rounded": lambda n: f"{float(identity(n)[:17]) * 10:.0f}.0",
    "fifteen digits": old_identity,
    "mobile": lambda n: f"{13900000000 + n}",
    "mobile as a float": lambda n: f"{17700000000 + n}.0",
    "mobile with dashes": lambda n: f"139-0000-{n:04d}",
    "landline": landline,
    "landline in brackets": lambda n: f"（0451）87{n:06d}",
    "card": card,
    "card with spaces": lambda n: " ".join(card(n)[at : at + 4] for at in range(0, 19, 4)),
}
#: Titles that tell of nothing.
TITLES = ("备注", "remark", "note", "col17", "reason", "diagnosis_text")


@pytest.mark.parametrize("form", list(FORMS))
def test_every_form_is_known_under_any_title_and_masked_where_it_is_quoted(form: str) -> None:
    rules, number = load_personal_rules(), FORMS[form]
    for title in TITLES:
        assert recognise_columns(Sample((title,), {title: [number(n) for n in range(1, 9)]}), rules), title
    told = mask_numbers(f"row 3, {TITLES[0]}: found '{number(3)}'; expected a group")
    assert not marks_in(told.encode(), form)
    assert "‹" in told


@pytest.mark.parametrize("form", ["identity", "lower case", "with spaces", "full width", "mobile", "landline"])
def test_a_few_of_them_among_codes_do_not_pass(form: str) -> None:
    codes = [f"D{n:03d}" for n in range(5_000)]
    codes[4_321] = FORMS[form](7)
    table = pa.table({"department": codes, "coded": pa.array(codes).dictionary_encode()})
    with personal_door(drop=True), pytest.raises(TableError, match="department") as told:
        admit_table(table, where="cases")
    assert not marks_in(str(told.value).encode(), form)
    with personal_door(key=PersonalKey(bytes(32))):
        admitted = admit_table(table, where="cases").table
    for name in ("department", "coded"):
        cells = admitted[name].to_pylist()
        assert cells[4_321].startswith("p")
        assert cells[:9] == codes[:9]


@pytest.mark.parametrize(
    ("cells", "few"),
    [
        (pa.array([1, 2**64 - 1], pa.uint64()), False),
        (pa.array([13_912_345_678, None]), True),
        (pa.array([1.5, float("nan"), float("inf"), 13_912_345_678.0]), True),
        (pa.array([13_912_345_678.5]), False),
        (pa.array([1.0], pa.float32()), False),
        (pa.array([1, None], pa.int8()), False),
        (pa.array([], pa.int64()), False),
        (pa.chunked_array([], pa.dictionary(pa.int32(), pa.string())), False),
        (pa.array(["x", "１３９１２３４５６７８"]), True),
    ],
)
def test_cells_of_every_type_are_looked_at(cells: pa.Array, few: bool) -> None:
    assert has_stray(cells, load_personal_rules()) is few


def test_a_cell_that_is_no_text_does_not_open_the_door(tmp_path: Path) -> None:
    odd = pa.array([b"I21.401", b"\xff\xfe", identity(1).encode()])
    words = pa.Array.from_buffers(pa.string(), 3, odd.buffers())  # what no writer of Parquet checks
    lists = pa.ListArray.from_arrays([0, 1, 2, 3], words)
    table = pa.table({"case_id": ["a", "b", "c"], "dx": lists, "code": words, "psn_name": [HAN] * 3})
    pq.write_table(table, tmp_path / "cases.parquet")
    for look in (lambda: admit_file(tmp_path / "cases.parquet"), lambda: admit_table(table, where="cases")):
        with pytest.raises(TableError) as told:
            look()
        assert not marks_in(str(told.value).encode(), "the error")
        for column in ("dx", "code", "psn_name"):
            assert repr(column) in str(told.value)
    frame = pd.DataFrame({"age": [10**5000, 70], "day": [pd.NaT, pd.Timestamp("2024-01-01")], "name": [HAN, None]})
    with pytest.raises(TableError, match="'name'"):
        admit_frame(frame, where="cases")


@pytest.mark.parametrize("suffix", [".csv", ".txt", ".dat", ""])
def test_a_table_of_text_is_looked_at_whatever_its_suffix(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cases{suffix}"
    path.write_text(f"case_id,psn_name,note\na,{HAN},{identity(1)}\n", encoding="utf-8")
    with pytest.raises(TableError, match=r"'psn_name'.*'note'"):
        admit_file(path)
    with pytest.raises(TableError) as told:
        check_settlement_list(path)
    assert not marks_in(str(told.value).encode(), "the error")


def test_a_record_with_a_name_in_it_is_personal(tmp_path: Path) -> None:
    teams = [[{"code": "a", "who": {"psn_name": HAN}}], []]
    frame = pd.DataFrame({"case_id": ["a", "b"], "team": teams, "lead": [{"姓名": HAN}, None]})
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "cases.parquet")
    for look in (lambda: admit_file(tmp_path / "cases.parquet"), lambda: admit_frame(frame, where="cases")):
        with pytest.raises(TableError, match="'lead'"):
            look()
    with pytest.raises(TableError, match="'team'"):
        admit_file(tmp_path / "cases.parquet")


def test_numbers_of_stays_are_no_telephones() -> None:
    serial = [f"{20_240_100_000 + n}" for n in range(3_000)] + ["13800000000"]
    table = pa.table({"case_id": serial, "cost": [13_800_000_000.5] * len(serial)})
    assert admit_table(table, where="cases").table.num_rows == len(serial)


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder below which everything is written."""
    written = tmp_path / "written"
    for variable, name in (("TMPDIR", "tmp"), ("XDG_CACHE_HOME", "cache"), ("HOME", "home")):
        (written / name).mkdir(parents=True)
        monkeypatch.setenv(variable, str(written / name))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(written)
    return written


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd") / "city"
    write_synthetic_city("shenyang", folder, cases=300, seed=5)
    return folder


def _with_hidden_persons(city: Path, folder: Path) -> Path:
    """Write the cases with persons in everything that a Parquet file holds besides the cells of the columns read."""
    table = pq.read_table(city / "cases.parquet")
    rows = table.num_rows
    for title in TITLES:
        words = [f"{HAN}{MARK}{title}{row}" if row % 50 == 0 else "" for row in range(rows)]
        table = table.append_column(pa.field(title, pa.string(), metadata={"comment": f"{HAN}{MARK}field"}), [words])
    table = table.append_column("team", [[{"lead": f"{HAN}{MARK}", "size": row} for row in range(rows)]])
    for name in ("hospital", "department"):
        at, column = table.schema.get_field_index(name), table[name].cast(pa.string()).combine_chunks()
        coded = column.dictionary_encode()
        # A word that no row has: the row of this person was taken out, the dictionary was not.
        more = pa.concat_arrays([coded.dictionary, pa.array([f"{HAN}{MARK}unused", identity(1)])])
        table = table.set_column(at, name, pa.DictionaryArray.from_arrays(coded.indices, more))
    marks = {"author": f"{HAN}{MARK}", "city": f"{HAN}{identity(2)}", "pandas": json.dumps({"attrs": f"{HAN}{MARK}"})}
    kept = {key.decode(): value.decode("utf-8", "replace") for key, value in (table.schema.metadata or {}).items()}
    path = folder / "cases.parquet"
    pq.write_table(table.replace_schema_metadata({**kept, **marks}), path)
    assert marks_in(path.read_bytes(), "the cases")
    return path


def _with_notes(city: Path, folder: Path) -> tuple[Path, Path]:
    """Return a policy and a list of hospitals with persons in comments, notes and columns that nothing reads."""
    for name in ("policy.toml", "hospitals.csv", "budget.csv", "weights.csv"):
        if (city / name).is_file():
            (folder / name).write_bytes((city / name).read_bytes())
    policy, hospitals = folder / "policy.toml", folder / "hospitals.csv"
    text = policy.read_text(encoding="utf-8")
    policy.write_text(f"# 联系人 {HAN}{MARK} {identity(3)}\n{text}", encoding="utf-8")
    listed = pd.read_csv(hospitals, dtype=str, encoding="utf-8-sig")
    listed.assign(contact=f"{HAN}{MARK}", phone=landline(3)).to_csv(hospitals, index=False)
    return policy, hospitals


def _searched(said: dict[str, str], written: Path) -> None:
    for name, text in said.items():
        assert not marks_in(text.encode(), f"what {name} says"), (name, text)
    assert not marks_below(written)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["drop", "key"])
def test_nothing_that_a_file_says_of_itself_is_carried_on(city: Path, apart: Path, tmp_path: Path, way: str) -> None:
    cases = _with_hidden_persons(city, tmp_path)
    policy, hospitals = _with_notes(city, tmp_path)
    new_personal_key(tmp_path / "secret")
    options = ["--drop-personal"] if way == "drop" else ["--personal-key", str(tmp_path / "secret")]
    priced = ["--policy", str(policy), "--budget", str(tmp_path / "budget.csv")]
    said, out = {}, apart / "out"
    out.mkdir()
    for name, arguments in {
        "group": ["group", str(cases), "--out", f"{out}/answers.parquet"],
        "settle": ["settle", str(cases), *priced, "--hospitals", str(hospitals), "--out", f"{out}/settled"],
        "parts": ["settle", str(cases), *priced, "--out", f"{out}/in-parts", "--engine", "local"],
        "indicators": ["indicators", str(cases), *priced, "--by", "department", "--out", f"{out}/indicators.csv"],
        "anomalies": ["anomalies", str(cases), "--hospitals", str(hospitals), "--out", f"{out}/found"],
        "audit": ["audit", "sample", str(cases), "--out", f"{out}/audit"],
        "explain": ["explain", str(cases), "--case-id", "SYN00000001", "--html", f"{out}/panel.html"],
    }.items():
        done = CliRunner().invoke(app, [*arguments, *options])
        said[name] = done.output
        assert done.exit_code == 0, (name, done.output)
    _searched(said, apart)


@pytest.mark.slow
def test_what_a_workbook_holds_besides_its_cells_is_not_carried_on(city: Path, apart: Path, tmp_path: Path) -> None:
    out = apart / "out"
    out.mkdir()
    done = CliRunner().invoke(app, ["audit", "sample", str(city / "cases.parquet"), "--out", f"{out}/audit"])
    assert done.exit_code == 0, done.output
    book = openpyxl.load_workbook(out / "audit/list.xlsx")
    # A workbook of ours does not say who wrote it.
    assert (book.properties.creator or "") in {"", "openpyxl"}
    assert not book.properties.lastModifiedBy
    sheet = book["list"]
    heading = next(row for row in sheet.iter_rows() if any(cell.value == "result" for cell in row))
    at = next(cell.column for cell in heading if cell.value == "result")
    for row in range(heading[0].row + 1, sheet.max_row + 1):
        sheet.cell(row, at, "合规")
    sheet.cell(heading[0].row + 1, at).comment = Comment(f"{HAN}{MARK} {identity(4)}", f"{HAN}{MARK}")
    hidden = book.create_sheet(f"{MARK}hidden")
    hidden["A1"], hidden.sheet_state = f"{HAN}{identity(5)}", "hidden"
    book.properties.creator, book.properties.description = f"{HAN}{MARK}", identity(6)
    book.save(tmp_path / "filled.xlsx")
    arguments = ["audit", "read", str(tmp_path / "filled.xlsx"), "--sample", f"{out}/audit", "--out", f"{out}/read"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    _searched({"read": done.output}, apart)


@pytest.mark.slow
def test_bad_rows_are_told_without_their_cells(city: Path, apart: Path, tmp_path: Path) -> None:
    frame = pq.read_table(city / "cases.parquet").to_pandas().astype({"total_cost": str, "los_days": str})
    # Each alone among thousands of others: no column is personal, and every cell is quoted in a list of problems.
    frame.loc[3, "total_cost"], frame.loc[4, "total_cost"] = card(3), f"{landline(4)}元"
    frame.loc[5, "los_days"], frame.loc[6, "total_cost"] = card(5), old_identity(6)
    cases = tmp_path / "cases.parquet"
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), cases)
    said, out = {}, apart / "out"
    out.mkdir()
    priced = ["--policy", str(city / "policy.toml"), "--budget", str(city / "budget.csv")]
    new_personal_key(tmp_path / "secret")
    for name, arguments in {
        "check": ["check", str(cases), "--out", f"{out}/findings.csv"],
        "settle": ["settle", str(cases), *priced, "--out", f"{out}/settled"],
    }.items():
        done = CliRunner().invoke(app, [*arguments, "--personal-key", str(tmp_path / "secret")])
        said[name] = done.output
        assert done.exit_code in (0, 1), (name, done.output)
    (out / "findings-rejected.csv").unlink(missing_ok=True)
    assert (out / "settled/problems.csv").is_file()
    _searched(said, apart)
