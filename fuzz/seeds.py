"""Seeds for the targets, made from the files that ship: whole small ones, the first lines of long ones."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from actuary.paths import data_root, models_root
from fuzz.declared import GIVEN, PLACES
from fuzz.kept import audit_seeds, ledger_seed, parts_seeds, read_back_seeds, sealed_seeds
from fuzz.targets import TARGETS

__all__ = ["ASSESSMENTS", "CASES", "LIST", "SERIES", "STAYS", "TRIANGLE", "seeds_of", "write_seeds"]

#: Bytes of a seed; a longer input only slows the search.
_MOST = 6_000
#: Declarations are read as a whole or not at all.
_DECLARED_MOST = 16_000

CASES = (
    "case_id,hospital,tier,insurance,drg,total_cost,fund_charged,discharge_date,los_days\n"
    'a1,H1,3,employee,GD25,1000.10,700,2024-01-31,5\n1.0e17,H1,3,390,GD25,"1,234.50",,45292,１２\n'
    "a1,H2,2,居民,BR21,-5,3,2024年1月31日,1.0\n"
)
STAYS = (
    "case_id,sex,age_years,age_days,birth_weight_g,dx,px,los_days,discharge,department,icu_hours,hospital\n"
    "c1,2,11,,,S21.100x002|S27.210,88.4104,5,1,0302,,H1\n123.0,1,90,,,C90.000x023,,1.0,05,12.0,3,H2\n"
)
LIST = "case_id,sex,age_years,age_days,birth_weight_g,los_days,discharge,department,dx,px\n1,1,50,,,4,1,心内科,A01,\n"
SERIES = "series_id,period,value\n" + "".join(f"a,{2015 + n // 4}Q{n % 4 + 1},{100 + n}\n" for n in range(24))
TRIANGLE = "series_id,period,cutoff,value\n" + "".join(
    f"s,2024-{p:02d},2024-{v:02d},{100 + p + 10 * (v - p)}\n" for v in range(1, 10) for p in range(1, v + 1)
)
ASSESSMENTS = "hospital,score,spend_yuan\nH1,95,1000\nH2,,\n"
_LISTS = (
    "hospital,tier,coefficient,name\nH1,3,1.05,人民医院\nH2,2,,\n",
    "hospital,insurance,score\nH1,职工,95.5\nH2,,100\n",
    'hospital,insurance,prepaid_yuan\nH1,employee,"1,200.50"\n',
    "医院,险种,扣减金额\nH1,居民,12\n",
    "group,rw,mark\nBR21,1.2,base\nGD25,0.435617855,\n",
    "drg,coefficient,tier\nGD25,1.37,3\n",
    "insurance,budget_yuan\nemployee,1200000000\n",
    "employee = 1_200_000_000\nresident = 8e8\n",
    ASSESSMENTS,
)


_SIDE_TABLES = (
    "icd,grey\nA01.000,0\n测试,1\n".encode(),
    b"icd9,grey,class\n88.4104,0,x\n",
    b"gl,yb\nA01,A01.0\n",
    b"gl,yb\n88.4,88.41\n",
    b"",
    b"period,social_insurance_contributions_federal,social_benefits_federal\n"
    + b"".join(b"%dQ%d,%d,%d\n" % (1990 + n // 4, n % 4 + 1, 100 + n, 90 + n) for n in range(30)),
    b"hospital,drg,severity,los,costs,payer,med_surg,death\nA,194,Major,5,1200.50,Medicare,Medical,N\nB,1,x,,1,,,\n",
)


def _dialects(text: str) -> Iterator[bytes]:
    yield text.encode()
    yield text.encode("utf-8-sig")
    yield text.encode("gb18030")
    yield text.encode("utf-16")
    yield text.replace("\n", "\r\n").encode()
    yield text.replace("\n", "\r").encode()
    rows = list(csv.reader(io.StringIO(text)))
    for separator in ";\t|":
        out = io.StringIO()
        csv.writer(out, delimiter=separator, lineterminator="\n").writerows(rows)
        yield out.getvalue().encode()
    yield text.replace("\n", ",\n").encode()
    yield text.replace("1", "１").encode()
    yield text.replace("\n", "\n\n").encode()
    yield (text + '"a\nb",c\n').encode()
    yield (text + "\0").encode()


def _heads(paths: Iterator[Path]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        yield path.name, path.read_bytes()[:_MOST].rpartition(b"\n")[0] + b"\n"


def _parquet(text: str) -> bytes:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    header, *rows = list(csv.reader(io.StringIO(text)))
    table = pa.table({name: [row[place] if row[place:] else None for row in rows] for place, name in enumerate(header)})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="none")
    return sink.getvalue()


def _workbooks() -> Iterator[bytes]:
    import datetime as dt  # noqa: PLC0415

    import openpyxl  # noqa: PLC0415

    for rows in ([["hospital", "score"], ["H1", 95.5], ["=1+1", None]],
                 [["day", "id"], [dt.datetime(2024, 1, 31), 123456789012], [45292, True]], []):  # fmt: skip
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        sink = io.BytesIO()
        book.save(sink)
        yield sink.getvalue()


def seeds_of(name: str) -> Iterator[bytes]:  # noqa: C901, PLR0912  (one branch a target)
    """Yield the seeds of a target."""
    shipped = models_root()
    if name == "delimited":
        for number, seed in enumerate(_dialects(_LISTS[0] + _LISTS[2])):
            yield bytes([number % 16]) + seed
    elif name == "exports":
        yield "\x1e".join(["=1+1", "'=x", "-5.2", "a\nb", " @S", "＝1", '"', "'"]).encode()
    elif name in {"cases", "stays", "settlement_list"}:
        text = {"cases": CASES, "stays": STAYS, "settlement_list": LIST}[name]
        yield from (b"\0" + seed for seed in _dialects(text))
        yield b"\3" + _parquet(text)
    elif name == "scheme_tables":
        from actuary.drg.scheme_tables import TABLES  # noqa: PLC0415

        folder = shipped / "national" / "drg" / "chs-drg-1.1"
        for number, table in enumerate(TABLES):
            if (folder / table).is_file():
                yield from (bytes([number]) + head[:1500] for _, head in _heads(iter([folder / table])))
    elif name == "declarations":
        for number, place in enumerate(PLACES):
            yield bytes([number]) + (shipped / place).read_bytes()[:_DECLARED_MOST].rpartition(b"\n")[0] + b"\n"
    elif name == "series":
        for number, text in enumerate((SERIES, TRIANGLE, SERIES)):
            yield from (bytes([number]) + seed for seed in _dialects(text))
    elif name == "facts":
        from actuary.tables import SCHEMAS, load_catalog  # noqa: PLC0415

        kinds = sorted(SCHEMAS)
        for entry in load_catalog().entries:
            head = (data_root() / entry.path).read_bytes()[:2_000].rpartition(b"\n")[0] + b"\n"
            yield bytes([kinds.index(entry.schema)]) + head
    elif name == "side_tables":
        yield from (bytes([number]) + seed for number, seed in enumerate(_SIDE_TABLES))
        yield b"\4" + (data_root() / "catalog.toml").read_bytes()
    elif name == "people":
        from actuary.demography.population_files import FILES  # noqa: PLC0415

        for number, _ in enumerate([*FILES, "figures.csv"]):
            yield bytes([number]) + b"year,age,sex,population\n2020,0,male,5\n2020,1,female,5.5\n"
            yield bytes([number]) + b"year,scheme,indicator,value,unit,source\n2024,employee,active,5,10k_persons,x\n"
    elif name == "lists":
        for number, text in enumerate(_LISTS):
            yield from (bytes([number]) + seed for seed in _dialects(text))
    elif name == "workbook":
        yield from _workbooks()
    elif name == "given":
        yield from (bytes([number]) + text.encode() for number, (_, text) in enumerate(GIVEN.values()))
    elif name == "ledger":
        yield from (bytes([number]) + ledger_seed() for number in range(7))
    elif name in _KEPT:
        yield from _KEPT[name]()
    elif name == "documents":
        yield b"\0" + b'{"version": 1, "report": {"$": "ReportData", "title": ["a", {"$": "Text"}]}}'
        yield b'\1{"kind": "fund", "region": "anyang", "subject": "employee", "rule_id": "CN-1", "period": "2024", '\
            b'"level": "blue", "title_zh": "a", "title_en": "b", "evidence": [["months", 15.5]]}'  # fmt: skip
        yield b'\2{"synthetic": true, "fingerprint": "a"}'
        yield b"\0032024Q4"
        yield b"\4employee=1.2e9 resident=800,000"


_KEPT = {"audit": audit_seeds, "read_back": read_back_seeds, "parts": parts_seeds, "sealed": sealed_seeds}


def write_seeds(folder: Path) -> int:
    """Write the seeds of every target into a folder of its own; return how many there are."""
    count = 0
    for name in TARGETS:
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds_of(name)):
            (place / f"seed-{number:03d}").write_bytes(seed)
            count += 1
    return count


if __name__ == "__main__":
    print(write_seeds(Path(sys.argv[1] if sys.argv[1:] else "output/fuzz/seeds")))
