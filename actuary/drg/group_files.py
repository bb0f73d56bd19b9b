"""Group a file of cases into a file of answers, batch by batch, so that memory does not grow with the file."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from actuary.drg.case_columns import one_array
from actuary.drg.case_files import BATCH_CASES, open_cases
from actuary.drg.column_types import as_texts
from actuary.drg.grouper import ANSWERS, Grouper, loaded_scheme
from actuary.drg.scheme import Scheme
from actuary.drg.statuses import Reason, Status
from actuary.durable.files import written_whole
from actuary.errors import OutputError, Problem
from actuary.files import guarded_column
from actuary.kernels import grouping_arrays as ga
from actuary.tables.row_files import is_parquet
from actuary.threads import threads_to_use, worker_threads

__all__ = ["GroupedFile", "group_file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedFile:
    """Say what was written.

    Parameters
    ----------
    path : Path
        The file of answers.
    cases : int
        How many cases it has.
    statuses : mapping of Status to int
        Cases by status, all statuses.
    reasons : mapping of Reason to int
        Cases by reason, those that occur.
    scheme, fingerprint : str
        The scheme and the hash of its tables and switches.
    """

    path: Path
    cases: int
    statuses: Mapping[Status, int]
    reasons: Mapping[Reason, int]
    scheme: str
    fingerprint: str

    def __repr__(self) -> str:
        """Return file, scheme and how many cases have which status."""
        told = ", ".join(f"{status.name.lower()} {count:,}" for status, count in self.statuses.items() if count)
        return f"GroupedFile({self.path.name!r}, {self.cases:,} cases by {self.scheme}: {told})"


def group_file(
    path: str | Path,
    out: str | Path,
    scheme: str | Path | Scheme = "chs-drg-1.1",
    *,
    threads: int | None = None,
    switches: Mapping[str, str] | None = None,
    batch_cases: int = BATCH_CASES,
    progress: Callable[[int, int | None], None] | None = None,
) -> GroupedFile:
    r"""Group a file of cases.

    Parameters
    ----------
    path : str or Path
        Cases as Parquet or CSV by suffix, with the columns of `group_cases`.
    out : str or Path
        File of answers, Parquet or CSV by suffix, written whole or not at all.
    scheme : str, Path or Scheme
        As in `group_cases`.
    threads : int, optional
        Threads; all cores when left out. The file does not depend on their number.
    switches : mapping of str to str, optional
        As in `group_cases`.
    batch_cases : int
        Cases held at a time; decides the row groups of the output and the memory, never an answer.
    progress : callable, optional
        Called after each batch with the cases done and, where the file tells, the cases in all.

    Returns
    -------
    GroupedFile
        What was written.

    Raises
    ------
    TableError
        When the file of cases is missing, empty, broken or lacks a column.
    UnknownNameError
        When the scheme or a switch is not known.
    OutputError
        When the output cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> head, row = "case_id,sex,age_years,age_days,birth_weight_g,dx,px", "1,1,60,,,I63.900|J96.000,"
    >>> _ = (folder / "cases.csv").write_text(f"{head}\n{row}\n")
    >>> group_file(folder / "cases.csv", folder / "groups.csv").cases
    1
    """
    source, target = Path(path).expanduser(), Path(out).expanduser().absolute()
    is_parquet(target)
    if target.exists() and source.exists() and target.samefile(source):
        raise OutputError(Problem(str(out), "the file of cases itself", "another file", "cases are never overwritten"))
    count = threads_to_use(threads)
    loaded = loaded_scheme(scheme, switches)
    grouper = Grouper.of(loaded)
    opened = open_cases(
        source, grouper.compiled.reads, scheme=loaded.name, threads=count, batch_cases=max(1, batch_cases)
    )
    statuses: Counter[int] = Counter()
    reasons: Counter[int] = Counter()
    done = 0
    with written_whole(target, where=f"--out {target}") as partial, _writer(partial, target) as write:
        for table, answers in _grouped(opened.batches, grouper, count):
            write(table)
            done += table.num_rows
            for counter, row in ((statuses, ga.STATUS), (reasons, ga.REASON)):
                counter.update(dict(enumerate(np.bincount(answers[row]).tolist())))
            if progress is not None:
                progress(done, opened.rows)
    return GroupedFile(
        path=target,
        cases=done,
        statuses={status: statuses[number] for number, status in enumerate(Status)},
        reasons={reason: reasons[number] for number, reason in enumerate(Reason) if reasons[number]},
        scheme=loaded.name,
        fingerprint=loaded.fingerprint,
    )


def _grouped(batches: Iterator[Any], grouper: Grouper, threads: int) -> Iterator[tuple[Any, ga.AnswerRows]]:
    """Group batches side by side and give them back in their order, holding no more than the threads can work on."""

    def group(batch: Any) -> tuple[Any, ga.AnswerRows]:
        answers = grouper.group(grouper.encode({name: batch.column(name) for name in batch.schema.names}))
        decoded = grouper.decode(answers, as_dictionary=True)
        arrays = [batch.column("case_id"), *(decoded[name] for name in ANSWERS[1:])]
        return pa.Table.from_arrays(arrays, names=list(ANSWERS)), answers

    if threads == 1:
        yield from map(group, batches)
        return
    with worker_threads(threads) as pool:
        waiting: deque[Future[tuple[Any, ga.AnswerRows]]] = deque()
        try:
            for batch in batches:
                waiting.append(pool.submit(group, batch))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


@contextmanager
def _writer(partial: Path, target: Path) -> Iterator[Callable[[Any], None]]:
    """Give a function that writes one batch of answers."""
    empty = pa.table({name: pa.nulls(0, pa.string()) for name in ANSWERS})
    if is_parquet(target):
        with _ParquetFile(partial) as write:
            yield write
            if not write.begun:
                write(empty)
        return
    with partial.open("wb") as file:
        file.write((",".join(ANSWERS) + "\n").encode())
        yield lambda table: _write_csv(table, file)


class _ParquetFile:
    """Write tables into one file; the first one decides the types."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer: Any = None

    @property
    def begun(self) -> bool:
        return self.writer is not None

    def __enter__(self) -> _ParquetFile:
        return self

    def __call__(self, table: Any) -> None:
        if self.writer is None:
            import pyarrow.parquet as pq  # noqa: PLC0415  (only where it is needed)

            # Without the Arrow schema readers see texts, not dictionaries.
            self.writer = pq.ParquetWriter(
                self.path, table.schema, use_dictionary=list(ANSWERS[1:]), compression="snappy", store_schema=False
            )
        self.writer.write_table(table)

    def __exit__(self, *_error: object) -> None:
        if self.writer is not None:
            self.writer.close()


def _write_csv(table: Any, file: Any) -> None:
    import pyarrow.csv as pacsv  # noqa: PLC0415  (only where it is needed)

    plain = table.set_column(0, "case_id", guarded_column(as_texts(one_array(table["case_id"]))))
    plain = plain.cast(pa.schema([(name, pa.string()) for name in table.column_names]))
    special = pc.any(pc.match_substring_regex(plain["case_id"], '[",\r\n]')).as_py()
    options = pacsv.WriteOptions(include_header=False, quoting_style="needed" if special else "none")
    pacsv.write_csv(plain, file, write_options=options)
