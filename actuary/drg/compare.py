"""Compare two schemes over the same cases: where the cases of each group go, and which they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuary.drg.case_files import BATCH_CASES, open_cases
from actuary.drg.grouper import Grouper, group_cases
from actuary.drg.panel_words import word
from actuary.drg.scheme import Scheme, load_scheme
from actuary.drg.statuses import Status
from actuary.tables.sheets import DrawnAsSheet, Row, Section, Sheet
from actuary.threads import threads_to_use

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Comparison", "compare_schemes"]

#: Statuses whose cases have a group.
_WITH_GROUP = (Status.GROUPED.value, Status.AMBIGUOUS_QY.value)

#: How many cells and case ids a sheet shows.
_SHOWN_CELLS, _SHOWN_CASES = 30, 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison(DrawnAsSheet):
    """Hold two groupings of the same cases; it draws itself in a notebook.

    Parameters
    ----------
    first, second : str
        Names of the schemes.
    first_fingerprint, second_fingerprint : str
        Hashes of the schemes as they were read.
    titles : mapping of str to (str, str)
        Title of each group in the first and in the second scheme; empty where a scheme has no such group.
    cases : DataFrame
        One row a case, in their order: ``case_id, first_status, first_mdc, first, second_status, second_mdc, second,
        changed``. ``first`` and ``second`` hold the group, or the status where there is none.
    """

    first: str
    second: str
    first_fingerprint: str
    second_fingerprint: str
    titles: Mapping[str, tuple[str, str]]
    cases: pd.DataFrame

    def transitions(self) -> pd.DataFrame:
        """Return one row a pair of groups that has cases.

        Returns
        -------
        DataFrame
            ``first, second, first_title, second_title, cases, share, share_of_first, changed``; the most frequent
            first. Shares are of all cases and of the cases of the first group.
        """
        keys = ["first", "second"]
        table = self.cases.groupby(keys, observed=True, sort=False).size().rename("cases").reset_index()
        table = table.astype({"first": "str", "second": "str"})
        table["share"] = table["cases"] / max(len(self.cases), 1)
        table["share_of_first"] = table["cases"] / table.groupby("first")["cases"].transform("sum")
        table["changed"] = table["first"] != table["second"]
        for place, name in enumerate(keys):
            table[f"{name}_title"] = [self.titles.get(group, ("", ""))[place] for group in table[name]]
        table = table.sort_values(["cases", "first", "second"], ascending=[False, True, True], ignore_index=True)
        columns = [*keys, "first_title", "second_title", "cases", "share", "share_of_first", "changed"]
        return table[columns]

    def to_frame(self, *, case_ids: int | None = None) -> pd.DataFrame:
        """Return the transitions with the cases behind each.

        Parameters
        ----------
        case_ids : int, optional
            How many names of cases to write in each row; all when left out.

        Returns
        -------
        DataFrame
            As `transitions`, and ``case_ids`` joined by ``|``.
        """
        table = self.transitions()
        named = self.cases.assign(case_id=self.cases["case_id"].astype("str"))
        grouped = named.groupby(["first", "second"], observed=True, sort=False)["case_id"]
        behind = {
            pair: "|".join(ids if case_ids is None else ids[:case_ids]) for pair, ids in grouped.agg(list).items()
        }
        table["case_ids"] = [behind[pair] for pair in zip(table["first"], table["second"], strict=True)]
        return table

    def cases_of(self, first: str, second: str) -> list[str]:
        """Return the names of the cases that go from one group (or status) to another, in their order."""
        chosen = (self.cases["first"] == first) & (self.cases["second"] == second)
        return [str(name) for name in self.cases.loc[chosen, "case_id"]]

    def by_mdc(self) -> pd.DataFrame:
        """Return one row a category of the first scheme.

        Returns
        -------
        DataFrame
            ``mdc`` (``0000`` for cases without a group), ``cases, same, changed, share_changed, left`` (cases whose
            category is another one), ``main_destination`` (where most of those that left went; empty for none).
        """
        import pandas as pd  # noqa: PLC0415  (comparing needs frames, importing the module does not)

        rows = []
        for mdc, cases in self.cases.groupby("first_mdc", observed=True, sort=True):
            changed = int(cases["changed"].sum())
            gone = cases.loc[cases["second_mdc"].astype("str") != mdc, "second_mdc"].astype("str")
            destination = str(gone.value_counts().index[0]) if len(gone) else ""
            share = changed / len(cases)
            rows.append((mdc, len(cases), len(cases) - changed, changed, share, len(gone), destination))
        columns = ["mdc", "cases", "same", "changed", "share_changed", "left", "main_destination"]
        return pd.DataFrame(rows, columns=columns)

    def by_status(self) -> pd.DataFrame:
        """Return the cases by status in the first (rows) and in the second scheme (columns)."""
        import pandas as pd  # noqa: PLC0415

        table = pd.crosstab(self.cases["first_status"].astype("str"), self.cases["second_status"].astype("str"))
        order = [status.value for status in Status]
        return table.reindex(index=[s for s in order if s in table.index], columns=[s for s in order if s in table])

    def summary(self) -> dict[str, float]:
        """Return how many cases there are, and how many keep their group or get another.

        ``renamed`` counts those among the changed whose two groups have the same title.
        """
        table = self.transitions()
        count = len(self.cases)
        changed = int(table.loc[table["changed"], "cases"].sum())
        titled = table["changed"] & (table["first_title"] != "") & (table["first_title"] == table["second_title"])
        return {
            "cases": count,
            "same": count - changed,
            "changed": changed,
            "share_changed": changed / count if count else 0.0,
            "renamed": int(table.loc[titled, "cases"].sum()),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the summaries and transitions as plain values."""
        return {
            "first": self.first,
            "second": self.second,
            "first_fingerprint": self.first_fingerprint,
            "second_fingerprint": self.second_fingerprint,
            "summary": self.summary(),
            "by_mdc": self.by_mdc().to_dict("records"),
            "transitions": self.transitions().to_dict("records"),
        }

    def to_sheet(self, lang: str = "zh") -> Sheet:
        """Return the sheet in Chinese (``zh``) or English (``en``)."""
        told = self.summary()
        headline = word("compare_headline", lang).format(**told | {"share": f"{told['share_changed']:.1%}"})
        return Sheet(
            title=word("comparison", lang),
            headline=headline,
            lines=(
                f"{word('first', lang)}: {self.first} ({self.first_fingerprint[:12]})",
                f"{word('second', lang)}: {self.second} ({self.second_fingerprint[:12]})",
            ),
            sections=(self._statuses(lang), self._mdcs(lang), self._transitions(lang)),
            lang=lang,
        )

    def _statuses(self, lang: str) -> Section:
        table = self.by_status()
        names = [Status(name).text(lang) for name in table.columns]
        rows = tuple(
            Row((Status(str(status)).text(lang), *(f"{cell:,}" for cell in cells)))
            for status, cells in zip(table.index, table.to_numpy(), strict=True)
        )
        columns = (f"{self.first} ↓  {self.second} →", *names)
        return Section(title=word("by_status", lang), columns=columns, rows=rows, numeric=tuple(range(1, len(columns))))

    def _mdcs(self, lang: str) -> Section:
        columns = ("MDC", *(word(key, lang) for key in ("cases", "same", "changed", "share_changed", "left", "to")))
        rows = tuple(
            Row((str(mdc), f"{cases:,}", f"{same:,}", f"{changed:,}", f"{share:.1%}", f"{left:,}", destination))
            for mdc, cases, same, changed, share, left, destination in self.by_mdc().itertuples(index=False)
        )
        return Section(title=word("by_mdc", lang), columns=columns, rows=rows, numeric=(1, 2, 3, 4, 5))

    def _transitions(self, lang: str) -> Section:
        table = self.to_frame(case_ids=_SHOWN_CASES)
        table = table[table["changed"]]
        rows = []
        shown: list[Any] = list(table.head(_SHOWN_CELLS).itertuples(index=False))
        for pair in shown:
            ids = ", ".join(pair.case_ids.split("|")) + (" …" if pair.cases > _SHOWN_CASES else "")
            groups = (_named(pair.first, pair.first_title, lang), _named(pair.second, pair.second_title, lang))
            rows.append(Row((*groups, f"{pair.cases:,}", f"{pair.share:.2%}", f"{pair.share_of_first:.1%}", ids)))
        keys = ("cases", "share", "share_of_first", "example_cases")
        rest = len(table) - len(rows)
        return Section(
            title=word("transitions", lang),
            columns=(word("first", lang), word("second", lang), *(word(key, lang) for key in keys)),
            rows=tuple(rows),
            note=word("transitions_note", lang).format(n=rest) if rest > 0 else "",
            numeric=(2, 3, 4),
        )


