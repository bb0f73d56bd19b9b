"""`actuary anomalies`: search settled cases for anomalies of providers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actuary.cli.console import Lang, Language, print_frame, say, teaching
from actuary.cli.personal_options import reads_persons

if TYPE_CHECKING:
    from actuary.alerts.anomalies import Findings

__all__ = ["register"]


@teaching
@reads_persons
def anomalies(  # noqa: PLR0913, PLR0917  (one argument an option)
    cases: Annotated[Path, typer.Argument(help="Settled cases, .parquet or .csv (docs/anomalies.md).")],
    hospitals: Annotated[Path | None, typer.Option(help="List of hospitals, CSV: hospital, tier.")] = None,
    policy: Annotated[str | None, typer.Option("--policy", "-p", help="Payment policy that prices findings.")] = None,
    budget: Annotated[
        list[str] | None, typer.Option("--budget", "-b", help="Budget of the pool in yuan, as for `actuary settle`.")
    ] = None,
    scheme: Annotated[str, typer.Option(help="Scheme that groups suspicious stays again.")] = "chs-drg-1.1",
    rules: Annotated[
        Path | None,
        typer.Option(help="Declared rules.", show_default="models/alerts/anomalies.toml", dir_okay=False),
    ] = None,
    level: Annotated[
        float | None, typer.Option(help="Nominal false discovery rate.", show_default="that of the rules")
    ] = None,
    kinds: Annotated[
        str | None, typer.Option(help="Kinds wanted, joined by commas.", show_default="all that the columns allow")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write; it appears whole or not at all.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", help="Ledger of cases into which findings are written.", dir_okay=False)
    ] = None,
    region: Annotated[
        str, typer.Option("--region", "--city", help="Region of the hospitals, for the ledger.")
    ] = "region",
    quarter: Annotated[
        str | None,
        typer.Option("--quarter", "-q", help="Quarter for the ledger.", show_default="of the last discharge"),
    ] = None,
    who: Annotated[
        str | None, typer.Option("--who", help="Who records.", show_default="the name you are logged in under")
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="No cases, and no figure of few cases: fit for publication.")
    ] = False,
    lang: Lang = Language.ZH,
) -> None:
    """Search settled cases for upcoding, split stays, light admissions, refusals, shifted cost, growth and spikes."""
    from actuary.alerts.anomalies import detect_anomalies  # noqa: PLC0415
    from actuary.cli.settle import read_budget  # noqa: PLC0415
    from actuary.workflow.case_ledger import check_ledger, recorded_summary  # noqa: PLC0415
    from actuary.workflow.outputs import check_output  # noqa: PLC0415

    if out is not None:
        check_output(out)
    if record is not None:
        check_ledger(record, who=who)
    found = detect_anomalies(
        cases,
        policy=policy,
        budget=read_budget(budget),
        scheme=scheme,
        hospitals=hospitals,
        rules=rules,
        level=level,
        kinds=None if kinds is None else tuple(kind.strip() for kind in kinds.split(",") if kind.strip()),
    )
    _print(found, lang, publish=publish)
    if out is not None:
        from actuary.workflow.anomalies import write_findings  # noqa: PLC0415

        inputs = [path for path in (cases, hospitals) if path is not None]
        typer.echo(str(write_findings(found, out, command=["actuary", *sys.argv[1:]], inputs=inputs, publish=publish)))
    if record is not None:
        from actuary.workflow.anomalies import record_findings  # noqa: PLC0415

        say(recorded_summary(record_findings(found, record, who=who, region=region, period=quarter)))


def _print(found: Findings, lang: Language, *, publish: bool) -> None:
    """Print the findings, and what could not be assessed."""
    from pandas import isna  # noqa: PLC0415

    from actuary.workflow.publication import public_findings  # noqa: PLC0415

    chinese = lang is Language.ZH
    frame = public_findings(found) if publish else found.to_frame()
    rules = {kind: found.rules.of(kind) for kind in set(frame["kind"])}
    frame["kind"] = [rules[kind].name_zh if chinese else rules[kind].name_en for kind in frame["kind"]]
    frame["money_yuan"] = ["" if isna(money) else f"{money / 100:,.2f}" for money in frame["money_fen"]]
    figures = ["observed", "expected", "effect", "low", "high", "posterior"]
    columns = ["rank", "level", "hospital", "tier", "kind", *figures, "money_yuan", "cases", "where"]
    for name in figures:
        # Yuan and shares stand in one column: each with the digits it needs.
        frame[name] = [
            "" if isna(value) else f"{value:,.0f}" if abs(value) >= 10 else f"{value:.3f}" for value in frame[name]
        ]
    title = "定点医疗机构异常" if chinese else "Anomalies of providers"
    print_frame(frame, title=title, columns=columns)
    # The money of all findings would tell that of the one that is blank.
    say(
        f"{len(frame)} findings, {int(frame['suppressed'].sum())} of them without figures"
        if publish
        else found.summary()
    )
    for one in found.not_assessable:
        say(f"{'不可评估' if chinese else 'not assessable'}: {one.kind}: {one.reason}")
    if found.excluded:
        say(f"{found.excluded:,} cases without hospital, group or cost were left out")


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("anomalies")(anomalies)
