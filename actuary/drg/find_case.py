"""Take one case out of a file by its name."""

from __future__ import annotations

from pathlib import Path

from actuary.drg.case_files import BATCH_CASES, open_cases
from actuary.drg.cases import Case
from actuary.drg.grouper import Grouper
from actuary.drg.scheme import Scheme
from actuary.errors import Problem, UnknownNameError, nearest_name

__all__ = ["find_case"]

#: How many names the nearest one is looked for among, and how many are shown.
_COMPARED, _SHOWN = 2_000, 3


def find_case(path: str | Path, case_id: str, scheme: Scheme) -> Case:
    """Return the first case of that name in a file.

    Parameters
    ----------
    path : str or Path
        Cases as Parquet or CSV by suffix.
    case_id : str
        The name looked for.
    scheme : Scheme
        The scheme that will read it; says which columns are needed.

    Raises
    ------
    TableError
        When the file cannot be read or lacks a column.
    UnknownNameError
        When no case has that name; says how many cases there are and names the nearest.
    """
    needed = Grouper.of(scheme).compiled.reads
    batches = open_cases(Path(path), needed, scheme=scheme.name, threads=1, batch_cases=BATCH_CASES)
    names: list[str] = []
    for batch in batches:
        here = [str(name) for name in batch.column("case_id").to_pylist()]
        if case_id in here:
            place = here.index(case_id)
            cells = {name: batch.column(name)[place].as_py() for name in batch.schema.names}
            return Case(**cells | {"case_id": case_id})
        names += here
    raise UnknownNameError(_unknown(path, case_id, names))


def _unknown(path: str | Path, case_id: str, names: list[str]) -> Problem:
    shown = ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
    expected = f"the name of one of its {len(names):,} cases ({shown})" if names else "a file with at least one case"
    # The names that begin alike the longest: comparing with all of them would take long in a large file.
    alike = [name for name in names if name]
    for length in range(1, len(case_id) + 1):
        closer = [name for name in alike if name.startswith(case_id[:length])]
        if not closer:
            break
        alike = closer
        if len(alike) <= _COMPARED:
            break
    near = nearest_name(case_id, alike[:_COMPARED])
    return Problem(f"{path}, case_id", repr(case_id), expected, f"did you mean {near!r}?" if near else "")
