"""`actuary cities`: list the regions and what is known of them."""

from __future__ import annotations

import typer

from actuary.cli.console import Data, Models, print_frame, teaching

__all__ = ["register"]


@teaching
def cities(models: Models = None, data: Data = None) -> None:
    """List the regions that have declared rules, and the last quarter with published figures of each."""
    from actuary.workflow import list_cities  # noqa: PLC0415

    print_frame(list_cities(models=models, data=data), title="Regions")


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(cities)
