"""Measure which readers targets and calls of verbs reach: ``python -m fuzz.cover`` writes ``fuzz/covered.json``.

A reader is a public function of the package whose name begins with ``read_``, ``load_`` or ``import_``. A test compares
the list with the package, so that a new reader without a target, and a new verb without a call, are seen.
"""

from __future__ import annotations

import ast
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType
from typing import Any

import actuary
from actuary.errors import ActuaryError

__all__ = ["COVERED", "NO_FILE", "measure", "readers"]

COVERED = Path(__file__).with_name("covered.json")
_PACKAGE = Path(actuary.__file__).parent
_READER = re.compile(r"(read|load|import)_")

#: Readers that open no file of anybody's, and why.
NO_FILE = {
    "drg.case_values:read_case": "a case given as a mapping; explain hands it rows that readers of stays have read",
    "drg.switches:read_switches": "the tables of a scheme that were read",
    "fund.sources:load_national_ratios": "figures that ship, through read_table",
    "fund.inputs:read_rates": "a declaration that was read",
    "tables.readers:load_indicators": "the dictionary of indicators, which read_file reads as it reads facts",
    "demography.population_sources:load_past_population": "figures that ship, through read_table",
    **{
        f"indicators.fund_readings:{name}": "values of a projection"
        for name in ("read_flow", "read_flow_growth", "read_stock_growth", "read_per_member")
    },
    "payment.review:read_applications": "a column of cases that were read",
    "workflow.bulk.indicator_tasks:read_tally": "a kept part, whose checksum the journal has compared",
    "report.wording.__init__:load_wording": "the wording of the package itself",
}
_TOOL = 4


def readers() -> tuple[str, ...]:
    """Return every reader of the package as ``module:function``, below ``actuary``."""
    found = []
    for path in sorted(_PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(_PACKAGE).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [
            f"{module}:{node.name}"
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and _READER.match(node.name)
        ]
    return tuple(found)


def _called(work: Callable[[], object]) -> set[str]:
    """Do some work and return the readers that it called."""
    seen: set[str] = set()
    watched = sys.monitoring

    def begun(code: CodeType, _offset: int) -> Any:
        path = Path(code.co_filename)
        if _READER.match(code.co_qualname) and path.is_relative_to(_PACKAGE):
            seen.add(f"{'.'.join(path.relative_to(_PACKAGE).with_suffix('').parts)}:{code.co_qualname}")
        return watched.DISABLE

    watched.use_tool_id(_TOOL, "readers")
    watched.register_callback(_TOOL, watched.events.PY_START, begun)
    watched.set_events(_TOOL, watched.events.PY_START)
    try:
        work()
    except (ActuaryError, SystemExit):
        pass
    finally:
        watched.set_events(_TOOL, 0)
        watched.free_tool_id(_TOOL)
        watched.restart_events()
    return seen


def by_targets(names: Iterable[str] | None = None) -> dict[str, set[str]]:
    """Return the readers that the seeds of each target reach."""
    from fuzz.seeds import seeds_of  # noqa: PLC0415
    from fuzz.targets import TARGETS, run_target  # noqa: PLC0415

    def run(name: str) -> set[str]:
        seeds = list(seeds_of(name))
        return _called(lambda: [run_target(name, seed) for seed in seeds])

    return {name: run(name) for name in names or TARGETS}


def by_calls(place: Path) -> dict[str, set[str]]:
    """Return the readers that the calls of each verb reach; each call is a copy of this process."""
    from fuzz.cli import prepare  # noqa: PLC0415
    from fuzz.recipes import RECIPES  # noqa: PLC0415

    prepare(place)
    found: dict[str, set[str]] = {}
    for recipe in RECIPES:
        words = recipe.words.format(**{"in": place / "in", "out": place / "out"}).split()
        told = place / "told.json"
        told.unlink(missing_ok=True)
        child = os.fork()
        if not child:
            _tell(words, place, told)
        os.waitpid(child, 0)
        if told.is_file():
            found.setdefault(recipe.verb, set()).update(json.loads(told.read_text(encoding="utf-8")))
    return found


def _tell(words: list[str], place: Path, told: Path) -> None:
    from actuary.cli import main  # noqa: PLC0415

    try:
        os.chdir(place / "work")
        (place / "out").mkdir(exist_ok=True)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(nowhere, number)
        sys.argv = ["actuary", *words]
        told.write_text(json.dumps(sorted(_called(main))), encoding="utf-8")
    finally:
        os._exit(0)


def measure() -> dict[str, dict[str, list[str]]]:
    """Return, for every reader that is reached, the targets and the verbs that reach it."""
    with tempfile.TemporaryDirectory(prefix="actuary-fuzz-") as name:
        # Calls first: they are copies of a process that has begun no thread.
        verbs = by_calls(Path(name) / "place")
        reached = {"targets": by_targets(), "verbs": verbs}
    return {
        reader: {
            kind: sorted(name for name, called in found.items() if reader in called) for kind, found in reached.items()
        }
        for reader in readers()
        if reader not in NO_FILE
    }


if __name__ == "__main__":
    COVERED.write_text(json.dumps(measure(), indent=1) + "\n", encoding="utf-8")
