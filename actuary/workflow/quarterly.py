"""The quarterly actuarial report, from the declared rules and the published figures to the finished folder."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuary.errors import UnknownNameError, unknown_name
from actuary.paths import data_root, given_folder, models_root, notebooks_root
from actuary.periods import Quarter
from actuary.workflow.manifest import file_sha256, write_manifest
from actuary.workflow.outputs import MANIFEST, check_output, staged_output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actuary.payment.exact import Number
    from actuary.payment.settlement import Settlement
    from actuary.report.case_figures import CaseFigures
    from actuary.report.contracts import Gap, ReportData

__all__ = ["LANGUAGES", "WrittenReport", "folder_name", "wanted_quarter", "write_report"]

#: Languages that a report can be written in.
LANGUAGES = ("zh", "en")

_NOTEBOOK = "quarterly_report.ipynb"
_DATA = "report_data.json"
#: Root seed of the random streams; no part of the report draws from one yet.
_SEED = 0
_QUARTERLY = "quarterly"
_YEAR_END = 4


def folder_name(city: str, quarter: Quarter | str, lang: str, plan: str = _QUARTERLY) -> str:
    """Return the name of the folder of a report.

    Examples
    --------
    >>> folder_name("national", "2024Q4", "zh"), folder_name("national", "2024Q4", "zh", "annual")
    ('national-2024Q4-zh', 'national-2024Q4-zh-annual')
    """
    return f"{city}-{quarter}-{lang}" + ("" if plan == _QUARTERLY else f"-{plan}")


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """Say where a report lies.

    Parameters
    ----------
    title : str
        What it is about.
    folder : Path
        Where it lies.
    files : tuple of Path
        Its files: PDF, summary, HTML, Word, Excel annex, figures as JSON, manifest.
    gaps : tuple of Gap
        What the report lacks, and why: its cover says the same. Empty when it is whole.
    """

    title: str
    folder: Path
    files: tuple[Path, ...]
    gaps: tuple[Gap, ...] = ()

    def _repr_html_(self) -> str:
        rows = "".join(f'<li><a href="{path.as_uri()}">{path.name}</a></li>' for path in self.files)
        lacking = "".join(f"<li>{escape(gap.title)}: {escape(gap.reason)}</li>" for gap in self.gaps)
        missing = f"<p>It lacks:</p><ul>{lacking}</ul>" if lacking else ""
        return f"<p>{escape(self.title)}: {escape(str(self.folder))}</p><ul>{rows}</ul>{missing}"


def _quiet(_text: str) -> None:
    pass


class _Steps:
    """Tell the person who waits what is being done, and how long each step took."""

    def __init__(self, say: Callable[[str], None], total: int) -> None:
        self._say, self._total, self._number = say, total, 0

    @contextmanager
    def __call__(self, text: str) -> Iterator[None]:
        self._number += 1
        started = time.perf_counter()
        self._say(f"[{self._number}/{self._total}] {text} …")
        yield
        self._say(f"[{self._number}/{self._total}] {text}: {time.perf_counter() - started:.1f} s")


def write_report(  # noqa: PLR0913 (what a report is asked for)
    city: str = "national",
    quarter: str | Quarter | None = None,
    *,
    lang: str = "zh",
    out: Path | str | None = None,
    basis: str = "base",
    plan: str = "quarterly",
    cases: CaseFigures | Settlement | Path | str | None = None,
    policy: str | None = None,
    budget: Mapping[str, Number] | Number | None = None,
    hospitals: Path | str | None = None,
    previous: Path | str | None = None,
    models: Path | str | None = None,
    data: Path | str | None = None,
    progress: Callable[[str], None] = _quiet,
) -> WrittenReport:
    """Write the quarterly actuarial report of a region, or the annual one.

    The notebook ``notebooks/quarterly_report.ipynb`` is executed with these parameters; PDF, summary, HTML, Word,
    Excel annex and JSON are made from what it builds. The folder appears whole or not at all. A report that lacks
    something comes all the same: it says on its cover and in place what is missing and why.

    Parameters
    ----------
    city : str
        Region id, see :func:`actuary.list_cities`.
    quarter : str or Quarter, optional
        Report quarter; the last with published figures when left out.
    lang : str
        ``zh`` or ``en``.
    out : path, optional
        Folder to write; ``output/<city>-<quarter>-<lang>`` when left out, with the plan behind it unless it
        is the quarterly one. An earlier report in it is replaced.
    basis : str
        Assumption basis.
    plan : str
        Report plan under ``models/reports``: ``quarterly`` tells some sections in short, ``annual`` all in full.
    cases : path or Settlement, optional
        Settled cases of a city, for the pages on payment and hospitals: the folder that ``actuary settle`` wrote, a
        folder of such folders laid out as ``<city>/<quarter>``, a file of cases with a policy, or the answer of
        :func:`actuary.settle_cases`. When left out, what the data folder holds under ``settled/<city>/<quarter>``.
        Nothing of a single case comes into the report.
    policy : str, optional
        Payment policy, with a file of cases.
    budget : mapping of str to number, or number, optional
        Budgets of the policy's pools [yuan], with a file of cases.
    hospitals : path, optional
        List of hospitals with their tiers, with a file of cases.
    previous : path, optional
        Folder of an earlier report of the region, held against what came.
    models, data : Path, optional
        Folders laid out as ``models/`` and ``data/``; those of the package when left out.
    progress : callable
        Receives one line a step.

    Returns
    -------
    WrittenReport
        Where the files lie, and what the report lacks.

    Raises
    ------
    UnknownNameError, PeriodError, DeclarationError, TableError
        When region, quarter, language, rules, tables or cases are not what they should be; found before any work is
        done.
    OutputError
        When the folder cannot be written.
    KeyboardInterrupt
        When stopped; nothing has been written then.

    Examples
    --------
    >>> write_report("national", "2024Q4", lang="en", out="reports/national")  # doctest: +SKIP
    >>> write_report("shenyan")
    Traceback (most recent call last):
    actuary.errors.UnknownNameError: region: found 'shenyan'; ... did you mean 'shenyang'?
    """
    if lang not in LANGUAGES:
        raise UnknownNameError(unknown_name("--lang", lang, LANGUAGES, what="language"))
    from actuary.report.expectations import read_expectations  # noqa: PLC0415  (loads the numerical libraries)

    models, data = given_folder(models, what="models"), given_folder(data, what="data")
    steps = _Steps(progress, 8)
    with steps("check the inputs"):
        wanted = _check_inputs(city, quarter, basis=basis, plan=plan, models=models, data=data)
        folder = check_output(Path(out) if out is not None else Path("output") / folder_name(city, wanted, lang, plan))
        earlier = None if previous is None else Path(previous).expanduser().resolve()
        if earlier is not None:
            read_expectations(earlier, city, wanted)
    with steps("read the cases"):
        figures = _read_cases(
            cases, city, wanted, plan=plan, policy=policy, budget=budget, hospitals=hospitals, models=models, data=data
        )
    roots = {
        "models": (models or models_root()).resolve(),
        "data": (data or data_root()).resolve(),
        "notebooks": notebooks_root().resolve(),
    }
    with staged_output(folder) as staging:
        report = _build(
            staging,
            {"city": city, "quarter": str(wanted), "lang": lang, "basis": basis, "plan": plan}
            | ({} if earlier is None else {"previous": str(earlier)}),
            cases=figures,
            roots=roots,
            steps=steps,
        )
        run: dict[str, Any] = {
            "city": city,
            "quarter": str(wanted),
            "lang": lang,
            "basis": basis,
            "plan": plan,
            "fingerprint": report.cover.fingerprint,
            "data_fingerprint": report.cover.data_fingerprint,
            "synthetic": report.cover.synthetic,
            "lacks": [{"section": gap.section, "reason": gap.reason} for gap in report.cover.gaps],
        }
        if earlier is not None:
            run["previous"] = _checksum_of(earlier)
        if figures is not None:
            run["cases"] = {
                "fingerprint": figures.fingerprint,
                "policy": figures.policy,
                "synthetic": figures.synthetic,
                "of_period": figures.cases,
                "held": figures.held_cases,
                "sha256": dict(figures.checksums),
            }
        command = ["actuary", "report", "--city", city, "--quarter", str(wanted), "--lang", lang, "--basis", basis]
        command += [] if plan == _QUARTERLY else ["--plan", plan]
        given = {"cases": cases if isinstance(cases, Path | str) else None, "policy": policy, "hospitals": hospitals}
        given |= {"previous": previous, "models": models, "data": data}
        command += [text for name, value in given.items() if value for text in (f"--{name}", str(value))]
        command += [text for part in _budget_words(budget) for text in ("--budget", part)]
        write_manifest(staging, command=command, run=run, roots=roots, seed=_SEED)
        names = sorted(path.name for path in staging.iterdir())
    order = (".pdf", ".html", ".docx", ".xlsx", ".json")
    files = sorted((folder / name for name in names), key=lambda p: (p.name == MANIFEST, order.index(p.suffix)))
    return WrittenReport(report.cover.title, folder, tuple(files), report.cover.gaps)


def _read_cases(  # noqa: PLR0913 (the forms in which cases come)
    cases: CaseFigures | Settlement | Path | str | None,
    city: str,
    quarter: Quarter,
    *,
    plan: str,
    policy: str | None,
    budget: Mapping[str, Number] | Number | None,
    hospitals: Path | str | None,
    models: Path | None,
    data: Path | None,
) -> CaseFigures | None:
    """Add the cases up here, so that the notebook never holds one."""
    from actuary.policy import load_report_plan  # noqa: PLC0415
    from actuary.report.cases_given import cases_of_report  # noqa: PLC0415  (loads the numerical libraries)

    return cases_of_report(
        cases,
        city,
        quarter,
        kind=load_report_plan(plan, root=models).kind,
        policy=policy,
        budget=budget,
        hospitals=hospitals,
        models=models,
        data=data,
    )


def _checksum_of(report: Path) -> dict[str, str]:
    """Return the checksum of the figures of an earlier report."""
    path = report / _DATA if report.is_dir() else report
    return {"file": path.name, "sha256": file_sha256(path)}


def _budget_words(budget: Mapping[str, Number] | Number | None) -> list[str]:
    """Return a budget as it is written on the command line."""
    if budget is None:
        return []
    return [f"{name}={amount}" for name, amount in budget.items()] if isinstance(budget, Mapping) else [str(budget)]


def wanted_quarter(
    city: str, quarter: str | Quarter | None, *, plan: str, models: Path | None, data: Path | None
) -> Quarter:
    """Return the quarter of a report: the one asked for, or the last with data, of an annual report the last fourth.

    Raises
    ------
    PeriodError
        When an annual report is asked for a quarter that ends no year.
    """
    from actuary.policy import load_report_plan  # noqa: PLC0415
    from actuary.report.build import check_period  # noqa: PLC0415  (loads the numerical libraries)
    from actuary.workflow.regions import report_quarter  # noqa: PLC0415

    declared = load_report_plan(plan, root=models)
    wanted = report_quarter(city, quarter, models=models, data=data)
    if quarter is None and declared.kind == "annual":
        wanted += -(wanted.number % _YEAR_END)  # the last year that has ended
    check_period(wanted, declared)
    return wanted


def _check_inputs(
    city: str, quarter: str | Quarter | None, *, basis: str, plan: str, models: Path | None, data: Path | None
) -> Quarter:
    """Find what is wrong with the request before a kernel is started; return the quarter."""
    from actuary.workflow.regions import project_city  # noqa: PLC0415  (loads the numerical libraries)

    wanted = wanted_quarter(city, quarter, plan=plan, models=models, data=data)
    project_city(city, wanted, basis=basis, models=models, data=data)
    return wanted


def _build(
    staging: Path,
    parameters: Mapping[str, str],
    *,
    cases: CaseFigures | None,
    roots: Mapping[str, Path],
    steps: _Steps,
) -> ReportData:
    from actuary.report import (  # noqa: PLC0415  (the renderers are heavy)
        ReportData,
        execute_notebook,
        render_docx,
        render_excel,
        render_html,
        render_pdf,
        render_summary,
    )

    target = staging / _DATA
    folders = {"models": str(roots["models"]), "data": str(roots["data"]), "output": str(target)}
    with steps("run the notebook"), tempfile.TemporaryDirectory(prefix="actuary-cases-") as place:
        if cases is not None:
            figures = Path(place) / "cases.json"
            figures.write_text(cases.to_json(), encoding="utf-8")
            folders["cases"] = str(figures)
        notebook = execute_notebook(roots["notebooks"] / _NOTEBOOK, {**parameters, **folders})
    report = ReportData.from_json(target.read_text(encoding="utf-8"))
    with steps("typeset the PDF"):
        (staging / "report.pdf").write_bytes(render_pdf(report))
    with steps("typeset the summary"):
        (staging / "summary.pdf").write_bytes(render_summary(report))
    with steps("write the HTML"):
        (staging / "report.html").write_bytes(render_html(report, notebook))
    with steps("write the Word document"):
        (staging / "report.docx").write_bytes(render_docx(report))
    with steps("write the Excel annex"):
        (staging / "annex.xlsx").write_bytes(render_excel(report))
    return report
