"""`actuary compare`: run two payment policies over the same cases."""

from __future__ import annotations

import enum
import time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actuary.cli.console import Lang, Language, Models, print_frame, say, teaching
from actuary.cli.personal_options import reads_persons
from actuary.cli.settle import read_budget
from actuary.errors import ActuaryError, Problem

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    import pandas as pd

    from actuary.payment.comparison import PolicyComparison
    from actuary.payment.coverage import Coverage

__all__ = ["register"]

_BUDGET = "300000000, employee=1.2e9, or a file with the columns insurance, budget_yuan"


#: Seconds between two words on how far it is.
_PATIENCE_SECONDS = 5.0


class AttributionMethod(enum.StrEnum):
    """Ways to tell by which rule two policies differ."""

    ORDERED = "ordered"
    SHAPLEY = "shapley"


@teaching
@reads_persons
def compare(  # noqa: PLR0913, PLR0917  (one argument an option)
    cases: Annotated[
        Path,
        typer.Argument(help="Cases, .parquet or .csv: case_id, hospital, tier, insurance, drg, total_cost in yuan."),
    ],
    policy: Annotated[
        list[str], typer.Option("--policy", "-p", help="Payment policy, name or .toml file; given twice: a, then b.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; it appears whole or not at all.")],
    budget: Annotated[
        list[str] | None, typer.Option("--budget", "-b", help=f"Budget of the pool in yuan: {_BUDGET}.")
    ] = None,
    budget_b: Annotated[
        list[str] | None, typer.Option("--budget-b", help="Budget under b.", show_default="that of --budget")
    ] = None,
    hospitals: Annotated[
        Path | None, typer.Option(help="List of hospitals, CSV: hospital, tier [, coefficient, name].")
    ] = None,
    attribution: Annotated[
        AttributionMethod, typer.Option(help="Rules exchanged in one order, or the mean over all orders.")
    ] = AttributionMethod.ORDERED,
    order: Annotated[
        str | None, typer.Option(help="Rules in the order of their exchange, such as price,weights,class_high.")
    ] = None,
    plan: Annotated[str | None, typer.Option(help="Region whose plan sets thresholds, such as liuyang.")] = None,
    day: Annotated[str | None, typer.Option(help="Day whose thresholds count, such as 2023-07-01.")] = None,
    inpatient_fund: Annotated[
        str | None, typer.Option(help="What the fund spends on all inpatient care in yuan, for --plan.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Threads to use.", show_default="all cores")] = None,
    lang: Lang = Language.ZH,
    models: Models = None,
) -> None:
    """Settle the same cases under two policies: who gains, who loses, by which rule."""
    from actuary.cli.group import Progress  # noqa: PLC0415
    from actuary.payment.attribution import check_order  # noqa: PLC0415
    from actuary.payment.case_files import read_cases  # noqa: PLC0415  (loads the compiled loops)
    from actuary.payment.compare import compare_policies  # noqa: PLC0415
    from actuary.payment.comparison_files import write_comparison  # noqa: PLC0415
    from actuary.payment.policy_files import load_payment_policy  # noqa: PLC0415
    from actuary.policy import load_policy_book  # noqa: PLC0415
    from actuary.workflow.outputs import check_output, staged_output  # noqa: PLC0415

    check_output(out)
    if len(policy) != 2:
        mend = "actuary compare CASES --policy A --policy B --out DIR"
        raise ActuaryError(Problem("--policy", f"{len(policy)} policies", "two: a, then b", mend))
    # Whatever can be wrong in the options is said before the cases are read and settled.
    when = _day(day, plan)
    if plan is not None:
        load_policy_book(plan, root=models)
    spent = None if inpatient_fund is None else _amount(inpatient_fund)
    parts = [name.strip() for name in order.split(",") if name.strip()] if order else None
    check_order(parts)
    budgets = [read_budget(given) for given in (budget, budget_b)]
    rules = [load_payment_policy(name, root=models) for name in policy]
    with Progress() as progress:
        table = read_cases(cases, hospitals=hospitals, threads=threads, progress=progress)
    if table.renamed:
        say("read as: " + ", ".join(f"{column} → {name}" for name, column in table.renamed.items()))
    compared = compare_policies(
        table,
        rules[0],
        rules[1],
        budget_a=budgets[0],
        budget_b=budgets[1],
        attribution=attribution.value,
        order=parts,
        threads=threads,
        progress=_waiting(),
    )
    coverage = None
    if plan is not None and when is not None:
        from actuary.payment.coverage import measure_coverage  # noqa: PLC0415

        coverage = measure_coverage(compared.second, plan, day=when, inpatient_fund_yuan=spent, root=models)
    _tell(compared, coverage, lang.value)
    with staged_output(out) as folder:
        write_comparison(compared, folder, coverage=coverage)
    typer.echo(str(out))


