"""A data folder of one's own: the shipped one with rows added."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from actuary.paths import data_root
from actuary.tables import seal_catalog

type AddRows = Callable[..., Path]


@pytest.fixture
def with_rows(tmp_path: Path) -> AddRows:
    """Return a function that copies the data folder, adds rows to a table, seals it and returns the folder."""

    def add(*rows: Mapping[str, object], table: str = "city_facts", without: Callable[..., bool] | None = None) -> Path:
        folder = tmp_path / "data"
        if not folder.exists():
            shutil.copytree(data_root(), folder)
        path = folder / "reference" / f"{table}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            names = list(reader.fieldnames or ())
            held = [row for row in reader if without is None or not without(row)]
        usual = {"basis": "notice", "source": "made for a test", "confidence": "verified"}
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(held)
            writer.writerows({**usual, **{key: str(value) for key, value in row.items()}} for row in rows)
        seal_catalog(folder)
        return folder

    return add
