"""`actuary check`: find every problem of the declared rules, the figures, and settlement lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from actuary.cli.console import Data, Models, print_frame, say, teaching
from actuary.cli.in_parts import Engine, EngineName, Restart, Scheduler, chosen_engine, showing_progress
from actuary.cli.personal_options import reads_persons
from actuary.errors import ActuaryError, OutputError, Problem, raise_all

if TYPE_CHECKING:
    import pyarrow as pa

    from actuary.drg.quality import QualityResult

__all__ = ["register"]

_SHOWN = 20


@teaching
@reads_persons
def check(  # noqa: PLR0913, PLR0917  (one argument an option)
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files (.toml rules, .csv tables), a city's folder (actuary init), or settlement lists (a folder with "
            "case.csv, a .parquet or .csv file of cases, or one folder of many Parquet files); all of models/ and "
            "data/ when none."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="File for the findings on cases (.csv or .parquet); a folder for a folder of Parquet."
        ),
    ] = None,
    rejected: Annotated[
        Path | None,
        typer.Option(help="File for the rejected cases.", show_default="beside --out, named <out>-rejected"),
    ] = None,
    dictionary: Annotated[
        Path | None,
        typer.Option(help="Folder of the code dictionary.", show_default="the variable ACTUARY_DICTIONARY"),
    ] = None,
    limit: Annotated[
        list[str] | None, typer.Option("--limit", help="Threshold of the region, such as upload_days=15; repeatable.")
    ] = None,
    engine: Engine = None,
    scheduler: Scheduler = None,
    restart: Restart = False,
    models: Models = None,
    data: Data = None,
) -> None:
    """Check rules, tables and settlement lists; print every problem with its place and its mend.

    Exit status 1 when a rule or table has a problem, or a settlement list a finding that rejects it (severity E).
    """
    from actuary.drg.quality import is_case_data  # noqa: PLC0415  (loads Arrow)

    given, runner = paths or [], chosen_engine(engine, scheduler)
    if any(_is_in_parts(path, engine) for path in given):
        wanted = {"limits": _limits(limit or []), "dictionary": dictionary, "root": models}
        _check_in_parts(given, out, rejected, {**wanted, "engine": runner, "restart": restart})
        return
    cases = [path for path in given if is_case_data(path)]
    others = [path for path in given if path not in cases]
    if not cases and any(option is not None for option in (out, rejected, dictionary, limit)):
        option = Problem("--out, --rejected, --dictionary, --limit", "no settlement list", "a folder or file of cases")
        raise ActuaryError(option)
    failed = False
    if others or not cases:
        failed = _check_declarations(others, models=models, data=data)
    if cases:
        chosen = _limits(limit or [])
        results = [_check_cases(path, dictionary=dictionary, limits=chosen, models=models) for path in cases]
        written = _write(cases, results, out=out, rejected=rejected)
        for path, result in zip(cases, results, strict=True):
            _show(path, result)
        for name in written:
            typer.echo(str(name))
        failed = failed or any(result.error_count for result in results)
    if failed:
        raise typer.Exit(1)


def _is_in_parts(path: Path, engine: EngineName | None) -> bool:
    """Say whether a path is checked part by part: a folder of Parquet files that is no settlement list and no city."""
    from actuary.drg.quality import is_case_data  # noqa: PLC0415
    from actuary.workflow.bulk.partitions import is_dataset  # noqa: PLC0415

    if not path.is_dir():
        return engine is not None
    return not (path / "city.toml").is_file() and not is_case_data(path) and is_dataset(path)


def _check_in_parts(
    paths: Sequence[Path],
    out: Path | None,
    rejected: Path | None,
    wanted: dict[str, Any],
) -> None:
    from actuary.workflow.bulk.check import check_dataset  # noqa: PLC0415

    problems = []
    if len(paths) > 1:
        problems.append(Problem("paths", f"{len(paths)}", "one folder of Parquet files", "check them one by one"))
    if out is None:
        problems.append(Problem("--out", "nothing", "a folder for the findings", "name one: it may become large"))
    if rejected is not None:
        mend = "leave --rejected out: they stand in the folder of --out, in rejected/"
        problems.append(Problem("--rejected", "a file", "none for cases in parts", mend))
    raise_all(problems, ActuaryError)
    assert out is not None  # noqa: S101  (raised above)
    with showing_progress() as progress:
        found = check_dataset(paths[0], out, progress=progress, **wanted)
    summary = found.summary()
    shown = summary[(summary["findings"] > 0) | (summary["status"] != "run")]
    title = (
        f"{paths[0].name}: {found.case_count:,} cases, {found.rejected_count:,} rejected, {found.partitions:,} parts"
    )
    print_frame(shown, title=title, columns=["rule", "severity", "zh", "status", "findings", "cases", "missing"])
    if found.findings_count:
        columns = ["rule", "severity", "case_id", "file", "row", "field", "value", "message_zh"]
        print_frame(found.first_findings(_SHOWN), title=f"First of {found.findings_count:,} findings", columns=columns)
    typer.echo(str(out))
    if found.error_count:
        raise typer.Exit(1)


def _check_declarations(paths: Sequence[Path], *, models: Path | None, data: Path | None) -> bool:
    from actuary.workflow import check_inputs  # noqa: PLC0415

    outcome = check_inputs(paths, models=models, data=data)
    for problem in outcome.problems:
        typer.echo(str(problem))
    count = len(outcome.problems)
    typer.echo(f"{outcome.checked}: {'no problem' if not count else f'{count} problem' + 's' * (count > 1)}", err=True)
    return bool(count)


def _limits(given: Sequence[str]) -> dict[str, int]:
    limits: dict[str, int] = {}
    for text in given:
        name, _, value = text.partition("=")
        if not value.isdecimal():
            raise ActuaryError(Problem("--limit", repr(text), "a name and a whole number, such as upload_days=15"))
        limits[name] = int(value)
    return limits


def _check_cases(path: Path, *, dictionary: Path | None, limits: dict[str, int], models: Path | None) -> QualityResult:
    from rich.console import Console  # noqa: PLC0415  (kept out of `actuary --help`)
    from rich.progress import Progress  # noqa: PLC0415

    from actuary.drg.quality import check_settlement_list  # noqa: PLC0415

    # On a terminal the bar shows what runs; elsewhere it stays silent.
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(path.name, total=None)

        def tell(done: int, total: int, rule: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{path.name} {rule}")

        return check_settlement_list(path, dictionary=dictionary, limits=limits, root=models, progress=tell)


def _show(path: Path, result: QualityResult) -> None:
    summary = result.summary()
    shown = summary[(summary["findings"] > 0) | (summary["status"] != "run")]
    title = f"{path.name}: {result.case_count:,} cases, {result.rejected_count:,} rejected"
    print_frame(shown, title=title, columns=["rule", "severity", "zh", "status", "findings", "cases", "missing"])
    if len(result.findings):
        columns = ["rule", "severity", "case_id", "table", "row", "field", "value", "message_zh"]
        print_frame(result.findings.head(_SHOWN), title=f"First of {len(result.findings):,} findings", columns=columns)


def _write(
    paths: Sequence[Path], results: Sequence[QualityResult], *, out: Path | None, rejected: Path | None
) -> list[Path]:
    written = []
    if out is not None:
        _write_tables(out, paths, [result.findings_table for result in results])
        written.append(out)
    count = sum(result.rejected_count for result in results)
    target = rejected
    if target is None and out is not None:
        target = out.with_name(f"{out.stem}-rejected{out.suffix}")
    if target is not None:
        _write_tables(target, paths, [result.rejected_table for result in results])
        written.append(target)
    elif count:
        say(f"{count} rejected cases were not written; name a file for them with --rejected FILE")
    return written


def _write_tables(path: Path, names: Sequence[Path], tables: Sequence[pa.Table]) -> None:
    import io  # noqa: PLC0415

    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.csv as arrow_csv  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    from actuary.files import guarded_column, neutral  # noqa: PLC0415
    from actuary.workflow.outputs import replace_file  # noqa: PLC0415

    if path.suffix.lower() not in (".csv", ".parquet"):
        raise OutputError(Problem(str(path), f"the suffix {path.suffix!r}", ".csv or .parquet"))
    if len(tables) > 1:
        tables = [
            table.add_column(0, "file", pa.repeat(pa.scalar(str(name)), table.num_rows))
            for name, table in zip(names, tables, strict=True)
        ]
    whole = pa.concat_tables(tables, promote_options="permissive")
    stream = io.BytesIO()
    if path.suffix.lower() == ".parquet":
        pq.write_table(whole, stream, compression="zstd")
    else:
        for at, field in enumerate(whole.schema):
            if pa.types.is_nested(field.type):
                # Lists of codes become a|b|c, as the reader takes them.
                rows = whole.column(at).to_pylist()
                joined = [None if row is None else "|".join(code or "" for code in row) for row in rows]
                whole = whole.set_column(at, field.name, pa.array(joined, pa.string()))
            kind = whole.field(at).type
            if pa.types.is_dictionary(kind) or pa.types.is_large_string(kind) or pa.types.is_string(kind):
                texts = whole.column(at).cast(pa.string()).combine_chunks()
                whole = whole.set_column(at, field.name, guarded_column(texts))
        # The byte-order mark lets spreadsheets read Chinese.
        stream.write(b"\xef\xbb\xbf")
        arrow_csv.write_csv(whole.rename_columns([neutral(name) for name in whole.column_names]), stream)
    replace_file(path, stream.getvalue())


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(check)
