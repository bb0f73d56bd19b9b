"""`actuary indicators`: list, compute and trace the indicators of a region or of a table of cases."""

from __future__ import annotations

import enum
import math
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
from actuary.cli.personal_options import reads_persons
from actuary.errors import ActuaryError, OutputError, Problem
from actuary.units import convert

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["register"]


class Family(enum.StrEnum):
    """Families of indicators."""

    FUND = "fund"
    USE = "use"
    PAYMENT = "payment"
    PLAN = "plan"


class By(enum.StrEnum):
    """For whom indicators of cases are computed."""

    CITY = "city"
    HOSPITAL = "hospital"
    TIER = "tier"
    INSURANCE = "insurance"
    DEPARTMENT = "department"


#: Base unit to the unit a reader expects, and the digits printed in it.
_READ_IN = {"yuan": ("100m_yuan", 2), "persons": ("10k_persons", 2), "share": ("pct", 2), "ratio": ("ratio", 2)}
_SMALL_YUAN = 1e7
_WHOLE = {"visits": 0, "count": 0, "weight": 2}
_NOT_ASSESSABLE = {"zh": "无法评估", "en": "not assessable"}


def _as_read(value: float, unit: str) -> tuple[str, str]:
    if not math.isfinite(value):
        return "", unit
    # A price of some thousand yuan is read in yuan, the money of a fund in 亿元.
    if unit == "yuan" and abs(value) < _SMALL_YUAN:
        return f"{value:,.0f}", unit
    target, digits = _READ_IN.get(unit, (unit, _WHOLE.get(unit, 1)))
    return f"{convert(value, unit, target):,.{digits}f}", target


