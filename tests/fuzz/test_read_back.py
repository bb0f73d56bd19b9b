"""What was found in files that the package wrote itself, or that stand beside cases: one smallest input each."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actuary.alerts.ledger import CaseLedger, LedgerError
from actuary.alerts.ledger.store import reading
from actuary.errors import ActuaryError, DeclarationError, TableError
from actuary.files import check_identifiers, find_kind, read_delimited
from fuzz.kept import ledger_seed
from fuzz.targets import run_target


@pytest.fixture
def book(tmp_path: Path) -> CaseLedger:
    path = tmp_path / "book.sqlite"
    path.write_bytes(ledger_seed())
    return CaseLedger(path)


def _changed(book: CaseLedger, *statements: str) -> None:
    """Change a ledger as somebody with a tool for SQLite would, its triggers gone and put back."""
    with closing(sqlite3.connect(book.path, isolation_level=None)) as connection:
        kept = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in kept:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in kept:
            connection.execute(sql)


def test_a_ledger_whose_columns_were_renamed_is_refused_but_judged(book: CaseLedger) -> None:
    # "case" in quotation marks is a text to SQLite where no column has that name: a ValueError.
    _changed(book, 'ALTER TABLE events RENAME COLUMN "case" TO casex')
    with pytest.raises(LedgerError, match="other than the ledger made it"):
        book.cases()
    assert not book.verify().sound


def test_a_moment_that_is_none_in_a_ledger_is_refused(book: CaseLedger) -> None:
    _changed(book, "UPDATE events SET at = '-1'")
    with pytest.raises(LedgerError, match="what is no moment"):
        book.cases(at=_moment())


def _moment() -> object:
    import datetime as dt  # noqa: PLC0415

    return dt.datetime(2025, 5, 1, tzinfo=dt.UTC)


def test_a_ledger_whose_description_is_no_text_is_refused(book: CaseLedger) -> None:
    # Found by the target bent: SQLite's own words quote the bytes, which was a UnicodeDecodeError.
    content = book.path.read_bytes()
    assert b"CREATE TABLE events" in content
    book.path.write_bytes(content.replace(b"CREATE TABLE events", b"CREATE \xa1\xa1LE events"))
    for ask in (book.cases, book.head, book.verify):
        with pytest.raises(LedgerError):
            ask()


def test_an_attachment_with_other_fields_is_refused(book: CaseLedger) -> None:
    _changed(book, """UPDATE events SET body = '{"attachment": {"x": 1}}' WHERE action = 'attach'""")
    with pytest.raises(LedgerError, match="other fields"):
        book.attachments(1)


def test_rows_half_read_do_not_keep_the_ledger_locked(book: CaseLedger) -> None:
    # A notebook keeps the last traceback, with it the rows, and with them the lock: others waited for it.
    kept = []
    with suppress(ValueError), reading(book.path, wait_seconds=0) as connection:
        kept.append(connection.execute("SELECT * FROM events"))
        kept[0].fetchone()
        raise ValueError
    with closing(sqlite3.connect(book.path, timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        other.execute("ROLLBACK")


def test_an_audit_whose_population_holds_words_for_numbers_is_refused(tmp_path: Path) -> None:
    from actuary.alerts.audit.files import read_sampling  # noqa: PLC0415

    header = {"providers": [], "left_out": {}, "seed": 1, "probability": 0.9, "fingerprint": "f", "synthetic": True}
    (tmp_path / "audit.json").write_text(json.dumps(header))
    names = ("hospital", "year", "case_id", "stratum", "amount_fen", "drawn", "insurance")
    pq.write_table(pa.table({name: ["M"] for name in names}), tmp_path / "population.parquet")
    with pytest.raises(TableError, match="a damaged audit"):
        read_sampling(tmp_path)


def test_settled_cases_with_lists_for_hospitals_are_refused(tmp_path: Path) -> None:
    from actuary.payment.clearing_files import read_due  # noqa: PLC0415

    columns = {"hospital": [["H1"]], "insurance": ["employee"], "status": ["paid"], "points": [1], "fund_fen": [1]}
    pq.write_table(pa.table(columns), tmp_path / "cases.parquet")
    with pytest.raises(TableError, match="the cases that a settlement writes"):
        read_due(tmp_path / "cases.parquet")


@pytest.mark.parametrize("change", [
    lambda told: told["report"].update(cover="x"),
    lambda told: told["report"]["annex"][0].update(rows=[["employee", "f", 2025, "income", "i", 1.0, 1.0, 1.0]]),
    lambda told: told["report"]["annex"][0].update(rows=[["employee", "f", "x", "opening", "i", 1.0, 1.0, 1.0]]),
    lambda told: told["report"]["annex"][0].update(rows=[[1]]),
])  # fmt: skip
def test_an_earlier_report_that_was_changed_is_refused(
    change: Callable[[dict[str, object]], None], tmp_path: Path
) -> None:
    from actuary.periods import Quarter  # noqa: PLC0415
    from actuary.report.expectations import read_expectations  # noqa: PLC0415
    from fuzz.kept import report_seed  # noqa: PLC0415

    told = json.loads(report_seed())
    place = tmp_path / "report_data.json"
    place.write_text(json.dumps(told))
    assert len(read_expectations(place, "r", Quarter(2024, 4))[1]) == 1
    change(told)
    place.write_text(json.dumps(told))
    with pytest.raises(ActuaryError):
        read_expectations(place, "r", Quarter(2024, 4))


def test_figures_of_cases_that_are_a_list_are_refused() -> None:
    from actuary.report.case_figures import CaseFigures  # noqa: PLC0415

    for text in ("[]", "[" * 100_000):
        with pytest.raises(TableError):
            CaseFigures.from_json(text)


@pytest.mark.parametrize(("place", "content"), [
    ("alerts/track_record.csv", b"rule_id,series\n\xd6\xd0,x\n"),
    ("alerts/track_record.csv", b""),
    # The module of the back-test takes its time to load.
    pytest.param("national/model/back_test.toml", b"lookback_years = 3\n", marks=pytest.mark.slow),
    pytest.param("national/model/back_test.toml", b"[[[[", marks=pytest.mark.slow),
    ("national/settlement_list/tables.toml", b"[case]\nfields = { a = 1 }\n"),
    ("national/settlement_list/rules.toml", b'[Q01]\nzh = 1\nen = 2\nseverity = "E"\nsource = "s"\n'
     b"messages = { a = { zh = 1, en = 2, mend_zh = 3, mend_en = 4 } }\n"),
    ("national/settlement_list/case_file.toml", b"[columns]\n"),
    ("national/drg/chs-drg-1.1/known_findings.toml", b"finding = [1]\n"),
    ("national/drg/chs-drg-1.1/known_findings.toml", b'[[finding]]\ncheck = "x"\nsource = "s"\nnote = "n"\n'),
    ("personal/rules.toml", b"a = " + b"[" * 5000),
])  # fmt: skip
def test_a_declaration_that_is_none_is_refused(place: str, content: bytes) -> None:
    from fuzz.declared import PLACES  # noqa: PLC0415

    assert run_target("declarations", bytes([list(PLACES).index(place)]) + content) == "refused"


def test_modules_without_a_birth_policy_are_refused(tmp_path: Path) -> None:
    from actuary.paths import models_root  # noqa: PLC0415
    from actuary.policy.module_model import load_modules  # noqa: PLC0415

    models = shutil.copytree(models_root() / "national", tmp_path / "models" / "national").parent
    path = models / "national" / "model" / "modules.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("[births")], encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"births\.policy"):
        load_modules("national", root=models)


def test_columns_of_cases_with_several_values_a_cell_are_named() -> None:
    from actuary.alerts.anomalies.stays import read_stays  # noqa: PLC0415
    from actuary.drg.quality import check_settlement_list  # noqa: PLC0415
    from actuary.payment.case_files import read_cases  # noqa: PLC0415

    named = ("case_id", "hospital", "tier", "insurance", "drg")
    cases = pa.table({**{name: ["1"] for name in named}, "total_cost": [{"a": "1"}], "unread": [{"a": "1"}]})
    with pytest.raises(TableError, match=r"total_cost: found cells of the type struct"):
        read_cases(cases)
    settled = {**{name: ["1"] for name in ("hospital", "tier", "drg")}, "case_id": [{"a": "1"}], "total_cost": [1.0]}
    with pytest.raises(TableError, match=r"case_id: found cells of the type struct"):
        read_stays(pa.table(settled))
    stays = pa.table({"case_id": ["1"], "sex": [["1"]], "dx": [["A01"]], "unread": [{"a": "1"}]})
    with pytest.raises(TableError, match=r"sex: found cells of the type list"):
        check_settlement_list(stays)


def test_texts_in_parquet_that_are_not_utf_8_are_refused(tmp_path: Path) -> None:
    from actuary.payment.case_files import read_cases  # noqa: PLC0415

    wrong = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array([0, 2], pa.int32()).buffers()[1], pa.py_buffer(b"\xd6\xd0")]
    )
    cases = {**{name: ["1"] for name in ("case_id", "hospital", "tier", "insurance", "drg")}, "total_cost": wrong}
    pq.write_table(pa.table(cases), tmp_path / "cases.parquet")
    with pytest.raises(TableError, match=r"UTF-8|whole Parquet file"):
        read_cases(tmp_path / "cases.parquet")


def test_a_column_twice_is_refused_where_persons_are_replaced(tmp_path: Path) -> None:
    from actuary.tables.personal_files import replace_personal  # noqa: PLC0415
    from actuary.tables.personal_keys import new_personal_key  # noqa: PLC0415

    (tmp_path / "t.csv").write_text("case_id,case_id\n1,2\n")
    with pytest.raises(TableError, match="twice"):
        replace_personal(tmp_path / "t.csv", tmp_path / "o.csv", new_personal_key(tmp_path / "key"))


def test_a_blank_series_of_a_triangle_is_named() -> None:
    from actuary.forecast.triangles import build_triangle  # noqa: PLC0415

    rows = {"series_id": ["s", None], "period": ["2024-01", None], "cutoff": ["2024-01"] * 2, "value": ["1", "2"]}
    with pytest.raises(TableError, match=r"row 3, series: found nothing"):
        build_triangle(__import__("pandas").DataFrame(rows), where="t.csv")


@pytest.mark.parametrize(
    "content", [b"2024 list,,\nhospital,score,note\nH1,5,x\n", "统计表\nhospital,score\n".encode()]
)
def test_a_title_above_the_headings_is_told(content: bytes, tmp_path: Path) -> None:
    # It was "no column hospital": who has a title in row 1 looked for the column, which is there.
    (tmp_path / "t.csv").write_bytes(content)
    for read in (lambda: read_delimited(content, where="t.csv"), lambda: find_kind(tmp_path / "t.csv", where="t.csv")):
        with pytest.raises(TableError, match="looks like a title"):
            read()
    assert read_delimited(b"a,,\n1,,\n", where="t.csv").columns == ("a",)


def test_names_as_java_writes_large_numbers_are_refused_when_they_are_equal() -> None:
    for name in ("3.2E17", "3.2e+17", "3E+17"):
        with pytest.raises(TableError, match="last digits are lost"):
            check_identifiers(pa.array([name, name]), where="t")
    check_identifiers(pa.array(["2E15", "2E15", "123.0", "123.0"]), where="t")


def test_a_ledger_is_looked_at_before_the_work_that_is_recorded_in_it(tmp_path: Path) -> None:
    # The table was written, then the ledger was refused with the status of a call that wrote nothing.
    from actuary.workflow.case_ledger import check_ledger  # noqa: PLC0415

    (tmp_path / "book.sqlite").write_bytes(b"no ledger at all")
    with pytest.raises(LedgerError):
        check_ledger(tmp_path / "book.sqlite")
    check_ledger(tmp_path / "none.sqlite")
    assert not (tmp_path / "none.sqlite").exists()


def test_a_link_in_a_circle_is_told(tmp_path: Path) -> None:
    from typer.testing import CliRunner  # noqa: PLC0415

    from actuary.cli import app  # noqa: PLC0415

    (tmp_path / "loop.toml").symlink_to("loop.toml")
    done = CliRunner().invoke(app, ["models", "freeze", str(tmp_path / "loop.toml")])
    assert done.exit_code == 2
    assert "expected" in done.output


def test_a_pipe_for_a_personal_key_is_refused_without_waiting(tmp_path: Path) -> None:
    # Found by the target cli: `personal replace … --personal-key PIPE` waited for ever, and was no finding then.
    from actuary.tables.personal_keys import read_personal_key  # noqa: PLC0415

    os.mkfifo(tmp_path / "key")
    with pytest.raises(TableError, match="a pipe"):
        read_personal_key(tmp_path / "key")


def test_numbers_that_fill_the_memory_are_none(tmp_path: Path) -> None:
    # 1e400 yuan in a budget, a prepayment or a deduction, and as a weight, ended in an OverflowError.
    from actuary.cli.settle import read_budget  # noqa: PLC0415
    from actuary.files import plain_decimal  # noqa: PLC0415
    from actuary.payment.policy_tables import read_number  # noqa: PLC0415

    (tmp_path / "b.csv").write_text("insurance,budget_yuan\nemployee,1e400\n")
    with pytest.raises(ActuaryError, match="1e400"):
        read_budget([str(tmp_path / "b.csv")])
    assert plain_decimal("1e-400") is None
    assert plain_decimal("9e24") == 9 * 10**24
    assert read_number("1e400", "t.csv row 2, rw", what="weight")[0] is None
    assert plain_decimal("0e999") == 0


def test_a_reference_series_with_a_gap_is_refused(tmp_path: Path) -> None:
    from actuary.workflow.warning_replay import read_reference  # noqa: PLC0415

    head = "period,social_insurance_contributions_federal,social_benefits_federal\n"
    rows = [f"{2000 + n // 4}Q{n % 4 + 1},{100 + n},{90 + n}\n" for n in range(12)]
    for kept in ([], rows[:3], [*rows[:5], *rows[6:]]):
        (tmp_path / "t.csv").write_text(head + "".join(kept))
        with pytest.raises(TableError, match="without a gap"):
            read_reference(tmp_path / "t.csv")
    (tmp_path / "t.csv").write_text(head + "".join(rows))
    assert read_reference(tmp_path / "t.csv")


def test_ten_thousand_problems_are_not_printed_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    # A table of weights with 10,000 columns filled the screen with as many lines.
    import typer  # noqa: PLC0415

    from actuary.cli.console import teaching  # noqa: PLC0415
    from actuary.errors import Problem  # noqa: PLC0415

    def verb(count: int) -> None:
        raise TableError([Problem(f"column {number}", "x", "y") for number in range(count)])

    for count, lines in ((3, 4), (10_000, 102)):
        with pytest.raises(typer.Exit):
            teaching(verb)(count)
        said = capsys.readouterr().err.splitlines()
        assert len(said) == lines
    assert said[-1].endswith("9,900 more of them")


def test_numbers_of_millions_of_digits_do_not_hang() -> None:
    # Found by the target given: --point-value 1e40045322 was computed with exactly, for ever.
    from decimal import Decimal  # noqa: PLC0415

    from actuary.cli.standards import read_point_values  # noqa: PLC0415
    from actuary.files import parse_toml  # noqa: PLC0415
    from actuary.payment.exact import as_fraction  # noqa: PLC0415

    with pytest.raises(ActuaryError, match="1e40045322"):
        read_point_values(["1e40045322"])
    for number in (Decimal("1e40045322"), "-1e-40045322"):
        with pytest.raises(ValueError, match="too many digits"):
            as_fraction(number)
    assert as_fraction("1/3") * 3 == 1
    with pytest.raises(ValueError, match="400 digits"):
        parse_toml("adjust_share = 1e40045322", parse_float=Decimal)


def test_amounts_beyond_any_fund_are_refused(tmp_path: Path) -> None:
    from actuary.payment.clearing_inputs import read_figures  # noqa: PLC0415

    (tmp_path / "p.csv").write_text("hospital,prepaid_yuan\nH1,1e15\n")
    with pytest.raises(TableError, match="below 10"):
        read_figures(tmp_path / "p.csv", "prepaid", known=[("H1", "employee")])
