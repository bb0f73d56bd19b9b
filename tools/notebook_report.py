"""Say at the end of a run of the notebooks what was compared and how long each notebook took.

A plug-in of pytest beside nbval: `make notebooks` loads it with ``-p notebook_report``.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

#: What a notebook may take on two free cores [s].
LONGEST_S = 60.0


class NotebookReport:
    """Count cells and seconds by notebook."""

    def __init__(self) -> None:
        self.cells: dict[str, int] = defaultdict(int)
        self.compared: dict[str, int] = defaultdict(int)
        self.failed: dict[str, int] = defaultdict(int)
        self.seconds: dict[str, float] = defaultdict(float)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Count the cells of notebooks, and those whose outputs are compared."""
        for item in items:
            cell: Any = getattr(item, "cell", None)
            if cell is not None:
                name = item.nodeid.partition("::")[0]
                self.cells[name] += 1
                self.compared[name] += bool(getattr(item, "options", {}).get("check")) and bool(cell.outputs)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up seconds, the start of the kernel included, and failures."""
        name = report.nodeid.partition("::")[0]
        if name in self.cells:
            self.seconds[name] += report.duration
            self.failed[name] += report.failed

    def lines(self) -> list[str]:
        """Return one line a notebook, and the sum."""
        if not self.cells:
            return ["no notebook was run"]
        whole = f"{len(self.cells)} notebook{'s' if len(self.cells) > 1 else ''}"
        width = max(len(name) for name in (*self.cells, whole))

        def line(name: str, counts: tuple[int, int, int], seconds: float) -> str:
            said = f"{counts[0]:3d} cells  {counts[1]:3d} compared  {counts[2]:2d} failed  {seconds:6.1f} s"
            return f"{name:{width}}  {said}"

        found = []
        for name in self.cells:
            late = "  longer than a minute" if self.seconds[name] > LONGEST_S else ""
            counts = self.cells[name], self.compared[name], self.failed[name]
            found.append(line(name, counts, self.seconds[name]) + late)
        sums = sum(self.cells.values()), sum(self.compared.values()), sum(self.failed.values())
        return [*found, line(whole, sums, sum(self.seconds.values()))]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table."""
        terminalreporter.section("notebooks")
        for line in self.lines():
            terminalreporter.line(line)


def pytest_configure(config: pytest.Config) -> None:
    """Watch the run."""
    config.pluginmanager.register(NotebookReport(), "notebook-report-watch")
