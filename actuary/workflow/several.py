"""Several reports at once: each whole or not at all, an index of them, and a page that compares them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from actuary.errors import ActuaryError, OutputError, Problem, TableError, UnknownNameError, unknown_name
from actuary.periods import Quarter
from actuary.workflow.outputs import check_output, replace_file
from actuary.workflow.quarterly import LANGUAGES, WrittenReport, folder_name, wanted_quarter, write_report

__all__ = ["ReportOutcome", "WrittenReports", "write_reports"]

INDEX, COMPARISON = "index.html", "comparison.html"
_OURS = b'<meta name="generator" content="actuary">'


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """Say what became of one report.

    Parameters
    ----------
    city : str
        Region id.
    quarter : str
        Report quarter; as asked for where it could not be read.
    report : WrittenReport or None
        Where it lies; None when it failed.
    error : str
        Why it failed; empty when it did not.
    seconds : float
        How long it took [s].
    """

    city: str
    quarter: str
    report: WrittenReport | None
    error: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class WrittenReports:
    """Say what became of several reports.

    Parameters
    ----------
    folder : Path
        Holds a folder for every report, and the pages about them.
    outcomes : tuple of ReportOutcome
        One a report asked for, in that order.
    index : Path
        Page that lists them.
    comparison : Path or None
        Page that compares them; None when fewer than two were written.
    """

    folder: Path
    outcomes: tuple[ReportOutcome, ...]
    index: Path
    comparison: Path | None = None

    @property
    def written(self) -> tuple[WrittenReport, ...]:
        """The reports that were written."""
        return tuple(outcome.report for outcome in self.outcomes if outcome.report is not None)

    @property
    def failed(self) -> tuple[ReportOutcome, ...]:
        """The reports that were not."""
        return tuple(outcome for outcome in self.outcomes if outcome.report is None)

    def _repr_html_(self) -> str:
        items = "".join(
            f"<li>{escape(one.city)} {escape(one.quarter)}: "
            f"{escape(str(one.report.folder)) if one.report else escape(one.error)}</li>"
            for one in self.outcomes
        )
        return f'<p><a href="{self.index.as_uri()}">{self.index}</a></p><ul>{items}</ul>'


def write_reports(  # noqa: PLR0913 - the options of one report, for several
    cities: Sequence[str],
    quarters: Sequence[str | Quarter | None] = (None,),
    *,
    lang: str = "zh",
    out: Path | str | None = None,
    basis: str = "base",
    plan: str = "quarterly",
    cases: Path | str | None = None,
    models: Path | str | None = None,
    data: Path | str | None = None,
    progress: Callable[[str], None] = lambda _text: None,
    finished: Callable[[ReportOutcome], None] = lambda _outcome: None,
) -> WrittenReports:
    """Write the report of every region for every quarter, an index of them and a comparison between them.

    One report that fails does not stop the others: the index says why it is missing.

    Parameters
    ----------
    cities : sequence of str
        Region ids.
    quarters : sequence of str, Quarter or None
        Report quarters; None for the last of each region.
    lang : str
        ``zh`` or ``en``.
    out : path, optional
        Folder of the folders, ``<city>-<quarter>-<lang>`` each; ``output`` when left out.
    basis, plan : str
        As for :func:`actuary.write_report`.
    cases : path, optional
        Folder that ``actuary settle`` wrote, for the reports of one city; or a folder of such folders laid out as
        ``<city>/<quarter>``, or ``<city>`` for one of a whole year: a report that finds none there says so.
    models, data : path, optional
        As for :func:`actuary.write_report`.
    progress : callable
        Receives one line a step.
    finished : callable
        Receives what became of each report, as soon as it is known.

    Returns
    -------
    WrittenReports
        What became of each, and where the pages about them lie.

    Raises
    ------
    UnknownNameError
        When the language is unknown.
    OutputError
        When the folder cannot be written, or holds pages of somebody else under the names of ours.
    KeyboardInterrupt
        When stopped; the reports that were finished stay.

    Examples
    --------
    >>> write_reports(["national", "shenyang"], ["2023Q4", "2024Q4"], out="reports")  # doctest: +SKIP
    >>> write_reports(["national"], lang="fr")
    Traceback (most recent call last):
    actuary.errors.UnknownNameError: --lang: found 'fr'; expected a known language (en, zh)
    """
    if lang not in LANGUAGES:
        raise UnknownNameError(unknown_name("--lang", lang, LANGUAGES, what="language"))
    _check_cases(cases, cities)
    folder = _parent(Path(out) if out is not None else Path("output"))
    wanted = list(dict.fromkeys((city, quarter) for city in cities for quarter in quarters))
    outcomes: list[ReportOutcome] = []
    for number, (city, quarter) in enumerate(wanted, 1):
        name = f"{city} {quarter}" if quarter is not None else city
        head = f"({number}/{len(wanted)}) {name} "
        outcome = _one(
            city,
            quarter,
            folder=folder,
            lang=lang,
            basis=basis,
            plan=plan,
            cases=cases,
            models=models,
            data=data,
            progress=lambda text, head=head: progress(head + text),  # type: ignore[misc]
        )
        outcomes.append(outcome)
        finished(outcome)
    progress("write the index and the comparison …")
    return _pages(folder, outcomes, lang=lang)


def _parent(folder: Path) -> Path:
    """Check the folder of the folders before any work is done: it may hold anything but strange pages of our names."""
    folder = folder.expanduser().resolve()
    check_output(folder / ".reports")
    for name in (INDEX, COMPARISON):
        page = folder / name
        if page.exists() and _OURS not in page.read_bytes()[:1000]:
            raise OutputError(
                Problem(
                    f"--out {folder}",
                    f"{name}, which no earlier run wrote",
                    "a folder without it",
                    "choose another folder with --out",
                )
            )
    return folder


def _one(  # noqa: PLR0913 (the options of one report)
    city: str,
    quarter: str | Quarter | None,
    *,
    folder: Path,
    lang: str,
    basis: str,
    plan: str,
    cases: Path | str | None,
    models: Path | str | None,
    data: Path | str | None,
    progress: Callable[[str], None],
) -> ReportOutcome:
    from actuary.paths import given_folder  # noqa: PLC0415

    started = time.perf_counter()
    label = str(quarter) if quarter is not None else ""
    try:
        label = str(
            wanted_quarter(
                city,
                quarter,
                plan=plan,
                models=given_folder(models, what="models"),
                data=given_folder(data, what="data"),
            )
        )
        report = write_report(
            city,
            label,
            lang=lang,
            out=folder / folder_name(city, label, lang, plan),
            basis=basis,
            plan=plan,
            cases=_cases_of(cases, city, label),
            models=models,
            data=data,
            progress=progress,
        )
    except ActuaryError as error:
        return ReportOutcome(city, label, None, str(error), time.perf_counter() - started)
    return ReportOutcome(city, label, report, "", time.perf_counter() - started)


def _check_cases(cases: Path | str | None, cities: Sequence[str]) -> None:
    """Check before any report that there is something, and that one settlement is not to serve several cities."""
    if cases is None:
        return
    path = Path(cases).expanduser()
    if not path.exists():
        expected = "folders that `actuary settle … --out` wrote, as <city>/<quarter>"
        raise TableError(Problem(f"--cases {path}", "no such file or folder", expected))
    if len(set(cities)) > 1 and (path.is_file() or (path / "settlement.json").is_file()):
        expected = "a folder of settlements, as <city>/<quarter>"
        raise TableError(Problem(f"--cases {path}", f"one settlement for {len(set(cities))} regions", expected))


def _cases_of(cases: Path | str | None, city: str, label: str) -> Path | None:
    """Return the settlement of one report; None where the folder of settlements has none for it."""
    if cases is None:
        return None
    from actuary.report.case_source import find_cases, is_settled  # noqa: PLC0415

    found = find_cases(cases, city, Quarter.parse(label))
    return found if found is not None and (found.is_file() or is_settled(found)) else None


def _pages(folder: Path, outcomes: Sequence[ReportOutcome], *, lang: str) -> WrittenReports:
    from actuary.report.comparison import compare_reports  # noqa: PLC0415 - the renderers are heavy
    from actuary.report.contracts import ReportData  # noqa: PLC0415
    from actuary.report.index_page import IndexEntry, render_index  # noqa: PLC0415
    from actuary.report.render_html import render_html  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    data = [
        ReportData.from_json((one.report.folder / "report_data.json").read_text(encoding="utf-8"))
        if one.report
        else None
        for one in outcomes
    ]
    known = [report for report in data if report is not None]
    comparison = folder / COMPARISON if len(known) > 1 else None
    if comparison is not None:
        replace_file(comparison, render_html(compare_reports(known)))
    else:
        (folder / COMPARISON).unlink(missing_ok=True)  # one of an earlier run would speak of other reports
    entries = [
        IndexEntry(
            region=report.cover.region_name if report is not None else one.city,
            quarter=one.quarter,
            title=report.cover.title if report is not None else "",
            files=tuple(_addresses(one, folder)),
            gaps=report.cover.gaps if report is not None else (),
            error=one.error,
        )
        for one, report in zip(outcomes, data, strict=True)
    ]
    index = folder / INDEX
    replace_file(index, render_index(entries, lang=lang, comparison=COMPARISON if comparison is not None else ""))
    return WrittenReports(folder, tuple(outcomes), index, comparison)


def _addresses(outcome: ReportOutcome, folder: Path) -> Iterator[str]:
    for path in outcome.report.files if outcome.report is not None else ():
        yield path.relative_to(folder).as_posix()
