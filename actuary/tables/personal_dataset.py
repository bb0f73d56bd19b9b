"""Decide for all parts of a dataset together which columns are personal, so that every part is treated alike.

A column of telephones may be empty in one part and full in another. Who looks at each part alone would leave it out
here and keep it there.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from actuary.tables.personal_admission import refuse_persons
from actuary.tables.personal_columns import PersonalColumn, recognise_columns
from actuary.tables.personal_door import check_file_name, current_door
from actuary.tables.personal_sample import sample_file

__all__ = ["decide_parts"]

#: Parts that are looked at; of more of them so many, evenly spaced. A part that differs from these is told when it is
#: read.
_PARTS = 2_000
_READERS = 8


def decide_parts(root: Path, parts: Sequence[Path]) -> tuple[PersonalColumn, ...]:
    r"""Look at the parts of a dataset, and treat as personal in all of them what is personal in any.

    The door that is set remembers it, also where it is carried to other processes.

    Parameters
    ----------
    root : Path
        The folder, or the one file.
    parts : sequence of Path
        Its files.

    Returns
    -------
    tuple of PersonalColumn
        The personal columns of the dataset.

    Raises
    ------
    TableError
        When there are any and no way for them was chosen.

    Examples
    --------
    >>> import tempfile
    >>> from actuary.tables.personal_door import admit_file, personal_door
    >>> with tempfile.TemporaryDirectory() as folder, personal_door(drop=True):
    ...     parts = [Path(folder) / name for name in ("1.csv", "2.csv")]
    ...     for part, tel in zip(parts, ("13800000000", "none"), strict=True):
    ...         _ = part.write_text(f"case_id,ext1\na,{tel}\n", encoding="utf-8")
    ...     _ = decide_parts(Path(folder), parts)
    ...     [sorted(admit_file(part).dropped) for part in parts]
    [['ext1'], ['ext1']]
    """
    door = current_door()
    for part in parts:
        check_file_name(str(part.relative_to(root.parent)))
    step = -(-len(parts) // _PARTS) or 1

    def look(part: Path) -> tuple[PersonalColumn, ...]:
        sample = sample_file(part, rows=door.rules.sampled_rows)
        return () if sample is None else recognise_columns(sample, door.rules, trusted=door.trusted)

    with ThreadPoolExecutor(_READERS) as pool:
        found = {one.column: one for columns in pool.map(look, parts[::step]) for one in columns}
    known = tuple(found.values())
    if not door.has_way:
        if door.rules.policy == "refuse":
            refuse_persons(known, str(root))
        return known
    door.datasets[str(root.absolute())] = known
    return known
