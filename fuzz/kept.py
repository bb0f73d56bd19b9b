"""Targets of what the package wrote itself and reads again: ledgers, audits, settlements, reports, parts, caches.

Somebody may have changed, cut or exchanged it. What is sealed by a checksum is never read other than it was written.
"""

from __future__ import annotations

import datetime as dt
import io
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from actuary.periods import Quarter
from fuzz.base import Finding, choice, scratch, written

__all__ = [
    "audit",
    "audit_seeds",
    "ledger",
    "ledger_seed",
    "parts",
    "parts_seeds",
    "read_back",
    "read_back_seeds",
    "report_seed",
    "sealed",
    "sealed_seeds",
]  # fmt: skip

_AT = dt.datetime(2025, 4, 10, 9, tzinfo=dt.UTC)


def _signals(count: int) -> list[Any]:
    from actuary.alerts.signals import Signal  # noqa: PLC0415

    told = {"kind": "provider", "region": "r", "rule_id": "x", "level": "red", "title_zh": "t", "title_en": "t"}
    return [Signal(subject=f"H{number}", period="2025Q1", synthetic=True, **told) for number in range(count)]


@cache
def _whole_ledger() -> tuple[bytes, Any, tuple[Any, ...]]:
    from actuary.alerts.ledger import CaseLedger  # noqa: PLC0415

    path = scratch() / "whole" / "book.sqlite"
    path.parent.mkdir(exist_ok=True)
    book = CaseLedger(path)
    book.record(_signals(3), who="office", at=_AT)
    book.move(1, "checking", who="office", at=_AT, note="n")
    book.attach(1, written("note.txt", b"checked\n"), who="office", at=_AT)
    book.note(1, "back", who="office", at=_AT, recovered_fen=1050)
    return path.read_bytes(), book.head(), tuple(book.events())


def ledger_seed() -> bytes:
    """Return a small ledger."""
    return _whole_ledger()[0]


def ledger(content: bytes) -> None:
    """Hold a ledger: every question is answered or refused, and what is verified is what was written."""
    from actuary.alerts.ledger import CaseLedger  # noqa: PLC0415
    from actuary.errors import ActuaryError  # noqa: PLC0415

    which, content = choice(content, 7)
    _, head, events = _whole_ledger()
    book = CaseLedger(written("book.sqlite", content))
    (scratch() / "book.sqlite-journal").unlink(missing_ok=True)
    shutil.copytree(
        scratch() / "whole" / "book.sqlite.attachments", scratch() / "book.sqlite.attachments", dirs_exist_ok=True
    )
    match which:
        case 0:
            book.cases(at=_AT)
        case 1:
            book.history(1)
            book.attachments(1)
        case 2:
            book.record(_signals(4), who="office", at=_AT)
            book.cases(at=_AT)
        case 3:
            book.move(1, "interviewed", who="office", at=_AT)
        case 4:
            book.note(2, "t", who="office", at=_AT)
            book.attach(1, scratch() / "note.txt", who="office", at=_AT)
        case 5:
            from actuary.alerts.ledger.export import export_ledger  # noqa: PLC0415

            for form in (".json", ".xlsx"):
                export_ledger(book, form, at=_AT)
        case _:
            try:
                sound = book.verify(head)
            except ActuaryError:
                return
            if not sound.faults and tuple(book.events())[: len(events)] != events:
                raise Finding("a ledger that was changed is verified")


_CLAIMS = "case_id,hospital,tier,insurance,drg,total_cost,fund_charged,discharge_date\n" + "".join(
    f"c{number},H{number % 2},3,{'employee' if number % 3 else 'resident'},BR21,{200 + number},{100 + number},"
    f"2024-01-{number % 28 + 1:02d}\n"
    for number in range(60)
)
_AUDIT = ("list.csv", "list.xlsx", "audit.json", "population.parquet")


@cache
def _whole_audit() -> Path:
    from actuary.alerts.sheets import read_filled  # noqa: PLC0415
    from actuary.workflow.audits import sample_claims  # noqa: PLC0415
    from fuzz.bends import write_rows  # noqa: PLC0415

    folder = scratch() / "audit"
    sample_claims(written("claims.csv", _CLAIMS.encode()), folder, seed=1)
    listed = read_filled(folder / "list.csv")
    rows = [[{**row, "result": "ok"}.get(name, "") for name in listed.columns] for _, row in listed.rows]
    (folder / "list.csv").write_bytes(write_rows([list(listed.columns), *rows]))
    return folder


def audit_seeds() -> Iterator[bytes]:
    """Yield the files of a small audit."""
    for number, name in enumerate(_AUDIT):
        yield bytes([number]) + (_whole_audit() / name).read_bytes()


