"""`actuary project`: project the funds of a region, from figures (`--city`) or from people (`--model`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actuary.cli.console import Data, Models, QuarterLabel, print_frame, say, teaching, write_table

if TYPE_CHECKING:
    import pandas as pd

    from actuary.fund import FundProjection

__all__ = ["register"]

_CITY_LAST, _MODEL_LAST, _CITY_BASIS = "2035Q4", "2050Q4", "base"
#: Scenarios are shown beside each other at the horizon and every so many years before it.
_EVERY_YEARS = 3


@teaching
def project(  # noqa: PLR0913, PLR0917 (each is an option)
    city: Annotated[
        str | None,
        typer.Option(
            "--city",
            "-c",
            help="Region whose published figures are carried on by growth rates, as in the quarterly report "
            "(see: actuary cities).",
            show_default="national",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            help="Region, or folder of a city (actuary init), projected from its people: members, income by source, "
            "spending by benefit.",
        ),
    ] = None,
    quarter: QuarterLabel = None,
    until: Annotated[str | None, typer.Option(help="With --city: last quarter.", show_default=_CITY_LAST)] = None,
    to: Annotated[
        str | None, typer.Option(help="With --model: last year or quarter, to 2100.", show_default=_MODEL_LAST)
    ] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            "-s",
            help="Scenario beside the base; repeatable.",
            show_default="with --city as the report, with --model none",
        ),
    ] = None,
    basis: Annotated[str | None, typer.Option(help="With --city: assumption basis.", show_default=_CITY_BASIS)] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="With --city a CSV file for every quarter and variable; with --model a folder (CSV, Parquet, summary, "
            "manifest).",
        ),
    ] = None,
    models: Models = None,
    data: Data = None,
) -> None:
    """Project members, income, spending and balance by quarter, and print the years.

    Two projections: [bold]--city[/bold] carries published figures on by growth rates to 2035, the one in the quarterly
    report; [bold]--model[/bold] starts from people by age and sex and goes to 2100. Both are compared in
    docs/decisions/0013.
    """
    from actuary.errors import ActuaryError, Problem  # noqa: PLC0415

    foreign = {
        "--city": city is not None and model is not None,
        "--quarter": quarter is not None and model is not None,
        "--until": until is not None and model is not None,
        "--basis": basis is not None and model is not None,
        "--to": to is not None and model is None,
    }
    wrong = [name for name, given in foreign.items() if given]
    if wrong:
        mend = "--to goes with --model; --quarter, --until and --basis with --city"
        found = f"{', '.join(wrong)} {'with' if model is not None else 'without'} --model"
        raise ActuaryError(Problem("actuary project", found, "one of the two projections", mend))
    if model is None:
        chosen = city or "national"
        last = until or _CITY_LAST
        _project_figures(chosen, quarter, last, scenario, basis or _CITY_BASIS, out, models=models, data=data)
    else:
        _project_people(model, to or _MODEL_LAST, scenario or [], out, models=models, data=data)


def _project_figures(
    city: str,
    quarter: str | None,
    until: str,
    scenario: list[str] | None,
    basis: str,
    out: Path | None,
    *,
    models: Path | None,
    data: Path | None,
) -> None:
    from actuary.fund import facts_page  # noqa: PLC0415
    from actuary.workflow import project_city  # noqa: PLC0415

    projection = project_city(city, quarter, horizon=until, basis=basis, scenarios=scenario, models=models, data=data)
    for missing in projection.missing:
        say(f"not projected: {missing.scheme}: {missing.what_en} ({missing.needed_for})")
    summary = projection.summary()
    for scheme, years in summary.groupby("scheme", sort=False):
        shown = years.drop(columns="scheme").dropna(axis="columns", how="all")
        print_frame(shown, title=f"{city}, {scheme}: base, figures to {projection.quarter}, basis {basis}")
    if summary.empty:
        say(f"nothing can be projected for {city} at {projection.quarter}; what is published of it:")
        facts = facts_page(city, projection.quarter, data=data)
        columns = ["scheme", "zh", "value_published", "unit_published", "period", "confidence"]
        print_frame(facts, title=f"{city}, latest published figures", columns=columns)
    _print_side_by_side(projection)
    _print_milestones(projection.milestones)
    if out is not None:
        write_table(projection.to_frame(), out)
        typer.echo(str(out))


def _project_people(
    model: str, to: str, scenarios: list[str], out: Path | None, *, models: Path | None, data: Path | None
) -> None:
    from actuary.fund.model.face import load_model  # noqa: PLC0415
    from actuary.workflow import project_model_files  # noqa: PLC0415

    if out is None:
        run = load_model(model, models=models, data=data).project(to=to, scenarios=("base", *scenarios))
    else:
        command = ["actuary", "project", "--model", model, "--to", to, *(f"--scenario={one}" for one in scenarios)]
        run = project_model_files(
            model, out, to=to, scenarios=scenarios, models=models, data=data, command=[*command, "--out", str(out)]
        )
    for note in run.notes:
        say(note)
    keys = [name for name in ("scenario", "scheme") if name in (summary := run.summary())]
    for names, years in summary.groupby(keys, sort=False):
        shown = years.drop(columns=keys).dropna(axis="columns", how="all")
        if len(shown.columns) > 1:
            words = ", ".join(map(str, names if isinstance(names, tuple) else (names,)))
            print_frame(shown.astype({"year": str}), title=f"{run.projection.region}, {words}: from its people")
    _print_milestones(run.milestones)
    if out is not None:
        typer.echo(str(out))


def _print_side_by_side(projection: FundProjection) -> None:
    """Print the payable months of the scenarios beside those of the base, at the ends of some years."""
    if len(projection.paths["scenario"]) < 2:
        return
    frame = projection.to_frame()
    ends = frame[frame["quarter"].str.endswith("Q4") & (frame["quarter"] > str(projection.quarter))]
    years = sorted(set(ends["quarter"]), reverse=True)[::_EVERY_YEARS]
    ends = ends[ends["quarter"].isin(years)].dropna(subset="payable_months")
    wide = ends.pivot_table("payable_months", index=["scheme", "scenario"], columns="quarter", sort=False).reset_index()
    wide.columns.name = None
    if len(wide):
        print_frame(wide, title="Scenarios side by side: payable months at the end of the quarter")


def _print_milestones(milestones: pd.DataFrame) -> None:
    if len(milestones):
        limits = [name for name in milestones.columns if str(name).startswith("months_below_")]
        columns = ["scenario", "scheme", "first_deficit_year", *limits, "exhaustion_quarter", "horizon_months"]
        shown = milestones.assign(horizon_months=milestones["horizon_months"].astype(float))
        print_frame(shown, title="Milestones", columns=columns)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(project)
