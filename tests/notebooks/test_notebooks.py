"""Every notebook is thin, stored without results but those it checks, and equal to its text twin."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

from actuary.paths import notebooks_root

_CHECK = {"keep_output", "nbval-check-output"}
_NOTEBOOKS = sorted(notebooks_root().glob("*.ipynb"))


def _read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def _is_check(cell: nbformat.NotebookNode) -> bool:
    return set(cell.metadata.get("tags", ())) >= _CHECK


def test_there_is_a_notebook() -> None:
    topics = {
        "anomalies_and_audit",
        "bayesian_forecast",
        "birth_policy",
        "case_ledger",
        "data_and_quality",
        "fund_projection",
        "grouping_explained",
        "payment_and_parallel_run",
        "population_and_ratio",
        "quarterly_report",
        "reserving",
        "warnings_and_cases",
        "weights_from_cases",
        "weights_to_clearing",
    }
    assert topics <= {path.stem for path in _NOTEBOOKS}


def test_a_notebook_whose_data_are_missing_is_skipped_by_name(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = importlib.util.spec_from_file_location("runnable_notebooks", root / "tools" / "runnable_notebooks.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    folder = tmp_path / "checkout" / "notebooks"
    shutil.copytree(root / "notebooks", folder)
    runnable = {path.name for path in tool.runnable_notebooks(root=folder.parent)}
    assert runnable == {path.name for path in _NOTEBOOKS} - {"weights_to_clearing.ipynb"}
    assert "skipped: notebooks/weights_to_clearing.ipynb needs ../shared/series/" in capsys.readouterr().err
    needed = tmp_path / "shared" / "series" / "sparcs_msk_cases.csv.gz"
    needed.parent.mkdir(parents=True)
    needed.touch()
    assert len(tool.runnable_notebooks(root=folder.parent)) == len(_NOTEBOOKS)


@pytest.mark.parametrize("path", _NOTEBOOKS, ids=lambda path: path.stem)
def test_only_check_cells_keep_their_output(path: Path) -> None:
    code = [cell for cell in _read(path).cells if cell.cell_type == "code"]
    checks = [cell for cell in code if _is_check(cell)]
    assert checks
    for cell in checks:
        assert cell.outputs
        assert cell.execution_count
    for cell in code:
        if not _is_check(cell):
            assert cell.outputs == []
            assert cell.execution_count is None
            assert not _CHECK & set(cell.metadata.get("tags", ()))


@pytest.mark.parametrize("path", _NOTEBOOKS, ids=lambda path: path.stem)
def test_no_image_and_no_path_of_a_machine_is_stored(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "image/" not in text
    assert not re.search(r"(?<![\w.])/(?:home|root|work|tmp|Users|usr|opt)/", text)
    assert not re.search(r"[A-Z]:\\\\", text)
    assert json.loads(text)["metadata"]["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("path", _NOTEBOOKS, ids=lambda path: path.stem)
def test_the_text_twin_is_equal(path: Path) -> None:
    twin = path.with_suffix(".py").read_text(encoding="utf-8")
    assert jupytext.writes(_read(path), fmt="py:percent") == twin


@pytest.mark.parametrize("path", _NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_hold_no_logic(path: Path) -> None:
    for cell in _read(path).cells:
        if cell.cell_type == "code":
            assert not re.search(r"^\s*(def|class|while|try)\b", cell.source, re.MULTILINE)
            assert len(cell.source.splitlines()) <= 15


def _with_last_digits_changed(text: str) -> tuple[str, int]:
    """Change the last digit of every stored output; return the notebook, and how many outputs have one."""
    notebook, changed = nbformat.reads(text, as_version=4), 0
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            held = output if "text" in output else output["data"]
            key = "text" if "text" in output else "text/plain"
            found = list(re.finditer(r"\d", held[key]))
            if found:
                place, digit = found[-1].start(), int(found[-1][0])
                held[key] = f"{held[key][:place]}{(digit + 1) % 10}{held[key][place + 1 :]}"
                changed += 1
                break
    return nbformat.writes(notebook), changed


def _run_notebooks(folder: Path, root: Path, *names: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-current-env"]
    paths = os.pathsep.join([str(root / "tools"), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [*command, "-p", "notebook_report", *names],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )


@pytest.mark.parametrize("path", _NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_checks_figures(path: Path) -> None:
    changed, count = _with_last_digits_changed(path.read_text(encoding="utf-8"))
    assert count >= 2
    assert changed != path.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("stem", ["case_ledger", "grouping_explained"])
def test_a_changed_digit_in_any_check_cell_fails_that_cell(stem: str, root: Path, tmp_path: Path) -> None:
    text = (notebooks_root() / f"{stem}.ipynb").read_text(encoding="utf-8")
    bad, count = _with_last_digits_changed(text)
    (tmp_path / "bad.ipynb").write_text(bad, encoding="utf-8")
    done = _run_notebooks(tmp_path, root, "bad.ipynb")
    assert done.returncode == 1
    cells = sum(cell.cell_type == "code" for cell in nbformat.reads(text, as_version=4).cells)
    checks = sum(_is_check(cell) for cell in nbformat.reads(text, as_version=4).cells)
    told = re.search(r"bad\.ipynb +(\d+) cells +(\d+) compared +(\d+) failed +([\d.]+) s", done.stdout)
    assert told is not None, done.stdout
    assert [int(one) for one in told.groups()[:3]] == [cells, checks, count]
    assert float(told[4]) > 0
    assert re.search(r"^1 notebooks? ", done.stdout, re.MULTILINE)


@pytest.mark.slow
def test_a_changed_figure_fails_the_notebook(tmp_path: Path) -> None:
    source = notebooks_root() / "quarterly_report.ipynb"
    text = source.read_text(encoding="utf-8")
    assert "| 2.63 |" in text
    good, bad = tmp_path / "good.ipynb", tmp_path / "bad.ipynb"
    good.write_text(text, encoding="utf-8")
    bad.write_text(text.replace("| 2.63 |", "| 2.64 |"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-current-env"]
    assert subprocess.run([*command, str(good)], cwd=tmp_path, check=False, capture_output=True).returncode == 0
    failed = subprocess.run([*command, str(bad)], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert failed.returncode == 1
    assert "2.64" in failed.stdout
