"""Tables that are wrong: every problem at once, with its place, what is there, what was expected and how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from actuary.errors import TableError, UnknownNameError
from actuary.tables import read_file

HEADER = "region,period,scheme,indicator,value,unit,basis,source,url,confidence,note"
GOOD = "testville,2024,employee,income,190.6,100m_yuan,bulletin,a bulletin,,verified,"


def cell(**changes: str) -> str:
    row = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
    return ",".join(f'"{value}"' if "," in value else value for value in (row | changes).values())


def messages(tmp_path: Path, content: str | bytes, schema: str = "facts") -> list[str]:
    path = tmp_path / "city.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TableError) as raised:
        read_file(path, schema)
    return [str(problem) for problem in raised.value.problems]


def table(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


CELLS = {
    "text in a number": (
        {"value": "abc"},
        "city.csv row 2, value: found text 'abc'; expected a number; leave the row out where no figure was published",
    ),
    "nothing in a number": (
        {"value": ""},
        "city.csv row 2, value: found an empty cell; expected a number; "
        "leave the row out where no figure was published",
    ),
    "full-width digits": (
        {"value": "１９０．６"},
        "city.csv row 2, value: found '１９０．６'; expected a number in plain digits without blanks; write 190.6",
    ),
    "separators": (
        {"value": "1,190.6"},
        "city.csv row 2, value: found '1,190.6'; expected a number without separators; write 1190.6",
    ),
    "full-width separators": (
        {"value": "1，190"},
        "city.csv row 2, value: found '1，190'; expected a number without separators; write 1190",
    ),
    "a unit": (
        {"value": "190.6亿元"},
        "city.csv row 2, value: found '190.6亿元'; expected a number alone, its unit in the column unit; "
        "write 190.6 with the unit 100m_yuan",
    ),
    "a negative in brackets": (
        {"value": "(30.2)"},
        "city.csv row 2, value: found '(30.2)'; expected a number with a minus sign; write -30.2",
    ),
    "a typographic minus": (
        {"indicator": "current_balance", "value": "−30.2"},
        "city.csv row 2, value: found '−30.2'; expected a number in plain digits without blanks; write -30.2",
    ),
    "an exponent": ({"value": "1e4"}, "city.csv row 2, value: found text '1e4'; expected a number; write 12.5"),
    "a negative income": (
        {"value": "-190.6"},
        "city.csv row 2, value: found -190.6 100m_yuan; expected income of 0 or more; "
        "correct the sign, the unit or the figure",
    ),
    "a negative number of people": (
        {"indicator": "enrolled", "value": "-1", "unit": "10k_persons"},
        "city.csv row 2, value: found -1 10k_persons; expected enrolled of 0 or more; "
        "correct the sign, the unit or the figure",
    ),
    "a share above one": (
        {"indicator": "expenditure_gdp_share", "value": "95", "unit": "share"},
        "city.csv row 2, value: found 95 share; expected expenditure_gdp_share of 1 or less, in share; "
        "correct the sign, the unit or the figure",
    ),
    "an unknown unit": (
        {"unit": "100m_yaun"},
        "row 2, unit: found '100m_yaun'; expected a known unit",
    ),
    "a unit of something else": (
        {"unit": "10k_persons"},
        "city.csv row 2, unit: found '10k_persons', which measures people; expected a unit of money for income "
        "(yuan, fen, 10k_yuan, 100m_yuan)",
    ),
    "a misspelt indicator": ({"indicator": "incom"}, "did you mean 'income'?"),
    "an unheard-of indicator": ({"indicator": "zzz"}, "or add it to the table of indicators"),
    "a misspelt scheme": ({"scheme": "employe"}, "did you mean 'employee'?"),
    "a misspelt confidence": ({"confidence": "verifed"}, "did you mean 'verified'?"),
    "a misspelt basis": ({"basis": "buletin"}, "did you mean 'bulletin'?"),
    "a blank behind a name": ({"scheme": "employee "}, "found 'employee '; expected a known scheme"),
    "a period of its own": (
        {"period": "2024-13"},
        "city.csv row 2, period: found '2024-13'; expected a year, quarter or month: 2024, 2024Q1 or 2024-02",
    ),
    "a region with a blank": (
        {"region": "Test Ville"},
        "city.csv row 2, region: found 'Test Ville'; expected a name of small letters, digits and underscores",
    ),
    "no source": ({"source": " "}, "city.csv row 2, source: found an empty cell; expected a source"),
    "no address": (
        {"url": "www.example.org"},
        "city.csv row 2, url: found 'www.example.org'; "
        "expected an address that begins with http:// or https://, or nothing",
    ),
}


@pytest.mark.parametrize(("changes", "message"), CELLS.values(), ids=CELLS.keys())
def test_a_wrong_cell_says_where_what_and_how(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    found = messages(tmp_path, table(cell(**changes)))
    assert len(found) == 1
    assert message in found[0]


def test_a_negative_balance_of_the_year_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "city.csv"
    path.write_text(table(cell(indicator="current_balance", value="-30.2")), encoding="utf-8")
    assert read_file(path, "facts")["value"].to_list() == [-3.02e9]


@pytest.mark.parametrize(
    "indicator", ["balance_end", "pooled_balance_end", "personal_balance_end", "income", "expenditure"]
)
def test_money_that_cannot_be_negative(tmp_path: Path, indicator: str) -> None:
    (found,) = messages(tmp_path, table(cell(indicator=indicator, value="-0.1")))
    assert f"expected {indicator} of 0 or more" in found


def test_every_problem_of_a_file_comes_at_once_in_its_order(tmp_path: Path) -> None:
    found = messages(
        tmp_path,
        table(
            cell(),
            cell(period="2023", scheme="employe", value="x"),
            cell(period="2022", basis="buletin", confidence=""),
            cell(period="2021", value="-1"),
        ),
    )
    places = [line.split(": found")[0] for line in found]
    assert places == [
        "city.csv row 3, scheme",
        "city.csv row 3, value",
        "city.csv row 4, basis",
        "city.csv row 4, confidence",
        "city.csv row 5, value",
    ]


def test_rows_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    two_lines = GOOD[:-1] + ',"a note\non two lines"'
    (found,) = messages(tmp_path, table(two_lines, cell(period="2023", value="x")))
    assert found.startswith("city.csv row 4, value")


def test_the_same_fact_twice(tmp_path: Path) -> None:
    found = messages(tmp_path, table(cell(), cell(basis="flash"), cell(value="190.7", source="another page")))
    assert found == [
        "city.csv row 4: found the same region, period, scheme, indicator, basis, confidence as row 2; "
        "expected one row for each of them; delete one of the two rows, or say in basis or confidence how they differ"
    ]


def test_values_of_another_basis_or_confidence_stand_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "city.csv"
    path.write_text(table(cell(), cell(basis="flash"), cell(confidence="conflicting")), encoding="utf-8")
    assert len(read_file(path, "facts")) == 3


def test_an_unknown_and_a_missing_column(tmp_path: Path) -> None:
    found = messages(tmp_path, table(GOOD, header=HEADER.replace("basis", "bases").replace("note", "remark")))
    assert len(found) == 4
    assert found[0].startswith("city.csv header: found 'bases'; expected a known column")
    assert found[0].endswith("did you mean 'basis'?")
    assert found[1].startswith("city.csv header: found 'remark'; expected a known column")
    assert found[2].startswith("city.csv header: found no column 'basis'; expected the columns region, period,")
    assert found[3].startswith("city.csv header: found no column 'note'")


def test_a_column_twice(tmp_path: Path) -> None:
    found = messages(tmp_path, table(GOOD + ",x", header=HEADER + ",note"))
    assert found == ["city.csv header: found the column 'note' 2 times; expected every column once"]


def test_wrong_columns_do_not_hide_wrong_cells(tmp_path: Path) -> None:
    found = messages(tmp_path, table(cell(scheme="employe"), header=HEADER.replace("note", "remark")))
    assert any("did you mean 'employee'?" in line for line in found)


def test_a_comma_too_many_and_one_too_few(tmp_path: Path) -> None:
    found = messages(tmp_path, table(GOOD + ",more", "testville,2024", cell(period="2020", value="x")))
    assert found == [
        "city.csv row 2: found 12 cells; expected 11, as in the header; "
        "put a text that holds a comma in quotation marks",
        "city.csv row 3: found 2 cells; expected 11, as in the header",
        "city.csv row 4, value: found text 'x'; expected a number; leave the row out where no figure was published",
    ]


def test_an_empty_row(tmp_path: Path) -> None:
    assert messages(tmp_path, table(GOOD, "," * 10)) == [
        "city.csv row 3: found an empty row; expected a row with values; delete the row"
    ]


def test_quotation_marks_that_do_not_match(tmp_path: Path) -> None:
    (found,) = messages(tmp_path, table(GOOD + '"a note'))
    assert found.startswith("city.csv: found quotation marks that do not match")
    assert found.endswith('write a quotation mark inside a cell twice ("")')


FILES: dict[str, tuple[bytes, str]] = {
    "an empty file": (b"", "city.csv: found an empty file; expected a header and at least one row"),
    "blanks only": (b" \n\n", "city.csv: found an empty file; expected a header and at least one row"),
    "an empty first line": (
        b"\n" + table(GOOD).encode(),
        "city.csv row 1: found an empty line; expected the header; delete the line",
    ),
    "no rows": ((HEADER + "\n").encode(), "city.csv: found a header and no rows; expected at least one row"),
    "full-width commas": (
        table(GOOD).replace(",", "，").encode(),
        "city.csv: found columns separated by full-width commas; expected commas; "
        "save it again as CSV with commas, in UTF-8",
    ),
    "two separators": (
        b"region,period;value\na,b;1\n",
        "city.csv: found commas and semicolons between the headings; expected one kind of separator; "
        "save it again as CSV with commas, in UTF-8",
    ),
    "a spreadsheet": (
        b"PK\x03\x04\x14\x00\x06\x00",
        "city.csv: found a spreadsheet or another packed file; expected a CSV file of text in UTF-8, UTF-16 or "
        'GB18030; save it as "CSV UTF-8"',
    ),
    "an old spreadsheet": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "city.csv: found a spreadsheet of the old kind (.xls); expected a CSV file of text in UTF-8, UTF-16 or "
        'GB18030; save it as "CSV UTF-8"',
    ),
    "bytes": (
        b"region\x00period",
        "city.csv: found a NUL byte on line 1; expected a CSV file of text in UTF-8, UTF-16 or GB18030; "
        "the file is damaged or not text: write it again",
    ),
    "UTF-16 cut off": (
        table(GOOD).encode("utf-16")[:-1],
        "city.csv: found UTF-16 with characters that are broken or cut off; expected text in UTF-8, UTF-16 or GB18030; "
        'copy it again, or save it as "CSV UTF-8"',
    ),
    "UTF-8 and GB18030": (
        table(cell(source="沈阳市医疗保障局")).encode() + cell(source="大连市医疗保障局").encode("gb18030"),
        "city.csv: found bytes that are not UTF-8 on line 3, though other lines are UTF-8; expected text in UTF-8, "
        "UTF-16 or GB18030 from the first row to the last; write all rows in one encoding: the part that is not UTF-8 "
        "is probably GB18030 (GBK)",
    ),
    "Latin-1": (
        table(cell(source="Préfecture, Mère")).encode("latin-1"),
        "city.csv: found bytes that are not UTF-8 on line 2, and hardly any sense as GB18030; expected text in UTF-8, "
        'UTF-16 or GB18030; open it in the program that wrote it and save it as "CSV UTF-8"',
    ),
    "no encoding at all": (
        HEADER.encode() + b"\n\xff\xff\n",
        "city.csv: found bytes that are not UTF-8 on line 2; expected text in UTF-8, UTF-16 or GB18030; "
        'save it as "CSV UTF-8"',
    ),
}


@pytest.mark.parametrize(("content", "message"), FILES.values(), ids=FILES.keys())
def test_a_file_that_is_no_table_is_one_clear_problem(tmp_path: Path, content: bytes, message: str) -> None:
    assert messages(tmp_path, content) == [message]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_byte_order_mark_any_order_of_columns_and_line_endings_are_accepted(tmp_path: Path, ending: str) -> None:
    names, cells = HEADER.split(","), GOOD.split(",")
    path = tmp_path / "city.csv"
    text = ending.join([",".join(reversed(names)), ",".join(reversed(cells)), ""])
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    frame = read_file(path, "facts")
    assert frame["value"].to_list() == [1.906e10]
    assert list(frame.columns) == [*names, "value_published", "unit_published", "row"]


def test_a_target_needs_a_value_or_words(tmp_path: Path) -> None:
    header = "region,period,scheme,indicator,relation,value,unit,base_period,base_value,nature,target_text,"
    header += "basis,source,url,confidence,note"
    row = "testville,2025,all,income,text,,100m_yuan,2020,x,expected,,plan,a plan,,verified,"
    assert messages(tmp_path, table(row, header=header), "targets") == [
        "city.csv row 2, value: found neither a value nor a text; expected a target; fill value, or target_text",
        "city.csv row 2, base_value: found text 'x'; expected a number; "
        "leave the row out where no figure was published",
    ]


def test_cumulative_figures_need_months_and_a_scope(tmp_path: Path) -> None:
    header = "region,period,scheme,indicator,scope,value,unit,yoy_pct,basis,source,url,confidence,note"
    row = "testville,2024,all,income,pooled,10,100m_yuan,5 %,notice,a page,,verified,"
    found = messages(tmp_path, table(row, header=header), "cumulative")
    assert found[0] == (
        "city.csv row 2, period: found '2024'; expected the last month of a cumulative figure, such as 2024-02"
    )
    assert found[1].startswith("city.csv row 2, scope: found 'pooled'; expected a known scope")
    assert found[2].startswith("city.csv row 2, yoy_pct: found '5 %'; expected a number alone")


def test_a_file_that_is_not_there_and_a_schema_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no such file"):
        read_file(tmp_path / "none.csv", "facts")
    with pytest.raises(UnknownNameError, match="did you mean 'facts'"):
        read_file(tmp_path / "none.csv", "fact")


def test_a_small_file_may_hold_a_thousand_problems(tmp_path: Path) -> None:
    assert len(messages(tmp_path, table(*(cell(source=f"s{i}", value="x", scheme="y") for i in range(500))))) > 1000
