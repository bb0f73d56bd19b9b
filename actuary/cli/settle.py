"""`actuary settle`: settle a file of cases under a payment policy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from actuary.cli.console import Lang, Language, Models, say, teaching
from actuary.cli.in_parts import Engine, Restart, Scheduler, chosen_engine, in_parts, showing_progress
from actuary.cli.personal_options import reads_persons
from actuary.errors import ActuaryError, Problem, TableError, raise_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from actuary.payment.declaration import PaymentPolicy
    from actuary.payment.settlement import Settlement
    from actuary.payment.trace import PaymentTrace
    from actuary.workflow.bulk.settle import SettledDataset

__all__ = ["read_budget", "register"]

_EXAMPLE = "300000000, employee=1.2e9, or a file with the columns insurance, budget_yuan"

#: Reasons that are shown one by one.
_SHOWN_REASONS = 8


def read_budget(given: list[str] | None) -> dict[str, Decimal] | None:
    """Read the option --budget: a number of yuan, ``insurance=yuan``, or a CSV or TOML file of them.

    Parameters
    ----------
    given : list of str or None
        What was written, one item an option.

    Returns
    -------
    dict of str to Decimal, or None
        Budgets [yuan] by insurance, ``all`` for a common pool.

    Raises
    ------
    ActuaryError
        When something is neither.

    Examples
    --------
    >>> read_budget(["employee=1.2e9", "resident=800000000"])
    {'employee': Decimal('1.2E+9'), 'resident': Decimal('800000000')}
    """
    if not given:
        return None
    budgets: dict[str, Decimal] = {}
    for text in given:
        for part in text.split():
            if part.lower().endswith((".csv", ".toml")):
                budgets.update(_budget_file(Path(part).expanduser()))
                continue
            name, _, number = part.rpartition("=")
            budgets[name or "all"] = _amount(number, "--budget")
    return budgets


def _amount(text: object, where: str) -> Decimal:
    from actuary.files import plain_decimal  # noqa: PLC0415  (kept out of `actuary --help`)

    amount = plain_decimal(str(text))
    if amount is None:
        raise ActuaryError(Problem(where, repr(text), f"yuan: {_EXAMPLE}"))
    return amount


def _budget_file(path: Path) -> dict[str, Decimal]:
    import tomllib  # noqa: PLC0415

    from actuary.files import parse_toml, read_bytes, read_records  # noqa: PLC0415

    where = f"--budget {path}"
    if path.suffix.lower() != ".toml":
        rows, problems = read_records(path, ("insurance", "budget_yuan"), label=where)
        names = [row["insurance"] for _, row in rows]
        problems += [
            Problem(f"{where} line {line}", f"{row['insurance']!r} again", "every insurance once")
            for place, (line, row) in enumerate(rows)
            if row["insurance"] in names[:place]
        ]
        raise_all(problems, TableError)
        return {row["insurance"]: _amount(row["budget_yuan"], f"{where}, {row['insurance']}") for _, row in rows}
    try:
        table = parse_toml(read_bytes(path, where=where).decode("utf-8-sig"), parse_float=str)
        pairs = dict(table.get("budget", table))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        expected = "employee = 1200000000, in UTF-8"
        raise TableError(Problem(where, f"what cannot be read ({error})", expected)) from None
    return {name: _amount(value, f"{where}, {name}") for name, value in pairs.items()}


@teaching
@reads_persons
def settle(  # noqa: PLR0913, PLR0917  (one argument an option)
    cases: Annotated[
        Path,
        typer.Argument(
            help="Cases, .parquet or .csv: case_id, hospital, tier, insurance, drg, total_cost [yuan]; or a folder of "
            "Parquet files."
        ),
    ],
    policy: Annotated[str, typer.Option("--policy", "-p", help="Payment policy: a name or a .toml file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; it appears whole or not at all.")],
    budget: Annotated[
        list[str] | None,
        typer.Option("--budget", "-b", help=f"Budget of the pool in yuan: {_EXAMPLE}. May be repeated."),
    ] = None,
    hospitals: Annotated[
        Path | None, typer.Option(help="List of hospitals, CSV: hospital, tier [, coefficient, name].")
    ] = None,
    explain: Annotated[list[str] | None, typer.Option("--explain", help="Explain the payment of this case.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing when a case is wrong.")] = False,
    threads: Annotated[int | None, typer.Option(help="Threads to use.", show_default="all cores")] = None,
    engine: Engine = None,
    scheduler: Scheduler = None,
    restart: Restart = False,
    publish: Annotated[
        Path | None, typer.Option("--publish", help="Folder of lists fit for publication, written besides.")
    ] = None,
    lang: Lang = Language.ZH,
    models: Models = None,
) -> None:
    """Settle cases: what every case is paid, by whom and why; totals, books and the list of problems."""
    from actuary.cli.group import Progress  # noqa: PLC0415
    from actuary.payment.case_files import read_cases  # noqa: PLC0415  (loads the compiled loops)
    from actuary.payment.policy_files import load_payment_policy  # noqa: PLC0415
    from actuary.payment.settle import settle_cases  # noqa: PLC0415
    from actuary.payment.settlement_files import write_settlement  # noqa: PLC0415
    from actuary.payment.trace import find_row  # noqa: PLC0415
    from actuary.workflow.outputs import check_output, staged_output  # noqa: PLC0415

    runner = chosen_engine(engine, scheduler)
    check_output(out)
    if publish is not None:
        _check_public(publish, out)
    budgets = read_budget(budget)
    rules = load_payment_policy(policy, root=models)
    if in_parts(cases, engine):
        wanted: dict[str, Any] = {"budget": budgets, "hospitals": hospitals, "strict": strict, "threads": threads}
        wanted |= {"engine": runner, "restart": restart, "explain": explain or ()}
        _settle_in_parts(cases, out, rules, lang, wanted)
        _publish(out, publish)
        return
    with Progress() as progress:
        table = read_cases(cases, hospitals=hospitals, threads=threads, progress=progress)
    if table.renamed:
        say("read as: " + ", ".join(f"{column} → {name}" for name, column in table.renamed.items()))
    for case_id in explain or ():
        find_row(table, case_id)
    settlement = settle_cases(table, rules, budget=budgets, threads=threads)
    remarks, reasons = settlement.kinds.remarks, _reason_counts(settlement)
    _tell(settlement, lang, remarks=remarks, reasons=reasons, synthetic=settlement.synthetic)
    for case_id in explain or ():
        _explain(settlement.explain(case_id), lang)
    if strict and (wrong := _wrong(settlement)):
        found = f"{wrong:,} of {len(settlement):,} cases that cannot be paid as they stand"
        mend = "mend them, or leave --strict out: they are listed then in problems.csv and not paid"
        raise ActuaryError(Problem(str(cases), found, "none with --strict", mend))
    with staged_output(out) as folder:
        write_settlement(settlement, folder, lang=lang.value)
    typer.echo(str(out))
    _publish(out, publish)


def _check_public(publish: Path, out: Path) -> None:
    from actuary.workflow.outputs import check_output  # noqa: PLC0415

    check_output(publish)
    public, work = publish.expanduser().resolve(), out.expanduser().resolve()
    if public.is_relative_to(work) or work.is_relative_to(public):
        raise ActuaryError(Problem("--publish", f"{publish}, in --out or around it", "a folder apart from --out"))


def _publish(out: Path, publish: Path | None) -> None:
    """Write what may be published of a settlement, where that is wanted."""
    if publish is not None:
        from actuary.workflow.publication import publish_settlement  # noqa: PLC0415

        typer.echo(str(publish_settlement(out, publish, command=["actuary", *sys.argv[1:]])))


def _settle_in_parts(cases: Path, out: Path, rules: PaymentPolicy, lang: Language, wanted: dict[str, Any]) -> None:
    from actuary.workflow.bulk.settle import settle_dataset  # noqa: PLC0415  (loads the compiled loops)

    with showing_progress() as progress:
        found = settle_dataset(cases, out, rules, lang=lang.value, progress=progress, **wanted)
    if found.sums.renamed:
        say("read as: " + ", ".join(f"{column} → {name}" for name, column in found.sums.renamed.items()))
    _tell(found, lang, remarks=found.sums.remarks, reasons=found.sums.reasons, synthetic=found.sums.synthetic)
    say(f"in {found.partitions:,} parts")
    for trace in found.traces:
        _explain(trace, lang)
    typer.echo(str(out))


def _wrong(settlement: Settlement) -> int:
    from actuary.payment.statuses import REASON_STATUS, PaymentStatus  # noqa: PLC0415

    return sum(
        int((settlement.reason == number).sum())
        for number, status in enumerate(REASON_STATUS)
        if status is PaymentStatus.REJECTED
    )


def _tell(
    settlement: Settlement | SettledDataset,
    lang: Language,
    *,
    remarks: Iterable[str],
    reasons: Sequence[int],
    synthetic: bool,
) -> None:
    """Say what the settlement comes to, and how many cases are not paid for which reason."""
    from actuary.payment.exact import as_decimal  # noqa: PLC0415
    from actuary.payment.statuses import REASON_STATUS, REASONS, PaymentStatus  # noqa: PLC0415

    summary = settlement.summary()
    say(
        f"{len(settlement):,} cases with {settlement.policy.id} (policy {settlement.policy.fingerprint[:12]}, "
        f"settlement {settlement.fingerprint[:12]}): "
        f"{summary['paid']:,} paid; cost {summary['cost_yuan']:,}, standard {summary['standard_yuan']:,}, "
        f"fund {summary['fund_yuan']:,} yuan"
    )
    for pool in settlement.point_values:
        value = "none" if pool.value is None else f"{as_decimal(pool.value)} yuan"
        say(f"point value, {pool.insurance}: {value}{f' ({pool.bound})' if pool.bound else ''}")
    for remark in remarks:
        say(remark)
    if synthetic:
        say("the cases are synthetic (合成数据)")
    unpaid = [
        (count, reason)
        for count, reason, status in zip(reasons, REASONS, REASON_STATUS, strict=True)
        if count and status is not PaymentStatus.PAID
    ]
    if unpaid:
        say(f"{sum(count for count, _ in unpaid):,} cases are not paid; problems.csv lists them:")
    for count, reason in sorted(unpaid, key=lambda pair: -pair[0])[:_SHOWN_REASONS]:
        say(f"  {count:,} {reason.value}: {reason.text(lang.value)}")


def _reason_counts(settlement: Settlement) -> list[int]:
    import numpy as np  # noqa: PLC0415

    from actuary.payment.statuses import REASONS  # noqa: PLC0415

    counts: list[int] = np.bincount(settlement.reason, minlength=len(REASONS)).tolist()
    return counts


def _explain(trace: PaymentTrace, lang: Language) -> None:
    from rich.console import Console  # noqa: PLC0415  (kept out of `actuary --help`)

    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(trace.to_rich(lang.value))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("settle")(settle)