def _named(group: str, title: str, lang: str) -> str:
    if group in {status.value for status in Status}:
        return Status(group).text(lang)
    return f"{group} {title}".strip()


def compare_schemes(
    cases: str | Path | pd.DataFrame | pa.Table,
    first: str | Path | Scheme,
    second: str | Path | Scheme,
    *,
    threads: int | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Comparison:
    """Group the same cases by two schemes, and say where the cases of each group go.

    Groups are compared by their codes; a group that kept its title under another code counts as changed, and as
    ``renamed`` in the summary.

    Parameters
    ----------
    cases : str, Path, DataFrame or pyarrow.Table
        The cases, or a file of them as Parquet or CSV, read in batches; columns as in
        :func:`~actuary.drg.grouper.group_cases`.
    first, second : str, Path or Scheme
        Names or folders of schemes, or loaded ones.
    threads : int, optional
        Threads to use; as many as there are cores when left out.
    progress : callable, optional
        Called after each batch with the cases done and, where the file tells, the cases in all.

    Returns
    -------
    Comparison
        Of `first` to `second`. Besides the groups it holds the names of the cases only.

    Raises
    ------
    TableError
        When the file cannot be read, or a column is missing.
    UnknownNameError
        When a scheme is not known.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({
    ...     "case_id": ["a", "b"], "sex": [1, 1], "age_years": [60, 50], "age_days": [None, None],
    ...     "birth_weight_g": [None, None], "dx": [["I21.401"], ["K80.201"]], "px": [["36.0700"], ["01.2400x005"]],
    ... })
    >>> plain = load_scheme("chs-drg-1.1")
    >>> compared = compare_schemes(cases, plain, plain.with_switches({"qy": "main"}))
    >>> compared.transitions()[["first", "second", "cases"]].values.tolist()
    [['FM19', 'FM19', 1], ['HU15', 'HQY', 1]]
    """
    schemes = tuple(one if isinstance(one, Scheme) else load_scheme(one) for one in (first, second))
    return Comparison(
        first=schemes[0].name,
        second=schemes[1].name,
        first_fingerprint=schemes[0].fingerprint,
        second_fingerprint=schemes[1].fingerprint,
        titles=_titles(*schemes),
        cases=_grouped_twice(cases, schemes, threads_to_use(threads), progress),
    )


def _titles(first: Scheme, second: Scheme) -> dict[str, tuple[str, str]]:
    titles: list[dict[str, str]] = [
        {row.drg: row.name for rows in scheme.drgs.values() for row in rows} for scheme in (first, second)
    ]
    return {drg: (titles[0].get(drg, ""), titles[1].get(drg, "")) for drg in titles[0] | titles[1]}


def _batches(cases: Any, schemes: tuple[Scheme, ...], threads: int) -> tuple[Iterable[Any], int | None]:
    """Return the cases in batches, and how many there are where that is known."""
    import pyarrow as pa  # noqa: PLC0415

    if not isinstance(cases, str | Path):
        return (cases,), len(cases)
    needed = frozenset().union(*(Grouper.of(scheme).compiled.reads for scheme in schemes))
    names = " and ".join(scheme.name for scheme in schemes)
    batches = open_cases(Path(cases), needed, scheme=names, threads=threads, batch_cases=BATCH_CASES)
    return (pa.Table.from_batches([batch]) for batch in batches), batches.rows


def _grouped_twice(
    cases: Any, schemes: tuple[Scheme, ...], threads: int, progress: Callable[[int, int | None], None] | None
) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415

    columns = ["case_id", "first_status", "first_mdc", "first", "second_status", "second_mdc", "second"]
    kinds = dict.fromkeys(columns[1:], "category")
    batches, count = _batches(cases, schemes, threads)
    parts: list[pd.DataFrame] = []
    done = 0
    for batch in batches:
        part: dict[str, Any] = {}
        for side, scheme in zip(("first", "second"), schemes, strict=True):
            answers = group_cases(batch, scheme, threads=threads)
            answers = answers if isinstance(answers, pd.DataFrame) else answers.to_pandas()
            answers = answers.reset_index(drop=True)
            part.setdefault("case_id", answers["case_id"])
            part[f"{side}_status"], part[f"{side}_mdc"] = answers["status"], answers["mdc"]
            part[side] = answers["drg"].where(answers["status"].isin(_WITH_GROUP), answers["status"])
        parts.append(pd.DataFrame(part))
        done += len(batch)
        if progress:
            progress(done, count)
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns, dtype="str")
    return whole[columns].assign(changed=whole["first"] != whole["second"]).astype(kinds)
