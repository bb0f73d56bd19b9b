"""The catalogue: strict, sealed, and one entry a file."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from actuary import tables
from actuary.errors import TableError, UnknownNameError
from actuary.paths import data_root
from actuary.tables import check_data, data_fingerprint, load_catalog, read_table, seal_catalog

Edit = Callable[[str, str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "data"
    shutil.copytree(data_root(), copy, ignore=shutil.ignore_patterns("synthetic", "settled"))
    return copy


@pytest.fixture
def edit(folder: Path) -> Edit:
    def replace(old: str, new: str) -> None:
        path = folder / "catalog.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace


def found_in(folder: Path) -> list[str]:
    with pytest.raises(TableError) as raised:
        load_catalog(folder)
    return [str(problem) for problem in raised.value.problems]


def test_what_is_shipped_is_in_order() -> None:
    assert check_data() == []


def test_every_entry_is_complete() -> None:
    catalog = load_catalog()
    assert len(catalog.entries) >= 9
    assert not any(entry.synthetic for entry in catalog.entries)
    for entry in catalog.entries:
        table = read_table(entry.name)
        assert len(table) == entry.rows
        assert table.attrs == {
            "name": entry.name,
            "sha256": entry.sha256,
            "synthetic": False,
            "licence": entry.licence,
        }


def test_an_unknown_table_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'national_annual'"):
        read_table("national_anual")


def test_a_caller_cannot_spoil_what_the_next_one_reads() -> None:
    first = read_table("city_facts")
    first["value"] = 0.0
    first.attrs["synthetic"] = True
    assert read_table("city_facts")["value"].abs().sum() > 0
    assert read_table("city_facts").attrs["synthetic"] is False


def test_importing_the_layer_loads_nothing_heavy() -> None:
    code = "import sys, actuary.tables; print([m for m in ('pandas', 'numpy', 'pandera') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    assert all(getattr(tables, name) is not None for name in tables.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = tables.nonsense


MISTAKES = {
    "an unknown key": ('publisher = "this project"', 'publisherr = "this project"', "did you mean 'publisher'?"),
    "a missing key": ('publisher = "this project"\n', "", "[table.indicators]: found no key 'publisher'"),
    "a wrong type": ("synthetic = false", 'synthetic = "no"', "synthetic: found 'no'; expected true or false"),
    "an empty title": ('title_en = "Dictionary of indicators"', 'title_en = ""', "expected an English title"),
    "an unknown schema": ('schema = "indicators"', 'schema = "indicator"', "did you mean 'indicators'?"),
    "an unknown confidence": ('confidence = "verified"', 'confidence = "sure"', "expected a known confidence"),
    "an unknown unit": ('unit = "mixed"', 'unit = "mixd"', "did you mean 'mixed'?"),
    "a path upwards": (
        'path = "reference/indicators.csv"',
        'path = "../indicators.csv"',
        "[table.indicators] path: found '../indicators.csv'; expected a path inside the data folder",
    ),
    "an absolute path": (
        'path = "reference/indicators.csv"',
        'path = "/etc/indicators.csv"',
        "expected a path inside the data folder",
    ),
    "a path of Windows": (
        'path = "reference/indicators.csv"',
        "path = 'reference\\indicators.csv'",
        "expected a path inside the data folder, written with '/'",
    ),
    "a file of another kind": (
        'path = "reference/indicators.csv"',
        'path = "reference/indicators.xlsx"',
        "expected a file that ends in .csv",
    ),
    "one file twice": (
        'path = "reference/national_annual.csv"',
        'path = "reference/indicators.csv"',
        "'reference/indicators.csv', which [table.indicators] names already; expected one entry a file",
    ),
    "a short checksum": ('sha256 = "', 'sha256 = "0', "expected 64 hexadecimal digits; run `actuary data seal`"),
    "a table of its own": ("[table.indicators]", "[tables.indicators]", "did you mean 'table'?"),
    "a name with a capital": ("[table.indicators]", "[table.Indicators]", "a name of small letters"),
    "a negative count": ("rows = 143", "rows = -136", "rows: found -136; expected 0 or more"),
    "an unknown preference": ('"yearbook"', '"year_book"', "did you mean 'yearbook'?"),
    "a preference left out": ('"yearbook", ', "", "[preference] basis: found no yearbook; expected every name once"),
    "a preference twice": ('"yearbook"', '"yearbook", "yearbook"', "yearbook twice; expected every name once"),
    "no preference": ("[preference]", "[preferences]", "[preference]: found no such section"),
    "no TOML": ("[preference]", "[preference", "found text that is not TOML"),
}


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_in_the_catalogue_is_named(folder: Path, edit: Edit, old: str, new: str, message: str) -> None:
    edit(old, new)
    assert any(message in line for line in found_in(folder)), found_in(folder)
    assert any(message in str(problem) for problem in check_data(folder))


def test_every_mistake_of_the_catalogue_comes_at_once(folder: Path, edit: Edit) -> None:
    edit('publisher = "this project"\n', "")
    edit('schema = "facts"', 'schema = "fcts"')
    assert len(found_in(folder)) == 2


def test_a_folder_without_a_catalogue(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no such file; expected a catalogue"):
        load_catalog(tmp_path)


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere.csv"
    (folder / "reference" / "indicators.csv").rename(outside)
    (folder / "reference" / "indicators.csv").symlink_to(outside)
    assert any("expected a path inside the data folder" in line for line in found_in(folder))


def test_a_file_without_entry_and_an_entry_without_file(folder: Path) -> None:
    (folder / "reference" / "age_cost.csv").rename(folder / "reference" / "stray.csv")
    (folder / "synthetic").mkdir()
    (folder / "synthetic" / "made_up.csv").write_text("a\n1\n")
    assert [str(problem) for problem in check_data(folder)] == [
        "data/reference/age_cost.csv: found no such file; expected the file that the catalogue names; "
        "put the file there, or delete its entry from the catalogue",
        "data/reference/stray.csv: found a file that the catalogue does not name; expected one entry a file; "
        "add a section [table.stray] to catalog.toml, or delete the file",
    ]
    with pytest.raises(TableError, match="no such file"):
        read_table("age_cost", root=folder)


def test_a_changed_file_is_noticed_and_can_be_sealed(folder: Path) -> None:
    path = folder / "reference" / "city_facts.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("190.6", "190.7"), encoding="utf-8")
    with pytest.raises(TableError, match=r"checksum .* as the catalogue says; run `actuary data seal`"):
        read_table("city_facts", root=folder)
    before = data_fingerprint(folder)
    comments = [line for line in (folder / "catalog.toml").read_text(encoding="utf-8").splitlines() if "#" in line]
    assert seal_catalog(folder) == ["city_facts"]
    assert seal_catalog(folder) == []
    assert check_data(folder) == []
    assert data_fingerprint(folder) != before
    text = (folder / "catalog.toml").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if "#" in line] == comments
    assert list(folder.glob("*.new")) == []


def test_wrong_rows_are_reported_before_the_seal(folder: Path) -> None:
    path = folder / "reference" / "city_facts.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("190.6", "19O.6"), encoding="utf-8")
    with pytest.raises(TableError) as raised:
        read_table("city_facts", root=folder)
    row, seal = (str(problem) for problem in raised.value.problems)
    assert row.startswith("data/reference/city_facts.csv row ")
    assert ", value: found text '19O.6'; expected a number" in row
    assert "actuary data seal" in seal


def test_what_is_wrong_is_never_sealed(folder: Path) -> None:
    path = folder / "reference" / "city_facts.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("190.6", "19O.6"), encoding="utf-8")
    before = (folder / "catalog.toml").read_bytes()
    with pytest.raises(TableError, match="expected a number"):
        seal_catalog(folder)
    assert (folder / "catalog.toml").read_bytes() == before


def test_a_new_table_is_declared_unsealed_and_then_sealed(folder: Path) -> None:
    shutil.copy(folder / "reference" / "place_samples.csv", folder / "reference" / "more.csv")
    text = (folder / "catalog.toml").read_text(encoding="utf-8")
    section = text.partition("[table.place_samples]")[2].partition("[table.")[0]
    section = re.sub(r'sha256 = "\w+"', 'sha256 = ""', section).replace("place_samples.csv", "more.csv")
    (folder / "catalog.toml").write_text(f"{text}\n[table.more]\n{section}", encoding="utf-8")
    assert found_in(folder) == [
        "data/catalog.toml [table.more] sha256: found ''; expected the checksum of the file; "
        "run `actuary data seal` after checking the change"
    ]
    assert seal_catalog(folder) == ["more"]
    assert check_data(folder) == []


def test_a_wrong_count_of_rows_is_noticed_and_sealed(folder: Path, edit: Edit) -> None:
    edit("rows = 143", "rows = 142")
    assert [str(problem) for problem in check_data(folder)] == [
        "data/reference/indicators.csv: found 143 rows; expected 142, as the catalogue says; "
        "run `actuary data seal` if the change is meant"
    ]
    assert seal_catalog(folder) == ["indicators"]
    assert check_data(folder) == []


def test_a_broken_dictionary_is_reported_once(folder: Path) -> None:
    path = folder / "reference" / "indicators.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("active,stock", "active,stok"), encoding="utf-8")
    found = [str(problem) for problem in check_data(folder)]
    assert len([line for line in found if "did you mean 'stock'?" in line]) == 1


def test_the_fingerprint_depends_on_every_table_and_on_the_preference(folder: Path, edit: Edit) -> None:
    before = data_fingerprint(folder)
    assert before == data_fingerprint()
    edit('"flash", "monthly_1_12"', '"monthly_1_12", "flash"')
    assert data_fingerprint(folder) != before
