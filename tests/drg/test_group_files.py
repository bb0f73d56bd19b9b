"""Files in, files out: constant memory, whole or not at all, and errors that say what is wrong with a file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actuary.drg.group_files import group_file
from actuary.drg.grouper import ANSWERS, group_cases
from actuary.drg.scheme import Scheme
from actuary.drg.statuses import Reason, Status
from actuary.errors import ActuaryError, OutputError, TableError

SAMPLE = Path(__file__).parent / "data" / "conformance_sample.csv"


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    frame = pd.read_csv(SAMPLE, dtype={"dx": str, "px": str, "expected_mdc": str}, keep_default_na=True)
    for column in ("dx", "px"):
        frame[column] = frame[column].fillna("").str.split("|")
    path = tmp_path_factory.mktemp("cases") / "cases.parquet"
    pq.write_table(pa.Table.from_pandas(frame), path, row_group_size=300)
    return path


def test_parquet_and_csv_give_the_same_answers(national: Scheme, parquet: Path, tmp_path: Path) -> None:
    published = pd.read_csv(SAMPLE, dtype=str, keep_default_na=False)
    outs = []
    for source in (parquet, SAMPLE):
        for suffix in ("parquet", "csv"):
            out = tmp_path / f"{source.suffix[1:]}.{suffix}"
            written = group_file(source, out, national)
            assert written.cases == len(published)
            assert sum(written.statuses.values()) == sum(written.reasons.values()) == len(published)
            assert written.reasons[Reason.RULE_HIT] == written.statuses[Status.GROUPED]
            read = pd.read_parquet(out) if suffix == "parquet" else pd.read_csv(out, dtype=str, keep_default_na=False)
            assert read.columns.tolist() == list(ANSWERS)
            assert read["case_id"].tolist() == published["case_id"].tolist()
            assert read["drg"].tolist() == published["expected_drg"].tolist()
            outs.append(read.astype(str))
    assert all(outs[0].equals(other) for other in outs[1:])


def test_neither_threads_nor_batches_change_the_file(national: Scheme, parquet: Path, tmp_path: Path) -> None:
    files = []
    for threads in (1, 2, 3):
        out = tmp_path / f"{threads}.csv"
        group_file(parquet, out, national, threads=threads, batch_cases=100)
        files.append(out.read_bytes())
    out = tmp_path / "whole.csv"
    group_file(parquet, out, national)
    assert files[0] == files[1] == files[2] == out.read_bytes()
    for threads in (1, 2):
        group_file(parquet, tmp_path / f"{threads}.parquet", national, threads=threads, batch_cases=100)
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()


def test_any_layout_of_a_parquet_file_is_read(national: Scheme, parquet: Path, tmp_path: Path) -> None:
    one = pq.read_table(parquet)
    many = pa.concat_tables([one] * 50)
    expected = group_cases(one, national)["drg"].to_pylist() * 50
    layouts = {
        "several large groups": {"row_group_size": 20_000},
        "no dictionary": {"use_dictionary": False},
        "a dictionary that overflows": {"dictionary_pagesize_limit": 1000},
        "many small groups": {"row_group_size": 1000},
        "pages of a newer kind": {"data_page_version": "2.0", "compression": "zstd"},
    }
    for name, layout in layouts.items():
        pq.write_table(many, tmp_path / "in.parquet", **layout)
        group_file(tmp_path / "in.parquet", tmp_path / "out.parquet", national, batch_cases=7_000)
        assert pq.read_table(tmp_path / "out.parquet")["drg"].to_pylist() == expected, name


def test_readers_see_texts(national: Scheme, parquet: Path, tmp_path: Path) -> None:
    group_file(parquet, tmp_path / "out.parquet", national)
    assert {str(kind) for kind in pq.read_schema(tmp_path / "out.parquet").types} == {"string"}


def test_progress_is_told(national: Scheme, parquet: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    group_file(
        parquet, tmp_path / "o.csv", national, batch_cases=300, progress=lambda done, all_: told.append((done, all_))
    )
    assert told == [(300, 835), (600, 835), (835, 835)]


def test_names_with_commas_and_quotes_survive_csv(national: Scheme, tmp_path: Path) -> None:
    frame = pd.read_csv(SAMPLE, dtype=str, keep_default_na=False).head(2)
    frame["case_id"] = ['one, "two"', "三"]
    frame.to_csv(tmp_path / "in.csv", index=False)
    group_file(tmp_path / "in.csv", tmp_path / "out.csv", national)
    assert pd.read_csv(tmp_path / "out.csv", dtype=str)["case_id"].tolist() == ['one, "two"', "三"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_of_byte_order_are_read(national: Scheme, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "in.csv").write_text(SAMPLE.read_text(encoding="utf-8"), encoding=encoding)
    group_file(tmp_path / "in.csv", tmp_path / "out.csv", national)
    group_file(SAMPLE, tmp_path / "plain.csv", national)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "plain.csv").read_bytes()


def test_a_table_without_rows_gives_one_without_rows(national: Scheme, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(SAMPLE.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    for out in ("out.csv", "out.parquet"):
        assert group_file(tmp_path / "in.csv", tmp_path / out, national).cases == 0
    assert pd.read_parquet(tmp_path / "out.parquet").columns.tolist() == list(ANSWERS)
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == ",".join(ANSWERS) + "\n"


def _broken(kind: str, folder: Path, parquet: Path) -> Path:
    text = SAMPLE.read_text(encoding="utf-8")
    path = folder / "cases.csv"
    match kind:
        case "missing":
            return folder / "nowhere.parquet"
        case "suffix":
            path = folder / "cases.xlsx"
            path.write_bytes(b"PK")
        case "empty":
            path.write_bytes(b"")
        case "empty parquet":
            path = folder / "cases.parquet"
            path.write_bytes(b"")
        case "truncated":
            path = folder / "cases.parquet"
            path.write_bytes(parquet.read_bytes()[:-1000])
        case "cut inside":
            path = folder / "cases.parquet"
            content = bytearray(parquet.read_bytes())
            content[10_000:20_000] = b"\0" * 10_000
            path.write_bytes(bytes(content))
        case "column":
            path.write_text(text.replace("age_years", "age_year", 1), encoding="utf-8")
        case "mixed":
            lines = text.replace("c11p", "病案").splitlines(keepends=True)
            path.write_bytes("".join(lines[:400]).encode() + "".join(lines[400:]).encode("gb18030"))
        case "cells":
            path.write_text(text + "a,b,c\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing", "no such file"),
        ("suffix", "the suffix '.xlsx'; expected a file .parquet or .csv"),
        ("empty", "an empty file"),
        ("empty parquet", "an empty file"),
        ("truncated", "a whole Parquet file"),
        ("cut inside", "a whole Parquet file"),
        ("column", "no column 'age_years'.*rename 'age_year'"),
        ("mixed", "cases.csv: found bytes that are not UTF-8 on line 401, though other lines are UTF-8"),
        ("cells", "cases.csv row 837: found 3 cells; expected 11, as in the header"),
    ],
)
def test_broken_files_are_named_and_nothing_is_written(
    national: Scheme, parquet: Path, tmp_path: Path, kind: str, said: str
) -> None:
    path = _broken(kind, tmp_path, parquet)
    (tmp_path / "out").mkdir()
    with pytest.raises(TableError, match=said):
        group_file(path, tmp_path / "out" / "answers.csv", national)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_failed_run_keeps_the_file_that_was_there(national: Scheme, tmp_path: Path, parquet: Path) -> None:
    out = tmp_path / "answers.csv"
    out.write_text("before", encoding="utf-8")
    with pytest.raises(ActuaryError):
        group_file(_broken("mixed", tmp_path, parquet), out, national)
    assert out.read_text(encoding="utf-8") == "before"


def test_an_output_that_cannot_be_written(national: Scheme, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="expected a file that can be written"):
        group_file(SAMPLE, tmp_path / "no" / "folder" / "out.csv", national)
    with pytest.raises(TableError, match="no suffix"):
        group_file(SAMPLE, tmp_path / "out", national)


@pytest.mark.reference
def test_frames_and_files_agree_on_2_0(later: Scheme, reference: Path, tmp_path: Path) -> None:
    source = reference / "drg" / "conformance" / "cases-public-chs20.parquet"
    group_file(source, tmp_path / "out.parquet", later, threads=2)
    assert pq.read_table(tmp_path / "out.parquet")["drg"].equals(group_cases(pq.read_table(source), later)["drg"])


@pytest.mark.slow
def test_command_line(actuary_command: list[str], tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*actuary_command, *words], capture_output=True, text=True, check=False)

    out = tmp_path / "answers.csv"
    done = run(
        "group", str(SAMPLE), "--scheme", "chs-drg-1.1", "--out", str(out), "--switch", "qy=main", "--threads", "1"
    )
    assert done.returncode == 0
    assert done.stdout.strip() == str(out)
    assert "835 cases with chs-drg-1.1" in done.stderr
    assert "歧义病案" in done.stderr
    assert "ambiguous_qy" in out.read_text(encoding="utf-8")
    wrong = run("group", str(SAMPLE), "--scheme", "chs-drg-l.1", "--out", str(out))
    assert wrong.returncode == 2
    assert "did you mean 'chs-drg-1.1'?" in wrong.stderr
    wrong = run("group", str(SAMPLE), "--out", str(out), "--switch", "qy")
    assert wrong.returncode == 2
    assert "NAME=POSITION" in wrong.stderr
    shown = run("scheme", "list", "--switches")
    assert shown.returncode == 0
    assert "requires_list" in shown.stdout


def test_cases_are_never_overwritten_by_their_answers(tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text("case_id,sex,age_years,age_days,birth_weight_g,dx,px\na,1,50,,,I21.000,\n", encoding="utf-8")
    before = cases.read_bytes()
    with pytest.raises(OutputError, match="the file of cases itself; expected another file"):
        group_file(cases, tmp_path / "." / "cases.csv")
    assert cases.read_bytes() == before
