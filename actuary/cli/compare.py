"""`actuary compare`: run two payment policies over the same cases."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actuary.cli.console import Models, print_frame, say, teaching
from actuary.cli.settle import read_budget
from actuary.errors import ActuaryError, Problem

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from actuary.payment.comparison import PolicyComparison
    from actuary.payment.coverage import Coverage

__all__ = ["register"]

_BUDGET = "300000000, employee=1.2e9, or a file with the columns insurance, budget_yuan"


class AttributionMethod(enum.StrEnum):
    """Ways to tell by which rule two policies differ."""

    ORDERED = "ordered"
    SHAPLEY = "shapley"


@teaching
def compare(  # noqa: PLR0913, PLR0917  (one argument an option)
    cases: Annotated[
        Path,
        typer.Argument(help="Cases, .parquet or .csv: case_id, hospital, tier, insurance, drg, total_cost [yuan]."),
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
        str | None, typer.Option(help="What the fund spends on all inpatient care [yuan], for --plan.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Threads to use.", show_default="all cores")] = None,
    models: Models = None,
) -> None:
    """Settle the same cases under two policies: who gains, who loses, by which rule."""
    from actuary.cli.group import Progress  # noqa: PLC0415
    from actuary.payment.case_files import read_cases  # noqa: PLC0415  (loads the compiled loops)
    from actuary.payment.compare import compare_policies  # noqa: PLC0415
    from actuary.payment.comparison_files import write_comparison  # noqa: PLC0415
    from actuary.payment.policy_files import load_payment_policy  # noqa: PLC0415
    from actuary.workflow.outputs import check_output, staged_output  # noqa: PLC0415

    check_output(out)
    if len(policy) != 2:
        mend = "actuary compare CASES --policy A --policy B --out DIR"
        raise ActuaryError(Problem("--policy", f"{len(policy)} policies", "two: a, then b", mend))
    when = _day(day, plan)
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
        order=order.split(",") if order else None,
        threads=threads,
    )
    coverage = None
    if plan is not None and when is not None:
        from actuary.payment.coverage import measure_coverage  # noqa: PLC0415

        coverage = measure_coverage(compared.second, plan, day=when, inpatient_fund_yuan=inpatient_fund, root=models)
    _tell(compared, coverage)
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


def _tell(compared: PolicyComparison, coverage: Coverage | None) -> None:
    """Say what the run comes to: totals, gainers and losers, rules, cases that one of the policies does not pay."""
    summary = compared.summary()
    made_up = " — synthetic 合成数据" if compared.synthetic else ""
    say(
        f"{summary['cases']:,} cases: a {summary['policy_a']} pays {summary['fund_a_yuan']:,} yuan, "
        f"b {summary['policy_b']} {summary['fund_b_yuan']:,} yuan, difference {summary['difference_yuan']:+,}; "
        f"{summary['cases_changing_class']:,} cases change class, or whether they are paid"
    )
    for title, frame in (("gain 增加", compared.gainers()), ("lose 减少", compared.losers())):
        if len(frame):
            columns = ["hospital", "cases", "fund_a_fen", "fund_b_fen", "difference_fen", "difference_share"]
            _print(frame[columns], title=f"Hospitals that {title}, b less a, yuan{made_up}")
    if len(compared.rules):
        title = f"By rule, {summary['attribution']}, yuan{made_up}"
        _print(compared.rules[["rule", "changes", "cases", "difference_fen"]], title=title)
    for row in compared.unpaid.itertuples():
        say(f"{row.policy}: {row.cases:,} cases {row.status}: {row.reason}")
    if coverage is not None:
        title = f"Plan of {coverage.region} on {coverage.day.isoformat()}, under b{made_up}"
        frame = coverage.to_frame()
        print_frame(frame[["name_zh", "name_en", "value", "wanted", "met", "reason"]], title=title)


def _print(frame: pd.DataFrame, *, title: str) -> None:
    from actuary.payment.comparison_files import in_yuan  # noqa: PLC0415

    print_frame(in_yuan(frame), title=title)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("compare")(compare)