def audit(content: bytes) -> None:
    """Hold the folder of an audit, and the list as reviewers send it back."""
    from actuary.workflow.audits import read_audit  # noqa: PLC0415

    which, content = choice(content, len(_AUDIT))
    folder = _whole_audit()
    if which < 2:
        read_audit(written(_AUDIT[which], content), folder)
        return
    other = scratch() / "audit.bent"
    shutil.copytree(folder, other, dirs_exist_ok=True)
    (other / _AUDIT[which]).write_bytes(content)
    read_audit(other / "list.csv", other)


_SETTLED = ("books.csv", "settlement.json", "policy.toml", "cases.parquet")


@cache
def _whole_settlement() -> Path:
    from actuary.payment.settle import settle_cases  # noqa: PLC0415
    from actuary.payment.settlement_files import write_settlement  # noqa: PLC0415

    folder = scratch() / "settled.whole"
    folder.mkdir()
    budget = {"employee": 100_000, "resident": 50_000}
    write_settlement(settle_cases(written("claims.csv", _CLAIMS.encode()), "suzhou-2022", budget=budget), folder)
    return folder


@cache
def report_seed() -> bytes:
    """Return a small report with what it expects of a year."""
    from actuary.report.blocks import Callout, Column, Paragraph, ReportTable  # noqa: PLC0415
    from actuary.report.contracts import Cover, ReportData, Section  # noqa: PLC0415
    from actuary.report.expectations import EXPECTED_TABLE  # noqa: PLC0415

    cover = Cover("t", "s", "r", "n", "2024Q3", "2024Q3", "base", ("base",), "2035Q4", "f" * 64, "d" * 64, True)
    columns = [Column(name, name, "", "text") for name in ("scheme", "fund_id", "year", "item_id", "item")]
    columns += [Column(name, name, "yuan", "number") for name in ("forecast", "interval_low", "interval_high")]
    rows = [("employee", "employee_pooled", 2025, item, item, 5.0, 4.0, 6.0)
            for item in ("opening", "income", "expenditure", "balance_end")]  # fmt: skip
    annex = ReportTable(EXPECTED_TABLE, "1", "e", tuple(columns), tuple(rows))
    section = Section("a", "1", "s", (Paragraph("p"), Callout("missing", "m", "n", ("o",))))
    return ReportData("en", cover, (section,), (annex,)).to_json().encode()


def read_back_seeds() -> Iterator[bytes]:
    """Yield the files of a settlement, of an earlier report, and what stages of work in parts tell each other."""
    for number, name in enumerate(_SETTLED):
        yield bytes([number]) + (_whole_settlement() / name).read_bytes()
    yield b"\4" + report_seed()
    yield b'\5{"region": "r", "quarter": "2024Q4"}'


def read_back(content: bytes) -> None:
    """Hold the folder of a settlement, and that of an earlier report."""
    from actuary.payment.clearing_files import read_settled_pools  # noqa: PLC0415
    from actuary.report.case_figures import CaseFigures  # noqa: PLC0415
    from actuary.report.expectations import read_expectations  # noqa: PLC0415

    which, content = choice(content, len(_SETTLED) + 2)
    if which == len(_SETTLED):
        read_expectations(written("report_data.json", content), "r", Quarter(2024, 4))
        return
    if which > len(_SETTLED):
        CaseFigures.from_json(content.decode("utf-8", "replace"))
        return
    folder = scratch() / "settled.bent"
    shutil.copytree(_whole_settlement(), folder, dirs_exist_ok=True)
    (folder / _SETTLED[which]).write_bytes(content)
    read_settled_pools(folder)


def _dataset() -> Any:
    import pyarrow as pa  # noqa: PLC0415

    return pa.table({"case_id": ["c1", "c2"], "hospital": ["H1", "H2"], "age_years": [5, 50], "dx": [["A01"], ["B02"]]})


def parts_seeds() -> Iterator[bytes]:
    """Yield a part of a dataset."""
    import pyarrow.parquet as pq  # noqa: PLC0415

    sink = io.BytesIO()
    pq.write_table(_dataset(), sink, compression="none")
    yield sink.getvalue()


def parts(content: bytes) -> None:
    """Hold a folder of Parquet files of which one is bent: its parts are found and read, or it is refused."""
    import pyarrow.parquet as pq  # noqa: PLC0415

    from actuary.workflow.bulk.partitions import find_partitions, is_dataset  # noqa: PLC0415
    from actuary.workflow.bulk.rows import read_columns, read_rows  # noqa: PLC0415

    folder = scratch() / "dataset"
    folder.mkdir(exist_ok=True)
    if not (folder / "1.parquet").is_file():
        pq.write_table(_dataset(), folder / "1.parquet")
    (folder / "2.parquet").write_bytes(content)
    if not is_dataset(folder):
        raise Finding("a folder with a whole part is none")
    found = find_partitions(folder, partition_rows=2)
    for partition in found.partitions:
        read_rows(partition, read_columns(partition))