def _day(text: str | None, plan: str | None) -> dt.date | None:
    import datetime as dt  # noqa: PLC0415

    if text is None:
        if plan is not None:
            raise ActuaryError(Problem("--day", "nothing", "the day whose thresholds count", "add --day 2023-07-01"))
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ActuaryError(Problem("--day", repr(text), "a date such as 2023-07-01")) from None


def _amount(text: str) -> Decimal:
    """Read the option --inpatient-fund."""
    try:
        amount = Decimal(text.replace(",", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0:
        raise ActuaryError(Problem("--inpatient-fund", repr(text), "yuan above 0, such as 3.2e9"))
    return amount


def _waiting() -> Callable[[int, int | None], None]:
    """Return a progress that says every few seconds how far the attribution is."""
    last = time.monotonic()

    def told(done: int, whole: int | None) -> None:
        nonlocal last
        if time.monotonic() - last >= _PATIENCE_SECONDS and done != whole:
            last = time.monotonic()
            say(f"by which rule: {done} of {whole} settled")

    return told


def _tell(compared: PolicyComparison, coverage: Coverage | None, lang: str) -> None:
    """Say what the run comes to: totals, gainers and losers, rules, cases that one of the policies does not pay."""
    summary = compared.summary()
    made_up = " — synthetic 合成数据" if compared.synthetic else ""
    say(
        f"{summary['cases']:,} cases: a {summary['policy_a']} pays {summary['fund_a_yuan']:,} yuan, "
        f"b {summary['policy_b']} {summary['fund_b_yuan']:,} yuan, difference {summary['difference_yuan']:+,}; "
        f"{summary['cases_changing_class']:,} cases change class, or whether they are paid"
    )
    alone = summary["paid_a"] + summary["paid_b"] - 2 * summary["paid_by_both"]
    if alone:
        own = summary["difference_paid_by_both_yuan"]
        say(
            f"of the difference {own:+,} on the {summary['paid_by_both']:,} cases that both pay, and "
            f"{summary['difference_yuan'] - own:+,} on {alone:,} that only one pays: paid nothing under the other"
        )
    for title, frame in (("gain 增加", compared.gainers()), ("lose 减少", compared.losers())):
        if len(frame):
            columns = ["hospital", "cases", "fund_a_fen", "fund_b_fen", "difference_fen", "difference_share"]
            _print(frame[columns], title=f"Hospitals that {title}, b less a, yuan{made_up}")
    if len(compared.rules):
        title = f"By rule, {summary['attribution']}, b less a, yuan{made_up}"
        _print(compared.rules[["rule", f"rule_{lang}", "changes", "cases", "difference_fen"]], title=title)
    else:
        say("the policies and their budgets do not differ in any rule")
    for row in compared.unpaid.to_dict("records"):
        told = f"{row['status']}: {row['reason']}, {row[f'reason_{lang}']}"
        say(f"{row['side']} {row['policy']}: {row['cases']:,} cases {told}")
    if coverage is not None:
        _tell_reach(coverage, lang, made_up)


def _tell_reach(coverage: Coverage, lang: str, made_up: str) -> None:
    day = coverage.day.isoformat()
    frame = coverage.to_frame()
    if frame.empty:
        say(f"{coverage.region} has no threshold of coverage in force on {day}")
        return
    frame["met"] = [
        {True: "met 达到", False: "missed 未达到"}.get(met, "not assessable 无法评估") for met in frame["met"]
    ]
    title = f"Plan of {coverage.region} on {day}, under b, shares{made_up}"
    print_frame(frame[[f"name_{lang}", "value", "wanted", "met", "reason"]], title=title)


def _print(frame: pd.DataFrame, *, title: str) -> None:
    """Print a table in yuan: amounts in groups of three digits and right, shares in per cent."""
    from actuary.payment.comparison_files import in_yuan  # noqa: PLC0415

    shown = in_yuan(frame)
    for name in shown.columns:
        if name.endswith("_yuan"):
            texts = [format(Decimal(amount), ",") for amount in shown[name]]
        elif name.endswith("_share"):
            texts = [f"{float(share):+.2%}" if share else "" for share in shown[name]]
        else:
            continue
        width = max(map(len, texts), default=0)
        shown[name] = [text.rjust(width) for text in texts]
    print_frame(shown, title=title)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("compare")(compare)
