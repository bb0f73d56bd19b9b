"""`actuary explain`: say why a case is in its group, and what would change it."""

from __future__ import annotations

import enum
import sys
from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import teaching
from actuary.cli.personal_options import reads_persons
from actuary.cli.switch_options import SchemeName, SwitchPositions, read_positions

__all__ = ["register"]


class _Language(enum.StrEnum):
    ZH = "zh"
    EN = "en"


@teaching
@reads_persons
def explain(
    cases: Annotated[Path, typer.Argument(help="Cases as Parquet or CSV.", metavar="CASES")],
    case_id: Annotated[str, typer.Option("--case-id", help="Name of the case in the column case_id.")],
    scheme: SchemeName = "chs-drg-1.1",
    switch: SwitchPositions = None,
    lang: Annotated[_Language, typer.Option(help="Language of the explanation.")] = _Language.ZH,
    html: Annotated[Path | None, typer.Option(help="Write the panel as a page here too.", metavar="FILE.html")] = None,
) -> None:
    """Say why a case is in its group: categories, rules, lists, complications, near misses and what-ifs."""
    from rich.console import Console  # noqa: PLC0415  (kept out of `actuary --help`)

    from actuary.drg.explain import explain_case  # noqa: PLC0415
    from actuary.drg.find_case import find_case  # noqa: PLC0415
    from actuary.drg.scheme import load_scheme  # noqa: PLC0415

    loaded = load_scheme(scheme, switches=read_positions(switch))
    explanation = explain_case(find_case(cases, case_id, loaded), loaded)
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(explanation.to_rich(lang.value))
    if html is not None:
        from actuary.workflow.outputs import replace_file  # noqa: PLC0415

        page = (
            f'<!doctype html><html><meta charset="utf-8"><title>{loaded.name}</title>{explanation.to_html(lang.value)}'
        )
        replace_file(html, page.encode())


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(explain)
