"""`actuary cases`: the ledger of cases, from alert to archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actuary.cli.console import Lang, Language, print_frame, say, teaching

if TYPE_CHECKING:
    from actuary.alerts.ledger import CaseFilter

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="Keep what becomes of warnings and findings: list, show, move, attach, export, verify."
)

Ledger = Annotated[
    Path | None,
    typer.Option("--ledger", help="File of the ledger.", show_default="ACTUARY_LEDGER, else ledger/cases.sqlite"),
]
Who = Annotated[str | None, typer.Option("--who", help="Who does it.", show_default="the name one is logged in with")]
Case = Annotated[int, typer.Argument(metavar="CASE", help="Number of the case.")]
Note = Annotated[str, typer.Option("--note", "-n", help="Why, or what was found; no number of a person.")]
Recovered = Annotated[
    str, typer.Option("--recovered-yuan", help="Money that came back; negative corrects an earlier figure.")
]
State = Annotated[str | None, typer.Option(help="State of the cases, or unfinished.")]
Region = Annotated[str | None, typer.Option(help="Region of the cases.")]
Kind = Annotated[str | None, typer.Option(help="fund or provider.")]
Level = Annotated[str | None, typer.Option(help="red, orange, yellow or blue.")]
Subject = Annotated[str | None, typer.Option(help="Scheme or hospital.")]
OlderThan = Annotated[int | None, typer.Option("--older-than", help="Unfinished for more than so many days.")]

_LISTED = ("case", "state", "state_zh", "level", "kind", "region", "subject")


def _fen(text: str) -> int:
    from actuary.alerts.amounts import require_fen  # noqa: PLC0415

    return require_fen(text, where="--recovered-yuan")


def _chosen(
    state: str | None, region: str | None, kind: str | None, level: str | None, subject: str | None, older: int | None
) -> CaseFilter:
    from actuary.alerts.ledger import CaseFilter  # noqa: PLC0415

    return CaseFilter(state=state, region=region, kind=kind, level=level, subject=subject, older_than_days=older)


@app.command("list")
@teaching
def list_cases(  # noqa: PLR0913, PLR0917  (options of a verb)
    state: State = None,
    region: Region = None,
    kind: Kind = None,
    level: Level = None,
    subject: Subject = None,
    older_than: OlderThan = None,
    limit: Annotated[int, typer.Option(min=1, help="Most cases to print.")] = 50,
    ledger: Ledger = None,
    lang: Lang = Language.ZH,
) -> None:
    """List cases, the last changed first."""
    from actuary.alerts.ledger.export import with_yuan  # noqa: PLC0415
    from actuary.workflow.case_ledger import now, open_ledger  # noqa: PLC0415

    book = open_ledger(ledger)
    cases = book.cases(_chosen(state, region, kind, level, subject, older_than), at=now())
    title = f"title_{lang.value}"
    columns = [*_LISTED, title, "last_period", "times_seen", "age_days", "money_at_stake_yuan"]
    columns += ["recovered_yuan", "reopens"]
    synthetic = " — some synthetic 部分为合成数据" if cases["synthetic"].any() else ""
    shown = with_yuan(cases.head(limit))
    shown["reopens"] = shown["reopens"].astype(object).where(shown["reopens"].notna(), None)
    for name in ("recovered_yuan", "money_at_stake_yuan"):
        shown[name] = [f"{amount:,.2f}" if amount == amount else "" for amount in shown[name]]  # noqa: PLR0124  (NaN)
    print_frame(shown, title=f"{book.path}: cases{synthetic}", columns=columns)
    more = f", {limit} of them shown: --limit shows more" if len(cases) > limit else ""
    say(f"{len(cases):,} cases{more}.")


@app.command("show")
@teaching
def show(
    case: Case,
    save: Annotated[Path | None, typer.Option("--save", help="Existing folder to copy the attachments to.")] = None,
    ledger: Ledger = None,
    lang: Lang = Language.ZH,
) -> None:
    """Show the history of a case, and what its last signal rests on."""
    from actuary.alerts.ledger import CaseFilter  # noqa: PLC0415
    from actuary.alerts.ledger.export import event_table, with_yuan  # noqa: PLC0415
    from actuary.workflow.case_ledger import now, open_ledger, save_attachments  # noqa: PLC0415

    book = open_ledger(ledger)
    history = book.history(case)
    row = book.cases(CaseFilter(case=case), at=now()).iloc[0]
    typer.echo(f"{case}  {row[f'title_{lang.value}']}  [{row['level']}]  {row['state']} {row['state_zh']}")
    reopens = "" if history[0].told.get("reopens") is None else f"  reopens case {history[0].told['reopens']}"
    typer.echo(f"{row['kind']}  {row['region']}  {row['subject']}  {row['rule_id']}  {row['matter']}{reopens}")
    columns = ["number", "action", "from", "state", "who", "at", "period", "level", "note", "attachment"]
    print_frame(with_yuan(event_table(list(history))), title="events", columns=[*columns, "recovered_yuan"])
    last = next(event for event in reversed(history) if event.content)
    for name, value in last.told["signal"]["evidence"]:
        typer.echo(f"  {name}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
    if row["synthetic"]:
        say("合成数据 · synthetic data.")
    if save is not None:
        for path in save_attachments(book, case, save):
            typer.echo(str(path))


@app.command("add")
@teaching
def add(  # noqa: PLR0913, PLR0917  (options of a verb)
    kind: Annotated[str, typer.Option(help="fund or provider.")],
    region: Annotated[str, typer.Option(help="Region.")],
    subject: Annotated[str, typer.Option(help="Scheme or hospital.")],
    period: Annotated[str, typer.Option(help="Quarter or year, such as 2025Q1.")],
    title: Annotated[str, typer.Option(help="What it is, in one line.")],
    title_en: Annotated[str | None, typer.Option(help="The same in English.", show_default="as --title")] = None,
    level: Annotated[str, typer.Option(help="red, orange, yellow or blue.")] = "yellow",
    rule: Annotated[str, typer.Option(help="Name of the matter: the same name finds the same case.")] = "manual",
    ledger: Ledger = None,
    who: Who = None,
) -> None:
    """Open a case by hand, or add to the open one of the same matter."""
    from actuary.alerts.signals import Signal  # noqa: PLC0415
    from actuary.workflow.case_ledger import record_signals, recorded_summary  # noqa: PLC0415

    signal = Signal(
        kind=kind,
        region=region,
        subject=subject,
        rule_id=rule,
        period=period,
        level=level,
        title_zh=title,
        title_en=title_en or title,
    )
    recorded = record_signals([signal], ledger=ledger, who=who)
    say(f"case {recorded[0].case}: {recorded_summary(recorded)}.")


@app.command("move")
@teaching
def move(
    case: Case,
    to: Annotated[str, typer.Argument(metavar="STATE", help="checking, interviewed, rectifying, closed, dismissed.")],
    note: Note = "",
    attachment: Annotated[Path | None, typer.Option("--attachment", help="A file that shows it.")] = None,
    recovered_yuan: Recovered = "0",
    ledger: Ledger = None,
    who: Who = None,
) -> None:
    """Take a case to another state."""
    from actuary.workflow.case_ledger import now, open_ledger, whoever  # noqa: PLC0415

    event = open_ledger(ledger).move(
        case,
        to,
        who=whoever(who),
        at=now(),
        note=note,
        attachment=attachment,
        recovered_fen=_fen(recovered_yuan),
    )
    say(f"case {case}: {event.told['from']} → {event.state}, event {event.number}.")


@app.command("note")
@teaching
def note(
    case: Case,
    text: Annotated[str, typer.Argument(help="What to write down; no number of a person.")] = "",
    recovered_yuan: Recovered = "0",
    ledger: Ledger = None,
    who: Who = None,
) -> None:
    """Write something down in a case, or money that came back."""
    from actuary.workflow.case_ledger import now, open_ledger, whoever  # noqa: PLC0415

    book = open_ledger(ledger)
    event = book.note(case, text, who=whoever(who), at=now(), recovered_fen=_fen(recovered_yuan))
    say(f"case {case}: noted, event {event.number}.")


@app.command("attach")
@teaching
def attach(
    case: Case,
    file: Annotated[Path, typer.Argument(help="The file.")],
    note: Note = "",
    ledger: Ledger = None,
    who: Who = None,
) -> None:
    """Attach a file to a case."""
    from actuary.workflow.case_ledger import now, open_ledger, whoever  # noqa: PLC0415

    event = open_ledger(ledger).attach(case, file, who=whoever(who), at=now(), note=note)
    kept = event.told["attachment"]
    say(f"case {case}: {kept['name']}, {kept['size']:,} bytes, SHA-256 {kept['sha256']}, event {event.number}.")


@app.command("export")
@teaching
def export(  # noqa: PLR0913, PLR0917  (options of a verb)
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write: .csv, .json or .xlsx.")],
    state: State = None,
    region: Region = None,
    kind: Kind = None,
    level: Level = None,
    subject: Subject = None,
    older_than: OlderThan = None,
    events: Annotated[bool, typer.Option("--events", help="CSV of the events instead of the cases.")] = False,
    ledger: Ledger = None,
) -> None:
    """Write cases and events into a file, whole or not at all; no cell of it is a formula."""
    from actuary.alerts.ledger.export import export_ledger  # noqa: PLC0415
    from actuary.workflow.case_ledger import now, open_ledger  # noqa: PLC0415
    from actuary.workflow.outputs import replace_file  # noqa: PLC0415

    book = open_ledger(ledger)
    chosen = _chosen(state, region, kind, level, subject, older_than)
    form = out.suffix.lower()
    replace_file(out, export_ledger(book, form, at=now(), chosen=chosen, what="events" if events else "cases"))
    say(f"head {book.head()}")
    typer.echo(str(out))


@app.command("verify")
@teaching
def verify(
    head: Annotated[str | None, typer.Option("--head", help="A head that was noted: is it still in there?")] = None,
    ledger: Ledger = None,
) -> None:
    """Compute the chain again; exit status 1 when an event or an attachment is not as it was written."""
    from actuary.alerts.ledger import Head  # noqa: PLC0415
    from actuary.workflow.case_ledger import open_ledger  # noqa: PLC0415

    found = open_ledger(ledger).verify(Head.parse(head) if head is not None else None)
    if not found.sound:
        print_frame(found.to_frame().head(50), title="faults")
    for line in found.notes:
        say(f"note: {line}.")
    typer.echo(found.summary())
    if not found.sound:
        raise typer.Exit(1)


@app.command("head")
@teaching
def head(ledger: Ledger = None) -> None:
    """Print the head of the chain, to note it in the minutes: whoever holds it sees if the past is changed."""
    from actuary.workflow.case_ledger import open_ledger  # noqa: PLC0415

    typer.echo(str(open_ledger(ledger).head()))