@cache
def _whole_cache() -> tuple[Any, ...]:
    import numpy as np  # noqa: PLC0415

    from actuary.alerts.outlook_draws import Outlook, SchemeDraws, outlooks, store_outlook  # noqa: PLC0415
    from actuary.forecast.gate import Check, Gate  # noqa: PLC0415
    from actuary.forecast.kept_draws import store_kept  # noqa: PLC0415
    from actuary.forecast.posterior_cache import gates, posteriors, store_gate, store_posterior  # noqa: PLC0415
    from actuary.forecast.sample import Sampled  # noqa: PLC0415
    from actuary.workflow.bulk.journal import KeptTask, read_kept  # noqa: PLC0415
    from actuary.workflow.bulk.partitions import find_partitions  # noqa: PLC0415

    folder = scratch() / "caches"
    store_kept(folder / "kept", {"gate": "open"}, {"draws": np.arange(3.0)})
    draws = SchemeDraws(("2025Q4",), np.ones((2, 1)), np.ones((2, 1)), np.ones((2, 1)), True)
    store_outlook(outlooks(folder), "a1", Outlook(Quarter(2024, 4), {"employee": draws}, origin="2024Q4"))
    store_gate(gates(folder), "a2", Gate((Check("r_hat", 1.0, 1.01, True, "", ""),)))
    draws_of = {"x": np.zeros((2, 3))}
    store_posterior(posteriors(folder), "a3", Sampled(draws_of, ("x",), {"energy": np.zeros((2, 3))}))
    place = written("one/1.parquet", next(parts_seeds())).parent
    partition = find_partitions(place).partitions[0]
    (folder / "stage").mkdir()
    part = Path(KeptTask(_copy, str(folder / "stage"))(partition).folder)
    if read_kept(part, partition) is None:
        raise Finding("a part that was just kept is not whole")
    files = (folder / "kept", folder / "a1.outlook", part / "done.json", part / "answer.csv", folder / "a2.gate",
             folder / "a3.posterior")  # fmt: skip
    return partition, part, files, tuple(path.read_bytes() for path in files)


def _copy(_partition: Any, staging: Path) -> dict[str, int]:
    (staging / "answer.csv").write_bytes(b"a,b\n1,2\n")
    return {"rows": 1}


def sealed_seeds() -> Iterator[bytes]:
    """Yield what is kept under a checksum."""
    for number, content in enumerate(_whole_cache()[3]):
        yield bytes([number]) + content


def _loaded(which: int) -> object:
    """Return what a reader makes of what is kept, None where it is not used."""
    from actuary.alerts.outlook_draws import load_outlook, outlooks  # noqa: PLC0415
    from actuary.forecast.bayes_spec import SamplerSpec  # noqa: PLC0415
    from actuary.forecast.kept_draws import load_kept  # noqa: PLC0415
    from actuary.forecast.posterior_cache import gates, load_gate, load_posterior, posteriors  # noqa: PLC0415
    from actuary.workflow.bulk.journal import read_kept  # noqa: PLC0415

    partition, part, files, _ = _whole_cache()
    if which == 0:
        return load_kept(files[0])
    if which == 1:
        found = load_outlook(outlooks(files[1].parent), "a1", Quarter(2024, 4))
        return found and (found.origin, found.schemes)
    if which < 4:
        return read_kept(part, partition)
    if which == 4:
        return load_gate(gates(files[4].parent), "a2")
    effort = SamplerSpec(chains=2, tune=1, draws=3, target_accept=0.8)
    return load_posterior(posteriors(files[5].parent), "a3", effort=effort)


@cache
def _wanted(which: int) -> str:
    return repr(_loaded(which))


def sealed(content: bytes) -> None:
    """Hold what is kept under a checksum: it says what was written, or it is not used."""
    _, _, files, whole = _whole_cache()
    which, content = choice(content, len(files))
    wanted = _wanted(which)
    if wanted == repr(None):
        raise Finding("what is whole is not used")
    files[which].write_bytes(content)
    try:
        found = _loaded(which)
        if found is not None and repr(found) != wanted:
            raise Finding("what was changed is used")
        if found is None and content == whole[which]:
            raise Finding("what is whole is not used")
    finally:
        files[which].write_bytes(whole[which])
