"""`actuary warn`: hold the indicators and the forecast of a region against the declared rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actuary.cli.console import (
    City,
    Data,
    Lang,
    Language,
    Models,
    QuarterLabel,
    print_frame,
    say,
    teaching,
    write_table,
)
from actuary.errors import ActuaryError, Problem, raise_all

if TYPE_CHECKING:
    from actuary.workflow import FundWarnings

__all__ = ["register"]

_HEADS_ZH = ("级别", "险种", "规则", "情况", "起始", "依据")
_STATUS_ZH = {"official": "文件规定", "practice": "实践做法", "judgement": "判断"}


@teaching
def warn(  # noqa: PLR0913, PLR0917  (one argument an option)
    city: City = "national",
    quarter: QuarterLabel = None,
    lang: Lang = Language.EN,
    forecast: Annotated[
        bool, typer.Option("--forecast/--no-forecast", help="Forecast the funds where a rule asks for it.")
    ] = True,
    record: Annotated[
        Path | None, typer.Option("--record", help="Ledger of cases into which warnings are written.", dir_okay=False)
    ] = None,
    who: Annotated[
        str | None, typer.Option("--who", help="Who records.", show_default="the name you are logged in under")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File for the whole table, as CSV.", dir_okay=False)
    ] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Replay history instead: how often each rule was right, and how early.")
    ] = False,
    series: Annotated[
        Path | None,
        typer.Option("--series", help="With --replay: folder of reference series to replay too.", file_okay=False),
    ] = None,
    models: Models = None,
    data: Data = None,
) -> None:
    """Print the risk warnings, the gravest first: what, how bad, since when, why, how sure, what to do, and who."""
    _check_together(replay, quarter=quarter, record=record, who=who, series=series)
    if replay:
        _replay(city, series=series, out=out, models=models, data=data)
        return
    from actuary.durable.files import check_file  # noqa: PLC0415
    from actuary.workflow import find_warnings  # noqa: PLC0415
    from actuary.workflow.case_ledger import check_ledger, recorded_summary  # noqa: PLC0415

    # Before the forecast, which takes minutes.
    if out is not None:
        check_file(out)
    if record is not None:
        check_ledger(record, who=who)
    found = find_warnings(city, quarter, forecast=forecast, models=models, data=data)
    _print(found, lang)
    if out is not None:
        write_table(found.to_frame(), out)
        say(f"written: {out}")
    if record is not None:
        say(recorded_summary(found.record(record, who=who)))


def _check_together(
    replay: bool, *, quarter: str | None, record: Path | None, who: str | None, series: Path | None
) -> None:
    """Refuse options that the chosen way of working would pass over in silence."""
    if replay:
        unused = {"--quarter": quarter, "--record": record, "--who": who}
        expected, mend = (
            "none of them beside --replay: history is replayed whole and nothing is recorded",
            "leave {} out",
        )
    else:
        unused = {"--series": series}
        expected, mend = "it beside --replay only", "add --replay, or leave {} out"
    problems = [
        Problem(option, repr(str(value)), expected, mend.format(option))
        for option, value in unused.items()
        if value is not None
    ]
    raise_all(problems, ActuaryError)


def _replay(city: str, *, series: Path | None, out: Path | None, models: Path | None, data: Path | None) -> None:
    from actuary.workflow.warning_replay import replay_warnings  # noqa: PLC0415

    regions = (city,) if city != "national" else ("national", "city_panel")
    found = replay_warnings(regions, series=series, models=models, data=data, tell=say)
    columns = ["series", "rule_id", "scheme", "periods", "events", "hit_rate", "false_alarm_rate", "lead_years"]
    print_frame(found.display(), title="Track record of the warning rules", columns=columns)
    if out is not None:
        write_table(found.to_frame(), out)
        say(f"written: {out}")


def _print(found: FundWarnings, lang: Language) -> None:
    from actuary.alerts import LEVEL_NAMES  # noqa: PLC0415
    from actuary.fund import SCHEME_NAMES  # noqa: PLC0415

    zh = lang is Language.ZH
    position = 0 if zh else 1
    frame = found.to_frame()
    frame["level"] = [LEVEL_NAMES[level][position] for level in frame["level"]]
    columns = ["level", "scheme", "rule_id", f"text_{lang.value}", "since", "status"]
    title = f"Warnings, {found.region}, {found.quarter}"
    if zh:
        frame["scheme"] = [SCHEME_NAMES.get(scheme, (scheme, scheme))[0] for scheme in frame["scheme"]]
        frame["status"] = [_STATUS_ZH[status] for status in frame["status"]]
        frame, columns = frame[columns].set_axis(_HEADS_ZH, axis="columns"), list(_HEADS_ZH)
        title = f"基金风险预警，{found.region}，{found.quarter}"
    print_frame(frame, title=title, columns=columns)
    for one in found.warnings:
        if not one.raised:
            continue
        scheme = SCHEME_NAMES.get(one.scheme, (one.scheme, one.scheme))[position]
        name = one.name_zh if zh else one.name_en
        typer.echo(f"\n[{LEVEL_NAMES[one.level][position]}] {one.rule_id} · {scheme} · {name}")
        for heading, text in one.lines(lang.value):
            typer.echo(f"  {heading}{'：' if zh else ': '}{text}")


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(warn)
