"""`actuary indicators`: list, compute and trace the indicators of a region or of a table of cases."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actuary.cli.case_indicators import By, CasesAsked, answer_of_cases
from actuary.cli.console import City, Data, Lang, Language, Models, QuarterLabel, print_frame, teaching
from actuary.cli.in_parts import Engine, Restart, Scheduler
from actuary.cli.indicator_tables import NOT_ASSESSABLE, READ_IN, as_read, show, write_indicators
from actuary.cli.personal_options import reads_persons
from actuary.errors import ActuaryError, Problem, raise_all

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["register"]


class Family(enum.StrEnum):
    """Families of indicators."""

    FUND = "fund"
    USE = "use"
    PAYMENT = "payment"
    PLAN = "plan"


@teaching
@reads_persons
def indicators(  # noqa: PLR0913, PLR0917  (one argument an option)
    cases: Annotated[
        Path | None,
        typer.Argument(
            help="Cases, .parquet or .csv, or a folder of Parquet files: indicators of these, not of the region.",
            show_default=False,
        ),
    ] = None,
    city: City = "national",
    quarter: QuarterLabel = None,
    family: Annotated[list[Family] | None, typer.Option("--family", "-f", help="Family; may be repeated.")] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the registry: what each is and how computed.")] = False,
    trace: Annotated[
        str | None, typer.Option("--trace", "-t", help="Show the published rows, or the cases, behind one indicator.")
    ] = None,
    scheme: Annotated[str | None, typer.Option("--scheme", help="With --trace: all, employee or resident.")] = None,
    targets: Annotated[
        bool, typer.Option("--targets", help="Hold the plan's targets against what was reached.")
    ] = False,
    since: Annotated[
        str | None, typer.Option("--since", help="From this quarter on: the values at every quarter.")
    ] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", "-p", help="With cases: payment policy, a name or a .toml file.")
    ] = None,
    budget: Annotated[
        list[str] | None, typer.Option("--budget", "-b", help="With cases: budget of the pool, as of actuary settle.")
    ] = None,
    settled: Annotated[
        Path | None,
        typer.Option(help="With a folder of cases: what actuary settle wrote from it, in the place of --policy."),
    ] = None,
    hospitals: Annotated[Path | None, typer.Option(help="With cases: list of hospitals, CSV: hospital, tier.")] = None,
    by: Annotated[By, typer.Option("--by", help="With cases: for whom.")] = By.CITY,
    subject: Annotated[str | None, typer.Option("--subject", help="With cases and --trace: which of them.")] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="With cases: leave values of few cases blank, fit for publication.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File for the whole table, .csv or .json.", dir_okay=False)
    ] = None,
    engine: Engine = None,
    scheduler: Scheduler = None,
    restart: Restart = False,
    lang: Lang = Language.EN,
    models: Models = None,
    data: Data = None,
) -> None:
    """Print every indicator with its value, unit, period and how it is known; --trace shows the rows behind one."""
    families = None if not family else [one.value for one in family]
    if cases is None:
        _check_region_alone(
            publish=publish,
            of_cases={"--policy": policy, "--budget": budget, "--hospitals": hospitals, "--subject": subject},
            in_parts={"--settled": settled, "--engine": engine, "--scheduler": scheduler, "--restart": restart},
        )
    if listing:
        from actuary.indicators import registry_table  # noqa: PLC0415

        table = registry_table(families)
        show(table, "Indicators", ["family", "indicator", "zh", "en", "unit", "direction", "from", "formula"], out)
    elif cases is not None:
        _check_no_region(cases, models, {"--scheme": scheme, "--targets": targets, "--since": since})
        answer_of_cases(
            CasesAsked(
                cases=cases,
                families=families,
                trace=trace,
                policy=policy,
                budget=budget,
                settled=settled,
                hospitals=hospitals,
                by=by,
                subject=subject,
                quarter=quarter,
                out=out,
                lang=lang,
                publish=publish,
                engine=engine,
                scheduler=scheduler,
                restart=restart,
            )
        )
    elif trace is not None:
        _trace(city, trace, quarter, scheme=scheme, out=out, models=models, data=data)
    elif targets:
        from actuary.workflow import targets_of_city  # noqa: PLC0415

        frame = targets_of_city(city, quarter, models=models, data=data)
        shown = _readable_targets(frame)
        columns = ["scheme", lang.value, "target_period", "target_text", "target", "actual", "actual_period"]
        columns += ["distance", "unit"]
        columns += [f"assessment_{lang.value}", f"reason_{lang.value}"]
        show(frame, f"Targets, {city}", None, out, shown=shown[columns])
    elif since is not None:
        from actuary.workflow import indicator_history  # noqa: PLC0415

        frame = indicator_history(city, since, quarter, models=models, data=data)
        frame = frame[frame["family"].isin(families)] if families else frame
        known = frame[frame["is_new"]]
        shown = _readable(known, lang)
        show(
            frame,
            f"Indicators, {city}",
            None,
            out,
            shown=shown[["quarter", "scheme", "indicator", "value", "unit", "status"]],
        )
    else:
        from actuary.workflow import indicators_of_city  # noqa: PLC0415

        frame = indicators_of_city(city, quarter, families=families, models=models, data=data)
        shown = _readable(frame, lang)
        columns = ["scheme", "indicator", lang.value, "value", "unit", "period", "status", "note"]
        show(frame, f"Indicators, {city}", None, out, shown=shown[columns])


def _check_region_alone(*, publish: bool, of_cases: Mapping[str, object], in_parts: Mapping[str, object]) -> None:
    """Refuse options of cases where there are none."""
    if publish:
        raise ActuaryError(
            Problem("--publish", "no file of cases", "figures of cases: those of a region are published")
        )
    mend = "name them before the options"
    kinds = (
        (of_cases, "no cases", "a file or folder of cases"),
        (in_parts, "no folder of cases", "cases that are read part by part"),
    )
    raise_all(
        [
            Problem(name, found, expected, mend)
            for given, found, expected in kinds
            for name, value in given.items()
            if value
        ],
        ActuaryError,
    )


def _readable(frame: pd.DataFrame, lang: Language) -> pd.DataFrame:
    """Return the table as a person reads it: values in the units of reports, a reason where there is no value."""
    pairs = [as_read(value, unit) for value, unit in zip(frame["value"], frame["unit"], strict=True)]
    notes = []
    for reason, provisional, unit in zip(
        frame[f"reason_{lang.value}"], frame["provisional_value"], frame["unit"], strict=True
    ):
        first, _ = as_read(provisional, unit)
        words = f"初次公布 {first}" if lang is Language.ZH else f"first published {first}"
        notes.append(reason or (words if first else ""))
    unknown = NOT_ASSESSABLE[lang.value]
    values = [
        text or (unknown if status == "gap" else "") for (text, _), status in zip(pairs, frame["status"], strict=True)
    ]
    return frame.assign(value=values, unit=[unit for _, unit in pairs], note=notes)


def _readable_targets(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the targets as a person reads them: each row in the unit of a report."""
    shown = frame.copy()
    for name in ("target", "actual", "distance"):
        pairs = [as_read(value, unit) for value, unit in zip(frame[name], frame["unit"], strict=True)]
        shown[name] = [text for text, _ in pairs]
    shown["unit"] = [READ_IN.get(unit, (unit, 0))[0] for unit in frame["unit"]]
    return shown


