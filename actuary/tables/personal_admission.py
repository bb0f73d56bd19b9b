"""Hold how one table comes in: which columns are left out, and where keys stand for persons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from actuary.errors import Problem, TableError, raise_all
from actuary.tables.personal_cells import has_stray, keyed, used_words
from actuary.tables.personal_columns import PersonalColumn

if TYPE_CHECKING:
    from actuary.tables.personal_door import Door

__all__ = ["Admission", "refuse_persons"]

#: The two ways on, for messages.
WAYS_ON = (
    "leave them out with --drop-personal, or replace them by keys with --personal-key FILE (actuary personal key new "
    "FILE makes one); a column that holds no persons: --not-personal COLUMN (docs/personal-data.md)"
)


@dataclass(frozen=True, slots=True)
class Admission:
    """Hold how one table comes in.

    Parameters
    ----------
    where : str
        How messages call it.
    door : Door
        What was set when it was opened.
    found : tuple of PersonalColumn
        Its personal columns; empty when it has none.
    table : pyarrow.Table or None
        The table as it came in, where it was given whole.
    """

    where: str
    door: Door
    found: tuple[PersonalColumn, ...]
    table: Any = None

    @property
    def dropped(self) -> frozenset[str]:
        """Columns that are left out."""
        return frozenset(one.column for one in self.found) if self.door.drop else frozenset()

    def choose(self, choose: Callable[[list[str]], Iterable[str]], names: Sequence[str]) -> list[str]:
        """Return the columns that a reader wants, of those that are not left out.

        Raises
        ------
        TableError
            When it cannot do without one that is left out.
        """
        try:
            return list(choose([name for name in names if name not in self.dropped]))
        except TableError as error:
            self.require(one.column for one in self.found if f"{one.column!r}" in str(error))
            raise

    def require(self, columns: Iterable[str]) -> None:
        """Raise when a column that a reader cannot do without is left out.

        Raises
        ------
        TableError
            Names it, what it holds, and the way on.
        """
        needed = set(columns) & self.dropped
        mend = "replace it by keys instead: --personal-key FILE"
        left = [one for one in self.found if one.column in needed]
        raise_all(
            [Problem(self.where, f"{one}, left out", "a column that is needed", mend) for one in left], TableError
        )

    def batches(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Give batches with keys in the place of persons.

        Raises
        ------
        TableError
            When a number of a person stands where none was seen before, and there is no key.
        """
        return (self.rows(batch) for batch in batches)

    def rows(self, batch: Any) -> Any:
        """Return a batch or a table with keys in the place of persons; columns that are left out are gone.

        So are words of dictionaries that no cell has, and what else the file says of itself.

        Raises
        ------
        TableError
            When it holds persons and no way for them was chosen.
        """
        by = {one.column: one for one in self.found}
        keep = [at for at, name in enumerate(batch.schema.names) if name not in self.dropped]
        names = [batch.schema.names[at] for at in keep]
        if not self.door.has_way:
            refuse_persons([by[name] for name in names if name in by], self.where)
        columns = [self._column(name, used_words(batch.column(at)), by) for at, name in zip(keep, names, strict=True)]
        same = len(keep) == batch.num_columns and all(new is batch.column(at) for at, new in enumerate(columns))
        if same and batch.schema.metadata is None:
            return batch
        fields = [pa.field(name, column.type) for name, column in zip(names, columns, strict=True)]
        return type(batch).from_arrays(columns, schema=pa.schema(fields))

    def _column(self, name: str, column: Any, by: Mapping[str, PersonalColumn]) -> Any:
        if name in self.door.trusted:
            return column
        if name in by and self.door.key is not None:
            return keyed(column, self.door.key, whole=by[name].by == "name", where=f"{self.where}, {name}")
        if not has_stray(column, self.door.rules, money=self.door.rules.is_money(name)):
            return column
        if self.door.key is not None:
            return keyed(column, self.door.key, whole=False, where=f"{self.where}, {name}")
        found = f"identity numbers or telephone numbers in some cells of {name!r}"
        mend = "replace them by keys: --personal-key FILE; or correct the cells" if self.door.drop else WAYS_ON
        raise TableError(Problem(self.where, found, "a column without persons", mend))


def refuse_persons(found: Sequence[PersonalColumn], where: str) -> None:
    """Raise where columns hold persons, and name the ways on.

    Parameters
    ----------
    found : sequence of PersonalColumn
        The columns.
    where : str
        The table.

    Raises
    ------
    TableError
        When there is any.
    """
    if found:
        columns = "; ".join(str(one) for one in found)
        raise TableError(Problem(where, f"personal columns: {columns}", "a table without persons", WAYS_ON))
