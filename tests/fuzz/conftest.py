"""One folder of inputs for all calls of verbs: with formulas planted in every text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fuzz.bends import write_rows
from fuzz.cli import prepare
from fuzz.tricks import rows_of

#: What goes ahead of the texts of a column: names stay different, and the same in every file.
PLANTED = {
    "hospital": "=1+",
    "case_id": "@SUM(A1)",
    "person_key": "\t=",
    "department": "+cmd|' /C calc'!",
    "name": "=HYPERLINK(1)",
    "series_id": "-2+",
    "paid_group": "＝",
}


def _plant(folder: Path) -> None:
    for path in sorted(folder.glob("*.csv")) + sorted(folder.glob("city*/*.csv")):
        header, *rows = rows_of(path.read_bytes())
        ahead = [PLANTED.get(name, "") for name in header]
        planted = [[(sign if cell else "") + cell for sign, cell in zip(ahead, row, strict=False)] for row in rows]
        path.write_bytes(write_rows([header, *planted]))
    for path in (
        *folder.glob("city*/cases.parquet"),
        *folder.glob("dataset/*/*.parquet"),
        *folder.glob("grouped/*/*.parquet"),
    ):
        table = pq.read_table(path)
        for place, name in enumerate(table.column_names):
            if name in PLANTED:
                texts = [PLANTED[name] + text for text in table.column(name).cast(pa.string()).to_pylist()]
                table = table.set_column(place, name, pa.array(texts))
        pq.write_table(table, path)


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder as :func:`fuzz.cli.prepare` fills it, texts planted; for tests that are slow."""
    place = tmp_path_factory.mktemp("verbs") / "place"
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ACTUARY_SCHEMES", "ACTUARY_LEDGER"):
            patch.setenv(name, str(place / name))
        prepare(place, change=_plant)
        yield place
