"""`actuary personal`: recognise persons in a file of cases, replace them by keys, make the key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import Models, print_frame, say, teaching, write_table
from actuary.cli.personal_options import reads_persons
from actuary.errors import ActuaryError, OutputError, Problem

__all__ = ["app"]

app = typer.Typer(help="Persons in files of cases: recognise them, replace them by keys (docs/personal-data.md).")
key_app = typer.Typer(help="The secret of the keys that stand for persons.")
app.add_typer(key_app, name="key")

_File = Annotated[Path, typer.Argument(help="A table, .parquet or .csv, or a folder of such.")]


@key_app.command("new")
@teaching
def new(file: Annotated[Path, typer.Argument(help="File to write; keep it apart from all outputs.")]) -> None:
    """Write a new secret into a file that only you may read."""
    from actuary.tables.personal_keys import new_personal_key  # noqa: PLC0415

    key = new_personal_key(file)
    say(f"key {key.id}: keep the file; without it nothing links to what it has keyed.")
    typer.echo(str(file))


@key_app.command("show")
@teaching
def show(file: Annotated[Path, typer.Argument(help="File of a key.")]) -> None:
    """Print the id of a key, as manifests name it; the secret is never shown."""
    from actuary.tables.personal_keys import read_personal_key  # noqa: PLC0415

    typer.echo(read_personal_key(file).id)


@app.command("check")
@teaching
@reads_persons
def check(path: _File) -> None:
    """List the columns that hold persons; exit status 1 when there are any. No value is printed."""
    import pandas as pd  # noqa: PLC0415

    from actuary.tables.personal_files import check_personal, tables_of  # noqa: PLC0415

    rows = []
    for table in tables_of(path.expanduser()):
        rows += [
            (table.name, one.column, one.kind, f"{one.zh} {one.en}", one.by, f"{one.cells:,} of {one.filled:,}")
            for one in check_personal(table)
        ]
    columns = ["file", "column", "kind", "what", "by", "cells"]
    if not rows:
        typer.echo(f"{path}: no column that holds persons was recognised")
        return
    print_frame(pd.DataFrame(rows, columns=columns), title=f"{path}: columns that hold persons")
    raise typer.Exit(1)


@app.command("replace")
@teaching
def replace(
    path: _File,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, .parquet or .csv; for a folder, a folder.")],
    key: Annotated[
        Path, typer.Option("--personal-key", envvar="ACTUARY_PERSONAL_KEY", help="File of the secret.", dir_okay=False)
    ],
    not_personal: Annotated[
        list[str] | None, typer.Option("--not-personal", help="A column that holds no persons; repeatable.")
    ] = None,
) -> None:
    """Write a table again with keys in the place of persons: the same person, the same key, in every file."""
    from actuary.tables.personal_dataset import decide_parts  # noqa: PLC0415
    from actuary.tables.personal_door import personal_door  # noqa: PLC0415
    from actuary.tables.personal_files import replace_personal, tables_of  # noqa: PLC0415
    from actuary.tables.personal_keys import read_personal_key  # noqa: PLC0415
    from actuary.workflow.outputs import staged_output  # noqa: PLC0415

    path, out, secret = path.expanduser(), out.expanduser(), read_personal_key(key)
    if out.resolve() in (path.resolve(), key.expanduser().resolve()):
        raise OutputError(Problem("--out", "the file that is read", "another file"))
    if path.is_dir() and out.suffix:
        raise ActuaryError(Problem("--out", f"the file {out.name!r}", "a folder, as what is read is one"))
    with personal_door(key=secret, not_personal=not_personal or ()) as door:
        if not path.is_dir():
            rows = replace_personal(path, out, secret)
        else:
            rows = 0
            tables = tables_of(path)
            decide_parts(path, tables)
            with staged_output(out) as folder:
                for table in tables:
                    target = folder / table.relative_to(path)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    rows += replace_personal(table, target, secret)
    for one in door.record:
        say(f"{one['table']}: replaced {', '.join(one['keyed'])}")
    say(f"{rows:,} rows with key {secret.id}.")
    typer.echo(str(out))


@app.command("publish")
@teaching
@reads_persons
def publish(
    table: Annotated[
        Path, typer.Argument(help="A table of counts, .csv or .parquet: one row a cell; or the folder of a settlement.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, .csv; of a settlement a folder.")],
    by: Annotated[
        list[str] | None, typer.Option("--by", help="Column of keys, such as hospital; once or twice.")
    ] = None,
    counts: Annotated[
        list[str] | None,
        typer.Option("--count", help="Column of the counts of cases or persons; repeatable.", show_default="cases"),
    ] = None,
    totals: Annotated[bool, typer.Option("--totals", help="Add rows of totals; publish no others.")] = False,
    models: Models = None,
) -> None:
    """Leave cells of few cases blank, the figures of their cases, and so many others that nothing gives them away."""
    from actuary.tables.count_columns import load_publication_rules  # noqa: PLC0415
    from actuary.tables.personal_door import current_door  # noqa: PLC0415
    from actuary.tables.publication import suppress_small_cells  # noqa: PLC0415
    from actuary.workflow.publication import publish_settlement, read_published  # noqa: PLC0415

    table, out = table.expanduser(), out.expanduser()
    if table.is_dir():
        if by or counts or totals:
            raise ActuaryError(Problem("--by, --count, --totals", "a settlement", "none of them: its tables are known"))
        typer.echo(str(publish_settlement(table, out)))
        return
    if out.resolve() == table.resolve():
        raise OutputError(Problem("--out", "the file that is read", "another file"))
    if not by:
        raise ActuaryError(Problem("--by", "nothing", "the column of keys, such as hospital; once or twice"))
    # Beside the code of a hospital `name` is that of the hospital.
    frame = read_published(table, names=["name"] if "hospital" in by else [])
    rules, columns = current_door().rules, load_publication_rules(models)
    shown = suppress_small_cells(frame, by=by, counts=counts or "cases", totals=totals, rules=rules, columns=columns)
    write_table(shown, out)
    blank = int(shown["suppressed"].sum())
    say(f"{len(shown):,} rows, in {blank:,} something blank; publish this table, not those it comes from.")
    typer.echo(str(out))