def _write(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, or as JSON where the name ends so."""
    if path.suffix.lower() == ".csv":
        write_table(frame, path)
    elif path.suffix.lower() == ".json":
        from actuary.workflow.outputs import replace_file  # noqa: PLC0415

        text = frame.to_json(orient="records", force_ascii=False, indent=1, double_precision=15)
        replace_file(path, (text + "\n").encode())
    else:
        raise OutputError(Problem(f"--out {path}", f"a name that ends in {path.suffix!r}", "one in .csv or .json"))
    say(f"written: {path}")


@teaching
@reads_persons
def indicators(  # noqa: PLR0913, PLR0917  (one argument an option)
    cases: Annotated[
        Path | None,
        typer.Argument(help="Cases, .parquet or .csv: indicators of these, not of the region.", show_default=False),
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
    hospitals: Annotated[Path | None, typer.Option(help="With cases: list of hospitals, CSV: hospital, tier.")] = None,
    by: Annotated[By, typer.Option("--by", help="With cases: for whom.")] = By.CITY,
    subject: Annotated[str | None, typer.Option("--subject", help="With cases and --trace: which of them.")] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="With cases: leave values of few cases blank, fit for publication.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File for the whole table, .csv or .json.", dir_okay=False)
    ] = None,
    lang: Lang = Language.EN,
    models: Models = None,
    data: Data = None,
) -> None:
    """Print every indicator with its value, unit, period and how it is known; --trace shows the rows behind one."""
    families = None if not family else [one.value for one in family]
    if publish and cases is None:
        raise ActuaryError(
            Problem("--publish", "no file of cases", "figures of cases: those of a region are published")
        )
    if listing:
        from actuary.indicators import registry_table  # noqa: PLC0415

        table = registry_table(families)
        _show(table, "Indicators", ["family", "indicator", "zh", "en", "unit", "direction", "from", "formula"], out)
    elif cases is not None:
        _check_no_region(cases, models)
        _of_cases(
            cases,
            families,
            trace=trace,
            policy=policy,
            budget=budget,
            hospitals=hospitals,
            by=by,
            subject=subject,
            quarter=quarter,
            out=out,
            lang=lang,
            publish=publish,
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
        _show(frame, f"Targets, {city}", None, out, shown=shown[columns])
    elif since is not None:
        from actuary.workflow import indicator_history  # noqa: PLC0415

        frame = indicator_history(city, since, quarter, models=models, data=data)
        frame = frame[frame["family"].isin(families)] if families else frame
        known = frame[frame["is_new"]]
        shown = _readable(known, lang)
        _show(
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
        _show(frame, f"Indicators, {city}", None, out, shown=shown[columns])


def _show(
    frame: pd.DataFrame,
    title: str,
    columns: list[str] | None,
    out: Path | None,
    *,
    shown: pd.DataFrame | None = None,
) -> None:
    print_frame(frame if shown is None else shown, title=title, columns=columns)
    if out is not None:
        _write(frame, out)


def _readable(frame: pd.DataFrame, lang: Language) -> pd.DataFrame:
    """Return the table as a person reads it: values in the units of reports, a reason where there is no value."""
    pairs = [_as_read(value, unit) for value, unit in zip(frame["value"], frame["unit"], strict=True)]
    notes = []
    for reason, provisional, unit in zip(
        frame[f"reason_{lang.value}"], frame["provisional_value"], frame["unit"], strict=True
    ):
        first, _ = _as_read(provisional, unit)
        words = f"初次公布 {first}" if lang is Language.ZH else f"first published {first}"
        notes.append(reason or (words if first else ""))
    unknown = _NOT_ASSESSABLE[lang.value]
    values = [
        text or (unknown if status == "gap" else "") for (text, _), status in zip(pairs, frame["status"], strict=True)
    ]
    return frame.assign(value=values, unit=[unit for _, unit in pairs], note=notes)


def _readable_targets(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the targets as a person reads them: each row in the unit of a report."""
    shown = frame.copy()
    for name in ("target", "actual", "distance"):
        pairs = [_as_read(value, unit) for value, unit in zip(frame[name], frame["unit"], strict=True)]
        shown[name] = [text for text, _ in pairs]
    shown["unit"] = [_READ_IN.get(unit, (unit, 0))[0] for unit in frame["unit"]]
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
        _write(pd.concat(frames, ignore_index=True), out)


def _check_no_region(cases: Path, models: Path | None) -> None:
    """Say where a region was named in the place of a file."""
    from actuary.policy.regions import list_regions  # noqa: PLC0415

    if cases.is_dir():
        mend = (
            "write the months that are asked for into one Parquet file; what a whole dataset is paid, by hospital, "
            "group and month, stands in the tables of actuary settle"
        )
        raise ActuaryError(Problem(str(cases), "a folder", "a file of cases: indicators read one table", mend))
    if not cases.exists() and str(cases) in list_regions(models):
        raise ActuaryError(Problem(str(cases), "a region", "a file of cases", f"a region is named by --city {cases}"))


def _of_cases(  # noqa: PLR0913
    cases: Path,
    families: list[str] | None,
    *,
    trace: str | None,
    policy: str | None,
    budget: list[str] | None,
    hospitals: Path | None,
    by: By,
    subject: str | None,
    quarter: str | None,
    out: Path | None,
    lang: Language,
    publish: bool,
) -> None:
    if publish and trace is not None:
        raise ActuaryError(Problem("--publish, --trace", "both", "one of them: rows of cases are never published"))
    from actuary.cli.settle import read_budget  # noqa: PLC0415
    from actuary.indicators.case_indicators import compute_case_indicators  # noqa: PLC0415

    found = compute_case_indicators(
        cases, policy=policy, budget=read_budget(budget), hospitals=hospitals, by=by.value, quarter=quarter
    )
    say(found.summary())
    if found.not_settled:
        say(f"not settled: {found.not_settled}")
    if trace is not None:
        rows = found.trace(trace, subject=subject)
        print_frame(rows.head(_SHOWN_CASES), title=f"{trace}: {len(rows):,} cases, the first {_SHOWN_CASES}")
        typer.echo(f"sum of top {rows['top'].sum():,.4f}; sum of bottom {rows['bottom'].sum():,.4f}")
        if out is not None:
            _write(rows, out)
        return
    whole = found.frame
    if publish:
        from actuary.tables.personal_door import current_door  # noqa: PLC0415
        from actuary.tables.publication import suppress_small_subjects  # noqa: PLC0415

        whole = suppress_small_subjects(whole, rules=current_door().rules)
        # Which of them are small and which only hide them is not told.
        whole["cases"] = whole["cases"].astype(object).where(~whole["suppressed"], None)
        whole["reason"] = whole["reason"].mask(whole["suppressed"], _HIDDEN[lang.value])
    frame = whole if families is None else whole[whole["family"].isin(families)]
    frame = frame if subject is None else frame[frame["subject"] == subject]
    pairs = [_as_read(value, unit) for value, unit in zip(frame["value"], frame["unit"], strict=True)]
    shown = frame.assign(
        value=[text or _NOT_ASSESSABLE[lang.value] for text, _ in pairs], unit=[unit for _, unit in pairs]
    )
    columns = ["subject", "indicator", lang.value, "value", "unit", "period", "cases", "reason"]
    title = f"Indicators by {by.value}" + (", made-up cases" if found.synthetic else "")
    _show(frame, title, None, out, shown=shown[columns])


_SHOWN_CASES = 20
_HIDDEN = {"zh": "例数过少，或为遮蔽例数过少者而隐去", "en": "few cases, or left blank to hide such"}


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(indicators)
