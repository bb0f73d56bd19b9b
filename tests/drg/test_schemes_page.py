"""The page on schemes names every table, column, role and value that a folder may have."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path

import pytest

from actuary.drg.compiled import compile_scheme
from actuary.drg.scheme import Scheme
from actuary.drg.scheme_build import Roles
from actuary.drg.scheme_findings import CHECKS, KNOWN_FINDINGS
from actuary.drg.scheme_rows import DRG_SEVERITIES, DX_ROLES, PX_FLAGS, MdcRow
from actuary.drg.scheme_tables import TABLES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "schemes.md").read_text(encoding="utf-8")


def test_every_table_column_and_value_is_named(page: str) -> None:
    words = set(re.findall(r"\w+", page))
    columns = {name for layout in TABLES.values() for name in (*layout.required, *layout.optional)}
    fields = {field.name for field in dataclasses.fields(MdcRow)}
    values = {*DX_ROLES, *PX_FLAGS[1:], *DRG_SEVERITIES, "surgical", "procedure", "medical"}
    assert (columns | fields | values) - words == set()
    assert [name for name in (*TABLES, KNOWN_FINDINGS) if name not in page] == []


def test_every_role_stands_with_its_default(page: str) -> None:
    stated = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|.*\|.*\|$", page, flags=re.MULTILINE))
    given = {name: tomllib.loads(f"value = {text}")["value"] for name, text in stated.items() if text[0] in '["'}
    expected = {
        name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(Roles()).items()
    }
    assert given == expected


def test_the_columns_of_cases_are_those_that_schemes_read(page: str, national: Scheme) -> None:
    section = page.split("## The cases")[1].split("##", maxsplit=1)[0]
    assert all(f"`{name}`" in section for name in compile_scheme(national).reads)
    assert all(f"| `{name}` |" in section for name in ("los_days", "icu_hours", "discharge_status", "department"))


def test_what_the_page_points_to_exists(page: str) -> None:
    folder = ROOT / "models" / "national" / "settlement_list"
    limits = tomllib.loads((folder / "limits.toml").read_text(encoding="utf-8"))
    assert all((folder / f"{name}.toml").is_file() for name in ("tables", "rules", "codes", "limits", "case_file"))
    assert re.findall(r"--limit (\w+)=", page)[0] in limits
    example = tomllib.loads(page.split("```toml")[1].split("```", maxsplit=1)[0])
    assert example["finding"][0]["check"] in CHECKS
