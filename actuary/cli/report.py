"""`actuary report`: write the quarterly or the annual actuarial report, of one region or of several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actuary.cli.console import Data, Lang, Language, Models, say, teaching
from actuary.errors import OutputError, Problem

if TYPE_CHECKING:
    from actuary.report.contracts import Gap
    from actuary.workflow import ReportOutcome

__all__ = ["EXIT_FAILED_SOME", "EXIT_LACKING", "register"]

#: The report was written, but lacks something that its cover names.
EXIT_LACKING = 3
#: Of several reports, some were written and some could not be.
EXIT_FAILED_SOME = 4

_QUARTERLY, _ANNUAL = "quarterly", "annual"

Cities = Annotated[
    list[str] | None,
    typer.Option(
        "--city",
        "-c",
        help="Region: national, shenyang … (see: actuary cities). Several: repeat it, or join them by commas.",
        show_default="national",
    ),
]
Quarters = Annotated[
    list[str] | None,
    typer.Option(
        "--quarter",
        "-q",
        help="Report quarter, such as 2024Q4. Several: repeat it, or join them by commas.",
        show_default="the last with data",
    ),
]


@teaching
def report(  # noqa: PLR0913, PLR0917 (the options of the verb)
    city: Cities = None,
    quarter: Quarters = None,
    lang: Lang = Language.ZH,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder to write; of several reports, the folder of their folders.",
            show_default="output/<city>-<quarter>-<lang>; output",
        ),
    ] = None,
    basis: Annotated[str, typer.Option(help="Assumption basis.")] = "base",
    annual: Annotated[
        bool, typer.Option("--annual", help="The annual report: every section in full. Its quarter is a year's fourth.")
    ] = False,
    plan: Annotated[
        str | None,
        typer.Option(help="Report plan, a file of models/reports.", show_default="quarterly; annual with --annual"),
    ] = None,
    cases: Annotated[
        Path | None,
        typer.Option(
            "--cases",
            help="Settled cases of the city: a folder that `actuary settle` wrote; a folder of such, as "
            "<city>/<quarter>; or a .parquet or .csv file of cases, with --policy.",
            show_default="<data>/settled/<city>/<quarter>",
        ),
    ] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", "-p", help="With a file of cases: the payment policy that settles them.")
    ] = None,
    budget: Annotated[
        list[str] | None, typer.Option("--budget", "-b", help="With a file of cases: the budget, as of actuary settle.")
    ] = None,
    hospitals: Annotated[
        Path | None, typer.Option(help="With a file of cases: list of hospitals, CSV: hospital, tier.")
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(
            "--previous",
            help="Folder of an earlier report of the region, held against what came.",
            show_default="that of the quarter before, forecast again",
        ),
    ] = None,
    models: Models = None,
    data: Data = None,
) -> None:
    """Write the quarterly actuarial report: PDF, HTML, Word, summary, Excel annex, JSON, and a manifest.

    The folder appears whole or not at all; an earlier report in it is replaced. Several regions or quarters get a
    folder each, an index page and a page that compares them; one that fails does not stop the others.

    Exit status: 0 written whole; 2 nothing was written; 3 written, but something is missing, which the cover names;
    4 of several reports some could not be written; 130 stopped.

    Examples:  actuary report  |  actuary report --city shenyang --lang en --out reports/shenyang  |
    actuary report --city national,shenyang --quarter 2023Q4 --quarter 2024Q4 --out reports  |
    actuary report --annual --quarter 2024Q4  |  actuary report --city shenyang --quarter 2024Q4 --cases settled
    """
    from actuary.cli.settle import read_budget  # noqa: PLC0415
    from actuary.workflow import write_report  # noqa: PLC0415  (heavy: loads when the verb runs)

    cities = _parted(city) or ["national"]
    quarters: list[str | None] = [*_parted(quarter)] or [None]
    if annual and plan not in {None, _ANNUAL}:
        raise OutputError(Problem("--annual, --plan", f"both, and --plan {plan}", "one of them"))
    chosen = plan or (_ANNUAL if annual else _QUARTERLY)
    if len(cities) * len(quarters) > 1:
        if previous is not None:
            raise OutputError(Problem("--previous", "several reports", "one report, to hold the earlier one against"))
        if policy is not None or budget is not None or hospitals is not None:
            expected = "one report, or --cases with settled cases as <city>/<quarter>"
            raise OutputError(Problem("--policy, --budget, --hospitals", "several reports", expected))
        _several(
            cities, quarters, lang=lang.value, out=out, basis=basis, plan=chosen, cases=cases, models=models, data=data
        )
        return
    written = write_report(
        cities[0],
        quarters[0],
        lang=lang.value,
        out=out,
        basis=basis,
        plan=chosen,
        cases=cases,
        policy=policy,
        budget=read_budget(budget),
        hospitals=hospitals,
        previous=previous,
        models=models,
        data=data,
        progress=say,
    )
    say(f"The report on {written.title} lies in {written.folder}:")
    for path in written.files:
        typer.echo(str(path))
    if written.gaps:
        _tell(written.gaps)
        raise typer.Exit(EXIT_LACKING)


def _parted(given: Sequence[str] | None) -> list[str]:
    """Return the names that were repeated or joined by commas, each once."""
    names = [name.strip() for text in given or () for name in text.split(",")]
    return list(dict.fromkeys(name for name in names if name))


def _tell(gaps: Sequence[Gap]) -> None:
    say("It lacks, as its cover says:")
    for gap in gaps:
        say(f"  {gap.title}: {gap.reason}")


def _several(  # noqa: PLR0913 (the options of the verb)
    cities: Sequence[str],
    quarters: Sequence[str | None],
    *,
    lang: str,
    out: Path | None,
    basis: str,
    plan: str,
    cases: Path | None,
    models: Path | None,
    data: Path | None,
) -> None:
    from actuary.workflow import write_reports  # noqa: PLC0415

    done: list[ReportOutcome] = []

    def finished(outcome: ReportOutcome) -> None:
        done.append(outcome)
        where = f"lies in {outcome.report.folder}" if outcome.report is not None else f"failed: {outcome.error}"
        say(f"{outcome.city} {outcome.quarter}: {where} ({outcome.seconds:.0f} s)")
        if outcome.report is not None and outcome.report.gaps:
            _tell(outcome.report.gaps)

    try:
        written = write_reports(
            cities,
            quarters,
            lang=lang,
            out=out,
            basis=basis,
            plan=plan,
            cases=cases,
            models=models,
            data=data,
            progress=say,
            finished=finished,
        )
    except KeyboardInterrupt:
        count = sum(outcome.report is not None for outcome in done)
        say(f"actuary: stopped; {count} of {len(cities) * len(quarters)} reports had been written and stay.")
        raise typer.Exit(130) from None
    typer.echo(str(written.index))
    if written.comparison is not None:
        typer.echo(str(written.comparison))
    for one in written.written:
        typer.echo(str(one.folder))
    if written.failed:
        say(f"actuary: {len(written.failed)} of {len(written.outcomes)} reports could not be written:")
        for outcome in written.failed:
            say(f"  {outcome.city} {outcome.quarter}: {outcome.error}")
        raise typer.Exit(EXIT_FAILED_SOME if written.written else 2)
    if any(one.gaps for one in written.written):
        raise typer.Exit(EXIT_LACKING)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(report)