def _trace(
    city: str,
    indicator: str,
    quarter: str | None,
    *,
    scheme: str | None,
    out: Path | None,
    models: Path | None,
    data: Path | None,
) -> None:
    import pandas as pd  # noqa: PLC0415

    from actuary.workflow import trace_city  # noqa: PLC0415

    found = trace_city(city, indicator, quarter, scheme=scheme, models=models, data=data)
    columns = [
        "role",
        "scheme",
        "indicator",
        "period",
        "printed",
        "printed_unit",
        "basis",
        "confidence",
        "table",
        "row",
    ]
    for one in found:
        typer.echo(one.summary())
        if one.note_en:
            typer.echo(f"  {one.note_en}")
        rows = one.to_frame()
        if len(rows):
            print_frame(rows, title=f"{one.indicator}, {one.scheme}, {one.period}", columns=[*columns, "source"])
    if out is not None:
        frames = [one.to_frame().assign(of=one.indicator, of_scheme=one.scheme, of_value=one.value) for one in found]
        write_indicators(pd.concat(frames, ignore_index=True), out)


def _check_no_region(cases: Path, models: Path | None, of_region: Mapping[str, object]) -> None:
    """Say where a region was named in the place of a file, or what is asked of regions only."""
    from actuary.policy.regions import list_regions  # noqa: PLC0415

    if not cases.exists() and str(cases) in list_regions(models):
        raise ActuaryError(Problem(str(cases), "a region", "a file of cases", f"a region is named by --city {cases}"))
    raise_all(
        [
            Problem(name, f"it beside the cases {cases}", "it for a region only", "leave it or the cases out")
            for name, value in of_region.items()
            if value
        ],
        ActuaryError,
    )


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(indicators)
